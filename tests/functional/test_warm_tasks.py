"""A task that is forked from a warm process has nothing left to load: what its steps need lies there already."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

from .conftest import FRIDAYS

TASKS = """
import shutil, sys
from caseclock.pipeline.warm import warm_up
assert warm_up(["airflow", "scheduler"])
warm = set(sys.modules)
from caseclock import now, pipeline
from caseclock.settings import from_environment

at = now.parse("2026-11-20T17:00")
with pipeline.open_house(from_environment(sys.argv[1], env={})) as house:
    house.settings.inbox.mkdir(parents=True, exist_ok=True)
    for path in sys.argv[2:]:
        shutil.copy(path, house.settings.inbox)
    for started in pipeline.claim_inbox(house, now.now(), [path.rpartition("/")[2] for path in sys.argv[2:]]):
        id_ = started["extract_id"]
        for step in (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures):
            step(house, id_)
        pipeline.update_alerts(house, id_, at)
        pipeline.notify(house, at, id_)
    pipeline.tend(house, at)
    pipeline.send_digest(house, at)
    pipeline.housekeeping(house, at)
big = ("caseclock.", "pandas.io", "pyarrow.", "great_expectations", "holidays.", "alembic.op", "sqlalchemy.dialects.sqlite")
print(sorted(name for name in set(sys.modules) - warm if name.startswith(big)))
"""


def test_a_forked_task_loads_no_module_of_ours_and_none_of_the_large_libraries(fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    paths = [str(fridays[day]) for day in FRIDAYS[:2]]
    done = subprocess.run([sys.executable, "-c", TASKS, str(tmp_path / "home"), *paths], capture_output=True, text=True, check=False)
    assert (done.stdout.strip().splitlines()[-1:], done.returncode) == (["[]"], 0), done.stderr[-2000:]
