"""From an intent to the line that a reader gets, and from a row of the outbox to the message. Counts, limits, dates and a link."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from caseclock.alerts import Instance, Intent, Observation, Told
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.model import Item, Message, Recipient
from caseclock.notifications.runbook import address, slug_of
from caseclock.notifications.words import OPEN_FORMS, WORDS
from caseclock.thresholds import ThresholdRule

RECENT = 12  # values shown behind an alert at least, where there are so many: 12 weeks of weekly extracts
WEEKS, MOST = dt.timedelta(weeks=12), 60  # of daily extracts all of 12 weeks
DATES = ("as_of", "since")


def alert_id(instance: Instance, episode: str) -> str:
    """12 hex digits that name one episode for ever: in links, on the command line, in the audit."""
    return hashlib.sha256(f"{instance.source}|{instance.rule}|{instance.team}|{episode}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Facts:
    """What a line says beside the intent. `names`: team id to name."""

    rules: Mapping[str, ThresholdRule]
    names: Mapping[str, str]
    history: Mapping[Instance, Sequence[Observation]]
    calendar: WorkingCalendar
    today: dt.date
    titles: Mapping[str, str] = field(default_factory=dict)
    """Recipient id to title, for `delivery_failed`."""
    drawn: Mapping[tuple[Instance, str], Mapping[str, Any]] = field(default_factory=dict)
    """The lines that people were shown last, for alerts whose rule is gone."""
    handled: Mapping[Instance, str] = field(default_factory=dict)
    """What people did about an alert that is in force, in words."""


def item_of(intent: Intent, facts: Facts) -> Item:
    """The line for one intent. A closing shows the last figure, so that its reader sees what it came down to."""
    instance, rule = intent.instance, facts.rules.get(intent.instance.rule)
    before = facts.drawn.get((instance, intent.episode))
    if intent.kind == "limit_changed" and rule is None and before:
        return replace(item_from_json(before), kind=intent.kind, reason=intent.reason, severity=None, was=None, handled="")
    history = facts.history.get(instance, ())
    seen = sorted((o for o in history if o.passed), key=lambda o: o.as_of)
    recent = _recent(seen) if rule else []
    value = intent.value if intent.value is not None or not seen else seen[-1].value
    as_of = intent.as_of or facts.today
    since = intent.since or (dt.date.fromisoformat(intent.episode) if rule and intent.episode else None)
    return Item(
        kind=intent.kind,
        instance=str(instance),
        title=rule.title if rule else intent.kind.replace("_", " "),
        team=facts.names.get(instance.team, instance.team) if rule else facts.titles.get(instance.team, instance.source),
        unit=rule.unit if rule else "cases",
        source=instance.source,
        as_of=as_of,
        reason=intent.reason,
        severity=intent.severity,
        value=value,
        was=intent.was,
        limit=rule.amber if rule else None,
        red_limit=rule.red if rule else None,
        since=since,
        open_wd=facts.calendar.elapsed(since, facts.today) if since and since <= facts.today else None,
        recent=tuple((o.as_of, o.value) for o in recent),
        held_days=tuple(sorted(o.as_of for o in history if not o.passed and recent and o.as_of > recent[0].as_of)),
        unstable=intent.unstable,
        handled=facts.handled.get(instance, "") if WORDS[intent.kind].form in OPEN_FORMS else "",
    )


def _recent(seen: Sequence[Observation]) -> Sequence[Observation]:
    """The newest of these that a reader sees: 12 weeks of them, and where extracts are rarer the last 12."""
    first = seen[-1].as_of - WEEKS if seen else dt.date.min
    within = sum(o.as_of > first for o in seen)
    return seen[-min(MOST, max(RECENT, within)) :]


def item_to_json(item: Item) -> dict[str, Any]:
    made = {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in vars(item).items()}
    made |= {"recent": [[day.isoformat(), value] for day, value in item.recent]}
    made |= {"held_days": [day.isoformat() for day in item.held_days]}
    return {k: v for k, v in made.items() if k != "unrouted" or v}  # said of few


def item_from_json(kept: Mapping[str, Any]) -> Item:
    """Raises TypeError when the store holds something that is no item."""
    known = {f.name for f in fields(Item)}
    given = {k: v for k, v in kept.items() if k in known}
    for name in DATES:
        given[name] = dt.date.fromisoformat(given[name]) if given.get(name) else None
    given["recent"] = tuple((dt.date.fromisoformat(day), value) for day, value in given.get("recent", ()))
    given["held_days"] = tuple(dt.date.fromisoformat(day) for day in given.get("held_days", ()))
    return Item(**given)


def message_of(
    key: str,
    mode: Any,
    recipient: Recipient,
    items: Sequence[tuple[Instance, str, Mapping[str, Any]]],
    beside: Sequence[Told],
    created_at: dt.datetime,
    *,
    conversation: str,
    page_url: str | None,
    notes: tuple[str, ...] = (),
    serials: Mapping[tuple[Instance, str], int] | None = None,
) -> Message:
    """`items`: instance, episode and line of each that this sending is about. `beside`: everything that the same root shows.

    `serials`: how many messages of each conversation its reader has had before this one.
    """
    had = serials or {}
    about = {
        (instance, episode): _linked(line, instance, episode, page_url, had.get((instance, episode), 0) + 1)
        for instance, episode, line in items
    }
    root = dict.fromkeys((t.instance, t.episode) for t in beside)
    drawn = {(t.instance, t.episode): _linked(t.item, t.instance, t.episode, page_url, t.serial) for t in beside if t.item}
    drawn |= about
    order = [k for k in [*root, *about] if k in drawn]
    return Message(
        key=key,
        recipient=recipient,
        mode=mode,
        items=tuple(about.values()),
        root=tuple(drawn[k] for k in dict.fromkeys(order)),
        created_at=created_at,
        notes=notes,
        episode=conversation,
    )


def _linked(line: Mapping[str, Any], instance: Instance, episode: str, page_url: str | None, serial: int) -> Item:
    item = item_from_json(line)
    if item.limit is None:  # what is no alert on a measure is not acted on; what data engineers are told leads to the runbook
        return replace(item, link=address(page_url, slug_of(item.kind)))
    id = alert_id(instance, episode)
    item = replace(item, ref=f"{id}|{episode}|{serial}" if WORDS[item.kind].form in OPEN_FORMS else "")
    return replace(item, link=f"{page_url.rstrip('/')}/caseclock/alerts/{id}") if page_url else item
