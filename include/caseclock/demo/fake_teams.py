"""Teams to look at: Workflows webhooks that take Adaptive Cards, with their limits, their rate limit and their bad days.

In a test: `with FakeTeams(["north"]) as teams: TeamsSettings(webhooks=teams.webhooks)`. By hand:
`python -m caseclock.demo.fake_teams --webhook north`. As in Teams, 202 says only that the workflow was started: what the channel then
refuses is in `failed_runs`, and nobody who posted ever hears of it. It listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from caseclock.demo.fake_http import Call, FakeService, Reply, serve_until_interrupted
from caseclock.now import now, seconds

# https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#rate-limiting-for-connectors
RATES = ((1, 4), (30, 60), (3600, 100))  # seconds, requests
SIZE = 28_672  # bytes, counted as Teams does: the card as a text within JSON (msteams-docs issue 11274)
CARD = "application/vnd.microsoft.card.adaptive"
TEXTS = {"TextBlock": "text", "TextRun": "text", "Action.OpenUrl": "title"}
CHILDREN = {"RichTextBlock": "inlines", "Container": "items", "ActionSet": "actions"}
COLOURS = {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"}


@dataclass(frozen=True)
class Posted:
    """One card as it stands in a channel."""

    webhook: str
    at: dt.datetime
    card: dict[str, Any]

    @property
    def lines(self) -> list[str]:
        """What a reader sees, from the top."""
        return ["".join(run["text"] for run in b["inlines"]) for b in self.card["body"] if b["type"] == "RichTextBlock"]

    @property
    def code(self) -> str:
        """By which a reader knows a repeat."""
        found = re.search(r"Code of this message: ([0-9a-f]{4}-[0-9a-f]{4})", "\n".join(self.lines))
        return found[1] if found else ""


class FakeTeams(FakeService):
    """`names`: one webhook each, with a secret of its own in the address. `rates`: seconds, and how many requests it takes in them."""

    def __init__(
        self,
        names: Sequence[str] = ("north",),
        *,
        port: int = 0,
        rates: Sequence[tuple[int, int]] = RATES,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        super().__init__(port=port)
        self.posted: list[Posted] = []
        self.failed_runs: list[str] = []
        self.switched_off: set[str] = set()
        self._clock, self.rates = clock, rates
        self._flows = {name: (secrets.token_hex(16), secrets.token_urlsafe(32)) for name in names}
        self._asked: dict[str, deque[float]] = {name: deque() for name in names}

    @property
    def webhooks(self) -> dict[str, SecretStr]:
        """What goes into `TeamsSettings.webhooks`."""
        query = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig="
        return {
            name: SecretStr(f"{self.url}/workflows/{flow}/triggers/manual/paths/invoke?{query}{sig}")
            for name, (flow, sig) in self._flows.items()
        }

    def copies(self) -> dict[str, int]:
        """Code -> how many cards carry it."""
        codes = [posted.code for posted in self.posted]
        return {code: codes.count(code) for code in codes}

    def answer(self, call: Call) -> Reply:
        parts = urlsplit(call.path)
        name = next((n for n, (flow, _) in self._flows.items() if f"/workflows/{flow}/" in parts.path), None)
        if name is None:
            return _error(404, "WorkflowNotFound")
        if parse_qs(parts.query).get("sig") != [self._flows[name][1]]:
            return _error(401, "DirectApiAuthorizationRequired")
        if name in self.switched_off:
            return _error(400, "WorkflowTriggerIsNotEnabled")
        wait = self._too_fast(name)
        if wait is not None:
            return self.too_many(str(wait))
        try:
            given = json.loads(call.body)
            cards = [a["content"] for a in given["attachments"] if a["contentType"] == CARD]
        except (ValueError, KeyError, TypeError):
            return _error(400, "TriggerInputSchemaMismatch")
        for card in cards:
            self._run(name, card)
        return Reply(202)

    def _too_fast(self, name: str) -> int | None:
        """Seconds to wait when one of the windows is full; else None, and the request is counted."""
        at, asked = seconds(), self._asked[name]
        for window, most in self.rates:
            if sum(at - earlier < window for earlier in asked) >= most:
                return window
        asked.append(at)
        return None

    def _run(self, name: str, card: Any) -> None:
        """The workflow posts the card: what Teams refuses now, nobody is told."""
        size = len(json.dumps(json.dumps(card, ensure_ascii=False), ensure_ascii=False).encode())
        wrong = faults_in(card) + ([f"MessageSizeExceeded: {size} bytes, at most {SIZE}"] if size > SIZE else [])
        if wrong:
            self.failed_runs += wrong
        else:
            self.posted.append(Posted(name, self._clock(), card))


def faults_in(card: Any) -> list[str]:
    """What Teams would not draw, as sentences; empty when all is well. Source: https://adaptivecards.io/explorer/"""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return ["no Adaptive Card"]
    found = [] if card.get("version") in {"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"} else ["version must be 1.0 to 1.5"]
    body = card.get("body")
    if not isinstance(body, list) or not body:
        return [*found, "body is no list of elements"]
    return found + [what for element in body for what in _element_faults(element)]


def _element_faults(element: Any) -> list[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind in TEXTS:
        wrong = [] if isinstance(element.get(TEXTS[kind]), str) and element[TEXTS[kind]] else [f"{kind} without a text"]
        wrong += [] if element.get("color", "Default") in COLOURS else [f"{kind} of an unknown colour"]
        address = str(element.get("url", ""))
        return [*wrong, "Action.OpenUrl without an address"] if kind == "Action.OpenUrl" and not address.startswith("http") else wrong
    if kind in CHILDREN:
        inside = element.get(CHILDREN[kind])
        return [what for e in inside for what in _element_faults(e)] if isinstance(inside, list) and inside else [f"{kind} is empty"]
    return [f"{kind} is no element that Teams draws"]


def _error(status: int, code: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": "words that change, and that may quote the request"}})


def main() -> None:
    """`python -m caseclock.demo.fake_teams`: serves until it is interrupted."""
    parser = argparse.ArgumentParser(description="Fake Teams webhooks on 127.0.0.1")
    parser.add_argument("--port", type=int, default=8811)
    parser.add_argument("--webhook", action="append", metavar="NAME", help="a webhook; may be given more than once")
    given = parser.parse_args()
    teams = FakeTeams(given.webhook or ["north"], port=given.port)

    def said() -> str:
        addresses = {name: address.get_secret_value() for name, address in teams.webhooks.items()}
        return f"export CASECLOCK_TEAMS_WEBHOOKS='{json.dumps(addresses)}'"

    serve_until_interrupted(teams, said)


if __name__ == "__main__":
    main()
