"""The page of one figure, the list of all, and what is not watched, on a council of which every figure is known."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import select

from caseclock.dashboard import Viewer
from caseclock.extracts import Absence
from caseclock.now import LONDON
from caseclock.pipeline.trends import keep_forecasts
from caseclock.storage import ledger, panels
from caseclock.storage import schema as t

from .digest_lab import FRIDAY, DigestLab, open_digest_lab, usual
from .pages_lab import Somebody, pages

NOW = dt.datetime.combine(FRIDAY, dt.time(18), LONDON)
HOSTILE = '<script>alert(1)</script> & "x"'
WEEKS = 20
NORA = Viewer("nora", "Nora")


def unallocated(n: int) -> dict[str, float]:
    return {"NA1": n, "NA2": 2, "NF1": 0, "SA1": 5, "SF1": 1, "CC1": 0}


@dataclass
class Town:
    lab: DigestLab
    sam: TestClient
    nora: TestClient


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Twenty Fridays: NA1 has one case more without a worker each week. Nora answers for the north."""
    home = tmp_path_factory.mktemp("town")
    with open_digest_lab(home) as lab:
        routes = home / "monitoring" / "routes.yaml"
        kept = yaml.safe_load(routes.read_text("utf-8"))
        kept["services"]["north"]["people"] = ["nora"]
        routes.write_text(yaml.safe_dump(kept, sort_keys=False), "utf-8")
        lab.names["SA1"] = HOSTILE
        for n in range(WEEKS):
            day = FRIDAY - dt.timedelta(weeks=WEEKS - 1 - n)
            id_ = lab.land(day, usual(unallocated=unallocated(n)))
        with lab.house.engine.begin() as c:
            keep_forecasts(lab.house, c, ledger.extract_by_id(c, id_))
            ledger.add_absences(
                c, id_, [Absence("first core group (core_group_first) is not watched", "the extract has no file meetings.csv")]
            )
        with pages(lab.house.settings, NOW) as sam, pages(lab.house.settings, NOW, Somebody(NORA)) as nora:
            yield Town(lab, sam, nora)


