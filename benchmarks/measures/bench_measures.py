"""Clocks to figures per team, beside its peers, in one run: 23 figures for each timescale and team.

    python benchmarks/measures/bench_measures.py [--quick] [--rows 1000000,10000000] [--teams 200] [--councils 1000] [--runs 3]

First every tool must find the same figures, each of them for each timescale and team; only then a time counts. CPU seconds from the clocks
in the tool's own memory to the figures, on one thread; the median of the runs, tools in turn, each run a process of its own. caseclock also
works out what no peer is asked for: how many clocks will be late by their survival, and the figures of services and council.
Two limits stand beside: a fused loop compiled by numba over columns as narrow as they can be, and reading each column once.
The tools live in an environment beside the project's, made from a hashed lock.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

HERE = Path(__file__).resolve().parent
PEERS, ROOT = HERE / "peers", HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from locked import interpreter  # noqa: E402 - it stands one folder up

OURS = "caseclock_tally"
LIMITS = {"numba_loop": "fused loop, numba (limit)", "read_once": "each column read once (limit)"}
DIRECT = {
    "pandas_group_by": "pandas, group-by",
    "pandas_script": "pandas script, busday_count",
    "polars_direct": "Polars, direct",
    "duckdb_direct": "DuckDB, direct SQL",
}
PLAN = {"polars_plan": "Polars, our plan", "duckdb_plan": "DuckDB, our plan"}
TOOLS = {**LIMITS, OURS: "caseclock", **PLAN, **DIRECT}
OF_MANY = {name: title for name, title in TOOLS.items() if name not in (*LIMITS, "pandas_script")}
WARM = 20_000  # clocks of the file that is done first


@dataclass(frozen=True)
class File:
    rows: int
    teams: int
    councils: int = 1
    each: bool = False
    """Every tool counts each council by itself; else all of them at once, except caseclock, which never does."""

    @property
    def title(self) -> str:
        how = "each by itself" if self.each else "all at once; caseclock each by itself"
        spread = f"{self.teams} teams" if self.councils == 1 else f"{self.councils:,} councils of {self.teams} teams, {how}"
        return f"{self.rows:,} clocks, {spread}"

    @property
    def warm(self) -> File:
        """The small file that is done first."""
        return File(WARM, self.teams, min(self.councils, 4))


def in_environment(words: list[str], limit: float | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'include'}{os.pathsep}{PEERS}"}
    return subprocess.run(
        [str(interpreter("measures", PEERS / "peers.txt")), *words], env=env, capture_output=True, text=True, timeout=limit, check=False
    )


def written(file: File, at: Path) -> Path:
    path = at / f"{file.rows}-{file.teams}-{file.councils}.parquet"
    if not path.exists():
        code = "import sys, suite; suite.write(suite.Path(sys.argv[1]), *map(int, sys.argv[2:]))"
        done = in_environment(["-c", code, str(path), str(file.rows), str(file.teams), str(file.councils)])
        if done.returncode:
            raise SystemExit(done.stderr)
    return path


def run(tool: str, file: File, at: Path, limit: float) -> dict | str:
    """What run_one.py printed, or why there is nothing."""
    warm = written(file.warm, at)
    out = at / f"{tool}.npz"
    out.unlink(missing_ok=True)
    words = [str(PEERS / "run_one.py"), tool, str(written(file, at)), str(warm), str(out)]
    words += [str(file.councils), str(file.warm.councils), str(file.teams), *(["each"] if file.each else [])]
    try:
        done = in_environment(words, limit)
    except subprocess.TimeoutExpired:
        return f"not done in {limit:.0f} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return f"failed: {last[:90]}" if done.returncode > 0 else "ended by the system (memory)"
    return json.loads(done.stdout.strip().splitlines()[-1])


def compared(tools: dict[str, str], file: File, at: Path, runs: int, limit: float) -> dict[str, list[dict] | str]:
    found: dict[str, list[dict] | str] = {}
    for turn in range(runs):
        for tool in tools:
            if isinstance(found.get(tool), str):
                continue
            made = run(tool, file, at, limit)
            if isinstance(made, str):
                found[tool] = made
            else:
                found.setdefault(tool, []).append(made)  # type: ignore[union-attr]
        if turn == 0:
            check_alike([tool for tool, made in found.items() if not isinstance(made, str)], at)
    return found


def check_alike(tools: list[str], at: Path) -> None:
    """Raises SystemExit unless all found the same figures."""
    answers = {tool: np.load(at / f"{tool}.npz") for tool in tools if (at / f"{tool}.npz").exists()}
    first = answers.pop(OURS)
    cells = sum(first[name].size for name in first.files)
    for tool, made in answers.items():
        for name in first.files:
            if not np.array_equal(first[name], made[name], equal_nan=True):
                many = int((first[name] != made[name]).sum())
                raise SystemExit(f"{TOOLS[tool]} finds another {name} for {many:,} places; no time counts")
    print(f"{len(answers) + 1} tools agree on all {cells:,} figures")


def show(file: File, tools: dict[str, str], found: dict[str, list[dict] | str]) -> None:
    ours = median(m["cpu"] for m in found[OURS])  # type: ignore[index, union-attr]
    print(f"\n{file.title}")
    print(f"{'':32} {'CPU s':>8} {'min-max':>14} {'wall s':>8} {'extra MB':>9} {'B/row':>6} {'/ caseclock':>11}")
    for tool, title in tools.items():
        runs = found[tool]
        if isinstance(runs, str):
            print(f"{title:32} {runs}")
            continue
        cpu, (wall, extra) = [m["cpu"] for m in runs], (median(m[name] for m in runs) for name in ("wall", "extra_mb"))
        span, per_row = f"{min(cpu):.3f}-{max(cpu):.3f}", extra * 2**20 / file.rows
        print(
            f"{title:32} {median(cpu):>8.3f} {span:>14} {wall:>8.3f} {extra:>9,.0f} {per_row:>6.0f} {median(cpu) / ours:>10.2f}x",
            flush=True,
        )


def show_growth(files: list[File], found: list[dict[str, list[dict] | str]]) -> None:
    small, large = files[0], files[-1]
    print(f"\nGrowth from {small.rows:,} to {large.rows:,} clocks: CPU time by the power of")
    for tool, title in TOOLS.items():
        ends = [each[tool] for each in (found[0], found[-1])]
        if not any(isinstance(end, str) for end in ends):
            low, high = (median(m["cpu"] for m in end) for end in ends)  # type: ignore[union-attr]
            print(f"{title:32} {math.log(high / low) / math.log(large.rows / small.rows):>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one million clocks, one run, no councils")
    parser.add_argument("--rows", default="1000000,10000000")
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument(
        "--councils", type=int, default=1000, help="the last number of clocks again, spread over so many councils; 0 for none"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds for one tool on one file")
    asked = parser.parse_args()
    sizes = [1_000_000] if asked.quick else [int(rows) for rows in asked.rows.split(",")]
    runs, councils = (1, 0) if asked.quick else (asked.runs, asked.councils)
    files = [File(rows, asked.teams) for rows in sizes]
    with tempfile.TemporaryDirectory() as scratch:
        found = []
        for file in files:
            found.append(compared(TOOLS, file, Path(scratch), runs, asked.limit))
            show(file, TOOLS, found[-1])
        if len(files) > 1:
            show_growth(files, found)
        if councils:
            for each in (True, False):
                file = File(sizes[-1], 6, councils, each)
                show(file, OF_MANY, compared(OF_MANY, file, Path(scratch), runs, asked.limit))


if __name__ == "__main__":
    main()
