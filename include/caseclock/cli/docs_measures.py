"""A measure in plain words: what its page in docs/generated/measures says above the worked examples. The words are those of its module."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caseclock.measures import MEASURES, MeasureConfig, definition, needs
from caseclock.measures.model import PARTS, PER_RULE, WORSE, figures

if TYPE_CHECKING:
    from caseclock.config.load import Config


def measure_page(measure: MeasureConfig, config: Config) -> str:
    """The page as far as configuration and code can say it: the definition, what n is, unit, direction, period, figures and limits."""
    lines = [
        f"# {measure.title[0].upper()}{measure.title[1:]}",
        "",
        f"`{measure.id}` · {measure.unit} · {worse(measure)} is worse · [all that is measured](../what-is-watched.md)",
        "",
    ]
    lines += [definition(measure.id), ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in _properties(measure, config))]
    return "\n".join(lines)


def worse(measure: MeasureConfig) -> str:
    return WORSE[measure.direction]


def _properties(measure: MeasureConfig, config: Config) -> Iterator[tuple[str, str]]:
    words = " ".join(inspect.cleandoc(MEASURES[measure.id].__doc__ or "").split())
    yield "value and *n*", re.sub(r"\bn(?=:| is\b)", "*n*", words).replace("NaN", "No value")
    if takes_period(measure):
        yield "period", f"{measure.period_days} calendar days up to the extract's date, which is the last of them"
    if needs(measure.id):
        yield "file to add", f"`{needs(measure.id)}`; without it there is no figure"
    yield "for", "each team, each service, the council (`*`), and work that no team answers for (`?`)"
    yield "figures", _figures(measure, config)
    told = [limit for limit in config.thresholds if limit.measure.partition(".")[0] == measure.id]
    if told:
        yield "limits in thresholds.yaml", ", ".join(f"`{limit.id}` (`{limit.measure}`)" for limit in told)


def takes_period(measure: MeasureConfig) -> bool:
    """Whether the period was set for this measure; of the others it says nothing."""
    return "period_days" in measure.model_fields_set


def _figures(measure: MeasureConfig, config: Config) -> str:
    parts = ", ".join(f"`{part}`" for part in PARTS.get(measure.id, ()))
    if measure.id not in PER_RULE:
        return f"`{measure.id}.<part>` for each of {parts}" if parts else f"`{measure.id}`"
    which = "each [timescale](../what-is-watched.md) that is watched"
    if measure.rules is not None:
        which = "the timescales " + ", ".join(f"[`{rule}`](../rules/{rule}.md)" for rule in measure.rules)
    whole = f"`{measure.id}`, and " if measure.id in figures(measure.id, []) else ""
    of_parts = (".<part>", f" and each of {parts}") if parts else ("", "")
    return f"{whole}`{measure.id}.<timescale>{of_parts[0]}` for {which}{of_parts[1]}"
