"""Events from extract to extract: in whatever order they come, held, released, sent again, broken off or old, the same has happened."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.now import LONDON
from caseclock.pipeline.events import events_again
from caseclock.pipeline.kept import cases_path, referrals_path
from caseclock.quality import QualityReport
from caseclock.settings import from_environment, shipped_config
from caseclock.snapshots import TABLES, Snapshot, store
from caseclock.snapshots.tables import DTYPES
from caseclock.snapshots.typing import build
from caseclock.storage import events, ledger, quality
from caseclock.storage import schema as t
from caseclock.storage.engine import reading

from .conftest import FRIDAYS

Tables = dict[str, list[dict[str, Any]]]
DAYS = [dt.date(2026, 11, 6), dt.date(2026, 11, 13), dt.date(2026, 11, 20), dt.date(2026, 11, 27)]
NOW = dt.datetime(2026, 11, 27, 17, tzinfo=LONDON)
KEPT = {
    "timescales": {"allocation"},
    "measures": {"open", "residual", "unallocated", "unallocated_cp"},
    "thresholds": {"unallocated", "unallocated_cp"},
}


# --- a council of a few referrals, put into the house as if its extracts had been read and checked -----------------
def referral(number: int, began: str, closed: str | None = None, team: str = "NORTH") -> dict[str, Any]:
    return {"referral_id": f"REF-{number}", "child_id": f"KID-{number}", "referral_date": began, "closed_on": closed, "team_id": team}


def week(n: int) -> Tables:
    """The n-th extract: one case is opened each week, one is closed in the third, one goes to another team in the fourth."""
    rows = [referral(i, f"2026-11-{i:02}") for i in (2, 3, 9, 16, 23) if i <= 3 + 7 * n]
    rows[0] |= {"closed_on": "2026-11-18"} if n > 1 else {}
    rows[1] |= {"team_id": "SOUTH"} if n > 2 else {}
    held = {"allocation_id": "A1", "child_id": "KID-3", "referral_id": "REF-3", "worker_id": "W1", "role": "CW", "started_on": "2026-11-05"}
    teams = [{"team_id": "NORTH", "name": "North", "service": "Assessment"}, {"team_id": "SOUTH", "name": "South", "service": "Assessment"}]
    return {"referral": rows, "allocation": [held | {"team_id": "SOUTH" if n > 2 else "NORTH"}], "team": teams}


def table_of(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = TABLES[name].columns
    frame = pd.DataFrame({c.name: pd.Series([r.get(c.name) for r in rows]).astype(DTYPES[c.kind]) for c in columns})
    return frame.assign(_row=range(2, len(rows) + 2), _file=f"{name}.csv")


NOTHING = {name: table_of(name, []) for name in TABLES}


def put(
    house: pipeline.House, n: int, tables: Tables | None = None, *, word: str = "", verdict: Any = "pass", coverage: Any = "full"
) -> str:
    """The extract of one day up to its figures. `word`: what makes it another revision."""
    day, id_ = DAYS[n], f"week{n}{word}"
    with house.engine.begin() as c:
        extract, _ = ledger.claim(c, id_, "north", day, f"sha-{id_}", f"{id_}.zip", f"claimed/{id_}", NOW)
        ledger.save_quality(c, id_, QualityReport(verdict, [] if verdict == "pass" else ["by hand"]), [], NOW)
        quality.save_coverage(c, id_, coverage)
    made = {name: table_of(name, rows) for name, rows in (tables or week(n)).items()}
    store.save(Snapshot(extract, NOTHING | made), house.settings.accepted)
    pipeline.compute_measures(house, id_)
    return id_


def catch_up(house: pipeline.House) -> int:
    with house.engine.begin() as c:
        return events_again(house, c, "north")


def kept(house: pipeline.House) -> dict[str, Any]:
    """All that the store knows of events."""
    with reading(house.engine) as c:
        tables = {table.name: sorted(map(repr, c.execute(select(table)))) for table in (t.event, t.event_count)}
        m = t.measure_value
        left = sorted(map(repr, c.execute(select(m).where(m.c.measure == "residual"))))
        return {**tables, "compared": events.compared_with(c, "north"), "residual": left}


def counts(house: pipeline.House, id_: str, place: str = "*") -> dict[str, int]:
    with reading(house.engine) as c:
        return {kind: n for kind, rule, _, n in events.counts_of(c, id_, team=place) if rule == "case" and n}


@pytest.fixture(scope="module")
def monitoring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration that ships without most of its timescales and measures: nothing is looked at here that needs them."""
    folder = tmp_path_factory.mktemp("monitoring")
    shutil.copytree(shipped_config(), folder, dirs_exist_ok=True)
    for name, ids in KEPT.items():
        file = folder / f"{name}.yaml"
        entries = [entry for entry in yaml.safe_load(file.read_text(encoding="utf-8")) if entry["id"] in ids]
        file.write_text(yaml.safe_dump(entries), encoding="utf-8")
    for name in ("trends", "worklist", "digest"):
        (folder / f"{name}.yaml").unlink(missing_ok=True)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def house(home: Path, monitoring: Path) -> Iterator[pipeline.House]:
    with pipeline.open_house(from_environment(home, {"CASECLOCK_CONFIG": str(monitoring)})) as made:
        yield made


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, monitoring: Path) -> Iterator[pipeline.House]:
    """A house that has taken four extracts, one after another. For questions only."""
    with pipeline.open_house(from_environment(tmp_path_factory.mktemp("done"), {"CASECLOCK_CONFIG": str(monitoring)})) as made:
        for n in range(4):
            put(made, n)
        yield made


