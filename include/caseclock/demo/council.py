"""A made-up council: one *world* of dated events, from which the extract of any day is a pure view.

Same seed, same world, same bytes. Later events are unknown in an earlier extract, so consecutive extracts fit together.
Its figures are those of England (see `council_calibration`); no person in it is or was real.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from caseclock.clocks.calendar import CalendarConfig, WorkingCalendar
from caseclock.demo import council_incident
from caseclock.demo.council_allocation import leave_one_protected_family, links_of
from caseclock.demo.council_care_tables import care_ledgers
from caseclock.demo.council_cases import WINDOW_YEARS, arrivals, dates_of, draw_steps, give_families, give_teams
from caseclock.demo.council_database import write_database
from caseclock.demo.council_draw import NEVER, Workdays, date_of, day_of
from caseclock.demo.council_faults import RATE
from caseclock.demo.council_people import INCIDENT_TEAM, Team, Worker, staff_of, teams_of
from caseclock.demo.council_roll import roll_of
from caseclock.demo.council_shape import Supplier
from caseclock.demo.council_supplementary import Council, supplementary_ledgers
from caseclock.demo.council_tables import ledgers_of
from caseclock.demo.council_view import Ledger
from caseclock.demo.council_write import SINGLE_FILES, Form, write_extract
from caseclock.errors import WrongUse

if TYPE_CHECKING:
    import pandas as pd

HISTORY_DAYS = 2 * 365  # closed cases that the first extract still shows


@dataclass(frozen=True)
class World:
    """Everything that happens in the council until `end`. `ledgers` by SSD table name."""

    seed: int
    scale: float
    first: dt.date
    end: dt.date
    teams: list[Team]
    staff: list[Worker]
    ledgers: dict[str, Ledger]


def make_world(
    seed: int,
    scale: float,
    end: dt.date,
    weeks: int,
    incident: bool,
    *,
    looked_after: bool = False,
    supplementary: bool = False,
    incident_weeks: int = council_incident.WEEKS,
) -> World:
    """Simulates the council. `scale` 1 is one of about median size; extracts can be made for the `weeks` before `end`.

    `looked_after`: children in care in full, with care leavers. `supplementary`: that, and the six files that no case system exports.
    Neither changes anything else of the council. `incident_weeks`: how long before `end` a team loses its workers, if there is an incident.
    """
    last, first = day_of(end), day_of(end) - 7 * weeks
    begin = last - WINDOW_YEARS * 365
    workdays = Workdays(date_of(begin), end)
    people, cases_rng, work = (np.random.default_rng([seed, stream]) for stream in range(3))
    teams = teams_of(scale)
    incident_from = council_incident.begins(last, incident_weeks) if incident else NEVER
    staff = staff_of(teams, people, begin, last, incident_from)
    steps = draw_steps(cases_rng, arrivals(cases_rng, scale, begin, last, workdays))
    sizes = give_families(cases_rng, steps, dates_of(steps, workdays).closed)
    give_teams(cases_rng, steps, teams)
    if incident:
        team = next(i for i, t in enumerate(teams) if t.id == INCIDENT_TEAM)
        council_incident.apply(steps, sizes, team, last, workdays, people, incident_weeks)
    cases = dates_of(steps, workdays)
    cases = cases.only(cases.closed >= first - HISTORY_DAYS)
    links = links_of(cases, sizes[cases.family], teams, staff, last, work)
    if incident:
        leave_one_protected_family(links, cases, sizes[cases.family], teams, last)
    roll = roll_of(cases, sizes)
    ledgers = ledgers_of(roll, links, teams, staff, last, workdays, work)
    if looked_after or supplementary:
        ledgers |= care_ledgers(ledgers, roll, teams, staff, last, workdays, np.random.default_rng([seed, 3]))
    if supplementary:
        council = Council(roll, links, teams, staff, ledgers, last, workdays, incident_from)
        ledgers |= supplementary_ledgers(council, np.random.default_rng([seed, 4]))
    return World(seed, scale, date_of(first), end, teams, staff, ledgers)


def extract_tables(world: World, as_of: dt.date) -> dict[str, pd.DataFrame]:
    """The world on one day: a frame of text per SSD file (`ssd_person.csv`), as a case system exports it."""
    if not world.first <= as_of <= world.end:
        raise WrongUse(
            f"this council has no extract of {as_of}",
            allowed=f"{world.first} to {world.end}",
            todo="Make it with another end or more weeks.",
        )
    day = day_of(as_of)
    return {f"{name}.csv": ledger.on(day).to_pandas() for name, ledger in world.ledgers.items()}


def extract_dates(as_of: dt.date, weeks: int, days: int) -> list[dt.date]:
    """Oldest first: `weeks` weekly dates, then `days` daily ones on working days; the last is `as_of` itself."""
    calendar = WorkingCalendar(CalendarConfig(first_year=max(1980, as_of.year - 12), last_year=min(2100, as_of.year + 3)))
    daily = [as_of] if days else []
    day = as_of
    while len(daily) < days:
        day -= dt.timedelta(days=1)
        if calendar.is_working_day(day):
            daily.append(day)
    newest = daily[-1] - dt.timedelta(days=7) if daily else as_of
    return [*(newest - dt.timedelta(days=7 * k) for k in reversed(range(weeks))), *reversed(daily)]


def generate(
    out: Path,
    scale: float = 1.0,
    weeks: int = 8,
    seed: int = 1,
    *,
    as_of: dt.date,
    incident: bool = False,
    days: int = 0,
    form: Form = "zip",
    source: str = "demo",
    faults: float = RATE,
    supplier: Supplier = "systemc",
    looked_after: bool = False,
    supplementary: bool = False,
    on_made: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Writes the extracts of `extract_dates` into `out`, oldest first, and returns their paths. `on_made` hears of each one."""
    if form in SINGLE_FILES and (supplier != "systemc" or looked_after or supplementary):
        raise WrongUse(
            f"{form} is one file, the same whatever the case system is",
            where="demo generate",
            allowed="--supplier, --with-looked-after and --with-supplementary with zip, csv or parquet",
        )
    dates = extract_dates(as_of, weeks, days)
    weeks_back = (as_of - dates[0]).days // 7 + 1
    world = make_world(seed, scale, as_of, weeks_back, incident, looked_after=looked_after, supplementary=supplementary)
    made = []
    for date in dates:
        made.append(write_extract(extract_tables(world, date), out, source, date, form, faults, supplier))
        if on_made:
            on_made(made[-1])
    return made


def generate_database(
    out: str,
    scale: float = 1.0,
    seed: int = 1,
    *,
    as_of: dt.date,
    schema: str | None = None,
    incident: bool = False,
    faults: float = RATE,
    supplier: Supplier = "systemc",
    looked_after: bool = False,
) -> dict[str, int]:
    """Fills a database with the council of one day: `out` is the path of a SQLite file or a SQLAlchemy URL. Returns rows per table."""
    world = make_world(seed, scale, as_of, 1, incident, looked_after=looked_after)
    return write_database(extract_tables(world, as_of), out, schema, faults, supplier)
