"""The rows behind an alert's figure: ids of clocks or cases, from the frames of its extract in the home folder.

They are ids in the council's own case system, so they go to the person who asks and nowhere else: into no message, log or table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE, part_of, rule_of
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.kept import cases_path, clocks_path
from caseclock.storage import ledger
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.clocks.histogram import Marks
    from caseclock.extracts import Extract

OPEN = ("running", "due_soon", "overdue")
CLOCKS_SHOWN = ["item_ref", "child_ref", "team", "started_on", "due_on", "stopped_on", "elapsed", "limit", "state"]
CASES_SHOWN = ["item_ref", "child_ref", "team", "opened_on", "waiting_since", "level", "priority"]


@dataclass(frozen=True)
class Span:
    """The days that a figure goes by. `since`: the last day before its period; `by_the_hour`: the limit of its timescale is in hours."""

    as_of: dt.date
    since: dt.date
    calendar: WorkingCalendar
    by_the_hour: bool

    @cached_property
    def marks(self) -> Marks:
        from caseclock.clocks.histogram import marks

        return marks(self.as_of, [], self.calendar)


Chosen = Callable[["pd.DataFrame", Span], Any]


def _late_or_in_time(frame: pd.DataFrame, span: Span) -> Any:
    return frame["state"].isin(["done_in_time", "done_late"]) & (frame["stopped_on"] > str(span.since))


def _comes_due(nth: int) -> Chosen:
    """Open, not late, and due before the first working day that lies beyond: what `due_5` and `due_10` count. `nth`: of AHEAD."""
    return lambda f, span: f["state"].isin(["running", "due_soon"]) & (f["due_on"] < _time(span.marks.until[nth]))


def _fell_due(f: pd.DataFrame, span: Span) -> Any:
    """Open and in time 5 working days ago, due since, and not done by then: what `fell_due_5` counts."""
    from caseclock.clocks.histogram import DAY

    back, late = span.marks.back[0], f["state"] == "overdue"
    was_open = (f["started_on"] < _time(back + DAY)) & (late | (f["stopped_on"] >= _time(back + DAY)))
    since_then = (f["due_on"] >= _time(back + (DAY if span.by_the_hour else 0))) & (f["due_on"] < _time(span.marks.settled))
    return (late | (f["state"] == "done_late")) & was_open & since_then


def _time(seconds: int) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(seconds, unit="s")


OF_CLOCKS: Mapping[str, Chosen] = {
    "overdue": lambda f, span: f["state"] == "overdue",
    "due_soon": lambda f, span: f["state"] == "due_soon",
    "in_time": _late_or_in_time,
    "completed": _late_or_in_time,
    **dict.fromkeys(("due_5", "expected_5"), _comes_due(0)),
    **dict.fromkeys(("due_10", "expected_10"), _comes_due(1)),
    "fell_due_5": _fell_due,
    **dict.fromkeys(("open", "age_band", "median_age", "oldest"), lambda f, span: f["state"].isin(OPEN)),
}
"""Measure to the clocks of its timescale that it looks at."""

OF_CASES: Mapping[str, Chosen] = {
    "open": lambda f, span: f["item_ref"].notna(),  # `open` of a timescale is of clocks
    **dict.fromkeys(("unallocated", "unallocated_priority"), lambda f, span: f["held"].eq(False).fillna(False)),
    "unallocated_cp": lambda f, span: f["held"].eq(False).fillna(False) & (f["level"] == "cp"),
}

_EXPECTED = (
    "the figure is an expectation: how many of these running clocks are likely to be late if work goes on as it did. Which of them it will"
    " be nobody knows; all that come due within {} working days are listed"
)
NOTES: Mapping[str, str] = {
    "expected_5": _EXPECTED.format(5),
    "expected_10": _EXPECTED.format(10),
    "in_time": "the figure is the share of these that are done_in_time",
    "median_age": "the figure is the median of `elapsed` of these",
    "oldest": "the figure is the longest `elapsed` of these",
    "age_band": "the figure counts one band of age of these",
}
"""What the rows are to the figure, where it is not their number."""

NO_ROWS = "rows are listed for figures of clocks and of cases without a worker; this figure is made from something else"


def rows_behind(house: House, alert: Mapping[str, Any]) -> Report:
    """`alert`: a row of the table. Keys: extract_id, as_of, measure, value, found (how many rows), rows; `note`: what they are to it
    where the figure is not their number; `why_none` when there are none.

    Frames are removed after their keeping time: then only the count is left, and `why_none` says so.
    """
    rule = next((r for r in house.config.thresholds if r.id == alert["rule"]), None)
    report: Report = {"extract_id": alert["extract_id"], "as_of": alert["as_of"], "value": alert["value"], "found": None, "rows": []}
    if rule is None or not alert["extract_id"]:
        return report | {"why_none": "the rule is no longer in thresholds.yaml" if alert["extract_id"] else "it has no figure"}
    extract = house.extract(alert["extract_id"])
    measure = rule.measure.partition(".")[0]
    report["measure"] = rule.measure
    chosen, path, shown = _where(house, extract, rule.measure)
    if chosen is None:
        return report | {"why_none": f"{NO_ROWS}; `caseclock clocks export` has all clocks of the date"}
    if not path.exists():
        return report | {"why_none": f"{path.name} is no longer kept (CASECLOCK_KEEP_DAYS), or not on this machine; the figure stays"}
    frame = _frame(house, extract, path, rule.measure, alert["team"], chosen)
    rows = [{k: _word(v) for k, v in row.items()} for row in frame[[c for c in shown if c in frame]].to_dict("records")]
    note = {"note": NOTES[measure]} if measure in NOTES else {}
    return report | {"found": len(rows), **note, "rows": rows}


def _where(house: House, extract: Extract, figure: str) -> tuple[Chosen | None, Path, list[str]]:
    measure, of_clocks = figure.partition(".")[0], rule_of(figure) is not None
    if measure in OF_CASES and not of_clocks:
        return OF_CASES[measure], cases_path(house, extract), CASES_SHOWN
    return OF_CLOCKS.get(measure) if of_clocks else None, clocks_path(house, extract), CLOCKS_SHOWN


def _frame(house: House, extract: Extract, path: Path, figure: str, team: str, chosen: Chosen) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.read_parquet(path)
    timescale, part = rule_of(figure), part_of(figure)
    if timescale:
        frame = frame[frame["rule"] == timescale]
    if part and "priority" in frame:
        frame = frame[frame["priority"].fillna("no_priority") == part]
    period = next((m.period_days for m in house.config.measures if m.id == figure.partition(".")[0]), 0)
    by_the_hour = any(rule.in_hours for rule in house.config.timescales if rule.id == timescale)
    span = Span(extract.as_of, extract.as_of - dt.timedelta(days=period), house.calendar, by_the_hour)
    frame = frame[chosen(frame, span).astype(bool)]
    teams = _teams(house, extract, team)
    if teams is not None:
        frame = frame[frame["team"].astype("str").fillna(NO_TEAM).isin(teams)]
    return frame


def _teams(house: House, extract: Extract, place: str) -> set[str] | None:
    """The teams that a place is made of; None for all of them."""
    if place == COUNCIL:
        return None
    if not place.startswith(SERVICE):
        return {place}
    with reading(house.engine) as c:
        named = {place.removeprefix(SERVICE), ledger.place_names(c, extract.source).get(place, "")}
        return {team for team, service in ledger.team_services(c, extract.source).items() if service in named}


def _word(value: Any) -> Any:
    """A cell as it is printed: days without their hours, nothing for what is missing."""
    import pandas as pd

    if value is None or value is pd.NaT or value != value:
        return None
    return (str(value.date()) if value == value.normalize() else str(value)) if isinstance(value, pd.Timestamp) else value
