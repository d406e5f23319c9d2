"""Slack by slack-sdk: one root message per alert episode, edited in place; replies when a person must look again.

Slack has no idempotency key. So a post is tried once (the client's default handlers post twice when an answer is lost), carries the
delivery key in its metadata, and is looked for by it before anybody sends again. Edits and reads may be repeated freely.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, ServerErrorRetryHandler

from caseclock.notifications import wording
from caseclock.notifications.buttons import button_menu, button_row
from caseclock.notifications.letter_slack import letter_blocks, letter_text
from caseclock.notifications.model import LEFT_OUT, Capabilities, ChannelError, ChannelName, Handle, Item, Message, RootGone
from caseclock.notifications.slack_chart import MOST_CHARTS, chart_blocks, chart_words, undrawn, without_charts
from caseclock.notifications.slack_text import CONTEXT_ELEMENTS, CONTEXT_TEXT, HEADER, escape, linked, plain_text, section
from caseclock.settings import SlackSettings

log = logging.getLogger(__name__)
_sdk_log = logging.getLogger("caseclock.slack_sdk")
_sdk_log.setLevel(logging.CRITICAL)  # the SDK logs request bodies and foreign answers; what went wrong is said by ChannelError

EVENT: Final = "case_alert"
KEY_SPACE: Final = uuid.UUID("5b0f6a9e-3f0c-5d6e-9a51-6c3d0c8f2b77")  # fixed, so that a key always gives the same client_msg_id

TEXT = 3900  # characters, escaped
SHOWN_ITEMS = 15  # two blocks each, far below 50; more is a list, not a message
NOTICE_LINES, LINES_PER_SECTION = 100, 5  # 5 lines of at most 500 characters fill a section

LOOK_BACK = dt.timedelta(minutes=5)  # our clock against Slack's: what one that is ahead has sent would be missed, and sent again
PAGE = 200

# Errors of https://docs.slack.dev/reference/methods/chat.postMessage: what a person must do about those that never heal.
PERMANENT: dict[str, str] = {
    "channel_not_found": "check the channel id in routes.yaml and invite the app to the channel",
    "not_in_channel": "invite the app to the channel",
    "is_archived": "unarchive the channel or change routes.yaml",
    "invalid_auth": "check the token in the connection caseclock_slack",
    "not_authed": "check the token in the connection caseclock_slack",
    "token_revoked": "install the app again and store its new token",
    "token_expired": "install the app again and store its new token",
    "account_inactive": "the app was removed from the workspace; install it again",
    "missing_scope": "give the app the scopes chat:write and groups:history",
    "no_permission": "give the app the scopes chat:write and groups:history",
    "restricted_action": "a workspace setting forbids posting to this channel",
    "ekm_access_denied": "a workspace setting forbids posting",
    "org_login_required": "the workspace is being moved; ask its administrators",
    "team_access_not_granted": "the app is not allowed in this workspace",
}
# "It's possible some aspect of the operation succeeded": Slack's own words; or a copy is said to be there already.
UNKNOWN = {"internal_error", "fatal_error", "service_unavailable", "duplicate_message_not_found", "duplicate_channel_not_found"}
NOT_ACCEPTED = {"ratelimited", "rate_limited", "request_timeout", "team_added_to_org", "message_limit_exceeded", "invalid_post_type"}
BAD_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "block_mismatch"}
ROOT_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "cannot_reply_to_message"}

MARKS = {"Red": "🔴", "Amber": "🟠", "On hold": "⏸", "Resolved": "✅", "Withdrawn": "↩️"}  # beside the word, never instead of it


class _Refused(Exception):
    """Slack answered `ok: false`: it did not accept."""

    def __init__(self, code: str, error: ChannelError) -> None:
        super().__init__(code)
        self.code, self.error = code, error


class SlackChannel:
    """The port `Channel` on one workspace."""

    name: ChannelName = "slack"
    capabilities = Capabilities(edit=True, thread=True, reconcile=True)

    def __init__(self, settings: SlackSettings) -> None:
        options: dict[str, Any] = {
            "token": settings.token.get_secret_value(),
            "base_url": settings.base_url,
            "timeout": settings.timeout,
            "logger": _sdk_log,
        }
        self._buttons = settings.app_token is not None  # without Socket Mode nobody would hear them pressed
        # none of them sleeps for a 429: that one channel is full must not hold up the messages to the others
        self._once = WebClient(**options, retry_handlers=[])
        self._again = WebClient(**options, retry_handlers=[ConnectionErrorRetryHandler(), ServerErrorRetryHandler()])

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        """See `Channel.send`. Where the root takes no edit or answer now, what calls people is posted as a new root, with all of it."""
        if message.mode == "post" or not handle:
            return self._post_root(message, address)
        try:
            without = []
            if message.mode.startswith("update") or message.root:  # a root must never show less than what its thread says
                without.append(self._edit(message, handle))
            if message.mode != "update":
                without.append(self._reply(message, handle, broadcast=message.mode.endswith("broadcast")))
        except _Refused as refused:
            if refused.code not in ROOT_GONE:
                raise refused.error from None
            if message.mode == "update":
                raise RootGone(_why_gone(refused.code)) from None
            return self._post_root(message, address, "This message continues an earlier one that can no longer be changed.")
        return _with_left_out(handle, *without)

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        """See `Channel.find`. Looks in the channel and, with a handle, in its thread."""
        oldest = f"{(since - LOOK_BACK).timestamp():.6f}"
        where = {"channel": address, "oldest": oldest, "inclusive": True, "limit": PAGE, "include_all_metadata": True}
        try:
            found = _with_key(key, self._pages(self._again.conversations_history, where))
            if found is None and handle:
                thread = {**where, "channel": handle["channel"], "ts": handle["ts"]}
                try:
                    found = _with_key(key, self._pages(self._again.conversations_replies, thread))
                except _Refused as refused:
                    if refused.code not in ROOT_GONE:
                        raise
        except _Refused as refused:
            raise refused.error from None
        return None if found is None else {"channel": address, "ts": str(found.get("thread_ts") or found["ts"])}

    def _post_root(self, message: Message, address: str, note: str = "") -> Handle:
        blocks, text = root_blocks(message, note, self._buttons), whole_text(message, message.root or message.items)
        try:
            return self._post(message.key, channel=address, text=text, blocks=blocks)
        except _Refused as refused:
            raise refused.error from None

    def _reply(self, message: Message, handle: Handle, *, broadcast: bool) -> str:
        """Returns what it had to go without, in words; empty when nothing."""
        posted = self._post(
            message.key,
            channel=handle["channel"],
            thread_ts=handle["ts"],
            reply_broadcast=broadcast,
            text=whole_text(message, message.items),
            blocks=reply_blocks(message),
        )
        return posted.get(LEFT_OUT, "")

    def _post(self, key: str, **content: Any) -> Handle:
        """One post with the key in its metadata. Metadata can be read by the whole workspace, so it holds nothing else."""
        content |= {"metadata": {"event_type": EVENT, "event_payload": {"k": key}}, "client_msg_id": str(uuid.uuid5(KEY_SPACE, key))}
        content |= {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none", "mrkdwn": False}
        answer, without = _without_blocks_if_refused(
            lambda blocks: _call(self._once.chat_postMessage, **(content | {"blocks": blocks})), content["blocks"]
        )
        return _with_left_out({"channel": str(answer["channel"]), "ts": str(answer["ts"])}, without)

    def _edit(self, message: Message, handle: Handle) -> str:
        """Returns what it had to go without, in words; empty when nothing."""
        text = whole_text(message, message.root or message.items)
        to = {"channel": handle["channel"], "ts": handle["ts"], "text": text, "link_names": False, "parse": "none"}
        edit = self._again.chat_update
        try:
            return _without_blocks_if_refused(lambda blocks: _call(edit, **to, blocks=blocks), root_blocks(message, buttons=self._buttons))[
                1
            ]
        except ChannelError as error:  # an edit may be made twice without harm, so an unknown outcome is simply tried again
            raise ChannelError(str(error), permanent=error.permanent, retry_after=error.retry_after) from None

    def _pages(self, read: Callable[..., Any], where: dict[str, Any]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            answer = _call(read, **where, cursor=cursor)
            yield from answer.get("messages") or []
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def _why_gone(code: str) -> str:
    if code == "message_not_found":
        return "the message was deleted in Slack"
    return f"Slack lets nobody change the message any more ({code})"


def _with_key(key: str, messages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    for message in messages:
        metadata = message.get("metadata") or {}
        if metadata.get("event_type") == EVENT and (metadata.get("event_payload") or {}).get("k") == key:
            return message
    return None


def _with_left_out(handle: Handle, *without: str) -> Handle:
    said = "; ".join(dict.fromkeys(words for words in without if words))
    return handle | {LEFT_OUT: said} if said else handle


def _without_blocks_if_refused(send: Callable[[list[dict[str, Any]]], Any], blocks: list[dict[str, Any]]) -> tuple[Any, str]:
    """Refused blocks were surely not accepted: the same goes out without its chart, and if that is refused too, as text.

    (`[]`, because an edit without blocks keeps the old ones.) The second value says what it had to go without; empty when nothing.
    """
    plain, without = without_charts(blocks), undrawn(blocks)
    ladder = [(blocks, "without its chart"), (plain, "as text")] if len(plain) < len(blocks) else [(blocks, "as text")]
    for tried, then in ladder:
        try:
            return send(tried), without
        except _Refused as refused:
            if refused.code not in BAD_BLOCKS:
                raise
            log.warning("Slack refused the layout of a message (%s); it is sent %s", refused.code, then)
            without = f"Slack refused its layout ({refused.code}): it went {then}"
    return send([]), without


# --- what went wrong -----------------------------------------------------------------------------------------------
def _call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Calls Slack. Raises _Refused where Slack said no, else ChannelError. No text of the SDK is passed on: it may quote the message."""
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise _said_no(error.response) from None
    except Exception as error:  # noqa: BLE001 - the SDK lets through whatever urllib, ssl and json raise
        raise _no_answer(error) from None


