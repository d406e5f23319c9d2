"""What is taken out of a line before it reaches a log: secrets, mail addresses, numbers that name a person.

It is the second wall. The first is that no line is written with such a value in it. Dates stay: a log is of no use without them, and a
date of birth cannot be told from any other date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

SHORTEST_SECRET: Final = 6  # a shorter one is part of too many words
GONE: Final = "***"
UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@", rf"\1:{GONE}@"),  # a password in an address
        (r"\bxox[a-z]-[\w-]{6,}|\bxapp-[\w-]{6,}|\bxwfp-[\w-]{6,}", f"{GONE} (token)"),  # https://api.slack.com/authentication/token-types
        (r"(hooks\.slack\.com/(?:services|workflows)/)[^\s\"'<>]+", rf"\1{GONE}"),
        (r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", rf"\1 {GONE}"),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", f"{GONE} (token)"),  # a JSON web token
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", f"{GONE} (key)"),
        (rf"\b[\w-]{{1,60}}-{UUID}-{UUID}\b", f"{GONE} (key)"),  # a key of GOV.UK Notify
        (
            r"""([\w-]*(?:password|passwd|secret|token|api_?key|access_?key|signature|credential)["']?\s*[=:]\s*["']?)(?!\*\*\*)[^\s"'&,;<>]{4,}""",
            rf"\1{GONE}",
        ),
        (r"([?&](?:sig|sv|se|key|code|auth)=)[^\s&\"'<>]+", rf"\1{GONE}"),
        (r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", f"{GONE} (address)"),
        (r"(?<![\w.-])\d{3}[ -]\d{3}[ -]\d{4}(?![\w-])", f"{GONE} (number)"),  # an NHS number as it is printed
        (r"(?<![\w.-])[A-Z]?\d{9,13}[A-Z]?(?![\w-])(?!\.\d)", f"{GONE} (number)"),  # NHS number, UPN, telephone number
    )
)
"""In order. An id of an extract (16 hexadecimal digits), a date, a time and a count below a thousand millions are none of these."""


class Redactor:
    """Takes out what the patterns find, and secrets that are known word for word."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=lambda one: (-len(one), one))
        self._known = re.compile("|".join(re.escape(one) for one in known)) if known else None

    def __call__(self, text: str) -> str:
        if self._known:
            text = self._known.sub(GONE, text)
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        return text


redact: Final = Redactor()
