"""CPU seconds of clock frame and measures, beside reading the same tables from Parquet and beside a plain pandas script, in one run.

    python benchmarks/clocks/bench_clocks.py [--scales 1 10 100] [--runs 3]

1x is about one council: 22,000 referrals over three years, 5,000 of them open. `read`: the saved snapshot into memory (snapshots/store.py),
`arrow`: the same files by pyarrow alone, on one thread; `frame / read` and `frame / arrow`: building the clock frame against these.
The plain script does two of the rules (who is unallocated, and assessment_45_dfe) by merge and numpy.busday_count, so its ratio is per
clock. Before a time counts, both must give the same numbers, and each clock in working days its due date, elapsed days and state by
numpy.busday_count and busday_offset.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import yaml  # noqa: E402

from caseclock.clocks.calendar import WorkingCalendar  # noqa: E402
from caseclock.clocks.frame import clock_frame  # noqa: E402
from caseclock.clocks.rules import TimescaleRule  # noqa: E402
from caseclock.extracts import Extract  # noqa: E402
from caseclock.extracts.model import FILE, ROW  # noqa: E402
from caseclock.measures import MeasureConfig, compute  # noqa: E402
from caseclock.snapshots import TABLES, Snapshot, store  # noqa: E402

AS_OF = np.datetime64("2026-11-20", "D")
SEED = 20261120
REFERRALS, PLANS, TEAMS, ROLES = 22_000, 900, 20, {"CW"}
DTYPES = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}


def ids(prefix: str, numbers: Any) -> Any:
    return pd.Series(np.asarray(numbers).astype("str"), dtype="str").radd(prefix)


def made_tables(scale: int) -> dict[str, pd.DataFrame]:
    """Tables of `scale` councils: dates are drawn, not calibrated; the sizes are those of a median council."""
    rng = np.random.default_rng(SEED)
    n, plans = REFERRALS * scale, PLANS * scale

    def later(start: Any, most: int, share: float) -> Any:
        """So many days after the start, NaT for the share that has not happened, or not by the extract's date."""
        made = start + rng.integers(0, most, len(start))
        return np.where((rng.random(len(start)) < share) | (made > AS_OF), np.datetime64("NaT"), made)

    referred = AS_OF - rng.integers(0, 1095, n)
    child, team = np.arange(n), rng.integers(0, TEAMS, n)
    closed = later(referred, 500, 0.1)
    began = referred + rng.integers(0, 3, n)
    kept = began <= AS_OF
    plan_start = AS_OF - rng.integers(0, 700, plans)
    visits = np.repeat(np.arange(plans), 26)
    visited = plan_start[visits] + rng.integers(0, 700, len(visits))
    seen = visited <= AS_OF
    review = np.repeat(np.arange(plans), 3)
    reviewed = plan_start[review] + rng.integers(60, 700, len(review))
    held = reviewed <= AS_OF
    s47 = rng.random(n) < 0.35
    key = ids("R", child)
    taken = later(referred, 6, 0.02)
    has = ~np.isnat(taken)
    tables: dict[str, dict[str, Any]] = {
        "referral": {"referral_id": key, "child_id": ids("C", child), "referral_date": referred, "closed_on": closed,
                     "team_id": ids("T", team)},
        "allocation": {"allocation_id": ids("A", child[has]), "child_id": ids("C", child[has]), "referral_id": ids("R", child[has]),
                       "worker_id": ids("W", (team * 20)[has]), "team_id": ids("T", team[has]), "role": "CW", "started_on": taken[has],
                       "ended_on": closed[has]},
        "assessment": {"assessment_id": ids("S", child[kept]), "referral_id": ids("R", child[kept]), "child_id": ids("C", child[kept]),
                       "started_on": began[kept], "authorised_on": later(began, 70, 0.05)[kept], "team_id": ids("T", team[kept])},
        "s47": {"s47_id": ids("E", child[s47]), "referral_id": ids("R", child[s47]), "child_id": ids("C", child[s47]),
                "strategy_on": referred[s47]},
        "conference": {"conference_id": ids("K", child[s47]), "child_id": ids("C", child[s47]), "s47_id": ids("E", child[s47]),
                       "kind": "initial", "held_on": later(referred[s47], 25, 0.1)},
        "plan": {"plan_id": ids("P", np.arange(plans)), "child_id": ids("C", np.arange(plans)), "referral_id": ids("R", np.arange(plans)),
                 "kind": "cp", "started_on": plan_start, "ended_on": later(plan_start, 900, 0.3)},
        "visit": {"visit_id": ids("V", np.flatnonzero(seen)), "child_id": ids("C", visits[seen]), "plan_id": ids("P", visits[seen]),
                  "kind": "cp", "visit_on": visited[seen], "seen": True},
        "review": {"review_id": ids("W", np.flatnonzero(held)), "child_id": ids("C", review[held]), "plan_id": ids("P", review[held]),
                   "kind": "cp", "held_on": reviewed[held]},
        "team": {"team_id": ids("T", np.arange(TEAMS))},
    }  # fmt: skip
    return {name: typed(name, tables.get(name, {})) for name in TABLES}


