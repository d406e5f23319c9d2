"""The sender: each message once, in order, whatever breaks.

Order of steps for a row: claim by lease -> write the attempt and commit -> send -> confirm. A crash leaves
a row whose fate is unknown; it rests for the quarantine and is then looked for: found is adopted, absent is sent again. Where a
channel cannot be read back (email) it is sent again, says that it may be a repeat, and carries the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from caseclock.alerts import Told
from caseclock.alerts.told import told_after
from caseclock.notifications.compose import alert_id, message_of
from caseclock.notifications.failure import follow_ups
from caseclock.notifications.model import Channel, ChannelError, Handle, Message, Outcome, Recipient
from caseclock.notifications.outbox import Row, RowState
from caseclock.notifications.routes import Routes

LEASE = dt.timedelta(seconds=120)  # longer than any sending with its time-outs: four calls of 10 s and their retries
BACKOFF = dt.timedelta(seconds=30)  # doubled with every try
LONGEST_BACKOFF = dt.timedelta(hours=1)
MAX_TRIES = 8  # about two hours of trying; then the next channel is used
MAY_REPEAT = "This message may reach you twice: whether an earlier copy has arrived cannot be seen."
Probe = Callable[[str, str], None]
"""Called with the name of each step and the row's key: lets a test stop the sender there."""


@dataclass(frozen=True)
class Settlement:
    """What became of a row, with everything that is to be written in the same transaction."""

    state: RowState
    outcome: str
    reason: str
    attempt: int | None = None
    not_before: dt.datetime | None = None
    handle: Handle | None = None
    tried: bool = False
    told: tuple[Told, ...] = ()
    rows: tuple[Row, ...] = ()


class DeliveryStore(Protocol):
    """What the sender needs of the store; each call is one transaction."""

    def claim(self, by: str, at: dt.datetime, until: dt.datetime, channels: list[str]) -> Row | None:
        """The first row that is due, leased to `by`. Only the first open row of a recipient and channel is ever due."""
        ...

    def unconfigured(self, channels: list[str]) -> list[Row]:
        """Rows that wait for channels other than these."""
        ...

    def hold(self, row: Row, reason: str, at: dt.datetime) -> None:
        """Notes why a row waits; one audit row when the reason is new."""
        ...

    def attempts(self, row: Row) -> list[dt.datetime]:
        """When sending was begun, oldest first."""
        ...

    def told_by(self, recipient: str, channel: str) -> list[Told]: ...

    def begin(self, row: Row, by: str, at: dt.datetime, until: dt.datetime) -> int | None:
        """Writes the attempt and commits; None when the lease is lost."""
        ...

    def settle(self, row: Row, by: str, at: dt.datetime, made: Settlement) -> bool:
        """False when the lease is lost: then nothing is written."""
        ...


