"""The plain weekly digest: data currency, what is over its limit, each measure against last week, what cannot be seen.

It goes wider than the managers who answer for the cases, so it obeys the disclosure rule of the DfE's children in need
statistics: counts of 1 to 5 are not shown, nor shares made from 5 or fewer, nor what they could be worked out from (`withheld`).
It shows all teams together only, and never a difference that would undo the rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caseclock.digest.withheld import SMALL, is_small
from caseclock.extracts import Absence
from caseclock.extracts.supplementary.said import cannot_show

WITHHELD = "withheld"


@dataclass(frozen=True)
class Figure:
    """One measure for all teams together, now and in the last extract before the week. `value` None: it has no meaning (n is 0).

    `withheld`, `before_withheld`: a small count could be worked out from it.
    """

    title: str
    unit: str
    value: float | None
    n: int
    before: float | None
    before_n: int
    withheld: bool = False
    before_withheld: bool = False


@dataclass(frozen=True)
class OpenAlerts:
    """How many places of one kind are over the limit of one rule: teams, services, or the council, which is one.

    `small`: the limit is itself a count that may not be shown, so how many places are amber or red would tell what they count.
    """

    title: str
    red: int
    amber: int
    of: Literal["team", "service", "council"] = "team"
    small: bool = False

    @property
    def said(self) -> str:
        """`waiting cases in 3 teams, 1 red, 2 amber`; of small limits only that there is something."""
        return f"{self.title} {self.where}" + ("" if self.small else f", {self.red} red, {self.amber} amber")

    @property
    def where(self) -> str:
        if self.of == "council":
            return "in all teams together"
        if self.small:
            return f"in some {self.of}s"
        return f"in {_times(self.red + self.amber, self.of, f'{self.of}s')}"


@dataclass(frozen=True)
class Digest:
    """One sentence and plain lines, ready for any channel."""

    week: str
    headline: str
    lines: tuple[str, ...]


def shown(value: float | None, n: int, unit: str) -> str:
    """A figure as it may be shown: `1 to 5` for small counts, `too few to show` for shares of few."""
    if unit == "per cent":
        return "none" if n == 0 or value is None else "too few to show" if n <= SMALL else f"{value:.0f} per cent"
    if value is None:
        return "none"
    if is_small(value):
        return f"1 to {SMALL}" if value > 0 else f"-{SMALL} to -1"
    return f"{value:,.0f}"


def iso_week(day: dt.date) -> str:
    """`2026-W47`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def build(
    week: str,
    as_of: dt.date | None,
    held: str | None,
    figures: Sequence[Figure],
    alerts: Sequence[OpenAlerts],
    absences: Sequence[Absence],
    notes: Sequence[str] = (),
) -> Digest:
    """The digest of one week. `held`: why the newest numbers do not speak (the last good ones are shown then), else None.

    `notes`: what else must be known of the figures; whole sentences.
    """
    counted = [a for a in alerts if not a.small]
    red, amber, small = sum(a.red for a in counted), sum(a.amber for a in counted), len(counted) < len(alerts)
    if as_of is None:
        headline = f"Week {week}: no extract has been accepted yet, so nothing can be said."
    elif red or amber:
        others = ", and limits for small numbers too" if small else ""
        passed = _times(red + amber, "limit is", "limits are")
        headline = f"Week {week}: {passed} passed, {red} of them red{others} (data of {_day(as_of)})."
    elif small:
        headline = f"Week {week}: limits for small numbers are passed (data of {_day(as_of)})."
    else:
        headline = f"Week {week}: nothing is over its limit (data of {_day(as_of)})."
    lines = [f"The newest data is on hold: {held} The figures are those of the last accepted extract."] if held else []
    lines += notes
    lines += [f"Over the limit: {a.said}." for a in alerts]
    lines += [_figure(f) for f in figures]
    lines += [said] if (said := cannot_show(absences)) else []
    lines.append(
        f"Counts of 1 to {SMALL} and shares made from {SMALL} or fewer are not shown. "
        "A figure from which one of them could be worked out is withheld."
    )
    return Digest(week, headline, tuple(lines))


def _figure(f: Figure) -> str:
    was = WITHHELD if f.before_withheld else shown(f.before, f.before_n, f.unit)
    before = f"; the week before {was}" if f.before is not None else ""
    return f"{f.title[:1].upper()}{f.title[1:]}: {WITHHELD if f.withheld else shown(f.value, f.n, f.unit)}{before}."


def _times(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _day(day: dt.date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
