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
from caseclock.quality.scene import Mask, Scene
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

    return Rule(
        f"{column}_before_{parent}", severity, (column, link), reason, failing, ((parent, parent_column), (parent, TABLES[parent].key))
    )


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


def one_row_per_key(key: str, closing: str | None) -> Rule:
    """Of several rows with one key the one that is still open is kept, else the first: a case must not be hidden by its copy."""

    def failing(s: Scene) -> Mask:
        if s.frame[key].is_unique:
            return np.zeros(len(s.frame), dtype=bool)
        is_closed = np.zeros(len(s.frame), dtype=bool) if closing is None else ~s.missing(closing)
        order = np.argsort(is_closed, kind="stable")
        made = np.zeros(len(s.frame), dtype=bool)
        made[order] = s.frame[key].iloc[order].duplicated().to_numpy() & ~s.missing(key)[order]
        return made

    reason = f"another row has the same {key}; one of them is used, the open one if there is one"
    columns = (key,) if closing is None else (key, closing)
    return Rule(f"{key}_repeated", "critical", columns, reason, failing)


def points_to(link: str, parent: str, severity: Severity) -> Rule:
    reason = f"{link} is not in the {parent} table of this extract"
    return Rule(
        f"{link}_unknown",
        severity,
        (link,),
        reason,
        lambda s: ~s.missing(link) & (s.places(link, parent) < 0),
        ((parent, TABLES[parent].key),),
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
        return made

    reason = f"{link} leads to a {parent} of another child"
    needs = ((parent, "child_id"), (parent, TABLES[parent].key))
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
