"""Revisions of one date: whichever way they arrive and their steps are run, the one that counts is the newest export."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "extracts"))

from made_extracts import folder

from caseclock import pipeline
from caseclock.now import LONDON
from caseclock.pipeline import House
from caseclock.settings import from_environment
from caseclock.storage import ledger, migrate
from caseclock.storage import schema as t
from caseclock.storage.alerts import SqlAlerts
from caseclock.storage.engine import open_engine, reading

DAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 18, tzinfo=LONDON)


def exported(hour: int | None) -> dt.datetime | None:
    return None if hour is None else dt.datetime(2026, 11, 20, hour, tzinfo=dt.UTC)


def the_one_that_counts(arrivals: list[int | None]) -> int:
    """Index of it, by the rule in words: each takes the place of those before it, unless it and one of them say when they were exported
    and that one was exported later."""
    counts = 0
    for n, hour in enumerate(arrivals):
        if hour is None or all(before is None or before <= hour for before in arrivals[:n]):
            counts = n
    return counts


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=6))
def test_in_any_order_of_arrival_the_ledger_knows_which_counts(arrivals: list[int | None]) -> None:
    engine = open_engine("sqlite://")
    with engine.begin() as c:
        t.metadata.create_all(c)
        for n, hour in enumerate(arrivals):
            ledger.claim(c, f"e{n}", "north", DAY, f"sha{n}", "x.zip", f"claimed/{n}", NOW, exported(hour))
        rows = ledger.extracts(c)
        newest = ledger.newest_of(c, "north", DAY)
        assert [e.revision for e in rows] == list(range(1, len(arrivals) + 1)), "each is kept, and has its number"
        assert newest is not None
        assert newest.id == f"e{the_one_that_counts(arrivals)}"
        assert all(e.superseded for e in rows if e.revision > newest.revision)
        assert newest.superseded is None
    engine.dispose()


@settings(max_examples=25, deadline=None)
@given(order=st.permutations([6, 8, 10, 12]))
def test_when_all_say_when_they_were_exported_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    engine = open_engine("sqlite://")
    with engine.begin() as c:
        t.metadata.create_all(c)
        for hour in order:
            ledger.claim(c, f"at{hour}", "north", DAY, f"sha{hour}", "x.zip", f"claimed/{hour}", NOW, exported(hour))
        newest = ledger.newest_of(c, "north", DAY)
        assert newest is not None
        assert newest.id == "at12"
    engine.dispose()


# --- the whole path -------------------------------------------------------------------------------------------------
@pytest.fixture
def house(tmp_path: Path):  # type: ignore[no-untyped-def]
    with pipeline.open_house(from_environment(tmp_path / "home", {})) as made:
        yield made


def an_export(at: Path, referrals: int, hour: int | None = None) -> Path:
    """An extract with so many open referrals, exported at this hour."""
    from made_extracts import person, referral

    numbers = range(1, referrals + 1)
    made = folder(
        at / f"demo__{DAY}",
        {
            "ssd_person": [person(n, pers_dob="2015-01-01", pers_expected_dob="") for n in numbers],
            "ssd_cin_episodes": [referral(n) for n in numbers],
        },
        only="ssd_person ssd_cin_episodes ssd_involvements ssd_professionals ssd_department",
    )
    if hour is not None:
        (made / "manifest.json").write_text(json.dumps({"exported_at": f"2026-11-20T{hour:02}:00"}))
    return made


def drop(house: House, made: Path, now: dt.datetime = NOW) -> None:
    house.settings.inbox.mkdir(parents=True, exist_ok=True)
    target = house.settings.inbox / made.name
    shutil.copytree(made, target)
    pipeline.claim_inbox(house, now, names=[made.name])
    assert not target.exists()


def referrals_that_speak(house: House) -> set[float]:
    """Every figure of open referrals of the council that alerts and the next extract would be compared with."""
    with reading(house.engine) as c:
        spoken = {e.id for e, _ in ledger.accepted_before(c, "demo", DAY + dt.timedelta(days=1))}
        history = SqlAlerts(c, NOW).history("demo", ["open"])
        days = {day.extract_id for day in history.days}
        assert spoken == days, "the alerts and the gate look at the same revision"
        return {f.value for f in history.figures if f.team == "*" and f.value is not None}


@pytest.mark.parametrize("seed", range(4))
def test_steps_in_any_order_let_only_the_newest_export_speak(seed: int, house: House, tmp_path: Path) -> None:
    """Three revisions, exported at 6, 12 and 9 with 3, 5 and 7 referrals; their steps are shuffled, each extract's own in order."""
    for n, (referrals, hour) in enumerate(((3, 6), (5, 12), (7, 9))):
        drop(house, an_export(tmp_path / str(n), referrals, hour))
    with reading(house.engine) as c:
        ids = [e.id for e in ledger.extracts(c)]
        assert [e.id for e in ledger.unfinished(c)] == ids[:2], "the third one was exported before the second"
    steps = [pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures, lambda h, i: pipeline.update_alerts(h, i, NOW)]
    todo = {id: list(steps) for id in ids}
    chance = random.Random(seed)
    while left := [id for id in ids if todo[id]]:
        one = chance.choice(left)
        todo[one].pop(0)(house, one)
    assert referrals_that_speak(house) == {5.0}
    with reading(house.engine) as c:
        assert {r.extract_id for r in c.execute(select(t.condition.c.extract_id))} <= {ids[1]}


