"""`caseclock spc`: a series of one's own, as JSON."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from caseclock.cli.trends import spc
from caseclock.errors import WrongUse
from caseclock.trends.given import charts_of

SERIES = {"dates": ["2024-01-08", "2024-01-01"], "y": [9, 5]}


def test_points_come_back_in_order_of_date() -> None:
    made, _ = charts_of(json.dumps(SERIES).encode(), "it")
    assert isinstance(made, dict)
    assert made["relative_to_mean"] == [-1, 1]


def test_a_list_gives_a_list() -> None:
    assert charts_of(b"[]", "it") == ([], [])
    made, _ = charts_of(json.dumps([SERIES, SERIES]).encode(), "it")
    assert isinstance(made, list) and len(made) == 2


def test_a_rebase_date_without_a_value_changes_nothing_and_is_named() -> None:
    made, unused = charts_of(json.dumps(SERIES | {"rebase_dates": ["2024-01-02", "2024-01-01"]}).encode(), "it")
    assert isinstance(made, dict) and made["rebase_group"] == [1, 1]
    assert unused == ["2024-01-02 in rebase_dates is no date of the series, so nothing begins anew on it"]


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"y": [1]}, "there are 2 dates and 1 values"),
        ({"y": []}, "y: list should have at least 1 item"),
        ({"y": [None, None]}, "`y` holds no value"),
        ({"y": [1, "2"]}, "y[1]: a value is a number, or null"),
        ({"y": [1, True]}, "y[1]: a value is a number, or null"),
        ({"y": [1, float("nan")]}, "y[1]: a value is a number, or null"),
        ({"y": [1, 1e300]}, "y[1]: a value lies between -1e+100 and 1e+100"),
        ({"y": 3}, "y: this is no list"),
        ({"dates": ["2024-01-01", "2024-02-30"]}, "dates[1]: input should be a valid date"),
        ({"dates": ["2024-01-01", 20240102]}, "dates[1]: a date is a text, YYYY-MM-DD"),
        ({"dates": ["2024-01-01", "2024-01-01"]}, "2024-01-01 stands in `dates` twice"),
        ({"fix_after_n_points": 11}, "fix_after_n_points: input should be greater than or equal to 12"),
        ({"improvement_direction": "up"}, "improvement_direction: input should be 'increase', 'decrease' or 'neutral'"),
        ({"screen_outliers": "no"}, "screen_outliers: input should be a valid boolean"),
        ({"rebase": []}, "rebase: there is no such key; expected dates, y,"),
    ],
)
def test_what_cannot_be_charted_is_named(changed: dict[str, object], said: str) -> None:
    with pytest.raises(WrongUse) as error:
        charts_of(json.dumps(SERIES | changed).encode(), "it")
    assert said in str(error.value)


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe\x00", b"[" * 200_000, b'{"dates": ["2024-01-01"], "y": [1' + b"0" * 5000 + b"]}"])
def test_text_that_is_no_json_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(WrongUse, match="no JSON"):
        charts_of(text, "it")


@pytest.mark.parametrize("text", [b"3", b"null", b'["x"]'])
def test_json_that_is_no_series_is_refused(text: bytes) -> None:
    with pytest.raises(WrongUse, match="no object with dates and y"):
        charts_of(text, "it")


def test_every_problem_of_every_series_is_said_at_once() -> None:
    with pytest.raises(WrongUse) as error:
        charts_of(json.dumps([SERIES | {"y": [1, "a"]}, SERIES, {"y": [1]}]).encode(), "it")
    assert "series 1: y[1]" in str(error.value)
    assert "series 3: dates: it is missing" in str(error.value)


def test_the_command_reads_standard_input_and_prints_one_json_text() -> None:
    done = CliRunner().invoke(spc, ["-"], input=json.dumps(SERIES), catch_exceptions=False)
    assert json.loads(done.stdout)["mean"] == [7.0, 7.0]
    assert list(json.loads(done.stdout))[:3] == ["mean", "lpl", "upl"]
