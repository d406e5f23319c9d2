"""What all pages read: the house, and how a source stands. Reading is bounded in time, so that no question holds up its process."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Final

from sqlalchemy import Connection, func, select, text

from caseclock.extracts import Extract
from caseclock.extracts.connection import Connections, from_environment
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.pipeline.house import House, open_house
from caseclock.settings import Settings
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking

LONGEST: Final = 5.0  # seconds that one page may read
LOOK_EVERY: Final = 1.0  # seconds after which the configuration's files are looked at again
STEPS: Final = 10_000  # of SQLite's machine between two looks at the time
Values = dict[str, dict[str, tuple[float | None, int]]]
"""Figure to place to value and n. A figure or place without a row is not in it."""


@dataclass(frozen=True)
class Standing:
    """How a source stands. `taken`: date to id of the extracts whose figures speak, oldest first; `extract`: the newest of them.

    `newest`: the last to count, whatever it is worth. `verdict` is the gate's on it, None before it was judged; `held`: it does not speak
    because quality holds it or it could not be read. `names`: place to its name. `service_of`: team to its service's id in routes.yaml.
    """

    source: str
    taken: Mapping[dt.date, str]
    extract: Extract | None
    newest: Extract | None
    verdict: str | None
    held: bool
    names: Mapping[str, str]
    service_of: Mapping[str, str]

    def name(self, place: str) -> str:
        """What people call a place."""
        if place in (COUNCIL, NO_TEAM):
            return {COUNCIL: "All teams", NO_TEAM: "No team"}[place]
        named = self.names.get(place, place.removeprefix(SERVICE))
        return f"Service {named}" if place.startswith(SERVICE) else named

    @property
    def teams(self) -> list[str]:
        """Ids of the teams that extracts have named, in the order of their names."""
        return sorted((p for p in self.names if not p.startswith(SERVICE)), key=lambda p: (self.names[p].casefold(), p))


@dataclass
class Desk:
    """`settings`: asked once, when the first page is asked for. `conditions` of threads: all methods may be called from several."""

    settings: Callable[[], Settings]
    connections: Connections = from_environment
    _house: House | None = None
    _print: tuple[object, ...] = ()
    _looked: float = 0.0
    _open: ExitStack = field(default_factory=ExitStack)
    _lock: RLock = field(default_factory=RLock)
    _standing: dict[str, tuple[tuple[object, ...], Standing]] = field(default_factory=dict)

    @property
    def house(self) -> House:
        """Kept open. Its configuration is read again when a file of it has changed; until the new one can be used, the old one holds."""
        with self._lock:
            if self._house is None:
                self._house = self._open.enter_context(open_house(self.settings(), self.connections))
                self._print, self._looked = _print_of(self._house.settings.config), time.monotonic()
            elif time.monotonic() - self._looked > LOOK_EVERY:
                self._looked = time.monotonic()
                if (now := _print_of(self._house.settings.config)) != self._print:
                    fresh = House(self._house.settings, self._house.engine, self._house.connections)
                    fresh.config  # noqa: B018 - raises BadConfig
                    self._house, self._print = fresh, now
                    self._standing.clear()
            return self._house

    def close(self) -> None:
        self._open.close()
        self._house = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One view of the store, for LONGEST seconds at most; what takes longer is broken off and raises as the driver does."""
        with reading(self.house.engine) as c:
            if c.dialect.name == "postgresql":
                c.execute(text(f"SET LOCAL statement_timeout = {int(LONGEST * 1000)}"))
                yield c
                return
            raw, until = c.connection.driver_connection, time.monotonic() + LONGEST
            raw.set_progress_handler(lambda: time.monotonic() > until, STEPS)  # type: ignore[union-attr]
            try:
                yield c
            finally:
                raw.set_progress_handler(None, 0)  # type: ignore[union-attr]

    def standing(self, c: Connection, source: str) -> Standing:
        """How the source stands now. Read again only when a step was done, a person decided, or an extract came."""
        now = _stamp(c)
        with self._lock:
            kept = self._standing.get(source)
        if kept and kept[0] == now:
            return kept[1]
        made = _standing(self.house, c, source)
        with self._lock:
            self._standing[source] = (now, made)
        return made

    def values(self, c: Connection, extract_id: str, figures: Collection[str], places: Collection[str] | None = None) -> Values:
        """Figures of one extract: of some places, or of all."""
        m = t.measure_value.c
        query = select(m.measure, m.team, m.value, m.n).where(m.extract_id == extract_id, m.measure.in_(list(figures)))
        if places is not None:
            query = query.where(m.team.in_(list(places)))
        made: Values = {}
        for figure, place, value, n in c.execute(query).all():  # one call to the driver: a service has thousands of rows
            made.setdefault(figure, {})[place] = (value, n)
        return made

    def history(self, c: Connection, taken: Mapping[dt.date, str], figure: str, place: str) -> list[tuple[dt.date, float | None, int]]:
        """Day, value and n of one figure at one place, of the extracts in `taken`, oldest first."""
        m, days = t.measure_value.c, {id_: day for day, id_ in taken.items()}
        query = select(m.extract_id, m.value, m.n).where(m.measure == figure, m.team == place)
        found = [(days[id_], value, n) for id_, value, n in c.execute(query) if id_ in days]
        return sorted(found, key=lambda row: row[0])


