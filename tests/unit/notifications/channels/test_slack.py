"""The Slack channel over real HTTP against the fake Slack: what lands, and what each bad day is called."""

from __future__ import annotations

import datetime as dt
import logging
import socket
from dataclasses import replace

import pytest
from notification_samples import RESOLVED, WORSENED, item, message
from pydantic import SecretStr

from caseclock.demo.fake_slack import FakeSlack
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.model import ChannelError, RootGone
from caseclock.settings import SlackSettings

NOW = dt.datetime(2026, 9, 7, 8, 0, tzinfo=dt.UTC)


def test_a_post_carries_the_key_and_can_be_found_by_it(slack, channel):
    before = dt.datetime.now(dt.UTC)
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    [sent] = slack.roots("C0NORTH")
    assert sent["metadata"] == {"event_type": "case_alert", "event_payload": {"k": "k1"}}
    assert sent["text"].startswith("Amber: 12 unallocated cases in North Assessment, amber limit 10, open since")
    assert handle == {"channel": "C0NORTH", "ts": sent["ts"]}
    assert channel.find("k1", "C0NORTH", before, None) == handle
    assert channel.find("other", "C0NORTH", before, None) is None


def test_nothing_is_unfurled_linked_or_parsed_and_the_client_id_is_fixed(slack, channel):
    channel.send(message(item(), key="k1"), "C0NORTH", None)
    channel.send(message(item(), key="k1"), "C0NORTH", None)
    (_, first), (_, second) = slack.calls
    assert {first[name] for name in ("unfurl_links", "unfurl_media", "link_names", "mrkdwn")} == {False}
    assert first["parse"] == "none"
    assert first["client_msg_id"] == second["client_msg_id"]


@pytest.mark.parametrize(
    ("mode", "calls", "broadcast"),
    [
        ("update", ["chat.update"], None),
        ("reply_broadcast", ["chat.update", "chat.postMessage"], True),
        ("update+reply", ["chat.update", "chat.postMessage"], False),
        ("update+reply_broadcast", ["chat.update", "chat.postMessage"], True),
    ],
)
def test_a_mode_edits_first_and_then_replies(slack, channel, mode, calls, broadcast):
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    assert channel.send(message(WORSENED, key="k2", mode=mode), "C0NORTH", handle) == handle
    assert [method for method, _ in slack.calls[1:]] == calls
    [root] = slack.roots("C0NORTH")
    assert root["text"].startswith("Red: 21 ")
    assert root["metadata"]["event_payload"] == {"k": "k1"}
    assert [reply["broadcast"] for reply in slack.replies("C0NORTH", handle["ts"])] == ([] if broadcast is None else [broadcast])


def test_a_root_of_several_is_drawn_whole_and_the_reply_is_about_one(slack, channel):
    other = item(instance="unallocated/east", team="East")
    handle = channel.send(message(item(), other, key="k1"), "C0NORTH", None)
    channel.send(message(RESOLVED, key="k2", mode="update+reply", root=(RESOLVED, other)), "C0NORTH", handle)
    assert slack.roots()[0]["text"].startswith("2 alerts: 1 amber, 1 resolved.")
    assert "East" not in slack.replies("C0NORTH", handle["ts"])[0]["text"]


@pytest.mark.parametrize("mode", ["reply_broadcast", "update+reply"])
def test_a_reply_is_found_and_gives_the_handle_of_its_root(slack, channel, mode):
    before = dt.datetime.now(dt.UTC)
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    channel.send(message(WORSENED, key="k2", mode=mode), "C0NORTH", handle)
    assert channel.find("k2", "C0NORTH", before, handle) == handle


def test_find_reads_every_page_and_looks_back_far_enough_for_a_clock_that_is_ahead():
    moment = [NOW]
    with FakeSlack(clock=lambda: moment[0]) as slack:
        channel = SlackChannel(SlackSettings(token=SecretStr("t"), base_url=slack.url))
        handle = channel.send(message(item(), key="k0"), "C1", None)
        for n in range(450):
            slack.call("chat.postMessage", {"channel": "C1", "text": str(n)}, "t")
        assert channel.find("k0", "C1", NOW + dt.timedelta(seconds=299), None) == handle
        assert channel.find("k0", "C1", NOW + dt.timedelta(seconds=301), None) is None