@pytest.fixture(scope="module")
def in_order(done: pipeline.House) -> dict[str, Any]:
    return kept(done)


def test_what_happened_is_counted_per_place_and_nothing_before_the_first_extract(done: pipeline.House) -> None:
    assert counts(done, "week0") == {}
    assert counts(done, "week1") == {"opened": 1}
    assert counts(done, "week2") == {"opened": 1, "completed": 1}
    assert counts(done, "week3") == {"opened": 1, "moved": 1, "moved_out": 1}
    assert counts(done, "week3", "SOUTH") == {"moved": 1}
    assert counts(done, "week3", "NORTH") == {"opened": 1, "moved_out": 1}
    assert counts(done, "week3", "service:Assessment") == {"opened": 1, "moved": 1, "moved_out": 1}
    with reading(done.engine) as c:
        zero = [n for kind, rule, place, n in events.counts_of(c, "week1") if (kind, rule, place) == ("vanished", "case", "NORTH")]
        values = ledger.measures_of(c, "week3")
    assert zero == [0]  # zero is known; in the first extract nothing is
    assert set(values.loc[values["measure"] == "residual", "value"]) == {0.0}


def test_no_case_reference_is_in_the_store(done: pipeline.House) -> None:
    with reading(done.engine) as c:
        assert c.execute(select(t.event)).all()
    store_bytes = b"".join(path.read_bytes() for path in done.settings.home.glob("caseclock.db*"))
    assert b"week3" in store_bytes
    assert b"REF-" not in store_bytes and b"KID-" not in store_bytes


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (2, 0, 3, 1)])
def test_in_whatever_order_extracts_come_the_same_has_happened(
    house: pipeline.House, in_order: dict[str, Any], order: tuple[int, ...]
) -> None:
    for n in order:
        put(house, n)
        catch_up(house)
    assert kept(house) == in_order
    assert catch_up(house) == 0
    put(house, order[1])  # figures that are asked for again
    assert kept(house) == in_order


def test_a_revision_takes_the_place_of_what_it_replaces_in_the_next_extract_too(house: pipeline.House) -> None:
    for n in range(3):
        put(house, n)
    tables = week(1)
    tables["referral"].append(referral(99, "2026-11-12"))
    put(house, 1, tables, word="again")
    assert catch_up(house) == 2  # the first revision says nothing any more, and the third week is compared anew
    assert counts(house, "week1") == {}
    assert counts(house, "week1again") == {"opened": 2}
    assert counts(house, "week2") == {"opened": 1, "completed": 1, "vanished": 1}


