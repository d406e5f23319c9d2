"""Who is told by another channel than usual reads why, in the mail itself."""

from __future__ import annotations

from channel_lab import day, real_lab

from caseclock.demo.fake_slack import FakeSlack
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.words import BY_FALLBACK
from caseclock.settings import SlackSettings


def test_a_mail_in_place_of_a_slack_message_says_why_it_came_and_its_end_does_too(catcher, mailer):
    with FakeSlack({"C-sm": "north-alerts"}) as slack:
        slack.script("chat.postMessage", "error:is_archived")
        made = real_lab({"email": mailer, "slack": SlackChannel(SlackSettings(token="xoxb-x", base_url=slack.url, timeout=2))})
        day(made, 0, 12)
        made.run()
        made.run()
        day(made, 1, 3)
        made.run()
    mine = [caught for caught in catcher.mails if caught.recipient == "sm@example.org"]
    assert [str(caught.mail["Subject"]).partition(":")[0] for caught in mine] == ["Amber", "Resolved"]
    for caught in mine:
        assert BY_FALLBACK in caught.part("plain")
        assert BY_FALLBACK in caught.part("html")


def test_a_mail_that_is_the_usual_way_says_nothing_of_it(catcher, mailer):
    made = real_lab({"email": mailer}, tell=["email"])
    day(made, 0, 12)
    made.run()
    assert len(catcher.mails) == 1
    assert BY_FALLBACK not in catcher.mails[0].part("plain")
