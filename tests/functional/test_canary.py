"""A marked value in every personal column goes in; none of them comes out anywhere."""

from __future__ import annotations

import datetime as dt
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.council import World, extract_tables, write_extract
from caseclock.demo.fake_notify import FakeNotify
from caseclock.demo.fake_teams import FakeTeams
from caseclock.now import LONDON
from caseclock.settings import NotifySettings, TeamsSettings
from caseclock.storage.schema import metadata

from .conftest import FRIDAYS, Town

MARK = "CANARY"


@pytest.fixture(scope="module")
def marked(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Extracts with the marks of the council, and further ones in cells that are broken, which errors might quote."""
    out = tmp_path_factory.mktemp("marked")
    made = []
    for day in FRIDAYS[-2:]:
        tables = extract_tables(world, day)
        referrals = tables["ssd_cin_episodes.csv"].copy()
        referrals.loc[referrals.index[3], "cine_referral_date"] = f"{MARK}-DATE"
        referrals.loc[referrals.index[4], "cine_referral_nfa"] = f"{MARK}-FLAG"
        contacts = tables["ssd_contacts.csv"].copy()
        contacts.loc[contacts.index[2], "cont_contact_outcome_json"] = f'{{"COMMENTS": "{MARK}-COMMENT'
        path = write_extract({**tables, "ssd_cin_episodes.csv": referrals, "ssd_contacts.csv": contacts}, out, "demo", day)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("ssd_local_notes.csv", f"note\n{MARK}-NOTE\n")
        made.append(path)
    return made


def _written(home: Path) -> Iterator[tuple[str, str]]:
    """Every file that caseclock itself has written, as text. `claimed/` holds the extracts as they came."""
    for path in sorted(home.rglob("*")):
        if not path.is_file() or "claimed" in path.parts or "monitoring" in path.parts:
            continue
        if path.suffix == ".parquet":
            yield str(path), pd.read_parquet(path).to_csv()
        else:
            yield str(path), path.read_bytes().decode("latin-1")


@pytest.fixture
def by_every_channel(town: Town) -> Iterator[tuple[FakeTeams, FakeNotify]]:
    """Everybody in the town is told by Teams and by GOV.UK Notify as well."""
    with FakeTeams(["all"], rates=()) as teams, FakeNotify() as notify:
        key = NotifySettings(api_key=SecretStr(notify.api_key), template=notify.template, base_url=notify.url)
        town.settings = town.settings.model_copy(update={"teams": TeamsSettings(webhooks=teams.webhooks), "notify": key})
        file = town.settings.config / "routes.yaml"
        routes = yaml.safe_load(file.read_text("utf-8"))
        for recipient in routes["recipients"]:
            recipient |= {"teams": "all", "notify": recipient["email"], "tell": ["slack", "email", "teams", "notify"]}
        file.write_text(yaml.safe_dump(routes), "utf-8")
        yield teams, notify


def test_no_personal_value_leaves_the_extract(
    town: Town, marked: list[Path], by_every_channel: tuple[FakeTeams, FakeNotify], caplog: pytest.LogCaptureFixture
) -> None:
    teams, notify = by_every_channel
    assert MARK in zipfile.ZipFile(marked[0]).read("ssd_person.csv").decode()  # the test would be worth nothing without it
    with caplog.at_level(logging.DEBUG):
        reports = [town.take(path) for path in marked]
        with pipeline.open_house(town.settings) as house:
            digest = pipeline.send_digest(house, dt.datetime(2026, 11, 23, 9, tzinfo=LONDON))
            chains = [pipeline.alerts_why(house, a["id"]) for a in pipeline.alerts_list(house, None, True)]
            with house.engine.begin() as c:
                tables = {table.name: str(c.execute(select(table)).all()) for table in metadata.sorted_tables}
    assert digest["messages"] > 0
    found = {
        "reports": json.dumps(reports, default=str),
        "chains": json.dumps(chains, default=str),
        "log": caplog.text,
        "slack": json.dumps(town.slack.messages) + json.dumps(town.slack.calls),
        "mail": "\n".join(c.mail.as_string() + c.part("plain") + c.part("html") for c in town.mail.mails),
        "teams": b"".join(call.body for call in teams.calls).decode(),
        "notify": b"".join(call.body for call in notify.calls).decode(),
        **{f"store.{name}": text for name, text in tables.items()},
        **dict(_written(town.settings.home)),
    }
    assert len(found) > 40
    assert min(len(teams.posted), len(notify.sent), len(town.mail.mails)) > 5
    assert teams.failed_runs == []
    leaks = {where: text[max(0, text.upper().find(MARK) - 80) :][:160] for where, text in found.items() if MARK in text.upper()}
    assert leaks == {}


@pytest.mark.parametrize("words", [["quality"], ["quality", "--json"], ["run", "--json", "--no-deliver"], ["run", "--no-deliver"]])
def test_no_personal_value_is_printed(words: list[str], marked: list[Path], tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, [words[0], str(marked[0]), *words[1:], "--home", str(tmp_path)], catch_exceptions=False)
    assert made.exit_code == 0
    assert len(made.output) > 500
    assert MARK not in made.output.upper()


def test_messages_carry_no_case_reference(town: Town, marked: list[Path]) -> None:
    report = town.take(marked[-1])
    assert report["deliveries"]
    with pipeline.open_house(town.settings) as house:
        frame = pipeline.clocks_of(house, house.extract(report["extract"]["id"]))
    refs = {str(r) for column in ("child_ref", "item_ref", "worker") for r in frame[column].dropna() if len(str(r)) >= 6}
    said = json.dumps([m["blocks"] for m in town.slack.messages]) + "".join(c.part("plain") for c in town.mail.mails)
    assert len(refs) > 100
    assert [r for r in refs if r in said] == []


# --- every other way out -------------------------------------------------------------------------------------------
def test_no_personal_value_is_handed_from_task_to_task(town: Town, marked: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    """What the steps return travels through XCom; what they log is in the log of a task."""
    with caplog.at_level(logging.DEBUG), pipeline.open_house(town.settings) as house:
        handed: list[object] = []
        for path in marked:
            arrival = pipeline.in_order(house, (path,), None, None)[0]
            at = dt.datetime.combine(arrival.as_of, dt.time(17), LONDON)
            extract = pipeline.add(house, arrival, at)
            for step in (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures):
                handed.append(step(house, extract.id))
            handed += [pipeline.update_alerts(house, extract.id, at), pipeline.notify(house, at, extract.id)]
            handed.append(pipeline.tend(house, at + dt.timedelta(minutes=10)))
            refs = _references(pipeline.clocks_of(house, extract))
        handed += [pipeline.send_digest(house, dt.datetime(2026, 11, 23, 9, tzinfo=LONDON)), pipeline.housekeeping(house, at)]
    text = json.dumps(handed, default=str)
    assert min(len(handed), len(town.mail.mails)) > 5
    assert MARK not in text.upper() + caplog.text.upper()
    assert [ref for ref in refs if ref in text] == []


def test_no_personal_value_is_printed_by_any_command_that_speaks_of_alerts(town: Town, marked: list[Path], tmp_path: Path) -> None:
    """Ids of cases are printed by `why --clocks` alone, to the person who asks for them."""
    reports = [town.take(path) for path in marked]
    with pipeline.open_house(town.settings) as house:
        listed = pipeline.alerts_list(house, None, True)
        refs = _references(pipeline.clocks_of(house, house.extract(reports[-1]["extract"]["id"])))
    one = next(a for a in listed if a["rule"] == "unallocated" and a["closed_on"] is None)
    place = f"{one['rule']}/{one['team']}"
    commands = [
        ["alerts", "list", "--all"],
        ["alerts", "show", one["id"]],
        ["alerts", "why", one["id"]],
        ["alerts", "ack", place, "--by", "Team manager", "--no-deliver"],
        ["alerts", "silence", place, "--by", "Team manager", "--until", str(FRIDAYS[-1] + dt.timedelta(days=5)), "--reason", "the move",
         "--no-deliver", "--now", f"{FRIDAYS[-1]}T17:30"],
        ["route-test", one["rule"], one["team"]],
        ["backtest", "--rule", one["rule"], "--amber", "2"],
        ["backtest", "--per-week", "1"],
    ]  # fmt: skip
    printed = {" ".join(words): _printed(town, *words) for words in commands}
    printed |= {f"{' '.join(words)} --json": _printed(town, *words, "--json") for words in commands if words[1] not in {"ack", "silence"}}
    with_rows = _printed(town, "alerts", "why", one["id"], "--clocks")
    assert all(len(text) > 20 for text in printed.values()), {k: v for k, v in printed.items() if len(v) <= 20}
    assert {words: text for words, text in printed.items() if MARK in text.upper()} == {}
    assert {words: [r for r in refs if r in text] for words, text in printed.items() if any(r in text for r in refs)} == {}
    assert MARK not in with_rows.upper()
    assert [ref for ref in refs if ref in with_rows] != []


def _references(frame: pd.DataFrame) -> list[str]:
    """Ids of children, cases and workers, those that are long enough to be found in a text."""
    found = sorted({str(r) for column in ("child_ref", "item_ref", "worker") for r in frame[column].dropna() if len(str(r)) >= 6})
    assert len(found) > 100
    return found


def _printed(town: Town, *words: str) -> str:
    done = CliRunner().invoke(cli, [*words, "--home", str(town.settings.home)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


# --- quality: every column, good cells and bad ones ------------------------------------------------------------------
QUALITY = ("quality_report", "rule_count", "table_change", "quarantine_entry", "outbox", "audit", "refusal", "step_done")
"""Tables of the store in which not even an id may stand. `extract_stat` and `measure_value` hold ids of teams, as `team` does."""


def _marked_everywhere(tables: dict[str, pd.DataFrame], every: int) -> dict[str, pd.DataFrame]:
    """A marked value in each column of each file, in another row for each column: ids, dates, flags, codes, texts."""
    made = {}
    for name, frame in tables.items():
        text = frame.astype("object")
        for n, column in enumerate(frame.columns):
            rows = text.index[n % every :: every]
            text.loc[rows, column] = [f"{MARK}-{name[4:-4]}-{column}-{row}" for row in rows]
        made[name] = text
    return made


@pytest.mark.parametrize("every", [1, 40], ids=["every cell", "some cells of every column"])
def test_no_value_is_in_any_report_of_quality(
    every: int, world: World, town: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = []
    for day, step in ((FRIDAYS[-2], 60), (FRIDAYS[-1], every)):
        paths.append(write_extract(_marked_everywhere(extract_tables(world, day), step), tmp_path / str(day), "demo", day, faults=0))
    with caplog.at_level(logging.DEBUG):
        reports = [town.take(path) for path in paths]
        with pipeline.open_house(town.settings) as house:
            rows = pipeline.quarantine_list(house, None, None, None, None, True)
            facts = [pipeline.quality_of_extract(house, r["extract"]["id"]) for r in reports]
            told = [pipeline.quality_json(f) for f in facts]
            with house.engine.begin() as c:
                stored = {name: str(c.execute(select(metadata.tables[name])).all()) for name in QUALITY}
    home = town.settings.home
    pages = {str(p): p.read_text(encoding="utf-8") for p in sorted((home / "reports").rglob("*")) if p.is_file()}
    printed = [CliRunner().invoke(cli, ["quality", *words, "--home", str(home)]).output for words in _asked(paths, reports, tmp_path)]
    found = {
        **{f"store.{name}": text for name, text in stored.items()},
        **pages,
        "log": caplog.text,
        "json": json.dumps(told, default=str),
        "quarantine": json.dumps(rows),
        "reasons": json.dumps([(r["reasons"], r["absences"], r["quarantine"], r["tables"]) for r in reports]),
        "data engineers": json.dumps([m for m in town.slack.messages if m["channel"] == "C0DATA"]),
        "printed": "".join(printed),
        "page on demand": (tmp_path / "page.html").read_text(encoding="utf-8"),
    }
    assert len(pages) == 4
    assert all(len(text) > 300 for text in printed)
    assert sum(len(f.rejects) for f in facts) > 100  # bad cells were seen, and are told of by their places
    leaks = {where: text[max(0, text.upper().find(MARK) - 120) :][:240] for where, text in found.items() if MARK in text.upper()}
    assert leaks == {}


def _asked(paths: list[Path], reports: list[dict], out: Path) -> list[list[str]]:
    last = reports[-1]["extract"]["id"]
    return [
        ["--extract", last],
        ["--extract", last, "--json"],
        [str(paths[-1]), "--json"],
        [str(paths[-1]), "--html", str(out / "page.html"), "--json"],
    ]
