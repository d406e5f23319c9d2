"""Contacts, referrals, assessments, enquiries and conferences in the columns of the SSD v1.4.5, one row per child."""

from __future__ import annotations

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_draw import NEVER, Ints, codes
from caseclock.demo.council_people import Worker
from caseclock.demo.council_roll import Roll, of_case
from caseclock.demo.council_view import Ledger, Shown, Texts, coded, flags, numbers, texts

S47_JSON = '{{"NFA_FLAG": "{n}", "CP_CONFERENCE_FLAG": "{y}", "TOTAL_NO_OF_OUTCOMES": "1", "OUTCOME_COMMENTS": "CANARY-COMMENT-{i:06d}"}}'
CONTACT_JSON = ('{"NEW_REFERRAL_FLAG": "N", "NFA_FLAG": "Y"}', '{"NEW_REFERRAL_FLAG": "Y", "NFA_FLAG": "N"}')
REFERRAL_JSON = ('{"SINGLE_ASSESSMENT_FLAG": "Y", "NFA_FLAG": "N"}', '{"SINGLE_ASSESSMENT_FLAG": "N", "NFA_FLAG": "Y"}')


def sources(rng: np.random.Generator, n: int) -> tuple[Texts, Texts]:
    drawn = codes(rng, c.SOURCES, n)
    return texts(drawn.tolist()), texts([c.SOURCE_WORDS[code] for code in drawn.tolist()])


def contacts(roll: Roll, rng: np.random.Generator) -> Ledger:
    """One that led to the referral; and as many that led to nothing, on children who are known from before."""
    rows = np.arange(len(roll.case))
    day = of_case(roll, rows, roll.cases.referred)
    later = day + rng.integers(30, 700, len(rows))
    source, words = sources(rng, 2 * len(rows))
    one = np.concatenate([day, later])
    return Ledger(
        one,
        {
            "cont_contact_id": Shown(numbers(np.concatenate([roll.number("contact", rows) * 10, roll.number("contact", rows) * 10 + 1]))),
            "cont_person_id": Shown(numbers(np.concatenate([roll.child, roll.child]))),
            "cont_contact_date": Shown(one),
            "cont_contact_source_code": Shown(source),
            "cont_contact_source_desc": Shown(words),
            "cont_contact_outcome_json": Shown(coded((np.arange(2 * len(rows)) < len(rows)).astype(np.int64), list(CONTACT_JSON))),
        },
    )


def referrals(roll: Roll, team_ids: list[str], staff: list[Worker], rng: np.random.Generator) -> Ledger:
    rows, k = np.arange(len(roll.case)), roll.cases
    referred, closed, nfa = (of_case(roll, rows, values) for values in (k.referred, k.closed, (k.path == "nfa").astype(np.int64)))
    n = len(k.order)
    source, words = sources(rng, n)
    reason = np.select([k.path == "no_need", k.path == "nfa"], [np.where(rng.random(n) < 0.25, "RC9", "RC8"), "RC7"], "RC7")
    front = next(i for i, w in enumerate(staff) if w.role == "duty")
    case = roll.case
    return Ledger(
        referred,
        {
            "cine_referral_id": Shown(roll.ids("referral")),
            "cine_person_id": Shown(roll.children(rows)),
            "cine_referral_date": Shown(referred),
            "cine_cin_primary_need_code": Shown(texts(codes(rng, c.NEEDS, n)[case].tolist())),
            "cine_referral_source_code": Shown(source.take(case)),
            "cine_referral_source_desc": Shown(words.take(case)),
            "cine_referral_outcome_json": Shown(coded(nfa, list(REFERRAL_JSON))),
            "cine_referral_nfa": Shown(flags(nfa)),
            "cine_close_reason": Shown(texts(reason[case].tolist()), known_from=closed),
            "cine_close_date": Shown(closed),
            "cine_referral_team": Shown(coded(k.team[case], list(team_ids))),
            "cine_referral_worker_id": Shown(coded(np.full(len(rows), front), [w.id for w in staff])),
        },
    )


def workers(worker_ids: list[str], worker: Ints) -> Texts:
    """`worker` -1: nobody."""
    return coded(worker + 1, [None, *worker_ids])


