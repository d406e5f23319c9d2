"""A supplementary file that cannot be believed is left out; the council's own numbers speak."""

from __future__ import annotations

from dataclasses import replace

import pytest
from quality_tables import frame
from test_gate_faults import council as sound

from caseclock.quality import History
from caseclock.quality.gate import check
from caseclock.quality.quarantine import set_aside

NOBODY = [{"supervision_id": f"S{n}", "child_id": f"nobody{n}", "supervised_on": "2026-11-02", "kind": "case"} for n in range(30)]
IN_FUTURE = [{"contact_id": "K1", "decision_id": f"D{n}", "received_on": "2027-01-01"} for n in range(30)]


@pytest.mark.parametrize(("table", "rows"), [("supervision", NOBODY), ("contact_decision", IN_FUTURE)])
def test_a_file_that_cannot_be_believed_is_left_out_as_a_whole(table: str, rows: list[dict[str, str]]) -> None:
    council = sound()
    snapshot = replace(council, tables=council.tables | {table: frame(table, rows).assign(_file="made-by-hand.csv")})
    report = check(snapshot, History())
    assert report.verdict == "warn"
    assert any("is left out, and what it shows is not watched" in reason for reason in report.reasons)
    assert not any("the numbers are held" in reason for reason in report.reasons)
    accepted = set_aside(snapshot, report)
    assert accepted.tables[table].empty
    count = accepted.counts()[table]
    assert count.read == count.quarantined == len(rows)
    for other, kept in accepted.tables.items():
        assert other == table or len(kept) == len(snapshot.tables[other])
