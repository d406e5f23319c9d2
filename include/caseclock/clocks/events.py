"""What happened between two consecutive extracts: to each clock and to each case.

Pure: two extracts as they stand go in, events come out. A thing happened when the two differ, and its date is that of the data: a visit
entered late is an event of the extract that first shows it, on the day of the visit. The first extract has no events, and a rule has none
where it was not watched, or was another one, in the extract before: nobody knows what has changed since.

| event | of a clock (its timescale) | of a case (rule `case`) |
|---|---|---|
| opened | it is there for the first time | an open case that was not known, or one that opened and closed in between |
| reopened | it was done and runs again | as opened, of a child whose last referral ended within 365 days; or the same one is open again |
| allocated, deallocated | | a real person holds it and nobody did, or the other way round |
| moved | | another team answers for it |
| due_soon | it has come within its warning | |
| breached | its limit has passed; also when it was done late meanwhile | |
| completed, completed_late | it was done, in time or late | `completed`: it was closed |
| corrected | another start, or another child | another date, or another child |
| vanished | | it is in the extract no more, open or closed, and its source does not lose cases by their age |

Where a row is in quarantine in one of the two extracts, or its team is blocked there, it has neither vanished nor come: nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from caseclock.clocks.columns import NO_DAY, NONE, Codes, Mask, pairs
from caseclock.clocks.happened import CASE, EVENT_COLUMNS, OF_CLOCKS, Happened, numbers_in
from caseclock.clocks.model import STATES
from caseclock.clocks.pairing import Pairing, days_of, number_of
from caseclock.snapshots import TABLES
from caseclock.snapshots.keys import key_hashes

if TYPE_CHECKING:
    from caseclock.clocks.calendar import Days
    from caseclock.clocks.rules import TimescaleRule
    from caseclock.quality.history import Coverage

CLOCKS_NEEDED: Final = ("rule", "child_ref", "item_ref", "team", "started_on", "due_on", "stopped_on", "state")
"""Of CLOCK_COLUMNS."""

REFERRED_AGAIN: Final = 365  # days after the end of an earlier referral (DfE, children in need: within 12 months)
WORDS: Final = {"title", "basis", "source", "note", "headline"}  # of a rule; another word makes no other clock
_RUNNING, _DUE_SOON, _OVERDUE, _IN_TIME, _LATE = range(len(STATES))


@dataclass(frozen=True)
class Seen:
    """How things stand in one extract. `clocks`: CLOCKS_NEEDED; `referrals`: REFERRAL_COLUMNS.

    `rules`: those that are watched, each with its fingerprint; `tables`: the table that each is about; `roles`: the allocated roles.
    `aside`: hashes of the keys of rows that are in quarantine (snapshots/keys.py). `blocked`: teams whose rows are not to be believed,
    because too many of them are gone or put aside.
    """

    as_of: np.datetime64
    clocks: pd.DataFrame
    referrals: pd.DataFrame
    rules: Mapping[str, str]
    tables: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    aside: frozenset[str] = frozenset()
    coverage: Coverage = "full"
    blocked: frozenset[str] = frozenset()


def fingerprint(rule: TimescaleRule) -> str:
    """Another one where the rule makes other clocks of the same data."""
    return blake2b(rule.model_dump_json(exclude=set(WORDS)).encode(), digest_size=8).hexdigest()


def events_between(before: Seen, now: Seen) -> Happened:
    """What happened between two extracts of one source, `before` being the last accepted one of an earlier date."""
    teams = _teams(before.clocks, now.clocks, before.referrals, now.referrals)
    rules = sorted(rule for rule in now.rules if before.rules.get(rule) == now.rules[rule])
    cases, known = _of_cases(before, now, teams)
    frame = pd.concat([_of_clocks(before, now, rules, teams), *cases], ignore_index=True)
    was = before.referrals
    open_before = was.loc[_flag(was, "open"), "team"].astype("str")
    return Happened(frame, [*known, *((type_, rule) for rule in rules for type_ in OF_CLOCKS)], open_before)


@dataclass(frozen=True)
class _Some:
    """Events of one type about some rows of a frame, an entry per row in `row`. Teams are numbers, -1 for none."""

    type: str
    row: Codes
    team: Codes
    earlier: Codes
    on: Days | None = None


# --- clocks ----------------------------------------------------------------------------------------------------------
def _of_clocks(before: Seen, now: Seen, rules: list[str], teams: list[str]) -> pd.DataFrame:
    b, n = (_watched(seen.clocks, rules) for seen in (before, now))
    same = _same_clocks(b, n, before.as_of, rules)
    was, is_ = np.append(numbers_in(b["state"], STATES), NONE)[same.of], numbers_in(n["state"], STATES)
    fresh, was_done, is_done = same.of == NONE, was >= _IN_TIME, is_ >= _IN_TIME
    has_passed, had_passed = (np.isin(state, (_OVERDUE, _LATE)) for state in (is_, was))
    team, earlier = numbers_in(n["team"], teams), np.append(numbers_in(b["team"], teams), NONE)[same.of]
    believed = ~fresh | ~(_of_teams(team, teams, before.blocked) | _aside_clocks(n, fresh, now.tables, before.aside))
    happened: dict[str, tuple[Mask, str | None]] = {
        "opened": (fresh, "started_on"),
        "due_soon": ((is_ == _DUE_SOON) & (was != _DUE_SOON) & (was != _OVERDUE), None),
        "breached": (has_passed & ~had_passed, "due_on"),
        "completed": ((is_ == _IN_TIME) & ~was_done, "stopped_on"),
        "completed_late": ((is_ == _LATE) & ~was_done, "stopped_on"),
        "reopened": (~is_done & was_done, None),
        "corrected": (same.corrected, None),
    }
    made = []
    for type_, (mask, date) in happened.items():
        row = np.flatnonzero(mask & believed)
        made.append(_Some(type_, row, team[row], earlier[row], days_of(n, date)[row] if date else None))
    return _events(n, made, "started_on", teams)


def _watched(clocks: pd.DataFrame, rules: list[str]) -> pd.DataFrame:
    use = numbers_in(clocks["rule"], rules) >= 0
    return clocks.loc[:, list(CLOCKS_NEEDED)] if use.all() else clocks.loc[use, list(CLOCKS_NEEDED)]


def _same_clocks(b: pd.DataFrame, n: pd.DataFrame, as_of: np.datetime64, rules: list[str]) -> Pairing:
    """By item and start; by child and start, for a numbering that is new; then those whose start was corrected."""
    same = Pairing(b, n)
    same.unmoved((_run(b, rules), _run(n, rules)), ("started_on", "stopped_on", "item_ref", "child_ref"))
    rest = same.rest()
    same.take_over(rest, _same_rest(b.take(rest[0]), n.take(rest[1]), as_of, rules))
    return same


def _run(clocks: pd.DataFrame, rules: list[str]) -> Codes:
    """The order of the clock frame: by rule, then by the due date."""
    return numbers_in(clocks["rule"], rules) * 2**32 + days_of(clocks, "due_on").astype(np.int64)


def _same_rest(b: pd.DataFrame, n: pd.DataFrame, as_of: np.datetime64, rules: list[str]) -> Pairing:
    same = Pairing(b, n)
    rule = np.concatenate([numbers_in(frame["rule"], rules) for frame in (b, n)])
    item, child, start = same.texts("item_ref"), same.texts("child_ref"), same.days("started_on")
    who = np.where(child == NONE, item + len(child), child)  # a worker's own clock has no child
    day = number_of(start)
    same.same(same.key(rule, item, who, day))
    same.same(same.key(rule, who, day))
    same.same(same.key(rule, item, day), corrected=True)  # two records of one child were merged
    same.nearest(same.key(rule, item, who), start, as_of, within=None)
    same.nearest(same.key(rule, who), start, as_of)
    return same


def _aside_clocks(clocks: pd.DataFrame, fresh: Mask, tables: Mapping[str, str], aside: frozenset[str]) -> Mask:
    """Those whose item was in quarantine in the earlier extract."""
    made = np.zeros(len(clocks), dtype=bool)
    for table in set(tables.values()) if aside else ():
        row = np.flatnonzero(fresh & (numbers_in(clocks["rule"], [rule for rule, of in tables.items() if of == table]) != NONE))
        made[row] = _aside(table, clocks["item_ref"].take(row), aside)
    return made


# --- cases -----------------------------------------------------------------------------------------------------------
def _of_cases(before: Seen, now: Seen, teams: list[str]) -> tuple[list[pd.DataFrame], list[tuple[str, str]]]:
    """Events about referrals of the later extract, those about referrals that only the earlier one has, and what could be told."""
    b, n = before.referrals, now.referrals
    same, child = _same_referrals(b, n, before.as_of)
    fresh, ended = same.of == NONE, days_of(n, "ended_on")
    is_open, was_open = _flag(n, "open"), np.append(_flag(b, "open"), False)[same.of]
    b_team, team = numbers_in(b["team"], teams), numbers_in(n["team"], teams)
    earlier = np.append(b_team, NONE)[same.of]
    believed = ~fresh | ~(_of_teams(team, teams, before.blocked) | _aside_where(n, fresh, before.aside))
    passed = fresh & believed & ~is_open & ~_flag(n, "nfa") & (ended > before.as_of)  # opened and closed in between
    begins = (is_open & ~was_open & believed) | passed
    again = begins & (~fresh | _referred_again(child[len(b) :], days_of(n, "began_on"), ended, begins))
    happened: dict[str, tuple[Mask, str | None]] = {
        "opened": (begins & ~again, "began_on"),
        "reopened": (again, "began_on"),
        "completed": (passed | (was_open & ~is_open), "ended_on"),
        "corrected": (same.corrected & (is_open | was_open), None),
        "moved": (is_open & was_open & (earlier != team), None),
    }
    if _shows_holders(b) and _shows_holders(n) and before.roles == now.roles:
        is_held, was_held = is_open & _flag(n, "held"), was_open & np.append(_flag(b, "held"), False)[same.of]
        happened |= {"allocated": (is_held & ~was_held & believed, "since"), "deallocated": (is_open & was_held & ~is_held, "since")}
    answers = np.where(was_open & ~is_open, earlier, team)  # the team that had it has closed it
    made = []
    for type_, (mask, date) in happened.items():
        row = np.flatnonzero(mask)
        made.append(_Some(type_, row, answers[row], earlier[row], days_of(n, date)[row] if date else None))
    lost = _flag(b, "open") & same.left
    lost &= ~(_of_teams(b_team, teams, now.blocked) | _aside_where(b, lost, now.aside))
    row = np.flatnonzero(lost)
    gone = {"full": "vanished", "open_only": "completed", "window": None}[now.coverage]  # in a window a case may have left by its age
    missing = [_Some(gone, row, b_team[row], b_team[row])] if gone else []
    known = [(type_, CASE) for type_ in (*happened, *(["vanished"] if gone == "vanished" else []))]
    return [_events(n, made, "began_on", teams), _events(b, missing, "began_on", teams)], known


def _same_referrals(b: pd.DataFrame, n: pd.DataFrame, as_of: np.datetime64) -> tuple[Pairing, Codes]:
    """First what is wholly the same; then by child and date, for a numbering that is new; then what was corrected. And whose each is."""
    same = Pairing(b, n)
    item, child, began = same.texts("item_ref"), same.texts("child_ref"), same.days("began_on")
    day = number_of(began)
    same.same(same.key(item, child, day))
    same.same(same.key(child, day))
    same.same(same.key(item, child), corrected=True)
    same.same(same.key(item, day), corrected=True)  # two records of one child were merged
    same.nearest(child, began, as_of)
    return same, child


def _referred_again(child: Codes, began: Days, ended: Days, begins: Mask) -> Mask:
    """Of those that begin, the ones whose child has another referral that had ended up to REFERRED_AGAIN days before."""
    earlier, later = pairs(np.where(np.isnat(ended), NONE, child), np.where(begins, child, NONE), int(child.max(initial=0)) + 1)
    since = (began[later] - ended[earlier]).astype(np.int64)
    made = np.zeros(len(child), dtype=bool)
    made[later[(since >= 0) & (since <= REFERRED_AGAIN) & (earlier != later)]] = True
    return made


def _shows_holders(referrals: pd.DataFrame) -> bool:
    return not (_flag(referrals, "open") & referrals["held"].isna().to_numpy()).any()


# --- inside ----------------------------------------------------------------------------------------------------------
def _teams(*frames: pd.DataFrame) -> list[str]:
    columns = (frame["team"] for frame in frames)
    return sorted({str(t) for column in columns for t in (column.cat.categories if hasattr(column, "cat") else column.unique())})


def _of_teams(team: Codes, teams: list[str], wanted: frozenset[str]) -> Mask:
    return np.isin(team, [number for number, name in enumerate(teams) if name in wanted])


def _aside_where(referrals: pd.DataFrame, mask: Mask, aside: frozenset[str]) -> Mask:
    """Those of the rows in `mask` that are in quarantine in the other extract."""
    made, row = np.zeros(len(mask), dtype=bool), np.flatnonzero(mask)
    made[row] = _aside("referral", referrals["item_ref"].take(row), aside)
    return made


def _aside(table: str, items: pd.Series[str], aside: frozenset[str]) -> list[bool]:
    return [hashed in aside for hashed in key_hashes(TABLES[table], items)] if aside else [False] * len(items)


def _flag(frame: pd.DataFrame, column: str) -> Mask:
    made: Mask = frame[column].fillna(False).to_numpy(dtype=bool)
    return made


def _events(of: pd.DataFrame, some: list[_Some], start: str, teams: list[str]) -> pd.DataFrame:
    """EVENT_COLUMNS of events about the rows of one frame, type by type."""
    if not some:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _TYPES.items()})
    row, team, earlier = (np.concatenate([getattr(one, name) for one in some]) for name in ("row", "team", "earlier"))
    on = [np.full(len(one.row), NO_DAY) if one.on is None else one.on for one in some]
    names = pd.Index([*teams, None], dtype="str")
    made = {
        "type": np.repeat([one.type for one in some], [len(one.row) for one in some]),
        "rule": of["rule"].take(row).array if "rule" in of else np.repeat(CASE, len(row)),
        "item_ref": of["item_ref"].take(row).array,
        "child_ref": of["child_ref"].take(row).array,
        "started_on": of[start].take(row).array,
        "team": names.take(team),
        "before_team": names.take(np.where(earlier == team, NONE, earlier)),
        "occurred_on": np.concatenate(on).astype("datetime64[s]"),
    }
    return pd.DataFrame(made).astype(_TYPES)


_TYPES: Final = {name: "datetime64[s]" if name.endswith("_on") else "str" for name in EVENT_COLUMNS}
