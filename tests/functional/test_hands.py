"""People act on alerts, by the command line and by buttons in Slack. What they do counts at once, once, and is written down."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.errors import CaseclockError, WrongUse
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.now import LONDON
from caseclock.pipeline.handling import Refused
from caseclock.pipeline.people import deliver_due
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlDelivery

from .conftest import FRIDAYS, Town, open_town, small_configuration
from .release_lab import AT, DAY, TEAM
from .release_lab import Lab as ReleaseLab

NORTH, RULE = "C0NORTH", "unallocated"
MANAGER, DEPUTY, STRANGER = "U0SAM", "U0DEP", "U0ELSE"
TEN_MINUTES = AT + dt.timedelta(minutes=10)
PING = 1.0  # seconds; a line that is silent for four of them is replaced, so it must outlast what a loaded machine stalls


@dataclass
class Lab(ReleaseLab):
    """A house with one open alert of North, told in Slack, and buttons on it. `patience`: how long a form waits for its deed, in seconds;
    more than the two of Slack, so that a slow machine does not answer before it."""

    patience: float = 10.0

    def root(self) -> dict[str, Any]:
        """The alert's message in the channel of North as it stands now."""
        return next(m for m in self.slack.roots(NORTH))

    @property
    def alert(self) -> str:
        return str(pipeline.alerts_list(self.house, "demo", True)[0]["id"])

    def deeds(self) -> list[Any]:
        with self.house.engine.connect() as c:
            return list(c.execute(select(t.handling).order_by(t.handling.c.at)))

    def cli(self, *words: str) -> Any:
        env = {"CASECLOCK_SLACK_TOKEN": "xoxb-test", "CASECLOCK_SLACK_URL": self.slack.url, "CASECLOCK_SLACK_APP_TOKEN": "xapp-test"}
        at = [] if "--now" in words else ["--now", TEN_MINUTES.isoformat()]
        return CliRunner().invoke(cli, [*words, *at, "--home", str(self.house.settings.home)], env=env)

    def cli_as_it_is(self, *words: str) -> Any:
        return CliRunner().invoke(cli, [*words, "--home", str(self.house.settings.home)])

    @contextmanager
    def listening(self, now: dt.datetime = TEN_MINUTES) -> Iterator[None]:
        stop, ready, faults = threading.Event(), threading.Event(), []
        before, patch = self.slack.desk.connections, pytest.MonkeyPatch()
        patch.setattr(importlib.import_module("caseclock.pipeline.listen"), "ANSWER_WITHIN", self.patience)

        def run() -> None:
            try:
                pipeline.listen(self.house.settings, stop, ready=ready.set, now=lambda: now, ping=PING)
            except Exception as error:
                faults.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(10), faults
            self.slack.desk.connected(before + 1)  # the far end knows of it a moment later
            yield
        finally:
            stop.set()
            thread.join(15)
            patch.undo()
            assert not thread.is_alive()
            assert not faults

    def press(self, verb: str = "ack", user: str = MANAGER, **more: Any) -> None:
        """Presses, and waits until the form is open or the person has had a word."""
        before = (len(self.slack.views), len(self.slack.ephemerals))
        self._heard(lambda: self.slack.press(self.root(), verb, user, **more))
        wait_for(lambda: (len(self.slack.views), len(self.slack.ephemerals)) != before)

    def fill_in(self, reason: str = "two workers start on Monday", until: str = "2026-11-25", **more: Any) -> Any:
        return self._heard(lambda: self.slack.submit(self.slack.views[-1], reason=reason, until=until, **more))

    def _heard(self, does: Callable[[], str]) -> Any:
        """Slack delivers no press anew whose line was replaced just then: the person reads that it did not work, and does it again."""
        lines = self.slack.desk.connections
        try:
            return self.slack.desk.answered(does())
        except TimeoutError:
            if self.slack.desk.connections == lines:
                raise
            return self.slack.desk.answered(does())


