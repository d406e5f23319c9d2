"""Polars with caseclock's plan: every clock into one class, the classes counted, the figures read off; ages of open clocks likewise."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from suite import BANDS, CLASSES, PERIODS, RULES, SINCE, STATES, Answer, read_off

from tools import polars_direct


def prepared(path: Path, shape: tuple[int, int]) -> pl.DataFrame:
    return polars_direct.prepared(path, shape)


parted = polars_direct.parted


def figures(frame: pl.DataFrame, shape: tuple[int, int]) -> Answer:
    said = polars_direct.expressions()
    state = pl.col("state").to_physical().cast(pl.Int64)
    cell = (pl.col("council").cast(pl.Int64) * len(RULES) + pl.col("rule").to_physical()) * shape[1] + pl.col("team").to_physical()
    stopped, started = (
        sum(pl.col(name).is_null() | (pl.col(name) <= SINCE[days]) for days in PERIODS) for name in ("stopped_on", "started_on")
    )
    due = said["due_5"].cast(pl.Int8) + said["due_10"].cast(pl.Int8)
    fell_due = said["fell_due_5"].cast(pl.Int8) + 2 * said["fell_due_10"].cast(pl.Int8)
    quarters = pl.lit(0)
    for i, band in enumerate(BANDS):
        quarters = quarters + said[band].cast(pl.Int64) * i
    band = pl.when(state < 3).then(quarters).otherwise(len(BANDS))
    key = cell
    for size, found in zip(CLASSES, (state, stopped, started, due, fell_due, band), strict=True):
        key = key * size + found
    counts = frame.select(key=key).group_by("key").len()
    open_ = frame.lazy().filter(pl.col("state").is_in(list(STATES[:3]))).select(cell=cell, age="elapsed").collect()
    ages = int(open_["age"].max()) + 1
    by_age = open_.select(key=pl.col("cell") * ages + pl.col("age")).group_by("key").len()
    columns = (found[name].to_numpy() for found in (counts, by_age) for name in ("key", "len"))
    return read_off(*columns, ages, shape)
