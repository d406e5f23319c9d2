"""Figures to a collector: by OTLP over HTTP, by StatsD over UDP, or both.

Whatever becomes of it the work goes on: sending is done beside it, and is waited for some seconds at most.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from caseclock.errors import WrongUse
from caseclock.observe.figures import Figure

log = logging.getLogger(__name__)

TIMEOUT: Final = 5.0  # seconds for each target


@dataclass(frozen=True)
class Targets:
    """Where figures go. `otlp`: base address of a collector. `headers`: what it wants to see, a secret."""

    otlp: str | None = None
    headers: Mapping[str, str] | None = None
    statsd: tuple[str, int] | None = None

    def __bool__(self) -> bool:
        return bool(self.otlp or self.statsd)


def targets_from(env: Mapping[str, str] | None = None) -> Targets:
    """From `CASECLOCK_OTLP_ENDPOINT`, `CASECLOCK_OTLP_HEADERS`, `CASECLOCK_STATSD_HOST` and `CASECLOCK_STATSD_PORT`.

    Raises WrongUse, which names the variable.
    """
    env = os.environ if env is None else env
    endpoint, host = env.get("CASECLOCK_OTLP_ENDPOINT") or None, env.get("CASECLOCK_STATSD_HOST") or None
    if endpoint and (urlsplit(endpoint).scheme not in {"http", "https"} or not urlsplit(endpoint).hostname):
        raise _wrong("CASECLOCK_OTLP_ENDPOINT", "the base address of a collector: http://collector:4318")
    port = env.get("CASECLOCK_STATSD_PORT") or "8125"
    if host and not (port.isdecimal() and 0 < int(port) < 65_536):
        raise _wrong("CASECLOCK_STATSD_PORT", "a port, 1 to 65535")
    return Targets(endpoint, _headers(env.get("CASECLOCK_OTLP_HEADERS") or ""), (host, int(port)) if host else None)


def _headers(text: str) -> dict[str, str] | None:
    """`name=value,name=value`, as OpenTelemetry's own variable has it."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if any(not sign or not name.strip() for name, sign, _ in pairs):
        raise _wrong("CASECLOCK_OTLP_HEADERS", "name=value, with commas between them")
    return {name.strip().lower(): value.strip() for name, _, value in pairs} or None


def _wrong(where: str, allowed: str) -> WrongUse:
    return WrongUse("it cannot be used", where=where, allowed=allowed, todo="Correct or unset it.")


def send(found: Sequence[Figure], targets: Targets, timeout: float = TIMEOUT) -> bool:
    """Whether every target has taken the figures, as far as it says so (StatsD never does). Lasts about `timeout` seconds at most."""
    from caseclock.observe import otlp, statsd

    usable = [one for one in found if math.isfinite(one.value)]
    ways: list[tuple[str, Callable[[], bool]]] = []
    if targets.otlp:
        base = targets.otlp
        ways.append(("OTLP", lambda: otlp.send(usable, base, targets.headers, timeout)))
    if targets.statsd:
        host, port = targets.statsd
        ways.append(("StatsD", lambda: statsd.send(usable, host, port)))
    done: dict[str, bool] = {}
    threads = [threading.Thread(target=_try, args=(name, way, done), daemon=True, name=f"push-{name}") for name, way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout + 1)
    for name, _ in ways:
        if not done.get(name):
            log.warning("the figures have not reached %s", name)
    return all(done.get(name) for name, _ in ways)


def _try(name: str, way: Callable[[], bool], done: dict[str, bool]) -> None:
    try:
        done[name] = way()
    except Exception as error:  # noqa: BLE001 - said once, by whoever waits
        log.warning("%s: %s", name, type(error).__name__)
