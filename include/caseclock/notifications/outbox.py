"""The outbox: what is to be sent, enqueued in the transaction that changes the state, and never twice.

A row's key is a hash of recipient, channel and what the message says of which episode, with the serial of that conversation. So
a second run, or two runs at once, make the same key and the second insert changes nothing. The level decides, not the edge:
a row that has surely not been sent and that says what is no longer true is dropped, and the next run enqueues what is true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from caseclock.alerts import Instance, Intent, Kind, Told
from caseclock.alerts.model import Mode, Suppressed, Via
from caseclock.notifications.model import GONE, Capabilities

RowState = Literal["pending", "sending", "unknown", "sent", "failed", "dropped"]
PLACE = "place"  # in a handle: the mark of the address that it was sent to
Identity = tuple[str, str, str, str, str, int]
"""source, rule, team, episode, kind, serial: one thing said once."""

CAPABILITIES: dict[str, Capabilities] = {
    "slack": Capabilities(edit=True, thread=True, reconcile=True, buttons=True, images=True),
    "email": Capabilities(edit=False, thread=True, reconcile=False, images=True),
    "teams": Capabilities(edit=False, thread=False, reconcile=False),
    "notify": Capabilities(edit=False, thread=False, reconcile=True, bounces=True),
}
"""What is known of a channel before (or without) its being configured; a configured channel says it itself."""


@dataclass(frozen=True)
class Line:
    """One item of a row: which conversation it belongs to, and the item as its reader gets it (JSON)."""

    instance: Instance
    episode: str
    kind: Kind
    serial: int
    item: Mapping[str, Any]
    via: Via = "route"
    again: int = 0
    """How often the same has failed for good before. A renewed message is another one, with a key of its own."""

    @property
    def identity(self) -> Identity:
        return (self.instance.source, self.instance.rule, self.instance.team, self.episode, self.kind, self.serial)

    @property
    def says(self) -> str:
        """`fire unalloc/north 12 amber`, as the record has it."""
        return str(Intent("", self.kind, self.instance, self.episode, "post", "", self.item.get("severity"), self.item.get("value")))


@dataclass(frozen=True)
class Failure:
    """How a message failed for good: `place` is the mark of the address it was for (`place_of`, empty: not known), `rest` how long the same
    is not tried again (`blocked.py`)."""

    place: str = ""
    rest: Literal["hour", "day"] = "day"


@dataclass(frozen=True)
class Notice:
    """A message about no alert: a refused file, a fault, the digest. `name` makes it one, however often it is enqueued."""

    name: str
    headline: str
    lines: tuple[str, ...] = ()
    letter: Mapping[str, Any] | None = None
    """The digest, as `letter.to_json` gives it; the lines are then its short form, for a channel that cannot draw it."""
    kind: str = ""
    """What it tells data engineers (`runbook.NoticeKind`); empty for the digest."""


@dataclass(frozen=True)
class Row:
    """One message for one recipient by one channel. `fixed`: it stands for itself and no later run replaces it."""

    key: str
    source: str
    recipient: str
    channel: str
    mode: Mode
    lines: tuple[Line, ...]
    conversation: str
    state: RowState = "pending"
    fixed: bool = False
    seq: int = 0
    tries: int = 0
    created_at: dt.datetime | None = None
    not_before: dt.datetime | None = None
    leased: bool = False
    obsolete: str | None = None
    reason: str = ""
    notice: Notice | None = None
    done_at: dt.datetime | None = None
    failure: Failure | None = None

    @property
    def in_flight(self) -> bool:
        """It may have arrived, or is being sent at this moment."""
        return self.state in {"sending", "unknown"} or self.leased

    @property
    def lane(self) -> tuple[str, str]:
        """Within one lane the order is kept."""
        return self.recipient, self.channel


@dataclass
class Plan:
    """What one run changes in the outbox."""

    insert: list[Row] = field(default_factory=list)
    redraw: list[Row] = field(default_factory=list)
    drop: list[tuple[Row, str]] = field(default_factory=list)
    obsolete: list[tuple[Row, str]] = field(default_factory=list)
    """With why it must not be sent again should it not have arrived; an empty text: it may be, after all."""
    wait: list[Row] = field(default_factory=list)
    """May have arrived, cannot be looked for, and must not be sent again now (night, silence, held data), but later it must."""
    suppressed: list[Suppressed] = field(default_factory=list)


def delivery_key(recipient: str, channel: str, source: str, lines: Iterable[Line]) -> str:
    """40 hex digits; the same for the same message whenever it is made."""
    said = sorted([*line.identity[1:], *([line.again] if line.again else [])] for line in lines)
    return hashlib.sha256(json.dumps([recipient, channel, source, said]).encode()).hexdigest()[:40]


def place_of(address: str | None) -> str:
    """A mark of an address, to see later whether a message stands where its reader is reached now."""
    return hashlib.sha256((address or "").encode()).hexdigest()[:12]


def new_row(recipient: str, channel: str, mode: Mode, lines: Sequence[Line], conversation: str = "", *, fixed: bool = False) -> Row:
    source = lines[0].instance.source
    key = delivery_key(recipient, channel, source, lines)
    return Row(key, source, recipient, channel, mode, tuple(lines), conversation or key, fixed=fixed)


def notice_row(recipient: str, channel: str, notice: Notice, again: int = 0) -> Row:
    """A notice for one recipient by one channel; the same key whenever it is made. `again`: how often it has failed for good before."""
    said = ["notice", recipient, channel, notice.name, *([again] if again else [])]
    key = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:40]
    return Row(key, "", recipient, channel, "post", (), key, fixed=True, notice=notice)


def subjects(row: Row) -> set[object]:
    """What a row is about: a notice by its name, or alerts with their episodes."""
    return {row.notice.name} if row.notice else {(line.instance, line.episode) for line in row.lines}


def degrade(intent: Intent, can: Capabilities) -> Intent | Suppressed:
    """The intent in a form that the channel can give it. A channel that cannot edit posts what matters and leaves out the rest."""
    if intent.mode == "update" and GONE in intent.handle:
        why = f"the message in {intent.channel} is deleted or takes no change any more; a {intent.kind} alone is not worth a new one"
        then = "the next message that calls its reader is posted anew, with all that the old one showed"
        return Suppressed(intent.recipient, intent.channel, intent.instance, intent.episode, why, intent.kind, then)
    if can.edit or intent.mode == "post":
        return intent
    if intent.mode == "update":
        why = f"{intent.channel} cannot change a message once it is sent; a {intent.kind} alone is not worth a new one"
        return Suppressed(intent.recipient, intent.channel, intent.instance, intent.episode, why, intent.kind)
    return replace(intent, mode="post")


def plan_lane(
    wanted: Sequence[tuple[Intent, Line]],
    rows: Sequence[Row],
    told: Mapping[tuple[Instance, str], Told],
    can_look: bool = True,
    still_open: Callable[[Line], bool] = lambda line: False,
) -> Plan:
    """Compares what is wanted in one lane with what already waits in it.

    Waiting rows that are still true are drawn again with today's figures; those that are not are dropped. A row that may have
    arrived is never touched: it locks its alerts until that is known, and is marked so that it is not sent again if it has not.
    `can_look`: the channel can be asked whether it has. `still_open`: the alert that a line is about has not ended.
    """
    plan = Plan()
    left = {line.identity: (intent, line) for intent, line in wanted}
    locked: set[Instance] = set()
    moved: set[Instance] = set()  # a row about them goes or may go: what comes after it must stay behind what takes its place
    for row in sorted((r for r in rows if r.lines and not r.fixed), key=lambda r: r.seq):
        gone = [line for line in row.lines if line.identity not in left]
        about = {line.instance for line in row.lines}
        if row.in_flight:
            locked |= about
            for line in row.lines:
                left.pop(line.identity, None)
            _mark(plan, row, gone, must_wait=not can_look and any(still_open(line) for line in gone))
        elif gone or about & moved:
            plan.drop.append((row, _no_longer(gone) if gone else "it is put behind an earlier message about the same alert"))
        else:
            fresh = tuple(left.pop(line.identity)[1] for line in row.lines)
            plan.redraw += [replace(row, lines=fresh)] if fresh != row.lines else []
            continue
        moved |= about if gone or not row.in_flight else set()
    for identity, (intent, line) in list(left.items()):
        if line.instance in locked:
            del left[identity]
            why = "an earlier message about it is on its way and its arrival is not yet known"
            plan.suppressed.append(Suppressed(intent.recipient, intent.channel, line.instance, line.episode, why, line.kind))
    plan.insert = _grouped(left.values(), told)
    return plan


def _mark(plan: Plan, row: Row, gone: Sequence[Line], *, must_wait: bool) -> None:
    """What is to become of a row that may have arrived, if it turns out that it has not."""
    if must_wait:
        plan.wait.append(row)
    elif gone:
        plan.obsolete.append((row, _no_longer(gone)))
    elif row.obsolete:
        plan.obsolete.append((row, ""))


def _no_longer(gone: Sequence[Line]) -> str:
    return f"no longer so: {', '.join(line.says for line in gone)}"


def _grouped(wanted: Iterable[tuple[Intent, Line]], told: Mapping[tuple[Instance, str], Told]) -> list[Row]:
    """Posts of one run are one message; edits and replies are one per root that they belong to."""
    groups: dict[tuple[str, str, int], list[tuple[Intent, Line]]] = {}
    for intent, line in wanted:
        root = "" if intent.mode == "post" else json.dumps(intent.handle, sort_keys=True)
        turn = 0
        while any(line.instance == other.instance for _, other in groups.get((intent.mode, root, turn), ())):
            turn += 1  # two things about one alert are two messages
        groups.setdefault((intent.mode, root, turn), []).append((intent, line))
    made = []
    for _, group in sorted(groups.items(), key=lambda entry: entry[0][0] == "post"):  # an end comes before the next beginning
        first, line = group[0]
        known = told.get((line.instance, line.episode))
        conversation = known.conversation if known and known.open else ""
        made.append(new_row(first.recipient, first.channel, first.mode, [entry for _, entry in group], conversation))
    return made
