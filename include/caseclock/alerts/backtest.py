"""What other limits would have told, from the history of a council: alerts, messages, how long they stood, and what they would have missed.

The same fold replays the same values under each rule, and the same table says who is told (`rehearsal`, with what it leaves out): so an
alert is one that somebody hears of. Only alerts that begin within the period count; the history before it is replayed as well, so that the
period begins where the alerts stood then.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseclock.alerts.flapping import EPISODES, WINDOW
from caseclock.alerts.fold import Fold
from caseclock.alerts.model import Instance, Kind, Observation
from caseclock.alerts.reconcile import BAND
from caseclock.alerts.rehearsal import People, Said, first_heard, rehearse
from caseclock.alerts.series import Floats, Series, badness_of, dates_over, fold_series, series_of
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import ThresholdRule

CANDIDATES = 40  # limits that a suggestion tries
ONE_DAY = dt.timedelta(days=1)
OPENINGS: frozenset[Kind] = frozenset({"fire", "escalated"})
Values = Mapping[Instance, Series]


def values_of(histories: Mapping[Instance, Iterable[Observation]]) -> Values:
    """Per place that a rule watches what its dates that speak have said; places without one are left out."""
    made = {instance: series_of(history) for instance, history in histories.items()}
    return {instance: history for instance, history in made.items() if len(history)}


@dataclass(frozen=True)
class Period:
    """The days after `start`, up to and with `end`."""

    start: dt.date
    end: dt.date

    @property
    def weeks(self) -> float:
        """At least one, so that the rate of a short history is no more than its count."""
        return max(1.0, (self.end - self.start).days / 7)

    def holds(self, day: dt.date) -> bool:
        return self.start < day <= self.end


@dataclass(frozen=True)
class Stay:
    """One alert: from the date on which it fired to the date that ended it, None when it was open at the end."""

    instance: Instance
    start: dt.date
    end: dt.date | None

    def holds(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Trial:
    """What one rule makes of a history. `places`: teams, services or the council; `dates_over`: dates past amber, of all places.

    `alerts`: those that began within the period and that somebody was told of; `unsaid`: those of which nobody was: over before anybody
    was at work, held back because they come and go, or for the digest only. `open_wd`: working days that each alert stood, the end of the
    period for one that is open; `flaps`: alerts, told or not, that began within 20 extract dates of the end of the one before; `messages`:
    calls for attention by kind, one for each recipient; `heard`: alerts that each recipient was told of. `stays`: every alert of the whole
    history; `told`: the day on which each that was told was told first.
    """

    rule: ThresholdRule
    period: Period
    places: int
    dates_over: int
    alerts: tuple[Stay, ...]
    open_wd: tuple[int, ...]
    open_hours: float
    flaps: int
    messages: Mapping[Kind, int]
    heard: Mapping[str, int]
    unsaid: tuple[Stay, ...]
    stays: tuple[Stay, ...]
    told: Mapping[Stay, dt.date]

    @property
    def per_week(self) -> float:
        return len(self.alerts) / self.period.weeks

    @property
    def open_wd_median(self) -> float | None:
        return statistics.median(self.open_wd) if self.open_wd else None


@dataclass(frozen=True)
class Missed:
    """What a trial does not tell of what another one tells. `alerts`: those of which it tells nothing; `dates`: dates past the other's
    amber on which people knew by the other and not by it. `later_wd`: working days that it tells later, the median."""

    alerts: int
    dates: int
    later_wd: float | None


def period_of(values: Values, weeks: int) -> Period | None:
    """The last so many weeks of a history, or all of a shorter one. None when nothing speaks."""
    if not values:
        return None
    end = max(history.days.days[-1] for history in values.values())
    first = min(history.days.days[0] for history in values.values())
    return Period(max(end - dt.timedelta(weeks=weeks), first - dt.timedelta(1)), end)


def try_rule(rule: ThresholdRule, values: Values, period: Period, people: People, calendar: WorkingCalendar) -> Trial:
    """`values`: what each place that the rule watches has had."""
    folds = {instance: fold_series(rule, instance, history) for instance, history in values.items()}
    stays = _stays(folds)
    all_said = [one for instance, outcome in folds.items() for one in rehearse(rule, instance, outcome, values[instance], people, calendar)]
    said, told = [one for one in all_said if period.holds(one.day)], _told_on(stays, all_said)
    begun = [stay for stay in stays if period.holds(stay.start)]
    alerts = tuple(stay for stay in begun if stay in told)
    open_wd = tuple(_working_days(stay, period, calendar) for stay in alerts)
    return Trial(
        rule=rule,
        period=period,
        places=len(values),
        dates_over=sum(period.holds(history.days.days[at]) for history in values.values() for at in dates_over(rule, history)),
        alerts=alerts,
        open_wd=open_wd,
        open_hours=sum(open_wd) * _hours_a_day(calendar),
        flaps=sum(_flaps(folds[instance], values[instance], period) for instance in folds),
        messages=Counter(one.kind for one in said),
        heard=_heard(said),
        unsaid=tuple(stay for stay in begun if stay not in told),
        stays=stays,
        told=told,
    )


def missed(told: Trial, other: Trial, values: Values, calendar: WorkingCalendar) -> Missed:
    """What `other` misses of the alerts of `told`, both from the same `values`."""
    of_other: dict[Instance, list[Stay]] = {}
    for stay in other.told:
        of_other.setdefault(stay.instance, []).append(stay)
    alerts = dates = 0
    later: list[int] = []
    for stay in told.alerts:
        beside = [o for o in of_other.get(stay.instance, ()) if _overlap(stay, o)]
        history, since = values[stay.instance], told.told[stay]
        for at in dates_over(told.rule, history):
            day = history.days.days[at]
            known = calendar.next_working_day(day)
            if stay.holds(day) and since <= known:
                dates += not any(o.holds(day) and other.told[o] <= known for o in beside)
        if beside:
            later.append(calendar.elapsed(since, max(since, min(other.told[o] for o in beside))))
        else:
            alerts += 1
    return Missed(alerts, dates, statistics.median(later) if later else None)


# --- another limit -------------------------------------------------------------------------------------------------
def in_proportion(rule: ThresholdRule, amber: float, *, whole: bool = False) -> ThresholdRule:
    """The rule with another amber, and red and clear_below as far from it as they were, in proportion.

    Of shares where less is worse the proportion is that of what is missing from 100, for others that of the limit itself. `whole`: the
    figures are counts; a limit between two of them is taken up to the next one, which changes no verdict where more is worse.
    """
    base = 100.0 if rule.direction == "below" and rule.unit == "per cent" else 0.0
    was, now = rule.amber - base, amber - base
    red, clear = (base + (limit - base) * now / was if was else limit + amber - rule.amber for limit in (rule.red, rule.clear_below))
    if whole:
        up = math.ceil if rule.direction != "below" else math.floor
        amber, red, clear = (float(up(round(limit, 9))) for limit in (amber, red, clear))
        red = red if rule.badness(red) > rule.badness(amber) else amber + (1 if rule.direction != "below" else -1)
    return changed(rule, {"amber": round(amber, 4), "red": round(red, 4), "clear_below": round(clear, 4)})


def changed(rule: ThresholdRule, changes: Mapping[str, object]) -> ThresholdRule:
    """The rule with other entries. Raises pydantic.ValidationError when they do not go together."""
    return ThresholdRule.model_validate(rule.model_dump() | dict(changes))


@dataclass(frozen=True)
class Suggestion:
    """`rule` has about the wished rate. `most_per_week`: that of the strictest limit that makes sense; no limit has more."""

    rule: ThresholdRule
    most_per_week: float


def suggest(
    rule: ThresholdRule, values: Values, period: Period, per_week: float, people: People, calendar: WorkingCalendar
) -> Suggestion | None:
    """The rule with the limit of which people would hear about so often; None when no other limit makes sense.

    Limits are tried from one that nothing has ever passed towards stricter ones. A limit with fewer alerts than a more lenient one only
    joins alerts to ones that never end, or come and go so often that nobody is told, which is fewer alerts and no peace: such limits are
    not looked at. So who wishes for more never gets a more lenient limit. Of several that come as near the strictest one is taken under
    which less than half of all dates stand in an alert: what always stands is no alert but a state.
    """
    seen = {bad for history in values.values() for bad in _within(badness_of(rule, history.values), history, period)}
    whole = all(bad == int(bad) for bad in seen)
    beyond = max(seen, default=0.0) + (1.0 if whole else max(abs(bad) for bad in seen) / 20)
    sensible: list[tuple[ThresholdRule, int, bool]] = []
    for bad in _spread(sorted({beyond, *seen, rule.badness(rule.amber)}, reverse=True)):
        try:
            other = in_proportion(rule, -bad if rule.direction == "below" else bad, whole=whole)
        except ValueError:
            continue  # no limit of this rule's kind: an amber of zero has no red in proportion
        count, stands = _alerts_told(other, values, period, people, calendar)
        if not sensible or count >= sensible[-1][1]:
            sensible.append((other, count, stands))
    if not sensible:
        return None
    nearest = min(abs(count / period.weeks - per_week) for _, count, _ in sensible)
    as_near = [(other, stands) for other, count, stands in sensible if abs(count / period.weeks - per_week) == nearest]
    found = next((other for other, stands in reversed(as_near) if not stands), as_near[0][0])
    return Suggestion(found, sensible[-1][1] / period.weeks)


def _spread(listed: Sequence[float]) -> Sequence[float]:
    """At most so many of them, evenly by rank."""
    if len(listed) <= CANDIDATES:
        return listed
    return [listed[round(n * (len(listed) - 1) / (CANDIDATES - 1))] for n in range(CANDIDATES)]


def _within(column: Floats, history: Series, period: Period) -> list[float]:
    days = history.days.days
    found: list[float] = column[bisect_right(days, period.start) : bisect_right(days, period.end)].tolist()
    return found


def _alerts_told(rule: ThresholdRule, values: Values, period: Period, people: People, calendar: WorkingCalendar) -> tuple[int, bool]:
    """How many alerts `try_rule` finds, and whether half of all dates or more stand in one, told or not.

    The telling is rehearsed only where it takes that to say whether somebody was told.
    """
    count = dates = stood = 0
    for instance, history in values.items():
        outcome = fold_series(rule, instance, history)
        stays = _stays({instance: outcome})
        dates += _dates(history, period.start, period.end)
        stood += sum(_dates(history, max(s.start - ONE_DAY, period.start), (s.end or period.end + ONE_DAY) - ONE_DAY) for s in stays)
        begun = [stay for stay in stays if period.holds(stay.start)]
        if begun and not (len(outcome.episodes) < EPISODES and _surely_told(instance, begun, people, calendar)):
            heard = first_heard(rule, instance, outcome, history, people, calendar)
            begun = [stay for stay in begun if stay.start.isoformat() in heard]
        count += len(begun)
    return count, stood * 2 >= dates


def _dates(history: Series, after: dt.date, upto: dt.date) -> int:
    """How many of its dates lie after one day and up to and with another."""
    days = history.days.days
    return max(0, bisect_right(days, upto) - bisect_right(days, after))


def _surely_told(instance: Instance, begun: Sequence[Stay], people: People, calendar: WorkingCalendar) -> bool:
    """Whether each is told on its first day: people are at work on it, and somebody is told of either band."""
    return all(people.audience(instance, band) for band in BAND if band) and all(calendar.is_working_day(stay.start) for stay in begun)


# --- figures -------------------------------------------------------------------------------------------------------
def _stays(folds: Mapping[Instance, Fold]) -> tuple[Stay, ...]:
    return tuple(
        Stay(instance, dt.date.fromisoformat(start), end)
        for instance, outcome in folds.items()
        for start, end in sorted(outcome.episodes.items())
    )


def _told_on(stays: Iterable[Stay], said: Iterable[Said]) -> dict[Stay, dt.date]:
    """The day on which somebody first heard of each stay that somebody heard of. `said`: of each instance oldest first."""
    first: dict[tuple[Instance, str], dt.date] = {}
    for one in said:
        if one.kind in OPENINGS:
            first.setdefault((one.instance, one.episode), one.day)
    return {stay: first[place] for stay in stays if (place := (stay.instance, stay.start.isoformat())) in first}


def _overlap(one: Stay, other: Stay) -> bool:
    return (one.end is None or other.start < one.end) and (other.end is None or one.start < other.end)


def _working_days(stay: Stay, period: Period, calendar: WorkingCalendar) -> int:
    return calendar.elapsed(stay.start, stay.end or period.end)


def _hours_a_day(calendar: WorkingCalendar) -> float:
    start, end = (dt.time.fromisoformat(text) for text in calendar.config.working_hours)
    return (end.hour - start.hour) + (end.minute - start.minute) / 60


def _flaps(outcome: Fold, history: Series, period: Period) -> int:
    if len(outcome.episodes) < 2:
        return 0
    place = {day: n for n, day in enumerate(history.days.days)}
    found = 0
    for (_, ended), (begun, _) in pairwise(sorted(outcome.episodes.items())):
        again = dt.date.fromisoformat(begun)
        found += ended is not None and period.holds(again) and place[again] - place[ended] <= WINDOW
    return found


def _heard(said: Sequence[Said]) -> dict[str, int]:
    told = {(one.recipient, one.instance, one.episode) for one in said if one.kind in OPENINGS}
    return dict(sorted(Counter(recipient for recipient, _, _ in told).items()))
