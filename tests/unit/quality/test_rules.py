"""Each rule on a row that obeys it and a row that breaks it, and beside them the kinds of rules that every table has."""

from __future__ import annotations

import pytest
from quality_tables import AS_OF, frame, snapshot

from caseclock.quality.check import checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.rules import DUE, ENDS, KEEP, LINKED, OLD_OPEN, OWN, PLANNED, rule_names, rules_of
from caseclock.quality.scene import key_of
from caseclock.snapshots import TABLES

CONFIG = QualityConfig()
BEFORE, AFTER, LONG_AGO = "2026-08-01", "2026-11-21", "2010-01-01"
REFERRAL = [{"referral_id": "R1"}]
S47 = [{"s47_id": "S1"}]
PLAN = [{"plan_id": "P1"}]
CARE = [{"care_id": "K1", "entered_on": "2026-09-10"}]
DIED = [{"child_id": "a", "died_on": "2026-10-01"}]

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
    "child.looks_like_test": ({"child_id": "DUMMY_3"}, {"child_id": "12007"}, {}),
    "child.unborn_for_long": (
        {"child_id": "a", "unborn": True},
        {"child_id": "b", "unborn": True},
        {"referral": [{"child_id": "a", "referral_date": "2025-01-01"}, {"child_id": "b", "referral_date": "2026-06-01"}]},
    ),
    "referral.open_after_death": ({"child_id": "a"}, {"child_id": "a", "closed_on": "2026-10-02"}, {"child": DIED}),
    "plan.open_after_death": ({"child_id": "a"}, {"child_id": "b"}, {"child": [*DIED, {"child_id": "b"}]}),
    "allocation.open_after_death": ({"child_id": "a"}, {"child_id": "b"}, {"child": [*DIED, {"child_id": "b"}]}),
    "care.open_after_death": ({"child_id": "a"}, {"child_id": "b"}, {"child": [*DIED, {"child_id": "b"}]}),
    "s47.ended_without_decision": (
        {"ended_on": "2026-09-09"},
        {"ended_on": "2026-09-09", "icpc_required": False},
        {"conference": [{"s47_id": "elsewhere"}]},
    ),
    "review.held_on_before_care": (
        {"care_id": "K1", "held_on": "2026-09-09"},
        {"care_id": "K1", "held_on": "2026-09-10"},
        {"care": CARE},
    ),
    "review.care_of_other_child": ({"care_id": "K1", "child_id": "other"}, {"care_id": "K1"}, {"care": CARE}),
    "visit.visit_on_before_care": ({"care_id": "K1", "visit_on": "2026-09-09"}, {"care_id": "K1"}, {"care": CARE}),
    "visit.care_of_other_child": ({"care_id": "K1", "child_id": "other"}, {"care_id": "K1"}, {"care": CARE}),
    "allocation.worker_left": (
        {"worker_id": "W1"},
        {"worker_id": "W2"},
        {"staff": [{"staff_id": "W1", "ended_on": "2026-11-01"}, {"staff_id": "W2", "ended_on": str(AS_OF)}]},
    ),
    "care.ended_on_before_started_on": ({"ended_on": "2026-09-09"}, {"ended_on": "2026-09-10"}, {}),
    "care.left_on_before_entered_on": ({"entered_on": "2026-09-10", "left_on": "2026-09-09"}, {"entered_on": "2026-09-10"}, {}),
    "care.started_on_before_entered_on": ({"entered_on": "2026-09-11"}, {"entered_on": "2026-09-10"}, {}),
    "care.left_but_open": ({"left_on": "2026-10-01"}, {"left_on": "2026-10-01", "ended_on": "2026-10-01"}, {}),
    "care.care_id_missing": ({}, {"care_id": "K1"}, {}),
    "care.placement_id_missing": ({}, {"placement_id": "H1"}, {}),
    "care.placement_of_other_child": (
        {"placement_id": "H1", "child_id": "other"},
        {"placement_id": "H1"},
        {"placement": [{"placement_id": "H1"}]},
    ),
    "care.referral_of_other_child": ({"referral_id": "R1", "child_id": "other"}, {"referral_id": "R1"}, {"referral": REFERRAL}),
    "care.open_for_long": ({"started_on": "2006-01-01"}, {}, {}),
    "placement.ended_on_before_started_on": ({"ended_on": "2026-09-09"}, {"ended_on": "2026-09-10"}, {}),
    "placement.started_on_before_care": ({"care_id": "K1", "started_on": "2026-09-09"}, {"care_id": "K1"}, {"care": CARE}),
    "placement.care_of_other_child": ({"care_id": "K1", "child_id": "other"}, {"care_id": "K1"}, {"care": CARE}),
    "placement.open_for_long": ({"started_on": "2006-01-01"}, {}, {}),
    "legal.ended_on_before_started_on": ({"ended_on": "2026-09-09"}, {"ended_on": "2026-09-10"}, {}),
    "legal.status_missing": ({}, {"status": "C2"}, {}),
    "care_leaver.contacted_on_missing": ({}, {"contacted_on": "2026-10-01"}, {}),
    "care_leaver.reviewed_on_missing": ({}, {"reviewed_on": "2026-10-01"}, {}),
    "missing.found_on_before_started_on": ({"found_on": "2026-09-09"}, {"found_on": "2026-09-10"}, {}),
    "missing.accepted_but_not_offered": ({"accepted": True, "offered": False}, {"accepted": True, "offered": True}, {}),
    "supervision.recorded_on_before_supervised_on": ({"recorded_on": "2026-10-04"}, {"recorded_on": "2026-10-05"}, {}),
    "supervision.child_id_missing": ({"child_id": None}, {}, {}),
    "supervision.worker_id_missing": (
        {"kind": "personal", "worker_id": None},
        {"kind": "personal", "worker_id": "W1"},
        {"worker": [{"worker_id": "W1"}]},
    ),
    "supervision.own_supervisor": ({"worker_id": "W1", "supervisor_id": "W1"}, {"worker_id": "W1", "supervisor_id": "W2"}, {}),
    "staff.ended_on_before_started_on": ({"started_on": "2026-09-02", "ended_on": "2026-09-01"}, {"ended_on": "2026-09-01"}, {}),
    "staff.absent_to_before_absent_from": ({"absent_from": "2026-09-02", "absent_to": "2026-09-01"}, {"absent_to": "2026-09-01"}, {}),
    "staff.fte_not_believed": ({"fte": -0.5}, {"fte": 1.0}, {}),
    "post.established_not_believed": ({"established": -1.0}, {"established": 6.5}, {}),
    "post.filled_not_believed": ({"filled": 2000.0}, {"filled": 6.5}, {}),
    "post.agency_not_believed": ({"agency": -1.0}, {"agency": 0.0}, {}),
    "contact_decision.decided_on_before_received_on": ({"decided_on": "2026-08-31"}, {"decided_on": "2026-09-01"}, {}),
    "contact_decision.received_on_before_contact": (
        {"contact_id": "C1", "received_on": "2026-08-31"},
        {"contact_id": "C1"},
        {"contact": [{"contact_id": "C1"}]},
    ),
    "contact_decision.open_for_long": ({"received_on": "2026-01-01"}, {"received_on": "2026-11-01"}, {}),
    "meeting.no_date": ({"due_on": None}, {}, {}),
    "meeting.held_on_before_since_on": ({"since_on": "2026-09-09", "held_on": "2026-09-08"}, {"since_on": "2026-09-09"}, {}),
    "meeting.held_on_before_plan": ({"plan_id": "P1", "held_on": "2026-09-19"}, {"plan_id": "P1", "held_on": "2026-09-20"}, {"plan": PLAN}),
    "meeting.plan_of_other_child": ({"plan_id": "P1", "child_id": "other"}, {"plan_id": "P1"}, {"plan": PLAN}),
    "meeting.plan_id_missing": ({}, {"plan_id": "P1"}, {}),
    "meeting.since_on_missing": ({"kind": "rhi"}, {"kind": "rhi", "since_on": "2026-09-09"}, {}),
    "priority.of_nobody": ({"child_id": None}, {"child_id": None, "referral_id": "R1"}, {}),
    "priority.referral_of_other_child": (
        {"referral_id": "R1", "child_id": "other"},
        {"referral_id": "R1", "child_id": None},
        {"referral": REFERRAL},
    ),
}
# Rules on several rows at once: all of these rows break it, none of those does.
SEVERAL: dict[str, tuple[list[dict], list[dict]]] = {
    "referral.two_open": ([{}, {}], [{}, {"closed_on": "2026-09-02"}, {"child_id": "other"}]),
    "assessment.two_open": ([{}, {}], [{}, {"authorised_on": "2026-09-05"}, {"child_id": "other"}]),
    "plan.two_open": ([{}, {}], [{}, {"kind": "cin"}, {"ended_on": "2026-10-01"}, {"child_id": "other"}]),
    "referral.many_of_one_child": ([{}] * 21, [{"child_id": "other"}] * 20),
    "s47.two_open": ([{}, {}], [{}, {"ended_on": "2026-09-05"}, {"child_id": "other"}]),
    "care.two_open": ([{}, {}], [{}, {"ended_on": "2026-09-15"}, {"child_id": "other"}]),
    "placement.two_open": ([{}, {}], [{}, {"ended_on": "2026-09-15"}, {"child_id": "other"}]),
    "missing.two_open": ([{}, {}], [{}, {"found_on": "2026-09-15"}, {"child_id": "other"}]),
    "care_leaver.child_twice": ([{}, {}], [{}, {"child_id": "other"}]),
    "visit.two_on_one_day": ([{}, {}], [{}, {"kind": "cin"}, {"visit_on": "2026-10-02"}]),
}
# Rules whose rows need an order; each has a test of its own.
IN_ORDER = {"referral.inside_open_episode"}
OWN_CASES = CASES.keys() | SEVERAL.keys() | IN_ORDER
OWN_IDS = {f"{table}.{rule.id}" for table, rules in OWN.items() for rule in rules} | {f"{t}.open_for_long" for t in OLD_OPEN}


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
    for column in (c for c in TABLES[table].dates if c not in DUE):
        rows = [{column: "1989-12-31"}, {column: "1990-01-01"}, {column: str(AS_OF)}, {column: AFTER}]
        assert failing(f"{table}.{column}_too_early", rows) == [True, False, False, False]
        assert failing(f"{table}.{column}_in_future", rows) == [False, False, False, True]
        is_end = column in ENDS.get(table, ())
        assert severities[f"{column}_in_future"] == ("info" if (table, column) in PLANNED else "warning" if is_end else "critical")
    assert not {f"{column}_{end}" for column in DUE for end in ("in_future", "too_early")} & set(severities)


