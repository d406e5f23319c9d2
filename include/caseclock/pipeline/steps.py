"""The five steps of one extract, in their order, and `run`: all of them."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from caseclock import now as clock
from caseclock.errors import BadExtract
from caseclock.pipeline.arrival import Arrival, add
from caseclock.pipeline.events import events_again, keep_what_it_shows, save_since, since_the_last
from caseclock.pipeline.house import House, Report, Step
from caseclock.pipeline.kept import clocks_path as clocks_path
from caseclock.pipeline.kept import keep_frame
from caseclock.pipeline.kept_list import keep_list
from caseclock.pipeline.people import bring_alerts_up_to_date, deliver_due
from caseclock.pipeline.quarantine import follow_quarantine
from caseclock.pipeline.reports import keep_report, keep_what_the_gate_said, tell_if_worse
from caseclock.pipeline.surge import hold_on_surge
from caseclock.pipeline.trends import keep_forecasts
from caseclock.storage import ledger, quality
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract
    from caseclock.extracts.bundle import Bundle
    from caseclock.extracts.source import SourceConfig
    from caseclock.quality.history import Coverage, History

log = logging.getLogger(__name__)


def take_snapshot(house: House, extract_id: str) -> Report:
    """Extract to typed canonical tables; rows that cannot be used go to quarantine.

    An extract that cannot be read at all is refused: it gets a quality report of verdict *hold*, so that its numbers never
    speak and everybody who must know is told by the same rule as for a failed gate (docs/decisions/0002).
    """
    from caseclock.extracts.bundle import open_bundle
    from caseclock.extracts.readers import read
    from caseclock.snapshots import store
    from caseclock.snapshots.typing import build

    extract = house.extract(extract_id)
    step = Step(house, extract.id, "take_snapshot")
    if not step.done:
        source = house.source(extract.source)
        try:
            bundle = open_bundle(Path(extract.path))
            if bundle.sha256 != extract.sha256:
                raise BadExtract("its content changed while it was being claimed", where=extract.name, todo="Send it again, whole")
            snapshot, coverage = build(extract, read(bundle, source, extract.as_of), source), coverage_of(source, bundle)
        except BadExtract as error:
            _refuse(step, extract, str(error))
        else:
            store.save(snapshot, house.settings.snapshots)
            with step.finish() as c:
                ledger.save_counts(c, extract.id, snapshot.counts())
                quality.save_coverage(c, extract.id, coverage)
    with reading(house.engine) as c:
        counts = ledger.counts_of(c, extract.id)
        refused = ledger.refused_reason(c, extract.id)
    report: Report = {"extract_id": extract.id, "read": sum(n.read for n in counts.values()), "kept": sum(n.kept for n in counts.values())}
    return {**report, "refused": refused} if refused else report


def check_quality(house: House, extract_id: str) -> Report:
    """Snapshot to verdict; rows that a critical rule forbids go to quarantine. The page of the report is written.

    The whole report goes into the log, and pages and figures into the store: counts, places and reasons, never a value.
    """
    from caseclock.quality.gate import check
    from caseclock.quality.quarantine import set_aside
    from caseclock.quality.report import text_of
    from caseclock.snapshots import store

    extract = house.extract(extract_id)
    step = Step(house, extract.id, "check_quality")
    if not step.done and not step.refused:
        snapshot = store.load(extract, house.settings.snapshots)
        history = history_of(house, extract)
        report = check(snapshot, history, house.config.quality)
        accepted = set_aside(snapshot, report)
        store.save(accepted, house.settings.accepted)
        keep_what_the_gate_said(house, extract, report)
        before = history.before(extract.as_of)
        with step.finish() as c:
            ledger.save_counts(c, extract.id, accepted.counts())
            ledger.save_quality(c, extract.id, report, snapshot.absences, clock.now(), before[-1].extract_id if before else "")
    facts = keep_report(house, extract)  # also when an earlier run was broken off before it
    if facts and not step.done:
        log.info("%s", text_of(facts))
    with reading(house.engine) as c:
        found = ledger.quality_of(c, extract.id)
    assert found is not None, "take_snapshot comes first"
    return {"extract_id": extract.id, "verdict": found.verdict, "reasons": found.reasons}


def compute_measures(house: House, extract_id: str) -> Report:
    """Accepted tables to the clock frame, and the clock frame to values per team and to what happened since the last extract."""
    from caseclock.clocks.columns import Columns
    from caseclock.clocks.frame import clock_frame
    from caseclock.clocks.places import places
    from caseclock.clocks.watched import unwatched
    from caseclock.measures import compute
    from caseclock.snapshots import store

    extract = house.extract(extract_id)
    step = Step(house, extract.id, "compute_measures")
    if not step.done and not step.refused:
        snapshot = store.load(extract, house.settings.accepted)
        roles, rules = house.source(extract.source).allocated_roles, house.config.timescales
        columns = Columns(snapshot)  # keys are numbered once for all three
        frame = clock_frame(columns, rules, house.calendar, roles)
        clocked = clock.seconds()
        keep_frame(frame, clocks_path(house, extract))
        since = since_the_last(house, extract, keep_what_it_shows(house, extract, frame, columns))
        keep_list(house, extract, frame, places(columns))  # behind the frames that it is made from
        values = compute(frame, columns, house.config.measures, roles, house.calendar, since.flows())
        with reading(house.engine) as c:
            found = ledger.quality_of(c, extract.id)
        silent = places(columns).silent_with(found.blocked_teams if found else [])
        values = values[~values["team"].isin(silent)]  # a team whose rows are gone has no figures, not figures of zero
        with step.finish() as c:
            ledger.save_measures(c, extract, values, snapshot.tables["team"])
            ledger.add_absences(c, extract.id, unwatched(columns, rules, roles))
            hold_on_surge(house, c, extract, frame)
            follow_quarantine(house, c, extract.source)
            save_since(c, extract, since)
            keep_forecasts(house, c, extract, columns)
            ledger.mark_done(c, extract.id, "clocks", clock.now(), clocked - step.began)
    keep_report(house, extract)
    with reading(house.engine) as c:
        return {"extract_id": extract.id, "values": ledger.measure_count(c, extract.id)}


def update_alerts(house: House, extract_id: str, now: dt.datetime) -> Report:
    """The history of this extract's source to alerts and outbox rows, in one transaction.

    It may always be run again, also for an old extract: what everybody ought to have been told is compared with what they were told.
    """
    extract = house.extract(extract_id)
    step = Step(house, extract.id, "update_alerts")
    with step.finish() as c:
        report = bring_alerts_up_to_date(house, c, extract.source, now)
        follow_quarantine(house, c, extract.source)  # a person may have released an extract since its figures were made
        events_again(house, c, extract.source)
        if not step.done:
            report["messages"] += tell_if_worse(house, c, extract, now)
    return {"extract_id": extract.id, **report}


def notify(house: House, now: dt.datetime, extract_id: str | None = None) -> Report:
    """Sends what is due. With `extract_id` the extract's path is finished by it."""
    outcomes = deliver_due(house, now)
    if extract_id:
        step = Step(house, extract_id, "notify")
        with step.finish_if("take_snapshot" if step.refused else "compute_measures"):
            pass
        outcomes |= {"refused": step.refused} if step.refused else {}
    return outcomes


