"""The watcher says that something waits; it says it again for as long as it waits; it never stands in anybody's way."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from caseclock_inbox import InboxTrigger

LONG = 3600.0
PATIENCE = 20.0  # seconds until a test that waits for an event gives up


def events(inbox: Path, *, remind: float = LONG, settle: float = 0.0) -> AsyncIterator[Any]:
    return InboxTrigger(inbox=str(inbox), poll=0.01, settle=settle, remind=remind).run()


async def first(run: AsyncIterator[Any], patience: float = PATIENCE) -> dict[str, int]:
    return (await asyncio.wait_for(anext(run), patience)).payload


def drop(inbox: Path, name: str, text: str = "x") -> None:
    (inbox / name).write_text(text)


def test_fires_when_an_extract_lies_there(tmp_path: Path) -> None:
    drop(tmp_path, "demo_2026-11-20.zip")
    assert asyncio.run(first(events(tmp_path))) == {"waiting": 1}


def test_fires_when_an_extract_lands_later(tmp_path: Path) -> None:
    async def scene() -> dict[str, int]:
        waiting = asyncio.ensure_future(first(events(tmp_path)))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "nothing waits yet"
        drop(tmp_path, "demo_2026-11-20.zip")
        return await waiting

    assert asyncio.run(scene()) == {"waiting": 1}


def test_an_inbox_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    async def scene() -> dict[str, int]:
        waiting = asyncio.ensure_future(first(events(tmp_path / "inbox")))
        await asyncio.sleep(0.05)
        (tmp_path / "inbox").mkdir()
        drop(tmp_path / "inbox", "demo_2026-11-20.zip")
        return await waiting

    assert asyncio.run(scene()) == {"waiting": 1}


def test_says_it_again_while_it_waits(tmp_path: Path) -> None:
    async def scene() -> list[dict[str, int]]:
        run = events(tmp_path, remind=0.03)
        return [await first(run) for _ in range(3)]

    drop(tmp_path, "demo_2026-11-20.zip")
    assert asyncio.run(scene()) == [{"waiting": 1}] * 3


def test_says_nothing_twice_before_it_is_time_to_remind(tmp_path: Path) -> None:
    async def scene() -> None:
        run = events(tmp_path)
        await first(run)
        with pytest.raises(TimeoutError):
            await first(run, patience=0.2)

    drop(tmp_path, "demo_2026-11-20.zip")
    asyncio.run(scene())


@pytest.mark.parametrize(
    ("then", "waiting"),
    [
        (lambda inbox: drop(inbox, "demo_2026-11-21.zip"), 2),  # another one
        (lambda inbox: drop(inbox, "demo_2026-11-20.zip", "more than before"), 1),  # the same one, replaced
    ],
)
def test_fires_at_once_for_what_is_new(tmp_path: Path, then: Any, waiting: int) -> None:
    async def scene() -> dict[str, int]:
        run = events(tmp_path)
        await first(run)
        then(tmp_path)
        return await first(run)

    drop(tmp_path, "demo_2026-11-20.zip")
    assert asyncio.run(scene()) == {"waiting": waiting}


def test_a_file_that_is_still_being_written_does_not_wait_yet(tmp_path: Path) -> None:
    async def scene() -> None:
        with pytest.raises(TimeoutError):
            await first(events(tmp_path, settle=LONG), patience=0.2)

    drop(tmp_path, "demo_2026-11-20.zip")
    asyncio.run(scene())


def test_an_inbox_that_cannot_be_read_is_tried_again_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inbox = tmp_path / "inbox"
    inbox.write_text("a file where a folder should be")

    async def scene() -> dict[str, int]:
        waiting = asyncio.ensure_future(first(events(inbox)))
        await asyncio.sleep(0.1)
        inbox.unlink()
        inbox.mkdir()
        drop(inbox, "demo_2026-11-20.zip")
        return await waiting

    assert asyncio.run(scene()) == {"waiting": 1}
    assert len([r for r in caplog.records if "cannot be looked at" in r.getMessage()]) == 1


def test_a_slow_disk_does_not_hold_up_the_other_triggers(tmp_path: Path) -> None:
    came_through = threading.Event()

    class OnASlowDisk(InboxTrigger):
        def look(self) -> frozenset[str]:
            assert came_through.wait(PATIENCE), "the event loop stood still while the disk was read"
            return super().look()

    async def scene() -> dict[str, int]:
        waiting = asyncio.ensure_future(first(OnASlowDisk(inbox=str(tmp_path), settle=0).run()))
        await asyncio.sleep(0)
        came_through.set()  # another trigger's turn
        return await waiting

    drop(tmp_path, "demo_2026-11-20.zip")
    assert asyncio.run(scene()) == {"waiting": 1}


# --- locations elsewhere --------------------------------------------------------------------------------------------
class Afar(InboxTrigger):
    """What lies elsewhere is what the test says."""

    there: frozenset[str] = frozenset()
    looks = 0

    def look_afar(self) -> frozenset[str]:
        type(self).looks += 1
        return self.there


def test_what_is_new_elsewhere_wakes_intake_once(tmp_path: Path) -> None:
    class Full(Afar):
        there = frozenset({"north\0a.zip\0s"})

    async def scene() -> None:
        run = Full(inbox=str(tmp_path), poll=0.01, afar=0.01, settle=0, remind=0.02).run()
        assert await first(run) == {"waiting": 1}
        with pytest.raises(TimeoutError):  # no reminder: each try is a sign-in at somebody's server, and the sweep tries again
            await first(run, patience=0.3)

    asyncio.run(scene())
    assert Full.looks > 1


def test_whatever_fails_elsewhere_the_inbox_is_watched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Afar):
        def look_afar(self) -> frozenset[str]:
            type(self).looks += 1
            raise RuntimeError("marked-canary-text")

    async def scene() -> dict[str, int]:
        waiting = asyncio.ensure_future(first(Broken(inbox=str(tmp_path), poll=0.01, afar=0.01, settle=0, remind=LONG).run()))
        while Broken.looks < 3:
            await asyncio.sleep(0.01)
        drop(tmp_path, "demo_2026-11-20.zip")
        return await waiting

    assert asyncio.run(asyncio.wait_for(scene(), PATIENCE)) == {"waiting": 1}
    assert len([r for r in caplog.records if "locations of the sources cannot be looked at" in r.getMessage()]) == 1
    assert "marked-canary-text" not in caplog.text


def test_a_server_that_says_nothing_holds_nobody_up(tmp_path: Path) -> None:
    let_go = threading.Event()

    class Silent(Afar):
        def look_afar(self) -> frozenset[str]:
            let_go.wait(PATIENCE)
            return frozenset()

    async def scene() -> dict[str, int]:
        found = await first(Silent(inbox=str(tmp_path), poll=0.01, settle=0).run())
        let_go.set()
        return found

    drop(tmp_path, "demo_2026-11-20.zip")
    assert asyncio.run(scene()) == {"waiting": 1}


def test_it_looks_at_the_locations_of_the_sources_of_the_installation(
    caseclock_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from caseclock import pipeline
    from caseclock.settings import from_environment, shipped_config

    there = tmp_path_factory.mktemp("there")
    (there / "2026-11-20.xml").write_text("<x/>")
    assert InboxTrigger().look_afar() == frozenset(), "no source has a location"
    shutil.copytree(shipped_config(), caseclock_home / "monitoring")
    source = f"id: north\ntitle: North\nlocation: {{url: 'file://{there}', settle_seconds: 0}}\n"
    (caseclock_home / "monitoring" / "sources" / "north.yaml").write_text(source)
    with pipeline.open_house(from_environment()):
        pass  # the store is there: a task has run
    os.utime(there / "2026-11-20.xml", (0, 0))
    [found] = InboxTrigger().look_afar()
    assert found.startswith("north\0" + "2026-11-20.xml")


def test_the_triggerer_can_make_it_again_from_what_is_stored() -> None:
    trigger = InboxTrigger(poll=2.0, settle=3.0, remind=60.0)
    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**kwargs)
    assert again.serialize() == trigger.serialize()
    assert kwargs["inbox"] is None, "no path of one machine in a DAG that is stored for all"


def test_without_a_folder_it_looks_into_the_inbox_of_the_installation(caseclock_home: Path) -> None:
    (caseclock_home / "inbox").mkdir()
    drop(caseclock_home / "inbox", "demo_2026-11-20.zip")
    assert asyncio.run(first(InboxTrigger(settle=0).run())) == {"waiting": 1}
