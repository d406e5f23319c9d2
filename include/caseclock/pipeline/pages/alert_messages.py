"""What was said of one alert, to whom and how it went; what is not said at present and why; and what happens next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import day_words, moment_words
from caseclock.dashboard.model import Tone
from caseclock.dashboard.pages.alert import Letter, Unsent
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.alert_words import CLEAR
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks

if TYPE_CHECKING:
    from caseclock.alerts import Condition, Instance, Told
    from caseclock.alerts.handling import Standing as Deeds
    from caseclock.notifications.routes import Routes
    from caseclock.thresholds import ThresholdRule

View = dict[str, Any]
MOST: Final = 60  # messages of one alert that are shown
NOTES: Final = 400  # entries of the audit that are read for them
OPEN: Final = ("pending", "sending", "unknown")
CHANNELS: Final = {"slack": "Slack", "email": "mail", "teams": "Teams", "notify": "GOV.UK Notify"}
KINDS: Final[Mapping[str, str]] = {
    "fire": "first message", "refresh": "brought up to date", "worsened": "worse", "reminder": "reminder", "escalated": "escalated",
    "ack_expired": "acknowledgement ran out", "unsilenced": "silence ended", "hold": "on hold", "unhold": "data is usable again",
    "resolved": "resolved", "retracted": "withdrawn", "limit_changed": "limit changed", "limit_stricter": "limit made stricter",
}  # fmt: skip
STATES: Final[Mapping[str, tuple[str, Tone]]] = {
    "pending": ("waiting", "amber"), "sending": ("on its way", "amber"), "unknown": ("not known whether it arrived", "amber"),
    "sent": ("sent", "green"), "failed": ("failed", "red"), "dropped": ("not sent: it was no longer true, or no longer needed", "quiet"),
}  # fmt: skip
TRIED: Final[Mapping[str | None, str]] = {
    "sent": "sent", "adopted": "found there", "failed": "failed", "unknown": "not known whether it arrived", "retry": "to be tried again",
    None: "not ended",
}  # fmt: skip


def title_of(routes: Routes, recipient: str) -> str:
    """The role, as routes.yaml calls it; an id that it has no longer stands for itself."""
    found = routes.recipient(recipient)
    return found.title if found else recipient


def notes_of(c: Connection, routes: Routes, ids: Collection[str], told: Iterable[Told]) -> list[View]:
    """Entries of the audit about messages of one alert, oldest first. They are asked for by whole subjects, so that the index finds them.

    `ids`: all that the alert has had.
    """
    lanes = {(r.id, channel) for r in routes.recipients for channel in CHANNELS if r.address(channel)}
    lanes |= {(one.recipient, one.channel) for one in told}
    found: list[View] = []
    for some in in_chunks(sorted(f"{id_} {recipient}/{channel}" for id_ in ids for recipient, channel in lanes)):
        query = select(t.audit).where(t.audit.c.subject.in_(some)).order_by(t.audit.c.id.desc()).limit(NOTES)
        found += [dict(row) for row in c.execute(query).mappings()]
    return sorted(found, key=lambda row: int(row["id"]))[-NOTES:]


def letters(c: Connection, routes: Routes, ids: Collection[str], source: str, notes: Sequence[View]) -> tuple[Letter, ...]:
    """Newest first. Those that wait have no entry in the audit yet."""
    o = t.outbox.c
    keys = list(dict.fromkeys(n["detail"]["key"] for n in notes if "key" in n["detail"]))[-MOST:]
    found = {row["key"]: dict(row) for row in c.execute(select(t.outbox).where(o.key.in_(keys))).mappings()}
    waiting = select(t.outbox).where(o.state.in_(OPEN), o.source == source).order_by(o.seq.desc()).limit(NOTES)
    for row in (dict(kept) for kept in c.execute(waiting).mappings()):
        if _mine(row, ids):
            found[row["key"]] = row
    a = t.attempt.c
    tries: dict[str, list[View]] = {}
    for one in c.execute(select(t.attempt).where(a.key.in_(list(found))).order_by(a.id)).mappings():
        tries.setdefault(one["key"], []).append(dict(one))
    rows = sorted(found.values(), key=lambda row: (row["created_at"], row["seq"]), reverse=True)[:MOST]
    return tuple(_letter(routes, row, tries.get(row["key"], []), ids) for row in rows)


def _letter(routes: Routes, row: View, tries: Sequence[View], ids: Collection[str]) -> Letter:
    mine = _mine(row, ids)
    kinds = ", ".join(dict.fromkeys(KINDS.get(line["kind"], line["kind"].replace("_", " ")) for line in mine))
    beside = len(row["payload"]["lines"]) - len(mine)
    more = f", with {beside} other {'alert' if beside == 1 else 'alerts'}" if beside else ""
    state, tone = STATES.get(row["state"], (row["state"], ""))
    said = [f"{moment_words(one['started_at'])}: {_tried(one)}" for one in tries]
    at = row["done_at"] or row["created_at"]
    return Letter(at, title_of(routes, row["recipient"]), _by(row["channel"]), kinds + more, state, tone, row["reason"] or "", tuple(said))


def _mine(row: View, ids: Collection[str]) -> list[View]:
    """The lines of a message that are about this alert."""
    from caseclock.alerts import Instance
    from caseclock.notifications.compose import alert_id

    return [line for line in row["payload"]["lines"] if alert_id(Instance(*line["instance"]), line["episode"]) in ids]


def _tried(one: View) -> str:
    said = TRIED.get(one["outcome"], str(one["outcome"]))
    return f"{said} ({one['reason']})" if one["reason"] else said


def _by(channel: str) -> str:
    return CHANNELS.get(channel, channel)


def unsent(routes: Routes, notes: Sequence[View]) -> tuple[Unsent, ...]:
    """Of each reader and channel the newest entry, where it says that something was not sent."""
    last = {note["subject"]: note for note in notes}
    return tuple(
        Unsent(title_of(routes, n["detail"]["recipient"]), _by(n["detail"]["channel"]), n["reason"], n["at"])
        for n in last.values()
        if n["event"] in {"suppressed", "held", "dropped"} and {"recipient", "channel"} <= n["detail"].keys()
    )


def hears(house: House, instance: Instance, name: str, severity: Any) -> str:
    """Who would hear of it, by which line of routes.yaml."""
    from caseclock.notifications.routes import Subject

    rule = next((r for r in house.config.thresholds if r.id == instance.rule), None)
    if rule is None:
        return "Nobody: thresholds.yaml has no such rule any more."
    routes, subject = house.config.routes, Subject(instance, rule.measure, name)
    if (n := routes.digest_only(subject, severity or "amber")) is not None:
        return f"Nobody is called: route {n} of routes.yaml leaves it to the weekly digest."
    return "; ".join(f"{title_of(routes, who.recipient)} ({who.reason})" for who in routes.who(subject, severity or "amber"))


# --- what happens next ---------------------------------------------------------------------------------------------
def next_steps(
    house: House,
    rule: ThresholdRule | None,
    instance: Instance,
    name: str,
    now_is: tuple[Condition, Deeds],
    told: Sequence[Told],
    now: dt.datetime,
) -> tuple[str, ...]:
    """As the engine goes by: reminders and escalation count working days, and rest while somebody deals with it."""
    condition, deeds = now_is
    if rule is None:
        return ("Nothing: thresholds.yaml has no such rule any more.",)
    said = [_ending(rule, condition.state)]
    if not told:
        said.insert(0, "Nobody has been told of it yet. Below is who it is for, and why it waits.")
    if deeds.silenced:
        return (f"Nobody is called until {moment_words(deeds.silenced.end)}: it is silenced. Its end is told all the same.", *said)
    if deeds.acked:
        rest = f"Reminders and escalation rest until {moment_words(deeds.acked.end)}. A rise to red calls all the same."
        return (rest, *said)
    if condition.state != "FIRING":
        return tuple(said)
    return (*_reminder(house, rule, told, now), *_escalation(house, rule, instance, name, deeds, told, now), *said)


def _ending(rule: ThresholdRule, state: str) -> str:
    dates = "one extract" if rule.clear_n == 1 else f"{rule.clear_n} extracts in a row"
    side = CLEAR[rule.direction]
    begun = " It has begun to clear." if state == "RECOVERING" else ""
    return f"It ends when {dates} have it {side} {rule.clear_below:g}, and whoever was told is told that.{begun}".replace(
        "one extract have", "one extract has"
    )


def _reminder(house: House, rule: ThresholdRule, told: Sequence[Told], now: dt.datetime) -> list[str]:
    from caseclock.alerts.hours import local_day

    mine = [one for one in told if one.via == "route"]
    if not mine:
        return []
    due = house.calendar.due(local_day(max(one.attention_at for one in mine)), rule.repeat_wd)
    return [f"A reminder goes out {_when(due, local_day(now))} if it is still past its limit."]


def _escalation(
    house: House, rule: ThresholdRule, instance: Instance, name: str, deeds: Deeds, told: Sequence[Told], now: dt.datetime
) -> list[str]:
    """The next one up is told so many working days after those below, counted again from the end of an acknowledgement or silence."""
    from caseclock.alerts.hours import local_day
    from caseclock.notifications.routes import Subject

    routes = house.config.routes
    nexts = [one for one in routes.chain_of(Subject(instance, rule.measure, name)) if one not in {o.recipient for o in told}]
    if not told or not nexts:
        return []
    above = [one.first_at for one in told if one.via == "escalated"]
    starts = [max(above) if above else min(one.first_at for one in told)]
    starts += [deed.end for deed in (deeds.ack_ended, deeds.silence_ended) if deed]
    due = house.calendar.due(local_day(max(starts)), rule.escalate_wd)
    return [f"If nobody acknowledges it, {title_of(routes, nexts[0])} is told {_when(due, local_day(now))}."]


def _when(due: dt.date, today: dt.date) -> str:
    return f"on {day_words(due)}" if due > today else "with the next round in working hours"
