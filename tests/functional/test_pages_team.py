"""The page of one team: its figures are those of the store, beside what may be compared, and nothing of anybody else's."""

from __future__ import annotations

import datetime as dt
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from sqlalchemy import insert, select

from caseclock import pipeline
from caseclock.charts import spark
from caseclock.dashboard import Viewer
from caseclock.dashboard.look import number
from caseclock.pipeline.pages.team_words import EVENTS, change, how_it_stands
from caseclock.settings import Settings, from_environment
from caseclock.storage import schema as t
from caseclock.thresholds import ThresholdRule

from .pages_lab import Somebody, pages
from .work_lab import BEFORE, FRIDAY, HOSTILE, NOW, council

PAGE = "/caseclock/team"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return council(tmp_path_factory.mktemp("team") / "home")


@pytest.fixture
def own(town: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(town.home, tmp_path / "home")
    return from_environment(tmp_path / "home", {})


@pytest.fixture(scope="module")
def sam(town: Settings) -> Iterator[TestClient]:
    with pages(town, NOW) as client:
        yield client


@pytest.fixture
def north(town: Settings) -> Iterator[TestClient]:
    with pages(town, NOW, Somebody(Viewer("north", "North"))) as client:
        yield client


def stored(settings: Settings, day: dt.date, place: str) -> dict[str, tuple[float | None, int]]:
    with pipeline.open_house(settings) as house, house.engine.begin() as c:
        m, e = t.measure_value, t.extract
        query = select(m.c.measure, m.c.value, m.c.n).join(e, e.c.id == m.c.extract_id).where(e.c.as_of == str(day), m.c.team == place)
        return {figure: (value, n) for figure, value, n in c.execute(query)}


def rows_of(page: str, caption: str) -> dict[str, list[str]]:
    """The rows of one table by their heading, as text."""
    table = re.search(rf"<table[^>]*>\s*<caption>{re.escape(str(escape(caption)))}.*?</table>", page, re.S)
    assert table, caption
    made = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table[0], re.S)[1:]:
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", re.sub(r"<svg.*?</svg>", "", row, flags=re.S), re.S)
        said = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]
        made[said[0]] = said[1:]
    return made


# --- figures -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["NA2", HOSTILE, "service:NORTH", "*"])
def test_figures_and_their_changes_are_those_of_the_store(town: Settings, sam: TestClient, place: str) -> None:
    now, before = stored(town, FRIDAY, place), stored(town, BEFORE, place)
    page = sam.get(PAGE, params={"team": "council" if place == "*" else place}).text
    title = re.search(r"<h1>(.*?)</h1>", page)
    assert title
    rows = rows_of(page, f"Work that is open: {html.unescape(title[1])}")
    shown, change_said = rows["Open work"][0], rows["Open work"][2]
    difference = (now["open"][0] or 0) - (before["open"][0] or 0)
    assert shown == number(now["open"][0])
    assert change_said == ("no change" if not difference else f"{'up' if difference > 0 else 'down'} {number(abs(difference))}")
    assert rows["Cases without an allocated worker"][0] == number(now["unallocated"][0])
    late = now["overdue.assessment_45_wt"][0]
    if late:
        due = rows_of(page, "Clocks by timescale, most overdue first.")
        assert due["Assessment within 45 working days of the referral"][0] == number(late)


def test_a_count_is_compared_with_the_mean_of_teams_and_a_share_with_all_of_them(town: Settings, sam: TestClient) -> None:
    with pipeline.open_house(town) as house, house.engine.begin() as c:
        m, e = t.measure_value, t.extract
        query = select(m.c.team, m.c.n).join(e, e.c.id == m.c.extract_id).where(e.c.as_of == str(FRIDAY), m.c.measure == "open")
        open_ = {team: n for team, n in c.execute(query) if team not in ("*", "?") and not team.startswith("service:") and n}
    page = sam.get(PAGE, params={"team": "NA2"}).text
    rows = rows_of(page, "Work that is open: North Assessment 2")
    mean = round(sum(open_.values()) / len(open_), 1)
    assert rows["Open work"][-2] == f"{number(mean)} (mean of {len(open_)} teams)"
    share = stored(town, FRIDAY, "*")["in_time.assessment_45_wt"][0]
    assert share is not None
    late = rows_of(page, "Late, and done in time: read the two together: North Assessment 2")
    row = late["Done in time, of what was done: assessment within 45 working days of the referral"]
    assert row[-2] == f"{number(round(share, 1), 'per cent')} (all teams together)"


