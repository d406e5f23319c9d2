"""The digest of the incident week as mail, to be read by people in a review.

After a wanted change: `CASECLOCK_WRITE_GOLDEN=1 pytest tests/golden/digest`, then look at the difference.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "digest"))

import samples

from caseclock.digest.compose import letter_of
from caseclock.notifications.letter_mail import html_of_letter, text_of_letter

HERE = Path(__file__).parent
FORMS = {"mail.txt": text_of_letter, "mail.html": lambda letter: html_of_letter(letter, {0: "picture1.k1.caseclock@council.example"})}


@pytest.mark.parametrize("form", FORMS)
def test_the_mail_looks_as_before(form):
    made, file = FORMS[form](letter_of(samples.incident())), HERE / form
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")
