"""The list of alerts: open ones red first and then oldest, ended ones newest first, a page at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.alert import AlertRow, AlertsPage, Choice
from caseclock.pipeline.pages import alert_words as words
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.storage import handling as deeds
from caseclock.storage import schema as t
from caseclock.storage.alerts import handling_of
from caseclock.storage.engine import moment_text

if TYPE_CHECKING:
    from caseclock.alerts import Instance

SIZE: Final = 50
A = t.alert.c


def alerts(desk: Desk, at: At, closed: bool, team: str | None, rule: str | None, start: int) -> AlertsPage:
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        mine = [*_seen(at), A.closed_on.is_not(None) if closed else A.closed_on.is_(None)]
        mine += [A.close_kind != "moved"] if closed else []  # it goes on under another id
        counts = c.execute(select(A.team, A.rule, A.severity, func.count()).where(*mine).group_by(A.team, A.rule, A.severity)).all()
        _check(desk, at, standing, team, rule, {row.rule for row in counts})
        narrowed = mine + [column == wanted for column, wanted in ((A.team, team), (A.rule, rule)) if wanted]
        query = select(t.alert).where(*narrowed).order_by(*_order(closed)).limit(SIZE + 1).offset(start)
        found = [dict(row) for row in c.execute(query).mappings()]
        handled = {} if closed else _handled(c, at, found[:SIZE])
    rows = tuple(_row(desk, standing, row, at, handled.get((row["rule"], row["team"]), "")) for row in found[:SIZE])
    shown = [row for row in counts if team in (None, row.team) and rule in (None, row.rule)]
    names = {place: standing.name(place) for place in {row.team for row in counts} | ({team} if team else set())}
    titles = {id_: _title(desk, id_) for id_ in {row.rule for row in counts} | ({rule} if rule else set())}
    return AlertsPage(
        "Alerts that are over" if closed else "Open alerts",
        _lead(closed, [(row.severity, row[3]) for row in shown]),
        closed, team, rule, rows, _choices(names, team, "any team"), _choices(titles, rule, "any rule"),
        start, SIZE, len(found) > SIZE,
    )  # fmt: skip


def _seen(at: At) -> list[ColumnElement[bool]]:
    return [A.source == at.source] + ([] if at.scope.teams is None else [A.team.in_(sorted(at.scope.teams))])


def _check(desk: Desk, at: At, standing: Standing, team: str | None, rule: str | None, alerted: set[str]) -> None:
    if team is not None:
        at.check(team)
        if team not in standing.names and team not in {"*", "?"}:
            raise NotThere("there is no such team, or it is not among those that you may see", where="team")
    if rule is not None and words.rule_named(desk.house, rule) is None and rule not in alerted:
        raise NotThere("thresholds.yaml has no such rule", where="rule")


def _order(closed: bool) -> Sequence[Any]:
    if closed:
        return A.closed_on.desc(), A.since, A.rule, A.team
    return case((A.severity == "red", 0), (A.severity == "amber", 1), else_=2), A.since, A.rule, A.team


def _handled(c: Connection, at: At, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """What people did that is in force, by rule and team, in the words of messages."""
    from caseclock.notifications.handled import handled_of

    h, wanted = t.handling.c, {(row["rule"], row["team"]) for row in rows}
    in_force = (h.source == at.source, h.until > moment_text(at.now), h.ended_at.is_(None))
    done = [handling_of(dict(kept)) for kept in c.execute(select(t.handling).where(*in_force)).mappings()]
    done = [deed for deed in done if (deed.instance.rule, deed.instance.team) in wanted]
    folds = {instance: deeds.stays_of(c, instance) for instance in {deed.instance for deed in done}}
    said: dict[Instance, str] = handled_of(done, folds, at.now)
    return {(instance.rule, instance.team): sentence for instance, sentence in said.items()}


def _row(desk: Desk, standing: Standing, row: dict[str, Any], at: At, handled: str) -> AlertRow:
    from caseclock.alerts.hours import local_day

    ended = dt.date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
    item = words.item_of(desk.house, standing, row, ended or local_day(at.now))
    state, tone = words.state_of(row)
    return AlertRow(
        row["id"], state, tone, words.capital(item.title), standing.name(row["team"]), row["team"], words.value_words(item),
        "" if ended else words.limit_words(item), item.since, item.open_wd, ended,
        handled or ("" if ended else "Nobody has acknowledged it"),
    )  # fmt: skip


def _lead(closed: bool, counts: Sequence[tuple[str | None, int]]) -> str:
    total = sum(n for _, n in counts)
    if closed:
        return f"{total:,} {'alert is' if total == 1 else 'alerts are'} over." if total else "No alert is over yet."
    if not total:
        return "No alert is open."
    red, amber = (sum(n for severity, n in counts if severity == colour) for colour in ("red", "amber"))
    return f"{total:,} {'alert is' if total == 1 else 'alerts are'} open: {red:,} red, {amber:,} amber. The worst and oldest come first."


def _choices(names: dict[str, str], chosen: str | None, everything: str) -> tuple[Choice, ...]:
    """Empty where there is nothing to choose between."""
    if len(names) < 2 and chosen is None:
        return ()
    listed = sorted(names.items(), key=lambda one: (one[1].casefold(), one[0]))
    return (Choice(None, everything, chosen is None), *(Choice(key, name, key == chosen) for key, name in listed))


def _title(desk: Desk, rule: str) -> str:
    found = words.rule_named(desk.house, rule)
    return found.title if found else rule
