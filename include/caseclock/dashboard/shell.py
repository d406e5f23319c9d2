"""What every page has around it: sign-in, a limit on how much is done at once, the frame, and answers to what goes wrong.

The pages live in the process of Airflow's API server, which must never wait for them: whatever reads or draws runs in a few threads of its
own, and who comes when these and the queue before them are full is asked to try again.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from caseclock import now as clock
from caseclock.dashboard.backlog import Backlog
from caseclock.dashboard.guard import TOO_LONG, body_of, why_not_ours
from caseclock.dashboard.look import clean, link_from, render
from caseclock.dashboard.model import At, Done, Door, NotThere, Overloaded, Viewer
from caseclock.errors import CaseclockError, WrongUse

log = logging.getLogger(__name__)

THREADS: Final = 4  # pages that are made at once in one process of the API server
WAITING: Final = 40  # requests that may wait for these
WRITERS: Final = 2  # threads for what writes: it may wait for the store's lock (SQLite: 30 seconds), and no page shall wait with it
WRITES: Final = 10  # deeds that may wait for these
RETRY: Final = 5  # seconds after which somebody who was turned away may try again
NAVIGATION: Final = (
    ("", "Overview", "overview"),
    ("alerts", "Alerts", "alerts"),
    ("worklist", "Work list", "worklist"),
    ("quality", "Data quality", "quality"),
    ("extracts", "Extracts", "extracts"),
    ("digests", "Digests", "digests"),
    ("not-watched", "Not watched", "not-watched"),
    ("audit", "Audit", "audit"),
    ("help", "Runbook", "help"),
)
"""Path, words, and the name by which a page says that it belongs there."""
STATUS: Final = ((NotThere, 404), (WrongUse, 400), (Overloaded, 503), (PermissionError, 403))

BARRED: Final = "You are signed in, but your role may not read the Dag monitor_extract, and these pages say what it says."

MAY_NOT_ACT: Final = "you may read, but not act on alerts: this needs the right to edit runs of monitor_extract"

T = TypeVar("T")
Source = str | Callable[[], str] | None
"""The id of a source, or what finds it where an address names a thing by its id alone."""


class Titled(Protocol):
    """What a page shows. `title`: the words of its one h1, and of the window."""

    @property
    def title(self) -> str: ...


class Shell:
    """`now`: what time it is; a test says it itself."""

    def __init__(self, backlog: Backlog, door: Door, now: Callable[[], Any] = clock.now) -> None:
        self.backlog, self.door, self.now = backlog, door, now
        self._limits: dict[bool, anyio.CapacityLimiter] = {}

    # --- reading -------------------------------------------------------------------------------------------------------
    async def page(
        self, request: Request, template: str, here: str, read: Callable[[At], Titled], *, source: Source = None, **more: Any
    ) -> Response:
        """The page that a template makes of what `read` finds; `here`: the entry of NAVIGATION that it belongs to."""

        def made(viewer: Viewer) -> Response:
            at = self._at(viewer, source() if callable(source) else source)
            return self._html(request, template, here, at, read(at), **more)

        return await self._answered(request, made)

    async def leaf(self, request: Request, template: str, here: str, read: Callable[[], Titled], *, source: str | None = None) -> Response:
        """A page that is the same for whoever may read. It is there when the store is not; then it says nothing of the data."""

        def made(viewer: Viewer) -> Response:
            page = read()
            try:
                return self._html(request, template, here, self._at(viewer, source), page)
            except tuple(kind for kind, _ in STATUS):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is that is down, this page says what to do about it
                log.error("what a page says of the data could not be found out (%s)", type(error).__name__)
            context = {"at": None, "frame": None, "here": here, "link": link_from(root_of(request), source), "navigation": NAVIGATION}
            return _page(render(template, context | {"page": page}))

        return await self._answered(request, made)

    async def answer(
        self, request: Request, made: Callable[[At], Response], *, source: str | None = None, writes: bool = False
    ) -> Response:
        """The same for what is no page: a file, or JSON. `writes`: that it was taken is written down."""
        return await self._answered(request, lambda viewer: made(self._at(viewer, source)), writes=writes)

    # --- deeds -------------------------------------------------------------------------------------------------------------
    async def deed(
        self, request: Request, do: Callable[[At, dict[str, Any]], Done], *, what: str, source: Callable[[], str] | None = None
    ) -> Response:
        """Does what the JSON body asks for, if it came from a page of ours and this person may. Answers {"said", "changed"} or
        {"error"}. `what`: the deed in words of ours, for the audit where this person may not."""
        if wrong := why_not_ours(request):
            return JSONResponse({"error": wrong[1]}, wrong[0])
        viewer = await self._actor(request, what)
        if isinstance(viewer, Response):
            return viewer
        sent = await body_of(request)
        if sent is None:
            return JSONResponse({"error": TOO_LONG}, 413)
        try:
            body = json.loads(sent or b"{}")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return JSONResponse({"error": "the request is no JSON object"}, 400)

        def done() -> Response:
            made = do(self._at(viewer, source() if source else None), body)
            return JSONResponse({"said": clean(made.said), "changed": made.changed})

        try:
            return await self._beside(done, writes=True)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            status, said = _status_of(error)
            return JSONResponse({"error": clean(said)}, status)

    async def _actor(self, request: Request, what: str) -> Viewer | Response:
        """Who acts; or the answer to somebody who may not, which is written down where it is known who they are."""
        try:
            viewer, may_read = await self.door.viewer(request), True
        except PermissionError as error:
            viewer, may_read = getattr(error, "viewer", None), False
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            status, _ = _status_of(error)
            return JSONResponse({"error": "who you are could not be found out; try again in a moment"}, status)
        if viewer is None and may_read:
            return JSONResponse({"error": "you are not signed in any more; sign in and do it again"}, 401)
        if viewer is not None and may_read and viewer.may_act:
            return viewer
        if viewer is not None:
            await self._write_down(viewer, what)
        return JSONResponse({"error": MAY_NOT_ACT if may_read else BARRED}, 403)

    async def _write_down(self, viewer: Viewer, what: str) -> None:
        """That it was refused. Where this cannot be done the answer is the same; the log says so."""
        try:
            await self._beside(lambda: self.backlog.refused(viewer, what, self.now()), writes=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the deed stays refused
            log.error("a refused deed could not be written into the audit (%s)", type(error).__name__)

    async def no_page(self, request: Request, error: Exception) -> Response:
        """For an address of ours at which there is nothing, or that makes no sense; it says nothing of what was asked for."""
        status = getattr(error, "status_code", 400)
        return self._failed(request, status, "There is no page at this address" if status == 404 else "This address makes no sense")

    # --- inside ----------------------------------------------------------------------------------------------------------
    async def _answered(self, request: Request, made: Callable[[Viewer], Response], *, writes: bool = False) -> Response:
        viewer = await self._viewer(request)
        if viewer is None:
            if "text/html" in request.headers.get("accept", "text/html"):
                return RedirectResponse(self.door.sign_in(request), 307)
            return JSONResponse({"error": "not signed in"}, 401)
        if isinstance(viewer, Response):
            return viewer
        try:
            return await self._beside(lambda: made(viewer), writes=writes)
        except Exception as error:  # noqa: BLE001 - each becomes a page
            return self._failed(request, *_status_of(error))

    async def _viewer(self, request: Request) -> Viewer | Response | None:
        try:
            return await self.door.viewer(request)
        except PermissionError:
            return self._failed(request, 403, BARRED)
        except Exception as error:  # noqa: BLE001 - each becomes a page
            return self._failed(request, *_status_of(error))

    def _at(self, viewer: Viewer, source: str | None) -> At:
        moment = self.now()
        frame, scope = self.backlog.begin(viewer, source, moment)
        return At(viewer, frame.source, scope, frame, moment)

    def _html(self, request: Request, template: str, here: str, at: At, page: Titled, **more: Any) -> Response:
        only = len(at.frame.sources) == 1
        link = link_from(root_of(request), None if only else at.source)
        context = {"at": at, "frame": at.frame, "page": page, "here": here, "link": link, "navigation": NAVIGATION, **more}
        return _page(render(template, context))

    def _failed(self, request: Request, status: int, said: str) -> Response:
        context = {"at": None, "frame": None, "here": "", "link": link_from(root_of(request), None), "navigation": NAVIGATION}
        shown = {"status": status, "said": said, "page": {"title": TITLES.get(status, "Fault")}}
        made = _page(render("failed.html.j2", context | shown), status)
        if status == 503:
            made.headers["retry-after"] = str(RETRY)
        return made

    async def _beside(self, work: Callable[[], T], *, writes: bool = False) -> T:
        """In one of our own threads; what writes has others. Raises Overloaded when too many wait for one."""
        if writes not in self._limits:
            self._limits[writes] = anyio.CapacityLimiter(WRITERS if writes else THREADS)
        limit = self._limits[writes]
        if limit.statistics().tasks_waiting >= (WRITES if writes else WAITING):
            raise Overloaded("too many people ask at once", todo=f"Try again in {RETRY} seconds.")
        return await anyio.to_thread.run_sync(work, limiter=limit)


TITLES: Final = {400: "That makes no sense", 403: "Not for you", 404: "Not there", 503: "Busy"}


def root_of(request: Request) -> str:
    """Where the app is mounted, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _page(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="text/html; charset=utf-8")


def _ways(error: BaseException) -> str:
    """File and line of each frame, without a word of the error or a value: a driver's text may quote a row."""
    return ", ".join(f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__))


def _status_of(error: Exception) -> tuple[int, str]:
    """What is answered, and the sentence; of what is no error of ours only its kind is logged, since its text may hold anything."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status, str(error)
    if isinstance(error, CaseclockError):
        log.error("a page could not be made: %s", error)
        return 500, str(error)
    log.error("a page could not be made (%s)", type(error).__name__)
    log.debug("it went wrong at %s", _ways(error))
    return 500, f"The page could not be made ({type(error).__name__}). The log of the API server has a line about it."
