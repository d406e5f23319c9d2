"""What a row says, whatever it is numbered: equal contents hash alike everywhere, and two extracts are told apart by them."""

from __future__ import annotations

import pandas as pd
import pytest
from quality_tables import AS_OF, frame, snapshot

from caseclock.quality.content import changes_of, compare, content_hashes
from caseclock.quality.scene import Links
from caseclock.snapshots import TABLES, Snapshot


def hashes(table: str, rows: list[dict], **others: list[dict]) -> list[int]:
    return [int(h) for h in content_hashes(table, Links(snapshot(**(others | {table: rows})).tables))]  # type: ignore[arg-type]


def test_the_hash_of_known_rows_on_every_machine() -> None:
    """Kept for months and compared: a change of any of these is a change of format."""
    row = {"child_id": "12007", "kind": "cp", "visit_on": "2026-10-01", "seen": True, "seen_alone": False, "plan_id": "P1"}
    assert hashes("visit", [row, row | {"seen_alone": None}], plan=[{"plan_id": "P1", "child_id": "12007"}]) == VISITS
    assert hashes("worker", [{"worker_id": "é-1", "fte": 0.5, "agency": True}, {"worker_id": "é-1", "fte": -0.0}]) == WORKERS


VISITS = [0xEFDADBEEF1800939, 0xCBD42BC83D29D7E7]
WORKERS = [0xA4BF52115A08B18F, 0x4BE9949D8B435B15]


def test_ids_spaces_and_places_in_a_file_do_not_count() -> None:
    row = {"child_id": "c", "referral_date": "2026-09-01", "source": "6", "closed_on": None}
    same = row | {"referral_id": "other", "source": " 6 ", "_file": "b.csv", "_row": 99}
    assert len(set(hashes("referral", [row, same]))) == 1


@pytest.mark.parametrize("table", TABLES)
def test_every_other_cell_counts(table: str) -> None:
    other = {"date": "2026-11-02", "moment": "2026-11-02T10:30", "code": "another", "flag": True, "number": 7.5, "id": "another"}
    columns = [c for c in TABLES[table].columns if c.kind != "id"]
    plain = dict.fromkeys((c.name for c in columns), None)
    made = hashes(table, [plain, *({**plain, c.name: other[c.kind]} for c in columns)])
    assert len(set(made)) == len(columns) + 1


def test_a_value_in_one_column_is_not_the_same_value_in_another() -> None:
    assert len(set(hashes("assessment", [{"team_id": "x", "worker_id": None}, {"team_id": None, "worker_id": "x"}]))) == 2
    assert len(set(hashes("visit", [{"seen": False}, {"seen": None}]))) == 2


def test_a_link_counts_as_what_the_row_it_leads_to_is_known_by() -> None:
    first = hashes("assessment", [{"referral_id": "R1"}], referral=[{"referral_id": "R1"}])
    renumbered = hashes("assessment", [{"referral_id": "900"}], referral=[{"referral_id": "900"}])
    closed = hashes("assessment", [{"referral_id": "R1"}], referral=[{"referral_id": "R1", "closed_on": "2026-10-01"}])
    another = hashes("assessment", [{"referral_id": "R1"}], referral=[{"referral_id": "R1", "referral_date": "2026-08-01"}])
    nowhere = hashes("assessment", [{"referral_id": "lost"}], referral=[{"referral_id": "R1"}])
    none = hashes("assessment", [{}], referral=[{"referral_id": "R1"}])
    assert first == renumbered == closed
    assert len({first[0], another[0], nowhere[0], none[0]}) == 4


def test_the_order_of_rows_and_columns_does_not_count() -> None:
    made = snapshot(visit=[{"visit_on": f"2026-10-0{d}"} for d in range(1, 6)])
    tables = made.tables | {"visit": made.tables["visit"].iloc[::-1, ::-1]}
    assert sorted(content_hashes("visit", Links(tables))) == sorted(content_hashes("visit", Links(made.tables)))


