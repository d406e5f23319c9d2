"""Where every instance of one source stands, as columns: what a run leaves behind, so that the next one folds only what is new.

A board is a cache of the replay. `newer_than` says whether it still is one: it is of no use as soon as any date before has come late, been
corrected, held, released or measured again, or a rule or its limits have changed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from caseclock.alerts.carry import Carried, carry_on
from caseclock.alerts.fold import Fold
from caseclock.alerts.model import AlertEvent, Condition, Instance, Observation, State
from caseclock.alerts.series import badness_of
from caseclock.thresholds import Severity, ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure, why_silent
from caseclock.thresholds.versions import Versions, limits_of

STATES: tuple[State, ...] = ("NORMAL", "PENDING", "FIRING", "RECOVERING")
BANDS: tuple[Severity | None, ...] = (None, "amber", "red")
NONE = -1
COLUMNS: Mapping[str, str] = {
    "state": "u1", "band": "u1", "run": "<i4", "episode": "<i4", "since": "<i4", "at": "<i4", "spoken": "<i4", "value": "<f8",
}  # fmt: skip
"""Of each place: state and band by number; `episode`, `since` and `at` (the last date that spoke) as numbers of days; `spoken`: how many
dates have spoken."""
STAYS: Mapping[str, str] = {"owner": "<i4", "start": "<i4", "end": "<i4", "nth": "<i4"}
"""Of each stay in firing: numbers of its place, its first day and the day on which it closed, and how many dates had spoken before it."""

Column = npt.NDArray[Any]
Place = tuple[int, str]
"""Number of the rule, and team."""


class Day(NamedTuple):
    """One date that speaks. `figures`: fingerprint of its figures, where they have one."""

    as_of: dt.date
    extract_id: str
    figures: str = ""


class DayFigure(NamedTuple):
    """One figure of one extract."""

    measure: str
    team: str
    value: float | None
    n: int


def prints_of(rules: Sequence[ThresholdRule], versions: Mapping[str, Versions]) -> tuple[str, ...]:
    """All of each rule that decides where its instances stand: what it watches, where, and its limits as they stood."""
    moves = {id: [[limits_of(v.rule), str(v.since)] for v in kept.listed] for id, kept in versions.items()}
    return tuple(json.dumps([rule.id, rule.teams, limits_of(rule), moves.get(rule.id)], sort_keys=True) for rule in rules)


@dataclass
class Board:
    """`places` are in the order of the rules, and of the teams' ids within each. Columns: see `COLUMNS` and `STAYS`."""

    days: list[Day]
    prints: tuple[str, ...]
    places: list[Place]
    columns: dict[str, Column]
    stays: dict[str, Column]
    newest: str = ""
    """Count and sums of the figures of the newest day: so it is seen when somebody has put them right in the store by hand."""

    @classmethod
    def empty(cls, prints: tuple[str, ...]) -> Board:
        return cls([], prints, [], _blank(0), {name: np.empty(0, kind) for name, kind in STAYS.items()})

    def newer_than(self, days: Sequence[Day], prints: tuple[str, ...], versions: Iterable[Versions]) -> Sequence[Day] | None:
        """The dates that have come since, all of them newer; None: what was before has changed, so everything must be replayed."""
        if prints != self.prints or list(days[: len(self.days)]) != self.days:
            return None
        newer = days[len(self.days) :]
        if newer and any(v.listed and v.on(newer[0].as_of) is not v.listed[-1].rule for v in versions):
            return None  # limits that hold from a date that speaks no more
        return newer

    # --- one place -------------------------------------------------------------------------------------------------
    def day(self, number: int) -> dt.date | None:
        return None if number == NONE else self.days[number].as_of

    def condition(self, place: int) -> Condition:
        c = {name: column.item(place) for name, column in self.columns.items()}
        if c["at"] == NONE:
            return Condition()
        episode = self.day(c["episode"])
        return Condition(
            STATES[c["state"]],
            BANDS[c["band"]],
            c["value"],
            self.day(c["at"]),
            c["run"],
            episode.isoformat() if episode else None,
            self.day(c["since"]),
            self.days[c["at"]].extract_id,
        )

    def _stays_of(self, place: int) -> slice:
        first, last = np.searchsorted(self.stays["owner"], (place, place + 1))
        return slice(int(first), int(last))

    def episodes(self, place: int) -> dict[str, dt.date | None]:
        mine = self._stays_of(place)
        ends = zip(self.stays["start"][mine].tolist(), self.stays["end"][mine].tolist(), strict=True)
        return {self.days[start].as_of.isoformat(): self.day(end) for start, end in ends}

    def episodes_since(self, day: int, places: Sequence[int]) -> list[tuple[int, dict[str, dt.date | None]]]:
        """Of these places the episodes that are open, or ended on this day (its number) or later."""
        s = self.stays
        late = ((s["end"] == NONE) | (s["end"] >= day)) & np.isin(s["owner"], places)
        found: dict[int, dict[str, dt.date | None]] = {}
        for owner, start, end in zip(*(s[name][late].tolist() for name in ("owner", "start", "end")), strict=True):
            found.setdefault(owner, {})[self.days[start].as_of.isoformat()] = self.day(end)
        return list(found.items())

    def stood(self, place: int) -> dict[str, int]:
        """How many dates have spoken since each stay began, its first included."""
        mine, spoken = self._stays_of(place), int(self.columns["spoken"].item(place))
        starts = zip(self.stays["start"][mine].tolist(), self.stays["nth"][mine].tolist(), strict=True)
        return {self.days[start].as_of.isoformat(): spoken - nth for start, nth in starts}

    # --- all of them -----------------------------------------------------------------------------------------------
    def standing(self) -> list[int]:
        """Places that are not NORMAL."""
        found: list[int] = np.flatnonzero(self.columns["state"]).tolist()
        return found

    def with_open_episode(self) -> list[int]:
        found: list[int] = np.flatnonzero(self.columns["episode"] != NONE).tolist()
        return found

    def begun_often(self, times: int, window: int) -> list[int]:
        """Places with so many stays that began within the last `window` dates that spoke of them."""
        owner = self.stays["owner"]
        lately = self.columns["spoken"][owner] - self.stays["nth"] <= window
        found: list[int] = np.flatnonzero(np.bincount(owner[lately], minlength=len(self.places)) >= times).tolist()
        return found

    # --- a replay as a board ---------------------------------------------------------------------------------------
    @classmethod
    def of_folds(cls, days: Sequence[Day], prints: tuple[str, ...], folds: Mapping[Place, Fold]) -> Board:
        """`folds`: what the replay says, in the order of the places."""
        made = cls(list(days), prints, list(folds), _blank(len(folds)), {})
        number = {day.as_of.isoformat(): n for n, day in enumerate(days)}
        stays: list[tuple[int, int, int, int]] = []
        for place, outcome in enumerate(folds.values()):
            made.columns["spoken"][place] = len(outcome.dates)  # also dates of before the limits that it is held against
            if outcome.condition.as_of is None:
                continue
            made._put(place, outcome.condition, number)
            for start, end in outcome.episodes.items():
                stays.append((place, number[start], number[end.isoformat()] if end else NONE, len(outcome.dates) - outcome.since(start)))
        table = np.array(stays, dtype="<i4").reshape(-1, len(STAYS))
        made.stays = {name: table[:, n].copy() for n, name in enumerate(STAYS)}
        return made

    def _put(self, place: int, c: Condition, number: Mapping[str, int]) -> None:
        row = {
            "state": STATES.index(c.state), "band": BANDS.index(c.severity), "run": c.run, "value": c.value,
            "episode": number[c.episode] if c.episode else NONE,
            "since": number[c.since.isoformat()] if c.since else NONE,
            "at": number[c.as_of.isoformat()] if c.as_of else NONE,
        }  # fmt: skip
        for name, value in row.items():
            self.columns[name][place] = value


