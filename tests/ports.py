"""Ports for servers of tests that are started again on the same port."""

from __future__ import annotations

import os
import random

from caseclock.demo.processes import port_is_free

FIRST, LAST = 10_000, 32_000  # below the ports that the system gives to outgoing connections: one of those may come to stand on ours
WORKERS = 16


def steady_ports(number: int) -> list[int]:
    """So many different ports that are free now; those of one worker of the test run are never those of another."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    mine = range(FIRST + worker, LAST, WORKERS)
    found: list[int] = []
    for port in random.sample(mine, len(mine)):
        if len(found) == number:
            break
        if port_is_free(port):
            found.append(port)
    return found
