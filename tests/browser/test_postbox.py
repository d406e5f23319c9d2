"""The postbox and the mails in a real browser: readable wide and narrow, light and dark, and nothing runs or leaves the machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from chart_samples import CONTROL, LONG, RECENT
from notification_samples import CASES, HOSTILE, RESOLVED, item, message
from pydantic import SecretStr

from caseclock.charts import control, recent
from caseclock.charts.fonts import FAMILY
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.picture_digest import letter
from caseclock.demo.postbox import Postbox, serve_postbox
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.letter import Letter, Section
from caseclock.settings import SlackSettings, SmtpSettings

pytestmark = pytest.mark.browser
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TO = "manager.north@council.example"
DIGESTS = {
    "digest": letter(),
    "hostile digest": Letter("A hostile digest", HOSTILE, HOSTILE, (Section(HOSTILE, (), (f"{HOSTILE}, red.",)),), (HOSTILE,)),
}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="module")
def box() -> Iterator[Postbox]:
    with FakeSlack({"C0NORTH": "north-alerts"}) as slack, MailCatcher() as catcher:
        chat = SlackChannel(SlackSettings(token=SecretStr("t"), base_url=slack.url))
        mailer = EmailChannel(SmtpSettings(host=catcher.host, port=catcher.port, starttls=False, sender="caseclock@council.example"))
        root = chat.send(message(item(), key="root"), "C0NORTH", None)
        for name, sent in CASES.items():
            chat.send(message(*sent.items, key=name, headline=sent.headline, lines=sent.lines), "C0NORTH", None)
            mailer.send(sent, TO, None)
        chat.send(message(RESOLVED, key="end", mode="update+reply"), "C0NORTH", root)
        for name, week in DIGESTS.items():
            chat.send(message(key=name, headline=week.headline, letter=week), "C0NORTH", None)
        server = serve_postbox(slack, catcher, names={"C0NORTH": "Service manager, North", TO: "Service manager, North"})
        yield server
        server.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1180])
def test_the_page_fits_and_loads_nothing_from_elsewhere(browser, box, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: said.append(line.text))
    page.goto(box.url)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {url.split("/")[2] for url in asked} == {box.url.split("/")[2]}
    assert said == []
    assert page.get_by_role("heading", name="Service manager, North").count() == 1
    assert page.get_by_text("(edited)").count() == 1
    page.close()


def test_the_root_shows_how_it_ended_and_the_thread_says_so(browser, box):
    page = browser.new_page()
    page.goto(box.url)
    first = page.locator("article.message").first
    assert first.locator("p.header").first.inner_text() == "Resolved: 6 unallocated cases in North Assessment"
    assert first.locator("details.thread summary").inner_text() == "1 reply"
    page.close()


def test_a_hostile_name_is_shown_as_text(browser, box):
    page = browser.new_page()
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    page.goto(box.url)
    page.wait_for_load_state("networkidle")
    assert page.locator("p.header", has_text=" ".join(HOSTILE.split())[:30]).count() == 1
    assert page.locator(".mention").count() == 0
    page.close()


def test_a_digest_shows_its_charts_and_the_word_beside_each_mark(browser, box):
    page = browser.new_page()
    page.goto(box.url)
    digest = page.locator("article.message", has_text="Weekly digest, the council")
    assert digest.locator("svg[role=img]").count() == 2
    assert digest.locator("p.title").all_inner_texts() == [part.heading for part in letter().sections if part.brief]
    marks = digest.locator("i.mark").evaluate_all("all => all.map(m => m.className + m.nextSibling.textContent.slice(0, 5))")
    assert len(marks) == 9
    assert all(re.match("mark (red|amber)\\1", mark, re.IGNORECASE) for mark in marks)
    page.close()


@pytest.mark.parametrize("font", ["DejaVu Sans", "Arial", "Times New Roman"])
def test_no_word_of_a_chart_leaves_its_box_in_a_browser(browser, font):
    page = browser.new_page()
    for made in (recent.draw(RECENT["share"]), recent.draw(RECENT["held"]), control.draw(CONTROL["special"], LONG)):
        page.set_content(made.replace(FAMILY, font))
        outside = """() => { const all = document.querySelector("svg").getBoundingClientRect();
            return [...document.querySelectorAll("text")].filter(t => { const b = t.getBoundingClientRect();
                return b.left < all.left || b.right > all.right || b.top < all.top || b.bottom > all.bottom }).map(t => t.textContent) }"""
        assert page.evaluate(outside) == []
    page.close()


@pytest.mark.parametrize("width", [360, 900])
def test_every_mail_fits_its_window_and_shows_its_state_in_words(browser, box, width):
    page = browser.new_page(viewport={"width": width, "height": 700})
    for number, name in enumerate(CASES, 1):
        page.goto(f"{box.url}mail/{number}/html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.locator("h1").count() == 1, name
        assert page.locator("script").count() == 0
        for picture in page.locator("img").all():
            assert picture.evaluate("p => p.complete && p.naturalWidth") == 640, name
            assert picture.bounding_box()["width"] <= 320, name
            assert len(picture.get_attribute("alt")) > 50, name
    page.close()
