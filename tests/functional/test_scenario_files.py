"""`caseclock test-alerts`: real channels to fakes, a store of its own, and errors that say where, what, what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caseclock import cli
from caseclock.errors import BadConfig, WrongUse

HERE = Path(__file__).parent / "scenarios"
HEAD = """
rules: {unalloc: {desc: unallocated cases, amber: 10, red: 20, clear_below: 8}}
recipients: {service: {north: sm-north}, escalation: head, data: data-eng}
scenarios:
- id: T1
  title: a first breach
  steps:
"""
BREACH = "  - {at: 2026-09-07T08:30, extract: {as_of: 2026-09-07, values: {unalloc: {north: 12}}}, expect: ["
TOLD = '{to: sm-north, mode: post, items: ["fire unalloc/north 12 amber"]}]}\n'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.cli, ["test-alerts", *(str(a) for a in arguments)])


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("file", "ids"),
    [
        ("scenarios.yaml", ["S06", "S25", "S32", "S43", "S45"]),  # edits, holds, a withdrawal, a look for a lost post, a fallback
        ("channels.yaml", ["P01", "P02", "P05", "P06", "P08"]),  # mail, Teams and Notify
        ("replay_and_calendar.yaml", ["K02", "H03"]),
    ],
)
def test_scenarios_pass_on_the_real_channels(file: str, ids: list[str]) -> None:
    done = run(HERE / file, *(word for id in ids for word in ("--only", id)))
    assert done.exit_code == 0, done.output
    assert [line.split()[:2] for line in done.output.splitlines()[:-1]] == [["pass", id] for id in ids]
    assert done.output.splitlines()[-1] == f"{len(ids)} passed, 0 failed"


def test_a_failure_says_at_which_step_what_was_expected_and_what_landed(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + BREACH + '{to: sm-north, mode: post, items: ["fire unalloc/north 13 amber"]}]}\n')
    done = run(file)
    assert done.exit_code == 1
    assert [line.strip() for line in done.output.splitlines()] == [
        "FAIL  T1  a first breach (1 message)",
        "step 1, at 2026-09-07 08:30:",
        "expected:",
        "! to sm-north, post: fire unalloc/north 13 amber",
        "landed:",
        "! to sm-north, post: fire unalloc/north 12 amber",
        "0 passed, 1 failed",
    ]


def test_what_nobody_expected_is_a_failure_too(tmp_path: Path) -> None:
    found = json.loads(run(written(tmp_path, HEAD + BREACH + "]}\n"), "--json").output)
    assert (found["id"], found["passed"]) == ("T1", False)
    assert "      nothing" in found["faults"]


def test_where_an_alert_stands_at_the_end_is_checked(tmp_path: Path) -> None:
    done = run(written(tmp_path, HEAD + BREACH + TOLD + "  final: {cond: {unalloc/north: NORMAL}, audit_has: [retracted]}\n"))
    assert done.exit_code == 1
    assert "unalloc/north: expected NORMAL, it is FIRING" in done.output
    assert "the audit has no retracted" in done.output


def test_your_own_limits_are_tested_by_their_file(tmp_path: Path) -> None:
    (tmp_path / "thresholds.yaml").write_text(
        "- {id: waiting, title: cases that wait, measure: unallocated, amber: 4, red: 9, clear_below: 3}\n"
        "- {id: waiting_long, title: cases that wait long, measure: unallocated, amber: 6, red: 9, clear_below: 3, teams: [north]}\n"
    )
    text = HEAD.replace("rules: {unalloc: {desc: unallocated cases, amber: 10, red: 20, clear_below: 8}}", "rules_from: thresholds.yaml")
    text += "  - {at: 2026-09-07T08:30, extract: {as_of: 2026-09-07, values: {unallocated: {north: 6}}}, expect: ["
    text += '{to: sm-north, mode: post, items: ["fire waiting/north 6 amber", "fire waiting_long/north 6 amber"]}]}\n'
    done = run(written(tmp_path, text))
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEAD + BREACH.replace("at:", "att:") + TOLD,
            "mine.yaml:8: scenarios.0.steps.0.att: there is no such setting; expected at (did you",
        ),
        (HEAD + BREACH + TOLD.replace("fire", "fier"), "'fier' is no kind of message; expected fire (did you mean that?)"),
        (HEAD + BREACH + TOLD.replace("sm-north", "sm-nort"), "expect.0.to: there is no recipient 'sm-nort'; expected sm-north (did you"),
        (HEAD + BREACH.replace("{unalloc:", "{unaloc:") + TOLD, "no rule that is used watches this; expected unalloc (did you mean that?)"),
        (HEAD.replace("  steps:", "  use: [overdue]\n  steps:") + BREACH + TOLD, "there is no rule 'overdue'; expected unalloc"),
        (HEAD.replace("red: 20", "red: 9") + BREACH + TOLD, "red (9) must be worse than amber (10)"),
        (HEAD + BREACH.replace("values", "dq: bad, values") + TOLD, "this is none of the allowed words; expected pass, fail"),
        (HEAD + "  - {at: 2026-09-07T08:30, limits: {unalloc: {red: 9}}}\n", "limits.unalloc: red (9) must be worse than amber (10)"),
        (HEAD + "  - {at: 2026-09-07T08:30, action: {target: unalloc/north, by: U1}}\n", "expected one of ack, silence, unsilence: true"),
        (
            HEAD + "  - {at: 2026-09-07T08:30, action: {silence: true, target: unaloc/north, by: U1}}\n",
            "mine.yaml:8: scenarios.0.steps.0.action.target: there is no rule 'unaloc'; expected unalloc (did you mean that?)",
        ),
        (HEAD + BREACH + TOLD + "  final: {cond: {unaloc/north: NORMAL}}\n", "final.cond.unaloc/north: there is no rule 'unaloc'"),
        (HEAD + BREACH + TOLD + "  final: {ended: {alloc/north: resolved}}\n", "final.ended.alloc/north: there is no rule 'alloc'"),
        (HEAD.replace("rules: ", "rules_from: nowhere.yaml\nno: ") + BREACH + TOLD, "there is no such setting"),
        (HEAD.replace("  steps:\n", "  steps: []\n"), "mine.yaml:7: scenarios.0.steps"),
        ("[", "this is no valid YAML"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    done = run(written(tmp_path, text))
    assert isinstance(done.exception, BadConfig)
    assert done.exception.exit_code == 1
    assert said in str(done.exception)
    assert "no scenario of it was run" in str(done.exception)


def test_thresholds_that_are_not_there_are_named(tmp_path: Path) -> None:
    text = HEAD.replace("rules: {unalloc: {desc: unallocated cases, amber: 10, red: 20, clear_below: 8}}", "rules_from: gone.yaml")
    done = run(written(tmp_path, text + BREACH + TOLD))
    assert "mine.yaml:2: rules_from: there is no file" in str(done.exception)


def test_a_scenario_that_no_file_holds_is_wrong_use(tmp_path: Path) -> None:
    done = run(written(tmp_path, HEAD + BREACH + TOLD), "--only", "T2")
    assert isinstance(done.exception, WrongUse)
    assert "there is no scenario T2; expected one of T1" in str(done.exception)
