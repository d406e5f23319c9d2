"""A `caseclock` that answers at once: each command runs in a fork of one process that has loaded the libraries, as a scheduler's tasks do.

Run as a script it is that process, listening at the socket that it is given. `put_on_path` writes a `caseclock` that hands its words,
folder, environment and open files to it. The same code runs as in a fresh process; what is saved is 5 s of importing per command.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
to = socket.socket(socket.AF_UNIX)
to.connect({at!r})
words = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(to, [len(words).to_bytes(4, "big")], [0, 1, 2])
to.sendall(words)
sys.exit(int(to.recv(4) or b"99"))
"""


@contextlib.contextmanager
def warm_commands(folder: Path) -> Iterator[Path]:
    """A folder for PATH with a `caseclock` in it, for as long as the block lasts."""
    at = str(folder / "warm")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CASECLOCK_", "AIRFLOW"))}
    with subprocess.Popen([sys.executable, __file__, at], env=env) as server:
        try:
            bin_ = folder / "bin"
            bin_.mkdir()
            (bin_ / "caseclock").write_text(CLIENT.format(python=sys.executable, at=at))
            (bin_ / "caseclock").chmod(0o755)
            while not Path(at).exists():
                assert server.poll() is None, "the process that commands are forked from has ended"
                time.sleep(0.05)
            yield bin_
        finally:
            server.terminate()


def serve(at: str) -> None:
    from caseclock import cli
    from caseclock.config.load import load
    from caseclock.pipeline.warm import FORKING, warm_up
    from caseclock.settings import shipped_config

    warm_up(["", *FORKING[:1]])
    load(shipped_config())  # most houses have files of these texts
    gc.collect()
    gc.freeze()  # what was loaded is not gone through again in every fork
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{at}.new")
        listening.listen(64)
        Path(f"{at}.new").rename(at)
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                run(caller, cli.main)
            caller.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def run(caller: socket.socket, main: object) -> None:
    """One command, in its own process, with the caller's words, folder, environment and open files."""
    length, files, _, _ = socket.recv_fds(caller, 4, 3)
    said = b""
    while len(said) < int.from_bytes(length, "big"):
        said += caller.recv(65536)
    words, folder, variables = json.loads(said)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = words
    code: object = 99
    try:
        main()  # type: ignore[operator]
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        caller.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
