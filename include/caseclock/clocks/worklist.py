"""The work list: open cases in the order in which they need somebody, by a key that anybody can check.

The key has no weights. The lower tier comes first, then the graver level, then what has used up more of its limit, then what is older, then
the lower id (age over limit orders as age beyond the limit over limit does):

| tier | what puts a case there |
|---|---|
| 0 | a section 47 enquiry or a child protection plan, and nobody holds the child; or an overdue safeguarding visit |
| 1 | nobody holds the case |
| 2 | past a limit that statute or statutory guidance sets |
| 3 | past a local limit, or up to 5 working days before any limit |
| 4 | up to 10 working days before a limit |
| 5 | the rest |

It orders work. It decides on no child.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.calendar import Days, WorkingCalendar
from caseclock.clocks.cases import LEVELS
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Mask
from caseclock.clocks.model import NO_TEAM, STATES
from caseclock.clocks.rules import Held, TimescaleRule
from caseclock.clocks.verdict import OVERDUE, verdict
from caseclock.clocks.worklist_config import ORDERS_ONLY as ORDERS_ONLY
from caseclock.clocks.worklist_config import WorklistConfig

FIRST, UNHELD, PAST, SOON, NEXT, REST = range(6)
DAYS_OF_MONTH: Final = 365.25 / 12  # so that a share of a limit in months can be told from day to day

WORK_COLUMNS: Final = {
    "place": "1 for what comes first",
    "item_ref": "the open referral's id; where the extract has no open referral of the child, the id of the item whose clock runs",
    "child_ref": "the child's id in the extract",
    "team": "id of the team that answers for it, `?` where none does",
    "worker": "id of the worker who answers for it, None when nobody holds it or nobody can tell",
    "tier": "0 to 5, see above",
    "level": "the gravest thing that the child has now: one of " + ", ".join(LEVELS),
    "rule": "the rule that put it there, None where none did",
    "due_on": "the limit of that rule, NaT where there is none",
    "wd_over": "working days since that limit, missing while it is not passed",
    "wd_left": "working days until that limit, missing once it is passed",
    "share": "age over limit in the unit of that rule: 1 at the limit, 0 where no clock runs",
    "age_days": "calendar days since what put it there began",
    "overdue": "how many of its clocks are overdue",
    "reason": "why it stands there, in plain words",
}

NOBODY, CLOCK, ITSELF = range(3)
"""What an item is: that nobody holds the case, a clock that runs on it, or the case itself."""


@dataclass(frozen=True)
class _Items:
    """What may put a case at its place, as arrays. `of`: the case; `rule`: a number into the rules, -1 for none; `past`: overdue;
    `clock`: the row of the running clocks, -1 where it is none."""

    of: Codes
    kind: Codes
    tier: Codes
    rule: Codes
    begun: Days
    due: Days
    share: npt.NDArray[np.float64]
    past: Mask
    clock: Codes

    def worst(self) -> _Items:
        """Of each case the one item that comes first, in the order of the cases."""
        order = np.lexsort((self.clock, self.rule, self.begun, -self.share, self.tier, self.of))
        return self.taken(order[np.append(True, self.of[order][1:] != self.of[order][:-1])[: len(order)]])

    def taken(self, at: Codes) -> _Items:
        return _Items(*(getattr(self, field.name)[at] for field in fields(self)))


@dataclass(frozen=True)
class _Known:
    """What the rules say, as arrays by the rule's number: the configured ones, and those of which only clocks are left."""

    ids: list[str]
    titles: list[str]
    safeguarding: Mask
    left_out: Mask
    past_limit: Mask
    months: Mask
    of_referral: Mask
    level: Codes

    @classmethod
    def of(cls, rules: Sequence[TimescaleRule], clocks: pd.DataFrame, config: WorklistConfig) -> _Known:
        by_id: dict[str, TimescaleRule | None] = dict.fromkeys(map(str, clocks["rule"].unique())) | {rule.id: rule for rule in rules}
        ids = sorted(by_id)
        found = [by_id[id_] for id_ in ids]
        return cls(
            ids,
            [rule.title if rule else id_ for id_, rule in zip(ids, found, strict=True)],
            np.isin(ids, config.safeguarding),
            np.isin(ids, config.left_out),
            np.array([rule is not None and rule.basis in config.past_limit for rule in found], dtype=bool),
            np.array([rule is not None and rule.unit == "calendar_month" for rule in found], dtype=bool),
            np.array([rule is not None and rule.table == "referral" for rule in found], dtype=bool),
            np.array([LEVELS.index(_level_of(rule)) for rule in found], dtype=np.int64),
        )


