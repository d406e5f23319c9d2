"""Each form and each supplier's shape of the same council is read by our readers, every row of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from xml.etree.ElementTree import parse

import pandas as pd
import pytest
import sqlalchemy as sa

from caseclock.demo.council import World, extract_tables, generate, make_world, write_extract
from caseclock.demo.council_database import IS_DATE, write_database
from caseclock.demo.council_shape import SHAPES, Supplier, shaped
from caseclock.demo.council_write import Form
from caseclock.errors import WrongUse
from caseclock.extracts import Extract
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

END = dt.date(2026, 11, 20)
Tables = dict[str, pd.DataFrame]
SUPPLIERS: tuple[Supplier, ...] = ("systemc", "mosaic", "eclipse")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=4, scale=0.1, end=END, weeks=1, incident=True, supplementary=True)


@pytest.fixture(scope="module")
def tables(world: World) -> Tables:
    return extract_tables(world, END)


def snapshot_of(path: Path, supplier: Supplier = "systemc") -> Snapshot:
    source = SourceConfig(id="demo", title="Demo", supplier=supplier)
    moment = dt.datetime(2026, 11, 20, 7, tzinfo=dt.UTC)
    extract = Extract("0" * 16, "demo", END, 1, "0" * 64, path.name, str(path), moment)
    return build(extract, read(open_bundle(path), source, END), source)


def lengths(snapshot: Snapshot) -> dict[str, int]:
    return {name: len(frame) for name, frame in snapshot.tables.items()}


@pytest.fixture(scope="module")
def as_zip(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(write_extract(tables, tmp_path_factory.mktemp("zip"), "demo", END, faults=0))


def test_every_canonical_table_is_filled_and_nothing_is_absent(as_zip: Snapshot) -> None:
    assert [name for name, rows in lengths(as_zip).items() if not rows] == []
    assert as_zip.rejects == []
    assert as_zip.absences == []


@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("form", ["zip", "folder", "parquet"])
def test_each_suppliers_shape_is_read_with_every_row(
    tables: Tables, as_zip: Snapshot, tmp_path: Path, form: Form, supplier: Supplier
) -> None:
    made = snapshot_of(write_extract(tables, tmp_path, "demo", END, form, 0, supplier), supplier)
    assert made.rejects == []
    assert lengths(made) == lengths(as_zip)


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_columns_are_those_of_the_suppliers_ssd(tables: Tables, shared: Path, supplier: Supplier) -> None:
    """Beside columns that the standard has and our council has not: it is enough that none is there which the supplier lacks."""
    ssd = pd.read_csv(shared / "domain" / "data" / "ssd" / "ssd_columns_v1.4.5.csv", dtype=str)
    lacks = {(row.table, row.column) for row in ssd[ssd[f"in_{supplier}"] == "False"].itertuples()}
    own = {("ssd_cla_reviews", "clar_cla_person_id")}  # the catalogue has it for Mosaic alone; System C's script of 1.4.5 has it, too
    there = {(file.removesuffix(".csv"), str(c)) for file, frame in shaped(tables, supplier).items() for c in frame.columns}
    assert there & (lacks - own) == set()


def test_a_shape_leaves_the_given_tables_as_they_were(tables: Tables) -> None:
    before = {file: frame.copy() for file, frame in tables.items()}
    for supplier in SHAPES:
        shaped(tables, supplier)
    assert all(before[file].equals(frame) for file, frame in tables.items())


def test_parquet_holds_the_same_cells_as_csv(tables: Tables, tmp_path: Path) -> None:
    path = write_extract(tables, tmp_path, "demo", END, "parquet", faults=0)
    for file in path.glob("*.parquet"):
        assert pd.read_parquet(file).astype(object).fillna("").equals(tables[f"{file.stem}.csv"].astype(object).fillna("")), file.name
    assert {p.name for p in path.glob("*.csv")} == {f for f in tables if not f.startswith("ssd_")}


def test_the_same_council_is_the_same_extract_in_every_run(tables: Tables, tmp_path: Path) -> None:
    for form in ("csv", "parquet", "cin-census"):
        one, other = (write_extract(tables, tmp_path / name, "demo", END, form) for name in "ab")
        assert content_hash(one) == content_hash(other)


def test_the_census_is_read_by_our_reader(tables: Tables, tmp_path: Path) -> None:
    made = snapshot_of(write_extract(tables, tmp_path, "demo", END, "cin-census"))
    assert made.rejects == []
    referrals = tables["ssd_cin_episodes.csv"]
    in_the_year = referrals["cine_close_date"].isna() | (referrals["cine_close_date"] >= "2026-04-01")
    assert lengths(made)["referral"] == in_the_year.sum()
    chosen = set(referrals[in_the_year]["cine_referral_id"])
    for table, file, column in (
        ("assessment", "ssd_cin_assessments", "cina_referral_id"),
        ("s47", "ssd_s47_enquiry", "s47e_referral_id"),
    ):
        assert lengths(made)[table] == tables[f"{file}.csv"][column].isin(chosen).sum()
    plans = [tables["ssd_cp_plans.csv"]["cppl_referral_id"], tables["ssd_cin_plans.csv"]["cinp_referral_id"]]
    assert lengths(made)["plan"] == sum(ids.isin(chosen).sum() for ids in plans)


def test_elements_of_the_census_are_those_of_the_sample(tables: Tables, tmp_path: Path, shared: Path) -> None:
    def names(path: Path) -> set[str]:
        return {element.tag for element in parse(path).iter()}

    ours = names(write_extract(tables, tmp_path, "demo", END, "cin-census"))
    assert ours - names(shared / "domain" / "data" / "cin_census" / "CIN_Census_2026.xml") <= {"ExpectedPersonBirthDate", "PersonDeathDate"}


@pytest.mark.parametrize("form", ["annex-a", "cin-census"])
@pytest.mark.parametrize("how", [{"supplier": "mosaic"}, {"looked_after": True}, {"supplementary": True}])
def test_forms_of_one_file_have_no_suppliers_and_no_files_beside(tmp_path: Path, form: Form, how: dict[str, bool]) -> None:
    with pytest.raises(WrongUse, match="is one file"):
        generate(tmp_path, scale=0.1, weeks=1, as_of=END, form=form, **how)  # type: ignore[arg-type]


def test_a_database_holds_text_ids_and_moments(tables: Tables, tmp_path: Path) -> None:
    rows = write_database(tables, str(tmp_path / "ssd.db"), faults=0)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ssd.db'}")
    found = sa.inspect(engine)
    assert set(found.get_table_names()) == set(rows) == {f.removesuffix(".csv") for f in tables if f.startswith("ssd_")}
    kinds = {c["name"]: type(c["type"]).__name__ for c in found.get_columns("ssd_cla_reviews")}
    assert kinds["clar_cla_review_due_date"] == "DATETIME"
    assert kinds["clar_cla_review_id"] == "VARCHAR"
    write_database({f: frame.head(1) for f, frame in tables.items()}, str(tmp_path / "ssd.db"), faults=0)
    with engine.connect() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM ssd_person").scalar() == 1, "the tables are replaced"
    engine.dispose()


def test_dates_in_a_database_are_those_of_the_standard(tables: Tables, shared: Path) -> None:
    ssd = pd.read_csv(shared / "domain" / "data" / "ssd" / "ssd_columns_v1.4.5.csv", dtype=str)
    dates = set(ssd[ssd["type"] == "DATETIME"]["column"])
    for file, frame in tables.items():
        if file.startswith("ssd_"):
            assert {c for c in frame.columns if IS_DATE.search(c)} == {c for c in frame.columns if c in dates}, file
