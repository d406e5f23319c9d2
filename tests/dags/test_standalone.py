"""A real Airflow: an extract lands and people are told; processes are killed, and each extract still counts once, each message comes once.

One Airflow for the whole file; the tests build on each other in their order. What is killed is killed with SIGKILL.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Engine, select

from caseclock import now as clock
from caseclock.demo.airflow_client import AirflowClient, Refused, Unreachable
from caseclock.demo.airflow_home import CannotStart, Ports
from caseclock.demo.council import generate
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.processes import port_is_free
from caseclock.demo.standalone import Standalone, is_component
from caseclock.storage import schema
from caseclock.storage.engine import open_engine
from caseclock.storage.folds import load_board
from ports import steady_ports

from .canary_airflow import came_in, leaks, spoilt

pytestmark = pytest.mark.airflow

STEPS = ["take_snapshot", "check_quality", "compute_measures", "update_alerts", "notify"]
PATIENCE = 300.0  # seconds; one run takes 20 on an idle machine, and a lost supervisor is missed after 90
Answer = TypeVar("Answer")


@dataclass
class Council:
    """The installation under test, and extracts that have not been sent yet, oldest first."""

    home: Path
    airflow: Standalone
    client: AirflowClient
    store: Engine
    slack: FakeSlack
    mail: MailCatcher
    extracts: list[Path]
    strays: list[str] = field(default_factory=list)

    def drop(self) -> str:
        """The next extract lands, and before it a file without a date, of which data engineers are told. Answers the extract's date."""
        extract = self.extracts.pop(0)
        self.strays.append(f"stray-{len(self.strays)}.zip")
        (self.home / "inbox" / self.strays[-1]).write_text(f"no extract: {len(self.strays)}")
        half = self.home / "inbox" / f".{extract.name}.part"
        shutil.copy(extract, half)
        half.rename(self.home / "inbox" / extract.name)
        return extract.stem.rpartition("__")[2]

    def run_of(self, day: str) -> str | None:
        found = [r["dag_run_id"] for r in self.client.dag_runs("monitor_extract") if r["dag_run_id"].startswith(f"extract__{day}__")]
        assert len(found) <= 1, f"one extract, several runs: {found}"
        return found[0] if found else None

    def finished(self, day: str) -> bool:
        run = self.run_of(day)
        state = self.client.run_state("monitor_extract", run) if run else None
        assert state != "failed", f"{run} failed: {self.client.task_states('monitor_extract', run or '')}"
        return state == "success"

    def pid_of(self, day: str, step: str) -> int | None:
        """The process of a step while it runs."""
        run = self.run_of(day)
        tasks = {t["task_id"]: t for t in self.client.tasks("monitor_extract", run)} if run else {}
        task = tasks.get(step, {"state": None})
        return task["pid"] if task["state"] == "running" else None

    def kill_component(self, name: str) -> None:
        victims = [seen.pid for seen in self.airflow.seen() if is_component(name, seen.command)]
        assert victims, f"no {name} to kill"
        for pid in victims:
            os.kill(pid, signal.SIGKILL)

    def revive(self, name: str) -> None:
        within(lambda: name in self.airflow.revive(), 20)


def within(done: Callable[[], Answer], seconds: float = PATIENCE, every: float = 0.2) -> Answer:
    """What `done` answers as soon as that is true. A killed API server is waited for like anything else."""
    until = time.monotonic() + seconds
    while True:
        try:
            if answer := done():
                return answer
        except (Unreachable, Refused):
            answer = None  # type: ignore[assignment]
        assert time.monotonic() < until, f"not within {seconds:.0f} s"
        time.sleep(every)


