"""What time alone brings about, between two extracts.

Every five minutes in the working hours of `calendar.yaml`, on working days of England: held messages are released,
open alerts are reminded of and escalated, sendings that failed are tried again, mails that came back are told by another
channel, and an extract that should have come by now is reported missing. (Airflow's own deadline alerts cannot do the
last: no extract, no run, no deadline.)

Every ten minutes else, at night, at weekends and on holidays, only what cannot wait: what is urgent and could not be sent
is tried again, what a dead task has left is looked for, mails are asked after. Nobody is reminded, nothing is released.

A run that finds nothing to do changes nothing; running it by hand at any time is safe.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from caseclock_tasks import DEFAULT_ARGS, FIRST, open_house
from caseclock_workdays import WorkingDayTimetable


@dag(
    schedule=WorkingDayTimetable(every=5, night=10),
    catchup=False,
    max_active_runs=1,
    default_args={**DEFAULT_ARGS, **FIRST},
    doc_md=__doc__,
    tags=["caseclock", "alerts"],
)
def tend_alerts() -> None:
    @task(multiple_outputs=False)
    def tend() -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            try:
                return pipeline.tend(house, now.now())
            finally:
                pipeline.push_figures(house, now.now())  # where a collector is configured; never raises

    tend()


tend_alerts()
