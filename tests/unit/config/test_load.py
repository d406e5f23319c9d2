"""Every error at once, each with its file, its line and what is allowed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from caseclock.clocks.worklist_config import WorklistConfig
from caseclock.config.lines import Problem
from caseclock.config.load import check, load
from caseclock.errors import BadConfig
from caseclock.settings import shipped_config

Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the configuration that ships, to spoil."""
    return Path(shutil.copytree(shipped_config(), tmp_path / "monitoring"))


@pytest.fixture
def spoil(folder: Path) -> Change:
    def change(file: str, good: str, bad: str) -> None:
        text = (folder / file).read_text()
        assert good in text, f"{good!r} is no longer in {file}"
        (folder / file).write_text(text.replace(good, bad, 1))

    return change


def line_with(folder: Path, file: str, words: str) -> int:
    lines = (folder / file).read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if words in line)


def only(folder: Path) -> Problem:
    problems = check(folder)
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def test_what_ships_has_no_problem() -> None:
    assert check(shipped_config()) == []


def test_what_ships_is_loaded_whole() -> None:
    config = load(shipped_config())
    assert list(config.sources) == ["demo"]
    assert {rule.measure for rule in config.thresholds} >= {"unallocated", "unallocated_cp", "overdue.assessment_45_wt", "overdue.cp_visit"}
    assert config.calendar.last_year >= 2030
    assert config.routes.catch_all


