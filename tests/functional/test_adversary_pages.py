"""Attacks on the Backlog pages: every link, every parameter, hostile words everywhere, and people who may not see what they look for."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from caseclock.dashboard.shell import NAVIGATION
from caseclock.settings import Settings, from_environment

from . import hostile_pages
from .hostile_pages import CANARY, MARK, NORTH, NOW, SOUTH, Walk, configuration, make_outer, walk

ROOT = "/caseclock"
OURS = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
PEOPLE = ("sam", "vera", "nora", "nobody")


@pytest.fixture(scope="module")
def town() -> Settings:
    return hostile_pages.town()


@contextmanager
def asked_by(town: Settings, who: str, prefix: str = "") -> Iterator[TestClient]:
    outer, desk = make_outer(town)
    try:
        with TestClient(outer, root_path=prefix, cookies={"who": who}, follow_redirects=False, raise_server_exceptions=False) as client:
            yield client
    finally:
        desk.close()


@pytest.fixture(scope="module")
def walks(town: Settings) -> dict[str, Walk]:
    """All pages that each person can come to."""
    made = {}
    for who in PEOPLE:
        with asked_by(town, who) as client:
            made[who] = walk(client, ROOT, most=40 if who == "vera" else 300, of_a_shape=3)
    return made


def store(town: Settings, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(town.store_url)
    with engine.connect() as c:
        rows = [tuple(row) for row in c.execute(text(query))]
    engine.dispose()
    return rows


# --- every link ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", PEOPLE)
def test_no_link_is_dead_and_every_page_is_well_made(walks: dict[str, Walk], who: str) -> None:
    assert walks[who].faults == {}
    assert len(walks[who].pages) >= len(NAVIGATION)


def test_who_sees_all_comes_to_every_kind_of_page(walks: dict[str, Walk]) -> None:
    found = {re.sub(r"[0-9a-f]{12,16}", "#", url.partition("?")[0]) for url in walks["sam"].pages}
    wanted = {f"{ROOT}/{path}" for path, _, _ in NAVIGATION} | {
        f"{ROOT}/{path}" for path in ("team", "measure", "alerts/#", "quality/rule", "quarantine", "extracts/#")
    }
    assert wanted - found == set()
    assert any("/digests/demo/" in url for url in found)
    assert any("worklist.csv" in url for url in walks["sam"].others)
    assert any("source=other" in url for url in walks["sam"].pages)


def test_links_stay_below_the_mount_when_airflow_itself_stands_below_a_prefix(town: Settings) -> None:
    with asked_by(town, "sam", "/airflow") as client:
        found = walk(client, "/airflow/caseclock", most=40, of_a_shape=1)
    assert found.faults == {}
    assert len(found.pages) > len(NAVIGATION)


# --- what is not for them --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["nora", "nobody"])
def test_nothing_of_another_service_is_on_any_page(walks: dict[str, Walk], who: str) -> None:
    """By the marks in the names, and by the ids as words of their own."""
    hidden = SOUTH if who == "nora" else (*SOUTH, *NORTH)
    marks = re.compile("|".join([*(MARK.format(id_) for id_ in hidden), *(rf"(?<![\w#-]){id_}(?![\w-])" for id_ in hidden)]))
    assert {url: marks.findall(raw) for url, raw in walks[who].everything() if marks.search(raw)} == {}
    if who == "nora":
        seen = "".join(raw for _, raw in walks["sam"].everything())
        assert all(MARK.format(id_) in seen for id_ in ("NA1", "SA1", "CC1"))  # else the marks would prove nothing
        assert any(MARK.format("NA1") in raw for _, raw in walks["nora"].everything())


def test_what_is_not_theirs_answers_as_what_does_not_exist(town: Settings, walks: dict[str, Walk]) -> None:
    alert = store(town, "select id from alert where team like 'S%' or team like 'F%' or team like 'C%' or team = '*' limit 1")[0][0]
    pairs = [
        ("/team?team=SA1", "/team?team=XX9"),
        ("/team?team=council", "/team?team=XX9"),
        ("/measure?figure=unallocated&team=SA1", "/measure?figure=unallocated&team=XX9"),
        ("/worklist?team=SA1", "/worklist?team=XX9"),
        ("/worklist.csv?team=SA1", "/worklist.csv?team=XX9"),
        ("/alerts?team=SA1", "/alerts?team=XX9"),
        (f"/alerts/{alert}", "/alerts/000000000000"),
        ("/digests/demo/2026-W47/south", "/digests/demo/2026-W47/nowhere"),
        ("/digests/demo/2026-W47/council", "/digests/demo/2026-W47/nowhere"),
    ]
    with asked_by(town, "nora") as client:
        for theirs, nothing in pairs:
            got, none = client.get(ROOT + theirs), client.get(ROOT + nothing)
            assert (theirs, got.status_code, got.text) == (theirs, 404, none.text)
        for deed in ("acknowledge", "silence", "unsilence"):
            for body in ({"reason": "it is seen to", "until": "2026-11-25", "once": "x"}, {"reason": 1}, {"until": "never"}, {}):
                got = client.post(f"{ROOT}/alerts/{alert}/{deed}", json=body, headers=OURS)
                none = client.post(f"{ROOT}/alerts/000000000000/{deed}", json=body, headers=OURS)
                assert (deed, got.status_code, got.json()) == (deed, 404, none.json())


def test_a_deed_that_is_not_allowed_is_in_the_audit_once_a_minute(town: Settings) -> None:
    alert = store(town, "select id from alert where closed_on is null limit 1")[0][0]
    rows = "select by, subject, reason from audit where event = 'not_allowed'"
    for minutes, known in ((0, 1), (0.5, 1), (1.1, 2)):
        outer, desk = make_outer(town, NOW + dt.timedelta(minutes=minutes))
        with TestClient(outer, cookies={"who": "vera"}, headers=OURS) as client:
            for deed in ("acknowledge", "silence", "unsilence"):
                answer = client.post(f"{ROOT}/alerts/{alert}/{deed}", json={"reason": CANARY, "once": "12345678"})
                assert answer.status_code == 403
            assert client.post(f"{ROOT}/alerts/{CANARY}<b>/silence", json={}).status_code == 403
            page = client.get(f"{ROOT}/audit?event=not_allowed")
        desk.close()
        found = store(town, rows)
        assert [row[:2] for row in found] == [("vera", f"acknowledge alert {alert}")] * known
        assert CANARY not in str(found)
        assert "Deed not allowed" in page.text


def test_the_sums_of_a_service_are_not_those_of_the_council(walks: dict[str, Walk], town: Settings) -> None:
    """A number that only all teams together have is on no page of who sees one service."""
    newest = store(town, "select id from extract where source = 'demo' order by as_of desc limit 1")[0][0]
    rows = store(
        town, f"select measure, value from measure_value where extract_id = '{newest}' and team = '*' and measure in ('open', 'arrivals')"
    )
    large = [f"{value:,.0f}" for _, value in rows if value >= 100]
    assert large
    seen = {url: [n for n in large if re.search(rf"(?<![\d,.]){n}(?![\d,.]\d)", page.said)] for url, page in walks["nora"].pages.items()}
    assert {url: found for url, found in seen.items() if found} == {}


# --- personal values -------------------------------------------------------------------------------------------------------
def test_no_personal_value_is_on_any_page(walks: dict[str, Walk]) -> None:
    for who in PEOPLE:
        assert [url for url, raw in walks[who].everything() if CANARY in raw.upper()] == []


def test_ids_of_cases_are_on_the_work_list_of_a_team_and_behind_an_alert_only(walks: dict[str, Walk], town: Settings) -> None:
    frame = pd.concat(
        pd.read_parquet(path)
        for path in sorted(town.clocks.rglob("*.parquet"))
        if "cases" not in path.name and "referrals" not in path.name
    )
    refs = {str(r) for column in ("child_ref", "item_ref") for r in frame[column].dropna() if len(str(r)) >= 6}
    assert len(refs) > 100
    for who in PEOPLE:
        for url, raw in walks[who].everything():
            if not re.match(rf"{ROOT}/(worklist|alerts/|team\?)", url):  # the page of a team shows the first of its list
                assert (url, sorted(refs & set(re.findall(r"\w{6,}", raw)))) == (url, [])
        if who == "nobody":
            assert all(not refs & set(re.findall(r"\w{6,}", raw)) for _, raw in walks[who].everything())
    assert any(refs & set(re.findall(r"\w{6,}", raw)) for url, raw in walks["sam"].everything() if "/worklist" in url)


def test_cases_of_other_teams_are_on_no_work_list_of_theirs(walks: dict[str, Walk], town: Settings) -> None:
    frame = pd.concat(pd.read_parquet(path) for path in sorted(town.clocks.rglob("*.parquet")))
    held = frame.assign(team=frame["team"].astype("string")).groupby("item_ref")["team"].agg(lambda teams: set(teams.dropna()))
    foreign = {str(ref) for ref, teams in held.items() if len(str(ref)) >= 6 and teams and not set(teams) & {*NORTH, "NF2"}}
    assert len(foreign) > 20
    for url, raw in walks["nora"].everything():
        assert (url, sorted(foreign & set(re.findall(r"\w{6,}", raw)))[:5]) == (url, [])


# --- hostile words -----------------------------------------------------------------------------------------------------------
def test_hostile_words_are_words(walks: dict[str, Walk]) -> None:
    raw = "\n".join(text for who in PEOPLE for text in (page.raw for page in walks[who].pages.values()))
    assert "&lt;script&gt;alert(1)" in raw  # they do reach the pages
    for wrong in ("<script>alert", "<img src=x", "</title></td>", "<!-- -->"):
        assert wrong not in raw
    assert "{{7*7}}" in raw
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw)


def test_a_name_that_turns_the_direction_of_writing_turns_nothing_but_itself(walks: dict[str, Walk]) -> None:
    """A right-to-left override in a team's name must not reach the words after it: it is taken out, or shut in an element of its own."""
    loose = {}
    for url, page in walks["sam"].pages.items():
        for words in page.words:
            opened = sum(words.count(mark) for mark in "\u202a\u202b\u202d\u202e")
            if opened > words.count("\u202c"):
                loose[url] = words[:80]
    assert loose == {}


