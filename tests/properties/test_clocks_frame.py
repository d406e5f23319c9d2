"""The clock frame against a slow, obvious calculation of the seven shipped rules, row by row, on tables that Hypothesis makes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseclock.clocks.calendar import WorkingCalendar, add_months
from caseclock.clocks.frame import clocks_of
from caseclock.clocks.model import CLOCK_COLUMNS, STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.extracts import Extract
from caseclock.measures import MeasureConfig, compute
from caseclock.snapshots import TABLES, Snapshot

MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
WRITTEN_AGAIN = ("allocation", "assessment_45_wt", "assessment_45_dfe", "s47_to_icpc", "cp_visit", "rcpc_first", "rcpc_next")
"""The rules that `Slow` knows, one for each way in which a clock starts and stops; the others are tables in tests/spec."""
SHIPPED = [TimescaleRule.model_validate(entry) for entry in yaml.safe_load((MONITORING / "timescales.yaml").read_text())]
RULES = [rule for rule in SHIPPED if rule.id in WRITTEN_AGAIN]
MEASURE_CONFIG = [MeasureConfig.model_validate(entry) for entry in yaml.safe_load((MONITORING / "measures.yaml").read_text())]
CALENDAR = WorkingCalendar()
AS_OF = dt.date(2026, 2, 16)
ROLES = {"CW"}
DTYPES = {"date": "datetime64[s]", "flag": "boolean", "number": "float64"}
Row = dict[str, Any]
Tables = dict[str, list[Row]]

day = st.integers(0, 100).map(lambda n: dt.date(2025, 11, 17) + dt.timedelta(n))
maybe_day = st.none() | day
flag = st.sampled_from([None, True, False])


def one_of(*values: str | None) -> st.SearchStrategy[str | None]:
    return st.sampled_from(values)


def rows(prefix: str, key: str, most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    made = st.lists(st.fixed_dictionaries(columns), max_size=most)
    return made.map(lambda found: [{key: f"{prefix}{i}", **row} for i, row in enumerate(found)])


child, team = one_of("C1", "C2", "C3", "C4"), one_of(None, "T1", "T2")
referral_id, worker = one_of("R0", "R1", "R2", "R3", "GONE", None), one_of("W1", "W2", "POOL", "NEW", None)
TABLES_MADE = st.fixed_dictionaries(
    {
        "referral": rows("R", "referral_id", 5, child_id=child, referral_date=day, nfa=flag, closed_on=maybe_day, team_id=team),
        "allocation": rows("A", "allocation_id", 10, child_id=child, referral_id=referral_id, worker_id=worker, team_id=team,
                           role=one_of("CW", "IRO", None), started_on=maybe_day, ended_on=maybe_day),
        "assessment": rows("S", "assessment_id", 8, child_id=child, referral_id=referral_id, started_on=day, authorised_on=maybe_day,
                           team_id=team, worker_id=worker),
        "s47": rows("E", "s47_id", 5, child_id=child, referral_id=referral_id, strategy_on=day, icpc_required=flag),
        "conference": rows("K", "conference_id", 6, child_id=child, s47_id=one_of("E0", "E1", "GONE", None),
                           kind=one_of("initial", "transfer_in"), held_on=maybe_day),
        "plan": rows("P", "plan_id", 5, child_id=child, referral_id=referral_id, conference_id=one_of("K0", "K1", None),
                     kind=one_of("cp", "cin"), started_on=day, ended_on=maybe_day, other_la=flag),
        "visit": rows("V", "visit_id", 12, child_id=child, plan_id=one_of("P0", "P1", "GONE", None), kind=one_of("cp", "cin"),
                      visit_on=day, seen=flag),
        "review": rows("W", "review_id", 8, child_id=child, plan_id=one_of("P0", "P1", None), kind=one_of("cp", "cla"), held_on=maybe_day,
                       cancelled=flag),
        "child": st.sampled_from([[], [{"child_id": "C1", "died_on": AS_OF - dt.timedelta(20)}]]),
    }
)  # fmt: skip
ANCHOR: Row = {"child_id": "C9", "referral_id": "R9", "team_id": "T9", "worker_id": "W9", "plan_id": "P9", "s47_id": "E9", "seen": True}
DAY0 = dt.date(2025, 11, 17)
ANCHORS: dict[str, Row] = {  # one row of everything, so that every rule is watched
    "referral": {"referral_date": DAY0},
    "allocation": {"allocation_id": "A9", "role": "CW", "started_on": DAY0},
    "assessment": {"assessment_id": "S9", "started_on": DAY0},
    "s47": {"strategy_on": DAY0},
    "conference": {"conference_id": "K9", "kind": "initial", "held_on": DAY0},
    "plan": {"kind": "cp", "started_on": DAY0, "conference_id": "K9"},
    "visit": {"visit_id": "V9", "kind": "cp", "visit_on": DAY0},
    "review": {"review_id": "W9", "kind": "cp", "held_on": DAY0},
    "worker": {},
}


def whole(made: Tables) -> Tables:
    tables = {name: list(found) for name, found in made.items()}
    tables["worker"] = [{"worker_id": "W1", "is_person": True}, {"worker_id": "W2"}, {"worker_id": "POOL", "is_person": False}]
    for name, row in ANCHORS.items():
        tables[name].append({column: {**ANCHOR, **row}.get(column) for column in TABLES[name].names})
    return tables


def table_of(name: str, found: list[Row]) -> pd.DataFrame:
    columns = TABLES[name].columns
    return pd.DataFrame({c.name: pd.Series([row.get(c.name) for row in found], dtype=DTYPES.get(c.kind, "str")) for c in columns})


EMPTY = {name: table_of(name, []) for name in TABLES}


def snapshot_of(tables: Tables) -> Snapshot:
    frames = dict(EMPTY)
    for name in [n for n, found in tables.items() if found]:
        frames[name] = table_of(name, tables[name])
    moment = dt.datetime.combine(AS_OF, dt.time(7), dt.UTC)
    return Snapshot(Extract("0" * 16, "made", AS_OF, 1, "0" * 64, "made", "made", moment), frames)


# --- the slow calculation ------------------------------------------------------------------------------------------
def past(when: dt.date | None) -> dt.date | None:
    return when if when is not None and when <= AS_OF else None


class Slow:
    def __init__(self, tables: Tables) -> None:
        self.t = tables
        self.at = {name: {row[TABLES[name].key]: row for row in tables.get(name, [])} for name in TABLES}
        self.rules = {rule.id: rule for rule in RULES}

    def clocks(self) -> Counter[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for row in self.t["referral"]:
            if row.get("nfa") is not True:
                found += self.allocation(row)
        firsts = self.firsts()
        for row in self.t["assessment"]:
            end, stop = self.case_end(row), past(row.get("authorised_on"))
            found += self.clock("assessment_45_dfe", row["assessment_id"], row["started_on"], stop, end)
            referral = self.at["referral"].get(row.get("referral_id"))
            if referral and (row["started_on"], row["assessment_id"]) == firsts[row["referral_id"]]:
                found += self.clock("assessment_45_wt", row["assessment_id"], referral["referral_date"], stop, end)
        for row in self.t["s47"]:
            if row.get("icpc_required") is not False:
                end = self.case_end(row)
                held = self.events("conference", "s47", row, "held_on", row["strategy_on"], end, lambda e: e["kind"] == "initial")
                found += self.clock("s47_to_icpc", row["s47_id"], row["strategy_on"], min(held, default=None), end)
        for row in self.t["plan"]:
            if row["kind"] == "cp" and row.get("other_la") is not True:
                found += self.child_protection(row)
        return Counter(found)

    def firsts(self) -> dict[Any, tuple[Any, Any]]:
        made: dict[Any, tuple[Any, Any]] = {}
        for row in self.t["assessment"]:
            mine = (row["started_on"], row["assessment_id"])
            made[row.get("referral_id")] = min(made.get(row.get("referral_id"), mine), mine)
        return made

    def case_end(self, row: Row) -> dt.date | None:
        referral = self.at["referral"].get(row.get("referral_id"), {})
        return self.first_past(referral.get("closed_on"), self.death(row))

    def death(self, row: Row) -> dt.date | None:
        return self.at["child"].get(row["child_id"], {}).get("died_on")

    def first_past(self, *when: dt.date | None) -> dt.date | None:
        return min((d for d in when if past(d)), default=None)

    def events(self, table: str, of: str, row: Row, date: str, start: dt.date, end: dt.date | None, counts: Any) -> list[dt.date]:
        """Dates on or after the start: of rows that name this item, and of rows of the child that name no item of the extract."""
        key, made = TABLES[of].key, set()
        for event in self.t[table]:
            mine = event.get(key) == row[key] if event.get(key) in self.at[of] else event["child_id"] == row["child_id"]
            when = past(event.get(date))
            if mine and when and counts(event) and when >= start and (end is None or when <= end):
                made.add(when)
        return sorted(made)

    def child_protection(self, row: Row) -> list[tuple[Any, ...]]:
        end, item, found = self.first_past(row.get("ended_on"), self.death(row)), row["plan_id"], []
        seen = self.events("visit", "plan", row, "visit_on", row["started_on"], end, lambda e: e["kind"] == "cp" and e.get("seen") is True)
        for start, stop in zip([row["started_on"], *seen], [*seen, None], strict=True):
            found += self.clock("cp_visit", item, start, stop, end)
        start = self.at["conference"].get(row.get("conference_id"), {}).get("held_on") or row["started_on"]
        counts = lambda e: e["kind"] == "cp" and e.get("cancelled") is not True and e["held_on"] > start  # noqa: E731
        held = self.events("review", "plan", row, "held_on", start, end, counts)
        found += self.clock("rcpc_first", item, start, held[0] if held else None, end) if start <= AS_OF else []
        for i, begin in enumerate(held):
            found += self.clock("rcpc_next", item, begin, held[i + 1] if i + 1 < len(held) else None, end)
        return found

    def real(self, allocation: Row) -> bool:
        person = self.at["worker"].get(allocation.get("worker_id"), {}).get("is_person") is not False
        return bool(allocation.get("worker_id")) and person and allocation.get("role") == "CW"

    def holds(self, row: Row) -> list[tuple[dt.date | None, dt.date | None]]:
        """(since, until) of the real holders of a referral; until None while it lasts."""
        made = []
        for a in self.t["allocation"]:
            since, until = a.get("started_on"), a.get("ended_on")
            key = "referral_id" if a.get("referral_id") in self.at["referral"] else "child_id"
            mine = a[key] == row[key]
            if mine and self.real(a) and (since is None or since <= AS_OF) and not (since and until and until < since):
                made.append((since, past(until)))
        return made

    def open_referrals(self) -> list[Row]:
        began = [row for row in self.t["referral"] if row.get("nfa") is not True and row["referral_date"] <= AS_OF]
        return [row for row in began if not self.first_past(row.get("closed_on"), self.death(row))]

    def unallocated(self) -> list[Row]:
        return [row for row in self.open_referrals() if all(until for _, until in self.holds(row))]

    def allocation(self, row: Row) -> list[tuple[Any, ...]]:
        start, end = row["referral_date"], self.first_past(row.get("closed_on"), self.death(row))
        use = []
        for since, until in self.holds(row):
            if until is not None and until <= start and (since is not None and since < start):
                continue
            if end is not None and max(since or start, start) > end:
                continue
            use.append((since, until))
        first = min((max(since or start, start) for since, _ in use), default=None)
        undated = any(since is None for since, _ in use)
        found = [] if undated else self.clock("allocation", row["referral_id"], start, first, end)
        if first and end is None and start <= AS_OF and all(until for _, until in use):
            found += self.clock("allocation", row["referral_id"], max(until for _, until in use), None, end)
        return found

    def clock(self, rule_id: str, item: str, start: dt.date, stop: dt.date | None, end: dt.date | None) -> list[tuple[Any, ...]]:
        rule = self.rules[rule_id]
        limit, until = rule.limits[-1].limit, stop or AS_OF
        if start > AS_OF or (stop and stop < start) or (end and (stop is None or stop > end)):
            return []
        if rule.unit == "calendar_month":
            due, elapsed = add_months(start, limit), max(m for m in range(20) if add_months(start, m) <= until)
            soon = (due - AS_OF).days <= (rule.warn or 0)
            beyond = until > due
        else:
            due, elapsed = self.walk(start, limit), self.count(start, until)
            soon = elapsed >= rule.warn_at if rule.warn_at is not None else self.count(AS_OF, max(due, AS_OF)) <= (rule.warn or 0)
            beyond = elapsed > limit
        if stop:
            state = "done_late" if beyond else "done_in_time"
        else:
            state = "overdue" if beyond else "due_soon" if soon else "running"
        return [(rule_id, item, start, due, stop, elapsed, limit, state)]

    @staticmethod
    def count(start: dt.date, end: dt.date) -> int:
        return sum(CALENDAR.is_working_day(start + dt.timedelta(n)) for n in range(1, (end - start).days + 1))

    def walk(self, start: dt.date, limit: int) -> dt.date:
        at = start
        while self.count(start, at) < limit:
            at += dt.timedelta(1)
        return at


def as_rows(frame: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    names = ["rule", "item_ref", "started_on", "due_on", "stopped_on", "elapsed", "limit", "state"]

    def plain(value: Any) -> Any:
        return None if pd.isna(value) else value.date() if isinstance(value, pd.Timestamp) else value

    return Counter(tuple(plain(value) for value in row) for row in frame[names].itertuples(index=False))


slowly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@slowly
@given(TABLES_MADE)
def test_every_clock_is_what_a_slow_calculation_says(made):
    tables = whole(made)
    frame = clocks_of(snapshot_of(tables), RULES, CALENDAR, ROLES).frame
    assert as_rows(frame) == Slow(tables).clocks()
    assert list(frame.columns) == list(CLOCK_COLUMNS)
    assert not frame.drop(columns=["stopped_on", "worker"]).isna().any(axis=None)
    assert list(frame["state"].cat.categories) == list(STATES)
    keys = list(zip(frame["rule"], frame["due_on"], frame["item_ref"], frame["started_on"], strict=True))
    assert keys == sorted(keys)


@slowly
@given(TABLES_MADE, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_in_the_files_changes_nothing(made, random):
    tables = whole(made)
    mixed = {name: random.sample(found, len(found)) for name, found in tables.items()}
    first, second = (clocks_of(snapshot_of(t), RULES, CALENDAR, ROLES).frame for t in (tables, mixed))
    pd.testing.assert_frame_equal(first, second)


@slowly
@given(TABLES_MADE)
def test_counts_add_up_and_the_council_is_the_sum_of_its_teams(made):
    tables = whole(made)
    snapshot, slow = snapshot_of(tables), Slow(tables)
    frame = clocks_of(snapshot, RULES, CALENDAR, ROLES).frame
    values = compute(frame, snapshot, MEASURE_CONFIG, ROLES, CALENDAR)
    assert values.groupby("measure").size().nunique() == 1
    council = values[values["team"] == "*"].set_index("measure")["value"]
    teams = values[values["team"] != "*"]
    counts = teams[~teams["measure"].str.startswith("in_time")].groupby("measure")["value"].sum()
    assert counts.to_dict() == council[counts.index].to_dict()
    by_state = frame.groupby(["rule", "state"], observed=False).size()
    for rule in (r.id for r in RULES):
        assert council[f"overdue.{rule}"] == by_state[rule, "overdue"]
        assert council[f"due_soon.{rule}"] == by_state[rule, "due_soon"]
        assert council[f"open.{rule}"] == by_state[rule][["running", "due_soon", "overdue"]].sum()
    assert council["open"] == len(slow.open_referrals())
    assert council["unallocated"] == len(slow.unallocated()) == council["open.allocation"]


@slowly
@given(TABLES_MADE, st.integers(1, 40))
def test_a_later_extract_of_the_same_rows_never_lowers_what_has_elapsed(made, more):
    tables = whole(made)
    snapshot = snapshot_of(tables)
    later = replace(snapshot, extract=replace(snapshot.extract, as_of=AS_OF + dt.timedelta(more)))
    before, after = (clocks_of(s, RULES, CALENDAR, ROLES).frame for s in (snapshot, later))
    before, after = (f[f["stopped_on"] != f["started_on"]] for f in (before, after))  # done on day 0, when the next one starts too
    both = before.merge(after, on=["rule", "item_ref", "started_on"], suffixes=("", "_later"))
    assert (both["elapsed_later"] >= both["elapsed"]).all()
    worse = both[(both["state"] == "overdue") & both["stopped_on_later"].isna()]
    assert (worse["state_later"] == "overdue").all()
