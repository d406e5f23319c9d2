"""The whole path is killed with SIGKILL at some twenty places, each time taken up again: nothing lost, nothing said twice.

The places are the statements that go to the store, counted: before, between and after every transaction of every step. The
killed process is a fork, so that nothing of it can be cleaned up.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

from caseclock import pipeline
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.now import LONDON

from .conftest import FRIDAYS, Town, open_town
from .killed import in_a_fork

PLACES = 12
LATER = dt.datetime.combine(FRIDAYS[-1], dt.time(17, 15), LONDON)  # leases and quarantines of the killed process have passed


def test_killed_at_any_statement_and_taken_up_again(fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    path = fridays[FRIDAYS[-1]]
    with FakeSlack() as slack, MailCatcher() as mail:
        clean = open_town(tmp_path / "clean", slack, mail)
        killed, statements = in_a_fork(partial(clean.take, path), None)
        assert not killed
        expected_slack, expected_mail = set(slack.copies()), set(mail.copies())
        expected = _state(clean)
    assert len(expected_slack) >= 2
    kills = lost = slack_twice = mail_twice = 0
    for place in sorted({max(1, round(statements * n / PLACES)) for n in range(1, PLACES + 1)}):
        with FakeSlack() as slack, MailCatcher() as mail:
            town = open_town(tmp_path / f"at{place}", slack, mail)
            killed, _ = in_a_fork(partial(town.take, path), place)
            kills += killed
            town.take(path, LATER)
            town.tend(LATER + dt.timedelta(minutes=10))
            lost += len(expected_slack - set(slack.copies())) + len(expected_mail - set(mail.copies()))
            slack_twice += sum(n > 1 for n in slack.copies().values())
            mail_twice += sum(n > 1 for n in mail.copies().values())
            assert _state(town) == expected, f"killed at statement {place} of {statements}"
    print(
        f"{kills} kills: {lost} lost, {slack_twice} twice by Slack, {mail_twice} twice by mail (which cannot be looked up; same Message-ID)"
    )
    assert kills >= PLACES - 2
    assert (lost, slack_twice) == (0, 0)
    assert mail_twice < kills / 3  # only where the kill fell between the mail server's yes and our record of it


def _state(town: Town) -> dict[str, object]:
    """What must be the same however often the path was killed."""
    with pipeline.open_house(town.settings) as house:
        alerts = [(a["id"], a["condition"], a["severity"], a["value"]) for a in pipeline.alerts_list(house, None, True)]
        frame = pipeline.clocks_of(house, _only(house))
        return {"alerts": alerts, "clocks": len(frame), "states": frame["state"].value_counts().to_dict()}


def _only(house: pipeline.House) -> object:
    from caseclock.storage import ledger
    from caseclock.storage.engine import reading

    with reading(house.engine) as c:
        (extract,) = ledger.extracts(c)
    return extract
