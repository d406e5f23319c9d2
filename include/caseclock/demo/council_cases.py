"""Referrals and what becomes of them: one entry per *family referral*, whose children share its dates.

First the steps are drawn as lengths (`Steps`), then an incident may change the lengths, then `dates_of` turns them into days.
"""

from __future__ import annotations

import collections
import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import add_months_many
from caseclock.demo import council_calibration as c
from caseclock.demo.council_draw import NEVER, Flags, Ints, Workdays, codes, from_bands, stay
from caseclock.demo.council_people import Team

WINDOW_YEARS = 9  # cases may stay open for years; earlier ones that have closed are not shown


@dataclass
class Steps:
    """Lengths per family referral, in working days unless named `_days`. Flags say which steps are taken."""

    referred: Ints
    path: npt.NDArray[np.str_]
    allocation: Ints
    start: Ints
    duration: Ints
    """Referral to authorisation of the assessment."""
    has_s47: Flags
    s47_after: Ints
    s47_length: Ints
    has_conference: Flags
    conference: Ints
    plan_days: Ints
    after_days: Ints
    """From the end of the assessment, or of the child protection plan, to closure."""
    closing: Ints
    transfer: Ints
    stays_in_assessment_team: Flags
    family: Ints
    team: Ints
    later_team: Ints


@dataclass(frozen=True)
class Cases:
    """The same as days. NEVER where a step is not taken. `order`: number of the family referral, the root of all ids."""

    order: Ints
    path: npt.NDArray[np.str_]
    family: Ints
    team: Ints
    later_team: Ints
    referred: Ints
    allocated: Ints
    started: Ints
    authorised: Ints
    strategy: Ints
    s47_ended: Ints
    conference: Ints
    conference_due: Ints
    plan_from: Ints
    plan_to: Ints
    cin_from: Ints
    cin_to: Ints
    care_from: Ints
    care_to: Ints
    transferred: Ints
    closed: Ints

    def only(self, keep: Flags) -> Cases:
        return Cases(**{name: values[keep] for name, values in vars(self).items()})


def arrivals(rng: np.random.Generator, scale: float, first: int, end: int, workdays: Workdays) -> Ints:
    """The days of family referrals, in order: Poisson with season, weekday, bank holidays and bursts."""
    days = np.arange(first, end + 1)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    rate = np.array(c.WEEKDAY)[weekday] * (np.array(c.MONTH) / np.mean(c.MONTH))[month]
    rate[(weekday < 5) & ~workdays.working(days)] *= c.BANK_HOLIDAY
    rate *= c.REFERRALS_A_WEEK * scale * len(days) / 7 / rate.sum() / mean_family_size()
    rate *= rng.gamma(c.OVERDISPERSION, 1 / c.OVERDISPERSION, size=len(days))
    made: Ints = np.repeat(days, rng.poisson(rate))
    return made


def mean_family_size() -> float:
    return float(np.dot(c.FAMILY_SIZES, np.arange(1, len(c.FAMILY_SIZES) + 1)))


def draw_steps(rng: np.random.Generator, referred: Ints) -> Steps:
    n = len(referred)
    path = codes(rng, c.PATHWAYS, n)
    has_s47 = rng.random(n) < _by_path(path, c.S47)
    late_s47 = rng.random(n) < 0.2
    with_plan = path == "cp"
    duration = from_bands(rng, c.ASSESSMENT, n)
    allocation = np.minimum(from_bands(rng, c.ALLOCATION, n), duration)
    return Steps(
        referred=referred,
        path=path,
        allocation=allocation,
        start=np.minimum(allocation + from_bands(rng, c.ASSESSMENT_START, n), duration),
        duration=duration,
        has_s47=has_s47,
        s47_after=np.where(late_s47, rng.integers(5, 45, n), rng.integers(0, 6, n)),
        s47_length=rng.integers(5, 13, n),
        has_conference=with_plan | ((path == "cin") & has_s47 & (rng.random(n) < c.CONFERENCE_WITHOUT_PLAN)),
        conference=from_bands(rng, c.CONFERENCE, n),
        plan_days=stay(rng, *c.STAY_DAYS["cp_plan"], n),
        after_days=_after(rng, path),
        closing=rng.integers(0, 8, n),
        transfer=rng.integers(0, 8, n),
        stays_in_assessment_team=rng.random(n) < 0.25,
        family=np.zeros(n, dtype=np.int64),
        team=np.zeros(n, dtype=np.int64),
        later_team=np.zeros(n, dtype=np.int64),
    )


def _by_path(path: npt.NDArray[np.str_], values: dict[str, float]) -> npt.NDArray[np.float64]:
    made = np.zeros(len(path))
    for name, value in values.items():
        made[path == name] = value
    return made


def _after(rng: np.random.Generator, path: npt.NDArray[np.str_]) -> Ints:
    made = np.zeros(len(path), dtype=np.int64)
    for name, key in (("cin", "cin"), ("cp", "cp_after"), ("care", "care"), ("disability", "disability")):
        here = path == name
        made[here] = stay(rng, *c.STAY_DAYS[key], int(here.sum()))
    return made


