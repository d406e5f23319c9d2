"""The sender: each message once, in order, whatever breaks.

Order of steps for a row: claim by lease -> write the attempt and commit -> send -> confirm. A crash leaves
a row whose fate is unknown; it rests for the quarantine and is then looked for: found is adopted, absent is sent again. Where a
channel cannot be read back (email) it is sent again, says that it may be a repeat, and carries the same Message-ID.

Order holds within a lane (one recipient, one channel), never across lanes: where a place takes one message a second, its lane rests
and the others go on. Nobody holds a lease while he waits.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from caseclock.alerts import Told
from caseclock.alerts.told import EFFECTS, told_after
from caseclock.notifications.bounces import FIRST_LOOK
from caseclock.notifications.compose import alert_id, message_of
from caseclock.notifications.doubt import TAKEN, Doubt
from caseclock.notifications.failure import follow_ups
from caseclock.notifications.letter import from_json
from caseclock.notifications.model import (
    GONE,
    LEFT_OUT,
    Channel,
    ChannelError,
    Handle,
    Message,
    Outcome,
    Recipient,
    RootGone,
    Undeliverable,
)
from caseclock.notifications.outbox import PLACE, Failure, Line, Row, RowState, place_of
from caseclock.notifications.routes import Routes
from caseclock.notifications.runbook import address, slug_of
from caseclock.notifications.words import BY_FALLBACK

LEASE = dt.timedelta(seconds=120)  # longer than any sending with its time-outs: four calls of 10 s and their retries
BACKOFF = dt.timedelta(seconds=30)  # doubled with every try
LONGEST_BACKOFF = dt.timedelta(hours=1)
MAX_TRIES = 8  # at least an hour of trying, since every wait is doubled; then the next channel is used
MOST_BLIND = 3  # tries where nobody can see whether a copy has arrived: at worst its reader gets so many
PATIENCE = dt.timedelta(seconds=5)  # a lane that is due sooner is waited for; a later one is left to the next round
LONGEST_ROUND = dt.timedelta(minutes=4)  # nobody waits after that: the next round is due, and a task may last 15 minutes
PACE_WAITS = 5  # times that a message waits at a limit within one round; after that it counts as a try that failed
NEXT_MORNING = dt.timedelta(minutes=15)  # how soon a row that must wait is looked at again, where it cannot be dropped
MOST_IDLE = 3  # pauses in a row after which nothing was due after all: somebody else has taken it
MAY_REPEAT = "This message may reach you twice: whether an earlier copy has arrived cannot be seen."
Lane = tuple[str, str]
"""Recipient and channel."""
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
    before: tuple[Told | None, ...] | None = None
    """What was told before this message, line by line; kept where a message may still come back (`bounces.py`)."""


class DeliveryStore(Protocol):
    """What the sender needs of the store; each call is one transaction."""

    def claim(self, by: str, at: dt.datetime, until: dt.datetime, channels: list[str], resting: Sequence[Lane] = ()) -> Row | None:
        """The first row that is due, leased to `by`. Only the first open row of a lane is ever due, none of a lane that is `resting`."""
        ...

    def due(self, at: dt.datetime, channels: list[str]) -> list[tuple[Lane, dt.datetime]]:
        """When the first open row of each lane is due; lanes at which another sender is at work are left out."""
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

    def begin(self, row: Row, by: str, at: dt.datetime, until: dt.datetime, *, unsure: bool = False) -> int | None:
        """Writes the attempt and commits; None when the lease is lost.

        `unsure`: it draws the root again. Until it is confirmed nobody knows what the root shows, and `told` says so.
        """
        ...

    def settle(self, row: Row, by: str, at: dt.datetime, made: Settlement) -> bool:
        """False when the lease is lost: then nothing is written. An outcome `paced` takes the attempt back and leaves no audit row."""
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
    wait: Callable[[float], None] | None = None
    """Sleeps so many seconds. None: nobody waits, and a lane at its limit is left to the next round."""
    must_wait: Callable[[Row], str | None] = lambda row: None
    """Why a row must not be sent now (night), or None."""
    doubt: Doubt | None = None
    """The store was restored and sending reopened: what was enqueued meanwhile may have arrived all the same (`doubt.py`)."""
    by: str = field(default_factory=lambda: uuid.uuid4().hex)
    rests: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    """Channel and address to when the next message may be put there; only of places that have asked for a rest in this round."""
    gaps: dict[tuple[str, str], dt.timedelta] = field(default_factory=dict)
    """The rest that such a place has asked for: from then on it gets its messages so far apart."""
    waited: Counter[str] = field(default_factory=Counter)
    """Key to how often it has waited at a limit in this round."""

    # --- lanes -----------------------------------------------------------------------------------------------------
    def resting(self, at: dt.datetime) -> list[Lane]:
        """Lanes whose place takes nothing yet. Two recipients may share a place."""
        full = {place for place, until in self.rests.items() if until > at}
        return [(r.id, channel) for r in self.routes.recipients for channel in self.channels if (channel, r.address(channel)) in full]

    def pause(self, began: dt.datetime) -> bool:
        """Waits for the lane that is due next, where that is soon. False: there is none, or the round has lasted long enough."""
        if self.wait is None:
            return False
        at = self.now()
        soonest = min((self._free_from(lane, due) for lane, due in self.store.due(at, list(self.channels))), default=None)
        if soonest is None or soonest > at + PATIENCE or soonest > began + LONGEST_ROUND:
            return False
        self.wait(max(0.01, (soonest - at).total_seconds()))
        return True

    def _free_from(self, lane: Lane, due: dt.datetime) -> dt.datetime:
        recipient = self.routes.recipient(lane[0])
        address = recipient.address(lane[1]) if recipient else None
        return max(due, self.rests.get((lane[1], address), due)) if address else due

    def _rest(self, row: Row, address: str) -> None:
        """Counted from the answer: the channel has counted it earlier, so the next one is never too early."""
        place = (row.channel, address)
        if place in self.gaps:
            self.rests[place] = self.now() + self.gaps[place]

    # --- one row ---------------------------------------------------------------------------------------------------
    def handle_row(self, row: Row) -> Outcome:
        recipient = self.routes.recipient(row.recipient)
        if recipient is None:
            return self._settle(row, Settlement("dropped", "dropped", "this recipient is no longer in routes.yaml"))
        if row.source and not recipient.may_have(row.source):
            return self._settle(row, Settlement("dropped", "dropped", f"routes.yaml keeps the figures of {row.source} from this recipient"))
        address = recipient.address(row.channel)
        if address is None:
            return self._fail(row, recipient, f"routes.yaml has no {row.channel} address for {row.recipient}", None)
        if row.state in {"sending", "unknown"} or self._told_before(row):
            return self._look(row, recipient, address)
        if why := self.must_wait(row):
            return self._settle(row, Settlement("dropped", "dropped", f"it could not be sent before it had to wait: {why}"))
        return self._send(row, recipient, address)

    def _look(self, row: Row, recipient: Recipient, address: str) -> Outcome:
        """The fate of an earlier sending is unknown: find out before anything else."""
        at, channel, attempts = self.now(), self.channels[row.channel], self.store.attempts(row)
        rested = (attempts[-1] if attempts else at) + self.quarantine
        if at < rested and (attempts or not self.doubt):  # without an attempt of this store it was enqueued after a restore
            return self._settle(row, Settlement("unknown", "unknown", "it rests before it is looked for", not_before=rested))
        if not channel.capabilities.reconcile:
            if row.obsolete:
                return self._out_of_date(row, recipient)
            return self._once_more(row, recipient, address, (MAY_REPEAT,))
        try:
            since = attempts[0] if attempts else self.doubt.since if self.doubt else at
            found = channel.find(row.key, address, since, self._root(row)[0] or None)
        except Undeliverable as error:
            return self._never_arrives(row, recipient, error)
        except ChannelError as error:
            return self._cannot_look(row, recipient, address, error)
        except Exception as error:  # noqa: BLE001 - a channel's own fault must not stop everybody else's messages
            return self._cannot_look(row, recipient, address, ChannelError(f"{row.channel}: {type(error).__name__}"))
        self.probe("looked", row.key)
        if found is not None:
            return self._confirm(row, recipient, found, "adopted", "it had arrived: found by its key", None)
        if row.obsolete:
            return self._settle(row, Settlement("dropped", "dropped", f"it had not arrived and is out of date: {row.obsolete}"))
        if why := self.must_wait(row):
            return self._settle(row, Settlement("dropped", "dropped", f"it had not arrived, and now it has to wait: {why}"))
        return self._once_more(row, recipient, address)

    def _told_before(self, row: Row) -> bool:
        """The store was restored, this row is about what had been told before, and its channel can be asked."""
        asked = self.doubt is not None and self.channels[row.channel].capabilities.reconcile and self.doubt.may_have_been_told(row)
        return asked and not self.store.attempts(row)

    def count_as_told(self, row: Row, lines: Sequence[Line]) -> Outcome:
        """Of a row that is leased to this sender, whose channel cannot be asked: a person says that these lines had been sent before a
        restore. What else it says is enqueued anew by the next run."""
        recipient = self.routes.recipient(row.recipient)
        if recipient is None or (row.source and not recipient.may_have(row.source)):
            return self._settle(row, Settlement("dropped", "dropped", "routes.yaml sends this to this recipient no longer"))
        return self._out_of_date(row, recipient) if row.obsolete else self._confirm(row, recipient, {}, "adopted", TAKEN, None, lines)

    def _out_of_date(self, row: Row, recipient: Recipient) -> Outcome:
        """It may have arrived, nobody can look, and it says no longer what is so. In doubt its reader has been told of what it opens, and
        has not been told of an end: so whatever is open in their eyes is closed, at the worst twice."""
        opens = tuple(line for line in row.lines if "closes" not in EFFECTS[line.kind])
        if not opens:
            why = f"it cannot be looked for and is out of date ({row.obsolete}): taken as not arrived, so that an end is told"
            return self._settle(row, Settlement("dropped", "dropped", why))
        said = f"it cannot be looked for and is out of date ({row.obsolete}): taken as arrived, so that its end is told"
        return self._confirm(row, recipient, {}, "adopted", said, None, opens)

    def _once_more(self, row: Row, recipient: Recipient, address: str, notes: tuple[str, ...] = ()) -> Outcome:
        """Sending without an answer has an end: else its reader would hear nothing, or the same again and again, for ever."""
        if why := self.must_wait(row):
            return self._settle(row, Settlement("unknown", "unknown", f"it may have arrived; {why}", not_before=self.now() + NEXT_MORNING))
        most = MOST_BLIND if notes else MAX_TRIES
        if row.tries >= most:
            return self._fail(row, recipient, f"given up after {most} tries without an answer", None)
        return self._send(row, recipient, address, notes)

    def _never_arrives(self, row: Row, recipient: Recipient, error: Undeliverable) -> Outcome:
        if row.obsolete:
            return self._settle(row, Settlement("dropped", "dropped", f"it cannot arrive ({error}) and is out of date: {row.obsolete}"))
        return self._fail(row, recipient, str(error), None)

    def _cannot_look(self, row: Row, recipient: Recipient, address: str, error: ChannelError) -> Outcome:
        """Fail open for what is red: better twice than never. The rest waits, and in the end goes by another channel."""
        if self._may_pace(row, error):
            return self._paced(row, address, "unknown", error, None)
        tries = row.tries + 1
        blind = error.permanent or (tries >= 3 and error.retry_after is None)  # who is only asked to slow down will see in the end
        if blind and any(line.item.get("severity") == "red" for line in row.lines):
            return self._once_more(row, recipient, address, (MAY_REPEAT,))
        if error.permanent or tries >= MAX_TRIES:
            return self._fail(row, recipient, f"whether it arrived cannot be seen: {error}", None)
        later = self.now() + _backoff(tries, error.retry_after)
        return self._settle(row, Settlement("unknown", "unknown", f"it cannot be looked for: {error}", not_before=later, tried=True))

    def _send(self, row: Row, recipient: Recipient, address: str, notes: tuple[str, ...] = ()) -> Outcome:
        try:
            handle, message = self._message(row, recipient, notes)
        except (TypeError, ValueError, LookupError, AttributeError) as error:  # what the store holds is no message
            return self._fail(row, recipient, f"it could not be drawn ({type(error).__name__})", None)
        if row.mode == "update" and not handle:
            return self._gone(row, "there is no message to change where this reader is reached", None)
        at = self.now()
        unsure = bool(handle) and self.channels[row.channel].capabilities.edit
        attempt = self.store.begin(row, self.by, at, at + LEASE, unsure=unsure)
        if attempt is None:
            return _outcome(row, "held", "another sender has it")
        self.probe("attempt_written", row.key)
        try:
            made = self.channels[row.channel].send(message, address, handle or None)
        except ChannelError as error:
            return self._not_sent(row, recipient, address, error, attempt)
        except Exception as error:  # noqa: BLE001 - a channel's own fault must not stop everybody else's messages
            bug = ChannelError(f"{row.channel}: {type(error).__name__}", unknown=True)
            return self._not_sent(row, recipient, address, bug, attempt)
        self._rest(row, address)
        self.probe("sent", row.key)
        kept = {name: value for name, value in made.items() if name != LEFT_OUT}
        return self._confirm(row, recipient, kept, "sent", made.get(LEFT_OUT, ""), attempt)

    def _not_sent(self, row: Row, recipient: Recipient, address: str, error: ChannelError, attempt: int) -> Outcome:
        if isinstance(error, RootGone):
            return self._gone(row, str(error), attempt)
        if error.permanent:
            return self._fail(row, recipient, str(error), attempt)
        if self._may_pace(row, error):
            return self._paced(row, address, "pending", error, attempt)
        if row.tries + 1 >= MAX_TRIES and not error.unknown:
            return self._fail(row, recipient, f"given up after {MAX_TRIES} tries: {error}", attempt, rest="hour")
        at = self.now()
        if error.unknown:
            rest = max(self.quarantine, dt.timedelta(seconds=error.retry_after or 0))
            if not self.channels[row.channel].capabilities.reconcile:  # the next one is a copy, so there is no hurry
                rest = max(rest, _backoff(row.tries + 1, None))
            return self._settle(row, Settlement("unknown", "unknown", str(error), attempt, at + rest, tried=True))
        later = at + _backoff(row.tries + 1, error.retry_after)
        return self._settle(row, Settlement("pending", "retry", str(error), attempt, later, tried=True))

    def _may_pace(self, row: Row, error: ChannelError) -> bool:
        """The channel asks for a short rest, and this round may wait: no try that failed, unless it happens again and again."""
        short = error.retry_after is not None and error.retry_after <= PATIENCE.total_seconds()
        if self.wait is None or error.permanent or error.unknown or not short or self.waited[row.key] >= PACE_WAITS:
            return False
        self.waited[row.key] += 1
        return True

    def _paced(self, row: Row, address: str, state: RowState, error: ChannelError, attempt: int | None) -> Outcome:
        place, gap = (row.channel, address), dt.timedelta(seconds=max(0.1, error.retry_after or 0))
        until = self.now() + gap
        self.gaps[place], self.rests[place] = gap, until
        return self._settle(row, Settlement(state, "paced", str(error), attempt, until))

    def _gone(self, row: Row, why: str, attempt: int | None) -> Outcome:
        """An edit calls nobody, so it never becomes a post. That its root is gone is kept: the engine then enqueues no more edits of it."""
        lane = self.store.told_by(row.recipient, row.channel)
        root = self._root_in(lane, row)
        told = tuple(replace(t, handle={**root, GONE: "yes"}) for t in lane if root and t.handle == root)
        return self._settle(row, Settlement("dropped", "dropped", f"{why}; the next call opens a new one", attempt, told=told))

    # --- how it ends -----------------------------------------------------------------------------------------------
    def _confirm(
        self,
        row: Row,
        recipient: Recipient,
        handle: Handle,
        outcome: str,
        reason: str,
        attempt: int | None,
        lines: Sequence[Line] | None = None,
    ) -> Outcome:
        """`lines`: those of the row that have been told; without it all of them."""
        at, lane, can = self.now(), self.store.told_by(row.recipient, row.channel), self.channels[row.channel].capabilities
        known = {(t.instance, t.episode): t for t in lane}
        if handle and can.edit:
            handle = {**handle, PLACE: place_of(recipient.address(row.channel))}
        old_root = self._root_in(lane, row)
        told: dict[object, Told] = {}
        if handle and old_root and handle != old_root and can.edit:
            told = {(t.instance, t.episode): replace(t, handle=handle) for t in lane if t.handle == old_root}  # the root was posted anew
        for line in row.lines if lines is None else lines:
            place = (line.instance, line.episode)
            told[place] = told_after(
                told.get(place) or known.get(place),
                recipient=row.recipient, channel=row.channel, instance=line.instance, episode=line.episode, kind=line.kind,
                severity=line.item.get("severity"), value=line.item.get("value"), at=at, handle=handle,
                conversation=row.conversation, item=line.item, via=line.via,
            )  # fmt: skip
        made = Settlement("sent", outcome, reason, attempt, handle=handle, told=tuple(told.values()))
        if can.bounces and handle:
            made = replace(made, not_before=at + FIRST_LOOK, before=tuple(known.get((line.instance, line.episode)) for line in row.lines))
        return self._settle(row, made)

    def _fail(self, row: Row, recipient: Recipient, reason: str, attempt: int | None, rest: Literal["hour", "day"] = "day") -> Outcome:
        """`rest`: how long the same is not tried again (`blocked.py`)."""
        row = replace(row, failure=Failure(place_of(recipient.address(row.channel)), rest))
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
        """Handle of the root that this row edits or answers, with everything that it shows. Empty for a post.

        A root that stands where this recipient was reached before is left alone, since others may read there now: all that it shows is
        posted anew, and so is what a root showed that is gone.
        """
        lane = self.store.told_by(row.recipient, row.channel) if row.mode != "post" else []
        root = self._root_in(lane, row)
        recipient = self.routes.recipient(row.recipient)
        moved = root.get(PLACE) not in {None, place_of(recipient.address(row.channel) if recipient else None)}
        return {} if moved or GONE in root else root, [t for t in lane if root and t.handle == root]

    def _root_in(self, lane: Sequence[Told], row: Row) -> Handle:
        """Handle of the root to which this row belongs, wherever it stands."""
        if row.mode == "post":
            return {}
        first = row.lines[0]
        return next((t.handle for t in lane if (t.instance, t.episode) == (first.instance, first.episode)), {})

    def _message(self, row: Row, recipient: Recipient, notes: tuple[str, ...]) -> tuple[Handle, Message]:
        if row.notice:
            made_at, notice = row.created_at or self.now(), row.notice
            letter = from_json(notice.letter) if notice.letter else None
            slug = slug_of(notice.kind) or ""
            said = (notice.headline, notice.lines, letter, slug, address(self.page_url, slug))
            return {}, Message(row.key, recipient, "post", (), (), made_at, notes, row.conversation, *said)
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
            notes=(*notes, *((BY_FALLBACK,) if any(line.via == "fallback" for line in row.lines) else ()), *self.notes_of(row.source)),
            serials={(t.instance, t.episode): t.serial for t in self.store.told_by(row.recipient, row.channel)},
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
    wait: Callable[[float], None] | None = None,
    must_wait: Callable[[Row], str | None] = lambda row: None,
    doubt: Doubt | None = None,
) -> list[Outcome]:
    """Sends everything that is due and returns what became of each row. Rows for channels that are not configured wait.

    `wait` sleeps: with it the round goes on until nothing is due within PATIENCE. `must_wait`: why a row may not go now (`night.py`).
    `doubt`: what is not known since a restore (`doubt.py`).
    """
    sender = Sender(
        store, channels, routes, now, page_url, dt.timedelta(seconds=quarantine_seconds), probe, notes_of, wait, must_wait, doubt
    )
    outcomes: dict[str, Outcome] = {}
    for waiting in store.unconfigured(list(channels)):
        reason = f"{waiting.channel} is not configured; the message waits"
        store.hold(waiting, reason, now())
        outcomes[waiting.key] = _outcome(waiting, "held", reason)
    began, idle = now(), 0
    while True:
        at = now()
        row = store.claim(sender.by, at, at + LEASE, list(channels), sender.resting(at))
        if row is not None:
            probe("claimed", row.key)
            outcomes[row.key], idle = sender.handle_row(row), 0
        elif idle >= MOST_IDLE or not sender.pause(began):
            return list(outcomes.values())
        else:
            idle += 1


def _backoff(tries: int, retry_after: float | None) -> dt.timedelta:
    """At least what the channel asks for, and longer each time: a limit that does not lift must not use up all tries in seconds."""
    own = min(LONGEST_BACKOFF, BACKOFF * int(2 ** max(0, tries - 1)))
    return max(own, dt.timedelta(seconds=retry_after or 0))


OUTCOMES = {"retry": "held", "paced": "held"}
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
