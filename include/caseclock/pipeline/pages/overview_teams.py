"""Where is it worst, and is there a hidden tail: teams side by side, the table of teams, and open work by age."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from caseclock.charts import ageing as ageing_chart
from caseclock.charts import multiples
from caseclock.dashboard.look import day_words
from caseclock.dashboard.pages.overview import Cell, Choice, Column, Picture, Section, TeamRow, Teams
from caseclock.errors import WrongUse
from caseclock.measures.model import BANDS, NO_TEAM, PART_WORDS
from caseclock.pipeline.pages.desk import weekly
from caseclock.pipeline.pages.overview_facts import Facts
from caseclock.thresholds import ThresholdRule
from caseclock.trends.wording import number

WEEKS: Final = 26
DRAWN: Final = 10  # teams side by side
MOST_AGED: Final = 6  # timescales
BACK: Final = (4, 12)  # weeks that the table of small pictures looks back
ALERTS: Final = "alerts"


def teams(facts: Facts, open_alerts: dict[str, int], measure: str | None, sort: str | None) -> Teams:
    """`open_alerts`: how many each team has. Raises WrongUse for a measure or an order that there is not."""
    choices = _choices(facts)
    if measure is not None and measure not in [c.figure for c in choices]:
        raise WrongUse(
            "teams cannot be compared by that measure", where="measure", allowed=f"one of {', '.join(c.figure for c in choices)}"
        )
    chosen = measure or next((c.figure for c in sorted(choices, key=lambda c: -c.past)), None)
    columns, rows = _table(facts, open_alerts, sort)
    marked = tuple(Choice(c.figure, c.words, c.past, c.figure == chosen) for c in choices)
    return Teams(_section(facts, chosen), marked, columns, rows)


# --- side by side ----------------------------------------------------------------------------------------------------
def _choices(facts: Facts) -> list[Choice]:
    """Measures of which a team in sight has a limit, in the order of thresholds.yaml."""
    rules = {r.measure: r for r in reversed(facts.house.config.thresholds) if any(facts.rules(r.measure, p) for p in facts.places)}
    ordered = [figure for figure in dict.fromkeys(r.measure for r in facts.house.config.thresholds) if figure in rules]
    return [Choice(f, _capital(rules[f].title), sum(bool(facts.past(f, p)) for p in facts.places), False) for f in ordered]


def _section(facts: Facts, figure: str | None) -> Section:
    if figure is None:
        return Section("No limit is set for a team.", notes=("Limits stand in thresholds.yaml.",))
    rule = next(r for r in facts.house.config.thresholds if r.measure == figure)
    ranked = _worst_first(facts, figure, rule)
    drawn = ranked[:DRAWN]
    taken = weekly(facts.standing.taken, WEEKS)
    read = facts.read(taken.values(), (figure,), drawn)
    lines = {place: [read.get((id, figure, place), (None, 0))[0] for id in taken.values()] for place in drawn}
    shared = {(r.amber, r.red) for place in drawn for r in facts.rules(figure, place)}
    amber, red = next(iter(shared)) if len(shared) == 1 else (None, None)
    cells = tuple(multiples.Cell(facts.standing.name(p), tuple(lines[p]), _colour(facts, figure, p)) for p in drawn)
    subject = f"{_capital(rule.title)}, by team"
    m = multiples.Multiples(subject, tuple(taken), cells, rule.unit, amber, red, len(ranked) - len(drawn))
    notes = () if len(shared) < 2 else ("Limits differ from team to team, so none is drawn.",)
    if not cells:
        return Section(multiples.finding(m), notes=notes)
    head = ("Team", day_words(max(taken)), *(f"{weeks} weeks before" for weeks in BACK), "Limit")
    rows = tuple((c.name, m.said(c.newest), *(m.said(_then(m, c, weeks)) for weeks in BACK), c.past or "within") for c in cells)
    return Section(multiples.finding(m), (Picture(subject, multiples.draw(m), head, rows),), notes)


def _colour(facts: Facts, figure: str, place: str) -> Any:
    return facts.past(figure, place)


def _then(m: multiples.Multiples, cell: multiples.Cell, weeks: int) -> float | None:
    wanted = m.days[-1] - dt.timedelta(weeks=weeks)
    return next((v for day, v in zip(m.days, cell.values, strict=True) if abs((day - wanted).days) < 4), None)


def _worst_first(facts: Facts, figure: str, rule: ThresholdRule) -> list[str]:
    found = facts.values.get(figure, {})
    known = [p for p in facts.places if found.get(p, (None, 0))[0] is not None and (found[p][1] or found[p][0]) and facts.rules(figure, p)]
    rank = {"red": 0, "amber": 1, "": 2}

    def key(place: str) -> tuple[int, float, str]:
        return rank[facts.past(figure, place)], -rule.badness(found[place][0] or 0.0), facts.standing.name(place).casefold()

    return sorted(known, key=key)


# --- the table -------------------------------------------------------------------------------------------------------
def _columns(facts: Facts) -> list[tuple[str, str, str]]:
    """Key, words, figure."""
    a = facts.assessment
    return [
        ("open", "Open cases", "open"),
        ("unallocated", "No worker", "unallocated"),
        ("overdue", "Assessments past 45 working days", f"overdue.{a}"),
        ("due5", "Assessments due in 5 working days", f"due_5.{a}"),
        ("due10", "Due in 10", f"due_10.{a}"),
        ("expected10", "Likely to be late of these", f"expected_10.{a}"),
        ("caseload", "Children per worker", "caseload"),
        (ALERTS, "Open alerts", ""),
    ]


def _table(facts: Facts, open_alerts: dict[str, int], sort: str | None) -> tuple[tuple[Column, ...], tuple[TeamRow, ...]]:
    """Most overdue first, unless another order is asked for; a column in which no team has a figure is left out."""
    listed = [c for c in _columns(facts) if c[0] == ALERTS or any(v is not None for v, _ in facts.values.get(c[2], {}).values())]
    known = {"team", *(key for key, _, _ in _columns(facts))}
    if sort is not None and sort not in known:
        raise WrongUse("the table has no such column", where="sort", allowed=f"one of {', '.join(sorted(known))}")
    have = {p for p in facts.places if any(p in facts.values.get(figure, {}) for _, _, figure in listed)}

    def value(place: str, key: str) -> float:
        figure = next((figure for one, _, figure in listed if one == key), "")
        found = open_alerts.get(place, 0) if key == ALERTS else facts.values.get(figure, {}).get(place, (None, 0))[0]
        return -1.0 if found is None else float(found)

    def order(place: str) -> tuple[object, ...]:
        name = facts.standing.name(place).casefold()
        by = [] if sort == "team" else [sort or "overdue", "overdue", "unallocated", "open"]
        return (*(-value(place, key) for key in by), name, place)

    rows = tuple(
        TeamRow(p, facts.standing.name(p), tuple(_cell(facts, open_alerts, key, figure, p) for key, _, figure in listed))
        for p in sorted(have, key=order)
    )
    chosen = sort or "overdue"
    return (Column("team", "Team", chosen == "team"), *(Column(key, words, key == chosen) for key, words, _ in listed)), rows


def _cell(facts: Facts, open_alerts: dict[str, int], key: str, figure: str, place: str) -> Cell:
    if key == ALERTS:
        return Cell(str(open_alerts.get(place, 0)))
    value, _ = facts.values.get(figure, {}).get(place, (None, 0))
    if value is None:
        return Cell("–")
    return Cell(f"{value:,.1f}" if key in ("caseload", "expected10") else number(value), facts.past(figure, place))


# --- age -------------------------------------------------------------------------------------------------------------
def ageing(facts: Facts) -> Section:
    timescales = {one.id: one.title for one in facts.house.config.timescales}
    shown: list[ageing_chart.Ages] = []
    for rule in facts.aged[:MOST_AGED]:
        counts = [facts.now(f"age_band.{rule}.{band}")[0] for band in BANDS]
        known = [int(count) for count in counts if count is not None]
        if len(known) == len(BANDS) and any(known):
            a, b, c, d, e, f = known
            shown.append(ageing_chart.Ages(_capital(timescales.get(rule, rule)), (a, b, c, d, e, f)))
    if not shown:
        return Section("No open work with a limit is known by its age.")
    tail = [a for a in shown if a.counts[-1]]
    said = "No open work is past its limit by more than half of it."
    if tail:
        said = (
            "Past their limit by more than half of it: "
            + "; ".join(f"{a.counts[-1]:,} of {a.whole:,} ({_lower(a.subject)})" for a in tail)
            + "."
        )
    head = ("Share of the limit that has passed", "Open")
    words = [PART_WORDS[band] for band in BANDS]
    made = [
        Picture(a.subject, ageing_chart.draw(a), head, tuple((w, f"{n:,}") for w, n in zip(words, a.counts, strict=True))) for a in shown
    ]
    return Section(said, tuple(made))


def past_count(facts: Facts) -> tuple[int, int, int]:
    """Teams at or past any limit, those of them past a red one, and all that have figures."""
    figures = [r.measure for r in facts.house.config.thresholds]
    listed = [p for p in facts.places if p != NO_TEAM and p in facts.values.get("open", {})]
    tones = [{facts.past(figure, place) for figure in figures} for place in listed]
    return sum(any(found) for found in tones), sum("red" in found for found in tones), len(listed)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
