"""The inbox watcher: says that something waits, and says it again for as long as it waits.

Asset events of Airflow 3.3 are not a queue: the last events of a burst can stay behind without a run (apache/airflow#56050).
So an event carries no extract and nobody counts them. The ledger in our store is the record; a reminder, and the sweep of
the DAG `intake`, repair what an event lost. The watcher keeps no state, so nothing is lost or doubled when it is killed.

Locations elsewhere (S3, Azure, SFTP) are looked at beside it, more slowly and in a thread: whatever is wrong there, the inbox
is watched all the same. What is new there wakes `intake`, which fetches it; there is no reminder, because each try costs a
sign-in at somebody's server, and the sweep tries again anyway.
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
    `afar`: seconds between two looks at the locations of the sources.
    """

    def __init__(
        self,
        *,
        poll: float = 1.0,
        remind: float = 30.0,
        settle: float | None = None,
        inbox: str | None = None,
        afar: float = 60.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.poll, self.remind, self.settle, self.inbox, self.afar = poll, remind, settle, inbox, afar
        self._afar: frozenset[str] = frozenset()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "caseclock_inbox.InboxTrigger",
            {"poll": self.poll, "remind": self.remind, "settle": self.settle, "inbox": self.inbox, "afar": self.afar},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        beside = asyncio.create_task(self._watch_afar())
        try:
            async for event in self._watch():
                yield event
        finally:
            beside.cancel()

    async def _watch(self) -> AsyncIterator[TriggerEvent]:
        import anyio.to_thread

        from caseclock.errors import CaseclockError

        announced: frozenset[str] = frozenset()
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
                afar, fresh = self._afar, self._afar - announced
                announced = afar
                if fresh or (waiting and (waiting - known or now - fired >= self.remind)):
                    fired = now
                    yield TriggerEvent(
                        {"waiting": len(waiting) + len(afar)}
                    )  # a number only: the UI shows payloads, and file names may tell too much
                known = waiting
            await asyncio.sleep(self.poll)

    async def _watch_afar(self) -> None:
        """Keeps `_afar` up to date, and never ends by itself: a location that fails must not stop the watcher."""
        import anyio.to_thread

        said = ""
        while True:
            try:  # a thread that hangs in a server's silence is left behind when the trigger ends
                self._afar = await anyio.to_thread.run_sync(self.look_afar, abandon_on_cancel=True)
                said = ""
            except Exception as error:  # noqa: BLE001 - see above
                if said != (said := type(error).__name__):  # once per outage
                    log.warning("the locations of the sources cannot be looked at (%s); trying again every %s s", said, self.afar)
            await asyncio.sleep(self.afar)

    def look_afar(self) -> frozenset[str]:
        """What is new at the locations of the sources. Raises what goes wrong with configuration, store and connections."""
        from caseclock.errors import WrongUse
        from caseclock.settings import from_environment

        try:
            folder = from_environment().config / "sources"
        except WrongUse:  # no installation is named: a trigger that was given its inbox
            return frozenset()
        if not any("location" in file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")):
            return frozenset()  # as nearly everywhere: neither the configuration nor the store needs to be opened
        from caseclock_connections import connection, settings

        from caseclock import now
        from caseclock.pipeline import House, waiting_afar
        from caseclock.storage.engine import open_engine

        given = settings()
        engine = open_engine(given.store_url)
        try:
            return waiting_afar(House(given, engine, connection), now.now())
        finally:
            engine.dispose()

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
