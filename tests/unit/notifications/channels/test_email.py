"""The mail channel against a real SMTP server: what arrives, and what each break-off is called."""

from __future__ import annotations

import re
import socket
import sys
import threading
from dataclasses import replace

import pytest
from notification_samples import ACKNOWLEDGED, ANNEX_A, HOSTILE, SILENCED, WORSENED, item, message
from pydantic import SecretStr

from caseclock.charts import picture
from caseclock.notifications.channels.email import SIZE, EmailChannel, html_of, mail_of, text_of
from caseclock.notifications.model import ChannelError
from caseclock.settings import SmtpSettings

TO = "manager.north@council.example"


def test_one_mail_for_one_recipient_with_text_and_html(catcher, mailer):
    handle = mailer.send(message(WORSENED, key="abc123", notes=(ANNEX_A,)), TO, None)
    [caught] = catcher.mails
    mail = caught.mail
    assert (caught.recipient, mail["To"], mail["Subject"]) == (TO, TO, "Worse, red: 21 unallocated cases in North Assessment")
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "multipart/related"]
    for kind in ("plain", "html"):
        assert "Data as of Mon 7 September 2026, source demo." in caught.part(kind)
        assert ANNEX_A in caught.part(kind)
    assert mail["Date"] == "Mon, 07 Sep 2026 08:30:00 +0100"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert handle == {"message_id": "<abc123.caseclock@council.example>"}
    assert mail["Message-ID"] == handle["message_id"]


def test_the_picture_lies_beside_the_html_and_its_words_say_what_it_shows(catcher, mailer):
    mailer.send(message(WORSENED, key="abc123"), TO, None)
    _, related = catcher.mails[0].mail.iter_parts()
    html, picture = related.iter_parts()
    assert (html.get_content_type(), picture.get_content_type()) == ("text/html", "image/png")
    cid, disposition = picture["Content-ID"].strip("<>"), picture["Content-Disposition"]
    assert (cid, disposition.content_disposition) == ("chart1.abc123.caseclock@council.example", "inline")
    [tag] = re.findall(r"<img [^>]*>", html.get_content())
    assert f'src="cid:{cid}" width="320" height="180"' in tag
    assert 'alt="Unallocated cases in North Assessment: from 8 on 3 Aug to 21 on 7 Sep 2026; amber limit 10;' in tag
    assert picture.get_content().startswith(b"\x89PNG")


@pytest.mark.parametrize("said", [ACKNOWLEDGED, SILENCED, f"{SILENCED}; {ACKNOWLEDGED}"])
@pytest.mark.parametrize("more", [(), (item(team="East Assessment", instance="unallocated/east"),)], ids=["one", "several"])
def test_a_mail_says_who_has_acknowledged_or_silenced_and_until_when_in_both_its_parts(catcher, mailer, said, more):
    mailer.send(message(replace(WORSENED, handled=said), *more), TO, None)
    [caught] = catcher.mails
    for kind in ("plain", "html"):
        assert caught.part(kind).count(said + ".") == 1
        assert caught.part(kind).count("Not acknowledged at present.") == len(more)


def test_the_badge_of_a_mail_says_why_it_came_and_its_colour_in_words():
    for kind, words in (("reminder", "Reminder, red"), ("escalated", "Escalated, red"), ("fire", "Red"), ("resolved", "Resolved")):
        badge = f'font-weight:bold;">{words}</td>'
        assert badge in html_of(message(replace(WORSENED, kind=kind, severity=None if kind == "resolved" else "red")))


def test_a_few_figures_or_a_line_about_data_have_no_picture():
    few = item(recent=WORSENED.recent[-2:])
    for one in (few, replace(WORSENED, kind="dq_failed"), item()):
        mail = mail_of(message(one), TO, "x@c.example")
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_without_a_renderer_the_mail_goes_without_its_picture_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    picture.png.cache_clear()
    mail = mail_of(message(WORSENED, key="k7"), TO, "x@c.example")
    picture.png.cache_clear()
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "<img" not in mail.get_body(("html",)).get_content()
    assert "Last 6 figures, 3 August to 7 September 2026, oldest first" in mail.get_body(("html",)).get_content()
    assert "Mail k7 goes without the picture" in caplog.text
    assert "North" not in caplog.text


