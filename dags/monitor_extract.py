"""One extract: from its bytes to alerts that are up to date and people who have been told.

`take_snapshot` → `check_quality` → `compute_measures` → `update_alerts` → `notify` → `start_next`, and `ask_for_release` after the measures

Started by `intake`, by the run before it, by hand, or by
`POST /api/v2/dags/monitor_extract/dagRuns` with `{"logical_date": null, "conf": {"extract_id": "…"}}`.

Tasks pass nothing but the extract's id; what they return are counts. Each step is one transaction and may be run again:
**clearing a task is always safe**, also for an old extract (its values take their place in the history; nobody is told twice).

| it failed with | do |
|---|---|
| `ExtractRefused` | the file as a whole cannot be read. It is kept, open alerts are on hold, people are told. Ask for a new export |
| `BadConfig` | run `caseclock check-config`, correct include/monitoring/, clear the task |
| anything else | it was tried six times over some five minutes. Look at store, disk and channels, then clear the task |

Runs of different sources go side by side (`CASECLOCK_PARALLEL_EXTRACTS` of them), those of one source one after the other in order of
date. `start_next` hands the turn on, also after a failed task, and is *skipped* when nothing waits. Where it could not, `intake` does it.

A quality verdict of *hold* does not fail the run: the numbers stay silent, data engineers are told, and `ask_for_release` starts
a run of `release_extract`, in which a person decides. In ordinary runs that task is *skipped*.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, Param, chain, dag, task
from caseclock_tasks import DEFAULT_ARGS, StartNext, open_house, red_if_refused, skip_unless_held

EXTRACT_ID = "{{ params.extract_id }}"

backlog_measures = Asset("backlog_measures")


@dag(
    schedule=None,
    # Each of another source: the line in the store sees to that (docs/decisions/0015-turns.md). One task of a run needs some 400 MB, and on
    # SQLite the store has one writer.
    max_active_runs=int(os.environ.get("CASECLOCK_PARALLEL_EXTRACTS") or 1),
    default_args={**DEFAULT_ARGS, "weight_rule": "upstream"},  # the further a run has come the sooner it goes on: what began is finished
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
    # also after a failed task: one bad extract must not hold up the next one of its source
    steps[-1] >> StartNext(task_id="start_next", trigger_dag_id="monitor_extract", extract_id=EXTRACT_ID, trigger_rule="all_done")
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
