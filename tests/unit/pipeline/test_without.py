"""What has no figure is named once, with the reason; and nothing else is."""

from __future__ import annotations

import pytest

from caseclock.config.load import Config, load
from caseclock.extracts import Absence
from caseclock.extracts.supplementary import FILES
from caseclock.extracts.supplementary import not_watched as said_not_watched
from caseclock.measures import MEASURES
from caseclock.pipeline.without import no_figure, not_watched
from caseclock.settings import shipped_config

NAN = float("nan")
NO_STAFF = Absence(next(file.shows for file in FILES if file.file == "staff.csv"), "add staff.csv")


@pytest.fixture(scope="module")
def config() -> Config:
    return load(shipped_config())


def test_every_measure_that_is_on_has_a_figure_or_stands_there_once_with_a_reason(config: Config) -> None:
    named = [id_ for ids in no_figure(config.measures, [], []).values() for id_ in ids]
    assert sorted(named) == sorted(MEASURES)
    assert no_figure(config.measures, [(id_, "*", 0.0, 0) for id_ in MEASURES], []) == {}


def test_of_a_file_that_is_not_there_the_extract_says_why_and_of_one_that_is_there_the_measure_does(config: Config) -> None:
    agency = [entry for entry in config.measures if entry.id == "agency_share"]
    assert no_figure(agency, [], [NO_STAFF]) == {"add staff.csv": ["agency_share"]}
    assert no_figure(agency, [], []) == {"no value where the extract cannot show who holds a case": ["agency_share"]}


def test_a_figure_of_nothing_is_told_from_one_that_cannot_be_made(config: Config) -> None:
    relief = [entry for entry in config.measures if entry.id == "relief_capacity"]
    assert no_figure(relief, [("relief_capacity", "*", NAN, 0)], []) == {"no value where no relief is called for": ["relief_capacity"]}
    assert list(no_figure(relief, [("relief_capacity", "T", 4.0, 9)], [])) == ["no value where the timescale `allocation` has no clock"]


def test_a_measure_of_each_timescale_has_a_figure_when_any_is_watched(config: Config) -> None:
    ages = [entry for entry in config.measures if entry.id in ("median_age", "oldest")]
    assert no_figure(ages, [("median_age.cp_visit", "*", NAN, 0), ("oldest.cp_visit", "*", 3.0, 1)], []) == {}


def test_every_timescale_that_is_not_watched_is_named_under_its_reason(config: Config) -> None:
    rules = [(rule.title, rule.id) for rule in config.timescales]
    found = not_watched([NO_STAFF, Absence(said_not_watched(rules[:1]), "why"), Absence(said_not_watched(rules[1:]), "else")])
    assert found == {"why": [rules[0][1]], "else": [id_ for _, id_ in rules[1:]]}
