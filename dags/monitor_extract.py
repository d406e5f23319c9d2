"""One extract: from its bytes to alerts that are up to date and people who have been told.

`take_snapshot` → `check_quality` → `compute_measures` → `update_alerts` → `notify`, and `ask_for_release` after the measures

Started by `intake`, by hand, or by
`POST /api/v2/dags/monitor_extract/dagRuns` with `{"logical_date": null, "conf": {"extract_id": "…"}}`.

Tasks pass nothing but the extract's id; what they return are counts. Each step is one transaction and may be run again:
**clearing a task is always safe**, also for an old extract (its values take their place in the history; nobody is told twice).

| it failed with | do |
|---|---|
| `ExtractRefused` | the file as a whole cannot be read. It is kept, open alerts are on hold, people are told. Ask for a new export |
| `BadConfig` | run `caseclock check-config`, correct include/monitoring/, clear the task |
| anything else | it was tried six times over some five minutes. Look at store, disk and channels, then clear the task |

A quality verdict of *hold* does not fail the run: the numbers stay silent, data engineers are told, and `ask_for_release` starts
a run of `release_extract`, in which a person decides. In ordinary runs that task is *skipped*.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, Param, chain, dag, task
from caseclock_tasks import DEFAULT_ARGS, open_house, red_if_refused, skip_unless_held

EXTRACT_ID = "{{ params.extract_id }}"

backlog_measures = Asset("backlog_measures")


@dag(
    schedule=None,
    # One at a time. The result is the same in any order, but in order of date nobody is told of Monday after Tuesday; one
    # task of a run needs some 400 MB; and the store has one writer. An extract that is tried again holds up the next ones for
    # some minutes at most (retries of caseclock_tasks), which a daily extract can bear.
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    params={
        "extract_id": Param(
            type="string",
            pattern="^[0-9a-f]{16}$",
            title="Extract",
            description="id of an extract in the ledger, 16 hexadecimal digits; `caseclock run` and the task `intake.claim` show it",
        )
    },
    tags=["caseclock", "extract"],
)
def monitor_extract() -> None:
    @task(multiple_outputs=False)
    def take_snapshot(extract_id: str) -> dict[str, Any]:
        from caseclock import pipeline

        with open_house() as house:
            return red_if_refused(pipeline.take_snapshot(house, extract_id))

    @task(multiple_outputs=False)
    def check_quality(extract_id: str) -> dict[str, Any]:
        from caseclock import pipeline

        with open_house() as house:
            return pipeline.check_quality(house, extract_id)

    @task(multiple_outputs=False, outlets=[backlog_measures])
    def compute_measures(extract_id: str) -> dict[str, Any]:
        from caseclock import pipeline

        with open_house() as house:
            return pipeline.compute_measures(house, extract_id)

    @task(multiple_outputs=False, trigger_rule="all_done")  # an extract that was refused puts open alerts on hold, and that is told
    def update_alerts(extract_id: str) -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            return pipeline.update_alerts(house, extract_id, now.now())

    @task(multiple_outputs=False, trigger_rule="all_done")
    def notify(extract_id: str) -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            return red_if_refused(pipeline.notify(house, now.now(), extract_id))

    steps = [step(EXTRACT_ID) for step in (take_snapshot, check_quality, compute_measures, update_alerts, notify)]
    chain(*steps)
    # a run takes the state of its last task, and the last two steps run also after a failed one: without this the run would be green
    steps >> EmptyOperator(task_id="finished")
    # after the measures, because these may hold an extract too; beside the rest, because nobody waits for the answer
    steps[2] >> TriggerDagRunOperator(
        task_id="ask_for_release",
        trigger_dag_id="release_extract",
        trigger_run_id=f"release__{EXTRACT_ID}",
        conf={"extract_id": EXTRACT_ID},
        logical_date=None,
        skip_when_already_exists=True,
        pre_execute=skip_unless_held,
    )


monitor_extract()
