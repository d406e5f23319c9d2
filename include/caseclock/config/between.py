"""What must fit between the files, and where in a file a name stands."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, get_args

from caseclock.alerts.told import EFFECTS
from caseclock.clocks.worklist_config import NAMING_RULES
from caseclock.config.lines import Document, Place, Problem
from caseclock.extracts.source import SourceConfig
from caseclock.measures.model import WORSE, MeasureConfig, MeasureId, figures
from caseclock.notifications.routes import Routes, check_manners, check_urgent
from caseclock.notifications.walls import check_walls
from caseclock.thresholds import ThresholdRule

KNOWN = get_args(MeasureId)
Entries = list[tuple[int, ThresholdRule]]
"""Thresholds with their place in the file."""

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
EVERY = {"working_day": 1, "weekly": 5}  # cadence of a source: one extract every so many working days


def between(made: dict[str, Any], documents: dict[str, Document]) -> list[Problem]:
    """Problems between files; only sound entries are compared, but names count as known wherever they are written."""
    problems = _order_of_work(documents) + _trends(documents) + _digest(documents) + _walls(made, documents)
    document = documents.get("thresholds.yaml")
    if document is None or "thresholds.yaml" not in made:
        return problems
    entries: Entries = list(zip(document.kept, made["thresholds.yaml"], strict=True))
    problems += _ids(entries, document)
    problems += _manners(entries, made.get("sources") or [], document)
    if "timescales.yaml" in made and "measures.yaml" in made:
        problems += _measures(entries, made["measures.yaml"], documents, document)
        problems += _rules_of_measures(documents["measures.yaml"], documents["timescales.yaml"])
    if "routes.yaml" in made:
        problems += _patterns(made["routes.yaml"], document, documents["routes.yaml"])
        problems += _urgent(made["routes.yaml"], made["thresholds.yaml"], documents["routes.yaml"])
    return problems


def _walls(made: dict[str, Any], documents: dict[str, Document]) -> list[Problem]:
    """No council's figures may reach another's people where routes.yaml says so."""
    if "routes.yaml" not in made:
        return []
    gaps = check_walls(made["routes.yaml"], [source.id for source in made.get("sources") or []])
    return [documents["routes.yaml"].problem(gap.place, gap.what, gap.allowed) for gap in gaps]


def _order_of_work(documents: dict[str, Document]) -> list[Problem]:
    """The rules that worklist.yaml names are rules: a slip there would put an overdue visit among the rest."""
    document, rules = documents.get("worklist.yaml"), documents.get("timescales.yaml")
    if document is None or rules is None or not isinstance(document.value, dict):
        return []
    known = [id_ for id_ in rules.ids if id_]
    return [
        document.problem((setting, n), f"{name!r} is no rule of timescales.yaml", nearest(str(name), known))
        for setting in NAMING_RULES
        if isinstance(document.value.get(setting), list)
        for n, name in enumerate(document.value[setting])
        if isinstance(name, str) and name not in known
    ]


def _trends(documents: dict[str, Document]) -> list[Problem]:
    """What trends.yaml charts and foretells is measured, and what it rebases is charted: else nobody would notice that nothing happens."""
    document, measures, rules = (documents.get(name) for name in ("trends.yaml", "measures.yaml", "timescales.yaml"))
    if document is None or measures is None or rules is None or not isinstance(document.value, dict):
        return []
    on, value = measure_ids(measures.ids, rules.ids), document.value
    named = {setting: value[setting] for setting in ("charts", "forecasts") if isinstance(value.get(setting), list)}
    problems = [
        document.problem((setting, n), f"{name!r} is no measure that is on", nearest(str(name), on))
        for setting, names in named.items()
        for n, name in enumerate(names)
        if isinstance(name, str) and name not in on
    ]
    charted = [str(name) for name in named.get("charts", [])]
    rebased = value.get("rebase") if charted else None
    return problems + [
        document.problem(("rebase", n, "measure"), f"{entry['measure']!r} has no chart here", nearest(str(entry["measure"]), charted))
        for n, entry in enumerate(rebased if isinstance(rebased, list) else [])
        if isinstance(entry, dict) and "measure" in entry and entry["measure"] not in charted
    ]


def _digest(documents: dict[str, Document]) -> list[Problem]:
    """What digest.yaml shows, holds against or aims at is a figure, and only a share has a target. One whose measure is off has no row."""
    document, measures, rules = (documents.get(name) for name in ("digest.yaml", "measures.yaml", "timescales.yaml"))
    if document is None or measures is None or rules is None or not isinstance(document.value, dict):
        return []
    known, value = measure_ids(KNOWN, rules.ids), document.value
    listed = {setting: value[setting] for setting in ("figures", "benchmarks") if isinstance(value.get(setting), list)}
    named: list[tuple[Place, str]] = [(("figures", n), name) for n, name in enumerate(listed.get("figures", [])) if isinstance(name, str)]
    named += [
        (("benchmarks", n, "figure"), str(entry["figure"]))
        for n, entry in enumerate(listed.get("benchmarks", []))
        if isinstance(entry, dict) and "figure" in entry
    ]
    counts = _no_shares(measures)
    shares = [figure for figure in known if figure.partition(".")[0] not in counts]
    aimed = [str(name) for name in value["targets"]] if isinstance(value.get("targets"), dict) else []
    return [document.problem(place, f"{name!r} is no figure", nearest(name, known)) for place, name in named if name not in known] + [
        document.problem(("targets", name), f"{name!r} is no share in per cent", nearest(name, shares))
        for name in aimed
        if name not in shares
    ]


def _no_shares(measures: Document) -> set[str]:
    """Measures that are on and not in per cent."""
    entries = measures.value if isinstance(measures.value, list) else []
    return {str(e.get("id")) for e in entries if isinstance(e, dict) and e.get("unit") != "per cent"}


def measure_ids(
    measures: Iterable[str | None], rules: Sequence[str | None], config: Mapping[str, MeasureConfig] | None = None
) -> list[str]:
    """All measure ids that there can be figures of. `config`: the entries that are sound, which may ask for some timescales only."""
    known, sound = [rule for rule in rules if rule], config or {}
    asked = [measure for measure in measures if measure and measure in KNOWN]
    return [name for id_ in asked for name in (sound[id_].figures(known) if id_ in sound else figures(id_, known))]


def _rules_of_measures(document: Document, timescales: Document) -> list[Problem]:
    """A timescale that a measure is limited to must exist, else its figures would be missing without a word."""
    known = [id_ for id_ in timescales.ids if id_]
    return [
        document.problem((n, "rules", i), f"{rule!r} is no timescale of timescales.yaml", nearest(str(rule), known))
        for n, entry in enumerate(document.value or [])
        if isinstance(entry, dict) and isinstance(entry.get("rules"), list)
        for i, rule in enumerate(entry["rules"])
        if rule not in known
    ]


def _measures(entries: Entries, measures: list[MeasureConfig], documents: dict[str, Document], document: Document) -> list[Problem]:
    """Every threshold looks at a measure that is on, and in its direction: else it would cry at good news."""
    config: dict[str, MeasureConfig] = {m.id: m for m in measures}
    on = measure_ids(documents["measures.yaml"].ids, documents["timescales.yaml"].ids, config)
    written = [(n, str(e["measure"])) for n, e in enumerate(document.value or []) if isinstance(e, dict) and "measure" in e]
    problems = [
        document.problem((n, "measure"), f"{name!r} is no measure that is on", nearest(name, on)) for n, name in written if name not in on
    ]
    for n, rule in entries:
        measure = next((m for id_, m in config.items() if id_ == rule.measure.partition(".")[0]), None)
        if measure is None:
            continue
        if rule.direction != measure.direction:
            what = f"of {rule.measure} {WORSE[measure.direction]} is worse (measures.yaml)"
            problems.append(document.problem((n, "direction"), what, f"direction: {measure.direction}"))
        if (rule.unit == "per cent") != (measure.unit == "per cent"):
            unit = "per cent" if measure.unit == "per cent" else "cases"
            problems.append(document.problem((n, "unit"), f"{rule.measure} is counted in {measure.unit}", f"unit: {unit}"))
    return problems


def _ids(entries: Entries, document: Document) -> list[Problem]:
    """An id stands in RULE/TEAM, and beside the names of alerts on data: it may be taken for neither."""
    problems = [
        document.problem((n, "id"), f"{rule.id!r} can be no id", "letters, digits, dots, - and _, at most 64")
        for n, rule in entries
        if not ID.fullmatch(rule.id)
    ]
    return problems + [
        document.problem((n, "id"), f"{rule.id!r} is the name of a kind of message", "an id of its own")
        for n, rule in entries
        if rule.id in EFFECTS
    ]


def _manners(entries: Entries, sources: list[SourceConfig], document: Document) -> list[Problem]:
    slowest = max((EVERY[source.cadence] for source in sources), default=1)
    return [document.problem((n, "repeat_wd"), what) for n, rule in entries for what in check_manners([rule], slowest)]


def _patterns(routes: Routes, thresholds: Document, document: Document) -> list[Problem]:
    """A route whose rule or measure does not exist would never be taken, and nobody would notice."""
    measures = sorted({str(e["measure"]) for e in thresholds.value or [] if isinstance(e, dict) and "measure" in e})
    known = {"rules": [id_ for id_ in thresholds.ids if id_], "measures": measures}
    return [
        document.problem(("routes", n, "match", name, i), f"{pattern!r} fits no {name[:-1]} of thresholds.yaml", nearest(pattern, options))
        for n, route in enumerate(routes.routes)
        for name, options in known.items()
        for i, pattern in enumerate(getattr(route.match, name))
        if not any(fnmatchcase(option, pattern) for option in options)
    ]


def _urgent(routes: Routes, rules: list[ThresholdRule], document: Document) -> list[Problem]:
    return [
        document.problem(("routes", n - 1), what, "recipients under `tell`, or quiet hours for the rule")
        for n, what in check_urgent(routes, rules)
    ]


_NAMED = re.compile(r"^(?P<key>catch_all|data|digest|escalation|route (?P<route>\d+)|service (?P<service>\S+)) names '(?P<name>[^']*)'")


def place_of(sentence: str, value: Any) -> Place:
    """Where in routes.yaml the thing stands that a sentence of its check is about."""
    named = _NAMED.match(sentence)
    if not named and (route := re.match(r"route (\d+) is ", sentence)):
        return ("routes", int(route[1]) - 1)
    if not named:
        quoted = re.search(r"'([^']*)'", sentence)
        return _entry(value, quoted[1]) if quoted else ()
    if named["route"]:
        n = int(named["route"]) - 1
        inside: tuple[Place, ...] = (("tell",), ("match", "service"))
        places: list[Place] = [("routes", n, *at) for at in inside]
    elif named["service"]:
        places = [("services", named["service"], "head"), ("services", named["service"], "digest")]
    else:
        places = [(named["key"],)]
    for place in places:
        here = _at(value, place)
        if here == named["name"]:
            return place
        if isinstance(here, list) and named["name"] in here:
            return (*place, here.index(named["name"]))
    return places[0]


def _at(value: Any, place: Place) -> Any:
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _entry(value: Any, name: str) -> Place:
    """The last recipient of this id, or the last service that lists this team."""
    recipients = _at(value, ("recipients",)) or []
    found: list[Place] = [("recipients", n, "id") for n, r in enumerate(recipients) if _at(r, ("id",)) == name]
    services = _at(value, ("services",)) or {}
    for service in services:
        teams = _at(services, (service, "teams")) or []
        found += [("services", service, "teams", n) for n, team in enumerate(teams) if team == name]
    return found[-1] if found else ()


def nearest(word: str, allowed: Iterable[str]) -> str:
    """What is allowed, the likeliest first."""
    options = list(allowed)
    close = difflib.get_close_matches(word, options, 1, 0.6)
    listed = ", ".join(options)
    return f"{close[0]} (did you mean that?), or one of {listed}" if close else listed
