"""Caseclock's figures about itself. Each is the state at one moment, so that it means the same whether it is read from a page, from a file
or sent to a collector, and whichever process has worked it out.

Names follow OpenMetrics: base units, the unit at the end of the name. A label is a source, a channel, a severity or a word from a fixed
list: never a team, a person or a case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from caseclock.observe.state import Delivered, Newest, State

BUCKETS: Final = (10, 60, 300, 900, 3_600, 14_400, 57_600)  # seconds; the last one is a night
VERDICTS: Final = ("pass", "warn", "hold", "refused")

HELP: Final[Mapping[str, str]] = {
    "build_info": "Always 1; the version of caseclock is a label.",
    "schema_revision": "Revision of the store's schema.",
    "extract_as_of_age_seconds": "Seconds since the end of the day that the newest extract of a source shows.",
    "extract_received_age_seconds": "Seconds since the newest extract of a source arrived.",
    "extract_rows": "Rows of the newest extract of a source: read, kept, quarantined.",
    "extract_verdict": "1 for the quality verdict of the newest extract of a source, 0 for the others.",
    "extract_late": "1 when an extract of a source is due by its cadence and has not come.",
    "extracts_in_line": "Extracts that have arrived and whose path has not begun.",
    "alerts_open": "Alerts that are open, by source, severity and kind (place: team, service or council).",
    "outbox_messages": "Messages in the outbox that are not done, by channel and state; failed: given up in the last day.",
    "outbox_oldest_age_seconds": "Seconds since the oldest message that is not done was enqueued.",
    "outbox_stuck_messages": "Messages due for more than half an hour of working hours.",
    "outbox_lost_messages": "Messages given up in the last day of which nobody has heard otherwise.",
    "delivery_seconds_bucket": "Messages of the last day sent within so many seconds (le) of being enqueued, what was held overnight too.",
    "delivery_seconds_sum": "Seconds from enqueued to sent, summed over the messages of the last day.",
    "delivery_seconds_count": "Messages sent in the last day.",
    "sender_last_round_age_seconds": "Seconds since a round of the sender was finished.",
    "ping_configured": "1 when a watchman outside is told of each round.",
    "ping_last_answer_age_seconds": "Seconds since the watchman outside last answered.",
    "figures_timestamp_seconds": "When these figures were worked out.",
}
"""Every figure, without the `caseclock_` before it. One that cannot be known (no extract, no round yet) is left out, not zero."""

PREFIX: Final = "caseclock_"


@dataclass(frozen=True)
class Figure:
    """One value. `labels` in a fixed order."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


def figures(state: State) -> list[Figure]:
    """Everything that can be said of this state, in the order of HELP."""
    found = list(_all(state))
    order = list(HELP)
    return sorted(found, key=lambda one: (order.index(one.name), one.labels if "le" not in dict(one.labels) else ()))


def _all(state: State) -> Iterator[Figure]:
    yield _one("build_info", 1, version=state.version)
    yield _one("schema_revision", int(state.revision))
    yield _one("figures_timestamp_seconds", state.at.timestamp())
    for newest in state.newest:
        yield from _extract(newest, state.at)
    yield _one("extracts_in_line", state.in_line)
    for (source, severity, kind), n in sorted(state.alerts.items()):
        yield _one("alerts_open", n, source=source, severity=severity, kind=kind)
    for (channel, word), n in sorted(state.outbox.items()):
        yield _one("outbox_messages", n, channel=channel, state=word)
    for channel, since in sorted(state.oldest.items()):
        yield _one("outbox_oldest_age_seconds", _age(since, state.at), channel=channel)
    yield _one("outbox_stuck_messages", state.stuck)
    yield _one("outbox_lost_messages", state.lost)
    for delivered in state.delivered:
        yield from _delivery(delivered)
    if state.last_round:
        yield _one("sender_last_round_age_seconds", _age(state.last_round, state.at))
    yield _one("ping_configured", int(state.ping_configured))
    if state.ping_configured and state.last_answer:
        yield _one("ping_last_answer_age_seconds", _age(state.last_answer, state.at))


def _extract(newest: Newest, at: dt.datetime) -> Iterator[Figure]:
    source = newest.source
    yield _one("extract_as_of_age_seconds", _age(newest.day_ended, at), source=source)
    yield _one("extract_received_age_seconds", _age(newest.received_at, at), source=source)
    for outcome, n in newest.rows.items():
        yield _one("extract_rows", n, source=source, outcome=outcome)
    if newest.verdict:
        for verdict in VERDICTS:
            yield _one("extract_verdict", int(verdict == newest.verdict), source=source, verdict=verdict)
    if newest.late is not None:
        yield _one("extract_late", int(newest.late), source=source)


def _delivery(delivered: Delivered) -> Iterator[Figure]:
    for least, n in [(str(b), sum(s <= b for s in delivered.seconds)) for b in BUCKETS] + [("+Inf", len(delivered.seconds))]:
        yield _one("delivery_seconds_bucket", n, channel=delivered.channel, le=least)
    yield _one("delivery_seconds_sum", sum(delivered.seconds), channel=delivered.channel)
    yield _one("delivery_seconds_count", len(delivered.seconds), channel=delivered.channel)


def _one(name: str, value: float, **labels: str) -> Figure:
    return Figure(name, value, tuple(labels.items()))


def _age(since: dt.datetime, at: dt.datetime) -> float:
    return max(0.0, (at - since).total_seconds())


def by_name(found: Iterable[Figure]) -> dict[str, list[Figure]]:
    """In the order of HELP."""
    grouped: dict[str, list[Figure]] = {}
    for one in found:
        grouped.setdefault(one.name, []).append(one)
    return grouped
