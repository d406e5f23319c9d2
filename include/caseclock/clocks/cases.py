"""The case frame: one row per open case, with who holds it, how grave it is and what marks it.

Open, held and the team that answers are those of standing.py: row i is its i-th open referral, so a count over this frame and a measure of
the same cases agree. What an extract does not hold makes no marker; `blind_spots` says which markers these are.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, columns_of, earliest, first_known
from caseclock.clocks.facts import priority_of
from caseclock.clocks.holders import Involvements, held_pairs, involvements
from caseclock.clocks.standing import Standing, open_cp_plans, standing
from caseclock.extracts.supplementary.codes import PRIORITIES
from caseclock.snapshots import Snapshot

LEVELS: Final = ("cp", "care", "cin", "none")
"""The gravest thing that a child has now, the gravest first: an open child protection plan of this council, a period of care, an open
child in need plan."""

YEAR = 365  # days; a referral within them is a re-referral (DfE, children in need: within 12 months)

CASE_COLUMNS: Final = {
    "item_ref": "the open referral's id",
    "child_ref": "the child's id in the extract",
    "team": "id of the team that answers for the case, `?` where none does",
    "worker": "id of the real person who holds it, None when nobody does",
    "opened_on": "the day of the referral",
    "held": "a real person holds it; missing in all rows where the extract cannot show who holds any case",
    "waiting_since": "the day since which nobody holds it, NaT while it is held or nobody can tell",
    "level": "the gravest thing that the child has now: one of " + ", ".join(LEVELS),
    "priority": "one of " + ", ".join(PRIORITIES) + "; None where there is no priority file",
    "last_event_on": "the last day by the extract's date on which the child has a visit, an assessment that began or was authorised, a "
    "review, a conference, a change of allocation, a supervision or a meeting; NaT when there is none",
    "s47_open": "a section 47 enquiry on the child is open: begun, not ended, and no initial conference has answered it",
    "referrals_12m": "referrals of the child in the 365 days up to the extract's date, this one too, whatever became of them",
    "earlier_cp": "the child has had a child protection plan that has ended",
    "unborn": "the child is not born yet; False where nobody can tell",
}

_EVENTS: Final = (
    ("visit", "visit_on"),
    ("assessment", "started_on"),
    ("assessment", "authorised_on"),
    ("review", "held_on"),
    ("conference", "held_on"),
    ("allocation", "started_on"),
    ("allocation", "ended_on"),
    ("supervision", "supervised_on"),
    ("meeting", "held_on"),
)


def case_frame(snapshot: Snapshot | Columns, allocated_roles: Collection[str]) -> pd.DataFrame:
    """CASE_COLUMNS, one row per open referral, in the order of `standing(...).referral_row`. `team` and `level` are categorical.

    `allocated_roles`: the source's role codes of case-holding workers; none means any role. Works on every format: what it does not hold
    is missing (`held`, `priority`) or False (markers). Made once per `Columns`.
    """
    columns = columns_of(snapshot)
    return columns.once(("cases", *sorted(allocated_roles)), lambda: _case_frame(columns, allocated_roles)).copy(deep=False)


def _case_frame(columns: Columns, allocated_roles: Collection[str]) -> pd.DataFrame:
    cases = columns.once(("standing", *sorted(allocated_roles)), lambda: standing(columns, allocated_roles))
    inv, row = involvements(columns, allocated_roles), cases.referral_row
    child = columns.keys("referral", "child_id")[row]
    worker, waiting = _held_by(columns, inv, cases)
    made = {
        "item_ref": pd.Series(columns.raw("referral", "referral_id")).take(row).astype("str").array,
        "child_ref": pd.Series(columns.raw("referral", "child_id")).take(row).astype("str").array,
        "team": pd.Categorical.from_codes(cases.referral_team, categories=pd.Index(cases.teams, dtype="str")),
        "worker": worker,
        "opened_on": _seconds(columns.days("referral", "referral_date")[row]),
        "held": pd.array(cases.referral_held if cases.known else [None] * len(row), dtype="boolean"),
        "waiting_since": _seconds(waiting if cases.known else np.full(len(row), NO_DAY)),
        "level": pd.Categorical.from_codes(_level(columns)[child], categories=pd.Index(LEVELS, dtype="str")),
        "priority": _priority(columns, row),
        "last_event_on": _seconds(_last_event(columns)[child]),
        "s47_open": _any_of(columns, _open_enquiries(columns))[child],
        "referrals_12m": recent_referrals(columns)[child],
        "earlier_cp": earlier_plans(columns)[child],
        "unborn": unborn_of(columns, row),
    }
    return pd.DataFrame({name: made[name] for name in CASE_COLUMNS})


def blind_spots(snapshot: Snapshot | Columns) -> dict[str, str]:
    """What the case frame of this extract cannot show: column or marker, and why."""
    columns = columns_of(snapshot)
    lacking = {
        "priority": None if columns.rows("priority") else "there is no priority file",
        "earlier_cp": None if columns.meets("plan", {"kind": "cp"}).any() else "the extract has no child protection plans",
        "unborn": None if columns.filled("child", "unborn").any() else "the extract does not say which children are unborn",
        "s47_open": None if columns.rows("s47") else "the extract has no section 47 enquiries",
        "under_1": "dates of birth are not kept",
        "domestic_abuse": "factors found at the end of an assessment are not kept",
    }
    return {name: because for name, because in lacking.items() if because}


# --- who holds it --------------------------------------------------------------------------------------------------
def _held_by(columns: Columns, inv: Involvements, cases: Standing) -> tuple[Any, Days]:
    """(worker ids, the day since which nobody holds it): as the allocation clock sees them (stops.py, `_while_not_held`)."""
    row = cases.referral_row
    opened = columns.days("referral", "referral_date")[row]
    item, at = held_pairs(columns, inv, columns.keys("referral", "referral_id")[row], columns.keys("referral", "child_id")[row])
    begun = inv.start[at]
    last = np.flatnonzero(inv.open[at])
    last = last[np.lexsort((inv.rank[at][last], np.where(np.isnat(begun[last]), opened[item[last]], begun[last]), inv.linked[at][last]))]
    worker = np.full(len(row), NONE)
    worker[item[last]] = inv.worker[at][last]  # of several the last one in order: the referral's own, then the latest
    before = (inv.end[at] <= opened[item]) & (begun < opened[item])
    left = np.full(len(row), NO_DAY)
    np.fmax.at(left, item[~before], inv.end[at][~before])
    waiting = np.where(cases.referral_held, NO_DAY, np.where(np.isnat(left), opened, np.fmax(left, opened)))
    ids = pd.Categorical.from_codes(worker, categories=pd.Index(columns.names("worker_id"), dtype="str"))
    return ids.astype("str"), waiting


# --- what is known of the child: arrays by the child's number, with one more place for no child ----------------------
def _any_of(columns: Columns, child: Codes) -> Mask:
    found: Mask = np.zeros(columns.distinct("child_id") + 1, dtype=bool)
    found[child] = True
    found[NONE] = False
    return found


def _level(columns: Columns) -> Codes:
    level = np.full(columns.distinct("child_id") + 1, LEVELS.index("none"))
    for name, child in (("cin", _in_need(columns)), ("care", _in_care(columns)), ("cp", _protected(columns))):
        level[child] = LEVELS.index(name)
    level[NONE] = LEVELS.index("none")
    return level


def _protected(columns: Columns) -> Codes:
    return columns.keys("plan", "child_id")[open_cp_plans(columns)]


def _in_care(columns: Columns) -> Codes:
    begun = first_known([columns.days("care", "entered_on"), columns.days("care", "started_on")])
    end = earliest([columns.days("care", "left_on"), columns.days("care", "child.died_on")], columns.rows("care"))
    return columns.keys("care", "child_id")[_lasts(columns, begun, end)]


def _in_need(columns: Columns) -> Codes:
    end = earliest([columns.days("plan", "ended_on"), columns.days("plan", "child.died_on")], columns.rows("plan"))
    lasts = _lasts(columns, columns.days("plan", "started_on"), end)
    return columns.keys("plan", "child_id")[lasts & columns.meets("plan", {"kind": "cin"})]


def _open_enquiries(columns: Columns) -> Codes:
    """Children of enquiries that have begun and have neither an end, nor "no conference needed", nor an initial conference since."""
    begun = columns.days("s47", "strategy_on")
    lasts = _lasts(columns, begun, columns.days("s47", "ended_on")) & ~columns.meets("s47", {"icpc_required": False})
    held = columns.days("conference", "held_on")
    answers = columns.meets("conference", {"kind": "initial"}) & (held <= columns.as_of)
    enquiry, child = columns.keys("conference", "s47_id"), columns.keys("conference", "child_id")
    named = np.zeros(columns.distinct("s47_id") + 1, dtype=bool)
    named[enquiry[answers]] = True
    named[NONE] = False
    latest = np.full(columns.distinct("child_id") + 1, NO_DAY)
    np.fmax.at(latest, child[answers], held[answers])
    latest[NONE] = NO_DAY
    of = columns.keys("s47", "child_id")
    return of[lasts & ~named[columns.keys("s47", "s47_id")] & ~(latest[of] >= begun)]


def earlier_plans(columns: Columns) -> Mask:
    """By the child's number: a child protection plan has ended. Of any council: one elsewhere marks a child as much as one here."""
    ended = columns.days("plan", "ended_on") <= columns.as_of
    return _any_of(columns, columns.keys("plan", "child_id")[ended & columns.meets("plan", {"kind": "cp"})])


