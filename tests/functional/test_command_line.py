"""The command line as its users and other programs rely on it: exit codes, JSON, errors in one place.

Each command of this page is started at least once as a user does, as a process of its own (`caseclock`). Further calls of the same
command are forks of a process that has loaded the libraries (`warm`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml

from .conftest import FRIDAYS, small_configuration

LAST = str(FRIDAYS[-1])


Command = Callable[..., subprocess.CompletedProcess[str]]


def caseclock(*words: str, home: Path | None = None, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("CASECLOCK")}
    if home:
        env["CASECLOCK_HOME"] = str(home)
    program = program or Path(sys.executable).with_name("caseclock")
    return subprocess.run([str(program), *words], env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def warm(commands: Path) -> Command:
    return partial(caseclock, program=commands / "caseclock")


@pytest.fixture(scope="module")
def home(fridays: dict[dt.date, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house in which four extracts have been taken, given in the wrong order."""
    at = tmp_path_factory.mktemp("house")
    small_configuration(at / "monitoring")
    done = caseclock("run", *(str(p) for p in reversed(fridays.values())), "--no-deliver", "--json", "--now", f"{LAST}T17:00", home=at)
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["extract"]["as_of"] for r in reports] == [str(day) for day in FRIDAYS]
    assert set(reports[0]) >= {"extract", "verdict", "reasons", "tables", "quarantine", "measures", "alerts", "deliveries", "seconds"}
    assert set(reports[0]["seconds"]) >= {"read", "quality", "clocks", "measures", "alerts", "notify"}
    return at