def _said_no(response: Any) -> _Refused | ChannelError:
    status, headers = int(response.status_code), response.headers or {}
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or "")
    if not code.replace("_", "").isalnum() or len(code) > 60:  # not Slack's: the page of some proxy
        code = ""
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return _Refused("ratelimited", ChannelError("Slack: ratelimited", retry_after=_retry_after(headers) or 1.0))
    if status >= 500 or status == 408 or code in UNKNOWN or (status < 400 and not code):
        return ChannelError(f"Slack: {code or f'HTTP {status}'}; the message may have arrived", unknown=True)
    if not code:
        return _Refused("", ChannelError(f"Slack: HTTP {status}; not accepted"))
    todo = PERMANENT.get(code)
    return _Refused(code, ChannelError(f"Slack: {code}{f'; {todo}' if todo else ''}", permanent=code not in NOT_ACCEPTED))


def _no_answer(error: Exception) -> ChannelError:
    """urllib wraps what fails before the request is out in URLError; a refused connection or an unknown host never reached Slack."""
    cause = error.reason if isinstance(error, URLError) else error
    kind = type(cause).__name__
    if isinstance(error, URLError) and kind in {"ConnectionRefusedError", "gaierror", "SSLCertVerificationError"}:
        return ChannelError(f"Slack: no connection ({kind})")
    return ChannelError(f"Slack: no answer ({kind}); the message may have arrived", unknown=True)


