"""Attacks by what stands in names, reasons and answers: nothing of it formats, links, mentions, forges a header or is passed on."""

from __future__ import annotations

import datetime as dt
import html
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import SecretStr

from caseclock.charts.recent import draw
from caseclock.demo.alert_lab import Crash, Lab, local
from caseclock.notifications import ChannelError
from caseclock.notifications.channels.notify import NotifyChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.channels.teams import TeamsChannel
from caseclock.notifications.pictures import recent_of
from caseclock.pipeline.ping import pinging
from caseclock.settings import NotifySettings, SlackSettings, TeamsSettings
from caseclock.storage import schema as t

from .adversary import EVERY_WAY, UNALLOC, Post, lab_of, name_teams, open_post, reader, routes, take

HOSTILE = {
    "mentions": "<!channel> <!here> <@U0SAM> <#C0X|x>",
    "slack": "*bold* _it_ `code` ~s~ :fire: <http://evil.example|click>",
    "html": "<b>x</b><script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "header": "North\r\nBcc: victim@example.org\r\n\r\nhello",
    "template": "{{ 7*7 }} {% raw %} ((name)) ${x} %s {0}",
    "long": "A" * 5000,
    "turned": "North\u202etset\u202c\u200b\u2066\u2069",
    "emoji": "👩‍👩‍👧 Team 🔥",
    "markdown": "[click](https://evil.example) # head\n- item",
    "nothing": "\u200b\u202e\r\n",
    "marks": "Ze" + "\u0301" * 300,
    "address": "https://evil.example/?a=b www.evil.example",
    "formula": '=HYPERLINK("http://evil.example")',
    "nul": "No\x00rth\x1b[31m\x07",
}
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
MARK = "CANARY"


@pytest.fixture
def post() -> Iterator[Post]:
    with open_post("sm", "de") as opened:
        yield opened


def blocks_of(post: Post) -> list[dict[str, Any]]:
    return [block for message in post.slack.messages for block in message["blocks"]]


def texts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object of Block Kit."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"} and "text" in value:
            yield value
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


