"""Reads the audit backwards by its ids, a bounded number of entries at a time; what is not for the viewer is passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from caseclock.alerts.told import ABOUT_DATA
from caseclock.dashboard.model import At
from caseclock.dashboard.pages.audit import AuditPage, Entry
from caseclock.pipeline.pages.alert_about_data import MOST
from caseclock.pipeline.pages.alert_messages import CHANNELS, KINDS, title_of
from caseclock.pipeline.pages.alert_words import rule_named
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.storage import schema as t

SIZE: Final = 50
CHUNK: Final = 200  # entries that are read at once
CAP: Final = 2_000  # entries that one page looks through
EVENTS: Final[Mapping[str, str]] = {
    "ack": "Acknowledged",
    "silence": "Silenced",
    "unsilence": "Silence ended",
    "refused": "Deed refused",
    "not_allowed": "Deed not allowed",
    "work_list_downloaded": "Work list taken as a file",
    "sent": "Sent",
    "failed": "Sending failed",
    "suppressed": "Not sent, on purpose",
    "held": "Waits to be sent",
    "dropped": "Not sent: no longer true or needed",
    "unknown": "Not known whether it arrived",
    "retry": "To be tried again",
    "adopted": "Found to have arrived",
    "arrived": "Arrived",
    "unconfirmed": "Arrival not confirmed",
    "handed_over": "Goes on with another reader",
    "released": "Extract released by a person",
    "rejected": "Extract rejected by a person",
    "extract_repeated": "Extract came again",
    "extract_superseded": "Extract came after a newer one",
    "older_revision_repeated": "Older revision came again",
    "limits": "Limits noted",
    "relook": "Sample drawn for a second look",
    "digest_form": "Digest could not be made in one form",
    "store_backup": "Backup of the store",
    "store_restored": "Store restored from a backup",
    "store_reopened": "Sending goes on after a restore",
    "counted_as_told": "Counted as told after a restore",
}
"""Every event that is written, as people call it. Another one is shown as it is written."""

ABOUT_EXTRACT: Final = ("released", "rejected", "extract_repeated", "extract_superseded", "older_revision_repeated", "relook")
SYSTEM: Final = {"caseclock": "caseclock itself"}


def audit(desk: Desk, at: At, event: str | None, before: int | None) -> AuditPage:
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        found, looked, ended = _found(c, at, event, before, None if _sees_all(desk, at) else _extracts(c, at.source))
        linked = _linked(c, at, found)
    shown = found[:SIZE]
    more = len(found) > SIZE or not ended
    last = shown[-1]["id"] if len(found) > SIZE else looked["id"] if looked else None
    cut = looked["at"] if looked and not ended and len(found) <= SIZE else None
    called = event_words(event) if event else ""
    return AuditPage(
        f"Audit: {called.lower()}" if called else "Audit",
        event, called, tuple(_entry(desk, standing, row, linked) for row in shown), tuple(EVENTS.items()),
        last if more else None, cut, before is None,
    )  # fmt: skip


def event_words(event: str) -> str:
    return EVENTS.get(event, event.replace("_", " "))


def _sees_all(desk: Desk, at: At) -> bool:
    return desk.house.config.routes.sees_every_source(at.viewer.id)


def _extracts(c: Connection, source: str) -> frozenset[str]:
    return frozenset(c.execute(select(t.extract.c.id).where(t.extract.c.source == source)).scalars())


def _found(
    c: Connection, at: At, event: str | None, before: int | None, own: frozenset[str] | None
) -> tuple[list[dict[str, Any]], dict[str, Any] | None, bool]:
    """Entries for this viewer, newest first, one more than a page has; the last that was looked at; and whether that is the end.

    `own`: between walls the source's extracts; what names neither the source nor one of them is not shown.
    """
    a, found, row = t.audit.c, list[dict[str, Any]](), None
    for _ in range(CAP // CHUNK):
        query = select(t.audit).where(*([a.event == event] if event else []), *([a.id < before] if before is not None else []))
        rows = [dict(kept) for kept in c.execute(query.order_by(a.id.desc()).limit(CHUNK)).mappings()]
        for row in rows:
            if _theirs(at, row, own):
                found.append(row)
                if len(found) > SIZE:
                    return found, row, False
        if len(rows) < CHUNK:
            return found, row, True
        before = rows[-1]["id"]
    return found, row, False


def _theirs(at: At, row: Mapping[str, Any], own: frozenset[str] | None = None) -> bool:
    """Of this source, and about a place that the viewer may see; what is about no place is for those who see everything."""
    detail = row["detail"] or {}
    if detail.get("source", at.source) != at.source:
        return False
    if own is not None and "source" not in detail and row["subject"] not in own:
        return False
    if at.scope.whole:
        return True
    team = detail.get("team")
    return isinstance(team, str) and at.scope.sees(team)


def _linked(c: Connection, at: At, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Ids of alerts that have a page: what came after a message may have forgotten the alert that it was about."""
    given = {str(id_): row["detail"] for row in rows if (id_ := (row["detail"] or {}).get("alert"))}
    a, k = t.alert.c, t.told.c
    made = set(c.execute(select(a.id).where(a.source == at.source, a.id.in_(list(given)))).scalars())
    parts = ("rule", "team", "episode")
    data = {id_: tuple(of.get(part) for part in parts) for id_, of in given.items() if of.get("rule") in ABOUT_DATA}
    if data:
        query = select(k.rule, k.team, k.episode).where(k.source == at.source, k.rule.in_(sorted(ABOUT_DATA))).distinct().limit(MOST)
        told = {tuple(row) for row in c.execute(query)}
        made |= {id_ for id_, about in data.items() if about in told}
    return made


def _entry(desk: Desk, standing: Standing, row: Mapping[str, Any], linked: Collection[str]) -> Entry:
    detail, event = row["detail"] or {}, row["event"]
    by = SYSTEM.get(row["by"], row["by"])
    extract = row["subject"] if event in ABOUT_EXTRACT else None
    alert = detail.get("alert") if detail.get("alert") in linked else None
    about = _what(desk, standing, row["subject"], detail, event)
    return Entry(
        row["id"], row["at"], event_words(event), about, alert, extract,
        by, str(detail.get("way") or ""), _reason(row["reason"], detail),
    )  # fmt: skip


def _what(desk: Desk, standing: Standing, subject: str, detail: Mapping[str, Any], event: str) -> str:
    """What an entry is about: rule and place, and of a message who and how; else its subject as it is written."""
    if event in ABOUT_EXTRACT:
        of = f" of {detail['as_of']}" if detail.get("as_of") else ""
        return f"Extract{of}"
    rule = detail.get("rule")
    if not isinstance(rule, str):
        return subject
    known = rule_named(desk.house, rule)
    said = known.title if known else rule.replace("_", " ")
    if isinstance(detail.get("team"), str):
        said += f", {standing.name(detail['team'])}"
    if detail.get("recipient"):
        channel = CHANNELS.get(detail.get("channel", ""), str(detail.get("channel", "")))
        kind = KINDS.get(detail.get("kind") or "", str(detail.get("kind") or "").replace("_", " "))
        said += f": {f'{kind} ' if kind else ''}to {title_of(desk.house.config.routes, detail['recipient'])} by {channel}"
    return said[:1].upper() + said[1:]


def _reason(reason: str, detail: Mapping[str, Any]) -> str:
    """What the engine said, and what a person gave as the reason."""
    why = detail.get("why")
    return f"{reason}. Reason: {why}" if why else reason
