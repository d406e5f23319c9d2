"""Host and secrets of a place outside: a database, a bucket, a server. The one seam between the library and whoever keeps secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from caseclock.errors import CaseclockError


@dataclass(frozen=True)
class Connection:
    """The parts of an Airflow connection. `kind`: its type (aws, wasb, sftp, postgres, mssql, sqlite, ...). `password` is never shown."""

    id: str
    kind: str
    host: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Connections(Protocol):
    """Who knows the connections."""

    def __call__(self, id: str) -> Connection: ...


class NoConnection(CaseclockError):
    """A source names a connection that nobody knows."""


def from_environment(id: str) -> Connection:
    """The connection in `$CASECLOCK_CONN_<ID>`: a URI `kind://login:password@host:port/schema?extra=...`. Raises NoConnection.

    Extras are the query's fields; `__extra__` holds them as JSON, as Airflow writes them.
    """
    name = f"CASECLOCK_CONN_{id.upper()}"
    uri = os.environ.get(name)
    if not uri:
        raise NoConnection("it is not known", where=f"connection {id}", todo=f"Add it in Airflow, or set {name} to a URI")
    try:
        parts = urlsplit(uri)
        given = dict(parse_qsl(parts.query))
        extra = json.loads(given.pop("__extra__", "{}")) | given
        port = parts.port
    except ValueError as error:
        raise NoConnection(
            "it is no URI", where=name, allowed="kind://login:password@host:port/schema?key=value", todo="Correct it"
        ) from error
    return Connection(
        id,
        parts.scheme,
        unquote(parts.hostname) if parts.hostname else None,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        port,
        unquote(parts.path.removeprefix("/")) or None,
        extra,
    )
