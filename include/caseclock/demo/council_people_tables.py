"""Persons, professionals, teams and involvements in the columns of the SSD v1.4.5 (System C).

Columns that hold personal values in a real export hold marked ones here (`CANARY-...`), so that a test can look for them anywhere.
"""

from __future__ import annotations

import numpy as np

from caseclock.demo.council_allocation import Links
from caseclock.demo.council_draw import NEVER
from caseclock.demo.council_people import SERVICES, Team, Worker
from caseclock.demo.council_roll import Roll
from caseclock.demo.council_view import Ledger, Shown, coded, flags, numbers, texts

TITLES = {"holder": "Social Worker", "manager": "Team Manager", "duty": "Duty Pool", "chair": "Independent Reviewing Officer"}


def persons(roll: Roll, rng: np.random.Generator) -> Ledger:
    child, first = np.unique(roll.child, return_index=True)
    met = np.full(len(child), NEVER, dtype=np.int64)
    np.minimum.at(met, np.searchsorted(child, roll.child), roll.cases.referred[roll.case])
    unborn = rng.random(len(child)) < 0.015
    born = np.where(unborn, met + rng.integers(20, 150, len(child)), met - rng.integers(10, 17 * 365, len(child)))
    number = child - 1_000_000
    marked = {
        "pers_legacy_id": "LEGACY",
        "pers_upn": "UPN",
        "pers_forename": "FORENAME",
        "pers_surname": "SURNAME",
        "pers_single_unique_id": "NHS",
    }
    canaries = {name: Shown(texts([f"CANARY-{word}-{i:06d}" for i in number.tolist()])) for name, word in marked.items()}
    order = ["pers_legacy_id", "pers_person_id", "pers_upn", "pers_forename", "pers_surname", "pers_sex", "pers_gender", "pers_ethnicity"]
    plain = {
        "pers_person_id": Shown(numbers(child)),
        "pers_sex": Shown(coded(rng.choice(3, size=len(child), p=[0.48, 0.51, 0.01]), ["F", "M", "U"])),
        "pers_gender": Shown(coded(np.full(len(child), 0), ["00"])),
        "pers_ethnicity": Shown(coded(rng.integers(0, 5, len(child)), ["WBRI", "BCRB", "APKN", "MOTH", "NOBT"])),
        "pers_dob": Shown(born),
        "pers_upn_unknown": Shown(coded(np.zeros(len(child), dtype=np.int64), [None])),
        "pers_send_flag": Shown(flags(rng.random(len(child)) < 0.12)),
        "pers_expected_dob": Shown(np.where(unborn, born, NEVER), ahead=True),
        "pers_death_date": Shown(np.full(len(child), NEVER)),
        "pers_is_mother": Shown(flags(np.zeros(len(child)))),
        "pers_nationality": Shown(coded(np.zeros(len(child), dtype=np.int64), ["GBR"])),
    }
    both = {**canaries, **plain}
    rest = [
        "pers_dob",
        "pers_single_unique_id",
        "pers_upn_unknown",
        "pers_send_flag",
        "pers_expected_dob",
        "pers_death_date",
        "pers_is_mother",
        "pers_nationality",
    ]
    assert len(first) == len(child)
    return Ledger(met, {name: both[name] for name in [*order, *rest]})


def involvements(roll: Roll, links: Links, team_ids: list[str], worker_ids: list[str]) -> Ledger:
    case, start = np.array(links.case, dtype=np.int64), np.array(links.start, dtype=np.int64)
    rows, link = roll.rows_of(case)
    end = np.array(links.end, dtype=np.int64)[link]
    return Ledger(
        start[link],
        {
            "invo_involvements_id": Shown(numbers((np.arange(len(case))[link] + 1) * 10 + roll.member[rows])),
            "invo_professional_id": Shown(coded(np.array(links.worker, dtype=np.int64)[link], list(worker_ids))),
            "invo_professional_role_id": Shown(texts(links.role).take(link)),
            "invo_professional_team": Shown(coded(np.array(links.team, dtype=np.int64)[link], list(team_ids))),
            "invo_person_id": Shown(roll.children(rows)),
            "invo_involvement_start_date": Shown(start[link]),
            "invo_involvement_end_date": Shown(end),
            "invo_worker_change_reason": Shown(texts(links.reason).take(link)),
            "invo_referral_id": Shown(roll.ids("referral", rows)),
        },
    )


def professionals(teams: list[Team], staff: list[Worker]) -> Ledger:
    """Agency is empty, as in every live SSD export; a duty pool stands among the people."""
    empty = coded(np.zeros(len(staff), dtype=np.int64), [None])
    numbered = list(enumerate(staff, start=1))
    names = [f"Duty Pool {teams[w.team].name}" if w.role == "duty" else f"CANARY-WORKER-{i:05d}" for i, w in numbered]
    return Ledger(
        np.array([w.start for w in staff], dtype=np.int64),
        {
            "prof_professional_id": Shown(texts([w.id for w in staff])),
            "prof_staff_id": Shown(texts([f"CANARY-STAFF-{i:05d}" for i, _ in numbered])),
            "prof_professional_name": Shown(texts(names)),
            "prof_social_worker_registration_no": Shown(texts([None if w.role == "duty" else f"CANARY-SW-{i:05d}" for i, w in numbered])),
            "prof_agency_worker_flag": Shown(empty),
            "prof_professional_job_title": Shown(texts([TITLES[w.role] for w in staff])),
            "prof_professional_caseload": Shown(empty),
            "prof_professional_department": Shown(texts([teams[w.team].id for w in staff])),
            "prof_full_time_equivalency": Shown(texts([f"{w.fte:.1f}" for w in staff])),
        },
    )


def departments(teams: list[Team]) -> Ledger:
    return Ledger(
        np.zeros(len(teams), dtype=np.int64),
        {
            "dept_team_id": Shown(texts([t.id for t in teams])),
            "dept_team_name": Shown(texts([t.name for t in teams])),
            "dept_team_parent_id": Shown(texts([t.service for t in teams])),
            "dept_team_parent_name": Shown(texts([SERVICES[t.service] for t in teams])),
        },
    )
