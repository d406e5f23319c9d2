"""Retention: what is older than its keeping time goes.

Each night at 04:30 London time. `caseclock housekeeping --dry-run` shows what would go. Airflow's own history is kept by
`airflow db clean`, which this DAG does not call.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from caseclock_tasks import DEFAULT_ARGS, open_house


@dag(
    schedule=CronTriggerTimetable("30 4 * * *", timezone="Europe/London"),  # outside 01:00-02:00, which the clock change skips or repeats
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["caseclock", "retention"],
)
def housekeeping() -> None:
    @task(multiple_outputs=False)
    def tidy() -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            return pipeline.housekeeping(house, now.now())

    tidy()


housekeeping()
