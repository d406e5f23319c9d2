"""One HTTPS call, for the channels that speak it: a failure says whether the request can have arrived, and no redirect is followed.

No address, header or body is ever part of an error or of a log line: a webhook's address is a secret, and so is a key.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from caseclock.notifications.model import ChannelError

MOST = 200_000  # bytes of an answer that are read
LONGEST_WAIT = 3600.0  # seconds: a longer Retry-After is taken for this
HERE = {"127.0.0.1", "localhost", "::1"}  # plain HTTP is for the fakes on this machine only


@dataclass(frozen=True)
class Answer:
    """What the other side said. `headers` have their names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def perhaps(self) -> bool:
        """The request may have been carried out although this answer came: 408 and every 5xx."""
        return self.status >= 500 or self.status == 408

    def retry_after(self, otherwise: float) -> float:
        """Seconds to wait as the other side asks (Retry-After in seconds), else `otherwise`."""
        asked = self.headers.get("retry-after", "").strip()
        return min(LONGEST_WAIT, max(1.0, float(asked))) if asked.isascii() and asked.isdigit() else otherwise


def call(name: str, method: str, url: str, *, headers: Mapping[str, str], timeout: float, body: bytes | None = None) -> Answer:
    """Asks once and returns whatever the other side answers, errors and redirects too. `timeout` in seconds. `name` opens error texts.

    Raises ChannelError: permanent when the address is not HTTPS; neither permanent nor unknown when no connection came about, so that
    nothing was sent; unknown when it broke off later.
    """
    if not _may_be_called(url):
        raise ChannelError(f"{name}: its address is not an https address", permanent=True)
    request = Request(url, data=body, headers=dict(headers), method=method)
    try:
        with _opener().open(request, timeout=timeout) as response:
            return Answer(response.status, _lower(response.headers), response.read(MOST))
    except HTTPError as error:
        return _refusal(error)
    except Exception as error:  # noqa: BLE001 - urllib lets through whatever http.client, ssl and the sockets raise
        raise _no_answer(name, error) from None


def _may_be_called(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    readable = url.isascii() and url.isprintable() and " " not in url
    return readable and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in HERE))


def _refusal(error: HTTPError) -> Answer:
    body = b""
    with suppress(Exception), error:
        body = error.read(MOST)
    return Answer(error.code, _lower(error.headers), body)


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (headers or {}).items()}


def _no_answer(name: str, error: Exception) -> ChannelError:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, _NotConnected):
        return ChannelError(f"{name}: no connection ({cause})")
    return ChannelError(f"{name}: no answer ({type(cause).__name__}); the message may have arrived", unknown=True)


# --- how it is called ----------------------------------------------------------------------------------------------
class _NotConnected(OSError):
    """Name, network, proxy or certificate: nothing was sent. Its text is the name of the cause and holds no address."""


class _Http(http.client.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise _NotConnected(type(error).__name__) from None


class _Https(_Http, http.client.HTTPSConnection):
    """Its handshake is part of connecting."""


class _HttpHandler(HTTPHandler):
    def http_open(self, req: Request) -> Any:
        return self.do_open(_Http, req)


class _HttpsHandler(HTTPSHandler):
    def https_open(self, req: Request) -> Any:
        return self.do_open(_Https, req, context=ssl.create_default_context())


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the message, and the key, to an address that nobody has named."""

    def redirect_request(self, *_: Any) -> None:
        return None


@cache
def _opener() -> OpenerDirector:
    """Goes through the proxy that HTTPS_PROXY and NO_PROXY name, as Slack's SDK does."""
    return build_opener(_HttpHandler, _HttpsHandler, _NoRedirect)
