"""One extract through the DAG in one process: every task does its step, ids travel, and a second run changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from caseclock import now, pipeline
from caseclock.demo.council import generate
from caseclock.settings import from_environment
from caseclock.storage import schema

STEPS = ["take_snapshot", "check_quality", "compute_measures", "update_alerts", "notify"]
DAY = dt.date(2026, 11, 20)
COUNTED = (schema.extract, schema.step_done, schema.quality_report, schema.measure_value, schema.alert, schema.alert_event, schema.outbox)


@pytest.fixture
def dag(root: Path, airflow_db: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=root / "dags" / "monitor_extract.py").dags["monitor_extract"]


@pytest.fixture
def home(caseclock_home: Path) -> Path:
    (caseclock_home / "inbox").mkdir()
    return caseclock_home


def claim() -> str:
    """Claims what lies in the inbox, as `intake` does once nobody can be writing it any more; the newest extract's id."""
    with pipeline.open_house(from_environment()) as house:
        return str(pipeline.claim_inbox(house, now.now() + dt.timedelta(minutes=11))[-1]["extract_id"])


def rows() -> dict[str, int]:
    with pipeline.open_house(from_environment()) as house, house.engine.connect() as c:
        return {table.name: c.execute(select(func.count()).select_from(table)).scalar_one() for table in COUNTED}


def run(dag: Any, extract_id: str) -> tuple[str, dict[str, Any]]:
    """The run's state, and what each task returned."""
    done = dag.test(run_conf={"extract_id": extract_id})
    tasks = {t.task_id: t for t in done.get_task_instances()}
    return str(done.state), {step: tasks[step].xcom_pull(task_ids=step) for step in STEPS}


def given() -> list[str]:
    """Extracts whose turn it is."""
    with pipeline.open_house(from_environment()) as house:
        return [str(one["extract_id"]) for one in pipeline.give_turns(house, now.now())]


def started(run_id: str) -> bool:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.scalar(select(func.count()).select_from(DagRun).where(DagRun.run_id == run_id)) == 1


def test_an_extract_travels_the_whole_path_and_a_second_run_changes_nothing(dag: Any, home: Path) -> None:
    generate(home / "inbox", scale=0.05, weeks=2, seed=1, as_of=DAY, incident=True)
    newest = claim()
    [extract_id] = given()
    assert extract_id != newest, "of one source the oldest first"
    state, returned = run(dag, extract_id)
    assert started(f"extract__{DAY}__{newest}"), "its end starts the next one"
    assert given() == [newest]
    assert state == "success"
    assert {r["extract_id"] for step, r in returned.items() if step != "notify"} == {extract_id}
    assert returned["take_snapshot"]["kept"] > 0
    assert returned["check_quality"]["verdict"] in {"pass", "warn"}
    assert returned["compute_measures"]["values"] > 0
    before = rows()
    assert before["step_done"] >= len(STEPS)

    assert run(dag, extract_id)[0] == "success"
    assert rows() == before


def test_an_extract_that_cannot_be_read_is_red_and_people_are_told(dag: Any, home: Path) -> None:
    [good] = generate(home / "made", scale=0.05, weeks=1, seed=1, as_of=DAY)
    (home / "inbox" / good.name).write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    done = dag.test(run_conf={"extract_id": claim()})
    states = {t.task_id: str(t.state) for t in done.get_task_instances()}
    assert states == {
        "take_snapshot": "failed",
        "check_quality": "upstream_failed",
        "compute_measures": "upstream_failed",
        "update_alerts": "success",
        "notify": "failed",
        "start_next": "skipped",
        "finished": "upstream_failed",
        "ask_for_release": "upstream_failed",
    }
    assert str(done.state) == "failed"
    assert rows()["measure_value"] == 0
    with pipeline.open_house(from_environment()) as house, house.engine.connect() as c:
        said = [line["kind"] for payload in c.execute(select(schema.outbox.c.payload)).scalars() for line in payload["lines"]]
        left = pipeline.claim_inbox(house, now.now())
    assert [kind for kind in said if kind != "stale"] == ["dq_failed"]  # what is missing besides depends on the day of the test
    assert left == [], "its path is finished: a restart does not try it again"


def test_a_step_that_fails_makes_the_run_red_and_leaves_the_extract_unfinished(dag: Any, home: Path) -> None:
    generate(home / "inbox", scale=0.05, weeks=1, seed=1, as_of=DAY)
    extract_id = claim()
    (home / "accepted").write_text("a file where check_quality wants a folder: a fault of the disk")
    for task in dag.tasks:
        task.retries = 0
    done = dag.test(run_conf={"extract_id": extract_id})
    states = {t.task_id: str(t.state) for t in done.get_task_instances()}
    assert (states["check_quality"], states["update_alerts"], states["notify"]) == ("failed", "success", "success")
    assert str(done.state) == "failed", "nobody looks into a green run"
    assert claim() == extract_id, "its path is not finished"


def test_an_id_that_is_no_id_is_refused_before_anything_runs(dag: Any, home: Path) -> None:
    with pytest.raises(Exception, match="extract_id"):
        dag.test(run_conf={"extract_id": "../../etc"})
