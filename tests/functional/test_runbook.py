"""The runbook: each message to data engineers leads to a text that is there, whose commands exist, by every channel and on the pages."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import CliRunner

from caseclock import pipeline
from caseclock.alerts.told import ABOUT_DATA
from caseclock.cli import cli
from caseclock.dashboard.pages.help import help_page
from caseclock.demo.alert_lab import local
from caseclock.notifications import runbook
from caseclock.notifications.deliver import deliver
from caseclock.notifications.outbox import Notice, notice_row
from caseclock.notifications.runbook import HEADINGS, SLUGS, guide, guides
from caseclock.notifications.wording import full_text
from caseclock.notifications.words import WORDS
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlDelivery, insert_rows

from .adversary import EVERY_WAY, lab_of, open_post, reader, routes, take
from .alert_lab import Lab, laboratory
from .pages_lab import Somebody, pages

ROOT = Path(__file__).resolve().parents[2]
MONDAY = "2026-09-07T09:00"
PAGES = "https://pages.council.example"
COMMAND = re.compile(r"^(?:\s*)(caseclock .*)$|`(caseclock [^`]*)`", re.MULTILINE)


# --- the table -----------------------------------------------------------------------------------------------------------
def test_every_kind_of_message_to_data_engineers_has_a_text_and_every_text_a_kind() -> None:
    kinds = {*ABOUT_DATA, *get_args(runbook.NoticeKind), *get_args(runbook.Aside)}
    assert set(SLUGS) == kinds
    assert {kind for kind, words in WORDS.items() if words.form == "data"} == ABOUT_DATA
    assert {file.stem for file in runbook.HERE.glob("*.md")} == set(SLUGS.values())


def test_every_notice_says_what_it_tells() -> None:
    """But the digest, which is a letter, and what the sender makes anew from a row of the store."""
    said = {
        (file.name, line.strip())
        for file in (ROOT / "include" / "caseclock" / "pipeline").rglob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if re.search(r"\bNotice\(", line) and "kind=" not in line
    }
    assert {name for name, _ in said} == {"digests.py", "digests_sent.py"}, said
    assert all("message_name" in line for _, line in said)


@pytest.mark.parametrize("slug", dict.fromkeys(SLUGS.values()))
def test_a_text_has_its_headings_and_its_links_lead_somewhere(slug: str) -> None:
    one = guide(slug)
    assert tuple(re.findall(r"^## (.+)$", one.body, re.MULTILINE)) == HEADINGS
    assert one.title and one.lead.endswith(".") and len(one.text) < 3500, "it is read in a hurry"
    for target in re.findall(r"\]\(([^)#]+)", one.text):
        there = (ROOT / "docs" / "runbook" / target).resolve()
        assert there.is_file(), f"{slug}: {target}"


@pytest.mark.parametrize("slug", dict.fromkeys(SLUGS.values()))
def test_every_command_of_a_text_is_one(slug: str) -> None:
    """Parsed as the command line does it, and not run."""
    for in_block, in_line in COMMAND.findall(guide(slug).text):
        words = shlex.split(in_block or in_line)[1:]
        context: click.Context = cli.make_context("caseclock", list(words), resilient_parsing=False)
        command: click.Command = cli
        while isinstance(command, click.Group) and (rest := [*context.protected_args, *context.args]):
            name, found, left = command.resolve_command(context, rest)
            assert found is not None, f"{slug}: {words}"
            command, context = found, found.make_context(name, left, parent=context)
        assert not isinstance(command, click.Group), f"{slug}: {words} is no command"


# --- where it is read ----------------------------------------------------------------------------------------------------
def test_the_command_line_prints_it_without_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASECLOCK_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("CASECLOCK_STORE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    listed = CliRunner().invoke(cli, ["runbook"])
    assert listed.exit_code == 0 and all(one.slug in listed.output for one in guides())
    assert CliRunner().invoke(cli, ["runbook", "data-held"]).output.strip() == guide("data-held").text.strip()
    wrong = CliRunner().invoke(cli, ["runbook", "../../settings"])
    assert "no text of this name" in str(wrong.exception)
    assert not (tmp_path / "nothing").exists()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("runbook")) as made:
        yield made


def test_the_pages_show_every_text_and_nothing_in_it_runs(lab: Lab) -> None:
    with lab.open() as client:
        index = client.get("/caseclock/help").text
        for one in guides():
            assert f'/caseclock/help/{one.slug}"' in index
            page = client.get(f"/caseclock/help/{one.slug}")
            assert (page.status_code, page.text.count("<h1>")) == (200, 1)
            assert "<h2>What to do</h2>" in page.text
            assert not re.search(r"<script|href=\"[^\"]*\.md|style=", page.text)
        assert client.get("/caseclock/help/nothing-of-the-kind").status_code == 404
        assert client.get("/caseclock/help/%2e%2e%2fwords").status_code == 404
    with lab.open(None) as client:
        assert client.get("/caseclock/help").status_code == 401
    with pages(lab.house.settings, dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC), Somebody(barred=True)) as client:
        assert client.get("/caseclock/help/data-held").status_code == 403


def test_the_pages_show_it_when_the_store_is_down(lab: Lab) -> None:
    down = lab.house.settings.model_copy(update={"store_url": "postgresql+psycopg2://nobody@127.0.0.1:1/none"})
    with pages(down, dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)) as client:
        assert client.get("/caseclock/alerts").status_code == 500
        said = client.get("/caseclock/help/nobody-sends")
        assert said.status_code == 200 and "docker compose ps" in said.text


def test_a_link_to_another_text_leads_there_and_one_to_the_repository_is_a_path() -> None:
    late, held = help_page("data-late").text, help_page("data-held").text
    assert '<a href="file-refused">a file was refused</a>' in late
    assert "(docs/how-to/release-a-held-extract.md)" in held


# --- what leads to it ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page_url", [PAGES, None], ids=["with pages", "without"])
def test_every_channel_of_a_data_engineer_leads_to_the_text(page_url: str | None) -> None:
    """A held extract, which is an alert, and a fault, which is a notice: by each channel as it goes over the line."""
    told = routes(reader("sm"))
    told = told.model_copy(update={"recipients": [told.recipients[0], reader("de", *EVERY_WAY)]})
    lab, fault = lab_of(told), Notice("fault", "caseclock needs a look: intake.claim failed", ("OSError",), kind="task_failed")
    take(lab, MONDAY, {"unalloc": {"n1": 3}})
    lab.now = local("2026-09-08T09:00")
    lab.extract(dt.date(2026, 9, 8), {"unalloc": {"n1": 3}}, held="312 of 3,400 referrals have no date")
    with open_post("de", "sm") as post:
        lab.update()
        with lab.engine.begin() as c:
            insert_rows(c, [notice_row("de", channel, fault) for channel in EVERY_WAY], lab.now)
        sent = deliver(SqlDelivery(lab.engine), post.channels, told, lambda: lab.now, page_url=page_url)
        seen = post.read_by_anybody()
    assert [one.outcome for one in sent] == ["sent"] * 8
    for slug in ("data-held", "task-failed"):
        wanted = f"{PAGES}/caseclock/help/{slug}" if page_url else f"caseclock runbook {slug}"
        assert [channel for channel, said in seen.items() if wanted not in said] == []


def test_what_is_told_of_faults_is_kept_with_its_kind(lab: Lab) -> None:
    """From the fault to the row that a sender of another process takes up."""
    at = dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
    pipeline.report_fault(lab.house, at, "fetching from the location of demo", "it cannot be reached", "location_failed")
    rows = [row.payload["notice"] for row in lab.rows(t.outbox) if row.payload.get("notice")]
    assert {row["kind"] for row in rows} == {"location_failed"}
    assert SLUGS["location_failed"] == "location-not-reached"


def test_an_alert_that_no_route_takes_says_so_to_data_engineers_and_to_nobody_else() -> None:
    """`n1` is of the service, `x1` is on no list."""
    told = routes(reader("sm"))
    lab = lab_of(told)
    take(lab, MONDAY, {"unalloc": {"n1": 12, "x1": 12}})
    said = {landed.to: full_text(landed.message, landed.message.items) for landed in lab.landed}
    assert "what to do: caseclock runbook no-route." in said["de"]
    assert "runbook" not in said["sm"]
