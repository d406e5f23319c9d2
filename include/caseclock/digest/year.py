"""What became of the alerts of a year: how many were opened, what was done about them and how long it took, by service and by month.

Alerts are counted, not children. An alert of a rule whose limit is a small number is counted for the council only: at a service it would
say that a small number is there.
"""

from __future__ import annotations

import calendar as _calendar
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from caseclock.notifications.letter import Cell, Letter, Paragraph, Section, Table

COUNCIL_TITLE: Final = "The whole council"
Ended = Literal["resolved", "retracted", "limit_changed", ""]
Elapsed = Callable[[dt.date, dt.date], int]
"""Working days from one date to another; the start counts 0."""


@dataclass(frozen=True)
class Episode:
    """One alert from its first day on. `service`: who answers for it; empty where nobody on the list does, or where it is a figure of all
    teams together. `small`: the limit of its rule is a count that is never shown. `ended`: how, on `ended_on`; empty while it is open."""

    opened: dt.date
    service: str = ""
    small: bool = False
    acknowledged: dt.date | None = None
    ended_on: dt.date | None = None
    ended: Ended = ""


@dataclass(frozen=True)
class Totals:
    """Of the alerts that were opened in some time, as it stood at its end. `opened` is the sum of `resolved`, `retracted`, `limit_changed`
    (the limit was moved) and `open`. The medians are working days of those that have come so far; None where none has."""

    opened: int = 0
    acknowledged: int = 0
    resolved: int = 0
    retracted: int = 0
    limit_changed: int = 0
    open: int = 0
    open_not_acknowledged: int = 0
    to_acknowledge: float | None = None
    to_resolve: float | None = None


@dataclass(frozen=True)
class Group:
    """`service` empty: the whole council. `months`: by the month in which an alert was opened, from January on, up to `upto`."""

    service: str
    whole: Totals
    months: tuple[Totals, ...]


@dataclass(frozen=True)
class Year:
    """`groups`: the council first, then the services that had alerts. `upto`: the last day that is counted."""

    source: str
    year: int
    upto: dt.date
    groups: tuple[Group, ...]
    left_out: int
    """Alerts of rules with small limits: counted for the council only."""


def year_of(source: str, year: int, upto: dt.date, episodes: Iterable[Episode], elapsed: Elapsed) -> Year:
    """The year as it stood at the end of `upto`: what came later had not happened then."""
    upto = min(upto, dt.date(year, 12, 31))
    mine = [_as_of(e, upto) for e in episodes if e.opened.year == year and e.opened <= upto]
    shown = [e for e in mine if not e.small]
    services = sorted({e.service for e in shown} - {""})
    groups = [_group("", mine, upto, elapsed)] + [_group(name, [e for e in shown if e.service == name], upto, elapsed) for name in services]
    return Year(source, year, upto, tuple(groups), len(mine) - len(shown))


def _as_of(e: Episode, upto: dt.date) -> Episode:
    over = e.ended_on is not None and e.ended_on <= upto
    heard = e.acknowledged if e.acknowledged and e.acknowledged <= upto else None
    return Episode(e.opened, e.service, e.small, heard, e.ended_on if over else None, e.ended if over else "")


def _group(service: str, episodes: Sequence[Episode], upto: dt.date, elapsed: Elapsed) -> Group:
    months = range(1, upto.month + 1)
    by_month = tuple(_totals([e for e in episodes if e.opened.month == month], elapsed) for month in months)
    return Group(service, _totals(episodes, elapsed), by_month)


def _totals(episodes: Sequence[Episode], elapsed: Elapsed) -> Totals:
    ended = [e.ended for e in episodes]
    heard = [elapsed(e.opened, max(e.opened, e.acknowledged)) for e in episodes if e.acknowledged]
    over = [elapsed(e.opened, max(e.opened, e.ended_on)) for e in episodes if e.ended == "resolved" and e.ended_on]
    return Totals(
        opened=len(episodes),
        acknowledged=len(heard),
        resolved=ended.count("resolved"),
        retracted=ended.count("retracted"),
        limit_changed=ended.count("limit_changed"),
        open=ended.count(""),
        open_not_acknowledged=sum(e.ended == "" and e.acknowledged is None for e in episodes),
        to_acknowledge=median(heard) if heard else None,
        to_resolve=median(over) if over else None,
    )


