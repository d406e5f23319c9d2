"""The gate beside its peers: 27 expectations on a table of 15 columns, in one run.

    python benchmarks/quality/bench_peers.py [--rows 10000,100000,1000000] [--runs 3] [--limit 300]

First every tool must count the same failing rows for each expectation, and name the same ones where it names rows; only then a time
counts. CPU seconds of all threads from file to answer, the tool's import left out; the median of the runs, tools in turn. Each run is a
process of its own. The tools live in two environments beside the project's, made from hashed locks (Soda and Great Expectations
cannot be installed together).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
PEERS, ROOT = HERE / "peers", HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from locked import interpreter  # noqa: E402 - it stands one folder up

OURS = "caseclock_gate"


@dataclass
class Tool:
    name: str
    title: str
    lock: str = "peers"
    env: dict[str, str] = field(default_factory=dict)


TOOLS = (
    Tool("pandas_by_hand", "pandas by hand"),
    Tool("polars_by_hand", "polars by hand"),
    Tool(OURS, "caseclock gate (GX)"),
    Tool("dataframely_polars", "dataframely, polars"),
    Tool("pandera_pandas", "pandera, pandas"),
    Tool("pointblank_polars", "pointblank, polars"),
    Tool("soda_duckdb", "Soda, DuckDB", lock="soda"),
    Tool("gx_idiomatic", "GX idiomatic, BASIC", env={"BENCH_GX_FORMAT": "BASIC"}),
    Tool("gx_idiomatic", "GX idiomatic, row ids"),
)


READERS = (
    Tool("read_caseclock", "caseclock reader"),
    Tool("read_polars", "polars"),
    Tool("read_pyarrow", "pyarrow"),
    Tool("read_pandas", "pandas"),
    Tool("read_duckdb", "DuckDB"),
)


def python(lock: str) -> Path:
    return interpreter(lock, PEERS / f"{lock}.txt")


def run(tool: Tool, table: Path, limit: float) -> dict | str:
    """What run_one.py printed, or why there is nothing."""
    words = [str(python(tool.lock)), str(PEERS / "run_one.py"), tool.name, str(table)]
    env = os.environ | {"PYTHONPATH": str(ROOT / "include")} | tool.env
    try:
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"not done in {limit:.0f} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return f"failed: {last[:80]}" if done.returncode > 0 else "ended by the system (memory)"
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(tools: tuple[Tool, ...], table: Path, runs: int, limit: float) -> dict[str, list[dict] | str]:
    found: dict[str, list[dict] | str] = {}
    for turn in range(runs):
        for tool in tools:
            if isinstance(found.get(tool.title), str):
                continue
            made = run(tool, table, limit)
            if isinstance(made, str):
                found[tool.title] = made
            else:
                found.setdefault(tool.title, []).append(made)  # type: ignore[union-attr]
        if turn == 0:
            check_alike(found)
    return found


def check_alike(found: dict[str, list[dict] | str]) -> None:
    """Raises SystemExit unless all counted the same failing rows per expectation, and named the same rows."""
    answers = {title: made[0] for title, made in found.items() if not isinstance(made, str)}
    first = next(iter(answers.values()))
    for title, made in answers.items():
        if wrong := [rule for rule in first["counts"] if made["counts"].get(rule) != first["counts"][rule]]:
            raise SystemExit(f"{title} counts otherwise: {', '.join(wrong)}; no time counts")
        if made["ids"] not in (None, first["ids"]):
            raise SystemExit(f"{title} names other rows; no time counts")


def show(rows: int, kind: str, mb: float, found: dict[str, list[dict] | str]) -> None:
    ours = median(m["cpu"] for m in next(made for title, made in found.items() if title.startswith("caseclock")))  # type: ignore[union-attr]
    what = f"CSV of {mb:,.0f} MB to a typed table" if kind == "readers" else f"27 expectations, the frame {mb:,.0f} MB in memory"
    print(f"\n{rows:,} rows x 15 columns, {what}")
    print(f"{'':24} {'CPU s':>8} {'min-max':>14} {'wall s':>8} {'peak MB':>8} {'ids':>4} {'/ caseclock':>11}")
    for title, made in found.items():
        if isinstance(made, str):
            print(f"{title:24} {made}")
            continue
        cpu = [m["cpu"] for m in made]
        span = f"{min(cpu):.2f}-{max(cpu):.2f}"
        wall, peak = median(m["wall"] for m in made), median(m["peak_mb"] for m in made)
        named = "all" if made[0]["ids"] is not None else "-"
        print(f"{title:24} {median(cpu):>8.2f} {span:>14} {wall:>8.2f} {peak:>8,.0f} {named:>4} {median(cpu) / ours:>10.2f}x", flush=True)


def made(kind: str, rows: int, path: Path) -> float:
    """Writes the table or the CSV; returns the size of its frame in memory, in MB."""
    code = "import sys, pathlib, suite, pandas; p = pathlib.Path(sys.argv[2]); "
    if kind == "csv":
        code += "suite.write_csv(int(sys.argv[1]), p); print(p.stat().st_size / 2**20)"
    else:
        code += "suite.write_table(int(sys.argv[1]), p); print(pandas.read_parquet(p).memory_usage(deep=True).sum() / 2**20)"
    env = os.environ | {"PYTHONPATH": str(PEERS)}
    words = [python("peers"), "-c", code, str(rows), str(path)]
    return float(subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=300, help="seconds for one tool on one file")
    parser.add_argument("--only", choices=("gate", "readers"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for rows in map(int, asked.rows.split(",")):
            for kind, tools in (("gate", TOOLS), ("readers", READERS)):
                if asked.only in (None, kind):
                    form = "csv" if kind == "readers" else "parquet"
                    path = Path(scratch) / f"{rows}.{form}"
                    size = made(form, rows, path)
                    show(rows, kind, size, compare(tools, path, asked.runs, asked.limit))
                    path.unlink()


if __name__ == "__main__":
    main()
