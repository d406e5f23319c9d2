"""Random histories, deeds and faults: nothing is lost, nothing comes twice, whatever was told to be open is told to be over."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.demo.alert_lab import Lab, Landed, local, recipient, rules_of
from caseclock.notifications.routes import Match, Route, Routes, Service
from caseclock.storage import schema as t

SPEC = {
    "calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 2, "repeat_wd": 2, "escalate_wd": 3},
    "slow": {"desc": "slow", "amber": 5, "red": 15, "clear_below": 4, "for_n": 2, "clear_n": 1, "repeat_wd": 5, "escalate_wd": 2},
    "urgent": {
        "desc": "urgent", "amber": 1, "red": 3, "clear_below": 1, "for_n": 1, "clear_n": 1, "repeat_wd": 1, "escalate_wd": 1,
        "quiet_hours": False,
    },
}  # fmt: skip
RULES = rules_of(SPEC)
ROUTES = Routes(
    recipients=[recipient("north"), recipient("south", tell=["slack", "email"]), recipient("head"), recipient("data")],
    services={"north": Service(teams=["n*"]), "south": Service(teams=["s*"])},
    routes=[Route(match=Match(service="north"), tell=["north"]), Route(match=Match(service="south"), tell=["south"])],
    catch_all=["data"],
    escalation="head",
    data=["data"],
)
DAYS = [dt.date(2026, 10, 19) + dt.timedelta(days=n) for n in range(14)]  # the clocks change on 25 October 2026
TEAMS = ("n1", "n2", "s1")
OPENS, CLOSES = {"fire", "escalated"}, {"resolved", "retracted"}
ABOUT_DATA = {"unstable", "replay_changed_history"}  # told to data engineers once, about an alert of others

values = st.fixed_dictionaries({rule: st.fixed_dictionaries({team: st.integers(0, 25) for team in TEAMS}) for rule in SPEC})
faults = st.lists(
    st.sampled_from(["ok", "ok", "lost_before", "lost_after", "rate_limited", "crash_before_send", "crash_after_send", "bug"]), max_size=4
)
steps = st.tuples(
    st.integers(0, len(DAYS) - 1),  # which date arrives
    st.integers(0, 3),  # hours on top of what has passed
    values,
    st.booleans() | st.none(),  # held
    faults,
    st.sampled_from(["", "", "", "ack", "silence", "unsilence"]),
)


def _conversations(landed: list[Landed], *, readable: bool = True) -> None:
    """Within one recipient and channel an alert is opened, told of, closed, and only then opened again.

    Where a channel cannot be read back, an end may be told of what had not arrived: better than not to tell the end of what had.
    """
    is_open: dict[tuple[str, str, str], bool] = defaultdict(bool)
    for message in landed:
        for item in message.items:
            kind, what = item.split()[:2]
            place = (message.to, message.channel, what)
            if kind in OPENS:
                assert not is_open[place], f"opened twice: {place}"
                is_open[place] = True
            elif kind in CLOSES:
                assert is_open[place] or not readable, f"closed what was never opened: {place}"
                is_open[place] = False
            elif what.split("/")[0] in SPEC and kind not in ABOUT_DATA:
                assert is_open[place], f"{kind} about what was never opened: {place}"
    assert not any(is_open.values()), f"left open: {[place for place, still in is_open.items() if still]}"


def _settle(lab: Lab) -> None:
    """No more faults: everything that is under way comes to rest."""
    lab.faults.clear()
    for _ in range(4):
        lab.now += dt.timedelta(minutes=90)
        lab.run()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=st.lists(steps, max_size=9))
def test_whatever_breaks_each_message_arrives_once_and_every_alert_is_closed(program: list) -> None:  # type: ignore[type-arg]
    lab = Lab(RULES, ROUTES, cadence=None)
    lab.now = local("2026-10-20T08:30")
    for number, (day, hours, figures, held, failing, deed) in enumerate(program):
        lab.now += dt.timedelta(hours=hours * 7, minutes=10)
        lab.faults[:] = failing
        lab.extract(DAYS[day], figures, number, held="held" if held else None)
        if deed == "ack":
            lab.ack("calm/n1", "U1")
        elif deed == "silence":
            lab.silence("calm/n1", "U1", lab.now + dt.timedelta(days=2), "agreed")
        elif deed == "unsilence":
            lab.unsilence("calm/n1", "U1")
        lab.run()
    _settle(lab)
    before = len(lab.landed)
    assert lab.run() == [], "a second run on the same data told something"
    last = max(lab.now.date(), DAYS[-1])
    for n in range(1, 4):  # everything is clear for good
        lab.now = local(dt.datetime.combine(last + dt.timedelta(days=7 * n), dt.time(9)))
        lab.extract(last + dt.timedelta(days=7 * n), {rule: dict.fromkeys(TEAMS, 0) for rule in SPEC}, 100)
        _settle(lab)
        lab.now = local(dt.datetime.combine(last + dt.timedelta(days=7 * n + 1), dt.time(9)))
        _settle(lab)
    _conversations([m for m in lab.landed if m.channel == "slack"])
    _conversations(
        list({m.key: m for m in reversed(lab.landed) if m.channel == "email"}.values())[::-1], readable=False
    )  # a repeat has the same key
    keys = [m.key for m in lab.landed if m.channel == "slack" and m.mode != "update"]
    assert len(keys) == len(set(keys)), "a message that can be looked for was sent twice"
    assert before <= len(lab.landed)
    assert not [r for r in lab.table(t.outbox) if r["state"] in {"pending", "sending", "unknown"}]
    assert not [r for r in lab.table(t.told) if r["open"]]


histories = st.dictionaries(st.sampled_from(DAYS), st.tuples(st.integers(0, 25), st.booleans()), max_size=14)


@given(history=histories, order=st.randoms(use_true_random=False), rule=st.sampled_from(RULES))
def test_the_fold_does_not_depend_on_the_order_of_arrival(history, order, rule) -> None:  # type: ignore[no-untyped-def]
    seen = [Observation(day, value, 1, passed) for day, (value, passed) in history.items()]
    mixed = list(seen)
    order.shuffle(mixed)
    instance = Instance("lab", rule.id, "n1")
    assert fold(rule, instance, seen) == fold(rule, instance, mixed)


@given(history=histories, rule=st.sampled_from(RULES))
def test_the_events_of_a_fold_are_one_unbroken_chain(history, rule) -> None:  # type: ignore[no-untyped-def]
    outcome = fold(rule, Instance("lab", rule.id, "n1"), [Observation(day, value, 1, ok) for day, (value, ok) in history.items()])
    state = "NORMAL"
    for event in outcome.events:
        assert event.from_state == state
        assert event.reason
        state = event.to_state
    assert state == outcome.condition.state
    still_open = [episode for episode, closed in outcome.episodes.items() if closed is None]
    assert still_open == ([outcome.condition.episode] if outcome.condition.episode else [])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.dictionaries(st.sampled_from(DAYS), values, min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_the_store_ends_in_the_same_conditions_whatever_arrived_first(history, order) -> None:  # type: ignore[no-untyped-def]
    found = []
    for shuffled in (False, True):
        lab = Lab(RULES, ROUTES, cadence=None)
        arrivals = sorted(history.items())
        if shuffled:
            order.shuffle(arrivals)
        for day, figures in arrivals:
            lab.now += dt.timedelta(hours=1)
            lab.extract(day, figures)
            lab.update()
        found.append({str(i): c for i, c in lab.update().conditions.items()})
    assert found[0] == found[1]
