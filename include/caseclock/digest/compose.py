"""From facts to the final letter: the order in which it is read, and nothing else."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from caseclock.digest import words_alerts, words_flow, words_head, words_heat, words_method, words_signals
from caseclock.digest.content import Content
from caseclock.digest.pictures import backlog_and_demand, signals, twelve_weeks
from caseclock.digest.shown import Shown
from caseclock.notifications.letter import Block, Letter, Section
from caseclock.notifications.wording import plain
from caseclock.trends.charts import Chart

LONGEST = 1000  # characters of one name or note


def letter_of(content: Content, *, kept: str = "") -> Letter:
    """The whole digest of one audience and week. `kept`: the name of its archived copy."""
    c = _in_one_line(content)
    sections = (
        words_head.corrections(c),
        words_alerts.decisions(c),
        words_alerts.changes(c),
        words_signals.signals(c, signals(c)),
        _all_figures(c),
        words_flow.demand(c, backlog_and_demand(c), words_heat.series_of_flow(c)),
        words_flow.coming(c),
        words_flow.staffing(c),
        words_method.relook(c),
        words_alerts.quiet(c),
        words_method.method(c),
    )
    return Letter(
        subject=words_head.subject(c),
        headline=words_head.headline(c),
        currency=words_head.currency(c),
        sections=tuple(section for section in sections if section is not None),
        foot=words_method.foot(c),
        link=content.link,
        unsubscribe=content.unsubscribe,
        kept=kept,
    )


def _all_figures(c: Content) -> Section:
    """The table, below it the same weeks as pictures; without figures of the week no picture says that none is over its limit."""
    section = words_heat.heat(c)
    if not words_head.has_figures(c):
        return section
    drawn: tuple[Block | None, ...] = (twelve_weeks(c), words_heat.series_of_worst(c))
    return replace(section, blocks=(*section.blocks, *(block for block in drawn if block is not None)))


def _in_one_line(value: Any) -> Any:
    """Every name and note as one line of visible characters; figures and charts as they are."""
    if isinstance(value, str):
        return plain(value, LONGEST)
    if isinstance(value, tuple):
        return tuple(_in_one_line(each) for each in value)
    if is_dataclass(value) and not isinstance(value, (Shown, Chart, type)):
        return replace(value, **{f.name: _in_one_line(getattr(value, f.name)) for f in fields(value)})
    return value
