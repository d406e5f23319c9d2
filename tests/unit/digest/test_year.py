"""A year of alerts: every one is counted once, and the parts make the whole."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.digest.year import Ended, Episode, Totals, Year, letter_of_year, year_of
from caseclock.notifications.letter import Table

elapsed = WorkingCalendar().elapsed


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


ALERTS = [
    #       opened, service, small, acknowledged, ended on, how
    Episode(day("03-02"), "north", False, day("03-03"), day("03-16"), "resolved"),  # 1 and 10 working days
    Episode(day("03-27"), "north", False, day("04-07"), day("04-09"), "resolved"),  # Easter between: 5 and 7
    Episode(day("04-10"), "south", False, None, day("04-14"), "retracted"),
    Episode(day("04-13"), "south", False, None, day("05-01"), "limit_changed"),
    Episode(day("05-05"), "south", False, None),
    Episode(day("05-06"), "north", True, day("05-06"), day("05-08"), "resolved"),  # of a small limit
    Episode(day("05-07"), "", False, day("05-12")),  # of all teams together
    Episode(dt.date(2025, 12, 30), "north", False, None),
]


@pytest.fixture
def year() -> Year:
    return year_of("demo", 2026, day("06-30"), ALERTS, elapsed)


def test_the_council_and_its_services(year: Year) -> None:
    assert [(g.service, g.whole) for g in year.groups] == [
        ("", Totals(7, 4, 3, 1, 1, 2, 1, 2.0, 7.0)),
        ("north", Totals(2, 2, 2, 0, 0, 0, 0, 3.0, 8.5)),
        ("south", Totals(3, 0, 0, 1, 1, 1, 1, None, None)),
    ]
    assert [m.opened for m in year.groups[0].months] == [0, 0, 2, 2, 3, 0]
    assert year.left_out == 1


def test_what_came_later_had_not_happened_then() -> None:
    council = year_of("demo", 2026, day("04-01"), ALERTS, elapsed).groups[0].whole
    assert council == Totals(2, 1, 1, 0, 0, 1, 1, 1.0, 10.0)
    assert year_of("demo", 2025, day("04-01"), ALERTS, elapsed).upto == dt.date(2025, 12, 31)


def test_an_alert_of_a_small_limit_is_counted_for_the_council_only(year: Year) -> None:
    without = year_of("demo", 2026, day("06-30"), [a for a in ALERTS if not a.small], elapsed)
    assert year.groups[1:] == without.groups[1:]
    assert year.groups[0].whole.opened == without.groups[0].whole.opened + 1
    tables = [b for s in letter_of_year(year).sections for b in s.blocks if isinstance(b, Table)]
    plain = [b for s in letter_of_year(without).sections for b in s.blocks if isinstance(b, Table)]
    north = [[row for row in table.rows if row[0].text == "North"] for table in tables]
    assert north == [[row for row in table.rows if row[0].text == "North"] for table in plain]
    assert tables[-1] == plain[-1]  # each month by service


def test_it_is_said_in_plain_words(year: Year) -> None:
    letter = letter_of_year(year)
    assert letter.headline == ("7 alerts were opened in 2026: 3 resolved, 2 still open. Nobody has acknowledged 1 of these 2.")
    assert letter.foot[2:] == (
        "1 alert of limits for small numbers: counted for the whole council only, not by service.",
        "1 alert of no service: figures of all teams together, or teams that are on no list.",
    )
    times = letter.sections[1].blocks[0]
    assert isinstance(times, Table)
    assert [tuple(cell.text for cell in row) for row in times.rows] == [
        ("The whole council", "2 (of 4)", "7 (of 3)", "1"),
        ("North", "3 (of 2)", "8.5 (of 2)", "0"),
        ("South", "none yet", "none yet", "1"),
    ]


def test_a_year_without_an_alert_is_said() -> None:
    letter = letter_of_year(year_of("demo", 2026, day("06-30"), [], elapsed))
    assert letter.headline == "No alert was opened in 2026."
    assert [s.heading for s in letter.sections] == ["No alert"]


dates = st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31))
ends: st.SearchStrategy[Ended] = st.sampled_from(["resolved", "retracted", "limit_changed"])


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    opened, over = draw(dates), draw(st.booleans())
    end = opened + dt.timedelta(days=draw(st.integers(0, 60))) if over else None
    heard = opened + dt.timedelta(days=draw(st.integers(0, 60))) if draw(st.booleans()) else None
    service = draw(st.sampled_from(["", "north", "south"]))
    return Episode(opened, service, draw(st.booleans()), heard, end, draw(ends) if over else "")


@given(st.lists(episodes(), max_size=30), dates)
def test_the_parts_make_the_whole(listed: list[Episode], upto: dt.date) -> None:
    found = year_of("demo", 2026, upto, listed, elapsed)
    for group in found.groups:
        for totals in (group.whole, *group.months):
            assert totals.opened == totals.resolved + totals.retracted + totals.limit_changed + totals.open
        assert group.whole.opened == sum(month.opened for month in group.months)
        assert group.whole.open_not_acknowledged <= group.whole.open
    council = found.groups[0].whole
    outside = sum(e.service == "" and not e.small and e.opened.year == 2026 and e.opened <= found.upto for e in listed)
    assert council.opened == sum(g.whole.opened for g in found.groups[1:]) + found.left_out + outside
    assert json.dumps(asdict(found), default=str)
    letter_of_year(found)
