"""Errors that people can act on: where, what, what is allowed, what to do next.

An exception carries the caller's decision: `WrongUse` ends a command with exit code 2, `BadExtract` sets an extract
aside (nothing of it is used, nothing is lost), `BadConfig` stops before anything runs.
No error text ever holds a value from a row: a value may be personal data. Row and column are named instead.
"""

from __future__ import annotations


class CaseclockError(Exception):
    """Something a person can put right. `str()` is the whole sentence."""

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", allowed: str = "", todo: str = "") -> None:
        self.where, self.what, self.allowed, self.todo = where, what, allowed, todo
        super().__init__(where, what, allowed, todo)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.allowed:
            text += f"; expected {self.allowed}"
        if self.todo:
            text += f". {self.todo}"
        return text


class WrongUse(CaseclockError):
    """The command or call was used wrongly."""

    exit_code = 2


class BadConfig(CaseclockError):
    """The configuration cannot be used."""

    exit_code = 1


class BadExtract(CaseclockError):
    """The extract as a whole cannot be read. It is set aside whole, its bytes are kept, and data engineers are told."""

    exit_code = 1


class ExtractRefused(BadExtract):
    """The same, after it has been written down: whoever must know is told through the outbox, by the alert on held data."""
