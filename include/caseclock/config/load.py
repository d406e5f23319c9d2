"""Reads and checks include/monitoring/ as a whole: every error at once, each with file, line and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from caseclock.clocks.calendar import CalendarConfig
from caseclock.clocks.rules import TimescaleRule
from caseclock.config.lines import Document, Place, Problem, read
from caseclock.errors import BadConfig
from caseclock.extracts.source import SourceConfig
from caseclock.measures.model import MeasureConfig, MeasureId
from caseclock.notifications.routes import Routes, check_manners
from caseclock.quality.config import QualityConfig
from caseclock.thresholds import ThresholdRule

FILES: dict[str, tuple[Any, bool]] = {
    "timescales.yaml": (list[TimescaleRule], True),
    "measures.yaml": (list[MeasureConfig], True),
    "thresholds.yaml": (list[ThresholdRule], True),
    "routes.yaml": (Routes, True),
    "calendar.yaml": (CalendarConfig, False),
    "quality.yaml": (QualityConfig, False),
}
"""File to the model of its whole, and whether it must be there."""

PER_RULE: tuple[MeasureId, ...] = ("open", "overdue", "due_soon", "in_time")  # these have one figure per clock rule behind a dot
WORDS = {"working_day": 1, "weekly": 5}  # cadence of a source: one extract every so many working days


@dataclass(frozen=True)
class Config:
    """What we watch. Everything in it has been checked, alone and together."""

    sources: dict[str, SourceConfig]
    timescales: list[TimescaleRule]
    measures: list[MeasureConfig]
    thresholds: list[ThresholdRule]
    routes: Routes
    calendar: CalendarConfig
    quality: QualityConfig


def load(folder: Path) -> Config:
    """The configuration in a folder. Raises BadConfig whose text holds every problem."""
    made, problems = _read_all(folder)
    if problems:
        text = "\n".join(str(p) for p in problems)
        raise BadConfig(
            f"{len(problems)} problems in the configuration\n{text}", where=str(folder), todo="`caseclock check-config` lists them again."
        )
    return Config(
        sources={s.id: s for s in made["sources"]},
        timescales=made["timescales.yaml"],
        measures=made["measures.yaml"],
        thresholds=made["thresholds.yaml"],
        routes=made["routes.yaml"],
        calendar=made.get("calendar.yaml") or CalendarConfig(),
        quality=made.get("quality.yaml") or QualityConfig(),
    )


def check(folder: Path) -> list[Problem]:
    """Every problem in a folder of configuration, in order of file and line."""
    return _read_all(folder)[1]


def _read_all(folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    made: dict[str, Any] = {}
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for name, (model, needed) in FILES.items():
        file = folder / name
        if file.is_file():
            documents[name] = read(file)
            _validate(documents[name], model, name, made, problems)
        elif needed:
            problems.append(Problem(file, 1, "", "this file is missing", "copy the one that ships with caseclock"))
    problems += _sources(folder, made)
    problems += _together(made, documents)
    known = {folder / name for name in FILES}
    problems += [
        Problem(stray, 1, "", "nothing reads this file", _nearest(stray.name, FILES))
        for stray in sorted(folder.glob("*.y*ml"))
        if stray not in known
    ]
    return made, sorted(problems, key=lambda p: (str(p.file), p.line, p.path))


def _sources(folder: Path, made: dict[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    files = sorted((folder / "sources").glob("*.yaml"))
    made["sources"] = []
    for file in files:
        one: dict[str, Any] = {}
        document = read(file)
        _validate(document, SourceConfig, "source", one, problems)
        if "source" in one:
            if one["source"].id != file.stem:
                problems.append(document.problem(("id",), f"the file is called {file.stem}.yaml", f"id: {file.stem}"))
            made["sources"].append(one["source"])
    if not files:
        problems.append(Problem(folder / "sources", 1, "", "there is no source", "one YAML file per source of extracts"))
    return problems


def _validate(document: Document, model: Any, name: str, made: dict[str, Any], problems: list[Problem]) -> None:
    if document.problems:
        problems.extend(document.problems)
    value = document.value
    if value is None and not document.problems:
        value = [] if model not in (Routes,) and not isinstance(model, type) else {}
    if document.value is None and document.problems:
        return
    try:
        whole = TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        problems.extend(_problem_of(document, model, e) for e in error.errors())
        return
    if isinstance(whole, list):
        problems.extend(_twice(document, whole))
    made[name] = whole


def _problem_of(document: Document, model: Any, error: Any) -> Problem:
    place: Place = tuple(error["loc"])
    here = tuple(p for n, p in enumerate(place) if place[: n + 1] in document.lines or n == len(place) - 1)
    context = error.get("ctx") or {}
    what, allowed = error["msg"].removeprefix("Value error, "), str(context.get("expected", ""))
    if error["type"] == "extra_forbidden":
        fields = _fields_at(model, place[:-1])
        what, allowed = "there is no such setting", _nearest(str(place[-1]), fields)
    elif error["type"] == "missing":
        what = "it is missing"
    return document.problem(here or place, what, allowed)


def _fields_at(model: Any, place: Place) -> list[str]:
    """The settings that the model at a place in the file has."""
    for part in place:
        if isinstance(part, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            model = _inner(model, part)
        else:
            found = model.model_fields.get(str(part)) or next((f for f in model.model_fields.values() if f.alias == part), None)
            model = found.annotation if found else None
    model = _inner(model, "") if not (isinstance(model, type) and issubclass(model, BaseModel)) else model
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [f.alias or name for name, f in model.model_fields.items()]
    return []


def _inner(model: Any, part: str | int) -> Any:
    """The model inside a list, dict, union or Annotated; of a union the one that is named, else the first model in it."""
    inner = [a for a in get_args(model) if isinstance(a, type) and issubclass(a, BaseModel)]
    named = [a for a in inner if a.__name__.lower() == str(part).lower()]
    deeper = [found for a in get_args(model) if (found := _inner(a, part)) is not None]
    return (named or inner or deeper or [None])[0]


def _nearest(word: str, allowed: Iterable[str]) -> str:
    options = list(allowed)
    close = difflib.get_close_matches(word, options, 1, 0.6)
    listed = ", ".join(options)
    return f"{close[0]} (did you mean that?), or one of {listed}" if close else listed


def _twice(document: Document, entries: list[Any]) -> list[Problem]:
    ids = [e.id for e in entries]
    return [
        document.problem((n, "id"), f"{id_!r} stands here twice, first as entry {ids.index(id_) + 1}", "an id of its own")
        for n, id_ in enumerate(ids)
        if id_ in ids[:n]
    ]


# --- between files -------------------------------------------------------------------------------------------------
def _together(made: dict[str, Any], documents: dict[str, Document]) -> list[Problem]:
    problems: list[Problem] = []
    thresholds, timescales, measures = made.get("thresholds.yaml"), made.get("timescales.yaml"), made.get("measures.yaml")
    if thresholds is not None and timescales is not None and measures is not None:
        on = _measure_ids([m.id for m in measures], [r.id for r in timescales])
        for n, rule in enumerate(thresholds):
            if rule.measure not in on:
                problems.append(
                    documents["thresholds.yaml"].problem(
                        (n, "measure"), f"{rule.measure!r} is no measure that is on", _nearest(rule.measure, on)
                    )
                )
    if thresholds is not None and made.get("sources"):
        slowest = max(WORDS[s.cadence] for s in made["sources"])
        known = {rule.id: n for n, rule in enumerate(thresholds)}
        for what in check_manners(thresholds, slowest):
            id_ = next((i for i in known if repr(i) in what), "")
            problems.append(documents["thresholds.yaml"].problem((known.get(id_, 0), "repeat_wd"), what))
    return problems


def _measure_ids(measures: list[str], rules: list[str]) -> list[str]:
    """All measure ids that there can be figures of."""
    whole = [m for m in measures if m in ("open", "unallocated", "unallocated_cp")]
    return whole + [f"{m}.{rule}" for m in measures if m in PER_RULE for rule in rules]
