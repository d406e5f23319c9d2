"""How the fake Slack is reached: HTTP with JSON or form bodies, as slack-sdk sends them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from caseclock.demo.fake_http import Call


def method_of(call: Call) -> str:
    """`chat.postMessage` of `/api/chat.postMessage?...`."""
    return urlsplit(call.path).path.rpartition("/")[2]


def arguments_of(call: Call) -> dict[str, Any]:
    """Those of the address and those of the body together. A body that is no JSON object, though it says so, has none."""
    return {**dict(parse_qsl(urlsplit(call.path).query)), **_of_body(call)}


def token_of(call: Call, arguments: dict[str, Any]) -> str:
    """From the header, else from the arguments, which it leaves then."""
    return call.headers.get("authorization", "").removeprefix("Bearer ").strip() or str(arguments.pop("token", ""))


def _of_body(call: Call) -> dict[str, Any]:
    text = call.body.decode("utf-8", "replace")
    if call.headers.get("content-type", "").startswith("application/json"):
        with suppress(ValueError):
            given = json.loads(text or "{}")
            return given if isinstance(given, dict) else {}
        return {}
    given = dict(parse_qsl(text))
    for name in ("metadata", "blocks"):  # in a form they travel as JSON texts
        with suppress(KeyError, ValueError):
            given[name] = json.loads(given[name])
    return given