@dataclass(frozen=True)
class Sender:
    """One deliverer at work. `by` names it in leases."""

    store: DeliveryStore
    channels: Mapping[str, Channel]
    routes: Routes
    now: Callable[[], dt.datetime]
    page_url: str | None = None
    quarantine: dt.timedelta = dt.timedelta(seconds=25)
    probe: Probe = lambda step, key: None
    notes_of: Callable[[str], tuple[str, ...]] = lambda source: ()
    """Source to what every message made from it must say beside its figures."""
    by: str = field(default_factory=lambda: uuid.uuid4().hex)

    # --- one row ---------------------------------------------------------------------------------------------------
    def handle_row(self, row: Row) -> Outcome:
        recipient = self.routes.recipient(row.recipient)
        if recipient is None:
            return self._settle(row, Settlement("dropped", "dropped", "this recipient is no longer in routes.yaml"))
        address = recipient.address(row.channel)
        if address is None:
            return self._fail(row, recipient, f"routes.yaml has no {row.channel} address for {row.recipient}", None)
        if row.state in {"sending", "unknown"}:
            return self._look(row, recipient, address)
        return self._send(row, recipient, address)

    def _look(self, row: Row, recipient: Recipient, address: str) -> Outcome:
        """The fate of an earlier sending is unknown: find out before anything else."""
        at, channel, attempts = self.now(), self.channels[row.channel], self.store.attempts(row)
        rested = (attempts[-1] if attempts else at) + self.quarantine
        if at < rested:
            return self._settle(row, Settlement("unknown", "unknown", "it rests before it is looked for", not_before=rested))
        if not channel.capabilities.reconcile:
            if row.obsolete:
                why = f"it cannot be looked for and is out of date ({row.obsolete}): taken as arrived, so that its end is told"
                return self._confirm(row, recipient, {}, "adopted", why, None)
            return self._send(row, recipient, address, (MAY_REPEAT,))
        try:
            found = channel.find(row.key, address, attempts[0] if attempts else at, self._root(row)[0] or None)
        except ChannelError as error:
            return self._cannot_look(row, recipient, address, error)
        self.probe("looked", row.key)
        if found is not None:
            return self._confirm(row, recipient, found, "adopted", "it had arrived: found by its key", None)
        if row.obsolete:
            return self._settle(row, Settlement("dropped", "dropped", f"it had not arrived and is out of date: {row.obsolete}"))
        return self._send(row, recipient, address)

    def _cannot_look(self, row: Row, recipient: Recipient, address: str, error: ChannelError) -> Outcome:
        """Fail open for what is red: better twice than never. The rest waits, and in the end goes by another channel."""
        tries = row.tries + 1
        if any(line.item.get("severity") == "red" for line in row.lines) and (error.permanent or tries >= 3):
            return self._send(row, recipient, address, (MAY_REPEAT,))
        if error.permanent or tries >= MAX_TRIES:
            return self._fail(row, recipient, f"whether it arrived cannot be seen: {error}", None)
        later = self.now() + _backoff(tries, error.retry_after)
        return self._settle(row, Settlement("unknown", "unknown", f"it cannot be looked for: {error}", not_before=later, tried=True))

    def _send(self, row: Row, recipient: Recipient, address: str, notes: tuple[str, ...] = ()) -> Outcome:
        handle, message = self._message(row, recipient, notes)
        at = self.now()
        attempt = self.store.begin(row, self.by, at, at + LEASE)
        if attempt is None:
            return _outcome(row, "held", "another sender has it")
        self.probe("attempt_written", row.key)
        try:
            made = self.channels[row.channel].send(message, address, handle or None)
        except ChannelError as error:
            return self._not_sent(row, recipient, error, attempt)
        except Exception as error:  # noqa: BLE001 - a channel's own fault must not stop everybody else's messages
            return self._not_sent(row, recipient, ChannelError(f"{row.channel}: {type(error).__name__}", unknown=True), attempt)
        self.probe("sent", row.key)
        return self._confirm(row, recipient, made, "sent", "", attempt)

    def _not_sent(self, row: Row, recipient: Recipient, error: ChannelError, attempt: int) -> Outcome:
        if error.permanent:
            return self._fail(row, recipient, str(error), attempt)
        if row.tries + 1 >= MAX_TRIES and not error.unknown:
            return self._fail(row, recipient, f"given up after {MAX_TRIES} tries: {error}", attempt)
        at = self.now()
        if error.unknown:
            rest = max(self.quarantine, dt.timedelta(seconds=error.retry_after or 0))
            return self._settle(row, Settlement("unknown", "unknown", str(error), attempt, at + rest, tried=True))
        later = at + _backoff(row.tries + 1, error.retry_after)
        return self._settle(row, Settlement("pending", "retry", str(error), attempt, later, tried=True))

    # --- how it ends -----------------------------------------------------------------------------------------------
    def _confirm(self, row: Row, recipient: Recipient, handle: Handle, outcome: str, reason: str, attempt: int | None) -> Outcome:
        at, lane = self.now(), self.store.told_by(row.recipient, row.channel)
        known = {(t.instance, t.episode): t for t in lane}
        old_root, _ = self._root(row)
        told: dict[object, Told] = {}
        if handle and old_root and handle != old_root and self.channels[row.channel].capabilities.edit:
            told = {(t.instance, t.episode): replace(t, handle=handle) for t in lane if t.handle == old_root}  # the root was posted anew
        for line in row.lines:
            place = (line.instance, line.episode)
            told[place] = told_after(
                told.get(place) or known.get(place),
                recipient=row.recipient, channel=row.channel, instance=line.instance, episode=line.episode, kind=line.kind,
                severity=line.item.get("severity"), value=line.item.get("value"), at=at, handle=handle,
                conversation=row.conversation, item=line.item, via=line.via,
            )  # fmt: skip
        made = Settlement("sent", outcome, reason, attempt, handle=handle, told=tuple(told.values()))
        return self._settle(row, made)

    def _fail(self, row: Row, recipient: Recipient, reason: str, attempt: int | None) -> Outcome:
        told = [t for channel in recipient.fallback for t in self.store.told_by(row.recipient, channel)]
        rows = follow_ups(row, recipient, self.routes, told, reason, self.now())
        return self._settle(row, Settlement("failed", "failed", reason, attempt, tried=True, rows=tuple(rows)))

    def _settle(self, row: Row, made: Settlement) -> Outcome:
        if not self.store.settle(row, self.by, self.now(), made):
            return _outcome(row, "unknown", "the lease was lost; whoever has it now settles it")
        self.probe("settled", row.key)
        return _outcome(row, made.outcome, made.reason)

    # --- what is sent ----------------------------------------------------------------------------------------------
    def _root(self, row: Row) -> tuple[Handle, list[Told]]:
        """Handle of the root that this row edits or answers, with everything that it shows. Empty for a post."""
        if row.mode == "post":
            return {}, []
        lane = self.store.told_by(row.recipient, row.channel)
        first = row.lines[0]
        root = next((t.handle for t in lane if (t.instance, t.episode) == (first.instance, first.episode)), {})
        return root, [t for t in lane if root and t.handle == root]

    def _message(self, row: Row, recipient: Recipient, notes: tuple[str, ...]) -> tuple[Handle, Message]:
        if row.notice:
            made_at = row.created_at or self.now()
            return {}, Message(row.key, recipient, "post", (), (), made_at, notes, row.conversation, row.notice.headline, row.notice.lines)
        handle, beside = self._root(row)
        message = message_of(
            row.key,
            row.mode if handle else "post",
            recipient,
            [(line.instance, line.episode, line.item) for line in row.lines],
            beside,
            row.created_at or self.now(),
            conversation=row.conversation,
            page_url=self.page_url,
            notes=(*notes, *self.notes_of(row.source)),
        )
        return handle, message