# --- two extracts --------------------------------------------------------------------------------------------------------
def referrals(*rows: tuple[str, str, str | None]) -> Snapshot:
    """(id, child, closed on); each child was referred on a day of its own."""
    made = [{"referral_id": id, "child_id": child, "closed_on": closed} for id, child, closed in rows]
    return snapshot(child=[], allocation=[], referral=made)


A, B, C = ("1", "a", None), ("2", "b", None), ("3", "c", None)


@pytest.mark.parametrize(
    ("before", "now", "expected", "why"),
    [
        ([A, B, C], [C, A, B], (0, 0, 0, 3, 0), "another order"),
        ([A, B], [A, B, C], (1, 0, 0, 2, 0), "a new one"),
        ([A, B, C], [A, B], (0, 0, 1, 2, 0), "one is gone"),
        ([A, B], [A, ("2", "b", "2026-10-01")], (0, 1, 0, 1, 0), "one was closed"),
        ([A, B], [("91", "a", None), ("92", "b", None)], (0, 0, 0, 0, 2), "numbered anew"),
        ([A, B, C], [("2", "a", None), ("3", "b", None), ("1", "c", None)], (0, 0, 0, 0, 3), "the same numbers for others"),
        ([A, B], [("91", "a", None), ("92", "b", "2026-10-01")], (1, 0, 1, 0, 1), "numbered anew, and one was closed that night"),
        ([A, ("9", "a", None)], [("8", "a", None), ("7", "a", None), ("6", "a", None)], (1, 0, 0, 0, 2), "equal rows pair off one by one"),
        ([], [A], (1, 0, 0, 0, 0), "the first"),
    ],
)
def test_rows_against_an_earlier_extract(before: list, now: list, expected: tuple[int, ...], why: str) -> None:
    (change,) = changes_of(referrals(*before), referrals(*now))
    assert (change.new, change.changed, change.gone, change.same, change.rekeyed) == expected, why
    assert change.new + change.changed + change.same + change.rekeyed == len(now)
    assert change.gone + change.changed + change.same + change.rekeyed == len(before)


def test_the_ids_that_changed_form_are_those_of_the_earlier_extract() -> None:
    compared = compare(referrals(A, B).tables, referrals(A, ("92", "b", None)).tables)["referral"]
    assert compared.rekeyed.tolist() == ["2"]


def test_work_below_a_renumbered_case_is_renumbered_and_not_changed() -> None:
    def made(suffix: str) -> Snapshot:
        return snapshot(
            referral=[{"referral_id": "r" + suffix}],
            s47=[{"s47_id": "s" + suffix, "referral_id": "r" + suffix}],
            conference=[{"conference_id": "c" + suffix, "s47_id": "s" + suffix, "meeting_id": "m" + suffix}],
            plan=[{"plan_id": "p" + suffix, "conference_id": "c" + suffix, "referral_id": "r" + suffix}],
            visit=[{"visit_id": "v" + suffix, "plan_id": "p" + suffix}],
            care=[{"episode_id": "e" + suffix, "care_id": "k" + suffix, "placement_id": "h" + suffix}],
            placement=[{"placement_id": "h" + suffix, "care_id": "k" + suffix}],
            review=[{"review_id": "w" + suffix, "care_id": "k" + suffix, "kind": "cla"}],
        )

    changes = {c.table: c for c in changes_of(made("-old"), made("-new"))}
    for table in ("referral", "s47", "conference", "plan", "visit", "care", "placement", "review"):
        assert (changes[table].rekeyed, changes[table].new, changes[table].gone) == (1, 0, 0), table
    assert changes["child"].same == 1


def test_tables_that_both_lack_are_left_out_and_empty_ones_have_no_hash() -> None:
    assert [c.table for c in changes_of(snapshot(), snapshot(AS_OF))] == ["child", "referral", "allocation"]
    assert content_hashes("visit", Links({t: frame(t) for t in TABLES})).tolist() == []
    assert isinstance(frame("visit"), pd.DataFrame)
