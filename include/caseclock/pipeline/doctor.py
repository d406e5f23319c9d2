"""Is this installation in order? Looks and changes nothing, asks nobody outside, and names no secret."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from caseclock import __version__
from caseclock.errors import CaseclockError
from caseclock.pipeline.house import House
from caseclock.settings import Settings
from caseclock.storage import ledger, migrate
from caseclock.storage.engine import open_engine, reading

LEAST_FREE = 2  # GB: a large extract, its snapshot and a backup
State = Literal["ok", "attention", "fault"]


@dataclass(frozen=True)
class Finding:
    """`attention`: it works, and somebody should look. `fault`: something does not work. `todo`: what to do next."""

    what: str
    state: State
    said: str
    todo: str = ""


Check = Callable[[House, dt.datetime], Iterator[Finding]]


def examine(settings: Settings, now: dt.datetime) -> list[Finding]:
    """What was found, in a fixed order. A store at an older schema is not brought up to date."""
    engine = open_engine(settings.store_url) if _may_open(settings) else None
    found = [Finding("program", "ok", f"caseclock {__version__}, Python {sys.version.split()[0]}"), *_home(settings)]
    try:
        if engine is None:
            return [
                *found,
                Finding("store", "attention", "there is none yet", "The first `caseclock run` makes it, or `caseclock store upgrade`."),
            ]
        house = House(settings, engine)
        for what, check in (("configuration", _config), ("channels", _channels)):
            found += _guarded(what, check, house, now)
        store = _guarded("store", _store, house, now)
        found += store
        if store[-1].state == "ok":
            for what, check in (("extracts", _extracts), ("sending", _sending)):
                found += _guarded(what, check, house, now)
    finally:
        if engine is not None:
            engine.dispose()
    return found


def _guarded(what: str, check: Check, house: House, now: dt.datetime) -> list[Finding]:
    try:
        return list(check(house, now))
    except CaseclockError as error:
        return [Finding(what, "fault", str(error))]
    except Exception as error:  # noqa: BLE001 - its text may hold a host or a value
        return [
            Finding(
                what,
                "fault",
                f"it cannot be looked at ({type(error).__name__})",
                "Is the place it lies in reachable, and its address right?",
            )
        ]


def _may_open(settings: Settings) -> bool:
    """Opening a SQLite store that is not there would make it."""
    return not settings.store_url.startswith("sqlite:///") or pathlib.Path(settings.store_url.removeprefix("sqlite:///")).exists()


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.is_dir():
        yield Finding("home folder", "fault", f"{home} is not there", "Make it, with mode 0700, or correct CASECLOCK_HOME.")
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding("home folder", "fault", f"{home}: this user may not write there", "Make this user its owner.")
    elif home.stat().st_mode & 0o007:
        yield Finding("home folder", "attention", f"{home}: every user of this machine may look into it", f"chmod 0700 {home}")
    else:
        yield Finding("home folder", "ok", str(home))
    free = shutil.disk_usage(home).free / 1e9
    few = free < LEAST_FREE
    yield Finding(
        "disk",
        "attention" if few else "ok",
        f"{free:.1f} GB free",
        "Make room: `caseclock housekeeping` removes what is over its time." if few else "",
    )
    inbox = settings.inbox
    if not inbox.is_dir():
        yield Finding("inbox", "attention", f"{inbox} is not there", "Make it, unless extracts come another way.")
    elif not os.access(inbox, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("inbox", "fault", f"{inbox}: this user may not take files out of it", "Let this user read and write there.")
    else:
        yield Finding("inbox", "ok", str(inbox))


def _config(house: House, now: dt.datetime) -> Iterator[Finding]:
    yield Finding("configuration", "ok", f"{house.settings.config}: {len(house.config.thresholds)} rules")


def _channels(house: House, now: dt.datetime) -> Iterator[Finding]:
    set_up = sorted(house.channels)
    if not set_up:
        yield Finding("channels", "fault", "none is set up, so nobody hears of anything", "docs/how-to/connect-slack.md or connect-mail.md")
        return
    used = {channel for one in house.config.routes.recipients for channel in one.tell}
    missing = sorted(used - set(set_up))
    if missing:
        yield Finding(
            "channels",
            "attention",
            f"{', '.join(missing)}: in routes.yaml and not set up; its messages wait",
            "Set it up, or take it out of routes.yaml.",
        )
    else:
        yield Finding("channels", "ok", f"{', '.join(set_up)}; set up, not tried: nothing is sent")


def _store(house: House, now: dt.datetime) -> Iterator[Finding]:
    at = migrate.version_of(house.engine)
    kind = house.engine.dialect.name
    if at is None or at < migrate.HEAD:
        yield Finding(
            "store", "attention", f"{kind}, schema {at or 'none'}; this program needs {migrate.HEAD}", "`caseclock store upgrade`"
        )
    elif at > migrate.HEAD:
        yield Finding(
            "store", "fault", f"{kind}, schema {at} is newer than this program ({migrate.HEAD})", "Install the version that made it."
        )
    else:
        yield Finding("store", "ok", f"{kind}, schema {at}")


def _extracts(house: House, now: dt.datetime) -> Iterator[Finding]:
    with reading(house.engine) as c:
        newest = {one: ledger.extracts(c, one, superseded=False)[-1:] for one in ledger.sources(c)}
    if not newest:
        yield Finding("extracts", "attention", "none has come yet", "`caseclock run PATH` takes one in.")
    for source, last in newest.items():
        said = f"the newest is of {last[0].as_of}" if last else "all were withdrawn"
        yield Finding(f"extracts of {source}", "ok" if last else "attention", said)


def _sending(house: House, now: dt.datetime) -> Iterator[Finding]:
    from caseclock.pipeline.heartbeat import delivery_health

    found = delivery_health(house, now)
    if not found.well:
        yield Finding("sending", "fault", found.headline, "" if found.on_hold else "`caseclock alerts health` says more.")
    elif found.last_round is None:
        yield Finding("sending", "attention", "no round has run yet", "Is the DAG tend_alerts on?")
    else:
        yield Finding("sending", "ok", f"last round finished: {found.last_words}; {found.open} messages wait")
