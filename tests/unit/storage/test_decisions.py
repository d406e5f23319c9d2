"""What people said of held extracts, in the store."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, select

from caseclock.extracts import Extract
from caseclock.quality import QualityReport
from caseclock.snapshots import TableCount
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import Choice, Decision, decision_of, held_ids, newer_revision, rulings, save_decision

AT = dt.datetime(2026, 11, 20, 17, 5, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)


def land(c: Connection, id_: str, day: dt.date = DAY, verdict: str = "hold") -> Extract:
    extract, _ = ledger.claim(c, id_, "north", day, id_, f"north__{day}.zip", f"claimed/{id_}", AT)
    ledger.save_counts(c, id_, {"referral": TableCount(10, 10, 0)})
    ledger.save_quality(c, id_, QualityReport(verdict, ["why"]), [], AT)  # type: ignore[arg-type]
    ledger.mark_done(c, id_, "compute_measures", AT, 0.0)
    return extract


def say(c: Connection, extract: Extract, choice: Choice, minutes: int = 0) -> None:
    save_decision(c, extract, Decision(extract.id, choice, "Lead", f"because of {minutes}", AT + dt.timedelta(minutes=minutes)))


def accepted(c: Connection) -> list[str]:
    return [extract.id for extract, _ in ledger.accepted_before(c, "north", DAY + dt.timedelta(days=1))]


def test_the_newest_word_stands_and_all_are_in_the_audit(c: Connection) -> None:
    extract = land(c, "a")
    assert decision_of(c, "a") is None
    for minutes, choice in enumerate(("reject", "approve", "reject")):
        say(c, extract, choice, minutes)  # type: ignore[arg-type]
    assert str(decision_of(c, "a")) == "rejected by Lead on 20 November 2026, 17:07"
    rows = c.execute(select(t.audit).where(t.audit.c.subject == "a").order_by(t.audit.c.id)).all()
    assert [(r.event, r.by, r.reason, r.detail["before"]) for r in rows] == [
        ("rejected", "Lead", "because of 0", None),
        ("released", "Lead", "because of 1", "rejected"),
        ("rejected", "Lead", "because of 2", "released"),
    ]


@pytest.mark.parametrize(("words", "is_accepted"), [([], False), (["approve"], True), (["reject"], False), (["approve", "reject"], False)])
def test_an_extract_is_accepted_when_a_person_released_it(c: Connection, words: list[Choice], is_accepted: bool) -> None:
    extract = land(c, "a")
    for choice in words:
        say(c, extract, choice)
    assert accepted(c) == (["a"] if is_accepted else [])


def test_an_extract_that_cannot_be_read_is_never_accepted(c: Connection) -> None:
    say(c, land(c, "a"), "approve")
    ledger.refuse(c, "a", "cut off")
    assert accepted(c) == []
    assert held_ids(c) == []


def test_the_newest_revision_that_is_not_superseded_is_the_one_that_counts(c: Connection) -> None:
    first, second = land(c, "a", verdict="pass"), land(c, "b")
    assert newer_revision(c, first) == 2
    assert newer_revision(c, second) is None
    assert accepted(c) == []
    c.execute(t.extract.update().where(t.extract.c.id == "b").values(superseded="revision 1 was exported later"))
    assert newer_revision(c, first) is None
    assert newer_revision(c, second) == 1
    assert accepted(c) == ["a"]


def test_a_rejection_takes_back_only_what_had_been_released(c: Connection) -> None:
    one, two = land(c, "a"), land(c, "b", DAY - dt.timedelta(days=1))
    say(c, one, "reject")
    say(c, two, "approve")
    assert {i: (r.approved, r.taken_back) for i, r in rulings(c, "north").items()} == {"a": (False, False), "b": (True, False)}
    say(c, two, "reject", 1)
    assert {i: r.taken_back for i, r in rulings(c, "north").items()} == {"a": False, "b": True}
    assert rulings(c, "south") == {}


def test_what_is_held_newest_first(c: Connection) -> None:
    land(c, "a", DAY - dt.timedelta(days=2))
    rejected = land(c, "b")
    released = land(c, "d", DAY - dt.timedelta(days=1))
    land(c, "e", DAY - dt.timedelta(days=3), "warn")
    say(c, rejected, "reject")
    say(c, released, "approve")
    assert [(id_, said.choice if said else None) for id_, said in held_ids(c)] == [("b", "reject"), ("a", None)]
