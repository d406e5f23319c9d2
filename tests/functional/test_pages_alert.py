"""The pages of alerts on a real store: what they show is what the engine says, and what is done there is done once, by whom it says."""

from __future__ import annotations

import datetime as dt
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from caseclock.alerts import Instance
from caseclock.dashboard import Viewer
from caseclock.notifications.compose import alert_id
from caseclock.storage import schema as t

from .alert_lab import ALEX, FRIDAY_ON, NORTH, READER, SOUTH, Lab, laboratory, text_of
from .pages_lab import SAM
from .release_lab import AT, BEFORE, DAY, TEAM

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

HOSTILE = '<script>alert(1)</script> & "x"'


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with laboratory(tmp_path) as made:
        yield made


# --- what is shown -------------------------------------------------------------------------------------------------
def test_the_page_says_what_the_engine_says(lab: Lab) -> None:
    with lab.open() as client:
        page, listed = client.get(f"/caseclock/alerts/{lab.alert()}"), client.get("/caseclock/alerts")
    told = lab.rows(t.told, team=TEAM)
    assert page.status_code == 200
    said = text_of(page)
    assert (
        "Amber: 5 cases without an allocated worker in North Assessment 2, 1 above the amber limit of 4. Open since 20 November 2026"
        in said
    )
    assert "amber at 4 or more, red at 8 or more; clear below 3" in said
    assert "Nobody has acknowledged it." in said
    assert lab.extracts()[-1].sha256 in said
    assert f"/caseclock/extracts/{lab.extracts()[-1].id}" in page.text
    assert "The alert opened" in said
    assert "past the limit on 1 of 1 extract date" in said
    assert told
    assert said.count("first message") == len(lab.rows(t.outbox, mode="post"))
    assert "Service manager, North" in said
    assert "If nobody acknowledges it," in said
    assert "is told on 25 November 2026" in said  # 3 working days after it was told
    assert "A reminder goes out on 27 November 2026" in said
    assert f"caseclock alerts why {lab.alert()} --clocks" in said
    row = re.search(r"(?s)<tbody>(.*?)</tbody>", listed.text)
    assert row
    assert [cell in text_of(listed) for cell in ("1 alert is open: 0 red, 1 amber", "Amber", "amber 4", "North Assessment 2")] == [True] * 4


def test_the_messages_link_to_a_page_that_answers(lab: Lab) -> None:
    """The id is all that a link has."""
    with lab.open() as client:
        assert client.get(f"/caseclock/alerts/{alert_id(Instance('demo', 'unallocated', TEAM), str(DAY))}").status_code == 200


def test_a_closed_alert_says_how_it_ended_and_offers_nothing_to_do(lab: Lab) -> None:
    alert = lab.alert()
    for day in (23, 24):
        lab.land(dt.date(2026, 11, day), 0, "pass")
    with lab.open(at=AT + dt.timedelta(days=5)) as client:
        page, over, open_ = (client.get(f"/caseclock/alerts{path}") for path in (f"/{alert}", "?closed=1", ""))
    said = text_of(page)
    assert (
        "Resolved: cases without an allocated worker in North Assessment 2. It was open from 20 November 2026 to 24 November 2026" in said
    )
    assert "What you can do" not in said
    assert "<form" not in page.text
    assert alert in over.text
    assert "No alert is open." in text_of(open_)
    assert lab.do("acknowledge", at=AT + dt.timedelta(days=5), alert=alert).json()["error"].startswith("Not done: this alert is over since")


def test_an_id_that_only_moved_leads_on(lab: Lab) -> None:
    alert = lab.alert()
    lab.land(BEFORE, 6, "pass", at=AT + dt.timedelta(hours=1))  # a correction: it began a week before
    now = lab.alert()
    assert now != alert
    with lab.open() as client:
        said = text_of(client.get(f"/caseclock/alerts/{alert}"))
    assert f"You came by the id {alert}" in said
    assert f"it goes on under the id {now}" in said
    assert "Open since 13 November 2026" in said
    done = lab.do("acknowledge", alert=alert)
    assert done.json()["changed"] is True
    assert lab.rows(t.handling)[0].episode == str(BEFORE)


