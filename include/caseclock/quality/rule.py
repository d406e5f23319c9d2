"""A row rule is data: what it is called, how bad it is, what it reads, its reason, and which rows fail it.

Severity decides what becomes of a failing row. *critical*: the row cannot be used for a clock truthfully and goes to quarantine.
*warning*: the row is used, data engineers are told. *info*: reported only. A case that waits must not be hidden, so a row that is
odd but can be counted is never critical.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from caseclock.quality.model import Severity
from caseclock.quality.scene import Mask, Scene, key_of
from caseclock.snapshots.tables import TABLES

Failing = Callable[[Scene], Mask]


@dataclass(frozen=True)
class Rule:
    """One rule of one table. `columns`: what it reads of the row, the column to look at first. `needs`: columns of other tables
    that it reads; it is not evaluated while such a table has no rows. `filled`: a column that is asked about only if any row has it, for
    a format may not have it at all. `is_link`: most rows failing it means that ids changed form.
    """

    id: str
    severity: Severity
    columns: tuple[str, ...]
    reason: str
    failing: Failing
    needs: tuple[tuple[str, str], ...] = ()
    is_link: bool = False
    filled: str | None = None


def in_order(first: str, later: str, reason: str, severity: Severity = "critical") -> Rule:
    """`later` must not lie before `first`; the same day is fine, and so is a missing date."""
    return Rule(f"{later}_before_{first}", severity, (later, first), reason, lambda s: s.dates(later) < s.dates(first))


def not_before_parent(
    column: str, link: str, parent: str, parent_column: str, reason: str, severity: Severity = "warning", same_day_fails: bool = False
) -> Rule:
    """The row's date must not lie before a date of the row that `link` points to."""

    def failing(s: Scene) -> Mask:
        own, other = s.dates(column), s.dates_of(link, parent, parent_column)
        return own <= other if same_day_fails else own < other

    needs = ((parent, parent_column), (parent, key_of(link, parent)))
    return Rule(f"{column}_before_{parent}", severity, (column, link), reason, failing, needs)


def not_after_extract(column: str, severity: Severity, reason: str) -> Rule:
    return Rule(f"{column}_in_future", severity, (column,), reason, lambda s: s.dates(column) > s.as_of)


def not_before(column: str, earliest: dt.date) -> Rule:
    bound = np.datetime64(earliest, "s")
    reason = f"{column} lies before {earliest}, which is not believed"
    return Rule(f"{column}_too_early", "critical", (column,), reason, lambda s: s.dates(column) < bound)


def known(column: str) -> Rule:
    reason = f"{column} is missing, and the row cannot be used without it"
    return Rule(f"{column}_missing", "critical", (column,), reason, lambda s: s.missing(column))


def in_codes(column: str, codes: tuple[str, ...], severity: Severity) -> Rule:
    reason = f"{column} is not one of {', '.join(codes)}"
    return Rule(
        f"{column}_unknown",
        severity,
        (column,),
        reason,
        lambda s: ~s.missing(column) & ~s.frame[column].isin(list(codes)).to_numpy(dtype=bool),
    )


def one_row_per_key(key: str, decisive: str | None, filled: bool = False) -> Rule:
    """Of several rows with one key one is used: the first of those whose `decisive` date is not filled (or is, with `filled`), else the
    first. A case must not be hidden by its copy. Exact copies have a rule of their own, `copy`.
    """

    def failing(s: Scene) -> Mask:
        return _repeated_key(s, key, decisive, filled) & ~_exact_copies(s, key)

    reason = f"another row has the same {key}; one of them is used, the one that hides no waiting case"
    columns = (key,) if decisive is None else (key, decisive)
    return Rule(f"{key}_repeated", "critical", columns, reason, failing)


def no_copy(table: str, key: str, but_for_key: bool = False) -> Rule:
    """A row that is the same as one before it in every column. It is put aside and nothing is lost, so it does not count towards the
    share that holds. `but_for_key`: the table numbers its rows anew in every join, so that copies differ in their key.
    """

    def failing(s: Scene) -> Mask:
        made = _exact_copies(s, key)
        if but_for_key:
            used = ~_repeated_key(s, key)
            made[used] |= s.frame.loc[used, [n for n in TABLES[table].names if n != key]].duplicated().to_numpy()
        return made

    return Rule(COPY, "critical", (key,), "an exact copy of another row, which is used", failing)


COPY = "copy"


