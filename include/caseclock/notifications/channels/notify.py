"""GOV.UK Notify: a mail made from a template of the council's own service there, with the delivery key as its reference.

Plain HTTPS; no client library. Notify cannot be told to send once only, but it can be asked: a notification is looked for by its
reference before anybody sends again. Source: https://docs.notifications.service.gov.uk/rest-api.html
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from caseclock.notifications import web, wording
from caseclock.notifications.letter_notify import letter_links, letter_subject, letter_text
from caseclock.notifications.model import Capabilities, ChannelError, ChannelName, Fate, Handle, Item, Message, Undeliverable
from caseclock.now import LONDON, now
from caseclock.settings import NotifySettings

SHOWN, LINES, LINKS = 30, 90, 10  # alerts and lines in full, links below them: far below Notify's 2,000,000 bytes
SUBJECT = 180  # characters
THROTTLED = 60.0  # seconds: Notify counts messages per minute and says no Retry-After
SKEW = dt.timedelta(seconds=30)  # a token is good for 30 seconds around its `iat`
KEPT = dt.timedelta(days=7)  # Notify shows notifications that are 7 days old or newer
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
API_KEY = re.compile(rf"(?:.*-)?({UUID})-({UUID})", re.IGNORECASE)

# What became of a notification. Whatever else Notify calls it, it has taken the mail and may deliver it.
DELIVERED = "delivered"
GAVE_UP = {
    "temporary-failure": "the mailbox took no mail for 72 hours: it is full, or a filter keeps it out",
    "technical-failure": "a fault of Notify's own",
}
TRY_AGAIN = set(GAVE_UP)
NEVER = {"permanent-failure"}  # there is no such address
NO_SUCH_ADDRESS = "Notify: the address in routes.yaml does not exist (permanent-failure)"

# By the type of error; its message "can sometimes change", and may quote the address.
CURES: dict[str, str] = {
    "ValidationError": "check the address in routes.yaml and the template's id",
    "BadRequestError": "the key or a service in trial mode may only send to its team and guest list, or the template has other "
    "placeholders than subject, body and link",
    "TooManyRequestsError": "the service has used up its limit for today",
}


class NotifyChannel:
    """The port `Channel` on one service of GOV.UK Notify. `clock`: this machine's, which every token carries."""

    name: ChannelName = "notify"
    capabilities = Capabilities(edit=False, thread=False, reconcile=True, bounces=True)

    def __init__(self, settings: NotifySettings, clock: Callable[[], dt.datetime] = now) -> None:
        self._settings, self._clock = settings, clock

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        """See `Channel.send`. Every mode is a new mail, but a mere edit cannot be mailed: permanent ChannelError."""
        if message.mode == "update":
            raise ChannelError("Notify: a mail cannot be changed once it is sent", permanent=True)
        if not ADDRESS.fullmatch(address):
            raise ChannelError("Notify: the address in routes.yaml is not of the form name@domain", permanent=True)
        request = {
            "email_address": address,
            "template_id": self._settings.template,
            "personalisation": personalisation(message),
            "sanitise_content_for": ["body"],  # names of teams and rules are in it: no markdown and no address in them may work
            "reference": message.key,
        }
        answer = self._call("POST", "/v2/notifications/email", json.dumps(request).encode())
        if not answer.accepted:
            raise _refused(answer, self._clock())
        return {"reference": message.key, "id": _id(_json(answer))}

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        """See `Channel.find`. A mail that Notify gave up is not there; one that can never be delivered raises Undeliverable."""
        if self._clock() - since > KEPT:
            raise ChannelError("Notify: it no longer shows what was sent more than 7 days ago", permanent=True)
        mine = self._listed(key)
        good = next((n for n in mine if n.get("status") not in TRY_AGAIN | NEVER), None)
        if good is None and any(n.get("status") in NEVER for n in mine):
            raise Undeliverable(NO_SUCH_ADDRESS)
        return None if good is None else {"reference": key, "id": _id(good)}

    def fate(self, key: str) -> Fate:
        """See `Bouncing.fate`. Of several mails with this reference one that has arrived is enough."""
        states = {str(n.get("status")) for n in self._listed(key)}
        if DELIVERED in states:
            return Fate("arrived", "Notify: delivered to the reader's mailbox")
        if not states or states - TRY_AGAIN - NEVER:  # on its way; or no longer shown, which says nothing
            return Fate("waiting")
        if states & NEVER:
            return Fate("lost", NO_SUCH_ADDRESS)
        return Fate("lost", f"Notify: {', '.join(f'{GAVE_UP[state]} ({state})' for state in sorted(states))}")

    def _listed(self, key: str) -> list[dict[str, Any]]:
        """Every mail with this reference. Raises ChannelError."""
        answer = self._call("GET", "/v2/notifications?" + urlencode({"template_type": "email", "reference": key}))
        if not answer.accepted:
            raise _refused(answer, self._clock())
        listed = _json(answer).get("notifications")
        if not isinstance(listed, list):  # a proxy's page, say: not "there is none"
            raise ChannelError("Notify: its list of notifications could not be read")
        return [n for n in listed if isinstance(n, dict) and n.get("reference") == key]

    def _call(self, method: str, path: str, body: bytes | None = None) -> web.Answer:
        token = token_of(self._settings.api_key.get_secret_value(), self._clock())
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "User-Agent": "caseclock"}
        url = self._settings.base_url.rstrip("/") + path
        return web.call("Notify", method, url, headers=headers, timeout=self._settings.timeout, body=body)


