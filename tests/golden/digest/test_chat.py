"""The digest of sample weeks as Slack, Teams and GOV.UK Notify are given it, to be read by people in a review.

After a wanted change: `CASECLOCK_WRITE_GOLDEN=1 pytest tests/golden/digest`, then look at the difference.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "digest"))

import samples

from caseclock.digest.compose import letter_of
from caseclock.notifications.channels import notify, slack, teams
from caseclock.notifications.letter import from_json, to_json
from caseclock.notifications.model import Message, Recipient

HERE = Path(__file__).parent
DIRECTOR = Recipient(id="director", title="Director of Children's Services", slack="C0LEAD", email="director@council.example")
AT = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
WEEKS = ("incident", "held", "nothing")
FORMS = {
    "slack.{}.json": lambda m: json.dumps(slack.root_blocks(m), indent=1, ensure_ascii=False) + "\n",
    "slack.{}.txt": lambda m: slack.whole_text(m, ()) + "\n",
    "teams.{}.json": lambda m: json.dumps(teams.card_of(m), indent=1, ensure_ascii=False) + "\n",
    "notify.{}.txt": lambda m: "\n\n".join(notify.personalisation(m).values()) + "\n",
}


@pytest.fixture(scope="module", params=WEEKS)
def week(request):
    made = letter_of(getattr(samples, request.param)(), kept="demo/2026-W47/council")
    kept = from_json(json.loads(json.dumps(to_json(made))))
    return request.param, Message("k1", DIRECTOR, "post", (), (), AT, (), "", kept.headline, (), kept)


@pytest.mark.parametrize("form", FORMS)
def test_the_digest_looks_as_before(week, form):
    name, message = week
    made, file = FORMS[form](message), HERE / form.format(name)
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


def test_no_file_of_chat_is_left_over():
    files = {path.name for path in HERE.iterdir() if path.name.partition(".")[0] in {"slack", "teams", "notify"}}
    assert files == {form.format(name) for name in WEEKS for form in FORMS}