class Tags(HTMLParser):
    """Which elements and attributes a mail has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: set[str] = set()
        self.handlers: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links |= {value or "" for name, value in attrs if name in {"href", "src"}}
        self.handlers |= {name for name, _ in attrs if name.startswith("on")}


def told_of(post: Post, names: dict[str, str], *, grouped: bool = True) -> Lab:
    """Every team is over its limit, then worse, then closed; in one message, or in one for each."""
    lab = lab_of(routes(reader("sm", *EVERY_WAY), teams=["*"]), inner=post.channels)
    name_teams(lab, names)
    for figures in [dict.fromkeys(names, 12.0)] if grouped else [{id: 12.0} for id in names]:
        lab.source = "lab" if grouped else f"source of {next(iter(figures))}"
        if not grouped:
            with lab.engine.begin() as c:
                rows = [{"source": lab.source, "team": id, "name": names[id], "as_of": "2026-09-07"} for id in figures]
                c.execute(t.team.insert(), rows)
        for day, factor in ((7, 1.0), (8, 2.0), (9, 0.1), (10, 0.1)):
            take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {id: value * factor for id, value in figures.items()}}, source=lab.source)
    return lab


@pytest.mark.parametrize("grouped", [True, False], ids=["one message", "a message each"])
def test_hostile_names_of_teams_are_only_words(post: Post, grouped: bool) -> None:
    lab = told_of(post, HOSTILE, grouped=grouped)
    assert {row["state"] for row in lab.table(t.outbox)} == {"sent"}
    assert (post.slack.refused_blocks, post.teams.failed_runs) == ([], [])
    assert min(len(post.slack.messages), len(post.mail.mails), len(post.teams.posted), len(post.notify.sent)) >= (2 if grouped else 20)
    _slack_is_plain(post)
    _mail_is_plain(post)
    _card_is_plain(post)
    for call in post.notify.calls:
        if call.body:
            sent = json.loads(call.body)
            assert sent["sanitise_content_for"] == ["body"]
            assert not INVISIBLE.search("".join(sent["personalisation"].values()))
            assert "\n" not in sent["personalisation"]["subject"]
            assert len(sent["personalisation"]["subject"]) <= 180
            assert sent["personalisation"]["link"] == ""


def _slack_is_plain(post: Post) -> None:
    said = [text for block in blocks_of(post) for text in texts_in(block)]
    assert {text["type"] for text in said} == {"plain_text"}
    assert not any(text.get("emoji") for text in said)
    for text in [text["text"] for text in said] + [m["text"] for m in post.slack.messages]:
        assert "<" not in text.replace("&lt;", "")
        assert not INVISIBLE.search(text)
        assert "A" * 81 not in text
    calls = [arguments for method, arguments in post.slack.calls if method in {"chat.postMessage", "chat.update"}]
    assert {(c["parse"], str(c["link_names"]).lower()) for c in calls} <= {("none", "false"), ("none", "0")}
    for arguments in (c for method, c in post.slack.calls if method == "chat.postMessage"):
        assert str(arguments["mrkdwn"]).lower() in {"false", "0"}  # where blocks are not shown, `text` is: `*x*` stays as it is
        assert set(arguments["metadata"]["event_payload"]) == {"k"}
        assert re.fullmatch(r"[0-9a-f]{40}", arguments["metadata"]["event_payload"]["k"])


def _mail_is_plain(post: Post) -> None:
    known = {"Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version", "Content-Type"}
    for caught in post.mail.mails:
        assert set(caught.mail.keys()) <= known
        assert caught.mail["To"] == "sm@example.org"
        head = caught.raw.split(b"\r\n\r\n")[0]
        assert b"\nBcc" not in head
        assert not INVISIBLE.search(str(caught.mail["Subject"]))
        tags = Tags()
        tags.feed(caught.part("html"))
        assert not tags.names & {"script", "b", "iframe", "form", "object", "link"}
        assert {link.partition(":")[0] for link in tags.links} <= {"cid"}
        assert tags.handlers == set()
        assert not INVISIBLE.search(caught.part("plain") + html.unescape(caught.part("html")))
        assert "49" not in str(caught.mail["Subject"])


def _card_is_plain(post: Post) -> None:
    for call in post.teams.calls:
        card = json.loads(call.body)["attachments"][0]["content"]
        kinds = {element["type"] for element in card["body"]}
        assert kinds <= {"RichTextBlock"}
        runs = [run for element in card["body"] for run in element["inlines"]]
        assert {run["type"] for run in runs} == {"TextRun"}
        assert not any(INVISIBLE.search(run["text"]) for run in runs)
        assert not re.search(r"(?<!\\)[*_`\[\]<>]", card["fallbackText"])
        assert not re.search(r"(?<!\\)://", card["fallbackText"])


def test_a_title_and_a_role_that_are_hostile_are_words_too(post: Post) -> None:
    """Those who may edit the configuration can write what they like; a message stays a message."""
    rules = {"unalloc": {**UNALLOC, "desc": HOSTILE["html"] + HOSTILE["mentions"] + HOSTILE["header"]}}
    lab = lab_of(routes(reader("sm", *EVERY_WAY, title=HOSTILE["header"] + HOSTILE["slack"])), rules, inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    assert {row["state"] for row in lab.table(t.outbox)} == {"sent"}
    _slack_is_plain(post)
    _mail_is_plain(post)
    _card_is_plain(post)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_picture_of_a_team_with_a_hostile_name_is_a_picture_of_figures(name: str) -> None:
    lab = lab_of(routes(reader("sm")))
    name_teams(lab, {"n1": name})
    for day in (7, 8, 9):
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 12.0 * (day - 6)}})
    drawn = recent_of(lab.landed[-1].message.items[0])
    assert drawn
    picture = ElementTree.fromstring(draw(drawn))
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} <= {
        "svg", "g", "rect", "line", "path", "polyline", "circle", "text", "tspan", "title", "desc", "style", "defs", "clipPath", "polygon",
    }  # fmt: skip
    assert not INVISIBLE.search("".join(picture.itertext()))


# --- limits --------------------------------------------------------------------------------------------------------
def test_hundreds_of_alerts_at_once_keep_within_the_limits_of_every_channel_and_count_what_has_no_room(post: Post) -> None:
    lab = lab_of(routes(reader("sm", *EVERY_WAY)), {"unalloc": UNALLOC}, inner=post.channels)
    figures = {f"n{n:04d}": 12.0 + (n % 10) for n in range(300)}
    name_teams(lab, {id: f"{id} {HOSTILE['markdown']} {'<&>' * 30}" for id in figures})
    for day in (7, 8):
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {id: value * (day - 6) for id, value in figures.items()}})
    assert post.slack.refused_blocks == []
    assert max(len(m["blocks"]) for m in post.slack.messages) <= 50
    assert max(len(m["text"]) for m in post.slack.messages) <= 4000
    assert max(len(c.raw) for c in post.mail.mails) < 90_000
    assert max(len(c.body) for c in post.teams.calls) <= 20_000
    assert max(len(c.body) for c in post.notify.calls) < 2_000_000
    assert (len(post.slack.messages), len(post.mail.mails), len(post.teams.posted), len(post.notify.sent)) == (2, 2, 2, 2)
    told = [post.slack.messages[0]["text"], post.mail.mails[-1].part("plain"), post.notify.calls[-1].body.decode()]
    assert all("300 alerts: 300 red" in text for text in told)
    assert [int(re.search(r"And (\d+) more", text)[1]) >= 270 for text in told[1:]] == [True, True]  # type: ignore[index]


# --- what a channel answers ----------------------------------------------------------------------------------------
class Echo:
    """A channel whose fault quotes what it was given, as a client library may."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def send(self, message: Any, address: str, handle: Any) -> Any:
        raise self.make(f"{MARK}: {message} to {address} with xoxb-{MARK}")

    def find(self, *_: Any) -> None:
        raise ValueError(f"{MARK} again")


