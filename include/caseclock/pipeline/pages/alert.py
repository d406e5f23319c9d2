"""One alert with everything behind it: what is wrong, who deals with it, what was said, and the extract that the figure comes from."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import day_words, moment_words
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.alert import AlertPage, Deed, Fact, Form, Link, Step
from caseclock.pipeline.pages import alert_messages as messages
from caseclock.pipeline.pages import alert_words as words
from caseclock.pipeline.pages.alert_about_data import NO_SUCH, about_data, source_of_told
from caseclock.pipeline.pages.alert_chart import chart_of
from caseclock.pipeline.pages.alert_list import alerts
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.storage import handling as deeds_kept
from caseclock.storage import schema as t
from caseclock.storage.alerts import handling_of
from caseclock.storage.outbox import told_of

if TYPE_CHECKING:
    from caseclock.alerts import Handling, Instance, Told
    from caseclock.alerts.fold import Fold
    from caseclock.alerts.handling import Standing as InForce
    from caseclock.notifications.model import Item
    from caseclock.thresholds import ThresholdRule

__all__ = ["NO_SUCH", "alert", "alerts", "found_alert", "source_of"]

MAY_NOT: Final = "You may read this page and not act on alerts: that needs the right to edit runs of the Dag monitor_extract."
EVENTS, DEEDS = 200, 50  # of one rule in one team: changes of state and deeds that are read
TENDED: Final = (
    "What you do here counts at once. Messages that stand in Slack already say so after the next round of the sender: every 5 minutes in"
    " working hours, every 10 minutes else."
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """An alert of the store. `ids`: its own, and those under which it stood before a correction moved its first day."""

    row: Row
    ids: tuple[str, ...]
    instance: Instance
    fold: Fold


def source_of(desk: Desk, alert: str) -> str:
    with desk.reading() as c:
        found = c.execute(select(t.alert.c.source).where(t.alert.c.id == alert)).scalar() or source_of_told(c, alert)
    if found is None:
        raise NotThere(NO_SUCH)
    return found


def found_alert(c: Connection, at: At, alert: str) -> Found | None:
    """None for an id that is no alert on a figure. One that only `moved` leads to what it goes on as. Raises NotThere for another's."""
    from caseclock.alerts import Instance

    row = c.execute(select(t.alert).where(t.alert.c.id == alert, t.alert.c.source == at.source)).mappings().first()
    if row is None:
        return None
    if not at.scope.sees(row["team"]):
        raise NotThere(NO_SUCH)
    instance = Instance(row["source"], row["rule"], row["team"])
    a, fold = t.alert.c, deeds_kept.stays_of(c, instance)
    mine = (a.source == instance.source, a.rule == instance.rule, a.team == instance.team)
    if row["close_kind"] == "moved" and (stay := fold.stay_of(row["episode"])):
        row = c.execute(select(t.alert).where(*mine, a.episode == stay)).mappings().first() or row
    moved = c.execute(select(a.id, a.episode).where(*mine, a.close_kind == "moved")).all()
    before = [one.id for one in moved if fold.stay_of(one.episode) == row["episode"] and one.id != row["id"]]
    return Found(dict(row), (row["id"], *before), instance, fold)


def alert(desk: Desk, at: At, alert: str) -> AlertPage:
    with desk.reading() as c:
        found = found_alert(c, at, alert)
        if found is None:
            return about_data(c, desk, at, alert)
        return _page(c, desk, at, found, alert)


def _page(c: Connection, desk: Desk, at: At, found: Found, asked: str) -> AlertPage:
    from caseclock.alerts.handling import standing as in_force
    from caseclock.alerts.hours import local_day

    row, house, standing = found.row, desk.house, desk.standing(c, at.source)
    rule, is_open = words.rule_named(house, row["rule"]), row["closed_on"] is None
    item = words.item_of(house, standing, row, dt.date.fromisoformat(row["closed_on"]) if row["closed_on"] else local_day(at.now))
    done, told = _deeds(c, found.instance), _told(c, found)
    now_is, routes = in_force(done, found.fold, at.now), house.config.routes
    notes = messages.notes_of(c, routes, found.ids, told)
    name, condition = standing.names.get(row["team"], ""), found.fold.condition
    nexts = messages.next_steps(house, rule, found.instance, name, (condition, now_is), [one for one in told if one.open], at.now)
    state, tone = words.state_of(row)
    return AlertPage(
        id=row["id"],
        title=f"{state}: {item.title} – {standing.name(row['team'])}",
        lead=words.lead_of(rule, item, row),
        tone=tone,
        facts=_facts(desk, at, standing, row, now_is, item),
        dealing=_dealing(now_is, is_open),
        next=nexts if is_open else ("Nothing: it is over.",),
        moved_from=asked if asked != row["id"] else "",
        open=is_open,
        forms=_forms(desk, at, is_open, now_is) if at.viewer.may_act else (),
        why_no_form="" if at.viewer.may_act else MAY_NOT,
        tended=TENDED,
        chart=chart_of(c, desk, standing, row, item, rule) if rule else None,
        steps=_steps(c, found, item),
        deeds=tuple(_deed(one, at.now) for one in reversed(done) if one.kind == "silence" or _of(found, one)),
        letters=messages.letters(c, routes, found.ids, at.source, notes),
        unsent=messages.unsent(routes, notes) if is_open else (),
        hears=messages.hears(house, found.instance, name, row["severity"]) if is_open else "",
        chain=_chain(c, row, rule, item),
        figure=rule.measure if rule else "",
        team=row["team"],
        place=standing.name(row["team"]),
        timescale=_timescale(rule),
        rows_listed=rule is not None and not row["team"].startswith("service:"),
        definition=_definition(rule),
    )


