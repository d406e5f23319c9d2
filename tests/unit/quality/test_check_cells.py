"""What reading made of cells becomes expectations: placeholders, unknown flags and numbers, malformed outcome JSON."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
from quality_tables import extract, snapshot

from caseclock.extracts import RawTable, ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.quality import History
from caseclock.quality.cells import asked_of
from caseclock.quality.check import checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.gate import check
from caseclock.snapshots import TABLES, Snapshot, store
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="demo", title="Demo")


def typed() -> Snapshot:
    """Three visits as text: a placeholder for the plan, one for nothing, a flag that nobody knows."""
    rows = [
        {"visit_id": "1", "child_id": "c", "plan_id": "-1", "kind": "cp", "visit_on": "2026-10-01", "seen": "Y"},
        {"visit_id": "2", "child_id": "c", "plan_id": "ssd_ph", "kind": "cp", "visit_on": "2026-10-02", "seen": "Sighted"},
        {"visit_id": "3", "child_id": "c", "plan_id": "9", "kind": "cp", "visit_on": "2026-10-03", "seen": None},
    ]
    frame = pd.DataFrame([row | {"_row": n, "_file": "visit.csv"} for n, row in enumerate(rows, start=2)])
    return build(extract(), ReadResult([RawTable("visit", frame)]), SOURCE)


def test_reading_counts_placeholders_and_unknown_flags_by_column() -> None:
    made = typed()
    assert (made.placeholders, made.unreadable) == ({("visit", "plan_id"): 2}, {("visit", "seen"): 1})
    counts = checks_of(made, QualityConfig())["visit"].counts
    assert (counts["plan_id_placeholder"].failing, counts["plan_id_placeholder"].of) == (2, 3)
    assert counts["seen_unreadable"].failing == 1


def test_they_are_kept_with_the_snapshot(tmp_path: Path) -> None:
    made = typed()
    store.save(made, tmp_path)
    loaded = store.load(made.extract, tmp_path)
    assert (loaded.placeholders, loaded.unreadable) == (made.placeholders, made.unreadable)


def test_a_placeholder_is_info_and_an_unknown_flag_warns_unless_the_analyst_says_otherwise() -> None:
    made = replace(snapshot(), placeholders={("referral", "team_id"): 1}, unreadable={("referral", "nfa"): 1})
    cells = ("team_id_placeholder", "nfa_unreadable")

    def severities(config: QualityConfig | None = None) -> list[str]:
        found = {f.rule: f.severity for f in check(made, History(), config).findings}
        return [found[rule] for rule in cells]

    assert severities() == ["info", "warning"]
    config = QualityConfig.model_validate(
        {"rules": {"referral.team_id_placeholder": {"severity": "warning"}, "referral.nfa_unreadable": {"severity": "info"}}}
    )
    assert severities(config) == ["warning", "info"]


def test_what_was_asked_and_found_well_is_counted_as_none() -> None:
    report = check(replace(snapshot(), placeholders={("referral", "team_id"): 1}), History())
    counts = {(c.table, c.rule): (c.failing, c.of) for c in report.counts}
    assert counts["referral", "team_id_placeholder"] == (1, 1)
    for rule in asked_of("referral"):
        assert ("referral", rule) in counts, rule
    assert counts["referral", "nfa_unreadable"] == (0, 1)
    assert not any(table == "visit" and rule in asked_of("visit") for table, rule in counts)  # a table without rows was not asked


def test_malformed_outcome_json_is_found_by_what_the_ssd_reader_says_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo__2026-11-20"
    folder.mkdir()
    (folder / "ssd_person.csv").write_text("pers_person_id,pers_dob\n1,2015-01-01\n", encoding="utf-8")
    header = "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_outcome_json,cine_referral_nfa,cine_close_date"
    lines = [header, "1,1,2026-10-01,{broken,,", "2,1,2026-10-02,{},,"]
    (folder / "ssd_cin_episodes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    day = dt.date(2026, 11, 20)
    made = build(extract(day), read(open_bundle(folder), SOURCE, day), SOURCE)
    counts = checks_of(made, QualityConfig())["referral"].counts
    assert (counts["outcome_json_malformed"].failing, counts["outcome_json_malformed"].of) == (1, 2)


def test_every_rule_on_cells_has_a_name_that_a_configuration_may_use() -> None:
    for table in TABLES:
        for rule in asked_of(table):
            QualityConfig.model_validate({"rules": {f"{table}.{rule}": {"severity": "info"}}})
