"""What each recipient is to be told: desired against told, by one table. The first row that fits, and that nothing guards, wins.

Two kinds stand outside the order of the table: *hold* and *unhold* mark the open message whatever else happens, and *escalated* is for
another reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from caseclock.alerts.handling import Standing
from caseclock.alerts.hours import days_between
from caseclock.alerts.model import Intent, Kind, Mode, Suppressed, Told
from caseclock.alerts.scene import Scene, View
from caseclock.now import LONDON
from caseclock.thresholds import Severity, ThresholdRule

MODES: dict[Kind, Mode] = {
    "fire": "post",
    "refresh": "update",
    "hold": "update",
    "unhold": "update",
    "worsened": "reply_broadcast",
    "reminder": "reply_broadcast",
    "ack_expired": "reply_broadcast",
    "unsilenced": "reply_broadcast",
    "resolved": "update+reply",
    "retracted": "update+reply_broadcast",
    "limit_changed": "update+reply",
    "escalated": "post",
    "dq_failed": "post",
    "dq_recovered": "update+reply",
    "dq_released": "update+reply",
    "stale": "post",
    "stale_recovered": "update+reply",
    "missing_scope": "post",
    "delivery_failed": "post",
}
NO_FIGURE: frozenset[Kind] = frozenset({"hold", "unhold", "resolved", "retracted"})
"""Kinds that say that something changed about the alert, not how much it is."""

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


TABLE: tuple[Row, ...] = (
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
        "worsened",
        lambda v, t: _firing(v) and BAND[v.scene.now_is.severity] > BAND[t.severity],
        ("silenced", "quiet"),
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
        ("silenced", "acked", "quiet"),
        lambda v, t: f"worse by {v.scene.rule.worsen_pct:g} per cent or more since you were told: {_from_to(v, t)}",
    ),
    Row(
        "unsilenced",
        lambda v, t: _just_ended(v, t, "silence_ended"),
        ("silenced", "quiet"),
        lambda v, t: _deed_words(v.scene.standing, "silence_ended", "silenced"),
    ),
    Row(
        "ack_expired",
        lambda v, t: _just_ended(v, t, "ack_ended"),
        ("silenced", "acked", "quiet"),
        lambda v, t: _deed_words(v.scene.standing, "ack_ended", "acknowledged"),
    ),
    Row(
        "reminder",
        lambda v, t: _firing(v) and _waited(v, t) >= v.scene.rule.repeat_wd,
        ("silenced", "acked", "quiet"),
        lambda v, t: f"{_waited(v, t)} working days since you were last told; {_from_to(v, t)}",
    ),
    Row(
        "refresh",
        lambda v, t: v.scene.is_open and _moved(v, t),
        (),
        lambda v, t: f"shown {_figure(t.shown)}, now {_figure(v.scene.now_is.value)}",
    ),
)
"""For those who were told: the first row that fits wins."""

TAKEN_BACK = Row(
    "retracted",
    lambda v, t: t.episode in v.scene.taken_back and v.scene.fold.stay_of(t.episode) is None,
    ("quiet",),
    lambda v, t: f"it was told from the extract of {t.episode}, which has been rejected since",
)
"""Said also while the data is on hold: it tells no new figure, it takes an old one back."""

CLOSINGS: frozenset[Kind] = frozenset({"resolved", "retracted"})


def _why_over(view: View, told: Told) -> str:
    if view.scene.fold.stay_of(told.episode) is None:  # no correction says that it was wrong: its figures were taken back, that is all
        return f"within the limit; the figures of {told.episode}, from which it was told, are no longer used"
    return f"clear on {_dates(view.scene.rule.clear_n)}"


def _dates(n: int) -> str:
    return "one extract date" if n == 1 else f"{n} extract dates in a row"


def _deed_words(standing: Standing, which: str, verb: str) -> str:
    deed = getattr(standing, which)
    until = deed.end.astimezone(LONDON)
    return f"{verb} by {deed.by} until {until.day} {until:%B %Y, %H:%M}" + (f": {deed.reason}" if deed.reason else "")


def _guard(view: View, names: tuple[str, ...]) -> str | None:
    """The first thing that stands in the way, in words."""
    standing = view.scene.standing
    said = {
        "silenced": standing.silenced and f"silenced by {standing.silenced.by}: {standing.silenced.reason}",
        "acked": standing.acked and f"acknowledged by {standing.acked.by}",
        "quiet": view.scene.quiet,
    }
    return next((str(said[name]) for name in names if said[name]), None)


@dataclass
class Wanted:
    """What is to be told, and what is not and why."""

    intents: list[Intent] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)

    def __iadd__(self, other: Wanted) -> Wanted:
        self.intents += other.intents
        self.suppressed += other.suppressed
        return self


def intent_of(view: View, kind: Kind, reason: str) -> Intent:
    now_is, told = view.scene.now_is, view.told
    figure = kind not in NO_FIGURE
    return Intent(
        recipient=view.recipient,
        kind=kind,
        instance=view.scene.instance,
        episode=view.episode,
        mode=MODES[kind],
        reason=reason,
        severity=now_is.severity if figure else None,
        value=now_is.value if figure else None,
        was=told.value if told else None,
        as_of=now_is.as_of,
        since=now_is.since,
        extract_id=now_is.extract_id,
        channel=view.channel,
        serial=view.serial,
        handle=told.handle if told else {},
        via="escalated" if kind == "escalated" else told.via if told else "route",
    )


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
    for row in TABLE:
        if (view.closing_only and row.kind not in CLOSINGS) or not row.fits(view, told):
            continue
        guard = _guard(view, row.guards)
        if guard is None:
            wanted.intents.append(intent_of(view, row.kind, row.reason(view, told)))
            return wanted
        wanted.suppressed.append(_not_sent(view, guard, row.kind))
        if row.kind in CLOSINGS:
            return wanted
    if not wanted.intents and not wanted.suppressed:
        wanted.suppressed.append(_not_sent(view, SAME))
    return wanted


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
        wanted.suppressed.append(_not_sent(view, silent))
    return wanted


def _not_told(view: View, wanted: Wanted) -> Wanted:
    if not view.scene.is_open or view.closing_only:
        return wanted
    guard = _guard(view, ("silenced", "quiet"))
    if not _firing(view):
        guard = "it is already clearing and was never told"
    if guard:
        wanted.suppressed.append(_not_sent(view, guard, "fire"))
    else:
        now_is, rule = view.scene.now_is, view.scene.rule
        limit = rule.red if now_is.severity == "red" else rule.amber
        wanted.intents.append(intent_of(view, "fire", f"{now_is.value:g} against a limit of {limit:g} on {_dates(rule.for_n)}"))
    return wanted


def _not_sent(view: View, reason: str, kind: Kind | None = None) -> Suppressed:
    return Suppressed(view.recipient, view.channel, view.scene.instance, view.episode, reason, kind)


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
