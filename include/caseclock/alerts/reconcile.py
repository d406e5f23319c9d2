"""What each recipient is to be told: desired against told, by one table. The first row that fits, and that nothing guards, wins.

Two kinds stand outside the order of the table: *hold* and *unhold* mark the open message whatever else happens, and *escalated* is for
another reader.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from caseclock.alerts.flapping import STEADY
from caseclock.alerts.fold import LimitChange
from caseclock.alerts.handling import Standing
from caseclock.alerts.hours import days_between, in_words, local_day, opens_next
from caseclock.alerts.model import Handling, Kind, Suppressed, Told, Words
from caseclock.alerts.scene import CLOSINGS, Scene, View
from caseclock.alerts.told import UNSURE
from caseclock.alerts.wanted import Wanted, intent_of
from caseclock.clocks.calendar import NotCovered
from caseclock.thresholds import Severity, ThresholdRule

BAND: dict[Severity | None, int] = {None: 0, "amber": 1, "red": 2}
SAME = "nothing has changed that calls for a message"


@dataclass(frozen=True)
class Row:
    """One line of the table: what fits, what guards it, and how the reason reads."""

    kind: Kind
    fits: Callable[[View, Told], bool]
    guards: tuple[str, ...]
    reason: Callable[[View, Told], str]


def _ended(view: View, told: Told) -> bool:
    stay = view.scene.fold.stay_of(told.episode)
    return stay is None or stay != view.scene.now_is.episode


def _firing(view: View) -> bool:
    return view.scene.now_is.state == "FIRING"


def _moved(view: View, told: Told) -> bool:
    now_is = view.scene.now_is
    return now_is.value is not None and now_is.value != told.shown


def worse_by_enough(rule: ThresholdRule, told: float, value: float) -> bool:
    """Whether a value is so much worse than what was told that people must look again."""
    more = rule.badness(value) - rule.badness(told)
    return more > 0 and more >= rule.worsen_min and more * 100 >= rule.worsen_pct * abs(told)


def _just_ended(view: View, told: Told, which: str) -> bool:
    ended = getattr(view.scene.standing, which)
    return _firing(view) and ended is not None and ended.end > told.attention_at


def _waited(view: View, told: Told) -> int:
    return days_between(view.scene.calendar, told.attention_at, view.scene.now)


def _from_to(view: View, told: Told) -> str:
    return f"was {_figure(told.value)}, now {_figure(view.scene.now_is.value)}"


def _figure(value: float | None) -> str:
    """A count whole, a share to two places: as exact as a person may need to see a move."""
    return "-" if value is None else f"{round(value, 2):g}"


def _band_rose(view: View, told: Told) -> bool:
    return _firing(view) and BAND[view.scene.now_is.severity] > BAND[told.severity]


def _no_worse(view: View, told: Told) -> bool:
    """The figure is as it was told or better: if its band is higher all the same, the limits were moved."""
    rule, value = view.scene.rule, view.scene.now_is.value
    return value is not None and rule.badness(value) <= rule.badness(told.value)


def _ended_by_limit(view: View, told: Told) -> LimitChange | None:
    return view.scene.fold.ended_by_limit(told.episode, told.first_at) if _ended(view, told) else None


def _limits_words(view: View, told: Told) -> str:
    change = _ended_by_limit(view, told)
    return f"the limits were changed ({change.words}); by the earlier ones it would still be open" if change else ""


def _shown_otherwise(view: View, told: Told) -> str:
    """What the open message shows that is so no longer, beside the figure; empty when all of it stands."""
    rule, shown = view.scene.rule, told.item
    if shown.get(UNSURE):
        return "an earlier change of this message was broken off, so it may show another figure"
    if "limit" in shown and (shown["limit"], shown.get("red_limit")) != (rule.amber, rule.red):
        return f"its limits are now {rule.amber:g} and {rule.red:g}"
    if "unstable" in shown and shown["unstable"] != view.scene.unstable:
        return view.scene.unstable or "it is steady again"
    return ""


TABLE: tuple[Row, ...] = (
    Row("limit_changed", lambda v, t: _ended_by_limit(v, t) is not None, ("quiet",), lambda v, t: _limits_words(v, t)),
    Row(
        "retracted",
        lambda v, t: _ended(v, t) and v.scene.fold.stay_of(t.episode) is None and t.episode in v.scene.fold.dates,
        ("quiet",),
        lambda v, t: f"corrected data show no breach where {t.value:g} was told",
    ),
    Row("resolved", _ended, ("quiet",), lambda v, t: _why_over(v, t)),
    Row(
        "refresh",
        lambda v, t: v.scene.standing.silenced is not None and _moved(v, t),
        (),
        lambda v, t: "silenced: the figure is brought up to date without a call for attention",
    ),
    Row(
        "limit_stricter",
        lambda v, t: _band_rose(v, t) and _no_worse(v, t),
        ("digest", "silenced", "quiet"),
        lambda v, t: f"by limits of {v.scene.rule.amber:g} and {v.scene.rule.red:g} it is {v.scene.now_is.severity}: {_from_to(v, t)}",
    ),
    Row(
        "worsened",
        lambda v, t: _band_rose(v, t) and not _no_worse(v, t),
        ("digest", "silenced", "quiet"),
        lambda v, t: f"it is now {v.scene.now_is.severity}: {_from_to(v, t)}",
    ),
    Row(
        "refresh",
        lambda v, t: v.scene.standing.acked is not None and _moved(v, t),
        (),
        lambda v, t: "acknowledged: the figure is brought up to date without a call for attention",
    ),
    Row(
        "worsened",
        lambda v, t: _firing(v) and worse_by_enough(v.scene.rule, t.value, v.scene.now_is.value or 0.0),
        ("digest", "silenced", "acked", "quiet"),
        lambda v, t: f"worse by {v.scene.rule.worsen_pct:g} per cent or more since you were told: {_from_to(v, t)}",
    ),
    Row(
        "unsilenced",
        lambda v, t: _just_ended(v, t, "silence_ended"),
        ("digest", "silenced", "quiet"),
        lambda v, t: _deed_words(v.scene.standing, "silence_ended", "silenced"),
    ),
    Row(
        "ack_expired",
        lambda v, t: _just_ended(v, t, "ack_ended"),
        ("digest", "silenced", "acked", "quiet"),
        lambda v, t: _deed_words(v.scene.standing, "ack_ended", "acknowledged"),
    ),
    Row(
        "reminder",
        lambda v, t: _firing(v) and _waited(v, t) >= v.scene.rule.repeat_wd,
        ("digest", "silenced", "acked", "quiet"),
        lambda v, t: f"{_waited(v, t)} working days since you were last told; {_from_to(v, t)}",
    ),
    Row(
        "refresh",
        lambda v, t: v.scene.is_open and _moved(v, t),
        (),
        lambda v, t: f"shown {_figure(t.shown)}, now {_figure(v.scene.now_is.value)}",
    ),
    Row("refresh", lambda v, t: v.scene.is_open and bool(_shown_otherwise(v, t)), (), lambda v, t: _shown_otherwise(v, t)),
)
"""For those who were told: the first row that fits wins."""

TAKEN_BACK = Row(
    "retracted",
    lambda v, t: t.episode in v.scene.taken_back and v.scene.fold.stay_of(t.episode) is None,
    ("quiet",),
    lambda v, t: f"it was told from the extract of {t.episode}, which has been rejected since",
)
"""Said also while the data is on hold: it tells no new figure, it takes an old one back."""

UNTIL_IT_SPEAKS = (
    "nothing is said, and nothing is closed, until a figure speaks again: with the next extract that passes and has one, or when a person"
    " releases an extract that is held"
)

IN_DIGEST = "the weekly digest counts it for as long as it stands; somebody is called if a route of another severity takes it"

WORSENINGS: frozenset[Kind] = frozenset({"worsened", "limit_stricter"})


def _why_over(view: View, told: Told) -> str:
    if view.scene.fold.stay_of(told.episode) is None:  # no correction says that it was wrong: its figures were taken back, that is all
        return f"within the limit; the figures of {told.episode}, from which it was told, are no longer used"
    return f"clear on {_dates(view.scene.rule.clear_n)}"


def _dates(n: int) -> str:
    return "one extract date" if n == 1 else f"{n} extract dates in a row"


def _deed_words(standing: Standing, which: str, verb: str) -> str:
    """For messages: who, until when, and why, which those who were told before may know."""
    deed: Handling = getattr(standing, which)
    return _deed(replace(deed, by=deed.who), verb)


def _deed(deed: Handling, verb: str) -> str:
    return f"{verb} by {deed.by} until {in_words(deed.end)}" + (f": {deed.reason}" if deed.reason else "")


def _day(find: Callable[[], dt.date]) -> str:
    """Words about a later day never stop a run: the years whose bank holidays are known may end before it."""
    try:
        day = find()
        return f"{day.day} {day:%B %Y}"
    except NotCovered:
        return "a day that calendar.yaml does not cover yet"


class Guard(NamedTuple):
    """What stands in the way of a message, and what happens next."""

    why: str
    then: Words


def _guard(view: View, names: tuple[str, ...]) -> Guard | None:
    """The first thing that stands in the way."""
    return next((found for name in names if (found := GUARDS[name](view))), None)


def _silenced(view: View) -> Guard | None:
    deed = view.scene.standing.silenced
    if deed is None:
        return None
    then = f"until {in_words(deed.end)}, or until somebody ends the silence, nobody is called; if it still stands then, it is told"
    return Guard(_deed(deed, "silenced"), f"{then}. Its end is told all the same")


def _acked(view: View) -> Guard | None:
    deed = view.scene.standing.acked
    if deed is None:
        return None
    then = f"until {in_words(deed.end)} nobody is reminded; if it still stands then, whoever was told is called again"
    return Guard(_deed(deed, "acknowledged"), f"{then}. A rise to red, and its end, are told at once")


def _quiet(view: View) -> Guard | None:
    why, scene = view.scene.quiet, view.scene
    if why is None:
        return None
    day = _day(lambda: opens_next(scene.calendar, scene.now))
    return Guard(why, f"it is told from {scene.calendar.config.working_hours[0]} on {day}, if it still stands")


def _unstable(view: View) -> Guard | None:
    why = view.scene.waits
    return Guard(why, f"it is told when it has stood for {STEADY} extract dates, and at once when it is red") if why else None


def _digest(view: View) -> Guard | None:
    return Guard(view.scene.digest_only, IN_DIGEST) if view.scene.digest_only else None


GUARDS: dict[str, Callable[[View], Guard | None]] = {
    "digest": _digest,
    "silenced": _silenced,
    "acked": _acked,
    "quiet": _quiet,
    "unstable": _unstable,
}
BY_PEOPLE = ("silenced", "acked")
"""Guards that somebody has set: a call that they hold back is kept beside the edit that goes out in its stead."""


def reconcile(view: View) -> Wanted:
    """What this recipient is to be told by this channel about this instance now."""
    wanted = Wanted()
    if view.scene.silent:
        return _on_hold(view, wanted)
    told = view.told
    if told is None:
        return _not_told(view, wanted)
    if told.held and not view.closing_only:
        why = "a person has released data that the quality check had held" if view.scene.released else "good data has come"
        wanted.intents.append(intent_of(view, "unhold", why))
    for n, row in enumerate(TABLE):
        if not view.may_say(row.kind) or not row.fits(view, told):
            continue
        guard = _guard(view, row.guards)
        if guard is None:
            wanted.intents.append(intent_of(view, row.kind, row.reason(view, told)))
            wanted.suppressed += [] if row.guards or row.kind in CLOSINGS else _held_back(view, told, TABLE[n + 1 :])
            break
        wanted.suppressed.append(_withheld(view, told, row, guard))
        if row.kind in CLOSINGS:
            break
    if not wanted.intents and not wanted.suppressed:
        wanted.suppressed.append(_not_sent(view, Guard(SAME, partial(_then_if_same, view, told))))
    wanted.suppressed.reverse()  # the audit keeps the last one: what comes first in the table
    return wanted


def _held_back(view: View, told: Told, rows: tuple[Row, ...]) -> list[Suppressed]:
    """The call that somebody's deed holds back while the figure is brought up to date."""
    for row in rows:
        guard = _guard(view, tuple(name for name in row.guards if name in BY_PEOPLE))
        if guard and row.fits(view, told):
            return [_withheld(view, told, row, guard)]
    return []