# --- any parameter -----------------------------------------------------------------------------------------------------------
PARAMETERS = (
    ("/", "source"), ("/team", "team"), ("/team", "source"), ("/measure", "figure"), ("/measure?figure=open", "team"),
    ("/worklist", "team"), ("/worklist", "tier"), ("/worklist", "rule"), ("/worklist", "start"), ("/worklist.csv", "team"),
    ("/worklist.csv", "tier"), ("/worklist.csv", "rule"), ("/alerts", "closed"), ("/alerts", "team"), ("/alerts", "rule"),
    ("/alerts", "start"), ("/audit", "event"), ("/audit", "before"), ("/quality", "extract"), ("/quality/rule?table=referral", "rule"),
    ("/quality/rule?rule=columns", "table"), ("/quarantine", "table"), ("/quarantine", "rule"), ("/quarantine", "start"),
    ("/extracts", "before"), ("/digests", "year"), ("/digests/demo/2026-W47/council", "revision"), ("/not-watched", "source"),
    ("/airflow/dag", "dag"), ("/airflow/run?dag=monitor_extract", "run"), ("/card.json", "source"), ("/", "measure"), ("/", "sort"),
    ("/measure?figure=open", "show"), ("/digests", "before"), ("/measures", "source"),
    ("/digests/demo/2026-W47/council.pdf", "revision"),
)  # fmt: skip
PLACES = (
    "/alerts/{}",
    "/extracts/{}",
    "/digests/demo/2026-W47/{}",
    "/digests/demo/{}/council",
    "/digests/{}/2026-W47/council",
    "/static/{}",
    "/{}",
)
NASTY = (
    "", " ", "a\x00b", "-1", "1.5", "1e309", "9" * 18, "9" * 5000, "9223372036854775808", "²", "0000-00-00", "9999-12-31", "0001-01-01",
    "2026-W00", "' OR 1=1--", "*", "../../etc/passwd", "<script>", "\u202e", "a" * 8000, "\r\nset-cookie: x=1", "council", "no-team",
)  # fmt: skip
SELDOM = (
    "\x00", "0", "1", "nan", "-" + "9" * 30, "2147483648", "٣", "1_000", "+5", "2026-02-30", "2026-W99", "99999-W01", "%", "?",
    "service:NORTH", "..%2f..%2f", "{{7*7}}", "\U0001f600",
)  # fmt: skip
ANY = st.one_of(st.sampled_from(SELDOM), st.text(max_size=60), st.integers().map(str), st.dates().map(str))


