"""Weeks of a made-up council, as the digest knows them before it puts them into words.

`w(...)` writes twelve weeks of one figure: a number is exact, a pair is a range, `HIDDEN` is withheld, None is no figure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from caseclock.digest.content import (
    Benchmark,
    Change,
    Coming,
    Content,
    Currency,
    Decision,
    Demand,
    Forecast,
    Foreseen,
    Heat,
    Line,
    Quiet,
    Rag,
    Relook,
    Revised,
    Signal,
)
from caseclock.digest.shown import HIDDEN, Shown, exact
from caseclock.trends import spc
from caseclock.trends.charts import Chart, chart
from caseclock.trends.model import TrendsConfig
from caseclock.trends.panel import Panel
from caseclock.trends.weeks import Shape, monday_of

Given = float | tuple[float, float] | Shown | None
FRIDAY = dt.date(2026, 11, 20)
WHOLE, NORTH, SOUTH, CARE, DISABLED, DOOR = "All teams", "North", "South", "Children in Care", "Disabled Children", "Front Door"
PLACES = (WHOLE, NORTH, SOUTH, CARE, DISABLED, DOOR)
ASSESSMENT = "assessment within 45 working days of the referral"
CONFERENCE = "initial child protection conference within 15 working days of the strategy discussion"
VISIT = "visit to a child on a child protection plan"
UNALLOCATED = "cases without an allocated worker"
UNALLOCATED_CP = "children on a child protection plan without an allocated worker"
LATE = "assessments open for more than 45 working days since the referral"
SMALL = (1, 5)


def w(values: Sequence[Given], n: int | None = None) -> tuple[Shown | None, ...]:
    """Weeks, oldest first."""
    return tuple(_shown(v, n) for v in values)


def _shown(value: Given, n: int | None) -> Shown | None:
    if value is None or isinstance(value, Shown):
        return value
    return Shown(*value, n) if isinstance(value, tuple) else exact(value, n)


def line(
    figure: str,
    title: str,
    place: str,
    values: Sequence[Given],
    *,
    unit: str = "cases",
    worse: Literal["above", "below", "either"] = "above",
    n: int | None = None,
    rag: Rag = "",
    limit: str = "",
) -> Line:
    """The newest of `values` is now."""
    weeks = w(values, n)
    return Line(figure, title, unit, worse, place, weeks[-1] if weeks else None, weeks[-2] if len(weeks) > 1 else None, weeks, rag, limit)


def _row(figure: str, title: str, values: Sequence[Sequence[Given]], rags: str, **how: Any) -> tuple[Line, ...]:
    """`rags`: one letter per place: r, a, g, or `-` for none. `n`: one per place."""
    named: dict[str, Rag] = {"r": "red", "a": "amber", "g": "green", "-": ""}
    counts = how.pop("n", [None] * len(PLACES))
    places = how.pop("places", PLACES)
    return tuple(
        line(figure, title, place, own, n=count, rag=named[rag], **how)
        for place, own, rag, count in zip(places, values, rags, counts, strict=False)
    )


def _flat(value: Given, weeks: int = 12) -> list[Given]:
    return [value] * weeks


def _heat() -> Heat:
    low = [7, 8, 7, 9, 8, 9, 8, 9, 11, 12, 12, 30]
    south = [9, 8, 10, 9, 8, 9, 9, 8, 9, 9, 10, 9]
    rows = (
        _row(
            "unallocated",
            UNALLOCATED,
            [[a + b + 6 for a, b in zip(low, south, strict=True)], low, south, _flat(SMALL), _flat(0), _flat(SMALL)],
            "-rg-g-",
            limit="amber 10, red 20",
        ),
        _row(
            "unallocated_cp",
            UNALLOCATED_CP,
            [[*_flat(0, 11), SMALL], [*_flat(0, 11), SMALL], _flat(0), _flat(0), _flat(0), _flat(0)],
            "--gggg",
            unit="children",
            limit="amber 1, red 3",
        ),
        _row(
            "unallocated_low",
            "cases without an allocated worker and of low or no priority",
            [[8, 9, 8, 10, 9, 9, 10, 11, 12, 13, 13, 27], [*_flat(HIDDEN, 11), (19, 23)], [*_flat(HIDDEN, 11), SMALL], *[_flat(0)] * 3],
            "------",
        ),
        _row(
            "open",
            "open work",
            [
                [2190, 2201, 2197, 2210, 2214, 2220, 2226, 2231, 2240, 2252, 2266, 2301],
                [742, 745, 744, 750, 752, 756, 760, 762, 768, 776, 785, 812],
                [690, 694, 692, 695, 696, 697, 699, 700, 702, 704, 707, 711],
                [402, 403, 402, 404, 404, 404, 405, 405, 406, 406, 407, 407],
                [211, 212, 212, 213, 213, 213, 212, 213, 213, 214, 214, 215],
                [145, 147, 147, 148, 149, 150, 150, 151, 151, 152, 153, 156],
            ],
            "------",
        ),
        _row(
            "overdue.assessment_45_wt",
            f"open and overdue: {ASSESSMENT}",
            [
                [30, 31, 29, 33, 34, 34, 36, 37, 38, 41, 42, 47],
                [14, 15, 14, 16, 17, 17, 18, 19, 20, 22, 23, 27],
                [13, 13, 12, 14, 14, 14, 15, 15, 15, 16, 16, 17],
                _flat(SMALL),
                _flat(0),
                _flat(0),
            ],
            "-ra---",
            unit="clocks",
            limit="amber 15, red 25",
        ),
        _row(
            "overdue.s47_to_icpc",
            f"open and overdue: {CONFERENCE}",
            [_flat((6, 10)), _flat(SMALL), _flat(SMALL), _flat(0), _flat(0), _flat(0)],
            "---ggg",
            unit="clocks",
            limit="amber 5, red 10",
        ),
        _row(
            "overdue.cp_visit",
            f"open and overdue: {VISIT}",
            [[8, 7, 9, 8, 8, 9, 10, 9, 11, 12, 12, 14], [*_flat((6, 9), 11), 8], [*_flat(SMALL, 11), 6], _flat(0), _flat(0), _flat(0)],
            "-aaggg",
            unit="clocks",
            limit="amber 6, red 12",
        ),
        _row(
            "in_time.assessment_45_wt",
            f"done in time, of what was done: {ASSESSMENT}",
            [
                [86, 85, 85, 84, 84, 83, 82, 82, 81, 79, 78, 76],
                [84, 83, 83, 81, 80, 79, 77, 76, 74, 72, 70, 66],
                [87, 87, 86, 86, 86, 86, 85, 86, 86, 85, 85, 84],
                _flat(HIDDEN),
                _flat(None),
                [92, 91, 91, 92, 90, 91, 92, 91, 92, 91, 92, 92],
            ],
            "ar---g",
            unit="per cent",
            worse="below",
            n=[812, 340, 402, None, None, 58],
            limit="amber 80, red 70",
        ),
        _row(
            "in_time.s47_to_icpc",
            f"done in time, of what was done: {CONFERENCE}",
            [[82, 81, 82, 83, 81, 82, 80, 81, 82, 81, 80, 79], _flat(HIDDEN), _flat(HIDDEN), *[_flat(None)] * 3],
            "------",
            unit="per cent",
            worse="below",
            n=[101, None, None, None, None, None],
        ),
        _row(
            "reviewed_in_time",
            "child protection plans of 3 months or more with all reviews in time",
            [[94, 94, 93, 94, 93, 93, 92, 93, 92, 92, 92, 91], [92] * 12, [95] * 12, *[_flat(None)] * 3],
            "------",
            unit="per cent",
            worse="below",
            n=[268, 131, 137, None, None, None],
        ),
        _row(
            "stale_open",
            "open cases in no plan in which nothing has happened for 90 days",
            [
                [61, 60, 63, 62, 64, 66, 65, 67, 70, 72, 75, 79],
                [30, 30, 31, 31, 32, 33, 33, 35, 37, 39, 41, 44],
                [25] * 12,
                *[_flat(SMALL)] * 3,
            ],
            "------",
        ),
        _row(
            "re_referral",
            "referrals of children who had been referred within a year before",
            [[22, 22, 21, 22, 23, 22, 22, 23, 23, 22, 23, 23], *[_flat(None)] * 4, [22, 22, 21, 22, 23, 22, 22, 23, 23, 22, 23, 23]],
            "------",
            unit="per cent",
            n=[1021, None, None, None, None, 1021],
        ),
    )
    return Heat(PLACES, rows)


def charted(figure: str, values: Sequence[float], direction: spc.Direction, n: Sequence[float] | None = None, place: str = WHOLE) -> Chart:
    """The control chart of weekly values up to Friday 20 November 2026, all of them ordinary weeks."""
    ends = np.datetime64(FRIDAY, "D") - 7 * np.arange(len(values))[::-1]
    own = np.array([values], dtype=float)
    panel = Panel(figure, (place,), monday_of(ends), ends, own, np.array([values if n is None else n], dtype=float), "extracts", 1)
    shape = Shape(np.full(len(values), 5.0), np.zeros(len(values)))
    return chart(panel, place, shape, TrendsConfig(), direction)


def _signals() -> tuple[Signal, ...]:
    arrivals = [72, 68, 75, 70, 66, 74, 71, 69, 73, 67, 70, 76, 68] * 3 + [71, 69, 74, 70, 72, 68, 73, 71, 75, 74, 79, 97]
    in_time = [86.0, 84.0, 87.0, 85.0, 86.0, 83.0, 85.0, 84.0, 86.0, 85.0] * 4 + [82, 81, 80, 79, 78, 77, 76, 74]
    return (
        Signal("referrals received in the last week", WHOLE, charted("arrivals", arrivals, "neutral"), "unusual", ""),
        Signal(
            f"done in time, of what was done: {ASSESSMENT}",
            WHOLE,
            charted("in_time.assessment_45_wt", in_time, "increase", [60] * 48),
            "worse",
            "fails",
            95.0,
        ),
    )


def _demand() -> Demand:
    came, went = [69, 74, 70, 72, 68, 73, 71, 75, 74, 79, 84, 97], [64, 63, 66, 61, 62, 64, 60, 63, 61, 60, 58, 62]
    grown = [2190, 2201, 2197, 2210, 2214, 2220, 2226, 2231, 2240, 2252, 2266, 2301]
    return Demand(
        line("arrivals", "referrals received in the last week", WHOLE, came, worse="either"),
        line("departures", "referrals that ended in the last week", WHOLE, went, worse="either"),
        line("open", "open work", WHOLE, grown, worse="either"),
        load=1.28,
        weeks_of_work=37.1,
        forecasts=(_forecast("referrals received in the last week", 80, 3, 34, 40), _forecast("open work", 2310, 35, 33, 40)),
    )


def _forecast(title: str, first: float, spread: float, inside: int, of: int) -> Forecast:
    weeks = tuple(
        Foreseen(dt.date(2026, 11, 23) + dt.timedelta(weeks=k), first + 2 * k, first - spread * (3 + k), first + spread * (4 + k))
        for k in range(8)
    )
    return Forecast(title, weeks, inside, of)


def _quiet() -> Quiet:
    return Quiet(
        silences=2,
        acknowledgements=3,
        ending=("silence of overdue visits in South ends on Wed 25 November", "acknowledgement in Front Door ends on Fri 27 November"),
        reasons=(("acknowledged", 9), ("silenced", 4), ("no worse than when last told", 21)),
        overnight=1,
        undelivered=1,
        unstable=(f"{UNALLOCATED}, South Assessment 2",),
        not_shown=2,
    )


def _staffing() -> tuple[Line, ...]:
    return (
        line(
            "supervision_held",
            "workers with a personal supervision in the last 28 days",
            WHOLE,
            [88, 87, 88, 86, 87, 85, 84, 84, 82, 80, 79, 74],
            unit="per cent",
            worse="below",
            n=131,
            rag="red",
            limit="amber 85, red 75",
        ),
        line(
            "supervision_recorded",
            "case supervisions on file with their decision",
            WHOLE,
            [91, 90, 91, 90, 89, 90, 89, 88, 88, 87, 87, 86],
            unit="per cent",
            worse="below",
            n=1204,
        ),
        line(
            "caseload",
            "children per worker",
            WHOLE,
            [16.4, 16.4, 16.5, 16.5, 16.6, 16.6, 16.7, 16.8, 16.8, 16.9, 17.1, 17.6],
            unit="average",
            n=131,
        ),
        line(
            "agency_share",
            "agency workers among those who hold cases",
            WHOLE,
            [16, 16, 17, 17, 17, 18, 18, 18, 19, 19, 20, 21],
            unit="per cent",
            n=131,
        ),
        line("vacancy_rate", "vacant posts", WHOLE, [17, 17, 17, 17, 18, 18, 18, 18, 18, 19, 20, 22], unit="per cent", n=168),
        line("rhi_held", "return interviews held after missing episodes", WHOLE, _flat(HIDDEN), unit="per cent", worse="below"),
    )


def _decisions() -> tuple[Decision, ...]:
    head, north = "Head of Service, Safeguarding", "Service manager, North"
    escalated = "escalated, not acknowledged"
    return (
        Decision(UNALLOCATED, "North Assessment 1", "red", Shown(26, 29), "cases", dt.date(2026, 11, 4), 12, head, escalated),
        Decision(LATE, "North Assessment 2", "red", exact(27), "cases", dt.date(2026, 11, 2), 14, head, escalated),
        Decision(UNALLOCATED_CP, "North Assessment 1", "", Shown(1, 5), "children", dt.date(2026, 11, 18), 2, head, "not acknowledged"),
        Decision(
            "assessments finished within 45 working days",
            WHOLE,
            "amber",
            exact(76, 812),
            "per cent",
            dt.date(2026, 11, 6),
            10,
            "Director and leadership team",
            "acknowledged until Fri 27 November",
        ),
        Decision(
            LATE, "South Assessment 1", "amber", exact(17), "cases", dt.date(2026, 11, 12), 6, "Service manager, South", "not acknowledged"
        ),
        Decision(
            "children on a child protection plan whose visit is overdue",
            "North Family Support",
            "amber",
            exact(8),
            "cases",
            dt.date(2026, 11, 13),
            5,
            north,
            "not acknowledged",
        ),
    )


def _changes() -> tuple[Change, ...]:
    return (
        Change("new", UNALLOCATED_CP, "North Assessment 1", "", Shown(1, 5), "children", dt.date(2026, 11, 18)),
        Change(
            "new",
            "children on a child protection plan whose visit is overdue",
            "North Family Support",
            "amber",
            exact(8),
            "cases",
            dt.date(2026, 11, 13),
        ),
        Change("worsened", UNALLOCATED, "North Assessment 1", "red", Shown(26, 29), "cases", dt.date(2026, 11, 17)),
        Change("resolved", UNALLOCATED, "Front Door Duty", "amber", Shown(1, 5), "cases", dt.date(2026, 11, 19)),
        Change(
            "retracted",
            LATE,
            "South Assessment 2",
            "amber",
            None,
            "cases",
            dt.date(2026, 11, 18),
            "a corrected extract of Tue 10 November has closed the assessments in question",
        ),
        Change(
            "limit", "first child protection reviews overdue", note="amber 4 and red 8 since Wed 18 November; before it amber 3 and red 6"
        ),
    )


BENCHMARKS = (
    Benchmark("in_time.assessment_45_wt", "England", 85.7, "per cent", "year to 31 March 2025", "DfE, children in need, table C2"),
    Benchmark("in_time.s47_to_icpc", "England", 81.4, "per cent", "year to 31 March 2025", "DfE, children in need, table C4"),
    Benchmark("re_referral", "England", 22.6, "per cent", "year to 31 March 2025", "DfE, children in need, table C1"),
)
LIMITS = (
    "Cases without an allocated worker, each team: amber 10, red 20.",
    "Children on a child protection plan without an allocated worker, each team: amber 1, red 3.",
    "Assessments open for more than 45 working days since the referral, each team: amber 15, red 25.",
    "Assessments finished within 45 working days, the council: amber 80%, red 70%.",
)


def incident() -> Content:
    """The worst week of the council: North has 30 cases without a worker, 26 to 29 of them in one team; the other services are fine."""
    return Content(
        source="demo",
        audience="the council",
        week="2026-W47",
        first_day=dt.date(2026, 11, 16),
        last_day=dt.date(2026, 11, 22),
        revision=1,
        small=5,
        currency=Currency(FRIDAY, 5, 5, (), ()),
        heat=_heat(),
        decisions=_decisions(),
        changes=_changes(),
        signals=_signals(),
        charts=42,
        demand=_demand(),
        coming=(
            Coming(ASSESSMENT, line("due_10.assessment_45_wt", ASSESSMENT, WHOLE, [131, 140], unit="clocks"), 38.4, 1.12, 20),
            Coming(CONFERENCE, line("due_10.s47_to_icpc", CONFERENCE, WHOLE, [(6, 9), (6, 10)], unit="clocks"), None),
            Coming(VISIT, line("due_10.cp_visit", VISIT, WHOLE, [271, 276], unit="clocks"), 19.2, 0.94, 20),
        ),
        staffing=_staffing(),
        relook=Relook(None),
        quiet=_quiet(),
        red=2,
        amber=4,
        benchmarks=BENCHMARKS,
        limits=LIMITS,
        cannot_show="This extract cannot show: wishes and feelings of children.",
        contact="performance.team@example.org",
        unsubscribe="mailto:performance.team@example.org?subject=No%20digest",
    )


def quiet() -> Content:
    """A week in which nothing is over its limit."""
    heat = _heat()
    calm = tuple(
        tuple(
            replace(a, now=a.weeks[0], before=a.weeks[0], weeks=(a.weeks[0],) * 12, rag="green" if a.limit and a.weeks[0] else "")
            for a in row
        )
        for row in heat.rows
    )
    return replace(
        incident(),
        heat=Heat(PLACES, calm),
        decisions=(),
        changes=(),
        signals=(),
        staffing=tuple(replace(a, now=a.weeks[0], before=a.weeks[0], weeks=(a.weeks[0],) * 12, rag="") for a in _staffing()),
        relook=Relook(dt.date(2026, 11, 17), 20, ("low or no priority", "no further action", "unallocated the longest")),
        quiet=Quiet(0, 0, (), (), 0, 0, (), 0),
        red=0,
        amber=0,
        cannot_show="",
    )


def first() -> Content:
    """The first digest: one extract, and nothing to compare it with."""
    now = incident()
    heat = Heat(PLACES, tuple(tuple(_newest(a) for a in row) for row in now.heat.rows))
    demand = _demand()
    began = (Change("new", UNALLOCATED, "North Assessment 1", "red", Shown(26, 29), "cases", FRIDAY),)
    return replace(
        now,
        currency=Currency(FRIDAY, 1, 1, (), ()),
        heat=heat,
        decisions=(),
        changes=began,
        signals=(),
        charts=0,
        demand=Demand(_newest(demand.arrivals), _newest(demand.departures), _newest(demand.open), None, None),
        coming=tuple(replace(c, due=_newest(c.due), ratio=None, extracts=0) for c in now.coming),
        staffing=tuple(_newest(a) for a in now.staffing),
        quiet=Quiet(0, 0, (), (), 0, 0, (), 0),
        red=1,
        amber=0,
    )


def _newest(one: Line) -> Line:
    return replace(one, before=None, weeks=(one.now,))


def held() -> Content:
    """None of the week's extracts passed: there is no figure of this week, and the alerts that were open stay open."""
    now = incident()
    days = tuple(dt.date(2026, 11, 16) + dt.timedelta(days=k) for k in range(5))
    demand = _demand()
    return replace(
        now,
        currency=Currency(dt.date(2026, 11, 13), 5, 0, days, (), "referrals fell by 61% against the week before"),
        heat=Heat(PLACES, tuple(tuple(_held(a) for a in row) for row in now.heat.rows)),
        decisions=(),
        changes=(),
        signals=(),
        demand=Demand(_held(demand.arrivals), _held(demand.departures), _held(demand.open), None, None),
        coming=(),
        staffing=tuple(_held(a) for a in now.staffing),
        quiet=replace(now.quiet, not_shown=6),
        red=0,
        amber=0,
    )


