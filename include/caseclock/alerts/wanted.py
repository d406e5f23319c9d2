"""What a look at one recipient ends in: things to tell, and things not told with the reason; and the form in which each kind is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from caseclock.alerts.model import Intent, Kind, Mode, Suppressed
from caseclock.alerts.scene import View

MODES: dict[Kind, Mode] = {
    "fire": "post",
    "refresh": "update",
    "hold": "update",
    "unhold": "update",
    "worsened": "reply_broadcast",
    "reminder": "reply_broadcast",
    "ack_expired": "reply_broadcast",
    "unsilenced": "reply_broadcast",
    "resolved": "update+reply",
    "retracted": "update+reply_broadcast",
    "limit_changed": "update+reply",
    "limit_stricter": "reply_broadcast",
    "escalated": "post",
    "dq_failed": "post",
    "dq_recovered": "update+reply",
    "dq_released": "update+reply",
    "stale": "post",
    "stale_recovered": "update+reply",
    "missing_scope": "post",
    "delivery_failed": "post",
    "unstable": "post",
    "replay_changed_history": "post",
}
NO_FIGURE: frozenset[Kind] = frozenset({"hold", "unhold", "resolved", "retracted", "limit_changed"})
"""Kinds that say that something changed about the alert, not how much it is."""


@dataclass
class Wanted:
    """What is to be told, and what is not and why."""

    intents: list[Intent] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)

    def __iadd__(self, other: Wanted) -> Wanted:
        self.intents += other.intents
        self.suppressed += other.suppressed
        return self


def intent_of(view: View, kind: Kind, reason: str) -> Intent:
    now_is, told = view.scene.now_is, view.told
    figure = kind not in NO_FIGURE
    return Intent(
        recipient=view.recipient,
        kind=kind,
        instance=view.scene.instance,
        episode=view.episode,
        mode=MODES[kind],
        reason=reason,
        severity=now_is.severity if figure else None,
        value=now_is.value if figure else None,
        was=told.value if told else None,
        as_of=now_is.as_of,
        since=now_is.since,
        extract_id=now_is.extract_id,
        channel=view.channel,
        serial=view.serial,
        handle=told.handle if told else {},
        via="escalated" if kind == "escalated" else told.via if told else "route",
        unstable=view.scene.unstable,
    )
