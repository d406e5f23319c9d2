"""The work list of the extract that speaks, cut to what a viewer may see."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from caseclock.clocks.worklist_config import ORDERS_ONLY
from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import At, NotThere, word_of
from caseclock.dashboard.pages.work_list import PAGE, Case, Choice, WorkPage
from caseclock.errors import WrongUse
from caseclock.extracts import Extract
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.pipeline.kept_list import KeptList, Numbers, kept_list
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.pipeline.pages.work_words import TONES, finding, tier_words
from caseclock.pipeline.sheet import write_rows
from caseclock.pipeline.worklist import choose
from caseclock.storage import ledger
from caseclock.storage.outbox import audit

DOWNLOADED: Final = "work_list_downloaded"
COLUMNS: Final = (
    "place", "item_ref", "child_ref", "team", "worker", "tier", "level", "rule", "due_on", "wd_over", "wd_left", "share", "age_days",
    "overdue", "next_on", "next_rule", "reason",
)  # fmt: skip
"""Of the file."""


def work_list(desk: Desk, at: At, place: str | None, tier: int | None, rule: str | None, start: int) -> WorkPage:
    view = _view(desk, at, place)
    mask = view.of(tier, rule)
    chosen = np.flatnonzero(mask)
    config = desk.house.config
    words, titles = tier_words(config.worklist), {r.id: r.title for r in config.timescales}
    counts = np.bincount(view.kept.tiers[view.seen_here], minlength=len(words)).tolist()
    where = view.standing.name(place) if place else "All teams" if at.scope.whole else "Your teams"
    return WorkPage(
        title=f"Work list: {where}" if place else "Work list",
        as_of=view.extract.as_of,
        finding=finding(counts, where, words),
        orders_only=ORDERS_ONLY,
        notes=tuple(_notes(desk, at, view)),
        teams=tuple(_teams(at, view, place)),
        tiers=tuple(_tiers(view, words, tier, rule)),
        rules=tuple(_rules(view, titles, tier, rule)),
        place=place,
        place_name=where,
        tier=tier,
        rule=rule,
        start=start,
        total=len(chosen),
        rows=tuple(_cases(desk, view, chosen[start : start + PAGE])),
    )


def work_list_csv(desk: Desk, at: At, place: str | None, tier: int | None, rule: str | None) -> str:
    """The whole list of a choice. That it was taken out is written down before it is given."""
    view = _view(desk, at, place)
    chosen = np.flatnonzero(view.of(tier, rule))
    out = io.StringIO()
    write_rows(out, COLUMNS, ([row[name] for name in COLUMNS] for row in view.rows(chosen)))
    _write_down(desk, at, view.extract, place, tier, rule, len(chosen))
    return out.getvalue()


def first_of(desk: Desk, at: At, place: str, count: int) -> tuple[int, tuple[Case, ...]]:
    """How many cases of a place are on the list, and the first of them."""
    view = _view(desk, at, None if place == COUNCIL else place)
    chosen = np.flatnonzero(view.seen_here)
    return len(chosen), tuple(_cases(desk, view, chosen[:count]))


# --- what is seen ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _View:
    """`seen`: the rows that this viewer may see; `seen_here`: those of the chosen place among them."""

    extract: Extract
    standing: Standing
    held: bool
    kept: KeptList
    seen: np.ndarray[Any, np.dtype[np.bool_]]
    seen_here: np.ndarray[Any, np.dtype[np.bool_]]

    def of(self, tier: int | None, rule: str | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
        made = self.seen_here.copy()
        if tier is not None:
            made &= self.kept.tiers == tier
        if rule is not None:
            made &= _is(self.kept.words("rule"), rule)
        return made

    @cached_property
    def ranks(self) -> Numbers:
        """The place of each row among those that this viewer may see; of others they learn nothing, not even how many there are."""
        made: Numbers = np.cumsum(self.seen)
        return made

    def rows(self, at: Numbers) -> list[dict[str, Any]]:
        return [row | {"place": int(self.ranks[n])} for n, row in zip(at, self.kept.rows(at), strict=True)]


def _is(column: tuple[Numbers, list[str]], word: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    codes, words = column
    made: np.ndarray[Any, np.dtype[np.bool_]] = codes == (words.index(word) if word in words else -2)
    return made


def _view(desk: Desk, at: At, place: str | None) -> _View:
    """Raises NotThere for a place that is not there or not for this viewer, and where there is no list."""
    if place is not None:
        at.check(place)
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
    try:
        extract = standing.extract or choose(desk.house, at.source, None).extract
        kept = kept_list(desk.house, extract)
    except WrongUse as error:
        raise NotThere("there is no work list yet", where=at.frame.title, todo=f"Why: {error}") from error
    teams, services = kept.words("team"), kept.words("service")
    if place not in (None, COUNCIL, NO_TEAM, *standing.names, *teams[1], *(SERVICE + s for s in services[1])):
        raise NotThere("there is no such team, or it is not among those that you may see", where="team")
    seen = np.array([at.scope.sees(team) for team in teams[1]] + [False])[teams[0]] if len(teams[0]) else np.zeros(0, dtype=bool)
    if place is None or place == COUNCIL:
        here = seen
    elif place.startswith(SERVICE):
        here = seen & _is(services, place.removeprefix(SERVICE))
    else:
        here = seen & _is(teams, place)
    return _View(extract, standing, standing.extract is None, kept, seen, here)


# --- what can be chosen --------------------------------------------------------------------------------------------------
def _teams(at: At, view: _View, place: str | None) -> Iterable[Choice]:
    """Services first, where the viewer sees the council; then the teams by their names, with how many of their cases are on the list."""
    codes, teams = view.kept.words("team")
    counted = dict(zip(teams, np.bincount(codes[codes >= 0], minlength=len(teams)).tolist(), strict=True))
    yield Choice("All teams" if at.scope.whole else "All of yours", None, int(view.seen.sum()), place in (None, COUNCIL))
    if at.scope.whole:
        numbers, services = view.kept.words("service")
        sums = np.bincount(numbers[numbers >= 0], minlength=len(services)).tolist()
        for service, n in sorted(zip(services, sums, strict=True), key=lambda one: view.standing.name(SERVICE + one[0]).casefold()):
            yield Choice(view.standing.name(SERVICE + service), SERVICE + service, n, place == SERVICE + service)
    asked = {place} if place is not None and place in view.standing.names else set()
    mine = [team for team in {*teams, *asked} if at.scope.sees(team)]
    for team in sorted(mine, key=lambda team: (team == NO_TEAM, view.standing.name(team).casefold(), team)):
        if not team.startswith(SERVICE):
            yield Choice(view.standing.name(team), team, counted.get(team, 0), place == team)


def _tiers(view: _View, words: tuple[str, ...], tier: int | None, rule: str | None) -> Iterable[Choice]:
    mask = view.of(None, rule)
    counts = np.bincount(view.kept.tiers[mask], minlength=len(words)).tolist()
    yield Choice("All", None, int(mask.sum()), tier is None)
    for n, said in enumerate(words):
        if counts[n] or tier == n:
            yield Choice(said, str(n), counts[n], tier == n)


def _rules(view: _View, titles: Mapping[str, str], tier: int | None, rule: str | None) -> Iterable[Choice]:
    codes, rules = view.kept.words("rule")
    if rule is not None and rule not in rules and rule not in titles:
        raise NotThere("there is no such timescale", where="rule")
    mask = view.of(tier, None)
    counts = dict(zip(rules, np.bincount(codes[mask & (codes >= 0)], minlength=len(rules)).tolist(), strict=True))
    yield Choice("All", None, int(mask.sum()), rule is None)
    for one in sorted({*rules, *([rule] if rule else [])}, key=lambda id_: titles.get(id_, id_)):
        if counts.get(one) or rule == one:
            yield Choice(_capital(titles.get(one, one)), one, counts.get(one, 0), rule == one)


# --- rows --------------------------------------------------------------------------------------------------------------
def _cases(desk: Desk, view: _View, at: Numbers) -> Iterable[Case]:
    config = desk.house.config
    words, titles = tier_words(config.worklist), {r.id: r.title for r in config.timescales}
    for row in view.rows(at):
        over = row["wd_over"] is not None
        yield Case(
            place=row["place"],
            item=row["item_ref"] or "–",
            child=row["child_ref"] or "–",
            link=config.worklist.case_address(row["item_ref"], row["child_ref"]),
            team=row["team"],
            team_name=view.standing.name(row["team"]),
            worker=row["worker"],
            tier=row["tier"],
            tier_words=words[row["tier"]],
            tone=TONES[row["tier"]],
            reason=_capital(row["reason"]),
            rule=row["rule"],
            rule_title=titles.get(row["rule"], row["rule"]) or "",
            due_on=row["due_on"],
            over=row["wd_over"],
            left=None if row["due_on"] is None else row["wd_left"],
            share=None if row["rule"] is None else round(100 * row["share"]),
            others=row["overdue"] - over if row["overdue"] else 0,
            next_on=row["next_on"],
            next_title=titles.get(row["next_rule"], row["next_rule"]) or "",
        )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- what must be said beside it -------------------------------------------------------------------------------------------
def _notes(desk: Desk, at: At, view: _View) -> Iterable[str]:
    newest = view.standing.newest
    if view.held:
        yield (
            f"HELD: quality holds the figures of the extract of {day_words(view.extract.as_of)}, and nobody has released them. "
            "This list may be wrong: check each case before you act."
        )
    elif newest and view.standing.held and newest.id != view.extract.id:
        yield (
            f"This list is of the extract of {day_words(view.extract.as_of)}. The one of {day_words(newest.as_of)} is held, "
            "so what was done since then is not in it."
        )
    with desk.reading() as c:
        found = ledger.quality_of(c, view.extract.id)
    for absence in found.absences if found else []:
        if any(f"({rule})" in absence.what for rule in desk.house.config.worklist.safeguarding):
            yield f"{_capital(str(absence))}."
    if not view.kept.can_tell:
        yield "The extract cannot show who holds a case, so none is listed because nobody does."
    for team in found.blocked_teams if found else []:
        if at.scope.sees(team):
            yield f"Quality does not believe the rows of {view.standing.name(team)}: most of its cases may be missing here."


def _write_down(desk: Desk, at: At, extract: Extract, place: str | None, tier: int | None, rule: str | None, rows: int) -> None:
    """A file of case ids leaves: who took which of them is kept."""
    choice = {"team": word_of(place) if place else None, "tier": tier, "rule": rule}
    said = ", ".join(f"{name} {value}" for name, value in choice.items() if value is not None) or "all that they may see"
    detail = {"source": at.source, "extract_id": extract.id, "rows": rows, "scope": list(at.scope.services), **choice}
    with desk.house.engine.begin() as c:
        cases = "1 case" if rows == 1 else f"{rows} cases"
        audit(c, at.now, DOWNLOADED, f"{at.source} {extract.as_of}", f"{cases} as CSV: {said}", detail, by=at.viewer.id)