@pytest.fixture(scope="module")
def client(town: Settings) -> Iterator[TestClient]:
    with asked_by(town, "sam") as made:
        for path, _, _ in NAVIGATION:
            made.get(f"{ROOT}/{path}")
        yield made


def answered(client: TestClient, path: str, **query: str) -> None:
    began = time.process_time()
    got = client.get(ROOT + path, params={**dict(p.split("=") for p in path.partition("?")[2].split("&") if p), **query})
    took = time.process_time() - began
    where = (path, {name: value[:50] for name, value in query.items()})
    assert got.status_code in {200, 307, 400, 404, 414}, (where, got.status_code, got.text[-500:])
    assert took < 1, (where, took)
    if got.status_code in {400, 404} and "/static/" not in path:
        assert "<h1>" in got.text, (where, "an answer that is no page of ours", got.text[:200])
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "set-cookie" not in got.headers


@pytest.mark.parametrize(("path", "name"), PARAMETERS, ids=[f"{path} {name}" for path, name in PARAMETERS])
def test_every_nasty_parameter_has_an_answer(client: TestClient, path: str, name: str) -> None:
    for value in NASTY:
        answered(client, path, **{name: value})


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.sampled_from(PARAMETERS), ANY)
def test_any_parameter_has_an_answer(client: TestClient, at: tuple[str, str], value: str) -> None:
    answered(client, at[0], **{at[1]: value.encode("utf-8", "replace").decode()})