def _row(text: str) -> Exception:
    from sqlalchemy.exc import IntegrityError

    return IntegrityError(f"INSERT INTO told VALUES ('{text}')", {"item": text}, ValueError(text), hide_parameters=False)


@pytest.mark.parametrize("make", [ValueError, KeyError, UnicodeError, OSError, _row], ids=["value", "key", "unicode", "os", "database"])
def test_a_fault_that_quotes_the_message_is_kept_and_told_by_its_kind_alone(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC})
    lab.channels["slack"].inner = Echo(make)  # type: ignore[assignment]
    with caplog.at_level(logging.DEBUG):
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 25}})
        for minutes in range(0, 300, 10):
            lab.now = local("2026-09-07T09:10") + dt.timedelta(minutes=minutes)
            lab.run()
    kept = "".join(str(lab.table(table)) for table in t.metadata.sorted_tables)
    assert len(lab.table(t.attempt)) > 1
    assert MARK not in kept
    assert MARK not in caplog.text


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500])
def test_what_a_server_answers_is_kept_as_a_code_alone(post: Post, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """It sends back what it was sent, with a word of its own, as proxies and gateways do."""
    answer = {"ok": False, "error": {"code": f"{MARK} 1", "message": MARK}, "errors": [{"error": f"{MARK} 2", "message": MARK}]}
    with _server(status, json.dumps(answer)) as (url, _):
        lab = lab_of(routes(reader("sm", "slack", "teams", "notify")), {"unalloc": UNALLOC})
        key = NotifySettings(api_key=SecretStr(post.notify.api_key), template=post.notify.template, base_url=url)
        lab.channels["teams"].inner = TeamsChannel(TeamsSettings(webhooks={"sm": SecretStr(f"{url}/s3cr3t")}))
        lab.channels["notify"].inner = NotifyChannel(key, clock=lambda: lab.now)
        lab.channels["slack"].inner = SlackChannel(SlackSettings(token=SecretStr("xoxb-s3cr3t"), base_url=f"{url}/api/"))
        with caplog.at_level(logging.DEBUG):
            take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
            take(lab, "2026-09-07T09:10")
    kept = "".join(str(lab.table(table)) for table in t.metadata.sorted_tables)
    assert len(lab.table(t.attempt)) >= 3
    assert MARK not in kept + caplog.text
    assert "s3cr3t" not in kept + caplog.text


def test_an_address_of_a_webhook_is_in_no_error_and_no_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    secret = "http://127.0.0.1:1/webhook/s3cr3t?sig=s3cr3t"
    lab = lab_of(routes(reader("sm", "teams")), {"unalloc": UNALLOC})
    lab.channels["teams"].inner = TeamsChannel(TeamsSettings(webhooks={"sm": SecretStr(secret)}))
    with caplog.at_level(logging.DEBUG):
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    kept = "".join(str(lab.table(table)) for table in t.metadata.sorted_tables)
    assert "no connection" in kept
    assert "s3cr3t" not in kept + caplog.text
    with pytest.raises(ChannelError) as refused:
        lab.channels["teams"].inner.send(lab.landed[0].message if lab.landed else _message(lab), "sm", None)
    assert "s3cr3t" not in repr(refused.value) + repr(refused.value.__cause__) + repr(refused.value.__context__)


def _message(lab: Lab) -> Any:
    from caseclock.notifications.model import Message

    return Message("0" * 40, reader("sm"), "post", (), (), lab.now, headline="x")


# --- words that people type ----------------------------------------------------------------------------------------
def test_the_reason_of_a_silence_is_read_by_those_who_were_told_when_it_ends_and_by_nobody_else(post: Post) -> None:
    """It is typed by a person, so it may hold anything. `unsilenced` names it (ALERTING 2.3, row 9); the head who is told in between does
    not read it, nor do data engineers, and no mark on a message shows it.
    """
    lab = lab_of(routes(reader("sm", *EVERY_WAY), reader("head"), head="head"), {"unalloc": UNALLOC}, inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    assert lab.silence("unalloc/n1", "U1", local("2026-09-08T12:00"), f"{MARK} is ill").accepted
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 13}})
    assert [way for way, said in post.read_by_anybody().items() if MARK in said] == []
    take(lab, "2026-09-08T13:00")
    for day in (9, 10, 11, 14, 15, 16):
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 13}})
    assert [(m.to, m.channel, m.items) for m in lab.landed if MARK in str(m.message)] == [
        ("sm", way, ("unsilenced unalloc/n1 13 amber",)) for way in EVERY_WAY
    ]
    assert {m["channel"] for m in post.slack.messages if MARK in str(m)} <= {"C-sm"}
    assert "head" in {m.to for m in lab.landed}


