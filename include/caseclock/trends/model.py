"""Which measures may have a control chart at all, and what trends.yaml says."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caseclock.clocks.model import COUNCIL
from caseclock.errors import CaseclockError

Kind = Literal["flow", "share", "stock"]

FLOWS = ("arrivals", "departures", "net_change", "completed", "fell_due_5")
"""Counts of what happened within a period."""
SHARES = ("in_time", "supervision_held", "supervision_recorded", "rhi_held", "re_referral", "reviewed_in_time")
"""Per cent of what happened within a period. A share of what stands at one moment (agency_share) is a stock."""
LOOKS_BACK = {"fell_due_5": 7}
"""Calendar days, where a measure has a period of its own, whatever measures.yaml says."""
EITHER_WAY = ("arrivals", "departures", "completed", "re_referral")
"""More and less are both news and neither is better: fewer referrals may mean that fewer children are seen."""

WHY_NO_CHART = (
    "it counts what stands at one moment, and such a count has no control chart: the rules would call 3 of 4 quiet weeks unusual; "
    "its level, its limit and its forecast are shown instead"
)
"""Simulated: a stable queue with a stay of 26 weeks has its latest point flagged in 77 of 100 weeks (docs/decisions/0008)."""


class NotAFlow(CaseclockError):
    """A control chart was asked for of a count of what stands at one moment."""

    exit_code = 2


def kind_of(figure: str) -> Kind:
    """What a figure is, by its measure. What is not known to be a flow or a share is a stock: it gets no chart."""
    measure = figure.partition(".")[0]
    return "flow" if measure in FLOWS else "share" if measure in SHARES else "stock"


def check_chartable(figure: str) -> None:
    """Raises NotAFlow for a stock."""
    if kind_of(figure) == "stock":
        raise NotAFlow(WHY_NO_CHART, where=figure, allowed=f"one of {', '.join((*FLOWS, *SHARES))}")


class Rebase(BaseModel):
    """From the week of this date on the limits of one chart begin anew: a decision of a person, with its reason, and never automatic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: str = Field(default=COUNCIL, description="a team's id, service: and its id, or * for the council")
    measure: str
    date: dt.date
    reason: str = Field(min_length=3)
    by: str = Field(min_length=2, description="the role that decided it")


class SchoolHoliday(BaseModel):
    """Both days are holidays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: dt.date
    last: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> SchoolHoliday:
        if self.last < self.first:
            raise ValueError(f"its last day {self.last} is before its first day {self.first}")
        return self


class TrendsConfig(BaseModel):
    """trends.yaml. `charts`: figures with a control chart; `forecasts`: figures that are foretold, inflow or stocks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    charts: tuple[str, ...] = ("arrivals", "departures", "net_change")
    forecasts: tuple[str, ...] = ("arrivals", "open", "unallocated")
    window_weeks: int = Field(default=52, ge=13, le=104, description="weeks that a chart shows and takes its limits from")
    small: float = Field(default=15.0, ge=0, description="below this weekly mean a chart shows totals of four weeks")
    rebase: tuple[Rebase, ...] = ()
    school_holidays: tuple[SchoolHoliday, ...] = ()

    @field_validator("charts")
    @classmethod
    def _no_stock(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for figure in value:
            if kind_of(figure) == "stock":
                raise ValueError(f"{figure}: {WHY_NO_CHART}")
        return value

    @field_validator("forecasts")
    @classmethod
    def _no_share(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for figure in value:
            if kind_of(figure) == "share" or figure == "net_change":
                raise ValueError(f"{figure} is not foretold: only counts of what comes in and of what stands are")
        return value

    def rebased(self, figure: str, place: str) -> list[dt.date]:
        """The dates from which the limits of this chart begin anew, in order."""
        return sorted(r.date for r in self.rebase if r.measure == figure and r.team == place)
