"""The canonical tables: what every reader fills and every rule reads.

Grain and names follow the Standard Safeguarding Dataset v1.4.5 (data-to-insight). There is no column for a name, a date
of birth, an address or free text: what a rule needs of them is a flag (`unborn`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "flag", "code", "number"]

DTYPES: dict[Kind, str] = {"id": "str", "code": "str", "date": "datetime64[s]", "flag": "boolean", "number": "float64"}
"""The pandas type of each kind of column."""


@dataclass(frozen=True)
class Column:
    """One column. `required`: a row without it cannot be used and goes to quarantine."""

    name: str
    kind: Kind
    required: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table. `key` is unique; `needed`: clocks cannot run at all without this table."""

    name: str
    grain: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        return self.columns[0].name

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def dates(self) -> list[str]:
        return [c.name for c in self.columns if c.kind == "date"]


def _table(name: str, grain: str, columns: str) -> Table:
    """`columns`: `name:kind`, `!` behind it when required, `=a|b` for a code set."""
    made = []
    for word in columns.split():
        name_, _, rest = word.partition(":")
        rest, _, codes = rest.partition("=")
        kind = rest.rstrip("!")
        assert kind in ("id", "date", "flag", "code", "number"), word
        made.append(Column(name_, kind, rest.endswith("!"), tuple(codes.split("|")) if codes else ()))  # type: ignore[arg-type]
    return Table(name, grain, tuple(made))


TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        _table("child", "one row per child", "child_id:id! sex:code unborn:flag died_on:date"),
        _table(
            "contact",
            "one row per contact",
            "contact_id:id! child_id:id! contact_on:date! source:code",
        ),
        _table(
            "referral",
            "one row per referral, which is a CIN episode",
            "referral_id:id! child_id:id! referral_date:date! source:code nfa:flag primary_need:code closed_on:date "
            "close_reason:code team_id:id worker_id:id",
        ),
        _table(
            "assessment",
            "one row per assessment and child",
            "assessment_id:id! referral_id:id child_id:id! started_on:date! authorised_on:date child_seen:flag team_id:id worker_id:id",
        ),
        _table(
            "s47",
            "one row per section 47 enquiry and child, dated by the strategy discussion that initiated it",
            "s47_id:id! referral_id:id child_id:id! strategy_on:date! ended_on:date icpc_required:flag team_id:id worker_id:id",
        ),
        _table(
            "conference",
            "one row per initial child protection conference and child",
            "conference_id:id! meeting_id:id child_id:id! s47_id:id referral_id:id kind:code!=initial|transfer_in due_on:date held_on:date "
            "outcome_cp:flag team_id:id worker_id:id",
        ),
        _table(
            "plan",
            "one row per plan and child",
            "plan_id:id! child_id:id! referral_id:id conference_id:id kind:code!=cin|cp started_on:date! ended_on:date other_la:flag "
            "team_id:id worker_id:id",
        ),
        _table(
            "review",
            "one row per review conference and child",
            "review_id:id! plan_id:id child_id:id! kind:code!=cp|cla due_on:date held_on:date cancelled:flag",
        ),
        _table(
            "visit",
            "one row per visit and child",
            "visit_id:id! child_id:id! plan_id:id kind:code!=cin|cp|cla visit_on:date! seen:flag seen_alone:flag",
        ),
        _table(
            "allocation",
            "one row per involvement of a professional with a child",
            "allocation_id:id! child_id:id! referral_id:id worker_id:id team_id:id role:code started_on:date ended_on:date",
        ),
        _table(
            "worker",
            "one row per professional (no name: `is_person` is worked out from it on reading)",
            "worker_id:id! role:code fte:number agency:flag is_person:flag team_id:id",
        ),
        _table("team", "one row per team", "team_id:id! name:code service_id:id service:code"),
    )
}