@pytest.fixture(scope="module")
def council(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Council]:
    home = tmp_path_factory.mktemp("council")
    (home / "inbox").mkdir()
    today = clock.now().astimezone(clock.LONDON).date()
    extracts = generate(home / "made", scale=0.05, weeks=1, seed=1, as_of=today - dt.timedelta(days=1), incident=True, days=8)
    spoilt(extracts[0])
    with FakeSlack() as slack, MailCatcher() as mail:
        env = {
            "CASECLOCK_HOME": str(home),
            "CASECLOCK_SLACK_TOKEN": "xoxb-made-up",
            "CASECLOCK_SLACK_URL": slack.url,
            "CASECLOCK_SMTP_HOST": mail.host,
            "CASECLOCK_SMTP_PORT": str(mail.port),
            "CASECLOCK_SMTP_STARTTLS": "false",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        }
        airflow = Standalone(home / "airflow", root, Ports(*steady_ports(4)), env)
        with airflow:
            seconds = airflow.wait_healthy(timeout=PATIENCE)
            print(f"boot to healthy and warm: {seconds:.0f} s")
            store = open_engine(f"sqlite:///{home / 'caseclock.db'}")
            yield Council(home, airflow, airflow.client(), store, slack, mail, extracts)
        assert airflow.processes() == set()


def check_nothing_lost_and_nothing_twice(council: Council, sent: list[str]) -> None:
    """Each extract has come to its end once; each message that the outbox calls sent has arrived once."""
    with council.store.connect() as c:
        ledger = [row.as_of for row in c.execute(select(schema.extract.c.as_of))]
        done = {(row.as_of, row.step) for row in c.execute(select(schema.extract.c.as_of, schema.step_done.c.step).join(schema.step_done))}
        outbox = list(c.execute(select(schema.outbox.c.key, schema.outbox.c.channel, schema.outbox.c.state)))
    assert sorted(ledger) == sorted(sent)
    assert {(day, step) for day in sent for step in STEPS} <= done
    assert list((council.home / "inbox").iterdir()) == []
    in_slack = council.slack.copies()
    assert [key for key, copies in in_slack.items() if copies > 1] == []
    mails = [mail.message_id for mail in council.mail.mails]
    assert len(mails) == len(set(mails))
    refused = {path.name.partition("__")[2]: path.name.partition("__")[0] for path in (council.home / "refused").iterdir()}
    texts = [str(message) for message in council.slack.messages]
    told = {stray: sum(f"refused/{refused[stray]}" in text for text in texts) for stray in council.strays}
    assert told == dict.fromkeys(council.strays, 1), "data engineers hear of each refused file, once"
    by_slack = {row.key for row in outbox if (row.channel, row.state) == ("slack", "sent")}
    by_mail = [row.key for row in outbox if (row.channel, row.state) == ("email", "sent")]
    assert by_slack <= set(in_slack) | _updated(council)
    assert len(by_mail) == len(mails)


def _updated(council: Council) -> set[str]:
    """Delivery keys of messages that were changed in place: the newest key is on the message, earlier ones were."""
    seen = [arguments.get("metadata") for _, arguments in council.slack.calls]
    return {str(found["event_payload"]["k"]) for found in map(_parsed, seen) if found}


def _parsed(metadata: object) -> dict[str, dict[str, object]] | None:
    made = json.loads(metadata) if isinstance(metadata, str) else metadata
    return made if isinstance(made, dict) and "k" in made.get("event_payload", {}) else None


@pytest.fixture(scope="module")
def sent() -> list[str]:
    """Dates of the extracts that have landed so far."""
    return []


def test_airflow_knows_the_dags(council: Council) -> None:
    assert council.client.import_errors() == []


def test_a_second_start_is_refused_with_the_reason(council: Council, root: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="already runs Airflow"):
        Standalone(council.airflow.home, root, Ports(*steady_ports(4))).start()
    with pytest.raises(CannotStart, match="CASECLOCK_AIRFLOW_PORT"):
        Standalone(tmp_path, root, council.airflow.ports).start()


def test_an_extract_that_lands_is_processed_and_people_are_told(council: Council, sent: list[str]) -> None:
    began = time.monotonic()
    sent.append(council.drop())
    within(lambda: council.finished(sent[-1]))
    print(f"drop to the end of the run: {time.monotonic() - began:.1f} s")
    check_nothing_lost_and_nothing_twice(council, sent)


def test_the_same_file_again_starts_nothing(council: Council, sent: list[str]) -> None:
    again = next((council.home / "made").glob(f"*{sent[0]}*"))
    shutil.copy(again, council.home / "inbox" / again.name)
    within(lambda: list((council.home / "inbox").iterdir()) == [])
    check_nothing_lost_and_nothing_twice(council, sent)


