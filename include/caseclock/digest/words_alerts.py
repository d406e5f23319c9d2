"""Alerts in words: what needs a decision, what has changed in the week, and what was not heard and why."""

from __future__ import annotations

from collections import Counter
from typing import Final

from caseclock.digest import sentences as s
from caseclock.digest.content import Change, Content, Decision, Kind, Quiet
from caseclock.digest.words_head import RANK, has_figures, order_of
from caseclock.notifications.letter import Bullets, Paragraph, Section, Tone

MOST: Final = 15
"""Decisions in one letter; the rest are counted."""
BRIEF: Final = 3
MOST_REASONS: Final = 6
COLOURS: Final = {"red": "Red", "amber": "Amber", "": "Over its limit"}
LEADS: Final[dict[Kind, str]] = {
    "new": "New",
    "worsened": "Worse",
    "resolved": "Back within its limit",
    "retracted": "Withdrawn",
    "limit": "Limits changed",
}
"""How each kind of change begins, in the order in which they are read."""
VERBS: Final[dict[Kind, tuple[str, str]]] = {
    "new": ("began", "began"),
    "worsened": ("got worse", "got worse"),
    "resolved": ("ended", "ended"),
    "retracted": ("was withdrawn", "were withdrawn"),
}
"""What one and what several of them did."""
NO_DECISION: Final = "Nothing waits for a decision."
NONE_FOR_LONG: Final = "No alert has been open for long without a decision."
UNTOLD: Final = "Without figures of this week this digest cannot say what needs a decision."
UNSEEN: Final = "Without data no alert can begin."
UNMOVED: Final = "While newer data cannot be used, no alert begins or ends."
NO_CHANGE: Final = "No alert began, got worse or ended in the week, and no limit was changed."
NONE_TO_TELL: Final = "No change of an alert can be told here; those that are not shown are counted further down."


# --- what needs a decision --------------------------------------------------------------------------------------------
def decisions(c: Content) -> Section:
    """Worst first, each with what has been done, for how long it is open, and who decides."""
    order = order_of(c)
    ordered = sorted(c.decisions, key=lambda d: (RANK[d.severity], order.get(d.title, len(order)), -d.age_wd))
    said = [decision(d) for d in ordered[:MOST]]
    left = ordered[MOST:]
    if left:
        colours = Counter("red" if d.severity == "red" else "amber" if d.severity == "amber" else "of neither colour" for d in left)
        said.append(f"And {len(left)} more: {s.listed([f'{n} {what}' for what, n in colours.items()])}.")
    if not said:
        calm = UNTOLD if not has_figures(c) else _calm(c, NONE_FOR_LONG if c.red + c.amber else NO_DECISION)
        return Section("What needs a decision", (Paragraph(calm),), (calm,))
    tones: list[Tone] = [d.severity or "amber" for d in ordered[:MOST]]
    tones += ["quiet"] * bool(left)
    wait = "1 alert waits for a decision." if len(ordered) == 1 else f"{len(ordered)} alerts wait for a decision."
    more = [f"And {len(ordered) - BRIEF} more."] if len(ordered) > BRIEF else []
    return Section("What needs a decision", (Paragraph(wait), Bullets(tuple(said), tuple(tones))), (*said[:BRIEF], *more))


def _calm(c: Content, said: str) -> str:
    """That there is nothing is no good news where nothing could be seen."""
    if c.currency.as_of is None:
        return f"{said} {UNSEEN}"
    return f"{said} {UNMOVED}" if s.is_old(c.currency, c.first_day) else said


def decision(d: Decision) -> str:
    """`Red: North has 30 cases without an allocated worker. Open for 12 working days, since Wednesday 4 November. Owner: Head.`"""
    age = f"Open for {s.counted(d.age_wd, 'working day')}, since {s.day(d.since)}" if d.age_wd else f"Open since {s.day(d.since)}"
    state = f"; {d.state}" if d.state else ""
    return f"{COLOURS[d.severity]}: {s.at(d.place, d.title, d.now, d.unit)}. {age}{state}. {_owner(d)}"


def _owner(d: Decision) -> str:
    """Roles begin with a capital; what does not is a clause of its own."""
    if not d.owner:
        return "No role is named that decides."
    return f"Owner: {s.ended(d.owner)}" if not d.owner[0].islower() else s.capital(s.ended(d.owner))


