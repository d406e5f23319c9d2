"""Alerts at size: evaluate a history, one more day of it, reconcile and enqueue, and deliver at Slack's rate limit.

    python benchmarks/alerts/bench_alerts.py [--teams 200] [--rules 60] [--days 1300] [--shares 0.01 0.1] [--profile] [--no-delivery]

The history is made up: for each team and rule a count that wanders around its limit, one value for each working day.
Parts, each timed by itself, CPU time of one core:

    evaluate    the fold of every instance over its whole history, from columns (`alerts.series`), and one by one (`alerts.fold`)
    one new day the same for one more day from kept folds (`alerts.carry`)
    full        all of `update_alerts` on a store in which everything is new: read, fold, keep, reconcile, enqueue
    new day     `update_alerts` again when one more day has come, and what was due before has been delivered; the median of three days
    nothing     `update_alerts` again when nothing has, as every five minutes

In the store each time is given whole and, of it, what the evaluation takes: reading figures, folding them, and writing conditions, alerts,
events and the board. The rest is for people: whom to tell what, and the outbox. It goes with the number of alerts that are open, which is
far greater here than anybody would bear: some 12 in 100 places.

`--shares` are parts of the history that are measured in the store, so that growth can be seen: the exponent by which each time grows with
the number of values is printed; 1 is linear, 0 does not grow. The first two are measured at full size.
Delivery: 500 messages by the real sender and the real Slack client to the fake Slack, which takes one message a second in each channel, as
Slack does; ten channels.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime as dt
import math
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include"))

import numpy as np  # noqa: E402
from pydantic import SecretStr  # noqa: E402
from sqlalchemy import Engine, func, insert, select  # noqa: E402

from caseclock.alerts.board import Board  # noqa: E402
from caseclock.alerts.carry import carried_of, carry_on  # noqa: E402
from caseclock.alerts.fold import Fold, fold  # noqa: E402
from caseclock.alerts.model import Instance, Observation  # noqa: E402
from caseclock.alerts.series import Days, Series, fold_series  # noqa: E402
from caseclock.clocks.calendar import WorkingCalendar  # noqa: E402
from caseclock.notifications.channels.slack import SlackChannel  # noqa: E402
from caseclock.notifications.deliver import deliver  # noqa: E402
from caseclock.notifications.model import ChannelName, Handle, Message, Recipient  # noqa: E402
from caseclock.notifications.outbox import CAPABILITIES, Notice, notice_row  # noqa: E402
from caseclock.notifications.routes import Match, Route, Routes  # noqa: E402
from caseclock.notifications.update import update_alerts  # noqa: E402
from caseclock.settings import SlackSettings  # noqa: E402
from caseclock.storage import schema as t  # noqa: E402
from caseclock.storage.alerts import SqlAlerts  # noqa: E402
from caseclock.storage.engine import moment_text, open_engine  # noqa: E402
from caseclock.storage.outbox import SqlDelivery, insert_rows  # noqa: E402
from caseclock.thresholds import ThresholdRule  # noqa: E402

SEED, SOURCE, FIRST = 20261120, "bench", dt.date(2021, 11, 22)
CALENDAR = WorkingCalendar()
NEW_DAYS = 3
MESSAGES, CHANNELS = 500, 10
T = TypeVar("T")


def made_rules(count: int) -> list[ThresholdRule]:
    return [
        ThresholdRule(
            id=f"rule{n:02}", title=f"rule {n}", measure=f"measure{n:02}", amber=20, red=28, clear_below=17, for_n=1 + n % 2, clear_n=2
        )
        for n in range(count)
    ]


def made_routes() -> Routes:
    recipients = [Recipient(id=f"sm{n}", title=f"Manager {n}", slack=f"C{n}") for n in range(CHANNELS)]
    routes = [Route(match=Match(teams=[f"t{n}*"]), tell=[f"sm{n}"]) for n in range(CHANNELS)]
    return Routes(recipients=recipients, routes=routes, catch_all=["sm0"], data=["sm0"])


def made_values(instances: int, days: int) -> Any:
    """Counts (instances x days) that wander around a level below the limit."""
    rng = np.random.default_rng(SEED)
    level = rng.uniform(4, 19, (instances, 1))
    pull, values = 0.05, np.empty((instances, days))
    now = level[:, 0].copy()
    for day in range(days):
        now = np.maximum(now + pull * (level[:, 0] - now) + rng.normal(0, 1, instances), 0)
        values[:, day] = np.round(now)
    return values


def dates(days: int) -> list[dt.date]:
    return [CALENDAR.due(FIRST, n) for n in range(days)]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def say(name: str, seconds: float, values: int) -> None:
    print(f"  {name:28}{seconds:9.3f} s {1e6 * seconds / max(values, 1):9.2f} us a value", flush=True)


# --- without a store -------------------------------------------------------------------------------------------------
def bench_fold(rules: list[ThresholdRule], teams: int, days: int, plain: bool) -> None:
    """The histories as columns. Before a time counts, the fold over columns and the carried one must be the plain replay (of a sample)."""
    listed, values = dates(days + 1), made_values(len(rules) * teams, days + 1)
    all_days, n = Days(listed[:-1], ["x"] * days), np.full(days, 50)
    histories = {
        Instance(SOURCE, rule.id, f"t{team}"): (rule, Series(all_days, values[r * teams + team, :-1], n))
        for r, rule in enumerate(rules)
        for team in range(teams)
    }
    many = len(histories)
    took, folds = timed(lambda: {i: fold_series(rule, i, h) for i, (rule, h) in histories.items()})
    open_now = sum(1 for f in folds.values() if f.condition.episode)
    print(f"\n{teams} teams x {len(rules)} rules over {days} days: {many * days:,} values, {open_now} alerts open at the end")
    say("evaluate, all of it", took, many * days)
    if plain:
        sample = list(histories.items())[:: max(1, many // 300)]
        lists = {i: (rule, list(h)) for i, (rule, h) in sample}
        plainly, found = timed(lambda: {i: fold(rule, i, h) for i, (rule, h) in lists.items()})
        assert all(found[i] == folds[i] for i in lists)
        say(f"one by one ({len(sample)} of them)", plainly, len(sample) * days)
    kept = {i: carried_of(f) for i, f in folds.items()}
    newest, spoke = values[:, -1].tolist(), all_days.iso | {listed[-1].isoformat()}

    def one_day() -> dict[Instance, Fold]:
        today, made = listed[-1], {}
        for (i, (rule, _)), value in zip(histories.items(), newest, strict=True):
            made[i] = carry_on(rule, i, kept[i], (Observation(today, value, 50, True, "x"),), spoke)
        return made

    took, carried = timed(one_day)
    whole = Days(listed, ["x"] * (days + 1))
    for (i, (rule, _)), row in list(zip(histories.items(), values, strict=True))[:: max(1, many // 300)]:
        replay = fold_series(rule, i, Series(whole, row, np.full(days + 1, 50)))
        assert carried_of(replay) == carried_of(carried[i])
    print(f"  {'one new day, from kept folds':28}{took:9.3f} s {1e6 * took / many:9.2f} us an instance", flush=True)


# --- with a store ----------------------------------------------------------------------------------------------------
def add_day(engine: Engine, day: dt.date, rules: list[ThresholdRule], column: Any, teams: int) -> None:
    at, id_ = moment_text(dt.datetime.combine(day, dt.time(8), dt.UTC)), f"x{day}"
    with engine.begin() as c:
        c.execute(
            insert(t.extract).values(id=id_, source=SOURCE, as_of=str(day), revision=1, sha256=id_, name="x", path="x", received_at=at)
        )
        c.execute(
            insert(t.quality_report).values(
                extract_id=id_, verdict="pass", reasons=[], findings=[], absences=[], blocked_teams=[], expectations=1, at=at
            )
        )
        c.execute(
            insert(t.measure_value),
            [
                {"extract_id": id_, "measure": rule.measure, "team": f"t{team}", "value": value, "n": 50}
                for rule, row in zip(rules, column.reshape(len(rules), teams).tolist(), strict=True)
                for team, value in enumerate(row)
            ],
        )


@dataclass(frozen=True)
class TimedAlerts(SqlAlerts):
    """Notes when the evaluation begins and ends."""

    at: dict[str, float] = field(default_factory=dict)

    def board(self, source: str) -> Board | None:
        self.at["begins"] = time.process_time()
        return super().board(source)

    def save_folds(self, *given: Any) -> Any:
        made = super().save_folds(*given)
        self.at["ends"] = time.process_time()
        return made


class Took(NamedTuple):
    """CPU seconds of one run, and of its evaluation."""

    whole: float
    evaluation: float


def run_update(engine: Engine, rules: list[ThresholdRule], day: dt.date) -> tuple[Took, Any]:
    now = dt.datetime.combine(day, dt.time(9), dt.UTC)
    with engine.begin() as c:
        store, began = TimedAlerts(c, now), time.process_time()
        made = update_alerts(store, SOURCE, rules, made_routes(), CALENDAR, now)
        return Took(time.process_time() - began, store.at["ends"] - store.at["begins"]), made


class Instant:
    """A channel whose messages have arrived before they are sent."""

    name: ChannelName = "slack"
    capabilities = CAPABILITIES["slack"]

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        return handle or {"channel": address, "ts": message.key}

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        return handle


def deliver_all(engine: Engine, day: dt.date) -> int:
    at = dt.datetime.combine(day, dt.time(9, 5), dt.UTC)
    return len(deliver(SqlDelivery(engine), {"slack": Instant()}, made_routes(), lambda: at))


def say_run(name: str, took: Took) -> None:
    print(f"  {name:28}{took.whole:9.3f} s, of it the evaluation {took.evaluation:9.3f} s", flush=True)


def bench_store(rules: list[ThresholdRule], teams: int, days: int, profile: bool) -> dict[str, float]:
    """Seconds of each part of the evaluation, for the exponents."""
    values, listed = made_values(len(rules) * teams, days + NEW_DAYS), dates(days + NEW_DAYS)
    many = len(rules) * teams * days
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/store.db")
        t.metadata.create_all(engine)
        for n, day in enumerate(listed[:days]):
            add_day(engine, day, rules, values[:, n], teams)
        print(f"\nin a store: {teams} teams x {len(rules)} rules over {days} days: {many:,} values")
        full, made = run_update(engine, rules, listed[days - 1])
        say_run("full", full)
        standing = len(made.folds.with_open_episode())
        print(f"  {1e6 * full.evaluation / many:.2f} us a value; {standing} alerts open, {len(made.intents)} messages wanted", flush=True)
        deliver_all(engine, listed[days - 1])
        runs: list[Took] = []
        for n in range(days, days + NEW_DAYS):
            add_day(engine, listed[n], rules, values[:, n], teams)
            took, made = run_update(engine, rules, listed[n])
            assert not made.folds.replayed
            runs.append(took)
            deliver_all(engine, listed[n])
        new_day = sorted(runs)[NEW_DAYS // 2]
        say_run(f"new day (of {NEW_DAYS})", new_day)
        work = cProfile.Profile()
        nothing, made = work.runcall(run_update, engine, rules, listed[-1]) if profile else run_update(engine, rules, listed[-1])
        assert not made.folds.fresh and not made.intents
        say_run("nothing new" + (" (profiled)" if profile else ""), nothing)
        if profile:
            pstats.Stats(work).sort_stats("tottime").print_stats(18)
        engine.dispose()
    return {"values": many, "full": full.evaluation, "new day": new_day.evaluation, "nothing new": nothing.evaluation}


def say_growth(found: list[dict[str, float]]) -> None:
    """How the evaluation grows with the history: the exponent between each size and the next."""
    for small, large in pairwise(found):
        more = math.log(large["values"] / small["values"])
        said = ", ".join(f"{name} {math.log(large[name] / small[name]) / more:.2f}" for name in ("full", "new day", "nothing new"))
        print(f"\nfrom {small['values']:,.0f} to {large['values']:,.0f} values the evaluation grows with the exponent: {said}")


# --- delivery --------------------------------------------------------------------------------------------------------
def bench_delivery(messages: int) -> None:
    from caseclock.demo.fake_slack import FakeSlack

    routes = made_routes()
    with tempfile.TemporaryDirectory() as folder, FakeSlack(per_second=1) as slack:
        engine = open_engine(f"sqlite:///{folder}/store.db")
        t.metadata.create_all(engine)
        rows = [notice_row(f"sm{n % CHANNELS}", "slack", Notice(f"n{n}", f"Notice {n}", ("one line",))) for n in range(messages)]
        with engine.begin() as c:
            insert_rows(c, rows, dt.datetime.now(dt.UTC))
        channel = SlackChannel(SlackSettings(token=SecretStr("xoxb-bench"), base_url=slack.url))
        began, worked, rounds, landed = time.perf_counter(), time.process_time(), 0, 0
        while landed < messages:
            landed += sum(
                o.outcome in ("sent", "adopted")
                for o in deliver(SqlDelivery(engine), {"slack": channel}, routes, lambda: dt.datetime.now(dt.UTC), wait=time.sleep)
            )
            rounds += 1
        took, worked = time.perf_counter() - began, time.process_time() - worked
        twice = sum(n - 1 for n in slack.copies().values())
        best = -(-messages // CHANNELS) - 1  # the first message of each channel goes at once
        print(f"\n{messages} messages in {CHANNELS} channels, each taking one a second: {took:.1f} s (no way below {best:.0f} s),")
        print(f"{worked:.1f} s of them CPU with the fake Slack's own, {rounds} rounds, {len(slack.copies())} arrived, {twice} repeated")
        with engine.begin() as c:
            tried = c.execute(select(func.count()).select_from(t.attempt)).scalar_one()
        print(f"{tried} attempts kept, {len(slack.calls)} calls taken by Slack")
        engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--rules", type=int, default=60)
    parser.add_argument("--days", type=int, default=1300, help="working days: five years")
    parser.add_argument("--shares", type=float, nargs="*", default=[0.01, 0.1])
    parser.add_argument("--fold-shares", type=float, nargs="*", default=[0.1, 1.0])
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--no-delivery", action="store_true")
    asked = parser.parse_args()
    rules = made_rules(asked.rules)
    for share in asked.fold_shares:
        bench_fold(rules, asked.teams, max(1, round(asked.days * share)), plain=True)
    say_growth([bench_store(rules, asked.teams, max(1, round(asked.days * share)), asked.profile) for share in asked.shares])
    if not asked.no_delivery:
        bench_delivery(asked.messages)


if __name__ == "__main__":
    main()
