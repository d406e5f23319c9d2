"""What to do first, and what to look at again: the work list and the re-look sample of a stored extract."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caseclock.errors import WrongUse
from caseclock.pipeline.ask import clocks_of
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.kept import cases_path, in_one_step
from caseclock.pipeline.sheet import write_csv
from caseclock.storage import ledger
from caseclock.storage import relook as store_of_draws
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.clocks.columns import Columns
    from caseclock.clocks.places import Places
    from caseclock.extracts import Extract

NAME_LENGTH = 120  # characters


@dataclass(frozen=True)
class Chosen:
    """The extract that a list is made from. `held`: its figures do not speak, so the list needs a word of warning."""

    extract: Extract
    verdict: str
    held: bool
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WorkList:
    """`frame`: WORK_COLUMNS (clocks/worklist.py), the chosen team's or all; `notes`: what it cannot show."""

    chosen: Chosen
    frame: pd.DataFrame
    notes: list[str]


@dataclass(frozen=True)
class Sample:
    """`frame`: SAMPLE_COLUMNS (clocks/relook.py). `again`: it had been drawn before, and nothing was written down anew."""

    chosen: Chosen
    seed: int
    pools: Mapping[str, Any]
    frame: pd.DataFrame
    file: Path
    again: bool
    notes: list[str]


# --- which extract -------------------------------------------------------------------------------------------------
def choose(house: House, source: str | None, as_of: dt.date | None) -> Chosen:
    """The newest extract whose figures speak; with `as_of` the one that counts for that date, whatever it is worth.

    Where nothing speaks it is the newest one that has figures at all, and `held` says so. Raises WrongUse with what there is.
    """
    with reading(house.engine) as c:
        counting = {(e.source, e.as_of): e for e in ledger.extracts(c, source, as_of, superseded=False)}
        known = ledger.extracts(c)
        sources = sorted({e.source for e in counting.values()})
        spoken = {id_ for one in sources for id_ in speaking(c, one, dt.date.max).values()}
        since = max((e.as_of for e in counting.values() if e.id in spoken), default=dt.date.min)
        judged = [(e, _verdict(c, e)) for e in counting.values() if e.as_of >= since]
    if len(sources) > 1:
        raise WrongUse("more than one source", allowed=", ".join(sources), todo="Give --source.")
    with_figures = [one for one in judged if one[1] != NO_FIGURES]
    if not with_figures:
        newest = max((str(e.as_of) for e in known), default="none")
        raise WrongUse("no extract with figures", allowed=f"the newest is of {newest}", todo="`caseclock run PATH` takes one in.")
    extract, verdict = max([one for one in with_figures if one[0].id in spoken] or with_figures, key=lambda one: one[0].as_of)
    notes = [f"the extract of {e.as_of} is newer, but {WHY_NOT[word == NO_FIGURES]}" for e, word in judged if e.as_of > extract.as_of]
    return Chosen(extract, verdict, extract.id not in spoken, notes)


NO_FIGURES = "no figures"
WHY_NOT = {True: "has no figures", False: "its figures are held"}


def _verdict(c: Connection, extract: Extract) -> str:
    """The gate's, or NO_FIGURES."""
    found = ledger.quality_of(c, extract.id)
    if found is None or ledger.refused_reason(c, extract.id) or not ledger.is_done(c, extract.id, "compute_measures"):
        return NO_FIGURES
    return found.verdict


# --- the work list -------------------------------------------------------------------------------------------------
def work_list(house: House, source: str | None = None, as_of: dt.date | None = None, team: str | None = None) -> WorkList:
    """The open cases in the order in which they need somebody. `team`: a team's id or `service:` and a service's id.

    The place is the one among all cases of the council, also where only a team's are asked for.
    """
    import numpy as np

    from caseclock.clocks.worklist import work_list as ordered

    chosen = choose(house, source, as_of)
    cases = cases_of(house, chosen.extract)
    clocks = clocks_of(house, chosen.extract)
    config, rules = house.config.worklist, house.config.timescales
    frame = ordered(cases, clocks, rules, config, house.calendar, np.datetime64(chosen.extract.as_of, "D"))
    if team is not None:
        frame = frame[frame["team"].isin(_teams_of(house, chosen.extract, team, set(frame["team"])))]
    notes = [*chosen.notes, *_cannot_show(house, chosen.extract, cases, config.safeguarding)]
    return WorkList(chosen, frame.reset_index(drop=True), notes)


def cases_of(house: House, extract: Extract) -> pd.DataFrame:
    """The case frame of an extract as it was kept; made again from the accepted tables where it was not. Raises WrongUse without either."""
    import pandas as pd

    from caseclock.clocks.cases import CASE_COLUMNS, case_frame

    path = cases_path(house, extract)
    if path.exists():
        kept = pd.read_parquet(path)
        if set(CASE_COLUMNS) <= set(kept.columns):
            return kept
    return case_frame(_columns(house, extract), house.source(extract.source).allocated_roles)


def _columns(house: House, extract: Extract) -> Columns:
    from caseclock.clocks.columns import Columns
    from caseclock.snapshots import store

    if not store.is_saved(extract, house.settings.accepted):
        raise WrongUse(
            "its tables are no longer kept",
            where=f"{extract.source} as of {extract.as_of}",
            todo="Ask for a newer date, or take it in again.",
        )
    return Columns(store.load(extract, house.settings.accepted))


