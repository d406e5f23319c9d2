"""Forecasts in the store, and what `caseclock trends` says of a house with a history."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, func, select

from caseclock import pipeline
from caseclock.cli.trends import trends
from caseclock.errors import WrongUse
from caseclock.extracts import Extract
from caseclock.now import LONDON
from caseclock.pipeline.house import House, open_house
from caseclock.pipeline.trends import FORETOLD_IN, keep_forecasts, trends_of
from caseclock.quality import QualityReport
from caseclock.settings import from_environment
from caseclock.storage import forecasts, ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import Decision, save_decision
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking
from caseclock.trends.records import Foretold

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
LAST = dt.date(2026, 6, 26)
WEEKS = 40
FRIDAYS = [LAST - dt.timedelta(weeks=WEEKS - 1 - n) for n in range(WEEKS)]
TEAMS = pd.DataFrame({"team_id": ["T", "U"], "name": ["Team of the north", "Team of the south"], "service": [None, None]})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(from_environment(tmp_path_factory.mktemp("house"))) as made:
        yield made


@pytest.fixture
def c(house: House) -> Iterator[Connection]:
    """A transaction that is undone."""
    with house.engine.connect() as connection, connection.begin() as undone:
        yield connection
        undone.rollback()


def take(c: Connection, day: dt.date, verdict: str = "pass", source: str = "demo", bytes_: str = "", jump: float = 0.0) -> Extract:
    """An extract whose figures are in the store; its snapshot is not kept, so nothing is read from its dates."""
    extract, _ = ledger.claim(c, f"{source}{day}{bytes_}", source, day, f"{day}{bytes_}", f"{day}.zip", f"claimed/{day}", AT)
    ledger.save_quality(c, extract.id, QualityReport(verdict, ["why"]), [], AT)  # type: ignore[arg-type]
    n = (day - FRIDAYS[0]).days // 7
    figures = {"arrivals": 20.0 + 4 * (n % 3), "departures": 22.0, "open": 500.0 + 3 * (n % 5), "unallocated": 5.0 + n % 4 + jump}
    figures |= {"expected_5.cp_visit": 4.0, "fell_due_5.cp_visit": 5.0, "in_time.cp_visit": 90.0 - n % 3}
    rows = [(figure, place, value, 30) for figure, value in figures.items() for place in ("T", "U", "*")]
    ledger.save_measures(c, extract, pd.DataFrame(rows, columns=["measure", "team", "value", "n"]), TEAMS)
    return extract


def history(c: Connection, weeks: int = WEEKS) -> list[Extract]:
    return [take(c, day) for day in FRIDAYS[-weeks:]]


def rows_of(c: Connection, extract: Extract) -> list[tuple[object, ...]]:
    return [tuple(row) for row in c.execute(select(t.forecast).where(t.forecast.c.extract_id == extract.id))]


# --- keep_forecasts --------------------------------------------------------------------------------------------------
def test_eight_weeks_of_each_figure_and_place_are_kept_once(house: House, c: Connection) -> None:
    newest = history(c)[-1]
    assert keep_forecasts(house, c, newest) == 3 * 3 * 8
    first = rows_of(c, newest)
    assert keep_forecasts(house, c, newest) == 72
    assert rows_of(c, newest) == first
    weeks = sorted({row[3] for row in first})
    assert weeks[0] == "2026-06-29" and weeks[-1] == "2026-08-17"
    assert {row[1] for row in first} == {"arrivals", "open", "unallocated"}


def test_under_thirteen_extracts_nothing_is_foretold(house: House, c: Connection) -> None:
    assert keep_forecasts(house, c, history(c, 12)[-1]) == 0


def test_a_forecast_knows_nothing_of_later_extracts(house: House, c: Connection) -> None:
    before = history(c)[-2]
    keep_forecasts(house, c, before)
    known = rows_of(c, before)
    c.execute(t.measure_value.delete().where(t.measure_value.c.extract_id == f"demo{LAST}"))
    keep_forecasts(house, c, before)
    assert rows_of(c, before) == known


def test_an_extract_on_hold_foretells_nothing_until_a_person_releases_it(house: House, c: Connection) -> None:
    history(c, 20)
    held = take(c, LAST + dt.timedelta(7), "hold")
    assert keep_forecasts(house, c, held) == 0
    save_decision(c, held, Decision(held.id, "approve", "lead", "it is so", AT))
    assert keep_forecasts(house, c, held) == 72


def test_of_a_date_only_its_newest_revision_foretells(house: House, c: Connection) -> None:
    old = history(c, 20)[-1]
    keep_forecasts(house, c, old)
    new = take(c, LAST, bytes_="again")
    assert keep_forecasts(house, c, old) == 0
    assert rows_of(c, old) == []
    assert keep_forecasts(house, c, new) == 72


def test_held_and_replaced_extracts_are_no_history(c: Connection) -> None:
    take(c, FRIDAYS[0])
    take(c, FRIDAYS[1], "hold")
    take(c, FRIDAYS[2])
    take(c, FRIDAYS[2], bytes_="again")
    take(c, FRIDAYS[3], source="other")
    assert speaking(c, "demo", LAST) == {FRIDAYS[0]: f"demo{FRIDAYS[0]}", FRIDAYS[2]: f"demo{FRIDAYS[2]}again"}
    assert list(speaking(c, "demo", FRIDAYS[1])) == [FRIDAYS[0]]


def test_an_extract_that_has_not_been_measured_is_no_history(c: Connection) -> None:
    extract, _ = ledger.claim(c, "x", "demo", LAST, "x", "x.zip", "claimed/x", AT)
    ledger.save_quality(c, extract.id, QualityReport("pass", []), [], AT)
    assert speaking(c, "demo", LAST) == {}


# --- when they come and go --------------------------------------------------------------------------------------------
def stored(house: House) -> dict[str, int]:
    """Per extract how many weeks are foretold as of it."""
    with reading(house.engine) as c:
        found = c.execute(select(t.forecast.c.extract_id, func.count()).group_by(t.forecast.c.extract_id))
        return dict(found.tuples().all())


def test_a_person_who_releases_an_extract_lets_it_foretell_once_and_a_rejection_takes_it_back(tmp_path: Path) -> None:
    with open_house(from_environment(tmp_path)) as house:
        with house.engine.begin() as c:
            history(c, 20)
            held = take(c, LAST + dt.timedelta(7), "hold")
            assert keep_forecasts(house, c, held) == 0
            ledger.mark_done(c, held.id, "compute_measures", AT, 0.0)
        for _ in range(2):
            pipeline.decide(house, held.id, "approve", "lead", "it is so", AT)
            pipeline.update_alerts(house, held.id, AT)
            assert stored(house) == {held.id: 72}
        pipeline.decide(house, held.id, "reject", "lead", "it is not", AT, overrule=True)
        assert stored(house) == {}


def test_forecasts_go_with_their_extract_but_those_stay_from_which_the_cover_is_counted(tmp_path: Path) -> None:
    with open_house(from_environment(tmp_path).model_copy(update={"keep_days": 28})) as house:
        with house.engine.begin() as c:
            for extract in history(c):
                forecasts.save(c, extract.id, [Foretold(extract.as_of, "open", "T", extract.as_of, 1.0, 0.0, 2.0)])
        later = dt.datetime.combine(LAST, dt.time(4, 30), LONDON)
        assert pipeline.housekeeping(house, later, dry_run=True)["forecasts"] == WEEKS - FORETOLD_IN
        assert len(stored(house)) == WEEKS
        assert pipeline.housekeeping(house, later)["forecasts"] == WEEKS - FORETOLD_IN
        assert set(stored(house)) == {f"demo{day}" for day in FRIDAYS[-FORETOLD_IN:]}
        assert pipeline.housekeeping(house, later)["forecasts"] == 0


def test_within_the_keeping_time_no_forecast_goes_not_even_of_an_extract_on_hold(tmp_path: Path) -> None:
    with open_house(from_environment(tmp_path)) as house:
        with house.engine.begin() as c:
            for extract in [*history(c), take(c, LAST + dt.timedelta(7), "hold")]:
                forecasts.save(c, extract.id, [Foretold(extract.as_of, "open", "T", extract.as_of, 1.0, 0.0, 2.0)])
        assert pipeline.housekeeping(house, dt.datetime.combine(LAST, dt.time(4, 30), LONDON))["forecasts"] == 0


# --- trends ----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with forty weeks of figures and what was foretold as of each; unallocated cases leap in the last one."""
    home = tmp_path_factory.mktemp("town")
    with open_house(from_environment(home)) as made, made.engine.begin() as c:
        for day in FRIDAYS:
            extract = take(c, day, jump=40.0 if day == LAST else 0.0)
            keep_forecasts(made, c, extract)
    return home


