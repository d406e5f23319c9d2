"""How alerts are said on their pages: the same words as in messages, and what only a page has room for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from caseclock.dashboard.look import day_words, number
from caseclock.dashboard.model import Tone
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Standing

if TYPE_CHECKING:
    from caseclock.notifications.model import Item
    from caseclock.thresholds import ThresholdRule

View = Mapping[str, Any]
ENDED: Final[Mapping[str, tuple[str, str]]] = {
    "resolved": ("Resolved", "it came back within its limit"),
    "retracted": ("Withdrawn", "corrected or late data show that there was no breach: disregard it"),
    "limit_changed": ("Limit changed", "its limit or its rule was changed; the work itself may be as it was"),
    "moved": ("Moved", "a correction has moved its first day, and it goes on under another id"),
}
"""How an alert ends: a word, and what it means."""

CONDITIONS: Final[Mapping[str, str]] = {
    "FIRING": "past its limit",
    "RECOVERING": "clear of its limit of late, and not yet for long enough to be over",
    "PENDING": "past its limit, and not yet for long enough to be told",
    "NORMAL": "within its limit",
}
CLEAR: Final[Mapping[str, str]] = {"above": "below", "below": "above", "either": "nearer to zero than"}
CHANGES: Final[Mapping[tuple[str, str], str]] = {
    ("NORMAL", "PENDING"): "Past the limit for the first time",
    ("NORMAL", "FIRING"): "The alert opened",
    ("PENDING", "FIRING"): "The alert opened",
    ("PENDING", "NORMAL"): "Back within the limit before anybody was told",
    ("FIRING", "RECOVERING"): "Began to clear",
    ("RECOVERING", "FIRING"): "Past the clearing limit again",
    ("RECOVERING", "NORMAL"): "The alert ended",
    ("FIRING", "NORMAL"): "The alert ended",
    ("FIRING", "FIRING"): "Its colour changed",
}
TONES: Final[Mapping[str | None, Tone]] = {"red": "red", "amber": "amber"}


def rule_named(house: House, id_: str) -> ThresholdRule | None:
    return next((r for r in house.config.thresholds if r.id == id_), None)


def state_of(row: View) -> tuple[str, Tone]:
    """`Red`, `Amber`, or how it ended; and its colour."""
    if row["closed_on"]:
        return ENDED.get(row["close_kind"], ("Over", ""))[0], "quiet"
    return (row["severity"] or "open").capitalize(), TONES.get(row["severity"], "")


def condition_words(rule: ThresholdRule | None, row: View) -> str:
    """An alert stays open between amber and where it is clear: then it is not said to be past its limit."""
    if rule and row["condition"] == "FIRING" and row["value"] is not None and rule.severity_of(row["value"]) is None:
        return f"within its limit now, but not clear of it: it is clear {CLEAR[rule.direction]} {rule.clear_below:g}"
    return CONDITIONS.get(row["condition"], "open")


def item_of(house: House, standing: Standing, row: View, today: dt.date) -> Item:
    """The line that a message would have about it. A rule that is gone has no limits."""
    from caseclock.alerts import Instance
    from caseclock.notifications.model import Item

    rule, since, team = rule_named(house, row["rule"]), dt.date.fromisoformat(row["since"] or row["episode"]), row["team"]
    return Item(
        kind="fire",
        instance=str(Instance(row["source"], row["rule"], team)),
        title=rule.title if rule else f"what the rule {row['rule']} counted",
        team=standing.names.get(team, team),
        unit=rule.unit if rule else "cases",
        source=row["source"],
        as_of=dt.date.fromisoformat(row["as_of"]) if row["as_of"] else since,
        reason="",
        severity=row["severity"],
        value=row["value"],
        was=None,
        limit=rule.amber if rule else None,
        red_limit=rule.red if rule else None,
        since=since,
        open_wd=house.calendar.elapsed(since, today) if since <= today else None,
        recent=(),
        held_days=(),
        unstable="",
        handled="",
    )


def value_words(item: Item, value: float | None = None) -> str:
    """As messages write it: 74.96 against a limit of 75 is never shown as 75."""
    from caseclock.notifications.wording import limit_of
    from caseclock.notifications.wording import number as exact

    shown = item.value if value is None else value
    return "–" if shown is None else exact(shown, item.unit, limit_of(item))


def limit_words(item: Item) -> str:
    """`red 20`, or `amber 10`; nothing for a rule that is gone."""
    from caseclock.notifications.wording import limit_of

    limit = limit_of(item)
    return "–" if limit is None else f"{'red' if item.severity == 'red' else 'amber'} {number(limit, item.unit)}"


def lead_of(rule: ThresholdRule | None, item: Item, row: View) -> str:
    """What is wrong, where, by how much beyond which limit, and since when."""
    from caseclock.notifications.wording import plain, subject

    what, since = subject(replace(item, title=plain(item.title, 200))), day_words(item.since)
    if row["closed_on"]:
        name, why = ENDED.get(row["close_kind"], ("Over", "it is over"))
        last = "" if item.value is None else f" The last figure while it was open was {value_words(item)}."
        told = subject(replace(item, value=None))
        return f"{name}: {told}. It was open from {since} to {day_words(_day(row['closed_on']))}, when {why}.{last}"
    days = f" ({item.open_wd} working {'day' if item.open_wd == 1 else 'days'})" if item.open_wd else ""
    return f"{state_of(row)[0]}: {what}{_beyond(rule, item)}. Open since {since}{days}; the figure is of {day_words(item.as_of)}."


def _beyond(rule: ThresholdRule | None, item: Item) -> str:
    """By how much past which limit; an alert that clears stays open within it."""
    from caseclock.notifications.wording import limit_of

    limit = limit_of(item)
    if rule is None or limit is None or item.value is None:
        return ""
    name = f"the {'red' if item.severity == 'red' else 'amber'} limit of {number(limit, item.unit)}"
    by = rule.badness(item.value) - rule.badness(limit)
    if by == 0:
        return f", exactly at {name}"
    said = f"{abs(by):.2f}".rstrip("0").rstrip(".") + (" percentage points" if item.unit == "per cent" else "")
    side = {"above": "above", "below": "below", "either": "beyond"}[rule.direction]
    return f", {said} {side} {name}" if by > 0 else f", {said} on the good side of {name}; it stays open until it is clear for long enough"


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def capital(name: str) -> str:
    """A name in the words of the page, with its first letter large."""
    return name[:1].upper() + name[1:]
