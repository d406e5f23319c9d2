"""What a run reads when it goes on from the last one, and that this is as good as everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import pytest
from sqlalchemy import update

from caseclock.demo.alert_lab import Lab, local, recipient, rules_of
from caseclock.notifications.evaluate import Figures
from caseclock.notifications.routes import Routes
from caseclock.notifications.update import AlertsResult, update_alerts
from caseclock.storage import schema as t
from caseclock.storage.alerts import SqlAlerts

SPEC = {"calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 2, "repeat_wd": 99, "escalate_wd": 99}}
ROUTES = Routes(recipients=[recipient("north"), recipient("data")], catch_all=["north"], data=["data"])
FIRST = dt.date(2026, 6, 1)


class Replayed(AssertionError):
    pass


class Onward(SqlAlerts):
    """Must not read the history whole; notes the extracts whose figures are read."""

    read: list[str] = []  # noqa: RUF012

    def figures(self, extract_ids: Sequence[str], measures: Iterable[str]) -> Figures:
        raise Replayed

    def figures_of_day(self, extract_id: str, measures: Iterable[str]):  # type: ignore[no-untyped-def]
        self.read.append(extract_id)
        return super().figures_of_day(extract_id, measures)


@pytest.fixture
def lab() -> Lab:
    made = Lab(rules_of(SPEC), ROUTES, cadence=None, lasting=False)
    made.now = local("2026-06-01T09:00")
    Onward.read.clear()
    return made


def comes(lab: Lab, number: int, values: dict[str, float], rev: int = 0, held: str | None = None) -> None:
    lab.now = max(lab.now, local(dt.datetime.combine(FIRST + dt.timedelta(number), dt.time(9))))
    lab.extract(FIRST + dt.timedelta(number), {"calm": values}, rev, held=held)


def onward(lab: Lab) -> AlertsResult:
    with lab.engine.begin() as c:
        return update_alerts(Onward(c, lab.now), "lab", lab.rules, lab.routes, lab.calendar, lab.now)


def test_one_more_day_reads_the_figures_of_that_day_alone(lab: Lab) -> None:
    comes(lab, 0, {"n1": 12, "n2": 3})
    lab.run()
    comes(lab, 1, {"n1": 13, "n2": 4})
    assert onward(lab).folds.touched
    assert len(Onward.read) == 1
    assert onward(lab).folds.touched == set()
    assert len(Onward.read) == 1, "nothing new has come, so nothing is read"


@pytest.mark.parametrize(("number", "rev", "held"), [(0, 1, None), (2, 1, None), (1, 0, None), (2, 1, "held")])
def test_a_correction_a_late_date_and_a_hold_of_the_past_replay_everything(lab: Lab, number: int, rev: int, held: str | None) -> None:
    for day in (0, 2):
        comes(lab, day, {"n1": 12})
        lab.run()
    comes(lab, number, {"n1": 5}, rev, held)
    with pytest.raises(Replayed):
        onward(lab)


def test_figures_of_the_newest_extract_that_were_put_right_by_hand_are_seen(lab: Lab) -> None:
    comes(lab, 0, {"n1": 12, "n2": 3})
    lab.run()
    with lab.engine.begin() as c:
        c.execute(update(t.measure_value).where(t.measure_value.c.team == "n2").values(value=13))
    with pytest.raises(Replayed):
        onward(lab)


def test_a_held_extract_is_nothing_new_and_its_release_goes_on(lab: Lab) -> None:
    comes(lab, 0, {"n1": 12})
    lab.run()
    comes(lab, 1, {"n1": 30}, held="too few")
    assert not onward(lab).folds.fresh
    with lab.engine.begin() as c:
        c.execute(update(t.quality_report).values(verdict="pass", reasons=[]))
    assert onward(lab).events == []  # it was firing before
    assert lab.table(t.condition)[0]["severity"] == "red"


def test_a_run_that_fails_leaves_no_trace_and_is_made_good(lab: Lab) -> None:
    class Breaks(SqlAlerts):
        def note_suppressed(self, *given: object) -> None:
            raise RuntimeError

    comes(lab, 0, {"n1": 12, "n2": 3})
    lab.run()
    before = {table.name: lab.table(table) for table in (t.board, t.condition, t.alert, t.alert_event, t.outbox)}
    comes(lab, 1, {"n1": 3, "n2": 12})
    with pytest.raises(RuntimeError), lab.engine.begin() as c:
        update_alerts(Breaks(c, lab.now), "lab", lab.rules, lab.routes, lab.calendar, lab.now)
    assert {table.name: lab.table(table) for table in (t.board, t.condition, t.alert, t.alert_event, t.outbox)} == before
    assert len(onward(lab).events) == 2


def test_an_alert_whose_only_figures_were_taken_away_is_closed_when_its_place_speaks_again(lab: Lab) -> None:
    comes(lab, 0, {"n2": 3})
    lab.update()
    comes(lab, 1, {"n1": 12, "n2": 3})
    lab.update()  # nobody is told: nothing is delivered
    comes(lab, 1, {"n1": 12, "n2": 4}, 1, held="too many")
    lab.update()
    assert [(row["team"], row["closed_on"]) for row in lab.table(t.alert)] == [("n1", None)]
    comes(lab, 2, {"n1": 3, "n2": 3})
    onward(lab)
    assert [(row["team"], row["close_kind"]) for row in lab.table(t.alert)] == [("n1", "retracted")]


def test_a_message_shows_the_same_dates_however_rarely_its_place_speaks(lab: Lab) -> None:
    for number in range(90):
        rare = {"rare": 5.0 + number % 3} if number % 4 == 0 else {}
        comes(lab, number, {"daily": number % 7, **rare, **({"once": 4} if number == 1 else {})})
    lab.update()
    comes(lab, 92, {"daily": 12, "rare": 13, "once": 14})
    with lab.engine.connect() as c, c.begin() as undone:
        going_on = update_alerts(Onward(c, lab.now), "lab", lab.rules, lab.routes, lab.calendar, lab.now)
        kept = {i: list(seen) for i, seen in going_on.folds.tails({intent.instance for intent in going_on.intents}).items()}
        undone.rollback()
    with lab.engine.begin() as c:
        whole = update_alerts(SqlAlerts(c, lab.now), "lab", lab.rules, lab.routes, lab.calendar, lab.now, replay=True)
        assert kept == {i: list(seen) for i, seen in whole.folds.tails(kept).items()}
    assert {i.team: len(seen) for i, seen in kept.items()} == {"daily": 60, "rare": 24, "once": 2}