def run(house: House, arrival: Arrival, now: dt.datetime, *, deliver: bool = True) -> Report:
    """The whole path of one extract, without Airflow. The keys of the report are those of `caseclock run --json`."""
    from caseclock.pipeline.ask import run_report

    extract = add(house, arrival, now)
    began = clock.seconds()
    for step in (take_snapshot, check_quality, compute_measures):
        step(house, extract.id)
    update_alerts(house, extract.id, now)
    if deliver:
        sent = notify(house, now, extract.id)
    else:
        sent = {"outcomes": []}
        with Step(house, extract.id, "notify").finish():
            pass
    return run_report(house, extract, sent["outcomes"], clock.seconds() - began)


def take_history(house: House, arrival: Arrival, now: dt.datetime) -> Extract:
    """One extract of the past: snapshot, quality, measures, and its path is finished. Nobody is told of it by itself.

    The history counts at once: when the next extract is taken, alerts are worked out over all of it.
    """
    extract = add(house, arrival, now)
    for step in (take_snapshot, check_quality, compute_measures):
        step(house, extract.id)
    for name in ("update_alerts", "notify"):
        with Step(house, extract.id, name).finish():
            pass
    return extract


# --- inside --------------------------------------------------------------------------------------------------------
def _refuse(step: Step, extract: Extract, reason: str) -> None:
    from caseclock.quality import QualityReport

    with step.finish() as c:
        ledger.refuse(c, extract.id, reason)
        ledger.save_quality(c, extract.id, QualityReport("hold", [f"The extract could not be read: {reason}"]), (), clock.now())


def history_of(house: House, extract: Extract) -> History:
    """What earlier accepted extracts of the same source say about this one. One whose snapshot retention has taken says nothing more."""
    from caseclock.quality.history import NUMBERS_OF, Accepted, History
    from caseclock.snapshots import store

    with reading(house.engine) as c:
        accepted = ledger.accepted_before(c, extract.source, extract.as_of)
        found = [(e, kept) for e, kept in accepted if store.is_saved(e, house.settings.accepted)]
        stats = quality.stats_of(c, [e.id for e, _ in found[:NUMBERS_OF]])
        coverage = quality.coverage_of(c, extract.id)
    by_id = {e.id: e for e, _ in found}
    return History(
        tuple(Accepted(e.id, e.as_of, kept) for e, kept in found),
        coverage=coverage or coverage_of(house.source(extract.source)),
        load=lambda id_: store.load(by_id[id_], house.settings.accepted),
        stats=stats,
    )


def coverage_of(source: SourceConfig, bundle: Bundle | None = None) -> Coverage:
    """How much of the past an extract shows: as the source says, else as its format has it. Without its bytes the format must be named."""
    from caseclock.extracts.readers import READERS

    if source.coverage != "auto":
        return source.coverage
    for reader in READERS:
        if source.format == reader.NAME or (source.format == "auto" and bundle is not None and reader.fits(bundle)):
            return reader.COVERAGE
    return "full"
