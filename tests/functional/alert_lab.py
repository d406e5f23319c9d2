"""One alert of a service on a real store, and people who come to its page: who may act, who may not, and one of each of two services."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from caseclock import pipeline
from caseclock.dashboard import Viewer
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.storage import schema as t

from .conftest import open_town, small_configuration
from .pages_lab import SAM, Somebody, pages
from .release_lab import AT, BEFORE, DAY, TEAM
from .release_lab import Lab as ReleaseLab

LATER = AT + dt.timedelta(minutes=10)
FRIDAY_ON = "2026-11-27"  # 5 working days after DAY
READER, ALEX = Viewer("viewer", "Robin"), Viewer("alex", "Alex", may_act=True)
NORTH, SOUTH = Viewer("nora", "Nora", may_act=True), Viewer("sol", "Sol", may_act=True)


@dataclass
class Lab(ReleaseLab):
    """An alert of North at 5 (amber 4, red 8), told in Slack and by mail, and one of the south."""

    def alert(self, team: str = TEAM) -> str:
        return next(str(a["id"]) for a in pipeline.alerts_list(self.house, "demo", False) if a["team"] == team)

    @contextmanager
    def open(self, viewer: Viewer | None = SAM, at: dt.datetime = LATER) -> Iterator[TestClient]:
        with pages(self.house.settings, at, Somebody(viewer)) as client:
            yield client

    def do(self, verb: str, viewer: Viewer = SAM, at: dt.datetime = LATER, alert: str = "", **body: Any) -> Any:
        with self.open(viewer, at) as client:
            return client.post(f"/caseclock/alerts/{alert or self.alert()}/{verb}", json={"once": "first-press", **body})

    def rows(self, table: Any, **where: Any) -> list[Any]:
        with self.house.engine.connect() as c:
            return list(c.execute(select(table).where(*(table.c[k] == v for k, v in where.items()))))


@contextmanager
def laboratory(folder: Path, url: str | None = None) -> Iterator[Lab]:
    with FakeSlack() as slack, MailCatcher() as mail:
        config = folder / "home" / "monitoring"
        small_configuration(config)
        routes = yaml.safe_load((config / "routes.yaml").read_text())
        routes["services"]["north"]["people"] = ["nora"]
        routes["services"]["south"]["people"] = ["sol"]
        (config / "routes.yaml").write_text(yaml.safe_dump(routes, sort_keys=False))
        with pipeline.open_house(open_town(folder / "home", slack, mail, url).settings) as house:
            with house.engine.begin() as c:
                named = {TEAM: "North Assessment 2", "SA1": "South Assessment"}
                c.execute(insert(t.team), [{"source": "demo", "team": id, "name": name, "as_of": str(DAY)} for id, name in named.items()])
            made = Lab(house, slack, mail)
            made.land(BEFORE, 0, "pass")
            made.land(DAY, 5, "pass")
            yield made


def text_of(answer: Any) -> str:
    """What is read: tags gone, space as it is seen."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", "", answer.text))).split())
