"""A small council that does its worst to the Backlog pages, and a reader who follows every link.

Names of teams, titles of sources, reasons and names of files hold markup, template syntax, letters that turn the direction of writing,
control characters and words without end. Each team has a mark of its own in its name, so that a page that shows it to the wrong person is
found. Two sources have sent extracts; the newest of the second is held. Imports no neighbour, so that browser tests can use it, too.
"""

from __future__ import annotations

import atexit
import datetime as dt
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, text
from starlette.requests import Request

from caseclock import pipeline
from caseclock.alerts import Instance
from caseclock.dashboard import Viewer, make_app
from caseclock.dashboard.shell import NAVIGATION
from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.now import LONDON
from caseclock.pipeline.pages import Desk, StoreBacklog
from caseclock.settings import Settings, from_environment, shipped_config

DAYS = (dt.date(2026, 11, 13), dt.date(2026, 11, 20))
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=LONDON)
LIMITS = {
    "unallocated": {"amber": 2, "red": 4, "clear_below": 1},
    "overdue_assessment": {"amber": 1, "red": 3, "clear_below": 1, "for_n": 1},
}
SCRIPT = "<script>alert(1)</script> & \"q\" 'a' <img src=x onerror=alert(2)>"
TEMPLATE = "{{7*7}} {%raw%} ${7*7} <%= 7*7 %> #{7*7}"
TURNED = "\u202edeert \u2066\u200f\u061c x\u2069 \u0301\u0301\u0301 z\u200bw"
CONTROL = "a\x01\x02\x1b[31mb\x7f"
ENDLESS = "Unbreakable" * 14
HOSTILE = (SCRIPT, TEMPLATE, TURNED, ENDLESS, f"]]> <!-- --> </title></td></svg> {CONTROL}", '" onmouseover="alert(3)" x="')
MARK, CANARY = "ZQ{}QZ", "CANARY"
SOUTH = ("SA1", "SF1", "CC1", "DC1", "FD1", "IR1")
NORTH = ("NA1", "NA2", "NF1")


def configuration(target: Path) -> None:
    shutil.copytree(shipped_config(), target)
    rules = yaml.safe_load((target / "thresholds.yaml").read_text("utf-8"))
    (target / "thresholds.yaml").write_text(yaml.safe_dump([{**rule, **LIMITS.get(rule["id"], {})} for rule in rules]), "utf-8")
    routes = yaml.safe_load((target / "routes.yaml").read_text("utf-8"))
    routes["services"]["north"]["people"] = ["nora"]
    routes["pages"] = {"everything": ["sam", "vera"], "unlisted": "nothing"}
    (target / "routes.yaml").write_text(yaml.safe_dump(routes, sort_keys=False), "utf-8")
    one = yaml.safe_load((target / "sources" / "demo.yaml").read_text("utf-8"))
    for id_, title in (("demo", f"Council {SCRIPT}"), ("other", f"Other {TEMPLATE} {ENDLESS}")):
        (target / "sources" / f"{id_}.yaml").write_text(yaml.safe_dump(one | {"id": id_, "title": title}), "utf-8")


def hostile_names(tables: dict[str, Any]) -> dict[str, Any]:
    """Each team's name: its mark and one of HOSTILE."""
    named = tables["ssd_department.csv"].astype("object")
    named["dept_team_name"] = [f"{MARK.format(id_)} {HOSTILE[n % len(HOSTILE)]}" for n, id_ in enumerate(named["dept_team_id"])]
    return {**tables, "ssd_department.csv": named}


