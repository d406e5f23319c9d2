"""What is true of one alert now, and how one recipient of it sees that: all that the table of messages may look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caseclock.alerts.fold import Fold
from caseclock.alerts.handling import NOTHING, Standing
from caseclock.alerts.hours import in_hours
from caseclock.alerts.model import Condition, Instance, Told
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import ThresholdRule


@dataclass(frozen=True)
class Scene:
    """Everything that is true of one instance now, before looking at who was told what. `silent`: why its figures may not speak.

    `released`: the newest figures speak because a person let them. `taken_back`: dates that spoke so until a person rejected them.
    """

    instance: Instance
    rule: ThresholdRule
    fold: Fold
    now: dt.datetime
    calendar: WorkingCalendar
    silent: str | None = None
    standing: Standing = NOTHING
    released: bool = False
    taken_back: frozenset[str] = frozenset()

    @property
    def now_is(self) -> Condition:
        return self.fold.condition

    @property
    def quiet(self) -> str | None:
        """Why it must wait for the morning, or None."""
        waits = self.rule.quiet_hours and not in_hours(self.calendar, self.now)
        return "outside working hours; it is sent when they begin, if it still stands" if waits else None

    @property
    def is_open(self) -> bool:
        return self.now_is.episode is not None


@dataclass(frozen=True)
class View:
    """One recipient's side of a scene. `told`: their open conversation, or None; `serial`: the next message of it."""

    scene: Scene
    recipient: str
    channel: str
    told: Told | None
    serial: int = 0
    closing_only: bool = False

    @property
    def episode(self) -> str:
        return self.told.episode if self.told else self.scene.now_is.episode or ""
