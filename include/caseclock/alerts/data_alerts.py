"""Alerts for data engineers: one open conversation per source while its data is held, or late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from caseclock.alerts.data import DataState
from caseclock.alerts.flapping import unstable_since, unstable_words
from caseclock.alerts.fold import Fold
from caseclock.alerts.hours import local_day
from caseclock.alerts.model import Instance, Intent, Kind, Suppressed, Told
from caseclock.alerts.wanted import MODES, Wanted

ALL = "*"


@dataclass(frozen=True)
class Reader:
    """A data engineer by one channel, with everything that they were told there; `newest`: date of the newest extract."""

    recipient: str
    channel: str
    told: list[Told]
    newest: dt.date | None


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


def reconcile_data(
    source: str, state: DataState, newest: dt.date | None, recipient: str, channel: str, told: list[Told], *, closing_only: bool = False
) -> Wanted:
    """`told`: everything this recipient was told by this channel about the data of this source; `newest`: date of the newest extract.
    `closing_only`: they are told the end of what they know, and nothing new.
    """
    wanted = Wanted()
    for alert in DATA_ALERTS:
        instance, since = Instance(source, alert.opens, ALL), alert.since(state)
        mine = [t for t in told if t.instance == instance]
        still_open = [t for t in mine if t.open]
        if since and still_open:
            wanted.suppressed.append(Suppressed(recipient, channel, instance, still_open[0].episode, "they know, and it goes on"))
        elif since and not closing_only:
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


def unstable(found: Mapping[Instance, Fold], title: Callable[[Instance], str], to: Reader) -> Wanted:
    """Alerts that come and go, told once for as long as they do. `title`: what an alert is called."""
    since = {i: unstable_since(outcome) for i, outcome in found.items()}
    said = [(i, episode, f"{title(i)}, is {unstable_words(found[i])}") for i, episode in since.items() if episode]
    return _once("unstable", said, to)


def changed_history(wrong: Iterable[tuple[Instance, str]], title: Callable[[Instance], str], to: Reader) -> Wanted:
    """`wrong`: alerts with the episode that people were told of and told the end of, and that the data now say never was."""
    said = [(i, episode, f"{title(i)}, told from the extract of {episode}: corrected or late data show no breach") for i, episode in wrong]
    return _once("replay_changed_history", said, to)


def _once(kind: Kind, found: Iterable[tuple[Instance, str, str]], to: Reader) -> Wanted:
    """`found`: alert, episode and what is said of it."""
    wanted = Wanted()
    for about, episode, said in sorted(found):
        instance = Instance(about.source, kind, str(about)[:128])  # the width of its column
        if any(t.instance == instance and t.episode == episode for t in to.told):
            wanted.suppressed.append(Suppressed(to.recipient, to.channel, instance, episode, "they know", kind))
            continue
        since = dt.date.fromisoformat(episode)
        wanted.intents.append(
            Intent(to.recipient, kind, instance, episode, MODES[kind], said, as_of=to.newest, since=since, channel=to.channel)
        )
    return wanted