def day_of(c: Connection, extract_id: str) -> dt.date | None:
    """The date of an extract; None where the ledger does not have it (any more)."""
    found = c.execute(select(t.extract.c.as_of).where(t.extract.c.id == extract_id)).scalar()
    return dt.date.fromisoformat(found) if found else None


def weekly(taken: Mapping[dt.date, str], weeks: int) -> dict[dt.date, str]:
    """The last extract of each of the last `weeks` calendar weeks that have one, oldest first."""
    by_week: dict[tuple[int, int], dt.date] = {}
    for day in sorted(taken):
        by_week[day.isocalendar()[:2]] = day
    days: Sequence[dt.date] = list(by_week.values())[-weeks:]
    return {day: taken[day] for day in days}


def _stamp(c: Connection) -> tuple[object, ...]:
    s, d, e = t.step_done.c, t.decision.c, t.extract.c
    steps = c.execute(select(func.count(), func.max(s.done_at))).one()
    said = c.execute(select(func.count(), func.max(d.at))).one()
    came = c.execute(select(func.count(), func.count(e.refused), func.count(e.superseded))).one()
    return (*steps, *said, *came)


def _standing(house: House, c: Connection, source: str) -> Standing:
    from caseclock.alerts import Instance
    from caseclock.notifications.routes import Subject

    taken = speaking(c, source, dt.date.max)
    newest = ledger.extracts(c, source, superseded=False)[-1:]
    found = ledger.quality_of(c, newest[0].id) if newest else None
    refused = bool(newest) and ledger.refused_reason(c, newest[0].id) is not None
    names = ledger.place_names(c, source)
    routes = house.config.routes
    service_of = {
        place: service
        for place, name in names.items()
        if not place.startswith(SERVICE) and (service := routes.service_of(Subject(Instance(source, "", place), "", name)))
    }
    speaks = bool(newest) and newest[0].id in taken.values()
    return Standing(
        source,
        taken,
        ledger.extract_by_id(c, taken[max(taken)]) if taken else None,
        newest[0] if newest else None,
        found.verdict if found else None,
        refused or (found is not None and found.verdict == "hold" and not speaks),
        names,
        service_of,
    )


def _print_of(config: Path) -> tuple[object, ...]:
    """Names, times and sizes of the configuration's files."""
    return tuple(sorted((str(p), s.st_mtime_ns, s.st_size) for p in config.rglob("*.yaml") for s in [p.stat()]))