def test_held_data_is_said_and_its_own_alert_leads_to_quality(lab: Lab) -> None:
    alert, monday = lab.alert(), dt.date(2026, 11, 23)
    lab.land(monday, 9, "hold")
    held = alert_id(Instance("demo", "dq_failed", "*"), str(monday))
    with lab.open(at=AT + dt.timedelta(days=3)) as client:
        page, about = client.get(f"/caseclock/alerts/{alert}"), client.get(f"/caseclock/alerts/{held}")
    assert "On hold: the newer extract of 23 November 2026 did not pass its quality check, so this is the last figure" in text_of(page)
    assert about.status_code == 200
    assert "nobody acknowledges or silences it" in text_of(about)
    assert 'href="/caseclock/quality"' in about.text
    assert 'href="/caseclock/help/data-held"' in about.text
    with lab.open(NORTH) as client:
        assert client.get(f"/caseclock/alerts/{held}").status_code == 404
    assert lab.do("acknowledge", alert=held).status_code == 404


@pytest.mark.parametrize("path", ["?closed=2", "?start=-1", "?start=1e9", "?start=%C2%B2"])
def test_nonsense_is_answered_by_a_page_of_ours(lab: Lab, path: str) -> None:
    with lab.open() as client:
        answer = client.get(f"/caseclock/alerts{path}")
    assert answer.status_code == 400
    assert "<h1>" in answer.text


def test_what_does_not_exist_is_not_there(lab: Lab) -> None:
    with lab.open() as client:
        for path in ("/0123456789ab", "/" + "x" * 300, "?team=NOWHERE", "?rule=nothing", "?source=elsewhere"):
            assert client.get(f"/caseclock/alerts{path}").status_code == 404, path


def test_a_hostile_name_is_only_words(lab: Lab) -> None:
    with lab.house.engine.begin() as c:
        c.execute(update(t.team).where(t.team.c.team == TEAM).values(name=HOSTILE))
    lab.do("acknowledge", reason=HOSTILE)
    with lab.open() as client:
        for path in ("alerts", f"alerts/{lab.alert()}", "audit"):
            answer = client.get(f"/caseclock/{path}")
            assert "<script>alert" not in answer.text
            assert "alert(1)" in answer.text


# --- who may see ---------------------------------------------------------------------------------------------------
def test_another_service_sees_and_does_nothing(lab: Lab) -> None:
    alert = lab.alert()
    with lab.open(SOUTH) as client:
        theirs, none = client.get(f"/caseclock/alerts/{alert}"), client.get("/caseclock/alerts/0123456789ab")
        listed, filtered = client.get("/caseclock/alerts"), client.get(f"/caseclock/alerts?team={TEAM}")
    assert theirs.status_code == none.status_code == filtered.status_code == 404
    assert text_of(theirs) == text_of(none)
    assert "No alert is open." in text_of(listed)
    assert lab.do("silence", SOUTH, reason="x", until=FRIDAY_ON).status_code == 404
    assert lab.rows(t.handling) == []
    assert lab.do("acknowledge", NORTH).status_code == 200


def test_who_may_only_read_is_told_why_and_is_refused(lab: Lab) -> None:
    with lab.open(READER) as client:
        page = client.get(f"/caseclock/alerts/{lab.alert()}")
    assert "<form" not in page.text
    assert "act.js" not in page.text
    assert "needs the right to edit runs of the Dag monitor_extract" in text_of(page)
    assert lab.do("acknowledge", READER).status_code == 403
    assert lab.rows(t.handling) == []


# --- what is done --------------------------------------------------------------------------------------------------
def test_a_second_press_changes_nothing(lab: Lab) -> None:
    first, second = (lab.do("acknowledge", reason="two start on Monday", until="2026-11-25") for _ in range(2))
    assert first.json() == {
        "said": "Acknowledged until Wed 25 November 2026, 18:00. Messages in Slack say so within 10 minutes.",
        "changed": True,
    }
    assert second.json()["changed"] is False
    (kept,) = lab.rows(t.handling)
    assert (kept.by, kept.reason, kept.kind) == ("Sam", "two start on Monday", "ack")
    (note,) = lab.audit("ack")
    assert note.detail["way"] == "page, signed in as sam"
    with lab.open() as client:
        said = text_of(client.get(f"/caseclock/alerts/{lab.alert()}"))
    assert "Acknowledged by Sam until 25 November 2026, 18:00. Reason: two start on Monday" in said
    assert "Reminders and escalation rest until 25 November 2026, 18:00." in said
    assert lab.do("acknowledge", ALEX, until="2026-11-25").json()["changed"] is True  # another person's press is another deed


