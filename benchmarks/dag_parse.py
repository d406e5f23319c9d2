"""Seconds to parse each DAG file in a fresh interpreter, beside the bare import of airflow.sdk (their floor)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMED = """
import sys, time
sys.path[:0] = [{plugins!r}, {include!r}]
import airflow.sdk, airflow.providers.standard.operators.trigger_dagrun
began = time.perf_counter()
exec(compile(open({file!r}).read(), {file!r}, "exec"), {{"__name__": "dag"}})
print(time.perf_counter() - began)
"""


def seconds(file: Path, home: str) -> float:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"AIRFLOW_HOME": home}
    code = TIMED.format(plugins=str(ROOT / "plugins"), include=str(ROOT / "include"), file=str(file))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        for file in sorted((ROOT / "dags").glob("*.py")):
            runs = [seconds(file, home) for _ in range(4)][1:]
            print(f"parse {file.name:24} {statistics.median(runs):6.3f} s (median of {len(runs)}, after the import of airflow.sdk)")


if __name__ == "__main__":
    main()
