"""Many councils in one house: side by side on PostgreSQL, each in order of its dates, and nothing of one reaches another."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from caseclock import pipeline
from caseclock.dashboard.model import NotThere, Viewer
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.errors import CaseclockError
from caseclock.extracts.people import id_of_name
from caseclock.now import LONDON
from caseclock.pipeline.pages import Desk, StoreBacklog
from caseclock.pipeline.people import audit
from caseclock.settings import Settings, from_environment
from caseclock.storage import ledger
from caseclock.storage import schema as t

from .conftest import FRIDAYS, small_configuration
from .pages_lab import Somebody, pages

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)
SOURCES = ("north", "north-east", "south")  # one name begins like another
HOSTILE = ("../x", "north south", "NORTH", "nörth", "", ".", "north/../south", "north\n", "-north", "n" * 65, "north\0", "*")


def person(source: str, role: str) -> dict[str, Any]:
    return {"id": f"{role}-{source}", "title": role, "email": f"{role}-{source}@example.org", "tell": ["email"], "sources": [source]}


def routes_of(sources: tuple[str, ...]) -> dict[str, Any]:
    """Every council has a manager and an engineer; the teams are called the same everywhere."""
    return {
        "walls": True,
        "recipients": [person(s, role) for s in sources for role in ("manager", "engineer")],
        "services": {f"all-{s}": {"teams": ["*"], "sources": [s], "digest": [f"manager-{s}"], "people": [f"user-{s}"]} for s in sources},
        "routes": [{"match": {"sources": [s]}, "tell": [f"manager-{s}"]} for s in sources],
        "catch_all": [f"engineer-{s}" for s in sources],
        "data": [f"engineer-{s}" for s in sources],
        "digest": [f"manager-{s}" for s in sources],
        "pages": {"unlisted": "nothing", "sources": {s: [f"head-{s}"] for s in sources}},
    }


def settle(home: Path, sources: tuple[str, ...], mail: MailCatcher, store_url: str = "") -> Settings:
    small_configuration(home / "monitoring")
    (home / "monitoring" / "routes.yaml").write_text(yaml.safe_dump(routes_of(sources)), "utf-8")
    (home / "monitoring" / "sources" / "demo.yaml").unlink()
    for source in sources:
        (home / "monitoring" / "sources" / f"{source}.yaml").write_text(f"id: {source}\ntitle: Council of {source}\n", "utf-8")
        (home / "inbox" / source).mkdir(parents=True)
    env = {"CASECLOCK_STORE_URL": store_url, "CASECLOCK_SMTP_HOST": "127.0.0.1", "CASECLOCK_SMTP_PORT": str(mail.port)}
    return from_environment(home, {**env, "CASECLOCK_SMTP_STARTTLS": "false", "CASECLOCK_PARALLEL_EXTRACTS": "3"})


def take_all(settings: Settings, names: list[str], threads: int) -> list[str]:
    """Claims what lies in the inbox and takes all of it through its path, as the runs of Airflow do. Returns the order of ends."""
    with pipeline.open_house(settings) as house:
        pipeline.claim_inbox(house, MONDAY, names)
        waiting, ended = pipeline.give_turns(house, MONDAY), list[str]()

    def one(run: dict[str, Any]) -> dict[str, Any] | None:
        with pipeline.open_house(settings) as house:
            for step in (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures):
                step(house, run["extract_id"])
            pipeline.update_alerts(house, run["extract_id"], MONDAY)
            pipeline.notify(house, MONDAY, run["extract_id"])
            ended.append(f"{run['source']} {run['as_of']}")
            return pipeline.hand_on(house, run["extract_id"], run["run_id"], MONDAY)

    with ThreadPoolExecutor(threads) as pool:
        while waiting:
            waiting = [following for following in pool.map(one, waiting) if following]
    return ended


@dataclass
class Region:
    settings: Settings
    mail: MailCatcher
    ended: list[str]
    alone: Settings


@pytest.fixture(scope="module")
def region(fridays: dict[dt.date, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Three councils on PostgreSQL, three at a time, all with the same children and teams; and one of them alone on SQLite."""
    days, root = FRIDAYS[-2:], tmp_path_factory.mktemp("region")
    with server_url(root / "pg") as url, MailCatcher() as mail, MailCatcher() as other:
        together, alone = settle(root / "together", SOURCES, mail, url), settle(root / "alone", ("north",), other)
        lots = [
            (together, [("north", day) for day in days] + [(s, days[-1]) for s in SOURCES[1:]]),
            (alone, [("north", day) for day in days]),
        ]
        ended = []
        for settings, lot in lots:
            for source, day in lot:
                shutil.copy(fridays[day], settings.inbox / source / f"{day}.zip")
            ended.append(take_all(settings, [f"{source}/{day}.zip" for source, day in lot], 3 if settings is together else 1))
        for settings in (together, alone):
            with pipeline.open_house(settings) as house:
                pipeline.send_digest(house, MONDAY)
        yield Region(together, mail, ended[0], alone)


