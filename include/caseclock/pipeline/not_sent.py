"""Why nothing is sent: what the engine says of one rule and team at a moment, to whom, and what happens next.

The run that would send is made and then taken back, so the answer is that of the same code, whatever holds a message up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from caseclock.pipeline.handling import instance_named, source_named, team_named
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import cadence_of
from caseclock.storage import schema as t
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.alerts import Condition, Instance, Suppressed, Told
    from caseclock.alerts.data import Cadence
    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.notifications.outbox import Row
    from caseclock.notifications.routes import Routes
    from caseclock.notifications.update import AlertsResult
    from caseclock.thresholds import ThresholdRule

BEYOND = {"above": "{0:g} or more", "below": "{0:g} or less", "either": "{0:g} or more away from zero"}


def asked_about(house: House, target: str, source: str | None = None) -> Instance:
    """RULE/TEAM or an alert id. A rule that is no longer in thresholds.yaml is known while the store has something of it.

    Raises WrongUse for what nobody has ever watched.
    """
    from caseclock.alerts import Instance

    rule, slash, team = target.partition("/")
    if slash and rule not in {r.id for r in house.config.thresholds}:
        of = source_named(house, source)
        with reading(house.engine) as c:
            was_there = c.execute(select(t.alert.c.id).where(t.alert.c.source == of, t.alert.c.rule == rule)).first()
        if was_there:
            return Instance(of, rule, team_named(house, of, team))
    return instance_named(house, target, source)


def why_now(house: House, instance: Instance, now: dt.datetime) -> Report:
    """`said` of the figure and `then`, and `people`: for each who is or would be concerned `to`, `by`, `told`, `because`, `then`.

    Nothing is sent and nothing is kept.
    """
    config, cadence = house.config, cadence_of(house.source(instance.source))
    known = Watch(now, config.thresholds, config.routes, house.calendar, cadence, house.channels)
    with house.engine.connect() as c, c.begin() as made:
        report = answer(c, instance, known)
        made.rollback()
    return report


@dataclass(frozen=True)
class Watch:
    """What a run goes by. `channels`: names of those that are configured."""

    now: dt.datetime
    rules: Sequence[ThresholdRule]
    routes: Routes
    calendar: WorkingCalendar
    cadence: Cadence | None
    channels: Collection[str]


def answer(c: Connection, instance: Instance, known: Watch) -> Report:
    """As `why_now`, in a transaction that the caller takes back."""
    from caseclock.notifications.update import update_alerts
    from caseclock.storage.alerts import SqlAlerts
    from caseclock.thresholds.breach import applies_to

    now = known.now
    rule, store = next((r for r in known.rules if r.id == instance.rule), None), SqlAlerts(c, now)
    found = update_alerts(store, instance.source, known.rules, known.routes, known.calendar, now, cadence=known.cadence)
    told = [one for one in store.told(instance.source) if one.instance == instance and one.open]
    rows = [row for row in store.waiting_rows(instance.source) if any(line.instance == instance for line in row.lines)]
    people = [*_held(found, instance, told), *_waiting(rows, instance, known.channels, now)]
    if rule is None or not applies_to(rule, instance.team):
        said, then = _off(instance, rule)
        return {"said": said, "then": then, "people": people}
    condition = found.conditions.get(instance)
    said, then = _figure(rule, condition, found)
    people += _above(c, known, rule, found, instance, told) if condition else []
    figure = {name: getattr(condition, name) for name in ("state", "value", "as_of", "extract_id")} if condition else {}
    return {"said": said, "then": then, **figure, "people": people}


# --- the figure ----------------------------------------------------------------------------------------------------
def _off(instance: Instance, rule: ThresholdRule | None) -> tuple[str, str]:
    if rule is None:
        return f"thresholds.yaml has no rule {instance.rule!r} any more, so nobody watches it", "nothing, until the rule is put back"
    listed = ", ".join(rule.teams)
    return f"the rule does not look at {instance.team}: its `teams` are {listed}", "nothing, unless thresholds.yaml names this team"


def _figure(rule: ThresholdRule, condition: Condition | None, found: AlertsResult) -> tuple[str, str]:
    from caseclock.alerts.reconcile import UNTIL_IT_SPEAKS

    if found.data.silent_because:
        return found.data.silent_because, UNTIL_IT_SPEAKS
    if condition is None or condition.value is None or condition.as_of is None:
        few = f" made from {rule.min_n} or more" if rule.min_n else ""
        return f"no extract has a figure for it{few}", f"it is watched from the first extract that has a figure for it{few}"
    if found.data.latest and condition.as_of < found.data.latest:
        return (
            f"the newest extract, of {_day(found.data.latest)}, has no figure for it; the last is of {_day(condition.as_of)}",
            UNTIL_IT_SPEAKS,
        )
    return _within(rule, condition)


def _within(rule: ThresholdRule, condition: Condition) -> tuple[str, str]:
    value, beyond = f"{condition.value:g}", BEYOND[rule.direction].format(rule.amber)
    on = f"{value} on {_day(condition.as_of)}"
    if condition.state == "NORMAL":
        return f"{on} is within the limit of {rule.amber:g}", f"somebody is told when it is {beyond} on {_dates(rule.for_n)}"
    if condition.state == "PENDING":
        said = f"{on} is past the limit of {rule.amber:g}, on {condition.run} of the {_dates(rule.for_n)} that it takes"
        return said, f"it is told when the next extracts say {beyond} too; one that does not, and it is over"
    if condition.state == "RECOVERING":
        said = f"{on} is clear of the limit, on {condition.run} of the {_dates(rule.clear_n)} that it takes to be over"
        return said, "it is over when the next extracts are clear too; whoever was told is told that"
    return f"{on} against a limit of {rule.amber:g}, red at {rule.red:g}; it began on {_day(condition.since)}", "see below, for each reader"


def _dates(n: int) -> str:
    return "one extract date" if n == 1 else f"{n} extract dates in a row"


def _day(day: dt.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else "-"


# --- people --------------------------------------------------------------------------------------------------------
def _held(found: AlertsResult, instance: Instance, told: Sequence[Told]) -> Iterator[Report]:
    """What is not said: of one reader and channel that which comes first in the table of messages, which is listed last."""
    for s in {(s.recipient, s.channel): s for s in found.suppressed if s.instance == instance}.values():
        yield _one(s.recipient, s.channel, told, s.reason, s.next_step or _instead(found, s, told))


def _instead(found: AlertsResult, what: Suppressed, told: Sequence[Told]) -> str:
    """What happens where the engine names no next step of its own: after a channel has failed for good."""
    there = [o.channel for o in told if o.recipient == what.recipient and o.channel != what.channel]
    if there:
        return f"it went by {there[0]}, and goes on there"
    by = [i.channel for i in found.intents if (i.recipient, i.instance) == (what.recipient, what.instance) and i.channel != what.channel]
    if by:
        return f"it goes by {by[0]}"
    return "nothing more by this channel; data engineers have been told, and it goes to whoever routes.yaml names once that is put right"


def _waiting(rows: Sequence[Row], instance: Instance, channels: Collection[str], now: dt.datetime) -> Iterator[Report]:
    for row in rows:
        for line in row.lines:
            if line.instance == instance and row.state != "failed":
                because, then = _fate(row, channels, now)
                yield _one(row.recipient, row.channel, (), f"{line.kind}: {because}", then)


def _fate(row: Row, channels: Collection[str], now: dt.datetime) -> tuple[str, str]:
    from caseclock.alerts.hours import in_words

    if row.channel not in channels:
        return f"{row.channel} is not configured; the message waits", f"it is sent by the first round after {row.channel} is set up"
    later = row.not_before if row.not_before and row.not_before > now else None
    at = f"at {in_words(later)}" if later else "with the next round"
    if row.state in {"sending", "unknown"}:
        return f"whether it has arrived is not known{_after(row.reason)}", f"it is looked for {at}, and sent again only if it is not there"
    return f"it is on its way{_after(row.reason)}", f"it is sent {at}"


def _after(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _above(
    c: Connection, known: Watch, rule: ThresholdRule, found: AlertsResult, instance: Instance, told: Sequence[Told]
) -> Iterator[Report]:
    """The next one up, who has not been told yet because those below have time left. `found.conditions` has the instance."""
    from caseclock.alerts.handling import standing
    from caseclock.alerts.hours import local_day
    from caseclock.notifications.routes import Subject
    from caseclock.storage.alerts import SqlAlerts
    from caseclock.storage.handling import stays_of

    store, now = SqlAlerts(c, known.now), known.now
    deeds = standing([d for d in store.handling(instance.source) if d.instance == instance], stays_of(c, instance), now)
    subject = Subject(instance, rule.measure, store.team_names(instance.source).get(instance.team, ""))
    concerned = {one.recipient for one in told} | {s.recipient for s in found.suppressed if s.instance == instance}
    nexts = [head for head in known.routes.chain_of(subject) if head not in concerned]
    below = [one for one in told if one.via == "escalated"] or told
    if not (nexts and below) or found.data.silent_because or deeds.acked or deeds.silenced or found.conditions[instance].state != "FIRING":
        return
    starts = [max(o.first_at for o in below) if below is not told else min(o.first_at for o in below)]
    starts += [deed.end for deed in (deeds.ack_ended, deeds.silence_ended) if deed]
    due = known.calendar.due(local_day(max(starts)), rule.escalate_wd)
    if due > local_day(now):
        yield _one(nexts[0], "", (), "those who were told have time to acknowledge it", f"told on {_day(due)} if nobody has by then")


def _one(to: str, by: str, told: Sequence[Told], because: str, then: str) -> Report:
    from caseclock.alerts.hours import in_words

    mine = next((one for one in told if (one.recipient, one.channel) == (to, by)), None)
    last = f"{mine.value:g} on {in_words(mine.attention_at)}" if mine else None
    return {"to": to, "by": by or None, "told": last, "because": because, "then": then}


def figure_of(report: Report, instance: Instance) -> dict[str, Any]:
    """What `rows_behind` asks of an alert, where none is open: the figure that the rule looks at now."""
    return {"rule": instance.rule, "team": instance.team, **{name: report.get(name) for name in ("extract_id", "as_of", "value")}}
