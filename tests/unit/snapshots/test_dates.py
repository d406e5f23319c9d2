from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from caseclock.snapshots.dates import day_of, days_of, moments_of

UK = ("YYYY-MM-DD", "DD/MM/YYYY")
DAY = dt.date(2026, 4, 3)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-03",
        "03/04/2026",
        "3/4/2026",
        "2026-04-03 00:00:00.000",
        "2026-04-03T23:59:59",
        "03/04/2026 09:30",
        "2026-04-03T10:00Z",
        "2026-04-03 10:00:00+01:00",
    ],
)
def test_day_comes_before_month_and_a_time_is_cut_off(text: str) -> None:
    assert day_of(text, UK) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "2026-02-30",
        "2026-13-01",
        "13/13/2026",
        "1/2/24",
        "24-04-03",
        "2026-4-3",
        "3 April 2026",
        "20260403",
        "04-03-2026",
        "2026-04-03x",
        "yesterday",
        "0024-04-03",
        "9999-12-31",
        "2100-01-01",
        "1899-12-31",
        "2026-04-03 25:00",
        "2026-04-03T10:00+99:00",
        "٢٠٢٦-٠٤-٠٣",
        "46115",
        "0001-01-01T00:00Z",
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    assert day_of(text, UK) == "unreadable"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("YYYY/MM/DD", "2026/04/03"),
        ("YYYYMMDD", "20260403"),
        ("DD-MM-YYYY", "03-04-2026"),
        ("DD.MM.YYYY", "3.4.2026"),
        ("DD-Mon-YYYY", "03-APR-2026"),
        ("DD Mon YYYY", "3 April 2026"),
        ("MM/DD/YYYY", "04/03/2026"),
    ],
)
def test_other_forms_are_read_where_a_source_accepts_them(form: str, text: str) -> None:
    assert day_of(text, (form,)) == DAY  # type: ignore[arg-type]


def test_a_moment_belongs_to_its_day_in_london() -> None:
    assert day_of("2026-07-01T23:30:00Z", UK) == dt.date(2026, 7, 2)
    assert day_of("2026-01-01T23:30:00Z", UK) == dt.date(2026, 1, 1)
    assert day_of("2026-07-02T00:30:00+05:00", UK) == dt.date(2026, 7, 1)


@pytest.mark.parametrize("text", ["1900-01-01", "01/01/1900", "1900-01-01 00:00:00.000"])
def test_the_placeholder_day_is_no_date(text: str) -> None:
    assert day_of(text, UK) == "placeholder"


def test_a_column_is_typed_at_once() -> None:
    column = pd.Series(
        ["2026-04-03", None, " 03/04/2026\xa0", "", "-1", "1900-01-01", "31/02/2026", "NULL", "2026-04-03 10:00:00"], dtype="str"
    )
    days, placeholder, no_date = days_of(column, UK)
    assert days.dtype == "datetime64[s]"
    assert [i for i, d in enumerate(days) if not np.isnat(d)] == [0, 2, 8]
    assert set(days[[0, 2, 8]]) == {np.datetime64("2026-04-03")}
    assert list(np.flatnonzero(placeholder)) == [4, 5]
    assert list(np.flatnonzero(no_date)) == [6]
    assert len(days_of(pd.Series([], dtype="str"), UK)[0]) == 0


MOMENTS = """
2026-01-15T09:30           2026-01-15T09:30
2026-07-15 09:30:00.123    2026-07-15T08:30
15/07/2026 9:30            2026-07-15T08:30
2026-07-15T09:30Z          2026-07-15T09:30
2026-07-15T23:30-02:00     2026-07-16T01:30
2026-03-29T01:30           2026-03-29T01:30
2026-10-25T01:30           2026-10-25T00:30
2026-07-15T00:00Z          2026-07-15T00:00
2026-07-15                 NaT
2026-07-15T00:00:00        NaT
2026-02-30T10:00           NaT
1900-01-01T10:00           NaT
10:30                      NaT
15/07/26\t10:30           NaT
"""


def test_a_moment_is_london_time_turned_into_utc_and_a_day_alone_is_none() -> None:
    """A time that the clocks skip in March is an hour later, one that they show twice in October is the first; midnight is a plain date."""
    rows = [line.rsplit(maxsplit=1) for line in MOMENTS.strip().splitlines()]
    made = moments_of(pd.Series([text for text, _ in rows], dtype="str"), UK)
    assert list(np.datetime_as_string(made, unit="m")) == [said for _, said in rows]
    assert moments_of(pd.Series([None, " 2026-07-15 09:30 "], dtype="str"), UK)[1] == np.datetime64("2026-07-15T08:30")
