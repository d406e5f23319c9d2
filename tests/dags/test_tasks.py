"""When a task is tried again, and what data engineers are told when it is over."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import RetryAction
from caseclock_connections import ConnectionMissing
from caseclock_tasks import DEFAULT_ARGS, UnlessAPersonMustAct, _what, settle_turns, tell_data_engineers
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from caseclock import pipeline
from caseclock.errors import BadConfig, BadExtract, CaseclockError, WrongUse
from caseclock.settings import from_environment
from caseclock.storage import schema

VALUE = "marked-canary-value"


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (BadExtract("no table that we know"), RetryAction.FAIL),
        (BadConfig("two limits for one measure"), RetryAction.FAIL),
        (WrongUse("no home folder"), RetryAction.FAIL),
        (CaseclockError("the disk is full"), RetryAction.DEFAULT),
        (OSError("stale file handle"), RetryAction.DEFAULT),
        (ConnectionMissing("caseclock_store"), RetryAction.DEFAULT),
        (OperationalError("select 1", {}, Exception("server closed the connection")), RetryAction.DEFAULT),
        (KeyError("anything"), RetryAction.DEFAULT),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Exception) else "",
)
def test_only_what_a_person_must_put_right_fails_at_once(error: Exception, action: RetryAction) -> None:
    assert UnlessAPersonMustAct().evaluate(error, try_number=1, max_tries=5).action is action


def test_retries_last_for_minutes_and_end() -> None:
    delay, factor, longest = (DEFAULT_ARGS[k] for k in ("retry_delay", "retry_exponential_backoff", "max_retry_delay"))
    waits = [min(delay * factor**n, longest) for n in range(DEFAULT_ARGS["retries"])]
    assert waits[0].total_seconds() <= 10, "a killed worker's task comes back soon"
    assert 240 <= sum(w.total_seconds() for w in waits) <= 600


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BadExtract("no table that we know", where="x.zip"), "x.zip: no table that we know"),
        (ValueError(f"could not convert {VALUE}"), "ValueError; the task log says more"),
        (None, "the process ended; the task log says more"),
        (f"killed with {VALUE}", "the process ended; the task log says more"),
    ],
)
def test_a_message_holds_no_words_of_errors_that_are_not_ours(error: BaseException | str | None, told: str) -> None:
    assert _what(error) == told


class Runs:
    """The part of a task instance that knows which runs there are: run id to state."""

    def __init__(self, **states: str) -> None:
        self.states, self.asked = states, 0

    def get_dr_count(self, dag_id: str, run_ids: list[str], states: list[str] | None = None) -> int:
        assert dag_id == "monitor_extract"
        self.asked += 1
        return sum(run in self.states and (states is None or self.states[run] in states) for run in run_ids)


@pytest.mark.parametrize(
    ("there", "over", "gone", "asked"),
    [
        ({"a": "running", "b": "queued", "c": "failed"}, [], [], 2),
        ({"a": "failed", "b": "running", "c": "failed"}, ["a"], [], 4),
        ({"b": "success", "c": "failed"}, ["b"], [], 4),  # a is not there: it is started anew
        ({"a": "running", "b": "running"}, [], ["c"], 3),
    ],
    ids=["all is as it should be, and two questions say so", "one has died", "one was never started", "a failed one was deleted"],
)
def test_airflow_is_asked_after_runs_that_have_not_handed_on(
    there: dict[str, str], over: list[str], gone: list[str], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(pipeline, "to_ask_after", lambda house, now: (["a", "b"], ["c"]))
    monkeypatch.setattr(pipeline, "settle_turns", lambda house, over, gone, now: told.append((over, gone)))
    runs = Runs(**there)
    settle_turns(None, runs)  # type: ignore[arg-type]
    assert (told, runs.asked) == ([(over, gone)], asked)


def test_telling_never_raises_when_the_store_cannot_be_reached(
    caseclock_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (caseclock_home / "file").touch()
    monkeypatch.setenv("CASECLOCK_STORE_URL", f"sqlite:///{caseclock_home}/file/store.db")
    task = SimpleNamespace(dag_id="monitor_extract", task_id="notify", run_id="extract__2026-11-20__0123456789abcdef")
    tell_data_engineers({"ti": task, "exception": ValueError(VALUE)})
    assert "could not be told" in caplog.text
    assert "what to do: caseclock runbook task-failed" in caplog.text
    assert VALUE not in caplog.text


@pytest.mark.parametrize(
    ("dag_id", "run_ids", "messages"),
    [
        ("tend_alerts", ["scheduled__2026-11-20T08:00:00+00:00", "scheduled__2026-11-20T08:05:00+00:00"], 1),
        ("monitor_extract", ["extract__2026-11-20__0123456789abcdef", "extract__2026-11-20__fedcba9876543210"], 2),
    ],
    ids=["a schedule that fails again and again is told once a day", "each extract that fails is told"],
)
def test_a_fault_reaches_data_engineers_by_the_outbox(caseclock_home: Path, dag_id: str, run_ids: list[str], messages: int) -> None:
    for run_id in run_ids:
        tell_data_engineers({"ti": SimpleNamespace(dag_id=dag_id, task_id="notify", run_id=run_id), "exception": OSError(VALUE)})
    with pipeline.open_house(from_environment()) as house, house.engine.connect() as c:
        rows = c.execute(select(schema.outbox.c.recipient, schema.outbox.c.payload)).all()
    assert [row.recipient for row in rows] == ["data-engineers"] * messages
    assert VALUE not in str(rows)
    assert all(f"{dag_id}.notify" in str(row.payload) for row in rows)
