"""What a confirmed message changes in what its reader knows. One line per kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from caseclock.alerts.model import Instance, Kind, Told, Via
from caseclock.thresholds import Severity

Effect = Literal["opens", "shows", "calls", "closes", "holds", "releases", "once"]
EFFECTS: dict[Kind, tuple[Effect, ...]] = {
    "fire": ("opens",),
    "escalated": ("opens",),
    "refresh": ("shows",),
    "worsened": ("shows", "calls"),
    "reminder": ("shows", "calls"),
    "ack_expired": ("shows", "calls"),
    "unsilenced": ("shows", "calls"),
    "limit_changed": ("closes",),
    "resolved": ("closes",),
    "retracted": ("closes",),
    "hold": ("holds",),
    "unhold": ("releases",),
    "dq_failed": ("opens",),
    "dq_recovered": ("closes",),
    "dq_released": ("closes",),
    "stale": ("opens",),
    "stale_recovered": ("closes",),
    "missing_scope": ("opens", "once"),
    "delivery_failed": ("opens", "once"),
    "refused": ("opens", "once"),
}


def told_after(
    before: Told | None,
    *,
    recipient: str,
    channel: str,
    instance: Instance,
    episode: str,
    kind: Kind,
    severity: Severity | None,
    value: float | None,
    at: dt.datetime,
    handle: Mapping[str, str],
    conversation: str,
    item: Mapping[str, object],
    via: Via = "route",
) -> Told:
    """`value` None: this kind says no figure, and the figures stay as they were. A message that opens starts a new conversation."""
    effects = EFFECTS[kind]
    figure = value if value is not None else (before.shown if before else 0.0)
    serial = before.serial if before else 0
    if before is None or "opens" in effects:
        before = Told(
            recipient, channel, instance, episode, severity, figure, figure, at, at,
            handle=dict(handle), via=via, conversation=conversation,
        )  # fmt: skip
    after = replace(before, serial=serial + 1, item=dict(item))
    changes: dict[Effect, dict[str, object]] = {
        "opens": {},
        "shows": {"shown": figure},
        "calls": {"value": figure, "severity": severity, "attention_at": at},
        "closes": {"open": False, "held": False},
        "holds": {"held": True},
        "releases": {"held": False},
        "once": {"open": False},
    }
    for effect in effects:
        after = replace(after, **changes[effect])  # type: ignore[arg-type]
    return after