def _withheld(view: View, told: Told, row: Row, guard: Guard) -> Suppressed:
    """A worsening says what it was; whose reason changes from day to day does not, or there would be a row for every day."""
    if row.kind not in WORSENINGS:
        return _not_sent(view, guard, row.kind)
    return _not_sent(view, Guard(f"worsened ({row.reason(view, told)}) and withheld: {guard.why}", guard.then), row.kind)


def _then_if_same(view: View, told: Told) -> str:
    scene, rule = view.scene, view.scene.rule
    if view.closing_only:
        return "its end is told"
    if scene.digest_only:
        return IN_DIGEST
    if scene.standing.silenced or scene.standing.acked:
        guard = _guard(view, BY_PEOPLE)
        return str(guard.then) if guard else ""
    on = _day(lambda: scene.calendar.due(local_day(told.attention_at), rule.repeat_wd))
    sooner = f"by {rule.worsen_pct:g} per cent and by {rule.worsen_min:g}" if rule.worsen_min else f"by {rule.worsen_pct:g} per cent"
    return f"a reminder on {on}; sooner if it gets worse {sooner}, if it turns red, or when it is over"


def _on_hold(view: View, wanted: Wanted) -> Wanted:
    silent = view.scene.silent or ""
    if view.told and TAKEN_BACK.fits(view, view.told):
        guard = _guard(view, TAKEN_BACK.guards)
        if guard is None:
            wanted.intents.append(intent_of(view, TAKEN_BACK.kind, TAKEN_BACK.reason(view, view.told)))
            return wanted
        wanted.suppressed.append(_not_sent(view, guard, TAKEN_BACK.kind))
    if view.told and not view.told.held and not view.closing_only:
        wanted.intents.append(intent_of(view, "hold", silent))
    elif view.told or view.scene.is_open:
        wanted.suppressed.append(_not_sent(view, Guard(silent, UNTIL_IT_SPEAKS)))
    return wanted