@pytest.mark.parametrize("table", TABLES)
def test_links_of_every_table_lead_somewhere(table: str) -> None:
    for column in (c.name for c in TABLES[table].columns if c.kind == "id" and LINKED.get(c.name, table) != table):
        parent = LINKED[column]
        others = {parent: [{key_of(column, parent): "here"}]}
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
    closed, open_ = {"referral_id": "R1", "closed_on": "2026-10-01"}, {"referral_id": "R1"}
    rows = [closed, open_, {"referral_id": "R2"}, open_ | {"nfa": True}, open_]
    assert failing("referral.referral_id_repeated", rows) == [True, False, False, True, False]
    assert failing("referral.copy", rows) == [False, False, False, False, True]


@pytest.mark.parametrize("table", KEEP)
def test_of_rows_with_one_key_the_one_that_hides_no_waiting_case_is_used(table: str) -> None:
    """Whichever comes first in the file. An ended allocation leaves the case unallocated; a found child is owed an interview."""
    column, filled = KEEP[table]
    used, aside = ({column: "2026-11-01"}, {column: None}) if filled else ({column: None}, {column: "2026-11-01"})
    key = TABLES[table].key
    for rows in ([used, aside], [aside, used]):
        assert failing(f"{table}.{key}_repeated", [{key: "one"} | row for row in rows]) == [row is aside for row in rows]


