"""Weekly series by hand: Fridays in a stretch without any holiday, unless a test wants one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from caseclock.trends.panel import Panel
from caseclock.trends.weeks import Shape, monday_of

LAST = np.datetime64("2026-11-20", "D")


def panel_of(values: Sequence[float], figure: str = "arrivals", n: Sequence[float] | None = None, place: str = "T", step: int = 1) -> Panel:
    ends = LAST - 7 * np.arange(len(values))[::-1]
    made = np.array([values], dtype=float)
    of = np.nan_to_num(np.array([values if n is None else n], dtype=float))
    return Panel(figure, (place,), monday_of(ends), ends, made, of, "extracts", step)


def plain(weeks: int, hollow: Sequence[int] = ()) -> Shape:
    """Weeks of five ordinary days; those that are named have a day of school holidays."""
    school = np.zeros(weeks)
    school[list(hollow)] = 1.0
    return Shape(np.full(weeks, 5.0), school)


@pytest.fixture
def panel() -> Callable[..., Panel]:
    return panel_of


@pytest.fixture
def weeks() -> Callable[..., Shape]:
    return plain
