"""The canonical tables as of one date: SSD names and grain, typed, without personal values."""

from caseclock.snapshots.model import Snapshot, TableCount
from caseclock.snapshots.tables import TABLES, Column, Table

__all__ = ["TABLES", "Column", "Snapshot", "Table", "TableCount"]
