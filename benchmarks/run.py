"""Figures of the README in one go, those of large tables at a size that is soon done: `make bench`. Prints; asserts nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = (
    ("dag_parse.py",),
    ("run_steps.py", "0.5", "1"),
    ("clocks/bench_clocks.py", "--scales", "1", "10"),
    ("measures/bench_measures.py", "--quick"),
    ("trends/bench_trends.py",),
    ("digest/bench_digest.py",),
    ("alerts/bench_alerts.py", "--shares", "0.01", "--messages", "100"),
    ("quality/bench_suites.py",),
    ("pages/bench_pages.py", "--quick", "--stores", "sqlite"),
    ("store/bench_store.py", "--quick", "--stores", "sqlite"),
    ("drop_to_message.py",),
)


def main() -> int:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}", flush=True)
    worst = 0
    for name, *words in PARTS:
        print(f"\n== {name} {' '.join(words)}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, str(HERE / name), *words], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
