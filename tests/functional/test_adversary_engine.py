"""Attacks on the alert engine: what councils do to their data, their teams, their rules and their routes while an alert is open."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pytest

from caseclock import pipeline
from caseclock.clocks.calendar import CalendarConfig, NotCovered, WorkingCalendar
from caseclock.demo.alert_lab import Lab, local
from caseclock.notifications import ChannelError, Handle, Message
from caseclock.notifications.deadman import health
from caseclock.notifications.routes import Match, Route, Routes
from caseclock.now import LONDON
from caseclock.storage import schema as t
from caseclock.storage.waiting import waiting

from .adversary import EVERY_WAY, UNALLOC, URGENT, Told, lab_of, name_teams, open_post, reader, routes, take
from .test_hands import NORTH, lab
from .test_hands import Lab as HandsLab

__all__ = ["lab"]

POST, EDIT, REPLY, ALOUD = "post", "update", "update+reply", "update+reply_broadcast"
CALL = "reply_broadcast"


def sm(mode: str, *items: str, to: str = "sm", channel: str = "slack") -> Told:
    return (to, channel, mode, items)


# --- extracts ------------------------------------------------------------------------------------------------------
def test_the_same_extract_twice_and_at_other_times_of_the_day_is_told_once() -> None:
    lab = lab_of(routes(reader("sm")))
    assert take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}}) == [sm(POST, "fire unalloc/n1 12 amber")]
    for hour in ("09:01", "12:00", "17:59", "23:59"):
        assert take(lab, f"2026-09-07T{hour}", {"unalloc": {"n1": 12}}) == []
    assert len(lab.table(t.extract)) == 1


def test_a_correction_that_moves_a_breach_to_another_team_takes_one_back_and_raises_the_other_in_the_morning() -> None:
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12, "n2": 1}})
    assert take(lab, "2026-09-07T22:00", {"unalloc": {"n1": 1, "n2": 12}}, rev=1) == []
    assert take(lab, "2026-09-08T08:00") == [sm(ALOUD, "retracted unalloc/n1"), sm(POST, "fire unalloc/n2 12 amber")]
    assert take(lab, "2026-09-08T08:05") == []
    assert (lab.ended("unalloc/n1"), lab.ended("unalloc/n2")) == ("retracted", None)


def test_a_correction_that_moves_a_breach_to_another_service_tells_nobody_of_the_other_service() -> None:
    listed = [Route(match=Match(teams=["n*"]), tell=["sm"]), Route(match=Match(teams=["s*"]), tell=["south"])]
    lab = lab_of(routes(reader("sm"), reader("south"), listed=listed))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12, "s1": 1}})
    landed = take(lab, "2026-09-07T10:00", {"unalloc": {"n1": 1, "s1": 12}}, rev=1)
    assert landed == [sm(ALOUD, "retracted unalloc/n1"), sm(POST, "fire unalloc/s1 12 amber", to="south")]


def test_an_alert_withdrawn_and_raised_again_for_the_same_day_is_told_each_time_once() -> None:
    lab = lab_of(routes(reader("sm")))
    told = [take(lab, f"2026-09-07T{9 + n:02d}:00", {"unalloc": {"n1": figure}}, rev=n) for n, figure in enumerate((12, 2, 12, 2, 12))]
    fire, withdrawn = [sm(POST, "fire unalloc/n1 12 amber")], [sm(ALOUD, "retracted unalloc/n1")]
    assert told == [fire, withdrawn, fire, withdrawn, fire]
    assert take(lab, "2026-09-07T15:00") == []
    assert lab.copies() == 1


def test_two_weeks_of_held_extracts_released_at_once_are_one_call_with_the_newest_figure() -> None:
    lab = lab_of(routes(reader("sm")))
    days = [dt.date(2026, 9, day) for day in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]
    take(lab, "2026-09-04T09:00", {"unalloc": {"n1": 12}})
    first, *rest = [take(lab, f"{day}T09:00", {"unalloc": {"n1": 12 + day.day}}, held="volume") for day in days]
    assert sorted(first) == [sm(POST, "dq_failed 2026-09-07", to="de"), sm(EDIT, "hold unalloc/n1")]
    assert rest == [[]] * 9
    for day in days:
        lab.now = local("2026-09-21T09:00")
        lab.extract(day, {"unalloc": {"n1": 12 + day.day}}, rev=1)
    assert take(lab, "2026-09-21T09:05") == [
        sm(REPLY, "dq_recovered 2026-09-07", to="de"),
        sm(EDIT, "unhold unalloc/n1"),
        sm(CALL, "worsened unalloc/n1 30 red"),
    ]
    assert take(lab, "2026-09-21T09:10") == []


def test_held_weeks_in_which_it_ended_and_began_again_close_the_old_message_before_anything_else() -> None:
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-04T09:00", {"unalloc": {"n1": 12}})
    figures = {7: 2, 8: 2, 9: 30}
    for day, figure in figures.items():
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": figure}}, held="volume")
    for day, figure in figures.items():
        lab.extract(dt.date(2026, 9, day), {"unalloc": {"n1": figure}}, rev=1)
    told = [one for one in take(lab, "2026-09-10T09:00") if one[0] == "sm"]
    assert told == [sm(EDIT, "unhold unalloc/n1"), sm(REPLY, "resolved unalloc/n1"), sm(POST, "fire unalloc/n1 30 red")]


def test_extracts_that_arrive_in_reverse_order_leave_everything_as_the_right_order_does() -> None:
    figures = {day: {"unalloc": {"n1": figure}} for day, figure in zip((7, 8, 9, 10, 11), (12, 2, 2, 25, 9), strict=True)}
    states = []
    for order in ((7, 8, 9, 10, 11), (11, 10, 9, 8, 7)):
        lab = lab_of(routes(reader("sm")))
        for n, day in enumerate(order):
            take(lab, f"2026-09-14T{9 + n:02d}:00", figures[day], day=dt.date(2026, 9, day))
        kept = ("state", "severity", "value", "as_of", "episode", "since")
        states.append([{name: row[name] for name in kept} for row in lab.table(t.condition)])
    assert states[0] == states[1]
    assert states[0][0]["episode"] == "2026-09-10"


# --- figures -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("figure", [float("nan"), None, -5.0, -0.0, 9.999999])
def test_no_figure_or_one_within_the_limit_raises_nothing(figure: float | None) -> None:
    lab = lab_of(routes(reader("sm")))
    assert take(lab, "2026-09-07T09:00", {"unalloc": {"n1": figure}}) == []


@pytest.mark.parametrize("figure", [float("nan"), None])
def test_no_figure_ends_nothing(figure: float | None) -> None:
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    for day in (8, 9, 10, 11):
        landed = take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": figure, "n2": 1}})
        assert [one for one in landed if one[0] == "sm"] == ([sm(EDIT, "hold unalloc/n1")] if day == 8 else [])
    assert lab.state("unalloc/n1") == "FIRING"


def test_a_huge_figure_is_told_once_and_does_not_worsen_by_itself() -> None:
    lab = lab_of(routes(reader("sm")))
    assert take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 1e18}}) == [sm(POST, "fire unalloc/n1 1e+18 red")]
    assert take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 1e18}}) == []


def test_limits_of_equal_worth_are_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match=r"red \(10\) must be worse than amber \(10\)"):
        lab_of(routes(reader("sm")), {"unalloc": {**UNALLOC, "red": 10}})


def test_a_rule_that_waits_for_more_extracts_than_there_are_stays_pending_and_says_nothing() -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": {**UNALLOC, "for_n": 50}})
    landed = [take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 99}}) for day in (7, 8, 9, 10, 11)]
    assert (landed, lab.state("unalloc/n1")) == ([[]] * 5, "PENDING")


# --- teams ---------------------------------------------------------------------------------------------------------
def test_a_team_that_is_renamed_while_it_fires_is_one_alert_under_its_new_name() -> None:
    lab = lab_of(routes(reader("sm")))
    name_teams(lab, {"n1": "North Assessment"})
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    name_teams(lab, {"n1": "Duty and Assessment"})
    assert take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 25}}) == [sm(CALL, "worsened unalloc/n1 25 red")]
    assert [m.items[0] for m in lab.landed] == ["fire unalloc/n1 12 amber", "worsened unalloc/n1 25 red"]
    assert [m.message.items[0].team for m in lab.landed] == ["North Assessment", "Duty and Assessment"]


def test_a_team_whose_new_name_is_of_another_service_is_told_to_that_service_and_its_end_to_the_first() -> None:
    """Routes may name teams by what they are called. Who is no longer told hears no figure more, only that it is over."""
    lab = lab_of(routes(reader("sm"), teams=["North*"]))
    name_teams(lab, {"n1": "North One"})
    assert take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}}) == [sm(POST, "fire unalloc/n1 12 amber")]
    name_teams(lab, {"n1": "South One"})
    assert take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 22}}) == [sm(POST, "fire unalloc/n1 22 red", to="de")]
    assert take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 1}}) == [sm(EDIT, "refresh unalloc/n1 1 red", to="de")]
    assert sorted(take(lab, "2026-09-10T09:00", {"unalloc": {"n1": 1}})) == [
        sm(REPLY, "resolved unalloc/n1", to="de"),
        sm(REPLY, "resolved unalloc/n1"),
    ]


def test_a_team_that_is_closed_while_it_fires_is_held_and_told_once_to_data_engineers() -> None:
    lab = lab_of(routes(reader("sm", *EVERY_WAY)))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12, "n2": 1}})
    first = take(lab, "2026-09-08T09:00", {"unalloc": {"n2": 1}})
    assert sorted(first) == [sm(POST, "missing_scope n1", to="de"), sm(EDIT, "hold unalloc/n1")]
    days = [dt.date(2026, 9, 9) + dt.timedelta(days=n) for n in range(30)]
    assert [take(lab, f"{day}T09:00", {"unalloc": {"n2": 1}}) for day in days if day.weekday() < 5] == [[]] * 22
    assert lab.state("unalloc/n1") == "FIRING"


def test_two_sources_with_the_same_teams_are_two_alerts_with_their_own_hands_and_ends() -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    for source in ("lab", "other"):
        lab.now = local("2026-09-07T09:00")
        lab.extract(dt.date(2026, 9, 7), {"unalloc": {"n1": 12}}, source=source)
    assert [m.items for m in lab.run()] == [("fire unalloc/n1 12 amber",), ("fire unalloc/n1 12 amber of other",)]
    assert lab.ack("unalloc/n1 of other", "U1", local("2026-09-11T12:00")).accepted
    for source in ("lab", "other"):
        lab.now = local("2026-09-08T09:00")
        lab.extract(dt.date(2026, 9, 8), {"unalloc": {"n1": 16}}, source=source)
    assert [(m.mode, m.items) for m in lab.run()] == [
        (CALL, ("worsened unalloc/n1 16 amber",)),
        (EDIT, ("refresh unalloc/n1 16 amber of other",)),
    ]


# --- rules ---------------------------------------------------------------------------------------------------------
def test_a_rule_that_is_deleted_while_it_fires_says_so_in_the_morning_and_once() -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.rules = []
    assert take(lab, "2026-09-07T23:00") == []
    assert take(lab, "2026-09-08T08:00", {"unalloc": {"n1": 12}}) == [sm(REPLY, "limit_changed unalloc/n1")]
    assert take(lab, "2026-09-08T08:05") == []
    assert lab.ended("unalloc/n1") == "limit_changed"


def test_a_rule_that_is_deleted_and_restored_tells_an_alert_that_stands_again_and_its_end() -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    rules = lab.rules
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.rules = []
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}})
    lab.rules = rules
    assert take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 12}}) == [sm(POST, "fire unalloc/n1 12 amber")]
    take(lab, "2026-09-10T09:00", {"unalloc": {"n1": 1}})
    assert take(lab, "2026-09-11T09:00", {"unalloc": {"n1": 1}}) == [sm(REPLY, "resolved unalloc/n1")]


def test_a_rule_that_is_renamed_while_it_fires_ends_under_the_old_name_and_begins_under_the_new_one() -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.rules = [rule.model_copy(update={"id": "waiting"}) for rule in lab.rules]
    assert take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}}) == [
        sm(REPLY, "limit_changed unalloc/n1"),
        sm(POST, "fire waiting/n1 12 amber"),
    ]
    assert take(lab, "2026-09-08T09:05") == []


# --- routes --------------------------------------------------------------------------------------------------------
def test_who_is_taken_from_the_route_while_it_fires_hears_no_figure_more_and_its_end() -> None:
    lab = lab_of(routes(reader("sm"), reader("other")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("other"), reader("sm"))
    assert take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 25}}) == [sm(POST, "fire unalloc/n1 25 red", to="other")]
    take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 1}})
    assert sorted(take(lab, "2026-09-10T09:00", {"unalloc": {"n1": 1}})) == [
        sm(REPLY, "resolved unalloc/n1", to="other"),
        sm(REPLY, "resolved unalloc/n1"),
    ]


def test_who_hears_of_red_only_is_brought_up_to_date_when_it_is_amber_and_called_when_it_is_red_again() -> None:
    at_once = Route(match=Match(severity="red"), tell=["head"], **{"continue": True})
    lab = lab_of(routes(reader("sm"), reader("head"), listed=[at_once, Route(match=Match(service="north"), tell=["sm"])]))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 25}})
    to_head = [[one for one in take(lab, at, {"unalloc": {"n1": figure}}) if one[0] == "head"] for at, figure in _DOWN_AND_UP]
    assert to_head == [
        [sm(EDIT, "refresh unalloc/n1 12 amber", to="head")],
        [sm(CALL, "worsened unalloc/n1 32 red", to="head")],
    ]


_DOWN_AND_UP = (("2026-09-08T09:00", 12), ("2026-09-09T09:00", 32))


def test_a_mail_address_that_changes_while_it_fires_is_used_at_once() -> None:
    lab = lab_of(routes(reader("sm", "email", email="old@example.org")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("sm", "email", email="new@example.org"))
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 25}})
    assert [m.message.recipient.email for m in lab.landed] == ["old@example.org", "new@example.org"]


def test_a_recipient_who_has_moved_to_another_slack_channel_is_told_there_and_no_longer_in_the_old_one() -> None:
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm", slack="C-OLD")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
        lab.routes = routes(reader("sm", slack="C-NEW"))
        take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 21}})
        take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 22}})
        for day in (10, 11):
            take(lab, f"2026-09-{day}T09:00", {"unalloc": {"n1": 1}})
        old, new = [[m for m in post.slack.messages if m["channel"] == id] for id in ("C-OLD", "C-NEW")]
    assert [m["text"].partition(":")[0] for m in old] == ["Amber"]
    assert [m["text"].partition(":")[0] for m in new if not m["thread_ts"]] == ["Resolved"]
    assert len([m for m in new if m["thread_ts"]]) == 1


# --- days ----------------------------------------------------------------------------------------------------------
def test_an_acknowledged_alert_that_turns_red_and_whose_acknowledgement_ends_on_a_bank_holiday_is_called_on_the_next_working_day() -> None:
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-08-26T09:00", {"unalloc": {"n1": 12}})
    assert lab.ack("unalloc/n1", "U1", local("2026-08-31T12:00")).accepted  # the summer bank holiday
    assert take(lab, "2026-08-27T09:00", {"unalloc": {"n1": 21}}) == [sm(CALL, "worsened unalloc/n1 21 red")]
    assert take(lab, "2026-08-28T09:00", {"unalloc": {"n1": 22}}) == [sm(EDIT, "refresh unalloc/n1 22 red")]
    assert take(lab, "2026-08-31T13:00", {"unalloc": {"n1": 22}}) == []
    assert take(lab, "2026-09-01T07:59") == []
    assert take(lab, "2026-09-01T08:00") == [sm(CALL, "ack_expired unalloc/n1 22 red")]
    assert take(lab, "2026-09-01T08:05") == []


def test_reminders_over_the_end_of_a_year_of_53_weeks_count_working_days_only() -> None:
    """2026 has an ISO week 53. Closed: 25 and 28 December, 1 January."""
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    take(lab, "2026-12-24T09:00", {"unalloc": {"n1": 12}})
    days = [dt.date(2026, 12, 28) + dt.timedelta(days=n) for n in range(20)]
    reminded = [str(day) for day in days if take(lab, f"{day}T09:00", {"unalloc": {"n1": 12}})]
    assert reminded == ["2027-01-05", "2027-01-12"]


@pytest.mark.parametrize(("day", "month"), [(29, 3), (25, 10)], ids=["forward", "back"])
def test_over_a_change_of_clocks_an_urgent_breach_is_told_once_in_the_night_and_an_ordinary_one_on_monday(day: int, month: int) -> None:
    lab = lab_of(routes(reader("sm")))
    sunday = dt.date(2026, month, day)
    told = []
    moment = dt.datetime(2026, month, day, 0, 0, tzinfo=dt.UTC)
    lab.extract(sunday, {"unalloc": {"n1": 12}, "urgent": {"n1": 1}})
    for half_hours in range(6):
        lab.now = moment + dt.timedelta(minutes=30 * half_hours)
        told.append([m.items for m in lab.run()])
    assert told == [[("fire urgent/n1 1 amber",)], [], [], [], [], []]
    monday = sunday + dt.timedelta(days=1)
    assert "fire unalloc/n1 12 amber" not in [i for one in take(lab, f"{monday}T07:59") for i in one[3]]
    assert "fire unalloc/n1 12 amber" in [i for one in take(lab, f"{monday}T08:00") for i in one[3]]


def test_without_the_bank_holidays_of_a_year_nothing_is_guessed_and_nothing_half_done() -> None:
    """The run stops before anything is written; the next one, with a calendar that knows the year, tells it all."""
    known, wider = (WorkingCalendar(CalendarConfig(last_year=year)) for year in (2026, 2027))
    lab = lab_of(routes(reader("sm")), {"urgent": URGENT}, calendar=known)
    take(lab, "2026-12-31T09:00", {"urgent": {"n1": 1}})
    with pytest.raises(NotCovered, match=r"2027-01-0\d lies outside the years .* raise last_year"):
        take(lab, "2027-01-04T09:00", {"urgent": {"n1": 5}})
    assert len(lab.landed) == len(lab.table(t.outbox)) == 1
    lab.calendar = wider
    assert take(lab, "2027-01-04T09:10") == [sm(CALL, "worsened urgent/n1 5 red")]


# --- many ----------------------------------------------------------------------------------------------------------
def test_a_thousand_alerts_at_once_for_one_person_are_one_message_by_each_way_and_nothing_is_told_twice() -> None:
    lab = lab_of(routes(reader("sm", *EVERY_WAY)), {"unalloc": UNALLOC})
    figures = {f"n{n:04d}": 12.0 for n in range(1000)}
    assert [(channel, len(items)) for _, channel, _, items in take(lab, "2026-09-07T09:00", {"unalloc": figures})] == [
        (way, 1000) for way in EVERY_WAY
    ]
    assert take(lab, "2026-09-07T09:05") == []
    assert take(lab, "2026-09-08T09:00", {"unalloc": figures}) == []
    assert len(lab.table(t.told)) == 4000


def test_what_slack_did_not_take_in_the_evening_is_not_sent_at_night_by_the_work_for_somebody_else(lab: HandsLab) -> None:
    """Any round sends what is due: that of another source's extract, or of a click. What can wait for the morning waits, and goes once."""
    lab.slack.messages.clear()
    lab.slack.script("chat.update", "error:message_not_found")
    lab.slack.script("chat.postMessage", "ratelimited:40")
    lab.land(dt.date(2026, 11, 23), 9, "pass", at=dt.datetime(2026, 11, 23, 17, 59, 30, tzinfo=LONDON))
    assert lab.slack.roots(NORTH) == []
    for hour in (19, 22):
        pipeline.notify(lab.house, dt.datetime(2026, 11, 23, hour, 30, tzinfo=LONDON))
    assert lab.slack.roots(NORTH) == []
    for minutes in (0, 5, 10):
        pipeline.tend(lab.house, dt.datetime(2026, 11, 24, 8, minutes, tzinfo=LONDON))
    assert [m["text"].partition(":")[0] for m in lab.slack.roots(NORTH)] == ["Red"]


