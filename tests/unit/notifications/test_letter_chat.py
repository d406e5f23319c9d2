"""The weekly digest in Slack, Teams and GOV.UK Notify: a summary that they take, that says all in words, and in which no name can act."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent / "channels"))

from channel_lab import real_lab
from notification_samples import AT, HOSTILE, MANAGER

from caseclock.cli.digest import show
from caseclock.demo import fake_teams
from caseclock.demo.block_kit import faults_in
from caseclock.demo.fake_notify import FakeNotify
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.picture_digest import letter
from caseclock.demo.slack_view import stream
from caseclock.demo.teams_view import card_html
from caseclock.notifications.channels import notify, slack, teams
from caseclock.notifications.letter import Letter, Paragraph, Section, Series, to_json
from caseclock.notifications.letter_brief import READ, ask_of, coloured
from caseclock.notifications.model import LEFT_OUT, Message
from caseclock.notifications.outbox import Notice, notice_row
from caseclock.notifications.slack_chart import UNDRAWN
from caseclock.notifications.words import BY_FALLBACK
from caseclock.settings import NotifySettings, SlackSettings, TeamsSettings
from caseclock.storage import schema as t
from caseclock.storage.digests import name_of
from caseclock.storage.outbox import insert_rows

PAGE = "https://pages.council.example/digest/2026-W36?a=1&b=2"
GOOD = Series("Cases", ("7 Sep", "14 Sep"), (("Open", (1.0, 2.5)),), "From 1 to 2.5.")


def sent_of(made: Letter, **changes: Any) -> Message:
    given: dict[str, Any] = {"notes": (), "headline": made.headline, "lines": ("the short form",), "letter": made}
    return Message("k1", MANAGER, "post", (), (), AT, **(given | changes))


def with_charts(*charts: Series, brief: str = "For every 10 closed, 13 came in.") -> Letter:
    return Letter("Digest", "One.", "Two.", (Section("Demand", charts, (brief,)),))


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    with FakeSlack({"C0NORTH": "leadership"}) as running:
        yield running


def channel_of(fake: FakeSlack) -> slack.SlackChannel:
    return slack.SlackChannel(SlackSettings(token=SecretStr("x"), base_url=fake.url, timeout=2))


# --- Slack ----------------------------------------------------------------------------------------------------------
def test_slack_takes_the_digest_with_two_charts_and_its_text_says_all_that_the_blocks_show(fake: FakeSlack) -> None:
    handle = channel_of(fake).send(sent_of(letter(), notes=(BY_FALLBACK,)), "C0NORTH", None)
    [root] = fake.roots("C0NORTH")
    kinds = [block["type"] for block in root["blocks"]]
    assert (kinds.count("data_visualization"), kinds[0], "image" in kinds) == (2, "header", False)
    assert handle == {"channel": "C0NORTH", "ts": root["ts"]}, "it went with all of its charts"
    assert fake.copies() == {"k1": 1}
    assert {method for method, *_ in fake.calls} == {"chat.postMessage"}, "no picture is uploaded"
    said = [line for text in texts(root["blocks"]) for line in unescape(text).splitlines()]
    for line in said:
        assert plain(line) in unescape(root["text"]), "screen readers read the text alone"
    assert len(said) > 20


def test_sections_say_their_brief_and_those_without_one_are_left_out(fake: FakeSlack) -> None:
    made, shown = letter(), json.dumps(slack.root_blocks(sent_of(letter())), ensure_ascii=False)
    for section in made.sections:
        assert (f"*{section.heading}*" in shown) is bool(section.brief)
    assert "• Worse, from 🟠 amber to 🔴 red: North has 21 cases without an allocated worker (Thursday 3 September)." in shown
    assert "🔴" not in slack.whole_text(sent_of(made), ())
    assert "the short form" not in shown


COLOURED = [
    ("3 limits are passed, 1 of them red.", [("red", "red")]),
    ("Red: North has 30 cases.", [("Red", "red")]),
    ("Red, since Monday", [("Red", "red")]),
    ("Worse, amber: 12 cases, 1 red", [("amber", "amber"), ("red", "red")]),
    ("From amber to red.", [("amber", "amber"), ("red", "red")]),
    ("Unallocated cases: amber 10, red 20.", []),
    ("It is past its red limit, and the amber limits are new.", []),
    ("Amber Valley has 12 cases; so has Red House.", []),
    ("Incurred, covered, infra-red, red-amber", []),
]


@pytest.mark.parametrize(("text", "wanted"), COLOURED, ids=[row[0] for row in COLOURED])
def test_a_colour_is_marked_where_it_says_how_a_figure_stands(text: str, wanted: list[tuple[str, str]]) -> None:
    pieces = coloured(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert [(piece, tone) for piece, tone in pieces if tone] == wanted


@pytest.mark.parametrize(("refused", "charts", "said"), [(1, 0, "it went without its chart"), (2, None, "it went as text")])
def test_what_slack_refuses_goes_without_its_charts_or_as_text_and_says_so(
    fake: FakeSlack, refused: int, charts: int | None, said: str
) -> None:
    fake.script("chat.postMessage", *["error:invalid_blocks"] * refused)
    handle = channel_of(fake).send(sent_of(letter()), "C0NORTH", None)
    [root] = fake.roots("C0NORTH")
    assert said in handle[LEFT_OUT]
    assert [block["type"] for block in root["blocks"]].count("data_visualization") == 0
    assert bool(root["blocks"]) is (charts is not None)
    assert letter().sections[4].blocks[1].words in (str(root["blocks"]) if root["blocks"] else root["text"])


UNDRAWABLE = {
    "no points": replace(GOOD, labels=(), lines=(("Open", ()),)),
    "no lines": replace(GOOD, lines=()),
    "seven lines": replace(GOOD, lines=tuple((f"Line {n}", (1.0, 2.0)) for n in range(7))),
    "two weeks of one name": replace(GOOD, labels=("7 Sep", "7 Sep")),
    "two lines of one name once they are cut": replace(GOOD, lines=(("a" * 20 + "1", (1.0, 2.0)), ("a" * 20 + "2", (1.0, 2.0)))),
    "a gap": replace(GOOD, lines=(("Open", (1.0,)),)),
    "no number": replace(GOOD, lines=(("Open", (1.0, float("nan"))),)),
    "a name that cannot be seen": replace(GOOD, lines=(("\u200b", (1.0, 2.0)),)),
}


@pytest.mark.parametrize("name", UNDRAWABLE)
def test_a_chart_that_slack_could_not_draw_is_said_in_words_and_counted(fake: FakeSlack, name: str) -> None:
    handle = channel_of(fake).send(sent_of(with_charts(UNDRAWABLE[name], GOOD)), "C0NORTH", None)
    blocks = fake.roots("C0NORTH")[0]["blocks"]
    assert handle[LEFT_OUT] == "it went without its chart"
    assert [UNDRAWN in str(blocks), str(blocks).count("data_visualization"), "From 1 to 2.5." in str(blocks)] == [True, 1, True]


def test_of_many_weeks_the_newest_are_drawn_and_a_third_chart_is_said_in_words() -> None:
    long = Series("Open", tuple(f"week {n}" for n in range(26)), (("Open", tuple(map(float, range(26)))),), "From 0 to 25.")
    third = replace(GOOD, words="Only in words.")
    blocks = slack.root_blocks(sent_of(with_charts(long, GOOD, third)))
    drawn = [block for block in blocks if block["type"] == "data_visualization"]
    assert len(drawn) == 2
    assert drawn[0]["chart"]["axis_config"]["categories"] == [f"week {n}" for n in range(6, 26)]
    assert [point["value"] for point in drawn[0]["chart"]["series"][0]["data"]] == list(range(6, 26))
    assert "The chart shows the newest 20 of 26 points." in str(blocks)
    assert "Only in words." in str(blocks)
    assert faults_in(blocks) == []


@pytest.mark.parametrize(
    ("link", "kept", "says"),
    [
        (PAGE, "demo/2026-W36/council", f"<{PAGE.replace('&', '&amp;')}|{READ}>"),
        (None, "demo/2026-W36/council", "caseclock digest show demo 2026-W36"),
        (None, "demo/2026-W36/north", "caseclock digest show demo 2026-W36 --audience north"),
        (None, "<!channel> x", "&lt;!channel&gt; x"),
        ("javascript:alert(1)", "demo/2026-W36/council", "caseclock digest show demo 2026-W36"),
        (f"https://a.example/{'x' * 2000}", "demo/2026-W36/council", "caseclock digest show demo 2026-W36"),
        (None, "", ""),
    ],
)
def test_the_reader_learns_where_the_whole_is(link: str | None, kept: str, says: str) -> None:
    made = sent_of(replace(letter(), link=link, kept=kept))
    said = "\n".join(texts(slack.root_blocks(made)))
    assert says in said
    assert (READ in said, "Ask those who run" in said) == (says.startswith("<"), bool(says) and not says.startswith("<"))
    card = teams.card_of(made)
    addresses = [action["url"] for element in card["body"] for action in element.get("actions", [])]
    assert addresses == ([PAGE] if says.startswith("<") else [])
    assert ("Ask those who run" in json.dumps(card["body"])) is (bool(says) and not addresses)


@pytest.mark.parametrize(("audience", "revision"), [("council", 1), ("council", 3), ("looked-after", 1), ("north", 2)])
def test_the_command_that_shows_the_whole_is_one_that_there_is(audience: str, revision: int) -> None:
    _, _, words = ask_of(name_of("annex-a", "2026-W36", audience, revision)).partition("caseclock digest show ")
    given = show.make_context("show", words.split()).params
    assert (given["source"], given["week"], given["audience"], given["revision"] or 1) == ("annex-a", "2026-W36", audience, revision)


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "http_500_after"])
def test_a_digest_from_the_outbox_is_posted_once_whatever_becomes_of_the_answer(fault: str) -> None:
    with FakeSlack({"C-sm": "leadership"}) as fake:
        lab = real_lab({"slack": channel_of(fake)})
        made, at = letter(), dt.datetime(2026, 9, 7, 8, 30, tzinfo=dt.UTC)
        notice = Notice("digest|2026-W36|sm", made.headline, ("the short form",), to_json(made))
        with lab.engine.begin() as c:
            insert_rows(c, [notice_row("sm", "slack", notice)], at)
        fake.script("chat.postMessage", fault)
        for minute in (0, 1, 2):
            lab.now = at + dt.timedelta(minutes=minute)
            lab.deliver()
        [root] = fake.roots("C-sm")
        assert root["blocks"] == slack.root_blocks(sent_of(made))
        assert [(row["channel"], row["state"]) for row in lab.table(t.outbox)] == [("slack", "sent")]


# --- Teams and Notify -----------------------------------------------------------------------------------------------
def test_a_card_says_the_same_with_colour_beside_the_word_and_shows_its_code() -> None:
    with fake_teams.FakeTeams(["north"]) as fake:
        sent = sent_of(letter(), notes=(BY_FALLBACK,))
        teams.TeamsChannel(TeamsSettings(webhooks=fake.webhooks, timeout=2)).send(sent, "north", None)
        [posted] = fake.posted
    assert fake.failed_runs == []
    text = slack.whole_text(sent, ())
    for line in posted.lines[:-1]:
        assert plain(line) in unescape(text)
    assert posted.lines[:3] == [letter().subject, letter().headline, letter().currency]
    assert posted.card["fallbackText"].startswith("\n\n".join((letter().subject, letter().headline)))
    assert posted.lines[-1].startswith(f"Code of this message: {posted.code}")
    runs = [run for element in posted.card["body"] for run in element.get("inlines", ())]
    first = next(
        element["inlines"] for element in teams.card_of(sent_of(with_charts(brief="Red: 3.")))["body"] if len(element["inlines"]) > 2
    )
    assert [run["text"] for run in first] == ["• ", "Red", ": 3."]
    assert {(run["text"], run["color"]) for run in runs if "color" in run} == {
        ("red", "Attention"), ("Red", "Attention"), ("amber", "Warning"), ("Amber", "Warning")
    }  # fmt: skip
    seen = unescape(re.sub(r"<[^>]*>", "", card_html(posted.card)))
    assert all(line in seen for line in posted.lines)


@pytest.mark.parametrize(
    ("unsubscribe", "says"),
    [
        ("https://council.example/stop?x=1", "To have no more of this digest: https://council.example/stop?x=1"),
        ("mailto:performance@council.example?subject=stop", "To have no more of this digest, write to performance@council.example"),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_a_mail_by_notify_holds_the_summary_the_link_and_the_way_out(unsubscribe: str | None, says: str) -> None:
    made = replace(letter(), link=PAGE, unsubscribe=unsubscribe)
    with FakeNotify() as fake:
        settings = NotifySettings(api_key=SecretStr(fake.api_key), template=fake.template, base_url=fake.url, timeout=2)
        notify.NotifyChannel(settings).send(sent_of(made, notes=(BY_FALLBACK,)), "director@council.example", None)
        [mail] = fake.sent
    assert mail["subject"] == made.subject
    assert mail["body"].startswith(made.headline)
    for section in made.sections:
        for line in section.brief:
            assert f"- {line}" in mail["body"].replace("\\", ""), "but for the marks that make it harmless"
    assert BY_FALLBACK in mail["body"]
    assert mail["body"].endswith("\n".join(line for line in (f"{READ}: {PAGE}", says) if line))
    assert "Sent by caseclock to Service manager, North on Mon 7 September 2026, 08:30." in mail["body"]


# --- whatever is in it ----------------------------------------------------------------------------------------------
WORDS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="<!@#&>|*_`~\n :channel[](){}", max_size=200),
    st.sampled_from([HOSTILE, "&" * 4000, "😀" * 600, "<!here>", "[payroll](https://evil.example)", "\\\"'" * 300]),
)
SERIES = st.builds(
    lambda title, names, values, words: Series(title, tuple(f"{n}{title[:5]}" for n in range(len(values))),
                                               tuple((name, tuple(values)) for name in names), words),
    WORDS, st.lists(WORDS, max_size=7), st.lists(st.floats(), max_size=30), WORDS,
)  # fmt: skip
SECTIONS = st.builds(
    lambda heading, brief, charts: Section(heading, (Paragraph("x"), *charts), tuple(brief)),
    WORDS, st.lists(WORDS, max_size=14), st.lists(SERIES, max_size=3),
)  # fmt: skip
LINKS = st.one_of(st.none(), WORDS, WORDS.map(lambda word: f"https://a.example/{word}"))
LETTERS = st.builds(
    Letter, WORDS, WORDS, WORDS, st.lists(SECTIONS, max_size=12).map(tuple), st.lists(WORDS, max_size=12).map(tuple), LINKS, LINKS, WORDS
)
FULL = Section("&" * 400, (GOOD, GOOD, GOOD), tuple(f"{n} {'&😀' * 300}" for n in range(20)))


@settings(max_examples=30, deadline=None)
@given(LETTERS, st.lists(WORDS, max_size=14))
@example(Letter(HOSTILE, HOSTILE, HOSTILE, (Section(HOSTILE, (), (HOSTILE,)),), (HOSTILE,), HOSTILE, HOSTILE, HOSTILE), [HOSTILE])
@example(Letter("😀" * 600, "😀" * 600, "😀" * 600, (FULL,) * 30, ("😀" * 600,) * 20, kept="😀" * 600), ["😀" * 600] * 14)
@example(Letter("Digest", "One.", "Two.", (Section("Part", (GOOD, GOOD, GOOD), ("Line.",)),) * 40), [])
def test_every_channel_takes_every_letter_and_nothing_in_it_mentions_links_or_formats(made: Letter, notes: list[str]) -> None:
    sent = sent_of(made, notes=tuple(notes))
    blocks, whole = slack.root_blocks(sent), slack.whole_text(sent, ())
    assert faults_in(blocks) == []
    assert 0 < len(whole) <= 40_000
    assert not set("<>") & set(whole)
    for found in text_objects(blocks):
        link = re.fullmatch(rf"<https://[^\s<>|]+\|{READ}>", found["text"])
        assert link or not set("<>") & set(found["text"])
        if found["type"] == "mrkdwn" and not link:
            assert re.fullmatch(r"\*[^*_~`\n]+\*", found["text"]) and found["verbatim"]
    for chart in (block for block in blocks if block["type"] == "data_visualization"):
        assert not set("<>") & set(json.dumps(chart))

    card = teams.body_of(sent)
    assert len(card) <= teams.SIZE
    content = json.loads(card)["attachments"][0]["content"]
    assert fake_teams.faults_in(content) == []
    assert {element["type"] for element in content["body"]} <= {"RichTextBlock", "ActionSet"}, "a TextBlock is markdown"
    assert not re.search(r"(?<!\\)[\[\]()<>*_`]|[^\\]://", content["fallbackText"])
    assert "<script" not in str(card_html(content))

    values = notify.personalisation(sent)
    assert all(re.search(r"(?:: https?://\S+|, write to \S+@\S+)$", line) for line in values["link"].splitlines())
    assert "\n" not in values["subject"]


def test_what_has_no_room_is_counted() -> None:
    made = Letter("Digest", "One.", "Two.", tuple(Section(f"Part {n}", (), tuple(f"Line {n}.{i}." for i in range(20))) for n in range(25)))
    shown = "\n".join(texts(slack.root_blocks(sent_of(made))))
    assert "And 8 more lines." in shown
    parts = len(set(re.findall(r"Part \d+", shown)))
    assert f"{25 - parts} more sections are in the whole digest." in shown


def test_the_demo_shows_it_with_its_marks_as_shapes_and_a_hostile_one_as_text(fake: FakeSlack) -> None:
    hostile = Letter("Digest", HOSTILE, "Two.", (Section(HOSTILE, (replace(GOOD, title=HOSTILE, words=HOSTILE),), (f"{HOSTILE}, red.",)),))
    for made in (letter(), hostile):
        channel_of(fake).send(replace(sent_of(made), key=made.subject), "C0NORTH", None)
    shown, attack = (str(seen.body) for seen in stream(fake.messages))
    assert 'passed, 1 of them <i class="mark red" aria-hidden="true"></i>red.' in shown
    assert '<p class="section title"><b>What needs a decision</b></p>' in shown
    assert shown.count("<svg ") >= 2
    assert "<script" not in attack
    assert 'class="mention"' not in attack


def texts(blocks: Any) -> list[str]:
    return [found["text"] for found in text_objects(blocks)]


def text_objects(found: Any) -> list[dict[str, Any]]:
    if isinstance(found, dict):
        own = [found] if found.get("type") in {"plain_text", "mrkdwn"} else []
        return own + [t for part in found.values() for t in text_objects(part)]
    return [t for part in found for t in text_objects(part)] if isinstance(found, list) else []


def plain(line: str) -> str:
    """A line of the blocks as it stands in the text: without marks, and without what makes a heading bold or a line an item."""
    return line.replace("🔴 ", "").replace("🟠 ", "").strip("*").removeprefix("• ")
