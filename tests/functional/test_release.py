"""A person decides on a held extract: what is released speaks at once and once, what is rejected stays silent, and nobody overhears why."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.digest.compose import letter_of
from caseclock.digest.content import Content
from caseclock.digest.week import cut_off, week_of
from caseclock.errors import WrongUse
from caseclock.notifications.letter_mail import text_of_letter
from caseclock.now import LONDON
from caseclock.pipeline.digest_facts import contents, keep_record
from caseclock.pipeline.release import AlreadyDecided, NothingToDecide
from caseclock.quality import QualityReport
from caseclock.storage import ledger
from caseclock.storage import schema as t

from .conftest import FRIDAYS, Town
from .killed import in_a_fork
from .release_lab import AT, BEFORE, DAY, WHY, Lab, open_lab

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

WAIT = dt.timedelta(days=5)
CANARY = "CANARY reason"
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_url(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    url = request.getfixturevalue("server")
    name = f"t{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def lab(tmp_path: Path, store_url: str | None) -> Iterator[Lab]:
    with open_lab(tmp_path / "home", store_url) as made:
        yield made


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Lab]:
    """On SQLite only."""
    with open_lab(tmp_path / "home") as made:
        yield made


# --- approve -------------------------------------------------------------------------------------------------------
def test_an_approved_extract_speaks_at_once_and_once(lab: Lab) -> None:
    lab.land(BEFORE, 0, "pass")
    held = lab.land(DAY, 12)
    assert lab.kinds() == [("data-engineers", "slack", "dq_failed")]
    made = lab.decide(held, "approve", CANARY, "Head of data")
    assert (made["changed"], made["decision"]) == (True, "approve")
    sent = [("data-engineers", "slack", "dq_released"), ("sm-north", "slack", "fire"), ("sm-north", "email", "fire")]
    assert sorted(lab.kinds()[1:]) == sorted(sent)
    again = lab.decide(held, "approve", "said again", "Somebody else")
    assert again["changed"] is False
    lab.tell(held)
    assert len(lab.kinds()) == 1 + len(sent)
    assert set(lab.slack.copies().values()) == {1}


def test_who_and_why_reach_data_engineers_and_the_audit_and_nobody_else(lab: Lab) -> None:
    lab.land(BEFORE, 5, "pass")
    held = lab.land(DAY, 12)
    lab.decide(held, "approve", CANARY, "CANARY person")
    assert any(CANARY in said and "CANARY person" in said for said in lab.said_to("C0DATA"))
    others = [m for m in lab.slack.messages if m["channel"] != "C0DATA"]
    assert others
    assert "CANARY" not in json.dumps(others)
    assert "CANARY" not in " ".join(str(c.mail) for c in lab.mail.mails)
    assert any("released" in said for said in lab.said_to("C0NORTH")), "that a person let the figures speak is said with them"
    [row] = lab.audit("released")
    assert (row.subject, row.by, row.reason, row.detail["as_of"]) == (held, "CANARY person", CANARY, str(DAY))
    with lab.house.engine.connect() as c:
        for recipient, payload in c.execute(select(t.outbox.c.recipient, t.outbox.c.payload)):
            assert recipient == "data-engineers" or "CANARY" not in json.dumps(payload)


def test_an_alert_on_hold_goes_on_with_the_released_figure(lab: Lab) -> None:
    lab.land(BEFORE, 5, "pass")
    held = lab.land(DAY, 12)
    assert ("sm-north", "slack", "hold") in lab.kinds()
    lab.decide(held, "approve")
    north = [kind for who, channel, kind in lab.kinds() if (who, channel) == ("sm-north", "slack")]
    assert north == ["fire", "hold", "unhold", "worsened"]
    assert any("released" in said for said in lab.said_to("C0NORTH"))


def test_the_decision_stands_when_the_gate_runs_again(lab: Lab) -> None:
    held = lab.land(DAY, 12)
    lab.decide(held, "approve")
    with lab.house.engine.begin() as c:
        ledger.save_quality(c, held, QualityReport("hold", [WHY]), [], AT)
    before = lab.kinds()
    lab.tell(held, AT + dt.timedelta(hours=1))
    assert lab.kinds() == before
    assert not pipeline.waits_for_decision(lab.house, held)


def test_one_release_of_a_real_shift_and_the_next_extract_passes(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    for day in FRIDAYS[:2]:
        town.take(fridays[day])
    smaller = make_world(seed=4, scale=0.06, end=FRIDAYS[-1], weeks=8, incident=False)

    def after_the_shift(day: dt.date) -> Path:
        return write_extract(extract_tables(smaller, day), tmp_path, "demo", day, faults=0)

    held = town.take(after_the_shift(FRIDAYS[2]))
    assert (held["verdict"], held["decision"]) == ("hold", None)
    with pipeline.open_house(town.settings) as house:
        at = dt.datetime.combine(FRIDAYS[2], dt.time(17, 30), LONDON)
        pipeline.decide(house, held["extract"]["id"], "approve", "Data quality lead", "half of the council has left", at)
    after = town.take(after_the_shift(FRIDAYS[3]))
    assert after["verdict"] != "hold", after["reasons"]


# --- reject --------------------------------------------------------------------------------------------------------
def test_a_rejected_extract_stays_silent_and_a_new_one_is_asked_for_once(lab: Lab) -> None:
    lab.land(BEFORE, 0, "pass")
    held = lab.land(DAY, 12)
    lab.decide(held, "reject", CANARY)
    lab.decide(held, "reject", "said again")
    lab.tell(held, AT + dt.timedelta(hours=1))
    assert lab.kinds() == [("data-engineers", "slack", "dq_failed"), ("data-engineers", "slack", "notice")]
    [asked] = [said for said in lab.said_to("C0DATA") if "new extract" in said]
    assert "20 November 2026" in asked
    assert CANARY in asked
    assert [r.event for r in lab.audit("released", "rejected")] == ["rejected"]


def test_a_rejection_by_mistake_is_overruled_by_name_and_both_words_are_kept(lab: Lab) -> None:
    held = lab.land(DAY, 12)
    lab.decide(held, "reject", by="Analyst on duty")
    with pytest.raises(AlreadyDecided, match=r"rejected by Analyst on duty on 20 November 2026, 16:10 already.*--overrule"):
        lab.decide(held, "approve")
    assert ("sm-north", "slack", "fire") not in lab.kinds()
    lab.decide(held, "approve", overrule=True)
    assert ("sm-north", "slack", "fire") in lab.kinds()
    assert [(r.event, r.detail["before"]) for r in lab.audit("released", "rejected")] == [("rejected", None), ("released", "rejected")]


def test_a_release_by_mistake_is_taken_back_aloud(lab: Lab) -> None:
    lab.land(BEFORE, 0, "pass")
    held = lab.land(DAY, 12)
    lab.decide(held, "approve")
    lab.decide(held, "reject", overrule=True, at=AT + dt.timedelta(minutes=20))
    north = [(channel, kind) for who, channel, kind in lab.kinds() if who == "sm-north"]
    assert sorted(north) == sorted([("slack", "fire"), ("email", "fire"), ("slack", "retracted"), ("email", "retracted")])
    good = lab.land(DAY, 12, "pass", AT + dt.timedelta(minutes=40))  # revision 2 says the same: they hear of it as of something new
    lab.tell(good, AT + dt.timedelta(minutes=41))
    assert [kind for who, channel, kind in lab.kinds() if (who, channel) == ("sm-north", "slack")] == ["fire", "retracted", "fire"]


def test_a_rejected_correction_takes_nothing_back_of_what_was_told_before_it(lab: Lab) -> None:
    lab.land(DAY, 12, "pass")
    second = lab.land(DAY, 3)
    lab.decide(second, "reject")
    assert [kind for who, channel, kind in lab.kinds() if (who, channel) == ("sm-north", "slack")] == ["fire", "hold"]


# --- nothing to decide ---------------------------------------------------------------------------------------------
def _unreadable(lab: Lab) -> str:
    return lab.land(DAY, 0, refused=True)


def _passed(lab: Lab) -> str:
    return lab.land(DAY, 5, "warn")


def _corrected(lab: Lab) -> str:
    first = lab.land(DAY, 12)
    lab.land(DAY, 5, "pass")
    return first


def _unfinished(lab: Lab) -> str:
    return lab.land(DAY, 12, done=False)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (_unreadable, "could not be read"),
        (_passed, r"quality has not held it \(verdict warn\)"),
        (_corrected, "revision 2 of the same date has come"),
        (_unfinished, "not worked out yet"),
    ],
)
@pytest.mark.parametrize("choice", ["approve", "reject"])
def test_there_is_nothing_to_decide_on(plain: Lab, made, why: str, choice: str) -> None:  # type: ignore[no-untyped-def]
    extract_id = made(plain)
    before = plain.kinds()
    with pytest.raises(NothingToDecide, match=f"demo as of 2026-11-20.*nothing to decide: .*{why}"):
        plain.decide(extract_id, choice)
    assert not pipeline.waits_for_decision(plain.house, extract_id)
    assert extract_id not in [one["id"] for one in pipeline.held_extracts(plain.house)]
    assert plain.kinds() == before
    assert plain.audit("released", "rejected") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("0" * 16, "approve", "Lead", "why"), "no extract has this id"),
        (("held", "perhaps", "Lead", "why"), "expected approve or reject"),
        (("held", "approve", "Lead", ""), "a reason is missing"),
        (("held", "reject", "Lead", " \t\n\u200b"), "a reason is missing"),
        (("held", "approve", "  ", "why"), "who decides is missing"),
    ],
)
def test_a_decision_has_an_extract_a_name_and_a_reason(plain: Lab, words: tuple[str, str, str, str], why: str) -> None:
    plain.land(BEFORE, 0, "pass")
    held = plain.land(DAY, 12)
    extract_id, choice, by, reason = words
    with pytest.raises(WrongUse, match=why):
        plain.decide(held if extract_id == "held" else "f" * 16, choice, reason, by)
    assert pipeline.waits_for_decision(plain.house, held)


# --- two at once, and killed anywhere ------------------------------------------------------------------------------
def test_of_two_people_who_decide_at_once_one_is_told_what_the_other_said(lab: Lab) -> None:
    held = lab.land(DAY, 12)

    def one(choice: str) -> str:
        try:
            return str(pipeline.decide(lab.house, held, choice, choice, "at the same moment", AT)["decision"])
        except AlreadyDecided as error:
            return f"after {error.standing.choice}"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(one, ["approve", "reject"]))
    assert found in (["after approve", "approve"], ["after reject", "reject"])
    assert len(lab.audit("released", "rejected")) == 1


@pytest.mark.parametrize("choice", ["approve", "reject"])
def test_killed_at_any_statement_a_decision_is_whole_or_not_there(tmp_path: Path, choice: str) -> None:
    def state(lab: Lab) -> tuple[object, ...]:
        with lab.house.engine.connect() as c:
            said = c.execute(select(t.decision.c.decision)).scalars().all()
            waiting = sorted(c.execute(select(t.outbox.c.key)).scalars())
            conditions = [tuple(r) for r in c.execute(select(t.condition.c.rule, t.condition.c.team, t.condition.c.state))]
        return (said, waiting, conditions, [r.event for r in lab.audit("released", "rejected")])

    def decided_in_a_fork(lab: Lab, held: str, kill_at: int | None) -> int:
        """Statements that were sent before it ended."""
        lab.house.engine.dispose()
        return in_a_fork(lambda: pipeline.decide(lab.house, held, choice, "Lead", "why", AT), kill_at, commits=True)[1]

    with open_lab(tmp_path / "clean") as lab:
        lab.land(BEFORE, 0, "pass")
        held = lab.land(DAY, 12)
        statements = decided_in_a_fork(lab, held, None)
        whole = state(lab)
        assert whole[0] == [choice]
    with open_lab(tmp_path / "killed") as lab:
        lab.land(BEFORE, 0, "pass")
        held = lab.land(DAY, 12)
        before = state(lab)
        for place in range(1, statements + 1):
            assert decided_in_a_fork(lab, held, place) == place
            if state(lab) == whole:  # the transaction is through; what is left is the page of the report
                break
            assert state(lab) == before, f"killed at statement {place} of {statements}: a part of it is there"
        else:
            pytest.fail("no kill came after the transaction")
        lab.decide(held, choice, "why", "Lead", at=AT)
        assert state(lab) == whole
        assert set(lab.slack.copies().values()) == {1}
        page = next((lab.house.settings.home / "reports").rglob(f"{held}.html")).read_text(encoding="utf-8")
        assert "A person has decided" in page
    print(f"{choice}: killed at each of {place} statements up to the end of the transaction")
    assert statements > 20


# --- the form in Airflow -------------------------------------------------------------------------------------------
def _answer(option: str, reason: str = "the merger", who: dict[str, str] | None = None) -> dict[str, object]:
    return {"chosen_options": [option], "params_input": {"reason": reason}, "responded_by_user": who or {"id": "lead", "name": "Lead"}}


def test_the_form_says_verdict_reasons_and_what_each_answer_does(plain: Lab) -> None:
    held = plain.land(DAY, 12)
    made = pipeline.question(plain.house, held, WAIT)
    assert made["subject"].startswith("Release the held extract of 2026-11-20")
    for words in ("**Verdict: hold.**", f"- {WHY}", "**Approve**", "**Reject**", "**reason**", "within 5 days", f"`{held}`"):
        assert words in made["body"]


def test_an_answer_is_recorded_with_who_gave_it(plain: Lab) -> None:
    held = plain.land(DAY, 12)
    who = {"id": "7", "name": "Lead for data"}
    assert pipeline.take_answer(plain.house, held, _answer("Approve", who=who), AT, WAIT)["changed"] is True
    [row] = plain.audit("released")
    assert (row.by, row.reason) == ("Lead for data (7)", "the merger")


def test_when_nobody_answers_it_is_rejected_and_data_engineers_read_why(plain: Lab) -> None:
    held = plain.land(DAY, 12)
    nobody = {"chosen_options": ["Reject"], "params_input": {"reason": ""}, "responded_by_user": None}
    assert pipeline.take_answer(plain.house, held, nobody, AT, WAIT)["decision"] == "reject"
    pipeline.notify(plain.house, AT)
    assert any("nobody answered within 5 days" in said for said in plain.said_to("C0DATA"))


@pytest.mark.parametrize("given", [{"reason": ""}, {"reason": "  "}, {}, None])
@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_an_answer_without_a_reason_decides_nothing(plain: Lab, option: str, given: dict[str, str] | None) -> None:
    held = plain.land(DAY, 12)
    with pytest.raises(WrongUse, match="a reason is missing; nothing was decided"):
        pipeline.take_answer(plain.house, held, _answer(option) | {"params_input": given}, AT, WAIT)
    assert pipeline.waits_for_decision(plain.house, held)


def test_an_answer_after_a_decision_by_other_means_changes_nothing_and_says_so(plain: Lab) -> None:
    held = plain.land(DAY, 12)
    plain.decide(held, "reject")
    made = pipeline.take_answer(plain.house, held, _answer("Approve"), AT, WAIT)
    assert made["changed"] is False
    assert "rejected already" in made["why"]
    assert "lead" not in made["why"].lower(), "who it was is in the audit, not in Airflow"


def test_an_answer_after_a_newer_revision_says_that_nothing_is_left_to_decide(plain: Lab) -> None:
    held = _corrected(plain)
    made = pipeline.take_answer(plain.house, held, _answer("Approve"), AT, WAIT)
    assert (made["changed"], made["decision"]) == (False, None)
    assert "nothing to decide: revision 2" in made["why"]


# --- where it is seen ----------------------------------------------------------------------------------------------
def test_the_digest_uses_released_figures_and_says_so_without_the_reason(plain: Lab) -> None:
    plain.land(BEFORE, 30, "pass")
    held = plain.land(DAY, 60)

    def read() -> tuple[Content, str]:
        week = week_of(DAY)
        with plain.house.engine.begin() as c:
            keep_record(plain.house, c, "demo", week.first_day, week.last_day)
            due = cut_off(week, plain.house.calendar)
            made = contents(plain.house, c, "demo", week.id, week.first_day, week.last_day, due, 1)["council"]
        return made, " ".join(text_of_letter(letter_of(made)).split())

    content, _ = read()
    assert (content.currency.held, content.currency.as_of) == ((DAY,), BEFORE)
    plain.decide(held, "approve", CANARY, "CANARY person")
    content, said = read()
    assert (content.currency.held, content.currency.as_of, content.currency.released) == ((), DAY, True)
    assert "60 cases without an allocated worker" in said
    assert "a person has looked at it and released it" in said
    assert "CANARY" not in said


def test_the_command_line_lists_decides_and_shows_it(plain: Lab) -> None:
    def caseclock(*words: str) -> str:
        """What it prints; its own errors come out as they are."""
        return str(CliRunner().invoke(cli, [*words, "--home", str(plain.house.settings.home)], catch_exceptions=False).stdout)

    plain.land(BEFORE, 0, "pass")
    held = plain.land(DAY, 12)
    listed = caseclock("release")
    assert f"{held}  demo as of 2026-11-20, revision 1: waits for a decision" in listed
    assert WHY in listed
    with pytest.raises(WrongUse, match="a reason is missing"):
        caseclock("release", held, "--approve", "--by", "Lead")
    with pytest.raises(WrongUse, match="ID and a decision belong together"):
        caseclock("release", "--approve")
    words = ("--reason", "the merger", "--by", "Lead", "--no-deliver", "--now", "2026-11-20T17:00")
    assert json.loads(caseclock("release", held, "--approve", *words, "--json"))["changed"] is True
    assert "nothing has changed" in caseclock("release", held, "--approve", *words)
    with pytest.raises(AlreadyDecided, match="released by Lead on 20 November 2026, 17:00"):
        caseclock("release", held, "--reject", *words)
    assert "quality: hold, released by Lead on 20 November 2026, 17:00" in caseclock("measures")
    assert caseclock("release") == "nothing is held\n"
