"""The work list as a page and as a file: the order of the engine, cut to what a viewer may see, with ids and nothing else."""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import select

from caseclock import pipeline
from caseclock.clocks.worklist_config import WorklistConfig
from caseclock.dashboard import Viewer
from caseclock.pipeline.kept_list import kept_list, list_path
from caseclock.pipeline.retention import old_folders
from caseclock.pipeline.worklist import choose, work_list
from caseclock.settings import Settings, from_environment
from caseclock.storage import schema as t

from .pages_lab import Somebody, pages
from .work_lab import FRIDAY, HOSTILE, NOW, council, edit

PAGE = "/caseclock/worklist"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return council(tmp_path_factory.mktemp("work") / "home", days=(FRIDAY,))


@pytest.fixture
def own(town: Settings, tmp_path: Path) -> Settings:
    """A copy that a test may change."""
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


def engine_says(settings: Settings, place: str | None = None) -> list[dict[str, object]]:
    """The list as `caseclock worklist` makes it, with pandas and from the frames."""
    with pipeline.open_house(settings) as house:
        return list(work_list(house, team=place).frame.to_dict("records"))


def rows_of(client: TestClient, **choice: object) -> list[dict[str, str]]:
    answer = client.get(PAGE + ".csv", params=choice)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def cases_on(page: str) -> list[str]:
    return [html.unescape(id_) for id_ in re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]+)', page)]


# --- what is shown is what the engine says -----------------------------------------------------------------------------
def test_page_after_page_is_the_list_of_the_engine_in_its_order(town: Settings, sam: TestClient) -> None:
    expected = [row["item_ref"] for row in engine_says(town)]
    shown: list[str] = []
    while len(shown) < len(expected):
        found = cases_on(sam.get(PAGE, params={"start": len(shown)}).text)
        assert 0 < len(found) <= 50
        shown += found
    assert len(expected) > 100
    assert shown == expected


def test_the_file_says_the_same_of_each_case(town: Settings, sam: TestClient) -> None:
    expected = engine_says(town)
    found = rows_of(sam)
    assert [row["item_ref"] for row in found] == [row["item_ref"] for row in expected]
    assert [row["tier"] for row in found] == [str(row["tier"]) for row in expected]
    assert [row["reason"] for row in found] == [row["reason"] for row in expected]
    assert [int(row["overdue"]) for row in found] == [row["overdue"] for row in expected]


def test_next_due_is_the_nearest_limit_of_the_child_that_has_not_passed(town: Settings, sam: TestClient) -> None:
    with pipeline.open_house(town) as house:
        from caseclock.pipeline.ask import clocks_of

        clocks = clocks_of(house, choose(house, None, None).extract).astype({"rule": "str", "state": "str"})
    nearest: dict[str, str] = {}
    for clock in clocks[clocks["stopped_on"].isna() & (clocks["rule"] != "supervision_recorded")].itertuples():
        day = str(clock.due_on)[:10]
        if clock.state != "overdue" and isinstance(clock.child_ref, str) and day >= str(FRIDAY):
            nearest[clock.child_ref] = min(day, nearest.get(clock.child_ref, day))
    found = rows_of(sam)
    assert [row["next_on"] for row in found] == [nearest.get(row["child_ref"], "") for row in found]
    assert sum(bool(row["next_on"]) for row in found) > 50


@pytest.mark.parametrize("place", [HOSTILE, "service:SOUTH", "NA2"])
def test_a_place_has_the_rows_that_the_engine_gives_it(town: Settings, sam: TestClient, place: str) -> None:
    assert [row["item_ref"] for row in rows_of(sam, team=place)] == [row["item_ref"] for row in engine_says(town, place)] != []


def test_filters_leave_what_they_say_and_their_counts_are_right(town: Settings, sam: TestClient) -> None:
    everything = engine_says(town)
    rule = "assessment_45_wt"
    expected = [row["item_ref"] for row in everything if row["tier"] == 2 and row["rule"] == rule]
    assert expected
    assert [row["item_ref"] for row in rows_of(sam, tier=2, rule=rule)] == expected
    page = sam.get(PAGE).text
    assert f"Nobody holds it ({sum(row['tier'] == 1 for row in everything):,})" in page
    assert f"All ({len(everything):,})" in page


# --- who sees what --------------------------------------------------------------------------------------------------------
def test_a_scoped_viewer_sees_their_teams_and_learns_nothing_of_others(town: Settings, north: TestClient) -> None:
    expected = [row for row in engine_says(town) if str(row["team"]).startswith(("NA", "NF", "<script"))]
    found = rows_of(north)
    assert [row["item_ref"] for row in found] == [row["item_ref"] for row in expected]
    assert [int(row["place"]) for row in found] == list(range(1, len(found) + 1))  # not the rank in the council
    page = north.get(PAGE).text
    others = {str(row["team"]) for row in engine_says(town)} - {str(row["team"]) for row in expected}
    assert others
    assert not [team for team in others if f"team={team}" in page or f">{team}<" in page]


