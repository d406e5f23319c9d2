"""The fake Slack answers as Slack does: limits, metadata, threads, rate limit and scripted faults."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from caseclock.demo.block_kit import faults_in
from caseclock.demo.fake_slack import FakeSlack

METADATA = {"event_type": "case_alert", "event_payload": {"k": "k1"}}


@pytest.fixture
def slack():
    with FakeSlack({"C1": "one", "C2": "two"}) as running:
        yield running


@pytest.fixture
def client(slack):
    return WebClient(token="xoxb-t", base_url=slack.url, retry_handlers=[], timeout=5)


def code_of(call):
    with pytest.raises(SlackApiError) as caught:
        call()
    return caught.value.response["error"]


def test_a_message_is_posted_edited_answered_and_read_back(client, slack):
    ts = client.chat_postMessage(channel="C1", text="first", metadata=METADATA)["ts"]
    client.chat_postMessage(channel="C1", text="reply", thread_ts=ts)
    client.chat_postMessage(channel="C1", text="loud reply", thread_ts=ts, reply_broadcast=True)
    client.chat_update(channel="C1", ts=ts, text="second")
    history = client.conversations_history(channel="C1", include_all_metadata=True)["messages"]
    assert [m["text"] for m in history] == ["loud reply", "second"]
    assert (history[0]["subtype"], history[1]["metadata"], "edited" in history[1]) == ("thread_broadcast", METADATA, True)
    assert [m["text"] for m in client.conversations_replies(channel="C1", ts=ts)["messages"]] == ["second", "reply", "loud reply"]
    assert client.auth_test()["ok"]


def test_metadata_is_shown_only_when_asked_for(client):
    client.chat_postMessage(channel="C1", text="x", metadata=METADATA)
    assert "metadata" not in client.conversations_history(channel="C1")["messages"][0]
    assert client.conversations_history(channel="C1", include_all_metadata=True)["messages"][0]["metadata"] == METADATA


def test_an_edit_keeps_metadata_and_blocks_that_it_does_not_name(client, slack):
    ts = client.chat_postMessage(channel="C1", text="x", metadata=METADATA, blocks=[{"type": "divider"}])["ts"]
    client.chat_update(channel="C1", ts=ts, text="y")
    assert (slack.messages[0]["metadata"], slack.messages[0]["blocks"]) == (METADATA, [{"type": "divider"}])
    client.chat_update(channel="C1", ts=ts, text="z", blocks=[])
    assert slack.messages[0]["blocks"] == []


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": [{"type": "header"}]}, "invalid_blocks"),
        ("chat.update", {"channel": "C1", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("conversations.history", {"channel": "C9"}, "channel_not_found"),
        ("conversations.replies", {"channel": "C1", "ts": "1.0"}, "thread_not_found"),
        ("users.list", {}, "unknown_method"),
    ],
)
def test_what_slack_refuses_is_refused(client, slack, method, arguments, code):
    assert code_of(lambda: client.api_call(method, json=arguments)) == code
    assert slack.messages == []


def test_a_token_is_needed_and_checked():
    with FakeSlack(token="right") as slack:
        for token, code in ((None, "not_authed"), ("wrong", "invalid_auth")):
            assert code_of(lambda token=token: WebClient(token=token, base_url=slack.url).auth_test()) == code
        assert WebClient(token="right", base_url=slack.url).auth_test()["ok"]


def test_a_form_body_is_understood_like_a_json_body(slack):
    form = urllib.parse.urlencode({"channel": "C1", "text": "x", "metadata": json.dumps(METADATA), "blocks": '[{"type": "divider"}]'})
    request = urllib.request.Request(f"{slack.url}chat.postMessage", form.encode(), {"Authorization": "Bearer t"})
    assert json.load(urllib.request.urlopen(request))["ok"]
    assert (slack.messages[0]["metadata"], slack.messages[0]["blocks"]) == (METADATA, [{"type": "divider"}])


def text(kind="plain_text", n=10, **more):
    return {"type": kind, "text": "x" * n, **more}


def menu(many, words=10, value=10):
    return {"type": "overflow", "action_id": "m", "options": [{"text": text(n=words), "value": "v" * value}] * many}


@pytest.mark.parametrize(
    ("blocks", "refused"),
    [
        ([{"type": "divider"}] * 50, False),
        ([{"type": "divider"}] * 51, True),
        ([{"type": "header", "text": text(n=150)}], False),
        ([{"type": "header", "text": text(n=151)}], True),
        ([{"type": "header", "text": text("mrkdwn")}], True),
        ([{"type": "section", "text": text("mrkdwn", 3000)}], False),
        ([{"type": "section", "text": text("mrkdwn", 3001)}], True),
        ([{"type": "section", "text": text(n=0)}], True),
        ([{"type": "section"}], True),
        ([{"type": "section", "fields": [text()] * 10}], False),
        ([{"type": "section", "fields": [text()] * 11}], True),
        ([{"type": "section", "fields": [text(n=2001)]}], True),
        ([{"type": "section", "text": text("mrkdwn", emoji=True)}], True),
        ([{"type": "section", "text": text(verbatim=True)}], True),
        ([{"type": "context", "elements": [text()] * 10}], False),
        ([{"type": "context", "elements": [text()] * 11}], True),
        ([{"type": "context", "elements": []}], True),
        ([{"type": "image", "image_url": "https://a.example/x.png", "alt_text": "what it shows"}], False),
        ([{"type": "image", "image_url": "https://a.example/x.png"}], True),
        ([{"type": "actions", "elements": [{}] * 26}], True),
        ([{"type": "section", "text": text(), "accessory": menu(5)}], False),
        ([{"type": "section", "text": text(), "accessory": menu(6)}], True),
        ([{"type": "section", "text": text(), "accessory": menu(0)}], True),
        ([{"type": "section", "text": text(), "accessory": menu(1, words=76)}], True),
        ([{"type": "section", "text": text(), "accessory": menu(1, value=151)}], True),
        ([{"type": "section", "text": text(), "accessory": {"type": "overflow"}}], True),
        ([{"type": "section", "text": text(), "accessory": {"type": "no_such_thing"}}], True),
        ([{"type": "input", "label": text(), "hint": text(n=2000), "element": {"type": "datepicker"}}], False),
        ([{"type": "input", "label": text(), "hint": text(n=2001), "element": {"type": "datepicker"}}], True),
        ([{"type": "input", "label": text(), "element": {"type": "plain_text_input", "max_length": 3001}}], True),
        ([{"type": "input", "label": text()}], True),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], True),
        ([{"type": "nothing_known"}], True),
        (["no block"], True),
        ({"type": "divider"}, True),
    ],
)
def test_the_limits_of_block_kit(blocks, refused):
    assert bool(faults_in(blocks)) == refused


def line_chart(days=2, series=1, title="t", label="Mon", **more):
    labels = [f"{label}{n}" for n in range(days)]
    lines = [{"name": f"s{n}", "data": [{"label": label, "value": 1.5} for label in labels]} for n in range(series)]
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": "line", "series": lines, "axis_config": {"categories": labels}},
    } | more


def changed(chart, *path, to):
    """The chart with one value at a path put in another's place."""
    place = chart
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return chart