def _held(one: Line) -> Line:
    """The week before is the newest."""
    return replace(one, now=None, before=one.weeks[-2], weeks=(*one.weeks[:-1], None), rag="")


def partly_held() -> Content:
    """The newest extracts did not pass: the figures are those of Wednesday."""
    days = (dt.date(2026, 11, 19), FRIDAY)
    why = "referrals fell by 61% against the week before"
    return replace(incident(), currency=Currency(dt.date(2026, 11, 18), 5, 3, days, (), why), changes=(), signals=())


def nothing() -> Content:
    """No extract has ever been accepted."""
    days = tuple(dt.date(2026, 11, 16) + dt.timedelta(days=k) for k in range(5))
    return replace(
        incident(),
        currency=Currency(None, 5, 0, (), days),
        heat=Heat((WHOLE,), ()),
        decisions=(),
        changes=(),
        signals=(),
        charts=0,
        demand=None,
        coming=(),
        staffing=(),
        relook=Relook(None),
        quiet=Quiet(0, 0, (), (), 0, 0, (), 0),
        red=0,
        amber=0,
        cannot_show="",
    )


def bank_holiday() -> Content:
    """A week of four working days."""
    days = (dt.date(2026, 8, 31), dt.date(2026, 9, 6))
    note = "Monday 31 August was a bank holiday: the week had 4 working days."
    friday = dt.date(2026, 9, 4)
    return replace(
        quiet(), week="2026-W36", first_day=days[0], last_day=days[1], currency=Currency(friday, 4, 4, (), (), notes=(note,)), demand=None
    )


