"""How the Backlog pages look: charts keep their words inside, paper shows no buttons, and nothing needs script or colour to be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pages_browser import chromium, every_page, kind, serving, watched

pytestmark = pytest.mark.browser
OUTSIDE = """() => [...document.querySelectorAll('main svg')].flatMap((svg, n) => {
  const box = svg.getBoundingClientRect()
  return [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).flatMap(t => {
    const b = t.getBoundingClientRect()
    const over = Math.max(box.left - b.left, b.right - box.right, box.top - b.top, b.bottom - box.bottom)
    return over > 1.5 ? [`chart ${n}: "${t.textContent.slice(0, 60)}" ${over.toFixed(1)} px outside`] : []
  })
})"""
ON_EACH_OTHER = """() => [...document.querySelectorAll('main svg')].flatMap((svg, n) => {
  const all = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()])
  const found = []
  for (let i = 0; i < all.length; i++) for (let j = i + 1; j < all.length; j++) {
    const [a, b] = [all[i][1], all[j][1]]
    const w = Math.min(a.right, b.right) - Math.max(a.left, b.left), h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (w > 2 && h > 0.4 * Math.min(a.height, b.height)) found.push(`chart ${n}: "${all[i][0].slice(0, 40)}" on "${all[j][0].slice(0, 40)}"`)
  }
  return found
})"""  # noqa: E501
UNNAMED = """() => [...document.querySelectorAll('main svg')].filter(s => s.getAttribute('aria-hidden') !== 'true' &&
  !(s.getAttribute('role') === 'img' && (s.getAttribute('aria-label') || s.querySelector('title')))).map(s => s.outerHTML.slice(0, 120))"""
ON_PAPER = """() => [...document.querySelectorAll('nav, form, button, .skip')].filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 90))"""  # noqa: E501
BY_COLOUR_ALONE = """() => [...document.querySelectorAll('.red, .amber, .green')].filter(e => e.checkVisibility() && !(e instanceof SVGElement))
  .filter(e => !e.textContent.trim()).map(e => e.outerHTML.slice(0, 120))"""  # noqa: E501
OFF_PAPER = """() => {
  const off = document.documentElement.scrollWidth - innerWidth
  return off > 0 ? [`${off} pixels wider than the paper`] : []
}"""
A4 = {"width": 718, "height": 1047}  # pixels of a sheet with margins of 10 mm
WITH_CHARTS = {"/", "/measure", "/alerts/#"}


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


@pytest.fixture(scope="module")
def seen(browser: Any, base: str, urls: list[str]) -> dict[str, dict[str, list[str]]]:
    """Each page opened once and looked at in every way: what is wrong, by way and page."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page, said = watched(context)
    found: dict[str, dict[str, list[str]]] = {way: {} for way in ("wide", "narrow", "paper", "system colours", "without script", "said")}
    still = browser.new_context(viewport={"width": 1200, "height": 900}, java_script_enabled=False)
    other = still.new_page()
    for url in urls:
        name = kind(url)
        page.goto(base + url)
        found["wide"][name] = charts(page)
        other.goto(base + url)
        found["without script"][name] = lost(page, other)
        page.emulate_media(forced_colors="active")
        found["system colours"][name] = page.evaluate(BY_COLOUR_ALONE)
        page.emulate_media(media="print", forced_colors="none")
        page.set_viewport_size(A4)
        found["paper"][name] = page.evaluate(ON_PAPER) + page.evaluate(OFF_PAPER)
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 360, "height": 900})
        found["narrow"][name] = charts(page)
        page.set_viewport_size({"width": 1200, "height": 900})
        found["said"][name] = list(said)
        said.clear()
    context.close()
    still.close()
    return {way: {name: faults for name, faults in pages.items() if faults} for way, pages in found.items()}


def charts(page: Any) -> list[str]:
    faults = [fault for question in (OUTSIDE, ON_EACH_OTHER, UNNAMED) for fault in page.evaluate(question)]
    if kind(urlsplit(page.url).path) in WITH_CHARTS and not page.locator("main svg text").count():
        faults.append("no chart, so that nothing is proved")
    return faults


def lost(page: Any, without: Any) -> list[str]:
    """Lines that only the page with script says. Deeds need script; reading does not."""
    here, there = (set(one.locator("main").inner_text().replace(" Open it in Airflow", "").splitlines()) for one in (page, without))
    deeds = " ".join(page.locator("main form").all_inner_texts())
    return [line for line in here - there if line.strip() and line.strip() not in deeds][:5]


def test_no_word_of_a_chart_leaves_it_or_lies_on_another(seen: dict[str, Any]) -> None:
    assert (seen["wide"], seen["narrow"]) == ({}, {})


def test_paper_shows_neither_navigation_nor_buttons_and_nothing_is_cut_off_it(seen: dict[str, Any]) -> None:
    assert seen["paper"] == {}


def test_with_the_colours_of_the_system_every_state_is_still_in_words(seen: dict[str, Any]) -> None:
    assert seen["system colours"] == {}


def test_without_script_every_page_says_the_same(seen: dict[str, Any]) -> None:
    assert seen["without script"] == {}


def test_no_page_complains(seen: dict[str, Any]) -> None:
    """Of a script that ran, of what the policy kept out, of what was not there."""
    assert seen["said"] == {}
