"""A source that is a database: drawn when it is due, once, and worth the same as the CSV files of the same council."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy import select

from caseclock import pipeline
from caseclock.demo.council import World, extract_tables, write_extract
from caseclock.demo.council_database import write_database
from caseclock.extracts.connection import Connection, NoConnection
from caseclock.now import LONDON
from caseclock.settings import Settings, from_environment
from caseclock.storage import schema as t

from .conftest import FRIDAYS, small_configuration

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

LAST = FRIDAYS[-1]
FRIDAY = dt.datetime.combine(LAST, dt.time(6, 30), LONDON)
TEN_TO = FRIDAY - dt.timedelta(minutes=10)


@pytest.fixture(scope="module")
def ssd(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The council of the last Friday as a SQLite file."""
    file = tmp_path_factory.mktemp("ssd") / "ssd.db"
    write_database(extract_tables(world, LAST), str(file))
    return file


def settings_of(home: Path, **databases: dict[str, object]) -> Settings:
    """A house with a source per keyword; `cadence` beside the keys of `database`."""
    small_configuration(home / "monitoring")
    shipped = home / "monitoring" / "sources" / "demo.yaml"
    plain = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    shipped.unlink()
    for name, said in databases.items():
        said = dict(said)
        cadence = said.pop("cadence", "working_day")
        if cadence == "weekly":
            _reminders_that_suit_weekly_data(home / "monitoring" / "thresholds.yaml")
        source = {**plain, "id": name, "cadence": cadence, "database": {"connection": "ssd", **said}}
        (home / "monitoring" / "sources" / f"{name}.yaml").write_text(yaml.safe_dump(source), encoding="utf-8")
    return from_environment(home, {})


def _reminders_that_suit_weekly_data(file: Path) -> None:
    rules = [{**rule, "repeat_wd": max(5, rule.get("repeat_wd", 5))} for rule in yaml.safe_load(file.read_text(encoding="utf-8"))]
    file.write_text(yaml.safe_dump(rules), encoding="utf-8")


@contextmanager
def house_of(settings: Settings, *known: Connection) -> Iterator[pipeline.House]:
    def find(id: str) -> Connection:
        for one in known:
            if one.id == id:
                return one
        raise NoConnection("it is not known", where=f"connection {id}")

    with pipeline.open_house(settings, find) as house:
        yield house


def sqlite(file: Path, id: str = "ssd") -> Connection:
    return Connection(id, "sqlite", schema=str(file))


def names(reports: list[pipeline.house.Report]) -> list[str]:
    return [str(r.get("name") or r["failed"]) for r in reports]


def take(house: pipeline.House, path: Path, at: dt.datetime = FRIDAY) -> pipeline.house.Report:
    return pipeline.run(house, pipeline.in_order(house, (path,), None, None)[0], at, deliver=False)


# --- worth the same ------------------------------------------------------------------------------------------------
KEEP = ("verdict", "measures", "alerts", "tables")


