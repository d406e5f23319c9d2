"""What every caseclock task has in common: an open house, when to try again, and whom to tell when it is over.

DAG files are parsed again and again, so nothing of the library is imported before a task runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryAction, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk.definitions.retry_policy import RetryDecision

    from caseclock.pipeline import House

log = logging.getLogger(__name__)


@contextmanager
def open_house() -> Iterator[House]:
    """The library's house on this installation's settings, for one task."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # else more than 200 lines per import in every task log
    from caseclock_connections import connection, settings

    from caseclock import pipeline

    with pipeline.open_house(settings(), connection) as house:
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


def _what(exception: BaseException | str | None) -> str:
    """The failure in words that may leave the house. Only our own errors promise to hold no value from a row."""
    from caseclock.errors import CaseclockError

    if isinstance(exception, CaseclockError):
        return str(exception)
    name = type(exception).__name__ if isinstance(exception, BaseException) else "the process ended"
    return f"{name}; the task log says more"


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
