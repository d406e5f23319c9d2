"""Work in a fork that can be killed with SIGKILL at any statement to the store, so that nothing of it can be cleaned up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.engine import Engine


def in_a_fork(work: Callable[[], object], kill_at: int | None, *, commits: bool = False) -> tuple[bool, int]:
    """(was it killed, statements that it had come to; with `commits` the end of a transaction is one too)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            count = 0

            def counted(*_: object) -> None:
                nonlocal count
                count += 1
                os.write(writer, b".")
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

            for name in ("before_cursor_execute", "commit") if commits else ("before_cursor_execute",):
                event.listen(Engine, name, counted)
            work()
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        sent = len(pipe.read())
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0
    return killed, sent
