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
from click.testing import CliRunner
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.council import World, extract_tables, write_extract
from caseclock.now import LONDON
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


def test_no_personal_value_leaves_the_extract(town: Town, marked: list[Path], caplog: pytest.LogCaptureFixture) -> None:
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
        **{f"store.{name}": text for name, text in tables.items()},
        **dict(_written(town.settings.home)),
    }
    assert len(found) > 40
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
