"""The postbox shows what stands in Slack and in the mailboxes, escapes all of it, and lets nothing run."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.postbox import serve_postbox
from caseclock.demo.slack_view import form_html, mrkdwn, text

NAMES = {"C1": "Service manager, North", "north@a.example": "Service manager, North"}
HTML = "<p style='color:#123456'>the mail</p><script>alert(1)</script>"


@pytest.fixture
def box():
    with FakeSlack({"C1": "north"}) as slack, MailCatcher() as catcher:
        server = serve_postbox(slack, catcher, names=NAMES)
        try:
            yield server
        finally:
            server.close()


def post(box, **arguments):
    return box.slack.call("chat.postMessage", {"channel": "C1", **arguments}, "t")["ts"]


def mail(box, to="north@a.example", subject="Amber: 12 cases", message_id="<k1@a>"):
    made = EmailMessage()
    made["Subject"], made["To"], made["Message-ID"] = subject, to, message_id
    made.set_content("the text part <b>")
    made.add_alternative(HTML, subtype="html")
    with smtplib.SMTP(box.mail.host, box.mail.port, timeout=5) as server:
        server.sendmail("s@a.example", [to], made.as_bytes())


def get(box, path="/"):
    with urllib.request.urlopen(box.url.rstrip("/") + path, timeout=5) as answer:
        return answer, answer.read().decode()


def test_an_empty_box_says_so(box):
    assert "Nothing has been sent yet." in get(box)[1]


def test_one_reader_has_their_channel_and_their_mailbox_together(box):
    post(box, text="in Slack")
    mail(box)
    page = get(box)[1]
    assert page.count("<h2>Service manager, North</h2>") == 1
    assert "Slack #north" in page
    assert "Mail to north@a.example" in page
    assert 'src="/mail/1/html"' in page


def test_roots_stand_as_they_are_now_and_threads_below(box):
    ts = post(box, text="amber 12")
    post(box, text="red 21", thread_ts=ts, reply_broadcast=True)
    box.slack.call("chat.update", {"channel": "C1", "ts": ts, "text": "red 21 now"}, "t")
    page = get(box)[1]
    assert "amber 12" not in page
    assert "(edited)" in page
    assert "1 reply" in page
    assert "replied to a thread: red 21 now" in page


def test_everything_is_escaped_and_a_mention_would_be_seen(box):
    post(box, text="&lt;script&gt;alert(1)&lt;/script&gt; <!channel> <https://a.example/?q=%22|a link> <javascript:x|no>")
    mail(box, subject="<img src=x onerror=alert(1)>")
    page = get(box)[1]
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<b class="mention">!channel</b>' in page
    assert '<a href="https://a.example/?q=%22" rel="noreferrer">a link</a>' in page
    assert "href=\"javascript" not in page  # fmt: skip


def test_the_html_part_is_served_in_a_sandbox_and_the_page_runs_nothing(box):
    mail(box)
    page, _ = get(box)
    part, body = get(box, "/mail/1/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'")
    assert "sandbox" in part.headers["Content-Security-Policy"]
    assert body.strip() == HTML
    assert get(box, "/mail/1/raw")[0].headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/nothing", "/mail/9/html", "/mail/x/html", "/mail/1/etc", "/../../etc/passwd"])
def test_what_is_not_there_is_a_404(box, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(box, path)
    assert caught.value.code == 404


def test_the_counts_for_the_checks_of_the_demo(box):
    ts = post(box, text="root &amp; more", metadata={"event_type": "case_alert", "event_payload": {"k": "k1"}})
    post(box, text="reply", thread_ts=ts, metadata={"event_type": "case_alert", "event_payload": {"k": "k1"}})
    mail(box)
    mail(box, to="else@a.example")
    counts = json.loads(get(box, "/api/messages")[1])
    assert counts["total"] == {"slack": 2, "email": 2}
    assert counts["slack"]["C1"] == {
        "reader": "Service manager, North", "messages": 2, "roots": 1, "replies": 1, "broadcasts": 0, "edits": 0,
        "texts": ["root & more", "reply"],
    }  # fmt: skip
    assert counts["email"]["else@a.example"] == {"reader": "else@a.example", "messages": 1, "subjects": ["Amber: 12 cases"]}
    assert counts["repeated"] == {"slack": {"k1": 2}, "email": {"<k1@a>": 2}}


def test_it_listens_on_this_machine_only(box):
    assert box.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("raw", "html"),
    [
        ("*bold* and 2*3*4", "<b>bold</b> and 2*3*4"),
        ("a &amp; b", "a &amp; b"),
        ("&amp;lt;", "&amp;lt;"),
        ("*<b>*", "*<b class=\"mention\">b</b>*"),
    ],
)  # fmt: skip
def test_slacks_markup_becomes_html(raw, html):
    assert str(mrkdwn(raw)) == html


def test_our_marks_become_shapes():
    assert str(text({"type": "plain_text", "text": "🔴 Red"})) == '<i class="mark red" aria-hidden="true"></i>Red'


def test_a_picture_that_came_with_a_mail_is_shown_and_nothing_else_is_loaded(box):
    made = EmailMessage()
    made["Subject"], made["To"], made["Message-ID"] = "s", "north@a.example", "<k2@a>"
    made.set_content("the text part")
    made.add_alternative('<img src="cid:one@a"><img src="cid:gone@a">', subtype="html")
    made.get_body(("html",)).add_related(b"\x89PNG", "image", "png", cid="<one@a>")
    with smtplib.SMTP(box.mail.host, box.mail.port, timeout=5) as server:
        server.sendmail("s@a.example", ["north@a.example"], made.as_bytes())
    answer, page = get(box, "/mail/1/html")
    assert 'src="data:image/png;base64,iVBORw=="' in page
    assert 'src="cid:gone@a"' in page
    assert "img-src data:;" in answer.headers["Content-Security-Policy"]


def test_a_chart_of_slack_is_drawn(box):
    points = [{"label": day, "value": value} for day, value in (("7 <Sep>", 3), ("14 Sep", 5))]
    chart = {"type": "line", "series": [{"name": "<b>Figure", "data": points}], "axis_config": {"categories": ["7 <Sep>", "14 Sep"]}}
    post(box, text="x", blocks=[{"type": "data_visualization", "title": "Figure & limits", "chart": chart}])
    page = get(box)[1]
    assert "<svg " in page
    assert "Figure &amp; limits" in page
    assert "&lt;b&gt;Figure" in page
    assert "7 &lt;Sep&gt;" in page


def plain(words):
    return {"type": "plain_text", "text": words}


def test_buttons_and_menus_are_seen(box):
    button = {"type": "button", "action_id": "a", "value": "v", "text": plain("Acknowledge <b>")}
    menu = {"type": "overflow", "action_id": "m", "options": [{"text": plain("Silence"), "value": "v"}]}
    post(
        box,
        text="x",
        blocks=[{"type": "section", "text": plain("one of two"), "accessory": menu}, {"type": "actions", "elements": [button]}],
    )
    page = get(box)[1]
    assert '<span class="button">Acknowledge &lt;b&gt;</span>' in page
    assert '<span class="menu" title="Silence">' in page


def test_a_form_shows_its_fields_its_words_and_its_two_buttons():
    view = {
        "title": plain("Silence"), "submit": plain("Silence"), "close": plain("Cancel"),
        "blocks": [
            {"type": "section", "text": plain("Red: 21 <cases>")},
            {"type": "input", "label": plain("Reason"), "hint": plain("It is kept."), "element": {"type": "plain_text_input"}},
            {"type": "input", "label": plain("Until"), "element": {"type": "datepicker", "initial_date": "2026-09-09"}},
        ],
    }  # fmt: skip
    html = form_html(view)
    for said in ("Red: 21 &lt;cases&gt;", "<b>Reason</b>", "It is kept.", "<b>Until</b>", ">9 September 2026<", ">Cancel<", ">Silence<"):
        assert said in html
    assert "<cases>" not in html
