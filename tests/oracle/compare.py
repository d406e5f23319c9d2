"""The library's cells beside the oracle's."""

from __future__ import annotations

import math

import pandas as pd

Cell = tuple[float, int]
Cells = dict[tuple[str, str], Cell]


def cells_in(values: pd.DataFrame) -> Cells:
    """(measure, team) -> (value, n). Raises AssertionError when a cell is there twice."""
    found = {(measure, team): (float(value), int(n)) for measure, team, value, n in values.itertuples(index=False)}
    assert len(found) == len(values), "one measure has two rows for one place"
    return found


def differences(ours: Cells, theirs: Cells) -> list[str]:
    """What is not equal, a line each; shares and expected numbers to 9 digits."""
    keys = sorted(ours.keys() | theirs.keys())
    return [f"{key}: {ours.get(key)} but {theirs.get(key)}" for key in keys if not _same(ours.get(key), theirs.get(key))]


def _same(one: Cell | None, other: Cell | None) -> bool:
    if one is None or other is None or one[1] != other[1]:
        return False
    return (math.isnan(one[0]) and math.isnan(other[0])) or math.isclose(one[0], other[0], rel_tol=1e-9, abs_tol=1e-9)