# --- held and released -----------------------------------------------------------------------------------------------
def test_a_held_extract_has_no_events_until_a_person_releases_it(house: pipeline.House, in_order: dict[str, Any]) -> None:
    put(house, 0)
    put(house, 1, verdict="hold")
    put(house, 2)
    assert counts(house, "week1") == {}
    assert counts(house, "week2") == {"opened": 2, "completed": 1}  # since the last one that speaks
    assert "not in use" in ask(house.settings.home, "--as-of", str(DAYS[1]))
    pipeline.decide(house, "week1", "approve", "Data lead", "a real change", NOW)
    put(house, 3)
    assert kept(house) == in_order
    pipeline.decide(house, "week1", "reject", "Data lead", "it was a fault", NOW, overrule=True)
    assert counts(house, "week1") == {}
    assert counts(house, "week2") == {"opened": 2, "completed": 1}


def test_cases_that_leave_an_annex_a_workbook_by_their_age_have_not_vanished(house: pipeline.House) -> None:
    for n in range(2):
        tables = week(n)
        tables["referral"] = tables["referral"][n:]  # the oldest has left in the second
        put(house, n, tables, coverage="window")
    assert counts(house, "week1") == {"opened": 1}
    with reading(house.engine) as c:
        values = ledger.measures_of(c, "week1")
    assert values.loc[(values["measure"] == "residual") & (values["team"] == "*"), "value"].tolist() == [-1.0]  # said, not hidden


def test_a_figure_that_later_events_change_is_known_to_be_another(house: pipeline.House) -> None:
    """Whoever keeps what he has made of the figures sees by their hash that they are others."""

    def hash_and_residual() -> tuple[str, list[float]]:
        with reading(house.engine) as c:
            values = ledger.measures_of(c, "week2")
            left = values.loc[(values["measure"] == "residual") & (values["team"] == "*"), "value"].tolist()
            return c.execute(select(t.extract.c.figures).where(t.extract.c.id == "week2")).scalar_one(), left

    lost = {n: {**week(n), "referral": week(n)["referral"][1:]} for n in (1, 2)}  # one case is gone without a word
    put(house, 0, coverage="window")
    put(house, 2, lost[2], coverage="window")
    first = hash_and_residual()
    put(house, 1, lost[1], coverage="window")
    assert catch_up(house) > 0
    second = hash_and_residual()
    assert (first[1], second[1]) == ([-1.0], [0.0])
    assert first[0] != second[0]
    catch_up(house)
    assert hash_and_residual() == second


# --- broken off ------------------------------------------------------------------------------------------------------
class BrokenOff(Exception):
    """The process ends here."""


def test_steps_that_were_broken_off_anywhere_leave_the_same(house: pipeline.House, in_order: dict[str, Any]) -> None:
    """Each time a later statement of the figures of the third week fails."""
    for n in (0, 1):
        put(house, n)
    broken = 0
    for fails_at in itertools.count(4, 11):
        seen = itertools.count(1)

        def fail(*_: object, seen: Iterator[int] = seen, fails_at: int = fails_at) -> None:
            if next(seen) == fails_at:
                raise BrokenOff

        event.listen(Engine, "before_cursor_execute", fail)
        try:
            put(house, 2)
            break
        except BrokenOff:
            broken += 1
        finally:
            event.remove(Engine, "before_cursor_execute", fail)
    put(house, 3)
    assert broken >= 4
    assert kept(house) == in_order