FAULTS = [
    # fault of chat.postMessage, permanent, unknown, retry_after, copies in the channel
    ("lost_before", False, True, None, 0),
    ("lost_after", False, True, None, 1),
    ("http_500_before", False, True, None, 0),
    ("http_500_after", False, True, None, 1),
    ("error:internal_error", False, True, None, 0),
    ("error:fatal_error", False, True, None, 0),
    ("ratelimited:120", False, False, 120.0, 0),
    ("error:ratelimited", False, False, 1.0, 0),
    ("error:channel_not_found", True, False, None, 0),
    ("error:not_in_channel", True, False, None, 0),
    ("error:is_archived", True, False, None, 0),
    ("error:invalid_auth", True, False, None, 0),
    ("error:account_inactive", True, False, None, 0),
    ("error:missing_scope", True, False, None, 0),
    ("error:something_new", True, False, None, 0),
]


@pytest.mark.parametrize(("fault", "permanent", "unknown", "retry_after", "copies"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_called_by_its_name(slack, channel, fault, permanent, unknown, retry_after, copies):
    slack.script("chat.postMessage", fault)
    with pytest.raises(ChannelError) as caught:
        channel.send(message(item(), key="k1"), "C0NORTH", None)
    error = caught.value
    assert (error.permanent, error.unknown, error.retry_after) == (permanent, unknown, retry_after)
    assert slack.copies().get("k1", 0) == copies


def test_after_an_unknown_outcome_looking_first_gives_one_copy(slack, channel):
    for key, fault in (("k1", "lost_after"), ("k2", "http_500_after"), ("k3", "lost_before")):
        before = dt.datetime.now(dt.UTC)
        slack.script("chat.postMessage", fault)
        with pytest.raises(ChannelError):
            channel.send(message(item(), key=key), "C0NORTH", None)
        if channel.find(key, "C0NORTH", before, None) is None:
            channel.send(message(item(), key=key), "C0NORTH", None)
    assert slack.copies() == {"k1": 1, "k2": 1, "k3": 1}


def test_a_time_out_is_unknown(slack):
    channel = SlackChannel(SlackSettings(token=SecretStr("t"), base_url=slack.url, timeout=1))
    slack.script("chat.postMessage", "delay:30")
    with pytest.raises(ChannelError) as caught:
        channel.send(message(item()), "C0NORTH", None)
    assert caught.value.unknown


def test_a_refused_connection_and_an_unknown_host_surely_did_not_arrive():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/api/"
    for url in (closed, "http://no-such-host.invalid/api/"):
        with pytest.raises(ChannelError) as caught:
            SlackChannel(SlackSettings(token=SecretStr("t"), base_url=url, timeout=5)).send(message(item()), "C1", None)
        assert (caught.value.permanent, caught.value.unknown) == (False, False)


def test_a_rate_limit_is_never_slept_through_here_however_short(slack, channel):
    handle = channel.send(message(item(), key="k0"), "C0NORTH", None)
    calls = {
        "chat.postMessage": lambda: channel.send(message(item(), key="k1"), "C0NORTH", None),
        "chat.update": lambda: channel.send(message(WORSENED, key="k2", mode="update"), "C0NORTH", handle),
        "conversations.history": lambda: channel.find("k0", "C0NORTH", NOW, None),
    }
    for method, call in calls.items():
        slack.script(method, "ratelimited:2")
        with pytest.raises(ChannelError, match="ratelimited") as caught:
            call()
        assert (caught.value.permanent, caught.value.unknown, caught.value.retry_after) == (False, False, 2.0), method
        assert not slack._scripts[method], "asked once"
    assert slack.copies() == {"k0": 1}


def test_a_refused_layout_is_sent_as_text(slack, channel):
    slack.script("chat.postMessage", "error:invalid_blocks")
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    [sent] = slack.roots()
    assert (sent["blocks"], sent["text"][:9]) == ([], "Amber: 12")
    assert slack.copies() == {"k1": 1}
    channel.send(message(item(), key="k2", mode="update"), "C0NORTH", handle)
    slack.script("chat.update", "error:invalid_blocks", "error:invalid_blocks")
    channel.send(message(WORSENED, key="k3", mode="update"), "C0NORTH", handle)
    assert (slack.roots()[0]["blocks"], slack.roots()[0]["text"][:7]) == ([], "Red: 21")


def test_a_workspace_that_takes_no_chart_gets_the_message_without_it_and_once(slack, channel):
    slack.script("chat.postMessage", "error:invalid_blocks")
    channel.send(message(WORSENED, key="k1"), "C0NORTH", None)
    tried = [{block["type"] for block in arguments["blocks"]} for _, arguments in slack.calls]
    assert "data_visualization" not in tried[-1]
    [sent] = slack.roots()
    assert sent["blocks"][0]["text"]["text"].endswith("21 unallocated cases in North Assessment")
    assert "from 8 on 3 Aug to 21 on 7 Sep 2026" in sent["text"]
    assert slack.copies() == {"k1": 1}


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_edit_that_calls_nobody_never_becomes_a_post(slack, channel, code):
    old = channel.send(message(item(), key="k1"), "C0NORTH", None)
    slack.script("chat.update", f"error:{code}")
    with pytest.raises(RootGone):
        channel.send(message(item(), key="k2", mode="update"), "C0NORTH", old)
    assert slack.copies() == {"k1": 1}


@pytest.mark.parametrize("mode", ["reply_broadcast", "update+reply", "update+reply_broadcast"])
@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message"])
def test_a_root_that_cannot_be_edited_is_posted_anew_and_once(slack, channel, mode, code):
    old = channel.send(message(item(), key="k1"), "C0NORTH", None)
    slack.script("chat.update", f"error:{code}")
    new = channel.send(message(WORSENED, key="k2", mode=mode), "C0NORTH", old)
    assert new != old
    assert slack.copies() == {"k1": 1, "k2": 1}
    assert slack.replies("C0NORTH", old["ts"]) == []
    assert "continues an earlier one" in str(slack.roots()[-1]["blocks"])
    assert channel.find("k2", "C0NORTH", dt.datetime.now(dt.UTC), old) == new


def test_a_thread_that_is_gone_is_no_obstacle_to_finding(slack, channel):
    gone = {"channel": "C0NORTH", "ts": "1.000001"}
    assert channel.find("k1", "C0NORTH", dt.datetime.now(dt.UTC), gone) is None


def test_an_edit_may_be_made_again_so_its_failure_is_never_unknown(slack, channel):
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    slack.script("chat.update", "http_500_after", "http_500_after", "http_500_after")
    with pytest.raises(ChannelError) as caught:
        channel.send(message(WORSENED, key="k2", mode="update+reply"), "C0NORTH", handle)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert "k2" not in slack.copies()


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "http_500_after"])
def test_edits_and_reads_try_again_by_themselves(slack, channel, fault):
    handle = channel.send(message(item(), key="k1"), "C0NORTH", None)
    slack.script("chat.update", fault)
    slack.script("conversations.history", fault)
    channel.send(message(WORSENED, key="k2", mode="update"), "C0NORTH", handle)
    assert slack.roots()[0]["text"].startswith("Red: 21")
    assert channel.find("k1", "C0NORTH", dt.datetime.now(dt.UTC), handle) == handle


