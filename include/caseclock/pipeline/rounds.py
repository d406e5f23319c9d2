"""What is done by the clock, not by an extract: tend the alerts, housekeeping, word of a fault."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Text, bindparam, cast, delete, exists, literal, select

from caseclock import now as clock
from caseclock.pipeline.digest_archive import archive
from caseclock.pipeline.digests import watch_digests
from caseclock.pipeline.heartbeat import watched_round
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import bring_alerts_up_to_date, deliver_due, tell
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text, reading

if TYPE_CHECKING:
    from caseclock.notifications.bounces import Settled
    from caseclock.notifications.runbook import NoticeKind

log = logging.getLogger(__name__)

KEEP_SENT_DAYS = 30  # payload of messages that were delivered; key, kind and times stay
DIED = dt.timedelta(minutes=15)  # figures that old and no alerts: the run is dead, since its tasks are tried again for some five minutes
A_DAY = dt.timedelta(days=1)
KEEP_SCRATCH_DAYS = 2  # half-written files and folders that a killed process has left behind
WRITTEN = (
    "claimed",
    "snapshots",
    "accepted",
    "clocks",
    "reports",
    "relook",
    "heartbeat",
    "digests",
)  # where they lie, below the home folder


def tend(house: House, now: dt.datetime) -> Report:
    """What time alone makes due: held messages, reminders, escalations, expired handling, retries, mails that came back, extracts that
    have not come; a digest that a correction has changed, or that is missed.

    Outside working hours only what cannot wait: an urgent message that could not be sent is tried again, also when it had been given up,
    what a dead process has left is looked for, and an extract whose run has died is taken up. Nobody is reminded then, and nothing is
    released that waits for the morning.

    What had been stuck before it is told to data engineers, and a watchman outside hears how the round ended (`heartbeat.py`).
    """
    with watched_round(house, now):
        at_work = _at_work(house, now)
        with reading(house.engine) as c:
            sources = ledger.sources(c) if at_work else [*_left_behind(c, now), *_urgent_and_failed(house, c, now)]
        digests = watch_digests(house, now) if at_work else 0
        report = _tend(house, sources, now)
        if digests:
            archive(house, now)
        return {**report, "messages": report["messages"] + digests}


def _at_work(house: House, now: dt.datetime) -> bool:
    from caseclock.alerts.hours import in_hours
    from caseclock.clocks.calendar import NotCovered

    try:
        return in_hours(house.calendar, now)
    except NotCovered:
        return True  # the ordinary round refuses such a year, and says what to do


def _left_behind(c: Connection, now: dt.datetime) -> list[str]:
    """Sources with an extract of the last day whose figures are there, and whose alerts nobody has brought up to date."""
    made, later = t.step_done.alias(), t.step_done.alias()
    followed = exists().where(later.c.extract_id == made.c.extract_id, later.c.step == "update_alerts")
    query = (
        select(t.extract.c.source)
        .join(made, made.c.extract_id == t.extract.c.id)
        .where(made.c.step == "compute_measures", made.c.done_at.between(moment_text(now - A_DAY), moment_text(now - DIED)), ~followed)
        .where(t.extract.c.superseded.is_(None))
    )
    return sorted(set(c.execute(query).scalars()))


def _urgent_and_failed(house: House, c: Connection, now: dt.datetime) -> list[str]:
    """Sources with a message of the last day that cannot wait for the morning and failed for good: if it still stands it is tried again."""
    urgent = {rule.id for rule in house.config.thresholds if not rule.quiet_hours}
    o = t.outbox.c
    query = select(o.source, o.payload).where(o.state == "failed", o.done_at.between(moment_text(now - A_DAY), moment_text(now)))
    return sorted({source for source, payload in c.execute(query) if source and any(x["instance"][1] in urgent for x in payload["lines"])})


def _tend(house: House, sources: Sequence[str], now: dt.datetime) -> Report:
    """Sent before and after: a message whose fate was unknown is settled first, and what follows from that goes out in the same round."""
    renew_failed(house, now)
    first, asked = deliver_due(house, now), ask_after_sent(house, now)
    chosen = sorted({*sources, *asked.sources})
    report: Report = {"sources": len(chosen), "messages": 0, "bounced": asked.lost}
    for source in chosen:
        with house.engine.begin() as c:
            report["messages"] += bring_alerts_up_to_date(house, c, source, now)["messages"]
    if not chosen and not asked.lost:
        return {**report, **first}
    second = deliver_due(house, now)
    outcomes = [*first["outcomes"], *second["outcomes"]]
    counts = {k: first["counts"].get(k, 0) + second["counts"].get(k, 0) for k in {*first["counts"], *second["counts"]}}
    return {**report, "counts": counts, "outcomes": outcomes}


def renew_failed(house: House, now: dt.datetime) -> int:
    """Enqueues once more what stands for itself and failed for good, when the rest after that is over; returns how many messages."""
    from caseclock.clocks.calendar import NotCovered
    from caseclock.notifications.again import WORTH_IT, renewed
    from caseclock.storage.outbox import insert_rows
    from caseclock.storage.waiting import that_stand_for_themselves

    try:
        with house.engine.begin() as c:
            rows = renewed(that_stand_for_themselves(c, now - WORTH_IT), house.config.routes, house.calendar, now)
            insert_rows(c, rows, now)
    except NotCovered:  # the ordinary round refuses such a year, and says what to do; what is in the outbox is not held up by it
        return 0
    return len(rows)


def ask_after_sent(house: House, now: dt.datetime) -> Settled:
    """Asks what became of messages that channels have taken; see `notifications/bounces.py`."""
    from caseclock.notifications.bounces import settle_bounces
    from caseclock.storage.outbox import SqlSent

    return settle_bounces(SqlSent(house.engine), house.channels, house.config.routes, now)


def report_fault(house: House, now: dt.datetime, where: str, what: str, kind: NoticeKind = "task_failed") -> None:
    """Enqueues word of a pipeline fault for data engineers, once per place, day and fault. Never raises."""
    try:
        with house.engine.begin() as c:
            day = now.astimezone(clock.LONDON).date()
            headline = f"caseclock needs a look: {where} failed"
            tell(house, c, kind, house.config.routes.engineers(), f"fault|{day}|{where}|{what}", headline, (what,), now)
    except Exception as error:
        log.exception("the fault of %s could not be put into the outbox (%s)", where, type(error).__name__)


def housekeeping(house: House, now: dt.datetime, dry_run: bool = False) -> Report:
    """Retention: payloads of delivered messages, old extracts, what was made from them, their single events and forecasts, quarantined rows
    that left long ago, and what killed processes left half-written. The ledger, values and audit stay. The report counts what went, or with
    `dry_run` would go.
    """
    from caseclock.pipeline import retention

    payloads = _empty_sent(house, moment_text(now - dt.timedelta(days=KEEP_SENT_DAYS)), dry_run)
    scratch = [p for p in _scratch(house.settings.home) if now.timestamp() - p.stat().st_mtime > KEEP_SCRATCH_DAYS * 86_400]
    if not dry_run:
        for path in scratch:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    folders, raw = retention.old_folders(house, now), retention.old_raw(house, now)
    left, events = retention.forget_left(house, now, dry_run), retention.forget_events(house, now, dry_run)
    if not dry_run:
        retention.remove([*folders, *raw])
    gone = {"payloads": payloads, "scratch": len(scratch), "folders": len(folders), "raw": len(raw)}
    return {**gone, "quarantine_left": left, "events": events, "forecasts": retention.forget_forecasts(house, now, dry_run)}


def _empty_sent(house: House, before: str, dry_run: bool) -> int:
    """Of messages that came to an end before then only that they were sent stays: their text and the attempts go. Returns how many had them
    still; what an earlier round has emptied is not touched again.
    """
    o = t.outbox.c
    empty = literal('{"lines": [], "conversation": "') + o.key + '", "fixed": true}'
    query = select(o.key).where(o.state.in_(("sent", "dropped")), o.done_at < before, cast(o.payload, Text) != empty)
    with house.engine.begin() as c:
        keys = list(c.execute(query).scalars())
        if keys and not dry_run:
            emptied = [{"k": key, "p": {"lines": [], "conversation": key, "fixed": True}} for key in keys]
            c.execute(delete(t.attempt).where(t.attempt.c.key == bindparam("k")), emptied)
            c.execute(t.outbox.update().where(o.key == bindparam("k")).values(payload=bindparam("p")), emptied)
    return len(keys)


def _scratch(home: Path) -> list[Path]:
    """Whatever is hidden below these folders was being written: the last step of every writer is a rename."""
    hidden = [p for folder in WRITTEN for p in (home / folder).rglob(".*")]
    return [p for p in hidden if not any(parent in hidden for parent in p.parents)]
