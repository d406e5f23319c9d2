"""One tool, one file: takes the file into memory as the tool likes it, then finds the figures; prints one line of JSON.

    python run_one.py TOOL FILE.parquet WARM.parquet ANSWER.npz COUNCILS WARM_COUNCILS TEAMS [each]

`each`: every council by itself, as its extract arrives; else all of them at once, if the tool can do so.
Each in a process of its own, on one thread. `cpu` and `wall`: seconds from the clocks in memory to the figures. `extra_mb`: the most memory
that the process had meanwhile, over what it had before. The small file WARM is done first, so that nothing is loaded or compiled later.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"


def main(tool: str, path: str, warm: str, out: str, councils: str, warm_councils: str, teams: str, each: str = "") -> None:
    sys.path[:0] = [str(Path(__file__).parent)]
    import numpy as np
    import pyarrow as pa

    pa.set_cpu_count(1)
    module = importlib.import_module(f"tools.{tool}")
    prepared = _prepared_each if each else _prepared
    for one in (found := prepared(module, Path(warm), int(warm_councils), int(teams)))[0]:
        module.figures(one, found[1])
    parts, shape = prepared(module, Path(path), int(councils), int(teams))
    gc.collect()
    before = _memory("VmRSS", forget=True)
    cpu, wall = time.process_time(), time.perf_counter()
    made = [module.figures(part, shape) for part in parts]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu": cpu, "wall": wall, "extra_mb": (_memory("VmHWM") - before) / 1024}))
    answers = [module.answer_of(found, shape) if hasattr(module, "answer_of") else found for found in made]
    if answers[0] is not None:
        np.savez(out, **{name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]})


def _prepared(module: Any, path: Path, councils: int, teams: int) -> tuple[list[Any], tuple[int, int]]:
    return [module.prepared(path, (councils, teams))], (councils, teams)


def _prepared_each(module: Any, path: Path, councils: int, teams: int) -> tuple[list[Any], tuple[int, int]]:
    return module.parted(module.prepared(path, (councils, teams)), councils), (1, teams)


def _memory(name: str, *, forget: bool = False) -> int:
    """KiB by /proc; `forget`: the peak (VmHWM) begins anew."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
