"""A rehearsal of a past tells what the engine told, message by message: so a backtest counts what people would have had."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from caseclock.alerts.backtest import values_of
from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.alerts.rehearsal import QUIET_EDITS, first_heard, rehearse
from caseclock.demo.alert_lab import CALENDAR, Lab, local, recipient, rules_of
from caseclock.notifications.routes import Match, Route, Routes
from caseclock.pipeline.backtest import ByRoutes

DAYS = [dt.date(2026, 9, 7) + dt.timedelta(n) for n in range(40)]
ONE = Instance("lab", "r", "n1")
ROUTES = {
    "all": Routes(
        recipients=[recipient(name) for name in ("sm", "head", "director", "data")],
        routes=[Route(match=Match(severity="red"), tell=["head"], **{"continue": True}), Route(tell=["sm"])],
        catch_all=["data"], escalation=["head", "director"], data=["data"],
    ),
    "digest": Routes(
        recipients=[recipient(name) for name in ("sm", "head", "director", "data")],
        routes=[Route(match=Match(severity="amber"), digest_only=True), Route(tell=["sm"])],
        catch_all=["data"], escalation=["head", "director"], data=["data"], digest=["head"],
    ),
}  # fmt: skip
histories = st.dictionaries(st.sampled_from(DAYS), st.sampled_from([0, 3, 9, 12, 14, 17, 22, 40]), min_size=1, max_size=30)
rules = st.builds(
    lambda for_n, clear_n, repeat, escalate, urgent: {
        "r": {
            "desc": "r", "amber": 10, "red": 20, "clear_below": 8, "for_n": for_n, "clear_n": clear_n, "repeat_wd": repeat,
            "escalate_wd": escalate, "quiet_hours": not urgent,
        }
    },
    st.integers(1, 2), st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.booleans(),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories, spec=rules, routes=st.sampled_from(sorted(ROUTES)))
@example(  # the head was called because nobody acted, and is on the route of red alerts as well
    history={DAYS[0]: 12, DAYS[2]: 22},
    spec={"r": {"desc": "r", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 1, "repeat_wd": 1, "escalate_wd": 1}},
    routes="all",
)
def test_the_rehearsal_is_the_performance(history: dict[dt.date, int], spec: dict[str, dict[str, object]], routes: str) -> None:
    listed = rules_of(spec)
    lab = Lab(listed, ROUTES[routes], cadence=None)
    day, last = min(history), CALENDAR.next_working_day(max(history))
    waiting = sorted(history)
    while day <= last:
        if CALENDAR.is_working_day(day):
            lab.now = local(f"{day}T08:00")
            while waiting and waiting[0] <= day:
                came = waiting.pop(0)
                lab.extract(came, {"r": {"n1": history[came]}})
            lab.run()
        day += dt.timedelta(1)
    told = [
        (message.message.created_at.date(), message.to, item.kind, item.as_of)
        for message in lab.landed
        for item in message.message.items
        if item.kind not in QUIET_EDITS and message.to != "data"
    ]
    seen = [Observation(on, value, 100) for on, value in history.items()]
    whole = fold(listed[0], ONE, seen)
    people = ByRoutes(ROUTES[routes], listed, {})
    said = rehearse(listed[0], ONE, whole, values_of({ONE: seen})[ONE], people, CALENDAR)
    assert sorted((one.day, one.recipient, one.kind) for one in said) == sorted(one[:3] for one in told)
    heard: dict[str, dt.date] = {}
    for one in said:
        if one.kind in {"fire", "escalated"}:
            heard.setdefault(one.episode, one.day)
    assert first_heard(listed[0], ONE, whole, seen, people, CALENDAR) == heard