# --- what changed -----------------------------------------------------------------------------------------------------
def changes(c: Content) -> Section:
    """New, worse, over, withdrawn, and limits; counted first."""
    if not c.changes:
        calm = _calm(c, NONE_TO_TELL if c.quiet.not_shown else NO_CHANGE)
        return Section("What changed this week", (Paragraph(calm),), (calm,))
    kinds = list(LEADS)
    ordered = sorted(c.changes, key=lambda g: (kinds.index(g.kind), RANK[g.severity]))
    lead = counted(c.changes)
    tones: tuple[Tone, ...] = tuple((g.severity or "amber") if g.kind in {"new", "worsened"} else "quiet" for g in ordered)
    said = tuple(change(g) for g in ordered)
    told = [text for g, text in zip(ordered, said, strict=True) if g.kind in {"new", "worsened", "retracted"}]
    return Section("What changed this week", (Paragraph(lead), Bullets(said, tones)), (lead, *told[:BRIEF]))


def counted(all_changes: tuple[Change, ...]) -> str:
    """`2 alerts began, 1 got worse, 1 ended and 1 was withdrawn; 1 limit was changed.`"""
    of = Counter(g.kind for g in all_changes)
    told = [(of[kind], one if of[kind] == 1 else many) for kind, (one, many) in VERBS.items() if of[kind]]
    parts = [f"{n} {verb}" for n, verb in told]
    if parts:
        parts[0] = f"{s.counted(told[0][0], 'alert')} {told[0][1]}"
    limits = of["limit"]
    rules = f"the limits of {s.counted(limits, 'rule')} were changed" if limits else ""
    return f"{s.capital('; '.join(part for part in (s.listed(parts), rules) if part))}."


def change(g: Change) -> str:
    """What became of one alert: `Worse, red: North has 30 cases without an allocated worker (Tuesday 17 November).`"""
    on = f" ({s.day(g.day)})" if g.day else ""
    note = f" {s.capital(s.ended(g.note))}" if g.note else ""
    where = f"{s.heading(g.title)}{s.within(g.place)}"
    where = where[:1].lower() + where[1:]
    if g.kind == "limit":
        return f"{LEADS[g.kind]}: {where}{on}.{note}"
    if g.kind == "retracted":
        return f"{LEADS[g.kind]}: the alert on {where} does not stand{on}. Please disregard it.{note}"
    if g.kind == "resolved":
        now = f", now {g.now.words(g.unit)}" if g.now is not None and not g.now.withheld else ""
        return f"{LEADS[g.kind]}: {where}{now}{on}.{note}"
    colour = f", {g.severity}" if g.severity else ""
    return f"{LEADS[g.kind]}{colour}: {s.at(g.place, g.title, g.now, g.unit)}{on}.{note}"


# --- what was not heard -----------------------------------------------------------------------------------------------
def quiet(c: Content) -> Section:
    """Silences, acknowledgements, messages that were not sent, and why."""
    q = c.quiet
    said = [*_in_force(q), *_not_sent(q)]
    if q.overnight:
        said.append(f"{s.counted(q.overnight, 'alert')} began and ended while nobody was at work.")
    if q.not_shown:
        verb = "is" if q.not_shown == 1 else "are"
        why = "because the numbers are too small" if has_figures(c) else "because there are no figures of this week"
        said.append(f"{s.counted(q.not_shown, 'alert')} {verb} not shown here, {why}; the teams know of them.")
    said += [f"This alert comes and goes: {name}." for name in q.unstable]
    said += [s.capital(s.ended(ending)) for ending in q.ending]
    lost = _undelivered(q)
    if not said:
        said = ["Nothing was silenced or held back."]
    blocks = (Paragraph(lost, "red" if q.undelivered else ""), Bullets(tuple(said)))
    return Section("What was not heard, and why", blocks, (lost, *said[:2]) if q.undelivered or q.silences or q.not_shown else ())


def _undelivered(q: Quiet) -> str:
    if not q.undelivered:
        return "Every message was delivered."
    readers = "its reader" if q.undelivered == 1 else "their readers"
    return f"{s.counted(q.undelivered, 'message')} could not be delivered, so {readers} may not know."


def _in_force(q: Quiet) -> list[str]:
    if not (q.silences or q.acknowledgements):
        return []
    both = q.silences + q.acknowledgements
    said = [s.counted(q.silences, "silence")] * bool(q.silences) + [s.counted(q.acknowledgements, "acknowledgement")] * bool(
        q.acknowledgements
    )
    return [f"{s.capital(s.listed(said))} {'is' if both == 1 else 'are'} in force."]


def _not_sent(q: Quiet) -> list[str]:
    """Counts of messages, the most frequent reason first."""
    ordered = sorted(((n, why.rstrip(".")) for why, n in q.reasons if n), key=lambda pair: (-pair[0], pair[1]))
    if not ordered:
        return []
    total = sum(n for n, _ in ordered)
    shown, others = ordered[:MOST_REASONS], sum(n for n, _ in ordered[MOST_REASONS:])
    reasons = "; ".join([f"{why} ({n:,})" for n, why in shown] + [f"other reasons ({others:,})"] * bool(others))
    return [f"{s.counted(total, 'message')} {'was' if total == 1 else 'were'} not sent: {reasons}."]
