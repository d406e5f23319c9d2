"""A word to a watchman outside (Healthchecks and what speaks its protocol): it tells somebody when no word comes.

`URL/start` when a round begins, `URL` when it has ended well, `URL/fail` when it has not. Whatever becomes of the word, the round goes on:
it is sent by a thread of its own, which is waited for at most `TIMEOUT` seconds, when the round is over. The address is a secret: who has
it can say that all is well.
"""

from __future__ import annotations

import logging
import queue
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

log = logging.getLogger(__name__)

TIMEOUT: Final = 5.0  # seconds


@dataclass
class Ping:
    """What will be said when the round is over. `trouble`: why it has not ended well, in counts; empty when it has."""

    trouble: str = ""
    answered: bool = False  # the last word was taken
    _words: queue.SimpleQueue[tuple[str, str] | None] = field(default_factory=queue.SimpleQueue)


@contextmanager
def pinging(url: str | None, timeout: float = TIMEOUT) -> Iterator[Ping]:
    """Says when the body begins and how it ended. Without a `url` nothing is said. What the body raises is raised."""
    ping = Ping()
    if not url:
        yield ping
        return
    thread = threading.Thread(target=_say_all, args=(url.rstrip("/"), ping, timeout), daemon=True, name="ping")
    thread.start()
    ping._words.put(("/start", ""))
    try:
        yield ping
    except BaseException as error:
        ping.trouble = type(error).__name__
        raise
    finally:
        ping._words.put(("/fail" if ping.trouble else "", ping.trouble))
        ping._words.put(None)
        thread.join(timeout)


def _say_all(url: str, ping: Ping, timeout: float) -> None:
    while (word := ping._words.get()) is not None:
        path, body = word
        ping.answered = False
        try:
            _say(url + path, body, timeout)
            ping.answered = True
        except Exception as error:  # noqa: BLE001 - the watchman notices by itself that no word has come
            log.warning("the watchman outside could not be reached (%s)", type(error).__name__)


def _say(url: str, body: str, timeout: float) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError("the address of a watchman begins with http:// or https://")
    request = urllib.request.Request(url, data=body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        answer.read(256)
