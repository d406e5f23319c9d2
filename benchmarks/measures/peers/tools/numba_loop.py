"""The limit: one fused loop over columns as narrow as they can be, compiled by numba."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numba import njit
from suite import AS_OF, BACK, FIGURES, IN_MONTHS, PERIODS, RULES, SETTLED, SINCE, UNTIL, Answer

EPOCH = np.datetime64("1970-01-01", "D")


def day(value: Any) -> int:
    return int((np.datetime64(value, "D") - EPOCH).astype(np.int64))


NEVER = -1
MARKS = np.array([*(day(SINCE[d]) for d in PERIODS), day(UNTIL[5]), day(UNTIL[10]), day(BACK[5]), day(BACK[10]), day(SETTLED), day(AS_OF)])
MONTHS = np.array([rule in IN_MONTHS for rule in RULES])


def prepared(path: Path, _shape: tuple[int, int]) -> list[np.ndarray]:
    table = pq.read_table(path).combine_chunks()
    codes = [table[name].chunk(0).indices.to_numpy().astype(kind) for name, kind in (("rule", "i1"), ("team", "i2"), ("state", "i1"))]
    days = [table[name].to_numpy().astype("M8[D]") for name in ("started_on", "due_on", "stopped_on")]
    narrow = [np.where(np.isnat(column), NEVER, column.astype(np.int64)).astype(np.int16) for column in days]
    return [*codes, *narrow, *(table[name].to_numpy().astype(np.int16) for name in ("elapsed", "limit"))]


@njit
def counted(rule, team, state, started, due, stopped, elapsed, limit, marks, months, made, by_age):
    """`made[rule, team, figure]` in the order of FIGURES, `by_age[rule, team, age]`."""
    for i in range(len(rule)):
        s, begun, stop, due_on = state[i], started[i], stopped[i], due[i]
        cell = made[rule[i], team[i]]
        cell[s] += 1
        if begun > marks[1]:
            cell[10] += 1
            cell[9] += begun > marks[0]
        if s >= 3 and stop > marks[1]:
            cell[6 + 2 * (s - 3)] += 1
            cell[5 + 2 * (s - 3)] += stop > marks[0]
        if s < 3:
            age, most = elapsed[i], limit[i]
            by_age[rule[i], team[i], age] += 1
            if months[rule[i]]:
                age, most = marks[7] - begun, due_on - begun
            quarters = 4 * age
            band = int(quarters > most) + int(quarters > 2 * most) + int(quarters > 3 * most) + int(quarters > 4 * most)
            cell[15 + band + int(quarters > 6 * most)] += 1
            if s < 2:
                cell[11] += due_on < marks[2]
                cell[12] += due_on < marks[3]
        if (s == 2 or s == 4) and due_on >= marks[5] and due_on < marks[6]:
            cell[13] += due_on >= marks[4] and begun <= marks[4]
            cell[14] += begun <= marks[5]


def figures(columns: list[np.ndarray], shape: tuple[int, int]) -> Answer:
    made = np.zeros((len(RULES), shape[1], len(FIGURES) - 2), dtype=np.int32)
    by_age = np.zeros((len(RULES), shape[1], int(columns[6].max()) + 1), dtype=np.int32)
    counted(*columns, MARKS, MONTHS, made, by_age)
    upto = by_age.cumsum(axis=2)
    n = upto[:, :, -1:]

    def nth(which: np.ndarray) -> np.ndarray:
        return np.where(n[..., 0] > 0, (upto <= which).sum(axis=2), np.nan)

    found = dict(zip(FIGURES, made.transpose(2, 0, 1), strict=False))
    found |= {"median_age": (nth((n - 1) // 2) + nth(n // 2)) / 2, "oldest": nth(n - 1)}
    return {name: values.astype(np.float64)[np.newaxis] for name, values in found.items()}
