"""The figures by place: tables, the last 12 weeks as a line of block elements, charts that a channel draws itself, published figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from caseclock.charts.recent import day_words
from caseclock.digest import sentences as s
from caseclock.digest.content import Benchmark, Content, Line
from caseclock.digest.shown import Shown
from caseclock.digest.words_head import Worst, worst
from caseclock.notifications.letter import Block, Bullets, Cell, Paragraph, Section, Series, Table, Tone

BLOCKS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = "·"
WIDE: Final = 6  # places side by side
BRIEF: Final = 5
RECENT: Final = 12  # weeks
DRAWN: Final = 3  # points; fewer make no chart
NOTHING: Final = "There is no figure of this week."
COLOURS: Final = "Red and amber are at or past their limit."
WEEKS: Final = "The line shows the last 12 weeks, each from its own lowest to its own highest; a dot is a week without an exact figure."
COUNTS: Final = "Below a share or an average stands how many it is made from."
FIRST: Final = "There is no earlier week to compare these with."
COMPARE: Final = "Published figures to compare with, each of its own year."
CALM: Final = "No figure in the table is at or past a limit that is set for it."


def heat(c: Content) -> Section:
    """All figures by place, those over their limits first in words."""
    rows, places, gone = _with_figures(c)
    if not rows:
        old = c.currency.as_of
        why = f" The newest data that can be used is of {s.day(old)}." if old else " No extract has been accepted."
        return Section("All figures", (Paragraph(f"{NOTHING}{why}"),))
    over = _over(rows)
    lead = _cells(over) if over else CALM
    lead += "" if any(a.before for row in rows for a in row) else f" {FIRST}"
    tables = [_table(rows, columns, n, places) for n, columns in enumerate(_split(len(places)))]
    published = _published(c)
    blocks: list[Block] = [
        Paragraph(f"{lead} {_how([a for row in rows for a in row])}".strip()),
        *tables,
        *((Paragraph(COMPARE), Bullets(published)) if published else ()),
    ]
    blocks += [Paragraph(f"No figure this week for: {s.listed(gone)}.", "quiet")] if gone else []
    return Section("All figures", tuple(blocks), _brief(over) or (CALM,))


def _with_figures(c: Content) -> tuple[list[list[Line]], list[str], list[str]]:
    """Rows and places that have any figure this week, and the names of the others (a team that was closed, a file that is absent)."""
    kept = [j for j in range(len(c.heat.places)) if any(row[j].now is not None for row in c.heat.rows)]
    rows = [[row[j] for j in kept] for row in c.heat.rows if any(a.now is not None for a in row)]
    gone = [_lower(s.heading(row[0].title)) for row in c.heat.rows if row and all(a.now is None for a in row)]
    gone += [place for j, place in enumerate(c.heat.places) if j not in kept]
    return rows, [c.heat.places[j] for j in kept], gone


def _how(lines: Sequence[Line]) -> str:
    """How to read what is in this table, and nothing that is not."""
    said = [COLOURS] if any(a.rag for a in lines) else []
    said += [WEEKS] if any(blocks_of(a.weeks) for a in lines) else []
    said += [COUNTS] if any(s.made_from(a.now, a.unit) for a in lines) else []
    return " ".join(said)


def _over(rows: Sequence[Sequence[Line]]) -> list[Line]:
    """Red before amber, else in the order of the table; the whole last, because its parts say where."""
    red = [a for row in rows for a in (*row[1:], *row[:1]) if a.rag == "red"]
    return red + [a for row in rows for a in (*row[1:], *row[:1]) if a.rag == "amber"]


def _cells(over: Sequence[Line]) -> str:
    """`In the table 3 figures are red and 4 amber.`"""
    red = sum(a.rag == "red" for a in over)
    amber = len(over) - red
    if not (red and amber):
        return f"In the table {s.counted(len(over), 'figure')} {'is' if len(over) == 1 else 'are'} {'red' if red else 'amber'}."
    return f"In the table {s.counted(red, 'figure')} {'is' if red == 1 else 'are'} red and {amber} amber."


def _brief(over: Sequence[Line]) -> tuple[str, ...]:
    """The red figures in words, the amber ones counted."""
    red = [a for a in over if a.rag == "red"]
    said = [f"Red: {_at(a)}." for a in red[:BRIEF]]
    left, amber = len(red) - BRIEF, len(over) - len(red)
    said += [f"And {left} more red {'figure' if left == 1 else 'figures'}."] if left > 0 else []
    said += [f"{s.counted(amber, 'figure')} {'is' if amber == 1 else 'are'} amber."] if amber else []
    return tuple(said)


def _at(a: Line) -> str:
    return s.at(a.place, a.title, a.now, a.unit)


# --- tables -----------------------------------------------------------------------------------------------------------
def _split(places: int) -> list[range]:
    """Columns of each table, as even as they go."""
    tables = -(-places // WIDE)
    size, more = divmod(places, tables) if tables else (0, 0)
    starts = [k * size + min(k, more) for k in range(tables + 1)]
    return [range(a, b) for a, b in pairwise(starts)]


def _table(rows: Sequence[Sequence[Line]], columns: range, number: int, places: Sequence[str]) -> Table:
    names = [s.capital(places[j]) for j in columns]
    named = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    caption = "Each figure by place" if len(columns) == len(places) else f"Each figure by place, table {number + 1}: {named}"
    body = tuple((row_head(row), *(cell(row[j]) for j in columns)) for row in rows)
    return Table(caption, ("Figure", *names), body)


def row_head(row: Sequence[Line]) -> Cell:
    """Title of the row; below it the limits, where all places that have any have the same."""
    limits = {a.limit for a in row if a.limit}
    return Cell(s.heading(row[0].title), small=limits.pop() if len(limits) == 1 else "")


def cell(a: Line) -> Cell:
    """`30 red`, how many a share is made of, and the last weeks."""
    if a.now is None or a.now.withheld:
        return Cell(s.figure(a.now, a.unit), "quiet", line=blocks_of(a.weeks), line_words=s.line_words(a.weeks, a.unit))
    tone: Tone = a.rag
    text = f"{s.figure(a.now, a.unit)}{f' {a.rag}' if a.rag else ''}"
    return Cell(text, tone, s.made_from(a.now, a.unit), blocks_of(a.weeks), s.line_words(a.weeks, a.unit))


def blocks_of(weeks: Sequence[Shown | None]) -> str:
    """The line, from exact figures only, the lowest at the bottom; empty for fewer than two of them."""
    values = [None if w is None else w.value for w in weeks]
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, reach = min(known), max(known) - min(known)
    steps = len(BLOCKS) - 1
    return "".join(GAP if v is None else BLOCKS[round((v - low) / reach * steps) if reach else 0] for v in values)


# --- charts that a channel draws itself -------------------------------------------------------------------------------
def series_of_worst(c: Content) -> Series | None:
    """The figure of the headline over the last weeks; without one, cases without a worker at the whole."""
    one = worst(c)
    return series(_line_of(c, one), c.last_day) if c.currency.as_of else None


def newest_week(c: Content) -> dt.date:
    """The Sunday of the week that the newest figures are of."""
    day = c.currency.as_of or c.last_day
    return day + dt.timedelta(days=6 - day.weekday())


def _line_of(c: Content, one: Worst | None) -> Line | None:
    lines = [a for row in c.heat.rows for a in row]
    own = [a for a in lines if one and (a.title, a.place) == (one.title, one.place)]
    whole = [row[0] for row in c.heat.rows if row and one and row[0].title == one.title]
    waiting = [row[0] for row in c.heat.rows if row and row[0].figure == "unallocated"]
    return next((a for a in (*own, *whole, *waiting) if _drawable([a])), None)


def series(a: Line | None, last_day: dt.date) -> Series | None:
    """None where fewer than three weeks are exact."""
    if a is None:
        return None
    return _series(s.named(a.title, a.place), [("Per cent" if a.unit == "per cent" else "Figure", a)], last_day)


def series_of_flow(c: Content) -> Series | None:
    """What came in beside what ended."""
    if c.demand is None:
        return None
    return _series(
        "Referrals that came in and that ended, by week", [("Came in", c.demand.arrivals), ("Ended", c.demand.departures)], c.last_day
    )


def _drawable(lines: Sequence[Line]) -> list[int]:
    """Weeks back from the newest in which all of them are exact, oldest first; empty where they are too few for a chart."""
    reach = min(RECENT, *(len(a.weeks) for a in lines))
    kept = [back for back in range(reach, 0, -1) if all((w := a.weeks[-back]) is not None and w.value is not None for a in lines)]
    return kept if len(kept) >= DRAWN else []


def _series(title: str, named: Sequence[tuple[str, Line]], last_day: dt.date) -> Series | None:
    lines = [a for _, a in named]
    kept = _drawable(lines)
    if not kept:
        return None
    labels = tuple(day_words(last_day - dt.timedelta(weeks=back - 1), year=False) for back in kept)
    values = tuple((name, tuple(_exact(a.weeks[-back]) for back in kept)) for name, a in named)
    gone = min(RECENT, *(len(a.weeks) for a in lines)) - len(kept)
    words = f"{title}: " + "; ".join(
        _course(name if len(named) > 1 else "", own, a.unit, labels) for (name, a), (_, own) in zip(named, values, strict=True)
    )
    left = f" {s.counted(gone, 'week')} without an exact figure {'is' if gone == 1 else 'are'} left out." if gone else ""
    return Series(title, labels, values, f"{words}.{left}")


def _exact(shown: Shown | None) -> float:
    assert shown is not None and shown.value is not None
    return shown.value


def _course(name: str, values: Sequence[float], unit: str, labels: Sequence[str]) -> str:
    first, last = (Shown(v, v).words(unit) for v in (values[0], values[-1]))
    course = f"{last} on {labels[0]} and on {labels[-1]}" if first == last else f"from {first} on {labels[0]} to {last} on {labels[-1]}"
    return f"{_lower(name)} {course}" if name else course


# --- published figures ------------------------------------------------------------------------------------------------
def _published(c: Content) -> tuple[str, ...]:
    """Each beside ours, where that may be shown."""
    ours = {row[0].figure: row[0] for row in c.heat.rows if row and row[0].now is not None and not row[0].now.withheld}
    return tuple(published(b, ours[b.figure]) for b in c.benchmarks if b.figure in ours)


def published(b: Benchmark, ours: Line) -> str:
    """`Re-referrals: 23% here; 22.6% in England in the year to 31 March 2025 (DfE, children in need, table C1).`"""
    value = f"{b.value:,.1f}".removesuffix(".0") + ("%" if b.unit == "per cent" else "")
    here = f"{s.figure(ours.now, ours.unit)} here"
    source = f" ({b.source})" if b.source else ""
    return f"{s.heading(ours.title)}: {here}; {b.name} {value}, {b.period}{source}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
