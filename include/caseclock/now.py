"""The only place that asks what time it is. Rules get the time as an argument."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")  # extracts, timescales and working hours are those of England


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def parse(text: str) -> dt.datetime:
    """An ISO moment; without an offset it is London wall-clock time. Raises ValueError."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def sleep(seconds: float) -> None:
    """Does nothing for so long."""
    time.sleep(seconds)


def seconds() -> float:
    """A monotonic reading in seconds, to measure how long a step took."""
    return time.perf_counter()
