"""Housekeeping of delivered messages: their text goes after its time, once, on both stores."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from sqlalchemy import insert, select

from caseclock import pipeline
from caseclock.now import LONDON
from caseclock.pipeline.rounds import KEEP_SENT_DAYS
from caseclock.settings import from_environment, shipped_config
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text
from postgres import server_url

NOW = dt.datetime(2026, 11, 20, 11, tzinfo=LONDON)
TEXT = {"lines": [], "conversation": "x", "fixed": True, "letter": "text"}  # of a digest: it has no lines


def looked_at(home: Path, env: dict[str, str]) -> None:
    shutil.copytree(shipped_config(), home / "monitoring")
    old, young = (moment_text(NOW - dt.timedelta(days=KEEP_SENT_DAYS + days)) for days in (1, -1))
    with pipeline.open_house(from_environment(home, env)) as house:
        with house.engine.begin() as c:
            for seq, (key, state, done) in enumerate(
                [("a", "sent", old), ("b", "dropped", old), ("c", "sent", young), ("d", "failed", old), ("e", "pending", None)], 1
            ):
                row = {"key": key, "seq": seq, "recipient": "r", "channel": "email", "mode": "post", "payload": TEXT, "state": state}
                c.execute(insert(t.outbox).values(**row, tries=1, created_at=old, done_at=done, source="s"))
        assert pipeline.housekeeping(house, NOW, dry_run=True)["payloads"] == 2
        assert pipeline.housekeeping(house, NOW)["payloads"] == 2
        with house.engine.begin() as c:
            kept = {row.key: row.payload for row in c.execute(select(t.outbox.c.key, t.outbox.c.payload))}
        assert {key for key, payload in kept.items() if payload == TEXT} == {"c", "d", "e"}
        assert kept["a"] == {"lines": [], "conversation": "a", "fixed": True}
        assert pipeline.housekeeping(house, NOW)["payloads"] == 0, "what is empty is not emptied again"


def test_a_delivered_message_is_emptied_once(tmp_path: Path) -> None:
    looked_at(tmp_path, {})


def test_on_postgresql_too(tmp_path: Path) -> None:
    with server_url(tmp_path / "pg") as url:
        looked_at(tmp_path / "home", {"CASECLOCK_STORE_URL": url})
