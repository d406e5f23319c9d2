"""What people read: each row is an item and the words that it becomes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import get_args

import pytest
from notification_samples import ACKNOWLEDGED, ANNEX_A, HOSTILE, RESOLVED, SILENCED, WORSENED, item, message, share

from caseclock.alerts import Kind
from caseclock.measures.model import COUNCIL, NO_TEAM
from caseclock.notifications import wording
from caseclock.notifications.words import PLACES, WORDS

SENTENCES = [
    (
        WORSENED,
        "Red: 21 unallocated cases in North Assessment, red limit 20, up from 12, open for 6 working days since Thu 27 August 2026.",
    ),
    (item(), "Amber: 12 unallocated cases in North Assessment, amber limit 10, open since Mon 7 September 2026."),
    (
        item(value=1.0, limit=1.0, red_limit=3.0),
        "Amber: 1 unallocated case in North Assessment, amber limit 1, open since Mon 7 September 2026.",
    ),
    (
        item(value=1204.0, severity="red"),
        "Red: 1,204 unallocated cases in North Assessment, red limit 20, open since Mon 7 September 2026.",
    ),
    (
        item(value=1.0, title="children that are waiting", open_wd=1),
        "Amber: 1 child that is waiting in North Assessment, amber limit 10, open for 1 working day since Mon 7 September 2026.",
    ),
    (item(value=None), "Amber: unallocated cases in North Assessment, amber limit 10, open since Mon 7 September 2026."),
    (item(value=float("nan")), "Amber: unallocated cases in North Assessment, amber limit 10, open since Mon 7 September 2026."),
    (
        item(instance="unallocated/*", team="*"),
        "Amber: 12 unallocated cases in all teams together, amber limit 10, open since Mon 7 September 2026.",
    ),
    (
        item(instance="unallocated/?", team="?"),
        "Amber: 12 unallocated cases that no team answers for, amber limit 10, open since Mon 7 September 2026.",
    ),
    (
        item(instance="unallocated/service:NORTH", team="North"),
        "Amber: 12 unallocated cases in all teams of North, amber limit 10, open since Mon 7 September 2026.",
    ),
    (
        item(instance="unallocated/service:NORTH", team="service:NORTH"),
        "Amber: 12 unallocated cases in all teams of NORTH, amber limit 10, open since Mon 7 September 2026.",
    ),
    (share(), "Amber: 72% of assessments completed in time in North Assessment, amber limit 75%, open since Mon 7 September 2026."),
    (
        share(was=81.0),
        "Amber: 72% of assessments completed in time in North Assessment, amber limit 75%, down from 81%, open since Mon 7 September 2026.",
    ),
    (
        share(value=74.96),
        "Amber: 74.96% of assessments completed in time in North Assessment, amber limit 75%, open since Mon 7 September 2026.",
    ),
    (
        share(value=55.0, severity="red"),
        "Red: 55% of assessments completed in time in North Assessment, red limit 60%, open since Mon 7 September 2026.",
    ),
    (
        item(kind="reminder", was=12.0, open_wd=5),
        "Amber: 12 unallocated cases in North Assessment, amber limit 10, no change, open for 5 working days since Mon 7 September 2026.",
    ),
    (
        RESOLVED,
        "Resolved: 6 unallocated cases in North Assessment, amber limit 10, down from 21, "
        "was open for 9 working days from Mon 24 August 2026.",
    ),
    (
        item(kind="resolved", severity=None, value=None),
        "Resolved: unallocated cases in North Assessment, amber limit 10, was open from Mon 7 September 2026.",
    ),
    (
        item(kind="retracted", severity=None, value=7.0, was=12.0),
        "Withdrawn: 7 unallocated cases in North Assessment, amber limit 10, down from 12, was open from Mon 7 September 2026.",
    ),
    (
        item(kind="hold", open_wd=3),
        "On hold: 12 unallocated cases in North Assessment, the last good figure, amber limit 10, "
        "open for 3 working days since Mon 7 September 2026.",
    ),
    (
        item(kind="limit_changed", limit=15.0, severity=None),
        "Limit changed: 12 unallocated cases in North Assessment, amber limit 15, was open from Mon 7 September 2026.",
    ),
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
        ("hold", "On hold, red: 21 unallocated cases in North Assessment"),
        ("dq_failed", "Data held: the extract from demo did not pass its quality check"),
    ],
)
def test_a_headline_says_what_how_much_where_and_why_now(kind, headline):
    assert wording.headline([item(kind=kind, severity="red", value=21.0)]) == headline


@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_is_open_says_who_has_acknowledged_it_or_that_nobody_has(kind):
    said = wording.handled_sentence(item(kind=kind))
    if WORDS[kind].form not in {"open", "held"}:
        assert said == ""
    elif kind in {"escalated", "ack_expired"}:
        assert said == "" and "acknowledge" in wording.reason_sentence(item(kind=kind)).lower()
    else:
        assert said == "Not acknowledged at present."


def test_who_has_acknowledged_it_stands_where_it_said_that_nobody_had():
    assert wording.handled_sentence(item(kind="escalated", handled=ACKNOWLEDGED)) == ACKNOWLEDGED + "."
    assert ACKNOWLEDGED + "." in wording.full_text(message(item(handled=ACKNOWLEDGED)), [item(handled=ACKNOWLEDGED)])
    assert "Not acknowledged" not in wording.full_text(message(item(handled=SILENCED)), [item(handled=SILENCED)])


def test_without_a_page_an_alert_says_by_which_id_its_cases_can_be_listed():
    known = item(link=None, ref="0123456789ab|2026-09-07|1")
    asked = "Those who run caseclock can list them by the id of this alert, 0123456789ab."
    assert wording.next_sentence(known).endswith(asked)
    assert wording.next_in_list(known).endswith(asked)
    assert "0123456789ab" not in wording.next_sentence(replace(known, link="https://pages.council.example/x"))
    assert wording.next_in_list(replace(known, link="https://pages.council.example/x")) == ""
    assert wording.next_sentence(replace(known, kind="resolved")) == "Nothing more to do."


def test_in_a_list_only_what_the_link_does_not_say_is_said():
    assert wording.next_in_list(item(kind="stale")) == "Find out why no new extract arrived, and have it sent."
    assert "have it sent" in wording.full_text(message(item(), item(kind="stale")), [item(), item(kind="stale")])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("312 of 3,400 referrals have no date", "312 of 3,400 referrals have no date."),
        ("clear on one extract date", "Clear on one extract date."),
        ("referrals.csv is cut off in row 1,204", "referrals.csv is cut off in row 1,204."),
        ("cine_referral_date is empty", "cine_referral_date is empty."),
        ("it rose. then it fell", "It rose. then it fell."),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_but_for_the_name_of_a_file_or_column(raw, said):
    assert wording.sentence(raw) == said


def test_the_days_of_the_last_figures_are_said():
    assert wording.recent_sentence(WORSENED) == "Last 6 figures, 3 August to 7 September 2026, oldest first: 8, 9, 9, 12, 12, 21."
    over_the_year = item(recent=((dt.date(2025, 12, 29), 3.0), (dt.date(2026, 1, 5), 4.0)))
    assert wording.recent_sentence(over_the_year) == "Last 2 figures, 29 December 2025 to 5 January 2026, oldest first: 3, 4."
    assert wording.recent_sentence(item(recent=WORSENED.recent[:1])) == ""


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


def test_the_engines_reason_of_a_mere_edit_is_for_the_audit():
    assert wording.reason_sentence(item(kind="refresh", reason="shown 74.41, now 74.48")) == "This message has been brought up to date."


def test_the_date_of_the_data_is_always_said_and_each_source_has_its_own():
    two = [item(), item(source="annex", as_of=dt.date(2026, 9, 4))]
    assert wording.data_sentence(two) == "Data as of Mon 7 September 2026, source demo; Fri 4 September 2026, source annex."
    for kind in WORDS:
        assert "Data as of Mon 7 September 2026" in wording.full_text(message(item(kind=kind)), [item(kind=kind)])


def test_what_cannot_be_seen_stands_at_the_foot():
    assert wording.full_text(message(item(), notes=(ANNEX_A, ANNEX_A)), [item()]).splitlines()[-1] == ANNEX_A + "."


def test_what_has_no_room_is_counted():
    items = [item(severity="red")] * 20 + [item()] * 7
    assert "And 12 more: 5 red, 7 amber. " in wording.full_text(message(*items), items, most=15)


@pytest.mark.parametrize(
    ("hidden", "where"),
    [
        ([item(), item(kind="resolved", severity=None)], " All alerts are listed here: https://pages.council.example/caseclock/alerts"),
        ([item(link=None)], " Ask those who run caseclock for the list: caseclock alerts list."),
        ([item(link=None), replace(RESOLVED, link=None)], " Ask those who run caseclock for the list: caseclock alerts list --all."),
        ([item(kind="stale", limit=None, link=None)], ""),
    ],
)
def test_what_has_no_room_says_where_it_is_to_be_seen(hidden, where):
    said = wording.more_sentence(hidden)
    assert said.startswith(f"And {len(hidden)} more: ")
    assert said.partition(".")[2] == where


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