def typed(name: str, columns: dict[str, Any]) -> pd.DataFrame:
    rows = max((len(v) for v in columns.values() if not isinstance(v, str | bool)), default=0)
    made = {}
    for column in TABLES[name].columns:
        value, dtype = columns.get(column.name), DTYPES.get(column.kind, "str")
        made[column.name] = pd.Series(value, index=pd.RangeIndex(rows), dtype=dtype)
    made |= {ROW: pd.Series(np.arange(2, rows + 2)), FILE: pd.Series([f"{name}.csv"] * rows, dtype="str")}
    return pd.DataFrame(made)


def plain(tables: dict[str, pd.DataFrame], closed_days: Any) -> pd.DataFrame:
    """The script that an analyst would write: merge, busday_count, group by."""
    referral = tables["referral"][["referral_id", "closed_on", "team_id"]]
    holding = tables["allocation"].dropna(subset=["started_on"])
    now = holding[holding["ended_on"].isna() | (holding["ended_on"] > pd.Timestamp(AS_OF))]
    frame = tables["assessment"].merge(referral, on="referral_id", how="left", suffixes=("", "_referral"))
    frame = frame.merge(now[["referral_id", "team_id"]].drop_duplicates("referral_id"), on="referral_id", how="left", suffixes=("", "_now"))
    stop = frame["authorised_on"].where(frame["authorised_on"] <= pd.Timestamp(AS_OF))
    frame = frame[~(frame["closed_on"].notna() & (stop.isna() | (stop > frame["closed_on"])))]
    stop = frame["authorised_on"].fillna(pd.Timestamp(AS_OF))
    start = frame["started_on"].to_numpy().astype("datetime64[D]")
    end = stop.to_numpy().astype("datetime64[D]")
    late = np.busday_count(start + 1, end + 1, holidays=closed_days) > 45
    done = frame["authorised_on"].notna()
    team = frame["team_id_now"].fillna(frame["team_id"]).where(~done, frame["team_id"])
    waiting = referral[referral["closed_on"].isna()]
    waiting = waiting[~waiting["referral_id"].isin(set(now["referral_id"]))]
    counts = pd.DataFrame({"team": team, "overdue": ~done & late, "done": done}).groupby("team").sum()
    return counts.join(waiting.groupby("team_id").size().rename("unallocated"))


