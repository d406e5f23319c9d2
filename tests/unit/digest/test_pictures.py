"""The pictures of a digest: what they draw, what they leave out, and that no words leave them or lie on each other."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts import fonts, picture, svg
from caseclock.digest.content import Content, Currency, Demand, Forecast, Foreseen, Heat, Line, Quiet, Signal
from caseclock.digest.picture_parts import GREY_WORDS
from caseclock.digest.pictures import backlog_and_demand, signals, twelve_weeks
from caseclock.digest.shown import HIDDEN, Shown, exact
from caseclock.trends import spc
from caseclock.trends.charts import Chart

SVG = "{http://www.w3.org/2000/svg}"
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "digest"
LAST = dt.date(2026, 9, 13)
COUNCIL = "the council"
HOSTILE = "<!channel> \"><script>alert(1)</script> ]]> & 'x'\r\n\x00‮ </text></svg>"
SMALL = Shown(1, 5)
SHARE = {"unit": "per cent", "worse": "below"}


def line(figure, title, *values, unit="cases", worse="above", place=COUNCIL, rag="", drawn=()):
    weeks = tuple(v if v is None or isinstance(v, Shown) else exact(v) for v in values)
    return Line(figure, title, unit, worse, place, weeks[-1], weeks[-2] if len(weeks) > 1 else None, weeks, rag, drawn=drawn)


OPEN = line(
    "open",
    "open work",
    1204,
    1210,
    1198,
    1215,
    1222,
    1231,
    1229,
    1244,
    1260,
    1266,
    1281,
    1302,
    rag="amber",
    drawn=(("amber", 1250), ("red", 1400)),
)
ARRIVALS = line("arrivals", "referrals received in the last week", 92, 88, 95, 101, 90, 60, 72, 99, 108, 104, 111, 119, worse="either")
DEPARTURES = line("departures", "referrals that ended in the last week", 86, 82, 107, 84, 83, 51, 74, 84, 92, 98, 96, 98, worse="either")
AHEAD = tuple(
    Foreseen(LAST + dt.timedelta(7 * k - 6), 1302 + 9 * k, 1302 + 9 * k - 22 * k**0.5, 1302 + 9 * k + 22 * k**0.5) for k in range(1, 9)
)
DEMAND = Demand(ARRIVALS, DEPARTURES, OPEN, 1.11, 14.2, (Forecast("open work", AHEAD, 27, 32, "open"),))
WHOLE = (
    line("open", "open work", 1204, 1210, 1198, 1215, 1222, 1231, 1229, 1244, 1260, 1266, 1281, 1302, rag="amber"),
    line("unallocated", "cases without an allocated worker", 11, 9, 12, 10, 13, 12, 14, 13, 16, 19, 22, 27, rag="red"),
    line(
        "unallocated_cp", "children on a child protection plan without an allocated worker",
        0, 0, SMALL, 0, 0, SMALL, 0, 0, SMALL, 0, SMALL, SMALL,
    ),
    line("in_time", "assessments done in time, of what was done", 86, 84, 88, 83, 81, 84, 82, 79, 80, 76, 77, 74, **SHARE, rag="amber"),
    line("overdue", "visits open and overdue", 41, 44, 39, 47, 40, 38, HIDDEN, HIDDEN, 45, 42, 36, 33, rag="green"),
    line(
        "caseload", "children per worker",
        17.5, 17.6, 17.4, 17.9, 18.1, 18.0, 18.3, 18.2, 18.6, 18.8, 19.1, 19.4, unit="average", rag="amber",
    ),
    line(
        "supervision_held", "workers with a personal supervision in the last 28 days",
        91, 90, 93, 92, 92, 94, 91, 90, 93, 92, 95, 94, **SHARE, rag="green",
    ),
    line("vacancy_rate", "vacant posts", None, None, None, 14, 14, 14, 13, 13, 16, 16, 16, None, unit="per cent"),
)  # fmt: skip
STEADY = (30, 34, 27, 31, 29, 36, 33, 28, 30, 35, 26, 31, 32, 29, 33, 30)


def chart(*values, weeks=1):
    ends = tuple(LAST - dt.timedelta(7 * weeks * back) for back in reversed(range(len(values))))
    limits = spc.xmr(values, improvement_direction="neutral")
    ones = tuple(1.0 for _ in values)
    return Chart("arrivals", "council", weeks, ends, values, ones, tuple(False for _ in values), "limits", limits, "Above UCL")


SIGNAL = Signal("referrals received in the last week", "North Assessment", chart(*STEADY, *STEADY, 58), "unusual", "")
NOBODY = Quiet(0, 0, (), (), 0, 0, (), 0)
CONTENT = Content(
    source="demo", audience=COUNCIL, week="2026-W37", first_day=dt.date(2026, 9, 7), last_day=LAST, revision=1, small=5,
    currency=Currency(dt.date(2026, 9, 11), 5, 5, (), ()), heat=Heat((COUNCIL,), tuple((one,) for one in WHOLE)), decisions=(), changes=(),
    signals=(SIGNAL, SIGNAL, SIGNAL), charts=12, demand=DEMAND, coming=(), staffing=(), relook=None, quiet=NOBODY, red=1, amber=2,
)  # fmt: skip


def gaps(one, *weeks):
    return replace(one, weeks=tuple(SMALL if i in weeks else shown for i, shown in enumerate(one.weeks)))


def with_demand(**changes):
    return replace(CONTENT, demand=replace(DEMAND, **changes))


HELD = with_demand(open=gaps(OPEN, 4, 5), arrivals=gaps(ARRIVALS, 5), departures=gaps(DEPARTURES, 5, 6))
UNSEEN = with_demand(open=gaps(OPEN, 11), arrivals=gaps(ARRIVALS, 11))
PICTURES = {
    "backlog": backlog_and_demand(CONTENT),
    "backlog_held": backlog_and_demand(HELD),
    "backlog_unseen": backlog_and_demand(UNSEEN),
    "twelve_weeks": twelve_weeks(CONTENT),
    "signal": signals(CONTENT)[0],
}


def elements(made, tag, kind=""):
    return [e for e in ET.fromstring(made.svg).iter(SVG + tag) if not kind or e.get("class") == kind]


def texts(made):
    return [e.text or "" for e in elements(made, "text")]


def bars(made):
    """Bars of what came in, and of what ended; the key has one of each."""
    return len(elements(made, "rect", "series")) - 1, len(elements(made, "rect", "series hollow")) - 1


def boxes(made):
    """Each text with the box that it fills in the font of the pictures."""
    found = []
    for e in elements(made, "text"):
        size, x, y = (float(e.get(name, "")) for name in ("font-size", "x", "y"))
        wide = fonts.width(e.text or "", size, bold=e.get("font-weight") == "bold")
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[e.get("text-anchor", "start")]
        found.append((e.text, left, left + wide, y - 0.75 * size, y + 0.2 * size))
    return found


def check_words(made):
    """Every text is in the picture, and none lies on another one."""
    found = boxes(made)
    for words, left, right, top, bottom in found:
        assert left >= -0.5 and right <= made.width + 0.5 and top >= 0 and bottom <= made.height, words
    for (a, *one), (b, *other) in combinations(found, 2):
        assert one[1] <= other[0] + 0.5 or other[1] <= one[0] + 0.5 or one[3] <= other[2] + 0.5 or other[3] <= one[2] + 0.5, (a, b)


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_looks_as_before(name):
    """After a wanted change: CASECLOCK_WRITE_GOLDEN=1, then look at the difference."""
    file = GOLDEN / f"{name}.svg"
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PICTURES[name].svg, encoding="utf-8")
    assert PICTURES[name].svg == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PICTURES)
def test_words_keep_in_the_picture_and_colours_in_the_house(name):
    made = PICTURES[name]
    check_words(made)
    painted = {e.get(what) for e in ET.fromstring(made.svg).iter() for what in ("fill", "stroke")} - {None, "none"}
    assert painted <= set(svg.COLOURS.values())
    assert (made.width, ET.fromstring(made.svg).get("aria-label")) == (640, svg.clean(made.alt))
    assert picture.png(made.svg)


def test_the_backlog_says_how_it_went_what_comes_and_why():
    made = PICTURES["backlog"]
    assert made.alt == (
        "Open work rose in 11 weeks from 1,204 to 1,302; expected in 8 weeks: 1,311 to 1,437. "
        "More came in than ended in 10 of 12 weeks: 1,139 in, 1,035 ended."
    )
    assert {"amber 1,250", "red 1,400", "1,302", "in 8 weeks", "1,311 to 1,437", "forecast", "13 Sep"} <= set(texts(made))
    assert bars(made) == (12, 12)
    assert len(elements(made, "polyline", "series")) == 1
    assert GREY_WORDS not in texts(made)


def test_a_week_whose_figure_is_not_exact_is_a_gap_on_grey():
    made = PICTURES["backlog_held"]
    assert bars(made) == (11, 10)
    assert len(elements(made, "polyline", "series")) == 2
    assert len(elements(made, "rect", "band")) == 1 + 2 + 1  # two weeks of open cases in one; the bars'; the key
    assert GREY_WORDS in texts(made)
    points = [p for e in elements(made, "polyline", "series") for p in e.get("points", "").split()]
    assert len(points) == 10


def test_nothing_is_foretold_from_a_figure_that_is_not_shown():
    made = PICTURES["backlog_unseen"]
    assert not elements(made, "polygon")
    assert "forecast" not in texts(made)
    assert "expected" not in made.alt
    assert "no exact figure since" in made.alt
    assert "Referrals received in the last week" in texts(made)  # without a figure


hidden_weeks = st.lists(st.sampled_from([SMALL, Shown(6, 10), Shown(1, 9), HIDDEN, None]), min_size=4, max_size=4)


@settings(max_examples=15, deadline=None)
@given(hidden_weeks)
def test_no_picture_tells_one_range_from_another(hidden):
    """Whatever stands in place of an exact figure, the picture is the same: it cannot disclose what the range hides."""

    def covered(one, given):
        return replace(one, weeks=(*one.weeks[:2], *given, *one.weeks[6:]))

    def content(given):
        heat = Heat((COUNCIL,), tuple((covered(one, given),) for one in WHOLE))
        flows = {"open": covered(OPEN, given), "arrivals": covered(ARRIVALS, given), "departures": covered(DEPARTURES, given)}
        return replace(CONTENT, heat=heat, demand=replace(DEMAND, **flows))

    for draw in (backlog_and_demand, twelve_weeks):
        assert draw(content(hidden)) == draw(content([HIDDEN] * 4))


def test_the_worst_come_first_and_each_says_its_state_in_a_word():
    said = texts(PICTURES["twelve_weeks"])
    assert [words for words in said if words in ("red", "amber", "green")] == ["red", "amber", "amber", "amber", "green", "green"]
    assert said.index("27") < said.index("1,302") < said.index("1 to 5")
    assert {"74%", "19.4", "no figure", "12 weeks: 9 to 27", "7 of 12 weeks: 0", "10 of 12 weeks: 33 to 47"} <= set(said)
    assert "red: Cases without an allocated worker 27; amber: Open work 1,302" in PICTURES["twelve_weeks"].alt


def test_at_most_twelve_figures_and_two_charts():
    many = tuple((replace(WHOLE[0], rag="red" if n == 19 else ""),) for n in range(20))
    made = twelve_weeks(replace(CONTENT, heat=Heat((COUNCIL,), many)))
    assert texts(made).count("1,302") == 12
    assert texts(made).count("red") == 1
    assert len(signals(CONTENT)) == 2


def test_where_there_is_nothing_to_draw_there_is_no_picture():
    bare = replace(CONTENT, demand=None, heat=Heat((COUNCIL,), ()), signals=())
    assert (backlog_and_demand(bare), twelve_weeks(bare), signals(bare)) == (None, None, ())
    few = with_demand(open=gaps(OPEN, *range(10)), arrivals=gaps(ARRIVALS, *range(10)))
    assert backlog_and_demand(few) is None
    unknown = replace(CONTENT, heat=Heat((COUNCIL,), ((gaps(WHOLE[1], *range(10)),),)))
    assert twelve_weeks(unknown) is None
    empty = Chart("arrivals", "council", 1, (LAST,), (None,), (0.0,), (False,), "line", None)
    assert signals(replace(CONTENT, signals=(replace(SIGNAL, chart=empty),))) == ()


def test_lines_of_unlike_length_are_held_against_each_other_week_by_week():
    short = replace(DEPARTURES, weeks=DEPARTURES.weeks[-3:])
    made = backlog_and_demand(with_demand(departures=short, open=replace(OPEN, weeks=(), now=None)))
    assert "More came in than ended in 3 of 3 weeks: 334 in, 292 ended" in made.alt
    assert {"No exact figure to show", "Open work: no exact figure to show"} <= set(texts(made))
    assert bars(made) == (12, 3)
    check_words(made)


def test_a_long_title_keeps_what_it_is_about():
    title = "assessments within 45 working days of the referral and done in time"
    whole = signals(replace(CONTENT, signals=(replace(SIGNAL, title=title, place=COUNCIL),)))[0]
    assert texts(whole)[0] == title.capitalize()
    assert whole.alt.startswith(f"{title.capitalize()}, the council: ")
    team = signals(replace(CONTENT, signals=(replace(SIGNAL, title=title),)))[0]
    assert texts(team)[0].startswith("North Assessment: Assessments within 45 working days")


figures = st.one_of(st.none(), st.just(SMALL), st.integers(0, 9).map(exact), st.integers(0, 10**7).map(exact))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(figures, figures, figures), min_size=1, max_size=30),
    st.sampled_from(["open work", HOSTILE, "W" * 300, "open and overdue: " + "a visit to a child " * 9]),
    st.sampled_from(["cases", "per cent", "average"]),
)
def test_whatever_the_figures_words_keep_apart_and_inside(weeks, title, unit):
    stock, came, went = (line("open", title, *own, unit=unit) for own in zip(*weeks, strict=True))
    flows = {"arrivals": replace(came, unit="cases"), "departures": replace(went, unit="cases")}
    open_ = replace(stock, unit="cases", drawn=(("amber", 10), ("red", 11)))
    heat = Heat((COUNCIL,), ((replace(stock, rag="amber"),), (came,), (went,)))
    content = replace(CONTENT, heat=heat, demand=replace(DEMAND, open=open_, **flows))
    for made in (backlog_and_demand(content), twelve_weeks(content)):
        if made:
            ET.fromstring(made.svg)
            check_words(made)


def test_the_days_of_a_year_s_end_are_drawn():
    later = tuple(replace(week, week=week.week + dt.timedelta(112)) for week in AHEAD)
    made = backlog_and_demand(replace(with_demand(forecasts=(Forecast("open work", later, 1, 1, "open"),)), last_day=dt.date(2027, 1, 3)))
    assert {"3 Jan", "24 Jan"} <= set(texts(made))
