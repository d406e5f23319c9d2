"""What reading made of cells that the typed tables do not show any more: placeholders, unknown flags and numbers, malformed JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caseclock.extracts.model import FILE
from caseclock.quality.rules import MALFORMED, placeholder, unreadable
from caseclock.snapshots import TABLES, Snapshot

_MALFORMED = re.compile(r"^(?P<file>.+): the outcome JSON of (?P<rows>\d+) rows is malformed")
"""The note of the SSD reader; a test reads a malformed extract with it."""


WITH_JSON = frozenset({"referral", "s47"})
"""Tables with flags that stand in an outcome JSON (SSD)."""


@dataclass(frozen=True)
class Cells:
    """`failing` cells of one column (or rows of a table), under the rule that counts them. `kind`: a key of `CELL_RULES`."""

    rule: str
    kind: str
    failing: int


def cells_of(table: str, snapshot: Snapshot) -> list[Cells]:
    """What is known of the cells of one table; columns without any are not named."""
    made = [Cells(placeholder(c), "placeholder", n) for (t, c), n in snapshot.placeholders.items() if t == table]
    made += [Cells(unreadable(c), "unreadable", n) for (t, c), n in snapshot.unreadable.items() if t == table]
    malformed = sum(_malformed_rows(note, table, snapshot) for note in snapshot.notes)
    return [*made, Cells(MALFORMED, MALFORMED, malformed)] if malformed else made


def _malformed_rows(note: str, table: str, snapshot: Snapshot) -> int:
    found = _MALFORMED.match(note)
    if found is None or FILE not in snapshot.tables[table] or not (snapshot.tables[table][FILE] == found["file"]).any():
        return 0
    return int(found["rows"])


def asked_of(table: str) -> dict[str, str]:
    """Every rule on cells that the table may break, with its kind."""
    made = {}
    for column in TABLES[table].columns:
        if column.kind == "flag":
            made[unreadable(column.name)] = "unreadable"
        else:
            made[placeholder(column.name)] = "placeholder"
        if column.kind == "number":
            made[unreadable(column.name)] = "unreadable"
    return made | ({MALFORMED: MALFORMED} if table in WITH_JSON else {})
