"""What Great Expectations costs on top of the rules themselves, on the referral table.

    python benchmarks/quality/bench_suites.py [rows ...]

Prints CPU and wall seconds (best of three): the flags alone, and the same flags asked for by the suite. Both must count alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from caseclock.quality.check import TableCheck, checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.suites import evaluate
from caseclock.snapshots import TABLES, Snapshot

AS_OF = np.datetime64("2026-11-20", "s")
CONFIG = QualityConfig()


def council(rows: int, seed: int = 7) -> Snapshot:
    """So many referrals with children, teams, workers and an assessment for every other one; 0.1 % of each fault that is seeded."""
    import datetime as dt

    from caseclock.extracts import Extract

    random = np.random.default_rng(seed)
    ids = np.arange(rows)
    children = np.char.add("C", (ids // 2).astype(str))
    received = AS_OF - random.integers(0, 2190, rows).astype("timedelta64[D]")
    closed = received + random.integers(0, 200, rows).astype("timedelta64[D]")
    closed[random.random(rows) < 0.3] = np.datetime64("NaT")
    closed[random.random(rows) < 0.001] = np.datetime64("2001-01-01")
    received[random.random(rows) < 0.001] = np.datetime64("2030-01-01")
    referral = {
        "referral_id": np.char.add("R", ids.astype(str)),
        "child_id": np.where(random.random(rows) < 0.001, "lost", children),
        "referral_date": received,
        "closed_on": closed,
        "nfa": random.random(rows) < 0.06,
        "team_id": np.char.add("T", (ids % 200).astype(str)),
        "worker_id": np.char.add("W", (ids % 2000).astype(str)),
    }
    half = ids[::2]
    assessment = {
        "assessment_id": np.char.add("A", half.astype(str)),
        "referral_id": np.char.add("R", half.astype(str)),
        "child_id": children[::2],
        "started_on": received[::2],
        "authorised_on": closed[::2],
    }
    made = {
        "child": {"child_id": np.unique(children)},
        "referral": referral,
        "assessment": assessment,
        "worker": {"worker_id": np.char.add("W", np.arange(2000).astype(str))},
        "team": {"team_id": np.char.add("T", np.arange(200).astype(str))},
    }
    moment = dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)
    extract = Extract("b" * 16, "bench", dt.date(2026, 11, 20), 1, "0" * 64, "bench", "bench", moment)
    return Snapshot(extract, {table: typed(table, made.get(table, {})) for table in TABLES})


def typed(table: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    kinds = {"id": "str", "code": "str", "date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}
    rows = len(next(iter(columns.values()), []))
    made = {c.name: pd.Series(columns.get(c.name, [None] * rows), dtype=kinds[c.kind]) for c in TABLES[table].columns}
    return pd.DataFrame(made | {"_file": f"{table}.csv", "_row": np.arange(2, rows + 2)})


def best(work: Callable[[TableCheck], object], snapshot: Snapshot, times: int = 3) -> tuple[float, float]:
    """(CPU seconds, wall seconds), each time on a check that has evaluated nothing yet."""
    seen = []
    for _ in range(times):
        check = checks_of(snapshot, CONFIG)["referral"]
        cpu, wall = time.process_time(), time.perf_counter()
        work(check)
        seen.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().rows
    began = time.perf_counter()
    evaluate([checks_of(council(10), CONFIG)["referral"]])
    print(f"import of Great Expectations and a first suite: {time.perf_counter() - began:.1f} s")
    print(f"{'rows':>10} {'rules':>6} {'failing':>8} | {'flags cpu':>10} {'wall':>7} | {'suite cpu':>10} {'wall':>7} | {'on top':>7}")
    for rows in sizes:
        snapshot = council(rows)
        check = checks_of(snapshot, CONFIG)["referral"]
        counted = {f.rule: f.failing for f in evaluate([check]).unmet}
        flagged = {str(rule): int(check.flags[rule].sum()) for rule in check.flags}
        assert {rule: n for rule, n in flagged.items() if n} == {rule: n for rule, n in counted.items() if rule in flagged}
        plain = best(lambda c: c.counts, snapshot)
        suite = best(lambda c: evaluate([c]), snapshot)
        print(
            f"{rows:>10,} {len(check.rules):>6} {sum(flagged.values()):>8,} | {plain[0]:>10.3f} {plain[1]:>7.3f} | "
            f"{suite[0]:>10.3f} {suite[1]:>7.3f} | {suite[1] - plain[1]:>7.3f}"
        )


if __name__ == "__main__":
    main()
