"""Everything that the steps need, wired once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from caseclock import now as clock
from caseclock.errors import WrongUse
from caseclock.extracts.connection import Connections, from_environment
from caseclock.settings import Settings
from caseclock.storage import ledger, migrate
from caseclock.storage.engine import open_engine, reading

if TYPE_CHECKING:
    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.config.load import Config
    from caseclock.extracts import Extract
    from caseclock.extracts.source import SourceConfig
    from caseclock.notifications import Channel

Report = dict[str, Any]


@dataclass(frozen=True)
class House:
    """Settings and store; what is costly is made when it is first asked for."""

    settings: Settings
    engine: Engine
    connections: Connections = from_environment

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
        """The source's configuration; one that is not configured is read by the defaults."""
        from caseclock.extracts.source import SourceConfig

        found = self.config.sources.get(source_id) or SourceConfig(id=source_id, title=source_id)
        secret = self.settings.worker_salt
        return found.salted(secret.get_secret_value().encode()) if secret else found

    def extract(self, extract_id: str) -> Extract:
        """The extract with this id. Raises LookupError."""
        with reading(self.engine) as c:
            return ledger.extract_by_id(c, extract_id)


def chosen_source(c: Connection, source: str | None) -> str:
    """The source that a question is about; where none is named, the only one that has sent extracts. Raises WrongUse."""
    known = ledger.sources(c)
    if source is None and len(known) == 1:
        return known[0]
    if not known:
        raise WrongUse("no extract has come yet", where=source or "", todo="`caseclock run PATH` takes one in.")
    if source is None:
        raise WrongUse("more than one source has sent extracts", allowed=f"one of {', '.join(known)}", todo="Give --source.")
    if source not in known:
        raise WrongUse("no extract of that source has come", where=source, allowed=f"one of {', '.join(known)}", todo="Check --source.")
    return source


@contextmanager
def open_house(settings: Settings, connections: Connections = from_environment) -> Iterator[House]:
    """A house on these settings, with the store at this version's schema. `connections`: who knows hosts and secrets of places outside."""
    engine = open_engine(settings.store_url)
    try:
        migrate.upgrade(engine)
        yield House(settings, engine, connections)
    finally:
        engine.dispose()


class Step:
    """One step of one extract. `done`: an earlier run has finished it, so there is nothing to do."""

    def __init__(self, house: House, extract_id: str, name: str) -> None:
        self._house, self._extract_id, self._name = house, extract_id, name
        with reading(house.engine) as c:
            self.done = ledger.is_done(c, extract_id, name)
            self.refused = ledger.refused_reason(c, extract_id)
        self.began = clock.seconds()

    @contextmanager
    def finish(self) -> Iterator[Connection]:
        """The one transaction of the step: what is written in it and the mark that the step is done stand or fall together."""
        with self._house.engine.begin() as c:
            yield c
            ledger.mark_done(c, self._extract_id, self._name, clock.now(), clock.seconds() - self.began)

    @contextmanager
    def finish_if(self, earlier: str) -> Iterator[Connection]:
        """`finish`, but the step counts as done only when an earlier one is: a path that was broken off stays unfinished."""
        with self._house.engine.begin() as c:
            yield c
            if ledger.is_done(c, self._extract_id, earlier):
                ledger.mark_done(c, self._extract_id, self._name, clock.now(), clock.seconds() - self.began)
