"""What a channel has taken may still come back. GOV.UK Notify knows only later whether a mail has arrived, and says so when it is asked.

A sent row of such a channel is asked after until its fate is known. What came back goes the way of a failed sending: it is as if it
had never been told, the next channel is used, and data engineers hear of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from caseclock.alerts import Told
from caseclock.notifications.failure import follow_ups
from caseclock.notifications.model import Bouncing, Channel, ChannelError
from caseclock.notifications.outbox import Failure, Row, place_of
from caseclock.notifications.routes import Routes

log = logging.getLogger(__name__)

FIRST_LOOK = dt.timedelta(minutes=2)  # most mails have arrived by then
LONGEST_REST = dt.timedelta(hours=6)  # between two looks; each is as long as the message is old
GIVE_UP = dt.timedelta(days=4)  # Notify tries for 72 hours, and shows what it did for 7 days
MOST_LOOKS = 50  # in one round, so that a round stays short


@dataclass
class Settled:
    """What one round of asking has found. `sources`: whose alerts are to be brought up to date before anything is sent instead."""

    arrived: int = 0
    lost: int = 0
    sources: set[str] = field(default_factory=set)


class SentStore(Protocol):
    """What is needed of the store; each call is one transaction. Two rounds at once change nothing twice."""

    def unsettled(self, channels: list[str], at: dt.datetime, most: int) -> list[tuple[Row, dt.datetime]]:
        """Sent rows that are to be asked after now, and when they were sent; the newest first."""
        ...

    def told_by(self, recipient: str, channel: str) -> list[Told]: ...

    def look_again(self, row: Row, at: dt.datetime) -> None:
        """Nothing is known yet; it is asked after again at that time."""
        ...

    def close(self, row: Row, event: str, reason: str, at: dt.datetime) -> None:
        """It is not asked after any more, and the audit says why."""
        ...

    def take_back(self, row: Row, reason: str, at: dt.datetime, instead: Callable[[Row], Iterable[Row]]) -> bool:
        """The row has failed: `told` is again as it was before it, and `instead` (made from the lines that nobody has heard since) is
        enqueued. A line is left alone where a later message of its conversation has arrived. False, and nothing is written, while the
        fate of a later one is open.
        """
        ...


def settle_bounces(store: SentStore, channels: Mapping[str, Channel], routes: Routes, now: dt.datetime) -> Settled:
    """Asks after what was sent of late. A channel that cannot say is asked later."""
    able = {name: channel for name, channel in channels.items() if channel.capabilities.bounces and isinstance(channel, Bouncing)}
    found, mute = Settled(), set[str]()
    for row, sent_at in store.unsettled(list(able), now, MOST_LOOKS) if able else ():
        if row.channel in mute:
            continue
        try:
            fate = able[row.channel].fate(row.key)
        except Exception as error:  # noqa: BLE001 - it is asked later; what is to be sent now must not wait for it
            said = str(error) if isinstance(error, ChannelError) else type(error).__name__
            log.warning("%s: whether messages have arrived cannot be seen (%s)", row.channel, said)
            mute.add(row.channel)
            continue
        if fate.state == "waiting":
            _wait(store, row, sent_at, now)
        elif fate.state == "arrived":
            store.close(row, "arrived", fate.reason, now)
            found.arrived += 1
        elif _take_back(store, row, fate.reason, routes, now):
            found.lost += 1
            found.sources |= {row.source} if row.lines else set()
    return found


def _wait(store: SentStore, row: Row, sent_at: dt.datetime, now: dt.datetime) -> None:
    age = now - sent_at
    if age > GIVE_UP:
        store.close(row, "unconfirmed", f"{row.channel}: after {age.days} days it is still not known whether it has arrived", now)
    else:
        store.look_again(row, now + min(LONGEST_REST, max(FIRST_LOOK, age)))


def _take_back(store: SentStore, row: Row, reason: str, routes: Routes, now: dt.datetime) -> bool:
    recipient = routes.recipient(row.recipient)
    told = [t for channel in recipient.fallback for t in store.told_by(row.recipient, channel)] if recipient else []

    def instead(unheard: Row) -> Iterable[Row]:
        return follow_ups(unheard, recipient, routes, told, reason, now) if recipient else ()

    place = place_of(recipient.address(row.channel) if recipient else None)
    taken = store.take_back(replace(row, failure=Failure(place)), reason, now, instead)
    if not taken:
        store.look_again(row, now + FIRST_LOOK)
    return taken
