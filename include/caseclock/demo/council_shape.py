"""The same tables as other suppliers' SSD exports have them: columns that are missing, renamed or empty, and their role codes.

System C (Liquidlogic) is how the tables are made; what Mosaic and Eclipse do otherwise is in extracts/readers/ssd.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Supplier = Literal["systemc", "mosaic", "eclipse"]


@dataclass(frozen=True)
class Shape:
    """`dropped` and `renamed` columns per file (without `.csv`), `emptied` columns, and the words for the roles that System C codes."""

    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    emptied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    counts_caseload: bool = False


SHAPES: dict[Supplier, Shape] = {
    "systemc": Shape(),
    "mosaic": Shape(
        dropped={
            "ssd_contacts": ("cont_contact_source_code",),
            "ssd_cp_plans": ("cppl_cp_plan_ola",),
            "ssd_cp_visits": ("cppv_person_id",),
            "ssd_cp_reviews": ("cppr_cp_review_meeting_id",),
            "ssd_cin_visits": ("cinv_person_id",),
            "ssd_cla_placement": ("clap_person_id",),
            "ssd_involvements": ("invo_person_id",),
            "ssd_professionals": ("prof_professional_name",),
        },
        renamed={
            "ssd_cin_plans": {"cinp_cin_plan_id": "cin_plan_id"},
            "ssd_cp_reviews": {
                "cppr_person_id": "person_id",
                "cppr_cp_review_due": "due_date",
                "cppr_cp_review_date": "actual_date",
                "cppr_cp_review_quorate": "quorate",
            },
        },
        emptied={"ssd_professionals": ("prof_full_time_equivalency", "prof_professional_job_title")},
        roles={"CW": "REL.ALLWORK", "IRO": "REL.IRO", "FSW": "REL.FSW"},
        counts_caseload=True,
    ),
    "eclipse": Shape(
        dropped={"ssd_cla_reviews": ("clar_cla_person_id",)},
        emptied={"ssd_professionals": ("prof_full_time_equivalency", "prof_professional_job_title", "prof_professional_caseload")},
        roles={"CW": "Allocated Worker", "IRO": "Independent Reviewing Officer", "FSW": "Family Support Worker"},
    ),
}


def shaped(tables: Mapping[str, pd.DataFrame], supplier: Supplier) -> dict[str, pd.DataFrame]:
    """The tables (by file name) as a supplier's export has them; the given frames stay as they are."""
    shape = SHAPES[supplier]
    made = dict(tables)
    if supplier == "mosaic":  # its visits to children in need lead to the plan in place of the child: the beginning of their id names it
        visits = made["ssd_cin_visits.csv"]
        made["ssd_cin_visits.csv"] = visits.assign(cin_plan_id=visits["cinv_cin_visit_id"].str[:-3])
    if shape.counts_caseload:
        made["ssd_professionals.csv"] = _with_caseload(made)
    for file, frame in made.items():
        name = file.removesuffix(".csv")
        kept = frame.drop(columns=[c for c in shape.dropped.get(name, ()) if c in frame]).rename(columns=dict(shape.renamed.get(name, {})))
        made[file] = kept.assign(**dict.fromkeys(shape.emptied.get(name, ())))
    links = made["ssd_involvements.csv"]
    made["ssd_involvements.csv"] = links.assign(invo_professional_role_id=links["invo_professional_role_id"].replace(dict(shape.roles)))
    return made


def _with_caseload(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Cases allocated today, as Mosaic counts them."""
    links, staff = tables["ssd_involvements.csv"], tables["ssd_professionals.csv"]
    current = links[(links["invo_professional_role_id"] == "CW") & links["invo_involvement_end_date"].isna()]
    count = current.groupby("invo_professional_id").size()
    caseload = staff["prof_professional_id"].map(count).fillna(0).astype("int64").astype("str")
    return staff.assign(prof_professional_caseload=caseload)
