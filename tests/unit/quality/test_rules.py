"""Each rule on a row that obeys it and a row that breaks it, and beside them the kinds of rules that every table has."""

from __future__ import annotations

import pytest
from quality_tables import AS_OF, frame, snapshot

from caseclock.quality.check import checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.rules import CLOSING, ENDS, LINKED, OWN, rule_names, rules_of
from caseclock.snapshots import TABLES

CONFIG = QualityConfig()
BEFORE, AFTER, LONG_AGO = "2026-08-01", "2026-11-21", "2010-01-01"
REFERRAL = [{"referral_id": "R1"}]
S47 = [{"s47_id": "S1"}]
PLAN = [{"plan_id": "P1"}]

# table.rule: (a row that breaks it, a row that obeys it, other tables)
CASES: dict[str, tuple[dict, dict, dict]] = {
    "referral.closed_on_before_referral_date": ({"closed_on": BEFORE}, {"closed_on": "2026-09-01"}, {}),
    "referral.nfa_but_open": ({"nfa": True}, {"nfa": True, "closed_on": "2026-09-02"}, {}),
    "referral.open_for_long": ({"referral_date": LONG_AGO}, {"referral_date": LONG_AGO, "closed_on": "2020-01-01"}, {}),
    "referral.closed_before_assessment": (
        {"referral_id": "R1", "closed_on": "2026-09-10"},
        {"referral_id": "R2", "closed_on": "2026-09-10"},
        {"assessment": [{"referral_id": "R1"}, {"referral_id": "R2", "authorised_on": "2026-09-10"}]},
    ),
    "assessment.authorised_on_before_started_on": ({"authorised_on": "2026-09-01"}, {"authorised_on": "2026-09-02"}, {}),
    "assessment.started_on_before_referral": (
        {"referral_id": "R1", "started_on": BEFORE},
        {"referral_id": "R1", "started_on": "2026-09-01"},
        {"referral": REFERRAL},
    ),
    "assessment.authorised_on_before_referral": (
        {"referral_id": "R1", "started_on": BEFORE, "authorised_on": "2026-08-02"},
        {"referral_id": "R1", "authorised_on": "2026-09-05"},
        {"referral": REFERRAL},
    ),
    "assessment.referral_of_other_child": (
        {"referral_id": "R1", "child_id": "other"},
        {"referral_id": "R1"},
        {"referral": REFERRAL, "child": [{}, {"child_id": "other"}]},
    ),
    "assessment.referral_id_missing": ({}, {"referral_id": "R1"}, {"referral": REFERRAL}),
    "assessment.open_for_long": ({"started_on": LONG_AGO}, {"started_on": LONG_AGO, "authorised_on": "2020-01-01"}, {}),
    "s47.ended_on_before_strategy_on": ({"ended_on": "2026-09-02"}, {"ended_on": "2026-09-03"}, {}),
    "s47.strategy_on_before_referral": (
        {"referral_id": "R1", "strategy_on": BEFORE},
        {"referral_id": "R1"},
        {"referral": REFERRAL},
    ),
    "s47.referral_of_other_child": ({"referral_id": "R1", "child_id": "other"}, {"referral_id": "R1"}, {"referral": REFERRAL}),
    "s47.ended_without_conference": (
        {"s47_id": "S1", "ended_on": "2026-09-09", "icpc_required": True},
        {"s47_id": "S2", "ended_on": "2026-09-09", "icpc_required": True},
        {"conference": [{"s47_id": "S2"}]},
    ),
    "s47.open_for_long": ({"strategy_on": LONG_AGO}, {}, {}),
    "conference.held_on_before_s47": (
        {"s47_id": "S1", "held_on": "2026-09-02"},
        {"s47_id": "S1", "held_on": "2026-09-03"},
        {"s47": S47},
    ),
    "conference.due_on_before_s47": ({"s47_id": "S1", "due_on": "2026-09-02"}, {"s47_id": "S1"}, {"s47": S47}),
    "conference.s47_of_other_child": ({"s47_id": "S1", "child_id": "other"}, {"s47_id": "S1"}, {"s47": S47}),
    "conference.s47_id_missing": ({}, {"s47_id": "S1"}, {}),
    "conference.due_on_weekend": ({"due_on": "2026-11-14"}, {"due_on": "2026-11-16"}, {}),
    "conference.no_date": ({"due_on": None}, {"due_on": None, "held_on": "2026-10-01"}, {}),
    "plan.ended_on_before_started_on": ({"ended_on": "2026-09-19"}, {"ended_on": "2026-09-20"}, {}),
    "plan.started_on_before_referral": (
        {"referral_id": "R1", "started_on": BEFORE},
        {"referral_id": "R1"},
        {"referral": REFERRAL},
    ),
    "plan.started_on_before_conference": (
        {"conference_id": "C1"},
        {"conference_id": "C1", "started_on": "2026-10-01"},
        {"conference": [{"conference_id": "C1", "held_on": "2026-10-01"}]},
    ),
    "plan.referral_of_other_child": ({"referral_id": "R1", "child_id": "other"}, {"referral_id": "R1"}, {"referral": REFERRAL}),
    "plan.conference_id_missing": ({}, {"conference_id": "C1"}, {}),
    "plan.open_for_long": ({"started_on": LONG_AGO}, {"started_on": LONG_AGO, "kind": "cin"}, {}),
    "review.held_on_before_plan": (
        {"plan_id": "P1", "held_on": "2026-09-20"},
        {"plan_id": "P1", "held_on": "2026-09-21"},
        {"plan": PLAN},
    ),
    "review.plan_of_other_child": ({"plan_id": "P1", "child_id": "other"}, {"plan_id": "P1"}, {"plan": PLAN}),
    "review.no_date": ({"due_on": None}, {}, {}),
    "review.cancelled_but_held": ({"cancelled": True, "held_on": "2026-10-01"}, {"cancelled": True}, {}),
    "visit.visit_on_before_plan": (
        {"plan_id": "P1", "visit_on": "2026-09-19"},
        {"plan_id": "P1"},
        {"plan": PLAN},
    ),
    "visit.plan_of_other_child": ({"plan_id": "P1", "child_id": "other"}, {"plan_id": "P1"}, {"plan": PLAN}),
    "visit.alone_but_not_seen": ({"seen": False, "seen_alone": True}, {"seen": True, "seen_alone": True}, {}),
    "allocation.ended_on_before_started_on": ({"ended_on": "2026-09-01"}, {"ended_on": "2026-09-02"}, {}),
    "allocation.started_on_missing": ({"started_on": None}, {}, {}),
    "allocation.worker_id_missing": ({}, {"worker_id": "W1"}, {}),
    "allocation.held_by_nobody": (
        {"worker_id": "W1"},
        {"worker_id": "W2"},
        {"worker": [{"worker_id": "W1", "is_person": False}, {"worker_id": "W2"}]},
    ),
    "allocation.open_for_long": ({"started_on": LONG_AGO}, {}, {}),
    "worker.fte_not_believed": ({"fte": 37.0}, {"fte": 0.5}, {}),
}
# Rules on several rows at once: all of these rows break it, none of those does.
SEVERAL: dict[str, tuple[list[dict], list[dict]]] = {
    "referral.two_open": ([{}, {}], [{}, {"closed_on": "2026-09-02"}, {"child_id": "other"}]),
    "assessment.two_open": ([{}, {}], [{}, {"authorised_on": "2026-09-05"}, {"child_id": "other"}]),
    "plan.two_open": ([{}, {}], [{}, {"kind": "cin"}, {"ended_on": "2026-10-01"}, {"child_id": "other"}]),
    "visit.two_on_one_day": ([{}, {}], [{}, {"kind": "cin"}, {"visit_on": "2026-10-02"}]),
}
OWN_CASES = CASES.keys() | SEVERAL.keys()
OWN_IDS = {f"{table}.{rule.id}" for table, rules in OWN.items() for rule in rules} | {f"{t}.open_for_long" for t in CLOSING}