@pytest.mark.parametrize("table", TABLES)
def test_a_copy_is_told_apart_from_a_row_with_the_same_key_and_other_content(table: str) -> None:
    key = TABLES[table].key
    rows = [{key: "one"}, {key: "two"}, {key: "one"}]
    assert failing(f"{table}.copy", rows) == [False, table == "care_leaver", True]
    assert failing(f"{table}.{key}_repeated", rows) == [False, False, False]


def test_a_copied_care_leaver_is_found_under_another_id_and_one_that_differs_is_kept() -> None:
    rows = [{"reviewed_on": "2026-01-01"}, {"reviewed_on": "2026-01-01"}, {"reviewed_on": "2026-06-01"}, {"child_id": "other"}]
    assert failing("care_leaver.copy", rows) == [False, True, False, False]
    assert failing("care_leaver.child_twice", rows) == [True, True, True, False]


def test_no_content_of_a_care_leaver_is_lost_when_keys_repeat_and_copies_meet() -> None:
    rows = [{"leaver_id": "1"}, {"leaver_id": "1", "in_touch": True}, {"leaver_id": "2", "in_touch": True}]
    aside = [a or b for a, b in zip(failing("care_leaver.copy", rows), failing("care_leaver.leaver_id_repeated", rows), strict=True)]
    assert aside == [False, True, False]


