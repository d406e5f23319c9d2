"""What failed for good is tried again, seldom and under a key of its own; and whoever has heard of it by another way hears it there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseclock import pipeline
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.alert_lab import Lab, local
from caseclock.notifications import ChannelError, Handle, Message
from caseclock.notifications.again import renewed
from caseclock.notifications.deadman import health
from caseclock.notifications.outbox import Notice, notice_row
from caseclock.notifications.routes import Routes
from caseclock.now import LONDON
from caseclock.storage import schema as t
from caseclock.storage.outbox import insert_rows
from caseclock.storage.waiting import that_stand_for_themselves, waiting

from .adversary import lab_of, open_post, reader, routes, take
from .test_hands import Lab as HandsLab
from .test_hands import lab

__all__ = ["lab"]


class Faulty:
    """A channel that refuses what it is told to, for as long as it is told to."""

    def __init__(self, addresses: str = "", *, modes: tuple[str, ...] = (), permanent: bool = True) -> None:
        self.addresses, self.modes, self.permanent, self.tries = addresses.split(), modes, permanent, 0

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        if address in self.addresses and (not self.modes or message.mode in self.modes):
            self.tries += 1
            raise ChannelError("not_in_channel" if self.permanent else "no connection", permanent=self.permanent)
        return handle or {"id": f"{address}:{message.key}"}

    def find(self, *_: Any) -> None:
        return None


def broken(lab: Lab, *args: Any, channel: str = "slack", **more: Any) -> Faulty:
    made = Faulty(*args, **more)
    lab.channels[channel].inner = made  # type: ignore[assignment]
    return made


def rounds(lab: Lab, start: str, hours: float = 8, every: int = 10) -> list[tuple[str, str, str, tuple[str, ...]]]:
    landed = []
    for n in range(int(hours * 60 / every)):
        lab.now = local(start) + dt.timedelta(minutes=every * n)
        landed += [(m.to, m.channel, m.mode, m.items) for m in lab.run()]
    return landed


def test_a_channel_that_refuses_is_tried_once_a_day_and_data_engineers_hear_of_it_once_a_day() -> None:
    lab = lab_of(routes(reader("sm")))
    slack = broken(lab, "C-sm")
    words: list[list[str]] = []
    for day in ("07", "08", "09"):
        lab.now = local(f"2026-09-{day}T09:00")
        lab.extract(lab.now.date(), {"unalloc": {"n1": 12}})
        words.append([i for to, _, _, items in rounds(lab, f"2026-09-{day}T09:00") for i in items if to == "de"])
    assert slack.tries == 3
    assert words == [["delivery_failed sm"]] * 3
    failures = [row for row in lab.table(t.audit) if row["event"] == "failed"]
    assert len(failures) == 3
    assert len({row["detail"]["key"] for row in failures}) == 3, "each attempt is a message of its own"


def test_a_channel_that_is_away_is_tried_again_after_an_hour_and_no_more_than_that() -> None:
    lab = lab_of(routes(reader("sm")))
    slack = broken(lab, "C-sm", permanent=False)
    take(lab, "2026-09-07T08:00", {"unalloc": {"n1": 12}})
    rounds(lab, "2026-09-07T08:05", 9)
    rows = sorted((r for r in lab.table(t.outbox) if r["recipient"] == "sm"), key=lambda r: r["created_at"])
    begun = [dt.datetime.fromisoformat(r["created_at"]) for r in rows]
    done = [dt.datetime.fromisoformat(r["done_at"]) for r in rows if r["state"] == "failed"]
    assert len(rows) > 2
    assert all(start - end >= dt.timedelta(hours=1) for end, start in zip(done, begun[1:], strict=False))
    assert slack.tries <= 8 * len(rows)


def test_edits_that_arrive_do_not_free_a_reply_that_is_refused() -> None:
    """The serial of the conversation moves on with each edit; what failed is the same for all that."""
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    slack = broken(lab, "C-sm", modes=("reply_broadcast",))
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 25}})
    landed = rounds(lab, "2026-09-08T09:05")
    assert slack.tries == 1
    assert [items for to, _, mode, items in landed if to == "sm" and mode == "update"] == [("refresh unalloc/n1 25 red",)]


def test_two_runs_at_once_enqueue_the_renewed_message_once() -> None:
    lab = lab_of(routes(reader("sm")))
    broken(lab, "C-sm")
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.now = local("2026-09-08T09:00")
    lab.update()
    lab.update()
    waits = [r for r in lab.table(t.outbox) if r["recipient"] == "sm" and r["state"] == "pending"]
    assert len(waits) == 1
    assert waits[0]["payload"]["lines"][0]["again"] == 1


def test_who_hears_of_it_by_mail_hears_it_there_while_mail_works_and_by_slack_once_mail_fails_too() -> None:
    lab = lab_of(routes(reader("sm", fallback=["email"])))
    slack = broken(lab, "C-sm")
    assert ("sm", "email", "post", ("fire unalloc/n1 12 amber",)) in take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    rounds(lab, "2026-09-08T09:00")
    assert slack.tries == 1
    slack.addresses = []
    mail = broken(lab, "sm@example.org", channel="email")
    assert [one for one in take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}}) if one[0] == "sm"] == []
    assert mail.tries == 1
    assert [one for one in rounds(lab, "2026-09-09T09:05") if one[0] == "sm"] == [("sm", "slack", "post", ("fire unalloc/n1 25 red",))]


def test_everything_that_is_asked_of_a_changed_way_is_said_once_and_by_the_new_one() -> None:
    """The Slack channel was taken out of routes.yaml as well: nothing is tried there, and nobody is told of a failed delivery."""
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("sm", "email", slack=None))
    said = [take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 12 + day}}) for day in (8, 9, 10)]
    assert [one[:2] for landed in said for one in landed if one[0] == "sm"][:1] == [("sm", "email")]
    assert [one for landed in said for one in landed if one[1] == "slack"] == []


def test_what_stands_on_the_old_way_is_kept_true_and_is_closed_there() -> None:
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("sm", "email"))
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}})
    on_slack = [one for one in take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}}) if one[1] == "slack"]
    assert on_slack == [("sm", "slack", "update", ("refresh unalloc/n1 25 red",))]
    take(lab, "2026-09-10T09:00", {"unalloc": {"n1": 1}})
    over = take(lab, "2026-09-11T09:00", {"unalloc": {"n1": 1}})
    assert {one[1] for one in over if one[3] == ("resolved unalloc/n1",)} == {"slack", "email"}


# --- another id, the same place ------------------------------------------------------------------------------------
def test_a_conversation_goes_over_to_the_one_recipient_who_is_reached_where_it_stands_and_the_audit_says_so() -> None:
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
        lab.routes = routes(reader("service-manager", slack="C-sm", teams="sm"))
        take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}})
        assert len(post.slack.roots("C-sm")) == 1, "it is not told anew"
        assert {row["recipient"] for row in lab.table(t.told)} == {"service-manager"}
        [row] = [row for row in lab.table(t.audit) if row["event"] == "handed_over"]
        assert row["detail"]["before"] == "sm"
        assert take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}}) == [
            ("service-manager", "slack", "reply_broadcast", ("worsened unalloc/n1 25 red",))
        ]


@pytest.mark.parametrize("place", ["C-elsewhere", "shared"])
def test_a_conversation_of_nobody_is_left_alone_where_nobody_or_several_are_reached_there(place: str) -> None:
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
        new = reader("new", slack="C-sm" if place == "shared" else place)
        lab.routes = routes(new, reader("newer", slack="C-sm")) if place == "shared" else routes(new)
        take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}})
        assert "sm" in {row["recipient"] for row in lab.table(t.told) if row["open"]}
        assert any("no longer in routes.yaml" in row["reason"] for row in lab.table(t.audit) if row["event"] == "suppressed")


# --- what no run of the engine makes anew --------------------------------------------------------------------------
def test_a_digest_that_could_not_be_sent_is_tried_again_by_one_channel_at_a_time() -> None:
    people, calendar = routes(reader("sm", fallback=["email"])), WorkingCalendar()
    lab = lab_of(people)
    slack, mail = broken(lab, "C-sm"), broken(lab, "sm@example.org", channel="email")
    lab.now = local("2026-09-07T09:00")

    def again() -> int:
        with lab.engine.begin() as c:
            rows = renewed(that_stand_for_themselves(c, lab.now - dt.timedelta(days=7)), people, calendar, lab.now)
            insert_rows(c, rows, lab.now)
        return len(rows)

    with lab.engine.begin() as c:
        insert_rows(c, [notice_row("sm", "slack", Notice("digest", "The week"))], lab.now)
    lab.run()
    assert (slack.tries, mail.tries, again()) == (1, 1, 0)
    lab.now = local("2026-09-08T09:00")
    assert (again(), again()) == (1, 0)
    lab.run()
    assert (slack.tries, mail.tries) == (2, 1)
    lab.now, mail.addresses = local("2026-09-09T09:00"), []
    assert again() == 1, "mail has rested longest"
    lab.run()
    assert [m.message.headline for m in lab.landed if m.to == "sm"] == ["The week"]
    lab.now = local("2026-09-10T09:00")
    assert again() == 0, "it has arrived"
    lab.now = local("2026-09-18T09:00")
    assert again() == 0


def test_word_of_a_failed_delivery_that_failed_itself_is_tried_again_by_the_round(lab: HandsLab) -> None:
    at = dt.datetime(2026, 11, 23, 9, tzinfo=LONDON)
    with lab.house.engine.begin() as c:
        name = lab.house.config.routes.data[0]
        insert_rows(c, [notice_row(name, "slack", Notice("fault|x", "caseclock needs a look"))], at)
        c.execute(t.outbox.update().where(t.outbox.c.recipient == name).values(state="failed", reason="no", done_at="2026-11-22T09:00:00Z"))
    pipeline.tend(lab.house, at)
    with lab.house.engine.connect() as c:
        states = sorted(row.state for row in c.execute(t.outbox.select()) if row.payload.get("notice", {}).get("name") == "fault|x")
    assert states == ["failed", "sent"]


# --- who watches ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("heard", ["by data engineers", "by mail", "by nobody"])
def test_health_is_well_again_when_somebody_was_told_in_their_stead_or_a_day_has_gone(heard: str) -> None:
    lab = lab_of(routes(reader("sm", fallback=["email"] if heard == "by mail" else [])))
    broken(lab, "C-sm" if heard == "by data engineers" else "C-sm C-de")
    take(lab, "2026-09-07T09:00", {"urgent": {"n1": 5}})
    with lab.engine.connect() as c:
        found = [health(waiting(c), lab.now, local(at), WorkingCalendar()) for at in ("2026-09-07T09:30", "2026-09-08T09:30")]
    assert [one.well for one in found] == [heard == "by data engineers", True]
    if heard == "by nobody":
        assert found[0].lost == 2
        assert found[0].headline == "2 messages given up in the last day, and nobody told in their stead"
        assert any("slack: 2 given up; not_in_channel" in line for line in found[0].lines)


def test_an_alert_on_data_reaches_nobody_new_when_the_way_of_the_data_engineers_was_changed() -> None:
    lab = lab_of(routes(reader("sm"), reader("other")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 1}})
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 1}}, held="volume")
    lab.routes = Routes.model_validate(routes(reader("sm"), reader("other")).model_dump(by_alias=True) | {"data": ["other"]})
    landed = take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 1}}, held="volume")
    assert [(one[0], one[3]) for one in landed] == [("other", ("dq_failed 2026-09-08",))], "the old one hears only the end"
    over = take(lab, "2026-09-10T09:00", {"unalloc": {"n1": 1}})
    assert sorted((one[0], one[3]) for one in over) == [("de", ("dq_recovered 2026-09-08",)), ("other", ("dq_recovered 2026-09-08",))]