def text(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(f"/caseclock/{path}")
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


# --- one figure --------------------------------------------------------------------------------------------------------
def test_a_count_says_where_it_stands_against_its_limit_and_four_weeks_before(town: Town) -> None:
    page = text(town.sam, "measure?figure=unallocated&team=NA1")
    assert "North Assessment 1: 19, past the limit for amber; up by 4 on four weeks before (15)." in words(page)
    assert "up by 1 Against a week before 18 on 13 November 2026" in words(page)
    assert "Against a year before" in words(page) and "no extract of that time" in words(page)


def test_every_number_of_the_chart_is_the_one_in_the_store(town: Town) -> None:
    past = text(town.sam, "measure?figure=unallocated&team=NA1").partition("<h2>Limits and alerts</h2>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th><td class=\"n\">(\d+)</td>", past)
    with town.lab.house.engine.connect() as c:
        m, e = t.measure_value.c, t.extract.c
        query = select(e.as_of, m.value).join(t.extract, e.id == m.extract_id).where(m.measure == "unallocated", m.team == "NA1")
        stored = {dt.date.fromisoformat(day): value for day, value in c.execute(query)}
    shown = {dt.datetime.strptime(day, "%d %B %Y").date(): float(value) for day, value in rows if not day.startswith("week")}
    assert {day: value for day, value in shown.items() if day in stored} == stored and len(stored) == WEEKS


@pytest.mark.parametrize("figure", ["unallocated", "arrivals", "departures", "in_time.assessment_45_wt"])
def test_without_kept_series_the_same_chart_is_made_from_past_extracts(town: Town, figure: str) -> None:
    with_them = text(town.sam, f"measure?figure={figure}&team=NA1")
    with town.lab.house.engine.connect() as c:
        assert panels.load(c, "demo", figure)
        kept = [dict(row) for row in c.execute(select(t.panel)).mappings()]
    with town.lab.house.engine.begin() as c:
        panels.forget(c, "demo")
    try:
        assert text(town.sam, f"measure?figure={figure}&team=NA1") == with_them
    finally:
        with town.lab.house.engine.begin() as c:
            c.execute(t.panel.insert(), kept)


def test_what_happens_has_a_control_chart_and_what_stands_says_why_it_has_none(town: Town) -> None:
    flow, stock = (words(text(town.sam, f"measure?figure={figure}&team=NA1")) for figure in ("arrivals", "open"))
    assert "Usual range" in flow and "Why there is no control chart" not in flow
    assert "Why there is no control chart" in stock and "Usual range" not in stock and "each extract of 13 weeks" in stock


def test_limits_say_since_when_and_open_alerts_lead_to_their_page(town: Town) -> None:
    page = text(town.sam, "measure?figure=unallocated&team=NA1")
    assert "for all extracts: never changed" in page
    with town.lab.house.engine.connect() as c:
        a = t.alert.c
        id_ = c.execute(select(a.id).where(a.rule == "unallocated", a.team == "NA1", a.closed_on.is_(None))).scalar_one()
    assert f"/caseclock/alerts/{id_}" in page
    assert "No alert is open on it here" in text(town.sam, "measure?figure=unallocated&team=NA2")
    assert "so nobody is told when it moves" in text(town.sam, "measure?figure=departures")


def test_teams_stand_in_order_with_their_own_figures(town: Town) -> None:
    page = text(town.sam, "measure?figure=unallocated")
    listed = page.partition("<h2>By team</h2>")[2].partition("<h2>")[0]
    assert re.findall(r"<td class=\"n\">(\d+)</td><td class=\"n\">", listed) == ["19", "5", "2", "1", "0", "0"]
    assert "team=NA1" in listed and '<td class="amber">amber</td>' in listed


def test_a_hostile_name_is_only_words(town: Town) -> None:
    for path in ("measure?figure=unallocated&team=SA1", "measure?figure=unallocated", "measure?figure=arrivals&team=SA1"):
        page = text(town.sam, path)
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_a_figure_that_is_on_and_has_no_value_says_why(town: Town) -> None:
    page = words(text(town.sam, "measure?figure=overdue.core_group_first"))
    assert "no figure in the newest extract. The time limit is not watched: the extract has no file meetings.csv." in page
    assert "no figure in the newest extract." in words(text(town.sam, "measure?figure=caseload"))


@pytest.mark.parametrize("show", ["26", "52", "104", "daily"])
def test_the_past_can_be_chosen(town: Town, show: str) -> None:
    assert 'aria-current="true"' in text(town.sam, f"measure?figure=open&show={show}")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404), ("figure=", 404), ("figure=nope", 404), ("figure=overdue.nope", 404), ("figure=open;drop", 404), ("figure=../x", 404),
        ("figure=unallocated.NA1", 404), ("figure=open&show=7", 400), ("figure=open&show=", 400), ("figure=open&team=XX", 404),
        ("figure=open&team=service:XX", 404), ("figure=open&source=zz", 404), ("figure=open%00", 404), ("figure=open&team=%27--", 404),
    ],
)  # fmt: skip
def test_nonsense_gets_a_page_of_ours(town: Town, query: str, status: int) -> None:
    assert "<h1>" in text(town.sam, f"measure?{query}", status)


def test_series_are_kept_of_the_newest_extract_that_speaks_and_go_when_an_older_one_is_made_again(tmp_path: Path) -> None:
    with open_digest_lab(tmp_path) as lab:
        ids = [lab.land(FRIDAY - dt.timedelta(weeks=back), usual()) for back in (2, 1, 0)]
        held = lab.land(FRIDAY + dt.timedelta(weeks=1), usual(), "hold")

        def keep(id_: str) -> bool:
            with lab.house.engine.begin() as c:
                keep_forecasts(lab.house, c, ledger.extract_by_id(c, id_))
                return bool(panels.load(c, "demo", "arrivals", ids[2])) and bool(panels.load(c, "demo", "in_time.assessment_45_wt", ids[2]))

        assert keep(ids[2]) and keep(held)  # what does not speak changes nothing
        assert not keep(ids[1])
        assert keep(ids[2])


