from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy import Connection

from caseclock.extracts import Extract
from caseclock.quality import QualityReport
from caseclock.storage import forecasts, ledger
from caseclock.trends.records import Foretold, Value

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 11, d) for d in (6, 13, 20)]


def take(c: Connection, id_: str, day: dt.date, verdict: str = "pass", value: float = 1.0) -> Extract:
    extract, _ = ledger.claim(c, id_, "north", day, id_, f"{id_}.zip", f"claimed/{id_}", AT)
    ledger.save_quality(c, extract.id, QualityReport(verdict, ["why"]), [], AT)  # type: ignore[arg-type]
    rows = [("open", "T", value, 1), ("open", "*", 2 * value, 2), ("in_time.x", "T", float("nan"), 0)]
    teams = pd.DataFrame({"team_id": [], "name": [], "service": []})
    ledger.save_measures(c, extract, pd.DataFrame(rows, columns=["measure", "team", "value", "n"]), teams)
    return extract


def test_values_come_by_figure_of_every_place_or_of_one(c: Connection) -> None:
    for n, day in enumerate(DAYS):
        take(c, f"e{n}", day, value=float(n))
    taken = {day: f"e{n}" for n, day in enumerate(DAYS)}
    found = forecasts.values_of(c, taken, ["open", "in_time.x", "none"])
    assert sorted(found["open"])[0] == Value(DAYS[0], "*", 0.0, 2)
    assert len(found["open"]) == 6
    assert {v.value for v in found["in_time.x"]} == {None}
    assert found["none"] == []
    assert [v.value for v in sorted(forecasts.values_of(c, taken, ["open"], "*")["open"])] == [0.0, 2.0, 4.0]


def test_what_is_foretold_replaces_what_was_and_comes_back_in_order(c: Connection) -> None:
    extract = take(c, "a", DAYS[0])
    rows = [Foretold(DAYS[0], "open", place, dt.date(2026, 11, day), 3.0, 1.5, 4.5) for place in ("T", "*") for day in (16, 9)]
    assert forecasts.save(c, extract.id, rows[:1]) == 1
    assert forecasts.save(c, extract.id, rows) == 4
    assert forecasts.foretold(c, {DAYS[0]: "a"}) == sorted(rows)
    assert forecasts.save(c, extract.id, []) == 0
    assert forecasts.foretold(c, {DAYS[0]: "a"}) == []
