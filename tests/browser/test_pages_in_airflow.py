"""The Backlog pages in a real Airflow and a real browser: people sign in, find the pages, act by keyboard, get no further than they may.

Two API servers, one for each way of signing in; no scheduler, since no page needs a task to run.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from caseclock.demo.airflow_client import Refused
from caseclock.storage import schema as t

from .airflow_lab import FAB, ApiServer, House, api_server, fast_folder, house, make_users

pytestmark = [pytest.mark.airflow, pytest.mark.browser]
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KEYS = 120  # presses of Tab after which something counts as out of reach
PEOPLE = {
    "reader": ("Viewer", "made-up-1"),
    "north": ("User", "made-up-2"),
    "nobody": ("Public", "made-up-3"),
    "head": ("Admin", "made-up-4"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture(autouse=True)
def nothing_left_open(browser: Any) -> Iterator[None]:
    """Pages of Airflow that stay open go on asking."""
    yield
    for context in browser.contexts:
        context.close()


@dataclass
class Place:
    """An Airflow with our pages, on a house of its own."""

    server: ApiServer
    house: House
    browser: Any
    password: Callable[[str], str]
    run: str = ""

    def sign_in(self, user: str, to: str = "/", **more: Any) -> Any:
        """A page of a fresh browser, after the form. `to` is what was asked for first."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", **more)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.errors = []
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{self.server.url}{to}")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", self.password(user))
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/auth/" not in url)
        return page

    def alert(self, id: str) -> str:
        return f"/caseclock/alerts/{id}"


