"""The overview's first words: the finding in a sentence, and five cards."""

from __future__ import annotations

from typing import Final

from caseclock.dashboard.look import day_words, number
from caseclock.dashboard.model import Tone
from caseclock.dashboard.pages.overview import Card
from caseclock.pipeline.pages.overview_facts import ALLOCATION, CONFERENCE, Facts
from caseclock.pipeline.pages.overview_teams import past_count

NO_FIGURE: Final = "this extract cannot show it"


def finding(facts: Facts) -> str:
    """What is late and how it moved, how many teams are past a limit, and what waits for a worker."""
    said = [_late(facts), _teams(facts), _waiting(facts)]
    return " ".join(one for one in said if one) or "This extract has no figure that an overview is made from."


def _late(facts: Facts) -> str:
    figure = f"overdue.{facts.assessment}"
    value, _ = facts.now(figure)
    if value is None:
        return ""
    many = {0: "No assessment is", 1: "1 assessment is"}.get(int(value), f"{value:,.0f} assessments are")
    return f"{many} past 45 working days{_moved(facts, figure, value)}."


def _moved(facts: Facts, figure: str, value: float) -> str:
    before, _ = facts.of(figure, facts.before)
    if before is None or facts.day_before is None:
        return ""
    if before == value:
        return f", as on {day_words(facts.day_before)}"
    return f", {'up' if value > before else 'down'} from {before:,.0f} on {day_words(facts.day_before)}"


def _teams(facts: Facts) -> str:
    past, red, of = past_count(facts)
    if not of:
        return ""
    if not past:
        return "No team is at or past a limit." if of > 1 else "It is at or past no limit."
    where = f", {red} of them red" if red else ""
    return f"{past} of {of} teams {'is' if past == 1 else 'are'} at or past a limit{where}."


def _waiting(facts: Facts) -> str:
    value, _ = facts.now("unallocated")
    if value is None:
        return ""
    many = {0: "No open case is", 1: "1 open case is"}.get(int(value), f"{value:,.0f} open cases are")
    return f"{many} without a worker{_moved(facts, 'unallocated', value)}."


# --- cards ---------------------------------------------------------------------------------------------------------
def cards(facts: Facts) -> tuple[Card, ...]:
    a = facts.assessment
    return (
        _card(facts, "unallocated", "unallocated", "open cases with no worker", _oldest(facts)),
        _card(facts, "overdue", f"overdue.{a}", "assessments past 45 working days", _more(facts, f"due_5.{a}")),
        _card(facts, "conference", f"overdue.{CONFERENCE}", "section 47 to conference past 15 working days", _in_time(facts)),
        _card(facts, "open", "open", "open cases", _in_and_out(facts)),
        _card(facts, "caseload", "caseload", "children per worker", _high(facts)),
    )


def _card(facts: Facts, key: str, figure: str, label: str, note: str) -> Card:
    value, _ = facts.now(figure)
    if value is None:
        return Card(key, "–", label, NO_FIGURE, "quiet", figure, facts.one)
    tone, words = facts.worst(figure)
    shown: Tone = tone
    return Card(key, number(round(value, 1)), label, " ".join(one for one in (note, words) if one), shown, figure, facts.one)


def _oldest(facts: Facts) -> str:
    days, _ = facts.now(f"oldest.{ALLOCATION}")
    return "" if days is None else f"The oldest has waited {days:,.0f} working {'day' if days == 1 else 'days'}."


def _more(facts: Facts, figure: str) -> str:
    value, _ = facts.now(figure)
    return "" if value is None else f"{value:,.0f} more come due within 5 working days."


def _in_time(facts: Facts) -> str:
    share, n = facts.now(f"in_time.{CONFERENCE}")
    return "" if share is None else f"{share:.0f}% of {n:,} in time, last 13 weeks."


def _in_and_out(facts: Facts) -> str:
    came, went = facts.now("arrivals")[0], facts.now("departures")[0]
    return "" if came is None or went is None else f"{came:,.0f} in and {went:,.0f} out in the last week."


def _high(facts: Facts) -> str:
    value, n = facts.now("caseload_high")
    return "" if value is None else f"{value:,.0f} of {n:,} workers {'has' if value == 1 else 'have'} far more than the rest."