@pytest.mark.parametrize(
    "words, printed",
    [
        (["working-days", "due", "2025-04-11", "45"], "2025-06-19"),
        (["working-days", "due", "2025-04-18", "45"], "2025-06-25"),
        (["working-days", "due", "2022-05-30", "15"], "2022-06-22"),
        (["working-days", "elapsed", "2025-04-17", "2025-04-22"], "1"),
        (["working-days", "elapsed", "2025-03-08", "2025-03-08"], "0"),
    ],
)
def test_working_days(words: list[str], printed: str) -> None:
    done = caseclock(*words)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    "words, said",
    [
        (["working-days", "elapsed", "2025-04-22", "2025-04-17"], "before the start"),
        (["working-days", "due", "2050-01-01", "5"], "1990 to 2032"),
        (["working-days", "due", "1/2/2025", "5"], "YYYY-MM-DD"),
        (["measures"], "CASECLOCK_HOME"),
        (["check-config", "no/such/folder"], "is no folder"),
        (["no-such-command"], "No such command"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(words: list[str], said: str) -> None:
    done = caseclock(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_path_that_is_not_there(tmp_path: Path, warm: Command) -> None:
    done = warm("run", str(tmp_path / "nothing.zip"), home=tmp_path / "home")
    assert done.returncode == 2
    assert "no such file" in done.stderr


def test_a_name_without_a_date_says_how_to_name_it(fridays: dict[dt.date, Path], tmp_path: Path, warm: Command) -> None:
    odd = tmp_path / "export.zip"
    odd.write_bytes(fridays[FRIDAYS[0]].read_bytes())
    done = warm("run", str(odd), home=tmp_path / "home")
    assert done.returncode == 1
    assert "YYYY-MM-DD" in done.stderr
    assert warm("run", str(odd), "--source", "demo", "--as-of", str(FRIDAYS[0]), "--no-deliver", home=tmp_path / "home").returncode == 0


def test_quality_of_a_path_keeps_nothing(fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    done = caseclock("quality", str(fridays[FRIDAYS[0]]), "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["verdict"] in {"pass", "warn"}
    assert all(n["read"] == n["kept"] + n["quarantined"] for n in report["tables"].values())


def test_quality_is_held_against_what_was_accepted_before(home: Path, fridays: dict[dt.date, Path], tmp_path: Path, warm: Command) -> None:
    import zipfile

    half = tmp_path / "demo__2026-11-22.zip"
    with zipfile.ZipFile(fridays[FRIDAYS[-1]]) as old, zipfile.ZipFile(half, "w") as new:
        for name in old.namelist():
            lines = old.read(name).splitlines(keepends=True)
            new.writestr(name, b"".join(lines[: len(lines) // 2]))
    done = warm("quality", str(half), "--strict", "--home", str(home))
    assert done.returncode == 1
    assert "hold" in done.stdout


def test_measures_by_team_and_as_json(home: Path, warm: Command) -> None:
    done = caseclock("measures", "--measure", "unallocated", "--json", home=home)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    by_team = {r["team"]: r for r in rows}
    assert by_team["*"]["value"] == sum(r["value"] for t, r in by_team.items() if t != "*" and not t.startswith("service:"))
    assert by_team["service:NORTH"]["team_name"] == "North"
    assert by_team["service:NORTH"]["value"] == sum(r["value"] for t, r in by_team.items() if t.startswith(("NA", "NF")))
    assert by_team["NA2"]["team_name"] == "North Assessment 2"
    assert {r["as_of"] for r in rows} == {LAST}
    assert "North Assessment 2" in warm("measures", "--team", "NA2", home=home).stdout


def test_measures_are_printed_under_headings_with_what_they_are_called(home: Path, warm: Command) -> None:
    of_service = warm("measures", "--team", "service:NORTH", home=home).stdout
    headings = [line for line in of_service.splitlines() if line.startswith(("Work that is open", "Late, and", "What comes due", "Demand"))]
    assert [line.partition(",")[0].partition(":")[0] for line in headings] == [
        "Work that is open",
        "Late",
        "What comes due",
        "Demand and flow",
    ]
    assert "service:NORTH: North" in of_service
    assert "children on a child protection plan without an allocated worker" in of_service
    of_measure = warm("measures", "--measure", "age_band", "--team", "*", "--json", home=home).stdout.splitlines()
    assert [json.loads(line)["measure"].rpartition(".")[2] for line in of_measure][:6] == [
        "to_25", "to_50", "to_75", "to_100", "to_150", "over_150",
    ]  # fmt: skip
    places = [json.loads(line)["team"] for line in warm("measures", "--measure", "open", "--json", home=home).stdout.splitlines()]
    assert places[0] == "*"
    assert places[-1] == "?"
    assert "CC1" in places[1:-1]


def test_a_run_prints_every_measure_or_why_it_has_no_figure_and_ends_with_what_matters(
    home: Path, fridays: dict[dt.date, Path], warm: Command
) -> None:
    done = warm("run", str(fridays[FRIDAYS[-1]]), "--no-deliver", "--now", f"{LAST}T17:00", home=home)
    lines = done.stdout.splitlines()
    words = {word.strip(",") for line in lines for word in line.split()}
    on = [entry["id"] for entry in yaml.safe_load((home / "monitoring" / "measures.yaml").read_text(encoding="utf-8"))]
    several = {"unallocated_priority": "unallocated_priority.low"}
    assert [id_ for id_ in on if id_ not in words and several.get(id_) not in words] == []
    at = lines.index("Without a figure, and why")
    assert lines.index("  no export of a case system holds it; add posts.csv", at) + 1 == lines.index(
        "    measures: vacancy_rate, agency_rate", at
    )
    assert f"demo as of {LAST}: " in lines[-2]
    heads = ["alerts open", "unallocated", "unallocated_cp", "overdue (tiers 0 and 2 of the work list)"]
    assert [line.partition(":")[0] for line in lines[-6:-2]] == heads
    assert len(lines) < 250


def test_a_measure_that_is_not_there_is_wrong_use(home: Path, warm: Command) -> None:
    done = warm("measures", "--measure", "nonsense", home=home)
    assert done.returncode == 2
    assert "no value" in done.stderr


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_clocks_of_a_date(home: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"clocks.{form}"
    assert caseclock("clocks", "export", "--as-of", LAST, "--format", form, "--out", str(out), home=home).returncode == 0
    frame = pd.read_parquet(out) if form == "parquet" else pd.read_csv(out)
    assert list(frame.columns)[:4] == ["rule", "child_ref", "item_ref", "team"]
    assert set(frame["state"]) <= {"running", "due_soon", "overdue", "done_in_time", "done_late"}


def test_parquet_does_not_go_to_a_terminal(home: Path, warm: Command) -> None:
    assert warm("clocks", "export", "--as-of", LAST, "--format", "parquet", home=home).returncode == 2


def test_alerts_can_be_listed_shown_and_explained(home: Path, warm: Command) -> None:
    listed = [json.loads(line) for line in caseclock("alerts", "list", "--json", home=home).stdout.splitlines()]
    alert = next(a for a in listed if a["rule"] == "unallocated")
    assert (alert["team"], alert["condition"]) == ("NA2", "FIRING")
    assert "past the limit" in warm("alerts", "show", alert["id"], home=home).stdout
    why = json.loads(warm("alerts", "why", alert["id"], "--json", home=home).stdout)
    assert any(len(str(e.get("sha256", ""))) == 64 for e in why["extracts"])
    assert warm("alerts", "why", "000000000000", home=home).returncode == 2


def test_history_without_delivery_leaves_one_message_per_reader_and_channel_not_one_per_week(home: Path) -> None:
    from sqlalchemy import create_engine, text

    with create_engine(f"sqlite:///{home / 'caseclock.db'}").connect() as c:
        waiting = c.execute(text("SELECT recipient, channel, count(*) FROM outbox WHERE state = 'pending' GROUP BY 1, 2")).all()
    assert waiting
    assert all(count <= 2 for *_, count in waiting)


def test_every_problem_in_the_configuration_at_once(tmp_path: Path, warm: Command) -> None:
    small_configuration(tmp_path / "monitoring")
    file = tmp_path / "monitoring" / "thresholds.yaml"
    file.write_text(file.read_text().replace("measure: unallocated\n", "measure: unalocated\n", 1).replace("for_n: 1", "for_n: nought", 1))
    done = caseclock("check-config", str(tmp_path / "monitoring"))
    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if "thresholds.yaml:" in line]) == 2
    assert "unallocated" in done.stderr
    assert warm("check-config").returncode == 0


def test_demo_generate_and_no_progress_in_a_pipe(tmp_path: Path) -> None:
    done = caseclock("demo", "generate", "--out", str(tmp_path), "--weeks", "2", "--scale", "0.05", "--as-of", LAST)
    assert done.returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo__2026-11-13.zip", "demo__2026-11-20.zip"]
