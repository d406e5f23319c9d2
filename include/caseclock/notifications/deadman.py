"""Is the deliverer alive? A message that is due is sent by the next round, and in working hours there is one every few minutes.

So a message that has been due for longer than `STUCK_MINUTES` of working hours means that no round has run, or that no round can send it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from caseclock.alerts.hours import at_local, local_day
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.wording import moment_words
from caseclock.now import LONDON

FORGOTTEN = dt.timedelta(days=1)  # what was given up before that is in the audit; what still stands is tried again, and fails again
STUCK_MINUTES = 30  # six rounds of the DAG tend_alerts
LOOK_HERE = "Look whether the scheduler runs (DAG tend_alerts) and whether these channels are set up and reached. What waits is sent then."


@dataclass(frozen=True)
class Waiting:
    """The first open message of one recipient and channel, `due` since a moment that may lie ahead. `behind`: how many wait after it.

    `given_up`: these failed for good, the last of them at `due`, and nobody was told in their stead.
    """

    recipient: str
    channel: str
    due: dt.datetime
    behind: int = 0
    reason: str = ""
    given_up: bool = False


@dataclass(frozen=True)
class Health:
    """What waits at `at`. `stuck`: what has been due for longer than `minutes` of working hours, with these minutes, longest first.

    `given_up`: what failed for good within `FORGOTTEN` before it, of which neither its reader nor a data engineer has heard otherwise.
    """

    at: dt.datetime
    last_round: dt.datetime | None
    minutes: int
    waiting: tuple[Waiting, ...]
    stuck: tuple[tuple[Waiting, float], ...]
    given_up: tuple[Waiting, ...] = ()
    on_hold: str = ""
    """Why nothing at all is sent: after a restore."""

    @property
    def well(self) -> bool:
        return not self.stuck and not self.given_up and not self.on_hold

    @property
    def lost(self) -> int:
        """How many messages were given up, and nobody was told in their stead."""
        return sum(1 + one.behind for one in self.given_up)

    @property
    def open(self) -> int:
        """How many messages wait in all."""
        return sum(1 + one.behind for one in self.waiting)

    @property
    def last_words(self) -> str:
        """When the last round was finished, in London time; `never` when there was none."""
        return moment_words(self.last_round.astimezone(LONDON)) if self.last_round else "never"

    @property
    def messages(self) -> int:
        """How many messages are stuck, with those behind them."""
        return sum(1 + one.behind for one, _ in self.stuck)

    @property
    def headline(self) -> str:
        if self.on_hold:
            return self.on_hold
        many, said = self.messages, []
        if many or not self.lost:
            said.append(f"{many} message{'' if many == 1 else 's'} due for more than {self.minutes} minutes of working hours")
        if self.lost:
            said.append(f"{self.lost} message{'' if self.lost == 1 else 's'} given up in the last day, and nobody told in their stead")
        return "; ".join(said)

    @property
    def lines(self) -> tuple[str, ...]:
        """Why, as far as it is known; roles and channels only."""
        per = Counter((one.channel, one.reason) for one, _ in self.stuck)
        said = [f"The last round of the deliverer was finished: {self.last_words}."]
        for (channel, reason), count in sorted(per.items()):
            said.append(
                f"{channel}: {count} recipient{'' if count == 1 else 's'}; {reason or 'no try has failed, so no round has taken it'}"
            )
        for channel, reason in sorted({(one.channel, one.reason) for one in self.given_up}):
            lost = sum(1 + one.behind for one in self.given_up if (one.channel, one.reason) == (channel, reason))
            said.append(f"{channel}: {lost} given up; {reason}")
        return (*said, LOOK_HERE)


def health(
    waiting: Iterable[Waiting], last_round: dt.datetime | None, at: dt.datetime, calendar: WorkingCalendar, minutes: int = STUCK_MINUTES
) -> Health:
    """`waiting`: the first open message of each recipient and channel."""
    known = sorted(waiting, key=lambda one: one.due)
    listed = tuple(one for one in known if not one.given_up)
    lost = tuple(one for one in known if one.given_up and at - FORGOTTEN <= one.due <= at)
    timed = [(one, working_minutes(calendar, one.due, at)) for one in listed]
    return Health(at, last_round, minutes, listed, tuple((one, waited) for one, waited in timed if waited > minutes), lost)


def working_minutes(calendar: WorkingCalendar, start: dt.datetime, end: dt.datetime) -> float:
    """Minutes within the working hours of working days between two moments; 0 when `end` is not later."""
    if end <= start:
        return 0.0
    opens, closes = (dt.time.fromisoformat(text) for text in calendar.config.working_hours)
    first, last = local_day(start), local_day(end)
    a_day = (dt.datetime.combine(first, closes) - dt.datetime.combine(first, opens)).total_seconds() / 60
    whole = 0
    if (last - first).days > 1:
        whole = calendar.elapsed(first, last - dt.timedelta(1))
    edges = 0.0
    for day in {first, last}:
        if calendar.is_working_day(day):
            since, until = max(start, at_local(day, opens)), min(end, at_local(day, closes))
            edges += max(0.0, (until - since).total_seconds() / 60)
    return edges + whole * a_day
