"""Alerts about data have ids as well: held or late extracts, missing teams. Nobody acts on them here; their page leads to quality."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import day_words, moment_words
from caseclock.dashboard.model import At, NotThere, Tone
from caseclock.dashboard.pages.alert import AlertPage, Fact
from caseclock.measures.model import COUNCIL
from caseclock.pipeline.pages import alert_messages as messages
from caseclock.pipeline.pages.desk import Desk
from caseclock.storage import schema as t
from caseclock.storage.outbox import told_of

if TYPE_CHECKING:
    from caseclock.alerts import Told
    from caseclock.notifications.model import Item

NO_SUCH: Final = "there is no such alert, or it is not among those that you may see"
MOST: Final = 5_000  # conversations about data that are looked through


def source_of_told(c: Connection, alert: str) -> str | None:
    """Of which source an alert about data is."""
    found = _told(c, alert)
    return found[0].instance.source if found else None


def about_data(c: Connection, desk: Desk, at: At, alert: str) -> AlertPage:
    """Raises NotThere where no alert has this id; of a scoped viewer's alerts about data only those that name a team of theirs."""
    from caseclock.notifications.runbook import slug_of
    from caseclock.notifications.wording import label, plain, reason_sentence, sentence
    from caseclock.notifications.words import WORDS

    told = [one for one in _told(c, alert) if one.instance.source == at.source and at.scope.sees(one.instance.team)]
    if not told:
        raise NotThere(NO_SUCH)
    place = told[0].instance.team
    item, routes, is_open = _item(told[0]), desk.house.config.routes, any(one.open for one in told)
    notes = messages.notes_of(c, routes, (alert,), told)
    begun = dt.date.fromisoformat(told[0].episode)
    tone: Tone = "amber" if is_open else "quiet"
    why = sentence(plain(item.reason, 300))
    to = "; ".join(dict.fromkeys(f"{messages.title_of(routes, one.recipient)} on {moment_words(one.first_at)}" for one in told))
    return AlertPage(
        id=alert,
        title=f"{label(item)}: {at.frame.title if place == COUNCIL else desk.standing(c, at.source).name(place)}",
        lead=f"{why or reason_sentence(item)} It began with the extract of {day_words(begun)}.",
        tone=tone,
        facts=(
            Fact("State", "Told, and not over" if is_open else "Told; nothing more is to come of it", tone),
            Fact("What it means", reason_sentence(item)),
            Fact("What to do", WORDS[item.kind].todo or "Nothing more"),
            Fact("Who was told", to),
            Fact("Alert id", alert),
        ),
        dealing=(),
        next=(),
        about_data=True,
        guide=slug_of(item.kind),
        open=is_open,
        letters=messages.letters(c, routes, (alert,), at.source, notes),
        unsent=messages.unsent(routes, notes) if is_open else (),
    )


def _told(c: Connection, alert: str) -> list[Told]:
    from caseclock.alerts import Instance
    from caseclock.alerts.told import ABOUT_DATA
    from caseclock.notifications.compose import alert_id

    k = t.told.c
    places = c.execute(select(k.source, k.rule, k.team, k.episode).where(k.rule.in_(sorted(ABOUT_DATA))).distinct().limit(MOST)).all()
    for source, rule, team, episode in places:
        if alert_id(Instance(source, rule, team), episode) == alert:
            mine = (k.source == source, k.rule == rule, k.team == team, k.episode == episode)
            return [told_of(dict(row)) for row in c.execute(select(t.told).where(*mine)).mappings()]
    return []


def _item(one: Told) -> Item:
    """What its message says of it."""
    from caseclock.notifications.compose import item_from_json

    return item_from_json(one.item)
