"""Mails that GOV.UK Notify took and that came back: as if they had never been told, by the next channel, once, and engineers hear of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from channel_lab import MONDAY, day, real_lab
from pydantic import SecretStr

from caseclock.demo.alert_lab import local
from caseclock.demo.fake_notify import FakeNotify
from caseclock.notifications.bounces import FIRST_LOOK, GIVE_UP, MOST_LOOKS, settle_bounces
from caseclock.notifications.channels.notify import NotifyChannel
from caseclock.notifications.outbox import Notice, notice_row
from caseclock.settings import NotifySettings
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlSent, insert_rows

NORTH = "north@example.org"
FAILURES = ["permanent-failure", "temporary-failure", "technical-failure"]


class Town:
    """A service manager who is told by Notify, and by mail when that fails. The engine, the channel and Notify have one clock."""

    def __init__(self, **manager: Any) -> None:
        self.fake = FakeNotify(clock=lambda: self.lab.now).start()
        settings = NotifySettings(api_key=SecretStr(self.fake.api_key), template=self.fake.template, base_url=self.fake.url, timeout=2)
        self.notify = NotifyChannel(settings, clock=lambda: self.lab.now)
        self.lab = real_lab({"notify": self.notify}, **({"notify": NORTH, "tell": ["notify"]} | manager))

    def ask(self, minutes: float = 0) -> dict[str, int]:
        self.lab.now += dt.timedelta(minutes=minutes)
        made = settle_bounces(SqlSent(self.lab.engine), {"notify": self.notify, "email": self.lab.email}, self.lab.routes, self.lab.now)
        return {"arrived": made.arrived, "lost": made.lost}

    def day(self, n: int, north: float) -> None:
        day(self.lab, n, north)
        self.lab.run()

    def comes_back(self, status: str = "permanent-failure", n: int = -1) -> None:
        self.fake.becomes(self.fake.sent[n]["reference"], status)

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [(row["channel"], row["state"]) for row in self.lab.table(t.outbox) if row["recipient"] == "sm"]

    def audit(self, event: str) -> list[str]:
        return [r["reason"] for r in self.lab.table(t.audit) if r["event"] == event]

    def heard(self, to: str = "sm") -> list[tuple[str, str]]:
        return [(m.channel, item) for m in self.lab.landed if m.to == to for item in m.items]

    @property
    def asked(self) -> int:
        return sum(call.method == "GET" for call in self.fake.calls)


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town()
    yield made
    made.fake.stop()


@pytest.mark.parametrize("status", FAILURES)
def test_what_came_back_goes_by_the_next_channel_once_and_engineers_are_told(town: Town, status: str) -> None:
    town.day(0, 12)
    town.comes_back(status)
    assert town.ask(3) == {"arrived": 0, "lost": 1}
    for _ in range(3):
        town.lab.run()
        assert town.ask(10) == {"arrived": 0, "lost": 0}
    assert town.rows == [("notify", "failed"), ("email", "sent")]
    assert town.heard() == [("email", "fire unalloc/north 12 amber")]
    assert [items for _, items in town.heard("data")] == ["delivery_failed sm"]
    assert [reason for reason in town.audit("failed") if status in reason] == town.audit("failed")
    assert len(town.fake.sent) == 1


def test_after_it_has_come_back_the_whole_conversation_goes_by_the_other_channel(town: Town) -> None:
    town.day(0, 12)
    town.comes_back()
    town.ask(3)
    for n, value in enumerate((12, 25, 3), 1):
        town.day(n, value)
    assert [item.split()[0] for _, item in town.heard()] == ["fire", "worsened", "resolved"]
    assert {channel for channel, _ in town.heard()} == {"email"}
    assert not [r for r in town.lab.table(t.told) if r["open"] and r["recipient"] == "sm"]
    town.day(4, 14)
    assert len(town.fake.sent) == 2, "the next alert goes by Notify again"


@pytest.mark.parametrize(("then", "kind"), [(25, "worsened unalloc/north 25 red"), (3, "resolved unalloc/north")])
def test_a_later_message_that_came_back_is_told_by_the_other_channel_and_the_first_is_not(town: Town, then: float, kind: str) -> None:
    town.day(0, 12)
    town.comes_back("delivered")
    assert town.ask(3) == {"arrived": 1, "lost": 0}
    town.day(1, then)
    town.comes_back()
    assert town.ask(3) == {"arrived": 0, "lost": 1}
    for _ in range(3):
        town.lab.now += dt.timedelta(minutes=5)
        town.lab.run()
    assert town.heard() == [("email", kind)]
    assert len(town.fake.sent) == 2


def test_both_came_back_so_the_newest_is_told_and_the_older_is_not_told_beside_it(town: Town) -> None:
    town.day(0, 12)
    town.day(1, 25)
    town.comes_back(n=0)
    town.comes_back(n=1)
    assert town.ask(3) == {"arrived": 0, "lost": 2}
    town.lab.run()
    town.lab.run()
    assert town.heard() == [("email", "fire unalloc/north 25 red")]
    assert town.rows[:2] == [("notify", "failed")] * 2


def test_while_the_fate_of_a_later_one_is_open_the_earlier_one_is_not_judged(town: Town) -> None:
    town.day(0, 12)
    town.day(1, 25)
    town.comes_back(n=0)
    assert town.ask(3) == {"arrived": 0, "lost": 0}
    town.comes_back("delivered", n=1)
    assert town.ask(30)["arrived"] == 1
    town.ask(30)
    town.lab.run()
    assert town.heard() == [], "the later one has arrived, so its reader knows"
    assert town.rows == [("notify", "failed"), ("notify", "sent")]


def test_what_has_arrived_is_asked_after_once(town: Town) -> None:
    town.day(0, 12)
    town.ask()
    assert town.asked == 0, "not at once"
    town.comes_back("delivered")
    town.ask(3)
    for _ in range(20):
        town.ask(60)
    assert town.asked == 1
    assert town.audit("arrived") == ["Notify: delivered to the reader's mailbox"]


def test_what_stays_on_its_way_is_asked_after_less_and_less_and_given_up_in_words(town: Town) -> None:
    town.day(0, 12)
    began = town.lab.now
    while town.lab.now - began < dt.timedelta(days=5):
        town.ask(10)
    assert 12 <= town.asked <= 30
    assert [reason.partition("; ")[0] for reason in town.audit("unconfirmed")] == [
        "notify: after 4 days it is still not known whether it has arrived"
    ]
    assert town.rows == [("notify", "sent")]
    town.comes_back()
    assert town.ask(10) == {"arrived": 0, "lost": 0}


def test_a_verdict_after_72_hours_is_still_heard(town: Town) -> None:
    assert dt.timedelta(hours=72, minutes=1) + dt.timedelta(hours=6) < GIVE_UP
    town.day(0, 12)
    while town.lab.now < local(f"{MONDAY}T08:30") + dt.timedelta(hours=72):
        town.ask(60)
    town.comes_back("temporary-failure")
    lost = sum(town.ask(60)["lost"] for _ in range(8))
    assert lost == 1


@pytest.mark.parametrize("fault", ["lost_before", "http_500_before", "ratelimited", "http_200_before"])
def test_a_notify_that_cannot_say_is_asked_again_and_nothing_is_written(town: Town, fault: str) -> None:
    town.day(0, 12)
    town.comes_back()
    town.fake.script("GET", fault)
    assert town.ask(3) == {"arrived": 0, "lost": 0}
    assert town.rows == [("notify", "sent")]
    assert town.ask(5) == {"arrived": 0, "lost": 1}


def test_a_round_asks_only_so_often_and_the_rest_next_time(town: Town) -> None:
    rows = [notice_row("sm", "notify", Notice(f"n{n}", f"Notice {n}")) for n in range(MOST_LOOKS + 5)]
    with town.lab.engine.begin() as c:
        insert_rows(c, rows, town.lab.now)
    town.lab.deliver()
    town.ask(3)
    assert town.asked == MOST_LOOKS
    town.ask(0)
    assert town.asked == MOST_LOOKS + 5


def test_a_notice_that_came_back_goes_by_the_next_channel(town: Town) -> None:
    with town.lab.engine.begin() as c:
        insert_rows(c, [notice_row("sm", "notify", Notice("n", "The week"))], town.lab.now)
    town.lab.deliver()
    town.comes_back()
    assert town.ask(3)["lost"] == 1
    town.lab.deliver()
    assert [(m.channel, m.message.headline) for m in town.lab.landed if m.to == "sm"] == [("email", "The week")]


def test_two_rounds_at_once_take_it_back_once(town: Town) -> None:
    town.day(0, 12)
    town.comes_back()
    town.lab.now += dt.timedelta(minutes=3)
    store = SqlSent(town.lab.engine)
    ((row, sent_at),) = store.unsettled(["notify"], town.lab.now, 5)
    assert sent_at + FIRST_LOOK <= town.lab.now
    assert store.take_back(row, "it came back", town.lab.now, lambda unheard: ())
    assert not store.take_back(row, "it came back", town.lab.now, lambda unheard: ())
    store.close(row, "arrived", "delivered", town.lab.now)
    assert town.audit("failed") == ["it came back"]
    assert town.audit("arrived") == []


def test_while_the_next_message_is_on_its_way_nothing_is_taken_back(town: Town) -> None:
    town.day(0, 12)
    day(town.lab, 1, 25)
    town.fake.script("POST", "lost_after")
    town.lab.run()
    town.comes_back(n=0)
    assert town.ask(0) == {"arrived": 0, "lost": 0}
    assert town.rows == [("notify", "sent"), ("notify", "unknown")]


def test_where_there_is_no_other_channel_data_engineers_hear_of_it() -> None:
    town = Town(fallback=[])
    try:
        town.day(0, 12)
        town.comes_back()
        town.ask(3)
        town.lab.run()
        assert town.rows == [("notify", "failed")]
        assert [items for _, items in town.heard("data")] == ["delivery_failed sm"]
    finally:
        town.fake.stop()


def test_the_addresses_that_notify_keeps_for_trying_out_come_back() -> None:
    town = Town(notify="perm-fail@simulator.notify")
    try:
        town.day(0, 12)
        assert town.ask(3)["lost"] == 1
    finally:
        town.fake.stop()
