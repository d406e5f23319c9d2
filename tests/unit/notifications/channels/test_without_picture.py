"""A message never fails for its picture: it goes without, and the audit says so. The figures stand in its words."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from channel_lab import day, real_lab
from notification_samples import WORSENED, item, message

from caseclock.charts import picture, recent
from caseclock.demo.fake_slack import FakeSlack
from caseclock.notifications import slack_chart
from caseclock.notifications.channels import email
from caseclock.notifications.model import LEFT_OUT
from caseclock.storage import schema as t


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack({"C-sm": "north-alerts"}) as running:
        yield running


@pytest.fixture(params=["no renderer", "it cannot be drawn"])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """No mail can have a picture, in either way."""

    def fails(*_: object) -> str:
        raise ValueError("North Assessment")

    picture.png.cache_clear()
    if request.param == "no renderer":
        monkeypatch.setitem(sys.modules, "resvg_py", None)
    else:
        monkeypatch.setattr(recent, "draw", fails)
    yield
    picture.png.cache_clear()


def told_of_four_figures(real, **manager):
    """The reader is called about the fourth figure: with fewer than three there is nothing to draw."""
    made = real_lab(real, **manager)
    for n, value in enumerate((5, 6, 7, 21)):
        day(made, n, value)
        made.run()
    return made


def sent_reasons(made):
    return [row["reason"] for row in made.table(t.audit) if row["event"] == "sent"]


def test_a_mail_with_its_picture_says_nothing_of_it_in_the_audit(catcher, mailer):
    made = told_of_four_figures({"email": mailer}, tell=["email"])
    assert [m.mail.get_content_type() for m in catcher.mails] == ["multipart/alternative"]
    assert any(part.get_content_type() == "image/png" for part in catcher.mails[0].mail.walk())
    assert not [reason for reason in sent_reasons(made) if "without" in reason]


def test_a_mail_goes_without_its_picture_and_the_audit_says_so(broken, catcher, mailer, caplog):
    made = told_of_four_figures({"email": mailer}, tell=["email"])
    [caught] = catcher.mails
    assert not any(part.get_content_type() == "image/png" for part in caught.mail.walk())
    assert "oldest first: 5, 6, 7, 21." in caught.part("html")
    assert sent_reasons(made) == ["it went without its picture"]
    assert "North" not in caplog.text
    assert all(LEFT_OUT not in str(row) for row in [*made.table(t.told), *made.table(t.outbox)])


def test_the_alert_goes_on_as_if_its_picture_had_been_there(broken, catcher, mailer):
    made = told_of_four_figures({"email": mailer}, tell=["email"])
    day(made, 4, 3)
    made.run()
    assert [str(m.mail["Subject"]).partition(":")[0] for m in catcher.mails] == ["Red", "Resolved"]
    assert catcher.mails[0].mail["References"] == catcher.mails[1].mail["References"]


@pytest.mark.parametrize(("many", "said"), [(0, ""), (2, ""), (5, "it went without 1 of its 3 pictures")])
def test_pictures_that_have_no_room_in_the_mail_are_counted(many, said):
    several = message(item(), *[item(recent=WORSENED.recent, instance=f"unallocated/{n}") for n in range(many)])
    assert email.left_out(several, email.mail_of(several, "x@council.example", "y@council.example")) == said


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (1, "Slack refused its layout (invalid_blocks): it went without its chart"),
        (2, "Slack refused its layout (invalid_blocks): it went as text"),
    ],
)
def test_what_slack_refuses_to_draw_is_in_the_audit(slack, channel, refused, said):
    slack.script("chat.postMessage", *["error:invalid_blocks"] * refused)
    made = told_of_four_figures({"slack": channel})
    [root] = slack.roots("C-sm")
    assert "Red: 21 unallocated cases" in root["text"]
    assert sent_reasons(made) == [said]


def test_a_chart_that_fails_leaves_a_line_in_its_place_and_is_in_the_audit(slack, channel, monkeypatch, caplog):
    def fails(*_: object) -> str:
        raise ValueError("North Assessment")

    monkeypatch.setattr(slack_chart, "_title", fails)
    made = told_of_four_figures({"slack": channel})
    [root] = slack.roots("C-sm")
    assert slack_chart.UNDRAWN in str(root["blocks"])
    assert "oldest first: 5, 6, 7, 21." in str(root["blocks"])
    assert sent_reasons(made) == ["it went without its chart"]
    assert "North" not in caplog.text


def test_an_edit_after_one_that_went_without_finds_its_root(slack, channel):
    slack.script("chat.postMessage", "error:invalid_blocks")
    made = told_of_four_figures({"slack": channel})
    day(made, 4, 3)
    made.run()
    [root] = slack.roots("C-sm")
    assert root["edits"] and "Resolved" in root["text"]
