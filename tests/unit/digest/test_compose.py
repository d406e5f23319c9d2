"""The whole letter: its order, what stands in it in a bad week, and what may not."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.digest.compose import letter_of
from caseclock.digest.content import Change, Coming, Content, Decision, Demand, Forecast, Foreseen, Heat, Line, Quiet, Relook, Revised
from caseclock.digest.shown import HIDDEN, Shown, exact
from caseclock.digest.words_heat import blocks_of
from caseclock.notifications.letter import Bullets, Letter, Paragraph, Picture, Section, Series, Table, from_json, to_json

from .samples import PLACES, SAMPLES, UNALLOCATED, first, held, incident, line, nothing, quiet, service, w

NORMAL = [
    "What needs a decision",
    "What changed this week",
    "Unusual figures",
    "All figures",
    "Demand and capacity",
    "Due in the next 10 working days",
    "Supervision and staffing",
    "Re-look sample",
    "What was not heard, and why",
    "Method and limits",
]


def prose(letter: Letter) -> Iterator[str]:
    """Every text that is read as sentences."""
    yield from (letter.headline, letter.currency, *letter.foot)
    for section in letter.sections:
        yield from section.brief
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case Bullets():
                    yield from block.items
                case Series():
                    yield block.words
                case Picture():
                    yield block.alt
                case Table():
                    pass


def cells(letter: Letter) -> Iterator[str]:
    for block in (b for section in letter.sections for b in section.blocks):
        if isinstance(block, Table):
            yield from (block.caption, *block.head)
            yield from (text for row in block.rows for c in row for text in (c.text, c.small, c.line_words))
        elif isinstance(block, Series):
            yield from (f"{value:,.1f}" for _, values in block.lines for value in values)
        elif isinstance(block, Picture):
            yield from re.findall(r">([^<]+)<", block.svg)


def section_of(letter: Letter, heading: str) -> Section:
    return next(s for s in letter.sections if s.heading == heading)


def text_of(section: Section) -> str:
    return " ".join(prose(Letter("", "", "", (section,))))


def table_of(letter: Letter, heading: str = "All figures") -> list[Table]:
    return [b for b in section_of(letter, heading).blocks if isinstance(b, Table)]


# --- order and headline -----------------------------------------------------------------------------------------------
def test_the_sections_come_in_the_order_in_which_they_are_needed() -> None:
    assert [s.heading for s in letter_of(incident()).sections] == NORMAL
    assert [s.heading for s in letter_of(SAMPLES["revised"]()).sections] == ["What this revision corrects", *NORMAL]


@pytest.mark.parametrize(
    ("name", "subject", "headline"),
    [
        (
            "incident",
            "the council, 16 to 22 November 2026: 6 limits passed, at least 2 red",
            "North has 30 cases without an allocated worker, 18 more than a week ago; 6 limits are passed, at least 2 of them red.",
        ),
        ("quiet", "the council, 16 to 22 November 2026: nothing over its limit", "Nothing is over its limit."),
        (
            "first",
            "the council, 16 to 22 November 2026: 1 limit passed, red",
            "North has 30 cases without an allocated worker; 1 limit is passed, and it is red.",
        ),
        (
            "held",
            "the council, 16 to 22 November 2026: no figures",
            "No figures for the week of 16 to 22 November 2026: the newest data that can be used is of Friday 13 November; "
            "6 alerts are open all the same.",
        ),
        (
            "partly_held",
            "the council, 16 to 22 November 2026: old data, 6 limits passed, at least 2 red",
            "The newest data that can be used is of Wednesday 18 November: North has 30 cases without an allocated worker, "
            "18 more than a week before; 6 limits are passed, at least 2 of them red.",
        ),
        (
            "nothing",
            "the council, 16 to 22 November 2026: no figures",
            "No figures for the week of 16 to 22 November 2026: no extract has been accepted.",
        ),
        (
            "service",
            "North, 16 to 22 November 2026: 3 limits passed, at least 2 red",
            "North Assessment 1 has 26 to 29 cases without an allocated worker, more than a week ago; 3 limits are passed, "
            "at least 2 of them red.",
        ),
    ],
)
def test_the_headline_says_the_one_thing_to_act_on(name: str, subject: str, headline: str) -> None:
    letter = letter_of(SAMPLES[name]())
    assert letter.subject == f"Weekly digest, {subject}"
    assert letter.headline == headline


def test_a_calm_headline_says_no_more_than_can_be_seen() -> None:
    hidden = replace(quiet(), quiet=replace(quiet().quiet, not_shown=2), signals=incident().signals[:1])
    assert letter_of(hidden).headline == (
        "Nothing that can be shown here is over its limit; 2 alerts are known to the teams only and 1 figure is unusual."
    )
    old = replace(quiet(), currency=SAMPLES["partly_held"]().currency)
    assert letter_of(old).headline == "The newest data that can be used is of Wednesday 18 November: nothing is over its limit."


def test_silence_is_never_sold_as_good_news() -> None:
    none, old, new = letter_of(nothing()), letter_of(held()), letter_of(replace(first(), changes=()))
    assert "this digest cannot say what needs a decision" in text_of(section_of(none, "What needs a decision"))
    assert "Without data no alert can begin." in text_of(section_of(none, "What changed this week"))
    assert "While newer data cannot be used, no alert begins or ends." in text_of(section_of(old, "What changed this week"))
    assert "No figure was unusual up to Friday 13 November." in text_of(section_of(old, "Unusual figures"))
    assert "No alert has been open for long without a decision." in text_of(section_of(new, "What needs a decision"))
    assert "Nothing is over its limit" not in " ".join([*prose(none), *prose(old)])


def test_red_comes_before_amber_and_the_order_of_the_council_before_age() -> None:
    items = next(b for b in section_of(letter_of(incident()), "What needs a decision").blocks if isinstance(b, Bullets))
    assert list(items.tones) == ["red", "red", "amber", "amber", "amber", "amber"]
    assert items.items[0] == (
        "Red: North Assessment 1 has 26 to 29 cases without an allocated worker. Open for 12 working days, since Wednesday 4 November; "
        "escalated, not acknowledged. Owner: Head of Service, Safeguarding."
    )


def test_many_decisions_are_counted_not_listed() -> None:
    many = tuple(replace(incident().decisions[4], place=f"Team {k}") for k in range(40))
    section = section_of(letter_of(replace(incident(), decisions=many)), "What needs a decision")
    items = next(b for b in section.blocks if isinstance(b, Bullets)).items
    assert len(items) == 16
    assert items[-1] == "And 25 more: 25 amber."
    assert section.brief[-1] == "And 37 more."


# --- the table --------------------------------------------------------------------------------------------------------
def test_a_cell_says_the_figure_its_colour_how_many_and_the_last_weeks() -> None:
    [table] = table_of(letter_of(incident()))
    assert table.head == ("Figure", "All teams", "North", "South", "Children in Care", "Disabled Children", "Front Door")
    north = table.rows[0][2]
    assert (north.text, north.tone, north.line, north.line_words) == ("30 red", "red", "▁▁▁▂▁▂▁▂▂▃▃█", "12 weeks: from 7 to 30")
    assert (table.rows[0][0].text, table.rows[0][0].small) == ("Cases without an allocated worker", "amber 10, red 20")
    assert (table.rows[7][1].text, table.rows[7][1].small) == ("76% amber", "of 812")
    assert (table.rows[0][4].text, table.rows[0][4].line, table.rows[0][4].line_words) == ("1 to 5", "", "")
    assert (table.rows[7][4].text, table.rows[7][4].tone) == ("withheld", "quiet")
    assert table.rows[7][5].text == "no figure"


@pytest.mark.parametrize(("places", "columns"), [(1, [1]), (6, [6]), (7, [4, 3]), (13, [5, 4, 4]), (21, [6, 5, 5, 5])])
def test_many_places_make_several_tables(places: int, columns: list[int]) -> None:
    row = tuple(line("open", "open work", f"Place {k}", [7, 8]) for k in range(places))
    tables = table_of(letter_of(replace(incident(), heat=Heat(tuple(a.place for a in row), (row,)), decisions=(), changes=())))
    assert [len(t.head) - 1 for t in tables] == columns
    assert [c.text for t in tables for c in t.rows[0][1:]] == ["8"] * places
    assert [name for t in tables for name in t.head[1:]] == [a.place for a in row]


@pytest.mark.parametrize(
    ("weeks", "drawn"),
    [
        ([7, 8, 14], "▁▂█"),
        ([7, (1, 5), 14], "▁·█"),
        ([None, HIDDEN, 14, 7], "··█▁"),
        ([9, 9, 9], "▁▁▁"),
        ([(1, 5), (1, 5)], ""),
        ([9], ""),
        ([-3, 0, 4], "▁▄█"),
    ],
)
def test_the_line_is_drawn_from_exact_figures_only(weeks: list[Any], drawn: str) -> None:
    assert blocks_of(w(weeks)) == drawn


# --- bad input --------------------------------------------------------------------------------------------------------
def _with_place(values: list[Any]) -> Letter:
    """The incident with one more team, or one that is gone."""
    heat = incident().heat
    rows = tuple((*row, line(row[0].figure, row[0].title, "Team 9", values, unit=row[0].unit)) for row in heat.rows)
    return letter_of(replace(incident(), heat=Heat((*PLACES, "Team 9"), rows)))


def test_a_new_team_has_a_short_line() -> None:
    last = table_of(_with_place([None] * 9 + [6, 7, 9]))[-1]
    assert (last.head[-1], last.rows[0][-1].line) == ("Team 9", "·········▁▃█")
    assert last.rows[0][-1].line_words == "3 exact figures in 12 weeks: from 6 to 9"


def test_a_team_that_is_closed_or_renamed_is_named_and_not_a_column() -> None:
    letter = _with_place([9] * 11 + [None])
    assert [len(t.head) for t in table_of(letter)] == [7]
    assert "No figure this week for: Team 9." in text_of(section_of(letter, "All figures"))


def test_a_measure_without_data_is_named_and_not_a_row() -> None:
    heat = incident().heat
    empty = tuple(replace(a, now=None, before=None, weeks=(None,) * 12) for a in heat.rows[-1])
    letter = letter_of(replace(incident(), heat=Heat(PLACES, (*heat.rows[:-1], empty))))
    assert "No figure this week for: referrals of children who had been referred within a year before." in text_of(
        section_of(letter, "All figures")
    )
    assert len(table_of(letter)[0].rows) == len(heat.rows) - 1


def test_no_open_case_at_all_is_a_figure() -> None:
    none = Line("open", "open work", "cases", "either", PLACES[0], exact(0), exact(0), (exact(0),) * 12)
    ended = replace(none, figure="departures", title="referrals that ended in the last week")
    came = replace(ended, figure="arrivals", title="referrals received in the last week")
    empty = replace(quiet(), demand=Demand(came, ended, none, None, 0.0), heat=Heat(PLACES[:1], ((none,),)), coming=(), staffing=())
    text = text_of(section_of(letter_of(empty), "Demand and capacity"))
    assert "no referral came in, the same as the week before" in text
    assert "No cases are open, the same as a week before." in text
    assert table_of(letter_of(empty))[0].rows[0][1].text == "0"
    assert "no file with them was supplied" in text_of(section_of(letter_of(empty), "Supervision and staffing"))


def test_week_fifty_three_and_a_bank_holiday_are_weeks_like_others() -> None:
    last = replace(quiet(), week="2026-W53", first_day=dt.date(2026, 12, 28), last_day=dt.date(2027, 1, 3))
    last = replace(last, currency=replace(last.currency, as_of=dt.date(2026, 12, 31), expected=4, accepted=4))
    assert letter_of(last).subject == "Weekly digest, the council, 28 December 2026 to 3 January 2027: nothing over its limit"
    assert "Monday 31 August was a bank holiday: the week had 4 working days." in letter_of(SAMPLES["bank_holiday"]()).currency


def test_a_week_without_any_figure_says_so_in_every_section() -> None:
    letter = letter_of(held())
    assert text_of(section_of(letter, "All figures")).strip() == (
        "There is no figure of this week. The newest data that can be used is of Friday 13 November."
    )
    assert letter.currency.startswith("No figures of the week can be shown: the newest that can be used are of Friday 13 November 2026.")
    for heading in ("Demand and capacity", "Supervision and staffing"):
        assert "There is no figure of this week." in text_of(section_of(letter, heading))
    assert "because there are no figures of this week; the teams know of them" in text_of(section_of(letter, "What was not heard, and why"))
    assert "is over its limit" not in " ".join(prose(letter))


def test_the_first_digest_compares_nothing() -> None:
    letter = letter_of(first())
    text = " ".join([*prose(letter), *cells(letter)])
    assert "There is no earlier week to compare these with." in text
    assert not re.search(r"than a week|the same as|last 12 weeks|Week before", text)
    assert not any(isinstance(b, Series) for section in letter.sections for b in section.blocks)


# --- charts that a channel draws itself -------------------------------------------------------------------------------
def test_two_charts_at_most_and_only_of_exact_weeks() -> None:
    drawn = [b for s in letter_of(incident()).sections for b in s.blocks if isinstance(b, Series)]
    assert [s.title for s in drawn] == ["Cases without an allocated worker, North", "Referrals that came in and that ended, by week"]
    assert drawn[0].labels[-2:] == ("15 Nov", "22 Nov")
    ranged = line("unallocated", UNALLOCATED, "North", [7, (1, 5), 9, HIDDEN, 12, 30], rag="red")
    [one, *_] = [
        b for s in letter_of(replace(incident(), heat=Heat(("North",), ((ranged,),)))).sections for b in s.blocks if isinstance(b, Series)
    ]
    assert one.lines == (("Figure", (7, 9, 12, 30)),)
    assert one.labels == ("18 Oct", "1 Nov", "15 Nov", "22 Nov")
    assert one.words.endswith("from 7 on 18 Oct to 30 on 22 Nov. 2 weeks without an exact figure are left out.")


# --- what holds for every letter --------------------------------------------------------------------------------------
PLURALS = r"cases|children|limits|alerts|extracts|weeks|messages|silences|figures|referrals|workers|days|assessments|visits"


def check_reads_well(letter: Letter) -> None:
    for text in prose(letter):
        assert text and text == text.strip() and "  " not in text
        assert not text[0].islower(), text
        assert text[-1] in ".!?…", text
        assert not re.search(rf"(?<![\d,.] to )(?<![\d,.-])\b1 ({PLURALS})\b", text), text
        assert not re.search(r"\bNone\b(?! of)|\bnan\b|Shown\(|\{|\}", text), text
    assert all(s.heading and s.blocks for s in letter.sections)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sentence_begins_with_a_capital_and_ends_with_a_mark(name: str) -> None:
    letter = letter_of(SAMPLES[name](), kept="demo/2026-W47/council")
    check_reads_well(letter)
    assert letter.kept == "demo/2026-W47/council"
    assert ".." not in " ".join(prose(letter))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_facts_give_the_same_bytes_and_the_outbox_gives_the_letter_back(name: str) -> None:
    kept = json.dumps(to_json(letter_of(SAMPLES[name]())))
    assert kept == json.dumps(to_json(letter_of(SAMPLES[name]())))
    assert from_json(json.loads(kept)) == letter_of(SAMPLES[name]())


def test_no_word_is_jargon() -> None:
    words = " ".join(text.lower() for name in SAMPLES for text in prose(letter_of(SAMPLES[name]())))
    for jargon in (
        "alert fatigue",
        "spc",
        "xmr",
        "special cause",
        "rag ",
        "may be",
        "might",
        "perhaps",
        "it appears",
        "denominator",
        "suppress",
    ):
        assert jargon not in words, jargon


def test_names_keep_to_one_line_of_visible_characters() -> None:
    hostile = "Nor\u202eth\n\n# Team\u200b <b>1</b>"
    d = replace(incident().decisions[0], place=hostile)
    text = " ".join(prose(letter_of(replace(incident(), decisions=(d,)))))
    assert "North # Team <b>1</b> has 26 to 29 cases" in text
    assert not re.search(r"[\u202e\u200b\n]", text)


BIG = 100_000  # only ranges are made of such figures, so that any of them that stands alone was made from a range
names = st.sampled_from(["North", "Team 2", "the council", "no team", "", "all teams together", "St. John's"])
titles = st.sampled_from(
    [UNALLOCATED, "open and overdue: visit to a child", "done in time, of what was done: visit to a child", "vacant posts", "open work"]
)
units = st.sampled_from(["cases", "children", "per cent", "average"])
ranges = st.tuples(st.integers(BIG, 4 * BIG), st.integers(1, BIG)).map(lambda two: Shown(two[0], two[0] + two[1] if two[1] % 3 else None))
shown = st.one_of(ranges, st.just(HIDDEN), st.integers(0, 300).map(lambda v: exact(v, v)))
maybe = st.one_of(st.none(), shown)
severities = st.sampled_from(["red", "amber", ""])
days = st.dates(dt.date(2026, 11, 2), dt.date(2026, 11, 20))


@st.composite
def lines(draw: st.DrawFn, title: str | None = None, place: str | None = None, unit: str | None = None) -> Line:
    weeks = draw(st.lists(maybe, max_size=5))
    now = weeks[-1] if weeks else draw(maybe)
    chosen = title or draw(titles)
    return Line(
        figure=chosen,
        title=chosen,
        unit=unit or draw(units),
        worse=draw(st.sampled_from(["above", "below", "either"])),
        place=place if place is not None else draw(names),
        now=now,
        before=weeks[-2] if len(weeks) > 1 else None,
        weeks=tuple(weeks),
        rag=draw(st.sampled_from(["red", "amber", "green", ""])) if now is not None and not now.withheld else "",
        limit="",
    )


@st.composite
def heats(draw: st.DrawFn) -> Heat:
    places = draw(st.lists(names.filter(bool), min_size=1, max_size=3, unique=True))
    rows = draw(st.lists(st.tuples(titles, units), max_size=3, unique_by=lambda row: row[0]))
    return Heat(tuple(places), tuple(tuple(draw(lines(title, place, unit)) for place in places) for title, unit in rows))


flows = st.builds(
    Demand,
    lines("referrals received in the last week", "the council", "cases"),
    lines("referrals that ended in the last week", "the council", "cases"),
    lines("open work", "the council", "cases"),
    st.one_of(st.none(), st.floats(0, 5)),
    st.one_of(st.none(), st.floats(0, 60)),
    st.just((Forecast("open work", (Foreseen(dt.date(2026, 11, 23), 10, 5, 15),), 3, 4),)),
)
counts = st.integers(0, 3)
contents = st.builds(
    lambda **facts: replace(incident(), signals=(), benchmarks=incident().benchmarks[:1], **facts),
    heat=heats(),
    decisions=st.lists(
        st.builds(
            Decision, titles, names, severities, shown, units, days, st.integers(0, 30), st.sampled_from(["", "Head"]), st.just("escalated")
        ),
        max_size=3,
    ).map(tuple),
    changes=st.lists(
        st.builds(
            Change, st.sampled_from(["new", "worsened", "resolved", "retracted", "limit"]), titles, names, severities, maybe, units, days
        ),
        max_size=4,
    ).map(tuple),
    charts=counts,
    demand=st.one_of(st.none(), flows),
    coming=st.lists(st.builds(Coming, titles, lines(), st.one_of(st.none(), st.floats(0, 300)), st.none()), max_size=3).map(tuple),
    staffing=st.lists(lines(), max_size=3).map(tuple),
    relook=st.one_of(st.none(), st.builds(Relook, st.one_of(st.none(), days), counts)),
    quiet=st.builds(Quiet, counts, counts, st.just(()), st.just((("silenced", 1),)), counts, counts, st.just(()), counts),
    red=counts,
    amber=counts,
    revision=st.integers(1, 3),
    revised=st.lists(st.builds(Revised, titles, names, units, maybe, maybe), max_size=3).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(contents)
def test_whatever_the_facts_it_reads_well_and_no_range_becomes_a_number(content: Content) -> None:
    letter = letter_of(content)
    check_reads_well(letter)
    text = "\n".join([letter.subject, *prose(letter), *cells(letter)])
    number = r"\d[\d,]*(?:\.\d+)?"
    alone = re.sub(rf"{number} to {number}|{number}%? or more|{number}…", " ", text)
    found = [float(n.replace(",", "")) for n in re.findall(number, alone)]
    assert all(n < BIG / 2 for n in found), [n for n in found if n >= BIG / 2]
    assert from_json(json.loads(json.dumps(to_json(letter)))) == letter


def test_a_service_reads_of_its_teams_and_of_nothing_else() -> None:
    letter = letter_of(service())
    assert [h for h in NORMAL if h in [s.heading for s in letter.sections]] == [s.heading for s in letter.sections]
    assert not re.search("South|Front Door|Children in Care", " ".join([*prose(letter), *cells(letter)]))
