"""Acting on an alert in a real browser: with a mouse, by keys only, twice, in the frame that Airflow puts around it, and when it fails."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from caseclock.dashboard import Viewer, make_app
from caseclock.pipeline.pages import Desk, StoreBacklog
from caseclock.storage import schema as t

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from functional.alert_lab import LATER, Lab, laboratory

pytestmark = pytest.mark.browser
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
SANDBOX = "allow-scripts allow-same-origin allow-forms allow-downloads"
FRAME = f'<!doctype html><title>around</title><iframe title="Backlog" sandbox="{SANDBOX}" src="%s">'
FAILURES = [
    (401, '{"error": "x"}', "you are not signed in any more"),
    (403, '{"error": "the request came from another site"}', "the request came from another site"),
    (403, "<h1>Forbidden</h1>", "you may not act on alerts"),
    (404, "{}", "is not there any more"),
    (409, "{}", "the server did not take it (409)"),
    (500, '{"error": "Traceback"}', "It is not known whether it was done"),
    (502, "<h1>Bad Gateway</h1>", "It is not known whether it was done"),
    (200, "<h1>Sign in</h1>", "the server did not take it (200)"),
    (None, "", "Check the network and press again"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield running
        running.close()


class CookieDoor:
    """Who comes is what the cookie `who` says; without one Sam, who may act."""

    async def viewer(self, request: Request) -> Viewer | None:
        who = request.cookies.get("who", "sam")
        return Viewer(who, who.title(), who != "viewer")

    def sign_in(self, request: Request) -> str:
        return "/auth/login"


@dataclass
class Site:
    lab: Lab
    root: str

    @property
    def alert(self) -> str:
        return f"{self.root}/caseclock/alerts/{self.lab.alert()}"

    def deeds(self) -> list[Any]:
        return self.lab.rows(t.handling)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with laboratory(tmp_path) as lab:
        desk, outer = Desk(lambda: lab.house.settings), FastAPI()

        @outer.get("/around")
        async def around(page: str) -> HTMLResponse:
            return HTMLResponse(FRAME % page)

        outer.mount("/caseclock", make_app(StoreBacklog(desk), CookieDoor(), lambda: LATER))
        server = uvicorn.Server(uvicorn.Config(outer, host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(lab, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(10)
        desk.close()


def opened(browser: Any, url: str, **more: Any) -> Any:
    page = browser.new_page(viewport={"width": 1200, "height": 900}, **more)
    page.complaints = []
    page.on("console", lambda line: page.complaints.append(line.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda _: pytest.fail("a dialog, which a frame of Airflow does not show"))
    page.goto(url)
    return page


def outcome(page: Any) -> str:
    page.locator("#said[data-outcome]").wait_for()
    return str(page.locator("#said").inner_text())


def test_a_double_click_acknowledges_once_and_the_page_says_so_at_once(browser: Any, site: Site) -> None:
    page = opened(browser, site.alert)
    before = page.locator("form[data-act=acknowledge] [name=once]").input_value()
    page.get_by_label("Reason (not required)").fill("two workers start on Monday")
    page.get_by_role("button", name="Acknowledge").dblclick()
    assert outcome(page).startswith("Acknowledged until Fri 27 November 2026, 16:10")
    page.get_by_text("Acknowledged by Sam until 27 November 2026, 16:10. Reason: two workers start on Monday").first.wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    assert page.locator("form[data-act=acknowledge] [name=once]").input_value() != before  # the next press is another deed
    assert len(site.deeds()) == 1
    assert page.complaints == []
    page.close()


def test_keys_alone_silence_it_and_end_the_silence(browser: Any, site: Site) -> None:
    page = opened(browser, site.alert)
    page.locator("#silence-until").focus()
    for _ in range(6):  # the parts of the date, and its calendar
        if page.evaluate("document.activeElement.id") == "silence-reason":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("the office moves")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert outcome(page).startswith("Silenced until Fri 27 November 2026, 18:00")
    button = page.get_by_role("button", name="End the silence")
    button.wait_for()
    for _ in range(40):
        if button.evaluate("b => b === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_text("The silence of Sam has ended").wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    assert [deed.kind for deed in site.deeds()] == ["silence"]
    assert page.complaints == []
    page.close()


def test_in_the_frame_of_airflow_it_works_as_well(browser: Any, site: Site) -> None:
    page = opened(browser, f"{site.root}/around?page={site.alert}")
    inside = page.frame_locator("iframe")
    inside.get_by_role("button", name="Acknowledge").click()
    inside.locator("#said[data-outcome=done]").wait_for()
    assert len(site.deeds()) == 1
    page.close()


def test_what_is_missing_is_not_sent_and_a_refusal_is_read_out(browser: Any, site: Site) -> None:
    page = opened(browser, site.alert)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Silence", exact=True).click()
    assert sent == []
    page.locator("#silence-reason").fill("   ")
    page.get_by_role("button", name="Silence", exact=True).click()
    assert outcome(page) == "Not done: a silence needs a reason"
    assert page.evaluate("document.activeElement.id") == "said"
    assert page.locator("#silence-reason").input_value() == "   "  # nothing that was typed is lost
    assert len(sent) == 1
    page.close()


def test_whatever_goes_wrong_is_said_and_can_be_tried_again(browser: Any, site: Site) -> None:
    page = opened(browser, site.alert)
    button = page.get_by_role("button", name="Acknowledge")
    for status, body, words in FAILURES:
        page.route("**/acknowledge", lambda route: route.abort() if status is None else route.fulfill(status=status, body=body))  # noqa: B023
        page.evaluate("delete document.getElementById('said').dataset.outcome")
        button.click()
        assert words in outcome(page), (status, outcome(page))
        assert "Traceback" not in outcome(page)
        page.unroute("**/acknowledge")
        assert button.is_enabled()
    page.evaluate("delete document.getElementById('said').dataset.outcome")
    button.click()
    assert outcome(page).startswith("Acknowledged until")
    page.close()


def test_an_answer_that_got_lost_is_not_done_twice(browser: Any, site: Site) -> None:
    """The deed arrives, its answer does not; the person presses again."""
    page = opened(browser, site.alert)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/acknowledge", lose)
    page.get_by_role("button", name="Acknowledge").click()
    assert "it is not known whether it was done" in outcome(page)
    page.unroute("**/acknowledge")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("This was written down before").wait_for()
    assert len(site.deeds()) == 1
    page.close()


def test_without_script_the_page_shows_the_command_line(browser: Any, site: Site) -> None:
    page = opened(browser, site.alert, java_script_enabled=False)
    assert not page.get_by_role("button").count()
    assert page.get_by_text("The forms of this page need JavaScript").is_visible()
    page.close()


def test_who_may_only_read_has_no_form(browser: Any, site: Site) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": "who", "value": "viewer", "url": site.root}])
    page = context.new_page()
    page.goto(site.alert)
    assert page.locator("form").count() == 0
    assert page.get_by_text("needs the right to edit runs").is_visible()
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 400)])
def test_the_pages_fit_and_have_no_barriers(browser: Any, site: Site, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    site.lab.do("silence", reason="the office moves", until="2026-11-27")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    for path in (site.alert, f"{site.root}/caseclock/alerts", f"{site.root}/caseclock/audit"):
        page = context.new_page()
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in Axe().run(page).response["violations"]] == [], path
        page.close()
    context.close()
