"""The weekly digest as a mail in a real browser: no window is too narrow, and nothing is lost without pictures or for those who listen."""

from __future__ import annotations

import base64
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "digest"))

from notification_samples import AT, HOSTILE, MANAGER
from samples import SAMPLES

from caseclock.digest.compose import letter_of
from caseclock.notifications.channels.email import mail_of
from caseclock.notifications.letter import Cell, Letter, Section, Table
from caseclock.notifications.model import Message

pytestmark = pytest.mark.browser
INCIDENT = letter_of(SAMPLES["incident"]())
HEAT = next(block for part in INCIDENT.sections for block in part.blocks if isinstance(block, Table) and len(block.head) > 5)
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
LONG = "Safeguarding" * 9
HOSTILE_TABLE = Table(LONG, (HOSTILE, *[LONG] * 6), ((Cell(HOSTILE), *[Cell(LONG, "red", LONG, "█" * 40, LONG)] * 6),) * 2)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield running
        running.close()


def html_of(letter: Letter) -> str:
    """The HTML part as a mail program shows it, with the pictures in their places."""
    mail = mail_of(Message("k1", MANAGER, "post", (), (), AT, headline=letter.headline, letter=letter), "dcs@c.example", "x@c.example")
    html = mail.get_body(("html",)).get_content()
    for part in mail.walk():
        if part.get_content_type() == "image/png":
            content = base64.b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{part['Content-ID'].strip('<>')}", f"data:image/png;base64,{content}")
    return html


@pytest.fixture(scope="module")
def incident() -> str:
    return html_of(INCIDENT)


def opened(browser, html: str, width: int):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    assert [url for url in asked if not url.startswith("data:")] == []
    return page


@pytest.mark.parametrize("styles", [True, False], ids=["with_styles", "without_media_queries"])
@pytest.mark.parametrize("width", [360, 700])
def test_the_mail_never_scrolls_sideways(browser, incident, width, styles):
    hostile = html_of(Letter(LONG, LONG, HOSTILE, (Section(LONG, (HOSTILE_TABLE,)),), (LONG,)))
    for html in (incident, hostile):
        page = opened(browser, html if styles else re.sub(r"@media.*?\n}\n", "", html, flags=re.S), width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").count() == 1
        page.close()


def test_on_a_narrow_screen_each_figure_stands_in_a_row_with_its_place(browser, incident):
    table = "table.t >> nth=0"
    wide, narrow = opened(browser, incident, 700), opened(browser, incident, 360)
    assert not wide.locator(f"{table} >> span.p >> nth=0").is_visible()
    assert wide.locator(f"{table} >> thead").is_visible()
    assert not narrow.locator(f"{table} >> thead").is_visible()
    cells = narrow.locator(f"{table} >> tbody >> tr >> nth=0 >> td").all()
    places = [cell.locator("span.p").inner_text().strip() for cell in cells]
    assert places == list(HEAT.head[1:])
    assert all(cell.locator("span.p").is_visible() for cell in cells)
    boxes = [cell.bounding_box() for cell in cells]
    assert all(below["y"] >= above["y"] + above["height"] - 1 for above, below in pairwise(boxes))
    for page in (wide, narrow):
        page.close()


def test_every_picture_is_drawn_and_not_wider_than_the_mail(browser, incident):
    for width in (360, 700):
        page = opened(browser, incident, width)
        pictures = page.locator("img").all()
        assert len(pictures) >= 2
        for picture in pictures:
            assert picture.evaluate("p => p.complete && p.naturalWidth") >= 640
            assert picture.bounding_box()["width"] <= min(640, width - 30)
        page.close()


def test_those_who_listen_hear_the_table_and_the_weeks_in_words(browser, incident):
    page = opened(browser, incident, 700)
    heard = page.locator("body").aria_snapshot()
    assert not re.search("[▁-█]", heard)
    for row in HEAT.rows:
        assert f'rowheader "{row[0].text}' in heard
        for cell in row[1:]:
            assert f'cell "{" ".join(said for said in (cell.text, cell.small, cell.line_words) if said)}"' in heard
    assert all(f'columnheader "{name}"' in heard for name in HEAT.head)
    assert len(re.findall(r"heading .* \[level=1\]", heard)) == 1
    page.close()
