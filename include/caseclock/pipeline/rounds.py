"""What is done by the clock, not by an extract: tend the alerts, the weekly digest, housekeeping, word of a fault."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from pathlib import Path

from sqlalchemy import delete, select

from caseclock import now as clock
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import bring_alerts_up_to_date, deliver_due, tell
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import insert_or_ignore, moment_text, reading

log = logging.getLogger(__name__)

KEEP_SENT_DAYS = 30  # payload of messages that were delivered; key, kind and times stay
KEEP_SCRATCH_DAYS = 2  # half-written folders that a killed process has left behind


def tend(house: House, now: dt.datetime) -> Report:
    """What time alone makes due: held messages, reminders, escalations, expired handling, retries, extracts that have not come.

    Sent before and after: a message whose fate was unknown is settled first, and what follows from that goes out in the same round.
    """
    first = deliver_due(house, now)
    with reading(house.engine) as c:
        seen = {e.source for e in ledger.extracts(c)}
    report: Report = {"sources": len(seen), "messages": 0}
    for source in sorted(seen):
        with house.engine.begin() as c:
            report["messages"] += bring_alerts_up_to_date(house, c, source, now)["messages"]
    second = deliver_due(house, now)
    outcomes = [*first["outcomes"], *second["outcomes"]]
    counts = {k: first["counts"].get(k, 0) + second["counts"].get(k, 0) for k in {*first["counts"], *second["counts"]}}
    return {**report, "counts": counts, "outcomes": outcomes}


def report_fault(house: House, now: dt.datetime, where: str, what: str) -> None:
    """Enqueues word of a pipeline fault for data engineers, once per place, day and fault. Never raises."""
    try:
        with house.engine.begin() as c:
            day = now.astimezone(clock.LONDON).date()
            tell(house, c, house.config.routes.data, f"fault|{day}|{where}|{what}", f"caseclock needs a look: {where} failed", (what,), now)
    except Exception as error:
        log.exception("the fault of %s could not be put into the outbox (%s)", where, type(error).__name__)


def send_digest(house: House, now: dt.datetime) -> Report:
    """The digest of the ISO week before `now`, once per week and recipient, built from the state at the week's end."""
    from caseclock.digest.plain import iso_week
    from caseclock.pipeline.week import digests

    local = now.astimezone(clock.LONDON).date()
    last_day = local - dt.timedelta(days=local.isoweekday())
    week = iso_week(last_day)
    made = 0
    for source, digest in digests(house, week, last_day):
        with house.engine.begin() as c:
            for recipient in house.config.routes.digest:
                made += tell(house, c, [recipient], f"digest|{source}|{week}|{recipient}", digest.headline, digest.lines, now)
                c.execute(
                    insert_or_ignore(c, t.digest_sent).values(
                        week=week, recipient=f"{source}/{recipient}", key=week, cut_off=str(last_day), created_at=moment_text(now)
                    )
                )
    return {"week": week, "messages": made, **deliver_due(house, now)}


def housekeeping(house: House, now: dt.datetime, dry_run: bool = False) -> Report:
    """Retention: payloads of delivered messages, old extracts, what was made from them, their single events and forecasts, quarantined rows
    that left long ago, and what killed processes left half-written. The ledger, values and audit stay. The report counts what went, or with
    `dry_run` would go.
    """
    from caseclock.pipeline import retention

    before = moment_text(now - dt.timedelta(days=KEEP_SENT_DAYS))
    with house.engine.begin() as c:
        old = [
            r.key for r in c.execute(select(t.outbox.c.key).where(t.outbox.c.state.in_(("sent", "dropped")), t.outbox.c.done_at < before))
        ]
        if not dry_run:
            for key in old:
                c.execute(delete(t.attempt).where(t.attempt.c.key == key))
                c.execute(t.outbox.update().where(t.outbox.c.key == key).values(payload={"lines": [], "conversation": key, "fixed": True}))
    scratch = [p for p in _scratch(house.settings.home) if now.timestamp() - p.stat().st_mtime > KEEP_SCRATCH_DAYS * 86_400]
    if not dry_run:
        for path in scratch:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    folders, raw = retention.old_folders(house, now), retention.old_raw(house, now)
    left, events = retention.forget_left(house, now, dry_run), retention.forget_events(house, now, dry_run)
    if not dry_run:
        retention.remove([*folders, *raw])
    gone = {"payloads": len(old), "scratch": len(scratch), "folders": len(folders), "raw": len(raw)}
    return {**gone, "quarantine_left": left, "events": events, "forecasts": retention.forget_forecasts(house, now, dry_run)}


def _scratch(home: Path) -> list[Path]:
    """Whatever is hidden below these folders was being written: the last step of every writer is a rename."""
    hidden = [p for folder in ("claimed", "snapshots", "accepted", "clocks", "reports") for p in (home / folder).rglob(".*")]
    return [p for p in hidden if not any(parent in hidden for parent in p.parents)]