SLIPS = [  # file, good, bad, words of the problem, words of what is allowed
    ("thresholds.yaml", "clear_n: 2", "clear_m: 2", "no such setting", "clear_n (did you mean that?)"),
    ("thresholds.yaml", "for_n: 1", "for_n: two", "does not fit", "a whole number"),
    ("thresholds.yaml", "for_n: 1", "for_n: 0", "greater than or equal to 1", ""),
    ("thresholds.yaml", "red: 25", "red: 10", "must be worse than amber", ""),
    ("thresholds.yaml", "overdue.cp_visit", "overdue.cp_vist", "is no measure that is on", "overdue.cp_visit (did you mean that?)"),
    ("thresholds.yaml", "overdue.rcpc_first", "overdue", "is no measure that is on", "overdue.rcpc_first"),
    ("thresholds.yaml", "id: overdue_icpc", "id: unallocated", "stands here twice, first as entry 1", ""),
    ("thresholds.yaml", "unit: per cent", "unit: cases", "counted in per cent", "unit: per cent"),
    ("thresholds.yaml", "unit: per cent", "unit: percent", "none of the allowed words", "per cent (did you mean that?)"),
    ("thresholds.yaml", "quiet_hours: false", "quiet_hours: never", "does not fit", "true or false"),
    ("thresholds.yaml", 'teams: ["*"]', "teams: NA2", "does not fit", "a list"),
    ("routes.yaml", "tell: [sm-south]", "tell: [sm-sowth]", "is no recipient", ""),
    ("routes.yaml", "- match: {service: care}", "- match: {service: cares}", "which is not listed", ""),
    ("routes.yaml", "catch_all: [head-of-service, data-engineers]", "catch_all: []", "at least 1", ""),
    ("routes.yaml", "escalation: head-of-service", "escalation: heads", "is no recipient", ""),
    ("routes.yaml", "rules: [unallocated_cp]", "rules: [unallocatedcp]", "fits no rule", "unallocated_cp (did you mean that?)"),
    ("routes.yaml", "- id: sm-south", "- id: sm-north", "listed more than once", ""),
    ("routes.yaml", "    email: leadership@example.org\n", "", "no channel with an address", ""),
    ("routes.yaml", 'care: {teams: ["CC*"]', 'care: {teams: ["NA*"]', "belongs to services", ""),
    ("routes.yaml", "  - match: {service: south}\n    tell: [sm-south]", "  - match: {service: south}", "nobody is told", "digest_only"),
    ("routes.yaml", "tell: [sm-south]", "tell: [sm-south]\n    digest_only: true", "leave out `tell`", ""),
    ("routes.yaml", "    tell: [head-of-service]\n    continue: true", "    digest_only: true", "which is urgent", "under `tell`"),
    ("routes.yaml", "  - match: {service: north}\n", "  - match: {}\n", "route 3 is never read: route 2 fits everything", ""),
    ("routes.yaml", "slack: C0NORTH", 'slack: "#north-managers"', "the id of a channel", ""),
    ("routes.yaml", "email: leadership@example.org", "email: leadership", "one address, name@domain", ""),
    ("routes.yaml", 'care: {teams: ["CC*"]', 'care: {teams: ["NA7"]', "team 'NA7' belongs to services 'north' and 'care'", ""),
    ("routes.yaml", "head: head-of-service}\n  south", "head: [head-of-service, boss]}\n  south", "names 'boss', which is no", ""),
    ("calendar.yaml", "last_year: 2032", "last_year: 2320", "less than or equal to 2100", ""),
    ("calendar.yaml", "extra_closure_days: []", "extra_closure_days: [Christmas]", "", "date"),
    ("measures.yaml", "- id: due_soon", "- id: due_son", "none of the allowed words", "due_soon (did you mean that?)"),
    ("measures.yaml", "s47_to_icpc, cp_visit]", "s47_to_icpc, cp_vist]", "is no timescale", "cp_visit (did you mean that?)"),
    ("measures.yaml", "id: stale_open", "id: stale_open\n  rules: [allocation]", "stale_open has no figure per timescale", "overdue"),
    ("measures.yaml", "rules: [allocation, assessment_45_wt, s47_to_icpc, cp_visit]", "rules: []", "at least 1", ""),
    ("timescales.yaml", "unit: working_day", "unit: working_days", "none of the allowed words", "working_day (did you mean that?)"),
    ("timescales.yaml", "basis: local", "basis: locally", "none of the allowed words", "local (did you mean that?)"),
    ("timescales.yaml", "effective_from: 2013-04-15", "effective_from: 2013-02-30", "no such date", ""),
    ("worklist.yaml", "[cp_visit]", "[cp_vist]", "is no rule of timescales.yaml", "cp_visit (did you mean that?)"),
    ("worklist.yaml", "soon_wd: 5", "soon_wd: 15", "must not be less than soon_wd", ""),
    ("worklist.yaml", "statute,", "statutes,", "none of the allowed words", "statute (did you mean that?)"),
    ("worklist.yaml", "unborn: 1", "under_1: 1", "no such setting", "unborn"),
    ("worklist.yaml", 'case_link: ""', 'case_link: "http://cases.example/{item_ref}"', "it does not begin with https://", "{child_ref}"),
    ("trends.yaml", "in_time.cp_visit]", "in_time.cp_vist]", "is no measure that is on", "in_time.cp_visit (did you mean that?)"),
    ("trends.yaml", "forecasts: [arrivals", "forecasts: [arivals", "is no measure that is on", "arrivals (did you mean that?)"),
    ("trends.yaml", "charts: [arrivals,", "charts: [arrivals, open,", "counts what stands at one moment", ""),
    ("trends.yaml", "rebase: []", "rebase: [{measure: open, date: 2026-09-07, reason: split, by: us}]", "has no chart here", "arrivals"),
    ("trends.yaml", "window_weeks: 52", "window_weeks: 12", "greater than or equal to 13", ""),
    ("trends.yaml", "last: 2026-08-31", "last: 2026-06-31", "", "date"),
    ("sources/demo.yaml", "supplier: systemc", "supplier: liquidlogic", "none of the allowed words", "systemc, mosaic, eclipse"),
    ("sources/demo.yaml", "cadence: working_day", "cadense: working_day", "no such setting", "cadence (did you mean that?)"),
    ("sources/demo.yaml", "\nid: demo", "\nid: north", "the file is called demo.yaml", "id: demo"),
]


