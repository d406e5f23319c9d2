"""What tests/spec asks of the fixture `spec` and what it answers, written down while the tests run: the stuff of the generated pages."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SPEC = Path(__file__).resolve().parent

Tables = dict[str, str]


class Looked(dict[str, Any]):
    """A dictionary that remembers which of its entries were looked at: a test asks for all figures and speaks of some."""

    def __init__(self, of: dict[str, Any]) -> None:
        super().__init__({name: Looked(found) if isinstance(found, dict) else found for name, found in of.items()})
        self.seen: dict[str, None] = {}
        self.glanced = False

    def __getitem__(self, name: str) -> Any:
        self.seen[name] = None
        return super().__getitem__(name)

    def get(self, name: str, other: Any = None) -> Any:
        return self[name] if name in self else other  # noqa: SIM401

    def items(self) -> Any:
        self.glanced = True
        return super().items()

    def values(self) -> Any:
        self.glanced = True
        return super().values()

    def __eq__(self, other: object) -> bool:
        self.seen |= dict.fromkeys(self)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def looked_at(self) -> dict[str, dict[str, tuple[str, int]]]:
        """Figure -> team -> (value, n). Of teams that were gone through one by one, those that have any such item."""
        made = {name: dict.__getitem__(self, name) for name in self.seen}
        return {
            name: {team: found for team, found in dict.items(of) if team in of.seen or (of.glanced and found[1])}
            for name, of in made.items()
        }


@dataclass
class Answer:
    """One call of the fixture. `of`: the rules that were asked about; `changed`: fields that differ from the rule that ships;
    `events`: what has happened since the extract before, per place."""

    kind: str
    as_of: str
    tables: Tables
    said: Any
    roles: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    changed: Tables = field(default_factory=dict)
    events: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def concerns(self) -> set[str]:
        """Ids of rules, and `measures/` with ids of measures."""
        return {f"measures/{name.partition('.')[0]}" for name in self.said.seen} if self.kind == "measures" else set(self.of)


@dataclass
class Example:
    """One test function, or one set of its parameters."""

    name: str
    doc: str
    answers: list[Answer]

    @property
    def concerns(self) -> set[str]:
        return {id_ for answer in self.answers for id_ in answer.concerns}

    @property
    def of_absence(self) -> bool:
        """It only shows what is said where data is absent."""
        return not any(answer.kind in ("check", "measures") for answer in self.answers)


class Recorder:
    """The pytest plugin."""

    def __init__(self) -> None:
        self.examples: list[Example] = []
        self.failed: list[str] = []
        self._answers: list[Answer] = []
        self._busy = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only tests that ask for `spec`: the others have no tables to show."""
        items[:] = [item for item in items if "spec" in item.fixturenames]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        made = yield
        if fixturedef.argname == "spec":
            for name in ("check", "clocks", "left_out", "not_watched", "measures"):
                setattr(made, name, self._listened(name, getattr(made, name), made.rules))
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self._answers = []
        try:
            return (yield)
        except BaseException:
            self._answers = []
            raise
        finally:
            if self._answers and not hasattr(item.function, "hypothesis"):
                name = item.originalname
                self.examples.append(Example(name, inspect.cleandoc(item.function.__doc__ or ""), self._answers))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def _listened(self, kind: str, ask: Callable[..., Any], rules: dict[str, Any]) -> Callable[..., Any]:
        usual = inspect.signature(ask).parameters["roles"].default

        def asked(*args: Any, **named: Any) -> Any:
            if self._busy:
                return ask(*args, **named)
            self._busy = True
            try:
                said = ask(*args, **named)
            finally:
                self._busy = False
            given = inspect.signature(ask).bind(*args, **named).arguments
            of, roles = given.get("rules") or given.get("rule", ()), given.get("roles", usual)
            said = Looked(said) if kind == "measures" else given["expected"] if kind == "check" else said
            answer = Answer(kind, given["as_of"], {n: t.strip() for n, t in given.get("tables", {}).items() if t.strip()}, said)
            answer.roles = () if roles == usual else tuple(sorted(roles))
            answer.of = tuple(getattr(rule, "id", rule) for rule in (of if isinstance(of, tuple) else (of,)))
            answer.changed = _changed(of, rules) if hasattr(of, "id") else {}
            answer.events = given.get("events") or {}
            if kind != "clocks" or said.frame.empty:
                self._answers.append(answer)
            return said

        return asked


def _changed(rule: Any, rules: dict[str, Any]) -> Tables:
    if rule.id not in rules:
        return {}
    new, old = (made.model_dump(mode="json", by_alias=True) for made in (rule, rules[rule.id]))
    return {name: json.dumps(value) for name, value in new.items() if value != old[name]}


def record() -> Recorder:
    """Runs the tests of tests/spec that ask for `spec`, in this process."""
    recorder, said = Recorder(), io.StringIO()
    with contextlib.redirect_stdout(said):
        pytest.main([str(SPEC), "-q", "-p", "no:xdist", "-p", "no:cacheprovider"], plugins=[recorder])
    return recorder
