"""The world's events as ledgers: every table of the extract."""

from __future__ import annotations

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_allocation import Links
from caseclock.demo.council_case_tables import assessments, conferences, contacts, enquiries, referrals
from caseclock.demo.council_draw import Workdays
from caseclock.demo.council_people import Team, Worker
from caseclock.demo.council_people_tables import departments, involvements, persons, professionals
from caseclock.demo.council_plan_tables import care, care_reviews, cin_plans, cp_plans, cp_reviews, visits
from caseclock.demo.council_roll import Roll
from caseclock.demo.council_view import Ledger
from caseclock.demo.council_work import care_reviews_of, plan_reviews_of, visits_of


def ledgers_of(
    roll: Roll, links: Links, teams: list[Team], staff: list[Worker], end: int, workdays: Workdays, rng: np.random.Generator
) -> dict[str, Ledger]:
    """Every table of the extract by the name of its file without `.csv`."""
    k = roll.cases
    team_ids, worker_ids = [team.id for team in teams], [worker.id for worker in staff]
    first_worker = links.worker_on(k.allocated)
    return {
        "ssd_person": persons(roll, rng),
        "ssd_contacts": contacts(roll, rng),
        "ssd_cin_episodes": referrals(roll, team_ids, staff, rng),
        "ssd_cin_assessments": assessments(roll, team_ids, worker_ids, first_worker, rng),
        "ssd_s47_enquiry": enquiries(roll, team_ids, worker_ids, first_worker),
        "ssd_initial_cp_conference": conferences(roll, team_ids, staff, worker_ids, rng),
        "ssd_cp_plans": cp_plans(roll, rng),
        "ssd_cp_visits": visits("cppv_cp_", roll, "cp_plan", visits_of(rng, k.plan_from, k.plan_to, c.CP_VISIT, end, workdays), rng),
        "ssd_cp_reviews": cp_reviews(roll, plan_reviews_of(rng, k.plan_from, k.plan_to, end, workdays), rng),
        "ssd_cin_plans": cin_plans(roll, team_ids, worker_ids, links.worker_on(k.cin_from)),
        "ssd_cin_visits": visits("cinv_cin_", roll, "cin_plan", visits_of(rng, k.cin_from, k.cin_to, c.CIN_VISIT, end, workdays), rng),
        "ssd_cla_episodes": care(roll),
        "ssd_cla_reviews": care_reviews(roll, care_reviews_of(rng, k.care_from, k.care_to, end, workdays), rng),
        "ssd_cla_visits": visits("clav_cla_", roll, "care", visits_of(rng, k.care_from, k.care_to, c.CARE_VISIT, end, workdays), rng),
        "ssd_involvements": involvements(roll, links, team_ids, worker_ids),
        "ssd_professionals": professionals(teams, staff),
        "ssd_department": departments(teams),
    }
