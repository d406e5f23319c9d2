"""Extracts out of databases: sources whose monitoring/sources/*.yaml has `database`.

Every 15 minutes from Monday to Friday: each database whose time (`at`, London) has come on a working day, and whose extract of the day
is not there yet, is drawn into the inbox; from there `intake` takes it like any file. Nothing due: nothing is done.

Running it again, or by hand, is safe: what has come is not drawn again. `caseclock pull --source S` draws a date once more.

**It is red**: a database could not be reached or read. The others were drawn, data engineers are told once a day, and the
next look tries again. The message says which connection or table to look at.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from caseclock_tasks import DEFAULT_ARGS, open_house


@dag(
    schedule=CronTriggerTimetable("*/15 * * * 1-5", timezone="Europe/London"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["caseclock", "arrival"],
)
def pull_databases() -> None:
    @task(multiple_outputs=False)
    def pull() -> list[dict[str, Any]]:
        from caseclock import now, pipeline

        with open_house() as house:
            drawn = pipeline.pull_due(house, now.now())
        pipeline.check_pulled(drawn)
        return drawn

    pull()


pull_databases()
