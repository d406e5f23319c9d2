"""The canonical tables: what every reader fills and every rule reads.

Grain and names follow the Standard Safeguarding Dataset v1.4.5 (data-to-insight). There is no column for a name, a date
of birth, an address or free text: what a rule needs of them is a flag (`unborn`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "moment", "flag", "code", "number"]
"""A *moment* is a day with a time of day, in UTC; a date that came without one gives none."""

DTYPES: dict[Kind, str] = {
    "id": "str",
    "code": "str",
    "date": "datetime64[s]",
    "moment": "datetime64[s]",
    "flag": "boolean",
    "number": "float64",
}
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
        assert kind in DTYPES, word
        made.append(Column(name_, kind, rest.endswith("!"), tuple(codes.split("|")) if codes else ()))
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
            "one row per assessment and child; `reviewed_on`: the manager's internal review",
            "assessment_id:id! referral_id:id child_id:id! started_on:date! reviewed_on:date authorised_on:date child_seen:flag team_id:id "
            "worker_id:id",
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
            "review_id:id! plan_id:id care_id:id child_id:id! kind:code!=cp|cla due_on:date held_on:date cancelled:flag",
        ),
        _table(
            "visit",
            "one row per visit and child",
            "visit_id:id! child_id:id! plan_id:id care_id:id kind:code!=cin|cp|cla visit_on:date! seen:flag seen_alone:flag",
        ),
        _table(
            "allocation",
            "one row per involvement of a professional with a child",
            "allocation_id:id! child_id:id! referral_id:id worker_id:id team_id:id role:code started_on:date ended_on:date",
        ),
        _table(
            "worker",
            "one row per professional (no name: `is_person`, whether it is somebody who can hold a case, is worked out on reading)",
            "worker_id:id! role:code fte:number agency:flag is_person:flag team_id:id",
        ),
        _table("team", "one row per team", "team_id:id! name:code service_id:id service:code"),
        _table(
            "care",
            "one row per episode of care and child; `entered_on` and `left_on` are those of the whole period of care (`care_id`)",
            "episode_id:id! care_id:id child_id:id! referral_id:id placement_id:id started_on:date! ended_on:date "
            "entered_on:date left_on:date",
        ),
        _table(
            "placement",
            "one row per placement of a looked-after child",
            "placement_id:id! child_id:id! care_id:id started_on:date! ended_on:date kind:code",
        ),
        _table(
            "legal",
            "one row per legal status and child",
            "legal_id:id! child_id:id! status:code started_on:date! ended_on:date",
        ),
        _table(
            "care_leaver",
            "one row per care leaver; only the latest contact and the latest review of the pathway plan are known",
            "leaver_id:id! child_id:id! eligibility:code in_touch:flag contacted_on:date reviewed_on:date team_id:id worker_id:id",
        ),
        _table(
            "missing",
            "one row per missing or absent episode; whether a return interview was offered and accepted, not when",
            "missing_id:id! child_id:id! kind:code started_on:date! found_on:date offered:flag accepted:flag",
        ),
        # --- the six supplementary files: what no standard export holds ---
        _table(
            "supervision",
            "one row per supervision; without a child it is a worker's own",
            "supervision_id:id! child_id:id worker_id:id supervisor_id:id supervised_on:date! "
            "kind:code!=case|personal|group|management_oversight recorded_on:date decision_recorded:flag next_due_on:date",
        ),
        _table(
            "staff",
            "one row per worker (`staff_id` is the worker's id): what the case system does not know of its professionals",
            "staff_id:id! worker_id:id! team_id:id role:code fte:number agency:flag manager_id:id started_on:date ended_on:date "
            "absent_from:date absent_to:date is_person:flag",
        ),
        _table(
            "post",
            "one row per team, role and date of counting; full-time equivalents",
            "post_id:id! team_id:id! role:code! established:number filled:number agency:number counted_on:date!",
        ),
        _table(
            "contact_decision",
            "one row per contact (`decision_id` is the contact's id)",
            "decision_id:id! contact_id:id! received_on:date! decided_on:date decision:code",
        ),
        _table(
            "meeting",
            "one row per meeting about one child that is no conference or review; `since_on`: the end of the episode that it answers; "
            "`held_at`, `since_at`: the same with the time of day, where there is one; `begun_on`, `ended_on`: from when the council knew "
            "of the arrangement (`arrangement_id`) that is visited, and when it ended",
            "event_id:id! child_id:id! plan_id:id arrangement_id:id kind:code!=core_group|cin_review|strategy|rhi|pf_visit "
            "due_on:date held_on:date held_at:moment since_on:date since_at:moment begun_on:date ended_on:date",
        ),
        _table(
            "priority",
            "one row per priority given to a child or a referral",
            "priority_id:id! child_id:id referral_id:id priority:code! set_on:date!",
        ),
    )
}