@pytest.mark.parametrize("reason", [HOSTILE["html"], HOSTILE["header"], HOSTILE["mentions"], HOSTILE["long"]])
def test_a_hostile_reason_is_only_words(post: Post, reason: str) -> None:
    lab = lab_of(routes(reader("sm", *EVERY_WAY)), {"unalloc": UNALLOC}, inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.silence("unalloc/n1", reason, local("2026-09-07T12:00"), reason)
    take(lab, "2026-09-07T13:00")
    assert lab.landed[-1].items == ("unsilenced unalloc/n1 12 amber",)
    assert {row["state"] for row in lab.table(t.outbox)} == {"sent"}
    assert post.slack.refused_blocks == []
    _mail_is_plain(post)
    _card_is_plain(post)
    for text in (text["text"] for block in blocks_of(post) for text in texts_in(block)):
        assert "<" not in text
        assert not INVISIBLE.search(text)


# --- a message that takes no change any more -----------------------------------------------------------------------
def test_a_message_that_somebody_deleted_is_not_posted_anew_at_night_for_a_small_move() -> None:
    """A refresh calls nobody. Where its root is gone it becomes a post, which calls everybody, at any hour."""
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
        post.slack.messages.clear()
        take(lab, "2026-09-08T02:00", {"unalloc": {"n1": 13}})
        assert post.slack.messages == []


def test_a_workspace_that_closes_edits_does_not_get_a_new_message_for_each_small_move() -> None:
    with open_post("sm", "de") as post:
        lab = lab_of(routes(reader("sm")), inner=post.channels)
        take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
        post.slack.script("chat.update", *["error:edit_window_closed"] * 3)
        for day, figure in ((8, 13), (9, 12), (10, 13)):
            take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": figure}})
        assert len(post.slack.roots()) <= 2


@pytest.mark.parametrize("fault", ["message_not_found", "edit_window_closed", "cant_update_message"])
def test_what_calls_after_the_message_is_gone_is_one_new_message_that_shows_all_of_it(post: Post, fault: str) -> None:
    lab = lab_of(routes(reader("sm")), {"unalloc": UNALLOC}, inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12, "n2": 15}})
    post.slack.script("chat.update", f"error:{fault}")
    take(lab, "2026-09-08T09:00", {"unalloc": {"n1": 13, "n2": 15}})
    for day, figure in ((9, 12), (10, 13)):  # nobody tries again what cannot be done
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": figure, "n2": 15}})
        take(lab, f"2026-09-{day:02d}T09:05")
    assert [method for method, _ in post.slack.calls].count("chat.update") == 0  # a scripted refusal comes before it
    said = [row["reason"] for row in lab.table(t.audit) if row["event"] == "dropped"]
    assert len(said) == 1
    assert said[0].endswith("; the next call opens a new one")
    assert ("deleted in Slack" in said[0]) == (fault == "message_not_found")
    [kept] = {row["reason"] for row in lab.table(t.audit) if "not worth a new one" in (row["reason"] or "")}
    assert "a refresh alone is not worth a new one" in kept
    take(lab, "2026-09-11T09:00", {"unalloc": {"n1": 25, "n2": 15}})
    assert post.slack.roots("C-sm")[1]["text"].startswith("2 alerts: 1 red, 1 amber")
    take(lab, "2026-09-14T09:00", {"unalloc": {"n1": 26, "n2": 15}})  # the new one is edited in place, whoever it is about
    take(lab, "2026-09-15T09:00", {"unalloc": {"n1": 26, "n2": 14}})
    assert [m["edits"] > 0 for m in post.slack.roots("C-sm")] == [False, True]
    for day in (16, 17):
        take(lab, f"2026-09-{day:02d}T09:00", {"unalloc": {"n1": 1, "n2": 1}})
    assert len(post.slack.roots("C-sm")) == 2
    assert "2 resolved" in post.slack.roots("C-sm")[1]["text"]
    assert {told["open"] for told in lab.table(t.told)} == {0}
    assert max(post.slack.copies().values()) == 1


