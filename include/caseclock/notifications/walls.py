"""Walls between sources: what routes.yaml must say so that no council's figures can reach another's people.

The wall itself is `Recipient.sources`: whoever is asked for somebody to tell, Routes leaves out those who may not have the source's
figures, and the sender asks again. Here it is checked that nothing is written that the wall would have to stop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from caseclock.notifications.model import EVERY_SOURCE, ChannelName
from caseclock.notifications.routes import Routes

Place = tuple[str | int, ...]
CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)


@dataclass(frozen=True)
class Gap:
    """One line of routes.yaml that is wrong. `place`: keys and indexes down to it."""

    place: Place
    what: str
    allowed: str


def check_walls(routes: Routes, known: Collection[str]) -> list[Gap]:
    """Every gap. Names of sources are checked in any case, walls only where the file asks for them."""
    gaps = list(_unknown(routes, known))
    if routes.walls:
        gaps += [*_undivided(routes, known), *_services(routes), *_routes(routes, known), *_lists(routes, known), *_one_letter_box(routes)]
    return gaps


def _unknown(routes: Routes, known: Collection[str]) -> Iterator[Gap]:
    listed: list[tuple[Place, Sequence[str]]] = [(("recipients", n, "sources"), r.sources) for n, r in enumerate(routes.recipients)]
    listed += [(("services", name, "sources"), service.sources) for name, service in routes.services.items()]
    listed += [(("routes", n, "match", "sources"), route.match.sources) for n, route in enumerate(routes.routes)]
    listed += [(("pages", "sources"), list(routes.pages.sources))]
    for place, names in listed:
        for name in names:
            if name not in known and not (name == EVERY_SOURCE and place[0] == "recipients"):
                yield Gap(place, f"{name!r} is no source", ", ".join(sorted(known)) or "a file in monitoring/sources/")


def _undivided(routes: Routes, known: Collection[str]) -> Iterator[Gap]:
    """Between walls nothing holds for everybody by being silent."""
    ids = ", ".join(sorted(known))
    for n, recipient in enumerate(routes.recipients):
        if not recipient.sources:
            what = f"recipient {recipient.id!r} does not say whose figures they may get, and `walls` is true"
            yield Gap(("recipients", n, "id"), what, f'sources: [...] with {ids}, or ["*"] for every one')
    for name, service in routes.services.items():
        if not service.sources:
            what = f"service {name!r} does not say whose teams it has, and `walls` is true"
            yield Gap(("services", name), what, f"sources: [...] with {ids}")
    if routes.pages.unlisted == "everything":
        yield Gap(("pages", "unlisted"), "who is on no list would see every council's pages, and `walls` is true", "nothing")


def _services(routes: Routes) -> Iterator[Gap]:
    for name, service in routes.services.items():
        for key, names in (("head", service.head), ("digest", service.digest)):
            yield from _beyond(routes, ("services", name, key), f"service {name!r}", names, service.sources)


def _routes(routes: Routes, known: Collection[str]) -> Iterator[Gap]:
    for n, route in enumerate(routes.routes):
        service = routes.services.get(route.match.service or "")
        reach = [s for s in sorted(known) if s in (route.match.sources or known) and (service is None or service.is_of(s))]
        yield from _beyond(routes, ("routes", n), f"route {n + 1}", route.tell, reach)


def _beyond(routes: Routes, place: Place, who: str, names: Sequence[str], reach: Sequence[str]) -> Iterator[Gap]:
    for name in names:
        recipient = routes.known(name)
        if recipient.sources and (barred := [source for source in reach if not recipient.may_have(source)]):
            what = f"{who} would send figures of {', '.join(barred)} to {name!r}, who may have those of {', '.join(recipient.sources)}"
            yield Gap(place, what, "recipients who may have them, or `sources` in its match that says whose figures it is for")


def _lists(routes: Routes, known: Collection[str]) -> Iterator[Gap]:
    """Nothing falls on the floor: somebody hears of what no route takes, and of data that is late."""
    for key, names in (("catch_all", routes.catch_all), ("data", routes.data)):
        for source in sorted(known):
            if not any(routes.known(name).may_have(source) for name in names):
                yield Gap((key,), f"nobody in it may have the figures of {source}", f"somebody with {source} among their `sources` as well")


def _one_letter_box(routes: Routes) -> Iterator[Gap]:
    """Two who may not have the same are not reached at one place: the wall would stand between two names of one letter box."""
    seen: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for n, recipient in enumerate(routes.recipients):
        for channel in CHANNELS:
            if not (address := recipient.address(channel)):
                continue
            other, theirs = seen.setdefault((channel, address.casefold()), (recipient.id, recipient.sources))
            if sorted(theirs) != sorted(recipient.sources):
                what = f"recipients {other!r} and {recipient.id!r} are reached at one place and may have figures of different sources"
                yield Gap(("recipients", n, channel), what, "a place for each of them")
