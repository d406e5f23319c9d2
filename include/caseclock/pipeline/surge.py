"""The circuit breaker on clocks, which can only look once the clocks are there: after quality, before the numbers speak."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from caseclock.pipeline.house import House
from caseclock.storage import ledger, quality
from caseclock.storage.quality import Clocks

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.extracts import Extract

DONE_DAYS = 28  # calendar days up to the extract's date, the date itself among them


def hold_on_surge(house: House, c: Connection, extract: Extract, frame: pd.DataFrame) -> None:
    """Writes down how the clocks of an extract stand, and compares them with those of the last accepted one. May turn the verdict into
    *hold* with its reasons; from then on it is a hold like any other. Done again, it changes nothing.
    """
    from caseclock.quality import QualityReport
    from caseclock.quality.surge import check_surge
    from caseclock.quality.verdict import with_trips

    now = clocks_by_rule(frame, extract.as_of)
    quality.save_standing(c, extract.id, now)
    accepted = ledger.accepted_before(c, extract.source, extract.as_of, limit=1)
    found = ledger.quality_of(c, extract.id)
    if not accepted or found is None:
        return
    last = accepted[0][0]
    before = quality.standing_of(c, last.id)
    trips = check_surge(
        {rule: (n.running, n.overdue) for rule, n in now.items()},
        {rule: (n.running, n.overdue) for rule, n in before.items()},
        house.config.quality.surge,
        gap_days=(extract.as_of - last.as_of).days,
        done_now={rule: n.done for rule, n in now.items()},
        done_before={rule: n.done for rule, n in before.items()},
    )
    if trips:
        counts = quality.rule_counts(c, [extract.id])[extract.id]
        report = QualityReport(found.verdict, found.reasons, found.findings, counts=counts)
        quality.save_verdict(c, extract.id, with_trips(report, trips))


def clocks_by_rule(frame: pd.DataFrame, as_of: dt.date) -> Mapping[str, Clocks]:
    """How the clocks of each watched rule stand; a rule that is watched and has no clock has zeros."""
    from caseclock.clocks.tally import OPEN_STATES

    rule = frame["rule"].astype("category")
    since = np.datetime64(as_of, "s") - np.timedelta64(DONE_DAYS, "D")
    masks = (frame["state"].isin(OPEN_STATES), frame["state"].eq("overdue"), frame["stopped_on"] > since)
    running, overdue, done = (rule[mask.to_numpy()].value_counts() for mask in masks)
    return {str(name): Clocks(int(running[name]), int(overdue[name]), int(done[name])) for name in rule.cat.categories}
