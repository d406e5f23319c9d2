"""The path of one extract, step by step. READ THIS FIRST.

    claim_inbox -> take_snapshot -> check_quality -> compute_measures -> update_alerts -> notify

Each step takes an id, does its work in one transaction and may be run again: the second run changes nothing. The ledger in
the store is the record of what has arrived; an event or a task only says that there may be work. What a step returns holds
ids and counts, never a row, so it may travel through XCom and logs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from caseclock import now as clock
from caseclock.errors import BadExtract
from caseclock.settings import Settings
from caseclock.storage import ledger, migrate
from caseclock.storage.engine import open_engine, reading

if TYPE_CHECKING:
    from pathlib import Path

    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.config.load import Config
    from caseclock.extracts import Extract
    from caseclock.extracts.source import SourceConfig
    from caseclock.notifications import Channel
    from caseclock.quality import QualityReport
    from caseclock.snapshots import Snapshot

Report = dict[str, Any]


@dataclass(frozen=True)
class House:
    """Everything that the steps need, wired once. What is costly is made when it is first asked for."""

    settings: Settings
    engine: Engine

    @cached_property
    def config(self) -> Config:
        """What we watch, checked as a whole. Raises BadConfig with every problem."""
        from caseclock.config.load import load

        return load(self.settings.config)

    @cached_property
    def calendar(self) -> WorkingCalendar:
        from caseclock.clocks.calendar import WorkingCalendar

        return WorkingCalendar(self.config.calendar)

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The channels that are configured; messages for others wait in the outbox."""
        from caseclock.notifications.channels import open_channels

        return open_channels(self.settings)

    def source(self, source_id: str) -> SourceConfig:
        """The source's configuration; a source that is not configured is read by the defaults."""
        from caseclock.extracts.source import SourceConfig

        return self.config.sources.get(source_id) or SourceConfig(id=source_id, title=source_id)


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """A house on these settings, with the store at this version's schema."""
    engine = open_engine(settings.store_url)
    try:
        migrate.upgrade(engine)
        yield House(settings, engine)
    finally:
        engine.dispose()


# --- arrival -------------------------------------------------------------------------------------------------------
