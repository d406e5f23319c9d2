"""routes.yaml: who is told of what. Ordered routes, the first that matches wins, and nothing falls on the floor.

A route names the teams it is for, so that nobody sees another service's teams; what no route matches goes to `catch_all`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseclock.alerts import Instance
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.notifications.model import ChannelName, Recipient
from caseclock.thresholds import Severity, ThresholdRule

TEAM_WORDS = {COUNCIL: "council", NO_TEAM: "no-team"}
"""How routes.yaml names the row of all teams together, and work that no team answers for. A pattern `*` does not mean these two, and no
service either: those are named by patterns that begin with `service:`."""

SEVERITIES: tuple[Severity, ...] = ("amber", "red")


class Service(BaseModel):
    """Teams that one manager answers for, by id or name (patterns allowed). `head`: who is told when nobody acts; else `escalation`.

    `service:` before an id or a name is the row of all teams of that service in the extract.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    teams: list[str] = Field(min_length=1)
    head: str | None = None


class Match(BaseModel):
    """What a route is for. Everything that is given must fit; what is not given fits everything.

    `teams` are ids or names or patterns of them; `council` is all teams together, `no-team` is work that no team answers for, and
    `service:` with an id or a name is all teams of a service.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: list[str] = []
    measures: list[str] = []
    teams: list[str] = []
    service: str | None = None
    severity: Severity | None = None


class Route(BaseModel):
    """`tell`: recipients. `continue: true` lets later routes match as well."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    match: Match = Match()
    tell: list[str] = Field(min_length=1)
    go_on: bool = Field(default=False, alias="continue")


@dataclass(frozen=True)
class Subject:
    """What is to be routed: an instance with what its rule and team are called."""

    instance: Instance
    measure: str
    team_name: str = ""


@dataclass(frozen=True)
class Who:
    """One recipient, and which line of the file names them."""

    recipient: str
    reason: str


class Routes(BaseModel):
    """The whole of routes.yaml, checked: every name is known and everybody can be reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipients: list[Recipient]
    services: dict[str, Service] = {}
    routes: list[Route] = []
    catch_all: list[str] = Field(min_length=1, description="told of what no route matches: data engineers, as a rule")
    escalation: str | None = Field(default=None, description="told when nobody acts on an alert of a service without a head")
    data: list[str] = Field(min_length=1, description="data engineers: held and late data, failed deliveries")
    digest: list[str] = Field(default=[], description="recipients of the weekly digest")

    @model_validator(mode="after")
    def _hangs_together(self) -> Routes:
        problems = [*self._twice(), *self._unknown_names(), *self._unreachable(), *self._shared_teams()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _twice(self) -> list[str]:
        ids = [r.id for r in self.recipients]
        return [f"recipient {name!r} is listed more than once" for name in dict.fromkeys(ids) if ids.count(name) > 1]

    def _unknown_names(self) -> list[str]:
        known = {r.id for r in self.recipients}
        named: list[tuple[str, Iterable[str]]] = [("catch_all", self.catch_all), ("data", self.data), ("digest", self.digest)]
        named += [(f"route {n}", route.tell) for n, route in enumerate(self.routes, 1)]
        named += [(f"service {name}", [service.head]) for name, service in self.services.items() if service.head]
        named += [("escalation", [self.escalation])] if self.escalation else []
        allowed = ", ".join(sorted(known))
        found = [
            f"{where} names {name!r}, which is no recipient (known: {allowed})"
            for where, names in named
            for name in names
            if name not in known
        ]
        for n, route in enumerate(self.routes, 1):
            service = route.match.service
            if service and service not in self.services:
                found.append(
                    f"route {n} names service {service!r}, which is not listed (known: {', '.join(sorted(self.services)) or 'none'})"
                )
        return found

    def _unreachable(self) -> list[str]:
        return [f"recipient {r.id!r} has no channel with an address" for r in self.recipients if not channels_of(r)]

    def _shared_teams(self) -> list[str]:
        owner: dict[str, str] = {}
        return [
            f"team {team!r} belongs to services {owner[team]!r} and {name!r}"
            for name, service in self.services.items()
            for team in service.teams
            if owner.setdefault(team, name) != name
        ]

    def recipient(self, id: str) -> Recipient | None:
        return next((r for r in self.recipients if r.id == id), None)

    def known(self, id: str) -> Recipient:
        """The recipient of that id; every id that a route names is known. Raises KeyError."""
        found = self.recipient(id)
        if found is None:
            raise KeyError(id)
        return found

    def service_of(self, subject: Subject) -> str | None:
        """The first service that lists the team."""
        return next((name for name, service in self.services.items() if _team_fits(service.teams, subject)), None)

    def who(self, subject: Subject, severity: Severity) -> list[Who]:
        """Who is told, each once, with the line that says so."""
        found: dict[str, Who] = {}
        service = self.service_of(subject)
        for n, route in enumerate(self.routes, 1):
            if not _fits(route.match, subject, service, severity):
                continue
            for name in route.tell:
                found.setdefault(name, Who(name, f"route {n} of routes.yaml" + (f", service {service}" if service else "")))
            if not route.go_on:
                return list(found.values())
        return list(found.values()) or [Who(name, "no route matches: catch_all") for name in self.catch_all]

    def ever(self, subject: Subject) -> set[str]:
        """Everybody who may hear of this instance at some severity. Others are told no figures, only that what they were told is over."""
        return {who.recipient for severity in SEVERITIES for who in self.who(subject, severity)}

    def head_of(self, subject: Subject) -> str | None:
        service = self.service_of(subject)
        return (self.services[service].head if service else None) or self.escalation


def channels_of(recipient: Recipient) -> list[ChannelName]:
    """The channels that always get it; where none of them has an address, the first fallback that has one."""
    usable = [c for c in recipient.tell if recipient.address(c)]
    return usable or [c for c in recipient.fallback if recipient.address(c)][:1]


def check_manners(rules: Iterable[ThresholdRule], every_wd: int) -> list[str]:
    """Problems between rules and the rhythm of extracts (one every `every_wd` working days): a reminder needs a new figure."""
    return [
        f"rule {rule.id!r}: repeat_wd is {rule.repeat_wd}, but an extract comes every {every_wd} working days; allowed: {every_wd} or more"
        for rule in rules
        if rule.repeat_wd < every_wd
    ]


def _fits(match: Match, subject: Subject, service: str | None, severity: Severity) -> bool:
    return (
        (not match.rules or any(fnmatchcase(subject.instance.rule, p) for p in match.rules))
        and (not match.measures or any(fnmatchcase(subject.measure, p) for p in match.measures))
        and (not match.teams or _team_fits(match.teams, subject))
        and (match.service is None or match.service == service)
        and (match.severity is None or match.severity == severity)
    )


def _team_fits(patterns: list[str], subject: Subject) -> bool:
    special = TEAM_WORDS.get(subject.instance.team)
    if special:
        return special in patterns
    names = [n for n in (subject.instance.team, subject.team_name) if n]
    if subject.instance.team.startswith(SERVICE):
        names = [subject.instance.team, *(SERVICE + name for name in names[1:])]
        patterns = [p for p in patterns if p.startswith(SERVICE)]
    return any(fnmatchcase(name, p) for name in names for p in patterns if p not in TEAM_WORDS.values())
