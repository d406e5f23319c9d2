"""The limits of the gate, each with its source. quality.yaml may change them; without the file these hold."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Share = float


class VolumeLimits(BaseModel):
    """Limits of the volume rule. Source: the rule v2g of our simulation, 4,000 draws a cell: a 40 % drop of a stock table is blocked

    in 100 % of draws with 1, 3, 8 or 26 earlier extracts, no false block. Both the median and the last count must be far away, so a real
    change of level is accepted after one release by a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extracts: int = Field(default=8, ge=1, description="the median is taken of at most so many earlier accepted extracts")
    few: int = Field(default=4, ge=2, description="with fewer extracts than this the spread cannot be measured")
    spread_of_few: float = Field(
        default=1.5, gt=0, description="spread taken then, on the scale 2*sqrt(rows + 3/8), where Poisson noise is 1"
    )
    hold_z: float = Field(default=5.0, gt=0)
    hold_change: Share = Field(default=0.25, gt=0)
    warn_z: float = Field(default=3.0, gt=0)
    warn_change: Share = Field(default=0.10, gt=0)
    empty_from: int = Field(default=5, ge=1, description="an empty table is held when the median was at least this")
    only_warn: frozenset[str] = Field(default=frozenset(), description="tables whose row count warns, but never holds the numbers")


class ContinuityLimits(BaseModel):
    """Limits of identity continuity: the share of the last accepted extract's ids that are present now.

    Source: our simulation. More than 99 % from week to week in a full extract, about 97 % in one of open work only; a file cut off
    at 60 % gives 60 %.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: tuple[str, ...] = ("child", "referral", "allocation", "plan")
    full: Share = Field(default=0.97, gt=0, le=1)
    open_only: Share = Field(default=0.90, gt=0, le=1)
    missing_from: int = Field(default=5, ge=1, description="fewer missing ids than this never hold: two merged records are no cut-off file")
    window_days: int = Field(default=6 * 365, ge=1, description="a full extract keeps six years (SSD), so rows leave it by age")
    free_gap_days: int = Field(default=31, ge=0, description="leaving by age is allowed for beyond this distance between two extracts")
    rekeyed: Share = Field(default=0.05, gt=0, lt=1, description="more rows than this under other ids: it is told that ids changed form")
    team_from: int = Field(default=5, ge=1, description="a team with so many open rows before and none at all now is blocked")


class FlowLimits(BaseModel):
    """Limits on dates that stop coming although the table is as long as ever.

    A case-note type that is renamed makes new visits invisible, and every child looks overdue (seen with the code STVC). The latest
    window of an extract is compared with the windows before it in the same extract.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=28, ge=1)
    windows: int = Field(default=8, ge=2)
    empty_from: int = Field(default=20, ge=1, description="an empty latest window holds when the median window had so many")
    warn_z: float = Field(default=5.0, gt=0)
    warn_fall: Share = Field(default=0.5, gt=0, lt=1, description="the latest window is always a little short: visits are entered late")


class FreshnessLimits(BaseModel):
    """Limits on how old the newest event of an extract may be: an export that is sent again under a new name is stale.

    Days without any event are only news where events are many: `events_expected` is how many the latest half year lets one expect in
    them. With 30 expected, none at all is chance once in 10^13. A week that is sent twice has 7 silent days, and Christmas at most 6.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    warn_days: int = Field(default=6, ge=1)
    hold_days: int = Field(default=21, ge=1)
    events_expected: float = Field(default=30.0, gt=0)
    steady: Share = Field(default=0.4, gt=0, le=1, description="share of the days of the latest half year that must have an event")


class TeamLimits(BaseModel):
    """Limits on the rows of one team. A blocked team's figures do not speak; the others' do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fall: Share = Field(default=0.40, gt=0, lt=1, description="a team that lost more of its rows than this, beyond chance (rule v2g)")
    z: float = Field(default=5.0, gt=0)
    others_fall: Share = Field(
        default=0.10, gt=0, lt=1, description="unless all other teams together lost more than this: then it is the extract, not the team"
    )
    quarantine_share: Share = Field(default=0.25, gt=0, lt=1, description="a team of whose rows more are put aside")
    quarantine_from: int = Field(default=5, ge=1, description="but never for fewer rows than this")


