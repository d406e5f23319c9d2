"""Which re-look samples were drawn, in the store."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.relook import draw_of, draws, save_draw

AT = dt.datetime(2026, 11, 20, 17, 5, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
POOLS = {"cases": 60, "drawn": 10, "pools": {"nfa": {"cases": 60, "drawn": 10}}, "weights": {"unborn": 1.0}}
LARGEST = 2**31 - 1


def test_a_draw_is_written_down_once_with_a_row_in_the_audit_and_without_any_case(c: Connection) -> None:
    extract, _ = ledger.claim(c, "e1", "north", DAY, "e1", "north.zip", "claimed/e1", AT)
    assert save_draw(c, extract, LARGEST, 10, POOLS, AT, "Head of service")
    assert not save_draw(c, extract, LARGEST, 10, POOLS, AT + dt.timedelta(1), "Somebody else")
    kept = draw_of(c, "e1", LARGEST)
    assert kept and (kept.source, kept.as_of, kept.revision, kept.size, kept.pools, kept.at, kept.by) == (
        "north", DAY, 1, 10, POOLS, AT, "Head of service",
    )  # fmt: skip
    said = c.execute(select(t.audit).where(t.audit.c.event == "relook")).all()
    assert [(row.subject, row.by, row.detail["seed"], row.detail["pools"]) for row in said] == [("e1", "Head of service", LARGEST, POOLS)]


def test_what_was_never_drawn_is_none_and_the_list_has_the_last_draw_first(c: Connection) -> None:
    north, _ = ledger.claim(c, "e1", "north", DAY, "e1", "north.zip", "claimed/e1", AT)
    south, _ = ledger.claim(c, "e2", "south", DAY - dt.timedelta(7), "e2", "south.zip", "claimed/e2", AT)
    assert draw_of(c, "e1", 5) is None
    assert draws(c) == []
    for n, (extract, seed) in enumerate(((north, 5), (south, 5), (north, 6))):
        save_draw(c, extract, seed, 10, POOLS, AT + dt.timedelta(hours=n), "x")
    assert [(one.source, one.seed) for one in draws(c)] == [("north", 6), ("south", 5), ("north", 5)]
    assert [one.seed for one in draws(c, "north")] == [6, 5]
    assert [one.source for one in draws(c, as_of=DAY - dt.timedelta(7))] == ["south"]