# --- channels that fail --------------------------------------------------------------------------------------------
class Down:
    """A channel that cannot be reached. Nothing is sent, and that is known."""

    def send(self, *_: Any) -> dict[str, str]:
        raise ChannelError("no connection (gaierror)")

    def find(self, *_: Any) -> None:
        raise ChannelError("no connection (gaierror)")


class Gone:
    """A channel of which one address is refused for good."""

    def __init__(self, address: str) -> None:
        self.address = address

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        if address == self.address:
            raise ChannelError("channel_not_found", permanent=True)
        return handle or {"id": message.key}


def tended(lab: Lab, start: str, rounds: int) -> list[Told]:
    """A round every five minutes, as `tend_alerts` makes them."""
    landed: list[Told] = []
    for n in range(rounds):
        lab.now = local(start) + dt.timedelta(minutes=5 * n)
        landed += [(m.to, m.channel, m.mode, m.items) for m in lab.run()]
    return landed


def said_to(landed: Sequence[Told], recipient: str) -> list[str]:
    return [item for to, _, _, items in landed for item in items if to == recipient]


# --- lost ----------------------------------------------------------------------------------------------------------
def test_what_could_not_be_sent_while_the_network_was_away_is_told_when_it_is_back() -> None:
    """Slack and mail are both away for a day: eight tries are over in about an hour, then the row is `failed`."""
    lab = lab_of(routes(reader("sm", fallback=["email"])))
    for channel in lab.channels.values():
        channel.inner = Down()  # type: ignore[assignment]
    assert take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}}) == []
    assert tended(lab, "2026-09-07T09:05", 100) == []
    for channel in lab.channels.values():
        channel.inner = None
    assert "fire unalloc/n1 12 amber" in said_to(tended(lab, "2026-09-08T09:00", 24), "sm")


