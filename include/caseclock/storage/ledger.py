"""The ledger: what has arrived, how far each extract has come, and what quality and the measures said of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from caseclock.clocks.model import SERVICE
from caseclock.extracts import Absence, Extract
from caseclock.now import LONDON
from caseclock.quality import Finding, QualityReport, Verdict
from caseclock.snapshots import TableCount
from caseclock.storage import quality
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks, insert_or_ignore, moment_of, moment_text, one_writer
from caseclock.storage.speaking import newest_accepted

if TYPE_CHECKING:
    import pandas as pd

STEPS = ("take_snapshot", "check_quality", "compute_measures", "update_alerts", "notify")


def _extract_of(row: object) -> Extract:
    found = row._mapping  # type: ignore[attr-defined]
    return Extract(
        id=found["id"],
        source=found["source"],
        as_of=dt.date.fromisoformat(found["as_of"]),
        revision=found["revision"],
        sha256=found["sha256"],
        name=found["name"],
        path=found["path"],
        received_at=moment_of(found["received_at"]),
        exported_at=moment_of(found["exported_at"]) if found["exported_at"] else None,
        superseded=found["superseded"],
    )


def claim(
    c: Connection,
    extract_id: str,
    source: str,
    as_of: dt.date,
    sha256: str,
    name: str,
    path: str,
    at: dt.datetime,
    exported_at: dt.datetime | None = None,
) -> tuple[Extract, bool]:
    """Writes the extract into the ledger, once. Returns it and whether this call was the one that did.

    The revision is one more than the newest of its date: what arrives later with other content is a correction. Unless both say when
    they were exported, and a revision that is there already was exported later: then the new one is kept and superseded at once.
    """
    one_writer(c, f"ledger|{source}")  # two that arrive at one moment must not take one number
    there = extracts(c, source, as_of)
    made = c.execute(
        insert_or_ignore(c, t.extract).values(
            id=extract_id,
            source=source,
            as_of=str(as_of),
            revision=max((e.revision for e in there), default=0) + 1,
            sha256=sha256,
            name=name,
            path=path,
            received_at=moment_text(at),
            exported_at=moment_text(exported_at) if exported_at else None,
            superseded=_why_superseded(exported_at, there),
        )
    )
    return extract_by_id(c, extract_id), bool(made.rowcount)


def _why_superseded(exported_at: dt.datetime | None, there: list[Extract]) -> str | None:
    later = [e for e in there if exported_at and e.exported_at and e.exported_at > exported_at]
    if not later or exported_at is None:
        return None
    newest = max(later, key=lambda e: (e.exported_at, e.revision))
    mine, other = (m.astimezone(LONDON).isoformat(timespec="minutes") for m in (exported_at, newest.exported_at) if m)
    return f"it was exported at {mine}, before revision {newest.revision}, which was exported at {other} and had arrived before it"


def extract_by_id(c: Connection, extract_id: str) -> Extract:
    """The extract with this id. Raises LookupError."""
    row = c.execute(select(t.extract).where(t.extract.c.id == extract_id)).first()
    if row is None:
        raise LookupError(f"no extract {extract_id} in the ledger")
    return _extract_of(row)


def find(c: Connection, source: str, as_of: dt.date, sha256: str) -> Extract | None:
    row = c.execute(
        select(t.extract).where(t.extract.c.source == source, t.extract.c.as_of == str(as_of), t.extract.c.sha256 == sha256)
    ).first()
    return _extract_of(row) if row else None


def extracts(c: Connection, source: str | None = None, as_of: dt.date | None = None, *, superseded: bool = True) -> list[Extract]:
    """All extracts in order of source, date, revision. Without `superseded` the last one of a date is the one that counts."""
    query = select(t.extract).order_by(t.extract.c.source, t.extract.c.as_of, t.extract.c.revision)
    if source:
        query = query.where(t.extract.c.source == source)
    if as_of:
        query = query.where(t.extract.c.as_of == str(as_of))
    if not superseded:
        query = query.where(t.extract.c.superseded.is_(None))
    return [_extract_of(row) for row in c.execute(query)]


def sources(c: Connection) -> list[str]:
    """Those that have ever sent an extract, in order."""
    return list(c.execute(select(t.extract.c.source).distinct().order_by(t.extract.c.source)).scalars())


def newest_of(c: Connection, source: str, as_of: dt.date) -> Extract | None:
    """The one revision of a date that counts: of those that are not superseded the last one to arrive, whatever it is worth."""
    return next(reversed(extracts(c, source, as_of, superseded=False)), None)


def taken_since(c: Connection, name: str, since: dt.datetime) -> bool:
    """Whether something of this name has been claimed or refused since then."""
    e, r = t.extract, t.refusal
    claimed = select(e.c.id).where(e.c.name == name, e.c.received_at >= moment_text(since))
    refused = select(r.c.name).where(r.c.name == name, r.c.at >= moment_text(since))
    return any(c.execute(query).first() is not None for query in (claimed, refused))


def unfinished(c: Connection) -> list[Extract]:
    """Claimed extracts whose last step is not done, in order of source, date, revision. One that is superseded has no path to finish."""
    done = select(t.step_done.c.extract_id).where(t.step_done.c.step == STEPS[-1])
    query = (
        select(t.extract)
        .where(t.extract.c.id.not_in(done), t.extract.c.superseded.is_(None))
        .order_by(t.extract.c.source, t.extract.c.as_of, t.extract.c.revision)
    )
    return [_extract_of(row) for row in c.execute(query)]


def forget_rows(c: Connection, table: Table, before: dt.date, needed: Collection[str], dry_run: bool = False) -> int:
    """Rows of a table that belong to extracts of earlier dates go, except of those that are needed. Returns how many."""
    old = [e.id for e in extracts(c) if e.as_of < before and e.id not in needed]
    many = 0
    for ids in in_chunks(old):
        many += c.execute(select(func.count()).select_from(table).where(table.c.extract_id.in_(ids))).scalar_one()
        if not dry_run:
            c.execute(delete(table).where(table.c.extract_id.in_(ids)))
    return many


def refused_reason(c: Connection, extract_id: str) -> str | None:
    return c.execute(select(t.extract.c.refused).where(t.extract.c.id == extract_id)).scalar()


def refuse(c: Connection, extract_id: str, reason: str) -> None:
    """The extract as a whole cannot be used: its numbers never speak; its bytes stay where they are."""
    c.execute(update(t.extract).where(t.extract.c.id == extract_id).values(refused=reason))


def note_refusal(c: Connection, sha256: str, name: str, path: str, reason: str, at: dt.datetime) -> bool:
    """A file that never became an extract. True for the call that wrote it down."""
    made = c.execute(insert_or_ignore(c, t.refusal).values(sha256=sha256, name=name, path=path, reason=reason, at=moment_text(at)))
    return bool(made.rowcount)


# --- steps ---------------------------------------------------------------------------------------------------------
def is_done(c: Connection, extract_id: str, step: str) -> bool:
    query = select(t.step_done.c.step).where(t.step_done.c.extract_id == extract_id, t.step_done.c.step == step)
    return c.execute(query).first() is not None


def mark_done(c: Connection, extract_id: str, step: str, at: dt.datetime, seconds: float) -> None:
    c.execute(insert_or_ignore(c, t.step_done).values(extract_id=extract_id, step=step, done_at=moment_text(at), seconds=seconds))


def step_seconds(c: Connection, extract_id: str) -> dict[str, float]:
    return {r.step: r.seconds for r in c.execute(select(t.step_done).where(t.step_done.c.extract_id == extract_id))}


# --- snapshots and quality -----------------------------------------------------------------------------------------
def save_counts(c: Connection, extract_id: str, counts: dict[str, TableCount]) -> None:
    c.execute(delete(t.table_count).where(t.table_count.c.extract_id == extract_id))
    rows = [{"extract_id": extract_id, "table_name": name, **asdict(count)} for name, count in counts.items()]
    if rows:
        c.execute(insert(t.table_count), rows)


def counts_of(c: Connection, extract_id: str) -> dict[str, TableCount]:
    rows = c.execute(select(t.table_count).where(t.table_count.c.extract_id == extract_id).order_by(t.table_count.c.table_name))
    return {r.table_name: TableCount(r.read, r.kept, r.quarantined) for r in rows}


def save_quality(
    c: Connection, extract_id: str, report: QualityReport, absences: Iterable[Absence], at: dt.datetime, compared_with: str = ""
) -> None:
    """The report whole, with its numbers over time. `compared_with`: the accepted extract that `report.changes` speak of."""
    quality.save_numbers(c, extract_id, report, compared_with)
    c.execute(delete(t.quality_report).where(t.quality_report.c.extract_id == extract_id))
    c.execute(
        insert(t.quality_report).values(
            extract_id=extract_id,
            verdict=report.verdict,
            reasons=report.reasons,
            findings=[asdict(f) for f in report.findings],
            absences=[asdict(a) for a in absences],
            blocked_teams=sorted(report.blocked_teams),
            expectations=report.expectations,
            at=moment_text(at),
        )
    )


def add_absences(c: Connection, extract_id: str, absences: Iterable[Absence]) -> None:
    """Adds what a later step found out that it cannot see; each is kept once."""
    found = c.execute(select(t.quality_report.c.absences).where(t.quality_report.c.extract_id == extract_id)).scalar() or []
    new = [row for row in map(asdict, absences) if row not in found]
    c.execute(update(t.quality_report).where(t.quality_report.c.extract_id == extract_id).values(absences=[*found, *new]))


@dataclass(frozen=True)
class StoredQuality:
    """What the store remembers of a quality report."""

    verdict: Verdict
    reasons: list[str]
    absences: list[Absence]
    blocked_teams: list[str]
    findings: list[Finding] = field(default_factory=list)
    expectations: int = 0


def quality_of(c: Connection, extract_id: str) -> StoredQuality | None:
    row = c.execute(select(t.quality_report).where(t.quality_report.c.extract_id == extract_id)).first()
    if row is None:
        return None
    return StoredQuality(
        row.verdict,
        list(row.reasons),
        [Absence(**a) for a in row.absences],
        list(row.blocked_teams),
        [Finding(**f) for f in row.findings],
        row.expectations,
    )


def accepted_before(c: Connection, source: str, as_of: dt.date, limit: int = 60) -> list[tuple[Extract, dict[str, int]]]:
    """Extracts of this source with an earlier date whose numbers spoke, newest first, one per date, with rows kept per table.

    A held extract that a person has released counts: so a real shift in numbers is released once, and the next extract passes.
    """
    day = t.extract.c.as_of
    query = newest_accepted(source).where(day < str(as_of)).order_by(day.desc()).limit(limit)
    found = [_extract_of(row) for row in c.execute(query)]
    if not found:
        return []
    counts: dict[str, dict[str, int]] = {x.id: {} for x in found}
    for row in c.execute(select(t.table_count).where(t.table_count.c.extract_id.in_(list(counts)))):
        counts[row.extract_id][row.table_name] = row.kept
    return [(x, counts[x.id]) for x in found]


# --- measures ------------------------------------------------------------------------------------------------------
def save_measures(c: Connection, extract: Extract, values: pd.DataFrame, teams: pd.DataFrame) -> None:
    """`values`: MEASURE_COLUMNS; `teams`: canonical team table, which names teams and services. A second call changes nothing."""
    c.execute(delete(t.measure_value).where(t.measure_value.c.extract_id == extract.id))
    whole = zip(values["measure"], values["team"], values["value"].tolist(), values["n"].tolist(), strict=True)
    rows = [{"extract_id": extract.id, "measure": m, "team": team, "value": None if v != v else v, "n": int(n)} for m, team, v, n in whole]
    if rows:
        c.execute(insert(t.measure_value), rows)
    _note_print(c, extract.id, rows)
    newest = newest_of(c, extract.source, extract.as_of)
    if newest and newest.id != extract.id:
        return  # another revision of its date names the teams, whichever of the two is measured last
    _save_names(c, extract, _named(teams))


def figures_changed(c: Connection, extract_id: str) -> None:
    """To be called whenever figures of an extract were changed by another way than `save_measures`."""
    m = t.measure_value.c
    found = c.execute(select(m.measure, m.team, m.value, m.n).where(m.extract_id == extract_id)).mappings()
    _note_print(c, extract_id, [dict(row) for row in found])


def _note_print(c: Connection, extract_id: str, rows: Iterable[Mapping[str, object]]) -> None:
    c.execute(update(t.extract).where(t.extract.c.id == extract_id).values(figures=_print_of(rows)))


def _print_of(rows: Iterable[Mapping[str, object]]) -> str:
    """Hash of the figures of an extract: whoever has worked with them sees by it that they have been made again and are others."""
    said = sorted(json.dumps([row[name] for name in ("measure", "team", "value", "n")]) for row in rows)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


Named = dict[str, tuple[str, str | None]]
"""Place (a team's id, or `service:` and a service's) to its name and, of a team, its service's."""