def assessments(roll: Roll, team_ids: list[str], worker_ids: list[str], worker: Ints, rng: np.random.Generator) -> Ledger:
    k = roll.cases
    rows = roll.rows_where(k.started)
    started, authorised = of_case(roll, rows, k.started), of_case(roll, rows, k.authorised)
    no_need = of_case(roll, rows, (k.path == "no_need").astype(np.int64))
    return Ledger(
        started,
        {
            "cina_assessment_id": Shown(roll.ids("assessment", rows)),
            "cina_person_id": Shown(roll.children(rows)),
            "cina_referral_id": Shown(roll.ids("referral", rows)),
            "cina_assessment_start_date": Shown(started),
            "cina_assessment_child_seen": Shown(flags(rng.random(len(rows)) < 0.97), known_from=authorised),
            "cina_assessment_auth_date": Shown(authorised),
            "cina_assessment_outcome_json": Shown(coded(no_need, ['{"NFA_FLAG": "N"}', '{"NFA_FLAG": "Y"}']), known_from=authorised),
            "cina_assessment_outcome_nfa": Shown(flags(no_need), known_from=authorised),
            "cina_assessment_team": Shown(coded(of_case(roll, rows, k.team), list(team_ids))),
            "cina_assessment_worker_id": Shown(workers(worker_ids, of_case(roll, rows, worker))),
        },
    )


def enquiries(roll: Roll, team_ids: list[str], worker_ids: list[str], worker: Ints) -> Ledger:
    k = roll.cases
    rows = roll.rows_where(k.strategy)
    start, ended = of_case(roll, rows, k.strategy), of_case(roll, rows, k.s47_ended)
    held = of_case(roll, rows, k.conference) < NEVER
    json = [S47_JSON.format(n="N" if y else "Y", y="Y" if y else "N", i=i) for i, y in enumerate(held.tolist())]
    return Ledger(
        start,
        {
            "s47e_s47_enquiry_id": Shown(roll.ids("s47", rows)),
            "s47e_referral_id": Shown(roll.ids("referral", rows)),
            "s47e_person_id": Shown(roll.children(rows)),
            "s47e_s47_start_date": Shown(start),
            "s47e_s47_end_date": Shown(ended),
            "s47e_s47_nfa": Shown(flags(~held), known_from=ended),
            "s47e_s47_outcome_json": Shown(texts(json), known_from=ended),
            "s47e_s47_completed_by_team": Shown(coded(of_case(roll, rows, k.team), list(team_ids))),
            "s47e_s47_completed_by_worker_id": Shown(workers(worker_ids, of_case(roll, rows, worker)), known_from=ended),
        },
    )


def conferences(roll: Roll, team_ids: list[str], staff: list[Worker], worker_ids: list[str], rng: np.random.Generator) -> Ledger:
    """The row is there from the end of the enquiry on, with its target date."""
    k = roll.cases
    rows = roll.rows_where(k.conference)
    held = of_case(roll, rows, k.conference)
    planned = (of_case(roll, rows, k.plan_from) < NEVER).astype(np.int64)
    chairs = np.array([i for i, w in enumerate(staff) if w.role == "chair"])
    plan = [i if p else None for i, p in zip(roll.ids("cp_plan", rows).to_pylist(), planned.tolist(), strict=True)]
    return Ledger(
        of_case(roll, rows, k.s47_ended),
        {
            "icpc_icpc_id": Shown(roll.ids("conference", rows)),
            "icpc_icpc_meeting_id": Shown(numbers(k.order[roll.case[rows]])),
            "icpc_s47_enquiry_id": Shown(roll.ids("s47", rows)),
            "icpc_person_id": Shown(roll.children(rows)),
            "icpc_cp_plan_id": Shown(texts(plan), known_from=held),
            "icpc_referral_id": Shown(roll.ids("referral", rows)),
            "icpc_icpc_transfer_in": Shown(flags(np.zeros(len(rows)))),
            "icpc_icpc_target_date": Shown(of_case(roll, rows, k.conference_due), ahead=True),
            "icpc_icpc_date": Shown(held),
            "icpc_icpc_outcome_cp_flag": Shown(flags(planned), known_from=held),
            "icpc_icpc_outcome_json": Shown(coded(planned, ['{"CP_PLAN_FLAG": "N"}', '{"CP_PLAN_FLAG": "Y"}']), known_from=held),
            "icpc_icpc_team": Shown(coded(of_case(roll, rows, k.team), list(team_ids))),
            "icpc_icpc_worker_id": Shown(workers(worker_ids, rng.choice(chairs, len(k.order))[roll.case[rows]])),
        },
    )
