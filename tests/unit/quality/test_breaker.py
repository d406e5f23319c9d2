"""The circuit breaker: row counts (rule v2g), the same cases as before, events that stop coming."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from quality_tables import AS_OF, frame, snapshot

from caseclock.quality.breaker import check_continuity, check_flow, check_volume, level_of, volume_of
from caseclock.quality.config import ContinuityLimits, FlowLimits, VolumeLimits
from caseclock.quality.history import Accepted, History
from caseclock.snapshots import Snapshot

LIMITS = VolumeLimits()
WOBBLE = (0, 11, -9, 4, -13, 8, -2, 6)


def earlier(counts: list[int], table: str = "referral", until: dt.date = dt.date(2026, 11, 13)) -> list[Accepted]:
    """Weekly accepted extracts, the last one on `until`."""
    days = [until - dt.timedelta(weeks=n) for n in reversed(range(len(counts)))]
    return [Accepted(f"e{n}", day, {table: count}) for n, (day, count) in enumerate(zip(days, counts, strict=True))]


def level(rows: int, history: list[int], table: str = "referral") -> str | None:
    trips = [t for t in check_volume({table: rows}, earlier(history, table), AS_OF, LIMITS) if t.finding.table == table]
    return trips[0].level if trips else None


# --- row counts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("extracts", [1, 3, 8])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [(2000, None), (1960, None), (1600, "warn"), (1200, "hold"), (0, "hold"), (2400, "warn"), (3200, "hold")],
)
def test_a_stock_of_2000_rows(extracts: int, rows: int, expected: str | None) -> None:
    assert level(rows, [2000 + w for w in WOBBLE[:extracts]]) == expected


@pytest.mark.parametrize(
    ("rows", "history", "expected", "why"),
    [
        (0, [5, 5, 5], "hold", "empty, and five were usual"),
        (0, [4, 4, 4], None, "four rows may well be none next week"),
        (36, [60, 61, 58, 62], "warn", "40 % of a small flow can be chance"),
        (12, [20, 21, 19, 20], None, "and of a very small one says nothing"),
        (1200, [2000] * 7 + [1200], None, "the level shifted, a person released it, and it stays there"),
        (2000, [2000] * 7 + [1200], None, "and it may come back to what was usual"),
        (0, [2000] * 7 + [0], None, "the table is not delivered any more and a person accepted that"),
        (800, [2000] * 7 + [1200], "hold", "but not fall again"),
        (500, [0, 0, 0], "warn", "a table that is new is new, not wrong"),
        (500, [0, 0, 500], None, "and is no news the next time"),
        (0, [0, 0, 500], "hold", "but must not be lost again"),
        (3, [0], None, "three rows are no news"),
    ],
)
def test_levels(rows: int, history: list[int], expected: str | None, why: str) -> None:
    assert level(rows, history) == expected, why


def test_the_first_load_has_nothing_to_be_compared_with() -> None:
    assert check_volume({"referral": 3}, [], AS_OF, LIMITS) == []


def test_the_sentence_names_counts_share_and_date() -> None:
    (trip,) = check_volume({"referral": 3210}, earlier([5400, 5440]), AS_OF, LIMITS)
    assert trip.sentence == ("referral: 3,210 rows, 41 % fewer than the last accepted extract of 2026-11-13 (5,440): the numbers are held")
    (trip,) = check_volume({"referral": 0}, earlier([5440]), AS_OF, LIMITS)
    assert trip.sentence == "referral: no rows, and 5,440 in the last accepted extract of 2026-11-13: the numbers are held"


def test_only_the_last_eight_extracts_say_what_is_usual() -> None:
    assert level(1200, [9000] * 20 + [1200] * 8) is None


def test_a_weekend_is_compared_with_weekends_where_there_are_any() -> None:
    friday, saturday = dt.date(2026, 11, 13), dt.date(2026, 11, 14)
    history = [*earlier([1000] * 4, until=friday), *earlier([400] * 4, until=saturday)]
    history.sort(key=lambda a: a.as_of)
    assert check_volume({"referral": 400}, history, dt.date(2026, 11, 21), LIMITS) == []
    assert check_volume({"referral": 1000}, history, AS_OF, LIMITS) == []


def test_noise_in_the_history_widens_what_is_believed() -> None:
    calm = volume_of(1400, [2000] * 8, 2000, LIMITS)
    restless = volume_of(1400, [1500, 2500, 1600, 2400, 1700, 2300, 1550, 2450], 2000, LIMITS)
    assert level_of(calm, LIMITS) == "hold"
    assert restless.z < calm.z
    assert level_of(restless, LIMITS) is None


def test_a_table_may_be_watched_without_holding() -> None:
    trips = check_volume({"team": 0}, earlier([40], "team"), AS_OF, VolumeLimits(only_warn=frozenset({"team"})))
    assert [t.level for t in trips] == ["warn"]


# --- which extracts count as earlier -----------------------------------------------------------------------------------
def test_an_older_date_that_arrives_late_is_compared_with_the_extracts_before_it() -> None:
    history = History(tuple(earlier([100, 110, 120, 130])))
    assert [a.kept["referral"] for a in history.before(dt.date(2026, 11, 1))] == [100, 110]


def test_a_correction_is_not_compared_with_what_it_corrects() -> None:
    history = History((Accepted("first", AS_OF, {}), Accepted("older", dt.date(2026, 11, 13), {})))
    assert [a.extract_id for a in history.before(AS_OF)] == ["older"]


def test_of_a_date_that_was_sent_twice_the_last_one_counts() -> None:
    day = dt.date(2026, 11, 13)
    assert [a.extract_id for a in History((Accepted("one", day, {}), Accepted("two", day, {}))).before(AS_OF)] == ["two"]


# --- the same cases ----------------------------------------------------------------------------------------------------
LAST_ON = dt.date(2026, 11, 13)


def council(n: int, **more: object) -> Snapshot:
    children = [{"child_id": f"C{i}"} for i in range(n)]
    referrals = [{"referral_id": f"R{i}", "child_id": f"C{i}", "team_id": f"T{i % 4}", **more} for i in range(n)]
    return snapshot(LAST_ON, child=children, referral=referrals, allocation=[])


def cut(made: Snapshot, table: str, keep: int) -> dict[str, pd.DataFrame]:
    return made.tables | {table: made.tables[table].head(keep)}


def trips_of(now: dict[str, pd.DataFrame], last: Snapshot, as_of: dt.date = AS_OF, coverage: str = "full") -> dict[str, tuple[str, int]]:
    breaker = check_continuity(now, last, as_of, coverage, ContinuityLimits())  # type: ignore[arg-type]
    return {f"{t.finding.table}.{t.finding.rule}": (t.level, t.finding.failing) for t in breaker.trips}


def test_an_extract_cut_off_at_60_percent_is_held() -> None:
    last = council(200, closed_on="2026-10-01")
    assert trips_of(cut(last, "referral", 120), last) == {"referral.continuity": ("hold", 80)}
    assert trips_of(cut(last, "child", 120), last) == {"child.continuity": ("hold", 80)}


def test_the_sentence_says_how_many_of_the_ids_are_left() -> None:
    last = council(200, closed_on="2026-10-01")
    (trip,) = check_continuity(cut(last, "referral", 120), last, AS_OF, "full", ContinuityLimits()).trips
    assert trip.sentence == (
        "referral: only 60 % of the 200 ids of the last accepted extract of 2026-11-13 are in this one, "
        "at least 97 % are expected: the numbers are held"
    )


@pytest.mark.parametrize(
    ("kept", "coverage", "days", "expected"),
    [
        (194, "full", 7, {}),
        (193, "full", 7, {"referral.continuity": ("hold", 7)}),
        (193, "full", 120, {}),  # rows of six years leave by age between two extracts that are far apart
        (182, "open_only", 7, {}),
        (179, "open_only", 7, {"referral.continuity": ("hold", 21)}),
        (20, "window", 7, {}),
    ],
)
def test_how_many_ids_must_be_left_depends_on_what_the_source_keeps(kept: int, coverage: str, days: int, expected: dict) -> None:
    last = council(200, closed_on="2026-10-01")
    assert trips_of(cut(last, "referral", kept), last, LAST_ON + dt.timedelta(days=days), coverage) == expected


def test_two_merged_records_in_a_small_council_hold_nothing() -> None:
    last = council(20, closed_on="2026-10-01")
    assert trips_of(cut(last, "referral", 18), last) == {}


def test_open_work_that_vanished_without_a_closure_is_counted() -> None:
    last = council(200)
    now = last.tables | {"referral": last.tables["referral"].iloc[3:]}
    (trip,) = check_continuity(now, last, AS_OF, "full", ContinuityLimits()).trips
    assert (trip.level, trip.finding.failing, trip.finding.of) == ("warn", 3, 200)
    assert trip.sentence == "referral: 3 rows that were open in the extract of 2026-11-13 vanished from this one without being closed"


def test_a_team_that_lost_all_its_rows_is_blocked_and_not_named_in_a_sentence() -> None:
    last = council(200)
    rows = last.tables["referral"]
    now = last.tables | {"referral": rows[rows["team_id"] != "T3"]}
    breaker = check_continuity(now, last, AS_OF, "open_only", ContinuityLimits())
    assert breaker.blocked_teams == ["T3"]
    assert "referral: 1 team that had open work" in " ".join(t.sentence for t in breaker.trips)
    assert "T3" not in " ".join(t.sentence for t in breaker.trips)


def test_a_team_of_four_open_cases_may_be_empty() -> None:
    last = council(16)
    rows = last.tables["referral"]
    now = last.tables | {"referral": rows[rows["team_id"] != "T3"]}
    assert check_continuity(now, last, AS_OF, "open_only", ContinuityLimits()).blocked_teams == []


# --- events that stop coming -------------------------------------------------------------------------------------------
def visits(per_window: list[int]) -> dict[str, pd.DataFrame]:
    """So many visits in each window of 28 days, the latest first."""
    days = [AS_OF - dt.timedelta(days=28 * w + d % 28) for w, n in enumerate(per_window) for d in range(n)]
    return snapshot(visit=[{"visit_on": str(day)} for day in days]).tables


@pytest.mark.parametrize(
    ("per_window", "expected"),
    [
        ([0, *[30] * 8], "hold"),
        ([5, *[60] * 8], "warn"),
        ([55, *[60] * 8], None),
        ([0, *[15] * 8], None),
        ([90, *[60] * 8], None),
        ([0, 0, 0, 0, 0, 0, 0, 0, 99], None),  # a new table, or one of old work
    ],
)
def test_visits_that_stop_coming_although_the_table_is_long(per_window: list[int], expected: str | None) -> None:
    trips = check_flow(visits(per_window), AS_OF, FlowLimits())
    assert [t.level for t in trips] == ([expected] if expected else [])
    if expected == "hold":
        assert trips[0].sentence == (
            "visit: no rows are dated in the last 28 days, usually 30 are: the source may have stopped sending them, the numbers are held"
        )


def test_empty_tables_have_no_flow() -> None:
    assert check_flow({t: f.head(0) for t, f in snapshot().tables.items()}, AS_OF, FlowLimits()) == []
    assert frame("visit").empty
