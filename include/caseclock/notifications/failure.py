"""When a channel has failed somebody for good: the next channel, and word to data engineers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from caseclock.alerts import Instance, Intent, Told
from caseclock.alerts.hours import local_day
from caseclock.notifications.compose import item_to_json
from caseclock.notifications.desired import fallback_of
from caseclock.notifications.model import Item, Recipient
from caseclock.notifications.outbox import Line, Row, new_row, notice_row
from caseclock.notifications.routes import Routes, channels_of


def follow_ups(row: Row, recipient: Recipient, routes: Routes, told: Sequence[Told], reason: str, now: dt.datetime) -> list[Row]:
    """Rows to enqueue with the failure. They have the keys that the next run would make, so that run adds nothing."""
    instead = _notice_by_fallback(row, recipient) if row.notice else _by_fallback(row, routes, told)
    return [*instead, *_word_to_engineers(row, recipient, routes, reason, now)]


def _notice_by_fallback(row: Row, recipient: Recipient) -> list[Row]:
    """By the next channel after the one that failed; a channel that had the notice anyway has its key, so nothing is added."""
    order = [c for c in recipient.fallback if recipient.address(c)]
    left = order[order.index(row.channel) + 1 :] if row.channel in order else order
    return [notice_row(row.recipient, left[0], row.notice)] if left and row.notice else []


def _by_fallback(row: Row, routes: Routes, told: Sequence[Told]) -> list[Row]:
    by_channel: dict[str, list[Line]] = {}
    for line in row.lines:
        intent = Intent(
            row.recipient, line.kind, line.instance, line.episode, row.mode, str(line.item.get("reason", "")),
            channel=row.channel, serial=line.serial,
        )  # fmt: skip
        made = fallback_of(intent, routes, told)
        if made:
            by_channel.setdefault(made.channel, []).append(replace(line, serial=made.serial, via="fallback"))
    return [new_row(row.recipient, channel, "post", lines, fixed=row.fixed) for channel, lines in by_channel.items()]


def _word_to_engineers(row: Row, recipient: Recipient, routes: Routes, reason: str, now: dt.datetime) -> list[Row]:
    """Once per recipient and day. What fails for a data engineer is not told to data engineers: it would go round for ever."""
    if recipient.id in routes.data or not (row.lines or row.notice):
        return []
    today, engineers = local_day(now), routes.engineers(row.source)
    instance = Instance(row.source, "delivery_failed", recipient.id)
    item = Item(
        kind="delivery_failed", instance=str(instance), title="delivery failed", team=recipient.title, unit="cases",
        source=row.source, as_of=today, reason=f"{row.channel}: {reason}",
    )  # fmt: skip
    line = Line(instance, today.isoformat(), "delivery_failed", 0, item_to_json(item))
    return [new_row(name, channel, "post", [line], fixed=True) for name in engineers for channel in channels_of(routes.known(name))]
