"""Whatever keeps a message back, `caseclock alerts why` says so in plain words, and what happens next: told to the real engine."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.alert_lab import Lab, local
from caseclock.pipeline.people import cadence_of
from caseclock.settings import from_environment
from caseclock.storage import schema as t

RULES = [
    {"id": "calm", "title": "cases waiting", "measure": "unallocated", "amber": 10, "red": 20, "clear_below": 8},
    {"id": "slow", "title": "cases that wait long", "measure": "unallocated_low", "amber": 10, "red": 20, "clear_below": 8, "for_n": 2},
    {"id": "share", "title": "reviewed in time", "measure": "reviewed_in_time", "unit": "per cent", "direction": "below", "amber": 80,
     "red": 70, "clear_below": 82, "min_n": 30},
    {"id": "weekly", "title": "old cases", "measure": "stale_open", "amber": 10, "red": 20, "clear_below": 8},
]  # fmt: skip
ROUTES = {
    "recipients": [
        {"id": "north", "title": "Service manager, North", "slack": "C0N", "email": "north@example.org"},
        {"id": "south", "title": "Service manager, South", "email": "south@example.org", "tell": ["email"]},
        {"id": "head", "title": "Head of service", "slack": "C0H"},
        {"id": "director", "title": "Director", "slack": "C0D"},
        {"id": "data", "title": "Data engineers", "slack": "C0DATA"},
    ],
    "services": {"north": {"teams": ["N*"], "head": ["head", "director"]}, "south": {"teams": ["S*"]}},
    "routes": [
        {"match": {"rules": ["weekly"], "severity": "amber"}, "digest_only": True},
        {"match": {"service": "north"}, "tell": ["north"]},
        {"match": {"service": "south"}, "tell": ["south"]},
    ],
    "catch_all": ["data"],
    "data": ["data"],
    "digest": ["head"],
}
MONDAY = dt.date(2026, 9, 7)
SLACK = {"CASECLOCK_SLACK_TOKEN": "xoxb-test"}


@dataclass
class Desk:
    """A home folder with the lab's store in it, and somebody who asks."""

    home: Path
    lab: Lab

    def day(self, nth: int, value: float, *, measure: str = "unallocated", team: str = "N1", at: str = "09:00", **more: Any) -> None:
        """The extract of that day comes and everybody is told what is due."""
        day = MONDAY + dt.timedelta(nth)
        self.at(nth, at)
        figures = {name: {"N1": 0, "S1": 0} for name in ("unallocated", "unallocated_low", "stale_open")}
        figures.setdefault(measure, {})[team] = value  # type: ignore[assignment]
        self.lab.extract(day, figures, **more)
        self.lab.run()

    def at(self, n: int, time: str = "09:00") -> None:
        self.lab.now = local(f"{MONDAY + dt.timedelta(n)}T{time}")

    def rules(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """thresholds.yaml is edited."""
        file = self.home / "monitoring" / "thresholds.yaml"
        listed = yaml.safe_load(file.read_text())
        change(listed)
        file.write_text(yaml.safe_dump(listed))
        with pipeline.open_house(from_environment(self.home, {})) as house:
            self.lab.rules = house.config.thresholds

    def asks(self, target: str, *words: str) -> Any:
        asked = ["alerts", "why", target, *words, "--home", str(self.home), "--now", self.lab.now.isoformat()]
        return CliRunner().invoke(cli, asked, env=SLACK, catch_exceptions=True)

    def told(self, target: str) -> dict[str, Any]:
        done = self.asks(target, "--json")
        assert done.exit_code == 0, (done.output, done.exception)
        made: dict[str, Any] = json.loads(done.output)
        return made


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "monitoring"
    (folder / "sources").mkdir(parents=True)
    shipped = Path(pipeline.__file__).parents[2] / "monitoring"
    for name in ("timescales.yaml", "measures.yaml", "sources/demo.yaml"):
        (folder / name).write_text((shipped / name).read_text())
    (folder / "thresholds.yaml").write_text(yaml.safe_dump(RULES))
    (folder / "routes.yaml").write_text(yaml.safe_dump(ROUTES))
    settings = from_environment(tmp_path, {})
    with pipeline.open_house(settings) as house:
        cadence = cadence_of(house.source("demo"))
        lab = Lab(house.config.thresholds, house.config.routes, cadence, settings.store_url, "demo", calendar=house.calendar, lasting=False)
        with house.engine.begin() as c:
            c.execute(t.team.insert(), [{"source": "demo", "team": id, "name": id, "as_of": str(MONDAY)} for id in ("N1", "S1", "W1")])
    return Desk(tmp_path, lab)


def within(d: Desk) -> None:
    d.day(0, 3)


def pending(d: Desk) -> None:
    d.day(0, 12, measure="unallocated_low")


def at_night(d: Desk) -> None:
    d.day(0, 12, at="19:30")


def at_the_weekend(d: Desk) -> None:
    d.day(5, 12)


def silenced_before(d: Desk) -> None:
    d.day(0, 3)
    d.lab.silence("calm/N1 of demo", "Head", local("2026-09-11T18:00"), "the office moves")
    d.day(1, 12)


def silenced_and_worse(d: Desk) -> None:
    d.day(0, 12)
    d.lab.silence("calm/N1 of demo", "Head", local("2026-09-11T18:00"), "the office moves")
    d.day(1, 22)
    d.lab.run()


def acknowledged(d: Desk) -> None:
    d.day(0, 12)
    d.lab.ack("calm/N1 of demo", "Team manager", local("2026-09-10T18:00"))
    d.day(1, 16)
    d.lab.run()


def held(d: Desk) -> None:
    d.day(0, 3)
    d.day(1, 12, held="half of the rows are missing")


def held_while_open(d: Desk) -> None:
    d.day(0, 12)
    d.day(1, 3, held="half of the rows are missing")


def stale(d: Desk) -> None:
    d.day(0, 12)
    d.at(4, "11:00")
    d.lab.run()


def flapping(d: Desk) -> None:
    for n, value in enumerate((12, 3, 3, 12, 3, 3, 12)):
        d.day(n if n < 5 else n + 2, value)


def digest_only(d: Desk) -> None:
    d.day(0, 12, measure="stale_open")


def no_route(d: Desk) -> None:
    d.day(0, 12, team="W1")


def unconfigured(d: Desk) -> None:
    d.lab.channels_without = ("email",)
    d.day(0, 12, team="S1")


def failed(d: Desk) -> None:
    d.lab.faults[:] = ["permanent"]
    d.day(0, 12)


def failed_without_another(d: Desk) -> None:
    d.lab.faults[:] = ["permanent"]
    d.day(0, 12, team="S1")


def fate_unknown(d: Desk) -> None:
    d.lab.faults[:] = ["lost_before"]
    d.day(0, 12)


def told_and_unchanged(d: Desk) -> None:
    d.day(0, 12)
    d.day(1, 13)
    d.lab.run()


def rule_gone(d: Desk) -> None:
    d.day(0, 12)
    d.rules(lambda listed: listed.pop(0))


def team_left_out(d: Desk) -> None:
    d.day(0, 12)
    d.rules(lambda listed: listed[0].update(teams=["S*"]))


def team_missing(d: Desk) -> None:
    d.day(0, 12, team="W1")
    d.day(1, 12)


def too_few(d: Desk) -> None:
    d.day(0, 60, measure="reviewed_in_time", n=12)


def clearing_unsaid(d: Desk) -> None:
    d.day(0, 12, at="19:30")
    d.day(1, 3, at="07:00")
    d.at(1, "09:00")


def clearing(d: Desk) -> None:
    d.day(0, 12)
    d.day(1, 3)


N1, S1, W1 = "calm/N1", "calm/S1", "calm/W1"
Case = tuple[Callable[[Desk], None], str, str, str | None, str, str]
CASES: list[Case] = [  # what happened, about what, what is said of the figure, to whom, why nothing is sent, what happens next
    (within, N1, "3 on 7 September 2026 is within the limit of 10", None, "", "somebody is told when it is 10 or more on one extract date"),
    (pending, "slow/N1", "on 1 of the 2 extract dates in a row", None, "", "told when the next extracts say 10 or more too"),
    (too_few, "share/N1", "no extract has a figure for it made from 30 or more", None, "", "watched from the first extract"),
    (at_night, N1, "12 on 7 September", "north", "outside working hours", "told from 08:00 on 8 September 2026, if it still stands"),
    (at_the_weekend, N1, "12 on 12 September", "north", "outside working hours", "told from 08:00 on 14 September 2026"),
    (
        silenced_before,
        N1,
        "12 on 8",
        "north",
        "silenced by Head until 11 September 2026, 18:00: the office moves",
        "if it still stands then",
    ),
    (
        silenced_and_worse,
        N1,
        "22 on 8",
        "north",
        "worsened (it is now red: was 12, now 22) and withheld: silenced by Head",
        "nobody is called",
    ),
    (acknowledged, N1, "16 on 8", "north", "withheld: acknowledged by Team manager until 10 September 2026", "A rise to red, and its end"),
    (held, N1, "on hold since the extract of 2026-09-08: half of the rows are missing", None, "", "a person releases an extract"),
    (held_while_open, N1, "on hold since", "north", "half of the rows are missing", "nothing is closed, until a figure speaks again"),
    (stale, N1, "too old: the extract of 2026-09-08 has not come", "north", "too old", "with the next extract that passes"),
    (flapping, N1, "12 on", "north", "it began 3 times in the last 20 extracts", "when it has stood for 5 extract dates, and at once when"),
    (digest_only, "weekly/N1", "12 on 7", "digest", "route 1 of routes.yaml is digest_only", "the weekly digest counts it"),
    (unconfigured, S1, "12 on 7", "south", "email is not configured; the message waits", "by the first round after email is set up"),
    (failed, N1, "12 on 7", "north", "slack failed for good: channel_not_found", "it went by email, and goes on there"),
    (failed_without_another, S1, "12 on 7", "south", "email failed for good: channel_not_found", "data engineers have been told"),
    (fate_unknown, N1, "12 on 7", "north", "whether it has arrived is not known (timed out)", "sent again only if it is not there"),
    (
        told_and_unchanged,
        N1,
        "13 on 8",
        "north",
        "nothing has changed that calls",
        "a reminder on 14 September 2026; sooner if it gets worse",
    ),
    (told_and_unchanged, N1, "13 on 8", "head", "have time to acknowledge it", "told on 10 September 2026 if nobody has by then"),
    (no_route, W1, "12 on 7", "data", "nothing has changed that calls", "a reminder on"),
    (rule_gone, N1, "thresholds.yaml has no rule 'calm' any more", "north", "limit_changed: it is on its way", "with the next round"),
    (team_left_out, N1, "the rule does not look at N1: its `teams` are S*", "north", "limit_changed: it is on its way", "with the next"),
    (team_missing, W1, "the newest extract, of 8 September 2026, has no figure for it", "data", "this team is not in it", "next extract"),
    (clearing_unsaid, N1, "clear of the limit, on 1 of the 2", "north", "already clearing and was never told", "nobody hears of it"),
    (clearing, N1, "clear of the limit, on 1 of the 2", "north", "nothing has changed that calls", "when it is over"),
]


@pytest.mark.parametrize(("happened", "about", "said", "to", "because", "then"), CASES, ids=[f"{c[0].__name__}-{c[3]}" for c in CASES])
def test_why_answers(desk: Desk, happened: Callable[[Desk], None], about: str, said: str, to: str | None, because: str, then: str) -> None:
    happened(desk)
    now = desk.told(about)["now"]
    assert said in now["said"]
    if to is None:
        assert now["people"] == []
        assert then in now["then"]
        return
    found = [one for one in now["people"] if one["to"] == to]
    assert any(because in one["because"] and then in one["then"] for one in found), now["people"]
    assert all(one["because"] and one["then"] for one in now["people"]), "an answer without a next step"
    assert len({(one["to"], one["by"], one["because"]) for one in now["people"]}) == len(now["people"])


def test_what_is_inhibited_is_put_on_the_data_and_data_engineers_are_named_nowhere_else(desk: Desk) -> None:
    held_while_open(desk)
    people = desk.told(N1)["now"]["people"]
    assert {one["to"] for one in people} == {"north"}, "an alert about data is another matter"


def test_asking_sends_nothing_and_keeps_nothing(desk: Desk) -> None:
    silenced_and_worse(desk)
    tables = (t.outbox, t.audit, t.told, t.condition, t.alert, t.alert_event, t.attempt)
    before, landed = [desk.lab.table(table) for table in tables], list(desk.lab.landed)
    desk.at(30)
    desk.told(N1)
    assert [desk.lab.table(table) for table in tables] == before
    assert desk.lab.landed == landed


def test_the_silence_that_held_a_worsening_back_is_in_the_audit_as_that(desk: Desk) -> None:
    silenced_and_worse(desk)
    rows = [row for row in desk.lab.table(t.audit) if row["event"] == "suppressed" and row["detail"].get("kind") == "worsened"]
    assert rows
    words = "worsened (it is now red: was 12, now 22) and withheld: silenced by Head until 11 September 2026, 18:00: the office moves"
    assert {row["reason"] for row in rows} == {words}
    edits = [row for row in desk.lab.table(t.audit) if row["event"] == "sent" and row["detail"].get("kind") == "refresh"]
    assert "silenced: the figure is brought up to date" in edits[-1]["reason"]


def test_the_text_says_the_same_in_lines(desk: Desk) -> None:
    silenced_before(desk)
    printed = desk.asks(N1).output
    assert "said: 12 on 8 September 2026 against a limit of 10, red at 20; it began on 8 September 2026" in printed
    assert "because silenced by Head until 11 September 2026, 18:00: the office moves" in printed


def test_what_nobody_ever_watched_is_refused_with_what_there_is(desk: Desk) -> None:
    within(desk)
    for target, said in (("nothing/N1", "no such rule"), ("calm/X9", "no such team"), ("0123456789ab", "no alert has this id")):
        done = desk.asks(target)
        assert done.exit_code != 0
        assert said in str(done.exception)


# --- one after the other -------------------------------------------------------------------------------------------
def test_a_chain_is_told_one_after_the_other_and_an_acknowledgement_stops_it(desk: Desk) -> None:
    desk.day(0, 12)
    for n in range(1, 12):
        desk.day(n, 12)
    told = [(m.to, item) for m in desk.lab.landed for item in m.items if item.startswith(("fire", "escalated"))]
    assert [to for to, _ in told] == ["north", "head", "director"]
    days = {m.to: (local("2026-09-07T00:00"), m.message.created_at) for m in desk.lab.landed if any(i.startswith("esc") for i in m.items)}
    assert [days[who][1].date() for who in ("head", "director")] == [dt.date(2026, 9, 10), dt.date(2026, 9, 15)]


def test_who_is_above_the_chain_s_first_is_not_told_once_somebody_acknowledged(desk: Desk) -> None:
    for n in range(4):
        desk.day(n, 12)
    desk.lab.ack("calm/N1 of demo", "Head")
    for n in range(4, 10):
        desk.day(n, 12)
    assert {m.to for m in desk.lab.landed if any(i.startswith("escalated") for i in m.items)} == {"head"}


def test_what_is_for_the_digest_only_calls_somebody_when_it_turns_red_and_tells_its_end(desk: Desk) -> None:
    for n, value in enumerate((12, 25, 12, 12, 12, 3, 3)):
        desk.day(n if n < 5 else n + 2, value, measure="stale_open")
    assert [(m.to, item.split()[0]) for m in desk.lab.landed for item in m.items if item.split()[0] != "refresh"] == [
        ("north", "fire"), ("north", "resolved"),
    ]  # fmt: skip


# --- route-test ----------------------------------------------------------------------------------------------------
def routed(desk: Desk, rule: str, team: str, severity: str) -> list[str]:
    words = ["route-test", rule, team, severity, "--home", str(desk.home), "--now", desk.lab.now.isoformat()]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    return [line.strip() for line in done.output.splitlines()]


def test_route_test_shows_the_whole_chain_with_its_days(desk: Desk) -> None:
    within(desk)
    head, told, first, second, reminder = routed(desk, "calm", "N1", "amber")
    assert head == "calm in N1 (N1), amber at 10, in working hours:"
    assert told.startswith(
        "told: north (Service manager, North) by slack C0N, else by email: route 2 of routes.yaml, service north (routes.yaml"
    )
    assert first.startswith(
        "next, if nobody acknowledges it within 3 working days (told now: on 2026-09-10): head (Head of service) by slack"
    )
    assert second.startswith("next, if nobody acknowledges it within 6 working days (told now: on 2026-09-15): director (Director)")
    assert reminder == "reminder: every 5 working days while nobody does"


def test_route_test_at_night_says_from_when_it_would_be_told_and_counts_from_there(desk: Desk) -> None:
    within(desk)
    desk.at(4, "19:00")  # Friday evening
    head, _, first, *_ = routed(desk, "calm", "N1", "amber")
    assert head.endswith("in working hours (found now, it would be told from 2026-09-14 08:00, if it still stood):")
    assert "(told now: on 2026-09-17)" in first


def test_route_test_says_that_nobody_is_called_by_a_route_for_the_digest_only(desk: Desk) -> None:
    within(desk)
    file = (desk.home / "monitoring" / "routes.yaml").read_text().splitlines()
    _, told = routed(desk, "weekly", "N1", "amber")
    assert told.startswith("told: nobody; it is for the weekly digest only (routes.yaml line ")
    line = int(told.split("line ")[1].rstrip(")"))
    assert "digest_only: true" in file[line - 1]
    assert any(line.startswith("told: north") for line in routed(desk, "weekly", "N1", "red"))


def test_route_test_says_when_no_route_fits_and_when_nobody_is_next(desk: Desk) -> None:
    within(desk)
    _, told, after, _ = routed(desk, "calm", "W1", "red")
    assert "no route matches: catch_all" in told
    assert after == "next: nobody; those who are told first are the last"


def test_route_test_tells_whom_the_engine_tells(desk: Desk) -> None:
    """The answer before and the messages after are of the same people, for every rule, team and band."""
    desk.day(0, 3)
    for rule, team, value in [("calm", "N1", 12), ("calm", "S1", 25), ("calm", "W1", 12), ("weekly", "N1", 12), ("weekly", "S1", 25)]:
        lab = Lab(desk.lab.rules, desk.lab.routes, None, source="demo", calendar=desk.lab.calendar)
        lab.now = local("2026-09-07T09:00")
        measure = next(r["measure"] for r in RULES if r["id"] == rule)
        lab.extract(MONDAY, {measure: {team: value}})
        landed = lab.run()
        foretold = [line.split()[1] for line in routed(desk, rule, team, "red" if value > 20 else "amber") if line.startswith("told: ")]
        assert [m.to for m in landed] == [to for to in foretold if to != "nobody;"]