@pytest.mark.parametrize(("file", "good", "bad", "what", "allowed"), SLIPS, ids=[f"{s[0]}: {s[2]}" for s in SLIPS])
def test_a_slip_is_told(folder: Path, spoil: Change, file: str, good: str, bad: str, what: str, allowed: str) -> None:
    spoil(file, good, bad)
    found = [p for p in check(folder) if what in p.what and allowed in p.allowed + p.what]
    assert found, "\n".join(map(str, check(folder)))
    assert found[0].file == folder / file


def test_a_limit_whose_measure_was_taken_out_is_told_where_it_stands(folder: Path, spoil: Change) -> None:
    """Else nobody would notice that it has nothing to look at."""
    entry = (folder / "measures.yaml").read_text().partition("- id: unallocated_cp\n")[2].partition("\n\n")[0]
    spoil("measures.yaml", f"- id: unallocated_cp\n{entry}\n\n", "")
    problem = only(folder)
    assert (problem.file.name, problem.what) == ("thresholds.yaml", "'unallocated_cp' is no measure that is on")
    assert problem.line == line_with(folder, "thresholds.yaml", "measure: unallocated_cp")


@pytest.mark.parametrize(
    ("file", "good", "bad", "at"),
    [
        ("thresholds.yaml", "overdue.cp_visit", "overdue.cp_vist", "overdue.cp_vist"),
        ("thresholds.yaml", "clear_n: 2", "clear_m: 2", "clear_m"),
        ("routes.yaml", "tell: [sm-south]", "tell: [sm-sowth]", "sm-sowth"),
        ("routes.yaml", "head: head-of-service}", "head: boss}", "head: boss"),
        ("routes.yaml", "head: head-of-service}", "head: [head-of-service, boss]}", "boss"),
        ("routes.yaml", "escalation: head-of-service", "escalation: [head-of-service, boss]", "boss"),
        (
            "routes.yaml",
            "  - match: {teams: [no-team]}\n    tell: [head-of-service, data-engineers]",
            "  - match: {teams: [no-team]}",
            "no-team]}",
        ),
        ("routes.yaml", "    tell: [head-of-service]\n    continue: true", "    digest_only: true", "rules: [unallocated_cp]"),
        ("routes.yaml", "rules: [unallocated_cp]", "rules: [unallocatedcp]", "unallocatedcp"),
        ("sources/demo.yaml", "supplier: systemc", "supplier: liquidlogic", "liquidlogic"),
        ("worklist.yaml", "[supervision_recorded]", "[supervision_recordet]", "supervision_recordet"),
        ("worklist.yaml", "next_wd: 10", "next_wd: 1", "next_wd: 1"),
    ],
)
def test_the_line_is_that_of_the_slip(folder: Path, spoil: Change, file: str, good: str, bad: str, at: str) -> None:
    spoil(file, good, bad)
    assert only(folder).line == line_with(folder, file, at)


def test_all_errors_of_all_files_are_told_at_once(folder: Path, spoil: Change) -> None:
    spoil("thresholds.yaml", "for_n: 1", "for_n: two")
    spoil("thresholds.yaml", "overdue.cp_visit", "overdue.cp_vist")
    spoil("routes.yaml", "tell: [sm-south]", "tell: [sm-sowth]")
    spoil("routes.yaml", "escalation: head-of-service", "escalation: heads")
    spoil("measures.yaml", "direction: below", "direction: under")
    spoil("calendar.yaml", "first_year: 1990", "first_year: 1890")
    spoil("sources/demo.yaml", "supplier: systemc", "supplier: liquidlogic")
    assert [(p.file.name, p.path) for p in check(folder)] == [
        ("calendar.yaml", "first_year"),
        ("measures.yaml", "5.direction"),
        ("routes.yaml", "routes.2.tell.0"),
        ("routes.yaml", "escalation"),
        ("demo.yaml", "supplier"),
        ("thresholds.yaml", "0.for_n"),
        ("thresholds.yaml", "4.measure"),
    ]