def test_what_comes_due_and_the_first_cases_are_there_with_links(town: Settings, sam: TestClient) -> None:
    page = sam.get(PAGE, params={"team": "NA2"}).text
    assert 'href="/caseclock/measure?figure=overdue.assessment_45_wt&amp;team=NA2"' in page
    assert 'href="/caseclock/worklist?team=NA2"' in page
    total = stored(town, FRIDAY, "NA2")["open"][1]
    assert f"The whole work list of North Assessment 2: {total} cases" in page
    assert len(re.findall(r'<th scope="row">\d+<span class="under">child', page)) == min(10, total)


def test_what_happened_is_counted_as_the_store_has_it(town: Settings, sam: TestClient) -> None:
    with pipeline.open_house(town) as house, house.engine.begin() as c:
        n, e = t.event_count, t.extract
        query = (
            select(n.c.type, n.c.n).join(e, e.c.id == n.c.extract_id).where(e.c.as_of == str(FRIDAY), n.c.team == "*", n.c.rule == "case")
        )
        expected = {EVENTS[kind]: [str(count)] for kind, count in c.execute(query) if kind in EVENTS}
    page = sam.get(PAGE, params={"team": "council"}).text
    assert rows_of(page, "What happened to cases") == expected
    assert any(count != ["0"] for count in expected.values())


def test_its_open_alerts_are_listed_and_those_of_others_are_not(own: Settings) -> None:
    alert = {"source": "demo", "episode": "2026-11-20", "condition": "FIRING", "severity": "red", "value": 9.0, "since": "2026-11-16"}
    alert |= {"updated_at": "x"}
    with pipeline.open_house(own) as house, house.engine.begin() as c:
        c.execute(t.alert.delete())
        c.execute(insert(t.alert), [alert | {"id": "aaaaaaaaaaaa", "rule": "unallocated", "team": HOSTILE},
                                    alert | {"id": "bbbbbbbbbbbb", "rule": "unallocated", "team": "NA2"}])  # fmt: skip
    with pages(own, NOW) as client:
        page = client.get(PAGE, params={"team": HOSTILE}).text
        assert "/caseclock/alerts/aaaaaaaaaaaa" in page
        assert "/caseclock/alerts/bbbbbbbbbbbb" not in page
        assert "2 open alerts of teams" in client.get(PAGE, params={"team": "council"}).text


# --- who sees what ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["council", "no-team", "SA1", "service:NORTH", "nonsense"])
def test_what_is_not_theirs_answers_like_what_does_not_exist(north: TestClient, place: str) -> None:
    answer = north.get(PAGE, params={"team": place})
    assert answer.status_code == 404
    assert answer.text == north.get(PAGE, params={"team": "there-is-none"}).text


def test_a_scoped_viewer_compares_with_their_own_teams_only(town: Settings, north: TestClient) -> None:
    found = [stored(town, FRIDAY, place).get("open", (None, 0)) for place in ("NA2", HOSTILE, "NF1", "NF2")]
    mine = [(value, n) for value, n in found if n]
    page = north.get(PAGE, params={"team": "NA2"}).text
    mean = round(sum(value or 0 for value, _ in mine) / len(mine), 1)
    assert len(mine) > 1
    assert rows_of(page, "Work that is open: North Assessment 2")["Open work"][-2] == f"{number(mean)} (mean of {len(mine)} teams)"
    assert "all teams together" not in page
    assert "team=SA1" not in page
    assert "team=council" not in page


