"""The week for leaders, on its first working day.

At 08:00 London time on the first working day of the week (Tuesday after a bank-holiday Monday). It goes out by the clock,
also when data are late: then it says so. Each recipient gets each week's digest once, however often this is run. Where the digest of one
source could not be made, the others have gone out, and the task fails so that it is tried again.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from caseclock_tasks import DEFAULT_ARGS, open_house
from caseclock_workdays import WorkingDayTimetable


@dag(
    schedule=WorkingDayTimetable(times=["08:00"], first_of_week=True),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["caseclock", "digest"],
)
def send_weekly_digest() -> None:
    @task(multiple_outputs=False)
    def send_digest() -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            report = pipeline.send_digest(house, now.now())
        if report["faults"]:
            raise RuntimeError(f"not made: {', '.join(report['faults'])}; the others were sent")
        return report

    send_digest()


send_weekly_digest()