def figures(report: pipeline.house.Report) -> dict[str, object]:
    return json.loads(json.dumps({key: report[key] for key in KEEP}, default=str))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def of_the_files(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The figures of the same council as a zip of CSV."""
    at = tmp_path_factory.mktemp("files")
    with house_of(settings_of(at / "home", demo={})) as house:
        return figures(take(house, write_extract(extract_tables(world, LAST), at, "demo", LAST)))


def test_a_sqlite_file_gives_the_figures_of_the_csv_files(ssd: Path, of_the_files: dict[str, object], tmp_path: Path) -> None:
    with house_of(settings_of(tmp_path, demo={}), sqlite(ssd)) as house:
        [drawn] = pipeline.pull_due(house, FRIDAY)
        assert figures(take(house, house.settings.inbox / str(drawn["name"]))) == of_the_files


def test_postgresql_gives_the_figures_of_the_csv_files(world: World, of_the_files: dict[str, object], tmp_path: Path) -> None:
    with server_url(tmp_path / "pg") as text:
        url = sa.make_url(text)
        write_database(extract_tables(world, LAST), text, "ssd_development")
        server = Connection("ssd", "postgres", url.host, url.username, url.password, url.port, url.database, dict(url.query))
        with house_of(settings_of(tmp_path / "home", demo={"db_schema": "ssd_development"}), server) as house:
            [drawn] = pipeline.pull_due(house, FRIDAY)
            assert drawn["one_moment"] is True
            path = house.settings.inbox / str(drawn["name"])
            report = take(house, path)
            assert figures(report) == of_the_files
            again = pipeline.pull_now(house, "demo", LAST, FRIDAY)
            assert names(again) == [path.name], "the same data are the same extract"
            _without_a_worker(text)
            second = take(house, house.settings.inbox / str(pipeline.pull_now(house, "demo", LAST, FRIDAY)[0]["name"]))
            assert second["extract"]["revision"] == 2
            assert figures(second) != of_the_files


def _without_a_worker(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as c:
        c.exec_driver_sql("DELETE FROM ssd_development.ssd_involvements WHERE invo_professional_team = 'SA1'")
    engine.dispose()


def test_postgresql_is_read_as_of_one_moment(tmp_path: Path) -> None:
    """A row that comes while the first table is read is in none of them."""
    from caseclock.extracts.database_view import one_view

    with server_url(tmp_path / "pg") as text:
        url = sa.make_url(text)
        server = Connection("ssd", "postgres", url.host, url.username, url.password, url.port, url.database, dict(url.query))
        writer = sa.create_engine(text)
        with writer.begin() as c:
            c.exec_driver_sql("CREATE TABLE a (x INT)")
            c.exec_driver_sql("CREATE TABLE b (x INT)")
        with one_view(server, "source north") as (c, one_moment):
            assert c.exec_driver_sql("SELECT count(*) FROM a").scalar() == 0
            with writer.begin() as other:
                other.exec_driver_sql("INSERT INTO a VALUES (1)")
                other.exec_driver_sql("INSERT INTO b VALUES (1)")
            assert c.exec_driver_sql("SELECT count(*) FROM b").scalar() == 0
            assert one_moment
            with pytest.raises(sa.exc.DBAPIError, match="read-only"):
                c.exec_driver_sql("INSERT INTO a VALUES (2)")
        writer.dispose()


# --- when it is due ------------------------------------------------------------------------------------------------
def test_it_is_drawn_once_when_its_time_has_come(ssd: Path, tmp_path: Path) -> None:
    with house_of(settings_of(tmp_path, north={}), sqlite(ssd)) as house:
        assert pipeline.pull_due(house, TEN_TO) == []
        assert names(pipeline.pull_due(house, FRIDAY)) == ["north__2026-11-20"]
        assert pipeline.pull_due(house, FRIDAY + dt.timedelta(minutes=15)) == [], "it waits in the inbox"
        path = house.settings.inbox / "north__2026-11-20"
        pipeline.add(house, pipeline.Arrival(path, "north", LAST), FRIDAY)
        shutil.rmtree(path)
        assert pipeline.pull_due(house, FRIDAY + dt.timedelta(minutes=30)) == [], "it has been claimed"


def test_an_extract_that_somebody_has_dropped_is_not_drawn_as_well(ssd: Path, tmp_path: Path) -> None:
    with house_of(settings_of(tmp_path, north={}), sqlite(ssd)) as house:
        house.settings.inbox.mkdir()
        (house.settings.inbox / "north__2026-11-20.zip").write_bytes(b"")
        assert pipeline.pull_due(house, FRIDAY) == []


SUMMER = dt.datetime(2026, 7, 3, 5, 30, tzinfo=dt.UTC)  # 06:30 in London


@pytest.mark.parametrize(
    ("database", "now", "drawn"),
    [
        ({}, FRIDAY + dt.timedelta(days=1), []),  # Saturday
        ({}, dt.datetime(2026, 12, 25, 9, tzinfo=LONDON), []),
        ({}, dt.datetime(2026, 11, 23, 6, 30, tzinfo=LONDON), ["north__2026-11-23"]),
        ({"as_of": "yesterday"}, dt.datetime(2026, 11, 23, 6, 30, tzinfo=LONDON), ["north__2026-11-22"]),
        ({"at": "14:10"}, FRIDAY, []),
        ({"at": "14:10"}, FRIDAY.replace(hour=14, minute=15), ["north__2026-11-20"]),
        ({"at": "23:59"}, FRIDAY.replace(hour=23, minute=45), ["north__2026-11-20"]),  # the last look of the day
        ({}, SUMMER, ["north__2026-07-03"]),
        ({}, SUMMER - dt.timedelta(minutes=1), []),
    ],
)
def test_when_it_is_drawn(ssd: Path, tmp_path: Path, database: dict[str, object], now: dt.datetime, drawn: list[str]) -> None:
    with house_of(settings_of(tmp_path, north=database), sqlite(ssd)) as house:
        assert names(pipeline.pull_due(house, now)) == drawn


def test_a_weekly_source_is_drawn_a_week_after_the_last_one_or_on_the_next_working_day(ssd: Path, tmp_path: Path) -> None:
    with house_of(settings_of(tmp_path, north={"cadence": "weekly"}), sqlite(ssd)) as house:
        drawn = []
        for day in range(46):  # 20 November to 4 January; 25 December and 1 January are Fridays
            now = FRIDAY + dt.timedelta(days=day)
            for report in pipeline.pull_due(house, now):
                path = house.settings.inbox / str(report["name"])
                pipeline.add(house, pipeline.Arrival(path, "north", now.date()), now)
                shutil.rmtree(path)
                drawn.append(str(now.date()))
        assert drawn == ["2026-11-20", "2026-11-27", "2026-12-04", "2026-12-11", "2026-12-18", "2026-12-29"]


# --- when it fails -------------------------------------------------------------------------------------------------
def test_one_database_that_fails_stops_no_other_one_and_is_told_once_a_day(ssd: Path, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, east={"connection": "gone"}, north={}, south={"connection": "nobody"})
    with house_of(settings, sqlite(ssd), sqlite(tmp_path / "gone.db", "gone")) as house:
        first = pipeline.pull_due(house, FRIDAY)
        assert [r["source"] for r in first if "name" in r] == ["north"]
        assert ["east" in str(r["failed"]) or "nobody" in str(r["failed"]) for r in first if "failed" in r] == [True, True]
        second = pipeline.pull_due(house, FRIDAY + dt.timedelta(minutes=15))
        assert [r["source"] for r in second] == ["east", "south"], "they are tried again"
        with house.engine.begin() as c:
            told = [row.key for row in c.execute(select(t.outbox.c.key, t.outbox.c.recipient))]
        assert len(told) == 2 * _recipients(house)
        with pytest.raises(pipeline.pull.NotDrawn, match="east: source east, connection gone"):
            pipeline.check_pulled(second)
        pipeline.check_pulled([r for r in first if "name" in r])


def _recipients(house: pipeline.House) -> int:
    from caseclock.notifications.routes import channels_of

    return sum(len(channels_of(house.config.routes.known(r))) for r in house.config.routes.data)


# --- by hand -------------------------------------------------------------------------------------------------------
def caseclock(*words: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("CASECLOCK")}
    program = Path(sys.executable).with_name("caseclock")
    command = [str(program), *words, "--home", str(home)]
    return subprocess.run(command, env=plain | env, capture_output=True, text=True, check=False)


def test_caseclock_pull(ssd: Path, tmp_path: Path) -> None:
    settings_of(tmp_path, north={})
    uri = {"CASECLOCK_CONN_SSD": f"sqlite:///{ssd}"}
    done = caseclock("pull", "--now", "2026-11-20T05:00", home=tmp_path, **uri)
    assert (done.returncode, done.stderr) == (0, "")
    assert "north__2026-11-20: " in done.stdout
    assert (tmp_path / "inbox" / "north__2026-11-20" / "ssd_person.parquet").is_file()
    done = caseclock("pull", "--source", "north", "--as-of", "2026-11-19", "--now", "2026-11-20T09:00", "--json", home=tmp_path, **uri)
    assert json.loads(done.stdout)["name"] == "north__2026-11-19"


@pytest.mark.parametrize(
    ("words", "env", "code", "said"),
    [
        (["--source", "east"], {}, 2, "source east has no database; expected north"),
        (["--as-of", "2099-01-01"], {}, 2, "lies in the future"),
        ([], {}, 3, "CASECLOCK_CONN_SSD"),
        ([], {"CASECLOCK_CONN_SSD": "sqlite:///nowhere/ssd.db"}, 3, "source north, connection ssd: the database cannot be reached"),
        ([], {"CASECLOCK_CONN_SSD": "oracle://db/ssd"}, 1, "postgres, mssql or sqlite"),
    ],
)
def test_what_goes_wrong_by_hand_is_one_sentence(tmp_path: Path, words: list[str], env: dict[str, str], code: int, said: str) -> None:
    settings_of(tmp_path, north={})
    done = caseclock("pull", *words, home=tmp_path, **env)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
