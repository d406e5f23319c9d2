"""`caseclock listen`: hears the buttons of Slack messages, by Socket Mode: a connection from here to Slack, no address on the internet.

Slack waits three seconds for the answer to an envelope. A press is answered at once and opens a form right away, because its trigger
lives three seconds. A form that is sent off is answered when its deed is written down, so that what is lost with the process is lost
before anybody was told that it counts; only where that takes longer it is answered before. Forms are worked on one after another.
What a deed changes on messages is sent beside that and waits for nobody. A lost connection is opened again.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caseclock import now as clock
from caseclock.errors import CaseclockError, WrongUse
from caseclock.pipeline.clicks import REFUSED_AT, Clicks
from caseclock.pipeline.house import House, open_house
from caseclock.pipeline.people import deliver_due
from caseclock.settings import Settings, SlackSettings

if TYPE_CHECKING:
    from slack_sdk.socket_mode import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)
_sdk_log = logging.getLogger("caseclock.slack_sdk.socket")
_sdk_log.setLevel(logging.CRITICAL)  # the SDK logs addresses with tickets, and whole messages

PING, FIRST_WAIT, LONGEST_WAIT = 5.0, 1.0, 60.0  # seconds
ANSWER_WITHIN = 2.0  # seconds that a form waits for its deed; Slack waits three
SLACK_WAITS = 3.0  # seconds: a form opened later than that is never seen
FORMS_END, MAIL_ENDS, LINE_ENDS = 2.2, 1.0, 0.8  # seconds that the end waits for what is under way: less than five together
NEVER = {
    "invalid_auth": "check the app-level token",
    "not_authed": "check the app-level token",
    "not_allowed_token_type": "it must be an app-level token (xapp-)",
    "token_revoked": "make a new app-level token",
    "token_expired": "make a new app-level token",
    "missing_scope": "give the app-level token the scope connections:write",
    "account_inactive": "the app was removed from the workspace; install it again",
}


def listen(
    settings: Settings,
    stop: threading.Event,
    *,
    ready: Callable[[], None] = lambda: None,
    now: Callable[[], dt.datetime] = clock.now,
    ping: float = PING,
) -> None:
    """Listens until `stop` is set, and ends within five seconds. `ready` is called when the first connection stands.

    Deeds under way are finished, where Slack lets them be. What is not sent by then is in the outbox: the next round sends it, once.

    Raises WrongUse when no app-level token is configured, and CaseclockError when Slack will never take it.
    """
    slack = settings.slack
    if slack is None or slack.app_token is None:
        raise WrongUse(
            "there is no app-level token", where="listen",
            todo="Set CASECLOCK_SLACK_APP_TOKEN (xapp-...) beside CASECLOCK_SLACK_TOKEN; docs/how-to/acknowledge-an-alert.md says how",
        )  # fmt: skip
    with open_house(settings) as house:
        _listen(house, slack, stop, ready, now, ping)


def _listen(
    house: House, slack: SlackSettings, stop: threading.Event, ready: Callable[[], None], now: Callable[[], dt.datetime], ping: float
) -> None:
    hands = Hands()
    clicks = Clicks(house, _web(slack, min(slack.timeout, SLACK_WAITS)), now, hands.send)
    clicks.warm()
    client = _client(slack, ping)
    client.socket_mode_request_listeners.append(lambda c, request: _hear(c, request, clicks, hands))
    try:
        if _connected(client, stop):
            ready()
            stop.wait()
    finally:
        hands.end()
        _beside(lambda: _close(client)).join(LINE_ENDS)


def _close(client: SocketModeClient) -> None:
    """Ends the connection first: the client would else wait for its next word."""
    client.auto_reconnect_enabled = False
    client.current_session_state.terminated = True
    line = client.current_session.sock if client.current_session else None
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
    try:
        client.close()
    except AttributeError:  # a thread of the SDK has closed the line between the SDK's look and its deed; now it is closed
        client.close()


def _beside(work: Callable[[], None]) -> threading.Thread:
    """In a thread that does not keep the process alive."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@dataclass
class _Word:
    """What a person is to read with the form, as long as that has not been answered."""

    done: threading.Event = field(default_factory=threading.Event)
    text: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _late: bool = False

    def say(self, text: str) -> bool:
        with self._lock:
            if not self._late:
                self.text = text
            return not self._late

    def within(self, seconds: float) -> str:
        self.done.wait(seconds)
        with self._lock:
            self._late = True
            return self.text


class _NotDone(Exception):
    """The end came before the deed was written down."""


