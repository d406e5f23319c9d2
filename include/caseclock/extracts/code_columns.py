"""What a coded column is, and how its spellings are folded so that they can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

NOTHING = ""
Words = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True)
class CodedColumn:
    """One coded column.

    `standard`: where a standard code stands, group 1. `words`: patterns on the folded label, tried in order; one without a code says that
    this label is in doubt. `groups`: codes that say less than others of their `family`. `nothing`: texts that say that it is not known.
    """

    codes: frozenset[str]
    standard: tuple[re.Pattern[str], ...]
    words: Words
    titles: tuple[str, ...]
    nothing: re.Pattern[str]
    groups: tuple[str, ...] = ()
    family: Callable[[str], str] = str


def unlisted(text: str) -> str:
    """Without the list's own letter or number before the label: `d) Health services`, `60) Individual`."""
    return re.sub(r"^\s*(?:[a-z]{1,2}\d?|\d{1,2})\)\s*", "", text, flags=re.IGNORECASE)


def folded(text: str) -> str:
    """Lower-case words and figures with single spaces; `'s` and a lone quote leave no gap; & and + read as `and`."""
    plain = re.sub(r"['‘’`´]", "", text.lower().replace("&", " and ").replace("+", " and "))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def words_of(*lines: str) -> Words:
    """`pattern -> code` per line."""
    pairs = (line.rsplit(" -> ", 1) if " -> " in line else (line.removesuffix(" ->"), NOTHING) for line in lines)
    return tuple((re.compile(pattern), code.strip()) for pattern, code in pairs)


def standard_at(code: str, before: str = r"(?:[a-z]{1,2}\d?[).:]\s*)?['‘]?") -> tuple[re.Pattern[str], ...]:
    """The code at the start, perhaps after the list's letter, or in brackets at the end."""
    ends = r"(?![\w)]|\.\d)"
    return re.compile(rf"^{before}({code}){ends}", re.IGNORECASE), re.compile(rf"[\[(](?:CIN )?({code})[\])]\s*$", re.IGNORECASE)


def codes_of(text: str) -> frozenset[str]:
    return frozenset(text.split())
