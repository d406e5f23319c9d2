"""Lanes at a rate limit: one rests, the others go on, and a rest leaves no trace. Time passes only when somebody waits."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from caseclock.demo.alert_lab import Lab, local, routes_of, rules_of
from caseclock.notifications import Capabilities, ChannelError, Handle, Message
from caseclock.notifications.deliver import LONGEST_ROUND, PACE_WAITS, deliver
from caseclock.notifications.model import Outcome, Recipient
from caseclock.notifications.outbox import Notice, notice_row
from caseclock.notifications.routes import Routes
from caseclock.storage import schema as t
from caseclock.storage.engine import open_engine
from caseclock.storage.outbox import SqlDelivery, insert_rows

START = local("2026-09-07T08:30")


@dataclass
class OneASecond:
    """A channel that takes one message a second in each place, and none in a place that is `shut`."""

    now: dt.datetime = START
    name: str = "slack"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(edit=True, thread=True, reconcile=True))
    shut: dict[str, float] = field(default_factory=dict)
    landed: list[tuple[str, str, dt.datetime]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    last: dict[str, dt.datetime] = field(default_factory=lambda: defaultdict(lambda: START - dt.timedelta(days=1)))

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        self.now += dt.timedelta(milliseconds=5)
        since = (self.now - self.last[address]).total_seconds()
        if address in self.shut or since < 1:
            self.refused[address] += 1
            raise ChannelError("Slack: ratelimited", retry_after=self.shut.get(address, 1.0))
        self.last[address] = self.now
        self.landed.append((address, message.headline, self.now))
        return {"channel": address, "ts": message.key}

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        return None

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += dt.timedelta(seconds=seconds)


class Post:
    """An outbox of notices for readers in the places given."""

    def __init__(self, *places: str) -> None:
        self.engine = open_engine("sqlite:///:memory:")
        t.metadata.create_all(self.engine)
        self.people = [Recipient(id=f"r{n}", title=f"Reader {n}", slack=place) for n, place in enumerate(places)]
        self.routes = Routes(recipients=self.people, catch_all=["r0"], data=["r0"])
        self.slack = OneASecond()

    def enqueue(self, each: int) -> None:
        rows = [notice_row(who.id, "slack", Notice(f"{n} {who.id}", f"{n}")) for n in range(each) for who in self.people]
        with self.engine.begin() as c:
            insert_rows(c, rows, self.slack.now)

    def round(self, *, waits: bool = True) -> list[Outcome]:
        wait = self.slack.wait if waits else None
        return deliver(SqlDelivery(self.engine), {"slack": self.slack}, self.routes, lambda: self.slack.now, wait=wait)  # type: ignore[dict-item]

    def rows(self, table: object = t.outbox) -> list[dict]:  # type: ignore[type-arg]
        with self.engine.begin() as c:
            return [dict(row) for row in c.execute(table.select()).mappings()]  # type: ignore[attr-defined]


def test_ten_lanes_take_as_long_as_one() -> None:
    post = Post(*(f"C{n}" for n in range(10)))
    post.enqueue(8)
    outcomes = post.round()
    assert Counter(o.outcome for o in outcomes) == {"sent": 80}
    took = (post.slack.now - START).total_seconds()
    assert 7 <= took < 8.5, "eight messages in a lane need seven seconds, however many lanes there are"
    for place in (f"C{n}" for n in range(10)):
        assert [said for where, said, _ in post.slack.landed if where == place] == [str(n) for n in range(8)], "in their order"
    assert set(post.slack.refused.values()) == {1}, "who has been refused once is not asked too early again"


def test_a_rest_leaves_no_attempt_no_try_and_no_failure_behind() -> None:
    post = Post("C0")
    post.enqueue(6)
    post.round()
    assert post.slack.refused["C0"] == 1
    assert [(a["outcome"], a["ended_at"] is not None) for a in post.rows(t.attempt)] == [("sent", True)] * 6
    assert {(r["state"], r["tries"]) for r in post.rows()} == {("sent", 0)}


def test_a_lane_that_stays_shut_holds_up_no_other_and_counts_as_one_try_that_failed() -> None:
    post = Post("C0", "C1")
    post.slack.shut["C0"] = 1.0
    post.enqueue(4)
    outcomes = post.round()
    assert [said for where, said, _ in post.slack.landed] == ["0", "1", "2", "3"]
    assert Counter(o.outcome for o in outcomes) == {"sent": 4, "held": 1}
    assert post.slack.refused["C0"] == PACE_WAITS + 1
    first, *behind = [r for r in post.rows() if r["recipient"] == "r0"]
    assert (first["state"], first["tries"]) == ("pending", 1)
    assert {(r["state"], r["tries"]) for r in behind} == {("pending", 0)}
    assert [a["outcome"] for a in post.rows(t.attempt) if a["key"] == first["key"]] == ["retry"]
    post.slack.shut.clear()
    post.slack.now += dt.timedelta(seconds=31)
    post.round()
    assert [said for where, said, _ in post.slack.landed if where == "C0"] == ["0", "1", "2", "3"]


def test_nobody_waits_for_a_place_that_asks_for_a_long_rest() -> None:
    post = Post("C0", "C1")
    post.slack.shut["C0"] = 120.0
    post.enqueue(1)
    post.round()
    assert post.slack.waits == []
    assert [where for where, _, _ in post.slack.landed] == ["C1"]
    assert next(r["not_before"] for r in post.rows() if r["recipient"] == "r0") >= "2026-09-07T07:32"


def test_two_readers_of_one_place_share_its_limit() -> None:
    post = Post("C0", "C0", "C1")
    post.enqueue(3)
    post.round()
    assert Counter(where for where, _, _ in post.slack.landed) == {"C0": 6, "C1": 3}
    assert 5 <= (post.slack.now - START).total_seconds() < 7
    assert post.slack.refused["C0"] <= 2


def test_while_it_waits_the_sender_holds_no_lease() -> None:
    post = Post("C0")
    post.enqueue(3)
    leases = []

    def look(seconds: float) -> None:
        leases.extend(r["lease_by"] for r in post.rows() if r["state"] != "sent")
        post.slack.wait(seconds)

    deliver(SqlDelivery(post.engine), {"slack": post.slack}, post.routes, lambda: post.slack.now, wait=look)  # type: ignore[dict-item]
    assert leases
    assert set(leases) == {None}


def test_who_dies_while_he_waits_leaves_nothing_that_must_be_looked_for() -> None:
    post = Post("C0")
    post.enqueue(3)

    def dies(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(SqlDelivery(post.engine), {"slack": post.slack}, post.routes, lambda: post.slack.now, wait=dies)  # type: ignore[dict-item]
    assert [r["state"] for r in post.rows()] == ["sent", "pending", "pending"]
    post.slack.now += dt.timedelta(seconds=2)
    post.round()
    assert [said for _, said, _ in post.slack.landed] == ["0", "1", "2"]


def test_a_round_ends_when_the_next_one_is_due() -> None:
    post = Post("C0")
    post.enqueue(400)
    post.round()
    assert (post.slack.now - START) <= LONGEST_ROUND + dt.timedelta(seconds=2)
    assert 230 <= len(post.slack.landed) <= 245
    post.round()
    assert [said for _, said, _ in post.slack.landed] == [str(n) for n in range(400)]


def test_two_senders_at_once_do_not_wait_for_each_other_for_ever() -> None:
    post = Post("C0")
    post.enqueue(1)
    store = SqlDelivery(post.engine)
    assert store.claim("another", START, START + dt.timedelta(seconds=120), ["slack"])
    assert post.round() == []
    assert post.slack.waits == []


def test_without_a_way_to_wait_a_limit_is_a_try_that_failed_and_eight_of_them_take_an_hour() -> None:
    post = Post("C0")
    post.slack.shut["C0"] = 1.0
    post.enqueue(1)
    for _ in range(60):  # a minute of rounds that follow each other
        post.round(waits=False)
        post.slack.now += dt.timedelta(seconds=1)
    assert post.slack.refused["C0"] == 2, "each wait is at least the sender's own, whatever the channel asks for"
    began = post.slack.now
    while post.rows()[0]["state"] == "pending":
        post.round(waits=False)
        post.slack.now += dt.timedelta(seconds=30)
    assert post.rows()[0]["state"] == "failed"
    assert post.slack.refused["C0"] == 8
    assert post.slack.now - began > dt.timedelta(minutes=55)


def test_an_alert_that_rested_is_in_the_audit_as_sent_and_nothing_else() -> None:
    made = Lab(
        rules_of({"unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8}}),
        routes_of({"service": {"north": "sm"}, "escalation": "head", "data": "data"}),
        cadence=None,
    )
    made.now = START
    made.extract(START.date(), {"unalloc": {"north": 12}})
    made.update()
    slack = OneASecond()
    slack.last["C-sm"] = START  # somebody else has just posted there
    deliver(SqlDelivery(made.engine), {"slack": slack}, made.routes, lambda: slack.now, wait=slack.wait)  # type: ignore[dict-item]
    assert slack.refused["C-sm"] == 1
    assert [r["event"] for r in made.table(t.audit) if r["event"] != "limits"] == ["sent"]


def test_a_look_that_is_asked_to_slow_down_is_no_reason_to_send_again() -> None:
    """What is red is sent again when it cannot be looked for. That Slack says *slower* is not that it cannot be read."""
    made = Lab(
        rules_of({"unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8}}),
        routes_of({"service": {"north": "sm"}, "escalation": "head", "data": "data"}),
        cadence=None,
    )
    made.now = START
    made.extract(START.date(), {"unalloc": {"north": 25}})
    made.faults[:] = ["lost_after"]
    made.run()

    slower = [ChannelError("Slack: ratelimited", retry_after=1.0)] * 7
    find = made.slack.find

    def busy(*given: object) -> Handle | None:
        if slower:
            raise slower.pop()
        return find(*given)  # type: ignore[arg-type]

    made.slack.find = busy  # type: ignore[method-assign]
    for _ in range(90):  # a round every second, none of which may wait
        made.now += dt.timedelta(seconds=1)
        made.deliver()
    assert len(made.landed) == 1
    for _ in range(20):
        made.now += dt.timedelta(minutes=1)
        deliver(SqlDelivery(made.engine), made.channels, made.routes, lambda: made.now, wait=lambda s: _pass(made, s))
    assert len(made.landed) == 1
    assert "adopted" in made.events()


def _pass(made: Lab, seconds: float) -> None:
    made.now += dt.timedelta(seconds=seconds)
