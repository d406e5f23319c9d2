"""The rules on children in care, care leavers and missing children, written out table by table.

A copied care leaver is a known defect of SSD extracts: the exact copy is put aside by the rule `copy`, one that differs is kept, because
either may be the one that waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from caseclock.quality.rule import Rule, in_order, named, not_after_death, not_before_parent, one_open_at_once, same_child
from caseclock.quality.scene import Mask, Scene


def _left_but_open(s: Scene) -> Mask:
    return (s.dates("left_on") <= s.as_of) & s.missing("ended_on")


CARE: Final[Mapping[str, tuple[Rule, ...]]] = {
    "care": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        in_order("entered_on", "left_on", "the child left care before entering it: the dates cannot both be right", "warning"),
        in_order("entered_on", "started_on", "an episode that starts before the child entered care", "warning"),
        Rule("left_but_open", "warning", ("left_on", "ended_on"), "the child has left care, and this episode is open", _left_but_open),
        one_open_at_once(["child_id"], "ended_on", "warning", "the child has another open episode of care"),
        named("care_id", "warning", "no period of care is named, so reviews and visits cannot find it"),
        named("placement_id", "info", "open without a placement", while_open="ended_on"),
        same_child("placement_id", "placement"),
        same_child("referral_id", "referral"),
        not_after_death("ended_on"),
    ),
    "placement": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        not_before_parent("started_on", "care_id", "care", "entered_on", "starts before the child entered care"),
        same_child("care_id", "care"),
        one_open_at_once(["child_id"], "ended_on", "warning", "the child has another open placement"),
    ),
    "legal": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        named("status", "info", "a legal status that does not say which"),
    ),
    "care_leaver": (
        Rule(
            "child_twice",
            "warning",
            ("child_id",),
            "another row is about the same care leaver: both are used, so one person may be counted twice",
            lambda s: s.repeated(["child_id"], ~s.missing("child_id")),
        ),
        named("contacted_on", "info", "no date of contact, so nobody can say how long ago it was"),
        named("reviewed_on", "info", "no review of the pathway plan is known"),
    ),
    "missing": (
        # Kept: the interview is owed from the day the child was found, whatever the other date says.
        in_order("started_on", "found_on", "found before the child went missing: the dates cannot both be right", "warning"),
        one_open_at_once(["child_id"], "found_on", "warning", "the child has another episode that is not over"),
        Rule(
            "accepted_but_not_offered",
            "info",
            ("accepted", "offered"),
            "a return interview was accepted that was not offered",
            lambda s: s.is_true("accepted") & s.is_false("offered"),
        ),
    ),
}
