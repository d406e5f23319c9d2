"""What a figure is called, what it means, and how its values are written."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Final

from caseclock.charts.frame import figure as written
from caseclock.clocks.rules import TimescaleRule
from caseclock.dashboard.pages.measure import Rule
from caseclock.measures import MEASURES, MeasureConfig, definition
from caseclock.measures.model import WORSE, rule_of, title_of
from caseclock.pipeline.house import House
from caseclock.trends.model import EITHER_WAY, LOOKS_BACK, kind_of

BASES: Final = {
    "statute": "statute: the law says so",
    "statutory_guidance": "statutory guidance: to be followed unless there is a good reason not to",
    "local": "local: this council's own choice",
}
COUNTS: Final = ("cases", "children", "clocks", "workers")
UNITS: Final = {"clocks": "pieces of work, one for each time limit that runs", "ratio": "a ratio", "cases a week": "cases a week"}


def entry_of(house: House, figure: str) -> MeasureConfig | None:
    """The measure of measures.yaml that a figure belongs to. None for a figure that is off, or that there is not."""
    rules = [rule.id for rule in house.config.timescales]
    entry = next((m for m in house.config.measures if m.id == figure.partition(".")[0]), None)
    return entry if entry and figure in entry.figures(rules) else None


def title(house: House, figure: str) -> str:
    """`Open and overdue: assessment within 45 working days of the referral`."""
    return titles(house)(figure)


def titles(house: House) -> Callable[[str], str]:
    """The same for many figures: what the configuration calls its parts is gathered once."""
    measures: dict[str, str] = {m.id: m.title for m in house.config.measures}
    timescales = {r.id: r.title for r in house.config.timescales}

    def title(figure: str) -> str:
        said = title_of(figure, measures, timescales)
        return said[:1].upper() + said[1:]

    return title


def value_words(entry: MeasureConfig, value: float | None, beside: Sequence[float] = ()) -> str:
    """`1,204`, `72.5%`; never so rounded that it would stand on the other side of a limit in `beside`. `–` for none."""
    if value is None or value != value:
        return "–"
    if entry.unit == "ratio":
        return f"{value:,.2f}"
    return written(value, entry.unit, beside)


def unit_words(house: House, entry: MeasureConfig, figure: str) -> str:
    """What is counted."""
    if entry.unit == "as the limit":
        rule = rule_named(house, rule_of(figure))
        return f"{rule.unit.removeprefix('clock_').replace('_', ' ')}s" if rule else "in the unit of the time limit"
    return UNITS.get(entry.unit, entry.unit)


def made_from(entry: MeasureConfig, value: float | None, n: int) -> str:
    """What a value was made from, where that is not the value itself."""
    if value is not None and entry.unit in COUNTS and value == n:
        return ""
    return f"made from {n:,}"


def definition_words(house: House, entry: MeasureConfig) -> tuple[str, ...]:
    """Paragraphs of what the measure says of itself, as people read them: other measures by their titles, and `n` in words."""
    values = inspect.cleandoc(MEASURES[entry.id].__doc__ or "").replace("NaN", "No value")
    values = re.sub(r"\bn is the value", "It is made from as many", re.sub(r"\bn: ", "made from ", values))
    titles: dict[str, str] = {m.id: f"“{m.title}”" for m in house.config.measures}
    said = [*re.split(r"\n\s*\n", definition(entry.id)), values]
    plain = [re.sub(r"`([^`]*)`", lambda m: titles.get(m[1], m[1]), " ".join(part.split())) for part in said]
    return tuple(part[:1].upper() + part[1:] for part in plain if part)


def worse_words(entry: MeasureConfig) -> str:
    """Of some counts neither more nor less is worse: fewer referrals may mean that fewer children are seen."""
    return "neither more nor less by itself; both are news" if entry.id in EITHER_WAY else WORSE[entry.direction]


def facts(house: House, entry: MeasureConfig, figure: str) -> tuple[tuple[str, str], ...]:
    said = [("Counted in", unit_words(house, entry, figure)), ("Worse is", worse_words(entry))]
    if kind_of(figure) != "stock" or "period" in definition(entry.id):
        said.append(("Looks back", f"{LOOKS_BACK.get(entry.id, entry.period_days)} calendar days up to the date of the extract"))
    return (*said, ("Known as", figure))


def rule_named(house: House, id_: str | None) -> TimescaleRule | None:
    return next((rule for rule in house.config.timescales if rule.id == id_), None)


def rule_words(rule: TimescaleRule | None) -> Rule | None:
    if rule is None:
        return None
    limits = tuple((limit.effective_from, amount(limit.limit, rule.unit)) for limit in reversed(rule.limits))
    return Rule(rule.id, rule.title[:1].upper() + rule.title[1:], limits, BASES[rule.basis], rule.source, rule.note)


def amount(number: int, unit: str) -> str:
    """`45 working days`."""
    return f"{number} {unit.removeprefix('clock_').replace('_', ' ')}{'' if number == 1 else 's'}"
