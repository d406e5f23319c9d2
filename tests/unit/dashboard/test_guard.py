"""What lets nothing in from elsewhere: the headers of every answer, and the marks of a deed that comes from a page of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from caseclock.dashboard import make_app
from caseclock.dashboard.guard import HEADERS, LONGEST

from .fake_backlog import NOW, FakeBacklog, FakeDoor, Stage

OURS = {"origin": "http://testserver", "sec-fetch-site": "same-origin", "content-type": "application/json"}


# --- headers -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/static/caseclock.css", 200), ("/static/icon.svg", 200), ("/static/nothing.js", 404), ("/static/..%2Fapp.py", 404),
        ("/nowhere", 404),        ("/digests", 500), ("/digests?year=x", 400), ("/digests?source=other", 404),
        ("/docs", 404), ("/openapi.json", 404),
    ],
)  # fmt: skip
def test_every_answer_has_the_headers_whatever_came_of_the_request(path: str, status: int) -> None:
    """The page of digests of FakeBacklog fails."""
    with TestClient(make_app(FakeBacklog(), FakeDoor(), lambda: NOW)) as client:  # type: ignore[arg-type]
        found = client.get(path)
    assert found.status_code == status
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    assert found.headers["cache-control"] == ("no-cache" if path.startswith("/static/") and status == 200 else "no-store")


def test_the_policy_lets_no_script_or_style_stand_in_a_page() -> None:
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'self'" in policy


# --- deeds -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def client(stage: Stage) -> Iterator[TestClient]:
    with stage.client() as made:
        yield made


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"content-type": None}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "text/plain; application/json"}, 415),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": None}, 200),  # an older browser; the origin speaks for it
        ({"origin": None}, 200),
        ({"origin": None, "sec-fetch-site": None}, 403),
        ({"origin": "null", "sec-fetch-site": None}, 403),
        ({"origin": "", "sec-fetch-site": None}, 403),
        ({"origin": "https://evil.example", "sec-fetch-site": None}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example", "sec-fetch-site": None}, 403),
        ({"origin": "http://testserver:8081", "sec-fetch-site": None}, 403),
        ({"origin": "https://backlog.example.org", "x-forwarded-host": "backlog.example.org"}, 200),  # behind a proxy
        ({"origin": "https://evil.example", "x-forwarded-host": "backlog.example.org"}, 403),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site", "authorization": "Bearer token"}, 200),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site", "authorization": "Basic c2Ft"}, 403),
    ],
)
def test_a_deed_is_taken_from_a_page_of_ours_and_from_nowhere_else(
    stage: Stage, client: TestClient, changed: dict[str, str | None], status: int
) -> None:
    headers = {name: value for name, value in {**OURS, **changed}.items() if value is not None}
    found = client.post("/caseclock/deed", content=b'{"reason": "x"}', headers=headers)
    assert found.status_code == status
    assert stage.done == ([{"reason": "x"}] if status == 200 else [])
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    if status != 200:
        assert found.json()["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200), (b"{}", 200), (b"[]", 400), (b"null", 400), (b"{", 400), (b"\xff", 400), (b"[" * 9_000, 400),
        (b'{"a": "' + b"x" * (LONGEST - 9) + b'"}', 200), (b'{"a": "' + b"x" * LONGEST + b'"}', 413),
    ],
)  # fmt: skip
def test_the_body_is_a_short_json_object(stage: Stage, client: TestClient, body: bytes, status: int) -> None:
    assert client.post("/caseclock/deed", content=body, headers=OURS).status_code == status
    assert len(stage.done) == (status == 200)


def test_a_body_that_does_not_say_how_long_it_is_is_read_only_up_to_the_limit(stage: Stage) -> None:
    """Straight to the app, to count what it takes: sent in chunks, as HTTP allows, without a content-length."""
    import anyio

    taken, answers = [], []

    async def receive() -> dict[str, object]:
        taken.append(1)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": len(taken) < 1000}

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    headers = [(name.encode(), value.encode()) for name, value in OURS.items()] + [
        (b"host", b"testserver"),
        (b"transfer-encoding", b"chunked"),
    ]
    scope = {
        "type": "http", "method": "POST", "path": "/caseclock/deed", "raw_path": b"", "query_string": b"", "headers": headers,
        "root_path": "",        "scheme": "http", "http_version": "1.1", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    anyio.run(stage.app(), scope, receive, send)
    assert answers[0]["status"] == 413
    assert len(taken) <= LONGEST / 1000 + 1
    assert stage.done == []


@pytest.mark.parametrize("said", ["x", "-5", "99999999999999999999"])
def test_a_length_that_is_none_is_too_long(stage: Stage, client: TestClient, said: str) -> None:
    assert client.post("/caseclock/deed", content=b"{}", headers={**OURS, "content-length": said}).status_code == 413