def test_a_push_is_told_once_and_names_what_is_there(council: Council, sent: list[str]) -> None:
    """The same content as the first extract, so nothing new comes of it; what counts here is what the pusher is told."""
    again, name = next((council.home / "made").glob(f"*{sent[0]}*")), f"demo__{sent[0]}_again.zip"
    shutil.copy(again, council.home / "inbox" / f".{name}.part")
    (council.home / "inbox" / f".{name}.part").rename(council.home / "inbox" / name)
    for run_id, names, end in (
        ("push__demo__good__0123456789ab", [name], "success"),
        ("push__demo__bad__0123456789ab", ["none.zip"], "failed"),
    ):
        council.client.trigger("intake", {"names": names}, run_id)
        with pytest.raises(Refused) as told_already:
            council.client.trigger("intake", {"names": names}, run_id)
        assert told_already.value.status == 409
        within(lambda run_id=run_id, end=end: council.client.run_state("intake", run_id) == end)  # type: ignore[misc]
    assert list((council.home / "inbox").glob("*.zip")) == []
    with pytest.raises(Refused) as wrong:
        council.client.trigger("intake", {"names": "none.zip"}, "push__demo__wrong__0123456789ab")
    assert wrong.value.status in (400, 422)
    check_nothing_lost_and_nothing_twice(council, sent)


def test_a_task_that_is_killed_at_any_step_is_done_again(council: Council, sent: list[str]) -> None:
    sent.append(council.drop())
    for step in STEPS:
        pid = within(lambda step=step: council.pid_of(sent[-1], step), every=0.05)  # type: ignore[misc]
        os.kill(pid, signal.SIGKILL)
    within(lambda: council.finished(sent[-1]))
    tries = {t["task_id"]: t["try_number"] for t in council.client.tasks("monitor_extract", str(council.run_of(sent[-1])))}
    assert all(tries[step] >= 2 for step in STEPS), f"each step was killed once: {tries}"
    check_nothing_lost_and_nothing_twice(council, sent)


def test_a_component_that_is_killed_and_started_again_loses_nothing(council: Council, sent: list[str]) -> None:
    council.kill_component("triggerer")
    sent.append(council.drop())
    council.revive("triggerer")
    for step, component in zip(STEPS, ["dag-processor", "api-server", "scheduler"], strict=False):
        within(lambda step=step: council.pid_of(sent[-1], step), every=0.05)  # type: ignore[misc]
        council.kill_component(component)
        council.revive(component)
    within(lambda: council.finished(sent[-1]))
    sent.append(council.drop())
    within(lambda: council.finished(sent[-1]))
    check_nothing_lost_and_nothing_twice(council, sent)


def test_everything_killed_at_once_goes_on_after_a_restart(council: Council, sent: list[str]) -> None:
    sent.append(council.drop())
    within(lambda: council.pid_of(sent[-1], "update_alerts"), every=0.05)
    council.airflow.kill()
    assert council.airflow.processes() == set()
    sent.append(council.drop())  # lands while nobody is there
    council.airflow.start()
    council.airflow.wait_healthy(timeout=PATIENCE)
    for day in sent[-2:]:
        within(lambda day=day: council.finished(day))  # type: ignore[misc]
    check_nothing_lost_and_nothing_twice(council, sent)


