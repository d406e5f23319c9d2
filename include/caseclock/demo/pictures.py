"""The pictures of README and docs, made from the demo: `make pictures`.

`python -m caseclock.demo.pictures docs/pictures --sheets` makes the sheets of messages alone, without a council and without Airflow.
Needs Chromium and the library playwright (both are there for the tests).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from caseclock import pipeline
from caseclock.demo import picture_kinds, show
from caseclock.demo.airflow_home import Ports
from caseclock.demo.stage import Stage, load_history, set_up
from caseclock.demo.standalone import Standalone
from caseclock.errors import CaseclockError

SCALE, SEED = 0.5, 1
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
INCIDENT = "unallocated"  # the rule by which the demo's incident is seen
ALERT = "without an allocated worker"  # words of its messages; a digest says them otherwise
PAGES = {"overview": "", "team": "team?team={team}", "alert": "alerts/{id}", "work-list": "worklist?team={team}", "quality": "quality"}
"""Name of the picture -> address of the page."""
PATH = (
    ("inbox", "an extract lands:\nSSD tables, Annex A"),
    ("take_snapshot", "canonical tables,\nno personal values"),
    ("check_quality", "Great Expectations:\npass, warn or hold"),
    ("compute_measures", "clocks per case,\nvalues per team"),
    ("update_alerts", "against limits and\nwhat people know"),
    ("notify", "Slack and email,\nonce each"),
)


def path_svg() -> str:
    """The path of one extract as a picture: one box per step, in order."""
    width, gap, top = 148, 26, 20
    whole = len(PATH) * width + (len(PATH) - 1) * gap + 20
    parts = []
    for n, (name, what) in enumerate(PATH):
        x = 10 + n * (width + gap)
        fill, ink = ("#eef1f4", "#1b2730") if n == 0 else ("#005eb8", "#ffffff")
        lines = "".join(
            f'<text x="{x + width / 2}" y="{top + 78 + 16 * i}" class="what">{escape(line)}</text>'
            for i, line in enumerate(what.split("\n"))
        )
        parts.append(
            f'<rect x="{x}" y="{top}" width="{width}" height="44" rx="6" fill="{fill}" stroke="#005eb8"/>'
            f'<text x="{x + width / 2}" y="{top + 27}" class="name" fill="{ink}">{escape(name)}</text>{lines}'
        )
        if n:
            parts.append(
                f'<path d="M{x - gap + 3} {top + 22} h{gap - 10} m-6 -5 l6 5 l-6 5" fill="none" stroke="#5b6770" stroke-width="2"/>'
            )
    title = "The path of one extract: " + ", ".join(f"{name} ({what.replace(chr(10), ' ')})" for name, what in PATH)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} 124" role="img" aria-label="{escape(title)}">'
        f'<rect width="{whole}" height="124" fill="#ffffff"/>'
        "<style>text{font-family:Arial,Helvetica,sans-serif;text-anchor:middle}.name{font-size:15px;font-weight:bold}"
        f".what{{font-size:13px;fill:#39444c}}</style>{''.join(parts)}</svg>\n"
    )


def take(out: Path, tell: Callable[[str], None] = print, *, sheets: bool = False) -> None:
    """Writes every picture into a folder, or only the `sheets` of messages. Raises CaseclockError without Chromium."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "path.svg").write_text(path_svg(), encoding="utf-8")
    program = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if program is None:
        raise CaseclockError("Chromium is not installed", where="pictures", todo="On Debian: apt-get install chromium.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        picture_kinds.take(browser, out)
        browser.close()
    if not sheets:
        _take_demo(program, out, tell)
    for file in sorted(out.iterdir()):
        tell(f"{file.name}: {file.stat().st_size // 1024} KB")


def _take_demo(program: str, out: Path, tell: Callable[[str], None]) -> None:
    from playwright.sync_api import sync_playwright

    ports = Ports.from_environment(os.environ)
    with tempfile.TemporaryDirectory() as scratch, set_up(Path(scratch) / "demo", scale=SCALE, seed=SEED, tell=tell) as stage:
        load_history(stage, show.progress)
        with Standalone(stage.folder / "airflow", show.REPOSITORY, ports, stage.environment) as airflow, sync_playwright() as playwright:
            airflow.wait_healthy(tell=tell)
            run = show.drop(stage, airflow)
            browser = playwright.chromium.launch(executable_path=program, args=QUIET)
            _sent(browser, stage, out)
            _airflow(browser, airflow, stage, run, out)
            browser.close()


def _sent(browser: Any, stage: Stage, out: Path) -> None:
    """What a service manager sees: the message in Slack, the mail, and the whole page."""
    page = browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=1)
    page.goto(stage.postbox.url)
    page.screenshot(path=out / "postbox.png")
    reader = page.locator("section.reader", has=page.get_by_role("heading", name="Service manager, North", exact=True))
    reader.locator("article.message", has_text=ALERT).last.screenshot(path=out / "alert-slack.png")
    mine = [c for c in stage.mail.mails if c.recipient.startswith("service-manager.north") and ALERT in str(c.mail["Subject"])]
    number = max(c.number for c in mine)
    mail = browser.new_page(viewport={"width": 680, "height": 560})
    mail.goto(f"{stage.postbox.url}mail/{number}/html")
    mail.screenshot(path=out / "alert-mail.png", full_page=True)


def _airflow(browser: Any, airflow: Standalone, stage: Stage, run: dict[str, Any], out: Path) -> None:
    """The run in the Airflow UI, as a data engineer sees it, and the Backlog pages in the frame in which people open them."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{airflow.url}/auth/login")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", airflow.password())
    page.click("button[type=submit]")
    page.wait_for_url("**/")
    page.goto(f"{airflow.url}/dags/monitor_extract/runs/{run['dag_run_id']}")
    page.get_by_text("take_snapshot").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2500)  # the grid draws itself after its data has come
    page.screenshot(path=out / "airflow-grid.png")
    page.goto(f"{airflow.url}/plugin/backlog")
    page.frame_locator("iframe").locator("h1").wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=out / "backlog-in-airflow.png")
    _pages(page, airflow, stage, out)


def _pages(page: Any, airflow: Standalone, stage: Stage, out: Path) -> None:
    """The Backlog pages by themselves, whole, as pictures that weigh little; the alert is the one of the incident."""
    with pipeline.open_house(stage.settings) as house:
        alert = next(a for a in pipeline.alerts_list(house, None, False) if a["rule"] == INCIDENT)
    for name, path in PAGES.items():
        page.goto(f"{airflow.url}/caseclock/{path.format(**alert)}")
        (out / f"backlog-{name}.webp").write_bytes(picture_kinds.as_webp(page, page.screenshot(full_page=True)))


if __name__ == "__main__":
    folders = [word for word in sys.argv[1:] if word != "--sheets"]
    take(Path(folders[0] if folders else "docs/pictures"), sheets="--sheets" in sys.argv)
