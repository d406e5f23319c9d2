"""Where every instance of one source stands: carried on from the last run where nothing before has changed, else replayed.

Both ways end in the same `Folds`. What needs the history of single instances (a chart, a look at limits that were moved) reads it when it
is asked for, and of these instances alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, overload

import numpy as np

from caseclock.alerts.board import Board, Carrying, Column, Day, DayFigure, Place, prints_of
from caseclock.alerts.data import ExtractDay
from caseclock.alerts.flapping import EPISODES, WINDOW
from caseclock.alerts.fold import Fold, fold, limit_changes, moved
from caseclock.alerts.model import AlertEvent, Condition, Instance, Observation, Told
from caseclock.alerts.series import Days, Series, fold_series
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure, why_silent
from caseclock.thresholds.versions import Versions

MOST_DATES = 60  # newer dates that are taken one by one; beyond them a replay of everything is no slower
TAIL = 60  # dates: the most that a message shows of an instance (compose.MOST)


class Figures(NamedTuple):
    """Figures of many extracts, as columns: number of the day, number of the pair of measure and team, value (NaN: none), made from."""

    pairs: list[tuple[str, str]]
    day: Column
    pair: Column
    value: Column
    n: Column


class FigureStore(Protocol):
    """What is read of a source, and where the board is kept. `extract_ids` are in the order of their dates."""

    def board(self, source: str) -> Board | None: ...

    def figures_of_day(self, extract_id: str, measures: Iterable[str]) -> list[DayFigure]: ...

    def sums_of_day(self, extract_id: str) -> str: ...

    def figures(self, extract_ids: Sequence[str], measures: Iterable[str]) -> Figures: ...

    def figures_of_pairs(self, extract_ids: Sequence[str], pairs: Iterable[tuple[str, str]]) -> Figures: ...


class LaterDates(Set[str]):
    """The dates (ISO) that spoke of an instance, read when somebody asks for them."""

    def __init__(self, history: Sequence[Observation]) -> None:
        self._history = history

    @cached_property
    def _dates(self) -> frozenset[str]:
        return frozenset(seen.as_of.isoformat() for seen in self._history)

    def __contains__(self, day: object) -> bool:
        return day in self._dates

    def __iter__(self) -> Iterator[str]:
        return iter(self._dates)

    def __len__(self) -> int:
        return len(self._dates)


class LaterHistory(Sequence[Observation]):
    """What the dates that speak say of an instance, read when somebody asks for it."""

    def __init__(self, read: Callable[[], Sequence[Observation]]) -> None:
        self._read = read

    @cached_property
    def _seen(self) -> Sequence[Observation]:
        return self._read()

    @overload
    def __getitem__(self, at: int) -> Observation: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Observation]: ...
    def __getitem__(self, at: int | slice) -> Observation | Sequence[Observation]:
        return self._seen[at]

    def __len__(self) -> int:
        return len(self._seen)


@dataclass
class Histories:
    """Histories of single instances. Those that are `expected` to be asked for are read together with the first of them."""

    store: FigureStore
    source: str
    days: Sequence[Day]
    rules: Mapping[str, ThresholdRule]
    versions: Mapping[str, Versions]
    kept: dict[Instance, Sequence[Observation]] = field(default_factory=dict)
    expected: set[Instance] = field(default_factory=set)

    def of(self, instance: Instance) -> Sequence[Observation]:
        """All of it, oldest first."""
        if instance not in self.kept:
            wanted = self.expected if instance in self.expected else {instance}
            self.kept |= self._read(sorted(wanted - self.kept.keys()), self.days)
        return self.kept[instance]

    def tails(self, spoken: Mapping[Instance, int]) -> dict[Instance, Sequence[Observation]]:
        """The newest `TAIL` dates of each. `spoken`: how many dates there are of each in all."""
        made: dict[Instance, Sequence[Observation]] = {i: self.kept[i][-TAIL:] for i in spoken if i in self.kept}
        made |= self._read([i for i in spoken if i not in made], self.days[-TAIL:])
        self.expected |= {i for i, many in spoken.items() if len(made[i]) < min(TAIL, many)}
        return {i: self.of(i)[-TAIL:] if len(made[i]) < min(TAIL, many) else made[i] for i, many in spoken.items()}

    def _read(self, instances: Sequence[Instance], days: Sequence[Day]) -> dict[Instance, Sequence[Observation]]:
        pair_of = {i: (self.rules[i.rule].measure, i.team) for i in instances}
        if not pair_of:
            return {}
        table = Table.of(self.store.figures_of_pairs([day.extract_id for day in days], dict.fromkeys(pair_of.values())), days)
        return {i: self.observed(i, pair, table) for i, pair in pair_of.items()}

    def observed(self, instance: Instance, pair: tuple[str, str], table: Table) -> Sequence[Observation]:
        """What the dates of a table say of an instance; of `min_n` that of each date counts."""
        rule, versions = self.rules[instance.rule], self.versions.get(instance.rule)
        if pair not in table.rows:
            return []
        if not moved(versions):
            return table.series(pair, rule.min_n)
        seen = table.series(pair, 0)
        return [o for o in seen if why_silent(rule_on(rule, versions, o.as_of), o.value, o.n) is None]


class Table:
    """Figures as rows of places and columns of days (NaN: none). Rows that speak on the same dates share these."""

    def __init__(self, days: Sequence[Day], rows: Mapping[tuple[str, str], int], value: Column, n: Column) -> None:
        self.days, self.rows, self._value, self._n = days, rows, value, n
        self._shared: dict[bytes, Days] = {}

    @classmethod
    def of(cls, found: Figures, days: Sequence[Day]) -> Table:
        shape = (len(found.pairs), len(days))
        value, n = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        value[found.pair, found.day], n[found.pair, found.day] = found.value, found.n
        return cls(days, {pair: row for row, pair in enumerate(found.pairs)}, value, n)

    def series(self, pair: tuple[str, str], min_n: int) -> Series:
        value, n = self._value[self.rows[pair]], self._n[self.rows[pair]]
        speaks = ~np.isnan(value) & (n >= min_n)
        key = speaks.tobytes()
        if key not in self._shared:
            mine = [self.days[at] for at in np.flatnonzero(speaks).tolist()]
            self._shared[key] = Days([day.as_of for day in mine], [day.extract_id for day in mine])
        return Series(self._shared[key], value[speaks], n[speaks])


def rule_on(rule: ThresholdRule, versions: Versions | None, day: dt.date) -> ThresholdRule:
    """The rule by whose `min_n` a figure of a date may speak."""
    return (versions.on(day) or rule) if versions and len(versions.listed) > 1 else rule


class Folds(Mapping[Instance, Fold]):
    """Where each instance stands, in the order of the rules and, within each, of the teams' ids.

    Those that no figure speaks of, but of which somebody was told and has not been told the end (`silent`), are among them.
    """

    def __init__(self, board: Board, histories: Histories, silent: Iterable[Instance] = ()) -> None:
        self.board, self.histories, self.source = board, histories, histories.source
        self._order = list(histories.rules)
        self._numbers = {id: n for n, id in enumerate(self._order)}
        self._places = {place: n for n, place in enumerate(board.places)}
        self.silent = {i for i in silent if self._place(i) is None}
        self.replayed = True
        """False: the last run was carried on, so only what is newer than its dates can have changed anything."""
        self.newer: Sequence[Day] = board.days
        self.touched: Set[Instance] = frozenset()
        """Of a run that was carried on: what was or is not NORMAL on a newer date, and what was not here in the last run (`strange`)."""
        self.strange: Set[Instance] = self.silent
        self._made: dict[Instance, Fold] = {}
        self._events: dict[Instance, list[AlertEvent]] = {}

    @classmethod
    def of_replay(cls, board: Board, histories: Histories, silent: Iterable[Instance], folds: Mapping[Place, Fold]) -> Folds:
        made = cls(board, histories, silent)
        made._made = dict(zip(map(made.instance, range(len(board.places))), folds.values(), strict=True))
        return made

    @classmethod
    def of_carrying(cls, carrying: Carrying, histories: Histories, silent: Iterable[Instance], newer: Sequence[Day]) -> Folds:
        made = cls(carrying.board, histories, silent)
        made.replayed, made.newer = False, newer
        made.strange = {made.instance(place) for place in carrying.new} | made.silent
        made.touched = {made.instance(place) for place in carrying.touched} | made.strange
        made._events = {made.instance(place): events for place, events in carrying.events.items()}
        return made

    @property
    def fresh(self) -> bool:
        """Whether anything speaks that did not in the last run."""
        return self.replayed or bool(self.newer)

    # --- as a mapping ----------------------------------------------------------------------------------------------
    def __getitem__(self, instance: Instance) -> Fold:
        if instance not in self._made:
            place = self._place(instance)
            if place is None and instance not in self.silent:
                raise KeyError(instance)
            self._made[instance] = Fold() if place is None else self._fold(instance, place)
        return self._made[instance]

    def __contains__(self, instance: object) -> bool:
        return isinstance(instance, Instance) and (self._place(instance) is not None or instance in self.silent)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.in_order([*map(self.instance, range(len(self.board.places))), *self.silent]))

    def __len__(self) -> int:
        return len(self.board.places) + len(self.silent)

    # --- some of them ----------------------------------------------------------------------------------------------
    def in_order(self, instances: Iterable[Instance]) -> list[Instance]:
        """Those of them that are here."""
        return sorted((i for i in instances if i in self), key=lambda i: (self._numbers[i.rule], i.team))

    def instance(self, place: int) -> Instance:
        number, team = self.board.places[place]
        return Instance(self.source, self._order[number], team)

    def rule(self, instance: Instance) -> ThresholdRule:
        return self.histories.rules[instance.rule]

    @property
    def watched_rules(self) -> set[str]:
        """Rules that have an instance."""
        return {self._order[n] for n, _ in self.board.places} | {i.rule for i in self.silent}

    def standing(self) -> list[Instance]:
        """Those that are not NORMAL, in order."""
        return [self.instance(place) for place in self.board.standing()]

    def with_open_episode(self) -> list[Instance]:
        """In order."""
        return [self.instance(place) for place in self.board.with_open_episode()]

    def that_come_and_go(self) -> dict[Instance, Fold]:
        """Those that began so often of late that they are unstable."""
        return {i: self[i] for i in map(self.instance, self.board.begun_often(EPISODES, WINDOW))}

    def tails(self, instances: Iterable[Instance]) -> dict[Instance, Sequence[Observation]]:
        """The newest dates of each, as many as a message shows."""
        spoken = self.board.columns["spoken"]
        found = ((i, self._place(i)) for i in instances)
        return self.histories.tails({i: spoken.item(place) for i, place in found if place is not None})

    def changed_events(self) -> list[tuple[Instance, Sequence[AlertEvent]]]:
        """Changes of state, in order: after a replay all that ever were, else those of the newer dates."""
        if self.replayed:
            return [(i, self[i].events) for i in self]
        return [(i, self._events[i]) for i in self.in_order(self._events)]

    def changed_episodes(self) -> list[tuple[Instance, Mapping[str, dt.date | None]]]:
        """Episodes of which something may be other than in the last run, in order: all of them, or those that the newer dates saw."""
        if self.replayed:
            return [(i, self[i].episodes) for i in self]
        places = [place for i in self.touched - self.strange if (place := self._place(i)) is not None]
        lately = {self.instance(place): found for place, found in self.board.episodes_since(len(self.board.days) - len(self.newer), places)}
        return [(i, self[i].episodes if i in self.strange else lately[i]) for i in self.in_order({*lately, *self.strange})]

    def condition(self, instance: Instance) -> Condition:
        place = self._place(instance)
        return Condition() if place is None else self.board.condition(place)

    # --- inside ----------------------------------------------------------------------------------------------------
    def _place(self, instance: Instance) -> int | None:
        number = self._numbers.get(instance.rule)
        return self._places.get((number, instance.team)) if number is not None and instance.source == self.source else None

    def _fold(self, instance: Instance, place: int) -> Fold:
        history = LaterHistory(lambda: self.histories.of(instance))
        several = moved(self.histories.versions.get(instance.rule))
        changes = limit_changes(instance, history, several) if several else ()
        board, events = self.board, tuple(self._events.get(instance, ()))
        return Fold(board.condition(place), events, board.episodes(place), LaterDates(history), changes, board.stood(place))


def evaluate(
    store: FigureStore,
    source: str,
    rules: Sequence[ThresholdRule],
    versions: Mapping[str, Versions],
    days: Sequence[ExtractDay],
    told: Iterable[Told],
    *,
    replay: bool = False,
) -> Folds:
    """Where everything stands now. `days`: of each extract date the newest revision. `replay`: make no use of what was kept."""
    spoke = sorted(Day(day.as_of, day.extract_id, day.figures) for day in days if day.held is None)
    prints = prints_of(rules, versions)
    histories = Histories(store, source, spoke, {rule.id: rule for rule in rules}, versions)
    silent = {t.instance for t in told if t.open and t.instance.rule in histories.rules}
    silent = {i for i in silent if applies_to(histories.rules[i.rule], i.team)}
    board = None if replay else store.board(source)
    newer = board.newer_than(spoke, prints, versions.values()) if board else None
    by_hand = bool(board and newer is not None and board.days and store.sums_of_day(board.days[-1].extract_id) != board.newest)
    if board is None or newer is None or by_hand or len(newer) > MOST_DATES:
        return _replayed(histories, prints, silent)
    carrying = Carrying(board, source, rules)
    for day in newer:
        carrying.take(day, store.figures_of_day(day.extract_id, by_measure(rules)))
    if newer:
        board.newest = store.sums_of_day(newer[-1].extract_id)
    return Folds.of_carrying(carrying, histories, silent, newer)


def _replayed(histories: Histories, prints: tuple[str, ...], silent: Iterable[Instance]) -> Folds:
    """Each history as columns; where limits were moved, date by date."""
    rules = list(histories.rules.values())
    found = histories.store.figures([day.extract_id for day in histories.days], by_measure(rules))
    table, teams, folds = Table.of(found, histories.days), dict[str, list[str]](), dict[Place, Fold]()
    for measure, team in found.pairs:
        teams.setdefault(measure, []).append(team)
    for number, rule in enumerate(rules):
        versions = moved(histories.versions.get(rule.id))
        for team in sorted(teams.get(rule.measure, ())):
            if not applies_to(rule, team):
                continue
            instance = Instance(histories.source, rule.id, team)
            seen = histories.kept[instance] = histories.observed(instance, (rule.measure, team), table)
            folds[number, team] = fold_series(rule, instance, seen) if isinstance(seen, Series) else fold(rule, instance, seen, versions)
    board = Board.of_folds(histories.days, prints, folds)
    board.newest = histories.store.sums_of_day(histories.days[-1].extract_id) if histories.days else ""
    return Folds.of_replay(board, histories, silent, folds)