REFUSED = [  # what ALERTING asks the check to refuse, one way to write each, words of the problem
    ("clear_below is past amber", "thresholds.yaml", "clear_below: 8", "clear_below: 12", "must not be worse than amber"),
    ("amber is red", "thresholds.yaml", "red: 20", "red: 10", "must be worse than amber"),
    ("red is before amber", "thresholds.yaml", "red: 20", "red: 5", "must be worse than amber"),
    ("a reminder without a new figure", "sources/demo.yaml", "cadence: working_day", "cadence: weekly", "an extract comes every 5"),
    ("a route tree without a catch-all", "routes.yaml", "catch_all: [head-of-service, data-engineers]\n", "", "missing"),
    ("a catch-all of nobody", "routes.yaml", "catch_all: [head-of-service, data-engineers]", "catch_all: []", "at least 1"),
    ("a recipient without an address", "routes.yaml", "    email: leadership@example.org\n", "", "no channel with an address"),
    ("an empty address", "routes.yaml", "email: leadership@example.org", 'email: ""', "no channel with an address"),
    ("a channel that is asked for without address", "routes.yaml", "tell: [email]", "tell: [teams]", "has no teams address"),
    ("a rule that is called like an alert on data", "thresholds.yaml", "id: overdue_icpc", "id: stale", "name of a kind of message"),
    ("a rule that RULE/TEAM cannot name", "thresholds.yaml", "id: overdue_icpc", "id: overdue/icpc", "can be no id"),
    ("a silence in the configuration", "thresholds.yaml", "for_n: 1", "silenced: true", "there is no such setting"),
]


