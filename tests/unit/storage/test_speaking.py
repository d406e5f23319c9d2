"""Which extracts' figures speak."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy import Connection

from caseclock.extracts import Extract
from caseclock.quality import QualityReport
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import Choice, Decision, save_decision
from caseclock.storage.speaking import speaking

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 11, d) for d in (6, 13, 20)]


def take(c: Connection, id_: str, day: dt.date, verdict: str = "pass", source: str = "north", *, measured: bool = True) -> Extract:
    extract, _ = ledger.claim(c, id_, source, day, id_, f"{id_}.zip", f"claimed/{id_}", AT)
    ledger.save_quality(c, extract.id, QualityReport(verdict, ["why"]), [], AT)  # type: ignore[arg-type]
    if measured:
        figures = pd.DataFrame({"measure": ["open"], "team": ["*"], "value": [4.0], "n": [4]})
        ledger.save_measures(c, extract, figures, pd.DataFrame({"team_id": []}))
    return extract


def test_what_passed_or_warned_speaks_up_to_the_date_that_is_asked_for_oldest_first(c: Connection) -> None:
    take(c, "c", DAYS[2], "warn")
    take(c, "a", DAYS[0])
    take(c, "x", DAYS[1], source="south")
    assert list(speaking(c, "north", DAYS[2]).items()) == [(DAYS[0], "a"), (DAYS[2], "c")]
    assert speaking(c, "north", DAYS[1]) == {DAYS[0]: "a"}
    assert speaking(c, "east", DAYS[2]) == {}


def test_of_a_date_only_the_newest_revision_speaks_and_a_held_one_silences_the_date(c: Connection) -> None:
    take(c, "a", DAYS[0])
    take(c, "b", DAYS[0], "warn")
    take(c, "c", DAYS[1])
    take(c, "d", DAYS[1], "hold")
    assert speaking(c, "north", DAYS[2]) == {DAYS[0]: "b"}


def test_a_refused_newest_revision_silences_its_date(c: Connection) -> None:
    take(c, "a", DAYS[0])
    ledger.refuse(c, take(c, "b", DAYS[0]).id, "cut short")
    assert speaking(c, "north", DAYS[0]) == {}


def test_a_superseded_revision_leaves_the_word_to_the_one_before_it(c: Connection) -> None:
    take(c, "a", DAYS[0])
    take(c, "b", DAYS[0])
    c.execute(t.extract.update().where(t.extract.c.id == "b").values(superseded="it was exported before revision 1"))
    assert speaking(c, "north", DAYS[0]) == {DAYS[0]: "a"}


@pytest.mark.parametrize(("words", "speaks"), [(["approve"], True), (["reject"], False), (["approve", "reject"], False)])
def test_a_held_extract_speaks_while_a_person_s_last_word_is_to_release_it(c: Connection, words: list[Choice], speaks: bool) -> None:
    held = take(c, "a", DAYS[0], "hold")
    for minutes, word in enumerate(words):
        save_decision(c, held, Decision(held.id, word, "Lead", "it is so", AT + dt.timedelta(minutes=minutes)))
    assert speaking(c, "north", DAYS[0]) == ({DAYS[0]: "a"} if speaks else {})


def test_an_extract_without_figures_does_not_speak_yet_but_the_next_one_is_judged_by_it(c: Connection) -> None:
    take(c, "a", DAYS[0], measured=False)
    assert speaking(c, "north", DAYS[0]) == {}
    assert [e.id for e, _ in ledger.accepted_before(c, "north", DAYS[1])] == ["a"]