def _named(teams: pd.DataFrame) -> Named:
    """Teams by their id, and services by their id, else by their name: the places of clocks/places.py."""
    made: Named = {}
    for row in teams.to_dict("records"):
        known = {name: row[name] if isinstance(row.get(name), str) else None for name in ("team_id", "name", "service", "service_id")}
        service, service_id = known["service"], known["service_id"] or known["service"]
        if service_id:
            made.setdefault(f"{SERVICE}{service_id}", (service or service_id, None))
        if known["team_id"]:
            made[known["team_id"]] = (known["name"] or known["team_id"], service)
    return made


def _save_names(c: Connection, extract: Extract, named: Named) -> None:
    """What a newer extract has named stays as it is."""
    known = {r.team: r.as_of for r in c.execute(select(t.team.c.team, t.team.c.as_of).where(t.team.c.source == extract.source))}
    rows = [
        {"source": extract.source, "team": place, "name": name, "service": service, "as_of": str(extract.as_of)}
        for place, (name, service) in named.items()
        if known.get(place, "") <= str(extract.as_of)
    ]
    for row in rows:
        c.execute(delete(t.team).where(t.team.c.source == extract.source, t.team.c.team == row["team"]))
    if rows:
        c.execute(insert(t.team), rows)


def measures_of(c: Connection, extract_id: str) -> pd.DataFrame:
    """measure, team, value, n of one extract, in order of measure and team."""
    import pandas as pd

    m = t.measure_value
    rows = c.execute(select(m.c.measure, m.c.team, m.c.value, m.c.n).where(m.c.extract_id == extract_id).order_by(m.c.measure, m.c.team))
    return pd.DataFrame(rows.all(), columns=["measure", "team", "value", "n"])


def measure_count(c: Connection, extract_id: str) -> int:
    """How many figures were stored of one extract."""
    return c.execute(select(func.count()).select_from(t.measure_value).where(t.measure_value.c.extract_id == extract_id)).scalar_one()


def place_names(c: Connection, source: str) -> dict[str, str]:
    """Place to the name that people know: team ids, and services with `service:` before their id."""
    return {r.team: r.name for r in c.execute(select(t.team.c.team, t.team.c.name).where(t.team.c.source == source))}


def team_names(c: Connection, source: str) -> dict[str, str]:
    """Team id to the name that people know."""
    return {place: name for place, name in place_names(c, source).items() if not place.startswith(SERVICE)}


def team_services(c: Connection, source: str) -> dict[str, str]:
    """Team id to the name of its service, for those that have one. Services themselves are not in it."""
    rows = c.execute(select(t.team.c.team, t.team.c.service).where(t.team.c.source == source))
    return {r.team: r.service for r in rows if r.service}
