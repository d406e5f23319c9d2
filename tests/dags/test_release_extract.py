"""The form in which a person decides on a held extract: its answers, and what becomes of each. A real Airflow is in test_standalone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from caseclock_tasks import skip_unless_held
from sqlalchemy import select

from caseclock import pipeline
from caseclock.quality import QualityReport
from caseclock.settings import from_environment
from caseclock.storage import ledger
from caseclock.storage import schema as t

HELD, PASSED = "a" * 16, "b" * 16
AT = dt.datetime(2026, 11, 20, 16, tzinfo=dt.UTC)


def the_dag(root: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=root / "dags" / "release_extract.py").dags["release_extract"]


@pytest.fixture
def dag(root: Path, airflow_db: Path) -> Any:
    return the_dag(root)


@pytest.fixture
def house(caseclock_home: Path) -> Any:
    """With one extract that is held and one that passed."""
    with pipeline.open_house(from_environment()) as made:
        with made.engine.begin() as c:
            for id_, day, verdict in ((PASSED, "2026-11-19", "pass"), (HELD, "2026-11-20", "hold")):
                ledger.claim(c, id_, "demo", dt.date.fromisoformat(day), id_, f"demo__{day}.zip", f"claimed/{id_}", AT)
                ledger.save_quality(c, id_, QualityReport(verdict, ["referral: 40 rows, 50 % fewer"]), [], AT)  # type: ignore[arg-type]
                ledger.mark_done(c, id_, "compute_measures", AT, 0.0)
        yield made


def said(house: Any) -> list[tuple[str, str, str]]:
    with house.engine.connect() as c:
        return [tuple(row) for row in c.execute(select(t.decision.c.decision, t.decision.c.by, t.decision.c.reason))]


def answered(dag: Any, option: str, reason: str | None, who: str | None) -> dict[str, Any]:
    """What the form hands over for an answer, as Airflow resumes it."""
    event = {
        "chosen_options": [option],
        "params_input": {} if reason is None else {"reason": reason},
        "responded_at": AT,
        "responded_by_user": {"id": who, "name": who} if who else None,
        "timedout": who is None,
    }
    made: dict[str, Any] = dag.get_task("decide").execute_complete({}, event)
    return made


def test_the_form_offers_two_answers_and_rejects_when_nobody_gives_one(dag: Any) -> None:
    form = dag.get_task("decide")
    assert form.options == ["Approve", "Reject"]
    assert form.defaults == ["Reject"]
    assert form.response_timeout == dt.timedelta(days=5)
    assert list(form.serialized_params) == ["reason"]
    assert "ask" in form.body
    assert "caseclock" not in form.body, "it is filled for each run, not when the file is read"


def test_how_long_it_waits_is_a_setting(root: Path, airflow_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASECLOCK_RELEASE_DAYS", "0.5")
    assert the_dag(root).get_task("decide").response_timeout == dt.timedelta(hours=12)


def test_a_person_is_asked_about_a_held_extract_only(dag: Any, house: Any) -> None:
    ask = dag.get_task("ask").python_callable
    assert "50 % fewer" in ask(HELD)["body"]
    skip_unless_held({"params": {"extract_id": HELD}})
    for nothing in (lambda: ask(PASSED), lambda: skip_unless_held({"params": {"extract_id": PASSED}})):
        with pytest.raises(AirflowSkipException):
            nothing()


def test_nobody_is_asked_twice(dag: Any, house: Any) -> None:
    pipeline.decide(house, HELD, "reject", "Lead", "by the command line", AT)
    with pytest.raises(AirflowSkipException):
        skip_unless_held({"params": {"extract_id": HELD}})
    with pytest.raises(AirflowSkipException):
        dag.get_task("ask").python_callable(HELD)


@pytest.mark.parametrize(("option", "decision"), [("Approve", "approve"), ("Reject", "reject")])
def test_an_answer_is_written_down_once_with_who_and_why(dag: Any, house: Any, option: str, decision: str) -> None:
    record = dag.get_task("record").python_callable
    answer = answered(dag, option, "the merger", "lead")
    assert record(HELD, answer)["changed"] is True
    assert record(HELD, answer)["changed"] is False, "the task is cleared: nothing changes"
    assert said(house) == [(decision, "lead", "the merger")]


def test_no_answer_in_time_is_a_rejection(dag: Any, house: Any) -> None:
    default = {name: param["value"] for name, param in dag.get_task("decide").serialized_params.items()}  # as the scheduler fills it in
    dag.get_task("record").python_callable(HELD, answered(dag, "Reject", default["reason"], None))
    assert said(house) == [("reject", "caseclock", "nobody answered within 5 days")]


@pytest.mark.parametrize("reason", ["", " ", None])
def test_an_answer_without_a_reason_is_red_and_decides_nothing(dag: Any, house: Any, reason: str | None) -> None:
    with pytest.raises(Exception, match="a reason is missing; nothing was decided"):
        dag.get_task("record").python_callable(HELD, answered(dag, "Approve", reason, "lead"))
    assert said(house) == []
    assert pipeline.waits_for_decision(house, HELD)


def test_what_travels_between_tasks_names_no_person_and_no_reason_of_the_record(dag: Any, house: Any) -> None:
    made = dag.get_task("record").python_callable(HELD, answered(dag, "Approve", "the merger", "lead"))
    assert "merger" not in str(made)
    assert "lead" not in str(made)
