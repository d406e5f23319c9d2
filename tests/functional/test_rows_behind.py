"""The rows behind a figure are all of those that it was made from, for every measure whose rows can be listed."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.measures.model import COUNCIL
from caseclock.pipeline.behind import OF_CASES, OF_CLOCKS
from caseclock.pipeline.house import House
from caseclock.settings import Settings
from caseclock.storage import ledger
from caseclock.storage.engine import reading
from caseclock.thresholds import ThresholdRule

from .conftest import FRIDAYS, open_town

COUNTS = {
    "overdue",
    "due_soon",
    "completed",
    "due_5",
    "due_10",
    "fell_due_5",
    "open",
    "unallocated",
    "unallocated_cp",
}
SHARE = 8  # of the teams and services one in so many is looked at, and the council always


@pytest.fixture(scope="module")
def settings(fridays: dict[dt.date, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The newest extract of a small council, taken through the whole path."""
    with FakeSlack() as slack, MailCatcher() as mail:
        town = open_town(tmp_path_factory.mktemp("rows") / "home", slack, mail)
        town.take(fridays[FRIDAYS[-1]], deliver=False)
        yield town.settings


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """With a rule for every figure, called like it."""
    with pipeline.open_house(settings) as made:
        with reading(made.engine) as c:
            figures = sorted(set(ledger.measures_of(c, ledger.extracts(c)[-1].id)["measure"]))
        rules = [ThresholdRule(id=f, title=f, measure=f, amber=1, red=2, clear_below=1) for f in figures]
        made.__dict__["config"] = replace(made.config, thresholds=rules)
        yield made


def test_of_every_count_as_many_rows_are_listed_as_were_counted(house: House) -> None:
    with reading(house.engine) as c:
        extract = ledger.extracts(c)[-1]
        values = ledger.measures_of(c, extract.id)
    seen: dict[str, float] = {}
    for measure, team, value, _ in values.itertuples(index=False):
        kind = measure.partition(".")[0]
        if kind not in COUNTS or (team != COUNCIL and zlib.crc32(f"{measure} {team}".encode()) % SHARE):
            continue
        alert = {"rule": measure, "team": team, "extract_id": extract.id, "as_of": str(extract.as_of), "value": value}
        assert pipeline.rows_behind(house, alert)["found"] == value, f"{measure} in {team}"
        seen[kind] = max(seen.get(kind, 0), value)
    assert set(seen) == COUNTS
    assert all(seen.values()), f"a measure that counted nothing shows nothing: {seen}"


def test_an_expectation_lists_the_running_clocks_that_it_was_made_of_and_says_that_it_is_one(house: House) -> None:
    with reading(house.engine) as c:
        extract = ledger.extracts(c)[-1]
        values = ledger.measures_of(c, extract.id)
    of = {(m, team): value for m, team, value, _ in values.itertuples(index=False)}
    for days in (5, 10):
        expected = {place: value for place, value in of.items() if place[0].startswith(f"expected_{days}.") and value > 0}
        assert expected
        for (measure, team), value in expected.items():
            alert = {"rule": measure, "team": team, "extract_id": extract.id, "as_of": str(extract.as_of), "value": value}
            report = pipeline.rows_behind(house, alert)
            assert report["found"] == of[measure.replace("expected", "due"), team] >= value
            assert "an expectation" in report["note"]
            assert f"within {days} working days" in report["note"]
            latest = str(house.calendar.due(extract.as_of, days + 1))
            assert all(row["state"] in {"running", "due_soon"} and row["due_on"] < latest for row in report["rows"])


@pytest.mark.parametrize("measure", ["load", "arrivals", "caseload_top"])
def test_a_figure_without_rows_says_so(house: House, measure: str) -> None:
    with reading(house.engine) as c:
        extract = ledger.extracts(c)[-1]
    rules = [ThresholdRule(id=measure, title="t", measure=measure, amber=1, red=2, clear_below=1)]
    house.__dict__["config"] = replace(house.config, thresholds=rules)
    alert = {"rule": measure, "team": "*", "extract_id": extract.id, "as_of": str(extract.as_of), "value": 3}
    report = pipeline.rows_behind(house, alert)
    assert (report["found"], report["rows"]) == (None, [])
    assert "made from something else; `caseclock clocks export`" in report["why_none"]


def test_the_rows_of_a_figure_within_its_limit_are_listed_too(settings: Settings) -> None:
    asked = ["alerts", "why", "unallocated/FD1", "--clocks", "--json", "--home", str(settings.home), "--now", "2026-11-20T17:00"]
    with pipeline.open_house(settings) as house:
        quiet = {a["team"] for a in pipeline.alerts_list(house, None, False) if a["rule"] == "unallocated"}
    assert "FD1" not in quiet
    done = CliRunner().invoke(cli, asked, catch_exceptions=False)
    assert '"found": ' in done.output
    assert "within the limit of 4" in done.output


def test_every_measure_of_clocks_and_cases_has_its_rows() -> None:
    """A new measure per timescale must say which clocks it looks at."""
    from caseclock.measures.model import PER_RULE

    assert set(PER_RULE) == set(OF_CLOCKS)
    assert set(OF_CLOCKS) & set(OF_CASES) == {"open"}, "of all cases, and of one timescale"
