"""What is read first: the subject, the headline with the one thing to act on, the state of the data, and what a revision corrects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caseclock.digest import sentences as s
from caseclock.digest.content import Content, Revised
from caseclock.digest.shown import Shown
from caseclock.notifications.letter import Cell, Paragraph, Section, Table

RANK: Final = {"red": 0, "": 1, "amber": 2}
"""Worst first; over its limit without a colour may be red."""


@dataclass(frozen=True)
class Worst:
    """One figure over its limit, as the headline says it."""

    title: str
    place: str
    unit: str
    now: Shown
    severity: str
    before: Shown | None = None

    @property
    def sentence(self) -> str:
        return s.at(self.place, self.title, self.now, self.unit)


def order_of(c: Content) -> dict[str, int]:
    """Title to its place in the order in which the council lists its figures."""
    return {row[0].title: i for i, row in enumerate(c.heat.rows) if row}


def worst(c: Content) -> Worst | None:
    """The figure to act on first: red before amber, then in the order in which the council lists its figures, one place before the whole,
    exact before a range, then the largest. None where nothing is over its limit."""
    order = order_of(c)
    over = [
        Worst(a.title, a.place, a.unit, a.now, a.rag, a.before)
        for row in c.heat.rows
        for a in row
        if a.now is not None and not a.now.withheld and a.rag in {"red", "amber"}
    ]
    told = [Worst(d.title, d.place, d.unit, d.now, d.severity) for d in c.decisions if not d.now.withheld]
    told += [
        Worst(g.title, g.place, g.unit, g.now, g.severity)
        for g in c.changes
        if g.kind in {"new", "worsened"} and g.now is not None and not g.now.withheld
    ]

    def key(one: Worst) -> tuple[float, ...]:
        size = one.now.low or 0.0
        whole = bool(c.heat.places) and one.place == c.heat.places[0]
        return RANK[one.severity], order.get(one.title, len(order)), whole, one.now.value is None, -size

    return min([*over, *told], key=key, default=None)


def subject(c: Content) -> str:
    """`Weekly digest, the council, 16 to 22 November 2026: 3 limits passed, 1 red`."""
    lead = (
        f"Weekly digest (revised {c.revision - 1})" if c.revision > 2 else "Weekly digest (revised)" if c.revision > 1 else "Weekly digest"
    )
    return f"{lead}, {c.audience}, {s.span(c.first_day, c.last_day)}: {_in_short(c)}"


def _in_short(c: Content) -> str:
    if not has_figures(c):
        return "no figures"
    red, amber = c.red, c.amber
    said = "nothing over its limit"
    if red + amber:
        colours = ", red" if red + amber == 1 and red else f", {'at least ' if _unsure(c) else ''}{red} red" if red else ""
        said = f"{s.counted(red + amber, 'limit')} passed{colours}"
    elif worst(c) or c.quiet.not_shown:
        said = "limits for small numbers passed"
    return f"old data, {said}" if s.is_old(c.currency, c.first_day) else said


def has_figures(c: Content) -> bool:
    """False where no extract was ever accepted, or none of the week was and nothing is known of it."""
    if c.currency.as_of is None:
        return False
    return c.currency.as_of >= c.first_day or any(a.now is not None for row in c.heat.rows for a in row) or c.red + c.amber > 0


def headline(c: Content) -> str:
    """One sentence: the worst figure and how many limits are passed; or that nothing is; or that there are no figures."""
    if c.currency.as_of is None:
        return f"No figures for the week of {s.span(c.first_day, c.last_day)}: no extract has been accepted."
    newest = f"the newest data that can be used is of {s.day(c.currency.as_of)}"
    if not has_figures(c):
        count = c.quiet.not_shown
        still = f"; {s.counted(count, 'alert')} {'is' if count == 1 else 'are'} open all the same" if count else ""
        return f"No figures for the week of {s.span(c.first_day, c.last_day)}: {newest}{still}."
    said = _state(c)
    return s.capital(f"{newest}: {said}." if s.is_old(c.currency, c.first_day) else f"{said}.")


def _state(c: Content) -> str:
    one, count = worst(c), c.red + c.amber
    if one is None and count == 0:
        return _calm(c)
    limits = s.over_limits(c.red, c.amber, at_least=_unsure(c)) if count else "limits for small numbers are passed"
    if one is None:
        return limits
    diff = s.change(one.now, one.before, one.unit, "a week before" if s.is_old(c.currency, c.first_day) else "a week ago")
    return f"{one.sentence}{f', {diff}' if diff else ''}; {limits}"


def _unsure(c: Content) -> bool:
    """Whether of an alert that is open the range does not say if it is red."""
    return any(not d.severity for d in c.decisions) or any(not g.severity for g in c.changes if g.kind in {"new", "worsened"})


def _calm(c: Content) -> str:
    """Nothing that may be shown is over its limit; what is not shown, and what is unusual, is no less said."""
    said = "nothing that can be shown here is over its limit" if c.quiet.not_shown else "nothing is over its limit"
    hidden = f"{s.counted(c.quiet.not_shown, 'alert')} {'is' if c.quiet.not_shown == 1 else 'are'} known to the teams only"
    unusual = f"{s.counted(len(c.signals), 'figure')} {'is' if len(c.signals) == 1 else 'are'} unusual"
    more = [hidden] * bool(c.quiet.not_shown) + [unusual] * bool(c.signals)
    return f"{said}; {s.listed(more)}" if more else said


def currency(c: Content) -> str:
    """Of which day the figures are, and whether this letter takes the place of one that was sent."""
    replaces = ["This digest takes the place of the one that was sent before."] if c.revision > 1 else []
    return " ".join(replaces + s.currency(c.currency, c.first_day, c.last_day, shown=has_figures(c)))


def corrections(c: Content) -> Section | None:
    """What this revision corrects; None in a digest as first sent."""
    if c.revision < 2 and not c.revised:
        return None
    lead = (
        f"A correction after the digest was sent has changed {s.counted(len(c.revised), 'figure')}."
        if c.revised
        else ("A correction arrived after the digest was sent. No figure in it has changed.")
    )
    rows = tuple(
        (Cell(s.named(r.title, r.place)), Cell(s.figure(r.was, r.unit)), Cell(s.figure(r.now, r.unit), small=_diff(r))) for r in c.revised
    )
    table = (Table("What was sent and what is right", ("Figure", "As sent", "Corrected"), rows),) if rows else ()
    return Section("What this revision corrects", (Paragraph(lead), *table), (lead, *(_corrected(r) for r in c.revised[:3])))


def _diff(r: Revised) -> str:
    return s.change(r.now, r.was, r.unit, "sent") if r.was and r.now and r.was.value is not None and r.now.value is not None else ""


def _corrected(r: Revised) -> str:
    was, now = s.figure(r.was, r.unit), s.figure(r.now, r.unit)
    return f"{s.named(r.title, r.place)}: {now} is right, {was} was sent."
