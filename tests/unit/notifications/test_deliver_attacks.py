"""Ways in which a message could be lost, said twice, said in the wrong place, or left standing though it is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from caseclock.demo.alert_lab import CALENDAR, Crash, Lab, local, recipient, routes_of, rules_of
from caseclock.demo.fake_slack import FakeSlack
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.deliver import deliver
from caseclock.notifications.model import Handle, Outcome
from caseclock.notifications.night import waits_for_morning
from caseclock.settings import SlackSettings
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlDelivery

RULE = {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}
SPEC = {"unalloc": RULE, "overdue": {**RULE, "desc": "overdue visits"}}
URGENT = {"urgent": {**RULE, "desc": "children on a plan without a worker", "quiet_hours": False}}
PEOPLE = {"service": {"north": "sm", "south": "sm2"}, "escalation": "head", "data": "data"}
MONDAY = dt.date(2026, 9, 7)


def lab(**people: object) -> Lab:
    return Lab(rules_of({**SPEC, **URGENT}), routes_of(PEOPLE, **people), cadence=None)


def day(made: Lab, n: int, values: dict[str, float], *, rev: int = 0, at: str = "08:30") -> None:
    made.now = local(f"{MONDAY + dt.timedelta(days=n)}T{at}")
    made.extract(MONDAY + dt.timedelta(days=n), {rule: {"north": value} for rule, value in values.items()}, rev)


# --- one bad row -----------------------------------------------------------------------------------------------------
def test_a_fault_in_looking_for_one_message_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lab()
    day(made, 0, {"unalloc": 12})
    made.faults[:] = ["lost_before"]
    made.run()
    made.now += dt.timedelta(minutes=1)
    made.extract(MONDAY, {"unalloc": {"north": 12, "south": 14}}, 1)
    made.update()

    def broken(*_: object) -> Handle | None:
        raise KeyError("messages")

    monkeypatch.setattr(made.slack, "find", broken)
    made.deliver()
    assert [(m.to, m.items) for m in made.landed] == [("sm2", ("fire unalloc/south 14 amber",))]
    monkeypatch.undo()
    made.now += dt.timedelta(minutes=5)
    made.run()
    assert [m.to for m in made.landed] == ["sm2", "sm"]


def test_a_row_that_cannot_be_drawn_holds_up_nobody_else_and_engineers_hear_of_it() -> None:
    made = lab()
    day(made, 0, {"unalloc": 12})
    made.update()
    with made.engine.begin() as c:
        (row,) = c.execute(t.outbox.select()).mappings().all()
        spoilt = {**row["payload"], "lines": [{**row["payload"]["lines"][0], "item": {"kind": "fire", "as_of": "yesterday"}}]}
        c.execute(t.outbox.update().values(payload=spoilt))
    made.deliver()
    assert next(r["state"] for r in made.table(t.outbox) if r["key"] == row["key"]) == "failed"
    assert [m.items for m in made.landed if m.to == "data"] == [("delivery_failed sm",)]


# --- again and again -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [12, 25])
def test_where_nobody_can_see_whether_it_arrives_a_reader_gets_three_copies_at_worst(value: float) -> None:
    made = lab(tell=["email"], fallback=["slack"])
    day(made, 0, {"unalloc": value})
    made.faults[:] = ["lost_after"] * 30
    for _ in range(30):
        made.run()
        made.now += dt.timedelta(minutes=5)
    by_mail = [m for m in made.landed if (m.to, m.channel) == ("sm", "email")]
    assert len(by_mail) == 3
    assert [bool(m.message.notes) for m in by_mail] == [False, True, True]


# --- the wrong place -------------------------------------------------------------------------------------------------
class Chat:
    """The lab with a real Slack channel that ends at the fake."""

    def __init__(self, slack: FakeSlack) -> None:
        self.lab, self.slack = lab(), slack
        self.channel = SlackChannel(SlackSettings(token=SecretStr("xoxb-test"), base_url=slack.url))

    def round(self, minutes: float = 0) -> list[Outcome]:
        self.lab.now += dt.timedelta(minutes=minutes)
        self.lab.update()
        return deliver(
            SqlDelivery(self.lab.engine), {"slack": self.channel, "email": self.lab.email}, self.lab.routes, lambda: self.lab.now
        )

    def shown(self, place: str = "C-sm") -> list[str]:
        return [str(m["text"]) for m in self.slack.roots(place)]


@pytest.fixture
def chat() -> Iterator[Chat]:
    with FakeSlack(clock=lambda: made.lab.now) as slack:
        made = Chat(slack)
        yield made


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
def test_an_end_that_nobody_can_look_for_and_that_changed_meanwhile_is_told(fault: str) -> None:
    """A retraction by mail is of unknown fate when the figures say that the alert was no mistake and is over."""
    made = lab(tell=["email"])
    day(made, 0, {"unalloc": 25})
    made.run()
    day(made, 0, {"unalloc": 5}, rev=1, at="09:00")
    made.faults[:] = [fault]
    made.run()
    before = len(made.landed)
    day(made, 0, {"unalloc": 25}, rev=2, at="09:10")
    day(made, 1, {"unalloc": 5})
    for _ in range(3):
        made.run()
        made.now += dt.timedelta(minutes=5)
    assert [m.items for m in made.landed[before:] if m.to == "sm"] == [("resolved unalloc/north",)]


def test_who_is_reached_elsewhere_from_now_on_hears_all_of_it_there_and_the_old_place_nothing_more(chat: Chat) -> None:
    day(chat.lab, 0, {"unalloc": 12, "overdue": 15})
    chat.round()
    before = chat.shown()
    people = [recipient(name) for name in ("sm", "sm2", "head", "data")]
    people[0] = people[0].model_copy(update={"slack": "C-new"})
    chat.lab.routes = chat.lab.routes.model_copy(update={"recipients": people})
    day(chat.lab, 1, {"unalloc": 25, "overdue": 15})
    chat.round()
    assert chat.shown() == before
    assert chat.slack.replies("C-sm", chat.slack.roots("C-sm")[0]["ts"]) == []
    (root,) = chat.shown("C-new")
    assert "25 unallocated cases" in root
    assert "15 overdue visits" in root, "all that the old message shows"
    day(chat.lab, 2, {"unalloc": 3, "overdue": 16})
    chat.round()
    assert chat.shown() == before
    assert len(chat.shown("C-new")) == 1, "and it goes on in that one"
    assert "16 overdue visits" in chat.shown("C-new")[0]


def test_a_message_that_was_begun_before_its_reader_moved_is_sent_to_the_new_place_once(chat: Chat) -> None:
    day(chat.lab, 0, {"unalloc": 12})
    chat.slack.script("chat.postMessage", "lost_before")
    chat.round()
    people = [r.model_copy(update={"slack": "C-new"}) if r.id == "sm" else r for r in chat.lab.routes.recipients]
    chat.lab.routes = chat.lab.routes.model_copy(update={"recipients": people})
    for _ in range(3):
        chat.round(1)
    assert (len(chat.shown()), len(chat.shown("C-new"))) == (0, 1)


# --- a root that shows what is not so --------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["ratelimited:30", "lost_before", "http_500_before"])
@pytest.mark.parametrize(("then", "said"), [(25, "25 unallocated"), (3, "Resolved")])
def test_a_root_that_was_changed_for_a_message_that_never_came_is_put_right(chat: Chat, fault: str, then: float, said: str) -> None:
    """The root is edited first, and then the reply is refused. A correction makes the reply pointless; what the root shows is wrong."""
    day(chat.lab, 0, {"unalloc": 12})
    chat.round()
    day(chat.lab, 1, {"unalloc": then})
    chat.slack.script("chat.postMessage", fault)
    chat.round()
    assert said in chat.shown()[0]
    day(chat.lab, 1, {"unalloc": 12}, rev=1)
    for _ in range(3):
        chat.round(2)
    assert len(chat.shown()) == 1
    assert "12 unallocated cases" in chat.shown()[0]
    assert "Resolved" not in chat.shown()[0]
    assert not [r for r in chat.lab.table(t.outbox) if r["state"] in {"pending", "sending", "unknown"}]


def test_a_root_that_a_dying_sender_had_changed_is_put_right(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    day(chat.lab, 0, {"unalloc": 12})
    chat.round()
    day(chat.lab, 1, {"unalloc": 3})

    def dies(*_: Any, **__: Any) -> None:
        raise Crash

    monkeypatch.setattr(chat.channel, "_reply", dies)
    with pytest.raises(Crash):
        chat.round()
    monkeypatch.undo()
    assert "Resolved" in chat.shown()[0]
    day(chat.lab, 1, {"unalloc": 12}, rev=1)
    for _ in range(3):
        chat.round(5)
    assert "12 unallocated cases" in chat.shown()[0]
    assert chat.slack.replies("C-sm", chat.slack.roots("C-sm")[0]["ts"]) == []


def test_a_deed_that_is_shown_on_a_root_in_doubt_does_not_leave_it_in_doubt(chat: Chat) -> None:
    day(chat.lab, 0, {"unalloc": 12})
    chat.round()
    day(chat.lab, 1, {"unalloc": 25})
    chat.slack.script("chat.postMessage", "ratelimited:30")
    chat.round()
    day(chat.lab, 1, {"unalloc": 12}, rev=1)
    for _ in range(4):
        chat.round(2)
    assert not [r for r in chat.lab.table(t.told) if r["detail"]["item"].get("unsure")]
    edits = [method for method, _ in chat.slack.calls].count("chat.update")
    assert edits == 2, "once for what never came, once to put it right"


def test_what_is_confirmed_is_not_drawn_a_second_time(chat: Chat) -> None:
    for n, value in enumerate((12, 25, 26, 3)):
        day(chat.lab, n, {"unalloc": value})
        chat.round()
    calls = len(chat.slack.calls)
    for _ in range(3):
        assert chat.round(10) == []
    assert len(chat.slack.calls) == calls


# --- at night --------------------------------------------------------------------------------------------------------
def by_night(made: Lab) -> list[Outcome]:
    """A round of the sender alone, as another source's run or the night's round makes it: the engine does not run before it."""
    return deliver(
        SqlDelivery(made.engine),
        made.channels,
        made.routes,
        lambda: made.now,
        must_wait=waits_for_morning(made.rules, CALENDAR, lambda: made.now),
    )


@pytest.mark.parametrize("fault", ["rate_limited", "lost_before", "crash_before_send"])
def test_what_could_not_be_sent_before_the_night_waits_for_the_morning_and_comes_once(fault: str) -> None:
    made = lab()
    day(made, 0, {"unalloc": 25}, at="17:59")
    made.faults[:] = [fault]
    made.run()
    for hour in ("18:10", "20:00", "23:55"):
        made.now = local(f"{MONDAY}T{hour}")
        by_night(made)
    assert made.landed == []
    made.now = local(f"{MONDAY + dt.timedelta(days=1)}T08:00")
    made.run()
    assert [m.items for m in made.landed] == [("fire unalloc/north 25 red",)]


@pytest.mark.parametrize("fault", ["rate_limited", "lost_before", "crash_before_send", "lost_after", "crash_after_send"])
def test_what_is_urgent_is_tried_again_at_night_and_comes_once(fault: str) -> None:
    made = lab()
    day(made, 0, {"urgent": 25}, at="20:00")
    made.faults[:] = [fault]
    made.run()
    for minute in (10, 20, 30):
        made.now = local(f"{MONDAY}T20:{minute}")
        by_night(made)
    assert [m.items for m in made.landed] == [("fire urgent/north 25 red",)]
    assert [r["open"] for r in made.table(t.told)] == [1]


def test_what_waits_for_the_morning_does_not_stand_before_what_is_urgent() -> None:
    made = lab()
    day(made, 0, {"unalloc": 12}, at="17:59")
    made.faults[:] = ["rate_limited"]
    made.run()
    day(made, 0, {"unalloc": 12, "urgent": 12}, rev=1, at="17:59")
    made.update()
    made.now = local(f"{MONDAY}T18:10")
    by_night(made)
    assert [m.items for m in made.landed] == [("fire urgent/north 12 amber",)]
    made.now = local(f"{MONDAY + dt.timedelta(days=1)}T08:00")
    made.run()
    assert [m.items for m in made.landed][1:] == [("fire unalloc/north 12 amber",)]


def test_mail_of_unknown_fate_is_not_sent_again_at_night_and_not_forgotten() -> None:
    made = lab(tell=["email"])
    day(made, 0, {"unalloc": 12}, at="17:59")
    made.faults[:] = ["lost_before"]
    made.run()
    made.now = local(f"{MONDAY}T19:00")
    by_night(made)
    assert made.landed == []
    assert [r["state"] for r in made.table(t.outbox)] == ["unknown"]
    made.now = local(f"{MONDAY + dt.timedelta(days=1)}T08:00")
    made.run()
    assert [m.items for m in made.landed] == [("fire unalloc/north 12 amber",)]


def test_word_to_data_engineers_goes_at_any_hour() -> None:
    made = lab()
    made.now = local(f"{MONDAY}T20:00")
    made.extract(MONDAY, {"unalloc": {"north": 12}}, held="half the rows are missing")
    made.update()
    by_night(made)
    assert [(m.to, m.items) for m in made.landed] == [("data", ("dq_failed 2026-09-07",))]
