"""The types of the room `quality`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from caseclock.extracts import Reject

Verdict = Literal["pass", "warn", "hold"]
Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One expectation that was not met. Holds counts only."""

    table: str
    rule: str
    severity: Severity
    failing: int
    of: int
    reason: str


@dataclass(frozen=True)
class RuleCount:
    """What one expectation found, met or not: the point of its line over time."""

    table: str
    rule: str
    severity: Severity
    failing: int
    of: int


@dataclass(frozen=True)
class Stat:
    """One number about an extract that is compared with earlier ones. `scope`: a table, or a team id, or empty."""

    name: str
    scope: str
    value: float


@dataclass(frozen=True)
class TableChange:
    """Rows of one table against the last accepted extract, by business content (no surrogate ids, no load times).

    `rekeyed`: same content under another id. `same + changed + rekeyed + new` is the number of rows now.
    """

    table: str
    new: int
    changed: int
    gone: int
    same: int
    rekeyed: int


@dataclass(frozen=True)
class QualityReport:
    """What quality says of one snapshot.

    `verdict`: *pass*; *warn* (numbers speak; the report says what is to be corrected); *hold* (the path goes on, but the
    numbers do not speak).
    `reasons`: sentences behind a warn or hold, worst first. `rejects`: rows to put aside. `expectations`: how many were evaluated.
    `flagged`: rows that are used although they break a rule, so that somebody can correct them at the source (some of each rule, not all).
    `blocked_teams`: ids of teams that had open work in the last accepted extract and have no row in this one: their numbers must not speak.
    `not_evaluated`: rules that could not be asked, and why. Team ids are in no sentence. `counts`: every expectation, met or not.
    `stats`, `changes`: this extract in numbers, and against the last accepted one.
    """

    verdict: Verdict
    reasons: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    expectations: int = 0
    flagged: list[Reject] = field(default_factory=list)
    blocked_teams: list[str] = field(default_factory=list)
    not_evaluated: list[str] = field(default_factory=list)
    counts: list[RuleCount] = field(default_factory=list)
    stats: list[Stat] = field(default_factory=list)
    changes: list[TableChange] = field(default_factory=list)
