"""An extract out of a database: what is selected, that the same data makes the same bytes, and that no error says too much."""

from __future__ import annotations

import datetime as dt
import json
import os
import traceback
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from caseclock.errors import BadConfig
from caseclock.extracts.bundle import content_hash
from caseclock.extracts.connection import Connection, from_environment
from caseclock.extracts.database import _LESS, Drawn, Found, draw, select_of
from caseclock.extracts.database_view import DatabaseFault, url_of
from caseclock.extracts.naming import identify
from caseclock.extracts.readers.ssd.files import FILES
from caseclock.extracts.source import SourceConfig

AS_OF = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 6, 30, tzinfo=dt.UTC)
CANARY = "CANARY-7f3a"
S47 = (
    '{"CP_CONFERENCE_FLAG": "Y", "NFA_FLAG": "N", "OUTCOME_COMMENTS": "CANARY-7f3a"}',
    '{"CP_CONFERENCE_FLAG": "Y", "OUTCOME_COMMENTS": "a "CANARY-7f3a" b"}',
    None,
)


def source(**database: object) -> SourceConfig:
    return SourceConfig.model_validate({"id": "north", "title": "North", "database": {"connection": "ssd", **database}})


def connection(file: Path) -> Connection:
    return Connection("ssd", "sqlite", schema=str(file))


@pytest.fixture
def ssd(tmp_path: Path) -> Path:
    """A small SSD with names, comments and a table that nobody reads."""
    file = tmp_path / "ssd.db"
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as c:
        c.exec_driver_sql("CREATE TABLE ssd_person (pers_person_id TEXT, pers_forename TEXT, pers_dob TEXT, PERS_SEX TEXT)")
        c.exec_driver_sql("CREATE TABLE SSD_CIN_Episodes (cine_referral_id TEXT, cine_person_id TEXT, cine_referral_date TEXT, note TEXT)")
        c.exec_driver_sql("CREATE TABLE ssd_s47_enquiry (s47e_s47_enquiry_id INT, s47e_person_id TEXT, s47e_s47_outcome_json TEXT)")
        c.exec_driver_sql("CREATE TABLE ssd_voice_of_child (x TEXT)")
        for i in (3, 1, 2):
            c.exec_driver_sql("INSERT INTO ssd_person VALUES (?, ?, '2015-04-01', 'F')", (f"p{i}", f"{'TEST' * (i == 3)} {CANARY}"))
            c.exec_driver_sql("INSERT INTO SSD_CIN_Episodes VALUES (?, ?, '2026-11-02', ?)", (f"r{i}", f"p{i}", CANARY))
            c.exec_driver_sql("INSERT INTO ssd_s47_enquiry VALUES (?, ?, ?)", (i, f"p{i}", S47[i - 1]))
    engine.dispose()
    return file


def take(file: Path, to: Path, **database: object) -> Drawn:
    return draw(source(**database), connection(file), AS_OF, to, NOW)


def change(file: Path, statement: str) -> None:
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as c:
        c.exec_driver_sql(statement)
    engine.dispose()


def columns(drawn: Drawn, table: str) -> dict[str, list[str | None]]:
    made: dict[str, list[str | None]] = pq.read_table(drawn.path / f"{table}.parquet").to_pydict()
    return made


def test_it_lands_whole_under_a_name_that_says_what_it_is(ssd: Path, tmp_path: Path) -> None:
    drawn = take(ssd, tmp_path / "inbox")
    assert [p.name for p in (tmp_path / "inbox").iterdir()] == ["north__2026-11-20"], "nothing half-written stays"
    said = json.loads((drawn.path / "manifest.json").read_text())
    assert (said["source"], said["as_of"], said["exported_at"]) == ("north", "2026-11-20", NOW.isoformat())
    assert {f["name"] for f in said["files"]} == {"ssd_person.parquet", "ssd_cin_episodes.parquet", "ssd_s47_enquiry.parquet"}
    assert identify(drawn.path) == ("north", AS_OF)
    assert drawn.rows == {"ssd_person": 3, "ssd_cin_episodes": 3, "ssd_s47_enquiry": 3}
    assert drawn.one_moment


def test_nothing_that_the_reader_looks_at_for_a_flag_is_forgotten() -> None:
    """A flag column that is new must be looked at: is it free text or a name, of which less will do?"""
    known = {
        "pers_dob",
        "pers_expected_dob",
        "s47e_s47_nfa",
        "icpc_icpc_transfer_in",
        "prof_professional_name",
        "prof_professional_job_title",
    }
    assert {flag for spec in FILES for flag in spec.flags} == known | set(_LESS)


