"""Figures of many extracts as columns: what a replay reads, and what is read of single places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from caseclock.alerts.board import Column, DayFigure
from caseclock.notifications.evaluate import Figures
from caseclock.storage import schema as t
from caseclock.storage.engine import AT_ONCE, in_chunks


def figures_of_day(c: Connection, extract_id: str, measures: Iterable[str]) -> list[DayFigure]:
    m = t.measure_value.c
    query = select(m.measure, m.team, m.value, m.n).where(m.extract_id == extract_id, m.measure.in_(list(measures)))
    return list(map(DayFigure._make, c.execute(query)))


def sums_of_day(c: Connection, extract_id: str) -> str:
    """Count and sums, in words: others when its figures are others, in all but the rarest cases."""
    m = t.measure_value.c
    query = select(func.count(), func.count(m.value), func.sum(m.n), func.sum(m.value)).where(m.extract_id == extract_id)
    rows, values, n, total = c.execute(query).one()
    return f"{rows} {values} {n or 0} {total or 0:.3f}"


def figures(c: Connection, extract_ids: Sequence[str], measures: Iterable[str]) -> Figures:
    """Extract by extract, as they lie in the store: millions of them at once would need gigabytes."""
    m, gathered, asked = t.measure_value.c, _Gathered(), list(measures)
    for day, extract_id in enumerate(extract_ids):
        query = select(m.measure, m.team, m.value, m.n).where(m.extract_id == extract_id, m.measure.in_(asked))
        gathered.add(day, c.execute(query).all())
    return gathered.columns()


def figures_of_pairs(c: Connection, extract_ids: Sequence[str], pairs: Iterable[tuple[str, str]]) -> Figures:
    """`pairs`: measure and team. One statement per measure: so either index of the table serves it."""
    m, gathered, teams = t.measure_value.c, _Gathered(), dict[str, list[str]]()
    for measure, team in pairs:
        teams.setdefault(measure, []).append(team)
    number = {id_: n for n, id_ in enumerate(extract_ids)}
    for measure, mine in teams.items():
        for some in in_chunks(mine):
            query = select(m.extract_id, m.team, m.value, m.n).where(m.measure == measure, m.team.in_(some))
            if len(extract_ids) <= AT_ONCE:
                query = query.where(m.extract_id.in_(list(extract_ids)))
            found = [row for row in c.execute(query).all() if row[0] in number]
            gathered.add([number[id_] for id_, _, _, _ in found], [(measure, team, value, n) for _, team, value, n in found])
    return gathered.columns()


class _Gathered:
    """Columns in the making."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str], int] = {}
        self.parts: list[tuple[Column, ...]] = []

    def add(self, day: int | Sequence[int], rows: Sequence[Any]) -> None:
        """`rows`: measure, team, value, n; all of one day, or of the day of each."""
        if not rows:
            return
        measures, teams, values, ns = zip(*rows, strict=True)
        known = self.pairs
        pair = np.array([known.setdefault(key, len(known)) for key in zip(measures, teams, strict=True)], dtype=np.int32)
        days = np.broadcast_to(np.array(day, dtype=np.int32), pair.shape)
        self.parts.append((days, pair, np.array(values, dtype=np.float64), np.array(ns, dtype=np.int64)))

    def columns(self) -> Figures:
        if not self.parts:
            empty = np.empty(0, dtype=np.int32)
            return Figures([], empty, empty, np.empty(0), empty.astype(np.int64))
        day, pair, value, n = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        return Figures(list(self.pairs), day, pair, value, n)
