"""Caseclock's figures about itself, worked out and sent."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from caseclock import __version__
from caseclock.pipeline.heartbeat import delivery_health, last_answer
from caseclock.pipeline.house import House
from caseclock.storage import migrate
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.observe.figures import Figure
    from caseclock.observe.state import Newest

log = logging.getLogger(__name__)


def figures_now(house: House, now: dt.datetime) -> list[Figure]:
    """Every figure that can be known at `now`."""
    from caseclock.observe import state
    from caseclock.observe.figures import figures

    health = delivery_health(house, now)
    with reading(house.engine) as c:
        messages, oldest = state.outbox(c, now)
        found = state.State(
            at=now,
            version=__version__,
            revision=migrate.version_of(house.engine) or "0",
            newest=tuple(replace(one, late=_is_late(house, one, now)) for one in state.newest_extracts(c)),
            in_line=state.in_line(c),
            alerts=state.open_alerts(c),
            outbox=messages,
            oldest=oldest,
            stuck=health.messages,
            lost=health.lost,
            delivered=state.delivered(c, now),
            last_round=health.last_round,
            ping_configured=bool(house.settings.ping_url),
            last_answer=last_answer(house),
        )
    return figures(found)


def _is_late(house: House, newest: Newest, now: dt.datetime) -> bool | None:
    """As the watchdog of `tend` says it; None for a source that is not configured, and in a year that the calendar does not cover."""
    from caseclock.alerts.data import ExtractDay, data_state
    from caseclock.clocks.calendar import NotCovered
    from caseclock.pipeline.people import cadence_of

    if newest.source not in house.config.sources:
        return None
    try:
        day = ExtractDay(newest.as_of, newest.id)
        return data_state([day], cadence_of(house.source(newest.source)), house.calendar, now).stale_since is not None
    except NotCovered:
        return None


def push_figures(house: House, now: dt.datetime) -> bool:
    """Sends the figures to where the environment says, if it does; False when that failed. Never raises, and lasts some seconds at most."""
    from caseclock.observe import push

    try:
        targets = push.targets_from()
        return not targets or push.send(figures_now(house, now), targets)
    except Exception as error:  # noqa: BLE001 - figures are beside the work, never in its way
        log.warning("the figures could not be sent (%s)", type(error).__name__)
        return False
