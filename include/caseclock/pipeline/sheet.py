"""Tables as CSV that a person opens in a spreadsheet: one way for all of them, so that no cell of an extract runs there as a formula."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""A line break within a cell would begin another one; some of these turn the direction of the text after them."""
WHOLE = 2**53  # beyond it not every whole number is a float


def write_csv(out: IO[str], frame: pd.DataFrame) -> None:
    """A header and a line per row; missing is empty, days are YYYY-MM-DD.

    Text that a spreadsheet would take for a formula begins with an apostrophe; numbers are left alone (OWASP, CSV injection).
    """
    import pandas as pd

    pd.DataFrame({name: _written(frame[name]) for name in frame.columns}).to_csv(out, index=False, lineterminator="\n")


def write_rows(out: IO[str], head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The same, where there is no frame: for pages, which do without pandas."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)


def _written(column: pd.Series[Any]) -> Any:
    """The cells of a column as they are written: each different one is looked at once."""
    import numpy as np
    import pandas as pd

    at, different = pd.factorize(column)
    cells = np.array([*map(_cell, different), ""], dtype=object)
    return cells[at]  # missing is -1: the last one


def _cell(value: Any) -> Any:
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < WHOLE else f"{value:g}"
    if not isinstance(value, str):
        return value
    runs = value.startswith(STARTS_A_FORMULA) or CONTROL.sub("", value).startswith(STARTS_A_FORMULA)
    return CONTROL.sub(" ", f"'{value}" if runs else value)
