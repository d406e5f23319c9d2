"""Reads and checks include/monitoring/ as a whole: every error at once, each with file, line and what is allowed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from caseclock.clocks.calendar import CalendarConfig
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.worklist_config import WorklistConfig
from caseclock.config.between import between, nearest, place_of
from caseclock.config.codes import code_files_of, with_spellings
from caseclock.config.lines import Document, Place, Problem, read
from caseclock.digest.config import DigestConfig
from caseclock.errors import BadConfig
from caseclock.extracts.source import SourceConfig
from caseclock.measures.model import MeasureConfig
from caseclock.notifications.routes import Routes
from caseclock.quality.config import QualityConfig
from caseclock.thresholds import ThresholdRule
from caseclock.trends.model import TrendsConfig

FILES: dict[str, tuple[Any, bool]] = {
    "timescales.yaml": (list[TimescaleRule], True),
    "measures.yaml": (list[MeasureConfig], True),
    "thresholds.yaml": (list[ThresholdRule], True),
    "routes.yaml": (Routes, True),
    "calendar.yaml": (CalendarConfig, False),
    "quality.yaml": (QualityConfig, False),
    "worklist.yaml": (WorklistConfig, False),
    "trends.yaml": (TrendsConfig, False),
    "digest.yaml": (DigestConfig, False),
}
"""File to the model of its whole, and whether it must be there."""

YEAR = dt.timedelta(days=365)


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
    worklist: WorklistConfig
    trends: TrendsConfig
    digest: DigestConfig


def load(folder: Path) -> Config:
    """The configuration in a folder. Raises BadConfig whose text holds every problem."""
    made, problems = _read_all(folder)
    if problems:
        text = "\n".join(str(p) for p in problems)
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        raise BadConfig(f"{count} in the configuration\n{text}\n`caseclock check-config` lists them again", where=str(folder))
    return Config(
        sources={s.id: s for s in made["sources"]},
        timescales=made["timescales.yaml"],
        measures=made["measures.yaml"],
        thresholds=made["thresholds.yaml"],
        routes=made["routes.yaml"],
        calendar=made.get("calendar.yaml") or CalendarConfig(),
        quality=made.get("quality.yaml") or QualityConfig(),
        worklist=made.get("worklist.yaml") or WorklistConfig(),
        trends=made.get("trends.yaml") or TrendsConfig(),
        digest=made.get("digest.yaml") or DigestConfig(),
    )


def check(folder: Path) -> list[Problem]:
    """Every problem in a folder of configuration, in order of file and line."""
    return _read_all(folder)[1]


def checked(file: Path, model: Any) -> tuple[Any, list[Problem]]:
    """One YAML file against the model of its whole: what it says (None where that is not sound), and every problem."""
    made: dict[str, Any] = {}
    problems: list[Problem] = []
    _validate(read(file), model, "whole", made, problems)
    return made.get("whole"), problems


def notes(folder: Path, today: dt.date) -> list[Problem]:
    """What is sound and will be missed all the same: school holidays that are not listed for the whole of the next year."""
    file, made = folder / "trends.yaml", dict[str, Any]()
    if not file.is_file():
        return []  # then no week counts as school holidays, and nobody has said that any should
    document = read(file)
    _validate(document, TrendsConfig, file.name, made, [])
    if file.name not in made:
        return []
    listed = max((holiday.last for holiday in made[file.name].school_holidays), default=None)
    if listed and listed >= today + YEAR:
        return []
    told = f"they are listed up to {listed}, not for the next 12 months" if listed else "none are listed"
    what = f"{told}: forecasts and charts take later weeks for usual ones"
    return [document.problem(("school_holidays",), what, "the dates of your council")]


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
    problems += between(made, documents)
    known = {folder / name for name in FILES}
    problems += [
        Problem(stray, 1, "", "nothing reads this file", nearest(stray.name, FILES))
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
            source, found = with_spellings(one["source"], document)
            problems += found
            made["sources"].append(source)
    for stray in sorted(set((folder / "sources").glob("*")) - set(files) - code_files_of(made["sources"], folder / "sources")):
        if stray.is_file() and not stray.name.startswith("."):
            problems.append(Problem(stray, 1, "", "nothing reads this file", "a name that ends in .yaml"))
    if not files:
        problems.append(Problem(folder / "sources", 1, "", "there is no source", "one YAML file per source of extracts"))
    return problems


def _validate(document: Document, model: Any, name: str, made: dict[str, Any], problems: list[Problem]) -> None:
    """Puts what is sound into `made`: of a list the sound entries, so that one slip does not hide those of other files."""
    problems.extend(document.problems)
    if document.value is None and document.problems:
        return
    value = document.value
    if value is None:
        value = {} if isinstance(model, type) else []
    try:
        whole = TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        problems.extend(problem for e in error.errors() for problem in _problems_of(document, model, e))
        if not isinstance(value, list) or isinstance(model, type):
            return
        unsound = {e["loc"][0] for e in error.errors()}
        document.kept = [n for n in range(len(value)) if n not in unsound]
        whole = TypeAdapter(model).validate_python([value[n] for n in document.kept])
    else:
        document.kept = list(range(len(whole))) if isinstance(whole, list) else []
    if isinstance(whole, list):
        problems.extend(_twice(document))
    made[name] = whole


def _problems_of(document: Document, model: Any, error: Any) -> list[Problem]:
    """One error of a model, in plain words, where it stands in the file."""
    place: Place = tuple(error["loc"])
    here = tuple(p for n, p in enumerate(place) if place[: n + 1] in document.lines or n == len(place) - 1)
    context = error.get("ctx") or {}
    kind, what, allowed = error["type"], error["msg"].removeprefix("Value error, "), str(context.get("expected", ""))
    if model is Routes and kind == "value_error" and not place:
        return [document.problem(place_of(sentence, document.value), sentence) for sentence in what.split("; ")]
    if kind == "extra_forbidden":
        what, allowed = "there is no such setting", nearest(str(place[-1]), _fields_at(model, place[:-1]))
    elif kind == "missing":
        what = "it is missing"
    elif kind == "literal_error":
        what = "this is none of the allowed words"
        allowed = nearest(str(error["input"]), allowed.replace(" or ", ", ").replace("'", "").split(", "))
    elif kind in EXPECTED:
        what, allowed = "this does not fit here", EXPECTED[kind]
    return [document.problem(here or place, what, allowed)]


EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_type": "a date, YYYY-MM-DD",
    "date_from_datetime_parsing": "a date, YYYY-MM-DD",
    "dict_type": "a block of `key: value`",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list: [one, two], or one entry per line with `- ` before it",
    "model_type": "a block of `key: value`",
    "string_type": "text (put it in quotes)",
    "tuple_type": "a list: [one, two]",
}
"""What is allowed, by pydantic's name of the error."""


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


def _twice(document: Document) -> list[Problem]:
    ids = document.ids
    return [
        document.problem((n, "id"), f"{id_!r} stands here twice, first as entry {ids.index(id_) + 1}", "an id of its own")
        for n, id_ in enumerate(ids)
        if id_ is not None and id_ in ids[:n]
    ]
