"""When a task is tried again, and what data engineers are told when it is over."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import RetryAction
from caseclock_connections import ConnectionMissing
from caseclock_tasks import DEFAULT_ARGS, UnlessAPersonMustAct, _what, tell_data_engineers
from sqlalchemy.exc import OperationalError

from caseclock.errors import BadConfig, BadExtract, CaseclockError, WrongUse

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


def test_telling_never_raises_when_the_store_cannot_be_reached(
    caseclock_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (caseclock_home / "file").touch()
    monkeypatch.setenv("CASECLOCK_STORE_URL", f"sqlite:///{caseclock_home}/file/store.db")
    task = SimpleNamespace(dag_id="monitor_extract", task_id="notify", run_id="extract__2026-11-20__0123456789abcdef")
    tell_data_engineers({"ti": task, "exception": ValueError(VALUE)})
    assert "could not be told" in caplog.text
    assert VALUE not in caplog.text
