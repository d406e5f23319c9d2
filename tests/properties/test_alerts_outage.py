"""A channel that is down for any time, in any way, and then up: what still stands is told in the end, on no channel twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseclock.demo.alert_lab import Lab, Landed, local, recipient, rules_of
from caseclock.notifications import ChannelError
from caseclock.notifications.routes import Match, Route, Routes, Service
from caseclock.storage import schema as t

SPEC = {
    "calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1, "repeat_wd": 2},
    "urgent": {"desc": "urgent", "amber": 1, "red": 3, "clear_below": 1, "clear_n": 1, "repeat_wd": 1, "quiet_hours": False},
}
DAYS = [dt.date(2026, 10, 20) + dt.timedelta(days=n) for n in (0, 1, 2, 3, 6, 7, 8)]  # the clocks change on the Sunday
STEP = 6  # rounds of a working day


@dataclass
class Line:
    """A channel between two rounds of which it is down."""

    lab: Lab
    down: tuple[int, int]
    permanent: bool
    name: str
    attempts: int = 0
    round: int = 0

    def send(self, message: Any, address: str, handle: dict[str, str] | None) -> dict[str, str]:
        self.attempts += 1
        if self.down[0] <= self.round < self.down[1]:
            raise ChannelError("down", permanent=self.permanent)
        return handle or {"id": f"{address}:{message.key}"}

    def find(self, key: str, address: str, since: dt.datetime, handle: dict[str, str] | None) -> dict[str, str] | None:
        if self.down[0] <= self.round < self.down[1]:
            raise ChannelError("down", permanent=self.permanent)
        return next((handle or {"id": f"{address}:{key}"} for m in self.lab.landed if (m.key, m.channel) == (key, self.name)), None)


def routes(fallback: bool) -> Routes:
    return Routes(
        recipients=[recipient("sm", fallback=["email"] if fallback else []), recipient("data", fallback=[])],
        services={"north": Service(teams=["n*"])},
        routes=[Route(match=Match(service="north"), tell=["sm"])],
        catch_all=["data"],
        data=["data"],
    )


downs = st.tuples(st.integers(0, STEP * 5), st.integers(0, STEP * 5)).map(lambda pair: (min(pair), max(pair)))
figures = st.tuples(st.sampled_from([0, 12, 13, 25]), st.sampled_from([0, 1, 2, 4]))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    slack=downs, mail=downs, refused=st.tuples(st.booleans(), st.booleans()), seen=st.lists(figures, min_size=5, max_size=5),
    fallback=st.booleans(), faults=st.lists(st.sampled_from(["ok", "crash_after_send", "lost_after", "lost_before"]), max_size=3),
)  # fmt: skip
def test_what_still_stands_is_told_when_the_channel_is_back(slack, mail, refused, seen, fallback, faults) -> None:  # type: ignore[no-untyped-def]
    lab = Lab(rules_of(SPEC), routes(fallback), cadence=None, lasting=False)
    lines = {name: Line(lab, down, no, name) for name, down, no in (("slack", slack, refused[0]), ("email", mail, refused[1]))}
    for name, line in lines.items():
        lab.channels[name].inner = line  # type: ignore[assignment]
    lab.faults[:] = faults
    for n, day in enumerate(DAYS):
        calm, urgent = seen[min(n, len(seen) - 1)]
        for hour in range(STEP):
            lab.now = local(dt.datetime.combine(day, dt.time(8, 30))) + dt.timedelta(minutes=95 * hour)
            if hour == 0:
                lab.extract(day, {"calm": {"n1": calm}, "urgent": {"n1": urgent}})
            for line in lines.values():
                line.round = n * STEP + hour
            lab.run()
            assert_no_identity_is_open_twice(lab)
    assert lab.run() == [], "a second run at the same time told something"
    told = [row for row in lab.table(t.told) if row["recipient"] == "sm" and row["open"]]
    for rule, figure, red in (("calm", seen[-1][0], 20), ("urgent", seen[-1][1], 3)):
        mine = [row for row in told if row["rule"] == rule]
        assert bool(mine) == bool(figure), f"{rule} {figure}: {mine}"
        worst = {row["severity"] for row in mine}
        assert not figure or ("red" in worst) == (figure >= red) or "red" in worst, f"{rule} {figure} is told as {worst}"
    assert_nothing_came_twice(lab.landed)


def assert_no_identity_is_open_twice(lab: Lab) -> None:
    waits = [
        (row["recipient"], row["channel"], *line["instance"], line["episode"], line["kind"], line["serial"])
        for row in lab.table(t.outbox)
        if row["state"] in {"pending", "sending", "unknown"}
        for line in row["payload"]["lines"]
    ]
    assert len(waits) == len(set(waits))


def assert_nothing_came_twice(landed: list[Landed]) -> None:
    """By its key on Slack, which can be read back; and no alert is opened twice there without an end in between."""
    keys = Counter(m.key for m in landed if m.channel == "slack" and m.mode != "update")
    assert max(keys.values(), default=0) <= 1
    is_open: set[tuple[str, str]] = set()
    for m in (m for m in landed if m.channel == "slack"):
        for item in m.items:
            kind, what = item.split()[:2]
            if kind == "fire":
                assert (m.to, what) not in is_open, f"opened twice: {what}"
                is_open.add((m.to, what))
            elif kind in {"resolved", "retracted"}:
                is_open.discard((m.to, what))
