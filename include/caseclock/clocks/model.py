"""The clock frame: one row per clock, the one table that measures are made from."""

from __future__ import annotations

COUNCIL = "*"
"""The place that stands for all teams together."""

SERVICE = "service:"
"""Begins the place that stands for all teams of one service; the service's id follows."""

NO_TEAM = "?"
"""The team id of work that no team answers for. It is shown, never dropped."""

STATES = ("running", "due_soon", "overdue", "done_in_time", "done_late")

UNITS = "units"
"""The entry of a clock frame's `attrs` with the unit of each rule that is watched, by the rule's id."""

CLOCK_COLUMNS = {
    "rule": "id of the timescale rule",
    "child_ref": "the child's id in the extract, None where the clock is about no child (a worker's own supervision)",
    "item_ref": "key of the item that carries the clock (referral, assessment, s47, plan), or the worker's id",
    "team": "team id that answers for it now",
    "worker": "worker id that answers for it now, None when there is none",
    "started_on": "day 0; for a rule in hours the moment, in London time, as in the two that follow",
    "due_on": "the day on which the limit is reached; a day off right after it is still in time",
    "stopped_on": "the day the work was done, NaT while it is open",
    "elapsed": "from day 0 to stopped_on or the extract's date, in the unit of the rule, start day = 0",
    "limit": "the limit in force on started_on, in the unit of the rule",
    "state": "one of " + ", ".join(STATES),
}
