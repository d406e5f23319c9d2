"""Figures as StatsD gauges over UDP.

Plain StatsD knows no labels, so their values stand in the name: `caseclock.outbox_messages.slack.pending`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator

from caseclock.observe.figures import Figure

PACKET = 1_400  # bytes: what fits into a frame of Ethernet
MOST = 200  # packets of one round


def send(found: Iterable[Figure], host: str, port: int) -> bool:
    """True when everything was handed to the network, whoever listens."""
    kind = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind[0], socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        for n, packet in enumerate(packets(lines(found))):
            if n == MOST:
                return False
            out.sendto(packet, kind[4])
    return True


def lines(found: Iterable[Figure]) -> Iterator[str]:
    """`name:value|g`. A negative gauge would be read as a change; there is none."""
    for one in found:
        words = [word.replace(".", "_") for word in (one.name, *(value for _, value in one.labels))]
        yield f"caseclock.{'.'.join(re.sub(r'[^A-Za-z0-9_+-]', '_', word) for word in words)}:{one.value:.15g}|g"


def packets(told: Iterable[str]) -> Iterator[bytes]:
    """As many lines as fit, one per row."""
    half: list[bytes] = []
    for line in (text.encode("ascii") for text in told):
        if half and sum(map(len, half)) + len(half) + len(line) > PACKET:
            yield b"\n".join(half)
            half = []
        half.append(line)
    if half:
        yield b"\n".join(half)
