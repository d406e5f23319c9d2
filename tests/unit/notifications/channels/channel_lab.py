"""The engine, the outbox and the sender on a real store, with a real channel for the service manager in place of a recorded one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseclock.demo.alert_lab import CALENDAR, Lab, local, recipient, routes_of, rules_of
from caseclock.notifications import Channel
from caseclock.notifications.deliver import deliver
from caseclock.notifications.model import Outcome
from caseclock.storage.outbox import SqlDelivery

SPEC = {"unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}}
PEOPLE = {"service": {"north": "sm"}, "escalation": "head", "data": "data"}
MONDAY = dt.date(2026, 9, 7)
assert CALENDAR.elapsed(MONDAY, MONDAY + dt.timedelta(days=4)) == 4, "five working days, so that nothing waits for a holiday"


class RealLab(Lab):
    """`real` channels take the place of the lab's own; everybody else is still recorded."""

    real: dict[str, Channel]

    def deliver(self, *_: Any, **__: Any) -> list[Outcome]:
        channels: dict[str, Channel] = {"slack": self.slack, "email": self.email, **self.real}
        return deliver(SqlDelivery(self.engine), channels, self.routes, lambda: self.now)


def real_lab(real: dict[str, Channel], **manager: Any) -> RealLab:
    """`manager`: how the service manager is reached. Data engineers and the head are reached by recorded channels."""
    routes = routes_of(PEOPLE)
    routes = routes.model_copy(update={"recipients": [recipient("sm", **manager), *routes.recipients[1:]]})
    made = RealLab(rules_of(SPEC), routes, cadence=None)
    made.real = real
    return made


def day(made: Lab, n: int, north: float, *, held: str | None = None) -> None:
    made.now = local(f"{MONDAY + dt.timedelta(days=n)}T08:30")
    made.extract(MONDAY + dt.timedelta(days=n), {"unalloc": {"north": north}}, 0, held=held)
