"""Who asks, what of it they may see, and what every page says of its data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.requests import Request

from caseclock.errors import CaseclockError
from caseclock.measures.model import COUNCIL, NO_TEAM

Tone = Literal["", "red", "amber", "green", "quiet"]
"""What a card or line says in colour as well; its words say it already."""

PLACE_WORDS = {"council": COUNCIL, "no-team": NO_TEAM}
"""How an address names the row of all teams together, and work that no team answers for; as in routes.yaml."""


class NotThere(CaseclockError):
    """There is no such thing, or it is not for this viewer: both are answered alike, so that nobody learns which."""

    exit_code = 2


class Overloaded(CaseclockError):
    """More people ask than the pages serve at once. Worth another try in a moment."""


@dataclass(frozen=True)
class Viewer:
    """A signed-in person who may read. `may_act`: acknowledge and silence, too."""

    id: str
    name: str
    may_act: bool = False


class MayNotRead(PermissionError):
    """Somebody who is signed in, and may not read. `viewer`: who it is, for the audit, where the door knows."""

    def __init__(self, viewer: Viewer | None = None) -> None:
        super().__init__("the role may not read")
        self.viewer = viewer


class Door(Protocol):
    """Who asks: the sign-in of the place where the pages are mounted."""

    async def viewer(self, request: Request) -> Viewer | None:
        """None when nobody is signed in. Raises PermissionError (MayNotRead) for somebody who is, and may not read."""
        ...

    def sign_in(self, request: Request) -> str:
        """Where one signs in, and comes back from to the address that was asked for."""
        ...


@dataclass(frozen=True)
class Scope:
    """The teams that a viewer may see. `teams` None: all, and the council's rows as well."""

    teams: frozenset[str] | None = None
    services: tuple[str, ...] = ()
    """Ids (of routes.yaml) of the services that these are, when not everything is seen."""

    @property
    def whole(self) -> bool:
        return self.teams is None

    def sees(self, place: str) -> bool:
        """A team, a `service:` row, the council (`*`) or no team (`?`), as measures name places. Services and the council: only `whole`."""
        return self.teams is None or place in self.teams


@dataclass(frozen=True)
class Frame:
    """What stands on every page: of which council and day the figures are, and whether they can be trusted.

    `sources`: id and title of all that have sent extracts. `as_of` is None where no extract speaks yet. `trust`: a sentence; `tone`: amber
    when the figures are old or data is held. `names`: place to what people call it.
    """

    source: str
    title: str
    sources: tuple[tuple[str, str], ...]
    as_of: dt.date | None
    trust: str
    tone: Tone


@dataclass(frozen=True)
class At:
    """One request: who asks, about which source, what they may see, and when."""

    viewer: Viewer
    source: str
    scope: Scope
    frame: Frame
    now: dt.datetime

    def check(self, place: str) -> None:
        """Raises NotThere where the viewer may not see that place."""
        if not self.scope.sees(place):
            raise NotThere("there is no such team, or it is not among those that you may see", where="team")


@dataclass(frozen=True)
class Done:
    """What came of a deed: `said` in words; `changed`: False when it had been done before."""

    said: str
    changed: bool = True


def place_of(word: str) -> str:
    """The place that an address names."""
    return PLACE_WORDS.get(word, word)


def word_of(place: str) -> str:
    """How an address names a place."""
    return next((word for word, known in PLACE_WORDS.items() if known == place), place)