def test_an_alert_that_turns_red_after_its_first_message_failed_is_told() -> None:
    """A failure must not block `fire` of its episode whatever the figure is since: red is graver than the amber that was refused."""
    lab = lab_of(routes(reader("sm")))
    lab.faults[:] = ["permanent"]
    assert said_to(take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}}), "sm") == []
    assert said_to(take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 45}}), "sm") == ["fire unalloc/n1 45 red"]


def test_an_address_that_was_put_right_is_used_for_the_alert_that_is_open() -> None:
    lab = lab_of(routes(reader("sm", slack="C-TYPO")))
    lab.faults[:] = ["permanent"]
    assert said_to(take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}}), "sm") == []
    lab.routes = routes(reader("sm", slack="C-RIGHT"))
    assert said_to(take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}}), "sm") == ["fire unalloc/n1 12 amber"]


def test_a_refused_worsening_does_not_end_all_reminders() -> None:
    """`worsened` is the first row that fits ever after, and it rests: what stands behind it in the table is reached all the same."""
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.faults[:] = ["permanent"]
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 25}})
    later = [take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 60}}) for day in (9, 10, 11, 14, 15, 16, 17)]
    assert [item for landed in later for item in said_to(landed, "sm")] != []


def test_an_end_that_could_not_be_told_is_told_when_the_channel_is_back() -> None:
    """Whoever was told that it fires is told that it is over. One refusal of `resolved` changes nothing in that."""
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 1}})
    lab.faults[:] = ["permanent"]
    assert said_to(take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 1}}), "sm") == []
    later = [take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 1}}) for day in (10, 11, 14)]
    assert [item for landed in later for item in said_to(landed, "sm")] == ["resolved unalloc/n1"]