@pytest.mark.parametrize("place", ["council", "no-team", "SA1", "service:NORTH", "service:SOUTH", "there-is-none"])
def test_what_is_not_theirs_answers_like_what_does_not_exist(north: TestClient, place: str) -> None:
    answers = {path: north.get(PAGE + path, params={"team": place}) for path in ("", ".csv")}
    assert {a.status_code for a in answers.values()} == {404}
    nothing = north.get(PAGE, params={"team": "there-is-none"})
    assert answers[""].text == nothing.text


def test_somebody_without_any_team_gets_an_empty_list(own: Settings) -> None:
    edit(own, "routes.yaml", pages={"everything": ["sam"], "unlisted": "nothing"})
    with pages(own, NOW, Somebody(Viewer("stranger", "S"))) as client:
        assert "no open case" in client.get(PAGE).text
        assert rows_of(client) == []


# --- the file ---------------------------------------------------------------------------------------------------------------
def test_a_download_is_in_the_audit_with_who_what_and_how_many(own: Settings) -> None:
    with pages(own, NOW, Somebody(Viewer("north", "North"))) as client:
        found = rows_of(client, team="NA2", tier=1)
        name = client.get(PAGE + ".csv", params={"team": HOSTILE}).headers["content-disposition"]
    with pipeline.open_house(own) as house, house.engine.begin() as c:
        row, other = c.execute(select(t.audit).where(t.audit.c.event == "work_list_downloaded").order_by(t.audit.c.id)).all()[-2:]
    assert (row.by, row.detail["rows"], row.detail["team"], row.detail["tier"]) == ("north", len(found), "NA2", 1)
    assert other.detail["team"] == HOSTILE
    plain = re.match(r'attachment; filename="([A-Za-z0-9._-]+)"; ', name)
    assert plain
    assert plain[1].startswith(f"worklist_demo_{FRIDAY}_")


def test_no_cell_runs_as_a_formula_in_a_spreadsheet(own: Settings) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pipeline.open_house(own) as house:
        path = list_path(house, choose(house, None, None).extract)
    table = pq.read_table(path)
    at = table.schema.get_field_index("item_ref")
    evil = ["=1+1", "@SUM(A1)", "-2", "+3", "\t=4", *table["item_ref"].to_pylist()[5:]]
    pq.write_table(table.set_column(at, "item_ref", pa.array(evil)), path, row_group_size=2000)
    with pages(own, NOW) as client:
        cells = [row["item_ref"] for row in rows_of(client)][:5]
    assert cells == ["'=1+1", "'@SUM(A1)", "'-2", "'+3", "' =4"]