def halved(extract: Path) -> None:
    """Half of the rows of each table go, as in an export that was cut short."""
    with zipfile.ZipFile(extract) as whole:
        tables = {name: whole.read(name).splitlines(keepends=True) for name in whole.namelist()}
    with zipfile.ZipFile(extract, "w", zipfile.ZIP_DEFLATED) as half:
        for name, lines in tables.items():
            half.writestr(name, b"".join([lines[0], *lines[1 : 1 + len(lines) // 2]]) if name.endswith(".csv") else b"".join(lines))


def held(council: Council, sent: list[str]) -> tuple[str, str]:
    """The next extract lands with half of its rows: its id, and the address of the form that a person answers."""
    halved(council.extracts[0])
    sent.append(council.drop())
    within(lambda: council.finished(sent[-1]))
    run = str(council.run_of(sent[-1]))
    assert council.client.task_states("monitor_extract", run)["ask_for_release"] == "success"
    extract_id = run.rpartition("__")[2]
    within(lambda: council.client.task_states("release_extract", f"release__{extract_id}").get("decide") == "awaiting_input")
    return extract_id, f"/api/v2/dags/release_extract/dagRuns/release__{extract_id}/taskInstances/decide/-1/hitlDetails"


def answered(council: Council, extract_id: str, form: str, answer: dict[str, object]) -> None:
    """A person answers, and again when Airflow asks again (a task that it takes for lost is tried once more); the run comes to its end."""

    def ended() -> bool:
        run = f"release__{extract_id}"
        states = council.client.task_states("release_extract", run)
        if states.get("decide") == "awaiting_input":
            council.client.patch(form, answer)
        state = council.client.run_state("release_extract", run)
        assert state != "failed", f"{run}: {states}"
        return state == "success"

    within(ended)


def to_data_engineers(council: Council, words: str) -> int:
    """How often they can read the words in a message or a reply; the text of a message that was changed in place counts once."""
    return sum(words in str(m["text"]) for m in council.slack.messages if m["channel"] == "C0DATA")


def test_an_ordinary_run_asks_nobody(council: Council, sent: list[str]) -> None:
    states = council.client.task_states("monitor_extract", str(council.run_of(sent[0])))
    assert (states["ask_for_release"], states["finished"]) == ("skipped", "success")
    assert council.client.dag_runs("release_extract") == []


def test_a_held_extract_that_is_rejected_stays_silent_and_a_new_one_is_asked_for(council: Council, sent: list[str]) -> None:
    extract_id, form = held(council, sent)
    asked = council.client.get(form)
    assert "**Verdict: hold.**" in asked["body"]
    assert asked["defaults"] == ["Reject"]
    answer = {"chosen_options": ["Reject"], "params_input": {"reason": "cut short by the supplier"}}
    with pytest.raises(Refused) as refused:
        council.airflow.client("viewer").patch(form, answer)
    assert refused.value.status == 403
    answered(council, extract_id, form, answer)
    assert to_data_engineers(council, "A new extract for") == 1
    assert speaking(council) != extract_id
    check_nothing_lost_and_nothing_twice(council, sent)


def test_a_held_extract_that_is_approved_speaks(council: Council, sent: list[str]) -> None:
    extract_id, form = held(council, sent)
    assert speaking(council) != extract_id
    answered(council, extract_id, form, {"chosen_options": ["Approve"], "params_input": {"reason": "half of the council has left"}})
    assert speaking(council) == extract_id
    assert to_data_engineers(council, "Data released") >= 1
    with pytest.raises(Refused) as refused:
        council.client.patch(form, {"chosen_options": ["Reject"], "params_input": {"reason": "no"}})
    assert refused.value.status == 409
    with council.store.connect() as c:
        said = [(r.decision, r.by, r.reason) for r in c.execute(select(schema.decision).order_by(schema.decision.c.at))]
    assert said == [("reject", "admin", "cut short by the supplier"), ("approve", "admin", "half of the council has left")]
    check_nothing_lost_and_nothing_twice(council, sent)


def speaking(council: Council) -> str | None:
    """The extract that the alerts speak from."""
    with council.store.connect() as c:
        board = load_board(c, "demo")
    return board.days[-1].extract_id if board else None


def test_no_personal_value_is_anywhere_in_airflow_or_in_what_caseclock_wrote(council: Council) -> None:
    """XCom, rendered fields, asset events, everything else of the metadata database; task logs; our store and files."""
    assert came_in(council.home)
    assert leaks(council.home, council.airflow.home) == {}


def test_stopping_leaves_no_process_and_no_port(council: Council) -> None:
    council.airflow.stop()
    assert council.airflow.processes() == set()
    ports = council.airflow.ports
    assert all(port_is_free(port) for port in (ports.api, ports.worker_log, ports.trigger_log))
