"""The scripted incident, week by week through the whole path: what shows it, and how many weeks before the quarterly return.

North Assessment 2 loses 4 of 9 workers on Monday 6 October 2025, and nobody steps in: what comes in, less what five can take, builds up to
a queue of about 400 in 14 months. "In the quarterly return": the first quarter to end after it began is the one to 31 December. No return
can show it before that day, so weeks are counted to the day itself; the return is on somebody's table up to two months later.

Extracts are taken on Fridays from the last quiet one until every sign is there, then on the last day of the quarter and at the end. Their
sources are the SSD and a staff.csv, the limits and charts those that ship.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from caseclock import pipeline
from caseclock.demo.council import World, extract_tables, make_world, write_extract
from caseclock.demo.council_draw import date_of, day_of
from caseclock.demo.council_incident import begins
from caseclock.demo.council_people import INCIDENT_TEAM
from caseclock.demo.council_staffing import staff_file
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.pipeline.trends import Trend, trends_of
from caseclock.settings import shipped_config
from caseclock.storage import forecasts, ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import reading
from caseclock.trends.records import Foretold
from caseclock.trends.wording import finding

from .conftest import open_town
from .once import once_in_a_run

END, WEEKS = dt.date(2026, 12, 11), 61
BEGAN = date_of(begins(day_of(END), WEEKS))
QUARTER_ENDS = dt.date(2025, 12, 31)
FRIDAYS = [dt.date(2025, 10, 3) + dt.timedelta(days=7 * week) for week in range(8)]
QUIET, AFTER = FRIDAYS[0], FRIDAYS[1:]
IN_TIME, SOON_LATE, LATE = "in_time.assessment_45_wt", "expected_10.assessment_45_wt", "overdue.assessment_45_wt"
NORTH, HEAD = "service-manager.north@example.org", "head-of-service@example.org"
QUEUE = "cases without an allocated worker in North Assessment 2"
MUCH_MORE = 1.5  # times the figure of the quiet Friday
Figures = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Fired:
    day: dt.date
    rule: str
    team: str
    severity: str


@dataclass
class Past:
    """What was known when. `values`: by day, figure and place; `foretold`: open cases, on that Friday; `mails`: day, recipient, text."""

    values: dict[dt.date, Figures] = field(default_factory=dict)
    charts: dict[dt.date, list[Trend]] = field(default_factory=dict)
    foretold: list[Foretold] = field(default_factory=list)
    mails: list[tuple[dt.date, str, str]] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)

    def of(self, figure: str, team: str = INCIDENT_TEAM) -> dict[dt.date, float]:
        """NaN where there is none."""
        return {day: found.get((figure, team), math.nan) for day, found in self.values.items()}

    def most(self, figure: str, day: dt.date) -> float:
        """The highest value that any other team has on that day."""
        return max(value for team in self.others if (value := self.of(figure, team)[day]) == value)

    @property
    def others(self) -> list[str]:
        return sorted({place for _, place in self.values[QUIET] if place not in ("*", "?", INCIDENT_TEAM) and ":" not in place})

    def news(self, team: str, figure: str) -> list[dt.date]:
        charts = ((day, one) for day, made in self.charts.items() for one in made if one.figure == figure and one.place == team)
        return [day for day, one in charts if one.chart and one.chart.news]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return once_in_a_run("incident", lambda: played(tmp_path_factory.mktemp("early")))


def played(home: Path) -> Past:
    made = Past()
    shutil.copytree(shipped_config(), home / "monitoring")
    world = make_world(seed=6, scale=1.0, end=END, weeks=WEEKS + 2, incident=True, incident_weeks=WEEKS)
    with FakeSlack() as slack, MailCatcher() as mail:
        town = open_town(home, slack, mail)
        for day in (*FRIDAYS, QUARTER_ENDS, END):
            heard = len(mail.mails)
            town.take(written(world, day, home / "made"))
            made.mails += [(day, caught.recipient, caught.part("plain")) for caught in mail.mails[heard:]]
    with pipeline.open_house(town.settings) as house:
        made.charts = {day: trends_of(house, as_of=day).trends for day in FRIDAYS}
        with reading(house.engine) as c:
            for extract in ledger.extracts(c):
                found = ledger.measures_of(c, extract.id)
                made.values[extract.as_of] = dict(zip(zip(found["measure"], found["team"], strict=True), found["value"], strict=True))
                if extract.as_of == QUIET:
                    made.foretold = [one for one in forecasts.foretold(c, {QUIET: extract.id}) if one.figure == "open"]
            e = t.alert_event
            for row in c.execute(select(e).where(e.c.to_state == "FIRING").order_by(e.c.id)):
                made.fired.append(Fired(dt.date.fromisoformat(row.as_of), row.rule, row.team, row.severity))
    return made


def written(world: World, day: dt.date, out: Path) -> Path:
    """One extract, with a staff.csv in which nobody is away for long: cases of whom would be without a worker too."""
    staff = staff_file(world.teams, world.staff, day_of(world.end), np.random.default_rng(0)).on(day_of(day)).to_pandas()
    tables = extract_tables(world, day) | {"staff.csv": staff.drop(columns=["absent_from", "absent_to"])}
    return write_extract(tables, out, "demo", day)


def weeks_before(day: dt.date) -> int:
    """Whole weeks from a day to the end of the quarter."""
    return (QUARTER_ENDS - day).days // 7


def above_what_was_foretold(past: Past, team: str) -> list[dt.date]:
    """Fridays on which the open cases lie above the range that was foretold for that week on the quiet Friday."""
    high = {one.week: one.high for one in past.foretold if one.place == team}
    monday = {day: day - dt.timedelta(days=day.weekday()) for day in AFTER}
    return [day for day in AFTER if monday[day] in high and past.of("open", team)[day] > high[monday[day]]]


def much_more(past: Past, figure: str, team: str = INCIDENT_TEAM) -> list[dt.date]:
    values = past.of(figure, team)
    return [day for day in AFTER if values[day] >= MUCH_MORE * values[QUIET]]


def first_signs(past: Past) -> dict[str, dt.date]:
    """What is seen when, in the order of the dates."""
    caseload, grown = much_more(past, "caseload"), much_more(past, "weeks_of_work")
    mailed = {who: next(day for day, to, text in past.mails if to == who and QUEUE in text) for who in (NORTH, HEAD)}
    red = next(day for day in FRIDAYS if past.of("unallocated")[day] >= 20)
    signs = {
        "caseload: half as many children again per worker": caseload[0],
        "forecast: open cases above the range foretold, twice running": above_what_was_foretold(past, INCIDENT_TEAM)[1],
        "alert: unallocated amber, to the service manager": mailed[NORTH],
        "alert: nobody acknowledged it, to the head of service": mailed[HEAD],
        "chart: assessments in time below the usual range": past.news(INCIDENT_TEAM, IN_TIME)[0],
        "weeks of work: half as many again": grown[0],
        "alert: unallocated red": red,
    }
    return dict(sorted(signs.items(), key=lambda sign: sign[1]))


def test_every_sign_comes_weeks_before_the_quarter_ends(past: Past) -> None:
    signs = first_signs(past)
    queue = past.of("unallocated")
    for sign, day in signs.items():
        print(
            f"{day}  week {(day - BEGAN).days // 7 + 1}, {weeks_before(day)} weeks before the quarter ends, {queue[day]:.0f} wait: {sign}"
        )
    print(f"{QUARTER_ENDS}  the quarter ends, {queue[QUARTER_ENDS]:.0f} wait; {END}: {queue[END]:.0f} wait")
    assert (BEGAN, weeks_before(BEGAN)) == (dt.date(2025, 10, 6), 12)
    assert [weeks_before(day) for day in signs.values()] == [10, 9, 7, 6, 6, 6, 5], signs


def test_four_hundred_wait_in_the_end_and_less_than_a_twentieth_of_them_when_the_first_manager_is_told(past: Past) -> None:
    queue = past.of("unallocated")
    told = next(day for day, to, text in past.mails if to == NORTH and QUEUE in text)
    assert 380 <= queue[END] <= 420
    assert queue[told] < queue[END] / 20
    assert 40 <= queue[QUARTER_ENDS] <= 60
    assert past.of("relief_capacity")[END] > 2 * past.of("relief_capacity")[AFTER[1]]
    assert all(value == 0 for day, value in past.of("residual").items() if day != QUIET)  # no case is lost on the way


def test_more_assessments_are_foretold_to_be_late_before_they_are(past: Past) -> None:
    """Beyond anything that any team had on the quiet Friday and the one after."""
    usual = {figure: max(past.most(figure, day) for day in FRIDAYS[:2]) for figure in (SOON_LATE, LATE)}
    foretold, late = (next(day for day in FRIDAYS if past.of(figure)[day] > usual[figure]) for figure in (SOON_LATE, LATE))
    print(f"{foretold} likely to be late, {late} late, {weeks_before(foretold)} and {weeks_before(late)} weeks before the quarter ends")
    assert foretold < late
    assert weeks_before(foretold) >= 9


def test_demand_is_as_usual_so_it_is_the_team_that_has_changed(past: Past) -> None:
    found = {(one.place, finding(one.chart)) for one in past.charts[FRIDAYS[-1]] if one.figure == "arrivals" and one.chart}
    assert {(INCIDENT_TEAM, "within the usual range"), ("*", "within the usual range")} <= found


def test_no_other_team_raises_these_alarms(past: Past) -> None:
    """What remains is chance: one team's overdue assessments pass a limit of their own."""
    assert len(past.others) == 18
    assert {alert.team for alert in past.fired if alert.rule == "unallocated"} == {INCIDENT_TEAM}
    assert [team for team in past.others if much_more(past, "caseload", team)] == []
    assert [team for team in past.others if past.news(team, IN_TIME)] == []
    assert [team for team in past.others if len(above_what_was_foretold(past, team)) > 1] == []
    by_chance = [(alert.day, alert.rule, alert.team) for alert in past.fired if alert.team != INCIDENT_TEAM]
    print("by chance:", *by_chance)
    assert len(by_chance) <= 1
