"""The Backlog pages at size: how long each takes at the server, how large it is, and when a browser shows it.

    python benchmarks/pages/bench_pages.py [--keep DIR] [--quick] [--stores sqlite postgres] [--times 50] [--no-browser] [--only PATH]

The store is made up (big_store.py): 200 teams x 60 figures x 1,300 working days, 16 million figures, with what stands around them;
beside it one of a tenth of the teams and a fifth of the days. `--keep`: a folder in which stores stay, so that they are built once.
`--quick`: only the small one, few times and without a browser, as `make bench` does; it fails only when a page does not answer.
Each page is asked `--times` times of a real server on the loopback, by somebody who sees all and by somebody who sees one service.
Prints, and ends with 1 when a page is over its aim:

    ms        middle and 95th percentile, at the server, from the request to the last byte of the answer
    KB        of the page, plain and packed by gzip -6
    FCP       first contentful paint in Chromium, middle of five, the style sheet in its cache
    growth    95th percentile of the large store over that of the small one
    others    95th percentile of a page of another app in the same process, alone, and while 20 people load pages
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests"), str(HERE)]

import httpx  # noqa: E402
from big_store import LAST, SOURCE, Size, build, pattern  # noqa: E402
from serve_pages import free_port  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402

AIM_MS, AIM_KB, AIM_FCP, AIM_OTHERS = 100.0, 100.0, 1000.0, 100.0
SMALL: Final = Size(20, 260, 5_000, 30_000, 600, 10)
PEOPLE: Final = ("sam", "north")
TEAM, RULE, RULE_TABLE = "NA1", "authorised_on_before_started_on", "assessment"
WEEK = f"{LAST:%G-W%V}"


@dataclass
class Found:
    """One address asked by one person."""

    path: str
    status: int = 0
    ms: list[float] = field(default_factory=list)
    plain: int = 0
    packed: int = 0
    fcp: float | None = None

    @property
    def p50(self) -> float:
        return statistics.median(self.ms) if self.ms else 0.0

    @property
    def p95(self) -> float:
        return sorted(self.ms)[max(0, round(0.95 * len(self.ms)) - 1)] if self.ms else 0.0

    @property
    def over(self) -> list[str]:
        if self.status != 200:
            return [f"answers {self.status}"]
        said = [("ms", self.p95, AIM_MS), ("KB packed", self.packed / 1024, AIM_KB), ("ms to first paint", self.fcp or 0, AIM_FCP)]
        return [f"{value:.0f} {unit}" for unit, value, aim in said if value > aim]


def addresses(store: str, who: str) -> list[str]:
    """Every page, with an alert, an extract and a digest that are there for this person."""
    engine = create_engine(store)
    with engine.connect() as c:
        mine = "('NA1', 'NF1', 'NA2', 'NF2')" if who == "north" else "(select team from team)"
        alert = c.execute(text(f"select id from alert where closed_on is null and team in {mine} order by id")).scalars().first()
        extract = c.execute(text("select id from extract order by as_of desc limit 1")).scalar_one()
    engine.dispose()
    team, audience = TEAM, "north" if who == "north" else "council"
    made = [
        "/", f"/team?team={team}", f"/measure?figure=unallocated&team={team}", f"/measure?figure=in_time.assessment_45_wt&team={team}",
        "/measures", "/worklist", f"/worklist?team={team}",
        "/worklist?tier=1", "/worklist?start=50", f"/worklist.csv?team={team}", "/alerts",
        "/alerts?closed=1", f"/alerts?team={team}", f"/alerts/{alert}", "/audit", "/audit?event=held", "/audit?before=1000", "/quality",
        f"/quality?extract={extract}", f"/quality/rule?table={RULE_TABLE}&rule={RULE}", "/quarantine", "/quarantine?start=50",
        "/extracts", "/extracts?before=2024-01-01", f"/extracts/{extract}", "/digests", "/digests?year=2024",
        f"/digests/{SOURCE}/{WEEK}/{audience}", "/not-watched", "/airflow/dag?dag=monitor_extract", "/card.json",
    ]  # fmt: skip
    return made + (["/team?team=council", "/measure?figure=open&team=council"] if who == "sam" else [])


@contextmanager
def server(home: Path, url: str) -> Iterator[str]:
    port = free_port()
    running = subprocess.Popen([sys.executable, str(HERE / "serve_pages.py"), "serve", str(home), url, str(port)])
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{base}/ping")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield base
    finally:
        running.terminate()
        running.wait()


def ask(base: str, paths: Sequence[str], who: str, times: int) -> list[Found]:
    """One round over all pages first, so that what is kept in the process is there; then round after round."""
    made = [Found(path) for path in paths]
    with httpx.Client(base_url=base, cookies={"who": who}, timeout=60) as client:
        for n in range(times + 1):
            for one in made:
                if n and one.status != 200:
                    continue
                answer = client.get(f"/caseclock{one.path}", headers={"accept-encoding": "identity"})
                one.status = answer.status_code
                if n:
                    one.ms.append(float(answer.headers["x-took"]))
                else:
                    one.plain, one.packed = len(answer.content), len(gzip.compress(answer.content, 6))
    return made


def paint(base: str, found: Sequence[Found], who: str) -> None:
    import shutil

    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": "who", "value": who, "url": base}])
        page = context.new_page()
        for one in found:
            if one.status != 200 or ".csv" in one.path or ".json" in one.path:
                continue
            seen = []
            for _ in range(5):
                page.goto(f"{base}/caseclock{one.path}")
                page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
                seen.append(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            one.fcp = statistics.median(seen)
        browser.close()


def others(base: str) -> tuple[float, float]:
    """95th percentile in ms of `/ping`, alone and while 20 people load pages."""

    def p95(seconds: float) -> float:
        seen, until = [], time.monotonic() + seconds
        with httpx.Client(base_url=base) as client:
            while time.monotonic() < until:
                began = time.perf_counter()
                client.get("/ping")
                seen.append(1000 * (time.perf_counter() - began))
                time.sleep(0.01)
        return sorted(seen)[round(0.95 * len(seen)) - 1]

    alone = p95(3)
    crowd = subprocess.Popen([sys.executable, str(HERE / "serve_pages.py"), "crowd", base, "20", "12"])
    time.sleep(2)
    loaded = p95(8)
    crowd.wait()
    return alone, loaded


def table(name: str, found: Sequence[Found], small: Sequence[Found] | None) -> int:
    print(f"\n{name}\n  {'page':52}{'p50 ms':>8}{'p95 ms':>8}{'KB':>8}{'KB gz':>7}{'FCP ms':>8}{'growth':>8}")
    for n, one in enumerate(found):
        if one.status != 200:
            print(f"  {one.path:52}  answers {one.status}")
            continue
        grown = f"{one.p95 / small[n].p95:8.1f}" if small and small[n].ms else f"{'':8}"
        fcp = f"{one.fcp:8.0f}" if one.fcp is not None else f"{'':8}"
        said = ", ".join(one.over)
        numbers = f"{one.p50:8.1f}{one.p95:8.1f}{one.plain / 1024:8.1f}{one.packed / 1024:7.1f}{fcp}{grown}"
        print(f"  {one.path:52}{numbers}{'  OVER: ' + said if said else ''}")
    sys.stdout.flush()
    return sum(bool(one.over) for one in found)


@contextmanager
def stores(keep: Path, names: Sequence[str], quick: bool) -> Iterator[dict[str, tuple[Path, str]]]:
    """Name to home and URL; the small one stands first."""
    of = pattern(keep / "pattern")
    with ExitStack() as stack:
        made = {}
        for name in names:
            for size, label in ((SMALL, f"{name}-small"), (Size(), name)):
                if quick and size is not SMALL:
                    continue
                url = None
                if name == "postgres":
                    from postgres import server_url

                    (keep / label).mkdir(parents=True, exist_ok=True)
                    url = stack.enter_context(server_url(keep / label / "data"))
                began = time.monotonic()
                made[label] = (keep / label / "home", build(keep / label / "home", url, size, of).store_url)
                print(f"store {label}: {time.monotonic() - began:.0f} s", flush=True)
        yield made


def main() -> int:
    say = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    say.add_argument("--keep", type=Path)
    say.add_argument("--quick", action="store_true")
    say.add_argument("--stores", nargs="+", default=["sqlite", "postgres"])
    say.add_argument("--times", type=int)
    say.add_argument("--no-browser", action="store_true")
    say.add_argument("--only", default="")
    given = say.parse_args()
    times, browser = given.times or (5 if given.quick else 50), not (given.no_browser or given.quick)
    wrong = silent = 0
    with ExitStack() as stack:
        keep = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = stack.enter_context(stores(keep, given.stores, given.quick))
        before: dict[str, list[Found]] = {}
        for label, (home, url) in made.items():
            with server(home, url) as base:
                for who in PEOPLE:
                    paths = [path for path in addresses(url, who) if given.only in path]
                    found = ask(base, paths, who, times)
                    small = before.get(who) if not label.endswith("-small") else None
                    if browser and not label.endswith("-small"):
                        paint(base, found, who)
                    wrong += table(f"{label}, seen by {who}", found, small)
                    silent += sum(one.status != 200 for one in found)
                    before[who] = found
                if not label.endswith("-small") or given.quick:
                    alone, loaded = others(base)
                    both = f"{alone:.1f} ms alone, {loaded:.1f} ms while 20 people load pages"
                    print(f"\n  another app's page in the same process: {both} (95th percentile)", flush=True)
                    wrong += loaded > AIM_OTHERS
    print(f"\n{wrong} over their aim" if wrong else "\nall within their aims")
    return int((silent if given.quick else wrong) > 0)


if __name__ == "__main__":
    sys.exit(main())
