"""The pictures of a digest: pure functions from its content to SVG, the same bytes for the same content.

Only exact figures are drawn. A week whose figure is a range or withheld is a gap on a grey ground: no point, no bar and no line through it.
Nothing is foretold from a newest figure that is not shown, since the forecast of a stock begins at it.
"""

from __future__ import annotations

from typing import Final

from caseclock.charts import control, fonts, svg
from caseclock.digest.content import Content
from caseclock.digest.picture_backlog import backlog_and_demand
from caseclock.digest.picture_parts import EDGE, LARGE, WIDTH
from caseclock.digest.picture_weeks import twelve_weeks
from caseclock.digest.sentences import heading, spoken
from caseclock.notifications.letter import Picture

__all__ = ["backlog_and_demand", "signals", "twelve_weeks"]

MOST_SIGNALS: Final = 2
SIGNAL_HEIGHT: Final = 270


def signals(content: Content) -> tuple[Picture, ...]:
    """The control charts of the first two signals that have a figure. The words have the whole title, the picture what it has room for."""
    drawn = [signal for signal in content.signals if any(value is not None for value in signal.chart.values)]
    made = []
    for signal in drawn[:MOST_SIGNALS]:
        title, place = svg.clean(heading(signal.title)), svg.clean(spoken(signal.place))
        picture = control.draw(
            signal.chart,
            _subject(title, place, signal.place in (content.audience, *content.heat.places[:1])),
            width=WIDTH,
            height=SIGNAL_HEIGHT,
        )
        made.append(Picture(picture, control.finding(signal.chart, f"{title}, {place}"), WIDTH, SIGNAL_HEIGHT))
    return tuple(made)


def _subject(title: str, place: str, whole: bool) -> str:
    """Title and place. Without room for both: the title alone where it is the place that the letter is about, else the place first."""
    both = f"{title}, {place}"
    if fonts.width(both, LARGE, bold=True) <= WIDTH - 2 * EDGE:
        return both
    return title if whole else f"{place}: {title}"
