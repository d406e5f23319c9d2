"""The Backlog pages on a store, asked by somebody: a client that is signed in as whom the test says, without Airflow around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request

from caseclock.dashboard import Viewer, make_app
from caseclock.pipeline.pages import Desk, StoreBacklog
from caseclock.settings import Settings

SAM = Viewer("sam", "Sam", may_act=True)


@dataclass
class Somebody:
    """A door at which `viewer` stands; None: nobody is signed in. `barred`: signed in, and may not read."""

    viewer: Viewer | None = SAM
    barred: bool = False
    came: list[str] = field(default_factory=list)

    async def viewer_(self, request: Request) -> Viewer | None:
        self.came.append(request.url.path)
        if self.barred:
            raise PermissionError
        return self.viewer

    def sign_in(self, request: Request) -> str:
        return f"/auth/login?next={request.url}"


class _Door:
    def __init__(self, somebody: Somebody) -> None:
        self.viewer, self.sign_in = somebody.viewer_, somebody.sign_in


@contextmanager
def pages(settings: Settings, now: dt.datetime | Callable[[], dt.datetime], who: Somebody | None = None) -> Iterator[TestClient]:
    """A browser without a screen: `client.get("/caseclock/alerts")`. A POST brings the marks of our own pages by itself."""
    desk = Desk(lambda: settings)
    outer = FastAPI()
    outer.mount("/caseclock", make_app(StoreBacklog(desk), _Door(who or Somebody()), now if callable(now) else lambda: now))
    same = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    try:
        with TestClient(outer, follow_redirects=False, headers=same) as client:
            yield client
    finally:
        desk.close()
