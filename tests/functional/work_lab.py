"""A small made-up council in a store, one of whose teams has an id and a name that no page may take for its own words."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import yaml

from caseclock import pipeline
from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.now import LONDON
from caseclock.settings import Settings, from_environment, shipped_config

FRIDAY = dt.date(2026, 11, 20)
BEFORE = FRIDAY - dt.timedelta(weeks=1)
NOW = dt.datetime.combine(FRIDAY, dt.time(18), LONDON)
HOSTILE = '<script>alert(1)</script> & "x"'
"""Stands where the id NA1 stood."""


def council(home: Path, *, days: tuple[dt.date, ...] = (BEFORE, FRIDAY)) -> Settings:
    """Settings of a store into which these extracts were taken. `north` sees the teams NA* and the hostile one, `nobody` none."""
    shutil.copytree(shipped_config(), home / "monitoring")
    _routes(home)
    settings = from_environment(home, {})
    world = make_world(seed=3, scale=0.04, end=FRIDAY, weeks=2, incident=True)
    for day in days:
        tables = {
            name: frame.replace({"NA1": HOSTILE, "North Assessment 1": HOSTILE}) for name, frame in extract_tables(world, day).items()
        }
        take(settings, write_extract(tables, home / "made", "demo", day), day)
    return settings


def take(settings: Settings, path: Path, day: dt.date) -> None:
    with pipeline.open_house(settings) as house:
        arrival = pipeline.in_order(house, (path,), None, None)[0]
        pipeline.run(house, arrival, dt.datetime.combine(day, dt.time(17), LONDON), deliver=False)


def edit(settings: Settings, file: str, **more: Any) -> None:
    path = settings.config / file
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | more), encoding="utf-8")


def _routes(home: Path) -> None:
    file = home / "monitoring" / "routes.yaml"
    routes = yaml.safe_load(file.read_text(encoding="utf-8"))
    routes["services"]["north"] |= {"teams": ["NA*", "NF*", "<script*"], "people": ["north"]}
    routes["services"]["care"] |= {"people": ["care"]}
    file.write_text(yaml.safe_dump(routes), encoding="utf-8")