def _not_told(view: View, wanted: Wanted) -> Wanted:
    if not view.scene.is_open or view.closing_only:
        return wanted
    guard = _guard(view, ("digest", "silenced", "unstable", "quiet"))
    if not _firing(view):
        clearing = (
            "if it is past the limit again in the next extract it is told; if it goes on like this it is over, and nobody hears of it"
        )
        guard = Guard("it is already clearing and was never told", clearing)
    if guard:
        wanted.suppressed.append(_not_sent(view, guard, "fire"))
    else:
        wanted.intents.append(intent_of(view, "fire", _why_fires(view)))
    return wanted


def _why_fires(view: View) -> str:
    now_is, rule = view.scene.now_is, view.scene.rule
    limit = rule.red if now_is.severity == "red" else rule.amber
    said = f"{now_is.value:g} against a limit of {limit:g} on {_dates(rule.for_n)}"
    moved = [c for c in view.scene.fold.changes if c.since and c.since == now_is.since and c.without.stay_of(now_is.episode or "") is None]
    return f"{said}; the limits were changed: {moved[-1].words}" if moved else said


def _not_sent(view: View, guard: Guard, kind: Kind | None = None) -> Suppressed:
    return Suppressed(view.recipient, view.channel, view.scene.instance, view.episode, guard.why, kind, guard.then)


def escalate(scene: Scene, head: str, channels: tuple[str, ...], told: list[Told], head_told: list[Told]) -> Wanted:
    """Whether the next one up is told: once per episode, when nobody has acknowledged it in the time allowed.

    `told`: the open conversations of those who were told first; `head_told`: what the head was ever told of this episode.
    The time starts again when an acknowledgement or a silence ends.
    """
    wanted = Wanted()
    if scene.now_is.state != "FIRING" or scene.silent or not told or head_told:
        return wanted
    starts = [min(t.first_at for t in told)]
    starts += [d.end for d in (scene.standing.ack_ended, scene.standing.silence_ended) if d]
    waited = days_between(scene.calendar, max(starts), scene.now)
    if waited < scene.rule.escalate_wd:
        return wanted
    for channel in channels:
        view = View(scene, head, channel, None)
        guard = _guard(view, ("silenced", "acked", "quiet"))
        if guard:
            wanted.suppressed.append(_not_sent(view, guard, "escalated"))
        else:
            reason = f"not acknowledged in {waited} working day{'' if waited == 1 else 's'}; the limit for that is {scene.rule.escalate_wd}"
            wanted.intents.append(intent_of(view, "escalated", reason))
    return wanted