def test_a_channel_that_cannot_be_read_says_so(slack, channel):
    slack.script("conversations.history", "error:missing_scope")
    with pytest.raises(ChannelError, match="groups:history") as caught:
        channel.find("k1", "C0NORTH", NOW, None)
    assert caught.value.permanent


@pytest.mark.parametrize("fault", ["lost_after", "http_500_after", "error:invalid_auth", "error:invalid_blocks", "ratelimited:99"])
def test_the_token_and_the_message_are_in_no_error_and_no_log(slack, channel, fault, caplog):
    slack.script("chat.postMessage", fault, fault)
    caplog.set_level(logging.DEBUG)
    told = "nothing"
    try:
        channel.send(message(item(team="Canary Team")), "C0NORTH", None)
    except ChannelError as error:
        told = f"{error!r} {error.__cause__!r} {error.__suppress_context__}"
        assert error.__cause__ is None
    for text in (told, caplog.text):
        assert "xoxb-canary-token" not in text
        assert "Canary Team" not in text


def test_the_metadata_holds_the_key_and_nothing_else(slack, channel):
    channel.send(message(item(), key="k1"), "C0NORTH", None)
    assert slack.calls[0][1]["metadata"] == {"event_type": "case_alert", "event_payload": {"k": "k1"}}


def test_without_a_handle_every_mode_is_a_post(slack, channel):
    for n, mode in enumerate(["update", "reply_broadcast", "update+reply"]):
        channel.send(replace(message(item(), key=f"k{n}"), mode=mode), "C0NORTH", None)
    assert len(slack.roots()) == 3
