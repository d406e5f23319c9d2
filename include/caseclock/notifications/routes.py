"""routes.yaml: who is told of what. Ordered routes, the first that matches wins, and nothing falls on the floor.

A route names the teams it is for, so that nobody sees another service's teams; what no route matches goes to `catch_all`. With several
sources `sources` says whose figures somebody may get, and no route goes past that (docs/decisions/0016-walls-between-councils.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from caseclock.alerts import Instance
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.notifications.model import ChannelName, Recipient
from caseclock.thresholds import Severity, ThresholdRule

TEAM_WORDS = {COUNCIL: "council", NO_TEAM: "no-team"}
"""How routes.yaml names the row of all teams together, and work that no team answers for. A pattern `*` does not mean these two, and no
service either: those are named by patterns that begin with `service:`."""

ADDRESSED = ("teams", "notify")  # never a default, so who lists them means them
WEBHOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SLACK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

SEVERITIES: tuple[Severity, ...] = ("amber", "red")


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given or []


Chain = Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str] | None)]
"""Who is told when nobody acts, one after the other: each after so many working days as the rule says, counted from the one before."""


class Service(BaseModel):
    """Teams that one manager answers for, by id or name (patterns allowed). `head`: who is told when nobody acts; else `escalation`.
    A list is a chain: when the first of it does not act either, the next one is told. `digest`: recipients of the weekly digest of this
    service, which shows its teams. `people`: user names of Airflow whose Backlog pages show the teams of this service and no others.

    `service:` before an id or a name is the row of all teams of that service in the extract. `sources`: whose teams they are; none: every
    source's, also teams that are called the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    teams: list[str] = Field(min_length=1)
    head: Chain = []
    digest: list[str] = []
    people: list[str] = []
    sources: list[str] = []

    def is_of(self, source: str) -> bool:
        return not self.sources or source in self.sources


class Pages(BaseModel):
    """Who sees what on the Backlog pages, beside the `people` of services. `everything`: user names of Airflow who see all teams, whatever
    service they are listed in. `unlisted`: what those see who are on no list: `everything`, or `nothing`. Signing in and the right to read
    the Dag monitor_extract are asked of everybody first. `sources`: id of a source to user names who see all teams of that source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    everything: list[str] = []
    unlisted: Literal["everything", "nothing"] = "everything"
    sources: dict[str, list[str]] = {}


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
    sources: list[str] = []


class Route(BaseModel):
    """`tell`: recipients. `continue: true` lets later routes match as well. `digest_only: true`, with nobody to tell: the weekly digest
    counts it, and nobody is called."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    match: Match = Match()
    tell: list[str] = []
    go_on: bool = Field(default=False, alias="continue")
    digest_only: bool = False

    @model_validator(mode="after")
    def _tells_or_not(self) -> Route:
        if self.digest_only and (self.tell or self.go_on):
            raise ValueError("digest_only calls nobody and ends the search: leave out `tell` and `continue`, or digest_only")
        if not self.tell and not self.digest_only:
            raise ValueError("nobody is told; expected recipients under `tell`, or `digest_only: true`")
        return self


@dataclass(frozen=True)
class Subject:
    """What is to be routed: an instance with what its rule and team are called."""

    instance: Instance
    measure: str
    team_name: str = ""