def build(home: Path) -> Settings:
    """Two sources with two extracts each, alerts that people have spoken of, a digest; the second source's newest extract is held."""
    configuration(home / "monitoring")
    settings = from_environment(home, {})
    world = make_world(seed=3, scale=0.08, end=DAYS[-1], weeks=8, incident=True)
    with pipeline.open_house(settings) as house:
        for source in ("demo", "other"):
            for day in DAYS:
                tables = hostile_names(extract_tables(world, day))
                if source == "other" and day == DAYS[-1]:
                    tables["ssd_cin_episodes.csv"] = tables["ssd_cin_episodes.csv"].head(60)
                path = write_extract(tables, home / "sent", source, day)
                arrival = pipeline.in_order(house, (path,), source, None)[0]
                pipeline.run(house, arrival, dt.datetime.combine(day, dt.time(17), LONDON), deliver=False)
        _people_speak(house)
        pipeline.send_digest(house, NOW)
        with house.engine.begin() as c:
            _past(c)
            name = f"demo__2026-11-20 {SCRIPT} {ENDLESS}.zip"
            c.execute(text("update extract set name = :n where source = 'demo'"), {"n": name})
            c.execute(text("update quarantine_entry set file = :n, reason = :r"), {"n": f"{SCRIPT}.csv", "r": TEMPLATE + SCRIPT})
            c.execute(text("update audit set reason = reason || :r"), {"r": f" {SCRIPT} {TURNED}"})
    return settings


def _past(c: Connection) -> None:
    """Weekly extracts of a year before the first one of `demo`, with figures like its own, so that charts have something to draw."""
    first = c.execute(text("select id from extract where source = 'demo' order by as_of limit 1")).scalar_one()
    named = "source, revision, sha256, name, path, received_at"
    kept = "verdict, reasons, findings, absences, blocked_teams, expectations, at"
    for n in range(1, 53):
        given = {"id": f"{n:016x}", "day": str(DAYS[0] - dt.timedelta(weeks=n)), "first": first, "n": n}
        c.execute(text(f"insert into extract (id, as_of, {named}) select :id, :day, {named} from extract where id = :first"), given)
        c.execute(
            text(f"insert into quality_report (extract_id, {kept}) select :id, {kept} from quality_report where extract_id = :first"), given
        )
        values = "select :id, measure, team, max(0, value + (length(team) * 7 + length(measure) + :n * :n) % 9 - 4), n"
        c.execute(text(f"insert into measure_value {values} from measure_value where extract_id = :first and value is not null"), given)


def _people_speak(house: pipeline.House) -> None:
    at = NOW - dt.timedelta(minutes=30)
    standing = [a for a in pipeline.alerts_list(house, None, True) if a["closed_on"] is None and a["team"] not in ("*", "?")]
    assert len(standing) >= 4, standing
    for n, (one, words) in enumerate(zip(standing[:4], HOSTILE, strict=False)):
        if n % 2:
            until = pipeline.end_of_day(house, NOW.date() + dt.timedelta(days=3), at, 20)
            pipeline.silence(house, Instance(one["source"], one["rule"], one["team"]), f"Somebody {SCRIPT}", at, until, words)
        else:
            pipeline.acknowledge(house, one["id"], f"Somebody {SCRIPT}", at, reason=words)


class Door:
    """Who the cookie `who` names. `vera` may look and not act."""

    async def viewer(self, request: Request) -> Viewer | None:
        who = request.cookies.get("who", "sam")
        return Viewer(who, who.title(), may_act=who != "vera")

    def sign_in(self, request: Request) -> str:
        return "/auth/login"


@cache
def town() -> Settings:
    """The same for all tests of one process, its own copy of what the processes of one run have built once."""
    folder = tempfile.TemporaryDirectory(prefix="hostile")
    atexit.register(folder.cleanup)
    home, run = Path(folder.name) / "home", os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return build(home)
    shared = Path(tempfile.gettempdir()) / f"hostile-{run}"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            build(home)
            shutil.copytree(home, shared)
            atexit.register(shutil.rmtree, shared, ignore_errors=True)
        else:
            shutil.copytree(shared, home)
    return from_environment(home, {})


def make_outer(settings: Settings, now: dt.datetime = NOW) -> tuple[FastAPI, Desk]:
    desk, outer = Desk(lambda: settings), FastAPI()
    outer.mount("/caseclock", make_app(StoreBacklog(desk), Door(), lambda: now))
    return outer, desk


