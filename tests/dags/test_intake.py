"""The task that claims: what is fetched and what a push names is claimed at once."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from caseclock.errors import WrongUse
from caseclock.settings import shipped_config


@pytest.fixture
def claim(root: Path, airflow_db: Path) -> Any:
    """The body of the task, as Airflow calls it with the params of the run."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=root / "dags" / "intake.py").dags["intake"].get_task("claim").python_callable


def an_extract(at: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(at, "w") as archive:
        archive.writestr("ssd_person.csv", "pers_person_id\n1\n")


def test_a_push_claims_what_it_names_without_waiting_for_it_to_settle(claim: Any, caseclock_home: Path) -> None:
    an_extract(caseclock_home / "inbox" / "demo__2026-11-20.zip")
    os.utime(caseclock_home / "inbox" / "demo__2026-11-20.zip")  # just now
    [started] = claim(params={"names": ["demo__2026-11-20.zip"]})
    assert started["trigger_run_id"].startswith("extract__2026-11-20__")
    assert started["conf"] == {"extract_id": started["trigger_run_id"].rpartition("__")[2]}
    assert claim(params={"names": ["demo__2026-11-20.zip"]}) == [started], "a task that is tried again finds what it had claimed"


def test_a_push_of_what_is_not_there_fails_at_once(claim: Any, caseclock_home: Path) -> None:
    with pytest.raises(WrongUse, match="the inbox does not hold demo__2026-11-20"):
        claim(params={"names": ["demo__2026-11-20.zip"]})


def test_what_lies_at_a_location_is_fetched_and_claimed_in_one_run(
    claim: Any, caseclock_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = tmp_path_factory.mktemp("there")
    an_extract(there / "2026-11-20.zip")
    os.utime(there / "2026-11-20.zip", (0, 0))
    shutil.copytree(shipped_config(), caseclock_home / "monitoring")
    for name, url in (("north", there), ("broken", there / "none")):
        text = f"id: {name}\ntitle: {name}\nlocation: {{url: 'file://{url}'}}\n"
        (caseclock_home / "monitoring" / "sources" / f"{name}.yaml").write_text(text)
    [started] = claim(params={})
    assert started["trigger_run_id"].startswith("extract__2026-11-20__")
    assert (there / "2026-11-20.zip").exists(), "nothing is taken away there"
    assert claim() == [started]
