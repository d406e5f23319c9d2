"""The report as text: what a data engineer reads in a terminal and in the Airflow log."""

from __future__ import annotations

import datetime as dt

from quality_tables import extract

from caseclock.extracts import Reject
from caseclock.quality import Finding
from caseclock.quality.model import TableChange
from caseclock.quality.report import WIDTH, Facts, Past, failing_since, text_of
from caseclock.snapshots import TableCount

LONG = "closed before it began, which cannot be, and so nobody can say whether anybody still works on it or has for years"


def past(*failing: int | None) -> list[Past]:
    return [Past(dt.date(2026, 11, 2) + dt.timedelta(n), "warn", {} if f is None else {"referral.order": f}) for n, f in enumerate(failing)]


def facts(**more: object) -> Facts:
    made = {
        "reasons": [f"referral: 3 of 100 rows put aside: {LONG}"],
        "tables": {"referral": TableCount(100, 97, 3)},
        "findings": [Finding("referral", "order", "critical", 3, 100, LONG)],
        "rejects": [Reject("referral", "cin.csv", row, "closed_on", LONG, "order") for row in (14, 3, 9)],
    }
    return Facts(extract(), "warn", **(made | more))  # type: ignore[arg-type]


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = text_of(facts(flagged=[Reject("plan", "plans.csv", n, "team_id", "without a team") for n in range(30)])).splitlines()
    assert max(map(len, lines)) <= WIDTH


def test_rows_with_one_reason_are_one_line_in_order() -> None:
    assert "cin.csv rows 3, 9, 14, closed_on: closed before it began" in " ".join(text_of(facts()).split())


def test_what_is_not_named_is_counted() -> None:
    text = text_of(facts(), rows=2)
    assert "cin.csv rows 3, 9, closed_on" in text
    assert "and 1 more" in text


def test_it_says_since_when_a_rule_fails() -> None:
    assert "(since 2026-11-03)" in " ".join(text_of(facts(past=past(0, 4, 2))).split())
    assert "since" not in text_of(facts(past=past(4, 0)))


def test_a_rule_that_was_not_asked_in_between_has_not_failed_without_a_break() -> None:
    assert failing_since("referral.order", past(1, None, 1, 2)) == dt.date(2026, 11, 4)
    assert failing_since("referral.order", []) is None


def test_rows_are_set_against_the_extract_before() -> None:
    text = text_of(facts(changes=[TableChange("referral", 5, 7, 2, 88, 0)], compared_with=dt.date(2026, 11, 13)))
    assert ["referral", "100", "97", "3", "5", "7", "2"] in [line.split() for line in text.splitlines()]
    assert "against the accepted extract of 2026-11-13" in text


def test_a_decision_stands_beside_the_verdict() -> None:
    assert "A person has decided: released by Data lead" in text_of(facts(decision="released by Data lead on 20 November 2026, 17:05"))