def test_a_sender_that_dies_at_an_edit_of_a_deleted_message_posts_nothing_afterwards(post: Post) -> None:
    lab = lab_of(routes(reader("sm")), inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    post.slack.messages.clear()
    lab.now = local("2026-09-08T02:00")
    lab.extract(dt.date(2026, 9, 8), {"unalloc": {"n1": 13}})
    lab.update()

    def dies(step: str, key: str) -> None:
        if step == "attempt_written":
            raise Crash

    with pytest.raises(Crash):
        lab.deliver(dies)
    for minutes in (1, 3, 6, 60):
        take(lab, f"2026-09-08T03:{minutes % 60:02d}")
    assert post.slack.messages == []
    assert [row["state"] for row in lab.table(t.outbox)] == ["sent", "dropped"]
    take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}})
    assert [m["text"].partition(":")[0] for m in post.slack.roots("C-sm")] == ["Red"]


def test_a_small_move_is_not_posted_at_night_in_the_channel_that_its_reader_has_moved_to(post: Post) -> None:
    lab = lab_of(routes(reader("sm", slack="C-OLD")), inner=post.channels)
    take(lab, "2026-09-07T09:00", {"unalloc": {"n1": 12}})
    lab.routes = routes(reader("sm", slack="C-NEW"))
    take(lab, "2026-09-08T02:00", {"unalloc": {"n1": 13}})
    assert post.slack.roots("C-NEW") == []
    take(lab, "2026-09-09T09:00", {"unalloc": {"n1": 25}})
    assert [m["text"].partition(":")[0] for m in post.slack.roots("C-NEW")] == ["Red"]
    assert [m["edits"] for m in post.slack.roots("C-OLD")] == [0]


# --- the watchman outside ------------------------------------------------------------------------------------------
@contextmanager
def _server(status: int = 200, answer: str = "") -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Where it is, and what it hears: path, body and headers of each POST."""
    heard: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            heard.append((self.path, body, str(self.headers)))
            self.do_GET(body)

        def do_GET(self, sent: str = "") -> None:
            said = (answer + sent).encode() if answer else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
    finally:
        server.shutdown()
        server.server_close()


def test_the_watchman_outside_hears_the_kind_of_a_fault_and_never_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with _server() as (url, heard), caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match=MARK), pinging(f"{url}/ping/s3cr3t"):
        raise ValueError(f"{MARK} in row 14")
    assert [(path, body) for path, body, _ in heard] == [("/ping/s3cr3t/start", ""), ("/ping/s3cr3t/fail", "ValueError")]
    assert MARK not in str(heard)
    assert "s3cr3t" not in caplog.text
    assert MARK not in caplog.text


# --- small numbers -------------------------------------------------------------------------------------------------
def test_who_answers_for_the_cases_reads_the_exact_small_number_by_every_way(post: Post) -> None:
    """ALERTING 5: an operational alert to the manager responsible for those cases has the exact count (need to know)."""
    lab = lab_of(routes(reader("sm", *EVERY_WAY)), inner=post.channels)
    take(lab, "2026-09-07T09:00", {"urgent": {"n1": 2}})
    said = post.read_by_anybody()
    assert all(re.search(r"\b2 children on a plan without a worker in n1\b", said[way]) for way in EVERY_WAY)