def failing(rule: str, rows: list[dict], **others: object) -> list[bool]:
    table, _, id = rule.partition(".")
    check = checks_of(snapshot(**(others | {table: rows})), CONFIG)[table]  # type: ignore[arg-type]
    assert not check.bad_columns
    return check.flags[id].tolist()


def test_every_rule_written_out_has_a_case() -> None:
    assert OWN_IDS == OWN_CASES


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_the_row_that_breaks_it_and_only_that(rule: str) -> None:
    bad, good, others = CASES[rule]
    assert failing(rule, [bad, good], **others) == [True, False]
    assert failing(rule, [], **others) == []


@pytest.mark.parametrize("rule", SEVERAL)
def test_a_rule_on_several_rows(rule: str) -> None:
    bad, good = SEVERAL[rule]
    assert failing(rule, bad) == [True] * len(bad)
    assert failing(rule, good) == [False] * len(good)


@pytest.mark.parametrize("table", TABLES)
def test_required_columns_and_codes_of_every_table(table: str) -> None:
    for column in TABLES[table].columns:
        if column.required:
            assert failing(f"{table}.{column.name}_missing", [{column.name: None}, {}]) == [True, False]
        if column.codes:
            assert failing(f"{table}.{column.name}_unknown", [{column.name: "nonsense"}, *({column.name: c} for c in column.codes)]) == [
                True,
                *[False] * len(column.codes),
            ]


@pytest.mark.parametrize("table", TABLES)
def test_dates_of_every_table_are_believable_and_not_ahead_of_the_extract(table: str) -> None:
    severities = {r.id: r.severity for r in rules_of(table, CONFIG)}
    for column in (c for c in TABLES[table].dates if c != "due_on"):
        rows = [{column: "1989-12-31"}, {column: "1990-01-01"}, {column: str(AS_OF)}, {column: AFTER}]
        assert failing(f"{table}.{column}_too_early", rows) == [True, False, False, False]
        assert failing(f"{table}.{column}_in_future", rows) == [False, False, False, True]
        assert severities[f"{column}_in_future"] == ("warning" if column in ENDS.get(table, ()) else "critical")
    assert not {"due_on_in_future", "due_on_too_early"} & set(severities)