def _retry_after(headers: Any) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return float(value[0] if isinstance(value, list) else value)
            except ValueError:
                return None
    return None


# --- how it looks --------------------------------------------------------------------------------------------------
def whole_text(message: Message, items: Sequence[Item]) -> str:
    """The whole statement: screen readers and previews read `text`, not the blocks; so what a single chart shows is said as well."""
    if message.letter:
        return letter_text(message.letter, message.notes)
    charted = chart_words(items[0]) if len(items) == 1 else ""
    return escape("\n".join(part for part in (wording.full_text(message, items, most=SHOWN_ITEMS), charted) if part), TEXT)


def root_blocks(message: Message, note: str = "", buttons: bool = False) -> list[dict[str, Any]]:
    """The message as it stands now: header, each item, and the foot with the date of the data and what cannot be seen."""
    if message.letter:
        return letter_blocks(message.letter, [*message.notes, note])
    items = wording.worst_first(message.root or message.items)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": plain_text(_mark(items) + wording.title(message, items), HEADER)}]
    blocks += _one_item(items[0], buttons) if len(items) == 1 else _many_items(items, buttons, MOST_CHARTS)
    return [*blocks, *_notice(message), *_foot(message, items, note)]


def reply_blocks(message: Message) -> list[dict[str, Any]]:
    """What is new, for those who follow the thread."""
    items = wording.worst_first(message.items)
    title = [] if items else [section(wording.title(message, items))]
    return [*title, *_many_items(items), *_notice(message), *_foot(message, items)]


