"""What people read: each row is an item and the words that it becomes."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest
from notification_samples import ANNEX_A, HOSTILE, RESOLVED, WORSENED, item, message, share

from caseclock.alerts import Kind
from caseclock.measures.model import COUNCIL, NO_TEAM
from caseclock.notifications import wording
from caseclock.notifications.words import PLACES, WORDS

SENTENCES = [
    (WORSENED, "Red: 21 unallocated cases in North Assessment, limit 20, up from 12, open 6 working days."),
    (item(), "Amber: 12 unallocated cases in North Assessment, limit 10."),
    (item(value=1.0, limit=1.0, red_limit=3.0), "Amber: 1 unallocated case in North Assessment, limit 1."),
    (item(value=1204.0, severity="red"), "Red: 1,204 unallocated cases in North Assessment, limit 20."),
    (
        item(value=1.0, title="children that are waiting", open_wd=1),
        "Amber: 1 child that is waiting in North Assessment, limit 10, open 1 working day.",
    ),
    (item(value=None), "Amber: unallocated cases in North Assessment, limit 10."),
    (item(value=float("nan")), "Amber: unallocated cases in North Assessment, limit 10."),
    (item(instance="unallocated/*", team="*"), "Amber: 12 unallocated cases in all teams together, limit 10."),
    (item(instance="unallocated/?", team="?"), "Amber: 12 unallocated cases that no team answers for, limit 10."),
    (
        item(instance="unallocated/service:NORTH", team="North"),
        "Amber: 12 unallocated cases in all teams of North, limit 10.",
    ),
    (
        item(instance="unallocated/service:NORTH", team="service:NORTH"),
        "Amber: 12 unallocated cases in all teams of NORTH, limit 10.",
    ),
    (share(), "Amber: 72% of assessments completed in time in North Assessment, limit 75%."),
    (share(was=81.0), "Amber: 72% of assessments completed in time in North Assessment, limit 75%, down from 81%."),
    (share(value=74.96), "Amber: 74.96% of assessments completed in time in North Assessment, limit 75%."),
    (share(value=55.0, severity="red"), "Red: 55% of assessments completed in time in North Assessment, limit 60%."),
    (
        item(kind="reminder", was=12.0, open_wd=5),
        "Amber: 12 unallocated cases in North Assessment, limit 10, no change, open 5 working days.",
    ),
    (RESOLVED, "Resolved: 6 unallocated cases in North Assessment, limit 10, down from 21, was open 9 working days."),
    (item(kind="resolved", severity=None, value=None), "Resolved: unallocated cases in North Assessment, limit 10."),
    (
        item(kind="retracted", severity=None, value=7.0, was=12.0),
        "Withdrawn: 7 unallocated cases in North Assessment, limit 10, down from 12.",
    ),
    (
        item(kind="hold", open_wd=3),
        "On hold: 12 unallocated cases in North Assessment, the last good figure, limit 10, open 3 working days.",
    ),
    (item(kind="limit_changed", limit=15.0, severity=None), "Limit changed: 12 unallocated cases in North Assessment, limit now 15."),
    (item(kind="dq_failed"), "Data held: the extract from demo did not pass its quality check."),
    (item(kind="stale"), "Data late: nothing new from demo since Mon 7 September 2026."),
    (item(kind="missing_scope", team="demo", instance="missing_scope/north"), "Team missing: north is nowhere in the extract from demo."),
    (
        item(kind="missing_scope", team="demo", instance="missing_scope/service:NORTH"),
        "Team missing: the extract from demo does not hold all teams of NORTH.",
    ),
    (item(kind="delivery_failed", team="Head of service"), "Not delivered: a message to Head of service could not be delivered."),
]


@pytest.mark.parametrize(("said", "words"), SENTENCES, ids=[words for _, words in SENTENCES])
def test_an_item_is_said_as(said, words):
    assert wording.item_sentence(said) == words


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        ("fire", "Red: 21 unallocated cases in North Assessment"),
        ("worsened", "Worse, red: 21 unallocated cases in North Assessment"),
        ("reminder", "Reminder, red: 21 unallocated cases in North Assessment"),
        ("escalated", "Escalated, red: 21 unallocated cases in North Assessment"),
        ("ack_expired", "Still open, red: 21 unallocated cases in North Assessment"),
        ("unsilenced", "Silence ended, red: 21 unallocated cases in North Assessment"),
        ("hold", "On hold: 21 unallocated cases in North Assessment"),
        ("dq_failed", "Data held: the extract from demo did not pass its quality check"),
    ],
)
def test_a_headline_says_what_how_much_where_and_why_now(kind, headline):
    assert wording.headline([item(kind=kind, severity="red", value=21.0)]) == headline


def test_several_items_are_counted_worst_first():
    items = [RESOLVED, item(), item(severity="red"), item()]
    assert wording.headline(items) == "4 alerts: 1 red, 2 amber, 1 resolved"
    assert [wording.label(i) for i in wording.worst_first(items)] == ["Red", "Amber", "Amber", "Resolved"]


def test_every_kind_has_words_and_every_sentence_ends():
    assert set(WORDS) == set(get_args(Kind))
    for kind in WORDS:
        for said in (
            wording.item_sentence(item(kind=kind)),
            wording.reason_sentence(item(kind=kind)),
            wording.next_sentence(item(kind=kind)),
        ):
            assert said == "" or (said[-1] == "." and said[0].isupper()), said


def test_the_engines_reason_follows_ours():
    assert wording.reason_sentence(WORSENED) == "It has got worse since you were last told. It has risen to red: was 12, now 21."
    assert wording.reason_sentence(item()) == "It is at or past its limit."


def test_the_date_of_the_data_is_always_said_and_each_source_has_its_own():
    two = [item(), item(source="annex", as_of=dt.date(2026, 9, 4))]
    assert wording.data_sentence(two) == "Data as of Mon 7 September 2026, source demo; Fri 4 September 2026, source annex."
    for kind in WORDS:
        assert "Data as of Mon 7 September 2026" in wording.full_text(message(item(kind=kind)), [item(kind=kind)])


def test_what_cannot_be_seen_stands_at_the_foot():
    assert wording.full_text(message(item(), notes=(ANNEX_A, ANNEX_A)), [item()]).splitlines()[-1] == ANNEX_A + "."


def test_what_has_no_room_is_counted():
    items = [item(severity="red")] * 20 + [item()] * 7
    assert "And 12 more: 5 red, 7 amber." in wording.full_text(message(*items), items, most=15)


def test_a_message_that_is_not_about_alerts_is_its_sentence_and_its_lines():
    notice = message(headline="A file in the inbox was refused: x.zip", lines=("It has no date in its name",))
    assert wording.full_text(notice, []) == "A file in the inbox was refused: x.zip.\nIt has no date in its name"


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("North\r\nBcc: x", "North Bcc: x"),
        ("a\u202egnp.exe\u200b", "agnp.exe"),
        ("tab\tand  spaces\u00a0", "tab and spaces"),
        ("x" * 100, "x" * 79 + "…"),
        ("Ynys Môn & Arfon", "Ynys Môn & Arfon"),
        ("", ""),
    ],
)
def test_a_name_is_one_visible_line(raw, seen):
    assert wording.plain(raw) == seen


def test_a_hostile_name_stays_one_line():
    assert "\n" not in wording.item_sentence(item(team=HOSTILE))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?y=1&z=2", "https://a.example/x?y=1&z=2"),
        ("https://a.example/x|y> <!channel>", "https://a.example/x%7Cy%3E%20%3C!channel%3E"),
        ('https://a.example/"onclick="x', "https://a.example/%22onclick=%22x"),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("//a.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_is_http_and_cannot_end_early(url, safe):
    assert wording.safe_link(url) == safe


def test_which_way_is_worse_follows_the_limits():
    assert not wording.lower_is_worse(item())
    assert wording.lower_is_worse(share())
    assert wording.lower_is_worse(share(limit=None, red_limit=None))
    assert wording.lower_is_worse(item(limit=5.0, red_limit=2.0))


def test_the_teams_with_words_of_their_own_are_those_of_the_measures():
    assert set(PLACES) == {COUNCIL, NO_TEAM}
