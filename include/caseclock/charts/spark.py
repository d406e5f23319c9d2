"""A line small enough for a cell of a table: which way a figure went in the last weeks. Its words are in its label and its cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caseclock.charts import svg
from caseclock.charts.frame import figure

WIDTH: Final = 104
HEIGHT: Final = 28
EDGE: Final = 4  # pixels that stay free around the line, for its last point


@dataclass(frozen=True)
class Spark:
    """`values`: one per week, oldest first, None where there is none. `limit`: drawn where it lies near the line. `tone`: of the newest."""

    subject: str
    values: tuple[float | None, ...]
    unit: str = "cases"
    limit: float | None = None
    tone: str = ""

    @property
    def known(self) -> list[tuple[int, float]]:
        return [(n, value) for n, value in enumerate(self.values) if value is not None and math.isfinite(value)]


def finding(spark: Spark) -> str:
    """What the line shows, as one sentence: its alternative text."""
    subject, known = svg.clean(spark.subject), spark.known
    if not known:
        return f"{subject}: no figure in {len(spark.values)} weeks."
    first, last = figure(known[0][1], spark.unit), figure(known[-1][1], spark.unit)
    if len(known) == 1:
        return f"{subject}: {last}, the only week with a figure."
    values = [value for _, value in known]
    if min(values) == max(values):
        return f"{subject}: {last} in each of {len(known)} weeks."
    return (
        f"{subject}: from {first} to {last} over {len(spark.values)} weeks, between {figure(min(values), spark.unit)} "
        f"and {figure(max(values), spark.unit)}."
    )


def draw(spark: Spark) -> str:
    """The picture as SVG text. A week without a figure is a gap."""
    known = spark.known
    if not known:
        return svg.sheet(WIDTH, HEIGHT, finding(spark), [])
    low, high = min(v for _, v in known), max(v for _, v in known)
    near = [limit for limit in [spark.limit] if limit is not None and low - (high - low) <= limit <= high + (high - low)]
    low, high = min([low, *near]), max([high, *near])

    def at(n: int, value: float) -> svg.Point:
        x = EDGE + (WIDTH - 2 * EDGE) * (n / (len(spark.values) - 1) if len(spark.values) > 1 else 1)
        return x, (HEIGHT - EDGE) - (HEIGHT - 2 * EDGE) * ((value - low) / (high - low) if high > low else 0.5)

    parts = [svg.line((EDGE, at(0, limit)[1]), (WIDTH - EDGE, at(0, limit)[1]), "amber", dash="2 3") for limit in near]
    parts += [_run([at(n, value) for n, value in run]) for run in _runs(known)]
    kind, shape = {"red": ("red", "triangle"), "amber": ("amber", "diamond")}.get(spark.tone, ("ink", "circle"))
    return svg.sheet(WIDTH, HEIGHT, finding(spark), [*parts, svg.mark(at(*known[-1]), shape, kind, size=2.8)])


def _run(points: Sequence[svg.Point]) -> str:
    return svg.path(points, "series", width=1.5) if len(points) > 1 else svg.mark(points[0], "circle", "series", size=1.2)


def _runs(known: Sequence[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """Weeks that follow each other."""
    made: list[list[tuple[int, float]]] = []
    for one in known:
        if made and made[-1][-1][0] == one[0] - 1:
            made[-1].append(one)
        else:
            made.append([one])
    return made