def wait_for(true: Any, seconds: float = 10) -> None:
    ended = threading.Event()
    for _ in range(int(seconds * 50)):
        if true():
            return
        ended.wait(0.02)
    raise AssertionError("it did not come")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with FakeSlack() as slack, MailCatcher() as mail:
        small_configuration(tmp_path / "home" / "monitoring")
        routes = tmp_path / "home" / "monitoring" / "routes.yaml"
        told = yaml.safe_load(routes.read_text())
        for recipient in told["recipients"]:
            if recipient["id"] == "sm-north":
                recipient |= {"may_act": [MANAGER, "S0DEPUTIES"], "tell": ["slack"], "fallback": []}
        routes.write_text(yaml.safe_dump(told, sort_keys=False))
        slack.groups["S0DEPUTIES"] = [DEPUTY]
        settings = open_town(tmp_path / "home", slack, mail).settings
        assert settings.slack
        with_buttons = settings.slack.model_copy(update={"app_token": SecretStr("xapp-test")})
        with pipeline.open_house(settings.model_copy(update={"slack": with_buttons})) as house:
            with house.engine.begin() as c:
                named = {"NA1": "North Assessment 1", TEAM: "North Assessment 2"}
                c.execute(t.team.insert(), [{"source": "demo", "team": id, "name": name, "as_of": str(DAY)} for id, name in named.items()])
            made = Lab(house, slack, mail)
            made.land(DAY, 5, "pass")
            yield made


# --- by the command line -------------------------------------------------------------------------------------------
def test_an_acknowledgement_stands_on_the_message_at_once_and_calls_nobody(lab: Lab) -> None:
    before = len(lab.slack.messages)
    done = lab.cli("alerts", "ack", lab.alert, "--by", "Team manager", "--until", "2026-11-25", "--reason", "two start on Monday")
    assert done.exit_code == 0, done.output
    assert "Acknowledged by Team manager until Wed 25 November 2026, 18:00." in lab.root()["text"]
    assert "two start on Monday" not in str(lab.slack.messages)  # the reason is for the audit
    assert len(lab.slack.messages) == before
    [kept] = lab.deeds()
    assert (kept.kind, kept.by, kept.reason) == ("ack", "Team manager", "two start on Monday")
    [row] = lab.audit("ack")
    assert (row.by, row.detail["why"], row.detail["way"]) == ("Team manager", "two start on Monday", "command line")


def test_an_acknowledgement_is_read_on_every_later_drawing_until_it_ends(lab: Lab) -> None:
    lab.cli("alerts", "ack", lab.alert, "--by", "Team manager", "--until", "2026-11-25")
    lab.land(dt.date(2026, 11, 23), 6, "pass")
    assert lab.root()["text"].startswith("Amber: 6 ")
    assert "Acknowledged by Team manager" in lab.root()["text"]
    lab.land(dt.date(2026, 11, 26), 6, "pass")
    assert "until Wed 25" not in lab.root()["text"]  # the message that calls says in its own words whose it was
    assert lab.kinds()[-1][2] == "ack_expired"


