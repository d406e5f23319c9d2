"""A recipient of routes.yaml has another id, and is reached at the same place: its conversations go over to the new id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from caseclock.alerts import Told
from caseclock.notifications.outbox import PLACE, place_of
from caseclock.notifications.routes import Routes


def heirs(told: Iterable[Told], routes: Routes) -> list[tuple[Told, Told]]:
    """Open conversations of recipients whom routes.yaml does not know, each as it is kept under the one who is reached where it stands.

    Only where exactly one recipient is reached there, and has no conversation of its own about the same: else nobody could say whose it is,
    and it is left alone. Those who read it are the same people, since the place is the same.
    """
    listed = list(told)
    taken = {(t.recipient, t.channel, t.instance, t.episode) for t in listed}
    known = {r.id for r in routes.recipients}
    made = []
    for old in (t for t in listed if t.open and t.recipient not in known and PLACE in t.handle):
        there = [r.id for r in routes.recipients if r.address(old.channel) and place_of(r.address(old.channel)) == old.handle[PLACE]]
        if len(there) == 1 and (place := (there[0], old.channel, old.instance, old.episode)) not in taken:
            taken.add(place)
            made.append((old, replace(old, recipient=there[0])))
    return made