def test_the_head_who_was_told_by_escalation_hears_of_the_red_that_routes_tell_the_head_of() -> None:
    """As routes.yaml ships it: red of `unallocated_cp` goes to the head at once, also after amber had been escalated."""
    at_once = Route(match=Match(rules=["urgent"], severity="red"), tell=["head"], **{"continue": True})
    listed = [at_once, Route(match=Match(service="north"), tell=["sm"])]
    lab = lab_of(routes(reader("sm"), reader("head"), listed=listed, head="head"))
    take(lab, "2026-09-07T09:00", {"urgent": {"n1": 1}})
    assert said_to(take(lab, "2026-09-08T09:00", {"urgent": {"n1": 1}}), "head") == ["escalated urgent/n1 1 amber"]
    assert said_to(take(lab, "2026-09-09T09:00", {"urgent": {"n1": 4}}), "head") == ["worsened urgent/n1 4 red"]


def test_a_rule_with_the_name_of_a_message_is_told_to_be_over_when_it_is_deleted() -> None:
    """`stale`, `refused`, `hold` ... are kinds of messages too: check-config refuses such an id, and the engine does not mix them up."""
    stale = {"desc": "cases without a note", "amber": 10, "red": 20, "clear_below": 8}
    lab = lab_of(routes(reader("sm")), {"stale": stale})
    take(lab, "2026-09-07T09:00", {"stale": {"n1": 12}})
    lab.rules = []
    assert said_to(take(lab, "2026-09-08T09:00", {"stale": {"n1": 12}}), "sm") == ["limit_changed stale/n1"]


