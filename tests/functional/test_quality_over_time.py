"""Quality from extract to extract: the page, the word to data engineers when it gets worse, the lives of quarantined rows, retention."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.council import World, extract_tables, write_extract
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.extracts import Extract
from caseclock.now import LONDON
from caseclock.pipeline.arrival import Arrival
from caseclock.pipeline.reports import past_of
from caseclock.quality import QualityReport
from caseclock.quality.model import RuleCount
from caseclock.storage import ledger, quality
from caseclock.storage import schema as t
from caseclock.storage.decisions import Decision, save_decision
from caseclock.storage.engine import reading

from .conftest import FRIDAYS, Town, open_town

FIRST, SECOND, THIRD = FRIDAYS[:3]
BAD_ROWS = 60
ASSESSMENTS, END = "ssd_cin_assessments.csv", "cina_assessment_auth_date"
RULE = "authorised_on_before_started_on"


@pytest.fixture(scope="module")
def wrong(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[dt.date, Path]:
    """The first three Fridays; in the second one many assessments end years before they began."""
    made = {}
    for day in (FIRST, SECOND, THIRD):
        tables = extract_tables(world, day)
        if day == SECOND:
            tables = {**tables, ASSESSMENTS: _with_bad_ends(tables[ASSESSMENTS])}
        made[day] = write_extract(tables, tmp_path_factory.mktemp("wrong"), "demo", day)
    return made


def _with_bad_ends(frame: pd.DataFrame) -> pd.DataFrame:
    ended = frame.index[frame[END].notna()][:BAD_ROWS]
    made = frame.copy()
    made.loc[ended, END] = "2019-01-02"
    return made


def _extracts(house: pipeline.House) -> list[Extract]:
    with reading(house.engine) as c:
        return ledger.extracts(c)


def _lives(town: Town) -> list[tuple[Any, ...]]:
    with pipeline.open_house(town.settings) as house, reading(house.engine) as c:
        q = t.quarantine_entry
        return [tuple(row) for row in c.execute(select(q).order_by(q.c.table_name, q.c.row_hash, q.c.rule))]


def _pages(town: Town) -> dict[str, str]:
    return {p.parent.name: p.read_text(encoding="utf-8") for p in sorted((town.settings.home / "reports").rglob("*.html"))}


def _told(town: Town) -> list[str]:
    return [str(m["text"]) for m in town.slack.messages if m["channel"] == "C0DATA"]


@pytest.fixture(scope="module")
def three(wrong: dict[dt.date, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, list[list[str]]]]:
    """A house that took the three Fridays, each twice, and what data engineers had read after each."""
    with FakeSlack() as slack, MailCatcher() as mail:
        town = open_town(tmp_path_factory.mktemp("three") / "home", slack, mail)
        told = []
        for path in wrong.values():
            for _ in range(2):
                town.take(path)
            told.append(_told(town))
        yield town, told


def test_data_engineers_hear_once_that_quality_got_worse(three: tuple[Town, list[list[str]]]) -> None:
    town, (first, second, third) = three
    assert first == []  # there is nothing to compare the first extract with
    assert len(second) == 1
    assert "got worse with the extract of Fri 6 November 2026" in second[0]
    assert third == second  # well again, or as before: nothing
    (message,) = [m for m in town.slack.messages if m["channel"] == "C0DATA"]
    said = json.dumps(message)
    page = next((town.settings.home / "reports" / "demo" / str(SECOND)).glob("*.html"))
    assert f"assessment.{RULE}" in said
    assert page.relative_to(town.settings.home).as_posix() in said
    assert str(town.settings.home) not in said
    assert not any(c.recipient.startswith("service-manager") and "got worse" in str(c.mail["Subject"]) for c in town.mail.mails)


def test_every_extract_has_its_page(three: tuple[Town, list[list[str]]]) -> None:
    pages = _pages(three[0])
    assert list(pages) == [str(day) for day in (FIRST, SECOND, THIRD)]
    assert f"assessment.{RULE}" in pages[str(SECOND)]
    assert "<svg" in pages[str(THIRD)]


def test_rows_that_were_corrected_have_left_quarantine(three: tuple[Town, list[list[str]]]) -> None:
    lives = _lives(three[0])
    bad = [x for x in lives if x[3] == RULE and x[9] == str(SECOND)]
    assert len(bad) >= BAD_ROWS - 5
    assert {(x[10], x[11], x[12]) for x in bad} == {(str(SECOND), str(THIRD), "corrected")}
    assert all(x[11] is None for x in lives if x[10] == str(THIRD))
    assert any(x[9] == str(FIRST) and x[10] == str(THIRD) for x in lives)  # a fault that nobody corrects


def test_the_same_lives_in_whatever_order_extracts_come(
    three: tuple[Town, list[list[str]]], wrong: dict[dt.date, Path], town: Town
) -> None:
    for day in (THIRD, FIRST, SECOND):
        town.take(wrong[day], dt.datetime.combine(FRIDAYS[-1], dt.time(17), LONDON))
    assert _lives(town) == _lives(three[0])
    assert "got worse with the extract of Fri 6 November 2026" not in "".join(_told(town))  # a date that came late is not the newest


def test_numbers_of_an_extract_are_there_for_the_next_one(three: tuple[Town, list[list[str]]]) -> None:
    town = three[0]
    with pipeline.open_house(town.settings) as house:
        with reading(house.engine) as c:
            found = ledger.extracts(c)
            counts = quality.rule_counts(c, [e.id for e in found])
            clocks = {e.id: quality.standing_of(c, e.id) for e in found}
        history = pipeline.steps.history_of(house, found[2])
    assert all(len(counts[e.id]) > 100 for e in found)
    assert set(history.stats) == {found[0].id, found[1].id}
    assert all(history.stats.values())
    assert history.coverage == "full"
    assert all(n.running >= n.overdue for n in clocks[found[2].id].values())
    assert any(n.done for n in clocks[found[2].id].values())


def test_the_stored_report_says_what_the_path_said(three: tuple[Town, list[list[str]]], tmp_path: Path) -> None:
    town = three[0]
    home = str(town.settings.home)
    (page,) = (town.settings.home / "reports" / "demo" / str(SECOND)).glob("*.html")
    html = tmp_path / "report.html"
    shown = CliRunner().invoke(cli, ["quality", "--extract", page.stem, "--home", home, "--html", str(html)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert html.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    printed = CliRunner().invoke(cli, ["quality", "--extract", page.stem, "--home", home], catch_exceptions=False).output
    assert f"!! assessment.{RULE}: " in printed
    report = json.loads(CliRunner().invoke(cli, ["quality", "--extract", page.stem, "--home", home, "--json"]).output)
    assert report["verdict"] == "warn"
    assert {r["rule"] for r in report["quarantine"]} >= {RULE}
    assert report["compared_with"] == str(FIRST)


def test_rows_in_quarantine_are_listed_with_their_place(three: tuple[Town, list[list[str]]]) -> None:
    home = ["--home", str(three[0].settings.home)]

    def lines(*words: str) -> list[dict[str, Any]]:
        made = CliRunner().invoke(cli, ["quarantine", *words, "--json", *home], catch_exceptions=False)
        return [json.loads(line) for line in made.output.splitlines()]

    then, now = lines("list", "--rule", RULE, "--as-of", str(SECOND)), lines("list", "--rule", RULE)
    assert len(then) >= BAD_ROWS > len(now)
    assert all(r["file"] == ASSESSMENTS and r["row"] > 1 and r["column"] == "authorised_on" for r in then)
    assert "row_hash" not in then[0]
    (counted,) = [s for s in lines("summary") if s["rule"] == RULE]
    assert (counted["open"], counted["corrected"]) == (len(now), len(lines("list", "--rule", RULE, "--all")) - len(now))
    assert CliRunner().invoke(cli, ["quarantine", "list", *home]).output.startswith("table")


# --- an older export that came late ---------------------------------------------------------------------------------
def _judge(house: pipeline.House, id_: str, day: dt.date, hour: int, failing: int) -> str:
    """A revision that was exported at this hour and in which so many assessments break the rule; its figures are made."""
    at, exported = (dt.datetime.combine(day, dt.time(h), LONDON) for h in (17, hour))
    report = QualityReport("warn" if failing else "pass", counts=[RuleCount("assessment", RULE, "critical", failing, 100)])
    with house.engine.begin() as c:
        ledger.claim(c, id_, "demo", day, f"sha-{id_}", f"demo__{day}.zip", f"claimed/{id_}", at, exported)
        ledger.save_quality(c, id_, report, [], at)
        ledger.mark_done(c, id_, "compute_measures", at, 0.0)
    return id_


@pytest.mark.parametrize(
    ("older_of_first", "newest", "older", "told"),
    [
        pytest.param(None, BAD_ROWS, 0, 1, id="it cannot silence the newest one"),
        pytest.param(None, 0, BAD_ROWS, 0, id="it does not speak itself"),
        pytest.param(BAD_ROWS, BAD_ROWS, None, 1, id="nothing is compared with it"),
    ],
)
def test_an_older_export_that_came_late_has_no_say_in_whether_quality_got_worse(
    town: Town, older_of_first: int | None, newest: int, older: int | None, told: int
) -> None:
    """The first Friday is without fault and the second one has so many; of each an older export may have come behind the newest one."""
    with pipeline.open_house(town.settings) as house:
        _judge(house, "first", FIRST, 12, 0)
        if older_of_first is not None:
            _judge(house, "older-first", FIRST, 9, older_of_first)
        ids = [_judge(house, "newest", SECOND, 12, newest)]
        if older is not None:
            ids.append(_judge(house, "older", SECOND, 9, older))
        at = dt.datetime.combine(SECOND, dt.time(17), LONDON)
        for id_ in ids:
            pipeline.update_alerts(house, id_, at)
        pipeline.notify(house, at)
        with reading(house.engine) as c:
            past = past_of(c, ledger.extract_by_id(c, "newest"))
    said = [m for m in town.slack.messages if "got worse" in str(m["text"])]
    assert ["--extract newest" in json.dumps(m) for m in said] == [True] * told
    assert [p.failing[f"assessment.{RULE}"] for p in past] == [0]


# --- broken off and taken up again -----------------------------------------------------------------------------------
class BrokenOff(Exception):
    """The process ends here."""


class Place:
    """Statements to the store, counted. One of them fails, each time a later one."""

    def __init__(self) -> None:
        self.count, self.fails_at = 0, 0

    def next(self) -> None:
        self.count, self.fails_at = 0, self.fails_at + 13

    def counted(self, *_: object) -> None:
        self.count += 1
        if self.count == self.fails_at:
            raise BrokenOff


def test_steps_that_were_broken_off_anywhere_leave_the_same(
    wrong: dict[dt.date, Path], three: tuple[Town, list[list[str]]], town: Town
) -> None:
    """Every thirteenth statement to the store fails once, in turn; after each the extract is taken up again."""
    town.take(wrong[FIRST])
    place = Place()
    event.listen(Engine, "before_cursor_execute", place.counted)
    broken = 0
    try:
        while True:
            place.next()
            try:
                _steps(town, wrong[SECOND])
                break
            except BrokenOff:
                broken += 1
    finally:
        event.remove(Engine, "before_cursor_execute", place.counted)
    assert broken >= 5
    town.take(wrong[THIRD])
    assert _lives(town) == _lives(three[0])
    assert _pages(town) == _pages(three[0])
    assert _numbers(town) == _numbers(three[0])


def _steps(town: Town, path: Path) -> None:
    at = dt.datetime.combine(SECOND, dt.time(17), LONDON)
    with pipeline.open_house(town.settings) as house:
        extract = pipeline.add(house, Arrival(path, "demo", SECOND), at)
        for step in (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures):
            step(house, extract.id)
        pipeline.update_alerts(house, extract.id, at)


def _numbers(town: Town) -> dict[str, list[tuple[Any, ...]]]:
    with pipeline.open_house(town.settings) as house, reading(house.engine) as c:
        return {n.name: sorted(map(tuple, c.execute(select(n)))) for n in (t.rule_count, t.extract_stat, t.table_change)}


# --- held, and released ----------------------------------------------------------------------------------------------
def test_a_surge_of_overdue_clocks_holds_and_a_release_lets_its_rows_speak(town: Town, fridays: dict[dt.date, Path]) -> None:
    _set_surge(town, rise=0.02, z=0.5, overdue_from=1)
    first = town.take(fridays[FIRST])
    with pipeline.open_house(town.settings) as house, house.engine.begin() as c:
        was = quality.standing_of(c, first["extract"]["id"])
        quality.save_standing(c, first["extract"]["id"], {rule: n._replace(overdue=0) for rule, n in was.items()})
    second = town.take(fridays[SECOND])
    assert second["verdict"] == "hold"
    assert "clocks are overdue" in second["reasons"][0]
    assert any(d["kind"] == "dq_failed" for d in second["deliveries"])
    assert "got worse" not in "".join(_told(town))  # the alert on held data says it
    assert town.take(fridays[SECOND])["reasons"] == second["reasons"]
    page = _pages(town)[str(SECOND)]
    assert "The numbers do not speak" in page
    assert {x[10] for x in _lives(town)} == {str(FIRST)}
    at = dt.datetime.combine(SECOND, dt.time(18), LONDON)
    with pipeline.open_house(town.settings) as house:
        with house.engine.begin() as c:
            extract = house.extract(second["extract"]["id"])
            save_decision(c, extract, Decision(extract.id, "approve", "Data lead", "a real backlog", at))
        pipeline.update_alerts(house, extract.id, at)
        pipeline.keep_report(house, extract)
    assert {x[10] for x in _lives(town) if x[11] is None} == {str(SECOND)}
    assert "a person has released it" in _pages(town)[str(SECOND)]


def _set_surge(town: Town, **limits: float) -> None:
    file = town.settings.config / "quality.yaml"
    known = (yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None) or {}
    file.write_text(yaml.safe_dump({**known, "surge": limits}), encoding="utf-8")


def test_an_extract_that_cannot_be_read_has_a_page_that_says_why(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    broken = tmp_path / fridays[FIRST].name
    broken.write_bytes(fridays[FIRST].read_bytes()[:-2000])
    town.take(broken)
    (page,) = _pages(town).values()
    assert "could not be read" in page
    assert _lives(town) == []


# --- retention -------------------------------------------------------------------------------------------------------
def test_old_folders_go_and_what_is_needed_stays(town: Town, fridays: dict[dt.date, Path]) -> None:
    for day in (FIRST, SECOND):
        town.take(fridays[day])
    later = dt.datetime(2028, 1, 3, 4, 30, tzinfo=LONDON)
    with pipeline.open_house(town.settings) as house:
        with house.engine.begin() as c:
            c.execute(t.alert.update().values(closed_on=str(SECOND)))
        dry = pipeline.housekeeping(house, later, dry_run=True)
        assert dry["raw"] == 1  # the first Friday as it came; the newest of a source stays
        raw = {e.as_of: Path(e.path) for e in _extracts(house)}
        assert (
            dry["folders"] == 8
        )  # snapshot, accepted; clocks, cases, referrals, work list; page and what the gate said of the first Friday
        assert len(list(town.settings.accepted.glob("*/*/*"))) == 2
        assert {k: v for k, v in pipeline.housekeeping(house, later).items() if k == "folders"} == {"folders": 8}
        assert pipeline.housekeeping(house, later)["folders"] == 0
        assert not raw[FIRST].exists() and raw[SECOND].exists()
        left = {p.parent.name for p in town.settings.accepted.glob("*/*/*")}
        assert left == {str(SECOND)}
        assert not list(town.settings.home.glob(f"*/demo/{FIRST}"))[1:]  # claimed/ has no folder of that form
    report = town.take(fridays[THIRD])  # the next extract is compared with the one that stayed
    assert report["verdict"] in {"pass", "warn"}
    assert len(_lives(town)) > 0


def test_what_an_open_alert_speaks_of_stays(town: Town, fridays: dict[dt.date, Path]) -> None:
    for day in (FIRST, SECOND):
        town.take(fridays[day])
    later = dt.datetime(2028, 1, 3, 4, 30, tzinfo=LONDON)
    with pipeline.open_house(town.settings) as house:
        with house.engine.begin() as c:
            first = ledger.extracts(c)[0].id
            c.execute(t.alert.update().values(extract_id=first, closed_on=None))
            assert c.execute(select(t.alert)).first(), "the council has no alert"
        assert pipeline.housekeeping(house, later)["folders"] == 0
