"""What every caseclock task has in common: an open house, when to try again, and whom to tell when it is over.

DAG files are parsed again and again, so nothing of the library is imported before a task runs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import RetryAction, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk.definitions.retry_policy import RetryDecision

    from caseclock.pipeline import House

log = logging.getLogger(__name__)


@contextmanager
def open_house() -> Iterator[House]:
    """The library's house on this installation's settings, for one task. What it raises holds no foreign text, its log no secret."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # else more than 200 lines per import in every task log
    from airflow.sdk.log import mask_secret
    from caseclock_connections import connection, settings

    from caseclock import pipeline
    from caseclock.observe import logs
    from caseclock.observe.fault import own_words
    from caseclock.settings import for_this_user_alone

    for_this_user_alone()
    with own_words():
        chosen = settings()
        for secret in logs.protect(chosen):
            mask_secret(secret)  # the log's second wall, also in the process that writes it
        with pipeline.open_house(chosen, connection) as house:
            yield house


class UnlessAPersonMustAct(RetryPolicy):
    """Try again, unless the error says that somebody must put something right first: extract, configuration or use."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        from airflow.sdk.definitions.retry_policy import RetryDecision

        from caseclock.errors import CaseclockError

        faults = CaseclockError.exit_code  # an error with this code is a fault of the surroundings; any other code needs a person
        if isinstance(exception, CaseclockError) and exception.exit_code != faults:
            return RetryDecision(action=RetryAction.FAIL, reason=f"{type(exception).__name__}: the same again would fail the same way")
        return RetryDecision(action=RetryAction.DEFAULT)


def tell_data_engineers(context: dict[str, Any]) -> None:
    """A task has failed for good: put a message to data engineers into the outbox. Never raises; the task log has the rest."""
    from caseclock.errors import ExtractRefused

    log.error("%s", _where_it_is_explained(context.get("exception")))
    if isinstance(context.get("exception"), ExtractRefused):
        return  # the alert on held data tells them
    task = context["ti"]
    # a fault is told once per day and place: each extract is a place of its own, the many runs of a schedule are one
    where = f"{task.dag_id}.{task.task_id}" + (f" ({task.run_id})" if task.run_id.startswith(("extract__", "release__")) else "")
    try:
        from caseclock import now, pipeline

        with open_house() as house:
            pipeline.report_fault(house, now.now(), where, _what(context.get("exception")))
    except Exception as error:  # noqa: BLE001 - a callback that raises hides the failure that it was called for
        log.error("%s failed, and the data engineers could not be told (%s)", where, type(error).__name__)


def red_if_refused(report: dict[str, Any]) -> dict[str, Any]:
    """An extract that cannot be read makes its task red, so that it is seen in the grid. Who must know is told by the path itself."""
    from caseclock.errors import ExtractRefused

    if reason := report.get("refused"):
        raise ExtractRefused(reason, todo="Data engineers are told by the alert on held data; the next good extract releases it")
    return report


def skip_unless_held(context: dict[str, Any]) -> None:
    """Before a task that asks a person: there is nothing to ask unless the extract of this run is held and nobody has decided."""
    from airflow.sdk.exceptions import AirflowSkipException

    from caseclock import pipeline

    with open_house() as house:
        if not pipeline.waits_for_decision(house, context["params"]["extract_id"]):
            raise AirflowSkipException("the extract is not held, or has been decided on")


class StartNext(TriggerDagRunOperator):
    """The run of an extract is over: starts the run that is next in line. *Skipped* when nothing waits, or its run is there already."""

    template_fields = (*TriggerDagRunOperator.template_fields, "extract_id")

    def __init__(self, *, extract_id: str, **kwargs: Any) -> None:
        super().__init__(logical_date=None, skip_when_already_exists=True, **kwargs)
        self.extract_id = extract_id

    def execute(self, context: Any) -> None:
        from airflow.sdk.exceptions import AirflowSkipException

        from caseclock import now, pipeline

        with open_house() as house:
            following = pipeline.hand_on(house, self.extract_id, context["ti"].run_id, now.now())
        if following is None:
            raise AirflowSkipException("nothing waits, or as many runs are on their way as there may be")
        self.trigger_run_id, self.conf = following["run_id"], {"extract_id": following["extract_id"]}
        super().execute(context)


WORKING, RUNS = ["queued", "running"], "monitor_extract"


def settle_turns(house: House, ti: Any) -> None:
    """Tells the library which runs have ended without handing on their turn, and which are there no more. `ti`: the task that asks."""
    from caseclock import now, pipeline

    at_work, stopped = pipeline.to_ask_after(house, now.now())
    over = [r for r in _unless_all(ti, at_work, WORKING) if ti.get_dr_count(RUNS, run_ids=[r], states=["success", "failed"])]
    gone = [r for r in _unless_all(ti, stopped, None) if not ti.get_dr_count(RUNS, run_ids=[r])]
    pipeline.settle_turns(house, over, gone, now.now())


def _unless_all(ti: Any, run_ids: list[str], states: list[str] | None) -> list[str]:
    """The runs to look at one by one: none where one question says that all are there."""
    return [] if not run_ids or ti.get_dr_count(RUNS, run_ids=run_ids, states=states) == len(run_ids) else run_ids


def _where_it_is_explained(exception: BaseException | str | None) -> str:
    """The last line of the log of a task that has failed: the text of the runbook about it."""
    from caseclock.notifications import runbook

    slug = runbook.SLUGS[GUIDES.get(type(exception).__name__, "task_failed")]
    return f"What this means and what to do: {runbook.address(os.environ.get('CASECLOCK_PAGE_URL'), slug) or runbook.command(slug)}"


GUIDES: dict[str, Any] = {"ExtractRefused": "dq_failed", "NotDrawn": "database_failed"}
"""What data engineers are told of an error by the path itself, by its class; of all others they are told that the task has failed."""


def _what(exception: BaseException | str | None) -> str:
    """The failure in words that may leave the house. Only our own errors promise to hold no value from a row."""
    from caseclock.errors import CaseclockError

    if isinstance(exception, CaseclockError):
        return str(exception)
    name = type(exception).__name__ if isinstance(exception, BaseException) else "the process ended"
    return f"{name}; the task log says more"


FIRST: dict[str, Any] = {"priority_weight": 1000, "weight_rule": "absolute"}
"""For tasks that are short and wait for nobody: many extracts in line must not hold up a reminder, nor the intake of a small one."""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "caseclock",
    "retries": 5,  # with the delays below some five minutes: a share that comes back, a database that restarts, a killed worker
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=2),
    "retry_policy": UnlessAPersonMustAct(),
    "execution_timeout": timedelta(minutes=15),
    "on_failure_callback": tell_data_engineers,
}
