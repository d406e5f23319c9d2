"""Flags that are worked out while reading, from columns that are dropped afterwards: outcome JSON, dates of birth, names, titles.

Columns are the texts of one file, a row each; None where the file has no such column.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.extracts.blanks import is_nothing
from caseclock.extracts.cells import Mask, Text, text_of, trimmed
from caseclock.extracts.codes import Codes
from caseclock.extracts.source import SourceConfig

Column = pd.Series  # of str
_FLAG = re.compile(r'"([A-Z][A-Z0-9_]*(?:_FLAG|_FLAGS)|[A-Z_]+)"\s*:\s*"?([YNyn])"?(?=\s*[,}])')
YES = frozenset({"y", "yes", "true", "t", "1", "a) yes"})
TEST_NAME = r"(?i)\b(test|testing|tester|dummy|fake|admin|training|duplicate|do not use)\b"
KEY_AGENCY = r"(?i)^(ka[\W\d_]|ka$|key agency)"
"""Roles of professionals of other organisations: System C's involvement types begin with KA."""


@dataclass(frozen=True)
class Outcomes:
    """The Y/N flags of one outcome JSON. Comments in it were never kept."""

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    malformed: bool = False


def outcomes_of(text: str) -> Outcomes:
    """Reads the flags of an outcome JSON. It is made by string concatenation in SQL, so a quote in a comment breaks it:
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


class _Outcomes:
    """The outcome JSON of each row of `rows`; each different text is read once."""

    def __init__(self, column: Column | None, rows: Mask) -> None:
        text = text_of(column) if column is not None else pa.nulls(len(rows), Text)
        wanted = pa.array(rows & ~is_nothing(text, ids=False))
        found = pc.if_else(wanted, text, pa.scalar(None, Text)).dictionary_encode()
        self._read = [*(outcomes_of(one) for one in found.dictionary.to_pylist()), Outcomes()]
        self._at = pc.fill_null(found.indices, len(self._read) - 1).to_numpy()

    def yes(self, flag: str) -> Mask:
        return self._where([flag in one.yes for one in self._read])

    def no(self, flag: str) -> Mask:
        return self._where([flag in one.no for one in self._read])

    def any_yes(self) -> Mask:
        return self._where([bool(one.yes) for one in self._read])

    def malformed(self) -> int:
        return int(self._where([one.malformed for one in self._read]).sum())

    def _where(self, said: list[bool]) -> Mask:
        made: Mask = np.array(said, dtype=bool)[self._at]
        return made


def spelled(*values: tuple[str, Mask | bool], rows: int) -> pa.Array:
    """Per row the first value whose mask says so, missing where none does."""
    at = np.select([np.broadcast_to(np.asarray(mask), rows) for _, mask in values], range(len(values)), default=len(values))
    return pa.array([*(value for value, _ in values), None], Text).take(pa.array(at))


def is_yes(column: Column | None, rows: int) -> Mask:
    if column is None:
        return np.zeros(rows, dtype=bool)
    found = text_of(column).dictionary_encode()
    said = [str(one).lower() in YES for one in trimmed(found.dictionary).to_pylist()]
    made: Mask = np.array([*said, False], dtype=bool)[pc.fill_null(found.indices, len(said)).to_numpy()]
    return made


def icpc_required(nfa: Column | None, outcome_json: Column | None, ended_on: Column | None, rows: int) -> tuple[pa.Array, int]:
    """Whether an initial conference must follow a section 47 enquiry, and how many outcome JSONs were malformed.

    *Y* when a conference is among its outcomes, and while the enquiry is open: until the record says otherwise the clock runs.
    *N* when the enquiry is marked as no further action, or when it has ended with outcomes of which none is a conference.
    None when it has ended and no outcome was recorded: nobody can know. A conference among the outcomes beats everything else,
    because a clock that runs in vain is seen and a clock that does not run is not.
    """
    outcomes = _Outcomes(outcome_json, np.ones(rows, dtype=bool))
    over = ~is_nothing(ended_on) if ended_on is not None else np.zeros(rows, dtype=bool)
    conference = outcomes.yes("CP_CONFERENCE_FLAG")
    other = is_yes(nfa, rows) | (over & (outcomes.any_yes() | outcomes.no("CP_CONFERENCE_FLAG")))
    return spelled(("Y", conference), ("N", other), ("Y", ~over), rows=rows), outcomes.malformed()


def referral_nfa(nfa: Column | None, outcome_json: Column | None, rows: int) -> tuple[pa.Array, int]:
    """No further action: as the column says; where it is blank, as the outcome JSON says. And how many of these JSONs were malformed."""
    blank = is_nothing(nfa, ids=False) if nfa is not None else np.ones(rows, dtype=bool)
    said = text_of(nfa) if nfa is not None else pa.nulls(rows, Text)
    if not blank.any():
        return said, 0
    outcomes = _Outcomes(outcome_json, blank)
    from_json = spelled(("Y", outcomes.yes("NFA_FLAG")), ("N", outcomes.no("NFA_FLAG")), rows=rows)
    return pc.if_else(pa.array(blank), from_json, said), outcomes.malformed()


def standard_codes(text: Column, column: str, codes: Codes) -> pa.Array:
    """The standard code that each cell says (`C2`, `Care order`), and the cell as it is where it says none: orders that no rule knows."""
    found = text_of(text).dictionary_encode()
    read = [codes.of(column, one) or one for one in found.dictionary.to_pylist()]
    return pa.array(read, Text).take(found.indices)


def unborn(dob: Column | None, expected: Column | None, rows: int) -> pa.Array:
    """Y: no date of birth but an expected one. N: a date of birth. None: neither."""
    none = np.ones(rows, dtype=bool)
    no_dob = is_nothing(dob) if dob is not None else none
    no_expected = is_nothing(expected) if expected is not None else none
    return spelled(("N", ~no_dob), ("Y", ~no_expected), rows=rows)


def are_people(source: SourceConfig, ids: Column, names: Column | None, titles: Column | None) -> pa.Array:
    """Y or N per worker who can hold a case, by what the source's configuration says of names, ids and job titles."""
    blank: list[str | None] = [None] * len(ids)
    rows = zip(_texts(names, blank), _texts(titles, blank), _texts(ids, blank), strict=True)
    return pa.array(["Y" if source.can_hold(name, title, worker) else "N" for name, title, worker in rows], Text)


def _texts(column: Column | None, blank: list[str | None]) -> list[str | None]:
    if column is None:
        return blank
    return [None if empty else text for text, empty in zip(column, is_nothing(column), strict=True)]


def test_people(*names: Column | None) -> int:
    """How many people have a name that only a test record has. The names are dropped; the people are not."""
    return _matching(TEST_NAME, [name for name in names if name is not None])


def key_agencies(role: Column | None) -> int:
    """How many involvements are those of a professional of another organisation."""
    return _matching(KEY_AGENCY, [role] if role is not None else [])


def _matching(pattern: str, columns: list[Column]) -> int:
    found = [pc.fill_null(pc.match_substring_regex(trimmed(column), pattern), False) for column in columns]
    return int(np.logical_or.reduce([one.to_numpy(zero_copy_only=False) for one in found]).sum()) if found else 0