# --- what people did -----------------------------------------------------------------------------------------------
def _deeds(c: Connection, instance: Instance) -> list[Handling]:
    h = t.handling.c
    mine = (h.source == instance.source, h.rule == instance.rule, h.team == instance.team)
    rows = c.execute(select(t.handling).where(*mine).order_by(h.at.desc()).limit(DEEDS)).mappings()
    return [handling_of(dict(row)) for row in rows][::-1]


def _of(found: Found, deed: Handling) -> bool:
    return bool(deed.episode) and found.fold.stay_of(str(deed.episode)) == found.row["episode"]


def _told(c: Connection, found: Found) -> list[Told]:
    k, i = t.told.c, found.instance
    rows = c.execute(select(t.told).where(k.source == i.source, k.rule == i.rule, k.team == i.team)).mappings()
    return [one for one in (told_of(dict(row)) for row in rows) if found.fold.stay_of(one.episode) == found.row["episode"]]


def _deed(deed: Handling, now: dt.datetime) -> Deed:
    what = {"ack": "Acknowledged", "silence": "Silenced"}[deed.kind]
    over = deed.end <= now
    return Deed(what, deed.by, deed.at.isoformat(), deed.end.isoformat(), over, deed.reason)


def _dealing(now_is: InForce, is_open: bool) -> tuple[str, ...]:
    said = [
        f"{verb} by {deed.who} until {moment_words(deed.end)}." + (f" Reason: {deed.reason}" if deed.reason else " No reason was given.")
        for verb, deed in (("Acknowledged", now_is.acked), ("Silenced", now_is.silenced))
        if deed
    ]
    if not now_is.acked and is_open:
        ended = now_is.ack_ended
        ran_out = f" The acknowledgement of {ended.who} ended on {moment_words(ended.end)}." if ended else ""
        said.insert(0, f"Nobody has acknowledged it.{ran_out}")
    return tuple(said)


def _forms(desk: Desk, at: At, is_open: bool, now_is: InForce) -> tuple[Form, ...]:
    """The caps are those of the command line: 5 and 20 working days."""
    from caseclock.alerts.handling import ACK_CAP_WD, SILENCE_CAP_WD
    from caseclock.alerts.hours import at_local, later_by, local_day

    calendar, today = desk.house.calendar, local_day(at.now)
    ack, silence = (local_day(later_by(calendar, at.now, most)) for most in (ACK_CAP_WD, SILENCE_CAP_WD))
    ends = at_local(today, dt.time.fromisoformat(calendar.config.working_hours[1]))
    first = today if at.now < ends else calendar.next_working_day(today + dt.timedelta(days=1))
    made = [Form("acknowledge", _once(), ack, first, ack), Form("silence", _once(), ack, first, silence)] if is_open else []
    return (*made, *((Form("unsilence", _once(), ack, first, silence),) if now_is.silenced else ()))


def _once() -> str:
    return uuid.uuid4().hex


# --- what the data say ---------------------------------------------------------------------------------------------
def _facts(desk: Desk, at: At, standing: Standing, row: Row, now_is: InForce, item: Item) -> tuple[Fact, ...]:
    state, tone = words.state_of(row)
    said = (
        words.ENDED.get(row["close_kind"], ("", "over"))[1]
        if row["closed_on"]
        else words.condition_words(words.rule_named(desk.house, row["rule"]), row)
    )
    handling = " and ".join(name for name, deed in (("acknowledged", now_is.acked), ("silenced", now_is.silenced)) if deed)
    last = f"{words.value_words(item)}, of the extract of {day_words(item.as_of)}"
    idle = "Nobody has done anything about it that is in force"
    return (
        Fact("State", f"{state}: {said}", tone),
        Fact("Figure", last if row["as_of"] else "The last one while it was open is not kept with it; the chart has it"),
        Fact("Limits in force", _limits(desk, row)),
        Fact("Data", *_data(desk, at, standing, row)),
        *([Fact("Handling", words.capital(handling) or idle)] if handling or not row["closed_on"] else []),
        Fact("Alert id", row["id"]),
    )


