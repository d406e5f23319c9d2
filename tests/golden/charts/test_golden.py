"""The exact text of each picture, to be looked at by people in a review: a browser shows the files as they are.

After a wanted change: `CASECLOCK_WRITE_GOLDEN=1 pytest tests/golden/charts`, then look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chart_samples import CONTROL, RECENT

from caseclock.charts import control, recent

HERE = Path(__file__).parent
PICTURES = {f"recent_{name}": lambda name=name: recent.draw(RECENT[name]) for name in RECENT} | {
    f"control_{name}": lambda name=name: control.draw(CONTROL[name], "Referrals, North Assessment") for name in CONTROL
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_looks_as_before(name):
    made, file = PICTURES[name](), HERE / f"{name}.svg"
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


def test_no_file_is_left_over():
    assert {path.stem for path in HERE.glob("*.svg")} == set(PICTURES)