def test_a_referral_on_an_open_episode() -> None:
    rows = [
        {"referral_date": "2026-01-01", "closed_on": "2026-06-01"},
        {"referral_date": "2026-03-01", "closed_on": "2026-04-01"},
        {"referral_date": "2026-05-01", "closed_on": "2026-05-02"},
        {"referral_date": "2026-06-01", "closed_on": None},
        {"referral_date": "2026-03-01", "child_id": "other"},
    ]
    assert failing("referral.inside_open_episode", rows) == [False, True, True, False, False]
    assert failing("referral.inside_open_episode", rows[::-1]) == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("id", "found"),
    [("Test-12", True), ("ADMIN", True), ("do not use 4", True), ("12007", False), ("Contest", False), ("A-7f", False), ("latest9", False)],
)
def test_ids_that_say_that_nobody_is_behind_them(id: str, found: bool) -> None:
    assert failing("child.looks_like_test", [{"child_id": id}]) == [found]


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
    of_every_table = {name for name in critical if name.endswith(("_missing", "_repeated", "_too_early", "_in_future", ".copy"))}
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
        "care.ended_on_before_started_on",
        "placement.ended_on_before_started_on",
        "legal.ended_on_before_started_on",
        "contact_decision.decided_on_before_received_on",
        "review.held_on_before_care",
        "supervision.kind_unknown",
        "meeting.kind_unknown",
        "priority.of_nobody",
    }
    # of work that is open, only a start that cannot be right puts it aside
    assert "assessment.authorised_on_in_future" not in critical
    assert "allocation.started_on_missing" not in critical


def test_rule_ids_are_unique_within_a_table() -> None:
    for table in TABLES:
        ids = [r.id for r in rules_of(table, CONFIG)]
        assert len(ids) == len(set(ids))
    assert {f"{t}.{r.id}" for t in TABLES for r in rules_of(t, CONFIG)} < rule_names()


def test_a_rule_that_lacks_its_column_is_not_evaluated() -> None:
    bare = frame("assessment", [{}]).drop(columns=["authorised_on"])
    check = checks_of(snapshot(assessment=bare), CONFIG)["assessment"]
    assert check.bad_columns == ["authorised_on"]
    assert check.not_evaluated["two_open"] == "column authorised_on is not usable"
    assert "started_on_in_future" in check.flags