# --- in words ------------------------------------------------------------------------------------------------------
HEAD: Final = ("", "opened", "resolved", "retracted", "limit moved", "still open")
MONTHS: Final = ("", "opened", "acknowledged", "resolved", "still open")
SELDOM: Final = ("retracted", "limit moved")
TIMES: Final = ("", "to acknowledge", "to resolve", "open, not acknowledged")


def letter_of_year(found: Year) -> Letter:
    """The year to read and to print; it is sent to nobody."""
    council, services = found.groups[0], found.groups[1:]
    sections = [Section("What became of them", (_table("Alerts by service", HEAD, [(_title(g), _counts(g.whole)) for g in found.groups]),))]
    times = [(_title(g), _times(g.whole)) for g in found.groups]
    sections.append(Section("How long it took", (_table("Median, in working days from the first day", TIMES, times),)))
    first = next((n for n, m in enumerate(council.months) if m.opened), 0)  # months before the first alert say nothing
    shown = range(first, len(council.months))
    months = [(_calendar.month_name[n + 1], _month(council.months[n])) for n in shown]
    blocks = [_table("The whole council, by the month in which an alert was opened", MONTHS, months)]
    if services:
        head = ("", *(_title(g) for g in services))
        rows = [(_calendar.month_name[n + 1], tuple(str(g.months[n].opened) for g in services)) for n in shown]
        blocks.append(_table("Opened in each month, by service", head, rows))
    sections.append(Section("Month by month", tuple(blocks)))
    return Letter(
        subject=f"Alerts in {found.year} up to {_day(found.upto)}",
        headline=_headline(found.year, council.whole),
        currency=f"As it stood at the end of {_day(found.upto)}.",
        sections=tuple(sections) if council.whole.opened else (Section("No alert", (Paragraph("No limit was passed."),)),),
        foot=_foot(found),
    )


def _headline(year: int, of: Totals) -> str:
    if not of.opened:
        return f"No alert was opened in {year}."
    said = f"{of.opened} {'alert was' if of.opened == 1 else 'alerts were'} opened in {year}: {of.resolved} resolved, {of.open} still open."
    unheard = of.open_not_acknowledged
    if unheard and unheard == of.open:
        return f"{said} Nobody has acknowledged {'it' if unheard == 1 else 'any of these'}."
    return f"{said} Nobody has acknowledged {unheard} of these {of.open}." if unheard else said


def _foot(found: Year) -> tuple[str, ...]:
    said = ["An alert is one limit that was passed in one place. These are counts of alerts, not of children."]
    said.append("Retracted: the data that raised it were wrong, and a correction has put them right. Limit moved: it ended with the limit.")
    if found.left_out:
        many = "1 alert" if found.left_out == 1 else f"{found.left_out} alerts"
        said.append(f"{many} of limits for small numbers: counted for the whole council only, not by service.")
    outside = found.groups[0].whole.opened - found.left_out - sum(g.whole.opened for g in found.groups[1:])
    if outside:
        many = "1 alert" if outside == 1 else f"{outside} alerts"
        said.append(f"{many} of no service: figures of all teams together, or teams that are on no list.")
    return tuple(said)


def _table(caption: str, head: tuple[str, ...], rows: Iterable[tuple[str, tuple[str, ...]]]) -> Table:
    """Without the columns of what seldom happens, where it never did."""
    listed = [(name, *cells) for name, cells in rows]
    kept = [n for n, title in enumerate(head) if title not in SELDOM or any(row[n] != "0" for row in listed)]
    return Table(caption, tuple(head[n] for n in kept), tuple(tuple(Cell(row[n]) for n in kept) for row in listed))


def _counts(of: Totals) -> tuple[str, ...]:
    return tuple(str(n) for n in (of.opened, of.resolved, of.retracted, of.limit_changed, of.open))


def _month(of: Totals) -> tuple[str, ...]:
    return tuple(str(n) for n in (of.opened, of.acknowledged, of.resolved, of.open))


def _times(of: Totals) -> tuple[str, ...]:
    return _median(of.to_acknowledge, of.acknowledged), _median(of.to_resolve, of.resolved), str(of.open_not_acknowledged)


def _median(value: float | None, n: int) -> str:
    return "none yet" if value is None else f"{value:g} (of {n})"


def _title(group: Group) -> str:
    """`Front door` of `front-door`."""
    words = group.service.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:] if words else COUNCIL_TITLE


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
