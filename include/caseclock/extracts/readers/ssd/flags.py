"""Flags that are worked out while reading, from columns that are dropped afterwards: outcome JSON, dates of birth, names, titles."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from caseclock.extracts.blanks import is_nothing
from caseclock.extracts.source import SourceConfig

Text = pd.Series  # of str
_FLAG = re.compile(r'"([A-Z][A-Z0-9_]*(?:_FLAG|_FLAGS)|[A-Z_]+)"\s*:\s*"?([YNyn])"?(?=\s*[,}])')
YES = frozenset({"y", "yes", "true", "t", "1", "a) yes"})


@dataclass(frozen=True)
class Outcomes:
    """The Y/N flags of one outcome JSON. Comments in it were never kept."""

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    malformed: bool = False


def outcomes_of(text: str) -> Outcomes:
    """Reads the flags of an outcome JSON. It is made by string concatenation in SQL, so a quote in a comment breaks it (domain brief 1.3):
    then the flags are picked out one by one and `malformed` says so."""
    try:
        said = json.loads(text)
        pairs = {k: v for k, v in said.items() if isinstance(v, str)} if isinstance(said, dict) else {}
        malformed = not isinstance(said, dict)
    except (ValueError, RecursionError):
        pairs, malformed = dict(_FLAG.findall(text)), True
    flags = {str(k).upper(): v.strip().upper() for k, v in pairs.items()}
    yes = frozenset(k for k, v in flags.items() if v == "Y")
    no = frozenset(k for k, v in flags.items() if v == "N")
    return Outcomes(yes, no, malformed)


def _outcomes(column: Text | None, rows: int) -> tuple[list[Outcomes], int]:
    """Per row, and how many were malformed."""
    nothing = Outcomes()
    if column is None:
        return [nothing] * rows, 0
    blank = is_nothing(column, ids=False)
    read: dict[str, Outcomes] = {}
    made = [nothing if empty else read.setdefault(text, outcomes_of(text)) for text, empty in zip(column, blank, strict=True)]
    return made, sum(o.malformed for o in made)


def is_yes(column: Text | None, rows: int) -> np.ndarray:
    if column is None:
        return np.zeros(rows, dtype=bool)
    found: np.ndarray = column.fillna("").str.strip().str.lower().isin(YES).to_numpy(dtype=bool)
    return found


def icpc_required(nfa: Text | None, outcome_json: Text | None, ended_on: Text | None, rows: int) -> tuple[list[str | None], int]:
    """Whether an initial conference must follow a section 47 enquiry, and how many outcome JSONs were malformed.

    *Y* when a conference is among its outcomes, and while the enquiry is open: until the record says otherwise the clock runs.
    *N* when the enquiry is marked as no further action, or when it has ended with outcomes of which none is a conference.
    None when it has ended and no outcome was recorded: nobody can know. A conference among the outcomes beats everything else,
    because a clock that runs in vain is seen and a clock that does not run is not.
    """
    outcomes, malformed = _outcomes(outcome_json, rows)
    no_action = is_yes(nfa, rows)
    ended = ~is_nothing(ended_on) if ended_on is not None else np.zeros(rows, dtype=bool)
    made: list[str | None] = []
    for outcome, nfa_, over in zip(outcomes, no_action, ended, strict=True):
        if "CP_CONFERENCE_FLAG" in outcome.yes:
            made.append("Y")
        elif nfa_ or (over and (outcome.yes or "CP_CONFERENCE_FLAG" in outcome.no)):
            made.append("N")
        else:
            made.append(None if over else "Y")
    return made, malformed


def referral_nfa(nfa: Text | None, outcome_json: Text | None, rows: int) -> tuple[list[str | None], int]:
    """No further action: as the column says; where it is blank, as the outcome JSON says. And how many JSONs were malformed."""
    outcomes, malformed = _outcomes(outcome_json, rows)
    blank = is_nothing(nfa, ids=False) if nfa is not None else np.ones(rows, dtype=bool)
    said = nfa if nfa is not None else [None] * rows
    from_json = ("Y" if "NFA_FLAG" in o.yes else "N" if "NFA_FLAG" in o.no else None for o in outcomes)
    return [other if empty else text for text, empty, other in zip(said, blank, from_json, strict=True)], malformed


def unborn(dob: Text | None, expected: Text | None, rows: int) -> list[str | None]:
    """Y: no date of birth but an expected one. N: a date of birth. None: neither."""
    none = np.ones(rows, dtype=bool)
    no_dob = is_nothing(dob) if dob is not None else none
    no_expected = is_nothing(expected) if expected is not None else none
    return [("N" if not d else None if e else "Y") for d, e in zip(no_dob, no_expected, strict=True)]


def are_people(source: SourceConfig, ids: Text, names: Text | None, titles: Text | None) -> list[str]:
    """Y or N per worker, by what the source's configuration says of names, ids and job titles."""
    blank = [None] * len(ids)
    rows = zip(_texts(names, blank), _texts(titles, blank), _texts(ids, blank), strict=True)
    return ["Y" if source.is_person(name, title, worker) else "N" for name, title, worker in rows]


def _texts(column: Text | None, blank: list[None]) -> list[str | None]:
    if column is None:
        return list(blank)
    return [None if empty else text for text, empty in zip(column, is_nothing(column), strict=True)]