CATCH_ALL: Final = ": catch_all"  # how the reason ends of those who hear what no route takes


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
    escalation: Chain = Field(default=[], description="told when nobody acts on an alert of a service without a head; one, or a chain")
    data: list[str] = Field(min_length=1, description="data engineers: held and late data, failed deliveries")
    digest: list[str] = Field(default=[], description="recipients of the weekly digest of the council, which shows its services")
    pages: Pages = Pages()
    walls: bool = Field(default=False, description="no source's figures may reach another's people: everybody must say whose they may get")

    @model_validator(mode="after")
    def _hangs_together(self) -> Routes:
        problems = [*self._twice(), *self._unknown_names(), *self._unreachable(), *self._odd_addresses(), *self._shared_teams()]
        problems += [*self._never_read(), *self._empty_digest(), *self._name_of_the_whole()]
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
        named += [(f"service {name}", [*service.head, *service.digest]) for name, service in self.services.items()]
        named += [("escalation", self.escalation)]
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

    def _odd_addresses(self) -> list[str]:
        """What can never be reached as it is written. Whether a webhook of that name exists, only the installation knows."""
        found = []
        for r in self.recipients:
            if r.teams is not None and not WEBHOOK_NAME.fullmatch(r.teams):
                found.append(f"recipient {r.id!r}: teams is the name of a webhook (letters, digits, - and _), never its address")
            if r.notify is not None and not MAIL_ADDRESS.fullmatch(r.notify):
                found.append(f"recipient {r.id!r}: notify is an email address, name@domain")
            if r.email is not None and not MAIL_ADDRESS.fullmatch(r.email):
                found.append(f"recipient {r.id!r}: email is one address, name@domain")
            if r.slack is not None and not SLACK_ID.fullmatch(r.slack):
                found.append(f"recipient {r.id!r}: slack is the id of a channel (C0...), never its name")
            for channel in dict.fromkeys([*r.tell, *r.fallback]):
                if channel in ADDRESSED and not r.address(channel):
                    found.append(f"recipient {r.id!r}: it is to be told by {channel} and has no {channel} address")
        return found

    def _shared_teams(self) -> list[str]:
        """The first service that fits a team has it, so what an earlier one takes a later one never gets."""
        listed = [(name, team) for name, service in self.services.items() for team in service.teams]
        return [
            f"team {team!r} belongs to services {first!r} and {name!r}"
            for n, (name, team) in enumerate(listed)
            for first in [next((o for o, pattern in listed[:n] if o != name and self._meet(o, name) and _takes(pattern, team)), None)]
            if first
        ]

    def _meet(self, one: str, other: str) -> bool:
        """Whether two services can be asked about teams of the same source."""
        mine, theirs = self.services[one].sources, self.services[other].sources
        return not mine or not theirs or not set(mine).isdisjoint(theirs)

    def _never_read(self) -> list[str]:
        """Routes behind one that fits everything."""
        everything = next((n for n, r in enumerate(self.routes, 1) if r.match == Match() and not r.go_on), len(self.routes))
        return [f"route {n} is never read: route {everything} fits everything" for n in range(everything + 1, len(self.routes) + 1)]

    def _empty_digest(self) -> list[str]:
        return [
            f"route {n} is digest_only, and digest names nobody"
            for n, route in enumerate(self.routes, 1)
            if route.digest_only and not self.digest
        ]

    def _name_of_the_whole(self) -> list[str]:
        whole = TEAM_WORDS[COUNCIL]
        return [f"a service cannot be called {whole!r}: that is the name of all teams together"] if whole in self.services else []

    def readers(self, audience: str, source: str = "") -> list[str]:
        """Recipients of the weekly digest of an audience (`council`, or a service's id), each once. A service that is gone has none."""
        service = self.services.get(audience)
        listed = self.digest if audience == TEAM_WORDS[COUNCIL] else service.digest if service and service.is_of(source) else []
        return self._may_have(source, listed)

    def engineers(self, source: str = "") -> list[str]:
        """Those of `data` who may have what is about this source; what is about none is for those who may have every one, else for all."""
        if source:
            return self._may_have(source, self.data)
        return [name for name in self.data if self.known(name).may_have("")] or self.data

    def _may_have(self, source: str, names: Iterable[str]) -> list[str]:
        return [name for name in dict.fromkeys(names) if self.known(name).may_have(source)]

    def services_of_person(self, user: str, source: str = "") -> tuple[str, ...] | None:
        """The services whose teams of a source a user of the pages may see, in the order of the file; None: everything of it, the council's
        rows as well. Who is listed for another source only sees nothing of this one."""
        if user in self.pages.everything or user in self.pages.sources.get(source, ()):
            return None
        mine = [name for name, service in self.services.items() if user in service.people]
        listed = mine or any(user in users for users in self.pages.sources.values())
        if not listed and self.pages.unlisted == "everything":
            return None
        return tuple(name for name in mine if self.services[name].is_of(source))

    def sees_every_source(self, user: str) -> bool:
        """Whether what belongs to no one source (a file that became no extract) may be shown to a user of the pages."""
        return not self.walls or user in self.pages.everything

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
        of = subject.instance.source
        return next((name for name, service in self.services.items() if service.is_of(of) and _team_fits(service.teams, subject)), None)

    def who(self, subject: Subject, severity: Severity) -> list[Who]:
        """Who is told, each once, with the line that says so. Nobody where it is for the digest only."""
        found: dict[str, Who] = {}
        service, source, taken = self.service_of(subject), subject.instance.source, self._taken(subject, severity)
        for n, route in taken:
            for name in self._may_have(source, route.tell):
                found.setdefault(name, Who(name, f"route {n} of routes.yaml" + (f", service {service}" if service else "")))
            if route.digest_only:
                return list(found.values())
        why = f"no route names anybody who may have figures of this source{CATCH_ALL}" if taken else f"no route matches{CATCH_ALL}"
        return list(found.values()) or [Who(name, why) for name in self._may_have(source, self.catch_all)]

    def digest_only(self, subject: Subject, severity: Severity) -> int | None:
        """The number of the route by which nobody is called of it and the digest counts it; None when somebody is called."""
        taken = self._taken(subject, severity)
        return taken[0][0] if len(taken) == 1 and taken[0][1].digest_only else None

    def _taken(self, subject: Subject, severity: Severity) -> list[tuple[int, Route]]:
        """The routes that fit, with their numbers, up to the one that ends the search."""
        service, taken = self.service_of(subject), list[tuple[int, Route]]()
        for n, route in enumerate(self.routes, 1):
            if _fits(route.match, subject, service, severity):
                taken.append((n, route))
                if not route.go_on:
                    break
        return taken

    def ever(self, subject: Subject) -> set[str]:
        """Everybody who may hear of this instance at some severity. Others are told no figures, only that what they were told is over."""
        return {who.recipient for severity in SEVERITIES for who in self.who(subject, severity)}

    def chain_of(self, subject: Subject) -> list[str]:
        """Who is told when nobody acts, in order: first those of the service, else those for all."""
        service = self.service_of(subject)
        return self._may_have(subject.instance.source, (self.services[service].head if service else []) or self.escalation)


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