# --- kept, removed, asked --------------------------------------------------------------------------------------------
def test_single_events_and_frames_go_with_their_time_and_counts_stay(house: pipeline.House) -> None:
    for n in range(3):
        put(house, n)
    later = dt.datetime(2027, 12, 30, 4, 30, tzinfo=LONDON)  # the first two weeks are more than 400 days old, the third is the newest
    with reading(house.engine) as c:
        first, second, third = ledger.extracts(c)
        whole = events.counts_of(c, "week1")
        of_second = sum(row.extract_id == "week1" for row in c.execute(select(t.event)))
    dry = pipeline.housekeeping(house, later, dry_run=True)
    assert dry["events"] == of_second > 0
    assert pipeline.housekeeping(house, later)["events"] == of_second
    with reading(house.engine) as c:
        assert {row.extract_id for row in c.execute(select(t.event))} == {"week2"}
        assert events.counts_of(c, "week1") == whole
    for extract, there in ((first, False), (second, False), (third, True)):
        assert (cases_path(house, extract).is_file(), referrals_path(house, extract).is_file()) == (there, there)
    assert catch_up(house) == 0  # what has gone is not worked out again, and nothing that was known is lost
    put(house, 3)
    assert counts(house, "week3") == {"opened": 1, "moved": 1, "moved_out": 1}


def test_an_extract_of_an_older_version_has_no_frames_so_the_next_one_has_no_events(house: pipeline.House) -> None:
    id_ = put(house, 0)
    referrals_path(house, house.extract(id_)).unlink()
    put(house, 1)
    assert counts(house, "week1") == {}
    put(house, 2)
    assert counts(house, "week2") == {"opened": 1, "completed": 1}
    assert catch_up(house) == 0


def ask(home: Path, *words: str) -> str:
    return CliRunner().invoke(cli, ["events", *words, "--home", str(home)], catch_exceptions=False).output


def test_the_command_counts_and_names_nobody(done: pipeline.House) -> None:
    home = done.settings.home
    told = ask(home)
    assert told.startswith("north as of 2026-11-27: what has happened since the extract of 2026-11-20")
    assert ["NORTH", "North", "case", "opened", "1"] in [line.split() for line in told.splitlines()]
    assert "REF-" not in told and "KID-" not in told
    only = [line.split() for line in ask(home, "--as-of", "2026-11-20", "--team", "NORTH", "--type", "completed").splitlines()[2:]]
    assert only == [["NORTH", "North", "case", "completed", "1"]]
    said = [json.loads(line) for line in ask(home, "--as-of", "2026-11-13", "--type", "vanished", "--json").splitlines()]
    assert {(one["since"], one["n"]) for one in said} == {("2026-11-06", 0)}
    assert "nobody can tell" in ask(home, "--as-of", "2026-11-06")
    assert "nothing of this kind" in ask(home, "--as-of", "2026-11-13", "--team", "NORTH", "--type", "completed")
    assert CliRunner().invoke(cli, ["events", "--team", "NOBODY", "--home", str(home)]).exit_code != 0


# --- the demo council ------------------------------------------------------------------------------------------------
def test_of_a_whole_council_every_change_is_explained_in_every_team(house: pipeline.House, fridays: dict[dt.date, Path]) -> None:
    source = house.source("demo")
    for day in FRIDAYS[:2]:
        bundle, id_ = open_bundle(fridays[day]), f"friday-{day.day}"
        with house.engine.begin() as c:
            extract, _ = ledger.claim(c, id_, "demo", day, bundle.sha256, "demo.zip", f"claimed/{id_}", NOW)
            ledger.save_quality(c, id_, QualityReport("pass"), [], NOW)
        store.save(build(extract, read(bundle, source, day), source), house.settings.accepted)
        pipeline.compute_measures(house, id_)
    with reading(house.engine) as c:
        found = events.counts_of(c, id_)
        then, now = (ledger.measures_of(c, f"friday-{day.day}") for day in FRIDAYS[:2])
    first, second = (v[v["measure"] == "open"].set_index("team")["value"] for v in (then, now))
    of: dict[str, dict[str, int]] = {}
    for kind, rule, place, n in found:
        if rule == "case":
            of.setdefault(place, {})[kind] = n
    assert len(of) > 5
    for place, n in of.items():
        came, went = n["opened"] + n["reopened"] + n["moved"], n["completed"] + n["vanished"] + n["moved_out"]
        assert first.get(place, 0) + came - went == second.get(place, 0), place
    assert of["*"]["opened"] and of["*"]["completed"] and of["*"]["allocated"]
    left = now.loc[now["measure"] == "residual", "value"]
    assert len(left) == len(second) and not left.any()
    assert then[then["measure"] == "residual"].empty
