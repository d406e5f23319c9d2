"""Which clocks run, are due or overdue on every case: the working-day calendar, the timescale rules, the clock frame."""

from caseclock.clocks.model import CLOCK_COLUMNS, STATES

__all__ = ["CLOCK_COLUMNS", "STATES"]
