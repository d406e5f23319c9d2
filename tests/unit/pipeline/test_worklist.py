"""The work list and the re-look sample of stored extracts: which extract, which team, what is said, what is written down."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from caseclock.cli.report import export
from caseclock.cli.worklist import relook as relook_command
from caseclock.cli.worklist import worklist as worklist_command
from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.frame import clock_frame
from caseclock.config.load import Config, load
from caseclock.errors import WrongUse
from caseclock.extracts import Extract
from caseclock.pipeline import House, open_house
from caseclock.pipeline.kept import cases_path, clocks_path
from caseclock.pipeline.retention import old_folders
from caseclock.pipeline.sheet import write_csv
from caseclock.pipeline.worklist import choose, draws, relook, work_list
from caseclock.quality import QualityReport
from caseclock.settings import from_environment, shipped_config
from caseclock.snapshots import TABLES, Snapshot, store
from caseclock.storage import ledger
from caseclock.storage.decisions import Decision, save_decision

AT = dt.datetime(2026, 3, 20, 17, tzinfo=dt.UTC)
FRIDAY = dt.date(2026, 3, 20)
DTYPES = {"date": "datetime64[s]", "flag": "boolean", "number": "float64"}

ROWS = {
    "referral": [
        {"referral_id": f"R{n}", "child_id": f"C{n}", "referral_date": day, "nfa": n == 5, "team_id": team}
        for n, day, team in ((1, "2026-02-02", "NORTH"), (2, "2026-03-02", "SOUTH"), (3, "2026-03-16", "=SUM(A1)"), (4, "2026-01-05", None),
                             (5, "2026-03-02", "NORTH"))
    ],
    "allocation": [{"allocation_id": "A4", "child_id": "C4", "referral_id": "R4", "worker_id": "W4", "started_on": "2026-01-05"}],
    "team": [{"team_id": "NORTH", "name": "North", "service_id": "N"}, {"team_id": "SOUTH", "name": "South", "service_id": "S"},
             {"team_id": "EAST", "name": "East", "service_id": "N"}],
}  # fmt: skip


def snapshot_of(extract: Extract, rows: dict[str, list[dict[str, object]]]) -> Snapshot:
    tables = {}
    for name, table in TABLES.items():
        frame = pd.DataFrame(rows.get(name, []))
        made = {c.name: (frame[c.name] if c.name in frame else pd.Series([None] * len(frame))) for c in table.columns}
        tables[name] = pd.DataFrame(made).astype({c.name: DTYPES.get(c.kind, "str") for c in table.columns})
        tables[name]["_file"], tables[name]["_row"] = pd.Series(["f"] * len(frame), dtype="str"), range(len(frame))
    return Snapshot(extract, tables)


@pytest.fixture(scope="module")
def config() -> Config:
    """What ships, read once: reading it costs more than a whole test here."""
    return load(shipped_config())


@pytest.fixture
def house(tmp_path: Path, config: Config) -> Iterator[House]:
    with open_house(from_environment(tmp_path / "home", env={})) as opened:
        opened.__dict__["config"] = config
        yield opened


def land(house: House, day: dt.date = FRIDAY, verdict: str = "pass", source: str = "demo", *, keep_cases: bool = True) -> Extract:
    """An extract that has gone through its path, without the path."""
    id_ = f"{source}{day:%Y%m%d}"[:16]
    with house.engine.begin() as c:
        extract, _ = ledger.claim(c, id_, source, day, id_, f"{id_}.zip", f"claimed/{id_}", AT)
        blocked = ["SOUTH"] if verdict == "warn" else []
        ledger.save_quality(c, id_, QualityReport(verdict, ["why"], blocked_teams=frozenset(blocked)), [], AT)  # type: ignore[arg-type]
        figures = pd.DataFrame({"measure": ["open"], "team": ["*"], "value": [4.0], "n": [4]})
        ledger.save_measures(c, extract, figures, pd.DataFrame({"team_id": []}))
        ledger.mark_done(c, id_, "compute_measures", AT, 0.0)
    snapshot = snapshot_of(extract, ROWS)
    store.save(snapshot, house.settings.accepted)
    columns = Columns(snapshot)
    clocks_path(house, extract).parent.mkdir(parents=True, exist_ok=True)
    clock_frame(columns, house.config.timescales, house.calendar, ()).to_parquet(clocks_path(house, extract), index=False)
    if keep_cases:
        case_frame(columns, ()).to_parquet(cases_path(house, extract), index=False)
    return extract


# --- which extract ---------------------------------------------------------------------------------------------------
def test_the_newest_extract_whose_figures_are_in_use_is_taken_and_a_newer_one_that_is_held_is_named(house: House) -> None:
    land(house, FRIDAY - dt.timedelta(14))
    usable = land(house, FRIDAY - dt.timedelta(7))
    held = land(house, FRIDAY, "hold")
    chosen = choose(house, None, None)
    assert (chosen.extract.id, chosen.held) == (usable.id, False)
    assert chosen.notes == ["the extract of 2026-03-20 is newer, but its figures are held"]
    asked = choose(house, None, FRIDAY)
    assert (asked.extract.id, asked.held, asked.verdict) == (held.id, True, "hold")
    with house.engine.begin() as c:
        save_decision(c, held, Decision(held.id, "approve", "Lead", "it is right", AT))
    assert choose(house, None, None).extract.id == held.id
    assert not choose(house, None, None).held


def test_where_nothing_speaks_the_held_one_is_shown_and_said_to_be_held(house: House) -> None:
    land(house, FRIDAY, "hold")
    assert choose(house, None, None).held
    said = CliRunner().invoke(worklist_command, ["--home", str(house.settings.home)])
    assert "HELD: quality holds the figures of this extract" in said.output


def test_an_extract_without_figures_several_sources_and_none_at_all_are_said(house: House) -> None:
    with pytest.raises(WrongUse, match="no extract with figures"):
        choose(house, None, None)
    land(house)
    with house.engine.begin() as c:
        ledger.claim(c, "unread", "demo", FRIDAY + dt.timedelta(7), "x", "x.zip", "claimed/x", AT)
        ledger.refuse(c, "unread", "it is no extract")
    assert choose(house, None, None).notes == ["the extract of 2026-03-27 is newer, but has no figures"]
    with pytest.raises(WrongUse, match="no extract with figures"):
        choose(house, None, FRIDAY + dt.timedelta(7))
    land(house, source="other")
    with pytest.raises(WrongUse, match=r"more than one source.*demo, other"):
        choose(house, None, None)
    assert choose(house, "other", None).extract.source == "other"


# --- the list --------------------------------------------------------------------------------------------------------
def test_a_team_or_a_service_sees_its_own_cases_with_their_place_in_the_whole(house: House) -> None:
    land(house)

    def places(team: str | None) -> list[tuple[int, str]]:
        return list(work_list(house, team=team).frame[["place", "item_ref"]].itertuples(index=False, name=None))

    assert places(None) == [(1, "R1"), (2, "R2"), (3, "R3"), (4, "R4")]
    assert places("NORTH") == [(1, "R1")]
    assert places("service:S") == [(2, "R2")]
    assert places("EAST") == []
    assert places("*") == places(None)
    assert places("?") == [(4, "R4")]
    with pytest.raises(WrongUse, match=r"no such team.*NORTH"):
        places("WEST")
    with pytest.raises(WrongUse, match=r"no such service.*service:N, service:S"):
        places("service:W")


def test_without_the_kept_case_frame_the_list_is_made_from_the_accepted_tables_and_is_the_same(house: House) -> None:
    extract = land(house)
    kept = work_list(house).frame
    cases_path(house, extract).unlink()
    pd.testing.assert_frame_equal(work_list(house).frame, kept)


def test_it_says_which_team_s_rows_are_not_believed_and_that_it_decides_on_no_child(house: House) -> None:
    land(house, verdict="warn")
    said = CliRunner().invoke(worklist_command, ["--home", str(house.settings.home), "--top", "1"])
    assert "It decides on no child" in said.output
    assert "quality does not believe the rows of team SOUTH" in said.output
    assert said.output.splitlines()[-1] == "1 of 4"


def test_csv_and_json_hold_the_same_rows_and_no_cell_that_a_spreadsheet_would_run(house: House) -> None:
    land(house)
    home = ["--home", str(house.settings.home)]
    as_csv = CliRunner().invoke(worklist_command, [*home, "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert [row["team"] for row in rows] == ["NORTH", "SOUTH", "'=SUM(A1)", "?"]
    assert "decides on no child" in as_csv.stderr
    found = [json.loads(line) for line in CliRunner().invoke(worklist_command, [*home, "--format", "json"]).stdout.splitlines()]
    assert [row["item_ref"] for row in found] == [row["item_ref"] for row in rows]
    assert found[0]["held"] is False
    assert "decides on no child" in found[0]["note"]
    assert found[-1] | {"worker": "W4", "wd_over": None, "team": "?", "source": "demo"} == found[-1]


def test_every_cell_of_text_that_begins_like_a_formula_is_guarded_and_numbers_are_left_alone() -> None:
    out = io.StringIO()
    starts = ["=1", "+1", "-1", "@x", "\tx", "\rx", "x=1", "x\r=1", None]
    write_csv(out, pd.DataFrame({"text": pd.array(starts, dtype="str"), "number": [-1.5, *range(8)]}))
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]
    assert [text for text, _ in rows] == ["'=1", "'+1", "'-1", "'@x", "' x", "' x", "x=1", "x =1", ""]
    assert "'=1,-1.5" in out.getvalue()


def test_the_clocks_that_are_exported_are_guarded_like_the_work_list_and_are_the_same_otherwise(house: House) -> None:
    extract = land(house)
    done = CliRunner().invoke(export, ["--as-of", str(FRIDAY), "--home", str(house.settings.home)], catch_exceptions=False)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["team"] for row in rows} == {"NORTH", "SOUTH", "'=SUM(A1)", "?"}
    frame = pd.read_parquet(clocks_path(house, extract))
    assert [row["elapsed"] for row in rows] == [str(days) for days in frame["elapsed"]]
    assert [row["started_on"] for row in rows] == [f"{day:%Y-%m-%d}" for day in frame["started_on"]]
    assert {row["stopped_on"] for row in rows} >= {""}


# --- the re-look sample ----------------------------------------------------------------------------------------------
def test_a_sample_is_in_a_file_below_the_home_folder_and_its_draw_in_the_store(house: House) -> None:
    extract = land(house)
    made = relook(house, AT, None, None, 5, 7, "Head  of\nservice")
    assert made.file == house.settings.home / "relook" / "demo" / "2026-03-20-7.csv"
    rows = list(csv.DictReader(made.file.open(encoding="utf-8")))
    assert {row["item_ref"]: row["pools"] for row in rows} == {"R1": "longest_unallocated", "R5": "nfa"}
    assert list(rows[0]) == ["item_ref", "child_ref", "team", "pools", "markers"]
    (drawn,) = draws(house)
    assert (drawn["extract_id"], drawn["seed"], drawn["size"], drawn["by"]) == (extract.id, 7, 5, "Head of service")
    assert drawn["pools"]["pools"]["nfa"] == {"cases": 1, "drawn": 1}
    assert "R5" not in json.dumps(drawn["pools"])
    assert [note.partition(":")[0] for note in made.notes][-1] == "the pool low_priority is empty"


def test_the_same_seed_gives_the_same_sample_and_is_written_down_once_also_when_the_weights_have_changed_since(
    house: House, tmp_path: Path
) -> None:
    land(house)
    first = relook(house, AT, None, None, None, 7, "x")
    (tmp_path / "home" / "monitoring").mkdir()
    for file in house.settings.config.glob("*.yaml"):
        (tmp_path / "home" / "monitoring" / file.name).write_text(file.read_text(encoding="utf-8").replace("referrals: 1", "referrals: 50"))
    (tmp_path / "home" / "monitoring" / "sources").symlink_to(house.settings.config / "sources")
    first.file.unlink()
    with open_house(from_environment(tmp_path / "home", env={})) as later:
        assert later.config.worklist.relook.weights.referrals == 50
        again = relook(later, AT + dt.timedelta(1), None, None, None, 7, "y")
        pd.testing.assert_frame_equal(first.frame, again.frame)
        assert (first.again, again.again, len(draws(later)), again.file.is_file()) == (False, True, 1, True)
        with pytest.raises(WrongUse, match="it has drawn 10 of 2 cases before"):
            relook(later, AT, None, None, 1, 7, "x")
        assert relook(later, AT, None, None, 1, None, "x").pools["weights"]["referrals"] == 50


def test_the_command_draws_lists_and_prints_the_rows_as_json(house: House) -> None:
    land(house)
    home = ["--home", str(house.settings.home)]
    assert "no sample has been drawn" in CliRunner().invoke(relook_command, [*home, "--list"]).output
    said = CliRunner().invoke(relook_command, [*home, "--seed", "3", "--by", "Head", "--now", "2026-03-20T17:00"])
    assert "seed 3: 2 of 2 cases (low_priority 0 of 0, nfa 1 of 1, longest_unallocated 1 of 1)" in said.output
    rows = [json.loads(line) for line in CliRunner().invoke(relook_command, [*home, "--seed", "3", "--json"]).stdout.splitlines()]
    assert {row["item_ref"] for row in rows} == {"R1", "R5"}
    listed = CliRunner().invoke(relook_command, [*home, "--list"]).output
    assert "2026-03-20 17:00 UTC  Head: demo as of 2026-03-20, revision 1, seed 3, 2 of 2 cases" in listed
    assert CliRunner().invoke(relook_command, [*home, "--seed", str(2**31)]).exit_code == 2


def test_a_sample_goes_when_its_extract_s_folders_do_and_its_draw_stays(house: House) -> None:
    land(house)
    file = relook(house, AT, None, None, None, 7, "x").file
    keep = dt.timedelta(house.settings.keep_days)
    assert file not in old_folders(house, AT + keep)
    assert file in old_folders(house, AT + keep + dt.timedelta(1))