def _teams_of(house: House, extract: Extract, place: str, named: set[str]) -> set[str]:
    from caseclock.clocks.model import COUNCIL, SERVICE

    if place == COUNCIL:
        return named
    if place in named:
        return {place}
    at = _places(house, extract)
    if not place.startswith(SERVICE):
        if place in at.teams:
            return {place}
        raise WrongUse("no such team", where=f"--team {place}", allowed=", ".join(sorted({*named, *at.teams})))
    if place not in at.names:
        services = ", ".join(SERVICE + service for service in at.services) or "none: the extract names no service"
        raise WrongUse("no such service", where=f"--team {place}", allowed=services)
    number = at.services.index(place.removeprefix(SERVICE))
    return {team for team, service in zip(at.teams, at.service_of, strict=True) if service == number}


def _places(house: House, extract: Extract) -> Places:
    from caseclock.clocks.places import places

    return places(_columns(house, extract))


def _cannot_show(house: House, extract: Extract, cases: pd.DataFrame, safeguarding: list[str]) -> list[str]:
    with reading(house.engine) as c:
        found = ledger.quality_of(c, extract.id)
    absences, blocked = (found.absences, found.blocked_teams) if found else ([], [])
    notes = [str(a) for a in absences if any(f"({rule})" in a.what for rule in safeguarding)]
    if len(cases) and cases["held"].isna().all():
        notes.append("the extract cannot show who holds a case, so none is listed because nobody does")
    return notes + [f"quality does not believe the rows of team {team}: most of its cases may be missing here" for team in blocked]


# --- the re-look sample ----------------------------------------------------------------------------------------------
def relook(
    house: House, now: dt.datetime, source: str | None, as_of: dt.date | None, size: int | None, seed: int | None, by: str
) -> Sample:
    """Draws cases to be looked at again, writes the draw down, and the sample into a file below the home folder.

    Without a seed one is drawn. A seed that was drawn with before gives what was drawn then, and is not written down again. Raises
    WrongUse where it would not: it was drawn with another size, or the tables say something else now.
    """
    from caseclock.clocks.cases import blind_spots
    from caseclock.clocks.relook import MAX_SEED, candidates, draw, relook_pool
    from caseclock.clocks.worklist_config import Weights

    chosen, config = choose(house, source, as_of), house.config.worklist.relook
    seed = secrets.randbelow(MAX_SEED + 1) if seed is None else seed
    with reading(house.engine) as c:
        before = store_of_draws.draw_of(c, chosen.extract.id, seed)
    weights = Weights(**before.pools["weights"]) if before else config.weights
    size = size or (before.size if before else config.size)
    columns = _columns(house, chosen.extract)
    pool = relook_pool(columns, house.source(chosen.extract.source).allocated_roles)
    drawn = draw(candidates(columns, pool, weights), size, seed)
    pools = _counted(drawn, pool.sizes(), len(pool.row)) | {"weights": weights.model_dump()}
    if before and (before.size, dict(before.pools)) != (size, pools):
        raise WrongUse(
            f"it has drawn {before.size} of {before.pools['cases']} cases before, which would not be these",
            where=f"--seed {seed}",
            todo="Give no --n to see that sample again, or another seed.",
        )
    with house.engine.begin() as c:
        store_of_draws.save_draw(c, chosen.extract, seed, size, pools, now, " ".join(by.split())[:NAME_LENGTH])
    file = sample_path(house, chosen.extract, seed)
    _write_sample(file, drawn)
    return Sample(chosen, seed, pools, drawn, file, before is not None, [*chosen.notes, *_cannot_mark(blind_spots(columns), pool.sizes())])


def draws(house: House, source: str | None = None, as_of: dt.date | None = None) -> list[Report]:
    """Which samples were drawn, the last one first: source, as_of, revision, seed, size, pools, at, by, and the file of each."""
    with reading(house.engine) as c:
        found = [(one, ledger.extract_by_id(c, one.extract_id)) for one in store_of_draws.draws(c, source, as_of)]
    return [{**asdict(one), "file": str(sample_path(house, extract, one.seed))} for one, extract in found]


def sample_path(house: House, extract: Extract, seed: int) -> Path:
    """`relook/<source>/<as_of>-<seed>.csv` below the home folder; of a later revision its number behind the seed."""
    revision = "" if extract.revision == 1 else f"-r{extract.revision}"
    return house.settings.home / "relook" / extract.source / f"{extract.as_of}-{seed}{revision}.csv"


def _counted(drawn: pd.DataFrame, sizes: dict[str, int], cases: int) -> Report:
    of = [pools.split("+") for pools in drawn["pools"]]
    pools = {name: {"cases": n, "drawn": sum(name in one for one in of)} for name, n in sizes.items()}
    return {"cases": cases, "drawn": len(drawn), "pools": pools}


MARKERS = {"earlier_cp": "an earlier child protection plan", "unborn": "an unborn child", "under_1": "a child under 1",
           "domestic_abuse": "domestic abuse"}  # fmt: skip


def _cannot_mark(blind: Mapping[str, str], sizes: dict[str, int]) -> list[str]:
    notes = [f"{words} cannot be a marker: {blind[name]}" for name, words in MARKERS.items() if name in blind]
    reasons = {"low_priority": blind.get("priority")}
    return notes + [f"the pool {name} is empty" + (f": {reasons[name]}" if reasons.get(name) else "") for name, n in sizes.items() if not n]


def _write_sample(file: Path, drawn: pd.DataFrame) -> None:
    with in_one_step(file) as half, half.open("w", encoding="utf-8", newline="") as out:
        write_csv(out, drawn)
