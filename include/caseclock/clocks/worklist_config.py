"""The order of the work list and the weights of the re-look sample. worklist.yaml may change them; without the file these hold."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

NAMING_RULES = ("safeguarding", "left_out")
"""The settings that name rules of timescales.yaml."""


class Weights(BaseModel):
    """How much likelier a case is drawn for each marker: a case without any has weight 1, and each marker adds this.

    Markers are what an extract can show of a risk that a label hides (docs/decisions/0010). A weight of 0 means that the marker changes
    nothing: no weight can take a case's chance away.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    referrals: float = Field(default=1.0, ge=0, le=100, description="two or more referrals of the child within 365 days")
    earlier_cp: float = Field(default=1.0, ge=0, le=100, description="a child protection plan that has ended")
    unborn: float = Field(default=1.0, ge=0, le=100, description="not born yet")


class RelookConfig(BaseModel):
    """`size`: cases per sample where the command line does not say otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=10, ge=1, le=1000)
    weights: Weights = Weights()


class WorklistConfig(BaseModel):
    """worklist.yaml. What the tiers are: clocks/worklist.py."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    safeguarding: list[str] = Field(default=["cp_visit"], description="rules whose overdue clocks come first of all (tier 0)")
    left_out: list[str] = Field(
        default=["supervision_recorded"], description="rules that give a case no place: they ask for a record of what has been done"
    )
    past_limit: list[Literal["statute", "statutory_guidance", "local"]] = Field(
        default=["statute", "statutory_guidance"], description="bases of a limit that make an overdue clock tier 2; others make it tier 3"
    )
    soon_wd: int = Field(default=5, ge=0, description="working days until the limit: tier 3")
    next_wd: int = Field(default=10, ge=0, validate_default=True, description="working days until the limit: tier 4")
    relook: RelookConfig = RelookConfig()

    @field_validator("next_wd")
    @classmethod
    def _in_order(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("soon_wd", value):
            raise ValueError("it must not be less than soon_wd")
        return value
