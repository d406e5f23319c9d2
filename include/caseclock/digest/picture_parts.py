"""What the pictures of a digest have in common: their measures, the weeks of a line, and what marks a week without an exact figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import figure
from caseclock.digest.content import Line
from caseclock.digest.sentences import heading

WIDTH: Final = 640  # the layout of a mail
EDGE: Final = 10
SMALL, LARGE = 12, 15
LEAST: Final = 3  # exact figures: of fewer the words say all
GREY_WORDS: Final = "grey: no exact figure to show"

Dated = tuple[dt.date, float | None]


def sunday(day: dt.date) -> dt.date:
    return day + dt.timedelta(6 - day.weekday())


def weeks_of(line: Line, last: dt.date, least: int = 0) -> list[Dated]:
    """The last day of each week with its figure, oldest first; None where there is none or it is not exact. At least so many weeks."""
    lacking: list[float | None] = [None] * (least - len(line.weeks))
    known = lacking + [shown.value if shown else None for shown in line.weeks]
    return [(sunday(last) - dt.timedelta(7 * back), value) for back, value in zip(reversed(range(len(known))), known, strict=True)]


def exact_of(dated: Iterable[Dated]) -> list[tuple[dt.date, float]]:
    return [(day, value) for day, value in dated if value is not None]


def runs(dated: Sequence[Dated]) -> Iterator[list[tuple[dt.date, float]]]:
    """Weeks in a row that have a figure."""
    for known, run in groupby(dated, key=lambda pair: pair[1] is not None):
        if known:
            yield exact_of(run)


def title_of(line: Line) -> str:
    return svg.clean(heading(line.title))


def said_of(value: float, unit: str) -> str:
    return figure(round(value, 1), unit) if unit in {"average", "ratio"} else figure(round(value), unit)


def joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order, those that touch made one: two grey grounds side by side would show a seam."""
    made: list[tuple[float, float]] = []
    for start, end in spans:
        if made and start - made[-1][1] < 1e-6:
            start, _ = made.pop()
        made.append((start, end))
    return made


def headed(words: str) -> str:
    return svg.text((EDGE, 22), fonts.fit(words, LARGE, WIDTH - 2 * EDGE, bold=True), "ink", size=LARGE, bold=True)


def grey_key(y: float) -> list[str]:
    return [svg.box(EDGE, y - 9, EDGE + 12, y + 1, "band"), svg.text((EDGE + 18, y), GREY_WORDS, size=SMALL)]
