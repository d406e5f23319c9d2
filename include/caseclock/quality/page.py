"""The quality report as one HTML page that stands alone: no script, nothing loaded from anywhere, no value of any cell.

Data Docs of Great Expectations are not used: they show row values and need assets from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from caseclock.extracts.model import Reject
from caseclock.quality.model import RuleCount, Severity, Verdict
from caseclock.quality.report import Facts, Past, failing_since, not_checked
from caseclock.quality.rules import rule_names

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
LINE_OF: Final = 12  # extracts in the line of a rule, this one among them
ROWS_NAMED: Final = 25  # rows of one rule that are named on the page; the others are counted
WIDTH, HEIGHT, EDGE = 110, 26, 4  # of a line, in pixels
SEVERITIES: Final[Mapping[Severity, tuple[str, str]]] = {
    "critical": ("Critical", "the row is not used"),
    "warning": ("Warning", "the row is used, and has to be corrected"),
    "info": ("Note", "the row is used"),
}
MEANS: Final[Mapping[Verdict, tuple[str, str]]] = {
    "pass": ("Pass", "The numbers speak. Nothing has to be corrected."),
    "warn": ("Warn", "The numbers speak. Something has to be corrected at the source."),
    "hold": (
        "Hold",
        "The numbers do not speak: nothing fires, nothing resolves, nobody is reminded until a person has released this extract or a "
        "better one has come.",
    ),
}


@dataclass(frozen=True)
class RuleLine:
    """One rule as the page shows it."""

    name: str
    severity: Severity
    failing: int
    of: int
    reason: str
    since: str
    first: str
    line: Markup


def report_page(facts: Facts) -> str:
    """The page of one extract."""
    broken = _broken(facts)
    return _template().render(
        facts=facts,
        word=MEANS[facts.verdict][0],
        means=_means(facts),
        severities=SEVERITIES,
        broken=broken,
        well_again=_well_again(facts),
        held=_held(facts.counts),
        changes={c.table: c for c in facts.changes},
        aside=_by_rule(facts.rejects),
        flagged=_by_rule(facts.flagged),
        named=ROWS_NAMED,
        not_checked=[line.removeprefix("- ") for line in not_checked(facts.not_evaluated)],
        extracts=len(facts.past[-LINE_OF + 1 :]) + 1,
    )


def _means(facts: Facts) -> str:
    if facts.verdict == "hold" and facts.numbers_speak:
        return "Quality held this extract, and a person has released it: the numbers speak."
    return MEANS[facts.verdict][1]


@cache
def _template() -> Template:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["thousands"] = "{:,}".format
    return made.get_template("report.html.j2")


# --- rules -----------------------------------------------------------------------------------------------------------
def _broken(facts: Facts) -> list[RuleLine]:
    """Rules that are not met, worst first. Findings that are no row rule (row counts, continuity) have a line, too."""
    first = _first_places([*facts.rejects, *facts.flagged])
    order = list(SEVERITIES)
    lines = []
    for f in sorted(facts.findings, key=lambda f: (order.index(f.severity), -(f.failing / f.of if f.of else 1), f.table, f.rule)):
        name = f"{f.table}.{f.rule}"
        since = failing_since(name, facts.past)
        told = str(since) if since else ("new" if facts.past else "")
        lines.append(RuleLine(name, f.severity, f.failing, f.of, f.reason, told, first.get(name, ""), _line(name, f.failing, facts.past)))
    return lines


def _well_again(facts: Facts) -> list[RuleLine]:
    """Rules that hold now and did not in the extract before."""
    if not facts.past:
        return []
    before = facts.past[-1].failing
    lines = []
    for c in facts.counts:
        name = f"{c.table}.{c.rule}"
        if c.failing == 0 and before.get(name):
            lines.append(RuleLine(name, c.severity, 0, c.of, "", "", "", _line(name, 0, facts.past)))
    return lines


def _held(counts: Sequence[RuleCount]) -> list[tuple[str, list[str]]]:
    """Table and its rules that hold."""
    held = [c for c in counts if c.failing == 0]
    return [(table, [c.rule for c in found]) for table, found in groupby(held, key=lambda c: c.table)]


def _first_places(rejects: Iterable[Reject]) -> dict[str, str]:
    """Rule to the first row that breaks it."""
    made: dict[str, str] = {}
    for r in sorted(rejects, key=lambda r: (r.table, r.file, r.row)):
        made.setdefault(f"{r.table}.{r.rule}", f"{r.file} row {r.row}, {r.column}")
    return made


@dataclass(frozen=True)
class Group:
    """Rows of one rule: how many, and the first of them."""

    name: str
    reason: str
    rows: int
    places: list[Reject]


def _by_rule(rejects: Iterable[Reject]) -> list[Group]:
    def rule_of(r: Reject) -> str:
        return f"{r.table}.{r.rule}"

    made = []
    for name, found in groupby(sorted(rejects, key=lambda r: (rule_of(r), r.file, r.row)), key=rule_of):
        rows = list(found)
        same = len({r.reason for r in rows}) == 1
        made.append(Group(name, rows[0].reason if same else "", len(rows), rows[:ROWS_NAMED]))
    return made


# --- the line of a rule ----------------------------------------------------------------------------------------------
def _line(name: str, now: int, past: Sequence[Past]) -> Markup:
    """An inline SVG of the failing rows over the last extracts; a break where the rule was not asked. Said in words to a screen reader."""
    shown = past[-LINE_OF + 1 :]
    unasked = None if name in rule_names() else 0  # a row rule may not have been asked; row counts and the like always are
    counts = [one.failing.get(name, unasked) for one in shown] + [now]
    words = ", ".join("not asked" if n is None else f"{n:,}" for n in counts)
    top = max([n for n in counts if n is not None] + [1])
    step = (WIDTH - 2 * EDGE) / max(1, LINE_OF - 1)
    left = WIDTH - EDGE - step * (len(counts) - 1)
    points = [
        None if n is None else (round(left + step * i, 1), round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * n / top, 1))
        for i, n in enumerate(counts)
    ]
    return Markup(
        '<svg class="line" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<path class="base" d="M{e} {y}H{r}"/>{strokes}<circle cx="{cx}" cy="{cy}" r="2.6"/></svg>'
    ).format(
        w=WIDTH, h=HEIGHT, e=EDGE, r=WIDTH - EDGE, y=HEIGHT - EDGE, label=f"failing rows, oldest first: {words}",
        strokes=_strokes(points), cx=(points[-1] or (0, 0))[0], cy=(points[-1] or (0, 0))[1],
    )  # fmt: skip


def _strokes(points: Sequence[tuple[float, float] | None]) -> Markup:
    made: list[str] = []
    for is_there, run in groupby(points, key=lambda p: p is not None):
        if is_there:
            made.append("M" + "L".join(f"{p[0]:g} {p[1]:g}" for p in run if p))
    return Markup('<path d="{}"/>').format("".join(made))
