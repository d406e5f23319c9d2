"""The little of Airflow's REST API that the demo and the tests need, by the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from caseclock.errors import CaseclockError

TIMEOUT = 60.0  # seconds; the first request to /execution was seen to take 50 on a busy machine

# on this machine only: a proxy of the environment has no business here
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unreachable(CaseclockError):
    """Nobody answers, or not in time."""


class Refused(CaseclockError):
    """Airflow answered with an error. `status` is its HTTP status."""

    def __init__(self, what: str, *, status: int, where: str) -> None:
        super().__init__(what, where=where)
        self.status = status


@dataclass
class AirflowClient:
    """`url` without a slash at its end. Signs in when it first has to, and again when the token has run out."""

    url: str
    user: str
    password: str = field(repr=False)
    _token: str | None = field(default=None, init=False, repr=False)

    # --- without signing in --------------------------------------------------------------------------------------
    def health(self) -> dict[str, str]:
        """Status per component: metadatabase, scheduler, triggerer, dag_processor."""
        said = self._call("GET", "/api/v2/monitor/health")
        return {name: str(part.get("status") or "unknown") for name, part in said.items() if part is not None}

    def warm_up(self) -> None:
        """The first request to the task API builds its schemas and holds up everything else meanwhile."""
        self._call("GET", "/execution/health")

    # --- signed in -----------------------------------------------------------------------------------------------
    def dag_ids(self) -> set[str]:
        """DAGs that are known and not paused."""
        return {d["dag_id"] for d in self.get("/api/v2/dags?limit=100")["dags"] if not d["is_paused"]}

    def import_errors(self) -> list[dict[str, Any]]:
        return list(self.get("/api/v2/importErrors")["import_errors"])

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, run_id: str | None = None) -> dict[str, Any]:
        """Starts a run. Raises Refused with status 409 when `run_id` exists."""
        body: dict[str, Any] = {"logical_date": None, "conf": conf or {}}
        if run_id:
            body["dag_run_id"] = run_id
        made: dict[str, Any] = self.post(f"/api/v2/dags/{_quoted(dag_id)}/dagRuns", body)
        return made

    def dag_runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The latest hundred runs, newest first."""
        return list(self.get(f"/api/v2/dags/{_quoted(dag_id)}/dagRuns?limit=100&order_by=-run_after")["dag_runs"])

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """queued, running, success or failed; None when there is no such run."""
        try:
            return str(self.get(f"/api/v2/dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}")["state"])
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Task instances of a run: task_id, map_index, state, try_number, pid, and more."""
        return list(self.get(f"/api/v2/dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}/taskInstances?limit=200")["task_instances"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        return {t["task_id"]: t["state"] for t in self.tasks(dag_id, run_id)}

    def get(self, path: str) -> Any:
        return self._signed("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._signed("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._signed("PATCH", path, body)

    # --- inside --------------------------------------------------------------------------------------------------
    def _signed(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if self._token is None:
            self._sign_in()
        try:
            return self._call(method, path, body, self._token)
        except Refused as error:
            if error.status != 401:
                raise
        self._sign_in()
        return self._call(method, path, body, self._token)

    def _sign_in(self) -> None:
        self._token = self._call("POST", "/auth/token", {"username": self.user, "password": self.password})["access_token"]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Accept", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        where = f"{method} {path}"
        try:
            with _OPENER.open(request, data, TIMEOUT) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Refused(f"HTTP {error.code}", status=error.code, where=where) from None
        except (OSError, ValueError) as error:  # refused, timed out, cut off in the middle
            raise Unreachable(f"no answer from {self.url} ({type(error).__name__})", where=where) from None


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")