class DriftLimits(BaseModel):
    """Limits on numbers about an extract (`stats.stats_of`) against those of earlier accepted ones.

    Sources: DfE's statistics of children in need (Haringey's median assessment of 2 days between years of 38 and 36), and what
    chance alone does: no false alarm in 55 weekly extracts of the demo council, at most 1 in 400 simulated weeks of 20 teams (a test).
    In the demo council the oldest 2 % of rows moved by up to 42 days in a week, because the far end of a table is thin.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extracts: int = Field(default=8, ge=1, description="the median is taken of at most so many earlier accepted extracts")
    enough: int = Field(default=3, ge=1, description="no number is compared with fewer earlier ones than this")
    z: float = Field(default=5.0, gt=0)
    duration_factor: float = Field(default=2.0, gt=1, description="a median duration that doubled or halved")
    duration_from: int = Field(default=20, ge=1, description="finished assessments that a median must rest on")
    visits_fall: Share = Field(default=0.7, gt=0, lt=1, description="visits of one kind in the latest week; Christmas takes about half")
    visits_from: int = Field(default=20, ge=1, description="no visit of a kind in the latest week holds where so many are usual")
    share_rise: Share = Field(default=0.2, gt=0, lt=1, description="points by which a share of unknown codes or missing workers rises")
    share_from: int = Field(default=20, ge=1, description="rows that a share must rest on")
    filled: Share = Field(default=0.2, gt=0, lt=1, description="a column that was filled in more rows than this, and is now in none")
    filled_fall: Share = Field(default=0.5, gt=0, lt=1, description="points by which the filled share of a column falls")
    window_days: int = Field(default=90, ge=1, description="days by which the earliest rows move, beyond the days between the two extracts")


class SurgeLimits(BaseModel):
    """Limits on clocks from one accepted extract to the next. A visit code that is renamed makes every child look overdue.

    Our proposal: over 56 weekly extracts of the demo council (scale 0.4) no overdue share of a rule with 20 clocks or more moved by more
    than 17 points in a week.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rise: Share = Field(default=0.25, gt=0, lt=1, description="points by which the overdue share of a rule rises")
    z: float = Field(default=5.0, gt=0, description="and beyond chance")
    overdue_from: int = Field(default=10, ge=1, description="and by at least so many clocks")
    gap_days: int = Field(default=31, ge=1, description="over a longer time between two extracts it only warns: much may have happened")
    done_from: int = Field(default=20, ge=1, description="no finished clock at all holds where so many were usual")


class RuleSetting(BaseModel):
    """What an analyst changes of one rule. `mostly`: the share of rows that must obey it before it counts as met."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Literal["critical", "warning", "info"] | None = None
    mostly: Share = Field(default=1.0, gt=0, le=1)


class QualityConfig(BaseModel):
    """quality.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quarantine_share: Share = Field(default=0.05, ge=0, lt=1, description="hold when more of a table's rows are put aside; our proposal")
    quarantine_from: int = Field(default=5, ge=1, description="but never for fewer rows than this; exact copies do not count")
    malformed_share: Share = Field(default=0.05, ge=0, lt=1, description="warn when the outcome JSON of more rows is malformed")
    broken_link_share: Share = Field(
        default=0.5, gt=0, le=1, description="hold when more links of a column lead nowhere: the ids changed form"
    )
    earliest: dt.date = Field(default=dt.date(1990, 1, 1), description="dates before are not believed; the calendar starts there")
    old_open_days: dict[str, int] = Field(
        default={"referral": 3650, "assessment": 365, "s47": 180, "plan": 1095, "allocation": 3650}
        | {"care": 6600, "placement": 6600, "contact_decision": 30},
        description="open for longer than this is reported (Haringey 2012: cases shown open that were closed), never put aside",
    )
    rows_needed: dict[str, Literal["critical", "warning", "info"]] = Field(
        default={"referral": "critical", "child": "warning", "allocation": "warning"},
        description="what it means when this table has no row at all; critical holds",
    )
    listed_per_rule: int = Field(default=200, ge=0, description="rows named for each rule that only warns; quarantine always names all")
    rules: dict[str, RuleSetting] = Field(default={}, description="by table.rule, for example assessment.two_open")
    volume: VolumeLimits = VolumeLimits()
    continuity: ContinuityLimits = ContinuityLimits()
    flow: FlowLimits = FlowLimits()
    freshness: FreshnessLimits = FreshnessLimits()
    teams: TeamLimits = TeamLimits()
    drift: DriftLimits = DriftLimits()
    surge: SurgeLimits = SurgeLimits()

    @field_validator("rules")
    @classmethod
    def check_rules_exist(cls, rules: dict[str, RuleSetting]) -> dict[str, RuleSetting]:
        from caseclock.quality.rules import rule_names  # pandas costs half a second: only where somebody changes a rule

        unknown = sorted(set(rules) - rule_names())
        if unknown:
            raise ValueError(f"no such rule: {', '.join(unknown)}; `table.rule` is expected, for example assessment.two_open")
        return rules

    @field_validator("old_open_days", "rows_needed")
    @classmethod
    def check_tables_exist(cls, named: dict[str, object]) -> dict[str, object]:
        from caseclock.snapshots import TABLES

        unknown = sorted(set(named) - set(TABLES))
        if unknown:
            raise ValueError(f"no such table: {', '.join(unknown)}; expected one of {', '.join(TABLES)}")
        return named