def check_urgent(routes: Routes, rules: Iterable[ThresholdRule]) -> list[tuple[int, str]]:
    """Routes (by number) that would leave a rule that is sent at any hour to the weekly digest: the two cannot both be meant."""
    found = []
    for rule in rules:
        if rule.quiet_hours:
            continue
        for n, route in enumerate(routes.routes, 1):
            if not _names(route.match, rule):
                continue
            if route.digest_only:
                found.append((n, f"route {n} is digest_only and takes {rule.id!r}, which is urgent (quiet_hours: false)"))
            if not route.go_on and not (route.match.teams or route.match.service or route.match.severity or route.match.sources):
                break
    return found


def _names(match: Match, rule: ThresholdRule) -> bool:
    return (not match.rules or any(fnmatchcase(rule.id, p) for p in match.rules)) and (
        not match.measures or any(fnmatchcase(rule.measure, p) for p in match.measures)
    )


def _takes(pattern: str, team: str) -> bool:
    """Whether what one entry of `teams` stands for is all of what another one does. A pattern stands for itself."""
    if pattern in TEAM_WORDS.values() or team in TEAM_WORDS.values() or pattern.startswith(SERVICE) != team.startswith(SERVICE):
        return pattern == team
    return fnmatchcase(team, pattern)


def _fits(match: Match, subject: Subject, service: str | None, severity: Severity) -> bool:
    return (
        (not match.rules or any(fnmatchcase(subject.instance.rule, p) for p in match.rules))
        and (not match.measures or any(fnmatchcase(subject.measure, p) for p in match.measures))
        and (not match.teams or _team_fits(match.teams, subject))
        and (match.service is None or match.service == service)
        and (match.severity is None or match.severity == severity)
        and (not match.sources or subject.instance.source in match.sources)
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
