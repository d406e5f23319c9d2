"""The order of the work list and the weights of the re-look sample. worklist.yaml may change them; without the file these hold."""

from __future__ import annotations

import re
from ipaddress import ip_address
from string import Formatter
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

ORDERS_ONLY: Final = "This list orders work by limits and by who holds it. It decides on no child: read the case before you act."
IDS: Final = ("item_ref", "child_ref")
"""What an address of a case may name: columns of the work list."""
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
    case_link: str = Field(
        default="",
        max_length=500,
        description="address of a case in the council's case system, with {item_ref} or {child_ref} where its id stands; empty: no links",
    )

    @field_validator("case_link")
    @classmethod
    def _link_is_one(cls, value: str) -> str:
        if value and (wrong := why_no_case_link(value)):
            raise ValueError(f"{wrong}; allowed: https://, a host, and behind it {{item_ref}} or {{child_ref}}")
        return value

    def case_address(self, item_ref: str | None, child_ref: str | None) -> str:
        """Where a case can be read; empty where there is no such address."""
        given = {"item_ref": item_ref, "child_ref": child_ref}
        asked = {name for _, name, _, _ in Formatter().parse(self.case_link) if name}
        refs = {name: given[name] or "" for name in asked}
        if not refs or any(not ref.strip(". ") for ref in refs.values()):  # a browser takes `..` for the folder above
            return ""
        return self.case_link.format(**{name: quote(ref, safe="") for name, ref in refs.items()})

    @field_validator("next_wd")
    @classmethod
    def _in_order(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("soon_wd", value):
            raise ValueError("it must not be less than soon_wd")
        return value


def why_no_case_link(link: str) -> str | None:
    """Why an address cannot be one that leads to a case; None when it can."""
    try:
        parts = list(Formatter().parse(link))
        at = urlsplit(link)
        host = at.hostname or ""
    except ValueError:
        return "this is no address"
    fields = [(name, form or turned) for _, name, form, turned in parts if name is not None]
    if re.search(r"""[\x00-\x20\x7f\\"<>]""", link):
        return "an address holds no space, quotation mark or sign that cannot be seen"
    if wrong := [name for name, more in fields if name not in IDS or more]:
        return f"{{{wrong[0]}}} is no id that the work list has"
    if not fields:
        return "it names no case"
    if at.scheme != "https" and not (at.scheme == "http" and _is_here(host)):
        return "it does not begin with https:// (http:// is for localhost)"
    if not host or "{" in at.netloc or "@" in at.netloc:
        return "it names no host, or lets an id or a user name choose it"
    return None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
