"""What was drawn a moment ago: until something changes a question has the same answer, and charts take time to draw."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, TypeVar

from caseclock.pipeline.pages.desk import Desk

MOST: Final = 60  # answers of all sources, scopes and filters
T = TypeVar("T")
_lock: Final = Lock()
_answers: Final[OrderedDict[tuple[object, ...], tuple[tuple[object, ...], Any]]] = OrderedDict()


def made(desk: Desk, key: tuple[object, ...], state: tuple[object, ...], make: Callable[[], T]) -> T:
    """The answer to a question, if it was made of this state; else it is made now. `state`: everything that it depends on."""
    whole = (id(desk), *key)
    with _lock:
        found = _answers.get(whole)
        if found is not None and _same(found[0], state):
            _answers.move_to_end(whole)
            kept: T = found[1]
            return kept
    answer = make()
    with _lock:
        _answers[whole] = state, answer
        _answers.move_to_end(whole)
        while len(_answers) > MOST:
            _answers.popitem(last=False)
    return answer


def _same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Large things are the same only where they are one thing: it is kept beside the answer, so its place is not given to another."""
    return all(a is b or (isinstance(a, dict | tuple) and a == b) for a, b in zip(before, now, strict=True))
