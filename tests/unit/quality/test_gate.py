"""The verdict and its reasons, the rows put aside, and what of an extract no text may hold."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError
from quality_tables import AS_OF, frame, snapshot

from caseclock.extracts import Absence, Reject
from caseclock.quality import Accepted, History
from caseclock.quality.config import QualityConfig
from caseclock.quality.gate import check
from caseclock.quality.quarantine import set_aside
from caseclock.quality.report import report_text
from caseclock.snapshots import Snapshot

FIRST = History()
LAST_ON = dt.date(2026, 11, 13)
IMPOSSIBLE = {"authorised_on": "2026-09-01", "started_on": "2026-09-02"}


def assessments(good: int, bad: int) -> list[dict]:
    return [{"child_id": f"C{i}"} | (IMPOSSIBLE if i < bad else {"authorised_on": "2026-09-30"}) for i in range(good + bad)]


def council(**tables: object) -> Snapshot:
    return snapshot(child=[{"child_id": "child-2"}, *({"child_id": f"C{i}"} for i in range(300))], **tables)  # type: ignore[arg-type]


def after(last: Snapshot, **more: object) -> History:
    kept = {name: count.kept for name, count in last.counts().items()}
    return History((Accepted("last", LAST_ON, kept),), load=lambda extract_id: {"last": last}[extract_id], **more)  # type: ignore[arg-type]


# --- verdicts ------------------------------------------------------------------------------------------------------------
def test_a_sound_extract_passes() -> None:
    report = check(council(assessment=assessments(100, 0)), FIRST)
    assert (report.verdict, report.reasons, report.rejects) == ("pass", [], [])
    assert report.expectations > 50


def test_an_impossible_row_goes_to_quarantine_and_warns() -> None:
    report = check(council(assessment=assessments(100, 1)), FIRST)
    assert report.verdict == "warn"
    assert report.rejects == [
        Reject(
            "assessment",
            "assessment.csv",
            2,
            "authorised_on",
            "authorised before it was started: the dates cannot both be right",
            "authorised_on_before_started_on",
        )
    ]
    assert report.reasons == ["assessment: 1 of 101 rows put aside: authorised before it was started: the dates cannot both be right"]


def test_an_odd_row_is_used_and_warns() -> None:
    report = check(council(assessment=[{}, {}]), FIRST)
    assert (report.verdict, report.rejects) == ("warn", [])
    assert [(r.row, r.rule) for r in report.flagged] == [(2, "two_open"), (3, "two_open")]
    assert report.reasons == ["assessment: 2 of 2 rows: the child has another open assessment (DfE 8863Q)"]


def test_a_curious_row_is_reported_and_passes() -> None:
    report = check(council(referral=[{"nfa": True}]), FIRST)
    assert (report.verdict, report.reasons) == ("pass", [])
    assert ("nfa_but_open", "info", 1) in [(f.rule, f.severity, f.failing) for f in report.findings]


@pytest.mark.parametrize(
    ("good", "bad", "verdict"),
    [(95, 5, "warn"), (94, 6, "hold"), (6, 4, "warn"), (5, 5, "hold"), (0, 3, "warn")],
)
def test_more_than_5_percent_in_quarantine_holds_from_5_rows_on(good: int, bad: int, verdict: str) -> None:
    assert check(council(assessment=assessments(good, bad)), FIRST).verdict == verdict


def test_rows_that_could_not_be_typed_count_towards_the_share() -> None:
    unread = [Reject("assessment", "assessment.csv", 500 + n, "started_on", "no date") for n in range(4)]
    made = council(assessment=assessments(90, 3))
    report = check(Snapshot(made.extract, made.tables, unread), FIRST)
    assert report.verdict == "hold"
    assert report.reasons[0] == "assessment: 7 of 97 rows cannot be used (7 %): the numbers are held"
    assert "assessment: 4 rows of 97 could not be read and are put aside" in report.reasons


def test_open_work_in_quarantine_is_said_first_among_the_warnings() -> None:
    report = check(council(assessment=[{"started_on": "2026-12-01"}, *assessments(100, 1)]), FIRST)
    assert report.reasons[0] == "assessment: 1 row put aside is open work: no clock runs on it until the source is corrected"


def test_a_copy_of_an_open_case_is_not_called_hidden_work() -> None:
    report = check(council(referral=[{"referral_id": "R1"}, {"referral_id": "R1"}]), FIRST)
    assert [r.row for r in report.rejects] == [3]
    assert "open_in_quarantine" not in [f.rule for f in report.findings]


def test_an_extract_without_a_referral_holds_and_without_an_allocation_warns() -> None:
    assert check(council(referral=[]), FIRST).reasons == ["referral: the table has no rows: the numbers are held"]
    report = check(council(allocation=[]), FIRST)
    assert (report.verdict, report.reasons) == ("warn", ["allocation: the table has no rows"])


def test_a_table_without_its_columns_holds() -> None:
    report = check(council(assessment=frame("assessment", [{}]).drop(columns=["authorised_on"])), FIRST)
    assert report.verdict == "hold"
    assert report.reasons == ["assessment: columns authorised_on are absent or of another type: the numbers are held"]


def test_a_column_of_dates_that_is_text_holds() -> None:
    report = check(council(assessment=frame("assessment", [{}]).astype({"started_on": "str"})), FIRST)
    assert report.verdict == "hold"


def test_ids_that_changed_form_hold() -> None:
    report = check(council(visit=[{"child_id": f"0000{n}", "visit_on": str(AS_OF)} for n in range(6)]), FIRST)
    assert report.verdict == "hold"
    assert report.reasons[0] == "visit: 6 of 6 child_id lead nowhere, so ids may have changed form: the numbers are held"


def test_a_cut_off_extract_is_held_by_count_and_by_continuity_worst_first() -> None:
    referrals = [{"referral_id": f"R{n}", "child_id": f"C{n}"} for n in range(300)]
    report = check(council(referral=referrals[:150]), after(council(referral=referrals)))
    assert report.verdict == "hold"
    assert all(r.startswith("referral: ") and r.endswith(": the numbers are held") for r in report.reasons[:2])
    assert "vanished from this one" in report.reasons[2]


def test_the_last_snapshot_is_not_loaded_without_history() -> None:
    def must_not_load(extract_id: str) -> Snapshot:
        raise AssertionError(extract_id)

    assert check(council(), History((), "full", must_not_load)).verdict == "pass"


def test_ids_that_have_left_a_window_mean_nothing_and_are_counted() -> None:
    referrals = [{"referral_id": f"R{n}", "child_id": f"C{n}"} for n in range(20)]
    report = check(council(referral=referrals[1:]), after(council(referral=referrals), coverage="window"))
    assert report.verdict == "pass"
    assert [(c.gone, c.same) for c in report.changes if c.table == "referral"] == [(1, 19)]


def test_an_older_extract_is_compared_with_the_one_before_it() -> None:
    newer = Accepted("newer", dt.date(2026, 11, 27), {"child": 90_000, "referral": 90_000, "allocation": 90_000})
    made = council()
    older = Accepted("older", LAST_ON, {name: count.kept for name, count in made.counts().items()})
    loaded: list[str] = []
    history = History((newer, older), load=lambda id: loaded.append(id) or made)  # type: ignore[func-returns-value]
    assert check(made, history).verdict == "pass"
    assert loaded == ["older"]


# --- configuration -------------------------------------------------------------------------------------------------------
def test_an_analyst_may_soften_or_harden_a_rule() -> None:
    made = council(assessment=[{}, {}])
    softer = QualityConfig.model_validate({"rules": {"assessment.two_open": {"severity": "info"}}})
    assert check(made, FIRST, softer).verdict == "pass"
    harder = QualityConfig.model_validate({"rules": {"assessment.two_open": {"severity": "critical"}}})
    assert len(check(made, FIRST, harder).rejects) == 2


def test_a_rule_may_hold_mostly() -> None:
    made = council(assessment=[{}, {}, *assessments(98, 0)])
    assert check(made, FIRST, QualityConfig.model_validate({"rules": {"assessment.two_open": {"mostly": 0.98}}})).verdict == "pass"
    assert check(made, FIRST, QualityConfig.model_validate({"rules": {"assessment.two_open": {"mostly": 0.99}}})).verdict == "warn"


def test_a_rule_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"no such rule: assessment\.two_opn"):
        QualityConfig.model_validate({"rules": {"assessment.two_opn": {"severity": "info"}}})
    with pytest.raises(ValidationError, match="no such table: referal"):
        QualityConfig.model_validate({"rows_needed": {"referal": "info"}})


# --- rows put aside --------------------------------------------------------------------------------------------------------
def test_rows_put_aside_leave_the_tables_and_none_is_lost() -> None:
    made = council(assessment=assessments(10, 2), visit=[{"visit_on": "2027-01-01"}, {}])
    report = check(made, FIRST)
    done = set_aside(made, report)
    assert {t: (c.read, c.kept, c.quarantined) for t, c in done.counts().items() if c.quarantined} == {
        "assessment": (12, 10, 2),
        "visit": (2, 1, 1),
    }
    assert len(made.tables["assessment"]) == 12
    again = set_aside(done, report)
    assert again.counts() == done.counts() and again.rejects == done.rejects


def test_an_end_in_the_future_has_not_happened_yet() -> None:
    made = council(assessment=[{"authorised_on": "2027-01-01"}, {"child_id": "C1", "authorised_on": str(AS_OF)}])
    report = check(made, FIRST)
    assert (report.verdict, report.rejects) == ("warn", [])
    assert set_aside(made, report).tables["assessment"]["authorised_on"].isna().tolist() == [True, False]


def test_a_sound_snapshot_stays_as_it_is() -> None:
    made = council(assessment=assessments(10, 0))
    done = set_aside(made, check(made, FIRST))
    assert all(done.tables[name] is frame for name, frame in made.tables.items())


# --- the report ------------------------------------------------------------------------------------------------------------
def test_the_report_reads_as_a_page() -> None:
    made = council(assessment=assessments(98, 2), allocation=[{"worker_id": "W1"}])
    full = Snapshot(
        made.extract, made.tables, absences=[Absence("supervision", "the extract has no such file")], notes=["one file was cp1252"]
    )
    text = report_text(full, check(full, FIRST), rows=1)
    assert text.startswith("Quality of demo as of 2026-11-20, revision 1 (extract e000000000000001)\nWARN: ")
    for line in (
        "assessment.csv row 2, authorised_on: authorised before it was started: the dates cannot both be right",
        "and 1 more",
        "- supervision: the extract has no such file",
        "- one file was cp1252",
        "!! assessment.authorised_on_before_started_on: 2 of 100: authorised before it was started: the dates cannot both be right",
        "- the extract has no worker rows: ",
    ):
        assert line in " ".join(text.split())  # long lines are wrapped
    assert any(line.split() == ["assessment", "100", "98", "2"] for line in text.splitlines())


def test_the_report_is_the_same_before_and_after_the_rows_were_put_aside() -> None:
    made = council(assessment=assessments(98, 2))
    report = check(made, FIRST)
    assert report_text(made, report) == report_text(set_aside(made, report), report)


def test_no_value_of_any_cell_is_in_a_report() -> None:
    """Every text cell is marked; rows break as many rules as they can."""
    rows = {
        "child": [{"child_id": "CANARY-child", "sex": "CANARY-sex"}],
        "referral": [{"referral_id": "CANARY-r", "child_id": "CANARY-lost", "team_id": "CANARY-team", "referral_date": "1971-03-14"}] * 9,
        "assessment": [{"assessment_id": f"CANARY-a{n}", "referral_id": "CANARY-r", "team_id": "CANARY-t"} | IMPOSSIBLE for n in range(9)],
        "plan": [{"plan_id": "CANARY-p", "kind": "CANARY-kind", "worker_id": "CANARY-w", "started_on": "2099-03-14"}] * 2,
        "allocation": [{"allocation_id": "CANARY-al", "worker_id": "CANARY-w", "started_on": "2099-03-14"}] * 2,
        "worker": [{"worker_id": "CANARY-worker", "fte": 314159.0, "team_id": "CANARY-t"}],
        "team": [{"team_id": "CANARY-other", "name": "CANARY-name"}],
    }
    made = snapshot(**rows)  # type: ignore[arg-type]
    last = snapshot(LAST_ON, referral=[{"referral_id": f"CANARY-{n}", "team_id": "CANARY-gone"} for n in range(30)])
    report = check(made, after(last))
    assert report.verdict == "hold"
    assert report.blocked_teams == ["CANARY-gone", "CANARY-t", "CANARY-team"]
    text = report_text(made, report, rows=1000) + repr(
        (report.reasons, report.findings, report.rejects, report.flagged, report.not_evaluated)
    )
    for mark in ("CANARY", "2099", "1971", "314159"):
        assert mark not in text
