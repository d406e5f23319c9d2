"""Random histories under limits that move: what was told to be open is told to be over, once; an end by data is put on no limit."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.demo.alert_lab import Lab, local, recipient, rules_of
from caseclock.demo.scenario_file import changed
from caseclock.notifications.routes import Routes
from caseclock.thresholds.versions import Version, Versions

RULES = rules_of(
    {"calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 1, "repeat_wd": 99, "escalate_wd": 99}}
)
ROUTES = Routes(recipients=[recipient("north"), recipient("data")], catch_all=["north"], data=["data"])
FIRST = dt.date(2026, 9, 7)
CLOSES = {"resolved", "retracted", "limit_changed"}
ABOUT_DATA = {"unstable", "replay_changed_history"}
LIMITS = [{"amber": a, "red": a + 10, "clear_below": a - 2} for a in (4, 10, 16)]
days = st.tuples(st.integers(0, 9), st.integers(0, 25), st.sampled_from([None, None, *LIMITS]), st.sampled_from([0, 0, 14]))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=st.lists(days, min_size=1, max_size=9))
def test_whatever_limits_move_every_alert_is_opened_and_closed_in_turn(program: list) -> None:  # type: ignore[type-arg]
    lab = Lab(RULES, ROUTES, cadence=None)
    lab.now = local("2026-09-07T08:00")
    for n, (day, value, limits, hours) in enumerate(program):
        lab.now += dt.timedelta(hours=10 + hours)
        lab.rules = [changed(rule, limits) for rule in lab.rules] if limits else lab.rules
        lab.extract(FIRST + dt.timedelta(days=day), {"calm": {"n1": value}}, n)
        lab.run()
        assert lab.run() == [], "a second run told something"
    for n in (20, 21):
        lab.now = local(dt.datetime.combine(dt.date(2026, 9, 24), dt.time(9)) + dt.timedelta(days=n - 20))
        lab.extract(FIRST + dt.timedelta(days=n), {"calm": {"n1": 0}}, 100)
        lab.run()
    is_open = False
    for item in [item for message in lab.landed for item in message.items]:
        kind = item.split()[0]
        if kind in ABOUT_DATA:
            continue
        assert is_open is (kind != "fire"), f"{item} when the alert was {'open' if is_open else 'closed'}"
        is_open = kind not in CLOSES
    assert not is_open, "left open"


@given(
    values=st.lists(st.integers(0, 25), min_size=1, max_size=12),
    moves=st.lists(st.tuples(st.integers(0, 11), st.sampled_from(LIMITS)), max_size=3),
)
def test_what_ends_under_unmoved_limits_is_never_put_on_a_limit(values, moves) -> None:  # type: ignore[no-untyped-def]
    seen = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    kept = [Version(RULES[0], None, seen)]
    for n, limits in sorted(moves, key=lambda move: move[0]):
        kept.append(Version(changed(RULES[0], limits), FIRST + dt.timedelta(days=n), seen + dt.timedelta(days=n)))
    history = [Observation(FIRST + dt.timedelta(days=n), value, 50) for n, value in enumerate(values)]
    found = fold(kept[-1].rule, Instance("lab", "calm", "n1"), history, Versions(tuple(kept)))
    for episode, closed in found.episodes.items():
        blamed = found.ended_by_limit(episode)
        moved_meanwhile = [v for v in kept[1:] if v.since and closed and episode <= v.since.isoformat() <= closed.isoformat()]
        assert blamed is None or moved_meanwhile
        assert closed is not None or blamed is None
