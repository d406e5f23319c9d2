"""What people may do about an alert, and what these deeds mean at a moment. Its caps are local choices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from caseclock.alerts.fold import Fold
from caseclock.alerts.hours import in_words, later_by
from caseclock.alerts.model import Condition, Handling, Instance
from caseclock.clocks.calendar import WorkingCalendar

ACK_CAP_WD = 5  # working days: an acknowledgement without an end is an alert that nobody will hear of again
SILENCE_CAP_WD = 20


@dataclass(frozen=True)
class Decision:
    """Whether a deed was accepted, and why. `handling` is what to keep; None when refused. `note`: where it is not what was asked for."""

    reason: str
    handling: Handling | None = None
    note: str = ""

    @property
    def accepted(self) -> bool:
        return self.handling is not None


def decide_ack(
    instance: Instance,
    condition: Condition,
    by: str,
    until: dt.datetime | None,
    reason: str,
    now: dt.datetime,
    calendar: WorkingCalendar,
) -> Decision:
    """An acknowledgement holds for the episode that is open; without or beyond the cap it ends at the cap."""
    if condition.episode is None:
        return Decision(f"refused: there is no open alert for {instance}; a silence can be set before a breach")
    if not by.strip():
        return Decision("refused: an acknowledgement needs to say who acknowledges")
    cap = later_by(calendar, now, ACK_CAP_WD)
    if until is not None and until <= now:
        return Decision(f"refused: the end {in_words(until)} is not in the future")
    end = min(until or cap, cap)
    longest = f"the longest is {ACK_CAP_WD} working days"
    said = f"acknowledged until {in_words(end)}" + (f" ({longest})" if end == cap else "")
    return Decision(said, Handling("ack", instance, by, now, end, condition.episode, reason), longest if until and until > cap else "")


def decide_silence(
    instance: Instance, by: str, until: dt.datetime | None, reason: str | None, now: dt.datetime, calendar: WorkingCalendar
) -> Decision:
    """A silence needs an owner, a reason and an end within the cap. It may be set before a breach."""
    missing = [name for name, given in (("an owner", by.strip()), ("a reason", (reason or "").strip()), ("an end", until)) if not given]
    if missing or until is None:
        return Decision(f"refused: a silence needs {' and '.join(missing)}")
    cap = later_by(calendar, now, SILENCE_CAP_WD)
    if until <= now:
        return Decision(f"refused: the end {in_words(until)} is not in the future")
    if until > cap:
        return Decision(f"refused: a silence lasts at most {SILENCE_CAP_WD} working days, until {in_words(cap)}")
    return Decision(f"silenced until {in_words(until)}", Handling("silence", instance, by, now, until, None, reason or ""))


@dataclass(frozen=True)
class Standing:
    """What deeds mean now. `acked` and `silenced` are in force; the `ended` ones are the last that ran out or were lifted."""

    acked: Handling | None = None
    silenced: Handling | None = None
    ack_ended: Handling | None = None
    silence_ended: Handling | None = None


NOTHING = Standing()


def standing(deeds: Iterable[Handling], fold: Fold, now: dt.datetime) -> Standing:
    """`deeds`: all acknowledgements and silences of one instance."""
    episode = fold.condition.episode
    valid = [d for d in deeds if d.at <= now and (d.kind == "silence" or (d.episode and episode and fold.stay_of(d.episode) == episode))]
    in_force = {d.kind: d for d in sorted(valid, key=lambda d: d.end) if d.end > now}
    ended = {d.kind: d for d in sorted(valid, key=lambda d: d.end) if d.end <= now}
    return Standing(in_force.get("ack"), in_force.get("silence"), ended.get("ack"), ended.get("silence"))