@dataclass
class Carrying:
    """A board that is taken through new dates.

    `touched`: places that were or are not NORMAL on any of them. `new`: places that no date before spoke of. `events`: of each place.
    """

    board: Board
    source: str
    rules: Sequence[ThresholdRule]
    touched: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    events: dict[int, list[AlertEvent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._listen()

    def take(self, day: Day, figures: Sequence[DayFigure]) -> None:
        """One newer date with its figures, for rules whose limits of that date are those of now."""
        self._make_room(figures)
        board, columns = self.board, self.board.columns
        number = len(board.days)
        board.days.append(day)
        places, values = self._speaking(figures)
        band, clear = self._bands(places, values)
        state = columns["state"][places]
        stays = (state == STATES.index("FIRING")) & ~clear
        walks = ~stays & ((state != STATES.index("NORMAL")) | (band > 0))  # all others are NORMAL and within the limit
        before = {int(p): Carried(board.condition(int(p)), board.episodes(int(p))) for p in places[walks]}
        columns["value"][places], columns["at"][places] = values, number
        columns["spoken"][places] += 1
        columns["band"][places[stays]] = np.where(band[stays] > 0, band[stays], columns["band"][places[stays]])
        self.touched.update(places[stays].tolist())
        changed = [(p, self._walk(p, before[p], day, v)) for p, v in zip(places[walks].tolist(), values[walks].tolist(), strict=True)]
        self._keep_stays({p: outcome for p, outcome in changed if outcome.episodes != before[p].episodes})

    def _bands(self, places: Column, values: Column) -> tuple[Column, Column]:
        """The band that each value lies in, by number, and whether it is clear of the limit."""
        band, clear = np.zeros(len(places), dtype="u1"), np.zeros(len(places), dtype=bool)
        owner = np.fromiter((n for n, _ in self.board.places), dtype=np.int32, count=len(self.board.places))[places]
        for n in np.unique(owner).tolist():
            mine, rule = owner == n, self.rules[n]
            bad = badness_of(rule, values[mine])
            band[mine] = (bad >= rule.badness(rule.amber)).astype("u1") + (bad >= rule.badness(rule.red))
            clear[mine] = bad < rule.badness(rule.clear_below)
        return band, clear

    def _walk(self, place: int, before: Carried, day: Day, value: float) -> Fold:
        n, team = self.board.places[place]
        rule = self.rules[n]
        seen = Observation(day.as_of, value, 0, True, day.extract_id)
        outcome = carry_on(rule, Instance(self.source, rule.id, team), before, (seen,), frozenset())
        c, columns, number = outcome.condition, self.board.columns, len(self.board.days) - 1
        columns["state"][place], columns["band"][place], columns["run"][place] = STATES.index(c.state), BANDS.index(c.severity), c.run
        if c.state == "NORMAL":
            columns["since"][place] = columns["episode"][place] = NONE
        elif c.since == day.as_of:
            columns["since"][place] = number
        if c.episode == day.as_of.isoformat():
            columns["episode"][place] = number
        self.touched.add(place)
        if outcome.events:
            self.events.setdefault(place, []).extend(outcome.events)
        return outcome

    def _keep_stays(self, changed: Mapping[int, Fold]) -> None:
        """A stay begins or ends on the newest day alone."""
        board, stays, number = self.board, self.board.stays, len(self.board.days) - 1
        today, begun = board.days[number].as_of, []
        for place, outcome in changed.items():
            mine = board._stays_of(place)
            if mine.stop > mine.start and stays["end"][mine.stop - 1] == NONE and today in outcome.episodes.values():
                stays["end"][mine.stop - 1] = number
            if today.isoformat() in outcome.episodes:
                begun.append((place, number, NONE, int(board.columns["spoken"].item(place)) - 1))
        if begun:
            table = np.array(begun, dtype="<i4")
            whole = {name: np.concatenate([stays[name], table[:, n]]) for n, name in enumerate(STAYS)}
            order = np.argsort(whole["owner"], kind="stable")
            board.stays = {name: column[order] for name, column in whole.items()}

    def _speaking(self, figures: Sequence[DayFigure]) -> tuple[Column, Column]:
        listening = self._listening
        places: list[int] = []
        values: list[float] = []
        for measure, team, value, n in figures:
            for place, rule in listening.get((measure, team), ()):
                if value is not None and why_silent(rule, value, n) is None:
                    places.append(place)
                    values.append(value)
        return np.array(places, dtype=np.int32), np.array(values, dtype=np.float64)

    def _listen(self) -> None:
        self._listening: dict[tuple[str, str], list[tuple[int, ThresholdRule]]] = {}
        for place, (n, team) in enumerate(self.board.places):
            self._listening.setdefault((self.rules[n].measure, team), []).append((place, self.rules[n]))

    def _make_room(self, figures: Sequence[DayFigure]) -> None:
        """Places that a figure speaks of for the first time."""
        strange = {(f.measure, f.team) for f in figures} - self._listening.keys()
        if not strange:
            return
        watching = by_measure(self.rules)
        number = {rule.id: n for n, rule in enumerate(self.rules)}
        new = {(number[r.id], team) for measure, team in strange for r in watching.get(measure, ()) if applies_to(r, team)}
        if not new:
            return
        board, old = self.board, self.board.places
        board.places = sorted([*old, *new])
        at = {place: n for n, place in enumerate(board.places)}
        to = np.array([at[place] for place in old], dtype=np.int32)
        wider = _blank(len(board.places))
        for name, column in board.columns.items():
            wider[name][to] = column
        board.columns = wider
        board.stays["owner"] = to[board.stays["owner"]]
        self.touched = {int(to[place]) for place in self.touched}
        self.new = {int(to[place]) for place in self.new} | {at[place] for place in new}
        self.events = {int(to[place]): events for place, events in self.events.items()}
        self._listen()


def _blank(size: int) -> dict[str, Column]:
    empty = {"episode": NONE, "since": NONE, "at": NONE}
    return {name: np.full(size, empty.get(name, 0), dtype=kind) for name, kind in COLUMNS.items()}