def deliver(
    store: DeliveryStore,
    channels: Mapping[str, Channel],
    routes: Routes,
    now: Callable[[], dt.datetime],
    *,
    page_url: str | None = None,
    quarantine_seconds: float = 25.0,
    probe: Probe = lambda step, key: None,
    notes_of: Callable[[str], tuple[str, ...]] = lambda source: (),
) -> list[Outcome]:
    """Sends everything that is due and returns what became of each row. Rows for channels that are not configured wait."""
    sender = Sender(store, channels, routes, now, page_url, dt.timedelta(seconds=quarantine_seconds), probe, notes_of)
    outcomes = []
    for waiting in store.unconfigured(list(channels)):
        reason = f"{waiting.channel} is not configured; the message waits"
        store.hold(waiting, reason, now())
        outcomes.append(_outcome(waiting, "held", reason))
    while True:
        at = now()
        row = store.claim(sender.by, at, at + LEASE, list(channels))
        if row is None:
            return outcomes
        probe("claimed", row.key)
        outcomes.append(sender.handle_row(row))


def _backoff(tries: int, retry_after: float | None) -> dt.timedelta:
    if retry_after is not None:
        return dt.timedelta(seconds=max(1.0, retry_after))
    return min(LONGEST_BACKOFF, BACKOFF * int(2 ** max(0, tries - 1)))


OUTCOMES = {"retry": "held"}
"""What the sender writes into the audit, where it is more exact than what is reported."""


def _outcome(row: Row, outcome: str, reason: str) -> Outcome:
    return Outcome(
        key=row.key,
        recipient=row.recipient,
        channel=row.channel,
        kinds=tuple(line.kind for line in row.lines),
        outcome=OUTCOMES.get(outcome, outcome),  # type: ignore[arg-type]
        reason=reason,
        items=tuple(line.says for line in row.lines),
    )


def audit_subject(row: Row, line_number: int) -> str:
    """`<alert id> <recipient>/<channel>`: what the audit of one line of a row is filed under."""
    line = row.lines[line_number]
    return f"{alert_id(line.instance, line.episode)} {row.recipient}/{row.channel}"