def _limits(desk: Desk, row: Row) -> str:
    rule = words.rule_named(desk.house, row["rule"])
    if rule is None:
        return "thresholds.yaml has no such rule any more"
    side = {"above": "or more", "below": "or less", "either": "or more away from zero"}[rule.direction]
    mark = "%" if rule.unit == "per cent" else ""
    clear = f"{words.CLEAR[rule.direction]} {rule.clear_below:g}{mark}"
    return f"amber at {rule.amber:g}{mark} {side}, red at {rule.red:g}{mark} {side}; clear {clear}"


def _data(desk: Desk, at: At, standing: Standing, row: Row) -> tuple[str, Any]:
    """Whether the figure may speak: a newer extract is held, late, or has no figure for it."""
    if row["closed_on"]:
        return "It is over; newer data do not change it unless they correct the days of it.", ""
    if standing.held and standing.newest:
        held = f"On hold: the newer extract of {day_words(standing.newest.as_of)} did not pass its quality check"
        return f"{held}, so this is the last figure that can be relied on.", "amber"
    latest = max(standing.taken, default=None)
    if latest and row["as_of"] and row["as_of"] < str(latest):
        return f"The newest extract, of {day_words(latest)}, has no figure for it. The last is of {words_day(row['as_of'])}.", "amber"
    if at.frame.tone:
        return at.frame.trust, at.frame.tone
    return "The figure is of the newest extract, which passed its quality check or was released by a person.", ""


def words_day(text: str) -> str:
    return day_words(dt.date.fromisoformat(text))


def _steps(c: Connection, found: Found, item: Item) -> tuple[Step, ...]:
    """Newest first: changes of the episode, and the wait before it."""
    e, i = t.alert_event.c, found.instance
    query = select(t.alert_event).where(e.source == i.source, e.rule == i.rule, e.team == i.team).order_by(e.id.desc()).limit(EVENTS)
    rows = [dict(row) for row in c.execute(query).mappings()]
    episodes = {found.row["episode"]}
    before = [row["id"] for row in rows if row["episode"] is None and row["as_of"] and row["as_of"] <= found.row["episode"]][:1]
    mine = [row for row in rows if row["episode"] in episodes or row["id"] in before]
    return tuple(
        Step(
            row["as_of"],
            words.CHANGES.get((row["from_state"], row["to_state"]), f"{row['from_state'].lower()} to {row['to_state'].lower()}"),
            words.value_words(item, row["value"]) if row["value"] is not None else "–",
            row["reason"],
            row["extract_id"] or None,
        )
        for row in mine
    )


def _chain(c: Connection, row: Row, rule: ThresholdRule | None, item: Item) -> tuple[Link, ...]:
    """The figure that the alert goes by, as it stands in the store, and its extract."""
    e = t.extract.c
    extract = (
        c.execute(select(e.id, e.as_of, e.revision, e.name, e.sha256).where(e.id == row["extract_id"])).first()
        if row["extract_id"]
        else None
    )
    if extract is None:
        return ()
    m, value, n = t.measure_value.c, row["value"], None
    if rule:
        where = (m.extract_id == extract.id, m.measure == rule.measure, m.team == row["team"])
        value, n = c.execute(select(m.value, m.n).where(*where)).first() or (value, None)
    shown = words.value_words(item, value) if value is not None else "–"
    return (Link(extract.as_of, shown, n, extract.id, extract.name, extract.revision, extract.sha256),)


def _timescale(rule: ThresholdRule | None) -> str | None:
    from caseclock.measures.model import rule_of

    return rule_of(rule.measure) if rule else None


def _definition(rule: ThresholdRule | None) -> str:
    if rule is None:
        return ""
    dates = "one extract date" if rule.for_n == 1 else f"{rule.for_n} extract dates in a row"
    urgent = "" if rule.quiet_hours else " It is urgent: it is told at any hour."
    return (
        f"The rule {rule.id} watches the figure {rule.measure}. It is told after {dates} past amber, again every {rule.repeat_wd} working"
        f" days, and to the next one up after {rule.escalate_wd} working days in which nobody acknowledges it.{urgent}"
    )
