"""The plugin of the Backlog pages: weighs nothing, takes Airflow's word for who may do what, and never stands in Airflow's way."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from caseclock_pages import MOUNT, LatePages, made_pages
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, RedirectResponse

LOADED = """
import json, sys
import airflow.configuration, airflow.plugins_manager, airflow.settings  # what each component has loaded before it reads a plugin
before = set(sys.modules)
import caseclock_pages
print(json.dumps(sorted(set(sys.modules) - before)))
"""
ROLES = {"viewer": (True, False), "user": (True, True), "op": (True, True), "admin": (True, True)}
HTML = {"accept": "text/html"}


def test_airflow_loads_nothing_else_with_it(root: Path, airflow_db: Path) -> None:
    env = {**os.environ, "PYTHONPATH": f"{root / 'plugins'}:{root / 'include'}"}
    done = subprocess.run([sys.executable, "-c", LOADED], env=env, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == ["caseclock_door", "caseclock_pages"]


# --- in a real API server, in this process ----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def airflow(airflow_db: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Airflow's own app with our plugin in it, on a caseclock that cannot be used."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASECLOCK_HOME", str(_broken(tmp_path_factory.mktemp("broken"))))
        yield create_app(apps="core")
        purge_cached_app()


def _broken(home: Path) -> Path:
    (home / "monitoring").mkdir()
    (home / "monitoring" / "routes.yaml").write_text("recipients: {}\n")
    return home


def _token(role: str, seconds: int = 60) -> str:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return str(
        get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=f"{role}-1", role=role or None), expiration_time_in_seconds=seconds)
    )


def _asked(app: Any, path: str = "/", cookie: str = "", bearer: str = "", accept: str = "text/html", method: str = "GET") -> Any:
    headers = {"accept": accept} | ({"authorization": f"Bearer {bearer}"} if bearer else {})
    client = TestClient(app, follow_redirects=False, headers=headers, cookies={"_token": cookie} if cookie else {})
    return client.request(method, f"{MOUNT}{path}")


def test_airflow_offers_every_way_in(airflow: FastAPI) -> None:
    offered = TestClient(airflow, headers={"authorization": f"Bearer {_token('admin')}"}).get("/api/v2/plugins").json()["plugins"]
    plugin = next(p for p in offered if p["name"] == "caseclock_pages")
    assert {(view["destination"], view["href"]) for view in plugin["external_views"]} == {
        ("nav", "/caseclock/"),
        ("dag", "/caseclock/airflow/dag?dag={DAG_ID}"),
        ("dag_run", "/caseclock/airflow/run?dag={DAG_ID}&run={RUN_ID}"),
    }
    assert [(app["destination"], app["bundle_url"]) for app in plugin["react_apps"]] == [("dashboard", "/caseclock/static/card.js")]
    assert all(view["url_route"] for view in [*plugin["external_views"], *plugin["react_apps"]]), "without it Airflow leaves a view out"


def test_airflow_serves_when_caseclock_cannot(airflow: FastAPI) -> None:
    said = _asked(airflow, "/alerts", bearer=_token("viewer"))
    assert (said.status_code, said.headers["retry-after"]) == (503, "5")
    assert "routes.yaml" in said.text
    as_json = _asked(airflow, "/card.json", bearer=_token("viewer"), accept="application/json")
    assert (as_json.status_code, "routes.yaml" in as_json.json()["error"]) == (503, True)
    assert TestClient(airflow).get("/api/v2/version").status_code == 200


def test_what_is_wrong_is_not_told_to_somebody_who_is_not_signed_in(airflow: FastAPI) -> None:
    for forged in ("", "nonsense", _token("admin")[:-4] + "aaaa"):
        said = _asked(airflow, "/alerts", cookie=forged)
        assert (said.status_code, said.text) == (307, "")
        assert _asked(airflow, "/alerts", cookie=forged, accept="application/json").status_code == 401
        assert _asked(airflow, "/alerts/1/acknowledge", cookie=forged, method="POST").status_code == 401


# --- who may do what --------------------------------------------------------------------------------------------------
@pytest.fixture
def shown(airflow: FastAPI) -> FastAPI:
    """Pages that say who the door has let in, behind the middleware that Airflow has before each app."""
    from airflow.api_fastapi.core_api.app import init_middlewares
    from caseclock_door import AirflowDoor
    from starlette.requests import Request

    door = AirflowDoor()

    async def who(scope: Any, receive: Any, send: Any) -> None:
        try:
            viewer = await door.viewer(Request(scope))
        except PermissionError:
            return await PlainTextResponse("barred", 403)(scope, receive, send)
        if viewer is None:
            return await RedirectResponse(door.sign_in(Request(scope)), 307)(scope, receive, send)
        return await PlainTextResponse(f"{viewer.id} {viewer.may_act}")(scope, receive, send)

    outer = FastAPI()
    outer.mount(MOUNT, who)
    init_middlewares(outer)
    return outer


@pytest.mark.parametrize("role", ROLES)
def test_airflows_roles_read_and_act(shown: FastAPI, role: str) -> None:
    token = _token(role)
    for asked in (_asked(shown, cookie=token), _asked(shown, bearer=token)):
        assert asked.text == f"{role}-1 {ROLES[role][1]}"


def test_a_token_that_has_run_out_leads_to_the_sign_in(shown: FastAPI) -> None:
    for given in ({"cookie": _token("admin", -120)}, {"bearer": _token("admin", -120)}):
        assert _asked(shown, **given).status_code == 307


def test_a_role_without_the_right_to_read_is_barred(shown: FastAPI) -> None:
    assert _asked(shown, cookie=_token("")).status_code == 403


@dataclass
class Asked:
    """An auth manager whose rights change while people are signed in."""

    real: Any
    allowed: set[str] = field(default_factory=lambda: {"GET", "PUT"})
    questions: list[tuple[str, Any, str, str | None]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def is_authorized_dag(self, *, method: str, details: Any, user: Any, access_entity: Any = None) -> bool:
        self.questions.append((method, access_entity, details.id, details.team_name))
        return method in self.allowed


def test_a_right_that_is_taken_away_is_gone_with_the_next_request(shown: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.api_fastapi.app import _AuthManagerState, get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.models.dag import DagModel

    token = _token("admin")
    manager = Asked(get_auth_manager())
    monkeypatch.setattr(_AuthManagerState, "instance", manager)
    monkeypatch.setattr(DagModel, "get_team_name", staticmethod(lambda dag_id: f"team of {dag_id}"))
    assert _asked(shown, cookie=token).text == "admin-1 True"
    assert manager.questions == [
        ("GET", None, "monitor_extract", "team of monitor_extract"),
        ("PUT", DagAccessEntity.RUN, "monitor_extract", "team of monitor_extract"),
    ]
    manager.allowed = {"GET"}
    assert _asked(shown, cookie=token).text == "admin-1 False"
    manager.allowed = set()
    assert _asked(shown, cookie=token).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/alerts/abc?source=demo&x=1%262", "//evil.example/x", "/a%20b", "/%5C%5Cevil.example", "/?next=//evil.example", "/caf%C3%A9"],
)
@pytest.mark.parametrize("root", ["", "/airflow"])
def test_after_the_sign_in_one_comes_back_to_where_one_wanted_to_go(shown: FastAPI, path: str, root: str) -> None:
    from airflow.api_fastapi.core_api.security import is_safe_url

    shown.root_path = root
    answer = TestClient(shown, follow_redirects=False, headers=HTML).get(f"{root}{MOUNT}{path}")
    to = urlsplit(answer.headers["location"])
    back = parse_qs(to.query)["next"][0]
    assert (to.scheme, to.netloc, to.path) == ("", "", f"{root}/api/v2/auth/login")
    assert back.startswith(f"{root}{MOUNT}/")
    assert is_safe_url(back)
    again = TestClient(shown, follow_redirects=False, headers=HTML).get(back)
    assert parse_qs(urlsplit(again.headers["location"]).query)["next"] == [back]
    if "evil" not in path:
        assert back == f"{root}{MOUNT}{path}"


# --- made late --------------------------------------------------------------------------------------------------------
@dataclass
class Maker:
    """Makes an app the slow way; fails while `faults` are left."""

    faults: list[Exception] = field(default_factory=list)
    made: int = 0

    def __call__(self) -> Any:
        time.sleep(0.05)
        self.made += 1
        if self.faults:
            raise self.faults.pop(0)
        return PlainTextResponse("a page")


class Open:
    """A door at which everybody stands who may read."""

    async def viewer(self, request: Any) -> object:
        return object()


def _all_at_once(pages: LatePages, number: int) -> list[int]:
    async def one() -> int:
        seen: list[int] = []

        async def send(message: Any) -> None:
            seen.extend([message["status"]] if "status" in message else [])

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"accept", b"text/html")]}
        await pages(scope, lambda: None, send)  # type: ignore[arg-type,return-value]
        return seen[0]

    async def every() -> list[int]:
        return list(await asyncio.gather(*(one() for _ in range(number))))

    return asyncio.run(every())


def test_the_pages_are_made_once_by_the_first_who_asks() -> None:
    make = Maker()
    pages = LatePages(make, Open())
    assert make.made == 0
    assert _all_at_once(pages, 8) == [200] * 8
    assert make.made == 1


def test_those_who_wait_share_a_failure_and_the_next_one_tries_again() -> None:
    make = Maker([RuntimeError("password=made-up")])
    pages = LatePages(make, Open())
    assert _all_at_once(pages, 8) == [503] * 8
    assert make.made == 1
    pages._one = None  # the next request comes in another event loop here
    assert _all_at_once(pages, 2) == [200] * 2
    assert make.made == 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (RuntimeError("<password=made-up>"), "The store could not be opened (RuntimeError)"),
        (ModuleNotFoundError("No module named 'caseclock'", name="caseclock"), "cannot be loaded in the API server (caseclock is missing)"),
    ],
)
def test_a_text_that_is_not_ours_is_not_shown(fault: Exception, told: str, caplog: pytest.LogCaptureFixture) -> None:
    outer = FastAPI()
    outer.mount(MOUNT, LatePages(Maker([fault]), Open()))
    said = _asked(outer)
    assert told in said.text
    assert "made-up" not in said.text + caplog.text
    assert "frame-ancestors 'self'" in said.headers["content-security-policy"]


def test_the_pages_come_from_the_settings_of_this_installation(
    airflow: FastAPI, caseclock_home: Path, asked_store: Callable[[], Any]
) -> None:
    """By plain variables; and by Airflow's connection `caseclock_store`, as in a task."""
    assert made_pages()
    assert (caseclock_home / "caseclock.db").exists()
    asked_store()
    assert made_pages()
    assert (caseclock_home / "elsewhere.db").exists()


@pytest.fixture
def asked_store(caseclock_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    def set_up() -> None:
        monkeypatch.setenv(
            "AIRFLOW_CONN_CASECLOCK_STORE", json.dumps({"conn_type": "sqlite", "host": str(caseclock_home / "elsewhere.db")})
        )

    return set_up
