"""The types of the room `measures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from caseclock.clocks.model import COUNCIL, NO_TEAM, SERVICE

__all__ = ["COUNCIL", "MEASURE_COLUMNS", "NO_TEAM", "PARTS", "PER_RULE", "PRIORITIES", "SERVICE", "MeasureConfig", "MeasureId", "figures"]

MeasureId = Literal[
    "open",
    "unallocated",
    "unallocated_cp",
    "overdue",
    "due_soon",
    "in_time",
    "unallocated_low",
    "unallocated_priority",
    "supervision_held",
    "supervision_recorded",
    "caseload",
    "caseload_fte",
    "caseload_high",
    "agency_share",
    "vacancy_rate",
    "agency_rate",
    "rhi_held",
]

PER_RULE = ("open", "overdue", "due_soon", "in_time")
"""These have one figure per clock rule, its id behind a dot."""

PRIORITIES = ("urgent", "high", "medium", "low", "no_priority", "other")
"""`other`: a label that nobody has mapped to one of the rest."""

PARTS = {"unallocated_priority": PRIORITIES}
"""These have one figure per part, its name behind a dot."""

MEASURE_COLUMNS = {
    "measure": "id, with the rule behind a dot where there is one clock per rule: overdue.assessment_45_wt",
    "team": "team id, `service:` and its id for all teams of a service, `*` for all teams together, `?` for work that no team answers for",
    "value": "float: a count, or a share in per cent; NaN where n is 0 and a share has no meaning",
    "n": "int: how many items the value was made from",
}


def figures(measure: str, rules: Sequence[str]) -> list[str]:
    """The ids of all figures that a measure can have, with these clock rules."""
    if measure in PARTS:
        return [f"{measure}.{part}" for part in PARTS[measure]]
    whole = [measure] if measure == "open" or measure not in PER_RULE else []
    return whole + [f"{measure}.{rule}" for rule in rules if measure in PER_RULE]


class MeasureConfig(BaseModel):
    """One entry of measures.yaml: a measure that is on. `period_days`: calendar days up to the extract's date, for shares of work done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: MeasureId
    title: str = Field(min_length=3, description="plain words, as a message would say it")
    unit: Literal["cases", "children", "clocks", "workers", "per cent"]
    direction: Literal["above", "below"] = Field(description="above: more is worse; below: less is worse")
    period_days: int = Field(default=91, ge=1)
