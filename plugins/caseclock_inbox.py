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

    `poll`: seconds between two looks. `settle`: seconds for which a file must have rested; it may still be being written.
    `inbox`: the folder; without it, the one of the environment in which the triggerer runs (`CASECLOCK_INBOX`, `CASECLOCK_HOME`).
    """

    def __init__(self, *, poll: float = 1.0, settle: float = 1.0, remind: float = 30.0, inbox: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.poll, self.settle, self.remind, self.inbox = poll, settle, remind, inbox

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "caseclock_inbox.InboxTrigger",
            {"poll": self.poll, "settle": self.settle, "remind": self.remind, "inbox": self.inbox},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import anyio.to_thread  # a look at the disk may block for seconds on a network share: never on the event loop

        known: frozenset[str] = frozenset()
        fired = float("-inf")
        unreadable = False
        while True:
            try:
                waiting = await anyio.to_thread.run_sync(self._look)
                unreadable = False
            except OSError as error:
                if not unreadable:  # once per outage, not once per second
                    log.warning("the inbox cannot be read (%s); looking again every %s s", type(error).__name__, self.poll)
                unreadable, waiting = True, known  # what waited still waits: a short outage makes nothing new
            now = time.monotonic()
            if waiting and not unreadable and (waiting - known or now - fired >= self.remind):
                fired = now
                yield TriggerEvent({"waiting": len(waiting)})  # a number only: the UI shows payloads, and names may tell too much
            known = waiting
            await asyncio.sleep(self.poll)

    def _look(self) -> frozenset[str]:
        """What waits now, each with its size and time, so that a file that was replaced is something new."""
        from caseclock.extracts.inbox import waiting
        from caseclock.settings import from_environment

        inbox = Path(self.inbox) if self.inbox else from_environment().inbox
        if not inbox.is_dir():
            return frozenset()  # nobody has sent anything yet
        return frozenset(_signature(path) for path in waiting(inbox, self.settle, time.time()))


def _signature(path: Path) -> str:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return path.name  # claimed between two lines
    return f"{path.name}\0{seen.st_size}\0{seen.st_mtime_ns}"