def rows(settings: Settings, source: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the store holds of a council, without moments and numbers that only count up."""
    e, m = t.extract.c, t.measure_value.c
    asked = {
        "figures": select(e.as_of, m.measure, m.team, m.value, m.n).join(t.extract, e.id == m.extract_id).where(e.source == source),
        "counts": select(e.as_of, *list(t.table_count.c)[1:]).join(t.extract, e.id == t.table_count.c.extract_id).where(e.source == source),
        "quarantine": select(t.quarantine_entry.c.table_name, t.quarantine_entry.c.rule).where(t.quarantine_entry.c.source == source),
        "events": select(t.event_count.c.type, t.event_count.c.rule, t.event_count.c.team, t.event_count.c.n)
        .join(t.extract, e.id == t.event_count.c.extract_id)
        .where(e.source == source),
        "alerts": select(t.alert.c.id, t.alert.c.condition, t.alert.c.severity, t.alert.c.value).where(t.alert.c.source == source),
        "conditions": select(*list(t.condition.c)[1:11]).where(t.condition.c.source == source),
        "told": select(t.told.c.recipient, t.told.c.rule, t.told.c.team, t.told.c.shown).where(t.told.c.source == source),
        "messages": select(t.outbox.c.key, t.outbox.c.recipient, t.outbox.c.state).where(t.outbox.c.recipient.like(f"%-{source}")),
        "digests": select(t.digest.c.week, t.digest.c.audience, t.digest.c.sha256).where(t.digest.c.source == source),
    }
    with pipeline.open_house(settings) as house, house.engine.connect() as c:
        return {name: sorted(map(tuple, c.execute(query)), key=repr) for name, query in asked.items()}


def test_a_council_among_others_has_what_it_has_alone(region: Region) -> None:
    """Side by side on one store the same figures, alerts, messages and digests come about as one after the other."""
    mine, alone = rows(region.settings, "north"), rows(region.alone, "north")
    for name, found in alone.items():
        assert found, name
        assert mine[name] == found, name


def test_extracts_of_one_council_end_in_order_of_their_dates_beside_those_of_others(region: Region) -> None:
    assert [one for one in region.ended if one.startswith("north ")] == [f"north {day}" for day in FRIDAYS[-2:]]
    assert len(region.ended) == 4


def test_each_message_reaches_the_people_of_its_own_council_and_once(region: Region) -> None:
    assert set(region.mail.copies().values()) == {1}
    with pipeline.open_house(region.settings) as house, house.engine.connect() as c:
        sent = c.execute(select(t.outbox.c.recipient, t.outbox.c.source).where(t.outbox.c.source != "")).all()
    assert {recipient.partition("-")[2] for recipient, _ in sent} == set(SOURCES)
    assert all(recipient.partition("-")[2] == source for recipient, source in sent)
    for caught in region.mail.mails:
        mine = caught.recipient.partition("@")[0].partition("-")[2]
        said = f"{caught.mail['Subject']}{caught.part('plain')}{caught.part('html')}"
        assert not [other for other in SOURCES if other != mine and f"Council of {other}" in said.replace(f"Council of {mine}", "")]


def test_files_of_a_council_lie_below_its_own_name(region: Region) -> None:
    for folder in ("snapshots", "accepted", "clocks", "reports", "digests"):
        assert sorted(p.name for p in (region.settings.home / folder).iterdir() if p.is_dir()) == sorted(SOURCES), folder


def test_pages_show_a_council_to_its_own_people_and_do_not_name_another(region: Region) -> None:
    desk = Desk(lambda: region.settings)
    backlog = StoreBacklog(desk)
    try:
        for source in SOURCES:
            for user, whole in ((f"user-{source}", False), (f"head-{source}", True)):
                frame, scope = backlog.begin(Viewer(user, user), None, MONDAY)
                assert (frame.source, [id_ for id_, _ in frame.sources], scope.whole) == (source, [source], whole)
                other = next(o for o in SOURCES if o != source)
                with pytest.raises(NotThere) as refused:
                    backlog.begin(Viewer(user, user), other, MONDAY)
                assert other not in str(refused.value).replace(source, "")
        with pytest.raises(NotThere):
            backlog.begin(Viewer("stranger", "S"), None, MONDAY)
    finally:
        desk.close()


def test_no_address_shows_another_council(region: Region) -> None:
    """Whoever sees all of one council asks for everything of another one, by its ids and by its name."""
    with pipeline.open_house(region.settings) as house, house.engine.begin() as c:
        theirs = c.execute(select(t.extract.c.id).where(t.extract.c.source == "north")).scalars().first()
        alert = c.execute(select(t.alert.c.id).where(t.alert.c.source == "north")).scalars().first()
        assert theirs
        assert alert
        ledger.note_refusal(c, "f" * 64, "north__smith.zip", "refused/x", "no date", MONDAY)
        audit(c, MONDAY, "extract_repeated", theirs, "north__2026-11-20.zip arrived again")
    paths = [
        "/",
        "/card.json",
        "/alerts",
        "/audit",
        "/digests",
        "/extracts",
        "/measures",
        "/not-watched",
        "/quality",
        "/quarantine",
        "/worklist",
    ]
    paths += [f"/alerts/{alert}", f"/extracts/{theirs}", f"/quality?extract={theirs}", "/digests/north/2026-W47/council", "/worklist.csv"]
    run = f"dag=monitor_extract&run=extract__2026-11-20__{theirs}"
    paths += [f"/airflow/run?{run}", "/airflow/dag?dag=monitor_extract", "/team?place=NA1"]
    with pages(region.settings, MONDAY, Somebody(Viewer("head-south", "Head"))) as client:
        for path in paths:
            for more in ("", "source=south", "source=north"):
                answer = client.get(f"/caseclock{path}{'&' if '?' in path else '?'}{more}", headers={"accept": "text/html"})
                said = answer.text.lower()
                assert not [one for one in ("council of north", "-north", "north__", "smith", theirs, alert) if one in said], path
                assert answer.status_code >= 300 or "north" not in more, path


def test_workers_of_one_name_are_two_and_with_a_salt_nobody_can_try_names(tmp_path: Path) -> None:
    def ids(**env: str) -> list[str]:
        with pipeline.open_house(from_environment(tmp_path, env)) as house:
            return [id_of_name("A Worker", house.source(source)) for source in SOURCES]

    plain, salted, again = ids(), ids(CASECLOCK_WORKER_SALT="secret"), ids(CASECLOCK_WORKER_SALT="other")
    assert len({*plain, *salted, *again}) == 9
    assert salted == ids(CASECLOCK_WORKER_SALT="secret")


# --- names that mean harm -------------------------------------------------------------------------------------------
def an_extract(at: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(at, "w") as archive:
        archive.writestr("ssd_person.csv", f"pers_person_id\n{at.parent.name}\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_can_be_no_source_is_refused_everywhere(name: str, tmp_path: Path) -> None:
    an_extract(tmp_path / "x__2026-11-20.zip")
    with pipeline.open_house(from_environment(tmp_path, {})) as house, pytest.raises(CaseclockError, match="can be no source"):
        pipeline.in_order(house, (tmp_path / "x__2026-11-20.zip",), name, None)
    (tmp_path / "monitoring").mkdir()
    with pytest.raises(ValueError, match="id"):
        type(house.source("demo")).model_validate({"id": name, "title": "t"})


def test_the_inbox_takes_nothing_into_another_councils_name(tmp_path: Path) -> None:
    with MailCatcher() as mail:
        settings = settle(tmp_path / "home", SOURCES, mail)
        inbox = settings.inbox
        theirs = ["north/south__2026-11-20.zip", "north-east/north__2026-11-20.zip", "south/smith-jane__2026-11-20.zip"]
        nobodys = ["north south/2026-11-20.zip", "nörth/2026-11-20.zip", f"{'n' * 100}/2026-11-20.zip", "north__2026-11-20.zip"]
        own = ["north/2026-11-20.zip", "north-east/north-east__2026-11-20.zip"]
        for name in (*theirs, *nobodys, *own):
            an_extract(inbox / name)
        with pipeline.open_house(settings) as house:
            claimed = pipeline.claim_inbox(house, MONDAY, [*theirs, *nobodys, *own])
            for name in ("../north/2026-11-20.zip", "north/../south/2026-11-20.zip", "north/x/2026-11-20.zip", "/etc/passwd"):
                with pytest.raises(CaseclockError):
                    pipeline.claim_inbox(house, MONDAY, [name])
            with house.engine.connect() as c:
                told = {(r.recipient, r.payload["notice"]["headline"].partition(" was")[0]) for r in c.execute(select(t.outbox))}
        assert sorted(one["source"] for one in claimed) == ["north", "north-east"]
        assert len(list(settings.refused.iterdir())) == len(theirs) + len(nobodys), "kept"
        for source in SOURCES:
            assert (f"engineer-{source}", f"A file in the inbox folder of {source}") in told
        assert not [who for who, what in told if "folder of" in what and who.partition("-")[2] != what.rpartition(" ")[2]]
        assert not [p for p in tmp_path.iterdir() if p.name != "home"], "nothing is written elsewhere"
