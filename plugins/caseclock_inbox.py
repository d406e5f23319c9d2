"""The inbox watcher: says that something waits, and says it again for as long as it waits.

Asset events of Airflow 3.3 are not a queue: the last events of a burst can stay behind without a run (apache/airflow#56050).
So an event carries no extract and nobody counts them. The ledger in our store is the record; a reminder, and the sweep of
the DAG `intake`, repair what an event lost. The watcher keeps no state, so nothing is lost or doubled when it is killed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

log = logging.getLogger(__name__)


class InboxTrigger(BaseEventTrigger):
    """Fires when something new waits in the inbox, then every `remind` seconds until nothing does.

    `poll`: seconds between two looks. `settle`: seconds for which a file must have rested; it may still be being written. `inbox`: the
    folder. What is not given comes from the environment of the triggerer (`CASECLOCK_HOME`, ...), so no path is stored in the DAG.
    """

    def __init__(
        self, *, poll: float = 1.0, remind: float = 30.0, settle: float | None = None, inbox: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.poll, self.remind, self.settle, self.inbox = poll, remind, settle, inbox

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "caseclock_inbox.InboxTrigger",
            {"poll": self.poll, "remind": self.remind, "settle": self.settle, "inbox": self.inbox},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import anyio.to_thread

        from caseclock.errors import CaseclockError

        known: frozenset[str] = frozenset()
        fired, blind = float("-inf"), False
        while True:
            try:  # on a thread: a look at a network share may take seconds, and all triggers share one event loop
                waiting = await anyio.to_thread.run_sync(self.look)
            except (OSError, CaseclockError) as error:
                if not blind:  # once per outage, not once per second
                    log.warning("the inbox cannot be looked at (%s: %s); trying again every %s s", type(error).__name__, error, self.poll)
                blind = True
            else:
                blind, now = False, time.monotonic()
                if waiting and (waiting - known or now - fired >= self.remind):
                    fired = now
                    yield TriggerEvent({"waiting": len(waiting)})  # a number only: the UI shows payloads, and file names may tell too much
                known = waiting
            await asyncio.sleep(self.poll)

    def look(self) -> frozenset[str]:
        """What waits now, each with its size and time, so that something that was replaced is new. Raises OSError."""
        from caseclock.extracts.inbox import waiting
        from caseclock.settings import from_environment

        if self.inbox is None or self.settle is None:
            given = from_environment()
            inbox, settle = self.inbox or given.inbox, given.settle_seconds if self.settle is None else self.settle
        else:
            inbox, settle = self.inbox, self.settle
        return frozenset(one.signature for one in waiting(Path(inbox), settle, time.time()))