@pytest.mark.parametrize(("file", "good", "bad", "what"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_would_lose_or_repeat_a_message_is_refused(folder: Path, spoil: Change, file: str, good: str, bad: str, what: str) -> None:
    spoil(file, good, bad)
    assert any(what in p.what for p in check(folder)), "\n".join(map(str, check(folder)))
    with pytest.raises(BadConfig):
        load(folder)


def test_a_rule_for_the_digest_only_and_a_chain_of_heads_are_sound(folder: Path, spoil: Change) -> None:
    spoil(
        "routes.yaml",
        "  - match: {service: north}\n",
        "  - match: {rules: [overdue_*], severity: amber}\n    digest_only: true\n  - match: {service: north}\n",
    )
    spoil("routes.yaml", "escalation: head-of-service", "escalation: [head-of-service, leadership]")
    assert check(folder) == []
    routes = load(folder).routes
    assert routes.escalation == ["head-of-service", "leadership"]
    assert routes.services["north"].head == ["head-of-service"]


def test_an_urgent_rule_that_an_earlier_route_takes_whole_does_not_reach_the_digest(folder: Path, spoil: Change) -> None:
    whole = "  - match: {rules: [unallocated_cp]}\n    tell: [head-of-service]\n"
    spoil(
        "routes.yaml",
        "  - match: {service: north}\n",
        f"{whole}  - match: {{severity: amber}}\n    digest_only: true\n  - match: {{service: north}}\n",
    )
    assert check(folder) == []
    spoil("routes.yaml", whole, "")
    assert "takes 'unallocated_cp', which is urgent" in only(folder).what


def test_a_share_that_is_called_worse_when_higher_is_refused(folder: Path, spoil: Change) -> None:
    spoil("thresholds.yaml", "  direction: below\n", "")
    spoil("thresholds.yaml", "amber: 80\n  red: 70\n  clear_below: 82", "amber: 70\n  red: 80\n  clear_below: 60")
    assert only(folder).allowed == "direction: below"


def test_a_change_that_nothing_explains_is_worse_on_both_sides_of_zero(folder: Path, spoil: Change) -> None:
    residual = "- {id: residual, title: residual, measure: residual, amber: 5, red: 20, clear_below: 3, direction: either}\n"
    limits = (folder / "thresholds.yaml").read_text()
    (folder / "thresholds.yaml").write_text(limits + residual)
    assert check(folder) == []
    (folder / "thresholds.yaml").write_text(limits + residual.replace(", direction: either", ""))
    assert (only(folder).what, only(folder).allowed) == ("of residual further from zero is worse (measures.yaml)", "direction: either")
    (folder / "thresholds.yaml").write_text(limits + residual.replace("amber: 5", "amber: -5"))
    assert "each of them must be above zero" in only(folder).what


def test_every_limit_that_ships_switched_off_is_sound(folder: Path) -> None:
    lines = (folder / "thresholds.yaml").read_text().splitlines()
    off = lines[next(n for n, line in enumerate(lines) if line.startswith("# --- Off until")) :]
    on = [line[2:] for line in off if line.startswith(("# - id: ", "#   "))]
    assert sum(line.startswith("- id: ") for line in on) >= 12
    (folder / "thresholds.yaml").write_text("\n".join([*(line for line in lines if line not in off), *on, ""]))
    assert check(folder) == []


def test_a_threshold_on_a_measure_that_was_turned_off_is_told(folder: Path) -> None:
    text = (folder / "measures.yaml").read_text()
    start = text.index("- id: unallocated_cp")
    (folder / "measures.yaml").write_text(text[:start] + text[text.index("- id: overdue") :])
    assert "'unallocated_cp' is no measure that is on" in only(folder).what


def test_a_threshold_on_a_timescale_that_a_measure_leaves_out_is_told(folder: Path, spoil: Change) -> None:
    spoil("measures.yaml", "- id: overdue\n", "- id: overdue\n  rules: [assessment_45_wt, s47_to_icpc, rcpc_first, rcpc_next]\n")
    assert only(folder).what == "'overdue.cp_visit' is no measure that is on"


def test_a_slip_in_one_timescale_does_not_accuse_its_thresholds(folder: Path, spoil: Change) -> None:
    spoil("timescales.yaml", "unit: calendar_month", "unit: month")
    assert only(folder).file.name == "timescales.yaml"


def test_reminders_faster_than_weekly_extracts_are_refused(folder: Path, spoil: Change) -> None:
    spoil("sources/demo.yaml", "cadence: working_day", "cadence: weekly")
    assert "every 5 working days" in only(folder).what
    assert only(folder).line == line_with(folder, "thresholds.yaml", "repeat_wd: 1")


@pytest.mark.parametrize("name", ["timescales.yaml", "measures.yaml", "thresholds.yaml", "routes.yaml"])
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert [p.what for p in check(folder) if p.file.name == name] == ["this file is missing"]


@pytest.mark.parametrize("name", ["calendar.yaml", "quality.yaml", "worklist.yaml"])
def test_these_files_may_be_absent(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    assert check(folder) == []
    assert load(folder).calendar.first_year == 1990


def test_the_work_list_s_file_says_what_holds_without_it(folder: Path) -> None:
    assert load(folder).worklist == WorklistConfig()


def test_a_folder_without_a_source_is_told(folder: Path) -> None:
    (folder / "sources" / "demo.yaml").unlink()
    assert only(folder).what == "there is no source"


@pytest.mark.parametrize("name", ["rotes.yaml", "routes.yml", "sources/north.yml"])
def test_a_file_that_nothing_reads_is_told(folder: Path, name: str) -> None:
    (folder / name).write_text("a: 1\n")
    assert only(folder).what == "nothing reads this file"


@pytest.mark.parametrize(
    "name", ["timescales.yaml", "thresholds.yaml", "routes.yaml", "sources/demo.yaml", "calendar.yaml", "worklist.yaml"]
)
@pytest.mark.parametrize("text", ["just words", "- 1\n- 2\n", "a: b: c", "{}", "- {}\n", "null", "[[]]"])
def test_no_text_makes_the_check_fall_over(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    for problem in check(folder):
        assert problem.line >= 1
        assert problem.what


def test_loading_stops_with_every_problem_in_the_text(folder: Path, spoil: Change) -> None:
    spoil("thresholds.yaml", "for_n: 1", "for_n: two")
    spoil("routes.yaml", "escalation: head-of-service", "escalation: heads")
    with pytest.raises(BadConfig) as stop:
        load(folder)
    text = str(stop.value)
    assert "2 problems" in text
    assert f"thresholds.yaml:{line_with(folder, 'thresholds.yaml', 'for_n: two')}" in text
    assert f"routes.yaml:{line_with(folder, 'routes.yaml', 'heads')}" in text
