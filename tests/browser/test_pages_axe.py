"""The Backlog pages for everybody: axe-core finds nothing on any of them, and a keyboard gets everywhere.

On a store whose names are hostile and very long (functional/hostile_pages.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pages_browser import chromium, every_page, kind, serving, watched

pytestmark = pytest.mark.browser
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
BY_LOOK = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
"""What the theme or the width can change; the rest is the same in every look."""
MOST_STOPS = 60
FOUND = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ['violations'], preload: false})
  return found.violations.map(v => `${v.id}: ${v.nodes.length}x ${v.nodes[0].target} ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary.slice(0, 200)}`)
}"""  # noqa: E501
# Everything open; of rows that are built alike two each.
UNFOLDED = """() => {
  document.querySelectorAll('details').forEach(d => d.open = true)
  for (const body of document.querySelectorAll('tbody')) {
    const built = new Map()
    for (const row of [...body.rows]) {
      const way = row.outerHTML.replace(/>[^<]*</g, '><').replace(/href="[^"]*"/g, '')
      built.set(way, (built.get(way) ?? 0) + 1)
      if (built.get(way) > 2) row.remove()
    }
  }
}"""
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter(e => e.checkVisibility({checkVisibilityCSS: true}) && !e.disabled && e.type !== 'hidden').length"""
NOTE_STOPS = """() => {
  window.stops = []
  document.addEventListener('focusin', event => {
    const e = event.target, s = getComputedStyle(e), again = window.stops.some(stop => stop.e === e)
    const marked = (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== 'none'
    window.stops.push({e, words: e.outerHTML.slice(0, 120), marked, again, skip: e.classList.contains('skip')})
  })
}"""
STOPS = "() => window.stops.map(({words, marked, again, skip}) => ({words, marked, again, skip}))"
UNREACHED = """() => [...document.querySelectorAll('body *')].filter(e => {
  const s = getComputedStyle(e)
  const scrolls = /auto|scroll/.test(s.overflowX + s.overflowY) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  return e.tabIndex > 0 || (scrolls && e.tabIndex < 0 && !e.querySelector('a, button, input, summary, [tabindex="0"]'))
}).map(e => e.outerHTML.slice(0, 120))"""  # noqa: E501


@pytest.fixture(scope="module")
def urls() -> list[str]:
    return every_page()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving() as at:
        yield at


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


def test_axe_finds_nothing_and_no_page_scrolls_sideways(browser: Any, base: str, urls: list[str]) -> None:
    """Light and wide, then dark at 320 pixels: a page at 400 per cent on a usual screen (WCAG 1.4.10)."""
    context = browser.new_context(bypass_csp=True)
    page, said = watched(context)
    faults: dict[str, list[str]] = {}
    for url in urls:
        page.set_viewport_size({"width": 1200, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(base + url)
        page.evaluate(UNFOLDED)
        page.evaluate(AXE)
        found = page.evaluate(FOUND, RULES)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 320, "height": 900})
        found += [f"dark and narrow: {fault}" for fault in page.evaluate(FOUND, BY_LOOK)]
        if (wide := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            found.append(f"{wide} pixels wider than the window")
        found += [f"not to be reached: {part}" for part in page.evaluate(UNREACHED)]
        if found or said:
            faults[kind(url)] = [*found, *said]
            said.clear()
    context.close()
    assert faults == {}


def test_a_keyboard_gets_everywhere_and_sees_where_it_is(browser: Any, base: str, urls: list[str]) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    page, _ = watched(context)
    faults: dict[str, object] = {}
    for url in urls:
        page.goto(base + url)
        wanted = min(page.evaluate(REACHABLE), MOST_STOPS)
        page.evaluate(NOTE_STOPS)
        inside = (
            3 * page.locator("main input[type=date]:visible").count()
        )  # day, month, year and calendar are one part that takes four presses
        for _ in range(wanted + inside):
            page.keyboard.press("Tab")
        stops = page.evaluate(STOPS)
        if not stops[0]["skip"]:
            faults[f"{kind(url)} first"] = stops[0]["words"]
        if again := [stop["words"] for stop in stops if stop["again"]]:
            faults[f"{kind(url)} trapped"] = again[:3]
        if len(stops) < wanted:
            faults[f"{kind(url)} reached"] = f"{len(stops)} of {wanted}, up to {stops[-1]['words']}"
        if unmarked := [stop["words"] for stop in stops if not stop["marked"]]:
            faults[f"{kind(url)} not marked"] = unmarked[:3]
    page.goto(base + urls[0])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    context.close()
    assert faults == {}