@pytest.mark.parametrize("table", TABLES)
def test_links_of_every_table_lead_somewhere(table: str) -> None:
    for column in (c.name for c in TABLES[table].columns if c.kind == "id" and c.name in LINKED and c.name != TABLES[table].key):
        parent = LINKED[column]
        others = {parent: [{TABLES[parent].key: "here"}]}
        assert failing(f"{table}.{column}_unknown", [{column: "nowhere"}, {column: "here"}], **others) == [True, False]


def test_a_link_to_a_table_without_rows_is_not_checked_and_that_is_said() -> None:
    check = checks_of(snapshot(allocation=[{"worker_id": "W1", "team_id": "T1"}]), CONFIG)["allocation"]
    assert "worker_id_unknown" not in check.flags
    assert check.not_evaluated["worker_id_unknown"] == "the extract has no worker rows"


@pytest.mark.parametrize(
    ("rule", "filled", "excused"),
    [
        ("conference.s47_id_missing", {"s47_id": "S1"}, {"kind": "transfer_in"}),
        ("plan.conference_id_missing", {"conference_id": "C1"}, {"kind": "cin"}),
        ("allocation.started_on_missing", {}, {"started_on": None, "ended_on": "2026-09-02"}),
    ],
)
def test_what_need_not_be_known_of_some_rows(rule: str, filled: dict, excused: dict) -> None:
    assert failing(rule, [filled, excused]) == [False, False]


def test_a_column_that_the_format_does_not_have_is_no_fault_of_each_row() -> None:
    check = checks_of(snapshot(allocation=[{"started_on": None}, {"started_on": None}]), CONFIG)["allocation"]
    assert check.not_evaluated["started_on_missing"] == "allocation.started_on is empty in the whole extract"


def test_of_rows_with_one_key_the_open_one_is_used() -> None:
    rows = [{"referral_id": "R1", "closed_on": "2026-10-01"}, {"referral_id": "R1"}, {"referral_id": "R2"}, {"referral_id": "R1"}]
    assert failing("referral.referral_id_repeated", rows) == [True, False, False, True]


def test_a_date_that_a_parent_with_a_repeated_key_has_is_that_of_its_first_row() -> None:
    parents = [{"referral_id": "R1", "referral_date": BEFORE}, {"referral_id": "R1", "referral_date": "2026-09-01"}]
    assert failing("assessment.started_on_before_referral", [{"referral_id": "R1", "started_on": "2026-08-15"}], referral=parents) == [
        False
    ]


def test_a_missing_date_breaks_no_order() -> None:
    check = checks_of(snapshot(assessment=[{}], s47=[{}], plan=[{}]), CONFIG)
    for table in ("assessment", "s47", "plan"):
        before = [r for r in check[table].flags if "_before_" in str(r)]
        assert before and not check[table].flags[before].to_numpy().any()


def test_waiting_work_is_put_aside_only_where_no_clock_could_be_worked_out() -> None:
    """The whole list, so that a new critical rule is a decision."""
    critical = {f"{t}.{r.id}" for t in TABLES for r in rules_of(t, CONFIG) if r.severity == "critical"}
    of_every_table = {name for name in critical if name.endswith(("_missing", "_repeated", "_too_early", "_in_future"))}
    assert critical - of_every_table == {
        "referral.closed_on_before_referral_date",
        "assessment.authorised_on_before_started_on",
        "assessment.authorised_on_before_referral",
        "s47.ended_on_before_strategy_on",
        "conference.held_on_before_s47",
        "conference.kind_unknown",
        "plan.ended_on_before_started_on",
        "plan.kind_unknown",
        "review.held_on_before_plan",
        "review.kind_unknown",
        "visit.kind_unknown",
        "allocation.ended_on_before_started_on",
    }
    # of work that is open, only a start that cannot be right puts it aside
    assert "assessment.authorised_on_in_future" not in critical
    assert "allocation.started_on_missing" not in critical


def test_rule_ids_are_unique_within_a_table() -> None:
    for table in TABLES:
        ids = [r.id for r in rules_of(table, CONFIG)]
        assert len(ids) == len(set(ids))
    assert len(rule_names()) == sum(len(rules_of(t, CONFIG)) for t in TABLES)


def test_a_rule_that_lacks_its_column_is_not_evaluated() -> None:
    bare = frame("assessment", [{}]).drop(columns=["authorised_on"])
    check = checks_of(snapshot(assessment=bare), CONFIG)["assessment"]
    assert check.bad_columns == ["authorised_on"]
    assert check.not_evaluated["two_open"] == "column authorised_on is not usable"
    assert "started_on_in_future" in check.flags