def test_every_figure_of_the_configuration_is_told_at_every_place(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        found = trends_of(made)
    told = {(trend.figure, trend.place) for trend in found.trends}
    assert {"arrivals", "departures", "in_time.cp_visit", "open", "unallocated"} == {figure for figure, _ in told}
    assert {("arrivals", place) for place in ("T", "U", "*")} <= told
    assert found.as_of == LAST


def test_a_stock_has_a_forecast_and_no_chart_and_a_share_a_chart_and_no_forecast(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        by_figure = {trend.figure: trend for trend in trends_of(made, places=["T"]).trends}
    assert by_figure["open"].chart is None and "3 of 4 quiet weeks" in (by_figure["open"].why_no_chart or "")
    assert len(by_figure["open"].forecast) == 8
    assert by_figure["in_time.cp_visit"].chart is not None and by_figure["in_time.cp_visit"].forecast == ()


def test_what_was_foretold_is_held_against_what_came(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        cover = next(t.cover for t in trends_of(made, figures=["unallocated"], places=["T"]).trends)
    assert cover is not None
    assert cover.forecasts == 26
    assert cover.of == 26 * 8 - sum(range(8)), "of the last weeks' forecasts not every week has come"
    assert 0.7 < cover.inside / cover.of < 1, "nobody foresaw the leap"


def test_on_an_earlier_date_it_says_what_it_would_have_said_then(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        now = trends_of(made, figures=["unallocated"], places=["T"]).trends[0]
        then = trends_of(made, as_of=LAST - dt.timedelta(3), figures=["unallocated"], places=["T"]).trends[0]
    assert (now.value, then.value) == (48.0, 7.0)
    assert then.week == now.week - dt.timedelta(7)


def test_the_early_warning_is_checked(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        found = trends_of(made)
    assert [(k.rule, k.extracts, k.ratio) for k in found.warnings] == [("cp_visit", 26, 1.25)]


def test_what_is_asked_for_must_exist(town: Path) -> None:
    with open_house(from_environment(town)) as made:
        with pytest.raises(WrongUse, match="is no measure that is on"):
            trends_of(made, figures=["opne"])
        with pytest.raises(WrongUse, match="no series of that measure and team"):
            trends_of(made, places=["X"])
        with pytest.raises(WrongUse, match="no extract of that source"):
            trends_of(made, source="west")
        with pytest.raises(WrongUse, match="no extract of it speaks"):
            trends_of(made, as_of=FRIDAYS[0] - dt.timedelta(1))


def test_the_table_reads_in_plain_words(town: Path) -> None:
    done = CliRunner().invoke(trends, ["--home", str(town), "--measure", "arrivals", "--measure", "open"], catch_exceptions=False)
    lines = done.stdout.splitlines()
    assert lines[0] == "demo as of 2026-06-26"
    assert any(line.split()[:1] == ["T"] and "within the usual range" in line for line in lines)
    assert sum("No control chart: it counts what stands at one moment" in line for line in lines) == 1
    assert any("lay within the range (80 are meant to)" in line for line in lines)
    assert "early warning" not in done.stdout


def test_json_has_every_point(town: Path) -> None:
    done = CliRunner().invoke(trends, ["--home", str(town), "--json"], catch_exceptions=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    arrivals = next(row for row in rows if row.get("measure") == "arrivals" and row["team"] == "*")
    assert len(arrivals["points"]["values"]) == len(arrivals["spc"]["mean"]) == WEEKS
    assert (arrivals["week"], arrivals["basis"], arrivals["read_from"]) == ("2026-06-22", "limits", "extracts")
    assert arrivals["forecast"][0]["week"] == "2026-06-29"
    assert rows[-1]["early_warning"]["rule"] == "cp_visit"