@pytest.fixture(scope="module")
def place(browser: Any, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Under the simple auth manager: admin, north (role user), viewer. One run of monitor_extract is known."""
    assert request.config.cache is not None
    with fast_folder() as home, house(home / "house") as made, api_server(home / "airflow", request.config.cache, made.env) as server:
        server.command("dags", "reserialize")
        server.start()
        run = f"extract__{dt.date.today() - dt.timedelta(days=1)}__{made.extract}"
        server.client().trigger("monitor_extract", {"extract_id": made.extract}, run)
        yield Place(server, made, browser, server.password, run)


# --- the ways in --------------------------------------------------------------------------------------------------------
def _heading(page: Any) -> str:
    heading = page.frame_locator("iframe").locator("h1")
    heading.wait_for()
    return str(heading.inner_text())


def test_the_navigation_opens_the_overview_in_airflows_frame(place: Place) -> None:
    page = place.sign_in("admin")
    page.get_by_role("link", name="Backlog", exact=True).first.click()
    assert _heading(page)
    frame = page.frames[-1]
    assert frame.url == f"{place.server.url}/caseclock/"
    frame.get_by_role("link", name="Alerts", exact=True).click()
    frame.wait_for_url("**/caseclock/alerts")
    page.wait_for_url("**/plugin/backlog/caseclock/alerts")  # Airflow's own address follows, so it can be sent to somebody
    page.reload()
    assert "lert" in _heading(page)


def test_a_dag_and_its_run_have_a_tab(place: Place) -> None:
    page = place.sign_in("admin")
    page.goto(f"{place.server.url}/dags/monitor_extract")
    page.get_by_role("link", name="Backlog", exact=True).last.click()
    page.wait_for_url("**/dags/monitor_extract/plugin/backlog-dag")
    assert _heading(page)
    page.goto(f"{place.server.url}/dags/monitor_extract/runs/{place.run}")
    page.get_by_role("link", name="Extract", exact=True).click()
    page.wait_for_url("**/plugin/backlog-run")
    assert _heading(page)
    assert place.house.extract in page.frames[-1].url + page.frames[-1].content()


def test_the_home_page_has_a_card(place: Place) -> None:
    page = place.sign_in("admin")
    card = page.get_by_role("region", name="Backlog")
    card.get_by_text("Open alerts: 2 red, 0 amber.").wait_for()
    assert card.get_by_role("list", name="Figures of the Backlog").get_by_role("listitem").count() > 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.locator(f"html.{scheme}").wait_for()
        found = Axe().run(page, context={"include": [["section[aria-labelledby=caseclock-card]"]]})
        assert [v["id"] for v in found.response["violations"]] == []
    assert [e for e in page.errors if "caseclock" in e] == []
    card.get_by_role("link", name="Open the Backlog").click()
    assert _heading(page)


SAYS = ((503, "cannot be read at the moment"), (0, "cannot be reached"), (403, "not shown to your role"))


def test_the_card_says_why_it_has_no_figures(place: Place) -> None:
    page = place.sign_in("viewer", "/caseclock/alerts")
    answers = [status for status, _ in SAYS]

    def answer(route: Any) -> None:
        status = answers.pop(0)
        route.fulfill(status=status, json={"error": "x"}) if status else route.abort()

    page.route("**/caseclock/card.json", answer)
    page.goto(f"{place.server.url}/")
    card = page.get_by_role("region", name="Backlog")
    for status, told in SAYS:
        card.get_by_text(told).wait_for()
        assert card.get_by_role("link", name="Open the Backlog").count() == 0
        if status != 403:
            card.get_by_role("button", name="Try again").click()
    assert card.get_by_role("button").count() == 0


def test_a_link_from_a_message_leads_through_the_sign_in_to_its_page(place: Place) -> None:
    page = place.sign_in("north", place.alert(place.house.north))
    page.wait_for_url(f"**{place.alert(place.house.north)}")
    assert "North Assessment 2" in page.locator("main").inner_text()


# --- acting -------------------------------------------------------------------------------------------------------------
def _tab_to(page: Any, selector: str) -> None:
    """By the keyboard alone, as far as it takes."""
    for _ in range(KEYS):
        if page.evaluate("sought => document.activeElement.matches(sought)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by the keyboard")


@pytest.mark.parametrize(
    ("verb", "kind", "reason"), [("acknowledge", "ack", "a worker starts on Monday"), ("silence", "silence", "the team moves")]
)
def test_a_service_manager_acts_by_keyboard_alone(place: Place, verb: str, kind: str, reason: str) -> None:
    page = place.sign_in("north", place.alert(place.house.north))
    form = f"form[data-act={verb}]"
    page.locator(f"{form} button").wait_for()
    _tab_to(page, f"{form} [name=reason]")
    page.keyboard.type(reason)
    _tab_to(page, f"{form} button")
    page.keyboard.press("Enter")
    page.locator("#said[data-outcome]").wait_for()
    assert page.locator("#said").get_attribute("data-outcome") == "done", page.locator("#said").inner_text()
    written = place.house.rows(t.handling, kind=kind, team="NA2")
    assert [(row.by, row.reason) for row in written] == [("north", reason)]
    assert place.house.rows(t.handling, team="SA1") == []
    page.reload()
    assert reason in page.locator("main").inner_text()


def test_another_service_is_not_there_for_a_service_manager(place: Place) -> None:
    page = place.sign_in("north", "/caseclock/alerts")
    assert "South" not in page.locator("main").inner_text()
    theirs, none = (
        page.goto(f"{place.server.url}{place.alert(place.house.south)}"),
        page.goto(f"{place.server.url}{place.alert('000000000000')}"),
    )
    assert (theirs.status, none.status) == (404, 404)
    for id in (place.house.south, "000000000000"):
        assert _post(page, place, id).status == 404
    assert place.house.rows(t.handling, team="SA1") == []


# --- not acting ---------------------------------------------------------------------------------------------------------
BODY = {"reason": "forged", "until": None, "once": "forged-0001"}


def _post(page: Any, place: Place, id: str, **headers: str) -> Any:
    """With the cookies of whoever is signed in."""
    ours = {"origin": place.server.url, "sec-fetch-site": "same-origin", "content-type": "application/json"}
    return page.request.post(f"{place.server.url}{place.alert(id)}/acknowledge", data=BODY, headers=ours | headers)


def test_a_viewer_reads_and_cannot_act(place: Place) -> None:
    page = place.sign_in("viewer", place.alert(place.house.south))
    assert "South Assessment 1" in page.locator("main").inner_text()
    assert page.locator("form").count() == 0
    before = place.house.rows(t.handling)
    assert _post(page, place, place.house.south).status == 403
    asked = page.evaluate(
        "async ([address, body]) => (await fetch(address, {method: 'POST', headers: {'content-type': 'application/json'}, "
        "body: JSON.stringify(body)})).status",
        [f"{place.alert(place.house.south)}/acknowledge", BODY],
    )
    assert asked == 403
    assert place.house.rows(t.handling) == before


def test_another_site_cannot_act_as_whoever_is_signed_in(place: Place) -> None:
    page = place.sign_in("admin", place.alert(place.house.south))
    before = place.house.rows(t.handling)
    for marks in ({"origin": "http://other.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert _post(page, place, place.house.south, **marks).status == 403
    assert _post(page, place, place.house.south, **{"content-type": "text/plain"}).status == 415
    target = f"{place.server.url}{place.alert(place.house.south)}/acknowledge"
    page.route("http://other.example/", lambda route: route.fulfill(content_type="text/html", body=_trap(target)))
    page.goto("http://other.example/")
    with page.expect_navigation():
        page.click("button")
    assert page.url == target, "the form was sent"
    assert page.locator("body").inner_text().count("error")
    assert place.house.rows(t.handling) == before


def _trap(target: str) -> str:
    """A page of another site that sends JSON to ours, as far as a form can."""
    field = '{"reason": "forged", "once": "forged-0002", "x": "'
    return f"<form method=post action='{target}' enctype='text/plain'><input name='{field}' value='\"}}'><button>Win</button></form>"


# --- FAB ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def fab(browser: Any, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Under FAB, as in production, with its cache of users made short."""
    assert request.config.cache is not None
    with fast_folder() as home, house(home / "house") as made:
        env = made.env | {"AIRFLOW__CORE__AUTH_MANAGER": FAB, "AIRFLOW__FAB__CACHE_TTL": "1"}
        with api_server(home / "airflow", request.config.cache, env) as server:
            make_users(server, PEOPLE)
            server.start()
            yield Place(server, made, browser, lambda user: PEOPLE[user][1])


def test_fab_signs_people_in_and_its_roles_count(fab: Place) -> None:
    page = fab.sign_in("reader", fab.alert(fab.house.south))
    page.wait_for_url(f"**{fab.alert(fab.house.south)}")
    assert "South Assessment 1" in page.locator("main").inner_text()
    assert page.locator("form").count() == 0
    assert _post(page, fab, fab.house.south).status == 403
    manager = fab.sign_in("north", fab.alert(fab.house.north))
    manager.locator("form[data-act=acknowledge] button").wait_for()
    assert manager.goto(f"{fab.server.url}{fab.alert(fab.house.south)}").status == 404
    assert _post(manager, fab, fab.house.north).status == 200
    assert [row.team for row in fab.house.rows(t.handling)] == ["NA2"]
    assert [row.detail["way"] for row in fab.house.rows(t.audit, event="ack")] == ["page, signed in as north"]


def test_fab_bars_somebody_without_the_right_to_read(fab: Place) -> None:
    page = fab.sign_in("nobody", "/caseclock/alerts")
    assert page.goto(f"{fab.server.url}/caseclock/alerts").status == 403
    assert "North" not in page.locator("main").inner_text()


def test_a_role_that_fab_withdraws_counts_within_seconds(fab: Place) -> None:
    page = fab.sign_in("north", fab.alert(fab.house.north))
    change_role(fab, "north", "Public")
    try:
        until = time.monotonic() + 10
        while (status := page.goto(f"{fab.server.url}/caseclock/alerts").status) != 403:
            assert time.monotonic() < until, f"still {status}"
            time.sleep(0.3)
        assert _post(page, fab, fab.house.north).status == 403
    finally:
        change_role(fab, "north", "User")


def change_role(fab: Place, user: str, role: str) -> None:
    head = fab.server.client("head", fab.password("head"))
    try:
        head.patch(f"/auth/fab/v1/users/{user}?update_mask=roles", {"roles": [{"name": role}]})
    except Refused as error:
        raise AssertionError(f"the role could not be changed: {error}") from error
