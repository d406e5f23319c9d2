"""What a digest says of a week in the store, also where there is little to say: no history, new and closed teams, held data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import insert

from caseclock import pipeline
from caseclock.alerts import Instance
from caseclock.now import LONDON
from caseclock.storage import handling, ledger, relook
from caseclock.storage import schema as t

from .digest_lab import FRIDAY, TEAMS, DigestLab, open_digest_lab, usual

WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[DigestLab]:
    with open_digest_lab(tmp_path / "home") as made:
        yield made


def test_a_quiet_week_says_that_nothing_is_over_its_limit(lab: DigestLab) -> None:
    lab.weeks(3)
    made = lab.content()
    assert (made.red, made.amber, made.decisions, made.changes) == (0, 0, (), ())
    said = lab.text()
    assert "Nothing is over its limit" in said
    assert "Figures of Friday 20 November 2026; 1 of 1 extract was accepted." in said


def test_a_team_over_its_limit_is_told_with_its_figure_its_owner_and_its_age(lab: DigestLab) -> None:
    lab.land(FRIDAY - 2 * WEEK, usual())
    lab.land(FRIDAY - WEEK, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 21}))
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 27}))
    made = lab.content()
    [one] = made.decisions
    assert (one.title, one.place, one.severity, one.now.value) == ("cases without an allocated worker", "North Assessment 2", "red", 27)
    assert (one.since, one.age_wd, one.owner, one.state) == (FRIDAY - WEEK, 5, "Service manager, North", "not acknowledged")
    assert made.red == 1
    assert [(line.place, line.rag) for line in made.heat.rows[0]][:2] == [("All teams", "red"), ("Care", "green")]


def test_beside_a_small_count_a_large_one_is_told_by_the_limit_that_it_has_passed(lab: DigestLab) -> None:
    lab.weeks(1, last=FRIDAY - WEEK)
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 27, "NF1": 2}))
    north = lab.content("north")
    [line] = [row for row in north.heat.rows if row[0].figure == "unallocated"]
    assert {cell.place: cell.now.words("cases") for cell in line if cell.now and cell.now.value != 0} == {
        "North": "29",
        "North Assessment 2": "20 or more",
        "North Family Support 1": "withheld",
    }
    assert "North Assessment 2 has 20 or more cases" in lab.text("north")


def test_a_child_on_a_plan_without_a_worker_is_told_and_never_how_many(lab: DigestLab) -> None:
    lab.weeks(2, last=FRIDAY - WEEK)
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NF1": 19}, unallocated_cp={**dict.fromkeys(TEAMS, 0), "NF1": 2}))
    made = lab.content()
    [one] = [d for d in made.decisions if "protection plan" in d.title]
    assert (one.place, one.severity, one.now.words("cases")) == ("North Family Support 1", "", "1 or more")
    [row] = [row for row in made.heat.rows if row[0].figure == "unallocated_cp"]
    assert (row[0].now.words("cases"), row[0].rag) == ("1 to 5", "amber") if row[0].now else False
    assert [c.kind for c in made.changes if "protection plan" in c.title] == ["new"]


def test_what_was_withheld_last_week_is_not_said_to_have_changed(lab: DigestLab) -> None:
    """That an alert began says that the figure was below its limit before."""
    lab.land(FRIDAY - WEEK, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 3, "NA1": 8}))
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 27}))
    made = lab.content()
    assert [c for c in made.changes if c.kind == "new"] == []
    assert made.quiet.not_shown == 1
    assert [d.place for d in made.decisions] == ["North Assessment 2"]
    assert "No alert began" not in lab.text()


def test_what_somebody_has_done_is_told_without_who(lab: DigestLab) -> None:
    lab.land(FRIDAY - 2 * WEEK, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 12}))
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 12}))
    at = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
    with lab.house.engine.begin() as c:
        handling.acknowledge(c, Instance("demo", "unallocated", "NA2"), "CANARY person", at, lab.house.calendar, at + WEEK, "CANARY")
    [one] = lab.content().decisions
    assert one.state == "acknowledged until Friday 27 November"
    assert "CANARY" not in lab.text()


@pytest.mark.parametrize("audience", ["council", "north"])
def test_without_any_history_it_says_so(lab: DigestLab, audience: str) -> None:
    lab.land(FRIDAY, usual())
    made = lab.content(audience)
    assert made.heat.rows[0][0].before is None
    assert (made.signals, made.charts) == ((), made.charts)
    assert lab.text(audience)


def test_without_an_extract_it_says_that_nothing_can_be_said(lab: DigestLab) -> None:
    lab.land(FRIDAY, {}, "hold")
    made = lab.content()
    assert made.currency.as_of is None
    assert made.heat.rows == ()
    assert "Nothing is over its limit" not in lab.text()


def test_held_data_is_told_with_the_last_good_date_and_no_figure_of_it(lab: DigestLab) -> None:
    lab.weeks(2, last=FRIDAY - WEEK)
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 77}), "hold")
    made = lab.content()
    assert (made.currency.as_of, made.currency.held, made.currency.accepted) == (FRIDAY - WEEK, (FRIDAY,), 0)
    assert made.currency.held_because
    assert "77" not in lab.text()


def test_a_new_a_renamed_and_a_closed_team(lab: DigestLab) -> None:
    lab.weeks(2, last=FRIDAY - WEEK)
    lab.names["SA1"] = "South Assessment and Intake"
    without = {figure: {team: v for team, v in of.items() if team != "SF1"} for figure, of in usual().items()}
    lab.land(FRIDAY, {**without, "open": {**without["open"], "SX9": 40}})
    council, south = lab.content(), lab.content("south")
    assert "Other teams" in council.heat.places  # no service of routes.yaml lists the new one
    assert [p for p in south.heat.places if p.startswith("South")] == ["South", "South Assessment and Intake"]
    [line] = [row[-1] for row in council.heat.rows if row[0].figure == "open"]
    assert line.weeks[-2] is None
    assert line.now
    assert line.now.value == 40


def test_a_week_without_an_extract_is_a_gap_and_a_year_may_have_53_weeks(lab: DigestLab) -> None:
    friday = dt.date(2027, 1, 1)  # of 2026-W53
    lab.land(friday - 2 * WEEK, usual())
    lab.land(friday, usual())
    made = lab.content(day=friday)
    assert made.week == "2026-W53"
    [line] = [row[0] for row in made.heat.rows if row[0].figure == "open"]
    assert [w is None for w in line.weeks[-3:]] == [False, True, False]
    assert lab.text(day=friday)


def test_without_any_open_case(lab: DigestLab) -> None:
    nothing = dict.fromkeys(TEAMS, 0)
    lab.land(FRIDAY, {"open": nothing, "unallocated": nothing, "arrivals": nothing, "departures": nothing})
    made = lab.content()
    assert [row[0].now.value for row in made.heat.rows if row[0].now] == [0] * len(made.heat.rows)
    assert lab.text()


def test_demand_of_a_week_with_few_arrivals_is_withheld_with_what_was_closed(lab: DigestLab) -> None:
    few = {"NA1": 3, "NA2": 0, "NF1": 0, "SA1": 0, "SF1": 0, "CC1": 0}
    lab.weeks(3, last=FRIDAY - WEEK)
    lab.land(FRIDAY, usual(arrivals=few))
    demand = lab.content().demand
    assert demand
    assert demand.arrivals.now
    assert demand.departures.now
    assert (demand.arrivals.now.withheld, demand.departures.now.withheld) == (True, True)
    assert demand.arrivals.before
    assert demand.arrivals.before.value == 41


def test_a_correction_never_gives_away_what_the_first_digest_withheld(lab: DigestLab) -> None:
    """What stood beside it then is known. `storage/digests.py` opens the week; the record is made again."""
    from caseclock.digest.record import record_from
    from caseclock.storage import digests

    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA1": 8, "NA2": 10, "SA1": 12}))
    lab.content()
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA1": 3, "NA2": 10, "SA1": 12}))
    with lab.house.engine.begin() as c:
        digests.reopen_week(c, "demo", "2026-W47")
    lab.contents(revision=2)
    with lab.house.engine.connect() as c:
        kept = digests.record_of(c, "demo", "2026-W47")
    assert kept
    now = record_from(kept.body).figures["unallocated"]
    assert {place for place, s in now.items() if s.value is None} >= {"NA1", "service:north", "*"}


def test_the_same_state_gives_the_same_letter(lab: DigestLab) -> None:
    lab.weeks(4)
    first = lab.letter()
    with lab.house.engine.begin() as c:
        c.execute(
            insert(t.audit),
            [{"at": "2026-11-25T00:00:00.000000+00:00", "event": "held", "subject": "x", "by": "x", "reason": "x", "detail": {}}],
        )
    assert lab.letter() == first


def test_a_changed_limit_is_told_with_the_old_and_the_new_one(lab: DigestLab) -> None:
    lab.land(FRIDAY - WEEK, usual())
    file = lab.house.settings.config / "thresholds.yaml"
    rules = [rule | ({"amber": 15, "red": 30} if rule["id"] == "unallocated" else {}) for rule in yaml.safe_load(file.read_text("utf-8"))]
    file.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
    lab.house.__dict__.pop("config")
    lab.land(FRIDAY, usual())
    [one] = [c for c in lab.content().changes if c.kind == "limit"]
    assert (one.title, one.day) == ("cases without an allocated worker", FRIDAY)
    assert "10 to 15" in lab.text()


def test_what_a_correction_has_shown_to_be_wrong_is_told_as_withdrawn(lab: DigestLab) -> None:
    lab.land(FRIDAY - WEEK, usual())
    lab.land(FRIDAY, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 27}))
    pipeline.notify(lab.house, dt.datetime(2026, 11, 20, 16, 5, tzinfo=LONDON))
    lab.land(FRIDAY, usual(), at=dt.datetime(2026, 11, 20, 17, tzinfo=LONDON))
    assert [(c.kind, c.place) for c in lab.content().changes] == [("retracted", "North Assessment 2")]
    assert "Withdrawn: the alert on cases without an allocated worker in North Assessment 2 does not stand" in lab.text()


def test_an_escalated_alert_says_so(lab: DigestLab) -> None:
    over = usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": 12})
    lab.land(FRIDAY - WEEK, over)
    pipeline.notify(lab.house, dt.datetime.combine(FRIDAY - WEEK, dt.time(16, 5), LONDON))
    lab.land(FRIDAY, over)
    pipeline.notify(lab.house, dt.datetime.combine(FRIDAY, dt.time(16, 5), LONDON))
    assert [d.state for d in lab.content().decisions] == ["escalated, not acknowledged"]


def test_what_was_amber_and_is_red_now_has_got_worse(lab: DigestLab) -> None:
    for weeks_ago, count in ((2, 12), (1, 13), (0, 27)):
        lab.land(FRIDAY - weeks_ago * WEEK, usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": count}))
    assert [(c.kind, c.place, c.severity, c.day) for c in lab.content().changes] == [("worsened", "North Assessment 2", "red", None)]
    assert "Worse" in lab.text()


def test_an_alert_that_began_and_ended_at_the_weekend_is_counted(lab: DigestLab) -> None:
    lab.land(FRIDAY, usual())
    saturday = FRIDAY + dt.timedelta(days=1)
    lab.land(saturday, usual(unallocated_cp={**dict.fromkeys(TEAMS, 0), "NF1": 9}))
    lab.land(saturday + dt.timedelta(days=1), usual())
    assert lab.content().quiet.overnight == 1
    assert "1 alert began and ended while nobody was at work." in lab.text()


@pytest.mark.parametrize(("count", "said"), [(12, ": 12 cases from low or no priority"), (3, " from low or no priority")])
def test_a_re_look_sample_of_the_week_is_told(lab: DigestLab, count: int, said: str) -> None:
    id = lab.land(FRIDAY, usual())
    assert "The re-look sample of this week has not been drawn." in lab.text()
    of = {"low_priority": {"cases": 40, "drawn": count}, "nfa": {"cases": 9, "drawn": 0}}
    pools = {"cases": 49, "drawn": count, "pools": of, "weights": {"low_priority": 1}}  # as pipeline/worklist.py keeps them
    with lab.house.engine.begin() as c:
        extract = ledger.extract_by_id(c, id)
        relook.save_draw(c, extract, 7, 20, pools, dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC), "x")
    assert f"The re-look sample was drawn on Friday 20 November{said}." in lab.text()