def revised() -> Content:
    """The incident again, after a correction of Thursday's extract."""
    return replace(
        incident(),
        revision=2,
        revised=(
            Revised(UNALLOCATED, NORTH, "cases", exact(24), exact(30)),
            Revised(UNALLOCATED_CP, NORTH, "children", exact(0), Shown(1, 5)),
            Revised(f"done in time, of what was done: {ASSESSMENT}", DOOR, "per cent", None, exact(92, 58)),
        ),
    )


def service() -> Content:
    """The incident as the service North is told of it, by team."""
    teams = (NORTH, "North Assessment 1", "North Assessment 2", "North Family Support")
    whole = {row[0].figure: next(a for a in row if a.place == NORTH) for row in _heat().rows}
    low, late, visits, open_ = whole["unallocated"], whole["overdue.assessment_45_wt"], whole["overdue.cp_visit"], whole["open"]

    def of(one: Line, *values: Sequence[Given], rags: str) -> tuple[Line, ...]:
        return (one, *_row(one.figure, one.title, values, rags, unit=one.unit, worse=one.worse, limit=one.limit, places=teams[1:]))

    rows = (
        of(low, [*_flat(SMALL, 7), (6, 10), (6, 10), (6, 11), (6, 11), (26, 29)], _flat(SMALL), _flat(0), rags="r-g"),
        of(whole["unallocated_cp"], [*_flat(0, 11), SMALL], _flat(0), _flat(0), rags="-gg"),
        of(
            open_,
            [256, 258, 257, 260, 262, 264, 266, 268, 271, 276, 281, 299],
            [246, 247, 247, 250, 250, 252, 254, 254, 257, 260, 264, 273],
            [240] * 12,
            rags="---",
        ),
        of(late, _flat(0), late.weeks, _flat(0), rags="grg"),
        of(visits, _flat(0), _flat(0), visits.weeks, rags="gga"),
    )
    now = incident()
    north = tuple(d for d in now.decisions if d.place in teams)
    return replace(
        now,
        audience=NORTH,
        heat=Heat(teams, rows),
        decisions=north,
        changes=tuple(c for c in now.changes if c.place in teams or c.kind == "limit"),
        signals=(),
        charts=6,
        demand=None,
        coming=(),
        staffing=tuple(replace(a, place=NORTH) for a in now.staffing[:1]),
        relook=None,
        quiet=replace(now.quiet, silences=1, acknowledgements=0, ending=(), unstable=(), not_shown=0, undelivered=0),
        red=2,
        amber=1,
        benchmarks=(),
        cannot_show="",
    )


SAMPLES = {made.__name__: made for made in (incident, quiet, first, held, partly_held, nothing, bank_holiday, revised, service)}