def _level_of(rule: TimescaleRule | None) -> str:
    """What a child has on whom a clock of this rule runs."""
    if rule is not None and rule.table in ("care", "placement"):
        return "care"
    kind = rule.where.get("kind") if rule is not None and rule.table == "plan" else None
    return kind if isinstance(kind, str) and kind in LEVELS else "none"


def work_list(
    cases: pd.DataFrame,
    clocks: pd.DataFrame,
    rules: Sequence[TimescaleRule],
    config: WorklistConfig,
    calendar: WorkingCalendar,
    as_of: np.datetime64,
) -> pd.DataFrame:
    """WORK_COLUMNS, one row per open case, and one per child on whom clocks run though the extract has no open referral of it.

    `cases`: `case_frame`; `clocks`: `clock_frame` of the same extract, also as read back from its file. A clock belongs to the case that
    was open when it began. Clocks about no child (a worker's own supervision) belong to no case.
    """
    known = _Known.of(rules, clocks, config)
    running = clocks[clocks["stopped_on"].isna() & clocks["child_ref"].notna()].reset_index(drop=True)
    rule = _numbers(running["rule"], known.ids)
    case, alone = _cases_of(running, rule, known, cases)
    ours = _clock_items(running, case, rule, known, config, calendar, as_of)
    nobody_s = _nobody_s(running, case, rule, known, cases)
    ours.tier[nobody_s], ours.kind[nobody_s] = FIRST, NOBODY
    ours = ours.taken(np.flatnonzero((case != NONE) & ~known.left_out[rule]))
    held_rule = next((r for r in rules if isinstance(r.stop, Held) and r.table == "referral"), None)
    worst = _joined([ours, _unheld_items(cases, held_rule, known, calendar, as_of), _items_themselves(cases)]).worst()

    everyone = _rows(cases, running, worst, alone, known.level[rule], case)
    everyone["tier"], everyone["share"] = worst.tier, worst.share
    everyone["rule"] = pd.array(np.array([*known.ids, None], dtype=object)[worst.rule], dtype="str")
    everyone["due_on"], everyone["age_days"] = worst.due.astype("datetime64[s]"), (as_of - worst.begun).astype(np.int64)
    now = np.full(len(everyone), as_of)
    over, left = calendar.elapsed_many(np.minimum(worst.due, now), now), calendar.elapsed_many(now, np.maximum(worst.due, now))
    everyone["wd_over"], everyone["wd_left"] = _whole(over, worst.past), _whole(left, ~worst.past)
    late = np.asarray(running["state"] == STATES[OVERDUE]) & (case != NONE)
    everyone["overdue"] = np.bincount(case[late], minlength=len(everyone))
    waited = calendar.elapsed_many(_covered(worst.begun, calendar), now)
    everyone["reason"] = pd.array(list(_reasons(everyone, worst, known, cases, waited, as_of)), dtype="str")
    return _ordered(everyone)


def _ordered(everyone: pd.DataFrame) -> pd.DataFrame:
    child, item = (pd.factorize(everyone[name], sort=True)[0] for name in ("child_ref", "item_ref"))
    level, age, share = _numbers(everyone["level"], LEVELS), everyone["age_days"].to_numpy(), everyone["share"].to_numpy()
    made = everyone.iloc[np.lexsort((child, item, -age, -share, level, everyone["tier"].to_numpy()))]
    return made.assign(place=np.arange(1, len(made) + 1))[list(WORK_COLUMNS)].reset_index(drop=True)