def dates_of(steps: Steps, workdays: Workdays) -> Cases:
    """Lengths to days."""
    path, plus = steps.path, workdays.plus
    assessed = path != "nfa"
    referred = steps.referred
    allocated = _where(assessed, plus(referred, steps.allocation))
    authorised = _where(assessed, plus(referred, steps.duration))
    strategy = _where(steps.has_s47, plus(referred, steps.s47_after))
    conference = _where(steps.has_conference, plus(strategy, steps.conference))
    plan_from = _where(path == "cp", conference)
    plan_to = _plus_days(plan_from, steps.plan_days)
    helped = (path == "cin") | (path == "disability") | (path == "care")
    closed = np.where(path == "nfa", plus(referred, steps.closing % 2), NEVER)
    closed = np.where(path == "no_need", plus(authorised, steps.closing), closed)
    closed = np.where(helped, _plus_days(authorised, steps.after_days), closed)
    closed = np.where(path == "cp", np.maximum(_plus_days(plan_to, steps.after_days), plus(authorised, 1)), closed)
    s47_ended = np.minimum(plus(strategy, steps.s47_length), conference)
    closed = np.maximum(closed, np.where(conference < NEVER, conference, np.where(s47_ended < NEVER, s47_ended, 0)))
    cin_from = _where((path == "cin") | (path == "disability"), plus(authorised, steps.transfer))
    cin_from = _before(cin_from, closed)
    care_from = _where(path == "care", _plus_days(authorised, steps.transfer % 3))
    to_support = ((path == "cin") & ~steps.stays_in_assessment_team) | (path == "care")
    transferred = _before(np.where(to_support, plus(authorised, steps.transfer), NEVER), closed)
    transferred = np.where(path == "cp", np.maximum(plus(conference, steps.transfer % 5), allocated), transferred)
    return Cases(
        order=np.arange(len(referred)),
        path=path,
        family=steps.family,
        team=steps.team,
        later_team=steps.later_team,
        referred=referred,
        allocated=allocated,
        started=_where(assessed, plus(referred, steps.start)),
        authorised=authorised,
        strategy=strategy,
        s47_ended=s47_ended,
        conference=conference,
        conference_due=plus(strategy, 15),
        plan_from=plan_from,
        plan_to=plan_to,
        cin_from=cin_from,
        cin_to=_where(cin_from < NEVER, closed),
        care_from=_before(care_from, closed),
        care_to=_where(path == "care", closed),
        transferred=transferred,
        closed=closed,
    )


def _where(taken: Flags, day: Ints) -> Ints:
    return np.where(taken, day, NEVER)


def _plus_days(day: Ints, days: Ints) -> Ints:
    """Calendar days later, moved back to Friday from a weekend: nobody closes a case on a Sunday."""
    later = day + days
    later = np.maximum(day, later - np.maximum(0, (later + 3) % 7 - 4))
    return np.where(day < NEVER, np.minimum(later, NEVER - 1), NEVER)


def _before(day: Ints, closed: Ints) -> Ints:
    """A step that would come on or after closure is not taken."""
    return np.where(day < closed, day, NEVER)


def give_families(rng: np.random.Generator, steps: Steps, closed: Ints) -> Ints:
    """Sets `steps.family`; about a fifth come back within twelve months of their last referral. Returns the size of each family."""
    n = len(steps.referred)
    open_now: list[tuple[int, int]] = []  # heap of (closed on, index of the referral)
    closed_ones: list[int] = []  # indices of referrals whose family may come back
    sizes: list[int] = []
    returns, picks = rng.random(n) < c.REREFERRAL * 1.03, rng.random(n)
    drawn = 1 + rng.choice(len(c.FAMILY_SIZES), size=n, p=c.FAMILY_SIZES)
    days = steps.referred.tolist()
    for i, day in enumerate(days):
        while open_now and open_now[0][0] < day:
            closed_ones.append(heapq.heappop(open_now)[1])
        family = None
        while returns[i] and closed_ones and family is None:
            at = int(picks[i] * len(closed_ones))
            closed_ones[at], closed_ones[-1] = closed_ones[-1], closed_ones[at]
            earlier = closed_ones.pop()
            family = int(steps.family[earlier]) if days[earlier] >= day - 365 else None
        if family is None:
            family = len(sizes)
            sizes.append(int(drawn[i]))
        steps.family[i] = family
        heapq.heappush(open_now, (int(closed[i]), i))
    return np.array(sizes, dtype=np.int64)


def give_teams(rng: np.random.Generator, steps: Steps, teams: list[Team]) -> None:
    """Sets `team` and `later_team`: a family belongs to a district, the teams within it take turns by chance."""
    by: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for at, team in enumerate(teams):
        by[team.kind, team.service].append(at)
    district = np.where(steps.family % 2 == 0, "NORTH", "SOUTH")
    pick = rng.random(len(steps.family))
    for service in ("NORTH", "SOUTH"):
        here = district == service
        steps.team[here] = _choose(by["assessment", service], pick[here])
        steps.later_team[here] = _choose(by["support", service], pick[here] * 997 % 1)
    for path, kind, service in (("care", "care", "CARE"), ("disability", "disability", "DISAB")):
        here = steps.path == path
        steps.later_team[here] = _choose(by[kind, service], pick[here])
    own = steps.path == "disability"  # the disabled children's teams assess themselves
    steps.team[own] = steps.later_team[own]
    steps.team[steps.path == "nfa"] = by["front", "FRONT"][0]


def _choose(options: list[int], pick: npt.NDArray[np.float64]) -> Ints:
    return np.array(options, dtype=np.int64)[(pick * len(options)).astype(np.int64)]


def in_months(day: Ints, months: int) -> Ints:
    """Calendar months later; NEVER stays NEVER."""
    made = np.full(len(day), NEVER, dtype=np.int64)
    known = day < NEVER - 1
    moved = add_months_many(day[known].astype("datetime64[D]"), np.full(int(known.sum()), months))
    made[known] = moved.astype(np.int64)
    return made
