"""Clocks and tables to values per team. One file per measure."""

from caseclock.measures.model import COUNCIL, MEASURE_COLUMNS

__all__ = ["COUNCIL", "MEASURE_COLUMNS"]
