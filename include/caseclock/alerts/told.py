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
    "limit_stricter": ("shows", "calls"),
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
    "unstable": ("opens", "once"),
    "replay_changed_history": ("opens", "once"),
}

ABOUT_DATA: frozenset[Kind] = frozenset(
    {
        "dq_failed", "dq_recovered", "dq_released", "stale", "stale_recovered", "missing_scope", "delivery_failed", "refused", "unstable",
        "replay_changed_history",
    }
)  # fmt: skip
"""What is told to data engineers. The kind that opened the conversation stands where alerts have their rule."""


def is_about_data(told: Told) -> bool:
    """By what was said, since a rule may once have had such an id; by the id alone where what was said is not known any more."""
    return told.item.get("kind", told.instance.rule) in ABOUT_DATA


UNSURE = "unsure"
"""In `Told.item`: the root may show something else, since an edit of it was begun and is not confirmed. The next confirmed one ends it."""


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
    after = replace(before, serial=serial + 1, item={name: shown for name, shown in item.items() if name != UNSURE})
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