def test_a_chain_does_not_end_at_somebody_who_cannot_be_reached() -> None:
    """The head's channel is gone: the director after the head waits for a message that the head will never have."""
    plan = routes(reader("sm"), reader("head"), reader("director"), head="head").model_dump(by_alias=True)
    plan["services"]["north"]["head"] = ["head", "director"]
    lab = lab_of(Routes.model_validate(plan))
    lab.slack.inner = Gone("C-head")  # type: ignore[assignment]
    landed: list[Told] = []
    for day in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18):
        landed += take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 12}})
    assert said_to(landed, "head") == []
    assert said_to(landed, "director") == ["escalated unalloc/n1 12 amber"]


# --- over-shared, or said twice ------------------------------------------------------------------------------------
def test_a_recipient_whose_way_was_changed_is_not_told_everything_by_the_old_way_too() -> None:
    """`tell: [slack]` has become `tell: [email]`. What stands in Slack may be closed there; calls for attention go by mail alone."""
    lab = lab_of(routes(reader("sm")))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("sm", "email"))
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 12}})
    landed = take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}})
    calls = [(channel, items) for to, channel, mode, items in landed if to == "sm" and mode in {"post", "reply_broadcast"}]
    assert calls == [("email", ("worsened unalloc/n1 25 red",))]