def unborn_of(columns: Columns, referral: Codes) -> Mask:
    """By row of the referral table: the child is not born yet."""
    known: Mask = np.append(columns.meets("child", {"unborn": True}), False)
    return known[columns.led_to("referral", "child")[referral]]


def recent_referrals(columns: Columns) -> Codes:
    """By the child's number: referrals in the 365 days up to the extract's date."""
    day, size = columns.days("referral", "referral_date"), columns.distinct("child_id") + 1
    recent = (day > columns.as_of - np.timedelta64(YEAR, "D")) & (day <= columns.as_of)
    child = columns.keys("referral", "child_id")[recent]
    return np.bincount(child[child != NONE], minlength=size).astype(np.int64)


def _last_event(columns: Columns) -> Days:
    last = np.full(columns.distinct("child_id") + 1, NO_DAY)
    for table, name in _EVENTS:
        day = columns.days(table, name)
        np.fmax.at(last, columns.child_keys(table), np.where(day > columns.as_of, NO_DAY, day))
    last[NONE] = NO_DAY
    return last


def _lasts(columns: Columns, begun: Days, end: Days) -> Mask:
    made: Mask = (begun <= columns.as_of) & ~(end <= columns.as_of)
    return made


# --- inside --------------------------------------------------------------------------------------------------------
def _priority(columns: Columns, row: Codes) -> Any:
    """Codes where a priority file is there: `no_priority` for a case that it does not name."""
    level = priority_of(columns, row) if columns.rows("priority") else np.full(len(row), NONE)
    return pd.Categorical.from_codes(level, categories=pd.Index(PRIORITIES, dtype="str")).astype("str")


def _seconds(days: Days) -> npt.NDArray[np.datetime64]:
    return days.astype("datetime64[s]")
