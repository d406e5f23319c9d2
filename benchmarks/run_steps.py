"""Seconds per step of `caseclock run` on the demo council, as a whole process, beside the bare import of the libraries that it uses.

The ratio is what counts: a run cannot be faster than importing pandas and Great Expectations.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = "import pandas, pyarrow, pyarrow.parquet, sqlalchemy, pydantic, yaml, holidays, slack_sdk, click, great_expectations"
RUNS = 5
AS_OF = dt.date(2026, 11, 20)


def cli(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CASECLOCK_HOME": str(home)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run([str(Path(sys.executable).with_name("caseclock")), *words], env=env, capture_output=True, text=True, check=True)


def timed(call: object) -> tuple[float, object]:
    began = time.perf_counter()
    made = call()  # type: ignore[operator]
    return time.perf_counter() - began, made


def main() -> None:
    scales = [float(x) for x in sys.argv[1:]] or [1.0]
    bare = [timed(lambda: subprocess.run([sys.executable, "-c", BARE], check=True))[0] for _ in range(RUNS + 1)][1:]
    floor = statistics.median(bare)
    print(f"bare import of its libraries: {floor:.2f} s (median of {RUNS}, {min(bare):.2f} to {max(bare):.2f})")
    for scale in scales:
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "extracts"
            cli(
                "demo",
                "generate",
                "--out",
                str(out),
                "--weeks",
                str(RUNS + 1),
                "--scale",
                str(scale),
                "--as-of",
                str(AS_OF),
                home=Path(scratch),
            )
            walls, steps = [], []
            for path in sorted(out.iterdir()):
                wall, done = timed(lambda path=path: cli("run", str(path), "--json", "--no-deliver", home=Path(scratch) / "home"))
                walls.append(wall)
                steps.append(json.loads(done.stdout.splitlines()[0]))  # type: ignore[attr-defined]
            rows = sum(t["read"] for t in steps[-1]["tables"].values())
            wall = statistics.median(walls[1:])
            print(f"scale {scale:g}: {rows:,} rows; caseclock run as a process {wall:.2f} s = {wall / floor:.2f}x the bare import")
            for name in steps[-1]["seconds"]:
                print(f"    {name:9} {statistics.median(s['seconds'][name] for s in steps[1:]):.3f} s")


if __name__ == "__main__":
    main()
