"""Which processes belong to something that we started, and ports of this machine. For Linux: it reads /proc."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
STATE, SESSION = 0, 3  # fields of /proc/PID/stat, counted behind the name: proc_pid_stat(5) numbers them 3 and 6


@dataclass(frozen=True)
class Seen:
    """A living process of this user. A process may have written its title over its environment: then `variables` is empty."""

    pid: int
    session: int
    folder: Path
    command: str
    variables: dict[str, str]


def seen_processes() -> list[Seen]:
    """Every process of this user that we may look at, without this one and without those that have ended."""
    own = os.getpid()
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [seen for pid in pids if pid != own and (seen := _look_at(pid))]


def _look_at(pid: int) -> Seen | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        if stat[STATE] in {"Z", "X"}:
            return None
        words = (PROC / str(pid) / "environ").read_bytes().decode("utf-8", "replace").split("\0")
        command = (PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").strip()
        folder = (PROC / str(pid) / "cwd").readlink()
    except OSError:  # ended meanwhile, or somebody else's
        return None
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    return Seen(pid, int(stat[SESSION]), folder, command, variables)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """The signal to each; one that has ended meanwhile is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def alive(pid: int) -> bool:
    """Whether a process with this id exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. A connection that is still being closed does not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True