def seconds(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Median CPU seconds, and the result of the last run."""
    taken, made = [], None
    for _ in range(runs):
        began = time.process_time()
        made = work()
        taken.append(time.process_time() - began)
    return statistics.median(taken), made


def agree(values: pd.DataFrame, frame: pd.DataFrame, script: pd.DataFrame) -> None:
    ours = values[values["measure"] == "overdue.assessment_45_dfe"].set_index("team")["value"]
    waiting = values[values["measure"] == "unallocated"].set_index("team")["value"]
    dfe = frame[frame["rule"] == "assessment_45_dfe"]
    weekend = int((dfe["stopped_on"].isna() & (dfe["elapsed"] == dfe["limit"]) & (dfe["state"] == "overdue")).sum())
    assert abs(ours["*"] - script["overdue"].sum()) == weekend, "overdue assessments differ from the plain script"
    assert waiting["*"] == script["unallocated"].sum(), "unallocated differs from the plain script"
    assert int(dfe["stopped_on"].notna().sum()) == int(script["done"].sum()), "finished assessments differ from the plain script"


def check_rows(frame: pd.DataFrame, rules: list[TimescaleRule], closed_days: Any) -> int:
    """Every clock in working days by numpy's own calendar; gives how many there are. Raises AssertionError."""
    in_days = [rule.id for rule in rules if rule.unit == "working_day" and not rule.count_start_day]
    clocks = frame[frame["rule"].isin(in_days)]
    start, due, stop = (clocks[name].to_numpy().astype("datetime64[D]") for name in ("started_on", "due_on", "stopped_on"))
    limit, is_open = clocks["limit"].to_numpy(), np.isnat(stop)
    elapsed = np.busday_count(start + 1, np.where(is_open, AS_OF, stop) + 1, holidays=closed_days)
    late = np.where(is_open, "overdue", "done_late")
    state = clocks["state"].astype("str").to_numpy()
    assert (elapsed == clocks["elapsed"]).all(), "elapsed differs from busday_count"
    assert (np.where(limit > 0, np.busday_offset(start, limit, roll="backward", holidays=closed_days), start) == due).all(), (
        "due_on differs"
    )
    assert ((state == late) == (elapsed > limit)).all(), "a state differs"
    assert (np.isin(state, ["done_in_time", "done_late"]) == ~is_open).all(), "open and done differ"
    return len(clocks)


@dataclass(frozen=True)
class Taken:
    """CPU seconds, and how many clocks there were."""

    clocks: int
    arrow: float
    read: float
    frame: float
    measures: float


HEAD = ("scale", "clocks", "arrow s", "read s", "frame s", "/ read", "/ arrow", "measures s", "us/clock", "plain s", "plain/ours per clock")


def row(cells: Sequence[Any]) -> str:
    return " ".join(f"{cell!s:>{max(len(head), 8)}}" for cell, head in zip(cells, HEAD, strict=True))


def measured(scale: int, runs: int, rules: list[TimescaleRule], config: list[MeasureConfig], closed_days: Any) -> Taken:
    """One line of the table, printed once all has been found equal."""
    tables, calendar = made_tables(scale), WorkingCalendar()
    extract = Extract("0" * 16, "bench", AS_OF.item(), 1, "0" * 64, "bench", "bench", dt.datetime(2026, 11, 20, 7, tzinfo=dt.UTC))
    with tempfile.TemporaryDirectory() as scratch:
        files = sorted(store.save(Snapshot(extract, tables), Path(scratch)).glob("*.parquet"))
        arrow, _ = seconds(lambda: sum(pq.read_table(file, use_threads=False).num_rows for file in files), runs)
        read, snapshot = seconds(lambda: store.load(extract, Path(scratch)), runs)
    made, frame = seconds(lambda: clock_frame(snapshot, rules, calendar, ROLES), runs)
    measures, values = seconds(lambda: compute(frame, snapshot, config, ROLES, calendar), runs)
    t_plain, script = seconds(lambda: plain(tables, closed_days), runs)
    agree(values, frame, script)
    checked = check_rows(frame, rules, closed_days)
    per_clock = (made + measures) / len(frame)
    plain_clocks = int(frame["rule"].isin(["assessment_45_dfe"]).sum()) + len(tables["referral"])
    cells = (f"{scale}x", f"{len(frame):,}", f"{arrow:.3f}", f"{read:.3f}", f"{made:.3f}", f"{made / read:.2f}x", f"{made / arrow:.2f}x",
             f"{measures:.3f}", f"{1e6 * per_clock:.2f}", f"{t_plain:.3f}", f"{t_plain / plain_clocks / per_clock:.2f}x")  # fmt: skip
    print(f"{row(cells)}   {checked:,} clocks equal by busday_count", flush=True)
    return Taken(len(frame), arrow, read, made, measures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    calendar = WorkingCalendar()
    days = np.arange("1990-01-01", "2033-01-01", dtype="datetime64[D]")
    closed_days = np.array([d for d in days if not calendar.is_working_day(d.item())], dtype="datetime64[D]")
    monitoring = ROOT / "include" / "monitoring"
    rules = [TimescaleRule.model_validate(e) for e in yaml.safe_load((monitoring / "timescales.yaml").read_text())]
    config = [MeasureConfig.model_validate(e) for e in yaml.safe_load((monitoring / "measures.yaml").read_text())]
    print(row(HEAD))
    taken = [measured(scale, asked.runs, rules, config, closed_days) for scale in asked.scales]
    first, last = taken[0], taken[-1]
    if first.clocks < last.clocks:
        more = math.log(last.clocks / first.clocks)
        powers = {name: math.log(getattr(last, name) / getattr(first, name)) / more for name in ("read", "frame", "measures")}
        print("CPU time grows with the number of clocks to the power of " + ", ".join(f"{n}: {power:.2f}" for n, power in powers.items()))


if __name__ == "__main__":
    main()
