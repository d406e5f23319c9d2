"""A shell without a store: what it does is the same whatever a page shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from caseclock.dashboard.guard import Headers
from caseclock.dashboard.model import At, Done, Frame, NotThere, Scope, Viewer
from caseclock.dashboard.shell import Shell

NOW = dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
SAM = Viewer("sam", "Sam", may_act=True)


@dataclass
class FakeBacklog:
    sources: tuple[tuple[str, str], ...] = (("demo", "Made-up council"),)
    scope: Scope = field(default_factory=Scope)
    tried: list[tuple[str, str]] = field(default_factory=list)
    locked: bool = False

    def begin(self, viewer: Viewer, source: str | None, now: dt.datetime) -> tuple[Frame, Scope]:
        at = source or self.sources[0][0]
        if at not in dict(self.sources):
            raise NotThere("no source of that name has sent extracts", where="source")
        return Frame(at, dict(self.sources)[at], self.sources, dt.date(2026, 11, 20), "All is well.", ""), self.scope

    def refused(self, viewer: Viewer, what: str, now: dt.datetime) -> None:
        self.tried.append((viewer.id, what))
        if self.locked:
            raise RuntimeError("a fault with a value in its text")

    def digests(self, *asked: object) -> NoReturn:
        raise RuntimeError("a fault with a value in its text")


@dataclass
class FakeDoor:
    """`raises`: what comes of asking who it is."""

    is_: Viewer | None = SAM
    raises: Exception | None = None

    async def viewer(self, request: Request) -> Viewer | None:
        if self.raises:
            raise self.raises
        return self.is_

    def sign_in(self, request: Request) -> str:
        return "/auth/login?next=/caseclock/page"


@dataclass(frozen=True)
class Plain:
    title: str = "A page"


@dataclass
class Stage:
    """`read`, `do`: what a page reads and a deed does; a test puts its own."""

    backlog: FakeBacklog = field(default_factory=FakeBacklog)
    door: FakeDoor = field(default_factory=FakeDoor)
    read: Callable[[At], Any] = lambda at: Plain()
    do: Callable[[At, dict[str, Any]], Done] = lambda at, body: Done("done")
    done: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> FastAPI:
        shell, made, outer = Shell(self.backlog, self.door, lambda: NOW), FastAPI(), FastAPI()  # type: ignore[arg-type]
        made.add_middleware(Headers)

        @made.get("/page")
        async def page(request: Request, source: str | None = None) -> Response:
            return await shell.page(
                request, "failed.html.j2", "alerts", lambda at: self.read(at), source=source, status=200, said="Here it is"
            )

        @made.post("/deed")
        async def deed(request: Request) -> Response:
            def do(at: At, body: dict[str, Any]) -> Done:
                self.done.append(body)
                return self.do(at, body)

            return await shell.deed(request, do, what="acknowledge an alert")

        @outer.get("/other")
        async def other() -> Response:
            return JSONResponse({"here": True})

        outer.mount("/caseclock", made)
        return outer

    @contextmanager
    def client(self) -> Iterator[TestClient]:
        with TestClient(self.app(), follow_redirects=False, raise_server_exceptions=False) as made:
            yield made
