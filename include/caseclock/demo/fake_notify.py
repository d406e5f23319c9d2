"""GOV.UK Notify to look at: sends no mail, and checks what Notify checks: token and clock, template, address, size, rate, team list.

In a test: `with FakeNotify() as notify: NotifySettings(api_key=SecretStr(notify.api_key), template=notify.template,
base_url=notify.url)`. By hand: `python -m caseclock.demo.fake_notify --port 8812`. It listens on 127.0.0.1 only.
Source: https://docs.notifications.service.gov.uk/rest-api.html
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Callable, Collection
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from caseclock.demo.fake_http import Call, FakeService, Reply, serve_until_interrupted
from caseclock.now import now

SUBJECT, BODY = "((subject))", "((body))\n\n((link))"
SKEW = 30  # seconds
PER_MINUTE, PER_DAY = 3000, 250_000
MAIL_SIZE = 2_000_000  # bytes
SHOWN = dt.timedelta(days=7)
PAGE = 250
SIMULATED = {"temp-fail@simulator.notify": "temporary-failure", "perm-fail@simulator.notify": "permanent-failure"}
"""Addresses of Notify's own for trying out what becomes of a mail."""
PLACEHOLDER = re.compile(r"\(\(([^()]+)\)\)")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Refusal(Exception):
    """What Notify answers instead of doing it."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(error)
        self.reply = Reply(status, {"status_code": status, "errors": [{"error": error, "message": message}]})


class FakeNotify(FakeService):
    """One service with one template.

    `team`: the addresses that a service in trial mode may send to; None for a live one. `clock` is Notify's own.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        subject: str = SUBJECT,
        body: str = BODY,
        team: Collection[str] | None = None,
        per_minute: int = PER_MINUTE,
        per_day: int = PER_DAY,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        super().__init__(port=port)
        self.service, self.secret, self.template = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())
        self.sent: list[dict[str, Any]] = []
        """Newest last: `id, reference, email_address, subject, body, status, created_at`."""
        self._subject, self._body, self._team, self._clock = subject, body, team, clock
        self._per_minute, self._per_day = per_minute, per_day

    @property
    def api_key(self) -> str:
        """`name-service-secret`, as Notify shows it once."""
        return f"fake_key-{self.service}-{self.secret}"

    def copies(self) -> dict[str, int]:
        """Reference -> how many mails carry it. Anything above 1 was sent twice."""
        references = [str(n["reference"]) for n in self.sent]
        return {reference: references.count(reference) for reference in references}

    def becomes(self, reference: str, status: str) -> None:
        """What the mail provider says of every mail of that reference."""
        for notification in self.sent:
            if notification["reference"] == reference:
                notification["status"] = status

    def too_many(self, seconds: str) -> Reply:
        return Refusal(429, "RateLimitError", "Exceeded rate limit for key type live").reply

    def answer(self, call: Call) -> Reply:
        parts = urlsplit(call.path)
        date = {"Date": format_datetime(self._clock(), usegmt=True)}
        try:
            self._check_token(call.headers.get("authorization", ""))
            if (call.method, parts.path) == ("POST", "/v2/notifications/email"):
                reply = self._send(call.body)
            elif (call.method, parts.path) == ("GET", "/v2/notifications"):
                reply = self._list({name: values[0] for name, values in parse_qs(parts.query).items()})
            else:
                raise Refusal(404, "NoResultFound", "No result found")
        except Refusal as refusal:
            reply = refusal.reply
        return Reply(reply.status, reply.body, {**reply.headers, **date})

    # --- the token -------------------------------------------------------------------------------------------------
    def _check_token(self, header: str) -> None:
        signed, _, signature = header.removeprefix("Bearer ").rpartition(".")
        expected = hmac.digest(self.secret.encode(), signed.encode(), hashlib.sha256)
        try:
            head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            right = head == {"typ": "JWT", "alg": "HS256"} and claims["iss"] == self.service and type(claims["iat"]) is int
            right = right and hmac.compare_digest(expected, _decoded(signature))
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            raise Refusal(403, "AuthError", "Invalid token: API key not found")
        if abs(self._clock().timestamp() - claims["iat"]) > SKEW:
            raise Refusal(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")

    # --- what it does ----------------------------------------------------------------------------------------------
    def _send(self, raw: bytes) -> Reply:
        given = _object(raw)
        self._check_limits()
        address, reference = str(given.get("email_address", "")), given.get("reference")
        if not ADDRESS.fullmatch(address):
            raise Refusal(400, "ValidationError", "email_address Not a valid email address")
        if given.get("template_id") != self.template:
            raise Refusal(400, "BadRequestError", "Template not found")
        values = given.get("personalisation") or {}
        missing = [name for name in PLACEHOLDER.findall(self._subject + self._body) if values.get(name) is None]
        if missing:
            raise Refusal(400, "BadRequestError", f"Missing personalisation: {', '.join(dict.fromkeys(missing))}")
        if self._team is not None and address not in self._team:
            raise Refusal(400, "BadRequestError", f"Can't send to this recipient ({address}) when service is in trial mode")
        made_safe = {name: _sanitised(str(value)) for name, value in values.items() if name in (given.get("sanitise_content_for") or ())}
        shown = {**values, **made_safe}
        subject, body = (PLACEHOLDER.sub(lambda hit: str(shown[hit[1]]), text) for text in (self._subject, self._body))
        if len(body.encode()) > MAIL_SIZE:
            raise Refusal(400, "BadRequestError", f"Emails cannot be longer than {MAIL_SIZE} bytes. Your message is {len(body)} bytes.")
        notification = {
            "id": str(uuid.uuid4()), "reference": reference, "email_address": address, "type": "email",
            "status": SIMULATED.get(address, "created"),
            "subject": subject, "body": body, "created_at": self._clock().isoformat(),
        }  # fmt: skip
        self.sent.append(notification)
        return Reply(201, {"id": notification["id"], "reference": reference, "content": {"subject": subject, "body": body}})

    def _check_limits(self) -> None:
        ages = [self._clock() - dt.datetime.fromisoformat(n["created_at"]) for n in self.sent]
        if sum(age < dt.timedelta(minutes=1) for age in ages) >= self._per_minute:
            raise Refusal(429, "RateLimitError", f"Exceeded rate limit for key type live of {self._per_minute} requests per 60 seconds")
        if sum(age < dt.timedelta(days=1) for age in ages) >= self._per_day:
            raise Refusal(429, "TooManyRequestsError", f"Exceeded send limits ({self._per_day}) for today")

    def _list(self, asked: dict[str, str]) -> Reply:
        """The newest first, one page, of the last seven days."""
        since = self._clock() - SHOWN
        found = [
            n
            for n in reversed(self.sent)
            if asked.get("reference") in (None, n["reference"])
            and asked.get("template_type") in (None, "email")
            and dt.datetime.fromisoformat(n["created_at"]) >= since
        ]
        return Reply(200, {"notifications": found[:PAGE], "links": {"current": "/v2/notifications"}})


def _object(raw: bytes) -> dict[str, Any]:
    try:
        given = json.loads(raw)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(400, "BadRequestError", "Invalid JSON supplied in POST data")
    return given


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _sanitised(value: str) -> str:
    """Markdown made visible and addresses taken out, as in the example of Notify's API."""
    return re.sub(r"([\[\]()*_#^`>~])", r"\\\1", re.sub(r"(?:https?://|www\.)[^\s)\]]+", "", value))


def main() -> None:
    """`python -m caseclock.demo.fake_notify`: serves until it is interrupted."""
    parser = argparse.ArgumentParser(description="A fake GOV.UK Notify on 127.0.0.1")
    parser.add_argument("--port", type=int, default=8812)
    parser.add_argument("--team", action="append", metavar="ADDRESS", help="an address of the team list; without any, the service is live")
    given = parser.parse_args()
    notify = FakeNotify(port=given.port, team=given.team)

    def said() -> str:
        names = {"API_KEY": notify.api_key, "TEMPLATE": notify.template, "URL": notify.url}
        return "export " + " ".join(f"CASECLOCK_NOTIFY_{name}={value}" for name, value in names.items())

    serve_until_interrupted(notify, said)


if __name__ == "__main__":
    main()
