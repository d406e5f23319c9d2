"""Whom digests have reached, in words; asked for a whole list of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from caseclock.notifications import Recipient
from caseclock.notifications.outbox import CAPABILITIES, Notice, notice_row
from caseclock.pipeline.digests import message_name
from caseclock.pipeline.house import House
from caseclock.storage import digests

SAID: Final = (
    (frozenset({"sent"}), "Sent to"),
    (frozenset({"sending", "unknown"}), "On its way to"),
    (frozenset({"pending"}), "Waits to be sent to"),
    (frozenset({"failed"}), "Could not be delivered to"),
    (frozenset({"dropped"}), "Taken back before it was sent to"),
)
"""States of the outbox and what is said of them, the best first: by one of two channels it has arrived."""
One = digests.Kept | digests.Named


def sent_words(house: House, c: Connection, ones: Sequence[One]) -> dict[str, str]:
    """Name of a digest to sentences on whom, of the recipients that there are now, this very revision has reached."""
    recipients = house.config.routes.recipients
    found = _states(c, ones, recipients)
    return {one.name: _words(recipients, {r.id: found.get((one.name, r.id), set()) for r in recipients}) for one in ones}


def _states(c: Connection, ones: Iterable[One], recipients: Sequence[Recipient]) -> dict[tuple[str, str], set[str]]:
    """What failed for good was enqueued anew with the next number, so that is asked for where something was found."""
    asked = [(one, r.id, channel) for one in ones for r in recipients for channel in CAPABILITIES if r.address(channel)]
    made: dict[tuple[str, str], set[str]] = {}
    again = 0
    while asked:
        keys = {notice_row(r, ch, Notice(message_name(one, r, one.revision), ""), again).key: (one, r, ch) for one, r, ch in asked}
        found = digests.states(c, list(keys))
        for key, state in found.items():
            made.setdefault((keys[key][0].name, keys[key][1]), set()).add(state)
        asked, again = [keys[key] for key, state in found.items() if state == "failed"], again + 1
    return made


def _words(recipients: Iterable[Recipient], states: dict[str, set[str]]) -> str:
    by_state: dict[str, list[str]] = {}
    for r in recipients:
        if said := next((words for kinds, words in SAID if states[r.id] & kinds), None):
            by_state.setdefault(said, []).append(r.title)
    parts = (f"{words} {'; '.join(by_state[words])}." for _, words in SAID if words in by_state)
    return " ".join(parts) or "Sent to nobody: no message of it was ever due."
