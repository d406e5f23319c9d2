"""Acknowledging and silencing from the command line when things are not as somebody thinks: over, past, too long, unknown, at once."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from sqlalchemy import select

from caseclock import pipeline
from caseclock.storage import schema as t

from .release_lab import TEAM
from .test_hands import RULE, TEN_MINUTES, Lab, lab  # noqa: F401 - the fixture

HERE = f"{RULE}/{TEAM}"
BY = ["--by", "Team manager"]
WHY = ["--reason", "the office moves"]


def gone(lab: Lab) -> None:  # noqa: F811
    """The alert ends while somebody is about to act on it."""
    lab.land(dt.date(2026, 11, 23), 0, "pass")
    lab.land(dt.date(2026, 11, 24), 0, "pass")


LATER = ["--now", "2026-11-24T17:00"]
REFUSED = [
    # the alert is over?, words, exit code, what stderr says: where, what, what to do
    (False, ["ack", "0123456789ab", *BY], 2, "0123456789ab: no alert has this id"),
    (False, ["ack", "0123456789ab", *BY], 2, "alerts list --all` prints the ids"),
    (False, ["silence", "0123456789ab", *BY, *WHY, "--until", "2026-11-25"], 2, "no alert has this id"),
    (False, ["unsilence", "0123456789ab", *BY], 2, "no alert has this id"),
    (False, ["ack", "ALERT"], 2, "Missing option '--by'"),
    (False, ["ack", "ALERT", "--by", " "], 2, "needs to say who acknowledges"),
    (False, ["ack", "ALERT", *BY, "--until", "2026-11-20T16:05"], 2, "the end 20 November 2026, 16:05 is not in the future"),
    (False, ["ack", "ALERT", *BY, "--until", "tomorrow"], 2, "is no moment; expected YYYY-MM-DDTHH:MM"),
    (False, ["ack", "ALERT", *BY, "--until", "2026-02-30"], 2, "is no date; expected YYYY-MM-DD"),
    (False, ["silence", HERE, *BY, *WHY], 2, "Missing option '--until'"),
    (False, ["silence", HERE, *BY, "--until", "2026-11-25"], 2, "Missing option '--reason'"),
    (False, ["silence", HERE, *BY, "--reason", "  ", "--until", "2026-11-25"], 2, "a silence needs a reason"),
    (False, ["silence", HERE, "--by", "", "--reason", "", "--until", "2026-11-25"], 2, "a silence needs an owner and a reason"),
    (False, ["silence", HERE, *BY, *WHY, "--until", "2026-11-19"], 2, "the end 19 November 2026, 18:00 is not in the future"),
    (False, ["silence", HERE, *BY, *WHY, "--until", "2026-12-21"], 2, "at most 20 working days, until 18 December 2026, 16:10"),
    (False, ["silence", "unallocatd/NA2", *BY, *WHY, "--until", "2026-11-25"], 2, "thresholds.yaml has no such rule"),
    (False, ["silence", f"{RULE}/NA22", *BY, *WHY, "--until", "2026-11-25"], 2, "demo has no such team"),
    (False, ["unsilence", HERE, *BY], 2, f"no silence of {HERE} is in force"),
    (True, ["ack", "ALERT", *BY, *LATER], 2, "this alert is over since the extract of 2026-11-24"),
    (True, ["ack", HERE, *BY, *LATER], 2, "there is no open alert"),
]


@pytest.mark.parametrize(("over", "words", "code", "said"), REFUSED, ids=[f"{' '.join(r[1][:2])}: {r[3][:30]}" for r in REFUSED])
def test_a_refusal_says_where_and_why_and_changes_nothing(lab: Lab, over: bool, words: list[str], code: int, said: str) -> None:  # noqa: F811
    alert = lab.alert
    if over:
        gone(lab)
    before = (lab.root()["text"], len(lab.slack.messages), lab.deeds())
    done = lab.cli("alerts", *[alert if w == "ALERT" else w for w in words])
    told = done.output + str(done.exception or "")
    assert getattr(done.exception, "exit_code", done.exit_code) == code, told
    assert said in told
    assert (lab.root()["text"], len(lab.slack.messages), lab.deeds()) == before


def test_an_acknowledgement_that_is_too_long_is_cut_and_says_so(lab: Lab) -> None:  # noqa: F811
    done = lab.cli("alerts", "ack", lab.alert, *BY, "--until", "2026-12-20")
    assert done.exit_code == 0, done.output
    assert "acknowledged until Fri 27 November 2026, 16:10 (the longest is 5 working days)" in done.output
    [deed] = lab.deeds()
    assert deed.until.startswith("2026-11-27T16:10")


def test_a_silence_of_what_has_ended_meanwhile_says_that_it_is_for_the_next_one(lab: Lab) -> None:  # noqa: F811
    alert = lab.alert
    gone(lab)
    done = lab.cli("alerts", "silence", alert, *BY, *WHY, "--until", "2026-11-27", *LATER)
    assert done.exit_code == 0, done.output
    assert "silenced until Fri 27 November 2026, 18:00; no alert is open there now, so it is for the next one" in done.output
    lab.land(dt.date(2026, 11, 25), 9, "pass")
    assert [kind for *_, kind in lab.kinds()].count("fire") == 1, "the one of before"


def test_the_second_person_hears_of_the_first(lab: Lab) -> None:  # noqa: F811
    lab.cli("alerts", "ack", lab.alert, "--by", "Team manager", "--until", "2026-11-24")
    second = lab.cli("alerts", "ack", lab.alert, "--by", "Service manager", "--until", "2026-11-25")
    assert "acknowledged until Wed 25 November 2026, 18:00; acknowledged by Team manager too, until Tue 24 November" in second.output
    lab.cli("alerts", "silence", HERE, "--by", "Head", *WHY, "--until", "2026-11-26")
    lab.cli("alerts", "silence", HERE, "--by", "Director", *WHY, "--until", "2026-11-27")
    done = lab.cli("alerts", "unsilence", HERE, "--by", "Head")
    assert "the silence of Head and of Director has ended" in done.output
    assert "no silence of" in str(lab.cli("alerts", "unsilence", HERE, "--by", "Head").exception)


def test_several_people_at_once_are_all_written_down_and_nobody_is_called_twice(lab: Lab) -> None:  # noqa: F811
    """Four processes at the same moment on one store: whoever comes later waits, and the message says what holds in the end."""
    env = {"CASECLOCK_SLACK_TOKEN": "xoxb-test", "CASECLOCK_SLACK_URL": lab.slack.url, "CASECLOCK_SLACK_APP_TOKEN": "xapp-test"}
    posted = len(lab.slack.messages)
    asked = [
        ["ack", lab.alert, "--by", "First", "--until", "2026-11-24"],
        ["ack", lab.alert, "--by", "Second", "--until", "2026-11-25"],
        ["ack", HERE, "--by", "Third", "--until", "2026-11-26"],
        ["silence", HERE, "--by", "Fourth", *WHY, "--until", "2026-11-27"],
    ]
    start = [sys.executable, "-c", "from caseclock.cli import main; main()", "alerts"]
    home = ["--now", TEN_MINUTES.isoformat(), "--home", str(lab.house.settings.home)]
    at_work = [
        subprocess.Popen([*start, *words, *home], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for words in asked
    ]
    done = [(process.communicate(timeout=120), process.returncode) for process in at_work]
    assert [code for _, code in done] == [0] * 4, done
    assert sorted(deed.by for deed in lab.deeds()) == ["First", "Fourth", "Second", "Third"]
    with lab.house.engine.connect() as c:
        rows = [r.by for r in c.execute(select(t.audit).where(t.audit.c.event.in_(["ack", "silence"])))]
    assert sorted(rows) == ["First", "Fourth", "Second", "Third"]
    pipeline.tend(lab.house, TEN_MINUTES + dt.timedelta(minutes=5))
    assert len(lab.slack.messages) == posted, "an edit, not another message"
    assert "Silenced by Fourth until Fri 27 November 2026" in lab.root()["text"]
    assert "by Third until Thu 26 November 2026" in lab.root()["text"].replace("Acknowledged", "acknowledged")
    assert max(lab.slack.copies().values()) == 1