class Hands:
    """Works on presses, forms and messages, each beside the others, so that none holds up an answer to Slack or the end of the process."""

    def __init__(self) -> None:
        self._forms: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._mail: queue.Queue[tuple[House, dt.datetime] | None] = queue.Queue()
        self._at_work = (_beside(self._do_forms), _beside(self._send_mail))
        self.ended = False

    def press(self, clicks: Clicks, payload: Mapping[str, Any]) -> None:
        _beside(lambda: clicks.take(payload))

    def form(self, clicks: Clicks, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the form is answered with, when its deed is done or after ANSWER_WITHIN. None: it is taken.

        Raises _NotDone when the end has come: whether the deed will be done is open, so nobody is told that it counts.
        """
        if wrong := clicks.answer(payload):
            return wrong
        word = _Word()

        def work() -> None:
            try:
                clicks.take(payload, word.say)
            finally:
                word.done.set()

        self._forms.put(work)
        said = word.within(ANSWER_WITHIN)
        if self.ended and not word.done.is_set():
            raise _NotDone
        return {"response_action": "errors", "errors": {REFUSED_AT: said}} if said else None

    def send(self, house: House, now: dt.datetime) -> None:
        """Has what is due sent, soon."""
        self._mail.put((house, now))

    def end(self) -> None:
        """Takes nothing new, and waits for what is under way; not for long, since Slack may hang."""
        self.ended = True
        forms, mail = self._at_work
        self._forms.put(None)
        forms.join(FORMS_END)
        self._mail.put(None)  # behind what the last deed has enqueued
        mail.join(MAIL_ENDS)

    def _do_forms(self) -> None:
        while (work := self._forms.get()) is not None:
            work()

    def _send_mail(self) -> None:
        while (due := self._mail.get()) is not None:
            try:
                deliver_due(*due, patient=False)  # the next one is waiting
            except Exception as error:  # noqa: BLE001 - the outbox still has it
                log.warning("what was enqueued is left to the next round of the sender (%s)", type(error).__name__)


def _hear(client: SocketModeClient, request: SocketModeRequest, clicks: Clicks, hands: Hands) -> None:
    """An envelope that cannot be answered counts all the same: a person has pressed, and it counts once.

    What is not done at the end is not answered: Slack then tells the person to try again, and a form counts once.
    """
    from slack_sdk.socket_mode.response import SocketModeResponse

    if hands.ended:
        return
    payload: dict[str, Any] = request.payload if request.type == "interactive" and isinstance(request.payload, dict) else {}
    try:
        answer = hands.form(clicks, payload) if payload.get("type") == "view_submission" else None
    except _NotDone:
        return
    try:
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))
    except Exception as error:  # noqa: BLE001 - the SDK lets through whatever socket and ssl raise
        log.warning("an envelope could not be answered (%s)", type(error).__name__)
    if payload.get("type") == "block_actions":
        hands.press(clicks, payload)


def _connected(client: SocketModeClient, stop: threading.Event) -> bool:
    """Tries until it stands; afterwards the client looks after it. False when it was stopped before."""
    wait = FIRST_WAIT
    while not stop.is_set():
        try:
            client.connect()
        except Exception as error:  # noqa: BLE001 - the same
            _check_can_heal(error)
            log.warning("Slack cannot be reached (%s); the next try is in %g seconds", type(error).__name__, wait)
        if client.is_connected():
            return True
        client.wss_uri = None  # an address is good for one try
        stop.wait(wait)
        wait = min(LONGEST_WAIT, wait * 2)
    return False


def _check_can_heal(error: Exception) -> None:
    from slack_sdk.errors import SlackApiError

    code = str(error.response.get("error")) if isinstance(error, SlackApiError) else ""
    if code in NEVER:
        raise CaseclockError(f"Slack does not let this app listen: {code}", where="listen", todo=NEVER[code].capitalize()) from None


def _web(slack: SlackSettings, timeout: float) -> Any:
    from slack_sdk import WebClient

    return WebClient(token=slack.token.get_secret_value(), base_url=slack.base_url, timeout=timeout, logger=_sdk_log, retry_handlers=[])


def _client(slack: SlackSettings, ping: float) -> SocketModeClient:
    from slack_sdk.socket_mode import SocketModeClient

    assert slack.app_token is not None
    return SocketModeClient(
        app_token=slack.app_token.get_secret_value(), web_client=_web(slack, slack.timeout), logger=_sdk_log, ping_interval=ping
    )
