"""What is true of one alert now, and how one recipient of it sees that: all that the table of messages may look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from caseclock.alerts.flapping import unstable_words, waits
from caseclock.alerts.fold import Fold
from caseclock.alerts.handling import NOTHING, Standing
from caseclock.alerts.hours import in_hours
from caseclock.alerts.model import Condition, Instance, Kind, Told
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import ThresholdRule

CLOSINGS: frozenset[Kind] = frozenset({"resolved", "retracted", "limit_changed"})
EDITS: frozenset[Kind] = frozenset({"refresh", "hold", "unhold"})
"""Kinds that change a message and call nobody."""


@dataclass(frozen=True)
class Scene:
    """Everything that is true of one instance now, before looking at who was told what. `silent`: why its figures may not speak.

    `released`: the newest figures speak because a person let them. `taken_back`: dates that spoke so until a person rejected them.
    `digest_only`: which line says that nobody is called of it as it stands now, empty where somebody is.
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
    digest_only: str = ""

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

    @cached_property
    def unstable(self) -> str:
        """How often it came and went of late, where that is often; else empty."""
        return unstable_words(self.fold)

    @cached_property
    def waits(self) -> str | None:
        """Why a new post waits until it is steady, or None. What is red or urgent never waits."""
        if self.now_is.severity == "red" or not self.rule.quiet_hours:
            return None
        return waits(self.fold) or None


@dataclass(frozen=True)
class View:
    """One recipient's side of a scene. `told`: their open conversation, or None; `serial`: the next message of it."""

    scene: Scene
    recipient: str
    channel: str
    told: Told | None
    serial: int = 0
    closing_only: bool = False
    calls: bool = True
    """False: what stands here is kept true and closed; calls for attention go another way."""
    unsayable: frozenset[Kind] = frozenset()
    """Kinds that this channel has failed to bring: what stands behind them in the table may still arrive."""

    def may_say(self, kind: Kind) -> bool:
        if kind in self.unsayable or (self.closing_only and kind not in CLOSINGS):
            return False
        return self.calls or kind in CLOSINGS or kind in EDITS

    @property
    def episode(self) -> str:
        return self.told.episode if self.told else self.scene.now_is.episode or ""
