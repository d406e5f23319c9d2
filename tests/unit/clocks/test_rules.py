"""timescales.yaml: what ships is right, and what is wrong is refused with the choice there is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from caseclock.clocks.rules import TimescaleRule

SHIPPED = Path(__file__).resolve().parents[3] / "include" / "monitoring" / "timescales.yaml"
GOOD = {
    "id": "visits",
    "title": "visits",
    "table": "plan",
    "start": "started_on",
    "stop": {"table": "visit", "date": "visit_on", "by": ["plan_id"], "where": {"kind": "cp"}, "take": "each"},
    "interval": "every",
    "unit": "working_day",
    "limits": [{"effective_from": "2020-01-01", "limit": 10}],
    "basis": "local",
    "source": "a council's own choice",
}

HOURS = {"table": "meeting", "start": "since_at", "stop": "held_at", "interval": "once", "unit": "clock_hour"}

TABLE = """
allocation        local               working_day     1
assessment_started local             working_day     1
assessment_45_wt  statutory_guidance  working_day    45
assessment_45_dfe statutory_guidance  working_day    45
assessment_checkpoint local          working_day    10
assessment_checkpoint_20 local       working_day    20
s47_to_icpc       statutory_guidance  working_day    15
s47_open          statutory_guidance  working_day    15
icpc_transfer_in  local               working_day    15
cp_visit          local               working_day    10
cp_visit_alone    local               working_day    20
rcpc_first        statutory_guidance  calendar_month  3
rcpc_next         statutory_guidance  calendar_month  6
cin_visit         local               working_day    20
cla_review_1      statute             working_day    20
cla_review_2      statute             calendar_month  3
cla_review_n      statute             calendar_month  6
cla_visit_first   statute             calendar_day    7
cla_visit_year1   statute             calendar_day   42
cla_visit_after   statute             calendar_day   42
cla_visit_parents statute             calendar_day    7
cla_visit_parents_after statute       calendar_day   28
cla_visit_order   statute             calendar_day    7
pathway_plan      statute             calendar_month  6
pa_contact        statute             calendar_month  2
contact_decision  statutory_guidance  working_day     1
core_group_first  statutory_guidance  working_day    10
core_group_next   local               calendar_day   42
cin_review        local               calendar_day   84
rhi_72h           statutory_guidance  clock_hour     72
pf_initial        statute             working_day     7
pf_visit          statute             calendar_day   42
pf_visit_after    statute             calendar_day   84
supervision_worker local              working_day    20
supervision_case_cp local             calendar_day   28
supervision_case_cin local            calendar_day   42
supervision_case_cla local            calendar_day   56
supervision_case_assessment local     calendar_day   28
supervision_recorded local            working_day     5
"""


def shipped() -> list[TimescaleRule]:
    return [TimescaleRule.model_validate(entry) for entry in yaml.safe_load(SHIPPED.read_text())]


def test_the_rules_that_ship_with_their_basis_and_limit():
    assert [[r.id, r.basis, r.unit, str(r.limits[-1].limit)] for r in shipped()] == [line.split() for line in TABLE.strip().splitlines()]


def test_one_rule_is_the_headline():
    assert [rule.id for rule in shipped() if rule.headline] == ["assessment_45_wt"]


def test_a_rule_without_slips_is_taken():
    assert TimescaleRule.model_validate(GOOD).start == ["started_on"]
    assert TimescaleRule.model_validate({**GOOD, **HOURS}).in_hours


def test_every_rule_says_whether_it_is_law_guidance_or_the_council_s_own_and_from_when():
    for rule in shipped():
        assert rule.source and rule.limits[0].effective_from.year >= 2005, rule.id
        assert ("Local default" in rule.source) == (rule.basis == "local"), rule.id


def test_the_ids_of_the_domain_brief_are_all_there():
    """Supervision has one rule per kind of plan; caseload and the share of plans reviewed in time are measures."""
    ids = {rule.id for rule in shipped()}
    assert ids >= {
        "contact_decision", "allocation", "assessment_started", "assessment_45_wt", "assessment_45_dfe", "assessment_checkpoint",
        "s47_to_icpc", "s47_open", "icpc_transfer_in", "core_group_first", "core_group_next", "cp_visit", "cp_visit_alone", "rcpc_first",
        "rcpc_next", "cin_visit", "cin_review", "cla_review_1", "cla_review_2", "cla_review_n", "cla_visit_first", "cla_visit_year1",
        "cla_visit_after", "cla_visit_parents", "pathway_plan", "pa_contact", "rhi_72h", "pf_initial", "pf_visit", "supervision_worker",
        "supervision_recorded",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"table": "plans"}, "there is no table plans; tables: child, contact, referral"),
        ({"start": "began_on"}, "plan has no column began_on; columns: plan_id, child_id"),
        ({"start": "kind"}, "kind is no date"),
        ({"start": "s47.strategy_on"}, "a row of plan has no s47_id that would lead to s47"),
        ({"ends": ["referral.closed"]}, "referral has no column closed"),
        ({"where": {"kind": "CP"}}, "kind is never CP; expected one of cin, cp"),
        ({"where": {"kind": True}}, "kind holds codes; expected text in quotes"),
        ({"where": {"other_la": "no"}}, "other_la is a flag; expected true or false"),
        ({"where": {"started_on": "2020-01-01"}}, "a condition may only say whether it is known"),
        ({"where": {"kind": ["cp"]}}, "expected true, false, text, {not: value}"),
        ({"where": {"kind": {"is": "cp"}}}, "expected true, false, text, {not: value}"),
        ({"stop": {**GOOD["stop"], "by": ["s47_id"]}}, "plan has no column s47_id"),
        ({"stop": {**GOOD["stop"], "date": "seen"}}, "seen is no date"),
        ({"stop": {**GOOD["stop"], "where": {"kind": "cpp"}}}, "kind is never cpp"),
        ({"stop": {**GOOD["stop"], "take": "all"}}, "'first' or 'each'"),
        ({"stop": "ended_on"}, "interval every needs a stop with take: each"),
        ({"stop": {"held_by": "anybody"}, "interval": "once"}, "allocated_worker"),
        ({"limits": []}, "at least 1 item"),
        ({"limits": [{"effective_from": "2021-01-01", "limit": 1}, {"effective_from": "2020-01-01", "limit": 2}]}, "in the order of"),
        ({"limits": [{"effective_from": "2021-01-01", "limit": -1}]}, "greater than or equal to 0"),
        ({"warn": 1, "warn_at": 2}, "not both"),
        ({"count_start_day": True, "unit": "calendar_month"}, "count_start_day needs a limit of at least 1, in days"),
        ({"count_start_day": True, "limits": [{"effective_from": "2021-01-01", "limit": 0}]}, "count_start_day needs a limit"),
        ({"per": "worker"}, "per: worker needs table: allocation and a stop by events with by: [worker_id]"),
        ({"per": "child"}, "'row' or 'worker'"),
        ({"first_per": "referral_id"}, "first_per and start_of_row belong together"),
        ({"unit": "week"}, "'working_day', 'calendar_day', 'calendar_month' or 'clock_hour'"),
        ({"unit": "clock_hour"}, "started_on is no moment"),
        ({**HOURS, "stop": "held_on"}, "held_on is no moment"),
        ({**HOURS, "start": "since_on"}, "since_on is no moment"),
        ({**HOURS, "unit": "calendar_day"}, "since_at is no date"),
        ({**HOURS, "stop": {"table": "meeting", "date": "held_on", "by": ["child_id"]}}, "clock_hour needs a stop by a column of the row"),
        ({**HOURS, "within_months": 12}, "count from a day, not from an hour"),
        ({**HOURS, "count_start_day": True}, "count_start_day needs a limit of at least 1, in days"),
        ({"where": {"conference.kind": {"known": True}, "started_on": True}}, "a condition may only say whether it is known"),
        ({"stop_also": "ended_on"}, "stop_also needs a stop by a column, or by events with take: first"),
        ({"stop_also": "kind"}, "kind is no date"),
        ({"needs": "reviewed_on"}, "plan has no column reviewed_on"),
        ({"within_months": 0}, "greater than or equal to 1"),
        ({"during": [{"table": "legal", "by": "plan_id", "since": "started_on"}]}, "legal has no column plan_id"),
        ({"during": [{"table": "legal", "by": "child_id", "since": "status"}]}, "status is no date"),
        ({"during": [{"table": "legal", "by": "child_id", "since": "started_on", "until": "end"}]}, "legal has no column end"),
        ({"during": [{"table": "review", "by": "child_id", "since": "held_on", "where": {"kind": "LAC"}}]}, "kind is never LAC"),
        ({"unless": [{}]}, "unless needs own, beside, or both"),
        ({"unless": [{"own": {"kind": "CP"}}]}, "kind is never CP"),
        ({"stop": {**GOOD["stop"], "reach": "visit_on"}}, "reach, early and one_each need take: first"),
        ({"stop": {**GOOD["stop"], "take": "first", "reach": "seen"}, "interval": "once"}, "seen is no date"),
        ({"basis": "law"}, "'statute', 'statutory_guidance' or 'local'"),
        ({"id": "CP visit"}, "pattern"),
        ({"limit": 10}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_the_choice_there_is(changed, said):
    with pytest.raises(ValidationError) as caught:
        TimescaleRule.model_validate({**GOOD, **changed})
    assert said in str(caught.value)
