"""What every page has around it: who may come in, how much is done at once, and what is said when something goes wrong."""

from __future__ import annotations

import logging
import threading
from typing import NoReturn

import anyio
import httpx
import pytest

from caseclock.dashboard import shell
from caseclock.dashboard.model import At, Done, MayNotRead, NotThere, Scope, Viewer
from caseclock.errors import CaseclockError, WrongUse

from .fake_backlog import FakeBacklog, FakeDoor, Plain, Stage

CHILD = "Amelia Example, born 3 May 2019"
OURS = {"origin": "http://testserver", "sec-fetch-site": "same-origin", "content-type": "application/json"}


# --- who comes in ------------------------------------------------------------------------------------------------------
def test_who_is_not_signed_in_is_led_there_and_a_script_is_told() -> None:
    with Stage(door=FakeDoor(None)).client() as client:
        page = client.get("/caseclock/page", headers={"accept": "text/html,*/*"})
        said = client.get("/caseclock/page", headers={"accept": "application/json"})
        deed = client.post("/caseclock/deed", content=b"{}", headers=OURS)
    assert (page.status_code, page.headers["location"]) == (307, "/auth/login?next=/caseclock/page")
    assert (said.status_code, said.json()) == (401, {"error": "not signed in"})
    assert deed.status_code == 401


def test_who_may_not_read_sees_nothing() -> None:
    with Stage(door=FakeDoor(raises=PermissionError(CHILD))).client() as client:
        page, deed = client.get("/caseclock/page"), client.post("/caseclock/deed", content=b"{}", headers=OURS)
    assert (page.status_code, deed.status_code) == (403, 403)
    assert "Here it is" not in page.text
    assert "Made-up council" not in page.text
    assert CHILD not in page.text + deed.text


def test_who_may_read_only_does_nothing() -> None:
    stage = Stage(door=FakeDoor(Viewer("ro", "Reader")))
    with stage.client() as client:
        assert client.get("/caseclock/page").status_code == 200
        found = client.post("/caseclock/deed", content=b"{}", headers=OURS)
    assert found.status_code == 403
    assert "may read, but not act" in found.json()["error"]
    assert stage.done == []
    assert stage.backlog.tried == [("ro", "acknowledge an alert")]


def test_a_deed_of_somebody_who_may_not_even_read_is_written_down_and_one_of_another_site_is_not() -> None:
    stage = Stage(door=FakeDoor(raises=MayNotRead(Viewer("ro", "Reader"))))
    with stage.client() as client:
        assert client.post("/caseclock/deed", content=b"{}", headers=OURS).status_code == 403
        assert client.post("/caseclock/deed", content=b"{}", headers={**OURS, "origin": "http://elsewhere"}).status_code == 403
    assert stage.backlog.tried == [("ro", "acknowledge an alert")]