FIRST_POINT = ("chart", "series", 0, "data", 0)


@pytest.mark.parametrize(
    ("blocks", "refused"),
    [
        ([line_chart(20, 6, "t" * 50)], False),
        ([line_chart()] * 2, False),
        ([line_chart()] * 3, True),
        ([line_chart(21)], True),
        ([line_chart(0)], True),
        ([line_chart(series=7)], True),
        ([line_chart(series=0)], True),
        ([line_chart(title="t" * 51)], True),
        ([line_chart(title="")], True),
        ([line_chart(label="x" * 19)], False),
        ([line_chart(label="x" * 20)], True),
        ([line_chart(chart=None)], True),
        ([changed(line_chart(), "chart", "type", to="donut")], True),
        ([changed(line_chart(), "chart", "axis_config", "categories", to=["Mon0"])], True),
        ([changed(line_chart(), "chart", "axis_config", "categories", to=["Mon0", "Mon0"])], True),
        ([changed(line_chart(), "chart", "axis_config", "y_label", to="y" * 51)], True),
        ([changed(line_chart(), "chart", "axis_config", to=None)], True),
        ([changed(line_chart(), *FIRST_POINT, "label", to="Tue")], True),
        ([changed(line_chart(), *FIRST_POINT, "value", to=None)], True),
        ([changed(line_chart(), *FIRST_POINT, "value", to=float("nan"))], True),
        ([changed(line_chart(), *FIRST_POINT, "value", to=-3)], False),
        ([changed(line_chart(series=2), "chart", "series", 1, "name", to="s0")], True),
        ([changed(line_chart(), "chart", "series", 0, "name", to="n" * 21)], True),
        ([line_chart(chart={"type": "pie", "segments": [{"label": "a", "value": 1}]})], False),
        ([line_chart(chart={"type": "pie", "segments": [{"label": "a", "value": 0}]})], True),
    ],
)
def test_the_limits_of_charts(blocks, refused):
    assert bool(faults_in(blocks)) == refused


