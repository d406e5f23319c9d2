"""Attacks on the buttons of Slack messages: wrong people, old messages, forged words, lost lines. Nothing is done twice."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient

from caseclock import pipeline
from caseclock.demo.slack_socket import choices_in, press_payload, submission_payload, value_of
from caseclock.now import LONDON
from caseclock.pipeline.clicks import Clicks
from caseclock.pipeline.listen import ANSWER_WITHIN

from .test_hands import DEPUTY, MANAGER, NORTH, STRANGER, TEN_MINUTES, Lab, lab, wait_for

__all__ = ["lab"]

MONDAY, TUESDAY = dt.date(2026, 11, 23), dt.date(2026, 11, 24)


def at(day: dt.date, hour: int = 16, minute: int = 10) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def words(lab: Lab) -> list[str]:
    """What was whispered to people, in order."""
    return [str(word["text"]) for word in lab.slack.ephemerals]


def shown(lab: Lab) -> str:
    return str(lab.root()["text"])


def fill(lab: Lab, view: int, user: str, reason: str = "two start on Monday", until: str = "2026-11-25") -> Any:
    return lab.slack.desk.answered(lab.slack.submit({**lab.slack.views[view], "user": user}, reason=reason, until=until))


def refusal(answered: Any) -> str:
    """What the person reads below the form; the form stays open."""
    assert answered.payload["response_action"] == "errors"
    [said] = answered.payload["errors"].values()
    return str(said)


# --- who -----------------------------------------------------------------------------------------------------------
def test_two_people_at_once_are_one_deed_and_the_second_is_told_why(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack", MANAGER)
        lab.press("silence", DEPUTY)
        lab.slack.script("chat.update", "ratelimited:60")  # the mark of the first is not to be seen yet
        assert fill(lab, 0, MANAGER).payload is None
        said = refusal(fill(lab, 1, DEPUTY))
    assert [deed.by for deed in lab.deeds()] == ["u0sam (U0SAM)"]
    assert said == "This alert has changed since you opened it. Please look at the message as it stands now, and press again."
    assert words(lab) == []
    assert "Silenced by" not in shown(lab)


def test_a_form_handed_to_a_stranger_does_nothing(lab: Lab) -> None:
    """The form was opened by somebody who may; what counts is who sends it off."""
    with lab.listening():
        lab.press("silence", MANAGER)
        said = refusal(fill(lab, 0, STRANGER))
    assert (lab.deeds(), words(lab)) == ([], [])
    assert said.startswith("You are not among those who may act for Service manager, North.")
    assert [(row.by, row.detail["way"]) for row in lab.audit("refused")] == [("u0else (U0ELSE)", "Slack")]


def test_a_guest_who_bears_the_name_of_the_manager_is_a_stranger(lab: Lab) -> None:
    """Names can be chosen, ids cannot: only ids are looked at."""
    payload = _press(lab, "ack", "U0GUEST")
    payload["user"] |= {"username": "u0sam (U0SAM)", "name": MANAGER}
    with lab.listening():
        lab.slack.desk.answered(lab.slack.desk.deliver(payload))
        wait_for(lambda: words(lab))
    assert lab.slack.views == []
    assert [row.by for row in lab.audit("refused")] == ["u0sam (U0SAM) (U0GUEST)"]


def test_slack_that_does_not_say_who_is_in_a_group_lets_nobody_act(lab: Lab) -> None:
    lab.slack.script("usergroups.users.list", "error:missing_scope")
    with lab.listening():
        lab.press("ack", DEPUTY)
        assert words(lab) == ["That did not work, and nothing has been changed. Please try again, or ask those who run caseclock."]
        lab.press("ack", DEPUTY)
    assert len(lab.slack.views) == 1
    assert lab.deeds() == []


# --- on what -------------------------------------------------------------------------------------------------------
def test_a_button_of_an_alert_that_is_over_says_so(lab: Lab) -> None:
    payload = _press(lab, "ack", MANAGER)
    lab.land(MONDAY, 0, "pass")
    lab.land(TUESDAY, 0, "pass")
    assert shown(lab).startswith("Resolved:")
    assert "actions" not in {block["type"] for block in lab.root()["blocks"]}
    with lab.listening(at(TUESDAY)):
        lab.slack.desk.answered(lab.slack.desk.deliver(payload))
        wait_for(lambda: words(lab))
    assert words(lab) == ["This alert is over: there is nothing left to do about it."]
    assert (lab.slack.views, lab.deeds()) == ([], [])


def test_an_alert_that_ends_while_its_form_is_open_is_not_silenced_by_it(lab: Lab) -> None:
    with lab.listening(at(TUESDAY)):
        lab.press("silence")
        lab.land(MONDAY, 0, "pass")
        lab.land(TUESDAY, 0, "pass")
        said = refusal(lab.fill_in())
    assert said == "This alert is over: there is nothing left to do about it."
    assert lab.deeds() == []


def test_data_that_is_put_on_hold_while_the_form_is_open_makes_the_press_old(lab: Lab) -> None:
    with lab.listening(at(MONDAY)):
        lab.press("ack")
        lab.land(MONDAY, 7, "hold")
        said = refusal(lab.fill_in())
    assert said.startswith("This alert has changed since you opened it.")
    assert lab.deeds() == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda p: p["actions"][0].update(value="ack|ffffffffffff|2026-11-20|1"),  # no such alert
        lambda p: p["actions"][0].update(value=p["actions"][0]["value"].replace("2026-11-20", "2026-11-19")),  # another episode
        lambda p: p["container"].update(channel_id="C0SOUTH"),  # the message of somebody else
        lambda p: p["container"].update(message_ts="1.000001"),
    ],
    ids=["alert", "episode", "channel", "message"],
)
def test_a_forged_press_opens_nothing(lab: Lab, forge: Any) -> None:
    payload = _press(lab, "ack", MANAGER)
    forge(payload)
    with lab.listening():
        lab.slack.desk.answered(lab.slack.desk.deliver(payload))
        wait_for(lambda: words(lab))
    assert words(lab) == ["This message is no longer the one that stands for this alert. Please use the newest message about it."]
    assert (lab.slack.views, lab.deeds()) == ([], [])


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": [{}], "user": {"id": MANAGER}},
        {"type": "block_actions", "actions": [None], "user": {"id": MANAGER}},
        {"type": "block_actions", "actions": "ack", "container": [], "user": MANAGER},
        {"type": "block_actions", "actions": [{"value": "ack|" + "0" * 12 + "|2026-11-20|1; DROP TABLE told"}], "user": {"id": MANAGER}},
        {"type": "view_submission", "view": None},
        {"type": "view_submission", "view": {"callback_id": "caseclock_form", "private_metadata": "{"}, "user": {"id": MANAGER}},
        {"type": "view_submission", "view": {"callback_id": "caseclock_form", "private_metadata": "[1]"}, "user": {"id": MANAGER}},
        {"type": "view_submission", "view": {"callback_id": "caseclock_form", "state": {"values": {"reason": []}}}},
        {"type": "shortcut", "trigger_id": "1"},
    ],
)
def test_words_that_make_no_sense_do_nothing_and_the_listener_goes_on(lab: Lab, payload: dict[str, Any]) -> None:
    with lab.listening():
        lab.slack.desk.deliver(payload)
        lab.press("ack")
    assert len(lab.slack.views) == 1
    assert (lab.deeds(), words(lab)) == ([], [])


# --- lost lines and crashes ----------------------------------------------------------------------------------------
def test_a_form_that_was_open_while_the_line_was_renewed_or_cut_still_counts_once(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack")
        lab.slack.desk.refresh()
        lab.slack.desk.connected(2)
        lab.slack.desk.drop()
        lab.slack.desk.connected(3)
        lab.fill_in()
        wait_for(lambda: "Acknowledged by" in shown(lab))
    assert len(lab.deeds()) == 1


def test_a_form_delivered_again_to_the_next_process_changes_nothing(lab: Lab) -> None:
    """The first process did the deed and died before Slack had its answer."""
    with lab.listening():
        lab.press("silence")
        lab.fill_in()
        wait_for(lambda: "Silenced by" in shown(lab))
    edits, messages = lab.root()["edits"], len(lab.slack.messages)
    with lab.listening():
        lab.fill_in()
        lab.press("ack")  # it listens on, and the message as it stands now is the one that counts
    assert (len(lab.deeds()), len(lab.audit("silence")), words(lab)) == (1, 1, [])
    assert (lab.root()["edits"], len(lab.slack.messages)) == (edits, messages)


def test_two_processes_that_get_the_same_form_at_the_same_moment_do_it_once(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack")
    payload = submission_payload(dict(lab.slack.views[-1]), MANAGER, {"reason": "two start on Monday", "until": "2026-11-25"})
    start, faults = threading.Barrier(4), []

    def one() -> None:
        with pipeline.open_house(lab.house.settings) as house:
            clicks = Clicks(house, WebClient(token="xoxb-test", base_url=lab.slack.url, retry_handlers=[]), lambda: TEN_MINUTES)
            clicks.warm()
            start.wait(20)
            try:
                clicks.take(payload)
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (faults, len(lab.deeds()), len(lab.audit("ack")), words(lab)) == ([], 1, 1, [])
    assert shown(lab).count("Acknowledged by") == 1
    assert lab.root()["edits"] == 1


def test_a_deed_whose_mark_slack_did_not_take_is_shown_by_the_next_round(lab: Lab) -> None:
    lab.slack.script("chat.update", "ratelimited:60")
    with lab.listening():
        lab.press("ack")
        lab.fill_in()
        wait_for(lab.deeds)
    assert "Acknowledged by" not in shown(lab)
    pipeline.tend(lab.house, TEN_MINUTES + dt.timedelta(minutes=10))
    assert "Acknowledged by u0sam" in shown(lab)
    assert len(lab.deeds()) == 1


def test_somebody_without_the_right_hears_nothing_of_the_alert(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack", STRANGER)
    said = json.dumps(lab.slack.ephemerals)
    assert not any(word in said for word in ("cases", "allocated", "Assessment", "Amber"))
    assert {word["channel"] for word in lab.slack.ephemerals} == {NORTH}


# --- nothing is lost without a word --------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["ack", "silence"])
def test_a_form_that_is_answered_as_taken_is_written_down_already(lab: Lab, verb: str) -> None:
    """Whoever reads no word of refusal may go: what kills the process after that takes nothing away."""
    lab.slack.script("chat.update", "delay:6")
    with lab.listening():
        lab.press(verb)
        answered = lab.fill_in()
        assert len(lab.deeds()) == 1
        assert answered.payload is None
        assert answered.after < 6


def test_a_deed_that_takes_longer_than_slack_waits_is_answered_in_time_and_done_all_the_same(lab: Lab) -> None:
    """Who is in a group is asked of Slack; it hangs when the form is sent off. What is refused then is said in the channel."""
    lab.patience = ANSWER_WITHIN
    with lab.listening():
        lab.press("ack", DEPUTY)
        lab.slack.script("usergroups.users.list", "delay:2.5")
        answered = lab.fill_in()
        assert answered.payload is None
        assert answered.after < 3
        wait_for(lab.deeds)
    assert words(lab) == []


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions", "actions": "ack", "container": [], "user": MANAGER},
        {"type": "view_submission", "view": 7, "user": [MANAGER]},
        {"type": "view_submission", "view": {"callback_id": "caseclock_form", "private_metadata": "[1]"}, "user": MANAGER},
    ],
)
def test_words_that_make_no_sense_raise_nothing(lab: Lab, payload: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    clicks = Clicks(lab.house, WebClient(token="xoxb-test", base_url=lab.slack.url, retry_handlers=[]), lambda: TEN_MINUTES)
    assert clicks.answer(payload) is None
    clicks.take(payload)
    assert MANAGER not in caplog.text
    assert (lab.deeds(), words(lab)) == ([], [])


# --- as a process --------------------------------------------------------------------------------------------------
@contextmanager
def listening_process(lab: Lab) -> Iterator[subprocess.Popen[str]]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("CASECLOCK_")}
    env |= {"CASECLOCK_SLACK_TOKEN": "xoxb-test", "CASECLOCK_SLACK_URL": lab.slack.url, "CASECLOCK_SLACK_APP_TOKEN": "xapp-test"}
    command = [sys.executable, "-c", "from caseclock.cli import main; main()", "listen", "--home", str(lab.house.settings.home)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "listening to Slack\n"
            lab.slack.desk.connected(1)
            yield process
        finally:
            process.kill()


def ended_by_sigterm(process: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Return code, standard output, and how many seconds the end took after SIGTERM."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    return process.returncode, out, time.monotonic() - began


def test_sigterm_ends_an_idle_listener_in_under_five_seconds(lab: Lab) -> None:
    with listening_process(lab) as process:
        code, out, took = ended_by_sigterm(process)
    assert (code, out) == (0, "ended\n")
    assert took < 5


def test_sigterm_ends_a_listener_whose_line_is_being_renewed(lab: Lab) -> None:
    with listening_process(lab) as process:
        lab.slack.script("apps.connections.open", *["http_500_before"] * 20)
        lab.slack.desk.drop()
        code, out, took = ended_by_sigterm(process)
    assert (code, out) == (0, "ended\n")
    assert took < 5


@pytest.mark.parametrize("slack", [["delay:12"], ["ratelimited:5"] * 8], ids=["hangs", "asks for a rest"])
def test_sigterm_ends_a_listener_in_under_five_seconds_whatever_slack_does(lab: Lab, slack: list[str]) -> None:
    """The deed is written down; its mark on the message waits for Slack, which the outbox could do as well."""
    with listening_process(lab) as process:
        lab.press("ack")
        lab.slack.script("chat.update", *slack)
        lab.fill_in(until=(dt.datetime.now(LONDON).date() + dt.timedelta(days=1)).isoformat())
        wait_for(lab.deeds)
        code, out, took = ended_by_sigterm(process)
    assert (code, out) == (0, "ended\n")
    assert took < 5


def test_sigterm_ends_a_listener_whose_form_and_new_line_both_wait_for_slack(lab: Lab) -> None:
    with listening_process(lab) as process:
        lab.press("ack", DEPUTY)
        lab.slack.script("usergroups.users.list", "delay:12")
        lab.slack.script("apps.connections.open", "ratelimited:30")
        lab.fill_in()
        lab.slack.desk.refresh()
        code, out, took = ended_by_sigterm(process)
    assert (code, out) == (0, "ended\n")
    assert took < 5


def test_a_form_whose_deed_is_not_done_at_the_end_is_not_answered_and_counts_when_it_is_sent_again(lab: Lab) -> None:
    until = (dt.datetime.now(LONDON).date() + dt.timedelta(days=1)).isoformat()
    with listening_process(lab) as process:
        lab.press("ack", DEPUTY)
        lab.slack.script("usergroups.users.list", "delay:12")
        form = lab.slack.submit(lab.slack.views[-1], reason="two start on Monday", until=until)
        time.sleep(0.5)  # it is under way
        code, _, _ = ended_by_sigterm(process)
    assert code == 0
    assert form not in lab.slack.desk.answers
    assert lab.deeds() == []
    with listening_process(lab):
        assert lab.fill_in(until=until).payload is None
    assert len(lab.deeds()) == 1


def test_what_was_killed_with_the_process_while_it_was_sent_is_shown_once_by_the_next_round(lab: Lab) -> None:
    with listening_process(lab) as process:
        lab.press("ack")
        lab.slack.script("chat.update", "delay:12")
        lab.fill_in(until=(dt.datetime.now(LONDON).date() + dt.timedelta(days=1)).isoformat())
        process.kill()
    [deed] = lab.deeds()
    later = deed.at if isinstance(deed.at, dt.datetime) else dt.datetime.fromisoformat(deed.at)
    for minutes in (3, 4, 10):
        pipeline.tend(lab.house, later + dt.timedelta(minutes=minutes))
    assert shown(lab).count("Acknowledged by") == 1
    assert [m["channel"] for m in lab.slack.messages].count(NORTH) == 1


def _press(lab: Lab, verb: str, user: str) -> dict[str, Any]:
    """What Slack says of a press on the message as it stands now."""
    root = lab.root()
    choice = next(c for c in choices_in(root["blocks"]) if value_of(c).startswith(verb))
    return press_payload(dict(root), dict(choice), user, "a trigger that opens nothing")
