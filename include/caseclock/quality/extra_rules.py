"""The rules on the six supplementary files, written out table by table.

They only add measures, so their rows are put aside for little: a supervision with an odd date is still a supervision that took place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from caseclock.quality.rule import Rule, believed, in_order, named, not_before_parent, same_child, some_date
from caseclock.quality.scene import Mask, Scene

ROLES_FTE = 1000  # of one role in one team; more is a count of something else


def _own_supervisor(s: Scene) -> Mask:
    return ~s.missing("worker_id") & (s.frame["worker_id"] == s.frame["supervisor_id"]).fillna(False).to_numpy(dtype=bool)


def _of_nobody(s: Scene) -> Mask:
    return s.missing("child_id") & s.missing("referral_id")


EXTRA: Final[Mapping[str, tuple[Rule, ...]]] = {
    "supervision": (
        in_order("supervised_on", "recorded_on", "recorded before it was held: the dates cannot both be right", "warning"),
        named("child_id", "warning", "a case supervision that names no child", only=("kind", "case")),
        named("worker_id", "warning", "a personal supervision that names no worker", only=("kind", "personal")),
        Rule("own_supervisor", "info", ("supervisor_id", "worker_id"), "the worker is the supervisor", _own_supervisor),
    ),
    "staff": (
        in_order("started_on", "ended_on", "left before starting: the dates cannot both be right", "warning"),
        in_order("absent_from", "absent_to", "back before being absent: the dates cannot both be right", "warning"),
        believed("fte", 0, 1.5, "warning", "full-time equivalent outside 0 to 1.5"),
    ),
    "post": tuple(
        believed(column, 0, ROLES_FTE, "warning", f"a full-time equivalent outside 0 to {ROLES_FTE}")
        for column in ("established", "filled", "agency")
    ),
    "contact_decision": (
        in_order("received_on", "decided_on", "decided before it was received: the dates cannot both be right"),
        not_before_parent("received_on", "contact_id", "contact", "contact_on", "received before the contact was made"),
    ),
    "meeting": (
        some_date("due_on", "held_on"),
        in_order("since_on", "held_on", "held before the end of the episode that it answers", "warning"),
        not_before_parent("held_on", "plan_id", "plan", "started_on", "held before the plan that it is counted for had started"),
        same_child("plan_id", "plan"),
        named("plan_id", "info", "a core group that names no plan", only=("kind", "core_group")),
        named("since_on", "info", "a return interview that does not say which episode it answers", only=("kind", "rhi")),
    ),
    "priority": (
        Rule("of_nobody", "critical", ("child_id", "referral_id"), "it names neither a child nor a referral", _of_nobody),
        same_child("referral_id", "referral"),
    ),
}