# --- nothing, nonsense, and names ---------------------------------------------------------------------------------------------
def test_one_extract_has_figures_and_no_change(tmp_path: Path) -> None:
    settings = council(tmp_path / "home", days=(FRIDAY,))
    with pages(settings, NOW) as client:
        page = client.get(PAGE, params={"team": "NA2"}).text
    assert rows_of(page, "Work that is open: North Assessment 2")["Open work"][2] == "–"
    assert "no earlier extract to compare with" in page


def test_held_data_has_no_figures(own: Settings) -> None:
    with pipeline.open_house(own) as house, house.engine.begin() as c:
        c.execute(t.quality_report.update().values(verdict="hold"))
    with pages(own, NOW) as client:
        answer = client.get(PAGE, params={"team": "NA2"})
    assert answer.status_code == 200
    assert "no extract has passed its quality check yet" in answer.text
    assert "<td" not in answer.text


@pytest.mark.parametrize(("query", "status"), [("", 400), ("team=", 400), ("team=%00", 404), ("team=service%3A", 404), ("team=*", 200)])
def test_nonsense_has_an_answer(sam: TestClient, query: str, status: int) -> None:
    answer = sam.get(f"{PAGE}?{query}")
    assert (answer.status_code, "<h1>" in answer.text) == (status, True)


def test_a_hostile_team_is_shown_as_its_name(sam: TestClient) -> None:
    page = sam.get(PAGE, params={"team": HOSTILE}).text
    assert "<script>" not in page
    assert f"<h1>{html.escape(HOSTILE, quote=False).replace(chr(34), '&#34;')}</h1>" in page


# --- words and lines ------------------------------------------------------------------------------------------------------------
def test_an_open_alert_below_its_limit_is_not_said_to_be_past_it() -> None:
    rule = ThresholdRule(id="r", title="cases", measure="open", amber=15, red=25, clear_below=12)
    assert how_it_stands(rule, 16) == ("past its limit", False)
    assert how_it_stands(rule, 13) == ("back within its limit of 15; it ends once it has stayed below 12", True)


@pytest.mark.parametrize(
    ("now", "before", "unit", "measure", "direction", "words", "turn"),
    [
        (5, 3, "cases", "unallocated", "above", "up 2", "worse"),
        (3, 5, "cases", "unallocated", "above", "down 2", "better"),
        (70.0, 74.5, "per cent", "in_time", "below", "down 4.5 points", "worse"),
        (-4, 2, "cases", "residual", "either", "down 6", "worse"),
        (5, 3, "cases", "arrivals", "above", "up 2", ""),
        (5, 5, "cases", "unallocated", "above", "no change", ""),
        (5, None, "cases", "unallocated", "above", "–", ""),
    ],
)
def test_a_change_says_its_way_and_whether_it_is_worse(
    now: float, before: float | None, unit: str, measure: str, direction: str, words: str, turn: str
) -> None:
    made = change(now, before, unit, measure, direction)  # type: ignore[arg-type]
    assert (made.words, made.turn) == (words, turn)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((), "Open: no figure in 0 weeks."),
        ((None, None), "Open: no figure in 2 weeks."),
        ((None, 4.0), "Open: 4, the only week with a figure."),
        ((4.0, 4.0), "Open: 4 in each of 2 weeks."),
        ((1.0, None, 9.0, 3.0), "Open: from 1 to 3 over 4 weeks, between 1 and 9."),
    ],
)
def test_a_line_says_what_it_shows_and_stays_in_its_box(values: tuple[float | None, ...], says: str) -> None:
    line = spark.Spark("Open", values, limit=5.0)
    drawn = ElementTree.fromstring(spark.draw(line))
    assert (spark.finding(line), drawn.get("aria-label")) == (says, says)
    at = [tuple(map(float, p.split(","))) for shape in drawn.iter() for p in (shape.get("points") or "").split()]
    assert all(0 <= x <= spark.WIDTH and 0 <= y <= spark.HEIGHT for x, y in at)