def test_a_table_that_is_not_there_is_left_out(ssd: Path, tmp_path: Path) -> None:
    drawn = take(ssd, tmp_path / "inbox")
    assert "ssd_cp_plans" in drawn.left_out
    assert set(drawn.left_out) | set(drawn.rows) == {f.name for f in FILES}


def test_only_columns_that_are_read_are_taken_and_no_comment(ssd: Path, tmp_path: Path) -> None:
    drawn = take(ssd, tmp_path / "inbox")
    assert list(columns(drawn, "ssd_person")) == ["pers_person_id", "pers_forename", "pers_dob", "PERS_SEX"]
    assert columns(drawn, "ssd_person")["pers_forename"] == [None, None, "TEST"]
    assert list(columns(drawn, "ssd_cin_episodes")) == ["cine_referral_id", "cine_person_id", "cine_referral_date"]
    said = columns(drawn, "ssd_s47_enquiry")["s47e_s47_outcome_json"]
    assert said[0] == '{"CP_CONFERENCE_FLAG": "Y", "NFA_FLAG": "N"}'
    assert said[1] == '{"CP_CONFERENCE_FLAG": "Y",', "a malformed JSON stays malformed, so that it is counted"
    assert said[2] is None
    assert CANARY not in str([pq.read_table(f).to_pydict() for f in drawn.path.glob("*.parquet")])


def test_the_same_data_in_another_order_is_the_same_extract(ssd: Path, tmp_path: Path) -> None:
    first = take(ssd, tmp_path / "a")
    change(ssd, "CREATE TABLE t AS SELECT * FROM ssd_person ORDER BY pers_person_id DESC")
    change(ssd, "DROP TABLE ssd_person")
    change(ssd, "ALTER TABLE t RENAME TO ssd_person")
    change(ssd, "UPDATE ssd_person SET pers_forename = 'test of another CANARY-7f3a' WHERE pers_person_id = 'p3'")
    change(ssd, "UPDATE ssd_person SET pers_forename = 'another CANARY-7f3a' WHERE pers_person_id = 'p1'")
    again = take(ssd, tmp_path / "b")
    assert columns(first, "ssd_person")["pers_person_id"] == ["p1", "p2", "p3"]
    assert content_hash(first.path) == content_hash(again.path)


def test_a_key_that_stands_twice_still_comes_in_one_order(ssd: Path, tmp_path: Path) -> None:
    found = []
    for n, order in enumerate(("M", "F"), 1):
        change(ssd, "DELETE FROM ssd_person")
        for sex in (order, {"M": "F", "F": "M"}[order]):
            change(ssd, f"INSERT INTO ssd_person VALUES ('p1', 'x', '2015-04-01', '{sex}')")
        found.append(content_hash(take(ssd, tmp_path / str(n)).path))
    assert found[0] == found[1]


def test_drawn_again_before_it_was_claimed(ssd: Path, tmp_path: Path) -> None:
    first = take(ssd, tmp_path / "inbox")
    assert take(ssd, tmp_path / "inbox").path == first.path, "nothing is new"
    change(ssd, "DELETE FROM ssd_person WHERE pers_person_id = 'p1'")
    second = take(ssd, tmp_path / "inbox")
    assert second.path.name == "north__2026-11-20.2"
    assert identify(second.path) == ("north", AS_OF)


def test_what_a_killed_draw_left_is_cleared_away_after_a_day(ssd: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for name, age in (("old", 30), ("new", 1)):
        left = inbox / f".north__2026-11-1{name}.part"
        left.mkdir(parents=True)
        (left / "ssd_person.parquet").write_text("half")
        at = (NOW - dt.timedelta(hours=age)).timestamp()
        os.utime(left, (at, at))
    take(ssd, inbox)
    assert sorted(p.name for p in inbox.iterdir()) == [".north__2026-11-1new.part", "north__2026-11-20"]


def test_a_table_by_another_name(ssd: Path, tmp_path: Path) -> None:
    change(ssd, "CREATE VIEW people_2026 AS SELECT pers_person_id, pers_dob FROM ssd_person")
    drawn = take(ssd, tmp_path / "inbox", names={"ssd_person": "People_2026"})
    assert list(columns(drawn, "ssd_person")) == ["pers_person_id", "pers_dob"]


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ({"names": {"ssd_persons": "x"}}, "`names` has ssd_persons"),
        ({"names": {"ssd_person": "nowhere"}}, "nowhere of `names` is not in"),
    ],
)
def test_a_slip_in_the_source_is_named(ssd: Path, tmp_path: Path, database: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        take(ssd, tmp_path / "inbox", **database)
    assert list((tmp_path / "inbox").iterdir()) == []


def test_a_database_without_the_ssd_is_no_extract(tmp_path: Path) -> None:
    change(tmp_path / "empty.db", "CREATE TABLE other (x TEXT)")
    with pytest.raises(BadConfig, match="holds no table of the SSD"):
        take(tmp_path / "empty.db", tmp_path / "inbox")


def test_a_database_that_is_not_there_is_a_fault_of_the_surroundings(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFault, match=r"source north, connection ssd: the database cannot be reached.*OperationalError") as caught:
        take(tmp_path / "nowhere" / "ssd.db", tmp_path / "inbox")
    assert caught.value.exit_code == 3, "it is tried again"
    assert list((tmp_path / "inbox").iterdir()) == []


def test_a_file_that_is_no_database_is_said_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "ssd.db").write_text(CANARY * 100)
    with pytest.raises(DatabaseFault) as caught:
        take(tmp_path / "ssd.db", tmp_path / "inbox")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_no_error_holds_a_login(tmp_path: Path) -> None:
    secret = Connection("ssd", "postgres", host="127.0.0.1", login="reader", password=CANARY, port=9, schema="hdm")
    with pytest.raises(DatabaseFault) as caught:
        draw(source(), secret, AS_OF, tmp_path, NOW)
    told = "".join(traceback.format_exception(caught.value)) + str(caught.value)
    assert "source north, connection ssd" in told
    assert not [word for word in (CANARY, "reader", "127.0.0.1") if word in told]


