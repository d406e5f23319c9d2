"""The rules on what happens on a case, from the contact to the worker who holds it, written out table by table.

Sources: the CIN census rules of DfE named by number (8841, 8863Q, 8867, 8870Q), and defects seen in SSD extracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from caseclock.quality.rule import (
    Rule,
    believed,
    in_order,
    named,
    not_after_death,
    not_before_parent,
    one_open_at_once,
    same_child,
    some_date,
)
from caseclock.quality.scene import Mask, Scene


def _started_before_referral(column: str) -> Rule:
    return not_before_parent(column, "referral_id", "referral", "referral_date", f"{column} lies before the referral that it belongs to")


def _closed_before_assessment(s: Scene) -> Mask:
    """DfE 8867: the episode was closed while an assessment of it was open, or before the last one was authorised."""
    closed = s.dates("closed_on")
    authorised = s.links.tables["assessment"]["authorised_on"].to_numpy(dtype="datetime64[s]")
    places = s.links.places("assessment", "referral_id", "referral")
    closed_then = closed[places] if len(closed) else np.full(len(places), np.datetime64("NaT"), dtype="datetime64[s]")
    late = ~np.isnat(closed_then) & (np.isnat(authorised) | (authorised > closed_then))
    return s.marked_by("assessment", "referral_id", late)


def _without_conference(s: Scene) -> Mask:
    conferences = s.links.places("conference", "s47_id", "s47")
    return ~s.marked_by("conference", "s47_id", np.ones(len(conferences), dtype=bool)) & ~s.missing("ended_on")


def _ended_without_conference(s: Scene) -> Mask:
    return _without_conference(s) & s.is_true("icpc_required")


def _ended_without_decision(s: Scene) -> Mask:
    return _without_conference(s) & s.missing("icpc_required")


def _held_by_nobody(s: Scene) -> Mask:
    """Open, and the worker is a team inbox, a duty pool or the like: such a case counts as unallocated."""
    places = s.places("worker_id", "worker")
    is_person = s.links.tables["worker"]["is_person"].fillna(True).to_numpy(dtype=bool)
    made = np.zeros(len(s.frame), dtype=bool)
    made[places >= 0] = ~is_person[places[places >= 0]]
    return made & s.missing("ended_on")


def _inside_open_episode(s: Scene) -> Mask:
    """Received while an earlier referral of the child was open: after its date, and before it was closed."""
    frame = s.frame[["child_id"]].reset_index(drop=True)
    day = s.dates("referral_date").astype("datetime64[D]").astype(np.int64)
    closed = s.dates("closed_on").astype("datetime64[D]").astype(np.int64)
    closed[s.missing("closed_on")] = np.iinfo(np.int64).max
    usable = np.flatnonzero(~s.missing("child_id") & ~s.missing("referral_date"))
    order = usable[np.lexsort((closed[usable], day[usable]))]
    frame["until"] = closed
    by_child = frame.iloc[order].groupby("child_id", sort=False)["until"]
    latest = by_child.cummax().groupby(frame["child_id"].iloc[order], sort=False).shift(fill_value=np.iinfo(np.int64).min)
    made = np.zeros(len(frame), dtype=bool)
    made[order] = day[order] < latest.to_numpy(dtype=np.int64)
    return made


MANY_REFERRALS = 20  # of one child in six years: nobody's life, but that of a test or administration record


def _many_of_one_child(s: Scene) -> Mask:
    counts = s.frame["child_id"].map(s.frame["child_id"].value_counts())
    made: Mask = counts.fillna(0).to_numpy(dtype=float) > MANY_REFERRALS
    return made


def _looks_like_test(s: Scene) -> Mask:
    """Letters of the id alone are looked at: `Test-12`, `DUMMY_3`, `admin record`. Ids of numbers never match."""
    found = s.frame["child_id"].str.contains(r"(?i)(?<![a-z])(?:test|dummy|admin|training|fake|do not use)(?![a-z])", regex=True)
    return found.fillna(False).to_numpy(dtype=bool)


UNBORN_DAYS = np.timedelta64(300, "D")  # 42 weeks, and the days until the first referral of a pregnancy


def _unborn_for_long(s: Scene) -> Mask:
    referred = s.links.tables["referral"]["referral_date"].to_numpy(dtype="datetime64[s]")
    return s.is_true("unborn") & s.marked_by("referral", "child_id", referred < s.as_of - UNBORN_DAYS)


def _worker_left(s: Scene) -> Mask:
    """Open, and the staff file says that the worker left before the extract was made."""
    return s.missing("ended_on") & (s.dates_of("worker_id", "staff", "ended_on") < s.as_of)


def _weekend(s: Scene) -> Mask:
    days = s.dates("due_on").astype("datetime64[D]").astype(np.int64)
    return ~np.isnat(s.dates("due_on")) & np.isin((days + 3) % 7, (5, 6))  # 1970-01-01 was a Thursday


CASE: Final[Mapping[str, tuple[Rule, ...]]] = {
    "child": (
        Rule("looks_like_test", "warning", ("child_id",), "the id is that of a test or administration record", _looks_like_test),
        Rule(
            "unborn_for_long",
            "info",
            ("unborn",),
            f"still marked as unborn more than {UNBORN_DAYS.astype(int)} days after a referral",
            _unborn_for_long,
            (("referral", "referral_date"), ("referral", "child_id")),
        ),
    ),
    "referral": (
        in_order("referral_date", "closed_on", "closed before it was received: the dates cannot both be right"),
        Rule(
            "closed_before_assessment",
            "warning",
            ("closed_on",),
            "closed before its last assessment was authorised (DfE 8867)",
            _closed_before_assessment,
            (("assessment", "authorised_on"), ("assessment", "referral_id")),
        ),
        one_open_at_once(["child_id"], "closed_on", "info", "the child has another open referral"),
        Rule(
            "inside_open_episode",
            "info",
            ("referral_date", "child_id", "closed_on"),
            "received while an earlier referral of the child was open",
            _inside_open_episode,
        ),
        Rule(
            "many_of_one_child",
            "info",
            ("child_id",),
            f"more than {MANY_REFERRALS} referrals of one child, which may be a test or administration record",
            _many_of_one_child,
        ),
        not_after_death("closed_on"),
        Rule(
            "nfa_but_open",
            "info",
            ("nfa", "closed_on"),
            "no further action was decided, but the referral is not closed",
            lambda s: s.is_true("nfa") & s.missing("closed_on"),
        ),
    ),
    "assessment": (
        in_order("started_on", "authorised_on", "authorised before it was started: the dates cannot both be right"),
        _started_before_referral("started_on"),
        not_before_parent(
            "authorised_on", "referral_id", "referral", "referral_date", "authorised before the referral that it answers", "critical"
        ),
        same_child("referral_id", "referral"),
        one_open_at_once(["child_id"], "authorised_on", "warning", "the child has another open assessment (DfE 8863Q)"),
        named("referral_id", "info", "no referral is named, so the clock from the referral cannot see this assessment"),
    ),
    "s47": (
        in_order("strategy_on", "ended_on", "ended before its strategy discussion: the dates cannot both be right"),
        _started_before_referral("strategy_on"),
        same_child("referral_id", "referral"),
        Rule(
            "ended_without_conference",
            "info",
            ("ended_on", "icpc_required"),
            "ended with a conference required, and no conference names it",
            _ended_without_conference,
            (("conference", "s47_id"),),
        ),
        Rule(
            "ended_without_decision",
            "info",
            ("ended_on", "icpc_required"),
            "ended, no conference names it, and it does not say that none was required",
            _ended_without_decision,
            (("conference", "s47_id"),),
            filled="icpc_required",
        ),
        one_open_at_once(["child_id"], "ended_on", "info", "the child has another open section 47 enquiry"),
    ),
    "conference": (
        not_before_parent(
            "held_on", "s47_id", "s47", "strategy_on", "held before the strategy discussion that it is said to follow", "critical"
        ),
        not_before_parent("due_on", "s47_id", "s47", "strategy_on", "due before the strategy discussion that it follows"),
        same_child("s47_id", "s47"),
        named("s47_id", "info", "an initial conference that names no section 47 enquiry", only=("kind", "initial")),
        Rule("due_on_weekend", "info", ("due_on",), "due on a Saturday or Sunday (DfE 8870Q)", _weekend),
        some_date("due_on", "held_on"),
    ),
    "plan": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        _started_before_referral("started_on"),
        not_before_parent("started_on", "conference_id", "conference", "held_on", "started before the conference that made it", "warning"),
        same_child("referral_id", "referral"),
        one_open_at_once(["child_id", "kind"], "ended_on", "warning", "the child has another open plan of this kind"),
        named("conference_id", "info", "a child protection plan that names no conference", only=("kind", "cp")),
        not_after_death("ended_on"),
    ),
    "review": (
        # Kept, it would be taken for the first review and push the next one back by months.
        not_before_parent(
            "held_on",
            "plan_id",
            "plan",
            "started_on",
            "held on or before the day the plan started, so it reviews nothing (DfE 8841)",
            "critical",
            same_day_fails=True,
        ),
        same_child("plan_id", "plan"),
        not_before_parent(
            "held_on", "care_id", "care", "entered_on", "held before the child entered care, so it reviews nothing of it", "critical"
        ),
        same_child("care_id", "care"),
        some_date("due_on", "held_on"),
        Rule(
            "cancelled_but_held",
            "warning",
            ("cancelled", "held_on"),
            "marked as cancelled, and has a date held",
            lambda s: s.is_true("cancelled") & ~s.missing("held_on"),
        ),
    ),
    "visit": (
        not_before_parent("visit_on", "plan_id", "plan", "started_on", "before the plan that it is counted for had started", "info"),
        same_child("plan_id", "plan"),
        not_before_parent("visit_on", "care_id", "care", "entered_on", "before the child entered the care that it is counted for", "info"),
        same_child("care_id", "care"),
        Rule(
            "alone_but_not_seen",
            "warning",
            ("seen_alone", "seen"),
            "the child was seen alone and was not seen",
            lambda s: s.is_true("seen_alone") & s.is_false("seen"),
        ),
        Rule(
            "two_on_one_day",
            "info",
            ("child_id", "kind", "visit_on"),
            "another visit of this kind to the child on this day",
            lambda s: s.repeated(["child_id", "kind", "visit_on"]),
        ),
    ),
    "allocation": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        named("started_on", "warning", "open, and nobody can say since when", while_open="ended_on"),
        Rule(
            "worker_id_missing",
            "info",
            ("worker_id", "ended_on"),
            "open without a worker: the case counts as unallocated",
            lambda s: s.missing("worker_id") & s.missing("ended_on"),
        ),
        Rule(
            "held_by_nobody",
            "info",
            ("worker_id", "ended_on"),
            "open with an inbox, a pool, a team or a manager in the place of a worker: the case counts as unallocated",
            _held_by_nobody,
            (("worker", "is_person"), ("worker", "worker_id")),
        ),
        Rule(
            "worker_left",
            "warning",
            ("worker_id", "ended_on"),
            "open with a worker who has left: nobody may be seeing to the case",
            _worker_left,
            (("staff", "ended_on"), ("staff", "staff_id")),
        ),
        not_after_death("ended_on"),
    ),
    "worker": (believed("fte", 0, 1.5, "warning", "full-time equivalent outside 0 to 1.5"),),
}
