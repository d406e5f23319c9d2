"""The Dag that draws extracts from databases: dull when nothing is due, red when a database fails, told once."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseclock import now
from caseclock.pipeline.pull import NotDrawn, check_pulled
from caseclock.settings import shipped_config


@pytest.fixture
def dag(root: Path, airflow_db: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=root / "dags" / "pull_databases.py").dags["pull_databases"]


def pull(dag: Any) -> tuple[str, Any]:
    """The run's state, and what its task returned."""
    done = dag.test()
    [task] = done.get_task_instances()
    return str(done.state), task.xcom_pull(task_ids="pull")


def test_without_a_database_there_is_nothing_to_do(dag: Any, caseclock_home: Path) -> None:
    assert pull(dag) == ("success", [])


def test_what_is_due_by_an_airflow_connection_lands_in_the_inbox(
    dag: Any, caseclock_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a day without work it is not due, and that is as right."""
    from caseclock.demo.council import generate_database

    generate_database(str(tmp_path / "ssd.db"), 0.02, as_of=dt.date(2026, 11, 20))
    monkeypatch.setenv("AIRFLOW_CONN_NORTH_SSD", f'{{"conn_type": "sqlite", "host": "{tmp_path / "ssd.db"}"}}')
    shutil.copytree(shipped_config(), caseclock_home / "monitoring")
    source = {"id": "north", "title": "North", "database": {"connection": "north_ssd", "at": "00:00"}}
    (caseclock_home / "monitoring" / "sources" / "north.yaml").write_text(yaml.safe_dump(source), encoding="utf-8")
    state, drawn = pull(dag)
    assert state == "success"
    inbox = caseclock_home / "inbox"
    assert [r["name"] for r in drawn] == ([p.name for p in inbox.iterdir()] if inbox.exists() else [])
    assert len(drawn) == (1 if _is_working_day() else 0)
    assert pull(dag) == ("success", []), "it is drawn once"


def _is_working_day() -> bool:
    from caseclock.clocks.calendar import WorkingCalendar

    return WorkingCalendar().is_working_day(now.now().astimezone(now.LONDON).date())


def test_a_failed_database_is_no_reason_for_a_second_message() -> None:
    """`tell_data_engineers` says nothing of an error of this kind, and it is not tried again before the next look."""
    from caseclock.errors import CaseclockError, ExtractRefused

    with pytest.raises(NotDrawn) as caught:
        check_pulled([{"source": "north", "failed": "the database cannot be reached"}, {"source": "south", "name": "x"}])
    assert isinstance(caught.value, ExtractRefused)
    assert caught.value.exit_code != CaseclockError.exit_code
    assert str(caught.value).startswith("north: the database cannot be reached")
