"""One tool, one file: reads it, applies the 27 expectations, prints one line of JSON. Each in a process of its own.

    python run_one.py TOOL FILE.parquet

`cpu` and `wall`: seconds from the file to the answer, the tool's import not counted (`import_cpu` is). `peak_mb`: of the whole process.
`ids`: CRC of all failing row numbers per rule, in order; None where the tool does not give all of them.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"


def crc(ids: Mapping[str, object]) -> int:
    import numpy as np

    made = 0
    for rule in sorted(ids):
        made = zlib.crc32(np.sort(np.asarray(ids[rule], dtype=np.int64)).tobytes(), zlib.crc32(rule.encode(), made))
    return made


def main(tool: str, path: str) -> None:
    sys.path[:0] = [str(Path(__file__).parent)]
    began = time.process_time()
    module = importlib.import_module(f"tools.{tool}")
    imported = time.process_time() - began
    cpu, wall = _cpu(), time.perf_counter()
    counts, ids = module.check(path)
    cpu, wall = _cpu() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"tool": tool, "cpu": cpu, "wall": wall, "import_cpu": imported, "peak_mb": peak}
    print(json.dumps(said | {"counts": {k: int(v) for k, v in counts.items()}, "ids": crc(ids) if ids is not None else None}))


def _cpu() -> float:
    return sum(os.times()[:4])


if __name__ == "__main__":
    main(*sys.argv[1:])
