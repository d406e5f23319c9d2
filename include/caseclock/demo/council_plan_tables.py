"""Plans and periods of care with their visits and reviews in the columns of the SSD v1.4.5, one row per child."""

from __future__ import annotations

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_case_tables import workers
from caseclock.demo.council_draw import NEVER, Ints, codes
from caseclock.demo.council_roll import Roll, of_case
from caseclock.demo.council_view import Ledger, Shown, coded, flags, numbers, texts
from caseclock.demo.council_work import Reviews, Visits


def cp_plans(roll: Roll, rng: np.random.Generator) -> Ledger:
    k = roll.cases
    rows = roll.rows_where(k.plan_from)
    start = of_case(roll, rows, k.plan_from)
    category = texts(codes(rng, c.CATEGORIES, len(k.order))[roll.case[rows]].tolist())
    return Ledger(
        start,
        {
            "cppl_cp_plan_id": Shown(roll.ids("cp_plan", rows)),
            "cppl_referral_id": Shown(roll.ids("referral", rows)),
            "cppl_icpc_id": Shown(roll.ids("conference", rows)),
            "cppl_person_id": Shown(roll.children(rows)),
            "cppl_cp_plan_start_date": Shown(start),
            "cppl_cp_plan_end_date": Shown(of_case(roll, rows, k.plan_to)),
            "cppl_cp_plan_ola": Shown(flags(np.zeros(len(rows)))),
            "cppl_cp_plan_initial_category": Shown(category),
            "cppl_cp_plan_latest_category": Shown(category),
        },
    )


LINKS = {  # beginning of the column names: links to child and plan, in the order of the SSD
    "cppv_cp_": ("cppv_person_id", "cppv_cp_plan_id"),
    "cinv_cin_": ("cinv_person_id",),
    "clav_cla_": ("clav_cla_id", "clav_person_id"),
}


def visits(prefix: str, roll: Roll, kind: str, made: Visits, rng: np.random.Generator) -> Ledger:
    """`prefix`: how the columns of this kind of visit begin; `kind`: what the visits belong to."""
    rows, occasion = roll.rows_of(made.case)
    day, seen = made.day[occasion], made.seen[occasion]
    columns = {f"{prefix}visit_id": Shown(roll.ids_of_occasion(kind, rows, made.number[occasion]))}
    for column in LINKS[prefix]:
        columns[column] = Shown(roll.children(rows) if column.endswith("person_id") else roll.ids(kind, rows))
    columns[f"{prefix}visit_date"] = Shown(day)
    columns[f"{prefix}visit_seen"] = Shown(flags(seen))
    columns[f"{prefix}visit_seen_alone"] = Shown(flags(seen & (rng.random(len(rows)) < 0.6)))
    if prefix != "clav_cla_":
        columns[f"{prefix}visit_bedroom"] = Shown(flags(seen & (rng.random(len(rows)) < 0.5)))
    return Ledger(day, columns)


def cp_reviews(roll: Roll, reviews: Reviews, rng: np.random.Generator) -> Ledger:
    """A review is in the diary with its due date from the last one on."""
    k = roll.cases
    rows, occasion = roll.rows_of(reviews.case)
    held = reviews.held[occasion]
    last = held >= NEVER  # the plan ended before
    ended = k.plan_to[roll.case[rows]]
    goes_on = flags(held < ended - 30)
    number = reviews.number[occasion]
    return Ledger(
        reviews.known_from[occasion],
        {
            "cppr_cp_review_id": Shown(roll.ids_of_occasion("cp_plan", rows, number)),
            "cppr_person_id": Shown(roll.children(rows)),
            "cppr_cp_plan_id": Shown(roll.ids("cp_plan", rows)),
            "cppr_cp_review_due": Shown(reviews.due[occasion], ahead=True),
            "cppr_cp_review_date": Shown(np.where(last, NEVER, held)),
            "cppr_cp_review_meeting_id": Shown(numbers(k.order[roll.case[rows]] * 1000 + number)),
            "cppr_cp_review_outcome_continue_cp": Shown(goes_on, known_from=held),
            "cppr_cp_review_quorate": Shown(flags(rng.random(len(rows)) < 0.97), known_from=held),
            "cppr_cp_review_participation": Shown(coded(rng.integers(0, 3, len(rows)), ["PN1", "PN3", "PN7"]), known_from=held),
        },
    )


def cin_plans(roll: Roll, team_ids: list[str], worker_ids: list[str], worker: Ints) -> Ledger:
    k = roll.cases
    rows = roll.rows_where(k.cin_from)
    start = of_case(roll, rows, k.cin_from)
    team = np.where(k.transferred < k.closed, k.later_team, k.team)
    return Ledger(
        start,
        {
            "cinp_cin_plan_id": Shown(roll.ids("cin_plan", rows)),
            "cinp_referral_id": Shown(roll.ids("referral", rows)),
            "cinp_person_id": Shown(roll.children(rows)),
            "cinp_cin_plan_start_date": Shown(start),
            "cinp_cin_plan_end_date": Shown(of_case(roll, rows, k.cin_to)),
            "cinp_cin_plan_team": Shown(coded(of_case(roll, rows, team), list(team_ids))),
            "cinp_cin_plan_worker_id": Shown(workers(worker_ids, of_case(roll, rows, worker))),
        },
    )


def care(roll: Roll) -> Ledger:
    k = roll.cases
    rows = roll.rows_where(k.care_from)
    start, stop = of_case(roll, rows, k.care_from), of_case(roll, rows, k.care_to)
    zero = np.zeros(len(rows), dtype=np.int64)
    return Ledger(
        start,
        {
            "clae_cla_episode_id": Shown(roll.ids("care", rows)),
            "clae_person_id": Shown(roll.children(rows)),
            "clae_cla_placement_id": Shown(coded(zero, [None])),
            "clae_cla_episode_start_date": Shown(start),
            "clae_cla_episode_start_reason": Shown(coded(zero, ["S"])),
            "clae_cla_primary_need_code": Shown(coded(zero, ["N1"])),
            "clae_cla_episode_ceased_date": Shown(stop),
            "clae_cla_episode_ceased_reason": Shown(coded(zero, ["E8"]), known_from=stop),
            "clae_cla_id": Shown(roll.ids("care", rows)),
            "clae_referral_id": Shown(roll.ids("referral", rows)),
            "clae_cla_last_iro_contact_date": Shown(np.full(len(rows), NEVER)),
            "clae_entered_care_date": Shown(start),
        },
    )


def care_reviews(roll: Roll, reviews: Reviews, rng: np.random.Generator) -> Ledger:
    rows, occasion = roll.rows_of(reviews.case)
    held = reviews.held[occasion]
    return Ledger(
        reviews.known_from[occasion],
        {
            "clar_cla_review_id": Shown(roll.ids_of_occasion("care", rows, reviews.number[occasion])),
            "clar_cla_id": Shown(roll.ids("care", rows)),
            "clar_cla_review_due_date": Shown(reviews.due[occasion], ahead=True),
            "clar_cla_review_date": Shown(held),
            "clar_cla_review_cancelled": Shown(flags(np.zeros(len(rows)))),
            "clar_cla_review_participation": Shown(coded(rng.integers(0, 3, len(rows)), ["PN1", "PN3", "PN7"]), known_from=held),
        },
    )
