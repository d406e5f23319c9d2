"""What has been brought from a source's location into the inbox, so that it is brought once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from caseclock.storage import schema as t
from caseclock.storage.engine import insert_or_ignore, moment_text


def known(c: Connection, source: str) -> frozenset[tuple[str, str]]:
    """(name, signature) of all that has ever been fetched from the location of a source."""
    f = t.fetched.c
    return frozenset((row.name, row.signature) for row in c.execute(select(f.name, f.signature).where(f.source == source)))


def note(c: Connection, source: str, name: str, signature: str, at: dt.datetime) -> None:
    """Written down after it has come to the inbox: what a kill in between leaves out is fetched again and recognised by its content."""
    c.execute(insert_or_ignore(c, t.fetched).values(source=source, name=name, signature=signature, at=moment_text(at)))