# --- links into the case system ---------------------------------------------------------------------------------------------
def test_cases_link_into_the_case_system_when_it_is_known(own: Settings, sam: TestClient) -> None:
    first = str(engine_says(own)[0]["item_ref"])
    assert "cases.example" not in sam.get(PAGE).text
    edit(own, "worklist.yaml", case_link="https://cases.example.gov.uk/case/{item_ref}?of=1")
    with pages(own, NOW) as client:
        assert f'<a href="https://cases.example.gov.uk/case/{first}?of=1" rel="noopener noreferrer">{first}</a>' in client.get(PAGE).text


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("http://cases.example.gov.uk/{item_ref}", "https://"),
        ("javascript:alert({item_ref})", "https://"),
        ("//cases.example.gov.uk/{item_ref}", "https://"),
        ("https://cases.example.gov.uk/", "names no case"),
        ("https://{item_ref}.example.gov.uk/", "host"),
        ("https://a@b/{item_ref}", "host"),
        ("https://cases.example.gov.uk/{name}", "{name} is no id"),
        ("https://cases.example.gov.uk/{item_ref!r}", "is no id"),
        ("https://cases.example.gov.uk/{item_ref.__class__}", "is no id"),
        ("https://cases.example.gov.uk/{", "no address"),
        ('https://cases.example.gov.uk/"{item_ref}', "quotation mark"),
    ],
)
def test_what_is_no_link_to_a_case_is_told(link: str, why: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        WorklistConfig(case_link=link)


def test_an_id_cannot_leave_its_place_in_the_link() -> None:
    config = WorklistConfig(case_link="http://localhost:8000/case/{item_ref}/{child_ref}")
    assert config.case_address("../a b&c?d#e", "C/1") == "http://localhost:8000/case/..%2Fa%20b%26c%3Fd%23e/C%2F1"
    assert config.case_address("..", "C1") == config.case_address(None, "C1") == ""


# --- the kept list -------------------------------------------------------------------------------------------------------------
def test_the_list_lies_ready_after_the_measures_and_a_page_needs_no_pandas(town: Settings) -> None:
    code = f"""
import sys, datetime as dt
from pathlib import Path
from caseclock.dashboard.model import At, Viewer
from caseclock.pipeline.pages import Desk, StoreBacklog
from caseclock.settings import from_environment
desk = Desk(lambda: from_environment({str(town.home)!r}, {{}}))
pages, now = StoreBacklog(desk), dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
frame, scope = pages.begin(Viewer("sam", "Sam"), None, now)
at = At(Viewer("sam", "Sam"), frame.source, scope, frame, now)
assert pages.work_list(at, None, None, None, 0).total > 100 and pages.team(at, "NA2").cards
print(sorted({{"pandas", "great_expectations", "alembic"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_another_order_is_noticed_and_the_list_is_made_again(own: Settings) -> None:
    with pipeline.open_house(own) as house:
        extract = choose(house, None, None).extract
        before = list_path(house, extract).read_bytes()
    edit(own, "worklist.yaml", soon_wd=0, next_wd=0)
    with pages(own, NOW) as client:
        assert [row["tier"] for row in rows_of(client)] == [str(row["tier"]) for row in engine_says(own)]
    assert list_path(house, extract).read_bytes() != before


def test_a_link_is_no_other_order(own: Settings) -> None:
    with pipeline.open_house(own) as house:
        path = kept_list(house, choose(house, None, None).extract).path
        stamp = path.stat().st_mtime_ns
    edit(own, "worklist.yaml", case_link="https://cases.example.gov.uk/{child_ref}")
    with pages(own, NOW) as client:
        assert "cases.example" in client.get(PAGE).text
    assert path.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("there", [None, b"", b"PAR1 broken PAR1"])
def test_a_list_that_is_not_there_or_broken_is_made_once(own: Settings, there: bytes | None) -> None:
    expected = [str(row["item_ref"]) for row in engine_says(own)]
    with pipeline.open_house(own) as house:
        path = list_path(house, choose(house, None, None).extract)
    path.unlink()
    if there is not None:
        path.write_bytes(there)
    with pages(own, NOW) as client:
        assert [row["item_ref"] for row in rows_of(client)] == expected
        made = path.stat().st_mtime_ns
        client.get(PAGE)
    assert path.stat().st_mtime_ns == made
    assert not list(path.parent.glob(".*"))


def test_retention_takes_it_with_the_clock_frames(own: Settings) -> None:
    with pipeline.open_house(own) as house:
        path = list_path(house, choose(house, None, None).extract)
        old = path.parent.parent / "2020-01-03" / "0123456789abcdef.worklist.parquet"
        old.parent.mkdir()
        shutil.copy(path, old)
        assert old in old_folders(house, NOW)
        assert path not in old_folders(house, NOW)


# --- nothing, and nonsense -------------------------------------------------------------------------------------------------------
def test_held_data_is_said_and_the_list_is_not_taken_for_sure(own: Settings) -> None:
    with pipeline.open_house(own) as house, house.engine.begin() as c:
        c.execute(t.quality_report.update().values(verdict="hold"))
    with pages(own, NOW) as client:
        answer = client.get(PAGE)
        assert (answer.status_code, "HELD: quality holds the figures" in answer.text) == (200, True)
        assert client.get(PAGE + ".csv").headers["content-disposition"].startswith('attachment; filename="worklist_demo_held.csv"')


def test_before_the_first_extract_there_is_no_list(tmp_path: Path) -> None:
    with pages(from_environment(tmp_path, {}), NOW) as client:
        assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("tier=6", 400), ("tier=-1", 400), ("tier=x", 400), ("start=-1", 400), ("start=1e3", 400), ("start=99999999999", 400),
     ("rule=nonsense", 404), ("team=nonsense", 404), ("team=service%3Anone", 404), ("start=999999", 200), ("tier=&team=&rule=", 200),
     ("start=%D9%A1", 400), ("team=%00", 404), ("source=none", 404)],
)  # fmt: skip
def test_nonsense_has_an_answer(sam: TestClient, query: str, status: int) -> None:
    answer = sam.get(f"{PAGE}?{query}")
    assert (answer.status_code, "<h1>" in answer.text) == (status, True)


def test_a_hostile_team_is_shown_as_its_name_and_can_be_chosen(sam: TestClient) -> None:
    page = sam.get(PAGE).text
    assert "<script>" not in page
    assert f"team={quote(HOSTILE, safe='').replace('%20', '+')}" in page
    assert "&lt;script&gt;alert(1)" in sam.get(PAGE, params={"team": HOSTILE}).text


def test_orders_only_is_said(sam: TestClient) -> None:
    assert "It decides on no child" in sam.get(PAGE).text