# --- who sees what -------------------------------------------------------------------------------------------------------
def test_somebody_of_one_service_sees_their_teams_and_no_others(town: Town) -> None:
    page = text(town.nora, "measure?figure=unallocated")
    assert "<h2>By service</h2>" not in page and "team=SA1" not in page and "CC1" not in page and "All teams" not in words(page)
    assert {"NA1", "NA2", "NF1"} <= set(re.findall(r"team=([A-Z]+\d)", page))
    assert "North Assessment 1: 19" in words(page)


@pytest.mark.parametrize("team", ["SA1", "council", "*", "no-team", "service:south", "XX"])
def test_what_is_not_theirs_answers_like_what_does_not_exist(town: Town, team: str) -> None:
    assert text(town.nora, f"measure?figure=unallocated&team={team}", 404) == text(town.nora, "measure?figure=unallocated&team=ZZ", 404)


def test_the_list_of_figures_shows_no_council_value_to_them(town: Town) -> None:
    mine, whole = text(town.nora, "measures"), text(town.sam, "measures")
    assert '<th scope="col" class="n">Value</th>' in whole and "Value</th>" not in mine
    assert "27" in words(whole)  # unallocated of the whole council: 19 + 2 + 5 + 1


# --- what is not watched -------------------------------------------------------------------------------------------------
def test_what_is_not_watched_says_why_and_what_would_bring_it(town: Town) -> None:
    page = words(text(town.sam, "not-watched"))
    rules = len(town.lab.house.config.timescales)
    assert f"{rules - 1} of {rules} time limits are watched" in page
    assert "Because the extract has no file meetings.csv" in page and "meetings.csv : the guide" in page.replace(
        "meetings.csv: ", "meetings.csv : "
    )
    for rule in town.lab.house.config.timescales:
        assert rule.source in page


def test_a_team_whose_rows_are_gone_is_named_only_to_those_who_may_see_it(tmp_path: Path) -> None:
    with open_digest_lab(tmp_path) as lab:
        id_ = lab.land(FRIDAY, usual())
        with lab.house.engine.begin() as c:
            q = t.quality_report
            c.execute(q.update().where(q.c.extract_id == id_).values(blocked_teams=["SA1"]))
            c.execute(t.measure_value.delete().where(t.measure_value.c.team == "SA1"))
        with pages(lab.house.settings, NOW) as sam:
            assert "the rows of 1 team are missing" in text(sam, "not-watched") and "team=SA1" in text(sam, "not-watched")
            page = words(text(sam, "measure?figure=unallocated&team=SA1"))
            assert "which is not the same as figures of zero" in page
            assert "No figures, since their rows are missing from the extract: South Assessment." in words(text(sam, "measure?figure=open"))


def test_before_an_extract_speaks_every_page_says_so(tmp_path: Path) -> None:
    with open_digest_lab(tmp_path) as lab:
        lab.land(FRIDAY, usual(), "hold")
        with pages(lab.house.settings, NOW) as sam:
            assert "No extract has passed its quality check yet" in text(sam, "measure?figure=open")
            assert "nothing is watched" in text(sam, "not-watched")
            assert "All figures" in text(sam, "measures")


def test_a_held_extract_is_named_as_a_gap(tmp_path: Path) -> None:
    with open_digest_lab(tmp_path) as lab:
        lab.weeks(3, last=FRIDAY - dt.timedelta(weeks=1))
        lab.land(FRIDAY, usual(open={"NA1": 999}), "hold")
        with pages(lab.house.settings, NOW) as sam:
            page = words(text(sam, "measure?figure=open&team=NA1"))
    assert "do not speak" in page and "20 November 2026" in page and "999" not in page