def test_what_is_for_the_digest_only_reminds_nobody() -> None:
    """`digest_only`: nobody is called. Whoever was told of red is reminded of the amber that is for the digest."""
    plan = routes(reader("sm")).model_dump(by_alias=True) | {"digest": ["sm"]}
    plan["routes"] = [{"match": {"severity": "amber"}, "digest_only": True}, *plan["routes"]]
    lab = lab_of(Routes.model_validate(plan))
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 25}})
    later = [take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 12}}) for day in (8, 9, 10, 11, 14, 15, 16)]
    assert [one for landed in later for one in landed if one[2] in {"post", "reply_broadcast"}] == []


# --- never closed --------------------------------------------------------------------------------------------------
def test_who_was_told_under_an_id_that_was_renamed_sees_its_end() -> None:
    """`sm` became `service-manager` in routes.yaml, in the same channel. The old message says its end."""
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 25}})
        lab.routes = routes(reader("service-manager", slack="C-sm", teams="sm"))
        for day in (8, 9, 10):
            take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 1}})
        assert [m["text"].partition(":")[0] for m in post.slack.roots("C-sm")] == ["Resolved"]


@pytest.mark.parametrize("change", ["by mail", "somebody else"])
def test_a_data_engineer_who_was_told_that_data_is_held_is_told_that_it_passed(change: str) -> None:
    """Between the two their way was changed, or `data` of routes.yaml names another. The old conversation is closed all the same."""
    lab = lab_of(routes(reader("sm"), reader("other")), {"unalloc": UNALLOC})
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 1}})
    assert said_to(take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 1}}, held="volume"), "de") == ["dq_failed 2026-09-08"]
    plan = routes(reader("sm"), reader("other")).model_dump(by_alias=True)
    if change == "by mail":
        plan["recipients"] = [r | ({"tell": ["email"]} if r["id"] == "de" else {}) for r in plan["recipients"]]
    else:
        plan["data"] = ["other"]
    lab.routes = Routes.model_validate(plan)
    assert said_to(take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 1}}), "de") == ["dq_recovered 2026-09-08"]


