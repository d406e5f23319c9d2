"""What people did about an alert, as its readers see it: in every message that is drawn, and at once on those that stand already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from caseclock.alerts.fold import Fold
from caseclock.alerts.handling import Standing, standing
from caseclock.alerts.model import Handling, Instance, Told
from caseclock.notifications.outbox import Line, Row, new_row
from caseclock.notifications.wording import moment_words, plain
from caseclock.now import LONDON

BY_LENGTH = 80  # characters


def handled_words(now_is: Standing) -> str:
    """`Acknowledged by .. until ..`, `Silenced by .. until ..`, or both; empty when nothing is in force.

    The reason stays in the audit, and so does the Slack id that tells two people of one name apart.
    """
    said = [("Silenced", now_is.silenced), ("Acknowledged", now_is.acked)]
    return "; ".join(
        f"{verb} by {plain(deed.who, BY_LENGTH)} until {moment_words(deed.end.astimezone(LONDON))}" for verb, deed in said if deed
    )


def handled_of(deeds: Iterable[Handling], folds: Mapping[Instance, Fold], now: dt.datetime) -> dict[Instance, str]:
    """`handled_words` of every alert that somebody has done something about."""
    mine: dict[Instance, list[Handling]] = {}
    for deed in deeds:
        mine.setdefault(deed.instance, []).append(deed)
    return {i: handled_words(standing(done, folds.get(i, Fold()), now)) for i, done in mine.items()}


def marks(told: Iterable[Told], said: Mapping[Instance, str], can_edit: Collection[str]) -> list[Row]:
    """Edits that write what is `said` of an alert on its open messages. They call nobody, say no new figure and stand for themselves.

    `can_edit`: channels whose messages can be changed; elsewhere it is read in the next message.
    """
    made = []
    for t in told:
        now_said = said.get(t.instance, "")
        if t.open and t.item and t.handle and t.channel in can_edit and (t.item.get("handled") or "") != now_said:
            line = Line(t.instance, t.episode, "refresh", t.serial, {**t.item, "handled": now_said}, t.via)
            made.append(new_row(t.recipient, t.channel, "update", [line], t.conversation, fixed=True))
    return made
