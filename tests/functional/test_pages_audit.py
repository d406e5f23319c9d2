"""The audit as a page: every kind of entry has words, everybody sees only what is theirs, and a long one is read a page at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from caseclock.pipeline.pages.audit import CAP, EVENTS, SIZE
from caseclock.storage import schema as t

from .alert_lab import NORTH, SOUTH, Lab, laboratory, text_of
from .pages_lab import SAM
from .release_lab import TEAM

ROOT = Path(__file__).parents[2] / "include" / "caseclock"
AT = "2026-11-20T16:00:00.000000+00:00"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("audit")) as made:
        yield made


def add(lab: Lab, n: int, event: str = "sent", team: str = TEAM, **more: Any) -> None:
    detail = {"source": "demo", "rule": "unallocated", "team": team, **more}
    row = {"at": AT, "event": event, "subject": "unallocated/NA2", "by": "caseclock", "reason": "a reason", "detail": detail}
    with lab.house.engine.begin() as c:
        c.execute(insert(t.audit), [row | {"reason": f"number {i} of {event}"} for i in range(n)])


def seen(page: Any) -> list[str]:
    return re.findall(r"number \d+ of \w+", page.text)


def test_every_event_that_the_code_writes_has_words() -> None:
    """Names of events as they stand beside the calls that write them; a new one must be put into the table."""
    written = set()
    for file in [*ROOT.glob("storage/*.py"), *ROOT.glob("pipeline/*.py"), *ROOT.glob("notifications/*.py")]:
        source = file.read_text()
        written |= set(re.findall(r'audit\(\s*(?:c|self\.connection), (?:now|at), "([a-z_]+)"', source))
        written |= set(re.findall(r'^EVENT(?:: Final)? = "([a-z_]+)"', source, re.M))
        written |= set(re.findall(r'Settlement\("[a-z]+", "([a-z]+)"', source)) - {"paced"}
        written |= set(re.findall(r'close\(row, "([a-z]+)"', source)) | set(re.findall(r'"event": "([a-z_]+)"', source))
    assert written - EVENTS.keys() == set()
    assert {"extract_repeated", "limits", "refused", "unknown", "arrived", "suppressed"} <= written


def test_entries_come_newest_first_a_page_at_a_time_and_none_is_left_out(lab: Lab) -> None:
    add(lab, 2 * SIZE + 7, "relook_like")
    found: list[str] = []
    with lab.open() as client:
        path: str | None = "/caseclock/audit?event=relook_like"
        while path:
            page = client.get(path)
            found += seen(page)
            more = re.search(r'<a rel="next" href="([^"]+)"', page.text)
            path = more[1].replace("&amp;", "&") if more else None
    assert found == [f"number {i} of relook_like" for i in reversed(range(2 * SIZE + 7))]
    assert "relook like" in text_of(page)  # an event without words is shown as it is written


def test_a_person_reads_who_did_what_and_why(lab: Lab) -> None:
    lab.do("silence", SAM, reason="the office moves", until="2026-11-27")
    lab.do("silence", NORTH, reason="", until="2026-11-27")
    with lab.open() as client:
        done, refused = (text_of(client.get(f"/caseclock/audit?event={event}")) for event in ("silence", "refused"))
        whole = client.get("/caseclock/audit")
    assert "Silenced Cases without an allocated worker, North Assessment 2 Sam (page, signed in as sam)" in done
    assert "silenced until 27 November 2026, 18:00. Reason: the office moves" in done
    assert "Deed refused Cases without an allocated worker, North Assessment 2 Nora (page, signed in as nora)" in refused
    assert "refused: a silence needs a reason" in refused
    assert f"/caseclock/alerts/{lab.alert()}" in whole.text


def test_nobody_sees_entries_about_what_is_not_theirs(lab: Lab) -> None:
    add(lab, 3, "acknowledgement_north", TEAM)
    add(lab, 3, "council_row", "*")
    add(lab, 2, "another_source", TEAM, source="elsewhere")
    with lab.open(SOUTH) as client:
        south = client.get("/caseclock/audit")
    with lab.open(NORTH) as client:
        north = client.get("/caseclock/audit")
    with lab.open() as client:
        whole = client.get("/caseclock/audit")
    assert seen(south) == []
    assert not re.search(
        "North|Sam|office|Limits noted<", south.text.split("<table")[-1].split("</table")[0] if "<table" in south.text else ""
    )
    assert {said.split()[-1] for said in seen(north)} >= {"acknowledgement_north"}
    assert "council_row" not in north.text
    assert "council_row" in " ".join(seen(whole))
    assert "another_source" not in " ".join([*seen(whole), *seen(north)])


def test_looking_is_cut_short_and_says_so(lab: Lab) -> None:
    add(lab, 1, "rare", "SA1")
    add(lab, CAP + 300, "many", TEAM)
    with lab.open(SOUTH) as client:
        first = client.get("/caseclock/audit")
        more = re.search(r'<a rel="next" href="([^"]+)"', first.text)
        assert "none of them is about what you may see here" in text_of(first)
        assert more
        assert seen(client.get(more[1].replace("&amp;", "&"))) == ["number 0 of rare"]


@pytest.mark.parametrize("query", ["event=%3Cscript%3E", "event=" + "x" * 40, "before=x", "before=99999999999", "before=-1"])
def test_nonsense_is_answered_by_a_page_of_ours(lab: Lab, query: str) -> None:
    with lab.open() as client:
        answer = client.get(f"/caseclock/audit?{query}")
    assert answer.status_code == 400
    assert "<h1>" in answer.text


def test_a_long_audit_is_as_fast_as_a_short_one(lab: Lab) -> None:
    add(lab, 60_000, "bulk", TEAM)
    add(lab, 1, "single", TEAM)
    add(lab, 60_000, "bulk", TEAM)
    with lab.open() as client:
        for query in ("", "?event=bulk", "?event=single", "?event=nothing_like_it", "?before=60000"):
            client.get(f"/caseclock/audit{query}")
            began = time.perf_counter()
            assert client.get(f"/caseclock/audit{query}").status_code == 200
            assert time.perf_counter() - began < 0.5, query  # about 15 ms here; a scan takes longer
