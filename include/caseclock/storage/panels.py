"""The weekly series of each source's newest extract in SQL: what a page shows of the past without reading the extract again.

Like a board it is a cache, written in the transaction that made the figures. What cannot be read, is of another format or of another
extract is no panel: whoever asks reads the values of past extracts instead (`forecasts.values_of`), or shows nothing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from caseclock.storage import schema as t
from caseclock.trends.panel import Panel

FORMAT: Final = 1
"""To be raised whenever what is kept of a panel changes: those of before are then no panels."""
FAST: Final = 1  # zlib: most of what there is to gain, in a third of the time
LONGEST: Final = 32 * 1024 * 1024  # bytes of one panel, unpacked: 10 times 2,000 places over 104 weeks
DAY: Final = "datetime64[D]"


class Unreadable(ValueError):
    """What is kept cannot be used by this version."""


def save(c: Connection, source: str, extract_id: str, panels: Iterable[Panel]) -> int:
    """These panels in place of all that are kept of a source. Returns how many there are."""
    forget(c, source)
    rows: list[dict[str, object]] = []
    parts: dict[str, int] = {}
    for panel in panels:
        if not panel.places:
            continue
        part = parts[panel.figure] = parts.get(panel.figure, -1) + 1
        rows.append({"source": source, "figure": panel.figure, "part": part, "extract_id": extract_id, "body": bytes_of(panel)})
    if rows:
        c.execute(insert(t.panel), [{**row, "format": FORMAT} for row in rows])
    return len(rows)


def load(c: Connection, source: str, figure: str, extract_id: str | None = None) -> list[Panel]:
    """The panels of a figure, which share no place; none where nothing usable is kept. `extract_id`: only
    those that were made of this extract.
    """
    p = t.panel.c
    query = select(p.format, p.extract_id, p.body).where(p.source == source, p.figure == figure).order_by(p.part)
    found = c.execute(query).all()
    if any(row.format != FORMAT or (extract_id is not None and row.extract_id != extract_id) for row in found):
        return []
    try:
        return [panel_of(figure, bytes(row.body)) for row in found]
    except Unreadable:
        return []


def forget(c: Connection, source: str) -> None:
    c.execute(delete(t.panel).where(t.panel.c.source == source))


def bytes_of(panel: Panel) -> bytes:
    """A line of JSON, then days, values and n one after the other, all of it compressed."""
    head = {"places": panel.places, "weeks": len(panel.weeks), "origin": panel.origin, "step": panel.step}
    days = [part.astype(DAY).astype("<i8").tobytes() for part in (panel.weeks, panel.ends)]
    grids = [part.astype("<f8").tobytes() for part in (panel.values, panel.n)]
    return zlib.compress(b"".join([json.dumps(head, separators=(",", ":")).encode(), b"\n", *days, *grids]), FAST)


def panel_of(figure: str, kept: bytes) -> Panel:
    """What `bytes_of` wrote. Raises Unreadable for anything else."""
    try:
        first, _, body = _unpacked(kept).partition(b"\n")
        head = json.loads(first)
        places, weeks = tuple(map(str, head["places"])), int(head["weeks"])
        grid = len(places) * weeks
        days = np.frombuffer(body, "<i8", 2 * weeks).astype(DAY)
        numbers = np.frombuffer(body, "<f8", 2 * grid, 16 * weeks).reshape(2, len(places), weeks)
        if len(body) != 16 * (weeks + grid) or head["origin"] not in ("extracts", "dates"):
            raise ValueError
        return Panel(figure, places, days[:weeks], days[weeks:], numbers[0], numbers[1], head["origin"], int(head["step"]))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"this is no panel: {type(error).__name__}") from error


def _unpacked(kept: bytes) -> bytes:
    work = zlib.decompressobj()
    made = work.decompress(kept, LONGEST)
    if not work.eof or work.unused_data:
        raise ValueError("longer than a panel can be, or cut off")
    return made