def _notice(message: Message) -> list[dict[str, Any]]:
    """The lines of a message that is not about alerts, a few to a section; what has no room is counted."""
    lines = [f"• {line}" for line in wording.notice_lines(message)]
    packs = [lines[n : n + LINES_PER_SECTION] for n in range(0, min(len(lines), NOTICE_LINES), LINES_PER_SECTION)]
    more = [f"And {len(lines) - NOTICE_LINES} more lines."] if len(lines) > NOTICE_LINES else []
    guide = [{"type": "context", "elements": [linked(*to)]}] if (to := wording.guide_link(message)) else []
    return [*(section("\n".join(pack)) for pack in [*packs, more] if pack), *guide]


def _one_item(item: Item, buttons: bool = False) -> list[dict[str, Any]]:
    lines = [wording.details_sentence(item), wording.reason_sentence(item), wording.handled_sentence(item), wording.next_sentence(item)]
    return [section("\n".join(line for line in lines if line)), *chart_blocks(item), *_aside(item), *(button_row(item) if buttons else [])]


def _many_items(items: Sequence[Item], buttons: bool = False, charts: int = 0) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for n, item in enumerate(items[:SHOWN_ITEMS]):
        said = (wording.item_sentence(item), wording.reason_sentence(item), wording.handled_sentence(item), wording.next_in_list(item))
        drawn = chart_blocks(item) if n < charts else []
        blocks += [
            section(_mark([item]) + "\n".join(line for line in said if line)) | (button_menu(item) if buttons else {}),
            *drawn,
            *_aside(item),
        ]
    more = wording.more_sentence(items[SHOWN_ITEMS:])
    return [*blocks, section(more)] if more else blocks


def _aside(item: Item) -> list[dict[str, Any]]:
    """The last figures and the link, where there are any."""
    recent, link = wording.recent_sentence(item), wording.safe_link(item.link)
    elements = [plain_text(recent, CONTEXT_TEXT)] if recent else []
    if link and len(link) < CONTEXT_TEXT - 50:
        elements.append(linked(link, wording.link_words(item)))
    return [{"type": "context", "elements": elements}] if elements else []


def _foot(message: Message, items: Sequence[Item], note: str = "") -> list[dict[str, Any]]:
    said = wording.foot(message, items, note)
    if len(said) > CONTEXT_ELEMENTS:
        said = [*said[: CONTEXT_ELEMENTS - 1], f"And {len(said) - CONTEXT_ELEMENTS + 1} more notes."]
    context = {"type": "context", "elements": [plain_text(line, CONTEXT_TEXT) for line in said]}
    return [{"type": "divider"}, context] if said else []


def _mark(items: Sequence[Item]) -> str:
    mark = MARKS.get(wording.label(items[0])) if items else None
    return f"{mark} " if mark else ""
