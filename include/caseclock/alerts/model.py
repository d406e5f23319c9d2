"""The types of the room `alerts`.

Three axes are kept apart: *condition* (what passed extracts say), *data* (may the numbers speak?), *handling* (what people did).
Desired state is compared with what each recipient was last *told*; the difference is sent. So quiet hours, holds, silences,
crashes and retries all mean "not sent yet", and the next run repairs them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from caseclock.thresholds import Severity

_SLACK_ID = re.compile(r"(?<=\S) \([UW][A-Z0-9]{2,}\)$")
State = Literal["NORMAL", "PENDING", "FIRING", "RECOVERING"]
Kind = Literal[
    "fire", "refresh", "worsened", "resolved", "retracted", "reminder", "escalated", "ack_expired", "unsilenced", "hold", "unhold",
    "dq_failed", "dq_recovered", "dq_released", "stale", "stale_recovered", "delivery_failed", "refused", "limit_changed", "missing_scope",
    "limit_stricter", "unstable", "replay_changed_history",
]  # fmt: skip
Mode = Literal["post", "update", "reply_broadcast", "update+reply", "update+reply_broadcast"]

Via = Literal["route", "escalated", "fallback"]
"""How somebody came to hear of an alert: by routes.yaml, because nobody acted, or because their own channel failed."""


Words = str | Callable[[], str]


@dataclass(frozen=True, order=True)
class Instance:
    """One measure against one limit in one team of one source. For data-engineer alerts `rule` is the kind (`dq_failed`)."""

    source: str
    rule: str
    team: str

    def __str__(self) -> str:
        return f"{self.rule}/{self.team}"


class Observation(NamedTuple):
    """What the newest revision of one extract date says of one instance. `passed` is False when quality holds it."""

    as_of: dt.date
    value: float
    n: int
    passed: bool = True
    extract_id: str = ""


@dataclass(frozen=True)
class Condition:
    """Where the fold over all passed observations has arrived. `episode` is None outside FIRING and RECOVERING."""

    state: State = "NORMAL"
    severity: Severity | None = None
    value: float | None = None
    as_of: dt.date | None = None
    run: int = 0
    episode: str | None = None
    since: dt.date | None = None
    extract_id: str = ""


class AlertEvent(NamedTuple):
    """One change of state, as the replay over all passed extracts finds it."""

    instance: Instance
    from_state: State
    to_state: State
    as_of: dt.date
    reason: str
    episode: str | None = None
    severity: Severity | None = None
    value: float | None = None
    extract_id: str = ""


@dataclass(frozen=True)
class Told:
    """What one recipient was last told by one channel about one instance: the open episode and the figures they saw."""

    recipient: str
    channel: str
    instance: Instance
    episode: str
    severity: Severity | None
    value: float
    """The value at the last message that called for attention: what `worsened` compares with."""
    shown: float
    """The value that the message shows now."""
    first_at: dt.datetime
    attention_at: dt.datetime
    held: bool = False
    open: bool = True
    handle: dict[str, str] = field(default_factory=dict)
    serial: int = 0
    """Counts confirmed messages of this episode; part of the delivery key."""
    via: Via = "route"
    """How they came to hear of it. Who heard by escalation or fallback hears the end, and no small moves."""
    conversation: str = ""
    """Key of the message that opened the conversation; mails are threaded by it."""
    item: dict[str, object] = field(default_factory=dict)
    """The line of the root message as it was last drawn, so that the whole of it can be drawn again."""


@dataclass(frozen=True)
class Handling:
    """What a person did about an alert: an acknowledgement (of one episode) or a silence (of an instance)."""

    kind: Literal["ack", "silence"]
    instance: Instance
    by: str
    at: dt.datetime
    until: dt.datetime
    episode: str | None = None
    reason: str = ""
    ended_at: dt.datetime | None = None

    @property
    def end(self) -> dt.datetime:
        return min(self.until, self.ended_at) if self.ended_at else self.until

    @property
    def who(self) -> str:
        """As messages name them: without the Slack id, which is for the audit and tells two people of one name apart."""
        return _SLACK_ID.sub("", self.by)


@dataclass(frozen=True)
class Suppressed:
    """Something that was not sent, and why. One audit row is written when the reason changes.

    `then`: what happens next, in words, or what finds the words: a run does not look for what nobody asks.
    """

    recipient: str
    channel: str
    instance: Instance
    episode: str
    reason: str
    kind: Kind | None = None
    then: Words = field(default="", compare=False)

    @property
    def next_step(self) -> str:
        return self.then() if callable(self.then) else self.then


@dataclass(frozen=True)
class Intent:
    """One thing to tell one recipient, and why now."""

    recipient: str
    kind: Kind
    instance: Instance
    episode: str
    mode: Mode
    reason: str
    severity: Severity | None = None
    value: float | None = None
    was: float | None = None
    as_of: dt.date | None = None
    since: dt.date | None = None
    extract_id: str = ""
    channel: str = ""
    serial: int = 0
    handle: dict[str, str] = field(default_factory=dict)
    via: Via = "route"
    unstable: str = ""
    """How often it came and went of late, where that is often."""

    def __str__(self) -> str:
        words: list[str] = [self.kind, str(self.instance)]
        if self.value is not None:
            words.append(f"{self.value:g}")
        if self.severity:
            words.append(self.severity)
        return " ".join(words)
