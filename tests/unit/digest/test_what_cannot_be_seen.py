"""The digest says in one line what the data cannot show."""

from __future__ import annotations

import datetime as dt

from caseclock.digest import build
from caseclock.extracts import Absence
from caseclock.extracts.supplementary import FILES, why_absent


def lines(absences: list[Absence]) -> list[str]:
    return [line for line in build("2026-W47", dt.date(2026, 11, 20), None, [], [], absences).lines if "cannot show" in line]


def test_one_line_names_all_that_is_absent() -> None:
    said = lines([Absence(spec.shows, why_absent(spec.table)) for spec in FILES])
    assert said == [
        "This extract cannot show: supervision; caseload per full-time equivalent, agency share, who has left; vacancies and agency posts; "
        "time to decide on a contact; core groups, child in need reviews, return interviews, visits to privately fostered children; "
        "priority of cases that wait."
    ]


def test_an_extract_that_shows_everything_needs_no_line() -> None:
    assert lines([]) == []
