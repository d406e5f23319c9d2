"""What of an alert becomes a chart: the figures of its words and nothing else, and nothing that Slack refuses."""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "channels"))

from notification_samples import HOSTILE, RESOLVED, WORSENED, item, message, share

from caseclock.alerts import Kind
from caseclock.alerts.model import Instance, Intent, Observation
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo import picture_kinds
from caseclock.demo.block_kit import faults_in, faults_in_view
from caseclock.notifications.channels import slack
from caseclock.notifications.compose import Facts, item_from_json, item_of, item_to_json
from caseclock.notifications.pictures import recent_of
from caseclock.notifications.slack_chart import chart_blocks, chart_words
from caseclock.notifications.words import WORDS
from caseclock.thresholds import ThresholdRule

DAY = dt.date(2026, 9, 7)


def series(count, step=7, value=lambda n: float(n % 9)):
    return tuple((DAY - dt.timedelta(step * (count - 1 - n)), value(n)) for n in range(count))


def charts(blocks):
    return [block for block in blocks if block["type"] == "data_visualization"]


# --- what is drawn -------------------------------------------------------------------------------------------------
def test_a_chart_holds_the_figures_limits_and_days_of_the_words():
    recent = recent_of(replace(WORSENED, held_days=(dt.date(2026, 8, 12),)))
    assert (recent.whole, recent.unit) == ("Unallocated cases in North Assessment", "cases")
    assert (recent.known, recent.limits) == (list(WORSENED.recent), [("amber", 10.0), ("red", 20.0)])
    assert (recent.since, recent.gaps, recent.closed) == (WORSENED.since, [dt.date(2026, 8, 12)], False)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_has_its_chart_or_has_none(kind):
    recent = recent_of(replace(WORSENED, kind=kind))
    assert (recent is None) == (WORDS[kind].form == "data")
    assert recent is None or recent.closed == (kind in {"resolved", "retracted", "limit_changed"})


@pytest.mark.parametrize("recent", [(), series(2), ((DAY, float("nan")), *series(2)), ((DAY, float("inf")), *series(2)[:1])])
def test_too_few_figures_are_no_chart(recent):
    assert recent_of(item(recent=recent)) is None
    assert chart_blocks(item(recent=recent)) == []
    assert chart_words(item(recent=recent)) == ""


def test_a_share_is_worse_when_it_is_lower():
    assert "at or past amber since 7 Sep 2026" in chart_words(share(recent=series(3, value=lambda n: 90.0 - 9 * n)))


# --- Slack's own chart ---------------------------------------------------------------------------------------------
def test_the_block_of_slack_has_one_line_for_the_figures_and_one_for_each_limit():
    [block] = chart_blocks(WORSENED)
    assert block["title"] == "Figure and limits, 3 Aug to 7 Sep 2026"
    lines = {line["name"]: [point["value"] for point in line["data"]] for line in block["chart"]["series"]}
    assert lines == {"Figure": [8, 9, 9, 12, 12, 21], "Amber limit": [10] * 6, "Red limit": [20] * 6}
    assert block["chart"]["axis_config"]["categories"] == ["3 Aug", "10 Aug", "17 Aug", "24 Aug", "31 Aug", "7 Sep"]


def test_held_days_are_counted_below_the_chart_of_slack():
    chart, below = chart_blocks(replace(WORSENED, held_days=(dt.date(2026, 8, 12), dt.date(2026, 9, 14))))
    assert below["elements"][0]["text"] == "No figure for 2 days whose data was held; the newest of them is 14 Sep 2026."
    assert faults_in([chart, below]) == []


def test_one_held_day_is_named():
    _, below = chart_blocks(replace(WORSENED, held_days=(dt.date(2026, 8, 12),)))
    assert below["elements"][0]["text"] == "No figure for 12 Aug 2026: its data was held."


def test_daily_figures_are_shown_as_the_last_of_each_week():
    [block] = chart_blocks(item(recent=series(60, step=1, value=float)))
    [figures, *_] = block["chart"]["series"]
    assert [point["value"] for point in figures["data"]][-2:] == [58, 59]  # Sunday 6 and Monday 7 September
    assert len(figures["data"]) == 10


def test_days_of_two_years_are_told_apart():
    [block] = chart_blocks(item(recent=((dt.date(2025, 9, 7), 1.0), (dt.date(2026, 3, 1), 2.0), (DAY, 3.0))))
    assert block["chart"]["axis_config"]["categories"] == ["7 Sep 2025", "1 Mar 2026", "7 Sep 2026"]


def test_no_name_stands_in_the_chart_of_slack():
    shown = json.dumps(chart_blocks(replace(WORSENED, team=HOSTILE, title=HOSTILE, source=HOSTILE)))
    assert shown == json.dumps(chart_blocks(WORSENED))


