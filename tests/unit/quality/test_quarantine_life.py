"""A row's life in quarantine: since when, until when, and why it left."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.extracts import Reject
from caseclock.quality.history import Coverage
from caseclock.quality.life import Entry, Seen, before_window, follow, follow_all, row_hash
from caseclock.snapshots import TABLES
from caseclock.snapshots.keys import key_hashes, row_hashes

DAYS = [dt.date(2026, 11, 2) + dt.timedelta(n) for n in range(8)]


def bad(key: str, rule: str = "order", row: int = 2, file: str = "cin.csv") -> Reject:
    return Reject("referral", file, row, "closed_on", "closed before it began", rule, hashed(key))


def hashed(key: str) -> str:
    return key_hashes(TABLES["referral"], pd.Series([key], dtype="str"))[0]


def seen(day: int, *aside: Reject, good: str = "", coverage: Coverage = "full") -> Seen:
    present = {hashed(key) for key in good.split()}
    return Seen(f"e{day}", DAYS[day], coverage, aside, lambda table: present if table == "referral" else set())


def only(*extracts: Seen) -> Entry:
    (entry,) = follow_all({}, extracts).values()
    return entry


def test_a_row_is_in_quarantine_from_the_first_extract_that_has_it() -> None:
    entry = only(seen(0, bad("R1")), seen(1, bad("R1", row=9)))
    assert (entry.first_seen, entry.last_seen, entry.left_on) == (DAYS[0], DAYS[1], None)
    assert (entry.row, entry.extract_id) == (9, "e1")  # where to look for it now


def test_a_row_that_is_used_now_was_corrected() -> None:
    entry = only(seen(0, bad("R1")), seen(1, good="R1"))
    assert (entry.left_on, entry.left_because, entry.last_seen) == (DAYS[1], "corrected", DAYS[0])


def test_a_row_that_is_not_in_the_extract_any_more_is_gone() -> None:
    entry = only(seen(0, bad("R1")), seen(1, good="R2"))
    assert (entry.left_on, entry.left_because) == (DAYS[1], "gone")


def test_where_rows_leave_by_age_nothing_is_gone() -> None:
    assert only(seen(0, bad("R1")), seen(1, good="R2", coverage="window")).left_on is None
    assert only(seen(0, bad("R1")), seen(1, good="R1", coverage="window")).left_because == "corrected"


def test_a_row_with_another_fault_now_has_left_for_the_first_reason_only() -> None:
    lives = follow_all({}, [seen(0, bad("R1")), seen(1, bad("R1", "team"))])
    by_rule = {e.rule: e for e in lives.values()}
    assert (by_rule["order"].left_because, by_rule["team"].left_on) == ("corrected", None)


def test_a_row_that_comes_back_is_open_again_since_the_first_time() -> None:
    entry = only(seen(0, bad("R1")), seen(1, good="R1"), seen(2, bad("R1")))
    assert (entry.first_seen, entry.last_seen, entry.left_on, entry.left_because) == (DAYS[0], DAYS[2], None, None)


def test_it_leaves_once() -> None:
    entry = only(seen(0, bad("R1")), seen(1, good="R1"), seen(2, good="R2"), seen(3, good="R1"))
    assert (entry.left_on, entry.left_because) == (DAYS[1], "corrected")


def test_copies_of_one_row_are_one_entry_at_the_first_place() -> None:
    assert only(seen(0, bad("R1", row=9), bad("R1", row=4))).row == 4


def test_the_same_extract_again_changes_nothing() -> None:
    once = follow({}, seen(0, bad("R1"), bad("R2")))
    assert follow(once, seen(0, bad("R1"), bad("R2"))) == once


def test_without_a_key_the_content_says_which_row_it_is_and_without_content_its_place() -> None:
    rows = pd.DataFrame({"referral_id": [None, None, None, "R1"], "team_id": ["T1", "T1", "T2", "T1"]})
    first, same, other, keyed = row_hashes(TABLES["referral"], rows)
    assert first == same
    assert len({first, other, keyed}) == 3
    assert row_hashes(TABLES["referral"], pd.DataFrame({"referral_id": [None], "team_id": [None]})) == [""]
    here, there = (Reject("referral", "cin.csv", row, "", "cut off") for row in (3, 4))
    assert row_hash(here) != row_hash(there)
    assert row_hash(here) == row_hash(Reject("referral", "cin.csv", 3, "x", "another reason"))


def test_a_hash_does_not_hold_the_key() -> None:
    assert "R1" not in hashed("R1")
    assert hashed("R1") != key_hashes(TABLES["assessment"], pd.Series(["R1"], dtype="str"))[0]


def test_of_the_time_before_the_kept_extracts_only_what_began_then_stays() -> None:
    lives = follow_all({}, [seen(0, bad("R1"), bad("R2")), seen(1, bad("R1"), good="R2"), seen(4, bad("R3"), good="R1 R2")])
    kept = {e.row_hash: e for e in before_window(lives, DAYS[3]).values()}
    assert set(kept) == {hashed("R1"), hashed("R2")}
    assert (kept[hashed("R2")].left_because, kept[hashed("R1")].left_on) == ("corrected", None)


KEYS = ["R1", "R2", "R3"]
extracts = st.lists(st.tuples(st.sets(st.sampled_from(KEYS)), st.sets(st.sampled_from(KEYS))), min_size=1, max_size=6)


@given(extracts, st.integers(0, 6))
def test_going_on_from_what_is_stored_gives_what_going_through_all_gives(days: list[tuple[set[str], set[str]]], at: int) -> None:
    shown = [seen(n, *(bad(k) for k in sorted(aside)), good=" ".join(good)) for n, (aside, good) in enumerate(days)]
    assert follow_all(follow_all({}, shown[:at]), shown[at:]) == follow_all({}, shown)


@given(extracts)
def test_an_open_row_is_one_that_the_newest_extract_has_aside(days: list[tuple[set[str], set[str]]]) -> None:
    shown = [seen(n, *(bad(k) for k in sorted(aside)), good=" ".join(good)) for n, (aside, good) in enumerate(days)]
    lives = follow_all({}, shown)
    assert {e.row_hash for e in lives.values() if e.left_on is None} == {hashed(k) for k in days[-1][0]}
    assert {e.row_hash for e in lives.values()} == {hashed(k) for aside, _ in days for k in aside}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_sorting_puts_extracts_that_came_in_any_order_right(order: tuple[int, ...]) -> None:
    shown = [seen(0, bad("R1")), seen(1, bad("R1"), bad("R2")), seen(2, good="R1 R2")]
    came = [shown[n] for n in order]
    assert follow_all({}, sorted(came, key=lambda s: s.as_of)) == follow_all({}, shown)