@pytest.mark.parametrize("place", PLACES)
def test_any_place_in_an_address_has_an_answer(client: TestClient, place: str) -> None:
    for value in (*NASTY, *SELDOM):
        if value in {"", ".", "..", "?"} or "\n" in value:  # no mount takes an address with a line break: such a one never comes to us
            continue
        path, began = place.format(quote(value, safe="")), time.process_time()
        got = client.get(ROOT + path)
        took = time.process_time() - began
        assert got.status_code in {200, 307, 400, 404}, (place, value[:50], got.status_code)
        assert took < 1, (place, value[:50], took)
        assert "default-src 'none'" in got.headers["content-security-policy"]
        if got.status_code == 404 and not place.startswith("/static/"):
            assert "<h1>Not there</h1>" in got.text, (place, value[:50], got.text[:200])


# --- other ways in -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "....//app.py", "/etc/passwd", "%00", "caseclock.css%00", "caseclock.css/", "."]
)
def test_static_gives_its_own_files_only(client: TestClient, name: str) -> None:
    got = client.get(f"{ROOT}/static/{name}")
    assert got.status_code in {307, 404}
    assert "import" not in got.text


def test_other_methods_do_nothing(client: TestClient, town: Settings) -> None:
    tables = ("handling", "audit", "outbox", "alert")
    before = [store(town, f"select count(*) from {table}") for table in tables]
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "POST", "TRACE"):
        for path, _, _ in NAVIGATION:
            assert client.request(method, f"{ROOT}/{path}").status_code == 405
    for path, _, _ in NAVIGATION:
        head = client.head(f"{ROOT}/{path}")
        assert (head.status_code, head.content) in {(200, b""), (405, b"")} or head.status_code == 405
    assert [store(town, f"select count(*) from {table}") for table in tables] == before


