"""The inbox is not empty: claim what waits, and start the `monitor_extract` run of every extract whose turn it is.

Woken by the watcher of the asset `extract_inbox`, by a push (`POST /api/v2/dags/intake/dagRuns`) or by a sweep every 15
minutes. None of the three says *which* extract: the ledger in the caseclock store is the record of what has arrived. An event
may be lost or doubled and nothing is lost or doubled. A push may say that what it names is complete now, and that it is there:
`{"logical_date": null, "dag_run_id": "push__<source>__<as_of>__<sha12>", "conf": {"names": ["north__2026-11-20.zip"]}}`.

* `claim` first fetches what is new at the locations of the sources (S3, Azure, SFTP). A location that fails stops nothing: data
  engineers are told once a day. Then it moves each waiting file out of the inbox and writes it into the ledger. What has not finished its
  path stands in line: one extract of a source at a time, in order of date, and as many sources side by side as
  `CASECLOCK_PARALLEL_EXTRACTS` says. `claim` returns **every** run whose turn it is, so a crash between claim and start is repaired by the
  next run, and so is a run of `monitor_extract` that died before it handed on its turn.
* `start` makes these runs, with the run id `extract__<as_of>__<extract id>`. A run that exists is left alone and the task is
  *skipped*: that is normal. All others are started by the end of a run of `monitor_extract`.

**`claim` failed with `WrongUse`?** The push named something that neither lies in the inbox nor was claimed in the last hour.

**A run of `monitor_extract` failed?** Put right what its message says, then clear the failed task there. A new start with
the same run id is not made, unless somebody deletes the run.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, Param, dag, task
from caseclock_inbox import InboxTrigger
from caseclock_tasks import DEFAULT_ARGS, FIRST, open_house, settle_turns

inbox = Asset("extract_inbox", watchers=[AssetWatcher(name="caseclock_inbox", trigger=InboxTrigger())])


@dag(
    schedule=AssetOrTimeSchedule(assets=[inbox], timetable=CronTriggerTimetable("*/15 * * * *", timezone="Europe/London")),
    catchup=False,
    max_active_runs=1,  # a claim moves files: one at a time
    default_args={**DEFAULT_ARGS, **FIRST},
    doc_md=__doc__,
    params={
        "names": Param(
            [],
            type="array",
            items={"type": "string", "minLength": 1, "maxLength": 255},
            maxItems=1000,
            title="Names",
            description="what a push has put into the inbox and calls complete: <name> or <source>/<name>",
        )
    },
    tags=["caseclock", "arrival"],
)
def intake() -> None:
    @task
    def claim(params: dict[str, Any] | None = None, ti: Any = None) -> list[dict[str, Any]]:
        from caseclock import now, pipeline

        names = (params or {}).get("names", [])
        with open_house() as house:
            fetched = pipeline.fetch_all(house, now.now())
            pipeline.claim_inbox(house, now.now(), names, pipeline.paths_of(house, fetched))
            settle_turns(house, ti)
            given = pipeline.give_turns(house, now.now())
        return [{"trigger_run_id": e["run_id"], "conf": {"extract_id": e["extract_id"]}} for e in given]

    TriggerDagRunOperator.partial(
        task_id="start",
        trigger_dag_id="monitor_extract",
        skip_when_already_exists=True,
        logical_date=None,  # two runs may not share a logical date: the second one would count as "already exists" and be skipped
        max_active_tis_per_dagrun=1,  # one after the other, so that runs queue up in the order of their turns
        map_index_template="{{ task.trigger_run_id }}",
    ).expand_kwargs(claim())


intake()
