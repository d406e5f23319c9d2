"""Is this extract as new as its name says? An export that is sent again under a new date holds no event of the latest days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from caseclock.quality.config import FreshnessLimits
from caseclock.quality.model import Finding
from caseclock.quality.stats import event_days
from caseclock.quality.trip import HELD, SEVERITY, Level, Trip

RATE_DAYS: Final = 182


def check_freshness(now: Mapping[str, pd.DataFrame], as_of: dt.date, limits: FreshnessLimits) -> list[Trip]:
    """The newest event of the whole extract against its date. Needs no history: the extract's own rate of events says what is to be
    expected, so an extract of few events, or of some that were entered all at once, is never called stale.
    """
    days = event_days(now, as_of)
    if not len(days):
        return []
    newest = int(days.max())
    silent = as_of.toordinal() - newest
    recent = days[days > newest - RATE_DAYS]
    expected = len(recent) / RATE_DAYS * silent
    is_steady = len(np.unique(recent)) >= limits.steady * RATE_DAYS
    if silent <= limits.warn_days or expected < limits.events_expected or not is_steady:
        return []
    level: Level = "hold" if silent > limits.hold_days else "warn"
    told = f"the newest event of the whole extract is of {dt.date.fromordinal(newest)}, {silent} days before its date"
    sentence = f"{told}, and about {expected:,.0f} are usual in so many days: it may be an old export"
    reason = "days between the newest event and the extract's date"
    finding = Finding("extract", "freshness", SEVERITY[level], silent, limits.warn_days, reason)
    return [Trip(level, 1.0, sentence + (f": {HELD}" if level == "hold" else ""), finding)]
