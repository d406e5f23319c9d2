"""What an extract cannot show, in few words: for every report and digest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caseclock.extracts.model import Absence

_NOT_WATCHED = (" is not watched", " are not watched")
_ID = re.compile(r" \([a-z][a-z0-9_]*\)(?=,| and |$)")


def not_watched(rules: Sequence[tuple[str, str]]) -> str:
    """`decision on a contact (contact_decision) is not watched`, of rules as (title, id)."""
    named = [f"{title} ({id_})" for title, id_ in rules]
    return named[0] + _NOT_WATCHED[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}{_NOT_WATCHED[1]}"


def ids_not_watched(absence: Absence) -> list[str]:
    """The ids of the rules that an absence made by `not_watched` names; of any other absence none."""
    ending = next((ending for ending in _NOT_WATCHED if absence.what.endswith(ending)), None)
    return [found.strip(" ()") for found in _ID.findall(absence.what.removesuffix(ending))] if ending else []


def cannot_show(absences: Sequence[Absence]) -> str | None:
    """`This extract cannot show: supervision; vacancies and agency posts.` None when there is nothing to say.

    What concerns every figure comes first. Rules that need what is named already are not named again; why each thing is absent stands in
    the quality report.
    """
    reasons = {a.because for a in absences if not a.what.endswith(_NOT_WATCHED)}
    told = [a for a in absences if not (a.what.endswith(_NOT_WATCHED) and a.because in reasons)]
    named = dict.fromkeys(_short(a.what) for a in sorted(told, key=lambda a: not a.everywhere))
    return f"This extract cannot show: {'; '.join(named)}." if named else None


def _short(what: str) -> str:
    for ending in _NOT_WATCHED:
        if what.endswith(ending):
            return _ID.sub("", what.removesuffix(ending))
    return what