def test_nothing_is_published_about_the_app(client: TestClient) -> None:
    assert [client.get(f"{ROOT}/{path}").status_code for path in ("docs", "redoc", "openapi.json")] == [404] * 3


# --- before the first extract, and held ones -----------------------------------------------------------------------------------
def test_an_empty_store_says_so_on_every_page(tmp_path: Path) -> None:
    configuration(tmp_path / "home" / "monitoring")
    with asked_by(from_environment(tmp_path / "home", {}), "sam") as client:
        for path in [
            *(path for path, _, _ in NAVIGATION),
            "team?team=NA1",
            "measure?figure=open&team=NA1",
            "airflow/dag?dag=monitor_extract",
        ]:
            got = client.get(f"{ROOT}/{path}")
            assert (path, got.status_code) in {(path, 404), (path, 200)}
            assert (path, "no extract has come yet" in got.text.lower()) == (path, True)
        assert client.get(f"{ROOT}/card.json").status_code in {200, 404}


def test_a_held_extract_is_named_on_every_page_of_its_source(walks: dict[str, Walk]) -> None:
    pages = {url: page.said for url, page in walks["sam"].pages.items() if "source=other" in url}
    assert len(pages) > 5
    assert [url for url, said in pages.items() if "did not pass its quality check" not in said] == []


def test_a_page_does_without_the_extract_that_another_was_compared_with(town: Settings) -> None:
    gone = ("update extract_stat set scope = '{}' where name = 'compared' and scope != ''", "update table_change set compared_with = '{}'")
    kept = store(town, "select extract_id, scope from extract_stat where name = 'compared' and scope != ''")
    against = store(town, "select extract_id, compared_with from table_change")
    assert kept
    assert any(id_ for _, id_ in against)
    engine = create_engine(town.store_url)
    try:
        with engine.begin() as c:
            for query in gone:
                c.execute(text(query.format("f" * 16)))
        with asked_by(town, "sam") as client:
            assert "Between the extracts" not in client.get(f"{ROOT}/team?team=NA1").text
            assert [client.get(f"{ROOT}/{path}").status_code for path in ("team?team=NA1", "quality", "")] == [200] * 3
    finally:
        with engine.begin() as c:
            for extract, id_ in kept:
                c.execute(text(f"{gone[0].format(id_)} and extract_id = '{extract}'"))
            for extract, id_ in against:
                c.execute(text(f"{gone[1].format(id_)} where extract_id = '{extract}'"))
        engine.dispose()


@pytest.mark.parametrize("who", ["sam", "nora"])
def test_one_source_says_nothing_of_another(town: Settings, who: str) -> None:
    alerts = dict(store(town, "select id, source from alert"))
    with asked_by(town, who) as client:
        for source in ("demo", "other"):
            shown = set(re.findall(r"alerts/([0-9a-f]{12})", client.get(f"{ROOT}/alerts?source={source}").text))
            assert {alerts[id_] for id_ in shown} <= {source}


def test_days_go_by(town: Settings) -> None:
    """Long after the last extract every page still has an answer, and says that the figures are old."""
    outer, desk = make_outer(town, dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC))
    with TestClient(outer, follow_redirects=False, raise_server_exceptions=False) as client:
        for path, _, _ in NAVIGATION:
            got = client.get(f"{ROOT}/{path}")
            assert (path, got.status_code, "has not come" in got.text) == (path, 200, True)
    desk.close()
