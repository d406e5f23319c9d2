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

TABLE = """
allocation        local               working_day     1
assessment_45_wt  statutory_guidance  working_day    45
assessment_45_dfe statutory_guidance  working_day    45
s47_to_icpc       statutory_guidance  working_day    15
cp_visit          local               working_day    10
rcpc_first        statutory_guidance  calendar_month  3
rcpc_next         statutory_guidance  calendar_month  6
cla_review_1      statute             working_day    20
cla_review_2      statute             calendar_month  3
cla_review_n      statute             calendar_month  6
cla_visit_first   statute             calendar_day    7
cla_visit_next    statute             calendar_day   42
pathway_plan      statute             calendar_month  6
pa_contact        statute             calendar_month  2
contact_decision  statutory_guidance  working_day     1
core_group_first  statutory_guidance  working_day    10
core_group_next   local               calendar_day   42
cin_review        local               calendar_day   84
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
        ({"unit": "week"}, "'working_day', 'calendar_day' or 'calendar_month'"),
        ({"basis": "law"}, "'statute', 'statutory_guidance' or 'local'"),
        ({"id": "CP visit"}, "pattern"),
        ({"limit": 10}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_the_choice_there_is(changed, said):
    with pytest.raises(ValidationError) as caught:
        TimescaleRule.model_validate({**GOOD, **changed})
    assert said in str(caught.value)
