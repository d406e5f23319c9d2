from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy import Connection

from caseclock.extracts import Absence, Extract
from caseclock.quality import QualityReport
from caseclock.snapshots import TableCount
from caseclock.storage import ledger

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)


def claim(c: Connection, id_: str, day: dt.date = DAY, content: str = "", source: str = "north") -> tuple[Extract, bool]:
    return ledger.claim(c, id_, source, day, content or id_, f"{source}__{day}.zip", f"claimed/{id_}", AT)


def accept(c: Connection, extract: Extract, verdict: str = "pass", rows: int = 10) -> None:
    ledger.save_counts(c, extract.id, {"referral": TableCount(rows, rows, 0)})
    ledger.save_quality(c, extract.id, QualityReport(verdict, ["why"]), [], AT)  # type: ignore[arg-type]


def test_an_extract_is_claimed_once(c: Connection) -> None:
    first, new = claim(c, "a")
    again, also_new = claim(c, "a")
    assert (new, also_new) == (True, False)
    assert again == first
    assert first.revision == 1


def test_other_content_of_the_same_date_is_the_next_revision(c: Connection) -> None:
    claim(c, "a")
    second, _ = claim(c, "b")
    other_day, _ = claim(c, "c", DAY - dt.timedelta(7))
    assert (second.revision, other_day.revision) == (2, 1)


def test_unfinished_extracts_are_named_in_order_of_date_until_their_last_step_is_done(c: Connection) -> None:
    claim(c, "new")
    claim(c, "old", DAY - dt.timedelta(7))
    assert [e.id for e in ledger.unfinished(c)] == ["old", "new"]
    for step in ledger.STEPS[:-1]:
        ledger.mark_done(c, "old", step, AT, 0.1)
    assert [e.id for e in ledger.unfinished(c)] == ["old", "new"]
    ledger.mark_done(c, "old", ledger.STEPS[-1], AT, 0.1)
    assert [e.id for e in ledger.unfinished(c)] == ["new"]


def test_what_was_accepted_before_leaves_out_held_refused_outdated_and_later_extracts(c: Connection) -> None:
    days = [DAY - dt.timedelta(7 * n) for n in range(5)]
    for n, day in enumerate(days):
        accept(c, claim(c, f"e{n}", day)[0], "hold" if n == 2 else "pass", rows=n)
    ledger.refuse(c, "e3", "cut short")
    accept(c, claim(c, "e4b", days[4])[0], rows=44)
    found = ledger.accepted_before(c, "north", DAY)
    assert [(e.id, counts) for e, counts in found] == [("e1", {"referral": 1}), ("e4b", {"referral": 44})]


def test_figures_are_the_same_after_a_second_saving(c: Connection) -> None:
    extract, _ = claim(c, "a")
    values = pd.DataFrame({"measure": ["x", "x"], "team": ["T", "*"], "value": [float("nan"), 2.5], "n": [0, 4]})
    teams = pd.DataFrame({"team_id": ["T"], "name": [None], "service": [None]})
    for _ in range(2):
        ledger.save_measures(c, extract, values, teams)
    found = ledger.measures_of(c, "a")
    assert found["team"].tolist() == ["*", "T"]
    assert found["value"].tolist()[0] == 2.5
    assert pd.isna(found["value"].tolist()[1])
    assert ledger.team_names(c, "north") == {"T": "T"}


def test_an_older_extract_does_not_bring_an_old_team_name_back(c: Connection) -> None:
    new, old = claim(c, "a")[0], claim(c, "b", DAY - dt.timedelta(7))[0]
    values = pd.DataFrame({"measure": [], "team": [], "value": [], "n": []})
    for extract, name in ((new, "Assessment"), (old, "Old name")):
        ledger.save_measures(c, extract, values, pd.DataFrame({"team_id": ["T"], "name": [name], "service": ["North"]}))
    assert ledger.team_names(c, "north") == {"T": "Assessment"}
    assert ledger.team_services(c, "north") == {"T": "North"}


def test_a_service_has_a_name_and_is_no_team_of_any_service(c: Connection) -> None:
    extract, _ = claim(c, "a")
    values = pd.DataFrame({"measure": ["x", "x"], "team": ["T", "service:N"], "value": [1.0, 1.0], "n": [1, 1]})
    teams = pd.DataFrame(
        {"team_id": ["T", "U", "V", "W"], "name": ["One", None, None, None], "service_id": ["N", "N", None, None],
         "service": ["North", "North", "South", None]}
    )  # fmt: skip
    for _ in range(2):
        ledger.save_measures(c, extract, values, teams)
    assert ledger.team_names(c, "north") == {"T": "One", "U": "U", "V": "V", "W": "W"}
    assert ledger.place_names(c, "north") == {
        "T": "One", "U": "U", "V": "V", "W": "W", "service:N": "North", "service:South": "South",
    }  # fmt: skip
    assert ledger.team_services(c, "north") == {"T": "North", "U": "North", "V": "South"}


def test_what_a_later_step_cannot_see_is_added_once(c: Connection) -> None:
    extract, _ = claim(c, "a")
    accept(c, extract)
    for _ in range(2):
        ledger.add_absences(c, "a", [Absence("visits", "no such file")])
    found = ledger.quality_of(c, "a")
    assert found is not None
    assert [str(a) for a in found.absences] == ["visits: no such file"]