# --- the token -----------------------------------------------------------------------------------------------------
def token_of(api_key: str, at: dt.datetime) -> str:
    """A JSON Web Token (RFC 7519, HS256) as Notify wants it: `iss` is the service, `iat` the moment, signed with the secret of the key.

    The key has the form `name-service-secret`. Raises a permanent ChannelError when it has not; the text holds nothing of it.
    """
    parts = API_KEY.fullmatch(api_key.strip())
    if parts is None:
        raise ChannelError("Notify: the API key is not whole; see the connection caseclock_notify", permanent=True)
    service, secret = parts.groups()
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part({'iss': service, 'iat': int(at.timestamp())})}"
    return f"{signed}.{_base64(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def _part(claims: dict[str, Any]) -> str:
    return _base64(json.dumps(claims, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# --- what the answer means -----------------------------------------------------------------------------------------
def _refused(answer: web.Answer, at: dt.datetime) -> ChannelError:
    """The day's limit is permanent: tomorrow is too late for an alert, so it goes by the next channel now."""
    kind = _kind(answer)
    if answer.status == 429 and kind != "TooManyRequestsError":
        return ChannelError("Notify: too many messages at once", retry_after=answer.retry_after(THROTTLED))
    if answer.perhaps:
        return ChannelError(f"Notify: HTTP {answer.status}; the message may have arrived", unknown=True)
    if answer.status in {401, 403}:
        return ChannelError(f"Notify: HTTP {answer.status}; {_clock_or_key(answer, at)}", permanent=True)
    if answer.status < 400:
        return ChannelError(f"Notify: HTTP {answer.status}; redirects are not followed, check the service's address", permanent=True)
    said = ", ".join(part for part in (f"HTTP {answer.status}", kind) if part)
    return ChannelError(f"Notify: {said}; {CURES.get(kind, 'the request was refused')}", permanent=True)


def _clock_or_key(answer: web.Answer, at: dt.datetime) -> str:
    """A token of a wrong clock is refused like a wrong key; the answer's Date tells them apart."""
    try:
        off = abs(at - parsedate_to_datetime(answer.headers["date"]))
    except (KeyError, ValueError, TypeError):
        off = dt.timedelta()
    if off > SKEW:
        return f"this machine's clock is {off.total_seconds():.0f} seconds off, and 30 are allowed"
    return "check the API key in the connection caseclock_notify"


def _kind(answer: web.Answer) -> str:
    """The type of error, as in Notify's own list; empty when there is none, or when it does not look like one."""
    errors = _json(answer).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    kind = str(first.get("error", ""))
    return kind if re.fullmatch(r"[A-Za-z]{3,60}", kind) else ""


def _json(answer: web.Answer) -> dict[str, Any]:
    try:
        given = json.loads(answer.body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _id(notification: dict[str, Any]) -> str:
    found = str(notification.get("id", ""))
    return found if re.fullmatch(UUID, found, re.IGNORECASE) else ""


# --- the mail ------------------------------------------------------------------------------------------------------
def personalisation(message: Message) -> dict[str, str]:
    """The values of the template's placeholders. `link` is ours and stands apart, because Notify takes every address out of `body`.

    A subject knows no markdown, and Notify would show the marks with which it makes a value harmless: so it is not sanitised.
    """
    items, letter = wording.worst_first(message.items), message.letter
    guide = [f"{to[1]}: {to[0]}"] if (to := wording.guide_link(message)) else []
    if letter:
        body = f"{letter_text(letter, message.notes)}\n\n{_footer(message)}"
        return {"subject": letter_subject(letter), "body": body, "link": "\n".join(letter_links(letter))}
    return {
        "subject": wording.plain(wording.title(message, items), SUBJECT),
        "body": text_of(message, items),
        "link": "\n".join([*links_of(items), *guide]),
    }


def text_of(message: Message, items: list[Item]) -> str:
    """The whole statement as paragraphs: each alert, what had no room, the foot, to whom and when."""
    lines = wording.notice_lines(message)
    hidden = len(lines) - LINES
    parts = [] if len(items) == 1 else [wording.sentence(wording.title(message, items))]
    said = ["\n".join(line for line in _said(item) if line) for item in items[:SHOWN]]
    parts += said if len(items) == 1 else [f"Alert {n}. {paragraph}" for n, paragraph in enumerate(said, 1)]
    parts += ["\n".join(lines[:LINES]), wording.more_sentence(items[SHOWN:]), f"And {hidden} more lines." if hidden > 0 else ""]
    parts += ["\n".join(wording.foot(message, items)), _footer(message)]
    return "\n\n".join(part for part in parts if part)


def links_of(items: list[Item]) -> list[str]:
    """One line per alert, by its number in the text."""
    found = [(n, item, wording.safe_link(item.link)) for n, item in enumerate(items[:SHOWN], 1)]
    return [f"{wording.link_words(item, n if len(items) > 1 else None)}: {link}" for n, item, link in found if link][:LINKS]


def _said(item: Item) -> list[str]:
    told, done = [wording.item_sentence(item), wording.reason_sentence(item)], wording.handled_sentence(item)
    return [*told, done, wording.next_sentence(item), wording.recent_sentence(item)]


def _footer(message: Message) -> str:
    role, at = wording.plain(message.recipient.title), wording.moment_words(message.created_at.astimezone(LONDON))
    return f"Sent by caseclock to {role} on {at}. It holds counts and dates only, nothing about any child."
