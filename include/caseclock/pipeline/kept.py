"""What is kept of an extract in the home folder: its frames, `clocks/<source>/<as_of>/<extract id>*.parquet`, and how a file is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from caseclock.pipeline.house import House

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.extracts import Extract


def clocks_path(house: House, extract: Extract) -> Path:
    """The clock frame."""
    return house.settings.clocks / extract.source / str(extract.as_of) / f"{extract.id}.parquet"


def cases_path(house: House, extract: Extract) -> Path:
    """The case frame: one row per open case."""
    return clocks_path(house, extract).with_suffix(".cases.parquet")


def referrals_path(house: House, extract: Extract) -> Path:
    """The referral frame, with which later extracts are compared."""
    return clocks_path(house, extract).with_suffix(".referrals.parquet")


def keep_frame(frame: pd.DataFrame, path: Path) -> None:
    """In one visible step."""
    with in_one_step(path) as half:
        frame.to_parquet(half, index=False)


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """The hidden path to write to; it takes the place of `path` at the end, so a file of that name is whole. What fails leaves no trace.

    Folders are made. Raises OSError as writing does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