REFUSED = [
    ("silence", {"until": FRIDAY_ON, "reason": "  "}, "a silence needs a reason"),
    ("silence", {"reason": "the office moves"}, "a silence needs an end"),
    ("silence", {"until": "2026-12-21", "reason": "the office moves"}, "at most 20 working days"),
    ("silence", {"until": "2026-11-19", "reason": "the office moves"}, "is not in the future"),
    ("acknowledge", {"until": "2026-11-19"}, "is not in the future"),
    ("unsilence", {}, "no silence of unallocated/NA2 is in force"),
]


@pytest.mark.parametrize(("verb", "body", "why"), REFUSED)
def test_a_refusal_says_why_and_is_in_the_audit_with_who(lab: Lab, verb: str, body: dict[str, Any], why: str) -> None:
    answer = lab.do(verb, **body)
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert lab.rows(t.handling) == []
    (note,) = lab.audit("refused")
    assert note.by == "Sam"
    assert why in note.reason


@pytest.mark.parametrize("body", [{"until": "tomorrow"}, {"until": 7}, {"reason": ["x"]}, {"once": ""}, {"once": None}])
def test_what_is_no_deed_is_not_tried(lab: Lab, body: dict[str, Any]) -> None:
    assert lab.do("acknowledge", **body).status_code == 400
    assert lab.audit("ack", "refused") == []


def test_an_acknowledgement_beyond_the_cap_ends_at_the_cap_and_says_so(lab: Lab) -> None:
    said = lab.do("acknowledge", until="2026-12-24").json()["said"]
    assert said.startswith("Acknowledged until Fri 27 November 2026, 16:10 (the longest is 5 working days)")


def test_a_silence_is_ended_and_ending_it_again_is_no_fault(lab: Lab) -> None:
    assert lab.do("silence", reason="the office moves", until=FRIDAY_ON).json()["changed"] is True
    with lab.open() as client:
        assert 'data-act="unsilence"' in client.get(f"/caseclock/alerts/{lab.alert()}").text
    assert lab.do("unsilence", ALEX).json()["said"].startswith("The silence of Sam has ended")
    again = lab.do("unsilence", SAM)
    assert again.status_code == 200
    assert again.json()["changed"] is False
    assert "Alex ended it on 20 November 2026" in again.json()["said"]
    assert lab.audit("refused") == []


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    if request.param == "sqlite":
        with laboratory(tmp_path) as made:
            yield made
    else:
        with server_url(tmp_path / "pg") as url, laboratory(tmp_path, url) as made:
            yield made


def test_two_who_acknowledge_at_once_are_both_told_the_truth(store: Lab) -> None:
    alert, people = store.alert(), [Viewer("sam", "Sam", True), Viewer("alex", "Alex", True), Viewer("jo", "Jo", True)]
    said: dict[str, Any] = {}
    ready = threading.Barrier(len(people))

    def press(who: Viewer) -> None:
        with store.open(who) as client:
            ready.wait(20)
            answer = client.post(
                f"/caseclock/alerts/{alert}/acknowledge", json={"once": "same-word", "reason": who.id, "until": "2026-11-25"}
            )
            said[who.name] = (answer.status_code, answer.json())

    threads = [threading.Thread(target=press, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {status for status, _ in said.values()} == {200}
    assert all(made["said"].startswith("Acknowledged until Wed 25 November 2026, 18:00") for _, made in said.values())
    assert sorted(made["said"].count("acknowledged by") for _, made in said.values()) == [0, 1, 2]  # each names those before
    assert sorted(row.by for row in store.rows(t.handling)) == sorted(note.by for note in store.audit("ack")) == ["Alex", "Jo", "Sam"]
    with store.open() as client:
        page = text_of(client.get(f"/caseclock/alerts/{alert}"))
    assert all(f"{name} 25 November 2026, 18:00" in page for name in said)
