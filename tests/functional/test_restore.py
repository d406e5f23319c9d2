"""The store is lost after messages were sent, comes back from a backup, and nobody gets a message twice or misses a new one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from caseclock import pipeline
from caseclock.now import LONDON
from caseclock.pipeline.heartbeat import delivery_health
from caseclock.pipeline.restored import reopen, waiting
from caseclock.storage import backup

from .conftest import FRIDAYS, Town


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), LONDON)


def lose_the_store(town: Town, kept: Path, now: dt.datetime) -> None:
    for lost in town.settings.home.glob("caseclock.db*"):
        lost.unlink()
    with pipeline.open_house(town.settings) as house:
        backup.restore(kept, house.engine, now)


def test_each_message_is_there_once_and_new_extracts_speak(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    first, third, fourth = FRIDAYS[0], FRIDAYS[1], FRIDAYS[3]
    kept = tmp_path / "kept.db"
    town.take(fridays[first])
    with pipeline.open_house(town.settings) as house:
        backup.back_up(house.engine, kept, at(first, 17, 5))
    assert kept.stat().st_mode & 0o777 == 0o600
    old = town.copies()
    town.take(fridays[third])
    before, mails = town.copies(), len(town.mail.mails)
    assert len(before) > len(old), "messages were sent that the backup does not know"
    lose_the_store(town, kept, at(third, 17, 10))
    town.take(fridays[third], at(third, 17, 25))
    town.tend(at(third, 17, 30))
    assert town.copies() == before, "nothing is sent while sending is on hold"
    with pipeline.open_house(town.settings) as house:
        found = delivery_health(house, at(third, 17, 31))
        assert not found.well and "on hold" in found.headline
        assert {row["channel"] for row in waiting(house, third)} == {"slack", "email"}
        reopen(house, at(third, 17, 32), told_until=third, by="a data engineer", reason="the mails of that Friday are there")
        assert not [row for row in waiting(house, third) if row["channel"] == "email"]
    town.tend(at(third, 17, 35))
    town.tend(at(third, 17, 40))
    assert town.copies() == before
    with pipeline.open_house(town.settings) as house:
        assert not waiting(house)
    town.take(fridays[fourth])
    assert set(town.copies().values()) == {1}
    assert len(town.mail.mails) > mails
    assert len(town.slack.copies()) > len([key for key in before if key in town.slack.copies()])


def test_what_had_not_been_sent_is_sent(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    first, second = FRIDAYS[0], FRIDAYS[3]
    kept = tmp_path / "kept.db"
    town.take(fridays[first])
    with pipeline.open_house(town.settings) as house:
        backup.back_up(house.engine, kept, at(first, 17, 5))
    before = town.copies()
    lose_the_store(town, kept, at(second, 16))
    town.take(fridays[second])
    assert town.copies() == before
    with pipeline.open_house(town.settings) as house:
        held = {row["channel"] for row in waiting(house)}
        assert reopen(house, at(second, 17, 10), told_until=None, by="a data engineer", reason="it was lost at night") == 0
    town.tend(at(second, 17, 15))
    assert held >= {"slack"}
    assert len(town.slack.copies()) + len(town.mail.copies()) > len(before)
    assert set(town.copies().values()) == {1}
    with pipeline.open_house(town.settings) as house:
        assert not waiting(house)
        assert delivery_health(house, at(second, 17, 16)).well
