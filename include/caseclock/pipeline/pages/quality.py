"""The pages on quality, read from the store's tables: no file of an extract is opened for them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import Connection

from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.quality import Decided, Judged, QualityPage, QuarantinePage, RulePage, TableRows
from caseclock.extracts.model import Extract
from caseclock.pipeline.pages import quality_aside, quality_over_time, quality_rules
from caseclock.pipeline.pages.desk import Desk, Standing, day_of
from caseclock.pipeline.pages.quality_words import Came, came, counting
from caseclock.storage import decisions, ledger
from caseclock.storage import quality as numbers
from caseclock.storage import quarantine as lives

OTHERS: Final = 8  # extracts that are linked to by their date
REFUSED: Final = "It could not be read as a whole. Nothing of it is used, what is open stays as it was, and a new export is needed."
NOT_YET: Final = "It has arrived, and its check has not been made yet, or was broken off."
RELEASED: Final = "Quality held this extract, and a person has released it: the numbers speak."
REJECTED: Final = (
    "Quality held this extract, and a person has rejected it: its numbers never speak, and a new extract of the date is needed."
)
UNTOLD: Final = "The extract could not be read. What its files say of it is for those who see the whole council."


def quality(desk: Desk, at: At, extract: str | None) -> QualityPage:
    """The newest extract, or the one with that id."""
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        this = _chosen(c, at, standing, extract)
        return _page(c, at, standing, this)


def rule(desk: Desk, at: At, table: str, rule: str) -> RulePage:
    with desk.reading() as c:
        return quality_over_time.rule(c, at, desk.house.config.quality, table, rule)


def quarantine(desk: Desk, at: At, table: str | None, rule: str | None, start: int) -> QuarantinePage:
    with desk.reading() as c:
        return quality_aside.quarantine(c, at, table, rule, start)


def judged(one: Came) -> Judged:
    return Judged(one.id, one.as_of, one.revision, one.word, one.said, one.tone)


# --- one extract -----------------------------------------------------------------------------------------------------
def _chosen(c: Connection, at: At, standing: Standing, extract: str | None) -> Extract:
    if extract is None:
        if standing.newest is None:
            raise NotThere("no extract of this source counts", todo="The ledger of extracts says what has come.")
        return standing.newest
    try:
        found = ledger.extract_by_id(c, extract)
    except LookupError:
        found = None
    if found is None or found.source != at.source:
        raise NotThere("there is no such extract", where="extract")
    return found


def _page(c: Connection, at: At, standing: Standing, this: Extract) -> QualityPage:
    found, past = ledger.quality_of(c, this.id), quality_rules.before(c, this)
    mine, decision = came(c, [this.id])[this.id], decisions.decision_of(c, this.id)
    compared_with, tables = _tables(c, this)
    holds, well_again = quality_rules.holding(c, this.id, past[-1][1] if past else None)
    waits = mine.word == "hold" and decision is None and decisions.newer_revision(c, this) is None
    gone = [place for place in (found.blocked_teams if found else []) if at.scope.sees(place)]
    return QualityPage(
        title=f"Data quality of the extract of {day_words(this.as_of)}",
        of=judged(mine),
        means=_means(mine, decision),
        newest=standing.newest is not None and standing.newest.id == this.id,
        speaks=this.id in standing.taken.values(),
        superseded=this.superseded,
        reasons=_reasons(at, mine, found.reasons if found else []),
        decided=Decided(_sentence(str(decision)), decision.reason if at.scope.whole else None) if decision else None,
        waits=waits and ledger.is_done(c, this.id, "compute_measures"),
        release_run=f"release__{this.id}",
        broken=quality_rules.broken(c, found.findings, past) if found and mine.word != "refused" else (),
        well_again=well_again,
        holds=holds,
        expectations=found.expectations if found else 0,
        tables=tables,
        compared_with=compared_with,
        absences=tuple(map(str, found.absences)) if found else (),
        teams_gone=tuple((place, standing.name(place)) for place in gone),
        aside=lives.changed_on(c, this.source, this.as_of) if mine.word in ("pass", "warn", "released") else {},
        others=_others(c, this, standing),
        past=bool(past),
    )


def _means(mine: Came, decision: decisions.Decision | None) -> str:
    from caseclock.quality.page import MEANS

    if mine.word == "hold" and decision:
        return REJECTED
    own = {"refused": REFUSED, "released": RELEASED, "": NOT_YET}
    return own.get(mine.word) or MEANS[mine.word][1]  # type: ignore[index]


def _reasons(at: At, mine: Came, reasons: list[str]) -> tuple[str, ...]:
    """Why an extract could not be read may name its files and rows."""
    return (UNTOLD,) if mine.word == "refused" and not at.scope.whole else tuple(reasons)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _tables(c: Connection, this: Extract) -> tuple[dt.date | None, tuple[TableRows, ...]]:
    """The date of the extract that its rows are compared with, and the rows of each table; without that where it is gone."""
    compared, changes = numbers.changes_of(c, this.id)
    against = day_of(c, compared) if compared else None
    by_table = {change.table: change for change in changes}
    made = []
    for table, n in ledger.counts_of(c, this.id).items():
        d = by_table.get(table)
        more = (d.new, d.changed, d.gone, d.rekeyed) if d and against else (None,) * 4
        made.append(TableRows(table, n.read, n.kept, n.quarantined, *more))
    return against, tuple(made)


def _others(c: Connection, this: Extract, standing: Standing) -> tuple[Judged, ...]:
    """Extracts around this one, newest first: the newest ones, or those up to it and the next."""
    newest = standing.newest.as_of if standing.newest else this.as_of
    ids = counting(c, this.source, min(newest, this.as_of + dt.timedelta(days=OTHERS)), OTHERS)
    found = came(c, [*ids, this.id])
    return tuple(judged(one) for one in sorted(found.values(), key=lambda one: (one.as_of, one.revision), reverse=True))
