"""Polars: one group-by with an expression for each figure."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from suite import AS_OF, BACK, BANDS, FIGURES, IN_MONTHS, PERIODS, RULES, SETTLED, SINCE, STATES, UNTIL, Answer, answer, team_names

BY = ["council", "rule", "team"]


def prepared(path: Path, shape: tuple[int, int]) -> pl.DataFrame:
    kinds = {"rule": pl.Enum(list(RULES)), "team": pl.Enum(team_names(shape[1])), "state": pl.Enum(list(STATES))}
    days = dict.fromkeys(("started_on", "due_on", "stopped_on"), pl.Date)
    return pl.read_parquet(path).cast(kinds | days).rechunk()


def expressions() -> dict[str, pl.Expr]:
    state, due, started, stopped = (pl.col(name) for name in ("state", "due_on", "started_on", "stopped_on"))
    late = state.is_in(["overdue", "done_late"])
    open_ = state.is_in(list(STATES[:3]))
    made = {name: state == name for name in STATES}
    for days in PERIODS:
        for name in ("done_in_time", "done_late"):
            made[f"{name}_{days}"] = (state == name) & (stopped > SINCE[days])
        made[f"started_{days}"] = started > SINCE[days]
    for ahead in (5, 10):
        made[f"due_{ahead}"] = open_ & (state != "overdue") & (due < UNTIL[ahead])
        made[f"fell_due_{ahead}"] = late & (due >= BACK[ahead]) & (due < SETTLED) & (started <= BACK[ahead])
    in_months = pl.col("rule").is_in(list(IN_MONTHS))
    age = pl.when(in_months).then((pl.lit(AS_OF) - started).dt.total_days()).otherwise(pl.col("elapsed"))
    limit = pl.when(in_months).then((due - started).dt.total_days()).otherwise(pl.col("limit"))
    low = None
    for band, high in zip(BANDS, (0.25, 0.5, 0.75, 1.0, 1.5, None), strict=True):
        above = open_ if low is None else open_ & (age > limit * low)
        made[band] = above if high is None else above & (age <= limit * high)
        low = high
    return made


def parted(frame: pl.DataFrame, _councils: int) -> list[pl.DataFrame]:
    parts = frame.partition_by("council", maintain_order=True)
    return [part.with_columns(council=pl.lit(0, pl.Int16)).rechunk() for part in parts]


def figures(frame: pl.DataFrame, _shape: tuple[int, int]) -> pl.DataFrame:
    open_ages = pl.col("elapsed").filter(pl.col("state").is_in(list(STATES[:3])))
    counts = [found.sum().alias(name) for name, found in expressions().items()]
    return frame.group_by(BY).agg(*counts, median_age=open_ages.median(), oldest=open_ages.max())


def answer_of(made: pl.DataFrame, shape: tuple[int, int]) -> Answer:
    numbers = (made["council"].to_numpy(), *(made[name].to_physical().to_numpy() for name in ("rule", "team")))
    return answer(*numbers, {name: made[name].cast(pl.Float64).to_numpy() for name in FIGURES}, shape)