# --- which case a clock belongs to ---------------------------------------------------------------------------------
def _cases_of(running: pd.DataFrame, rule: Codes, known: _Known, cases: pd.DataFrame) -> tuple[Codes, list[Any]]:
    """(number of the case of each running clock, children without an open referral): those children are cases behind the last one.

    A clock on a referral is that one's. Others belong to the child's case that was opened last before they began, else to its first.
    -1 for clocks that give no place of a child without an open referral, on whom nothing else runs.
    """
    child, names = pd.factorize(pd.concat([cases["child_ref"], running["child_ref"]], ignore_index=True))
    own, theirs = child[: len(cases)], child[len(cases) :]
    opened, begun = _days(cases["opened_on"]).astype(np.int64), _days(running["started_on"]).astype(np.int64)
    order = np.lexsort((pd.factorize(cases["item_ref"], sort=True)[0], opened, own))
    span = int(max([*opened, *begun], default=0)) + 1
    keys = own[order] * span + opened[order]
    at = np.searchsorted(keys, theirs * span + begun, side="right") - 1
    before = (at >= 0) & (own[order][at] == theirs) if len(cases) else np.zeros(len(running), dtype=bool)
    first = np.minimum(np.searchsorted(keys, theirs * span), max(len(cases) - 1, 0))
    after = (own[order][first] == theirs) if len(cases) else before
    found = np.where(before, order[at], np.where(after, order[first], NONE)) if len(cases) else np.full(len(running), NONE)
    named = pd.Index(cases["item_ref"]).get_indexer(pd.Index(running["item_ref"]))
    found = np.where(known.of_referral[rule] & (named != NONE), named, found)
    alone = pd.unique(theirs[(found == NONE) & ~known.left_out[rule]])
    behind = np.full(len(names), NONE)
    behind[alone] = len(cases) + np.arange(len(alone))
    return np.where(found == NONE, behind[theirs], found).astype(np.int64), list(names[alone])


def _rows(cases: pd.DataFrame, running: pd.DataFrame, worst: _Items, alone: list[Any], level: Codes, case: Codes) -> pd.DataFrame:
    """Who each row is about; a child without an open referral stands under the item whose clock put it there."""
    clock = worst.clock[len(cases) :]
    gravest = np.full(len(cases) + len(alone), LEVELS.index("none"))
    np.minimum.at(gravest, case[case != NONE], level[case != NONE])
    theirs = running.iloc[clock]
    made = {name: [*cases[name].astype(object), *theirs[name].astype(object)] for name in ("item_ref", "child_ref", "team", "worker")}
    levels = [*cases["level"].astype(object), *np.array(LEVELS, dtype=object)[gravest[len(cases) :]]]
    rows = pd.DataFrame({name: pd.array(values, dtype="str") for name, values in (made | {"level": levels}).items()})
    rows["team"] = rows["team"].fillna(NO_TEAM)
    return rows


# --- what may put a case at its place ------------------------------------------------------------------------------
def _clock_items(
    running: pd.DataFrame, case: Codes, rule: Codes, known: _Known, config: WorklistConfig, calendar: WorkingCalendar, as_of: np.datetime64
) -> _Items:
    begun, due = _days(running["started_on"]), _days(running["due_on"])
    limit, elapsed = running["limit"].to_numpy(), running["elapsed"].to_numpy()
    months = known.months[rule]
    age = np.where(months, (as_of - begun).astype(np.int64) / DAYS_OF_MONTH, elapsed)
    past = np.asarray(running["state"] == STATES[OVERDUE])
    left = calendar.elapsed_many(np.full(len(due), as_of), np.maximum(due, as_of))
    near = np.where(left <= config.soon_wd, SOON, np.where(left <= config.next_wd, NEXT, REST))
    tier = np.where(past, np.where(known.safeguarding[rule], FIRST, np.where(known.past_limit[rule], PAST, SOON)), near)
    clock = np.arange(len(running))
    return _Items(case, np.full(len(rule), CLOCK), tier, rule, begun, due, age / np.maximum(limit, 1), past, clock)


def _nobody_s(running: pd.DataFrame, case: Codes, rule: Codes, known: _Known, cases: pd.DataFrame) -> Mask:
    """Clocks of child protection plans that nobody holds, of children without an open referral: there is no case that could say it."""
    can_tell = bool(cases["held"].notna().any()) or (not len(cases) and bool(running["worker"].notna().any()))
    plan = known.level[rule] == LEVELS.index("cp")
    made: Mask = (case >= len(cases)) & plan & running["worker"].isna().to_numpy() & can_tell
    return made


def _unheld_items(
    cases: pd.DataFrame, rule: TimescaleRule | None, known: _Known, calendar: WorkingCalendar, as_of: np.datetime64
) -> _Items:
    """One per case that nobody holds, judged by the allocation rule as its clock is; without one as if a working day were the limit."""
    waits = np.flatnonzero((~cases["held"].fillna(True)).to_numpy(dtype=bool))
    since = _covered(_days(cases["waiting_since"])[waits], calendar)
    grave = (_grave(cases) & ~_child_held(cases))[waits]
    tier = np.where(grave, FIRST, UNHELD)
    none, size = np.full(len(waits), NONE), len(waits)
    if rule is None:
        waited = calendar.elapsed_many(since, np.full(size, as_of))
        return _Items(waits, np.full(size, NOBODY), tier, none, since, np.full(size, NO_DAY), waited, waited > 1, none)
    found = verdict(rule, since, np.full(size, NO_DAY), as_of, calendar)
    share = found.elapsed / np.maximum(found.limit, 1)
    number = np.full(size, known.ids.index(rule.id))
    return _Items(waits, np.full(size, NOBODY), tier, number, since, found.due, share, found.state == OVERDUE, none)


