"""Fetching: once, whole, killed anywhere, and one location that fails stops no other one."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from caseclock import now as clock
from caseclock import pipeline
from caseclock.errors import WrongUse
from caseclock.extracts.connection import Connection, NoConnection
from caseclock.pipeline import House
from caseclock.settings import from_environment, shipped_config
from caseclock.storage import schema as t
from location_servers import a_zip

DAY = "2026-11-20"


def no_connections(id: str) -> Connection:
    raise NoConnection("it is not known", where=f"connection {id}")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    at = tmp_path / "there"
    at.mkdir()
    return at


@contextmanager
def house_at(home: Path, locations: dict[str, dict[str, object]]) -> Iterator[House]:
    """A house whose sources have these locations."""
    shutil.copytree(shipped_config(), home / "monitoring", dirs_exist_ok=True)
    for id, location in locations.items():
        given = {"id": id, "title": id, "location": {"settle_seconds": 0, **location}}
        (home / "monitoring" / "sources" / f"{id}.yaml").write_text(yaml.safe_dump(given))
    with pipeline.open_house(from_environment(home, {}), no_connections) as house:
        yield house


def soon() -> dt.datetime:
    """After everything that the test has just written."""
    return clock.now() + dt.timedelta(seconds=5)


def messages(house: House) -> list[str]:
    with house.engine.connect() as c:
        return [str(row.payload) for row in c.execute(select(t.outbox))]


def test_what_is_new_comes_into_the_source_s_own_folder_once(tmp_path: Path, there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    with house_at(tmp_path / "home", {"north": {"url": f"file://{there}"}}) as house:
        inbox = house.settings.inbox
        [report] = pipeline.fetch_all(house, soon())
        assert (report["source"], report["fetched"]) == ("north", [f"{DAY}.zip"])
        assert pipeline.paths_of(house, [report]) == [inbox / "north" / f"{DAY}.zip"]
        [again] = pipeline.fetch_all(house, soon())
        assert (again["fetched"], again["known"]) == ([], 1)
        pipeline.claim_inbox(house, soon(), fetched=pipeline.paths_of(house, [report]))
        with house.engine.connect() as c:
            assert [(e.source, e.as_of, e.revision) for e in c.execute(select(t.extract))] == [("north", DAY, 1)]
        assert pipeline.fetch_all(house, soon())[0]["fetched"] == []


def test_what_was_replaced_comes_again_as_the_next_revision(tmp_path: Path, there: Path) -> None:
    with house_at(tmp_path / "home", {"north": {"url": f"file://{there}"}}) as house:
        for n, text in enumerate(("a\n1\n", "a\n22\n"), 1):
            (there / f"{DAY}.zip").write_bytes(a_zip(text))
            [report] = pipeline.fetch_all(house, soon())
            assert report["fetched"] == [f"{DAY}.zip"]
            pipeline.claim_inbox(house, soon(), fetched=pipeline.paths_of(house, [report]))
            with house.engine.connect() as c:
                assert sorted(c.execute(select(t.extract.c.revision)).scalars()) == list(range(1, n + 1))


def test_what_waits_in_the_inbox_is_not_replaced_before_it_is_claimed(tmp_path: Path, there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    with house_at(tmp_path / "home", {"north": {"url": f"file://{there}"}}) as house:
        pipeline.fetch_all(house, soon())
        (there / f"{DAY}.zip").write_bytes(a_zip("a\n22\n"))
        [report] = pipeline.fetch_all(house, soon())
        assert (report["fetched"], report["waiting"]) == ([], 1)
        assert (house.settings.inbox / "north" / f"{DAY}.zip").read_bytes() == a_zip()
        pipeline.claim_inbox(house, soon() + dt.timedelta(minutes=1))
        assert pipeline.fetch_all(house, soon())[0]["fetched"] == [f"{DAY}.zip"]


def test_one_location_that_fails_stops_no_other_and_is_told_once_a_day(tmp_path: Path, there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    places: dict[str, dict[str, object]] = {
        "aaa": {"url": f"file://{tmp_path / 'none'}"},
        "bbb": {"url": "s3://extracts/in", "connection": "unknown"},
        "ccc": {"url": f"file://{there}"},
    }
    with house_at(tmp_path / "home", places) as house:
        for _ in range(3):
            reports = {r["source"]: r for r in pipeline.fetch_all(house, soon())}
            assert "no such folder" in reports["aaa"]["fault"]
            assert "connection unknown" in reports["bbb"]["fault"]
            assert "fault" not in reports["ccc"]
        assert (house.settings.inbox / "ccc" / f"{DAY}.zip").exists()
        told = messages(house)
        assert len(told) == 2
        assert all("fetching from the location of" in text for text in told)
        later = soon() + dt.timedelta(days=1)
        pipeline.fetch_all(house, later)
        assert len(messages(house)) == 4, "the next day it is told again"


def test_after_a_fault_a_location_rests_unless_somebody_asks_by_hand(tmp_path: Path, there: Path) -> None:
    home = tmp_path / "home"
    with house_at(home, {"north": {"url": f"file://{tmp_path / 'none'}"}}) as house:
        first = soon()
        pipeline.fetch_all(house, first)
        (tmp_path / "none").mkdir()
        assert "fault" in pipeline.fetch_all(house, first + dt.timedelta(seconds=59))[0], "nobody asked the server again"
        assert pipeline.waiting_afar(house, first + dt.timedelta(seconds=59)) == frozenset()
        assert "fault" not in pipeline.fetch_all(house, first + dt.timedelta(seconds=1), by_hand=True)[0]
        assert "fault" not in pipeline.fetch_all(house, first + dt.timedelta(seconds=2))[0], "success ends the rest"


def test_what_only_a_person_can_put_right_rests_for_an_hour(tmp_path: Path) -> None:
    asked: list[str] = []

    def connections(id: str) -> Connection:
        asked.append(id)
        return Connection(id, "aws")

    with house_at(tmp_path / "home", {"north": {"url": "sftp://host/in", "connection": "drop"}}) as bare:
        house = House(bare.settings, bare.engine, connections)
        first = soon()
        for minutes in (0, 1, 30, 59):
            assert "of type aws" in pipeline.fetch_all(house, first + dt.timedelta(minutes=minutes))[0]["fault"]
        assert len(asked) == 1
        pipeline.fetch_all(house, first + dt.timedelta(minutes=61))
        assert len(asked) == 2


def test_a_second_process_does_not_fetch_the_same_beside_the_first(tmp_path: Path, there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    with house_at(tmp_path / "home", {"north": {"url": f"file://{there}"}}) as house:
        folder = house.settings.inbox / ".fetching"
        folder.mkdir(parents=True)
        with (folder / "north.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert "another process is fetching" in pipeline.fetch_all(house, soon())[0]["fault"]
        assert messages(house) == [], "that is no fault"
        assert pipeline.fetch_all(house, soon())[0]["fetched"] == [f"{DAY}.zip"]


def test_the_watcher_sees_what_a_fetch_would_bring_and_nothing_after_it(tmp_path: Path, there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    with house_at(tmp_path / "home", {"north": {"url": f"file://{there}"}, "west": {"url": f"file://{tmp_path / 'none'}"}}) as house:
        assert len(pipeline.waiting_afar(house, soon())) == 1
        pipeline.fetch_all(house, soon())
        assert pipeline.waiting_afar(house, soon()) == frozenset()


def test_a_source_without_location_is_said(tmp_path: Path) -> None:
    with house_at(tmp_path / "home", {}) as house:
        assert pipeline.fetch_all(house, soon()) == []
        with pytest.raises(WrongUse, match="source demo has no location; expected no source has one"):
            pipeline.fetch_all(house, soon(), "demo")


def test_no_location_costs_no_import(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from caseclock import pipeline, now; from caseclock.settings import from_environment\n"
        f"with pipeline.open_house(from_environment({str(tmp_path)!r}, {{}})) as house: pipeline.fetch_all(house, now.now())\n"
        "print(sorted({'fsspec', 'paramiko', 's3fs'} & set(sys.modules)))"
    )
    include = str(Path(pipeline.__file__).parents[2])
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": include}
    )
    assert made.stdout.strip() == "[]"


# --- killed ---------------------------------------------------------------------------------------------------------
def _killed_at(home: Path, there: Path, place: int) -> bool:
    """Fetches in a fork that is killed before its n-th line of our code is run; whether it came that far."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            lines = 0

            def trace(frame, event, _):  # type: ignore[no-untyped-def]
                nonlocal lines
                if not frame.f_code.co_filename.endswith(("pipeline/fetch.py", "extracts/locations.py", "storage/fetched.py")):
                    return None
                if event == "line":
                    lines += 1
                    if lines == place:
                        os.kill(os.getpid(), signal.SIGKILL)
                return trace

            with house_at(home, {"north": {"url": f"file://{there}"}}) as house:
                sys.settrace(trace)
                pipeline.fetch_all(house, soon(), by_hand=True)
                sys.settrace(None)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_killed_before_any_line_and_fetched_again_it_counts_once(tmp_path: Path, there: Path) -> None:
    """Every 41st line that is run of fetching, from the first to the last."""
    folder = there / "2026-11-19"
    folder.mkdir()
    (folder / "ssd_person.csv").write_text("a\n1\n")
    (folder / "_SUCCESS").touch()
    (there / f"{DAY}.zip").write_bytes(a_zip())
    places, place, kills = [], 1, 0
    while True:
        home = tmp_path / f"at{place}"
        killed = _killed_at(home, there, place)
        if not killed:
            break
        kills += 1
        places.append(place)
        with house_at(home, {"north": {"url": f"file://{there}"}}) as house:
            for _ in range(2):  # the first may have to wait until what lies in the inbox is claimed
                reports = pipeline.fetch_all(house, soon(), by_hand=True)
                assert "fault" not in reports[0]
                pipeline.claim_inbox(house, soon() + dt.timedelta(minutes=1), fetched=pipeline.paths_of(house, reports))
            with house.engine.connect() as c:
                found = sorted((e.as_of, e.revision) for e in c.execute(select(t.extract)))
                claimed = [Path(p) for p in c.execute(select(t.extract.c.path)).scalars()]
            assert found == [("2026-11-19", 1), (DAY, 1)], f"killed before line {place}"
            assert all(p.exists() for p in claimed)
            assert [p for p in house.settings.inbox.rglob("*") if p.is_file() and ".fetching" not in p.parts] == []
            assert pipeline.fetch_all(house, soon())[0]["known"] == 2
        shutil.rmtree(home)
        place += 41
    print(f"{kills} kills at lines {places[0]} to {places[-1]}")
    assert kills > 8
