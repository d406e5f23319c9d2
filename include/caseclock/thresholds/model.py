"""One entry of thresholds.yaml: a measure, its limits, and how its alerts behave."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["amber", "red"]
Direction = Literal["above", "below", "either"]


class ThresholdRule(BaseModel):
    """Limits of one measure and the manners of its alerts.

    `direction: above` means that higher is worse (counts), `below` that lower is worse (in-time share), `either` that it is worse the
    further it is from zero, on both sides (a change that nothing explains). `clear_below` is where an open alert may begin to end
    (hysteresis; for `below` read it as clear-above, for `either` as nearer to zero). Periods are working days.
    Defaults are local: for_n 1 or 2, clear_n 2, clear at 80 % of amber, worsen 25 % and at least 2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str = Field(description="plain words for people: 'unallocated cases'")
    measure: str
    unit: Literal["cases", "per cent"] = "cases"
    direction: Direction = "above"
    amber: float
    red: float
    clear_below: float
    teams: list[str] = Field(
        default=["*"], description="team ids or patterns; `*` is each team, `service:*` each service, `council` all teams together"
    )
    for_n: int = Field(default=1, ge=1, description="consecutive extract dates at or past amber before it fires")
    clear_n: int = Field(default=2, ge=1, description="consecutive extract dates clear before it resolves")
    worsen_pct: float = Field(default=25, gt=0)
    worsen_min: float = Field(default=2, ge=0, description="and at least this much more than what was last told")
    repeat_wd: int = Field(default=5, ge=1)
    escalate_wd: int = Field(default=3, ge=1)
    quiet_hours: bool = Field(default=True, description="false: urgent, sent at any hour")
    min_n: int = Field(default=0, ge=0, description="shares made from fewer items do not speak")

    @model_validator(mode="after")
    def _limits_in_order(self) -> ThresholdRule:
        if self.direction == "either" and min(self.amber, self.red, self.clear_below) <= 0:
            raise ValueError("limits of direction either hold on both sides of zero: each of them must be above zero")
        if not self.badness(self.amber) < self.badness(self.red):
            raise ValueError(f"red ({self.red:g}) must be worse than amber ({self.amber:g})")
        if self.badness(self.clear_below) > self.badness(self.amber):
            raise ValueError(f"clear_below ({self.clear_below:g}) must not be worse than amber ({self.amber:g})")
        return self

    def badness(self, value: float) -> float:
        """How bad a value is: of two values the one with more is worse."""
        return abs(value) if self.direction == "either" else value if self.direction == "above" else -value

    def severity_of(self, value: float) -> Severity | None:
        """The band that a value lies in; None when it is within the limit."""
        bad = self.badness(value)
        if bad >= self.badness(self.red):
            return "red"
        return "amber" if bad >= self.badness(self.amber) else None

    def is_clear(self, value: float) -> bool:
        """True when an open alert may begin to end at this value."""
        return self.badness(value) < self.badness(self.clear_below)
