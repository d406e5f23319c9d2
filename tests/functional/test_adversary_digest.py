"""Attacks on what goes wide: leadership, who answer for no case, work out from a digest how many a small number is.

The arithmetic of it is attacked in tests/properties/test_digest_differencing.py; here whole letters are read, as their readers do.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from caseclock import pipeline
from caseclock.alerts import Instance
from caseclock.notifications.letter import to_json
from caseclock.now import LONDON
from caseclock.storage import handling
from caseclock.storage import schema as t

from .digest_lab import FRIDAY, TEAMS, DigestLab, open_digest_lab, usual

WEEK = dt.timedelta(weeks=1)
NONE = dict.fromkeys(TEAMS, 0)
SECRET = {"NA2": 2, "NF1": 4}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[DigestLab]:
    with open_digest_lab(tmp_path / "home") as made:
        yield made


def told(lab: DigestLab) -> str:
    """Every digest that goes out or is kept, in all forms. Alerts go to who answers for the cases, and hold exact figures."""
    pipeline.send_digest(lab.house, dt.datetime(2026, 11, 23, 9, tzinfo=LONDON))
    letters = json.dumps([to_json(lab.letter(audience)) for audience in ("council", "north", "south")])
    mails = " ".join(c.part("plain") + c.part("html") for c in lab.mail.mails if "digest" in str(c.mail["Subject"]))
    slack = json.dumps([[m["text"], m.get("blocks")] for m in lab.slack.messages if "digest" in str(m["text"]).lower()])
    assert mails
    assert slack
    return f"{letters} {mails} {slack}"


def test_a_digest_does_not_say_by_band_what_it_hides_as_a_figure(lab: DigestLab) -> None:
    """ALERTING 5: `limit 1 exceeded` discloses. Amber of `unallocated_cp` is 1 or 2 children, red 3 or more, in one team."""
    lab.land(FRIDAY - WEEK, usual())
    lab.land(FRIDAY, usual(unallocated={**NONE, "NF1": 9}, unallocated_cp={**NONE, "NF1": 4}))
    made = lab.content()
    [one] = [d for d in made.decisions if "protection plan" in d.title]
    assert one.severity == ""
    assert (one.now.low, one.now.high) == (1, None)
    assert not re.search(r"\b4 children on a child protection plan", told(lab))


def test_neither_last_week_nor_next_week_tells_what_this_week_hides(lab: DigestLab) -> None:
    """Exact before and after, with open cases that fit: the week between stays hidden in lines, charts and differences."""
    lab.land(FRIDAY - 2 * WEEK, usual(unallocated={**NONE, "NA2": 8, "NF1": 9}))
    lab.land(FRIDAY - WEEK, usual(unallocated={**NONE, "NA2": 3, "NF1": 9}))
    lab.land(FRIDAY, usual(unallocated={**NONE, "NA2": 8, "NF1": 9}))
    north = lab.content("north")
    [row] = [row for row in north.heat.rows if row[0].figure == "unallocated"]
    hidden = {line.place: [s.value if s else None for s in line.weeks[-3:]] for line in row}
    assert hidden["North Assessment 2"] == [8, None, 8]
    assert hidden["North Family Support 1"] == [9, None, 9], "shown, it would tell the other from their sum"
    assert "3 cases without" not in told(lab)


def test_a_share_of_few_is_withheld_and_so_is_what_gives_it_away(lab: DigestLab) -> None:
    shares = {"NA1": (97.0, 100), "NA2": (60.0, 50), "SA1": (90.0, 120)}  # 3 late of 100
    lab.land(FRIDAY, usual(in_time__assessment_45_wt=shares))
    [row] = [row for row in lab.content("north").heat.rows if row[0].figure == "in_time.assessment_45_wt"]
    assert {line.place: line.now.value if line.now else 0 for line in row[1:]} == {
        "North Assessment 1": None,
        "North Assessment 2": None,
        "North Family Support 1": 0,
    }
    assert "97%" not in told(lab)


def test_a_picture_holds_no_figure_that_is_withheld(lab: DigestLab) -> None:
    """Fourteen weeks of exact figures and one that is small: no point, no label and no alternative text tells it."""
    for n in range(14, 0, -1):
        lab.land(FRIDAY - n * WEEK, usual(unallocated={**NONE, "NA2": 30 + n, "NF1": 40}))
    lab.land(FRIDAY, usual(unallocated={**NONE, "NA2": 4}))
    kept = told(lab)
    assert "1 to 5" in kept
    assert not re.search(r"(?<![\d.,])4 cases without an allocated worker", kept)


def test_who_reads_both_digests_of_a_service_and_of_the_council_learns_no_more(lab: DigestLab) -> None:
    lab.land(FRIDAY, usual(unallocated={**NONE, **SECRET, "SA1": 12}))
    council, north = lab.content(), lab.content("north")
    of = {
        line.place: line.now for content in (council, north) for row in content.heat.rows if row[0].figure == "unallocated" for line in row
    }
    shown = {place: s.value for place, s in of.items() if s and s.value}
    assert set(shown) <= {"All teams", "South", "North"}
    assert not {"North", "All teams"} <= set(shown) or shown["North"] == 6


def test_why_messages_were_not_sent_names_nobody_and_holds_no_figure_and_no_free_text(lab: DigestLab) -> None:
    """The audit says `worsened (was 2, now 4) and withheld: silenced by .. until ..: ..`; a digest goes wider than the audit."""
    lab.land(FRIDAY - WEEK, usual(unallocated={**NONE, "NF1": 41}, unallocated_cp={**NONE, "NF1": 1}))
    at = dt.datetime(2026, 11, 13, 17, tzinfo=LONDON)
    until = at + dt.timedelta(days=21)
    with lab.house.engine.begin() as c:
        for rule in ("unallocated", "unallocated_cp"):
            handling.silence(c, Instance("demo", rule, "NF1"), "CANARY person", at, lab.house.calendar, until, "CANARY child")
    lab.land(FRIDAY, usual(unallocated={**NONE, "NF1": 77}, unallocated_cp={**NONE, "NF1": 4}))
    with lab.house.engine.connect() as c:
        audit = " ".join(c.execute(select(t.audit.c.reason).where(t.audit.c.event == "suppressed")).scalars())
    assert "CANARY person" in audit
    kept = told(lab)
    assert "CANARY" not in kept
    assert "was 1, now 4" not in kept
    assert "the alert was silenced" in kept


def test_why_data_is_on_hold_holds_no_number_of_rows(lab: DigestLab) -> None:
    """`child_protection_plan: 1 row that was open .. vanished` counts children."""
    lab.land(FRIDAY - WEEK, usual())
    lab.land(FRIDAY, usual(), "hold")
    kept = told(lab)
    assert "40 rows" not in kept
    assert "quality check" in kept


def test_an_acknowledgement_does_not_say_that_a_withheld_figure_is_over_its_limit(lab: DigestLab) -> None:
    few = {**NONE, "NA2": 11, "NF1": 3}  # said of NA2 that it is 10 or more, the other would be 1 to 4
    lab.land(FRIDAY, usual(unallocated=few))
    at = dt.datetime(2026, 11, 20, 17, tzinfo=LONDON)
    with lab.house.engine.begin() as c:
        handling.acknowledge(c, Instance("demo", "unallocated", "NA2"), "x", at, lab.house.calendar, at + dt.timedelta(days=5))
    made = lab.content("north")
    assert (made.decisions, made.quiet.ending, made.quiet.acknowledgements) == ((), (), 1)
