"""What arrived: an extract is one export of one source, as of one date, in one revision."""

from caseclock.extracts.model import Absence, Extract, RawTable, ReadResult, Reject

__all__ = ["Absence", "Extract", "RawTable", "ReadResult", "Reject"]