@pytest.mark.parametrize(
    ("fault", "kept", "raised"),
    [
        ("lost_before", 0, Exception),
        ("lost_after", 1, Exception),
        ("http_500_before", 0, SlackApiError),
        ("http_500_after", 1, SlackApiError),
        ("ratelimited:7", 0, SlackApiError),
        ("error:is_archived", 0, SlackApiError),
    ],
)
def test_a_scripted_fault_happens_once(client, slack, fault, kept, raised):
    slack.script("chat.postMessage", fault)
    with pytest.raises(raised):
        client.chat_postMessage(channel="C1", text="x")
    assert len(slack.messages) == kept
    client.chat_postMessage(channel="C1", text="x")
    assert len(slack.messages) == kept + 1


def test_slacks_own_client_posts_twice_by_default_when_an_answer_is_lost(slack):
    """The reason why our channel sets its retry handlers itself."""
    slack.script("chat.postMessage", "lost_after")
    WebClient(token="t", base_url=slack.url).chat_postMessage(channel="C1", text="x")
    assert len(slack.messages) == 2


def test_an_unknown_fault_is_refused_with_what_is_allowed(slack):
    with pytest.raises(ValueError, match="lost_after"):
        slack.script("chat.postMessage", "explode")


def test_the_rate_limit_is_per_channel():
    with FakeSlack(per_second=0.01) as slack:
        client = WebClient(token="t", base_url=slack.url, retry_handlers=[])
        client.chat_postMessage(channel="C1", text="x")
        client.chat_postMessage(channel="C2", text="x")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="C1", text="y")
        assert caught.value.response.status_code == 429
        assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 100
        client.conversations_history(channel="C1")


def test_pages_are_followed_to_the_end(client, slack):
    for n in range(25):
        slack.call("chat.postMessage", {"channel": "C1", "text": str(n)}, "t")
    seen = [m["text"] for page in client.conversations_history(channel="C1", limit=10) for m in page["messages"]]
    assert seen == [str(n) for n in reversed(range(25))]


def test_messages_outlive_a_restart_and_ids_go_on(tmp_path):
    clock = lambda: dt.datetime(2026, 9, 7, tzinfo=dt.UTC)  # noqa: E731
    with FakeSlack(store=tmp_path / "slack.jsonl", clock=clock) as slack:
        first = slack.call("chat.postMessage", {"channel": "C1", "text": "x", "metadata": METADATA}, "t")["ts"]
        slack.call("chat.update", {"channel": "C1", "ts": first, "text": "y"}, "t")
    with FakeSlack(store=tmp_path / "slack.jsonl", clock=clock) as again:
        assert [(m["text"], m["edits"], m["metadata"]) for m in again.messages] == [("y", 1, METADATA)]
        second = again.call("chat.postMessage", {"channel": "C1", "text": "z"}, "t")["ts"]
    assert float(second) > float(first)


def test_as_a_process_of_its_own(tmp_path):
    command = [sys.executable, "-m", "caseclock.demo.fake_slack", "--port", "0", "--store", str(tmp_path / "s"), "--channel", "C1=one"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        control = urllib.request.Request(url.replace("/api/", "/control/script"), b"method=chat.postMessage&faults=error:is_archived")
        urllib.request.urlopen(control)
        client = WebClient(token="t", base_url=url)
        assert code_of(lambda: client.chat_postMessage(channel="C1", text="x")) == "is_archived"
        assert client.chat_postMessage(channel="C1", text="x")["ok"]
    finally:
        process.terminate()
        process.wait(20)
    assert len((tmp_path / "s").read_text().splitlines()) == 1
