"""Server and crowd of bench_pages.py, each in a process of its own.

serve_pages.py serve HOME URL PORT      the pages on a store, and `/ping`, which belongs to somebody else
serve_pages.py crowd BASE PEOPLE SECONDS   so many people who load one page after another
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import socket
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include"))

NOW = dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
ROUND = (
    "/",
    "/team?team=NA1",
    "/measure?figure=unallocated&team=NA1",
    "/worklist",
    "/alerts",
    "/audit",
    "/quality",
    "/extracts",
    "/digests",
)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Timed:
    """Says in `x-took` how many milliseconds passed until the answer began; pages are made whole before they are sent."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()

        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-took", f"{1000 * (time.perf_counter() - began):.3f}".encode())]
            await send(message)

        await self.app(scope, receive, noted)


def serve(home: Path, url: str, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI
    from starlette.requests import Request

    from caseclock.dashboard import Viewer, make_app
    from caseclock.pipeline.pages import Desk, StoreBacklog
    from caseclock.settings import from_environment

    class Door:
        async def viewer(self, request: Request) -> Viewer:
            who = request.cookies.get("who", "sam")
            return Viewer(who, who.title(), may_act=True)

        def sign_in(self, request: Request) -> str:
            return "/auth/login"

    outer = FastAPI()

    @outer.get("/ping")
    async def ping() -> dict[str, bool]:
        return {"alive": True}

    settings = from_environment(home, {"CASECLOCK_STORE_URL": url})
    outer.mount("/caseclock", make_app(StoreBacklog(Desk(lambda: settings)), Door(), lambda: NOW))
    uvicorn.run(Timed(outer), host="127.0.0.1", port=port, log_level="error")


async def crowd(base: str, people: int, seconds: float) -> None:
    import httpx

    until = time.monotonic() + seconds

    async def one(n: int) -> None:
        async with httpx.AsyncClient(base_url=base, timeout=60) as client:
            for path in itertools.islice(itertools.cycle(ROUND), n % len(ROUND), None):
                if time.monotonic() > until:
                    return
                await client.get(f"/caseclock{path}")

    await asyncio.gather(*(one(n) for n in range(people)))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        asyncio.run(crowd(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
