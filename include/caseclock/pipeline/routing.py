"""Who would be told: a rule, a team and a severity taken through routes.yaml, without telling anybody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from caseclock.pipeline.handling import check_rule, source_named, team_named
from caseclock.pipeline.house import House, Report
from caseclock.storage import ledger
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.notifications.routes import Routes, Subject, Who
    from caseclock.thresholds import ThresholdRule

FILE = "routes.yaml"


def route_test(house: House, rule_id: str, team: str, severity: str | None, now: dt.datetime, source: str | None = None) -> list[Report]:
    """One report per severity: who is told first, by which channels, by which line of routes.yaml; who next, and when.

    Keys: rule, team, team_name, source, severity, limit, applies, at_night, told_from (when it waits for working hours), digest_only (the
    line that says so), tell, next (one after the other), reminder_wd. Raises WrongUse for a rule or team that is not known.
    """
    from caseclock.alerts import Instance
    from caseclock.alerts.hours import in_hours, opens_next
    from caseclock.notifications.routes import SEVERITIES, Subject
    from caseclock.thresholds.breach import applies_to

    check_rule(house, rule_id)
    of = source_named(house, source)
    instance = Instance(of, rule_id, team_named(house, of, team))
    rule = next(r for r in house.config.thresholds if r.id == rule_id)
    with reading(house.engine) as c:
        name = ledger.place_names(c, of).get(instance.team, "")
    subject = Subject(instance, rule.measure, name)
    lines, routes = _Lines(house), house.config.routes
    waits = rule.quiet_hours and not in_hours(house.calendar, now)
    return [
        {
            "rule": rule.id,
            "team": instance.team,
            "team_name": name or team,
            "source": of,
            "severity": band,
            "limit": getattr(rule, band),
            "applies": applies_to(rule, instance.team),
            "at_night": not rule.quiet_hours,
            "told_from": f"{opens_next(house.calendar, now)} {house.calendar.config.working_hours[0]}" if waits else None,
            "digest_only": lines.of("routes", number - 1) if (number := routes.digest_only(subject, band)) else None,
            "tell": [_told(routes, who, lines) for who in routes.who(subject, band)],
            "next": _next(house, rule, subject, [w.recipient for w in routes.who(subject, band)], lines, now),
            "reminder_wd": rule.repeat_wd,
        }
        for band in SEVERITIES
        if severity in (None, band)
    ]


class _Lines:
    """On which line of routes.yaml a place stands."""

    def __init__(self, house: House) -> None:
        from caseclock.config.lines import read

        self._file = house.settings.config / FILE
        self._read = read(self._file)

    def of(self, *place: str | int) -> str:
        return f"{FILE} line {self._read.line_of(place)}"


def _told(routes: Routes, who: Who, lines: _Lines) -> dict[str, Any]:
    from caseclock.notifications.routes import channels_of

    recipient = routes.known(who.recipient)
    number = who.reason.partition("route ")[2].partition(" ")[0]
    place: tuple[str | int, ...] = ("routes", int(number) - 1) if number.isdigit() else ("catch_all",)
    return {
        "recipient": recipient.id,
        "title": recipient.title,
        "channels": {channel: recipient.address(channel) for channel in channels_of(recipient)},
        "fallback": [channel for channel in recipient.fallback if recipient.address(channel) and channel not in channels_of(recipient)],
        "because": who.reason,
        "line": lines.of(*place),
    }


def _next(house: House, rule: ThresholdRule, subject: Subject, first: list[str], lines: _Lines, now: dt.datetime) -> list[dict[str, Any]]:
    """Who hears of it when nobody acknowledges it, one after the other, and on which day. Nobody where nobody is told first."""
    from caseclock.alerts.hours import in_hours, local_day, opens_next
    from caseclock.notifications.routes import channels_of

    routes = house.config.routes
    service = routes.service_of(subject)
    place: tuple[str | int, ...] = ("services", service, "head") if service and routes.services[service].head else ("escalation",)
    told = opens_next(house.calendar, now) if rule.quiet_hours and not in_hours(house.calendar, now) else local_day(now)
    above = [routes.known(head) for head in routes.chain_of(subject) if head not in first] if first else []
    return [
        {
            "recipient": recipient.id,
            "title": recipient.title,
            "channels": {channel: recipient.address(channel) for channel in channels_of(recipient)},
            "after_wd": rule.escalate_wd * n,
            "on": house.calendar.due(told, rule.escalate_wd * n),
            "line": lines.of(*place),
        }
        for n, recipient in enumerate(above, 1)
    ]
