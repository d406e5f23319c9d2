"""What the generated pages say in words: of rules that ship and of rules as a council may write them."""

import re

import pytest

from caseclock.cli import docs
from caseclock.cli.docs_index import NOT_WATCHED, by_topic
from caseclock.cli.docs_measures import measure_page, needs
from caseclock.cli.docs_rules import rule_page
from caseclock.clocks.rules import TimescaleRule
from caseclock.config.load import load
from caseclock.extracts.supplementary import FILES
from caseclock.measures.model import GROUPS
from caseclock.settings import shipped_config


@pytest.fixture(scope="module")
def config():
    return load(shipped_config())


def changed(config, id, **fields):
    rule = next(rule for rule in config.timescales if rule.id == id)
    return TimescaleRule.model_validate({**rule.model_dump(by_alias=True), **fields})


def line(page, name):
    return next(row.split("|")[2].strip() for row in page.splitlines() if row.startswith(f"| {name} |"))


def test_every_reason_that_a_page_gives_for_not_watching_is_explained_in_the_index(config):
    known = [part for said in re.findall(r"\*(.+?)\*", NOT_WATCHED) for part in said.split("*")]
    for rule in config.timescales:
        for row in rule_page(rule, config).partition("## Without its data")[2].splitlines():
            said = row.split("|")[2].strip() if row.startswith(("| rows of", "| a value in")) else ""
            assert not said or said == "it is watched all the same" or any(part in said for part in known), said


def test_every_timescale_and_every_measure_stands_in_the_index_once(config):
    assert sorted(rule.id for rules in by_topic(config.timescales).values() for rule in rules) == sorted(r.id for r in config.timescales)
    assert sorted(id_ for ids in GROUPS.values() for id_ in ids) == sorted(measure.id for measure in config.measures)


def test_a_limit_that_changed_says_for_which_starts_each_one_holds(config):
    limits = [{"effective_from": "2013-04-15", "limit": 45}, {"effective_from": "2027-04-01", "limit": 1}]
    page = rule_page(changed(config, "assessment_45_dfe", limits=limits), config)
    assert line(page, "limit") == "45 working days for what starts up to 2027-03-31; 1 working day for what starts from 2027-04-01 on"


def test_the_stages_before_the_due_date_are_in_words(config):
    def soon(**fields):
        return line(rule_page(changed(config, "cp_visit", **fields), config), "due soon")

    assert soon(warn=2) == "from 2 working days before the due date"
    assert soon(warn=0) == "on the due date itself"
    assert soon(warn=None) == "there is no such stage"
    assert soon(warn=None, warn_at=8) == "from 8 working days after the start"
    assert soon(warn=14, unit="calendar_month") == "from 14 calendar days before the due date"


def test_a_council_that_counts_the_start_day_reads_so(config):
    assert line(rule_page(changed(config, "cp_visit", count_start_day=True), config), "counted").endswith("the day of the start is day 1")


def test_the_file_that_a_measure_needs_is_one_of_the_six(config):
    named = {needs(measure.id) for measure in config.measures} - {None}
    assert named and named <= {file.file for file in FILES}
    agency = next(measure for measure in config.measures if measure.id == "agency_rate")
    assert line(measure_page(agency, config), "file to add").startswith("`posts.csv`")


def test_a_flag_that_nobody_fills_in_is_named_with_what_is_said_then(config):
    page = rule_page(changed(config, "cp_visit"), config)
    assert line(page, "a value in `visit.seen`") == "visit.seen is empty in the whole extract"
    assert line(page, "rows of `visit`") == "the extract has no rows of visit with kind cp"


def test_a_page_that_is_out_of_date_missing_or_left_over_is_named_with_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(docs, "FOLDER", tmp_path)
    pages = {"rules/a.md": "A", "rules/b.md": "B"}
    assert not docs.bring_up_to_date({**pages, "rules/gone.md": "C"}, check=False, whole=("rules",))
    (tmp_path / "rules" / "b.md").write_text("edited")
    assert docs.bring_up_to_date({**pages, "rules/new.md": "D"}, check=True, whole=("rules",))
    assert capsys.readouterr().err == "out of date in docs/generated: rules/b.md, rules/gone.md, rules/new.md; run `make docs`\n"
    assert (tmp_path / "rules" / "b.md").read_text() == "edited"
    docs.bring_up_to_date(pages, check=False, whole=("rules",))
    assert not docs.bring_up_to_date(pages, check=True, whole=("rules",))
    assert not (tmp_path / "rules" / "gone.md").exists()
