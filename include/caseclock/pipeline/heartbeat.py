"""A dead man's switch for the deliverer: when its last round was finished, what is stuck, and word of that to data engineers.

The heartbeat is a file of the home folder, not a row: it can be read while the store is down. Who has stopped altogether cannot say so;
that is noticed by `caseclock alerts health`, run by somebody else's scheduler, or by the watchman that `CASECLOCK_PING_URL` names.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseclock import now as clock
from caseclock.pipeline.house import House
from caseclock.pipeline.kept import in_one_step
from caseclock.pipeline.ping import Ping, pinging
from caseclock.storage.engine import moment_of, moment_text, reading

if TYPE_CHECKING:
    from caseclock.notifications.deadman import Health

log = logging.getLogger(__name__)
ON_HOLD = "sending is on hold since the restore of {moment}; `caseclock store restored` says what waits and what to do"


def beat(house: House, now: dt.datetime) -> None:
    """A round of the deliverer has been finished. Never raises: that it could not be noted must not undo what was sent."""
    _note(_file(house), now)


def last_round(house: House) -> dt.datetime | None:
    """When the last round was finished; None when there has been none, or when the file cannot be read."""
    return _noted(_file(house))


def last_answer(house: House) -> dt.datetime | None:
    """When the round was that the watchman outside last took the word of; None when there has been none."""
    return _noted(_file(house, "ping"))


def _note(file: Path, now: dt.datetime) -> None:
    try:
        with in_one_step(file) as half:
            half.write_text(moment_text(now), encoding="ascii")
    except OSError as error:
        log.warning("the heartbeat of the deliverer could not be written (%s)", type(error).__name__)


def _noted(file: Path) -> dt.datetime | None:
    try:
        return moment_of(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def delivery_health(house: House, now: dt.datetime, minutes: int | None = None) -> Health:
    """What waits in the outbox, and what has waited too long though a round should have sent it."""
    from caseclock.notifications.deadman import FORGOTTEN, STUCK_MINUTES, health
    from caseclock.notifications.wording import moment_words
    from caseclock.storage.hold import doubt_of
    from caseclock.storage.waiting import waiting

    with reading(house.engine) as c:
        found, doubt = waiting(c, now - FORGOTTEN), doubt_of(c)
    made = health(found, last_round(house), now, house.calendar, STUCK_MINUTES if minutes is None else minutes)
    if doubt and doubt.on_hold:
        return replace(made, on_hold=ON_HOLD.format(moment=moment_words(doubt.restored_at.astimezone(clock.LONDON))))
    return made


def health_json(found: Health) -> dict[str, Any]:
    """What `caseclock alerts health --json` prints."""
    return {
        "well": found.well,
        "last_round": found.last_round,
        "waiting": found.open,
        "stuck": found.messages,
        "given_up": found.lost,
        "minutes": round(max((waited for _, waited in found.stuck), default=0.0)),
        "channels": sorted(_channels(found)),
        "why": list(found.lines) if not found.well else [],
    }


@contextmanager
def watched_round(house: House, now: dt.datetime) -> Iterator[Ping]:
    """Around a round of the deliverer: data engineers hear of what was stuck before it, the watchman outside of what is stuck after it."""
    with pinging(house.settings.ping_url) as ping:
        tell_of_stuck(house, now)
        yield ping
        try:
            after = delivery_health(house, now)
            ping.trouble = "" if after.well else after.headline
        except Exception as error:  # noqa: BLE001 - what was sent is sent
            log.warning("the outbox could not be looked through (%s)", type(error).__name__)
    if ping.answered:
        _note(_file(house, "ping"), now)


def tell_of_stuck(house: House, now: dt.datetime) -> int:
    """Enqueues word for data engineers of what is stuck, once per day and set of channels; returns how many messages. Never raises.

    By every channel of theirs that is configured, since the trouble may be one of them. Before the first round of all nothing is stuck:
    then nobody has set up a deliverer yet.
    """
    try:
        found = delivery_health(house, now)
        if found.well or found.on_hold or found.last_round is None:
            return 0
        return _enqueue(house, found)
    except Exception as error:
        log.exception("what is stuck in the outbox could not be told (%s)", type(error).__name__)
        return 0


def _enqueue(house: House, found: Health) -> int:
    from sqlalchemy import select

    from caseclock.notifications.outbox import Notice, notice_row
    from caseclock.notifications.routes import channels_of
    from caseclock.storage import schema as t
    from caseclock.storage.outbox import insert_rows
    from caseclock.storage.waiting import STUCK

    day = found.at.astimezone(clock.LONDON).date()
    channels = ",".join(sorted(_channels(found)))
    notice = Notice(f"{STUCK}{day}|{channels}", found.headline, found.lines, kind="stuck")
    rows = []
    for name in house.config.routes.engineers():
        recipient = house.config.routes.known(name)
        reached = [c for c in dict.fromkeys([*recipient.tell, *recipient.fallback]) if recipient.address(c) and c in house.channels]
        rows += [notice_row(name, channel, notice) for channel in reached or channels_of(recipient)]
    with house.engine.begin() as c:
        known = set(c.execute(select(t.outbox.c.key).where(t.outbox.c.key.in_([row.key for row in rows]))).scalars())
        new = [row for row in rows if row.key not in known]
        insert_rows(c, new, found.at)
    return len(new)


def _channels(found: Health) -> set[str]:
    return {one.channel for one, _ in found.stuck} | {one.channel for one in found.given_up}


def _file(house: House, of: str = "delivery") -> Path:
    return house.settings.home / "heartbeat" / of