# --- unknown to everybody ------------------------------------------------------------------------------------------
def test_what_was_given_up_is_counted_by_the_health_of_the_deliverer() -> None:
    """Everything failed for good, data engineers could not be told either: somebody outside must be able to see that."""
    lab = lab_of(routes(reader("sm")))
    lab.faults[:] = ["permanent", "permanent"]
    take(lab, "2026-09-07T09:00", {"urgent": {"n1": 5}})
    assert {row["state"] for row in lab.table(t.outbox)} == {"failed"}
    with lab.engine.connect() as c:
        found = health(waiting(c), lab.now, local("2026-09-07T12:00"), WorkingCalendar())
    assert not found.well


# --- a terminal ----------------------------------------------------------------------------------------------------
def test_a_hostile_name_of_a_team_is_only_words_on_a_terminal_too(lab: HandsLab) -> None:
    """`route-test` prints the name as the extract has it: with bells, colours, and marks that turn the line round."""
    with lab.house.engine.begin() as c:
        c.execute(t.team.update().where(t.team.c.team == "NA2").values(name="North\x07\u202eevil\r\nfake line"))
    said = lab.cli_as_it_is("route-test", "unallocated", "NA2").output
    assert "fake line" in said
    assert re.findall(r"[\x00-\x09\x0b-\x1f\u202e]|\nfake", said) == []