def _items_themselves(cases: pd.DataFrame) -> _Items:
    """So that a case on which no clock runs has its place too."""
    size = len(cases)
    none, nothing = np.full(size, NONE), np.zeros(size)
    opened, never = _days(cases["opened_on"]), np.full(size, NO_DAY)
    return _Items(np.arange(size), np.full(size, ITSELF), np.full(size, REST), none, opened, never, nothing, nothing > 0, none)


def _grave(cases: pd.DataFrame) -> Mask:
    made: Mask = (cases["level"] == "cp").to_numpy(dtype=bool) | cases["s47_open"].to_numpy(dtype=bool)
    return made


def _child_held(cases: pd.DataFrame) -> Mask:
    """Somebody holds the child in this or another open case."""
    child, names = pd.factorize(cases["child_ref"])
    found: Mask = np.zeros(len(names) + 1, dtype=bool)
    found[child[cases["held"].fillna(False).to_numpy(dtype=bool)]] = True
    return found[child]


# --- in words ------------------------------------------------------------------------------------------------------
def _reasons(
    everyone: pd.DataFrame, worst: _Items, known: _Known, cases: pd.DataFrame, waited: npt.NDArray[np.float64], as_of: np.datetime64
) -> Iterator[str]:
    enquiry = [*cases["s47_open"], *[False] * (len(everyone) - len(cases))]
    elsewhere = _child_held(cases) & _grave(cases)
    over, left, today = everyone["wd_over"].tolist(), everyone["wd_left"].tolist(), worst.due == as_of
    for n, (kind, tier, rule, level) in enumerate(zip(worst.kind, worst.tier, worst.rule, everyone["level"], strict=True)):
        outside = "" if n < len(cases) else "; the extract has no open referral of the child"
        if kind == NOBODY:
            grave = ["section 47 enquiry"] * enquiry[n] + ["child protection plan"] * (level == "cp")
            first = f"{' and '.join(grave)} and " if tier == FIRST else ""
            since = "" if outside else f" ({_waited(int(waited[n]))})"  # of a child without a case nobody knows since when
            after = "; somebody holds the child in another open case" if not outside and elsewhere[n] else ""
            yield f"{first}nobody holds it{since}{after}{outside}"
        elif kind == CLOCK:
            yield f"{known.titles[rule]}: {_how_far(over[n], left[n], bool(today[n]))}{outside}"
        else:
            yield "no clock runs on it"


def _how_far(over: Any, left: Any, today: bool) -> str:
    if not pd.isna(over):
        return f"{_working_days(int(over))} over the limit" if over else "just over the limit"
    return f"{_working_days(int(left))} left" if left else "due today" if today else "due before the next working day"


def _waited(number: int) -> str:
    return _working_days(number) if number else "for less than a working day"


def _working_days(number: int) -> str:
    return f"{number} working day{'' if number == 1 else 's'}"


# --- inside --------------------------------------------------------------------------------------------------------
def _joined(parts: list[_Items]) -> _Items:
    return _Items(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(_Items)))


def _numbers(column: pd.Series, names: Sequence[str]) -> Codes:
    """The place of each value in `names`, also of a column that is no longer categorical."""
    made: Codes = pd.Categorical(column.astype("str"), categories=list(names)).codes.astype(np.int64)
    return made


def _days(column: pd.Series) -> Days:
    return np.asarray(column, dtype="datetime64[s]").astype("datetime64[D]")


def _covered(days: Days, calendar: WorkingCalendar) -> Days:
    """A wait that began before the years of the calendar counts from their first day: it is long enough."""
    return np.maximum(days, np.datetime64(f"{calendar.config.first_year}-01-01", "D"))


def _whole(numbers: npt.NDArray[np.float64], where: Mask) -> Any:
    return pd.array([int(n) if use and n == n else None for n, use in zip(numbers, where, strict=True)], dtype="Int64")
