"""The sender is killed with SIGKILL at every step, several times in a row, on SQLite and on PostgreSQL: nothing is lost, and nothing that
can be looked for is sent twice. Mail cannot be looked for: a copy may repeat, under the same Message-ID."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sender  # type: ignore[import-not-found]

from caseclock.demo.alert_lab import Lab, local
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.storage import schema as t
from postgres import server_url

HERE = Path(__file__).parent
STEPS = ["claimed", "attempt_written", "in_flight_before", "in_flight_after", "sent", "settled", "waiting"]
DAYS = [
    (dt.date(2026, 12, 1), {"n1": 12, "s1": 22}),
    (dt.date(2026, 12, 2), {"n1": 25, "s1": 3}),
    (dt.date(2026, 12, 3), {"n1": 0, "s1": 2}),
]
SAID = [("north", "fire"), ("south", "fire"), ("north", "worsened"), ("south", "resolved"), ("north", "resolved")]
Sender = Callable[..., int]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_url(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(scope="module")
def send() -> Iterator[Sender]:
    """Runs one sender as a process; returns how it ended."""
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "include")}
    with subprocess.Popen(
        [sys.executable, str(HERE / "sender.py")], env=env, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as warm:
        assert warm.stdin
        assert warm.stdout

        def ask(**given: object) -> int:
            warm.stdin.write(json.dumps(given) + "\n")  # type: ignore[union-attr]
            return int(warm.stdout.readline())  # type: ignore[union-attr]

        yield ask
        warm.stdin.close()


def _lab(url: str) -> Lab:
    made: Lab = sender.make_lab(url)
    t.metadata.drop_all(made.engine)
    t.metadata.create_all(made.engine)
    return made


def _deaths(lab: Lab, ask: Callable[[str], int], step: str, most: int) -> int:
    """Takes the lab through its days; each day's senders are killed at the step at most so many times before one gets through."""
    kills = 0
    for day, figures in DAYS:
        lab.now = local(f"{day}T08:30")
        lab.extract(day, {"calm": figures})
        lab.update()
        for _ in range(most):
            killed = ask(step) == -signal.SIGKILL
            kills += killed
            lab.now += dt.timedelta(minutes=10)
            lab.update()
            if not killed:
                break
        for _ in range(2):
            assert ask("never") == 0
            lab.now += dt.timedelta(minutes=10)
            lab.update()
    return kills


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("database", "most"), [("sqlite", 3), ("postgres", 2)])
def test_a_sender_killed_at_this_step_loses_and_repeats_nothing(
    database: str, most: int, step: str, send: Sender, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    url = request.getfixturevalue("postgres") if database == "postgres" else f"sqlite:///{tmp_path / 'store.db'}"
    lab = _lab(url)
    with FakeSlack(clock=lambda: lab.now) as slack, MailCatcher() as mail:

        def ask(at: str) -> int:
            if at == "waiting":
                slack.script("chat.postMessage", "ratelimited:1")
            return send(url=url, now=lab.now.isoformat(), slack=slack.url, smtp=mail.port, step=at, count=1)

        kills = _deaths(lab, ask, step, most)
    rows = {row["key"]: row for row in lab.table(t.outbox)}
    posted, mailed = slack.copies(), mail.copies()
    wanted = Counter(row["channel"] for row in rows.values())
    lost = wanted["slack"] - len(posted) + wanted["email"] - len(mailed)
    twice, copies = sum(n - 1 for n in posted.values()), sum(n - 1 for n in mailed.values())
    with capsys.disabled():
        print(
            f"\n{database}: killed {kills} times at {step}: {len(posted)} messages and {len(mailed)} mails, {lost} lost, "
            f"{twice} repeated; {copies} mails repeated under their Message-ID"
        )
    assert kills >= most
    assert lost == 0
    assert twice == 0
    assert set(posted) == {key for key, row in rows.items() if row["channel"] == "slack"}
    assert {row["state"] for row in rows.values()} == {"sent"}
    said = _said(slack, rows)
    for reader in ("north", "south"):
        assert [kind for who, kind in said if who == reader] == [kind for who, kind in SAID if who == reader]
    assert said == SAID or step == "waiting", "who is not at a limit goes before who is"
    assert copies == 0 or step in ("attempt_written", "in_flight_before", "in_flight_after", "sent")
    assert not [r for r in lab.table(t.told) if r["open"]]
    lab.engine.dispose()


def _said(slack: FakeSlack, rows: dict[str, dict]) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    """What was read in Slack, in its order: reader and kind."""
    keys = [((m.get("metadata") or {}).get("event_payload") or {}).get("k") for m in slack.messages]
    return [(rows[key]["recipient"], line["kind"]) for key in keys if key for line in rows[key]["payload"]["lines"]]
