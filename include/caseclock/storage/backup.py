"""A backup is a whole store in one SQLite file, whichever database the store is in; restoring it is the same copy the other way.

A store that has come back does not know what was sent after its backup. So the copy writes down both moments, and until a person has said
`caseclock store reopen` nothing is sent at all (`hold.py`).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import Engine, update

from caseclock.errors import CaseclockError, WrongUse
from caseclock.notifications.doubt import WAITS
from caseclock.storage import migrate, transfer
from caseclock.storage import schema as t
from caseclock.storage.engine import open_engine, reading
from caseclock.storage.hold import BACKUP, RESTORED, STORE, last
from caseclock.storage.outbox import audit


def back_up(engine: Engine, file: Path, now: dt.datetime) -> dict[str, int]:
    """Writes the store, as it is at one moment, into `file`: for its owner alone, in one visible step, compared with what was read."""
    if not file.parent.is_dir():
        raise WrongUse("there is no such folder", where=str(file.parent), todo="Make it, or name another one.")
    half = file.with_name(f".{file.name}.{os.getpid()}.part")
    os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    made = open_engine(f"sqlite:///{half}")
    try:
        counts = transfer.copy(engine, made, quiet=False)
        with made.begin() as c:
            audit(c, now, BACKUP, STORE, "a backup was made", {"rows": sum(counts.values())})
        made.dispose()
        _one_file(half)
        half.replace(file)
    finally:
        made.dispose()
        for name in (half, half.with_name(half.name + "-wal"), half.with_name(half.name + "-shm")):
            name.unlink(missing_ok=True)
    return counts


def restore(file: Path, engine: Engine, now: dt.datetime) -> dict[str, int]:
    """Fills an empty store from a backup. Sending is on hold from then on, in the same transaction."""
    if not file.is_file():
        raise WrongUse("there is no such file", where=str(file), todo="Name a file that `caseclock store backup` has made.")
    with tempfile.TemporaryDirectory() as folder:  # its owner's alone; the backup itself is never written to
        return _restore(Path(shutil.copyfile(file, Path(folder) / "store.db")), file, engine, now)


def _restore(working: Path, file: Path, engine: Engine, now: dt.datetime) -> dict[str, int]:
    old = open_engine(f"sqlite:///{working}")
    try:
        at = migrate.version_of(old)
        if at is None or at > migrate.HEAD:
            raise CaseclockError(
                f"its schema is {at or 'none'}, this program knows {migrate.HEAD}",
                where=str(file),
                allowed="a file that `caseclock store backup` of this version, or an older one, has made",
                todo="Install the version of caseclock that made it, or name another file.",
            )
        migrate.upgrade(old)
        transfer.refuse_unless_empty(engine)
        migrate.upgrade(engine)
        with reading(old) as source, engine.begin() as c:
            counts = transfer.copy_rows(source, c)
            made = last(source, BACKUP)
            if made is None:
                raise CaseclockError("it does not say when it was made", where=str(file), todo="Name a file of `caseclock store backup`.")
            audit(c, now, RESTORED, STORE, "sending is on hold until `caseclock store reopen`", {"backup_at": made[1]})
            waits = t.outbox.c.state == "pending"  # it may have been sent after the backup
            c.execute(update(t.outbox).where(waits).values(state="unknown", reason=WAITS, not_before=None))
    finally:
        old.dispose()
    return counts


def _one_file(path: Path) -> None:
    """What stands in the write-ahead log goes into the file itself, and the file is complete on the disk."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as c:
        c.execute("PRAGMA journal_mode=DELETE")
        if c.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise CaseclockError("the backup is not whole", where=str(path), todo="Is the disk full? Run it again.")
    with path.open("rb+") as opened:
        os.fsync(opened.fileno())
