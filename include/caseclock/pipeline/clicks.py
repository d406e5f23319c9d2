"""What a press of a button in Slack does: a form for reason and end, and then the deed, if the person may and the alert is still so.

Who sees a channel may not therefore act: `may_act` of the message's recipient in routes.yaml says who may. Everything is looked at
again when the form is sent off. Deliveries of Slack may repeat: a form counts once, and a second form of one press never opens.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from caseclock.errors import CaseclockError
from caseclock.notifications import buttons
from caseclock.notifications.buttons import Press, Submission, Verb
from caseclock.pipeline import handling
from caseclock.pipeline.house import House
from caseclock.pipeline.people import deliver_due
from caseclock.storage import handling as store
from caseclock.storage.engine import reading
from caseclock.storage.handling import Where
from caseclock.storage.outbox import is_on_its_way

if TYPE_CHECKING:
    from caseclock.alerts import Told
    from caseclock.notifications import Recipient

log = logging.getLogger(__name__)

SLACK, NAME_LENGTH = "slack", 60
REFUSED_AT = "reason"  # the field of the form below which a refusal is shown
DID_NOT_WORK = "That did not work, and nothing has been changed. Please try again, or ask those who run caseclock."
PROPOSED_WD: Mapping[Verb, int] = {"ack": 2, "silence": 5}  # working days on that the form opens with; a local choice


class Web(Protocol):
    """What is asked of Slack's Web API: `slack_sdk.WebClient` has it."""

    def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> Any: ...

    def chat_postEphemeral(self, *, channel: str, user: str, text: str) -> Any: ...

    def usergroups_users_list(self, *, usergroup: str) -> Any: ...


Reply = Callable[[str], bool]
"""Shows a word with the form that the person has just sent off. False: it is too late for that, or there is no form."""


