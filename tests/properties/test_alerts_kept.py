"""A store whose runs go on from the last one is, table for table, one whose runs replay everything; and that replay is the plain one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from caseclock.alerts.fold import fold
from caseclock.demo.alert_lab import SOURCE, Lab, local, recipient, rules_of
from caseclock.demo.scenario_file import changed
from caseclock.extracts import Extract
from caseclock.notifications.desired import observations
from caseclock.notifications.routes import Match, Route, Routes, Service
from caseclock.notifications.update import AlertsResult, update_alerts
from caseclock.storage import schema as t
from caseclock.storage.alerts import SqlAlerts
from caseclock.storage.decisions import Decision, save_decision
from caseclock.storage.folds import bytes_of
from caseclock.thresholds import ThresholdRule

SPEC: dict[str, dict[str, Any]] = {
    "calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 2, "repeat_wd": 2, "escalate_wd": 3},
    "slow": {"desc": "slow", "amber": 12, "red": 15, "clear_below": 9, "for_n": 2, "clear_n": 1, "repeat_wd": 5, "escalate_wd": 2},
    "twin": {
        "desc": "twin", "measure": "calm", "amber": 14, "red": 22, "clear_below": 14, "for_n": 3, "clear_n": 1, "teams": ["n*", "council"],
    },
    "share": {"desc": "share", "direction": "below", "amber": 9, "red": 4, "clear_below": 12, "min_n": 20, "quiet_hours": False},
}  # fmt: skip
RULES = rules_of(SPEC)
MOVED = {
    "calm": [{"amber": 6, "red": 12, "clear_below": 4}, {"amber": 16, "red": 24, "clear_below": 16}],
    "share": [{"min_n": 60}, {"for_n": 2}],
    "slow": [{"direction": "below", "amber": 9, "red": 4, "clear_below": 12}],
}
ROUTES = Routes(
    recipients=[recipient("north"), recipient("south", tell=["slack", "email"]), recipient("head"), recipient("data")],
    services={"north": Service(teams=["n*"]), "south": Service(teams=["s*"])},
    routes=[Route(match=Match(service="north"), tell=["north"]), Route(match=Match(service="south"), tell=["south"])],
    catch_all=["data"],
    escalation="head",
    data=["data"],
)
FIRST = dt.date(2026, 10, 12)  # the clocks change on 25 October 2026
TEAMS = ("n1", "n2", "s1", "*", "service:x")
SOURCES = (SOURCE, "other")
TABLES = (t.condition, t.alert, t.alert_event, t.told, t.outbox, t.attempt, t.audit, t.handling)
BY_CHANCE = {"lease_by", "id"}


@dataclass
class Store(Lab):
    """A lab whose runs replay everything, or go on where they can."""

    beside: Store | None = None
    """The lab that has just done the same, and replays."""
    found: list[AlertsResult] = field(default_factory=list)

    @property
    def replays(self) -> bool:
        return self.beside is None

    def update(self, source: str = "") -> AlertsResult:
        with self.engine.begin() as c:
            made = update_alerts(
                SqlAlerts(c, self.now), source or self.source, self.rules, self.routes, self.calendar, self.now, cadence=self.cadence,
                replay=self.replays,
            )  # fmt: skip
            if self.replays:
                the_plain_replay_says_so(SqlAlerts(c, self.now), source or self.source, self.rules, made, self.now)
            if self.beside:
                they_say_the_same(self.beside.found[len(self.found)], made)
            self.found.append(made)
        return made

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that the engine and the sender have written, in the order in which it was."""
        with self.engine.begin() as c:
            rows = {table.name: [dict(r) for r in c.execute(select(table)).mappings()] for table in TABLES}
        made = {name: [{k: v for k, v in row.items() if k not in BY_CHANCE} for row in listed] for name, listed in rows.items()}
        return {name: listed if name in {"alert_event", "audit"} else sorted(listed, key=str) for name, listed in made.items()}

    def id_of(self, as_of: dt.date, source: str) -> str | None:
        """The newest extract of a date."""
        e = t.extract.c
        with self.engine.begin() as c:
            query = select(e.id).where(e.source == source, e.as_of == str(as_of)).order_by(e.revision.desc())
            return c.execute(query.limit(1)).scalar()

    def says(self, id_: str | None, choice: Any) -> None:
        with self.engine.begin() as c:
            row = c.execute(select(t.extract).where(t.extract.c.id == id_)).first()
            if row is not None:
                known = Extract(row.id, row.source, dt.date.fromisoformat(row.as_of), row.revision, row.sha256, "x", "x", self.now)
                save_decision(c, known, Decision(row.id, choice, "Lead", "looked at", self.now))

    def measured_again(self, id_: str | None, by: float) -> None:
        with self.engine.begin() as c:
            c.execute(update(t.measure_value).where(t.measure_value.c.extract_id == id_).values(value=by))
            c.execute(update(t.extract).where(t.extract.c.id == id_).values(figures=f"again {by}"))

    def superseded(self, id_: str | None) -> None:
        with self.engine.begin() as c:
            c.execute(update(t.extract).where(t.extract.c.id == id_).values(superseded="another one was exported later"))


