"""Who asks for the Backlog pages: whoever is signed in to Airflow, with the rights that its auth manager gives them on monitor_extract.

| to | needed | simple auth manager | FAB |
|---|---|---|---|
| read | GET on the Dag | viewer and above | can read on it, or on DAGs |
| acknowledge, silence | PUT on its runs | user and above | can edit on it (or DAGs) and on DAG Runs |

Nothing is remembered from one request to the next: a right that was taken away is gone with the next click, as far as the auth manager
itself knows it by then (the simple one writes the role into the token; FAB keeps a user for `[fab] cache_ttl` seconds).
This module is loaded by every component of Airflow, so it imports nothing of the API server before somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from anyio import CapacityLimiter
    from starlette.requests import Request

    from caseclock.dashboard import Viewer

DAG = "monitor_extract"
THREADS = 4  # people whose rights are looked up at once; the look reads Airflow's database, and must not hold up its event loop


@dataclass
class AirflowDoor:
    """`caseclock.dashboard.Door` for pages that are mounted in Airflow's API server."""

    _limit: CapacityLimiter | None = field(default=None, init=False, repr=False)

    async def viewer(self, request: Request) -> Viewer | None:
        from anyio import CapacityLimiter
        from anyio.to_thread import run_sync

        from caseclock.dashboard import MayNotRead, Viewer

        user = await _signed_in(request)
        if user is None:
            return None
        if self._limit is None:
            self._limit = CapacityLimiter(THREADS)
        may_read, may_act = await run_sync(_rights, user, limiter=self._limit)
        if not may_read:
            raise MayNotRead(Viewer(user.get_name(), _shown_name(user)))
        return Viewer(user.get_name(), _shown_name(user), may_act)

    def sign_in(self, request: Request) -> str:
        """The sign-in that Airflow's own pages use, whichever auth manager stands behind it. One comes back to this server only."""
        root = str(request.scope.get("app_root_path", ""))
        asked = quote(str(request.scope["path"]), safe="/~")
        if query := request.scope.get("query_string", b"").decode("latin-1"):
            asked += f"?{query}"
        return f"{root}/api/v2/auth/login?{urlencode({'next': asked})}"


async def _signed_in(request: Request) -> BaseUser | None:
    """As Airflow finds out for its own API: a token in the header first, then the session's cookie."""
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from fastapi import HTTPException

    try:
        return await get_user(request, None, await bearer_scheme(request))
    except HTTPException:  # no token, one that has run out, or a forged one: all of them may sign in
        return None


def _rights(user: Any) -> tuple[bool, bool]:
    """Whether this user may read, and act. As `requires_access_dag` of Airflow's API asks, with the team that the Dag belongs to."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.models.dag import DagModel

    details, manager = DagDetails(id=DAG, team_name=DagModel.get_team_name(DAG)), get_auth_manager()
    if not manager.is_authorized_dag(method="GET", details=details, user=user):
        return False, False
    return True, manager.is_authorized_dag(method="PUT", access_entity=DagAccessEntity.RUN, details=details, user=user)


def _shown_name(user: Any) -> str:
    """FAB knows people by their names, too."""
    full = getattr(user, "get_full_name", None)
    return str(full() if full else "").strip() or str(user.get_name())
