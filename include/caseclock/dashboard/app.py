"""The app: every page at its address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from caseclock import now as clock
from caseclock.dashboard import look
from caseclock.dashboard.backlog import Backlog
from caseclock.dashboard.guard import Headers
from caseclock.dashboard.model import Door
from caseclock.dashboard.pages import PAGES
from caseclock.dashboard.shell import Shell

A_DAY = "public, max-age=86400"  # an address with `v` changes with its content
ASK = "no-cache"  # Airflow asks for the card and the icons without


def make_app(backlog: Backlog, door: Door, now: Callable[[], dt.datetime] = clock.now) -> FastAPI:
    """The Backlog pages, to be mounted anywhere. It publishes no schema of itself."""
    app = FastAPI(title="caseclock", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Headers)
    shell = Shell(backlog, door, now)
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, shell.no_page)
    for page in PAGES:
        app.include_router(page.router(shell))

    @app.get("/static/{name}")
    async def static(name: str, v: str = "") -> Response:
        if name not in look.STATIC:
            return Response(status_code=404)
        return Response(look.static(name), media_type=look.STATIC[name], headers={"cache-control": A_DAY if v else ASK})

    return app
