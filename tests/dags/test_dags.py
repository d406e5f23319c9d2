"""The DAG files: what Airflow makes of them, how soon, and that reading them loads nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

NAMES = ["housekeeping", "intake", "monitor_extract", "pull_databases", "release_extract", "send_weekly_digest", "tend_alerts"]
STEPS = ["take_snapshot", "check_quality", "compute_measures", "update_alerts", "notify"]

PARSE = """
import json, os, sys, time
import airflow.sdk, airflow.dag_processing.dagbag as dagbag  # what the DAG processor has loaded before it forks to read a file
for file in sys.argv[1:]:
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0, file
        continue
    began = time.process_time()
    bag = dagbag.DagBag(dag_folder=file)
    seconds = time.process_time() - began
    heavy = {m for m in sys.modules if m.split(".")[0] in {"caseclock", "pandas", "numpy", "great_expectations", "pyarrow", "holidays"}}
    said = {"errors": bag.import_errors, "dags": sorted(bag.dags), "heavy": sorted(heavy), "seconds": seconds}
    print(json.dumps(said), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def bag(root: Path, airflow_db: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=root / "dags")


def test_reading_a_dag_file_loads_nothing_heavy(root: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(root / "include")}
    files = [str(root / "dags" / f"{name}.py") for name in NAMES]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PARSE, *files], env=env, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [one["dags"] for one in said] == [[name] for name in NAMES]
    for name, one in zip(NAMES, said, strict=True):
        print(f"{name}: parsed in {one['seconds']:.2f} CPU s")
        assert (one["errors"], one["heavy"]) == ({}, []), name


def test_every_dag_file_is_known_here(root: Path, bag: Any) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == NAMES == sorted(p.stem for p in (root / "dags").glob("*.py"))


def test_no_plugin_name_hides_anything(root: Path) -> None:
    for file in (root / "plugins").rglob("*.py"):
        assert file.parent == root / "plugins", "Airflow loads every .py below plugins/ under its bare name: keep the folder flat"
        assert file.stem.startswith("caseclock_")


@pytest.mark.parametrize(
    ("dag_id", "tasks", "schedule"),
    [
        ("intake", ["claim", "start"], "Asset or */15 * * * *"),
        ("monitor_extract", [*STEPS, "start_next"], "Never, external triggers only"),
        ("release_extract", ["ask", "decide", "record", "notify"], "Never, external triggers only"),
        ("tend_alerts", ["tend"], "Working days, every 5 min in working hours; else every 10 min, day and night"),
        ("send_weekly_digest", ["send_digest"], "First working day of the week 08:00"),
        ("pull_databases", ["pull"], "*/15 * * * 1-5"),
        ("housekeeping", ["tidy"], "30 4 * * *"),
    ],
)
def test_shape(bag: Any, dag_id: str, tasks: list[str], schedule: str) -> None:
    dag = bag.dags[dag_id]
    assert [t.task_id for t in dag.topological_sort() if t.task_id not in ("ask_for_release", "finished")] == tasks
    for before, after in pairwise(tasks):
        assert before in dag.get_task(after).upstream_task_ids
    core = _as_the_scheduler_sees_it(dag)
    assert schedule in {core.timetable.summary, core.timetable.description}
    assert (dag.catchup, dag.max_active_runs) == (False, 1000 if dag_id == "release_extract" else 1)  # its runs wait for days
    assert "caseclock" in dag.tags
    assert dag.doc_md
    assert not dag.doc_md.startswith(" "), "Markdown takes four blanks for code"


def test_every_task_can_be_tried_again_and_ends_some_time(bag: Any) -> None:
    for task in (t for dag in bag.dags.values() for t in dag.tasks):
        assert task.owner == "caseclock"
        assert task.retries >= 3
        assert task.execution_timeout
        assert task.execution_timeout <= timedelta(minutes=15)
        assert task.on_failure_callback, f"nobody is told when {task.task_id} fails"
        assert task.retry_policy, task.task_id


def test_a_run_is_green_only_when_each_step_is(bag: Any) -> None:
    dag = bag.dags["monitor_extract"]
    assert sorted(task.task_id for task in dag.leaves) == ["ask_for_release", "finished", "start_next"]
    assert dag.get_task("finished").upstream_task_ids == set(STEPS)
    assert dag.get_task("finished").trigger_rule == "all_success"


def test_an_extract_is_named_by_its_id_and_nothing_else(bag: Any) -> None:
    dag = bag.dags["monitor_extract"]
    assert list(dag.params) == ["extract_id"]
    assert [dag.get_task(step).op_args for step in STEPS] == [("{{ params.extract_id }}",)] * 5
    schema = dag.params.get_param("extract_id").schema
    assert schema["type"] == "string"
    assert schema["pattern"] == "^[0-9a-f]{16}$"


def test_a_person_is_asked_once_per_held_extract_and_nobody_waits_for_the_answer(bag: Any) -> None:
    ask = bag.dags["monitor_extract"].get_task("ask_for_release")
    assert ask.upstream_task_ids == {"compute_measures"}, "the measures may hold an extract too"
    assert ask.downstream_task_ids == set()
    assert (ask.trigger_dag_id, ask.trigger_run_id) == ("release_extract", "release__{{ params.extract_id }}")
    assert (ask.skip_when_already_exists, ask.wait_for_completion, ask.logical_date) == (True, False, None)


def test_the_path_announces_its_measures(bag: Any) -> None:
    dag = bag.dags["monitor_extract"]
    assert [asset.name for step in STEPS for asset in dag.get_task(step).outlets] == ["backlog_measures"]


def test_intake_is_woken_by_the_watcher_and_starts_each_run_once(bag: Any) -> None:
    [asset] = [asset for _, asset in _as_the_scheduler_sees_it(bag.dags["intake"]).timetable.asset_condition.iter_assets()]
    assert asset.name == "extract_inbox"
    assert [w.trigger["classpath"] for w in asset.watchers] == ["caseclock_inbox.InboxTrigger"]
    start = bag.dags["intake"].get_task("start").partial_kwargs
    assert start["trigger_dag_id"] == "monitor_extract"
    assert start["skip_when_already_exists"] is True
    assert start["logical_date"] is None, "a shared logical date would make the second of two runs look like the first"


def test_what_airflow_stores_is_the_same_each_time(root: Path, airflow_db: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.serialized_objects import DagSerialization

    def stored() -> dict[str, str]:
        bag = DagBag(dag_folder=root / "dags")
        return {d.dag_id: SerializedDagModel.hash(DagSerialization.to_dict(d)) for d in bag.dags.values()}

    assert stored() == stored(), "else each parse makes a new version of the DAG"


def test_ruffs_rules_for_airflow_hold(root: Path) -> None:
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run([ruff, "check", "--preview", "--select", "AIR", "dags", "plugins"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def _as_the_scheduler_sees_it(dag: Any) -> Any:
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
