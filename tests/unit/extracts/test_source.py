from __future__ import annotations

import pytest
from pydantic import ValidationError

from caseclock.extracts.source import SourceConfig

SOURCE = SourceConfig(id="north", title="North")


@pytest.mark.parametrize(
    "name",
    [
        "Duty",
        "Duty Worker",
        "DUTY_TEAM-2",
        "Assessment Pool",
        "MASH inbox",
        "Locality 4 Team",
        "Unallocated",
        "Awaiting allocation",
        "Referral Coordinator",
        "Generic User",
        "System",
        "Admin",
        "Screening",
        "Key Agency (KA01)",
        "Vacancy 12",
    ],
)
def test_pools_and_inboxes_are_no_people(name: str) -> None:
    assert not SOURCE.is_person(name)
    assert not SOURCE.is_person(None, None, name)


@pytest.mark.parametrize(
    "surname", ["Poole", "Poolton", "Dutyson", "Teamson", "Adminson", "Hubbard", "Systemann", "Screen", "Inboxe", "Vacante"]
)
def test_a_surname_that_begins_like_a_pool_is_a_person(surname: str) -> None:
    assert SOURCE.is_person(f"Worker {surname}")


@pytest.mark.parametrize(
    "title", ["Team Manager", "Social Worker (Duty Team)", "System Manager", "Screening Social Worker", "Admin Officer"]
)
def test_a_job_title_with_such_a_word_is_still_a_person(title: str) -> None:
    assert SOURCE.is_person("Worker 12", title)


@pytest.mark.parametrize("title", ["Referral Coordinator", "Duty pool", "Team inbox", "Generic account", "Key Agency"])
def test_a_job_title_can_say_that_nobody_is_there(title: str) -> None:
    assert not SOURCE.is_person("Worker 12", title)


def test_who_is_a_person_may_hold_no_case_all_the_same() -> None:
    listed = SOURCE.model_copy(update={"not_allocated_workers": ("W7", "A Name")})
    assert SOURCE.can_hold("Worker 12", "Social Worker", "W7") and not listed.can_hold("Worker 12", "Social Worker", "w7 ")
    assert not listed.can_hold("a name")
    assert SOURCE.is_person("Worker 12", "Team Manager") and not SOURCE.can_hold("Worker 12", "Team Manager")
    assert not SOURCE.can_hold("Duty pool")


def test_a_worker_of_whom_nothing_is_known_is_taken_for_a_person() -> None:
    assert SOURCE.is_person(None)
    assert SourceConfig(id="x", title="X", not_a_person=(), not_a_person_titles=()).is_person("Duty")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": "North West"}, "pattern"),
        ({"id": "../up"}, "pattern"),
        ({"date_formats": ("DD/MM/YYYY", "MM/DD/YYYY")}, "guess"),
        ({"date_formats": ("DD/MM/YY",)}, "DD/MM/YY"),
        ({"date_formats": ()}, "at least 1"),
        ({"not_a_person": ("(",)}, "regular expression"),
        ({"encodings": ("utf-9",)}, "encoding"),
        ({"expected_by": "9am"}, "pattern"),
        ({"suplier": "mosaic"}, "suplier"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SourceConfig.model_validate({"id": "north", "title": "North", **wrong})
