"""Demand and capacity, what comes due, supervision and staffing, in sentences and small tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseclock.digest import sentences as s
from caseclock.digest.content import Coming, Content, Demand, Line
from caseclock.digest.words_heat import NOTHING, RECENT, blocks_of
from caseclock.notifications.letter import Block, Bullets, Cell, Paragraph, Picture, Section, Series, Table

NO_STAFF: Final = "There are no figures on supervision and staff: no file with them was supplied."
WITHIN: Final = "No figure on supervision and staff is at or past a limit that is set for it."
NO_LIMIT: Final = "No limit is set for these figures."
GOES_ON: Final = "Forecast, if all goes on as it did. The range is meant to hold 8 of 10 weeks."
IF_STILL: Final = "This counts limits that fall within the next 10 working days if nothing moves."


# --- demand and capacity ----------------------------------------------------------------------------------------------
def demand(c: Content, picture: Picture | None, series: Series | None) -> Section | None:
    d = c.demand
    if d is None:
        return None
    facts = [
        text
        for text in (s.flow(d, c.currency.as_of or c.last_day), s.load(d.load), s.still_open(d.open), s.weeks_of_work(d.weeks_of_work))
        if text
    ]
    lines = [a for a in (d.arrivals, d.departures, d.open) if a.now is not None]
    if not facts and not lines:
        return Section("Demand and capacity", (Paragraph(NOTHING), *([picture] if picture else [])))
    blocks: list[Block] = [Paragraph(" ".join(facts))] if facts else []
    blocks += [_small_table("What came in, what ended and what is open", lines)] if lines else []
    blocks += [block for block in (picture, series) if block is not None]
    blocks += _forecasts(d)
    return Section("Demand and capacity", tuple(blocks), tuple(facts))


def _forecasts(d: Demand) -> list[Block]:
    """Per figure what is expected, and how its past forecasts did."""
    told = [f for f in d.forecasts if f.weeks]
    return [Paragraph(GOES_ON), Bullets(tuple(f"{s.forecast(f)} {s.cover(f.inside, f.of)}" for f in told))] if told else []


def _small_table(caption: str, lines: Sequence[Line]) -> Table:
    """Without the columns of earlier weeks where no line has any."""
    head, rows = ["Figure", "Now"], [[Cell(s.heading(a.title), small=a.limit), _now(a)] for a in lines]
    if any(a.before for a in lines):
        head, rows = [*head, "Week before"], [[*row, Cell(s.figure(a.before, a.unit))] for row, a in zip(rows, lines, strict=True)]
    if any(s.line_words(a.weeks[-RECENT:], a.unit) for a in lines):
        head, rows = [*head, "Last 12 weeks"], [[*row, _weeks(a)] for row, a in zip(rows, lines, strict=True)]
    return Table(caption, tuple(head), tuple(map(tuple, rows)))


def _now(a: Line) -> Cell:
    if a.now is None or a.now.withheld:
        return Cell(s.figure(a.now, a.unit), "quiet")
    return Cell(f"{s.figure(a.now, a.unit)}{f' {a.rag}' if a.rag else ''}", a.rag, s.made_from(a.now, a.unit))


def _weeks(a: Line) -> Cell:
    """The line, and beside it in words from where to where it goes."""
    weeks = a.weeks[-RECENT:]
    words = s.line_words(weeks, a.unit)
    return Cell(_course(words) or "too few weeks", "" if words else "quiet", line=blocks_of(weeks), line_words=words)


def _course(words: str) -> str:
    """Without `12 weeks`, which stands above it; of how many of them it speaks is left."""
    return words.removeprefix(f"{RECENT} weeks: ").replace(f" in {RECENT} weeks", "")


# --- what comes due ---------------------------------------------------------------------------------------------------
def coming(c: Content) -> Section | None:
    """A count of due dates, not a model; what is likely to be late is one, and says how it did."""
    if not c.coming:
        return None
    rows = tuple(_due_row(one) for one in c.coming)
    table = Table(
        "What falls due, and what of it is likely to be late", ("Limit", "Fall due", "Likely to be late", "How past forecasts did"), rows
    )
    late = sorted(c.coming, key=lambda one: -(one.expected or 0.0))
    return Section("Due in the next 10 working days", (Paragraph(IF_STILL), table), tuple(s.due(one) for one in late[:3]))


def _due_row(one: Coming) -> tuple[Cell, ...]:
    shown = one.due.now
    tone = "quiet" if shown is None or shown.withheld else ""
    likely = s.likely_late(one)
    said = likely.partition(" ")[0] if likely else "not known"
    return (
        Cell(s.capital(one.title)),
        Cell(s.figure(shown, one.due.unit), "quiet" if tone else ""),
        Cell(said, "" if likely else "quiet"),
        Cell(s.came_true(one) or "not known yet", "" if s.came_true(one) else "quiet"),
    )


# --- supervision and staffing -----------------------------------------------------------------------------------------
def staffing(c: Content) -> Section | None:
    """The figures that explain a queue: who holds the cases, and whether anybody looks at them with the worker."""
    known = [a for a in c.staffing if a.now is not None]
    if c.currency.as_of is None:
        return None
    if not known:
        return Section("Supervision and staffing", (Paragraph(NO_STAFF if not c.staffing else NOTHING),))
    over = [a for a in known if a.rag in {"red", "amber"}]
    said = tuple(f"{s.capital(a.rag)}: {_with_change(a)}" for a in over)
    lead = Paragraph(" ".join(said) or (WITHIN if any(a.limit for a in known) else NO_LIMIT))
    table = _small_table("Supervision and staff", known)
    return Section("Supervision and staffing", (lead, table), said)


def _with_change(a: Line) -> str:
    diff = s.change(a.now, a.before, a.unit)
    return f"{s.at(a.place, a.title, a.now, a.unit)}{f', {diff}' if diff else ''}."
