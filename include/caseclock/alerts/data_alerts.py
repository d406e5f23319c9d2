"""Alerts for data engineers: one open conversation per source while its data is held, or late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseclock.alerts.data import DataState
from caseclock.alerts.hours import local_day
from caseclock.alerts.model import Instance, Intent, Kind, Suppressed, Told
from caseclock.alerts.reconcile import MODES, Wanted

ALL = "*"


@dataclass(frozen=True)
class DataAlert:
    """One kind of trouble: which date it began on (None: there is none), and what opens and closes its conversation, and why."""

    opens: Kind
    since: Callable[[DataState], dt.date | None]
    why: Callable[[DataState], str]
    over: Callable[[DataState], tuple[Kind, str]]


def _usable_again(state: DataState) -> tuple[Kind, str]:
    """By a better extract or by a person, which are not the same news."""
    said = state.released
    if said is None:
        return "dq_recovered", "an extract has passed"
    on = local_day(said.at)
    return "dq_released", f"released by {said.by} on {on.day} {on:%B %Y}: {said.reason}"


DATA_ALERTS: tuple[DataAlert, ...] = (
    DataAlert("dq_failed", lambda s: s.held_since, lambda s: s.held_why, _usable_again),
    DataAlert(
        "stale",
        lambda s: s.stale_since,
        lambda s: f"the extract of {s.stale_since} has not come",
        lambda s: ("stale_recovered", "it has come"),
    ),
)


def reconcile_data(source: str, state: DataState, newest: dt.date | None, recipient: str, channel: str, told: list[Told]) -> Wanted:
    """`told`: everything this recipient was told by this channel about the data of this source; `newest`: date of the newest extract."""
    wanted = Wanted()
    for alert in DATA_ALERTS:
        instance, since = Instance(source, alert.opens, ALL), alert.since(state)
        mine = [t for t in told if t.instance == instance]
        still_open = [t for t in mine if t.open]
        if since and still_open:
            wanted.suppressed.append(Suppressed(recipient, channel, instance, still_open[0].episode, "they know, and it goes on"))
        elif since:
            before = [t.serial for t in mine if t.episode == since.isoformat()]
            wanted.intents.append(
                Intent(
                    recipient, alert.opens, instance, since.isoformat(), MODES[alert.opens], alert.why(state),
                    as_of=newest, since=since, extract_id=state.held_extract, channel=channel, serial=max(before, default=0),
                )
            )  # fmt: skip
        closes, over = alert.over(state)
        for was in still_open if not since else ():
            wanted.intents.append(
                Intent(
                    recipient, closes, instance, was.episode, MODES[closes], over,
                    as_of=newest, since=dt.date.fromisoformat(was.episode), channel=channel, serial=was.serial, handle=was.handle,
                )
            )  # fmt: skip
    return wanted


def missing_scope(
    source: str, missing: Mapping[str, dt.date], newest: dt.date | None, recipient: str, channel: str, told: list[Told]
) -> Wanted:
    """`missing`: team with an open alert that the newest extract does not hold, to the date it was last seen. Told once per absence."""
    wanted = Wanted()
    for team, seen in sorted(missing.items()):
        instance, episode = Instance(source, "missing_scope", team), seen.isoformat()
        if any(t.instance == instance and t.episode == episode for t in told):
            wanted.suppressed.append(Suppressed(recipient, channel, instance, episode, "they know, and it goes on", "missing_scope"))
            continue
        reason = f"last seen in the extract of {seen}; its alerts stay as they were"
        wanted.intents.append(
            Intent(recipient, "missing_scope", instance, episode, "post", reason, as_of=newest, since=seen, channel=channel)
        )
    return wanted
