"""The Backlog pages in Airflow: at /caseclock/ of the API server, in its navigation, as tabs of Dags and runs, as a card on its home page.

Every component of Airflow loads this file, and the API server must come up and serve Airflow whatever is wrong with caseclock. So what is
mounted here is a shell: the pages are made when somebody first asks for one, in a thread. If that fails, people who may read them are told
what to do, and the next request tries again.

| place | Airflow calls it | address |
|---|---|---|
| navigation *Backlog* | nav | the overview |
| tab *Backlog* of each Dag | dag | what this Dag has to do with the Backlog; Airflow cannot show it on one Dag only |
| tab *Extract* of each run | dag_run | the extract of a run of monitor_extract |
| card on the home page | dashboard | card.js, which asks for card.json |
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from caseclock_door import AirflowDoor

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger(__name__)

MOUNT = "/caseclock"
RETRY = 5  # seconds after which a browser may try again
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def made_pages() -> App:
    """The pages on this installation. Raises what is wrong with settings, configuration or store."""
    from caseclock_connections import connection, settings

    from caseclock.dashboard import make_app
    from caseclock.pipeline.pages import Desk, StoreBacklog

    desk = Desk(settings, connection)
    try:
        desk.house.config  # noqa: B018 - opens the store and reads the configuration: what is wrong there is to be said now
    except BaseException:
        desk.close()
        raise
    return make_app(StoreBacklog(desk), AirflowDoor())


@dataclass
class LatePages:
    """An ASGI app that is made by `make` at its first request, once. A failure is answered to all who waited for it, then forgotten."""

    make: Callable[[], App] = made_pages
    door: Any = field(default_factory=AirflowDoor)
    _app: App | None = None
    _fault: tuple[float, Exception] | None = None
    _one: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # no page of ours speaks anything else
            await send({"type": "websocket.close"})
            return
        app = self._app
        if app is None:
            try:
                app = await self._first()
            except Exception as fault:  # noqa: BLE001 - whatever it is, Airflow goes on
                app = await self._out_of_order(scope, fault)
        await app(scope, receive, send)

    async def _first(self) -> App:
        """One try at a time, in a thread of ours: opening a store that does not answer may take minutes, and Airflow needs its own."""
        from anyio import CapacityLimiter
        from anyio.to_thread import run_sync

        if self._one is None:
            self._one = CapacityLimiter(1)
        return await run_sync(self._ready, time.monotonic(), limiter=self._one)

    def _ready(self, came: float) -> App:
        """The app. Who came before the last try failed is told how it failed, so that those who wait do not try one by one."""
        if self._app is None:
            if self._fault is not None and self._fault[0] >= came:
                raise self._fault[1]
            try:
                self._app = self.make()
            except Exception as fault:
                self._fault = (time.monotonic(), fault)
                log.error("the Backlog pages cannot be opened: %s", _for_the_log(fault), exc_info=log.isEnabledFor(logging.DEBUG))
                raise
        return self._app

    async def _out_of_order(self, scope: Scope, fault: Exception) -> Response:
        """What is wrong is told to those only who may read the pages."""
        from starlette.requests import Request
        from starlette.responses import RedirectResponse

        request = Request(scope)
        try:
            if await self.door.viewer(request) is None:
                if "text/html" in request.headers.get("accept", "text/html") and request.method in {"GET", "HEAD"}:
                    return RedirectResponse(self.door.sign_in(request), 307)
                return _plain(request, 401, "You are not signed in.")
        except PermissionError:
            return _plain(request, 403, "Your role in Airflow may not read the Dag monitor_extract, and these pages say what it says.")
        except Exception as error:  # noqa: BLE001 - it may be the reason why the pages cannot be made, as when the library is not installed
            return _plain(
                request, 503, f"The Backlog pages cannot be opened ({type(error).__name__}). The log of the API server says more."
            )
        return _plain(request, 503, f"The Backlog pages cannot be opened. {_for_people(fault)}")


def _for_people(fault: Exception) -> str:
    """What to do. Only texts of our own are shown; one of a driver may hold anything."""
    if isinstance(fault, ImportError):
        return (
            f"The library cannot be loaded in the API server ({fault.name} is missing). Install it there, or set PYTHONPATH; start again."
        )
    from caseclock_connections import ConnectionMissing

    from caseclock.errors import CaseclockError

    if isinstance(fault, CaseclockError | ConnectionMissing):
        return str(fault)
    return (
        f"The store could not be opened ({type(fault).__name__}). Check that it runs, and the connection caseclock_store or "
        "CASECLOCK_STORE_URL of the API server; its log has a line about it. Every new request tries again."
    )


def _for_the_log(fault: Exception) -> str:
    """With what the database's driver says: who reads the log of the API server looks after the store."""
    said = getattr(fault, "orig", None)
    return f"{type(fault).__name__}: {said if said is not None else _for_people(fault)}"


def _plain(request: Request, status: int, said: str) -> Response:
    from starlette.responses import HTMLResponse, JSONResponse

    headers = {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'self'",
        "x-content-type-options": "nosniff",
    }
    if status == 503:
        headers["retry-after"] = str(RETRY)
    if "text/html" not in request.headers.get("accept", "text/html"):
        return JSONResponse({"error": said}, status, headers)
    page = (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>Backlog – caseclock</title></head><body><main><h1>Backlog</h1><p>{escape(said)}</p></main></body></html>"
    )
    return HTMLResponse(page, status, headers)


def _address(path: str) -> str:
    """Below the path of `[api] base_url`, where a proxy puts Airflow below one."""
    base = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{base}{MOUNT}/{path}"


ICONS = {"icon": _address("static/icon.svg"), "icon_dark_mode": _address("static/icon-dark.svg")}


class CaseclockPagesPlugin(AirflowPlugin):
    name = "caseclock_pages"
    fastapi_apps = [{"app": LatePages(), "url_prefix": MOUNT, "name": "caseclock"}]  # noqa: RUF012 - the form that Airflow asks for
    external_views = [  # noqa: RUF012 - a view without url_route is silently left out
        {
            "name": "Backlog",
            "href": _address(""),
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "backlog",
            **ICONS,
        },
        {
            "name": "Backlog",
            "href": _address("airflow/dag?dag={DAG_ID}"),
            "destination": "dag",
            "url_route": "backlog-dag",
            **ICONS,
        },
        {
            "name": "Extract",
            "href": _address("airflow/run?dag={DAG_ID}&run={RUN_ID}"),
            "destination": "dag_run",
            "url_route": "backlog-run",
            **ICONS,
        },
    ]
    react_apps = [  # noqa: RUF012
        {
            "name": "CaseclockCard",
            "bundle_url": _address("static/card.js"),
            "destination": "dashboard",
            "url_route": "backlog-card",
        }
    ]