def told(house: House) -> list[str]:
    with house.engine.connect() as c:
        return [str(row.payload) for row in c.execute(select(t.outbox).where(t.outbox.c.recipient == "data-engineers"))]


def test_an_older_export_that_comes_later_is_kept_and_data_engineers_hear_why(house: House, tmp_path: Path) -> None:
    drop(house, an_export(tmp_path / "a", 3, 12))
    drop(house, an_export(tmp_path / "b", 5, 9))
    with reading(house.engine) as c:
        second = ledger.extracts(c)[1]
    assert second.revision == 2
    assert second.superseded is not None
    assert "exported at 2026-11-20T09:00+00:00, before revision 1, which was exported at 2026-11-20T12:00+00:00" in second.superseded
    assert Path(second.path).exists()
    assert len(told(house)) == 1
    assert "came after a newer one. It is kept and not used" in told(house)[0]


def test_the_content_of_an_older_revision_again_changes_nothing_and_is_told_once(house: House, tmp_path: Path) -> None:
    first, second = an_export(tmp_path / "a", 3), an_export(tmp_path / "b", 5)
    drop(house, first)
    drop(house, second)
    before = [(e.id, e.revision) for e in _extracts(house)]
    for _ in range(3):
        drop(house, first)
    assert [(e.id, e.revision) for e in _extracts(house)] == before
    with reading(house.engine) as c:
        newest = ledger.newest_of(c, "demo", DAY)
        events = list(c.execute(select(t.audit.c.event)).scalars())
    assert newest is not None
    assert newest.revision == 2
    assert events.count("older_revision_repeated") == 3
    assert len(told(house)) == 1
    assert "An older revision of demo as of 2026-11-20 came again. It stays replaced" in told(house)[0]
    drop(house, second)
    assert len(told(house)) == 1, "the newest one again is nothing to tell"


def _extracts(house: House):  # type: ignore[no-untyped-def]
    with reading(house.engine) as c:
        return ledger.extracts(c)


def test_an_export_from_the_future_is_refused_before_it_hides_every_later_one(house: House, tmp_path: Path) -> None:
    made = an_export(tmp_path / "a", 3)
    (made / "manifest.json").write_text('{"exported_at": "2126-11-20T09:00"}')
    drop(house, made)
    assert _extracts(house) == []
    assert "exported_at of its manifest lies in the future" in told(house)[0]


# --- push -----------------------------------------------------------------------------------------------------------
def test_what_a_push_names_is_claimed_at_once(house: House, tmp_path: Path) -> None:
    drop(house, an_export(tmp_path / "a", 3))
    assert len(_extracts(house)) == 1


def test_a_push_of_what_is_not_there_claims_nothing_and_says_what_is(house: House, tmp_path: Path) -> None:
    from caseclock.errors import WrongUse

    made = an_export(tmp_path / "a", 3)
    shutil.copytree(made, house.settings.inbox / made.name)
    (house.settings.inbox / "SECRET-NAME.zip").write_bytes(b"x")
    with pytest.raises(WrongUse) as failed:
        pipeline.claim_inbox(house, NOW, names=[made.name, "demo__2026-11-19.zip"])
    assert "the inbox does not hold demo__2026-11-19.zip" in str(failed.value)
    assert f"of the names given {made.name} lie there" in str(failed.value)
    assert "SECRET-NAME" not in str(failed.value)
    assert _extracts(house) == []
    assert (house.settings.inbox / made.name).exists()


def test_a_push_that_comes_after_the_watcher_is_content_and_so_is_a_task_that_is_tried_again(house: House, tmp_path: Path) -> None:
    from caseclock.errors import WrongUse

    made = an_export(tmp_path / "a", 3)
    drop(house, made)
    [started] = pipeline.claim_inbox(house, NOW + dt.timedelta(minutes=30), names=[made.name])
    assert started["as_of"] == str(DAY)
    with pytest.raises(WrongUse, match="nor has it been claimed in the last hour"):
        pipeline.claim_inbox(house, NOW + dt.timedelta(minutes=61), names=[made.name])


def test_a_folder_whose_hash_is_not_what_its_manifest_says_gets_time_before_it_is_refused(house: House, tmp_path: Path) -> None:
    """A copying tool may make a file at its full length first and fill it then."""
    made = an_export(tmp_path / "a", 3)
    files = [{"name": p.name, "size": p.stat().st_size, "sha256": "0" * 64} for p in made.glob("*.csv")]
    (made / "manifest.json").write_text(json.dumps({"files": files}))
    shutil.copytree(made, house.settings.inbox / made.name)
    newest = max(p.stat().st_ctime for p in (house.settings.inbox / made.name).rglob("*"))
    at = dt.datetime.fromtimestamp(newest, dt.UTC)
    assert pipeline.claim_inbox(house, at + dt.timedelta(seconds=0.5)) == []
    assert (house.settings.inbox / made.name).exists()
    [started] = pipeline.claim_inbox(house, at + dt.timedelta(seconds=2))
    assert "gives another hash" in pipeline.take_snapshot(house, started["extract_id"])["refused"]


def test_migrations_are_there_for_what_this_needs(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate.upgrade(engine)
    with engine.connect() as c:
        assert list(c.execute(select(t.fetched))) == []
    engine.dispose()
