"""The types of the room `measures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseclock.clocks.model import COUNCIL, NO_TEAM, SERVICE

__all__ = [
    "BANDS",
    "COUNCIL",
    "GROUPS",
    "MEASURE_COLUMNS",
    "NO_TEAM",
    "PARTS",
    "PART_WORDS",
    "PER_RULE",
    "PRIORITIES",
    "SERVICE",
    "WORSE",
    "Direction",
    "MeasureConfig",
    "MeasureId",
    "figures",
    "part_of",
    "rule_of",
    "title_of",
]

MeasureId = Literal[
    "open",
    "unallocated",
    "unallocated_cp",
    "overdue",
    "due_soon",
    "in_time",
    "completed",
    "due_5",
    "due_10",
    "expected_5",
    "expected_10",
    "fell_due_5",
    "age_band",
    "median_age",
    "oldest",
    "stale_open",
    "reviewed_in_time",
    "relook_pool",
    "arrivals",
    "departures",
    "net_change",
    "residual",
    "load",
    "weeks_of_work",
    "target_queue",
    "relief_capacity",
    "re_referral",
    "workers_per_child",
    "unallocated_low",
    "unallocated_priority",
    "supervision_due",
    "supervision_held",
    "supervision_recorded",
    "caseload",
    "caseload_fte",
    "caseload_high",
    "caseload_top",
    "agency_share",
    "vacancy_rate",
    "agency_rate",
    "rhi_held",
]

PER_RULE = (
    "open", "overdue", "due_soon", "in_time", "completed", "due_5", "due_10", "expected_5", "expected_10", "fell_due_5", "age_band",
    "median_age", "oldest",
)  # fmt: skip
"""These have one figure per clock rule, its id behind a dot."""

PRIORITIES = ("urgent", "high", "medium", "low", "no_priority", "other")
"""`other`: a label that nobody has mapped to one of the rest."""

BANDS = ("to_25", "to_50", "to_75", "to_100", "to_150", "over_150")
"""Shares of the limit that have passed, in per cent; up to `to_100` a clock is in time."""

PARTS = {"unallocated_priority": PRIORITIES, "age_band": BANDS}
"""These have one figure per part, its name behind a dot (and behind the rule where there is one per rule)."""

PART_WORDS = {
    **{name: name.replace("_", " ") for name in PRIORITIES},
    "to_25": "up to 25 per cent of the limit",
    "to_50": "25 to 50 per cent of the limit",
    "to_75": "50 to 75 per cent of the limit",
    "to_100": "75 to 100 per cent of the limit",
    "to_150": "100 to 150 per cent of the limit",
    "over_150": "beyond 150 per cent of the limit",
}

GROUPS: dict[str, tuple[MeasureId, ...]] = {
    "work that is open": (
        "open", "unallocated", "unallocated_cp", "unallocated_low", "unallocated_priority", "stale_open", "relook_pool", "age_band",
        "median_age", "oldest",
    ),
    "late, and done in time: read the two together": ("overdue", "in_time", "completed", "reviewed_in_time"),
    "what comes due": ("due_soon", "due_5", "due_10", "expected_5", "expected_10", "fell_due_5"),
    "demand and flow": (
        "arrivals", "departures", "net_change", "residual", "load", "weeks_of_work", "target_queue", "relief_capacity", "re_referral",
    ),
    "workers and posts": (
        "caseload", "caseload_fte", "caseload_high", "caseload_top", "workers_per_child", "agency_share", "vacancy_rate", "agency_rate",
    ),
    "supervision and return interviews": ("supervision_due", "supervision_held", "supervision_recorded", "rhi_held"),
}  # fmt: skip
"""The order in which measures are shown to people, under headings."""

Direction = Literal["above", "below", "either"]
WORSE: dict[Direction, str] = {"above": "more", "below": "less", "either": "further from zero"}
"""What is worse, in words."""

MEASURE_COLUMNS = {
    "measure": "id, with the rule behind a dot where there is one clock per rule: overdue.assessment_45_wt",
    "team": "team id, `service:` and its id for all teams of a service, `*` for all teams together, `?` for work that no team answers for",
    "value": "float: a count, or a share in per cent; NaN where n is 0 and a share has no meaning",
    "n": "int: how many items the value was made from",
}


def figures(measure: str, rules: Sequence[str]) -> list[str]:
    """The ids of all figures that a measure can have, with these clock rules."""
    parts = [f".{part}" for part in PARTS.get(measure, ())] or [""]
    if measure not in PER_RULE:
        return [f"{measure}{part}" for part in parts]
    whole = [measure] if measure == "open" else []
    return whole + [f"{measure}.{rule}{part}" for rule in rules for part in parts]


def rule_of(figure: str) -> str | None:
    """The clock rule that the id of a figure names, None when it names none."""
    measure, _, rest = figure.partition(".")
    return (rest.partition(".")[0] or None) if measure in PER_RULE else None


def part_of(figure: str) -> str | None:
    """The part that the id of a figure names (a priority, a band of age), None when it names none."""
    measure, part = figure.partition(".")[0], figure.rpartition(".")[2]
    return part if part in PARTS.get(measure, ()) else None


def title_of(figure: str, measures: Mapping[str, str], timescales: Mapping[str, str]) -> str:
    """What a figure is called: the titles of its measure and its timescale, and its part. An id without a title stands for itself."""
    id_, rule, part = figure.partition(".")[0], rule_of(figure), part_of(figure)
    words = [measures.get(id_, id_), timescales.get(rule, rule) if rule else None, PART_WORDS[part] if part else None]
    return ": ".join(word for word in words if word)


class MeasureConfig(BaseModel):
    """One entry of measures.yaml: a measure that is on. `period_days`: calendar days up to the extract's date, for shares of work done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: MeasureId
    title: str = Field(min_length=3, description="plain words, as a message would say it")
    unit: Literal["cases", "children", "clocks", "workers", "per cent", "ratio", "weeks", "cases a week", "as the limit"] = Field(
        description="as the limit: in the unit of the timescale, working days or days or months"
    )
    direction: Direction = Field(description="above: more is worse; below: less is worse; either: further from zero is worse")
    period_days: int = Field(default=91, ge=1)
    rules: tuple[str, ...] | None = Field(default=None, min_length=1, description="timescales that it is worked out for; without it all")

    @model_validator(mode="after")
    def _rules_fit(self) -> MeasureConfig:
        if self.rules and self.id not in PER_RULE:
            raise ValueError(f"{self.id} has no figure per timescale, so `rules` says nothing; measures that have: {', '.join(PER_RULE)}")
        return self

    def speaks_of(self, figure: str) -> bool:
        """Whether the figure's rule is one of those that are asked for."""
        rule = rule_of(figure)
        return self.rules is None or rule is None or rule in self.rules

    def figures(self, rules: Sequence[str]) -> list[str]:
        """The ids of all figures that this entry asks for, of these clock rules."""
        return [figure for figure in figures(self.id, rules) if self.speaks_of(figure)]
