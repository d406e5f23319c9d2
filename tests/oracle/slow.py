"""The clocks of one extract by a slow, obvious calculation: a function per rule, a row at a time, in plain Python.

It reads rows as dictionaries and says what `caseclock clocks export` must say of them. Limits, units and leads are those of
timescales.yaml; when a clock starts, what stops it and who answers is written out here from the definitions.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = holidays.country_holidays("GB", subdiv="ENG", years=range(1990, 2033))
POOLS = ("duty_pool", "inbox")
SHORT_BREAKS, INTERIM_ORDER, CARE_ORDER, WITH_PARENTS = ("V3", "V4"), ("C1",), ("C2",), "P1"
Row = Mapping[str, Any]
Day = dt.date
Clock = tuple[Any, ...]
"""rule, child_ref, item_ref, team, worker, started_on, due_on, stopped_on, elapsed, limit, state; None for nothing."""


@cache
def is_working(day: Day) -> bool:
    return day.weekday() < 5 and day not in BANK_HOLIDAYS


@cache
def working_days(start: Day, end: Day) -> int:
    """Working days after start, up to and with end."""
    return sum(is_working(start + dt.timedelta(n)) for n in range(1, (end - start).days + 1))


def months_after(start: Day, months: int) -> Day:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(year, month + 1, min(start.day, last))


class Slow:
    """`tables`: rows by canonical table; dates are dates, moments datetimes in UTC. `rules`: the entries of timescales.yaml to look at."""

    def __init__(self, tables: Mapping[str, list[Row]], as_of: Day, roles: Collection[str], rules: Iterable[Mapping[str, Any]]) -> None:
        self.t = {name: tables.get(name, []) for name in _NAMES}
        self.as_of, self.roles = as_of, {role.lower() for role in roles}
        self.rules = {rule["id"]: rule for rule in rules}
        self._indexes: dict[tuple[str, str], dict[Any, list[Row]]] = {}
        self._made: list[Clock] = []

    def clocks(self) -> Counter[Clock]:
        """How often each clock is there."""
        self._made = []
        for rule in self.rules:
            made: Callable[[], None] = getattr(self, rule)
            made()
        return Counter(self._made)

    # --- looking things up -----------------------------------------------------------------------------------------
    def where(self, table: str, column: str, value: Any) -> list[Row]:
        if (table, column) not in self._indexes:
            index: dict[Any, list[Row]] = defaultdict(list)
            for row in self.t[table]:
                index[row.get(column)].append(row)
            self._indexes[table, column] = index
        return self._indexes[table, column].get(value, []) if value is not None else []

    def one(self, table: str, column: str, value: Any) -> Row:
        return next(iter(self.where(table, column, value)), {})

    def past(self, day: Day | None) -> Day | None:
        return day if day is not None and day <= self.as_of else None

    def ended(self, child: str | None, *days: Day | None) -> Day | None:
        """The first of these days that has come, or that of the child's death."""
        return min((d for d in (*days, self.one("child", "child_id", child).get("died_on")) if self.past(d)), default=None)

    def closed(self, row: Row) -> Day | None:
        return self.one("referral", "referral_id", row.get("referral_id")).get("closed_on")

    def named(self, table: str, by: str, of: str, row: Row) -> list[Row]:
        """Rows that name this one by the key; and those of its child that name none that the extract has."""
        loose = [e for e in self.where(table, "child_id", row.get("child_id")) if not self.where(of, by, e.get(by))]
        return [*self.where(table, by, row.get(by)), *loose]

    # --- who holds a case ------------------------------------------------------------------------------------------
    def is_person(self, worker: str) -> bool:
        staff, known = self.one("staff", "worker_id", worker), self.one("worker", "worker_id", worker)
        if staff.get("role") in POOLS:
            return False
        if staff.get("is_person") is not None:
            return bool(staff["is_person"])
        return staff.get("role") is not None or known.get("is_person") is not False

    def gone_since(self, worker: str | None) -> Day | None:
        """Since when the worker has left, or is away for 28 days or longer."""
        staff = self.one("staff", "worker_id", worker)
        if self.past(staff.get("ended_on")):
            return staff["ended_on"]
        away, back = self.past(staff.get("absent_from")), staff.get("absent_to") or self.as_of
        return away if away and back >= self.as_of and (back - away).days >= 28 else None

    @cached_property
    def involvements(self) -> list[dict[str, Any]]:
        """Those that had begun, with `until` (None while open), `holds` (in an allocated role) and `real` (by a person)."""
        any_role = not self.roles or all(row.get("role") is None for row in self.t["allocation"])
        made = []
        for row in self.t["allocation"]:
            start, end, worker = row.get("started_on"), row.get("ended_on"), row.get("worker_id")
            if (start and start > self.as_of) or (start and end and end < start):
                continue
            gone = self.gone_since(worker)
            ends = [d for d in (self.past(end), max(gone, start or gone) if gone else None) if d]
            holds = any_role or (row.get("role") or "").lower() in self.roles
            staff, known = self.one("staff", "worker_id", worker), self.one("worker", "worker_id", worker)
            made.append({**row, "since": start, "until": min(ends, default=None), "holds": holds,
                         "real": holds and worker is not None and self.is_person(worker),
                         "home": staff.get("team_id") or known.get("team_id"),
                         "team": row.get("team_id") or staff.get("team_id") or known.get("team_id")})  # fmt: skip
        return made

    @cached_property
    def involved(self) -> dict[tuple[str, Any], list[dict[str, Any]]]:
        made = defaultdict(list)
        for i in self.involvements:
            made["referral", i.get("referral_id")].append(i)
            made["child", i["child_id"]].append(i)
        return made

    def about(self, referral: str | None, child: str | None) -> list[Row]:
        """The involvements that name the case, and those of the child that name no case of the extract; of no case, all of the child's."""
        of_child = self.involved.get(("child", child), []) if child is not None else []
        if referral is None:
            return of_child
        free = [i for i in of_child if not self.one("referral", "referral_id", i.get("referral_id"))]
        return self.involved.get(("referral", referral), []) + free

    @staticmethod
    def holds(found: list[Row]) -> Row:
        """Who speaks now."""
        now = [i for i in found if i["holds"] and not i["until"]]
        return max(now, key=lambda i: (i["real"], i["since"] or dt.date.min, i["allocation_id"]), default={})

    @staticmethod
    def left(found: list[Row]) -> Row:
        """Of the real ones, who was the last to leave."""
        gone = [i for i in found if i["real"] and i["until"]]
        return max(gone, key=lambda i: (i["until"], i["allocation_id"]), default={})

    def answers(self, rule: str, row: Row, child: str | None, done: bool) -> tuple[str, str | None]:
        """Team and worker of a clock."""
        referral = row.get("referral_id")
        own_case, whole_child = self.about(referral, child), self.about(None, child)
        now, left = self.holds(own_case), self.left(own_case)
        of_referral = row is self.one("referral", "referral_id", referral)
        own_team = None if of_referral else row.get("team_id")
        own = None if of_referral else row.get("worker_id")
        own = own if own and self.is_person(own) else None
        received = self.one("referral", "referral_id", referral).get("team_id")
        home = self.one("staff", "worker_id", own).get("team_id") or self.one("worker", "worker_id", own).get("team_id")
        mine = [own_team, now.get("team")] if done else [now.get("team"), own_team]
        elsewhere = self.holds(whole_child).get("team"), self.left(whole_child).get("team")
        team = next((t for t in (*mine, left.get("team"), received, home, *elsewhere) if t), "?")
        holder = now.get("worker_id") if now.get("real") else None
        worker = (own or holder) if done else (holder or own)
        return team, None if rule == "allocation" and not done else worker

    # --- one clock -------------------------------------------------------------------------------------------------
    def clock(self, rule: str, row: Row, item: str, start: Day | None, stop: Day | None, end: Day | None, **given: Any) -> None:
        """Adds a clock, unless the case ended before the work was done or the days are impossible. `given`: child, team, worker."""
        impossible = start is None or start > self.as_of or start.year < 1990 or (stop is not None and stop < start)
        if impossible or (end and (stop is None or stop > end)):
            return
        assert start is not None
        child = given.get("child", row.get("child_id"))
        team, worker = self.answers(rule, row, child, stop is not None)
        team, worker = given.get("team", team), given.get("worker", worker)
        due, elapsed, limit, state = self.judged(rule, start, stop)
        self._made.append((rule, child, item, team, worker, start, due, stop, elapsed, limit, state))

    def judged(self, rule: str, start: Day, stop: Day | None) -> tuple[Day, int, int, str]:
        entry, until = self.rules[rule], stop or self.as_of
        limit, unit = self.limit(rule, start), entry["unit"]
        if unit == "working_day":
            due, elapsed = start, working_days(start, until)
            while working_days(start, due) < limit:
                due += dt.timedelta(1)
            beyond, ahead = elapsed > limit, working_days(self.as_of, due)
        else:
            in_days = unit == "calendar_day"
            due = start + dt.timedelta(limit) if in_days else months_after(start, limit)
            elapsed = (until - start).days if in_days else max(m for m in range(600) if months_after(start, m) <= until)
            beyond, ahead = until > due, (due - self.as_of).days
        warned = elapsed >= entry["warn_at"] if "warn_at" in entry else ahead <= entry["warn"] if "warn" in entry else False
        if stop:
            return due, elapsed, limit, "done_late" if beyond else "done_in_time"
        return due, elapsed, limit, "overdue" if beyond else "due_soon" if warned else "running"

    def limit(self, rule: str, start: Day) -> int:
        limits = self.rules[rule]["limits"]
        return int(next((e["limit"] for e in reversed(limits) if e["effective_from"] <= start), limits[0]["limit"]))

    def stretches(self, start: Day | None, days: Iterable[Day | None], end: Day | None) -> list[tuple[Day, Day | None]]:
        """From the start to the first of these days, from it to the next one, ... and the open one after the last."""
        if start is None:
            return []
        known = sorted({d for d in days if d and self.past(d) and start <= d and (end is None or d <= end)})
        return list(zip([start, *known], [*known, None], strict=True))

    def repeat(self, rule: str, row: Row, item: str, start: Day | None, days: Iterable[Day | None], end: Day | None, which: slice,
               begins: Day | None = None, when: Callable[[Day], bool] = lambda d: True, **given: Any) -> None:  # fmt: skip
        """`which` of the stretches; `begins`: the first day of the file that the events come from; `when`: on what day one must start."""
        found = list(enumerate(self.stretches(start, days, end)))
        for n, (since, stop) in found[which]:
            unsure = n == 0 and stop is not None and begins is not None and since < begins
            if not unsure and when(since):
                self.clock(rule, row, item, since, stop, end, **given)


_NAMES = ("child", "contact", "referral", "assessment", "s47", "conference", "plan", "review", "visit", "allocation", "worker", "care",
          "placement", "legal", "care_leaver", "supervision", "staff", "contact_decision", "meeting")  # fmt: skip
