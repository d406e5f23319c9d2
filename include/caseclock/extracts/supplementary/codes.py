"""Codes of the supplementary files in one spelling. What is no code is not kept as text: it could say anything about a family."""

from __future__ import annotations

import re

from caseclock.extracts.source import SourceConfig

NO_PRIORITY = "no_priority"
"""Written `none` in the file; that word means an empty cell everywhere else."""
OTHER = "other"
PRIORITIES = ("urgent", "high", "medium", "low", NO_PRIORITY, OTHER)
"""From the most urgent down; `other` is a label that nobody has mapped. Levels: Hackney's case viewer stored these on each allocation."""

_SAME = {
    "supervision_type": {
        "case_supervision": "case", "supervision_of_case": "case", "personal_supervision": "personal", "individual": "personal",
        "one_to_one": "personal", "1_1": "personal", "group_supervision": "group", "oversight": "management_oversight",
        "manager_oversight": "management_oversight", "management_decision": "management_oversight",
    },
    "meeting_type": {
        "core_group_meeting": "core_group", "cg": "core_group", "child_in_need_review": "cin_review", "cin_review_meeting": "cin_review",
        "strategy_discussion": "strategy", "strategy_meeting": "strategy", "return_home_interview": "rhi", "return_interview": "rhi",
        "private_fostering_visit": "pf_visit",
    },
    "priority": {"none": NO_PRIORITY, "no": NO_PRIORITY, "not_set": NO_PRIORITY, "red": "high", "amber": "medium", "green": "low"},
    "role": {"duty": "duty_pool", "pool": "duty_pool", "mailbox": "inbox"},
    "decision": {"no_further_action": "nfa", "new_referral": "referral", "information_and_advice": "advice"},
}  # fmt: skip
"""Other spellings, by the file's own name of the column."""

SPELLED = frozenset(_SAME)
"""Columns of which a source's `codes` may name local spellings."""

_KEPT = {
    "priority": frozenset(PRIORITIES),
    "decision": frozenset(("referral", "nfa", "advice", "early_help", "existing_case", "signposting", "s47")),
}
"""Columns whose other values become `other`. The rest have a code set in the canonical table, or are roles, which are no free text."""

MAX_CODE = 40  # a longer text is a sentence, not a code


class Spelling:
    """The code of a cell in one column. The source's `codes`, by the column's name in the file, go before ours."""

    def __init__(self, header: str, source: SourceConfig) -> None:
        ours = _SAME.get(header, {})
        theirs = {slug(alias): slug(code) for alias, code in source.codes.get(header, {}).items()}
        self._same = ours | {alias: ours.get(code, code) for alias, code in theirs.items()}
        self._kept = _KEPT.get(header)
        self._seen: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        if text not in self._seen:
            from caseclock.extracts.cells import FORMULA  # brings pandas, which whoever only reads the configuration does without

            self._seen[text] = text if text[:1] in FORMULA else self._code(slug(text))  # a formula is left to be seen for one
        return self._seen[text]

    def _code(self, said: str) -> str:
        code = self._same.get(said, said)
        if len(code) > MAX_CODE or (self._kept is not None and code not in self._kept):
            return OTHER
        return code


def slug(text: str) -> str:
    """`Management Oversight` is management_oversight."""
    return re.sub(r"[\W_]+", "_", text.strip().lower()).strip("_")
