"""A person's word on a held extract: approve, and its numbers speak at once; reject, and a new extract is asked for.

docs/decisions/0005-release.md has the rules. The form in Airflow (`question`, `take_answer`) and the command line both end in `decide`.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caseclock.errors import WrongUse
from caseclock.pipeline.events import events_again
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import bring_alerts_up_to_date, tell
from caseclock.pipeline.quarantine import follow_quarantine
from caseclock.pipeline.reports import keep_report
from caseclock.pipeline.trends import keep_forecasts
from caseclock.storage import ledger
from caseclock.storage.decisions import CHOICES, DONE, Choice, Decision, decision_of, held_ids, newer_revision, save_decision
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract

log = logging.getLogger(__name__)

NAME_LENGTH, REASON_LENGTH, SHOWN_REASONS = 120, 1000, 20  # characters, characters, lines of the form
NOBODY = "caseclock"  # who rejects when nobody answers
OPTIONS: Mapping[str, Choice] = {"Approve": "approve", "Reject": "reject"}
"""What the form in Airflow offers."""


class NothingToDecide(WrongUse):
    """The extract is not (or no longer) one that a person can release or reject."""


class AlreadyDecided(WrongUse):
    """Somebody has said otherwise before; `standing` is their word."""

    def __init__(self, where: str, standing: Decision) -> None:
        self.standing = standing
        super().__init__(
            f"it was {standing} already",
            where=where,
            todo="Talk to them first. To change it: caseclock release ... --overrule. Both words stay in the audit",
        )


def decide(house: House, extract_id: str, choice: str, by: str, reason: str, now: dt.datetime, *, overrule: bool = False) -> Report:
    """Writes down the decision and brings the alerts up to date with it, in one transaction. The same again changes nothing.

    Nothing is sent here: `notify` delivers. Raises NothingToDecide, AlreadyDecided (unless `overrule`), and WrongUse where name or
    reason is missing.
    """
    wanted = Decision(extract_id, _choice(choice), *_words(by, reason), now)
    report = _decided(house, wanted, overrule)
    keep_report(house, house.extract(extract_id))  # also when nothing changed: the one before may have been killed on its way here
    return {"extract_id": extract_id, "decision": wanted.choice, **report}


def _decided(house: House, wanted: Decision, overrule: bool) -> Report:
    from caseclock.storage.alerts import SqlAlerts

    extract_id, now = wanted.extract_id, wanted.at
    with house.engine.begin() as c:
        extract = _extract(c, extract_id)
        SqlAlerts(c, now).lock(extract.source)  # two people at once: the second one sees what the first one said
        standing = decision_of(c, extract.id)
        if standing and standing.choice == wanted.choice:
            return {"changed": False, "changes": 0, "messages": 0, "not_said": 0}
        check_can_be_decided(c, extract)
        if standing and not overrule:
            raise AlreadyDecided(_name(extract), standing)
        save_decision(c, extract, wanted)
        report = bring_alerts_up_to_date(house, c, extract.source, now)
        follow_quarantine(house, c, extract.source)  # only extracts that count say what has left the quarantine
        events_again(house, c, extract.source)
        keep_forecasts(house, c, extract)  # made when its figures begin to speak, gone when they no longer do
        if wanted.choice == "reject":
            report["messages"] += _ask_for_another(house, c, extract, wanted)
    return {"changed": True, **report}


def check_can_be_decided(c: Connection, extract: Extract) -> None:
    """Raises NothingToDecide, with why and what to do instead."""
    quality = ledger.quality_of(c, extract.id)
    if ledger.refused_reason(c, extract.id):
        why, todo = "it could not be read, so it has no figures that could be released", "Have it corrected and sent again"
    elif newer := newer_revision(c, extract):
        why, todo = f"revision {newer} of the same date has come, and that one counts", "`caseclock release` lists what is held now"
    elif quality is None or not ledger.is_done(c, extract.id, "compute_measures"):
        why, todo = "its figures are not worked out yet", "Wait for the end of its run, or take it through with `caseclock run`"
    elif quality.verdict != "hold":
        why, todo = f"quality has not held it (verdict {quality.verdict}): its figures are in use", ""
    else:
        return
    raise NothingToDecide(f"nothing to decide: {why}", where=_name(extract), todo=todo)


def waits_for_decision(house: House, extract_id: str) -> bool:
    """Whether a person has to say what becomes of this extract."""
    with reading(house.engine) as c:
        extract = _extract(c, extract_id)
        try:
            check_can_be_decided(c, extract)
        except NothingToDecide:
            return False
        return decision_of(c, extract.id) is None


def held_extracts(house: House) -> list[Report]:
    """What is held, newest date first: id, source, as_of, revision, reasons, and a rejection if there is one."""
    with reading(house.engine) as c:
        found = [(ledger.extract_by_id(c, id_), said) for id_, said in held_ids(c)]
        return [
            {
                "id": extract.id,
                "source": extract.source,
                "as_of": str(extract.as_of),
                "revision": extract.revision,
                "decision": str(said) if said else None,
                "reasons": _reasons(c, extract.id),
            }
            for extract, said in found
            if newer_revision(c, extract) is None
        ]


# --- the form in Airflow -------------------------------------------------------------------------------------------
def question(house: House, extract_id: str, wait: dt.timedelta) -> Report:
    """Subject and body (Markdown) of the form: verdict and reasons with their counts, and what each answer does."""
    from caseclock.notifications.wording import date_words

    with reading(house.engine) as c:
        extract, reasons = _extract(c, extract_id), _reasons(c, extract_id)
    more = len(reasons) - SHOWN_REASONS
    listed = [*reasons[:SHOWN_REASONS], *([f"and {more} more; the log of the task check_quality has them all"] if more > 0 else [])]
    title = house.source(extract.source).title
    body = [
        f"**{title}**, extract of **{date_words(extract.as_of)}**, revision {extract.revision} (`{extract.id}`)",
        "**Verdict: hold.** Its figures are not used: nothing fires, nothing resolves, nobody is reminded.",
        "\n".join(f"- {reason}" for reason in listed),
        "**Approve** when you know why it looks like this and the figures are right all the same. They count at once, open alerts are "
        "brought up to date and people are told; later extracts are compared with this one.",
        "**Reject** when they are not. The figures stay silent, and data engineers are asked for a new extract of this date.",
        "Both need a **reason**. It is kept, and data engineers see it; write nothing about a child in it. Without an answer within "
        f"{_span(wait)} the extract is rejected.",
    ]
    return {"extract_id": extract.id, "subject": f"Release the held extract of {extract.as_of} from {title}?", "body": "\n\n".join(body)}


def take_answer(house: House, extract_id: str, answer: Mapping[str, Any], now: dt.datetime, wait: dt.timedelta) -> Report:
    """`answer`: what Airflow's form returned. When nothing is left to decide the report says so, and that is no fault.

    Raises WrongUse when a person gave no reason: nothing is decided then, and they are to be asked again.
    """
    person = answer.get("responded_by_user")
    choice = OPTIONS[answer["chosen_options"][0]]
    by, reason = _who(person), str((answer.get("params_input") or {}).get("reason") or "")
    if person is None:
        choice, by, reason = "reject", NOBODY, f"nobody answered within {_span(wait)}"
    try:
        return decide(house, extract_id, choice, by, reason, now)
    except AlreadyDecided as error:
        why = f"it was {DONE[error.standing.choice]} already by other means; that stands, and this answer changes nothing"
    except NothingToDecide as error:
        why = error.what
    log.info("%s", why)
    return {"extract_id": extract_id, "decision": None, "changed": False, "why": why}


# --- inside --------------------------------------------------------------------------------------------------------
def _choice(given: str) -> Choice:
    found: Choice | None = next((choice for choice in CHOICES if choice == given), None)
    if found is None:
        raise WrongUse(f"{given!r} is no decision", allowed=" or ".join(CHOICES))
    return found


def _words(by: str, reason: str) -> tuple[str, str]:
    """Name and reason on one line each, of visible characters."""
    from caseclock.notifications.wording import plain

    who, why = plain(by, NAME_LENGTH), plain(reason, REASON_LENGTH)
    for what, text in (("who decides", who), ("a reason", why)):
        if not text:
            raise WrongUse(
                f"{what} is missing; nothing was decided", where="release", todo="Say who decides and why; it is kept in the audit"
            )
    return who, why


def _who(person: Mapping[str, str] | None) -> str:
    """Name and, where that is another word, the name they sign in with."""
    name, login = (str((person or {}).get(key) or "") for key in ("name", "id"))
    return name if name == login or not login else f"{name} ({login})".strip()


def _extract(c: Connection, extract_id: str) -> Extract:
    try:
        return ledger.extract_by_id(c, extract_id)
    except LookupError:
        raise WrongUse("no extract has this id", where="release", todo="`caseclock release` lists what is held, with its ids") from None


def _name(extract: Extract) -> str:
    return f"{extract.source} as of {extract.as_of}, revision {extract.revision}"


def _reasons(c: Connection, extract_id: str) -> list[str]:
    found = ledger.quality_of(c, extract_id)
    return found.reasons if found else []


def _span(wait: dt.timedelta) -> str:
    hours = round(wait.total_seconds() / 3600)
    count, unit = (hours // 24, "day") if hours >= 24 and hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}" + ("" if count == 1 else "s")


def _ask_for_another(house: House, c: Connection, extract: Extract, said: Decision) -> int:
    from caseclock.notifications.wording import date_words

    headline = f"A new extract for {date_words(extract.as_of)} is asked for: the one from {extract.source} was rejected."
    lines = (
        f"Rejected by {said.by}: {said.reason}",
        "Its figures stay silent. Have it corrected and sent again with the same date; it then counts as the next revision.",
    )
    return tell(house, c, "rejected", house.config.routes.engineers(extract.source), f"rejected|{extract.id}", headline, lines, said.at)
