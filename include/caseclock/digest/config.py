"""digest.yaml: what the weekly digest shows, what it is held against, and when it is missed."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caseclock.digest.disclosure import SMALL

FIGURES: Final = (
    "unallocated", "unallocated_cp", "unallocated_low", "open", "overdue.assessment_45_wt", "overdue.s47_to_icpc", "overdue.cp_visit",
    "in_time.assessment_45_wt", "in_time.s47_to_icpc", "in_time.cp_visit", "reviewed_in_time", "stale_open", "re_referral",
    "supervision_held", "supervision_recorded", "caseload", "agency_share", "vacancy_rate", "rhi_held",
)  # fmt: skip
"""Of the heat table, in its order, where digest.yaml does not say otherwise. One whose measure is off has no row."""

UNSUBSCRIBE = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+")
Words = Annotated[str, Field(min_length=2, max_length=200)]


class Published(BaseModel):
    """A published figure to hold ours against. `name`: whose it is, and how it is counted where that is not our way; `period`: of when;
    `source`: who published it, and in which table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    name: Words
    value: float = Field(ge=0)
    period: Words
    source: Words


class DigestConfig(BaseModel):
    """digest.yaml. `small`: counts from 1 up to it are never shown exactly, nor what they could be worked out from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    small: int = Field(default=SMALL, ge=SMALL, le=50, description="the largest count that is never shown exactly; it cannot be off")
    figures: tuple[str, ...] = Field(default=FIGURES, min_length=1, description="figures of the heat table, in its order")
    contact: str = Field(default="", max_length=200, description="whom a reader asks; stands at the foot")
    unsubscribe: str | None = Field(
        default=None, description="mailto: or https: address to which a reader says that he wants no more of it"
    )
    benchmarks: tuple[Published, ...] = Field(default=(), description="published figures, each with its year and its table")
    expected_by: str = Field(default="12:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="London time on the day it is sent")
    targets: dict[str, Annotated[float, Field(gt=0, le=100)]] = Field(
        default={}, description="figure to per cent, only where the law or the council sets one"
    )

    @field_validator("unsubscribe")
    @classmethod
    def _can_be_written_to(cls, value: str | None) -> str | None:
        if value is not None and not UNSUBSCRIBE.fullmatch(value):
            raise ValueError(f"{value!r} is no address to write to; expected mailto:name@domain or https://...")
        return value

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = sorted({name for name in self.figures if self.figures.count(name) > 1})
        if twice:
            raise ValueError(f"figures: {', '.join(twice)} stands there twice")
        return self

    def published(self, figure: str) -> tuple[Published, ...]:
        """What there is to hold a figure against, in the order of the file."""
        return tuple(one for one in self.benchmarks if one.figure == figure)