def test_a_root_has_two_charts_at_most_and_those_of_the_worst():
    items = [replace(WORSENED, severity="amber", value=11.0, instance=f"a/{n}") for n in range(3)] + [WORSENED]
    blocks = slack.root_blocks(message(*items))
    assert len(charts(blocks)) == 2
    assert blocks[1]["text"]["text"].startswith("🔴 Red: 21")
    assert blocks[2]["type"] == "data_visualization"
    assert faults_in(blocks) == []


def test_a_reply_has_no_chart_because_the_root_above_it_has():
    assert charts(slack.reply_blocks(message(WORSENED, RESOLVED))) == []
    assert len(charts(slack.root_blocks(message(WORSENED)))) == 1


def test_who_does_not_see_the_chart_reads_what_it_shows():
    assert slack.whole_text(message(WORSENED), [WORSENED]).splitlines()[-1] == (
        "Unallocated cases in North Assessment: from 8 on 3 Aug to 21 on 7 Sep 2026; amber limit 10; red limit 20; "
        "at or past red since 7 Sep 2026; open since 27 Aug 2026."
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.floats()), max_size=70),
    st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.floats()),
    st.sampled_from(["cases", "per cent"]),
)
def test_slack_takes_the_chart_of_any_series(recent, amber, red, unit):
    made = item(recent=tuple(sorted(dict(recent).items())), limit=amber, red_limit=red, unit=unit)
    assert faults_in(chart_blocks(made)) == []


# --- which figures reach a line ------------------------------------------------------------------------------------
def facts(observations):
    rule = ThresholdRule(id="unallocated", measure="unallocated", title="unallocated cases", amber=10, red=20, clear_below=8)
    instance = Instance("demo", "unallocated", "north")
    return instance, Facts({"unallocated": rule}, {"north": "North"}, {instance: observations}, WorkingCalendar(), DAY)


def line(observations):
    instance, known = facts(observations)
    return item_of(Intent("sm", "fire", instance, "2026-09-07", "post", "", "red", 21.0, as_of=DAY), known)


@pytest.mark.parametrize(("step", "have", "shown"), [(7, 30, 12), (1, 200, 60), (31, 20, 12), (7, 5, 5), (2, 90, 42)])
def test_a_line_holds_twelve_weeks_of_figures_and_of_rarer_ones_twelve(step, have, shown):
    seen = [Observation(DAY - dt.timedelta(step * n), float(n), 1) for n in range(have)]
    made = line(seen)
    assert len(made.recent) == shown
    assert made.recent[-1] == (DAY, 0.0)


def test_held_days_are_those_since_the_first_figure_that_is_shown():
    seen = [Observation(DAY - dt.timedelta(7 * n), float(n), 1, passed=n not in {1, 2, 20}) for n in range(25)]
    made = line(seen)
    assert made.held_days == (DAY - dt.timedelta(14), DAY - dt.timedelta(7))
    assert {day for day, _ in made.recent}.isdisjoint(made.held_days)
    assert item_from_json(json.loads(json.dumps(item_to_json(made)))) == made


def test_a_line_that_was_stored_before_held_days_were_known_can_be_read():
    kept = item_to_json(WORSENED)
    del kept["held_days"]
    assert item_from_json(kept) == WORSENED


# --- the sheet of the docs -----------------------------------------------------------------------------------------
def test_the_sheet_has_every_kind_of_message():
    made = picture_kinds.messages()
    assert set(made) == {*get_args(Kind), "acknowledged", "silenced", "fallback", "several", "digest", "stuck"}
    assert all(one.items[0].kind == kind for kind, one in made.items() if kind in get_args(Kind))


def test_the_sheets_show_each_message_once_and_those_about_data_apart():
    made, alerts, data = picture_kinds.messages(), picture_kinds.titles(), picture_kinds.data_titles()
    assert [*sorted([*alerts, *data])] == sorted(made)
    assert {name for name in data if name != "stuck"} == {kind for kind in get_args(Kind) if WORDS[kind].form == "data"}
    assert len({*alerts.values(), *data.values()}) == len(made)


def test_what_is_never_mailed_is_not_on_the_sheet_of_mails():
    assert {"refresh", "hold", "unhold"} < picture_kinds.NEVER_MAILED
    assert not {"fire", "resolved", "dq_failed"} & picture_kinds.NEVER_MAILED


def test_the_forms_of_the_sheet_are_what_slack_takes():
    ack, silence = picture_kinds.forms()
    assert [faults_in_view(view) for view in (ack, silence)] == [[], []]
    assert (ack["title"]["text"], silence["title"]["text"]) == ("Acknowledge", "Silence")


def test_the_thread_of_the_sheet_is_one_alert_that_got_worse():
    begun, worse = picture_kinds.thread()
    assert (begun.mode, worse.mode) == ("post", "reply_broadcast")
    assert [m.items[0].severity for m in (begun, worse)] == ["amber", "red"]