@dataclass(frozen=True)
class Person:
    """Who pressed: the id that decides what they may, how they are named in the audit and on the message, and how they have word."""

    id: str = ""
    name: str = ""
    reply: Reply = lambda text: False

    @property
    def by(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id


@dataclass
class Clicks:
    """One workspace's presses. `now`: the clock. Configuration is read anew for each, so who may act is what routes.yaml says today."""

    origin: House
    web: Web
    now: Callable[[], dt.datetime]
    deliver: Callable[[House, dt.datetime], object] = lambda house, now: deliver_due(house, now, patient=False)
    """Has what a deed has enqueued sent. Nothing is lost where it does not: the outbox has it, and the next round sends it."""
    _opened: dict[str, None] = field(default_factory=dict)

    def warm(self) -> None:
        """Loads what a press needs: a trigger lives three seconds. Raises BadConfig now and not when somebody presses."""
        from caseclock.alerts import fold, told  # noqa: F401
        from caseclock.storage import alerts  # noqa: F401

        _ = self._days(self.origin).last

    def answer(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the envelope of a form is answered with at once: what has to be filled in differently. None: it is taken."""
        try:
            made = self._submission(payload)
        except Exception as error:  # noqa: BLE001 - what makes no sense is answered, else Slack sends it again and again
            log.warning("a form could not be read (%s)", _kind(error))
            return None
        return {"response_action": "errors", "errors": dict(made.faults)} if made and made.faults else None

    def take(self, payload: Mapping[str, Any], reply: Reply = lambda text: False) -> None:
        """The work behind an envelope. Never raises: the person is told, and the log has what kind of fault it was.

        `reply`: takes the word for the person, where it can still be shown with the form; else they get it in the channel, alone.
        """
        press, person = None, Person(reply=reply)
        try:
            person = _person(payload, reply)
            made = self._submission(payload)
            press = made.press if made else buttons.pressed(payload)
            if press is None or not person.id:
                return
            if made is None:
                self._open_form(press, person, str(payload.get("trigger_id") or ""))
            elif not made.faults:
                self._act(made, person)
        except handling.Refused as refused:
            self._say(press, person, f"This was not done: {refused.what}.")
        except Exception as error:  # noqa: BLE001 - one press must not end the listener
            about = f"a press of {press.verb} on alert {press.alert}" if press else "an envelope that could not be read"
            log.error("%s failed (%s)", about, _kind(error))
            self._say(press, person, DID_NOT_WORK)

    # --- the two steps ---------------------------------------------------------------------------------------------
    def _open_form(self, press: Press, person: Person, trigger: str) -> None:
        if trigger in self._opened:  # Slack delivered the press again
            return
        self._opened[trigger] = None
        for old in list(self._opened)[:-1000]:
            del self._opened[old]
        house = self._today()
        told = self._allowed(house, press, person)
        if told is None:
            return
        today = self._days(house)
        last, proposed = today.last[press.verb], today.proposed[press.verb]
        self.web.views_open(trigger_id=trigger, view=buttons.form(press, told, min(proposed, last), last))

    def _act(self, made: Submission, person: Person) -> None:
        house, press = self._today(), made.press
        where = Where("Slack", f"{SLACK}|{made.form}")
        with reading(house.engine) as c:
            if store.is_done(c, where):  # delivered again: what it did has changed the message, so it would look old now
                return
        told = self._allowed(house, press, person, with_next=True)
        if told is None or made.until is None:
            return
        now = self.now()
        until = handling.end_of_day(house, made.until, now, _most(press.verb))
        if press.verb == "ack":
            handling.acknowledge(house, press.alert, person.by, now, until, made.reason, where)
        else:
            handling.silence(house, told.instance, person.by, now, until, made.reason, where)
        log.info("%s of alert %s is written down", press.verb, press.alert)
        try:
            self.deliver(house, now)
        except Exception as error:  # noqa: BLE001 - the deed stands, so nobody may be told that it did not work
            log.warning("what was enqueued is left to the next round of the sender (%s)", _kind(error))

    def _allowed(self, house: House, press: Press, person: Person, *, with_next: bool = False) -> Told | None:
        """The conversation that the press is about; None where it is old or the person may not, which they are told and the audit keeps.

        `with_next`: a message that is on its way counts as come: of two forms the second is old before the mark of the first is seen.
        """
        with reading(house.engine) as c:
            instance = store.instance_of(c, press.alert)
            told = store.told_at(c, instance, SLACK, press.at, press.episode) if instance else None
            if told and with_next and is_on_its_way(c, told):
                told = replace(told, serial=told.serial + 1)
        recipient = house.config.routes.recipient(told.recipient) if told else None
        if told and recipient and not recipient.may_have(told.instance.source):
            recipient = None  # a wall that was put up since
        if recipient is not None and not self._may(recipient, person):
            why = f"you are not among those who may act for {recipient.title}. Who may is listed as may_act in routes.yaml"
        else:
            why = press.why_old(told if recipient else None) or ""
        if not why:
            return told
        self._say(press, person, why[0].upper() + why[1:])
        if instance:
            with house.engine.begin() as c:
                store.refuse(c, instance, f"{press.verb} from a message: {why}", person.by, self.now(), Where("Slack"))
        return None

    def _may(self, recipient: Recipient, person: Person) -> bool:
        if person.id in recipient.may_act:
            return True
        groups = [id for id in recipient.may_act if id.startswith("S")]
        return any(person.id in (self.web.usergroups_users_list(usergroup=group).get("users") or []) for group in groups)

    # --- small parts -----------------------------------------------------------------------------------------------
    def _today(self) -> House:
        return replace(self.origin)

    def _submission(self, payload: Mapping[str, Any]) -> Submission | None:
        if payload.get("type") != "view_submission":
            return None
        today = self._days(self.origin)
        return buttons.submitted(payload, today.day, today.last)

    def _days(self, house: House) -> _Days:
        return _Days(house, self.now())

    def _say(self, press: Press | None, person: Person, text: str) -> None:
        """A word that only this person sees: with the form, else in the channel."""
        if person.reply(text) or press is None:
            return
        try:
            self.web.chat_postEphemeral(channel=press.at["channel"], user=person.id, text=buttons.escaped(text))
        except Exception as error:  # noqa: BLE001 - it is only a word
            log.warning("a person could not be told why nothing was done (%s)", _kind(error))


@dataclass(frozen=True)
class _Days:
    """Which days a form offers."""

    house: House
    now: dt.datetime

    @property
    def day(self) -> dt.date:
        from caseclock.alerts.hours import local_day

        return local_day(self.now)

    @cached_property
    def last(self) -> dict[Verb, dt.date]:
        return {verb: self.house.calendar.due(self.day, _most(verb)) for verb in buttons.WORDS}

    @cached_property
    def proposed(self) -> dict[Verb, dt.date]:
        return {verb: self.house.calendar.due(self.day, days) for verb, days in PROPOSED_WD.items()}


def _most(verb: Verb) -> int:
    from caseclock.alerts.handling import ACK_CAP_WD, SILENCE_CAP_WD

    return {"ack": ACK_CAP_WD, "silence": SILENCE_CAP_WD}[verb]


def _person(payload: Mapping[str, Any], reply: Reply) -> Person:
    from caseclock.notifications.wording import plain

    user = payload.get("user") or {}
    name = plain(str(user.get("username") or user.get("name") or ""), NAME_LENGTH)
    return Person(plain(str(user.get("id") or ""), NAME_LENGTH), name, reply)


def _kind(error: Exception) -> str:
    """What kind of fault it was. Never its text, which may quote what was sent; of Slack's refusals their code."""
    response = getattr(error, "response", None)
    code = response.get("error") if response is not None and hasattr(response, "get") else None
    return str(code or (error.what if isinstance(error, CaseclockError) else type(error).__name__))
