"""A held extract waits for a person: approve, and its figures count at once; reject, and a new extract is asked for.

`ask` → `decide` → `record` → `notify`

Started by `monitor_extract` when the quality gate holds an extract, as the run `release__<extract id>`. It waits under **Required
Actions** and takes no worker meanwhile. Whoever may edit this DAG and its *HITL Detail* may answer (with FAB two rights; not the role
*Viewer*): docs/how-to/release-a-held-extract.md.

| what you see | what it means |
|---|---|
| `decide` *awaiting input* | nobody has answered. After `CASECLOCK_RELEASE_DAYS` (5 when not set) the extract is rejected |
| `record` green, "nothing to decide" in its log | a newer revision has come, or somebody has decided by the command line: that stands |
| `record` red, "a reason is missing" | nothing was decided. **Clear the task `decide`** and answer again, with a reason |
| `decide` asks again just after it was answered | the answer came within a second, and Airflow took the task for lost: answer again |
| all *skipped* after `ask` | there was nothing to decide any more when the run began |

A decision that was wrong is changed by `caseclock release ID --overrule`; both words stay in the audit. What was answered here is
also kept by Airflow, until `airflow db clean`.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException
from caseclock_tasks import DEFAULT_ARGS, open_house

EXTRACT_ID = "{{ params.extract_id }}"
WAIT = timedelta(days=float(os.environ.get("CASECLOCK_RELEASE_DAYS") or 5))


@dag(
    schedule=None,
    max_active_runs=1000,  # each waits for days, and none may stand in the way of another
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    params={
        "extract_id": Param(
            type="string", pattern="^[0-9a-f]{16}$", title="Extract", description="id of a held extract; `caseclock release` lists them"
        )
    },
    tags=["caseclock", "extract", "release"],
)
def release_extract() -> None:
    @task(multiple_outputs=False)
    def ask(extract_id: str) -> dict[str, Any]:
        from caseclock import pipeline

        with open_house() as house:
            if not pipeline.waits_for_decision(house, extract_id):
                raise AirflowSkipException("there is nothing to decide on this extract (any more)")
            return pipeline.question(house, extract_id, WAIT)

    decide = HITLOperator(  # not ApprovalOperator: that one skips what follows a rejection, and a rejection is to be written down
        task_id="decide",
        subject="{{ ti.xcom_pull(task_ids='ask')['subject'] }}",
        body="{{ ti.xcom_pull(task_ids='ask')['body'] }}",
        options=["Approve", "Reject"],
        defaults="Reject",
        response_timeout=WAIT,
        # no minLength: Airflow would check it only after the answer, and against the empty default when nobody answers
        params={"reason": Param("", type="string", title="Reason", description="Why. Data engineers see it: write nothing about a child.")},
    )

    @task(multiple_outputs=False)
    def record(extract_id: str, answer: dict[str, Any]) -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            return pipeline.take_answer(house, extract_id, answer, now.now(), WAIT)

    @task(multiple_outputs=False)
    def notify() -> dict[str, Any]:
        from caseclock import now, pipeline

        with open_house() as house:
            return pipeline.notify(house, now.now())

    ask(EXTRACT_ID) >> decide
    record(EXTRACT_ID, decide.output) >> notify()


release_extract()
