"""One pass over one table: a frame of flags, a column per rule. They are what Great Expectations counts, and the quarantine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from caseclock.extracts.model import FILE, ROW, Reject
from caseclock.quality.cells import Cells, asked_of, cells_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.model import RuleCount, Severity
from caseclock.quality.rule import COPY, Rule
from caseclock.quality.rules import CELL_RULES, MALFORMED, rules_of
from caseclock.quality.scene import Links, Mask, Scene
from caseclock.snapshots import TABLES, Snapshot
from caseclock.snapshots.keys import row_hashes
from caseclock.snapshots.tables import Kind


@dataclass(frozen=True)
class Expected:
    """One expectation: met when at most `tolerated` rows fail, or at least the share `mostly` holds."""

    table: str
    rule: str
    severity: Severity
    reason: str
    mostly: float = 1.0
    tolerated: int = 0


@dataclass(frozen=True)
class Count:
    failing: int
    of: int


def _is_text(column: pd.Series[str]) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype) or column.dtype == object)


HAS_KIND: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    "id": _is_text,
    "code": _is_text,
    "date": lambda c: bool(c.dtype.kind == "M"),
    "moment": lambda c: bool(c.dtype.kind == "M"),
    "flag": lambda c: str(c.dtype) in ("boolean", "bool"),
    "number": lambda c: bool(pd.api.types.is_numeric_dtype(c.dtype)),
}


class TableCheck:
    """The rules of one canonical table, evaluated once. `flags`, `counts` and `expected` agree: they come from one pass."""

    def __init__(self, table: str, links: Links, snapshot: Snapshot, config: QualityConfig) -> None:
        self.table, self.links, self.config = table, links, config
        self.frame = links.tables[table]
        self.as_of = snapshot.extract.as_of
        aside = [r for r in snapshot.rejects if r.table == table]
        self.unread = {(r.file, r.row) for r in aside}
        self.unread_copies = self.unread - {(r.file, r.row) for r in aside if r.rule != COPY}
        self.cells = cells_of(table, snapshot)

    def __repr__(self) -> str:  # Great Expectations hashes a batch by the text of its cells
        return f"TableCheck({self.table})"

    @cached_property
    def bad_columns(self) -> list[str]:
        """Canonical columns that are absent or have another type than the table says."""
        return [c.name for c in TABLES[self.table].columns if not _usable(self.frame, c.name, c.kind)]

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that can be evaluated; the others are in `not_evaluated`."""
        return [r for r in rules_of(self.table, self.config) if self._why_not(r) is None]

    @cached_property
    def not_evaluated(self) -> dict[str, str]:
        reasons = {r.id: self._why_not(r) for r in rules_of(self.table, self.config)}
        return {rule: why for rule, why in reasons.items() if why is not None}

    @cached_property
    def flags(self) -> pd.DataFrame:
        """A row per row of the table, a column per rule; True where the row fails it."""
        scene = Scene(self.table, self.links, self.as_of)
        made = {rule.id: rule.failing(scene) for rule in self.rules}
        return pd.DataFrame(made, index=self.frame.index)

    @cached_property
    def critical(self) -> Mask:
        """Rows that go to quarantine."""
        worst = [r.id for r in self.rules if r.severity == "critical"]
        return np.logical_or.reduce([self.flags[rule].to_numpy() for rule in worst]) if worst else np.zeros(len(self.frame), dtype=bool)

    @cached_property
    def are_copies(self) -> Mask:
        """Rows that are aside only because they are exact copies: nothing is lost with them."""
        if COPY not in self.flags or not self.counts_of_rows[COPY].failing:
            return np.zeros(len(self.frame), dtype=bool)
        others = [r.id for r in self.rules if r.severity == "critical" and r.id != COPY]
        made: Mask = self.flags[COPY].to_numpy() & self.critical & ~self.flags[others].any(axis=1).to_numpy()
        return made

    @property
    def copies(self) -> int:
        return len(self.unread_copies) + int(np.count_nonzero(self.are_copies))

    @property
    def read(self) -> int:
        return len(self.frame) + len(self.unread)

    @property
    def kept(self) -> int:
        return len(self.frame) - int(self.critical.sum())

    @cached_property
    def counts_of_rows(self) -> dict[str, Count]:
        rows = len(self.frame)
        return {str(rule): Count(int(np.count_nonzero(self.flags[rule].to_numpy())), rows) for rule in self.flags}

    @cached_property
    def counts(self) -> dict[str, Count]:
        """What fails, per expectation. This is the one metric that Great Expectations reads for a table."""
        made = dict(self.counts_of_rows)
        made["columns"] = Count(len(self.bad_columns), len(TABLES[self.table].columns))
        made["rows"] = Count(int(self.read == 0), 1)
        made["quarantine_share"] = Count(self.read - self.kept - self.copies, self.read)
        return made | {cell.rule: Count(cell.failing, self.read) for cell in self.cells}

    @cached_property
    def expected(self) -> list[Expected]:
        """The suite of this table: its shape, its rows, its row rules. Of a table without rows no row rule is asked."""
        share = f"more than {self.config.quarantine_share:.0%} of the rows cannot be used"
        made = [
            Expected(self.table, "columns", "critical", "columns are absent or of another type than the canonical table has"),
            Expected(self.table, "quarantine_share", "critical", share, 1 - self.config.quarantine_share, self.config.quarantine_from - 1),
        ]
        if self.table in self.config.rows_needed:
            made.append(Expected(self.table, "rows", self.config.rows_needed[self.table], "the table has no rows"))
        for rule in self.rules if len(self.frame) else ():
            setting = self.config.rules.get(f"{self.table}.{rule.id}")
            made.append(Expected(self.table, rule.id, rule.severity, rule.reason, setting.mostly if setting else 1.0))
        return made + [self._expected_of_cells(cell) for cell in self.cells]

    @property
    def cells_without_fault(self) -> list[RuleCount]:
        """A count of none for what was asked of the cells and found well, so that its line over time has no holes."""
        found = {cell.rule for cell in self.cells}
        asked = asked_of(self.table) if self.read else {}
        return [RuleCount(self.table, rule, CELL_RULES[kind][0], 0, self.read) for rule, kind in asked.items() if rule not in found]

    def _expected_of_cells(self, cell: Cells) -> Expected:
        severity, reason = CELL_RULES[cell.kind]
        setting = self.config.rules.get(f"{self.table}.{cell.rule}")
        mostly = setting.mostly if setting else 1 - self.config.malformed_share if cell.kind == MALFORMED else 1.0
        return Expected(self.table, cell.rule, setting.severity if setting and setting.severity else severity, reason, mostly)

    def rows_failing(self, rule: Rule, limit: int | None = None) -> list[Reject]:
        """File, row and column of the rows that fail a rule, in the order of the table. No value."""
        if not self.counts[rule.id].failing:
            return []
        at = np.flatnonzero(self.flags[rule.id].to_numpy())[:limit]
        named = self.frame.iloc[at]
        places = zip(named[FILE], named[ROW], row_hashes(TABLES[self.table], named), strict=True)
        return [Reject(self.table, str(file), int(row), rule.columns[0], rule.reason, rule.id, key) for file, row, key in places]

    def _why_not(self, rule: Rule) -> str | None:
        """The reason that a rule cannot be asked of this table; None when it can."""
        if lost := sorted(set(rule.columns) & set(self.bad_columns)):
            return f"column {lost[0]} is not usable"
        if rule.filled and len(self.frame) and self.frame[rule.filled].isna().all():
            return f"{self.table}.{rule.filled} is empty in the whole extract"
        for table, column in rule.needs:
            other = self.links.tables.get(table)
            if other is None or other.empty:
                return f"the extract has no {table} rows"
            if not _usable(other, column, TABLES[table].column(column).kind):
                return f"column {column} of {table} is not usable"
        return None


def checks_of(snapshot: Snapshot, config: QualityConfig) -> dict[str, TableCheck]:
    """A check per canonical table, in the order of `TABLES`; they share their look-ups."""
    links = Links(_all_tables(snapshot.tables))
    return {table: TableCheck(table, links, snapshot, config) for table in TABLES}


def _all_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: tables[name] if name in tables else pd.DataFrame(columns=[*shape.names, FILE, ROW]) for name, shape in TABLES.items()}


def _usable(frame: pd.DataFrame, column: str, kind: Kind) -> bool:
    return column in frame and (frame.empty or HAS_KIND[kind](frame[column]))
