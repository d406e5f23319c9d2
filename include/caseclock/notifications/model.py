"""The types of the room `notifications`, and the port that every channel implements.

A message is made from these typed structs with counts, limits, dates and a link. There is no field for anything that
belongs to a child, so there is nothing to leak.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from caseclock.alerts import Kind
from caseclock.alerts.model import Mode
from caseclock.notifications.letter import Letter
from caseclock.thresholds import Severity

ChannelName = Literal["slack", "email", "teams", "notify"]
Handle = dict[str, str]
"""What a channel needs to find a sent message again: Slack `{"channel", "ts"}`, email `{"message_id"}`."""
LEFT_OUT: Final = "left_out"
"""In the handle that `Channel.send` returns: what the message had to go without, in words. The sender takes it out and keeps it as the
reason of the sending, so that the audit has it."""
GONE: Final = "gone"
"""In the handle that is kept of a root: it was deleted or takes no change any more. Edits of it are left out; the next call is posted."""


EVERY_SOURCE: Final = "*"


class Recipient(BaseModel):
    """One entry of routes.yaml: a role (never a named person) and where it is reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str = Field(description="the role in plain words: 'Service manager, North'")
    slack: str | None = Field(default=None, description="Slack channel id")
    email: str | None = None
    teams: str | None = Field(default=None, description="name of a Teams webhook; its address is a secret of the installation")
    notify: str | None = Field(default=None, description="email address that GOV.UK Notify sends to")
    tell: list[ChannelName] = Field(default=["slack"], description="channels that always get it")
    fallback: list[ChannelName] = Field(default=["email"], description="tried in order when one of `tell` fails for good")
    may_act: list[Annotated[str, Field(pattern=r"^[USW][A-Z0-9]{2,}$")]] = Field(
        default=[], description="Slack ids of users (U...) and user groups (S...) who may acknowledge and silence by the message's buttons"
    )
    sources: list[str] = Field(default=[], description='whose figures they may get: ids of sources, or "*" for all; none: all')

    def address(self, channel: str) -> str | None:
        """Where this recipient is reached by a channel; None when it is not."""
        address: str | None = getattr(self, channel, None)
        return address

    def may_have(self, source: str) -> bool:
        """Whether figures of this source may reach them, whatever a route says."""
        return not self.sources or source in self.sources or EVERY_SOURCE in self.sources


@dataclass(frozen=True)
class Item:
    """One alert as a reader needs it: what, how much against which limit, since when, and why they hear of it now."""

    kind: Kind
    instance: str
    """`rule/team`, for the record."""
    title: str
    """Plain words of the rule: 'unallocated cases'."""
    team: str
    """The team's name as people know it."""
    unit: str
    source: str
    as_of: dt.date
    reason: str
    severity: Severity | None = None
    value: float | None = None
    was: float | None = None
    limit: float | None = None
    red_limit: float | None = None
    since: dt.date | None = None
    open_wd: int | None = None
    link: str | None = None
    recent: tuple[tuple[dt.date, float], ...] = ()
    """The last values, oldest first (for a line of text or a chart)."""
    held_days: tuple[dt.date, ...] = ()
    """Days since the first of these whose extract did not pass: they have no figure."""
    unstable: str = ""
    """`unstable: it began 3 times in the last 20 extracts`; empty when it is steady."""
    handled: str = ""
    """What somebody has done about it that is in force: `Acknowledged by .. until ..`. Empty when nobody has."""
    unrouted: bool = False
    """It comes to a data engineer because no route of routes.yaml names anybody."""
    ref: str = ""
    """What a button sends back: alert id, episode, count of messages of this conversation. Empty where nobody can act on it."""


@dataclass(frozen=True)
class Message:
    """What one recipient is to see, before any channel has given it a form.

    `key` is the delivery key: unique, fixed, the same on every try. `root` lists every item that the message at `handle` shows
    (for an update the whole of it is drawn again); `items` are those that this sending is about.
    `notes`: plain statements of what cannot be seen or is held, printed at the foot.
    """

    key: str
    recipient: Recipient
    mode: Mode
    items: tuple[Item, ...]
    root: tuple[Item, ...]
    created_at: dt.datetime
    notes: tuple[str, ...] = ()
    episode: str = ""
    """Key of the conversation that this belongs to: mails of one conversation are threaded by it."""
    headline: str = ""
    """Only for a message that is not about alerts (digest, pipeline fault, refused file): its one sentence; `items` is then empty."""
    lines: tuple[str, ...] = ()
    """Only with `headline`: plain lines below it. Channels escape them like everything else."""
    letter: Letter | None = None
    """Only with `headline`: the digest, which a channel draws in place of the lines."""
    guide: str = ""
    """Only with `headline`: name of the text of the runbook that says what to do about it."""
    link: str | None = None
    """Only with `guide`: where that text is read; None where there are no pages."""


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do; the engine degrades by it and writes down what it left out."""

    edit: bool
    thread: bool
    reconcile: bool
    buttons: bool = False
    images: bool = False
    bounces: bool = False
    """What was taken may still come back, and can be asked after (`bounces.py`)."""


class ChannelError(Exception):
    """A sending that did not surely work, with the decision for the caller.

    `permanent`: it will never work (unknown channel, refused recipient). `unknown`: it may have arrived (time-out, reset, 5xx);
    never send again before looking. Otherwise it surely did not arrive and may be tried again, after `retry_after` seconds if given.
    The text never holds a token or a message body.
    """

    def __init__(self, text: str, *, permanent: bool = False, unknown: bool = False, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.permanent, self.unknown, self.retry_after = permanent, unknown, retry_after


class Undeliverable(ChannelError):
    """`find` saw the message, and saw that it will never reach its reader. Sending it again the same way is no use."""

    def __init__(self, text: str) -> None:
        super().__init__(text, permanent=True)


class RootGone(ChannelError):
    """The message that was to be changed is no longer there, or takes no change any more, and this change alone is worth no new one.

    What its readers must hear of comes with the next message that calls them: it is posted anew, with all that the old one showed.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, permanent=True)


class Channel(Protocol):
    """A way to reach people. One file per channel in `channels/`; none imports another."""

    name: ChannelName
    capabilities: Capabilities

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        """Put the message where its reader is: post it, edit what is at `handle`, or reply to it, by `message.mode`.

        Returns the handle of the (root) message. Raises ChannelError. Edits may be repeated; posts and replies carry `message.key`.
        A mode `update` calls nobody, so it never posts: RootGone where what is at `handle` cannot be changed.
        """
        ...

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        """Look whether a post (or a reply under `handle`) with this key has arrived since then. None: it surely has not.

        Raises ChannelError when the channel cannot be read. Only called where `capabilities.reconcile`.
        """
        ...


@dataclass(frozen=True)
class Fate:
    """What became of a message that a channel has taken. `lost`: no reader will ever see it; `reason` says why."""

    state: Literal["waiting", "arrived", "lost"]
    reason: str = ""


@runtime_checkable
class Bouncing(Protocol):
    """A channel (see `Channel`) with `capabilities.bounces`."""

    def fate(self, key: str) -> Fate:
        """What became of the message with this key. Raises ChannelError when the channel cannot say."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What became of one row of the outbox in one delivery round."""

    key: str
    recipient: str
    channel: str
    kinds: tuple[str, ...]
    outcome: Literal["sent", "adopted", "held", "failed", "unknown", "dropped"]
    reason: str = ""
    items: tuple[str, ...] = field(default=())