def the_plain_replay_says_so(store: SqlAlerts, source: str, rules: list[ThresholdRule], made: AlertsResult, now: dt.datetime) -> None:
    """Date by date over lists, as it can be read in fold.py."""
    history = store.history(source, {rule.measure for rule in rules})
    latest = max((day.as_of for day in history.days if day.held is None), default=None)
    versions = store.versions(source, rules, latest, now)
    plain = observations(source, rules, history.figures, (), versions)
    for instance, (rule, seen) in plain.items():
        known, whole = made.folds[instance], fold(rule, instance, seen, versions.get(rule.id))
        assert (known.condition, known.events, known.episodes, known.dates) == (whole.condition, whole.events, whole.episodes, whole.dates)
        assert [(c.words, c.without) for c in known.changes] == [(c.words, c.without) for c in whole.changes]
        assert list(made.folds.histories.of(instance)) == sorted(seen, key=lambda o: o.as_of)
    assert [i for i in made.folds if i not in made.folds.silent] == list(plain)


def they_say_the_same(plain: AlertsResult, carried: AlertsResult) -> None:
    assert carried.events == plain.events
    assert carried.intents == plain.intents
    assert carried.suppressed == plain.suppressed
    assert list(carried.folds) == list(plain.folds)
    assert bytes_of(carried.folds.board) == bytes_of(plain.folds.board)
    for instance, outcome in carried.folds.items():
        other = plain.folds[instance]
        assert (outcome.condition, outcome.episodes, outcome.dates) == (other.condition, other.episodes, other.dates)
        assert [(c.words, c.without) for c in outcome.changes] == [(c.words, c.without) for c in other.changes]
        assert {day: outcome.since(day) for day in other.episodes} == {day: other.since(day) for day in other.episodes}


values = st.dictionaries(
    st.sampled_from(["calm", "slow", "share"]),
    st.dictionaries(st.sampled_from(TEAMS), st.integers(0, 25) | st.none(), min_size=1),
    min_size=1,
)
arrives = st.tuples(
    st.just("arrives"),
    st.sampled_from([1, 1, 1, 2, 3, 0, -1, -3, 60]),  # dates after the newest; below one it is late, or a correction
    values,
    st.sampled_from([None, None, None, "held"]),
    st.sampled_from([100, 100, 40, 10]),  # made from
)
said = st.tuples(st.sampled_from(["approve", "reject", "approve", "measured", "superseded"]), st.integers(0, 4))
deeds = st.tuples(st.sampled_from(["ack", "silence", "unsilence"]), st.sampled_from(["calm/n1", "slow/s1", "share/n2"]))
moves = st.tuples(st.just("limits"), st.sampled_from([(rule, limits) for rule, listed in MOVED.items() for limits in listed]))
others = st.tuples(st.sampled_from(["tick", "tick", "rule gone", "rule back", "unreadable", "older", "nothing kept"]))
faults = st.lists(st.sampled_from(["ok", "lost_before", "lost_after", "rate_limited", "permanent"]), max_size=3)
whats = arrives | arrives | arrives | arrives | arrives | arrives | said | deeds | moves | others
steps = st.tuples(whats, st.integers(0, 30), st.sampled_from([0, 0, 0, 1]), faults)


def one_step(lab: Store, source: str, newest: dt.date, number: int, what: tuple[Any, ...]) -> dt.date:
    """Returns the newest date that has arrived."""
    name = what[0]
    if name == "arrives":
        _, days, figures, held, n = what
        day = max(FIRST, newest + dt.timedelta(days=days))
        lab.extract(day, figures, number, held=held, source=source, n=n)
        return max(newest, day)
    chosen = newest - dt.timedelta(days=what[1]) if isinstance(what[-1], int) else newest
    if name in {"approve", "reject"}:
        lab.says(lab.id_of(chosen, source), name)
    elif name == "measured":
        lab.measured_again(lab.id_of(chosen, source), float(number))
    elif name == "superseded":
        lab.superseded(lab.id_of(chosen, source))
    elif name == "limits":
        rule, limits = what[1]
        lab.rules = [changed(r, limits) if r.id == rule else r for r in lab.rules]
    elif name == "rule gone":
        lab.rules = [r for r in lab.rules if r.id != "slow"]
    elif name == "rule back":
        lab.rules = [*RULES[1:], RULES[0]]
    elif name == "ack":
        lab.ack(what[1], "U1")
    elif name == "silence":
        lab.silence(what[1], "U1", lab.now + dt.timedelta(days=2), "agreed")
    elif name == "unsilence":
        lab.unsilence(what[1], "U1")
    elif name in BROKEN and not lab.replays:
        with lab.engine.begin() as c:
            c.execute(BROKEN[name])
    return newest


BROKEN: Mapping[str, Any] = {
    "unreadable": t.board.update().values(body=b"no board"),
    "older": t.board.update().values(format=0),
    "nothing kept": t.board.delete(),
}


@settings(max_examples=24, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(program=st.lists(steps, min_size=4, max_size=24))
def test_going_on_from_the_last_run_is_replaying_everything(program: list[Any]) -> None:
    plain = Store(RULES, ROUTES, lasting=False)
    labs = [plain, Store(RULES, ROUTES, lasting=False, beside=plain)]
    newest = dict.fromkeys(SOURCES, FIRST)
    for number, (what, hours, which, failing) in enumerate(program):
        source, after = SOURCES[which], newest
        for lab in labs:
            lab.now = (local("2026-10-12T08:30") if number == 0 else lab.now) + dt.timedelta(hours=hours)
            lab.faults[:] = failing
            after = newest | {source: one_step(lab, source, newest[source], number, what)}
            lab.found.clear()
            lab.run()
        newest = after
        for carried in labs[1].found:
            went_on = not carried.folds.replayed
            event(f"{what[0]}: {'replayed' if not went_on else 'carried on' if carried.folds.fresh else 'nothing new'}")
        assert labs[1].kept() == labs[0].kept()
        assert labs[1].landed == labs[0].landed
