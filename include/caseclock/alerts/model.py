"""The types of the room `alerts`.

Three axes are kept apart: *condition* (what passed extracts say), *data* (may the numbers speak?), *handling* (what people did).
Desired state is compared with what each recipient was last *told*; the difference is sent. So quiet hours, holds, silences,
crashes and retries all mean "not sent yet", and the next run repairs them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from caseclock.thresholds import Severity

State = Literal["NORMAL", "PENDING", "FIRING", "RECOVERING"]
Kind = Literal[
    "fire", "refresh", "worsened", "resolved", "retracted", "reminder", "escalated", "ack_expired", "unsilenced", "hold", "unhold",
    "dq_failed", "dq_recovered", "stale", "stale_recovered", "delivery_failed", "refused", "limit_changed", "missing_scope",
]  # fmt: skip
Mode = Literal["post", "update", "reply_broadcast", "update+reply", "update+reply_broadcast"]


@dataclass(frozen=True, order=True)
class Instance:
    """One measure against one limit in one team of one source. For data-engineer alerts `rule` is the kind (`dq_failed`)."""

    source: str
    rule: str
    team: str

    def __str__(self) -> str:
        return f"{self.rule}/{self.team}"


@dataclass(frozen=True)
class Observation:
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

    def __str__(self) -> str:
        words: list[str] = [self.kind, str(self.instance)]
        if self.value is not None:
            words.append(f"{self.value:g}")
        if self.severity:
            words.append(self.severity)
        return " ".join(words)