def test_a_deed_stays_refused_when_that_cannot_be_written_down(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(FakeBacklog(locked=True), FakeDoor(Viewer("ro", "Reader")))
    with stage.client() as client:
        assert client.post("/caseclock/deed", content=b"{}", headers=OURS).status_code == 403
    assert stage.done == []
    assert "could not be written into the audit (RuntimeError)" in caplog.text
    assert "a value in its text" not in caplog.text


def test_when_nobody_can_say_who_it_is_it_is_a_fault_and_says_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(door=FakeDoor(raises=ConnectionError(CHILD)))
    with stage.client() as client:
        page, deed = client.get("/caseclock/page"), client.post("/caseclock/deed", content=b"{}", headers=OURS)
    assert (page.status_code, deed.status_code) == (500, 500)
    assert "ConnectionError" in page.text
    assert CHILD not in page.text + deed.text + caplog.text
    assert stage.done == []


# --- what goes wrong ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (NotThere("there is no such team"), 404, "Not there"),
        (WrongUse("that is no year"), 400, "That makes no sense"),
        (PermissionError(), 403, "Not for you"),
        (CaseclockError("the store cannot be opened"), 500, "Fault"),
        (RuntimeError(CHILD), 500, "Fault"),
        (KeyError(CHILD), 500, "Fault"),
        (UnicodeDecodeError("utf-8", CHILD.encode(), 0, 1, CHILD), 500, "Fault"),
    ],
)
def test_a_fault_is_a_page_of_ours_without_the_text_of_others(
    error: Exception, status: int, title: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> NoReturn:
        raise error

    with caplog.at_level(logging.DEBUG), Stage(read=fails, do=fails).client() as client:
        page, deed = client.get("/caseclock/page"), client.post("/caseclock/deed", content=b"{}", headers=OURS)
    assert (page.status_code, deed.status_code) == (status, status)
    assert f"<h1>{title}</h1>" in page.text
    assert "Amelia" not in page.text + deed.text + caplog.text
    if status == 500:
        logged = [r.getMessage() for r in caplog.records if r.name == shell.__name__]
        assert len([said for said in logged if "could not be made" in said]) == 2  # the log knows of each
        assert all(f"{__file__}:" in said for said in logged if "went wrong at" in said)
    if isinstance(error, CaseclockError):
        assert str(error) in page.text
        assert deed.json() == {"error": str(error)}


def test_a_template_that_fails_is_a_fault_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    with Stage(read=lambda at: object()).client() as client:
        page = client.get("/caseclock/page")
    assert page.status_code == 500
    assert "<h1>Fault</h1>" in page.text


# --- how much at once --------------------------------------------------------------------------------------------------
def test_the_rest_of_the_server_goes_on_while_pages_are_made_and_too_many_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "THREADS", 2)
    monkeypatch.setattr(shell, "WAITING", 3)
    go, begun = threading.Event(), threading.Semaphore(0)

    def slow(at: At) -> Plain:
        begun.release()
        assert go.wait(20)
        return Plain()

    statuses: list[int] = []

    async def many() -> None:
        transport = httpx.ASGITransport(Stage(read=slow).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client, anyio.create_task_group() as group:

            async def ask() -> None:
                statuses.append((await client.get("/caseclock/page")).status_code)

            for _ in range(2 + 3):
                group.start_soon(ask)
            for _ in range(2):
                await anyio.to_thread.run_sync(begun.acquire)
            await anyio.sleep(0.1)  # the others have come to the queue
            with anyio.fail_after(5):
                other = await client.get("/other")
                full = await client.get("/caseclock/page")
                deed = await client.post("/caseclock/deed", content=b"{}", headers=OURS)
            assert statuses == []
            go.set()
        assert deed.json() == {"said": "done", "changed": True}  # deeds have threads of their own
        assert other.json() == {"here": True}
        assert (full.status_code, full.headers["retry-after"]) == (503, "5")
        assert "<h1>Busy</h1>" in full.text

    anyio.run(many)
    assert statuses == [200] * 5


def test_pages_are_made_while_deeds_wait_for_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "WRITERS", 1)
    monkeypatch.setattr(shell, "WRITES", 1)
    go, begun = threading.Event(), threading.Event()

    def locked(at: At, body: object) -> Done:
        begun.set()
        assert go.wait(20)
        return Done("done")

    statuses: list[int] = []

    async def many() -> None:
        transport = httpx.ASGITransport(Stage(do=locked).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client, anyio.create_task_group() as group:

            async def act() -> None:
                statuses.append((await client.post("/caseclock/deed", content=b"{}", headers=OURS)).status_code)

            group.start_soon(act)
            await anyio.to_thread.run_sync(begun.wait)
            group.start_soon(act)
            await anyio.sleep(0.1)
            with anyio.fail_after(5):
                pages = [(await client.get("/caseclock/page")).status_code for _ in range(6)]
                full = await client.post("/caseclock/deed", content=b"{}", headers=OURS)
            go.set()
        assert (pages, full.status_code) == ([200] * 6, 503)

    anyio.run(many)
    assert statuses == [200, 200]


# --- sources and scope -------------------------------------------------------------------------------------------------
TWO = (("a", "Council A"), ("b", "Council <B> & more"))


def test_with_several_sources_each_link_keeps_to_the_one_that_is_shown() -> None:
    with Stage(FakeBacklog(TWO)).client() as client:
        first, second = client.get("/caseclock/page").text, client.get("/caseclock/page?source=b").text
        assert client.get("/caseclock/page?source=c").status_code == 404
    assert 'href="/caseclock/alerts?source=a"' in first
    assert 'href="/caseclock/alerts?source=b"' in second
    assert "Council &lt;B&gt; &amp; more" in first
    assert '<a href="/caseclock/?source=b" aria-current="true">' in second


def test_with_one_source_no_address_names_it() -> None:
    with Stage().client() as client:
        assert "source=" not in client.get("/caseclock/page").text


def test_who_sees_some_teams_is_told_so_on_every_page() -> None:
    with Stage(FakeBacklog(scope=Scope(frozenset({"NA1"}), ("north",)))).client() as client:
        assert "You see the teams of: north." in client.get("/caseclock/page").text
    with Stage().client() as client:
        assert "You see the teams of" not in client.get("/caseclock/page").text
