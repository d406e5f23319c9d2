"""The quality report of an extract that is in the ledger: from what is stored to text, page and a word to data engineers.

A report is made again whenever a step may have changed the verdict; what has not changed is not written again. Beside the page lies what
only the gate knew (rows that are used although they break a rule, rules that could not be asked), so that a page can be made at any time.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from caseclock.pipeline.house import House
from caseclock.pipeline.kept import in_one_step
from caseclock.storage import ledger, quality
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract, Reject
    from caseclock.quality import QualityReport
    from caseclock.quality.report import Facts, Past
    from caseclock.quality.worse import Judged

PAST = 11  # extracts before this one in the line of a rule
NAMED_OF_A_RULE = 25  # rows that are only to be corrected, kept by name; quarantine keeps all


def report_path(house: House, extract: Extract) -> Path:
    return house.settings.home / relative_path(extract)


def relative_path(extract: Extract) -> Path:
    """Below the home folder: what a message may say."""
    return Path("reports") / extract.source / str(extract.as_of) / f"{extract.id}.html"


def keep_what_the_gate_said(house: House, extract: Extract, report: QualityReport) -> None:
    """Must be there before the step is done: no later run can find it out again."""
    said: dict[tuple[str, str], int] = {}
    flagged = []
    for reject in report.flagged:
        said[reject.table, reject.rule] = said.get((reject.table, reject.rule), 0) + 1
        if said[reject.table, reject.rule] <= NAMED_OF_A_RULE:
            flagged.append({k: v for k, v in asdict(reject).items() if k != "key_hash"})
    _write(_said_path(house, extract), json.dumps({"flagged": flagged, "not_evaluated": report.not_evaluated}, indent=1))


def keep_report(house: House, extract: Extract) -> Facts | None:
    """Writes the page of an extract, as its verdict, its history and what a person said of it are now; None before it was judged."""
    from caseclock.quality.page import report_page

    facts = stored_facts(house, extract)
    if facts:
        _write(report_path(house, extract), report_page(facts))
    return facts


def stored_facts(house: House, extract: Extract) -> Facts | None:
    """What is known of an extract in the ledger; None before it was judged."""
    from caseclock.quality.report import Facts
    from caseclock.storage import quarantine
    from caseclock.storage.decisions import decision_of

    with reading(house.engine) as c:
        found = ledger.quality_of(c, extract.id)
        if found is None:
            return None
        compared_with, changes = quality.changes_of(c, extract.id)
        decision = decision_of(c, extract.id)
        held = found.verdict == "hold"
        rejects, notes = _put_aside(house, extract)
        flagged, not_evaluated = _said(house, extract)
        return Facts(
            extract=extract,
            verdict=found.verdict,
            reasons=found.reasons,
            tables=ledger.counts_of(c, extract.id),
            findings=found.findings,
            counts=quality.rule_counts(c, [extract.id])[extract.id],
            expectations=found.expectations,
            rejects=rejects,
            flagged=flagged,
            absences=[str(a) for a in found.absences],
            notes=notes,
            not_evaluated=not_evaluated,
            changes=changes,
            compared_with=ledger.extract_by_id(c, compared_with).as_of if compared_with else None,
            past=past_of(c, extract),
            quarantine={} if held else quarantine.changed_on(c, extract.source, extract.as_of),
            decision=str(decision) if decision else "",
            numbers_speak=not held or bool(decision and decision.released),
        )


def past_of(c: Connection, extract: Extract) -> list[Past]:
    """The extracts before this one, one per date, oldest first, whatever their verdict."""
    from caseclock.quality.report import Past

    newest = {e.as_of: e for e in ledger.extracts(c, extract.source, superseded=False) if e.as_of < extract.as_of}
    before = [newest[day] for day in sorted(newest)][-PAST:]
    counts = quality.failing_of(c, [e.id for e in before])
    made = []
    for e in before:
        if found := ledger.quality_of(c, e.id):
            made.append(Past(e.as_of, found.verdict, {f"{n.table}.{n.rule}": n.failing for n in found.findings} | counts[e.id]))
    return made


# --- worse? ----------------------------------------------------------------------------------------------------------
def tell_if_worse(house: House, c: Connection, extract: Extract, now: dt.datetime) -> int:
    """Enqueues one message for data engineers when quality has got worse with this extract; returns how many rows that were.

    Nothing for the first extract of a source, for one that is held (the alert on held data says so), and for one that is not the newest:
    an older date or, although it arrived last, an older export.
    """
    from caseclock.notifications.wording import date_words
    from caseclock.pipeline.people import tell
    from caseclock.quality.worse import what_is_worse

    mine = judged(c, extract)
    if mine is None or mine.verdict == "hold" or ledger.extracts(c, extract.source, superseded=False)[-1].id != extract.id:
        return 0
    accepted = ledger.accepted_before(c, extract.source, extract.as_of, limit=1)
    worse = what_is_worse(mine, _last_judged(c, extract), judged(c, accepted[0][0]) if accepted else None)
    if not worse:
        return 0
    title = house.source(extract.source).title
    headline = f"Quality of {title} got worse with the extract of {date_words(extract.as_of)}. Its figures are used."
    lines = (*worse, f"The whole report: {relative_path(extract).as_posix()}, or: caseclock quality --extract {extract.id}")
    return tell(house, c, "quality_worse", house.config.routes.engineers(extract.source), f"quality|{extract.id}", headline, lines, now)


def _last_judged(c: Connection, extract: Extract) -> Judged | None:
    counting = ledger.extracts(c, extract.source, superseded=False)
    before = [e for e in counting if (e.as_of, e.revision) < (extract.as_of, extract.revision)]
    return next((found for e in reversed(before) if (found := judged(c, e))), None)


def judged(c: Connection, extract: Extract) -> Judged | None:
    """What was stored of the gate's word on one extract."""
    from caseclock.quality.worse import Judged

    found = ledger.quality_of(c, extract.id)
    if found is None:
        return None
    return Judged(found.verdict, quality.rule_counts(c, [extract.id])[extract.id], frozenset(a.what for a in found.absences))


# --- inside ----------------------------------------------------------------------------------------------------------
def _put_aside(house: House, extract: Extract) -> tuple[list[Reject], list[str]]:
    """Rows and notes of the accepted snapshot; none of an extract that could not be read or that retention has taken."""
    from caseclock.snapshots import store

    if not store.is_saved(extract, house.settings.accepted):
        return [], []
    return store.quarantine_of(extract, house.settings.accepted), store.notes_of(extract, house.settings.accepted)


def _said(house: House, extract: Extract) -> tuple[list[Reject], list[str]]:
    from caseclock.extracts import Reject

    path = _said_path(house, extract)
    if not path.is_file():
        return [], []
    said = json.loads(path.read_text(encoding="utf-8"))
    return [Reject(**row) for row in said["flagged"]], said["not_evaluated"]


def _said_path(house: House, extract: Extract) -> Path:
    return report_path(house, extract).with_suffix(".json")


def _write(path: Path, text: str) -> None:
    """In one visible step, and not at all when nothing has changed."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    with in_one_step(path) as half:
        half.write_text(text, encoding="utf-8")