def test_rule_and_team_name_the_alert_too_and_without_an_end_the_longest_is_taken(lab: Lab) -> None:
    done = lab.cli("alerts", "ack", f"{RULE}/north assessment 2", "--by", "Team manager", "--json")
    assert done.exit_code == 0, done.output
    assert "Fri 27 November 2026" in done.output  # five working days on


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ack", "000000000000", "--by", "X"], "no alert has this id"),
        (["ack", "ALERT", "--by", " "], "needs to say who"),
        (["ack", "ALERT", "--by", "X", "--until", "2026-11-19"], "not in the future"),
        (["ack", f"{RULE}/NF1", "--by", "X"], "no such team"),
        (["ack", "nothing/NA2", "--by", "X"], "no such rule"),
        (["silence", f"{RULE}/{TEAM}", "--by", "X", "--until", "2027-11-25", "--reason", "y"], "at most 20 working days"),
        (["silence", f"{RULE}/{TEAM}", "--by", "X", "--until", "2026-11-25", "--reason", " "], "needs a reason"),
        (["unsilence", f"{RULE}/{TEAM}", "--by", "X"], "no silence"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(lab: Lab, words: list[str], said: str) -> None:
    text = lab.root()["text"]
    done = lab.cli("alerts", *[w.replace("ALERT", lab.alert) for w in words])
    assert done.exit_code != 0
    assert isinstance(done.exception, WrongUse), done.output
    assert said in str(done.exception)
    assert (lab.deeds(), lab.root()["text"]) == ([], text)


def test_an_alert_that_is_over_is_not_acknowledged_in_the_name_of_the_next_one(lab: Lab) -> None:
    over = lab.alert
    lab.land(dt.date(2026, 11, 23), 0, "pass")
    lab.land(dt.date(2026, 11, 24), 0, "pass")
    lab.land(dt.date(2026, 11, 25), 7, "pass")
    with pytest.raises(Refused, match="over since the extract of 2026-11-24"):
        pipeline.acknowledge(lab.house, over, "X", dt.datetime(2026, 11, 25, 17, tzinfo=LONDON))
    assert lab.deeds() == []
    assert [row.by for row in lab.audit("refused")] == ["X"]


def test_a_silence_holds_what_gets_worse_and_its_end_by_hand_is_told(lab: Lab) -> None:
    done = lab.cli("alerts", "silence", f"{RULE}/{TEAM}", "--by", "Head", "--until", "2026-12-04", "--reason", "the office moves")
    assert done.exit_code == 0, done.output
    assert "Silenced by Head until Fri 4 December 2026, 18:00." in lab.root()["text"]
    lab.land(dt.date(2026, 11, 23), 9, "pass")
    assert [kind for *_, kind in lab.kinds() if kind in {"worsened", "reminder"}] == []
    done = lab.cli("alerts", "unsilence", f"{RULE}/{TEAM}", "--by", "Head", "--now", "2026-11-24T10:00")
    assert done.exit_code == 0, done.output
    assert "Silenced by" not in lab.root()["text"]
    assert "worsened" in {kind for *_, kind in lab.kinds()}


def test_a_deed_with_no_delivery_is_sent_with_the_next_round_once(lab: Lab) -> None:
    lab.cli("alerts", "ack", lab.alert, "--by", "First", "--no-deliver")
    lab.cli("alerts", "silence", lab.alert, "--by", "Second", "--reason", "y", "--until", "2026-11-25", "--no-deliver")
    assert "by First" not in lab.root()["text"]
    pipeline.tend(lab.house, TEN_MINUTES)
    assert "Silenced by Second" in lab.root()["text"]
    assert "acknowledged by First" in lab.root()["text"].replace("Acknowledged", "acknowledged")
    edits = lab.root()["edits"]
    pipeline.tend(lab.house, TEN_MINUTES)
    assert lab.root()["edits"] == edits


@pytest.mark.parametrize(("owner", "step"), [(SqlDelivery, "begin"), (SlackChannel, "send")], ids=["claimed", "on its way"])
def test_a_deed_while_the_edit_of_another_is_being_sent_stands_on_the_message_too(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    """What is under way cannot be drawn again; the message says both with the next round, and no one is called."""
    lab.cli("alerts", "ack", lab.alert, "--by", "First", "--until", "2026-11-25", "--no-deliver")
    as_it_is, posted = getattr(owner, step), len(lab.slack.messages)

    def while_somebody_acts(*args: Any, **named: Any) -> Any:
        monkeypatch.undo()
        done = lab.cli("alerts", "silence", lab.alert, "--by", "Second", "--reason", "y", "--until", "2026-11-26", "--no-deliver")
        assert done.exit_code == 0, done.output
        return as_it_is(*args, **named)

    monkeypatch.setattr(owner, step, while_somebody_acts)
    deliver_due(lab.house, TEN_MINUTES)
    assert "Acknowledged by First" in lab.root()["text"]
    assert "Second" not in lab.root()["text"], "it was drawn before"
    pipeline.tend(lab.house, TEN_MINUTES)
    assert "Silenced by Second until Thu 26 November 2026, 18:00" in lab.root()["text"]
    assert "cknowledged by First until Wed 25 November 2026" in lab.root()["text"]
    edits = lab.root()["edits"]
    pipeline.tend(lab.house, TEN_MINUTES)
    assert (lab.root()["edits"], len(lab.slack.messages)) == (edits, posted)


# --- by the buttons ------------------------------------------------------------------------------------------------
def test_without_an_app_token_there_are_no_buttons_and_nobody_listens(tmp_path: Path) -> None:
    with FakeSlack() as slack, MailCatcher() as mail, pipeline.open_house(open_town(tmp_path / "h", slack, mail).settings) as house:
        ReleaseLab(house, slack, mail).land(DAY, 5, "pass")
        assert slack.roots(NORTH)
        assert "actions" not in {b["type"] for m in slack.messages for b in m["blocks"]}
        with pytest.raises(WrongUse, match="CASECLOCK_SLACK_APP_TOKEN"):
            pipeline.listen(house.settings, threading.Event())


def test_a_button_opens_a_form_and_the_form_acknowledges(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack")
        answered = lab.fill_in()
        assert answered.payload is None
        assert answered.after < 3
        wait_for(lambda: "Acknowledged by u0sam until Wed 25 November 2026, 18:00." in lab.root()["text"])
    assert "Amber: 5 " in lab.slack.views[0]["blocks"][0]["text"]["text"]
    [kept] = lab.deeds()
    assert (kept.kind, kept.by, kept.reason) == ("ack", "u0sam (U0SAM)", "two workers start on Monday")
    assert lab.audit("ack")[0].detail["way"] == "Slack"
    assert lab.slack.refused_blocks == []


def test_a_repeated_delivery_of_press_and_form_counts_once(lab: Lab) -> None:
    with lab.listening():
        lab.press("silence", times=3)
        lab.fill_in(times=3)
        wait_for(lambda: "Silenced by" in lab.root()["text"])
        lab.fill_in()  # the same form, much later
    assert (len(lab.slack.views), len(lab.deeds()), len(lab.audit("silence"))) == (1, 1, 1)
    assert lab.slack.ephemerals == []


@pytest.mark.parametrize(("user", "may"), [(MANAGER, True), (DEPUTY, True), (STRANGER, False)])
def test_only_those_whom_the_recipient_map_names_may_act(lab: Lab, user: str, may: bool) -> None:
    with lab.listening():
        lab.press("ack", user)
    assert bool(lab.slack.views) == may
    if not may:
        [word] = lab.slack.ephemerals
        assert (word["user"], word["channel"]) == (STRANGER, NORTH)
        assert "not among those who may act for Service manager, North" in word["text"]
        assert [row.by for row in lab.audit("refused")] == ["u0else (U0ELSE)"]


def test_who_may_no_longer_act_when_the_form_is_sent_off_is_refused(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack", DEPUTY)
        lab.slack.groups["S0DEPUTIES"] = []
        answered = lab.fill_in()
    assert "not among those who may act" in answered.payload["errors"]["reason"]
    assert (lab.deeds(), lab.slack.ephemerals) == ([], [])


def test_a_button_of_an_older_state_does_nothing_and_says_so(lab: Lab) -> None:
    old = dict(lab.root())
    lab.land(dt.date(2026, 11, 23), 7, "pass")
    with lab.listening(dt.datetime(2026, 11, 23, 16, 10, tzinfo=LONDON)):
        lab.slack.press(old, "ack", MANAGER)
        wait_for(lambda: lab.slack.ephemerals)
        lab.press("ack")  # the message as it stands now
        lab.land(dt.date(2026, 11, 24), 9, "pass")  # it turns red while the form is open
        said = lab.fill_in().payload["errors"]["reason"]
    assert all("has changed since" in word for word in (said, *[word["text"] for word in lab.slack.ephemerals]))
    assert (len(lab.slack.ephemerals), len(lab.slack.views), lab.deeds()) == (1, 1, [])


def test_a_form_without_reason_or_with_a_day_too_far_is_handed_back(lab: Lab) -> None:
    with lab.listening():
        lab.press("ack")
        answered = lab.fill_in(reason="  ", until="2026-12-24")
    assert set(answered.payload["errors"]) == {"reason", "until"}
    assert "Fri 27 November 2026" in answered.payload["errors"]["until"]
    assert lab.deeds() == []


def test_a_message_of_several_alerts_has_a_menu_for_each(lab: Lab) -> None:
    [extract] = lab.extracts()
    with lab.house.engine.begin() as c:
        for table in (t.attempt, t.outbox, t.told):
            c.execute(table.delete())
        rows = [{"extract_id": extract.id, "measure": "unallocated", "team": "NA1", "value": 6, "n": 100}]
        c.execute(t.measure_value.insert(), rows)
    lab.slack.messages.clear()
    lab.tell(extract.id)
    with lab.listening():
        lab.press("ack", nth=1)
        lab.fill_in()
        wait_for(lambda: "Acknowledged by" in lab.root()["text"])
    assert len(lab.root()["text"].split("Acknowledged by")) == 2
    assert lab.slack.refused_blocks == []


def test_the_listener_comes_back_after_every_kind_of_lost_connection(lab: Lab) -> None:
    with lab.listening():
        lab.slack.desk.refresh()
        lab.slack.desk.connected(2)
        lab.slack.desk.drop()
        lab.slack.script("apps.connections.open", "http_500_before", "lost_before")
        lab.slack.desk.connected(3)
        lab.press("ack")
        lab.fill_in()
        wait_for(lambda: "Acknowledged by" in lab.root()["text"])


def test_slack_that_is_away_at_the_start_is_tried_again_and_a_wrong_token_is_not(lab: Lab) -> None:
    lab.slack.script("apps.connections.open", "http_500_before")
    with lab.listening():
        lab.slack.desk.connected(1)
    lab.slack.script("apps.connections.open", "error:invalid_auth")
    with pytest.raises(CaseclockError, match="invalid_auth"):
        pipeline.listen(lab.house.settings, threading.Event())


def test_as_a_process_it_ends_cleanly_on_sigterm_and_its_log_holds_no_secret_and_no_reason(lab: Lab) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("CASECLOCK_")}
    env |= {"CASECLOCK_SLACK_TOKEN": "xoxb-s3cret", "CASECLOCK_SLACK_URL": lab.slack.url, "CASECLOCK_SLACK_APP_TOKEN": "xapp-s3cret"}
    command = [sys.executable, "-c", "from caseclock.cli import main; main()", "listen", "--home", str(lab.house.settings.home)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "listening to Slack\n"
            lab.press("ack")
            until = dt.datetime.now(LONDON).date() + dt.timedelta(days=1)
            lab.fill_in(reason="CANARY", until=until.isoformat())
            process.send_signal(signal.SIGTERM)
            out, log = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, "ended\n")
    assert "is written down" in log
    assert not any(secret in log for secret in ("s3cret", "CANARY", "ticket"))
    assert [row.reason for row in lab.deeds()] == ["CANARY"]  # what was taken before the signal was finished


# --- route-test ----------------------------------------------------------------------------------------------------
def test_route_test_says_who_by_which_line_and_who_next(lab: Lab) -> None:
    file = (lab.house.settings.config / "routes.yaml").read_text().splitlines()
    [amber, red] = pipeline.route_test(lab.house, RULE, TEAM, None, AT)
    [who] = amber["tell"]
    assert (who["recipient"], who["channels"], who["fallback"]) == ("sm-north", {"slack": NORTH}, [])
    assert "match" in file[int(who["line"].split()[-1]) - 1]
    [above] = amber["next"]
    assert (above["recipient"], above["after_wd"], above["on"]) == ("head-of-service", 3, dt.date(2026, 11, 25))
    assert "head-of-service" in file[int(above["line"].split()[-1]) - 1]
    assert red["limit"] == 8
    [_, urgent] = pipeline.route_test(lab.house, "unallocated_cp", TEAM, None, AT)
    assert [w["recipient"] for w in urgent["tell"]] == ["head-of-service", "sm-north"]
    assert urgent["next"] == []
    done = lab.cli("route-test", RULE, TEAM, "amber")
    assert "told: sm-north (Service manager, North) by slack C0NORTH" in done.output
    assert "(told now: on 2026-11-25): head-of-service" in done.output


# --- why -----------------------------------------------------------------------------------------------------------
def test_why_leads_from_the_message_to_every_row_behind_its_figure(town: Town, fridays: dict[dt.date, Path]) -> None:
    town.take(fridays[FRIDAYS[-1]])
    home = town.settings.home
    with pipeline.open_house(town.settings) as house:
        alerts = [a for a in pipeline.alerts_list(house, None, False) if a["rule"] in {RULE, "overdue_assessment"}]
        assert {a["rule"] for a in alerts} == {RULE, "overdue_assessment"}
        for alert in alerts:
            whole = pipeline.rows_behind(house, alert)
            assert (whole["found"], len({row["item_ref"] for row in whole["rows"]})) == (alert["value"], alert["value"])
    printed = CliRunner().invoke(cli, ["alerts", "why", f"{alerts[0]['rule']}/{alerts[0]['team']}", "--home", str(home)])
    assert printed.exit_code == 0, printed.output
    with_rows = CliRunner().invoke(cli, ["alerts", "why", alerts[0]["id"], "--clocks", "--home", str(home)])
    sent = CliRunner().invoke(cli, ["alerts", "show", alerts[0]["id"], "--home", str(home)])
    assert "sha256" in printed.output
    assert "item_ref" in with_rows.output
    assert "item_ref" not in printed.output + sent.output
    shutil.rmtree(home / "clocks")
    gone = CliRunner().invoke(cli, ["alerts", "why", alerts[0]["id"], "--clocks", "--home", str(home)])
    assert gone.exit_code == 0, gone.output
    assert "is no longer kept" in gone.output
    assert f"value: {alerts[0]['value']}" in gone.output


def test_why_says_what_was_not_sent_and_because_of_whom(lab: Lab) -> None:
    lab.cli("alerts", "silence", f"{RULE}/{TEAM}", "--by", "Head", "--until", "2026-12-04", "--reason", "the office moves")
    lab.land(dt.date(2026, 11, 23), 9, "pass")
    printed = lab.cli_as_it_is("alerts", "why", f"{RULE}/{TEAM}")
    assert "silenced: the figure is brought up to date without a call for attention" in printed.output
    lab.land(dt.date(2026, 11, 24), 9, "pass")
    printed = lab.cli("alerts", "why", f"{RULE}/{TEAM}", "--now", "2026-11-24T17:00")
    withheld = "worsened (it is now red: was 5, now 9) and withheld: silenced by Head until 4 December 2026, 18:00: the office moves"
    assert f"event suppressed  reason {withheld}" in printed.output
    assert f"because {withheld}" in printed.output
    noted = [(row.detail["kind"], row.reason) for row in lab.audit("suppressed") if row.subject.endswith("sm-north/slack")]
    assert ("worsened", withheld) in noted
