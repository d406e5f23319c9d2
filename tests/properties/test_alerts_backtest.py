"""What must hold for any history and any limits."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.alerts.backtest import Trial, Values, _alerts_told, in_proportion, missed, period_of, suggest, try_rule, values_of
from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.alerts.rehearsal import conditions
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import ThresholdRule

CALENDAR = WorkingCalendar()
DAYS = [dt.date(2026, 8, 24) + dt.timedelta(n) for n in range(30)]
TEAMS = ["north", "south"]
instances = [Instance("lab", "r", team) for team in TEAMS]
histories = st.dictionaries(st.sampled_from(DAYS), st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=20).map(
    lambda found: [Observation(day, value, 1, passed) for day, (value, passed) in found.items()]
)
worlds = st.fixed_dictionaries(dict.fromkeys(instances, histories)).map(values_of).filter(bool)
rules = st.builds(
    lambda amber, more, less, for_n, clear_n, repeat, urgent: ThresholdRule(
        id="r", title="t", measure="m", amber=amber, red=amber + more, clear_below=max(0, amber - less), for_n=for_n, clear_n=clear_n,
        repeat_wd=repeat, quiet_hours=not urgent,
    ),
    st.integers(1, 20), st.integers(1, 10), st.integers(0, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.booleans(),
)  # fmt: skip


class Everybody:
    def audience(self, instance: Instance, severity: str) -> list[str]:
        return [instance.team, "duty"]

    def chain(self, instance: Instance) -> list[str]:
        return ["head"]


def tried(rule: ThresholdRule, world: Values, weeks: int = 52) -> Trial:
    period = period_of(world, weeks)
    assert period
    return try_rule(rule, world, period, Everybody(), CALENDAR)


@given(rule=rules, history=histories)
def test_the_condition_after_each_date_is_that_of_the_fold_up_to_it(rule: ThresholdRule, history: list[Observation]) -> None:
    whole = fold(rule, instances[0], history)
    for now_is in conditions(rule, whole, history):
        upto = fold(rule, instances[0], [o for o in history if now_is.as_of and o.as_of <= now_is.as_of]).condition
        names = ("state", "severity", "value", "as_of", "episode", "since")
        assert [getattr(now_is, n) for n in names] == [getattr(upto, n) for n in names]


@settings(max_examples=60)
@given(rule=rules, world=worlds)
def test_a_rule_beside_itself_misses_nothing_and_is_never_late(rule: ThresholdRule, world: Values) -> None:
    one, same = tried(rule, world), tried(rule, world)
    assert one == same
    lost = missed(one, same, world, CALENDAR)
    assert (lost.alerts, lost.dates, lost.later_wd or 0) == (0, 0, 0)


@settings(max_examples=60)
@given(rule=rules, world=worlds, step=st.integers(1, 10))
def test_a_stricter_limit_has_no_fewer_dates_over_it_and_misses_no_breach_that_needs_one_date(
    rule: ThresholdRule, world: Values, step: int
) -> None:
    quick = rule.model_copy(update={"for_n": 1})
    lax = in_proportion(quick, quick.amber + step, whole=True)
    strict, lenient = tried(quick, world), tried(lax, world)
    assert strict.dates_over >= lenient.dates_over
    lost = missed(lenient, strict, world, CALENDAR)
    assert (lost.alerts, lost.dates, lost.later_wd or 0) == (0, 0, 0)


@settings(max_examples=60)
@given(rule=rules, world=worlds, weeks=st.integers(1, 6))
def test_figures_hang_together(rule: ThresholdRule, world: Values, weeks: int) -> None:
    made, whole = tried(rule, world, weeks), tried(rule, world)
    assert len(made.alerts) <= len(whole.alerts)
    assert len(whole.alerts) + len(whole.unsaid) == len(whole.stays)
    assert set(whole.told) == set(whole.alerts)
    assert all(day >= stay.start for stay, day in whole.told.items())
    assert made.dates_over <= whole.dates_over
    assert 0 <= made.flaps <= len(made.alerts) + len(made.unsaid)
    assert len(made.open_wd) == len(made.alerts)
    fired, ended = whole.messages.get("fire", 0) + whole.messages.get("escalated", 0), whole.messages.get("resolved", 0)
    still_open = sum(stay.end is None or CALENDAR.next_working_day(stay.end) > whole.period.end for stay in whole.stays)
    assert ended <= fired <= ended + 3 * still_open, (
        "whoever was told of it was told of its end, unless it stands or ended at the last weekend"
    )
    assert set(whole.messages) <= {"fire", "worsened", "reminder", "escalated", "resolved"}


@settings(max_examples=40)
@given(rule=rules, world=worlds, wished=st.floats(0, 3))
def test_a_suggestion_is_a_rule_of_the_same_kind_and_no_tried_limit_within_reason_comes_nearer(
    rule: ThresholdRule, world: Values, wished: float
) -> None:
    period = period_of(world, 52)
    assert period
    made = suggest(rule, world, period, wished, Everybody(), CALENDAR)
    assert made is not None
    found = made.rule
    kept = {"amber", "red", "clear_below"}
    assert found.model_dump(exclude=kept) == rule.model_dump(exclude=kept)
    highest = max((rule.amber, *(o.value for h in world.values() for o in h)))
    lenient = tried(in_proportion(rule, highest, whole=True), world)
    assert abs(tried(found, world).per_week - wished) <= abs(lenient.per_week - wished)


@settings(max_examples=40)
@given(rule=rules, world=worlds, wished=st.lists(st.floats(0, 4), min_size=2, max_size=4))
def test_who_wishes_for_more_never_gets_a_more_lenient_limit(rule: ThresholdRule, world: Values, wished: list[float]) -> None:
    period = period_of(world, 52)
    assert period
    found = [suggest(rule, world, period, rate, Everybody(), CALENDAR) for rate in sorted(wished)]
    limits = [made.rule.badness(made.rule.amber) for made in found if made]
    assert len(limits) == len(wished)
    assert limits == sorted(limits, reverse=True)
    rates = [tried(made.rule, world).per_week for made in found if made]
    assert rates == sorted(rates), "a stricter limit that was suggested tells more"
    assert all(rate <= made.most_per_week for rate, made in zip(rates, found, strict=True) if made)


@settings(max_examples=60)
@given(rule=rules, world=worlds, weeks=st.integers(1, 6))
def test_the_count_that_a_suggestion_goes_by_is_that_of_the_trial(rule: ThresholdRule, world: Values, weeks: int) -> None:
    period = period_of(world, weeks)
    assert period
    assert _alerts_told(rule, world, period, Everybody(), CALENDAR)[0] == len(tried(rule, world, weeks).alerts)