# --- one page ------------------------------------------------------------------------------------------------------------
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Page(HTMLParser):
    """What a page is made of, and what is wrong with how it is written."""

    url: str
    raw: str
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.raw)
        self.close()
        if self.stack:
            self.faults.append(f"not closed: {self.stack}")
        if self.headings.count("h1") != 1:
            self.faults.append(f"{self.headings.count('h1')} h1")
        if twice := sorted({i for i in self.ids if self.ids.count(i) > 1}):
            self.faults.append(f"ids twice: {twice[:5]}")

    def __hash__(self) -> int:
        return id(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._opened(tag, attrs)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._opened(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes {self.stack[-1:]}")
        if tag in self.stack:
            while self.stack.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if data.strip() and self.stack and self.stack[-1] in {"script", "style"}:
            self.faults.append(f"words in <{self.stack[-1]}>")

    def _opened(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> at {self.getpos()} has an attribute twice")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}=...> at {self.getpos()}")
            if name in {"href", "src", "data", "poster", "xlink:href"} and value is not None:
                self.links.append(value)
            if name in {"action", "formaction"} and value is not None:
                self.deeds.append(value)
        if tag in {"style", "base", "iframe", "object", "embed"} or (tag == "script" and "src" not in given):
            self.faults.append(f"<{tag}> at {self.getpos()}")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))

    @property
    def said(self) -> str:
        return " ".join("".join(self.words).split())


# --- all pages -------------------------------------------------------------------------------------------------------------
@dataclass
class Walk:
    """Every page that somebody can come to by links."""

    pages: dict[str, Page] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Files that are no pages, by address."""
    faults: dict[str, list[str]] = field(default_factory=dict)

    def everything(self) -> Iterator[tuple[str, str]]:
        yield from ((url, page.raw) for url, page in self.pages.items())
        yield from self.others.items()

    def fault(self, url: str, words: Iterable[str]) -> None:
        if words := list(words):
            self.faults.setdefault(url, []).extend(words)


def shape(url: str) -> tuple[object, ...]:
    """Pages of one shape differ only in what they are about."""
    at = urlsplit(url)
    return re.sub(r"[0-9a-f]{12,16}|\d{4}-W\d\d|(?<=/help/)[\w-]+", "#", at.path), *sorted(name for name, _ in parse_qsl(at.query))


def walk(client: TestClient, root: str, most: int = 300, of_a_shape: int = 8) -> Walk:
    """From every entry of the navigation along every link below `root`; of pages of one shape some."""
    made, queue, seen, shapes = Walk(), [f"{root}/{path}" for path, _, _ in NAVIGATION], set[str](), dict[tuple[object, ...], int]()
    while queue and len(seen) < most:
        url = queue.pop(0)
        if url in seen or shapes.get(shape(url), 0) >= of_a_shape:
            continue
        seen.add(url)
        shapes[shape(url)] = shapes.get(shape(url), 0) + 1
        answer = client.get(url)
        made.fault(url, _of_answer(answer))
        if answer.status_code != 200:
            continue
        if "text/html" not in answer.headers["content-type"]:
            made.others[url] = answer.text
            continue
        page = made.pages[url] = Page(url, answer.text)
        made.fault(url, page.faults)
        made.fault(url, (f"sends to {deed}" for deed in page.deeds if not deed.startswith(f"{root}/")))
        for link in page.links:
            target = urldefrag(urljoin(f"http://testserver{url}", link)).url.removeprefix("http://testserver")
            if link.startswith("#") and link[1:] not in page.ids:
                made.fault(url, [f"leads to {link}, which is not there"])
            if target.startswith(f"{root}/") and not link.startswith("#"):
                queue.append(target)
            elif not link.startswith(("#", "data:image/")) and not re.match(r"(?:/airflow)?/(?:dags|auth|plugin)/", target):
                made.fault(url, [f"leads out of the mount: {link}"])
    return made


def _of_answer(answer: Any) -> list[str]:
    said = []
    if answer.status_code != 200:
        said.append(f"answers {answer.status_code}")
    headers = answer.headers
    if "default-src 'none'" not in headers.get("content-security-policy", "") or "unsafe" in headers["content-security-policy"]:
        said.append("no policy")
    static = "/static/" in str(answer.url)
    if not static and headers.get("cache-control") != "no-store":
        said.append(f"cache-control: {headers.get('cache-control')}")
    if headers.get("x-content-type-options") != "nosniff":
        said.append("may be sniffed")
    return said
