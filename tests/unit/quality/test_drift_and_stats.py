"""An extract in numbers, and what of them is news against the accepted extracts before it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from quality_tables import AS_OF, snapshot

from caseclock.quality.codes import check_codes
from caseclock.quality.config import DriftLimits, FreshnessLimits
from caseclock.quality.drift import Past, check_drift, past_of
from caseclock.quality.freshness import check_freshness
from caseclock.quality.model import Stat
from caseclock.quality.stats import stats_of

LIMITS = DriftLimits()
LAST_ON = dt.date(2026, 11, 13)


def day(ago: int) -> str:
    return str(AS_OF - dt.timedelta(days=ago))


def numbers(**tables: object) -> dict[tuple[str, str], float]:
    return {(s.name, s.scope): s.value for s in stats_of(snapshot(**tables))}  # type: ignore[arg-type]


# --- the numbers -----------------------------------------------------------------------------------------------------------
def test_the_median_assessment_is_that_of_the_last_90_days() -> None:
    rows = [{"started_on": day(20 + n), "authorised_on": day(20)} for n in (10, 30, 50)]
    rows += [{"started_on": day(300), "authorised_on": day(90)}, {"started_on": day(400)}]
    made = numbers(assessment=rows)
    assert (made["assessment_days", "assessment"], made["assessment_days_of", "assessment"]) == (30, 3)


def test_visits_of_the_latest_week_by_kind() -> None:
    made = numbers(visit=[{"visit_on": day(0)}, {"visit_on": day(6)}, {"visit_on": day(7)}, {"kind": "cin", "visit_on": day(30)}])
    assert made["visits_per_week.cp", "visit"] == 2
    assert made["visits_per_week.cin", "visit"] == 0
    assert ("visits_per_week.cla", "visit") not in made  # none at all is no fall


def test_open_rows_without_a_worker_per_team() -> None:
    rows = [{"team_id": "T1"}, {"team_id": "T1", "worker_id": "W"}, {"team_id": "T1", "ended_on": day(9)}, {"worker_id": "W"}]
    made = numbers(allocation=rows)
    assert (made["no_worker", "T1"], made["no_worker_of", "T1"], made["team_rows.allocation", "T1"]) == (0.5, 2, 3)


def test_shares_filled_and_codes_in_no_list() -> None:
    made = numbers(referral=[{"source": "1a"}, {"source": "10"}, {"source": "Police"}, {"primary_need": "N1", "close_reason": "RC99"}])
    assert made["filled.source", "referral"] == 0.75
    assert made["unknown.source", "referral"] == pytest.approx(1 / 3)
    assert made["unknown.primary_need", "referral"] == 0
    assert made["unknown.close_reason", "referral"] == 1
    assert made["rows", "referral"] == 4
    assert not {key for key in made if key[1] == "visit"}


def test_where_the_window_starts_is_not_said_by_one_forgotten_case() -> None:
    rows = [{"referral_date": "1998-01-01"}, *({"referral_date": str(dt.date(2021, 1, 1) + dt.timedelta(days=n))} for n in range(199))]
    start = dt.date.fromordinal(int(numbers(referral=rows)["window_start", "referral"]))
    assert start == dt.date(2021, 1, 4)
    assert ("window_start", "referral") not in numbers(referral=rows[:50])


def test_the_newest_event_is_not_in_the_future_and_no_date_that_is_due() -> None:
    made = numbers(
        referral=[{"referral_date": "2026-09-01", "closed_on": "2027-01-01"}],
        allocation=[],
        review=[{"due_on": "2026-11-19", "held_on": "2026-11-05"}],
    )
    assert dt.date.fromordinal(int(made["newest_event", ""])) == dt.date(2026, 11, 5)


# --- drift -------------------------------------------------------------------------------------------------------------------
def drifted(now: dict[tuple[str, str], float], *before: dict[tuple[str, str], float]) -> list[tuple[str, str]]:
    past = [Past(LAST_ON - dt.timedelta(weeks=n), stats) for n, stats in reversed(list(enumerate(reversed(before))))]
    trips = check_drift([Stat(name, scope, value) for (name, scope), value in now.items()], past, AS_OF, LIMITS)
    return [(t.level, f"{t.finding.table}.{t.finding.rule}") for t in trips]


def assessments(days: float, of: int = 60) -> dict[tuple[str, str], float]:
    return {("assessment_days", "assessment"): days, ("assessment_days_of", "assessment"): of}


def visits(n: float, kind: str = "cp") -> dict[tuple[str, str], float]:
    return {(f"visits_per_week.{kind}", "visit"): n}


def without_worker(share: float, of: int = 50) -> dict[tuple[str, str], float]:
    return {("no_worker", "T1"): share, ("no_worker_of", "T1"): of}


def unknown(share: float) -> dict[tuple[str, str], float]:
    return {("unknown.source", "referral"): share, ("filled.source", "referral"): 1.0, ("rows", "referral"): 500}


def filled(column: str, share: float, rows: int = 200) -> dict[tuple[str, str], float]:
    table, name = column.split(".")
    return {(f"filled.{name}", table): share, ("rows", table): rows}


def window(start: dt.date) -> dict[tuple[str, str], float]:
    return {("window_start", "referral"): float(start.toordinal())}


DURATION, CP = [("warn", "assessment.duration")], "visit.week_cp"
SHORT = dt.date(2020, 11, 14)


@pytest.mark.parametrize(
    ("now", "before", "expected", "why"),
    [
        (assessments(2), [assessments(38), assessments(37), assessments(36)], DURATION, "Haringey 2023"),
        (assessments(80), [assessments(38)] * 3, DURATION, "more than twice as long"),
        (assessments(45), [assessments(38)] * 3, [], "a council that gets slower"),
        (assessments(2), [assessments(38)] * 2, [], "two extracts are not enough to say what is usual"),
        (assessments(2, of=19), [assessments(38)] * 3, [], "a median of few"),
        (assessments(1), [assessments(3)] * 3, [], "two days more or less are nothing"),
        (visits(0), [visits(60)] * 3, [("hold", CP)], "the code was renamed"),
        (visits(9), [visits(60)] * 3, [("warn", CP)], "one of two codes was renamed"),
        (visits(28), [visits(60)] * 3, [], "Christmas"),
        (visits(0), [visits(12)] * 3, [("warn", CP)], "twelve are too few to hold, and too many to be chance"),
        (visits(0), [visits(8)] * 3, [], "a week without one of eight"),
        (visits(0), [visits(60), visits(60), visits(0)] * 3, [("hold", CP)], "released once, and the median still says sixty"),
        (visits(0), [visits(60)] * 3 + [visits(0)] * 5, [], "released for more than half of what is looked back at"),
        (visits(200), [visits(60)] * 3, [], "more visits are no fault"),
        (without_worker(0.6), [without_worker(0.1)] * 3, [("warn", "allocation.no_worker")], "true or not exported: somebody looks"),
        (without_worker(0.25), [without_worker(0.1)] * 3, [], "fifteen points are within what happens"),
        (without_worker(0.6, of=10), [without_worker(0.1)] * 3, [], "a small team"),
        (without_worker(0.0), [without_worker(0.6)] * 3, [], "good news"),
        (unknown(0.5), [unknown(0.02)] * 3, [("warn", "referral.source_codes")], "a list was renamed"),
        (unknown(1.0), [unknown(1.0)] * 3, [], "always local codes"),
        (
            filled("assessment.authorised_on", 0),
            [filled("assessment.authorised_on", 0.9)],
            [("hold", "assessment.authorised_on_filled")],
            "clocks stop by it",
        ),
        (filled("worker.fte", 0), [filled("worker.fte", 0.9)], [("warn", "worker.fte_filled")], "no clock reads it"),
        (filled("visit.seen", 0.3), [filled("visit.seen", 0.95)], [("warn", "visit.seen_filled")], "most of it gone"),
        (filled("visit.seen", 0.6), [filled("visit.seen", 0.95)], [], "a third of it gone"),
        (filled("visit.seen", 0, rows=10), [filled("visit.seen", 0.95)], [], "ten rows"),
        (
            filled("assessment.authorised_on", 0),
            [filled("assessment.authorised_on", 0.9), filled("assessment.authorised_on", 0)],
            [],
            "released",
        ),
        (filled("assessment.authorised_on", 0), [filled("assessment.authorised_on", 0.1)], [], "hardly ever filled"),
        (window(dt.date(2022, 1, 1)), [window(SHORT)], [("warn", "referral.window_start")], "set up anew with less history"),
        (window(SHORT + dt.timedelta(days=7)), [window(SHORT)], [], "six years move by a week in a week"),
        (window(dt.date(2015, 1, 1)), [window(SHORT)], [], "more history"),
    ],
)
def test_what_is_news(now: dict, before: list[dict], expected: list[tuple[str, str]], why: str) -> None:
    assert drifted(now, *before) == expected, why


def test_no_history_no_drift() -> None:
    assert check_drift([Stat("visits_per_week.cp", "visit", 0)], [], AS_OF, LIMITS) == []


def test_a_sentence_names_no_team() -> None:
    past = [past_of(LAST_ON, [Stat("no_worker", "CANARY", 0.0), Stat("no_worker_of", "CANARY", 80)])] * 3
    (trip,) = check_drift([Stat("no_worker", "CANARY", 0.9), Stat("no_worker_of", "CANARY", 80)], past, AS_OF, LIMITS)
    assert trip.sentence == "allocation: 1 team has far more open rows without a worker than usual: true, or no longer exported"
    assert "CANARY" not in repr(trip)


def test_noise_is_no_news() -> None:
    """A council whose numbers only wobble by chance: 400 weeks, 20 teams. Poisson visits, binomial workers, codes and filled cells."""
    rng = np.random.default_rng(7)

    def week() -> dict[tuple[str, str], float]:
        made = visits(rng.poisson(60)) | visits(rng.poisson(25), "cin") | assessments(float(np.median(rng.gamma(2, 20, 40))))
        made |= {("unknown.source", "referral"): rng.binomial(60, 0.1) / 60, ("filled.source", "referral"): 1.0, ("rows", "referral"): 60}
        for team in range(20):
            made |= {("no_worker", f"T{team}"): rng.binomial(25, 0.1) / 25, ("no_worker_of", f"T{team}"): 25}
        return made | filled("visit.seen", rng.binomial(60, 0.8) / 60, 60)

    weeks = [week() for _ in range(408)]
    alarms = [n for n in range(8, 408) if drifted(weeks[n], *weeks[n - 8 : n])]
    assert len(alarms) <= 1, [drifted(weeks[n], *weeks[n - 8 : n]) for n in alarms]


# --- codes that are each council's own -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("new", "trips"), [(0, 0), (4, 0), (8, 1), (30, 1)])
def test_roles_that_the_last_extract_did_not_know(new: int, trips: int) -> None:
    last = snapshot(allocation=[{"role": "CW"}] * 20)
    now = snapshot(allocation=[{"role": "CANARY"}] * new + [{"role": "CW"}] * (30 - new))
    found = check_codes(now.tables, last.tables, LIMITS)
    assert [(t.level, t.finding.rule, t.finding.failing) for t in found] == [("warn", "role_new", new)] * trips
    assert "CANARY" not in repr(found)
    assert check_codes(now.tables, snapshot(allocation=[]).tables, LIMITS) == []


# --- freshness ---------------------------------------------------------------------------------------------------------------
def busy(newest: int, per_day: int = 4) -> dict:
    """Visits on every day up to `newest` days before the extract's date."""
    rows = [{"visit_on": day(n)} for n in range(newest, newest + 100) for _ in range(per_day)]
    return snapshot(child=[], referral=[], allocation=[], visit=rows).tables


@pytest.mark.parametrize(
    ("newest", "per_day", "level", "why"),
    [
        (1, 40, None, "yesterday"),
        (6, 40, None, "Christmas"),
        (13, 8, "warn", "a week's export that was sent again"),
        (30, 8, "hold", "a month old"),
        (13, 1, None, "a source of few events"),
    ],
)
def test_how_old_the_newest_event_may_be(newest: int, per_day: int, level: str | None, why: str) -> None:
    trips = check_freshness(busy(newest, per_day), AS_OF, FreshnessLimits())
    assert [t.level for t in trips] == ([level] if level else []), why


def test_a_stale_extract_is_told_with_its_newest_date() -> None:
    (trip,) = check_freshness(busy(30, 10), AS_OF, FreshnessLimits())
    assert trip.sentence == (
        "the newest event of the whole extract is of 2026-10-21, 30 days before its date, and about 165 are usual in so many days: "
        "it may be an old export: the numbers are held"
    )
