"""What a button sends back, and how the form behind it is read."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from caseclock.alerts import Instance
from caseclock.alerts.handling import Standing
from caseclock.alerts.model import Handling
from caseclock.demo import picture_kinds
from caseclock.demo.block_kit import faults_in_view
from caseclock.notifications.buttons import EXPLAINED, FORM, press_of, submitted
from caseclock.notifications.handled import handled_words

AT = {"channel": "C1", "ts": "1.000001"}
VALUE = "ack|0123456789ab|2026-11-20|3"
TODAY, LAST = dt.date(2026, 11, 20), {"ack": dt.date(2026, 11, 27), "silence": dt.date(2026, 12, 18)}


def form(value=VALUE, reason="why", until="2026-11-25", callback=FORM):
    values = {"reason": {"reason": {"value": reason}}, "until": {"until": {"selected_date": until}}}
    metadata = json.dumps({"value": value, **AT})
    return {"view": {"id": "V1", "callback_id": callback, "private_metadata": metadata, "state": {"values": values}}}


def test_a_value_says_what_of_which_message():
    press = press_of(VALUE, AT)
    assert (press.verb, press.alert, press.episode, press.count, press.at) == ("ack", "0123456789ab", "2026-11-20", 3, AT)


@pytest.mark.parametrize(
    "value", [None, 7, "", "ack", "delete|0123456789ab|2026-11-20|3", VALUE + "|x", VALUE.replace("|", ":"), "x" * 5000]
)
def test_what_is_not_ours_is_no_press(value):
    assert press_of(value, AT) is None


def test_a_press_on_no_message_is_none():
    assert press_of(VALUE, {"channel": "C1", "ts": ""}) is None


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, set()),
        ({"until": "2026-11-27"}, set()),
        ({"until": "2026-11-20"}, set()),
        ({"until": "2026-11-28"}, {"until"}),
        ({"until": "2026-11-19"}, {"until"}),
        ({"until": None}, {"until"}),
        ({"reason": None}, {"reason"}),
        ({"reason": " \u200b\n"}, {"reason"}),
        ({"value": VALUE.replace("ack", "silence"), "until": "2026-12-18"}, set()),
    ],
)
def test_what_is_wrong_with_a_form_is_named_by_its_field(given, faults):
    assert set(submitted(form(**given), TODAY, LAST).faults) == faults


@pytest.mark.parametrize("given", [{"callback": "another_app"}, {"value": "nonsense"}, {"value": None}])
def test_a_form_that_is_not_ours_is_none(given):
    assert submitted(form(**given), TODAY, LAST) is None


def test_a_reason_becomes_one_line_of_a_bounded_length():
    made = submitted(form(reason="two\nlines " + "x" * 900), TODAY, LAST)
    assert made.reason.startswith("two lines x")
    assert len(made.reason) == 300


# --- how it reads --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("Team manager, North (U024BE7LH)", "Acknowledged by Team manager, North until Wed 25 November 2026, 18:00"),
        ("Head (of service)", "Acknowledged by Head (of service) until Wed 25 November 2026, 18:00"),
        ("U024BE7LH", "Acknowledged by U024BE7LH until Wed 25 November 2026, 18:00"),
    ],
)
def test_who_acted_is_shown_by_name_and_the_id_stays_in_the_audit(by, said):
    end = dt.datetime(2026, 11, 25, 18, tzinfo=dt.UTC)
    deed = Handling("ack", Instance("demo", "unallocated", "north"), by, end - dt.timedelta(days=2), end)
    assert handled_words(Standing(acked=deed)) == said


@pytest.mark.parametrize("verb", ["ack", "silence"])
def test_the_form_says_what_the_alert_is_what_the_deed_does_and_when_it_ends(verb):
    view = picture_kinds.forms()[["ack", "silence"].index(verb)]
    first, reason, until = view["blocks"]
    assert first["text"]["text"].startswith(
        "Red: 21 unallocated cases in North Assessment, red limit 20, up from 12, open for 14 working days"
    )
    assert first["text"]["text"].endswith(EXPLAINED[verb])
    assert reason["hint"]["text"].endswith("Write nothing about a child.")
    assert until["label"]["text"].startswith("Until (at most Mon ")
    assert until["hint"]["text"] == "It ends with the working hours of that day."
    assert faults_in_view(view) == []