def test_the_database_is_never_written_to(ssd: Path, tmp_path: Path) -> None:
    before = ssd.read_bytes()
    ssd.chmod(0o444)
    take(ssd, tmp_path / "inbox")
    assert ssd.read_bytes() == before
    assert "mode=ro" in str(url_of(connection(ssd)))


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("postgres", "postgresql+psycopg2://reader:***@db:1/hdm?sslmode=require"),
        ("mssql", "mssql+pymssql://reader:***@db:1/hdm?sslmode=require"),
        ("mssql+pyodbc", "mssql+pyodbc://reader:***@db:1/hdm?sslmode=require"),
    ],
)
def test_a_connection_as_a_url(kind: str, url: str) -> None:
    made = url_of(Connection("ssd", kind, "db", "reader", "p@ss", 1, "hdm", {"sslmode": "require", "options": {"left": "out"}}))
    assert str(made) == url
    assert made.password == "p@ss"


def test_a_type_of_database_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadConfig, match="postgres, mssql or sqlite"):
        url_of(Connection("ssd", "oracle", "db"))


@pytest.mark.parametrize("uri, database", [("sqlite:///ssd.db", "ssd.db"), ("sqlite:////srv/north/ssd.db", "/srv/north/ssd.db")])
def test_a_sqlite_file_by_its_path_relative_or_from_the_root(uri: str, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASECLOCK_CONN_SSD", uri)
    assert url_of(from_environment("ssd")).database == f"file:{database}"


def _compiled(columns: dict[str, sa.types.TypeEngine[object]], schema: str) -> str:
    """For SQL Server. This is as near as it gets here: the statement was not run against one."""
    spec = next(f for f in FILES if f.name == "ssd_s47_enquiry")
    statement = select_of(Found(spec, "ssd_s47_enquiry", columns), schema, "mssql")
    return " ".join(str(statement.compile(dialect=mssql.dialect())).split())


def test_the_statement_for_sql_server() -> None:
    kinds = {"s47e_person_id": sa.Unicode(48), "s47e_s47_enquiry_id": sa.Unicode(48), "s47e_s47_outcome_json": mssql.NTEXT()}
    assert _compiled(kinds, "dbo") == (
        "SELECT dbo.[ssd_s47_enquiry].[s47e_person_id], dbo.[ssd_s47_enquiry].[s47e_s47_enquiry_id], "
        "dbo.[ssd_s47_enquiry].[s47e_s47_outcome_json] FROM dbo.[ssd_s47_enquiry] "
        "ORDER BY dbo.[ssd_s47_enquiry].[s47e_s47_enquiry_id], dbo.[ssd_s47_enquiry].[s47e_person_id]"
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (dt.datetime(2026, 7, 1, 23, 30), "2026-07-01"),
        (dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC), "2026-07-02"),
        (dt.datetime(2026, 12, 1, 23, 30, tzinfo=dt.UTC), "2026-12-01"),
        (dt.date(2026, 7, 1), "2026-07-01"),
        (True, "Y"),
        (False, "N"),
        (12, "12"),
        (12.0, "12"),
        (0.6, "0.6"),
        (Decimal("0.80"), "0.80"),
        (Decimal("1E+3"), "1000"),
        ("  padded ", "  padded "),
        (None, None),
    ],
)
def test_a_cell_as_text(cell: object, text: str | None) -> None:
    from caseclock.extracts.database import _cells

    spec = next(f for f in FILES if f.name == "ssd_person")
    assert _cells(spec, "pers_death_date", [cell]) == [text]
