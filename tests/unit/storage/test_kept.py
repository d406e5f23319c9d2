from __future__ import annotations

import re
from pathlib import Path

from caseclock.storage.schema import metadata

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/keep-and-remove.md"


def test_the_page_says_of_every_table_how_long_it_is_kept() -> None:
    rows = [line for line in PAGE.read_text().partition("## Every table of the store")[2].splitlines() if line.startswith("| `")]
    named = [name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(metadata.tables)
