"""Which SSD file and column is which canonical table and column. Names: SSD v1.4.5 (System C) of Data to Insight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from caseclock.extracts.bundle import PARQUET
from caseclock.extracts.delimited import fold


@dataclass(frozen=True)
class SsdFile:
    """One file. `columns`: canonical name -> the header names it may have. `flags`: columns that are looked at while reading and dropped.

    `unused`: columns of the standard that are never read. `prefix` goes before the key and `links` before the ids that lead to another
    merged table, so that the ids of two files cannot collide. `child_via`: the id column that leads to the child where the file of some
    suppliers has no person id.
    """

    name: str
    table: str
    columns: dict[str, tuple[str, ...]]
    required: frozenset[str]
    flags: tuple[str, ...] = ()
    unused: frozenset[str] = frozenset()
    prefix: str = ""
    links: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    child_via: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        return next(iter(self.columns))

    def canonical(self, header: str) -> str | None:
        """The canonical column (or the flag column) that a folded header is; None when it is not read."""
        for name, spellings in self.columns.items():
            if header in spellings:
                return name
        return next((flag for flag in self.flags if header in _spellings(flag)), None)

    def is_known(self, header: str) -> bool:
        return self.canonical(header) is not None or header in self.unused or any(header == u.partition("_")[2] for u in self.unused)


def _spellings(column: str) -> tuple[str, ...]:
    """A column may come without the four letters of its table: `person_id` for `cppr_person_id` (Mosaic)."""
    return column, column.partition("_")[2]


def _file(
    name: str,
    table: str,
    columns: str,
    *,
    flags: str = "",
    unused: str = "",
    prefix: str = "",
    links: dict[str, str] | None = None,
    kind: str = "",
    child_via: tuple[str, str] | None = None,
) -> SsdFile:
    """`columns`: `canonical=column`, `|` between two names of one column, `!` behind it when the file is no use without it."""
    made: dict[str, tuple[str, ...]] = {}
    required = set()
    for word in columns.split():
        canonical, _, spelled = word.partition("=")
        if spelled.endswith("!"):
            required.add(canonical)
        made[canonical] = tuple(s for column in spelled.rstrip("!").split("|") for s in _spellings(column))
    return SsdFile(
        name=name,
        table=table,
        columns=made,
        required=frozenset(required),
        flags=tuple(flags.split()),
        unused=frozenset(unused.split()),
        prefix=prefix,
        links=links or {},
        constants={"kind": kind} if kind else {},
        child_via=child_via,
    )


FILES: tuple[SsdFile, ...] = (
    _file(
        "ssd_person",
        "child",
        "child_id=pers_person_id! sex=pers_sex died_on=pers_death_date",
        flags="pers_dob pers_expected_dob pers_forename pers_surname",
        unused="pers_legacy_id pers_upn pers_gender pers_ethnicity pers_single_unique_id pers_upn_unknown "
        "pers_send_flag pers_is_mother pers_nationality",
    ),
    _file(
        "ssd_contacts",
        "contact",
        "contact_id=cont_contact_id! child_id=cont_person_id! contact_on=cont_contact_date! source=cont_contact_source_code",
        unused="cont_contact_source_desc cont_contact_outcome_json",
    ),
    _file(
        "ssd_cin_episodes",
        "referral",
        "referral_id=cine_referral_id! child_id=cine_person_id! referral_date=cine_referral_date! source=cine_referral_source_code "
        "nfa=cine_referral_nfa primary_need=cine_cin_primary_need_code closed_on=cine_close_date close_reason=cine_close_reason "
        "team_id=cine_referral_team worker_id=cine_referral_worker_id",
        flags="cine_referral_outcome_json",
        unused="cine_referral_source_desc",
    ),
    _file(
        "ssd_cin_assessments",
        "assessment",
        "assessment_id=cina_assessment_id! referral_id=cina_referral_id child_id=cina_person_id! started_on=cina_assessment_start_date! "
        "authorised_on=cina_assessment_auth_date child_seen=cina_assessment_child_seen team_id=cina_assessment_team "
        "worker_id=cina_assessment_worker_id",
        unused="cina_assessment_outcome_json cina_assessment_outcome_nfa",
    ),
    _file(
        "ssd_s47_enquiry",
        "s47",
        "s47_id=s47e_s47_enquiry_id! referral_id=s47e_referral_id child_id=s47e_person_id! strategy_on=s47e_s47_start_date! "
        "ended_on=s47e_s47_end_date team_id=s47e_s47_completed_by_team worker_id=s47e_s47_completed_by_worker_id",
        flags="s47e_s47_nfa s47e_s47_outcome_json",
    ),
    _file(
        "ssd_initial_cp_conference",
        "conference",
        "conference_id=icpc_icpc_id! meeting_id=icpc_icpc_meeting_id child_id=icpc_person_id! s47_id=icpc_s47_enquiry_id "
        "referral_id=icpc_referral_id due_on=icpc_icpc_target_date held_on=icpc_icpc_date outcome_cp=icpc_icpc_outcome_cp_flag "
        "team_id=icpc_icpc_team worker_id=icpc_icpc_worker_id",
        flags="icpc_icpc_transfer_in",
        unused="icpc_cp_plan_id icpc_icpc_outcome_json",
    ),
    _file(
        "ssd_cp_plans",
        "plan",
        "plan_id=cppl_cp_plan_id! child_id=cppl_person_id! referral_id=cppl_referral_id conference_id=cppl_icpc_id "
        "started_on=cppl_cp_plan_start_date! ended_on=cppl_cp_plan_end_date other_la=cppl_cp_plan_ola",
        unused="cppl_cp_plan_initial_category cppl_cp_plan_latest_category",
        prefix="cp:",
        kind="cp",
    ),
    _file(
        "ssd_cin_plans",
        "plan",
        "plan_id=cinp_cin_plan_id! child_id=cinp_person_id! referral_id=cinp_referral_id started_on=cinp_cin_plan_start_date! "
        "ended_on=cinp_cin_plan_end_date team_id=cinp_cin_plan_team worker_id=cinp_cin_plan_worker_id",
        prefix="cin:",
        kind="cin",
    ),
    _file(
        "ssd_cp_reviews",
        "review",
        "review_id=cppr_cp_review_id! plan_id=cppr_cp_plan_id child_id=cppr_person_id! due_on=cppr_cp_review_due|cppr_due_date "
        "held_on=cppr_cp_review_date|cppr_actual_date",
        unused="cppr_cp_review_meeting_id cppr_cp_review_outcome_continue_cp cppr_cp_review_quorate cppr_cp_review_participation",
        links={"plan_id": "cp:"},
        kind="cp",
        child_via=("plan", "plan_id"),
    ),
    _file(
        "ssd_cp_visits",
        "visit",
        "visit_id=cppv_cp_visit_id! child_id=cppv_person_id! plan_id=cppv_cp_plan_id visit_on=cppv_cp_visit_date! "
        "seen=cppv_cp_visit_seen seen_alone=cppv_cp_visit_seen_alone",
        unused="cppv_cp_visit_bedroom",
        prefix="cp:",
        links={"plan_id": "cp:"},
        kind="cp",
        child_via=("plan", "plan_id"),
    ),
    _file(
        "ssd_cin_visits",
        "visit",
        "visit_id=cinv_cin_visit_id! child_id=cinv_person_id! plan_id=cinv_cin_plan_id visit_on=cinv_cin_visit_date! "
        "seen=cinv_cin_visit_seen seen_alone=cinv_cin_visit_seen_alone",
        unused="cinv_cin_visit_bedroom",
        prefix="cin:",
        links={"plan_id": "cin:"},
        kind="cin",
        child_via=("plan", "plan_id"),
    ),
    _file(
        "ssd_cla_episodes",
        "care",
        "episode_id=clae_cla_episode_id! care_id=clae_cla_id child_id=clae_person_id! referral_id=clae_referral_id "
        "placement_id=clae_cla_placement_id started_on=clae_cla_episode_start_date! ended_on=clae_cla_episode_ceased_date "
        "entered_on=clae_entered_care_date",
        unused="clae_cla_episode_start_reason clae_cla_primary_need_code clae_cla_episode_ceased_reason clae_cla_last_iro_contact_date",
    ),
    _file(
        "ssd_cla_placement",
        "placement",
        "placement_id=clap_cla_placement_id! child_id=clap_person_id! care_id=clap_cla_id started_on=clap_cla_placement_start_date! "
        "ended_on=clap_cla_placement_end_date kind=clap_cla_placement_type",
        unused="clap_cla_placement_urn clap_cla_placement_distance clap_cla_placement_provider clap_cla_placement_postcode "
        "clap_cla_placement_change_reason",
        child_via=("care", "care_id"),
    ),
    _file(
        "ssd_cla_reviews",
        "review",
        "review_id=clar_cla_review_id! care_id=clar_cla_id child_id=clar_cla_person_id! due_on=clar_cla_review_due_date "
        "held_on=clar_cla_review_date cancelled=clar_cla_review_cancelled",
        unused="clar_cla_review_participation",
        prefix="cla:",
        kind="cla",
        child_via=("care", "care_id"),
    ),
    _file(
        "ssd_cla_visits",
        "visit",
        "visit_id=clav_cla_visit_id! care_id=clav_cla_id child_id=clav_person_id! visit_on=clav_cla_visit_date! "
        "seen=clav_cla_visit_seen seen_alone=clav_cla_visit_seen_alone",
        prefix="cla:",
        kind="cla",
        child_via=("care", "care_id"),
    ),
    _file(
        "ssd_legal_status",
        "legal",
        "legal_id=lega_legal_status_id! child_id=lega_person_id! status=lega_legal_status started_on=lega_legal_status_start_date! "
        "ended_on=lega_legal_status_end_date",
    ),
    _file(
        "ssd_care_leavers",
        "care_leaver",
        "leaver_id=clea_table_id! child_id=clea_person_id! eligibility=clea_care_leaver_eligibility in_touch=clea_care_leaver_in_touch "
        "contacted_on=clea_care_leaver_latest_contact reviewed_on=clea_pathway_plan_review_date "
        "team_id=clea_care_leaver_allocated_team worker_id=clea_care_leaver_worker_id",
        unused="clea_care_leaver_accommodation clea_care_leaver_accom_suitable clea_care_leaver_activity clea_care_leaver_personal_advisor",
    ),
    _file(
        "ssd_missing",
        "missing",
        "missing_id=miss_table_id! child_id=miss_person_id! kind=miss_missing_episode_type "
        "started_on=miss_missing_episode_start_date! found_on=miss_missing_episode_end_date offered=miss_missing_rhi_offered "
        "accepted=miss_missing_rhi_accepted",
    ),
    _file(
        "ssd_involvements",
        "allocation",
        "allocation_id=invo_involvements_id! child_id=invo_person_id! referral_id=invo_referral_id worker_id=invo_professional_id "
        "team_id=invo_professional_team role=invo_professional_role_id started_on=invo_involvement_start_date "
        "ended_on=invo_involvement_end_date",
        unused="invo_worker_change_reason",
        child_via=("referral", "referral_id"),
    ),
    _file(
        "ssd_professionals",
        "worker",
        "worker_id=prof_professional_id! fte=prof_full_time_equivalency agency=prof_agency_worker_flag "
        "team_id=prof_professional_department",
        flags="prof_professional_name prof_professional_job_title",
        unused="prof_staff_id prof_social_worker_registration_no prof_professional_caseload",
    ),
    _file(
        "ssd_department",
        "team",
        "team_id=dept_team_id! name=dept_team_name service_id=dept_team_parent_id service=dept_team_parent_name",
    ),
)

NOT_IN_SOME_EXPORTS = {("ssd_cin_visits", "plan_id")}
"""Columns that only some suppliers have beside the standard: their absence is no news."""

# fmt: off
OTHER_SSD_FILES = frozenset((
    "address", "assessment_factors", "cla_care_plan", "cla_convictions", "cla_health",
    "cla_immunisations", "cla_previous_permanence", "cla_substance_misuse", "cohort",
    "dim_date", "disability", "early_help_episodes", "ehcp_active_plans", "ehcp_assessment", "ehcp_named_plan", "ehcp_requests", "family",
    "immigration_status", "linked_identifiers", "mother", "permanence", "pre_cla_care_plan", "pre_proceedings",
    "s251_finance", "sdq_scores", "sen_need", "send", "voice_of_child",
))
# fmt: on
"""Files of the standard that no rule reads yet."""

VERSION_LOG = "version_log"
SUFFIXES = (".csv", *PARQUET)

_BY_STEM = {f.name.removeprefix("ssd_"): f for f in FILES}


def stem_of(base: str) -> str:
    """`dbo.SSD_Person_2026-11-20.csv` -> `person`."""
    name = fold(base.rsplit(".", 1)[0]).rsplit(".", 1)[-1]
    return re.sub(r"[-_ ]*\d{4}-?\d{2}-?\d{2}$", "", name).replace(" ", "_").replace("-", "_").removeprefix("ssd_")


def file_of(base: str) -> SsdFile | None:
    """The SSD file that a table's name says it is."""
    return _BY_STEM.get(stem_of(base)) if is_table(base) else None


def is_table(base: str) -> bool:
    return base.lower().endswith(SUFFIXES)
