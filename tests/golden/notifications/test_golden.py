"""The exact form of each kind of message on each channel, to be read by people in a review.

After a wanted change: `CASECLOCK_WRITE_GOLDEN=1 pytest tests/golden/notifications`, then look at the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from notification_samples import CASES

from caseclock.notifications.channels import email, notify, slack, teams

HERE = Path(__file__).parent
FORMS = {
    "blocks.json": lambda m: json.dumps(slack.root_blocks(m), indent=1, ensure_ascii=False) + "\n",
    "reply.json": lambda m: json.dumps(slack.reply_blocks(m), indent=1, ensure_ascii=False) + "\n",
    "slack.txt": lambda m: slack.whole_text(m, m.items) + "\n",
    "mail.txt": email.text_of,
    "mail.html": lambda m: email.html_of(m) + "\n",
    "card.json": lambda m: json.dumps(teams.card_of(m), indent=1, ensure_ascii=False) + "\n",
    "notify.txt": lambda m: "\n\n".join(notify.personalisation(m).values()) + "\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_message_looks_as_before(case, form):
    made, file = FORMS[form](CASES[case]), HERE / f"{case}.{form}"
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


def test_no_file_is_left_over():
    files = {path.name for path in HERE.iterdir() if path.suffix in {".json", ".txt", ".html"}}
    assert files == {f"{case}.{form}" for case in CASES for form in FORMS}
