"""Buttons on Slack messages and the form behind them: what they say, what they send back, and how it is read.

A button's value is `verb|alert id|episode|count`: `count` is how many messages of that conversation its reader has had, so a button of
a message that has been changed since is known to be old. Nothing in it is about a child.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from caseclock.alerts.model import Told
from caseclock.notifications import wording
from caseclock.notifications.compose import item_from_json
from caseclock.notifications.model import Handle, Item

Verb = Literal["ack", "silence"]
WORDS: Final[Mapping[Verb, str]] = {"ack": "Acknowledge", "silence": "Silence"}
ACTION, FORM = "caseclock_", "caseclock_form"  # begins the id of each button; the id of the form
REASON_LENGTH, TEXT_LENGTH = 300, 2900  # characters; Slack takes 3000 in a section
_VALUE = re.compile(r"(?P<verb>ack|silence)\|(?P<alert>[0-9a-f]{12})\|(?P<episode>[0-9-]{10})\|(?P<count>[0-9]{1,6})")

EXPLAINED: Final[Mapping[Verb, str]] = {
    "ack": "You say that you deal with it. Reminders and escalation rest until then; you are told if it turns red, and when it is over.",
    "silence": "Nobody is called about it until then, not even if it turns red. Its figure is kept up to date, and its end is told.",
}


@dataclass(frozen=True)
class Press:
    """What a button was pressed for, and on which message."""

    verb: Verb
    alert: str
    episode: str
    count: int
    at: Handle

    def why_old(self, told: Told | None) -> str | None:
        """Why this press says nothing any more, for the person who pressed; None when it is about the message as it stands now."""
        if told is None:
            return "This message is no longer the one that stands for this alert. Please use the newest message about it."
        if not told.open:
            return "This alert is over: there is nothing left to do about it."
        if told.serial != self.count:
            return "This alert has changed since you opened it. Please look at the message as it stands now, and press again."
        return None


@dataclass(frozen=True)
class Submission:
    """A form as it was sent off. `form`: its id, the same in every delivery of it; `faults`: block to what is wrong with it."""

    press: Press
    form: str
    reason: str
    until: dt.date | None
    faults: Mapping[str, str]


def press_of(value: object, handle: Handle) -> Press | None:
    """None when the value is not one of ours."""
    found = _VALUE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not all(handle.get(name) for name in ("channel", "ts")):
        return None
    verb = next(v for v in get_args(Verb) if v == found["verb"])
    return Press(verb, found["alert"], found["episode"], int(found["count"]), handle)


def pressed(payload: Mapping[str, Any]) -> Press | None:
    """The press behind a `block_actions` payload (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""
    actions, where = payload.get("actions") or [{}], payload.get("container") or {}
    value = actions[0].get("value") or (actions[0].get("selected_option") or {}).get("value")
    return press_of(value, {"channel": str(where.get("channel_id") or ""), "ts": str(where.get("message_ts") or "")})


def submitted(payload: Mapping[str, Any], today: dt.date, last: Mapping[Verb, dt.date]) -> Submission | None:
    """What a `view_submission` payload says; None when the form is not ours. `last`: the latest day that each verb may end on."""
    view = payload.get("view") or {}
    if view.get("callback_id") != FORM:
        return None
    try:
        kept = json.loads(view.get("private_metadata") or "")
        press = press_of(kept["value"], {"channel": kept["channel"], "ts": kept["ts"]})
    except (ValueError, KeyError, TypeError):
        return None
    if press is None:
        return None
    values = (view.get("state") or {}).get("values") or {}
    reason = wording.plain(str((values.get("reason") or {}).get("reason", {}).get("value") or ""), REASON_LENGTH)
    until = _day((values.get("until") or {}).get("until", {}).get("selected_date"))
    return Submission(press, str(view.get("id") or ""), reason, until, _faults(reason, until, today, last[press.verb]))


def _day(text: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        return None


def _faults(reason: str, until: dt.date | None, today: dt.date, last: dt.date) -> dict[str, str]:
    found = {} if reason else {"reason": "Please say why."}
    if until is None or not today <= until <= last:
        found["until"] = f"Please choose a day from today to {wording.date_words(last)}."
    return found


# --- how it looks --------------------------------------------------------------------------------------------------
def button_row(item: Item) -> list[dict[str, Any]]:
    """A row of buttons for one alert; none where nobody can act on it."""
    elements = [{"type": "button", "action_id": ACTION + verb, **_choice(verb, item)} for verb in WORDS]
    return [{"type": "actions", "elements": elements}] if item.ref else []


def button_menu(item: Item) -> dict[str, Any]:
    """The same beside one alert of several, where there is room for a menu only: what a section takes as its accessory."""
    options = [_choice(verb, item) for verb in WORDS]
    return {"accessory": {"type": "overflow", "action_id": f"{ACTION}menu", "options": options}} if item.ref else {}


def _choice(verb: Verb, item: Item) -> dict[str, Any]:
    return {"text": _plain(WORDS[verb]), "value": f"{verb}|{item.ref}"}


def form(press: Press, told: Told, proposed: dt.date, last: dt.date) -> dict[str, Any]:
    """The form for reason and end (https://docs.slack.dev/reference/views/modal-views). `proposed`: the end that it opens with."""
    value = f"{press.verb}|{press.alert}|{press.episode}|{press.count}"
    until = {"type": "datepicker", "action_id": "until", "initial_date": proposed.isoformat()}
    reason = {"type": "plain_text_input", "action_id": "reason", "max_length": REASON_LENGTH}
    ends = "It ends with the working hours of that day."
    hint = "It is kept, and colleagues who are told of this alert can see it. Write nothing about a child."
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps({"value": value, **press.at}),
        "title": _plain(WORDS[press.verb]),
        "submit": _plain(WORDS[press.verb]),
        "close": _plain("Cancel"),
        "blocks": [
            {"type": "section", "text": _plain(f"{wording.item_sentence(item_from_json(told.item))}\n{EXPLAINED[press.verb]}")},
            {"type": "input", "block_id": "reason", "label": _plain("Reason"), "hint": _plain(hint), "element": reason},
            {
                "type": "input",
                "block_id": "until",
                "label": _plain(f"Until (at most {wording.date_words(last)})"),
                "hint": _plain(ends),
                "element": until,
            },
        ],
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": escaped(text[:TEXT_LENGTH]), "emoji": False}


def escaped(text: str) -> str:
    """What Slack shows as it was written: no link, no mention (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
