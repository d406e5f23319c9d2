"""What no page may be without: headers that let nothing in from elsewhere, and the marks by which a deed is known to come from our page.

Airflow's session cookie can be read by a script on some of its sign-ins and is sent along on top-level requests, so a page that ran foreign
script, or a deed that another site could send, would act as whoever is signed in.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "frame-ancestors 'self'",
    "base-uri 'none'",
))  # fmt: skip
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LONGEST: Final = 10_000  # bytes of the body of a deed
TOO_LONG: Final = "the request is too long"


class Headers:
    """Sets HEADERS on every answer; what is not said to be kept is not kept by a browser or a proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._set(message)
            await send(message)

        await self.app(scope, receive, guarded)

    @staticmethod
    def _set(message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers[name] = value
        headers.setdefault("cache-control", "no-store")


def why_not_ours(request: Request) -> tuple[int, str] | None:
    """Status and reason why a deed is not taken: it may have been sent by another site. None for one that came from a page of ours.

    A request with its own `Authorization` header needs no such proof: no site can make a browser send one that it does not know.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return 415, "a deed is sent as application/json"
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > LONGEST:
        return 413, TOO_LONG
    if request.headers.get("authorization", "").lower().startswith("bearer "):
        return None
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return 403, "the request came from another site"
    origin = request.headers.get("origin")
    if origin is None:
        return None if site == "same-origin" else (403, "the request does not say from where it comes")
    return None if _host(origin) in _own_hosts(request) else (403, "the request came from another site")


async def body_of(request: Request) -> bytes | None:
    """The body of a deed; None when it is longer than any deed is, whatever its head says of its length. No more than that is ever read."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LONGEST:
            return None
    return bytes(read)


def _host(origin: str) -> str:
    return urlsplit(origin).netloc.lower()


def _own_hosts(request: Request) -> set[str]:
    """What the browser asked for; a proxy may have put its own name in Host and the browser's beside it."""
    named = (request.headers.get("host", ""), *request.headers.get("x-forwarded-host", "").split(","))
    return {name.strip().lower() for name in named} - {""}
