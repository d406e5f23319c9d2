"""A foreign error in words of our own.

The text of an error that is not ours may quote what it stumbled over: pandas names the cell that is no number, a database the row that is
there already. Airflow writes the text of whatever a task raises into the task's log. So a task lets out our own errors only.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from caseclock.errors import CaseclockError

TRUSTED: Final = ("airflow.", "caseclock.", "caseclock_")
"""Modules whose errors promise to hold no value from a row. Airflow steers a task by its own: skip, fail, try again."""


class Unforeseen(CaseclockError):
    """What went wrong was not foreseen: class and place of the error, without its text. Worth another try."""


def is_quotable(error: BaseException) -> bool:
    """Whether the error's text may be shown."""
    return type(error).__module__.startswith(TRUSTED)


def in_own_words(error: BaseException) -> str:
    """`ValueError in steps.py:61`; of an error of the operating system also what the system calls it."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.errno:
        name += f" ({os.strerror(error.errno)})"
    return f"{name} in {place_of(error.__traceback__)}"


def place_of(trace: TracebackType | None) -> str:
    """File and line where it happened, and the last place of ours on the way there."""
    frames = [f for f in traceback.extract_tb(trace) if f.filename != __file__]
    if not frames:
        return "an unknown place"
    ours = [f for f in frames if f"{os.sep}caseclock" in f.filename]
    last = [frames[-1]] if not ours or ours[-1] is frames[-1] else [frames[-1], ours[-1]]
    return ", called from ".join(f"{Path(f.filename).name}:{f.lineno}" for f in last)


def presentable(error: BaseException) -> BaseException:
    """The error as it may be shown, with the way it came: itself without what it was raised from, or an Unforeseen in its place."""
    shown: BaseException = error
    if not is_quotable(error):
        told = Unforeseen(in_own_words(error), todo="Its own text is left out, because it may quote a row")
        shown = told.with_traceback(error.__traceback__)
    shown.__cause__ = None
    shown.__suppress_context__ = True
    return shown


@contextmanager
def own_words() -> Iterator[None]:
    """Around the work of a task: what it raises holds no text that is not ours."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it goes on
        shown = presentable(error)
    else:
        return
    raise shown