def test_pictures_give_way_before_words_do():
    many = [replace(WORSENED, instance=f"unallocated/{n}", team=f"Team {n}") for n in range(14)]
    mail = mail_of(message(*many), TO, "x@c.example")
    assert len(mail.as_bytes()) < SIZE
    assert all("Team 13" in mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert sum(part.get_content_type() == "image/png" for part in mail.walk()) == 1


def test_a_second_try_sends_the_same_bytes(catcher, mailer):
    mailer.send(message(WORSENED, key="abc123"), TO, None)
    mailer.send(message(WORSENED, key="abc123"), TO, None)
    first, second = catcher.mails
    assert first.raw == second.raw
    assert catcher.copies() == {"<abc123.caseclock@council.example>": 2}


def test_mails_of_one_conversation_hang_under_one_root_that_never_existed(catcher, mailer):
    for key, episode in (("k1", "a"), ("k2", "a"), ("k3", "b")):
        mailer.send(message(item(), key=key, episode=episode), TO, None)
    roots = [caught.mail["References"] for caught in catcher.mails]
    assert roots[0] == roots[1] == catcher.mails[0].mail["In-Reply-To"]
    assert roots[2] != roots[0]
    assert not set(roots) & set(catcher.copies())


def test_a_key_with_odd_signs_gives_a_clean_message_id():
    assert re.fullmatch(
        r"<[0-9a-f]{40}\.caseclock@c\.example>", str(mail_of(message(item(), key="digest|2026-W37|sm"), TO, "x@c.example")["Message-ID"])
    )


FAULTS = [
    ("refuse_550", True, False, 0),
    ("refuse_451", False, False, 0),
    ("content_451", False, False, 0),
    ("content_554", True, False, 0),
    ("451_after_store", False, False, 1),
    ("drop_before_store", False, True, 0),
    ("drop_after_store", False, True, 1),
]


@pytest.mark.parametrize(("fault", "permanent", "unknown", "kept"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_called_by_its_name(catcher, mailer, fault, permanent, unknown, kept):
    catcher.script(fault)
    with pytest.raises(ChannelError) as caught:
        mailer.send(message(item()), TO, None)
    assert (caught.value.permanent, caught.value.unknown) == (permanent, unknown)
    assert len(catcher.mails) == kept
    assert TO not in str(caught.value)
    mailer.send(message(item()), TO, None)
    assert len(catcher.mails) == kept + 1


@pytest.mark.parametrize("after", ["banner", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_breaks_off_before_the_content_surely_has_nothing(after):
    with scripted_server(after) as port, pytest.raises(ChannelError) as caught:
        EmailChannel(SmtpSettings(host="127.0.0.1", port=port, starttls=False, timeout=5)).send(message(item()), TO, None)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)


class scripted_server:
    """An SMTP server that hangs up when it hears one command."""

    def __init__(self, until: str) -> None:
        self.until, self.listener = until, socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._talk, daemon=True).start()
        return int(self.listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _talk(self) -> None:
        line, _ = self.listener.accept()
        with line, line.makefile("rb") as heard:
            if self.until == "banner":
                return
            line.sendall(b"220 here\r\n")
            for said in heard:
                if said.upper().startswith(self.until.encode()):
                    return
                line.sendall(b"250 ok\r\n")


def test_nobody_at_the_port_surely_did_not_arrive():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ChannelError) as caught:
        EmailChannel(SmtpSettings(host="127.0.0.1", port=port, starttls=False, timeout=5)).send(message(item()), TO, None)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)


@pytest.mark.parametrize("extra", [{"starttls": True}, {"starttls": False, "user": "u", "password": SecretStr("canary-password")}])
def test_a_server_without_starttls_or_login_is_a_matter_for_a_person(catcher, extra):
    with pytest.raises(ChannelError, match="caseclock_smtp") as caught:
        EmailChannel(SmtpSettings(host=catcher.host, port=catcher.port, timeout=5, **extra)).send(message(item()), TO, None)
    assert caught.value.permanent
    assert "canary-password" not in str(caught.value)
    assert catcher.mails == []


@pytest.mark.parametrize(
    "address", ["two@a.example, three@a.example", "x@y\r\nBcc: all@a.example", "no-at-sign", "", "<a@b.example>", "a@b@c"]
)
def test_an_address_that_is_not_one_mailbox_is_refused(catcher, mailer, address):
    with pytest.raises(ChannelError) as caught:
        mailer.send(message(item()), address, None)
    assert caught.value.permanent
    assert catcher.mails == []


def test_no_name_can_add_a_header(catcher, mailer):
    mailer.send(message(item(team=HOSTILE)), TO, None)
    [caught] = catcher.mails
    assert caught.mail["Bcc"] is None
    assert "\n" not in caught.mail["Subject"]
    assert caught.recipient == TO


def test_no_name_can_add_markup():
    html = html_of(message(item(team=HOSTILE, title="<b>cases</b>", reason="<img src=x>", source="<i>"), notes=("<u>",)))
    for tag in ("<script", "<b>", "<img", "<i>", "<u>", "</td> "):
        assert tag not in html
    assert "&lt;script&gt;" in html


def test_the_mail_stands_without_images_scripts_or_anything_remote():
    html = html_of(message(WORSENED))
    assert not re.search(r"<(img|script|link|iframe|object|style)\b|url\(|@import", html)
    assert set(re.findall(r'(?:href|src)="([^"]*)"', html)) == {"https://pages.council.example/caseclock/alerts/0123456789ab?a=1&amp;b=2"}


def test_a_line_that_begins_with_a_dot_arrives_whole(catcher, mailer):
    mailer.send(message(headline="Notice", lines=(".", "..two dots", ".hidden")), TO, None)
    assert "- ..two dots" in catcher.mails[0].part("plain")
    dotted = message(headline=".starts with a dot")
    mailer.send(dotted, TO, None)
    assert catcher.mails[1].part("plain").splitlines()[0] == ".starts with a dot."


@pytest.mark.parametrize("reason", ["", "é" * 600])
def test_a_very_long_message_stays_under_90_kb_and_counts_what_it_leaves_out(reason):
    items = [item(team="&" * 200, title="<" * 200, reason=reason, recent=WORSENED.recent, instance=f"u/{n}") for n in range(300)]
    mail = mail_of(message(*items, notes=("n" * 900,) * 3), TO, "caseclock@council.example")
    assert len(mail.as_bytes()) < 90_000
    assert re.search(r"And 2\d\d more: 2\d\d amber\.", mail.get_body(("plain",)).get_content())


def test_a_long_notice_counts_the_lines_it_leaves_out():
    notice = message(headline="Digest", lines=tuple(f"line {n}" for n in range(100)))
    assert "- line 89\n\nAnd 10 more lines." in text_of(notice)
    assert "And 10 more lines." in html_of(notice)


def test_a_mere_edit_cannot_be_mailed_and_mail_cannot_be_read_back(mailer):
    assert not mailer.capabilities.reconcile
    with pytest.raises(ChannelError) as caught:
        mailer.send(message(item(), mode="update"), TO, {"message_id": "x"})
    assert caught.value.permanent
    with pytest.raises(ChannelError):
        mailer.find("k1", TO, message(item()).created_at, None)
