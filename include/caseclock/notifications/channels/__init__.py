"""One file per channel; none imports another. To add one: the file, one line in CHANNELS, its test."""

from __future__ import annotations

from collections.abc import Callable

from caseclock.notifications.model import Channel
from caseclock.settings import Settings


def _slack(settings: Settings) -> Channel | None:
    if settings.slack is None:
        return None
    from caseclock.notifications.channels.slack import SlackChannel

    return SlackChannel(settings.slack)


def _email(settings: Settings) -> Channel | None:
    if settings.smtp is None:
        return None
    from caseclock.notifications.channels.email import EmailChannel

    return EmailChannel(settings.smtp)


def _teams(settings: Settings) -> Channel | None:
    if settings.teams is None:
        return None
    from caseclock.notifications.channels.teams import TeamsChannel

    return TeamsChannel(settings.teams)


def _notify(settings: Settings) -> Channel | None:
    if settings.notify is None:
        return None
    from caseclock.notifications.channels.notify import NotifyChannel

    return NotifyChannel(settings.notify)


CHANNELS: dict[str, Callable[[Settings], Channel | None]] = {"slack": _slack, "email": _email, "teams": _teams, "notify": _notify}
"""Name of the file -> how it is opened. None where the installation has no settings for it. SDKs are loaded only when used."""


def open_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that this installation is set up for, by name. Opening sends nothing."""
    opened = {name: open_one(settings) for name, open_one in CHANNELS.items()}
    return {name: channel for name, channel in opened.items() if channel is not None}
