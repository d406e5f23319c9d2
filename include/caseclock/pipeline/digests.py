"""The weekly digest by the clock: made once from what was known at its cut-off, kept, sent from what is kept, revised, missed.

What is made and what is enqueued stand or fall together: one transaction for each source and week. So a run that is killed anywhere and
made again sends the same bytes, and nobody twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import Connection

from caseclock.digest.week import Week, cut_off, last_week, sent_on
from caseclock.pipeline.house import House, Report
from caseclock.storage import digests, ledger
from caseclock.storage.engine import one_writer, reading
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    from caseclock.digest.content import Content
    from caseclock.notifications.letter import Letter
    from caseclock.notifications.outbox import Notice

log = logging.getLogger(__name__)

REVISED_WEEKS: Final = 4  # an older figure is no longer acted on; it stands corrected in the lines of twelve weeks
WHOLE: Final = "council"


class Facts(Protocol):
    """Where the facts of a week and their words come from."""

    def keep_record(self, house: House, c: Connection, source: str, week: Week) -> None:
        """Writes down the figures of the week as they may be shown (`storage/digests.py`), where that has not been done."""

    def contents(self, house: House, c: Connection, source: str, week: Week, cut_off: dt.datetime, revision: int) -> Mapping[str, Content]:
        """Audience (`council`, or the id of a service) to what it is to know."""

    def letter(self, content: Content) -> Letter:
        """The same in words."""


class OfTheStore:
    """The facts that the store holds."""

    def keep_record(self, house: House, c: Connection, source: str, week: Week) -> None:
        from caseclock.pipeline.digest_facts import keep_record

        keep_record(house, c, source, week.first_day, week.last_day)

    def contents(self, house: House, c: Connection, source: str, week: Week, cut_off: dt.datetime, revision: int) -> Mapping[str, Content]:
        from caseclock.pipeline.digest_facts import contents

        return contents(house, c, source, week.id, week.first_day, week.last_day, cut_off, revision)

    def letter(self, content: Content) -> Letter:
        from caseclock.digest.compose import letter_of

        return letter_of(content)


OF_THE_STORE: Final = OfTheStore()


# --- send ----------------------------------------------------------------------------------------------------------
def send_digest(house: House, now: dt.datetime, facts: Facts = OF_THE_STORE) -> Report:
    """The digests of the ISO week before `now`, one for each source and audience, to each of its readers once, and what a correction has
    changed in the weeks before. They are archived after they were sent.

    Before 08:00 on the first working day nothing is made, because what arrives by then still counts. A source whose digest cannot be made
    does not hold up the others: it is among the `faults`, and data engineers are told.
    """
    from caseclock.pipeline.digest_archive import archive
    from caseclock.pipeline.digest_year import write_years
    from caseclock.pipeline.people import deliver_due

    week = last_week(now)
    report: Report = {"week": week.id, "made": 0, "messages": 0, "revised": 0, "faults": []}
    due = cut_off(week, house.calendar)
    if now < due:
        return {**report, "not_before": str(due), **deliver_due(house, now)}
    with reading(house.engine) as c:
        sources = ledger.sources(c)
    _revise_all(house, sources, facts, now, report)
    for source in sources:
        try:
            with house.engine.begin() as c:
                made, messages = _send(house, c, source, week, due, facts, now)
            report["made"] += made
            report["messages"] += messages
        except Exception as error:  # noqa: BLE001 - the others go out; this one is told
            _fault(house, now, source, week, error, report)
    report |= deliver_due(house, now)
    report["archived"] = archive(house, now)
    write_years(house, week)
    return report


def _send(house: House, c: Connection, source: str, week: Week, due: dt.datetime, facts: Facts, now: dt.datetime) -> tuple[int, int]:
    """How many digests were made, and how many messages enqueued. What is kept is not made again: a new reader gets the same bytes."""
    one_writer(c, f"digest|{source}")
    kept = digests.newest(c, source, week.id)
    made = 0
    if set(_audiences(house, source)) - set(kept):
        facts.keep_record(house, c, source, week)
        revision = max((k.revision for k in kept.values()), default=1)
        for audience, content in facts.contents(house, c, source, week, due, revision).items():
            if audience not in kept:
                made += _keep(c, source, week, audience, revision, content, facts, due, now)
        kept = digests.newest(c, source, week.id)
    messages = 0
    for audience, one in kept.items():
        readers = [r for r in house.config.routes.readers(audience, source) if not _had(c, one, r)]
        messages += _enqueue(house, c, one, readers, now)
    return made, messages


def _audiences(house: House, source: str) -> list[str]:
    """Those for whom there is a digest: the council always, for the archive; a service where somebody reads it."""
    return [WHOLE, *(name for name, service in house.config.routes.services.items() if service.digest and service.is_of(source))]


def _keep(
    c: Connection, source: str, week: Week, audience: str, revision: int, content: Content, facts: Facts, due: dt.datetime, now: dt.datetime
) -> bool:
    from caseclock.notifications.letter import to_json

    letter = replace(facts.letter(content), kept=digests.name_of(source, week.id, audience, revision))
    return digests.keep(c, source, week.id, audience, revision, to_json(letter), due, now)


def _enqueue(house: House, c: Connection, one: digests.Kept, readers: Iterable[str], now: dt.datetime) -> int:
    """Returns how many messages were new."""
    from caseclock.notifications.outbox import notice_row
    from caseclock.notifications.routes import channels_of
    from caseclock.storage.outbox import insert_rows

    routes = house.config.routes
    rows = [notice_row(reader, channel, notice_of(one, reader)) for reader in readers for channel in channels_of(routes.known(reader))]
    there = digests.states(c, [row.key for row in rows])
    new = [row for row in rows if row.key not in there]
    insert_rows(c, new, now)
    return len(new)


def notice_of(one: digests.Kept, reader: str) -> Notice:
    """The message of a digest to one reader. Its lines are the short form, for a channel that cannot draw the letter."""
    from caseclock.notifications.letter import from_json
    from caseclock.notifications.outbox import Notice

    letter = from_json(one.letter)
    brief = (line for section in letter.sections for line in section.brief)
    return Notice(message_name(one, reader, one.revision), letter.headline, (letter.currency, *brief), one.letter)


def message_name(one: digests.Kept | digests.Named, reader: str, revision: int) -> str:
    """What makes the message of a digest to one reader one, however often it is enqueued."""
    return f"digest|{one.source}|{one.week}|{one.audience}|{reader}|{revision}"


def _fates(c: Connection, one: digests.Kept, readers: Iterable[str], revisions: Iterable[int]) -> dict[tuple[str, int], set[str]]:
    """Reader and revision to the states of the messages by which it was sent, where it was. What failed for good has been enqueued anew, by
    the same channel with the next number (`notifications/again.py`)."""
    from caseclock.notifications.outbox import CAPABILITIES, Notice, notice_row

    asked = [(reader, revision, Notice(message_name(one, reader, revision), "")) for reader in readers for revision in revisions]
    made: dict[tuple[str, int], set[str]] = {}
    for again in count():
        keys = {notice_row(r, channel, notice, again).key: (r, revision) for r, revision, notice in asked for channel in CAPABILITIES}
        found = digests.states(c, list(keys))
        for key, state in found.items():
            made.setdefault(keys[key], set()).add(state)
        if not found:
            break
    return made


def _had(c: Connection, one: digests.Kept, reader: str, *, before: bool = False) -> bool:
    """Whether this reader was ever sent this digest or an earlier revision of it; `before`: an earlier one."""
    return bool(_fates(c, one, [reader], range(1, one.revision + (not before))))


def sent_to(house: House, c: Connection, one: digests.Kept) -> list[str]:
    """Recipients, of those that there are now, whom this very revision has reached."""
    found = _fates(c, one, [reader.id for reader in house.config.routes.recipients], [one.revision])
    return [reader for (reader, _), states in sorted(found.items()) if "sent" in states]


# --- revise --------------------------------------------------------------------------------------------------------
def revise(house: House, now: dt.datetime, facts: Facts = OF_THE_STORE) -> Report:
    """Digests of the last weeks of which a correction has changed a figure, once more, to those who had them."""
    report: Report = {"messages": 0, "revised": 0, "faults": []}
    with reading(house.engine) as c:
        sources = ledger.sources(c)
    _revise_all(house, sources, facts, now, report)
    return report


def _revise_all(house: House, sources: Iterable[str], facts: Facts, now: dt.datetime, report: Report) -> None:
    """The oldest week first: the record of a week fills in those before it that have none, and these must be seen to change."""
    weeks = [last_week(now)]
    while len(weeks) < REVISED_WEEKS:
        weeks.append(weeks[-1].before)
    for week in reversed(weeks):
        for source in sources:
            with reading(house.engine) as c:
                if not _corrected(c, source, week):
                    continue
            try:
                with house.engine.begin() as c:
                    made, messages = _revise(house, c, source, week, facts, now)
                report["revised"] += made
                report["messages"] += messages
            except Exception as error:  # noqa: BLE001 - as above
                _fault(house, now, source, week, error, report)


def _corrected(c: Connection, source: str, week: Week) -> bool:
    """Whether a digest was made of the week, and its figures are no longer those that it tells."""
    return digests.is_there(c, source, week.id) and digests.is_corrected(c, source, week.id)


def _revise(house: House, c: Connection, source: str, week: Week, facts: Facts, now: dt.datetime) -> tuple[int, int]:
    """How many digests were made again, and how many messages enqueued. One without a changed figure is not, one that had no figure is."""
    one_writer(c, f"digest|{source}")
    if not _corrected(c, source, week):
        return 0, 0  # another run was faster
    kept, before = digests.newest(c, source, week.id), digests.record_of(c, source, week.id)
    revision = digests.reopen_week(c, source, week.id, max(k.revision for k in kept.values()) + 1)
    facts.keep_record(house, c, source, week)
    after = digests.record_of(c, source, week.id)
    if after is None or after.revision != revision or (before and after.body == before.body):
        digests.take_back(c, source, week.id, revision)
        return 0, 0
    made = messages = 0
    due = _known_by(house, c, source, week)
    for audience, content in facts.contents(house, c, source, week, due, revision).items():
        if audience not in kept or not (content.revised or before is None):
            continue
        made += _keep(c, source, week, audience, revision, content, facts, due, now)
        one = digests.one_of(c, source, week.id, audience, revision)
        readers = [r for r in house.config.routes.readers(audience, source) if _had(c, one, r, before=True)]
        messages += _enqueue(house, c, one, readers, now)
    return made, messages


def _known_by(house: House, c: Connection, source: str, week: Week) -> dt.datetime:
    """The cut-off of a revision: when the last extract of the week that speaks was known. It does not hang on when the revision is made."""
    ids = [id for day, id in speaking(c, source, week.last_day).items() if day >= week.first_day]
    due = cut_off(week, house.calendar)
    return max(due, digests.known_since(c, ids) or due)


def _fault(house: House, now: dt.datetime, source: str, week: Week, error: Exception, report: Report) -> None:
    """Told without the text of the error, which may hold a value."""
    from caseclock.pipeline.rounds import report_fault

    log.exception("the digest %s of %s could not be made (%s)", week.id, source, type(error).__name__)
    report["faults"].append(f"{source} {week.id}")
    what = f"The digest {week.id} of {source} could not be made ({type(error).__name__}). The log of the task says where."
    report_fault(house, now, "send_digest", what)


# --- missed --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Missing:
    """A digest that should be with its readers by now."""

    source: str
    week: str
    why: str

    @property
    def headline(self) -> str:
        return f"The weekly digest {self.week} of {self.source} has not reached anybody"


def missing_digests(house: House, now: dt.datetime) -> list[Missing]:
    """Of the last week, from `expected_by` of digest.yaml on the day on which it is sent until the week is over.

    A digest is expected of a source that had sent an extract by the cut-off, where somebody reads it. Before the first digest of all none
    is missed: then nobody has set up the sending.
    """
    from caseclock.alerts.hours import at_local

    week = last_week(now)
    if now < at_local(sent_on(week, house.calendar), dt.time.fromisoformat(house.config.digest.expected_by)):
        return []
    with reading(house.engine) as c:
        if not digests.names(c):
            return []
        read = [source for source in digests.sources_by(c, cut_off(week, house.calendar)) if _is_read(house, source)]
        found = [(source, _why_missing(house, c, source, week)) for source in read]
        return [Missing(source, week.id, why) for source, why in found if why]


def _is_read(house: House, source: str) -> bool:
    return any(house.config.routes.readers(audience, source) for audience in _audiences(house, source))


def _why_missing(house: House, c: Connection, source: str, week: Week) -> str:
    kept = digests.newest(c, source, week.id)
    if not kept:
        return "It has not been made."
    states: set[str] = set()
    for one in kept.values():
        found = _fates(c, one, house.config.routes.readers(one.audience, source), range(1, one.revision + 1))
        states = states.union(*found.values())
    if "sent" in states:
        return ""
    return "It was made and could not be delivered to anybody." if states else "It was made and is addressed to nobody."


def watch_digests(house: House, now: dt.datetime, facts: Facts = OF_THE_STORE) -> int:
    """What a round of tending does for digests: it revises them, and tells data engineers once of each that is missed.

    Returns how many messages were enqueued. Never raises: alerts must not wait for a digest.
    """
    try:
        messages: int = revise(house, now, facts)["messages"]
        return messages + sum(_tell_of(house, one, now) for one in missing_digests(house, now))
    except Exception as error:
        log.exception("the digests could not be looked after (%s)", type(error).__name__)
        return 0


def _tell_of(house: House, one: Missing, now: dt.datetime) -> int:
    from caseclock.pipeline.people import tell

    lines = (one.why, "Look at the DAG send_weekly_digest, then send it: `caseclock digest send`. Who has had it does not get it twice.")
    with house.engine.begin() as c:
        one_writer(c, f"digest|{one.source}")
        return tell(
            house,
            c,
            "digest_missing",
            house.config.routes.engineers(one.source),
            f"digest missing|{one.source}|{one.week}",
            one.headline,
            lines,
            now,
        )


def missing_json(found: Iterable[Missing]) -> list[dict[str, Any]]:
    """What `caseclock alerts health --json` prints of them."""
    return [{"source": one.source, "week": one.week, "why": one.why} for one in found]
