"""The mail catcher keeps what it is given, and fails as it is told to."""

from __future__ import annotations

import smtplib
import subprocess
import sys

import pytest

from caseclock.demo.mail_catcher import MailCatcher

RAW = b"Message-ID: <a@b>\r\nSubject: hello\r\n\r\nfirst\r\n.second\r\n"


def send(catcher, to="x@a.example"):
    with smtplib.SMTP(catcher.host, catcher.port, timeout=5) as server:
        return server.sendmail("s@a.example", [to], RAW)


def test_a_mail_is_kept_as_it_came():
    with MailCatcher() as catcher:
        send(catcher)
        [caught] = catcher.mails
        assert (caught.number, caught.sender, caught.recipient, caught.raw) == (1, "s@a.example", "x@a.example", RAW)
        assert (caught.mail["Subject"], caught.part("plain"), caught.part("html")) == ("hello", "first\n.second\n", "")


@pytest.mark.parametrize(
    ("fault", "kept", "raised"),
    [
        ("refuse_550", 0, smtplib.SMTPRecipientsRefused),
        ("refuse_451", 0, smtplib.SMTPRecipientsRefused),
        ("content_451", 0, smtplib.SMTPDataError),
        ("content_554", 0, smtplib.SMTPDataError),
        ("451_after_store", 1, smtplib.SMTPDataError),
        ("drop_before_store", 0, smtplib.SMTPServerDisconnected),
        ("drop_after_store", 1, smtplib.SMTPServerDisconnected),
    ],
)
def test_a_scripted_fault_happens_once(fault, kept, raised):
    with MailCatcher() as catcher:
        catcher.script(fault)
        with pytest.raises(raised):
            send(catcher)
        assert len(catcher.mails) == kept
        send(catcher)
        assert catcher.copies() == {"<a@b>": kept + 1}


def test_an_unknown_fault_is_refused_with_what_is_allowed():
    with pytest.raises(ValueError, match="refuse_550"):
        MailCatcher().script("explode")


def test_mails_outlive_a_restart_in_a_folder(tmp_path):
    with MailCatcher(folder=tmp_path) as catcher:
        send(catcher)
    with MailCatcher(folder=tmp_path) as again:
        send(again, "y@a.example")
        assert [(c.number, c.recipient, c.raw) for c in again.mails] == [(1, "x@a.example", RAW), (2, "y@a.example", RAW)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.eml", "0001.json", "0002.eml", "0002.json"]


def test_as_a_process_of_its_own(tmp_path):
    command = [sys.executable, "-m", "caseclock.demo.mail_catcher", "--port", "0", "--folder", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline().rpartition(":")[2])
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
            server.sendmail("s@a.example", ["x@a.example"], RAW)
    finally:
        process.terminate()
        process.wait(20)
    assert (tmp_path / "0001.eml").read_bytes() == RAW