def _repeated_key(s: Scene, key: str, decisive: str | None = None, filled: bool = False) -> Mask:
    made = np.zeros(len(s.frame), dtype=bool)
    if s.frame[key].is_unique:
        return made
    later = made if decisive is None else s.missing(decisive) == filled
    order = np.argsort(later, kind="stable")
    made[order] = s.frame[key].iloc[order].duplicated().to_numpy() & ~s.missing(key)[order]
    return made


def _exact_copies(s: Scene, key: str) -> Mask:
    """The second and later of equal rows. Looked for only where a key is repeated: comparing every column is dear."""
    made = np.zeros(len(s.frame), dtype=bool)
    if not s.frame[key].is_unique:
        among = s.frame[key].duplicated(keep=False).to_numpy() & ~s.missing(key)
        made[among] = s.frame.loc[among, TABLES[s.table].names].duplicated().to_numpy()
    return made


def points_to(link: str, parent: str, severity: Severity) -> Rule:
    reason = f"{link} is not in the {parent} table of this extract"
    return Rule(
        f"{link}_unknown",
        severity,
        (link,),
        reason,
        lambda s: ~s.missing(link) & (s.places(link, parent) < 0),
        ((parent, key_of(link, parent)),),
        is_link=True,
    )


def same_child(link: str, parent: str) -> Rule:
    """The row and the row that it points to must belong to one child."""

    def failing(s: Scene) -> Mask:
        places = s.places(link, parent)
        own, other = s.frame["child_id"], s.links.tables[parent]["child_id"]
        made = np.zeros(len(s.frame), dtype=bool)
        found = places >= 0
        made[found] = own[found].to_numpy(dtype=object) != other.iloc[places[found]].to_numpy(dtype=object)
        return made & ~s.missing("child_id")

    reason = f"{link} leads to a {parent} of another child"
    needs = ((parent, "child_id"), (parent, key_of(link, parent)))
    return Rule(f"{parent}_of_other_child", "warning", ("child_id", link), reason, failing, needs)


def one_open_at_once(columns: list[str], closing: str, severity: Severity, reason: str) -> Rule:
    return Rule("two_open", severity, (*columns, closing), reason, lambda s: s.repeated(columns, s.missing(closing)))


def not_open_for_long(opening: str, closing: str, days: int, only: tuple[str, str] | None = None) -> Rule:
    """Open for longer than is believable: a phantom or the worst wait of all. It stays in every count."""

    def failing(s: Scene) -> Mask:
        made = s.missing(closing) & (s.dates(opening) < s.as_of - np.timedelta64(days, "D"))
        return made if only is None else made & s.equals(*only)

    reason = f"open for more than {days} days: still counted as open; close it at the source if it is not"
    columns = (opening, closing) if only is None else (opening, closing, only[0])
    return Rule("open_for_long", "info", columns, reason, failing)


def not_after_death(closing: str) -> Rule:
    """Clocks end with the child's death; the work is still to be closed at the source."""

    def failing(s: Scene) -> Mask:
        return s.missing(closing) & (s.dates_of("child_id", "child", "died_on") <= s.as_of)

    needs = (("child", "died_on"), ("child", "child_id"))
    return Rule("open_after_death", "info", ("child_id", closing), "open, and the child has died: close it at the source", failing, needs)


def named(column: str, severity: Severity, reason: str, only: tuple[str, str] | None = None, while_open: str | None = None) -> Rule:
    """`column` should be filled: of rows whose `only` column has that value, and while the `while_open` date is not. Not asked of a
    format that does not have the column at all.
    """

    def failing(s: Scene) -> Mask:
        made = s.missing(column)
        if only:
            made = made & s.equals(*only)
        return made & s.missing(while_open) if while_open else made

    columns = tuple(dict.fromkeys([column, *((only[0],) if only else ()), *((while_open,) if while_open else ())]))
    return Rule(f"{column}_missing", severity, columns, reason, failing, filled=column)


def some_date(first: str, second: str) -> Rule:
    reason = "neither a date due nor a date held"
    return Rule("no_date", "warning", (first, second), reason, lambda s: s.missing(first) & s.missing(second))


def believed(column: str, least: float, most: float, severity: Severity, reason: str) -> Rule:
    """A number that is there lies between `least` and `most`, both included."""
    return Rule(
        f"{column}_not_believed",
        severity,
        (column,),
        reason,
        lambda s: ~s.missing(column) & ~s.frame[column].between(least, most).fillna(False).to_numpy(dtype=bool),
    )
