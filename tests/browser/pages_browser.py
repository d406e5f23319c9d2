"""A real browser before the Backlog pages of the hostile council: one server, one browser, every page."""

from __future__ import annotations

import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "functional"))

import hostile_pages
import uvicorn
from fastapi.testclient import TestClient

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
ROOT = "/caseclock"


@cache
def every_page() -> list[str]:
    """Of each kind of page that who sees all comes to the fullest one, the tabs inside Airflow, and a page that is not there."""
    outer, desk = hostile_pages.make_outer(hostile_pages.town())
    with TestClient(outer) as client:
        found = hostile_pages.walk(client, ROOT, of_a_shape=1)
    desk.close()
    fullest: dict[tuple[str, bool], str] = {}
    for url, page in sorted(found.pages.items()):
        one = re.sub(r"/\d{4}-W\d\d/[\w-]+", "/a-letter", kind(url)), "closed=1" in url
        if "source=other" not in url and len(page.raw) > len(found.pages[fullest[one]].raw if one in fullest else ""):
            fullest[one] = url
    inside = [f"{ROOT}/airflow/{words}" for words in ("dag?dag=monitor_extract", "run?dag=monitor_extract&run=none")]
    return [*fullest.values(), *inside, f"{ROOT}/alerts/{'0' * 12}"]


@contextmanager
def serving() -> Iterator[str]:
    outer, desk = hostile_pages.make_outer(hostile_pages.town())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(outer, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    desk.close()


@contextmanager
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield running
        running.close()


def watched(context: Any) -> tuple[Any, list[str]]:
    """A tab, and everything that a page says of itself that it should not: scripts that ran, things that were not let in."""
    page, said = context.new_page(), []
    page.on("dialog", lambda dialog: (said.append(f"a script ran: {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: said.append(f"console: {message.text}") if _is_fault(message) else None)
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("requestfailed", lambda request: said.append(f"not loaded: {request.url}"))
    return page, said


def _is_fault(message: Any) -> bool:
    """A page that is not there, as asked for, is none."""
    return message.type in {"error", "warning"} and not ("404" in message.text and message.location["url"].endswith("0" * 12))


def kind(url: str) -> str:
    """What sort of page it is, for the reader of a failure."""
    return re.sub(r"(?!0{12})[0-9a-f]{12,16}", "#", url.removeprefix(ROOT)).partition("?")[0]
