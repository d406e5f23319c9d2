"""The board of each source in SQL: one compressed row, written in the transaction that wrote everything that it stands for.

It is a cache. Whatever cannot be read, or was written by another version of the program, is no board, and everything is replayed.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Mapping
from itertools import groupby

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from caseclock.alerts.board import BANDS, COLUMNS, NONE, STATES, STAYS, Board, Column, Day
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text

FORMAT = 1
"""To be raised whenever the fold, or what is kept of it, changes: boards of before are then thrown away."""
FAST = 1  # zlib: a third of the time of its default, for a few more bytes


class Unreadable(ValueError):
    """A board that this version cannot use."""


def load_board(c: Connection, source: str) -> Board | None:
    """Where everything stood after the last run; None when nothing usable is kept."""
    k = t.board.c
    row = c.execute(select(k.format, k.body).where(k.source == source)).first()
    if row is None or row.format != FORMAT:
        return None
    try:
        return board_of(bytes(row.body))
    except Unreadable:
        return None


def save_board(c: Connection, source: str, board: Board, now: dt.datetime) -> None:
    forget_board(c, source)
    c.execute(insert(t.board).values(source=source, format=FORMAT, body=bytes_of(board), updated_at=moment_text(now)))


def forget_board(c: Connection, source: str) -> None:
    """The next run replays everything."""
    c.execute(delete(t.board).where(t.board.c.source == source))


def bytes_of(board: Board) -> bytes:
    """A line of JSON, then the columns one after the other, all of it compressed."""
    head = {
        "days": [[day.as_of.isoformat(), day.extract_id, day.figures] for day in board.days],
        "prints": board.prints,
        "newest": board.newest,
        "teams": [[n, [team for _, team in mine]] for n, mine in groupby(board.places, key=lambda place: place[0])],
        "stays": len(board.stays["owner"]),
    }
    parts = [json.dumps(head, separators=(",", ":")).encode(), b"\n"]
    parts += [column.tobytes() for column in (*board.columns.values(), *board.stays.values())]
    return zlib.compress(b"".join(parts), FAST)


def board_of(kept: bytes) -> Board:
    """What `bytes_of` wrote. Raises Unreadable for anything else."""
    try:
        first, _, body = zlib.decompress(kept).partition(b"\n")
        head = json.loads(first)
        days = [Day(dt.date.fromisoformat(as_of), id_, figures) for as_of, id_, figures in head["days"]]
        places = [(int(n), str(team)) for n, teams in head["teams"] for team in teams]
        columns, body = _columns(body, COLUMNS, len(places))
        stays, body = _columns(body, STAYS, int(head["stays"]))
        board = Board(days, tuple(head["prints"]), places, columns, stays, str(head["newest"]))
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"this is no board: {type(error).__name__}") from error
    if body or not _holds_together(board):
        raise Unreadable("its columns do not go together")
    return board


def _columns(body: bytes, kinds: Mapping[str, str], size: int) -> tuple[dict[str, Column], bytes]:
    """Columns that can be written to, and the bytes behind them."""
    made, at = {}, 0
    for name, kind in kinds.items():
        made[name] = np.frombuffer(body, kind, size, at).copy()
        at += made[name].nbytes
    return made, body[at:]


def _holds_together(board: Board) -> bool:
    """Whether every number is that of a day, a place, a state or a band that is there."""
    c, s, days, places = board.columns, board.stays, len(board.days), len(board.places)
    within = [(c[name], NONE, days) for name in ("at", "since", "episode")]
    within += [
        (c["state"], 0, len(STATES)),
        (c["band"], 0, len(BANDS)),
        (s["owner"], 0, places),
        (s["start"], 0, days),
        (s["end"], NONE, days),
    ]
    return all(column.size == 0 or (low <= column.min() and column.max() < high) for column, low, high in within)
