"""A region of made-up councils: many sources of very different size, one extract of each, on one home and one store."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import func, select

from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.pipeline import open_house
from caseclock.settings import Settings, from_environment, shipped_config
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, open_engine, reading

AS_OF = dt.date(2026, 11, 20)
SIZES = (0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.22, 0.33, 0.5, 0.75)  # of a council of median size; each is as frequent as the others


@dataclass(frozen=True)
class Done:
    """One extract whose path is finished: seconds from its arrival to its end, and its bytes as it came."""

    source: str
    size: int
    began: float
    ended: float


def write_worlds(folder: Path) -> list[Path]:
    """One extract of each size. Councils of one size have the same bytes, each under its own name."""
    made = []
    for n, scale in enumerate(SIZES):
        world = make_world(seed=n + 1, scale=scale, end=AS_OF, weeks=1, incident=n % 3 == 0)
        made.append(write_extract(extract_tables(world, AS_OF), folder, f"size-{n}", AS_OF))
    return made


def settle(home: Path, councils: int, store_url: str, mail_port: int) -> dict[str, str]:
    """The home of a region, and the environment that names it."""
    shutil.copytree(shipped_config(), home / "monitoring")
    (home / "monitoring" / "sources" / "demo.yaml").unlink()
    calendar = home / "monitoring" / "calendar.yaml"
    hours = {"working_hours": ["00:00", "23:59"]}  # so that messages go out whenever this runs
    calendar.write_text(yaml.safe_dump({**yaml.safe_load(calendar.read_text("utf-8")), **hours}), encoding="utf-8")
    for n in range(councils):
        (home / "monitoring" / "sources" / f"{name_of(n)}.yaml").write_text(f"id: {name_of(n)}\ntitle: Council {n}\n", encoding="utf-8")
    (home / "inbox").mkdir()
    env = {
        "CASECLOCK_HOME": str(home),
        "CASECLOCK_STORE_URL": store_url,
        "CASECLOCK_SMTP_HOST": "127.0.0.1",
        "CASECLOCK_SMTP_PORT": str(mail_port),
        "CASECLOCK_SMTP_STARTTLS": "false",
    }
    with open_house(settings_of(env)):
        return env  # its store has its tables


def name_of(n: int) -> str:
    return f"council-{n:03}"


def drop_all(home: Path, worlds: list[Path], councils: int) -> None:
    """All at one moment, in an order that has nothing to do with their size."""
    ready = home / "ready"
    for n in range(councils):
        folder = ready / name_of(n)
        folder.mkdir(parents=True)
        shutil.copy(worlds[(n * 7 + n // len(worlds)) % len(worlds)], folder / f"{AS_OF}.zip")
    for folder in sorted(ready.iterdir()):
        folder.rename(home / "inbox" / folder.name)


def settings_of(env: dict[str, str]) -> Settings:
    return from_environment(None, env)


def finished(settings: Settings) -> list[Done]:
    """In the order in which they were finished."""
    engine = open_engine(settings.store_url)
    e, s, k = t.extract.c, t.step_done.c, t.turn.c
    try:
        with reading(engine) as c:
            first = c.execute(select(func.min(e.received_at))).scalar()
            rows = c.execute(
                select(e.source, k.size, k.given_at, s.done_at)
                .join(t.step_done, s.extract_id == e.id)
                .join(t.turn, k.extract_id == e.id)
                .where(s.step == "notify")
                .order_by(s.done_at)
            ).all()
    finally:
        engine.dispose()
    if first is None:
        return []
    zero = moment_of(first)
    return [
        Done(r.source, r.size, (moment_of(r.given_at) - zero).total_seconds(), (moment_of(r.done_at) - zero).total_seconds()) for r in rows
    ]
