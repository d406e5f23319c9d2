"""On request: children in care with placements, legal statuses, missing episodes, and young people who are leaving care.

Without the request the council has plain periods of care, one episode each. Sizes: about 400 children in care at scale 1; the mean stay
in a placement, the mix of statuses and the rate of missing episodes are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from caseclock.demo.council_draw import NEVER, Flags, Ints, Workdays, codes
from caseclock.demo.council_people import Team, Worker
from caseclock.demo.council_roll import Roll, of_case
from caseclock.demo.council_stints import Stints, latest, stints_of
from caseclock.demo.council_view import Ledger, Shown, Texts, coded, flags, numbers, texts, words_of

PLACEMENT_DAYS = 330.0
PLACEMENTS = {"U4": 38.0, "U1": 16.0, "U6": 14.0, "K2": 13.0, "P1": 8.0, "H5": 7.0, "P2": 4.0}
PROVIDERS = {"PR1": 50.0, "PR4": 50.0}
FIRST_STATUS = {"V2": 55.0, "C1": 45.0}
ORDER_AFTER_DAYS = 190.0
MISSING_A_YEAR = (0.15, 5.0)  # of most children in care, and of the one in twelve who is often missing
OFTEN_MISSING = 1 / 12
SIXTEEN, EIGHTEEN, TWENTY_FIVE = (int(years * 365.25) for years in (16, 18, 25))
IN_TOUCH = 0.93
FIRST_VISIT = 0.93  # share of placements in whose first week, which is the limit, the child is seen


def care_ledgers(
    ledgers: Mapping[str, Ledger],
    roll: Roll,
    teams: list[Team],
    staff: list[Worker],
    end: int,
    workdays: Workdays,
    rng: np.random.Generator,
) -> dict[str, Ledger]:
    """The tables that are new or fuller than without the request, by the name of their file without `.csv`."""
    k = roll.cases
    rows = roll.rows_where(k.care_from)
    start, stop = of_case(roll, rows, k.care_from), of_case(roll, rows, k.care_to)
    placed = stints_of(rng, start, stop, PLACEMENT_DAYS, end)
    known = np.unique(roll.child)
    born = np.asarray(ledgers["ssd_person"].columns["pers_dob"].values)[np.searchsorted(known, roll.child[rows])]
    reviews = ledgers["ssd_cla_reviews"]
    return {
        "ssd_cla_episodes": episodes(roll, rows, placed, start),
        "ssd_cla_placement": placements(roll, rows, placed, rng),
        "ssd_cla_reviews": replace(reviews, columns={**reviews.columns, "clar_cla_person_id": _child_of_review(roll, rows, reviews)}),
        "ssd_cla_visits": _with_first_visits(ledgers["ssd_cla_visits"], roll, rows, placed, rng),
        "ssd_legal_status": legal_statuses(roll, rows, start, stop, rng),
        "ssd_missing": missing_episodes(roll, rows, start, np.minimum(stop, end), rng),
        "ssd_care_leavers": care_leavers(roll, rows, (start, stop, born), teams, staff, end, workdays, rng),
    }


def _ids(roll: Roll, rows: Ints, stints: Stints) -> Texts:
    return numbers(roll.number("care", rows)[stints.of] * 100 + stints.number)


def episodes(roll: Roll, rows: Ints, placed: Stints, entered: Ints) -> Ledger:
    """A new episode begins with each placement; all of them share the period of care."""
    here = rows[placed.of]
    zero = np.zeros(len(here), dtype=np.int64)
    ended = placed.end
    over = (ended >= of_case(roll, here, roll.cases.care_to)).astype(np.int64)
    return Ledger(
        placed.start,
        {
            "clae_cla_episode_id": Shown(_ids(roll, rows, placed)),
            "clae_person_id": Shown(roll.children(here)),
            "clae_cla_placement_id": Shown(_ids(roll, rows, placed)),
            "clae_cla_episode_start_date": Shown(placed.start),
            "clae_cla_episode_start_reason": Shown(coded((placed.number > 0).astype(np.int64), ["S", "P"])),
            "clae_cla_primary_need_code": Shown(coded(zero, ["N1"])),
            "clae_cla_episode_ceased_date": Shown(ended),
            "clae_cla_episode_ceased_reason": Shown(coded(over, ["X1", "E8"]), known_from=ended),
            "clae_cla_id": Shown(roll.ids("care", here)),
            "clae_referral_id": Shown(roll.ids("referral", here)),
            "clae_cla_last_iro_contact_date": Shown(np.full(len(here), NEVER)),
            "clae_entered_care_date": Shown(entered[placed.of]),
        },
    )


def placements(roll: Roll, rows: Ints, placed: Stints, rng: np.random.Generator) -> Ledger:
    here, n = rows[placed.of], len(placed.of)
    marked = [f"CANARY-{word}-{i:06d}" for word in ("URN", "POSTCODE") for i in range(n)]
    return Ledger(
        placed.start,
        {
            "clap_cla_placement_id": Shown(_ids(roll, rows, placed)),
            "clap_cla_id": Shown(roll.ids("care", here)),
            "clap_person_id": Shown(roll.children(here)),
            "clap_cla_placement_start_date": Shown(placed.start),
            "clap_cla_placement_type": Shown(texts(codes(rng, PLACEMENTS, n).tolist())),
            "clap_cla_placement_urn": Shown(texts(marked[:n])),
            "clap_cla_placement_distance": Shown(texts([f"{miles:.1f}" for miles in rng.exponential(12, n).tolist()])),
            "clap_cla_placement_provider": Shown(texts(codes(rng, PROVIDERS, n).tolist())),
            "clap_cla_placement_postcode": Shown(texts(marked[n:])),
            "clap_cla_placement_end_date": Shown(placed.end),
            "clap_cla_placement_change_reason": Shown(coded(np.zeros(n, dtype=np.int64), ["PLANCH"]), known_from=placed.end),
        },
    )


def _with_first_visits(visits: Ledger, roll: Roll, rows: Ints, placed: Stints, rng: np.random.Generator) -> Ledger:
    """The visits that are made without the request know nothing of placements: most children are also seen in the first week of each."""
    day = placed.start + rng.integers(1, 7, len(placed.of))
    made = np.flatnonzero((rng.random(len(day)) < FIRST_VISIT) & (day <= placed.end))
    here = rows[placed.of[made]]
    known = flags(np.ones(len(made)))
    new: dict[str, Any] = {
        "clav_cla_visit_id": numbers(roll.number("care", here) * 1000 + 500 + placed.number[made]),
        "clav_cla_id": roll.ids("care", here),
        "clav_person_id": roll.children(here),
        "clav_cla_visit_date": day[made],
        "clav_cla_visit_seen": known,
        "clav_cla_visit_seen_alone": known,
    }
    both: dict[str, Shown] = {}
    for name, shown in visits.columns.items():
        dates = isinstance(shown.values, np.ndarray)
        both[name] = Shown(np.concatenate([shown.values, new[name]]) if dates else texts([*words_of(visits, name), *new[name].to_pylist()]))
    return Ledger(np.concatenate([visits.born, day[made]]), both)


def _child_of_review(roll: Roll, rows: Ints, reviews: Ledger) -> Shown:
    children = dict(zip(roll.ids("care", rows).to_pylist(), roll.children(rows).to_pylist(), strict=True))
    return Shown(texts([children[period] for period in words_of(reviews, "clar_cla_id")]))


def legal_statuses(roll: Roll, rows: Ints, start: Ints, stop: Ints, rng: np.random.Generator) -> Ledger:
    """Section 20 (V2), or an interim care order (C1) that a full one (C2) follows; a quarter of section 20 becomes an order, too."""
    first = codes(rng, FIRST_STATUS, len(rows))
    change = start + 30 + rng.exponential(ORDER_AFTER_DAYS, len(rows)).astype(np.int64)
    changes = ((first == "C1") | (rng.random(len(rows)) < 0.25)) & (change < stop)
    later = np.flatnonzero(changes)
    of = np.concatenate([np.arange(len(rows)), later])
    status = np.concatenate([first, np.where(first[later] == "C1", "C2", "C1")])
    begin = np.concatenate([start, change[later]])
    number = (np.arange(len(of)) >= len(rows)).astype(np.int64)
    return Ledger(
        begin,
        {
            "lega_legal_status_id": Shown(_ids(roll, rows, Stints(of, number, begin, begin))),
            "lega_person_id": Shown(roll.children(rows[of])),
            "lega_legal_status": Shown(texts(status.tolist())),
            "lega_legal_status_start_date": Shown(begin),
            "lega_legal_status_end_date": Shown(np.concatenate([np.where(changes, change, stop), stop[later]])),
        },
    )


def missing_episodes(roll: Roll, rows: Ints, start: Ints, stop: Ints, rng: np.random.Generator) -> Ledger:
    """Whether a return interview was offered is known some days after the child was found."""
    a_year = np.where(rng.random(len(rows)) < OFTEN_MISSING, MISSING_A_YEAR[1], MISSING_A_YEAR[0])
    days = np.maximum(0, stop - start)
    of = np.repeat(np.arange(len(rows)), rng.poisson(a_year * days / 365))
    gone = start[of] + (rng.random(len(of)) * days[of]).astype(np.int64)
    order = np.lexsort((of, gone))
    of, gone = of[order], gone[order]
    found = gone + rng.exponential(0.9, len(of)).astype(np.int64)
    offered = rng.random(len(of)) < 0.86
    asked = found + rng.integers(1, 6, len(of))
    return Ledger(
        gone,
        {
            "miss_table_id": Shown(numbers(np.arange(len(of)) + 70_001)),
            "miss_person_id": Shown(roll.children(rows[of])),
            "miss_missing_episode_start_date": Shown(gone),
            "miss_missing_episode_type": Shown(coded((rng.random(len(of)) < 0.15).astype(np.int64), ["M", "A"])),
            "miss_missing_episode_end_date": Shown(found),
            "miss_missing_rhi_offered": Shown(coded(offered.astype(np.int64), ["N", "Y"]), known_from=asked),
            "miss_missing_rhi_accepted": Shown(_accepted(offered, rng), known_from=asked),
        },
    )


def _accepted(offered: Flags, rng: np.random.Generator) -> Texts:
    accepted = rng.random(len(offered)) < 0.64
    return coded(np.where(offered, 1 + accepted.astype(np.int64), 0), [None, "N", "Y"])


@dataclass(frozen=True, kw_only=True)
class Leavers(Ledger):
    """Care leavers. The table holds only the latest contact and review, so these cells change from day to day."""

    eighteen: Ints
    left: Ints
    in_touch: Flags
    contacts: tuple[Ints, Ints]
    reviews: tuple[Ints, Ints]

    def on(self, day: int) -> Any:
        whole = len(self.born)
        stage = np.select([self.eighteen <= day, self.left <= day], [2, 1], 0)
        contacted = np.where(self.in_touch, latest(*self.contacts, whole, day, NEVER), NEVER)
        said = {
            "clea_care_leaver_eligibility": Shown(coded(stage, ["Eligible", "Relevant", "Former Relevant"])),
            "clea_care_leaver_in_touch": Shown(coded(self.in_touch.astype(np.int64), ["NO", "YES"])),
            "clea_care_leaver_latest_contact": Shown(contacted),
            "clea_pathway_plan_review_date": Shown(latest(*self.reviews, whole, day, NEVER)),
        }
        return Ledger(self.born, {**self.columns, **said}).on(day).select(LEAVER_COLUMNS)


LEAVER_COLUMNS = [
    "clea_table_id",
    "clea_person_id",
    "clea_care_leaver_eligibility",
    "clea_care_leaver_in_touch",
    "clea_care_leaver_latest_contact",
    "clea_care_leaver_accommodation",
    "clea_care_leaver_accom_suitable",
    "clea_care_leaver_activity",
    "clea_pathway_plan_review_date",
    "clea_care_leaver_personal_advisor",
    "clea_care_leaver_allocated_team",
    "clea_care_leaver_worker_id",
]


def care_leavers(
    roll: Roll,
    rows: Ints,
    spans: tuple[Ints, Ints, Ints],
    teams: list[Team],
    staff: list[Worker],
    end: int,
    workdays: Workdays,
    rng: np.random.Generator,
) -> Ledger:
    """Who was in care after the sixteenth birthday, up to 25. `spans`: first day in care, last day in care, date of birth, by row."""
    start, stop, dob = spans
    sixteen = dob + SIXTEEN
    fits = (stop > sixteen) & (np.maximum(start, sixteen) <= end) & (dob + TWENTY_FIVE > end)
    _, once = np.unique(roll.child[rows[fits]], return_index=True)
    chosen = np.flatnonzero(fits)[once]
    begin = np.maximum(start, sixteen)[chosen]
    here, n = rows[chosen], len(chosen)
    care_team = np.array([i for i, team in enumerate(teams) if team.kind == "care"])
    team = rng.choice(care_team, n)
    holder = [_holder_in(staff, t, rng) for t in team.tolist()]
    plain = {
        "clea_table_id": Shown(numbers(np.arange(n) + 80_001)),
        "clea_person_id": Shown(roll.children(here)),
        "clea_care_leaver_accommodation": Shown(texts(codes(rng, {"B": 30.0, "U": 25.0, "K": 25.0, "D": 20.0}, n).tolist())),
        "clea_care_leaver_accom_suitable": Shown(coded((rng.random(n) < 0.1).astype(np.int64), ["1", "2"])),
        "clea_care_leaver_activity": Shown(texts(codes(rng, {"F1": 25.0, "F2": 25.0, "F4": 20.0, "G5": 30.0}, n).tolist())),
        "clea_care_leaver_personal_advisor": Shown(texts([f"CANARY-ADVISOR-{i:05d}" for i in range(n)])),
        "clea_care_leaver_allocated_team": Shown(coded(team, [t.id for t in teams])),
        "clea_care_leaver_worker_id": Shown(texts(holder)),
    }
    never = np.full(n, NEVER)
    contacts = stints_of(rng, begin, never, 38.0, end)
    reviews = stints_of(rng, begin, never, 165.0, end)
    return Leavers(
        begin,
        plain,
        eighteen=(dob + EIGHTEEN)[chosen],
        left=stop[chosen],
        in_touch=rng.random(n) < IN_TOUCH,
        contacts=(contacts.of, workdays.on_or_before(contacts.start)),
        reviews=(reviews.of, workdays.on_or_before(reviews.start)),
    )


def _holder_in(staff: list[Worker], team: int, rng: np.random.Generator) -> str | None:
    there = [w.id for w in staff if w.team == team and w.role == "holder" and w.end >= NEVER]
    return str(rng.choice(there)) if there else None
