"""The weekly digest as mail: it fits, it says everything in both its parts, and no name can do anything in it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "channels"))
sys.path.insert(0, str(Path(__file__).parents[1] / "digest"))

from notification_samples import AT, HOSTILE, MANAGER
from samples import SAMPLES

from caseclock.charts import picture
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.digest.compose import letter_of
from caseclock.notifications.channels.email import SIZE, EmailChannel, mail_of
from caseclock.notifications.letter import Bullets, Cell, Letter, Paragraph, Picture, Section, Series, Table, to_json
from caseclock.notifications.letter_mail import COLUMNS, TONES, forms_of, html_of_letter, text_of_letter, unsubscribe_address
from caseclock.notifications.model import LEFT_OUT, Message
from caseclock.settings import SmtpSettings

TO, SENDER = "dcs@council.example", "caseclock@council.example"
INCIDENT = letter_of(SAMPLES["incident"]())
BARS = "▁▂▃▄▅▆▇█"
HEAT = Table(
    "Each figure by place",
    ("Figure", "The council", "North", "South", "East"),
    (
        (Cell("Open work"), Cell("2,301", line=BARS, line_words="12 weeks: from 2,190 to 2,301"), *[Cell("7", small="of 12")] * 3),
        (
            Cell("Visits overdue", small="amber 6, red 12"),
            Cell("14 red", "red"),
            Cell("8 amber", "amber"),
            Cell("0 green", "green"),
            Cell(""),
        ),
    ),
)


def svg(width: int, height: int, lines: int = 0) -> str:
    drawn = "".join(f'<path d="M0,{(7 * n) % height} L{width},{(13 * n) % height}" stroke="#3d4a5c"/>' for n in range(lines))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><rect width="9" height="9"/>{drawn}</svg>'


def letter(*blocks: Any, **changes: Any) -> Letter:
    return replace(
        Letter("Weekly digest", "North waits.", "Figures of Friday.", (Section("All figures", blocks, ("In brief.",)),)), **changes
    )


def sent(made: Letter, **changes: Any) -> Message:
    given: dict[str, Any] = {"notes": (), "headline": made.headline, "letter": made}
    return Message("digest-w47", MANAGER, "post", (), (), AT, **(given | changes))


def mailed(made: Letter, **changes: Any) -> tuple[dict[str, str], bytes, Any]:
    """What the channel says of it, its bytes, and the mail as it arrived."""
    with MailCatcher() as catcher:
        channel = EmailChannel(SmtpSettings(host=catcher.host, port=catcher.port, starttls=False, timeout=5, sender=SENDER))
        handle = channel.send(sent(made, **changes), TO, None)
        return handle, catcher.mails[0].raw, catcher.mails[0]


class Seen(HTMLParser):
    """The elements of a page with what they are in, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.contrasts: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, str, str]] = [("", "#000000", "#ffffff")]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given, style = dict(attrs), dict(attrs).get("style") or ""
        self.tags.append((tag, given))
        if tag in {"meta", "img", "br"}:
            return
        ink = re.search(r"(?:^|;)color:(#\w+)", style)
        ground = given.get("bgcolor") or (m[1] if (m := re.search(r"background-color:(#\w+)", style)) else None)
        self._open.append((tag, ink[1] if ink else self._open[-1][1], ground or self._open[-1][2]))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open[-1][0] != "style":
            self.words.append(data)
            self.contrasts.append((*self._open[-1][1:], data))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def texts_of(kept: Any, name: str = "") -> Iterator[str]:
    """Every text of a letter that people read; bars stand in words beside them."""
    if isinstance(kept, str):
        if name == "line_words":
            yield kept.partition(": ")[2]  # a column of its own may say how many weeks
        elif name not in {"svg", "tone", "tones", "block", "line", "brief", "kept", "link", "unsubscribe", "title", "labels", "lines"}:
            yield kept
    elif isinstance(kept, dict):
        for key, value in kept.items():
            yield from texts_of(value, key)
    elif isinstance(kept, list | tuple) and name not in {"brief", "tones", "lines", "labels"}:
        for value in kept:
            yield from texts_of(value, name)


# --- the mail ------------------------------------------------------------------------------------------------------
def test_one_mail_for_one_reader_with_text_html_and_pictures_below_the_size():
    handle, raw, caught = mailed(INCIDENT, notes=("It went by mail, because Slack was not reachable",))
    mail = caught.mail
    assert (caught.recipient, mail["To"], mail["Subject"].strip()) == (TO, TO, INCIDENT.subject)
    assert mail["Message-ID"] == handle["message_id"] == "<digest-w47.caseclock@council.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, related = mail.iter_parts()
    html, *pictures = related.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert len(raw) < SIZE
    assert {part["Content-ID"].strip("<>") for part in pictures} == set(re.findall(r'src="cid:([^"]+)"', html.get_content()))
    assert len(pictures) >= 2
    for part in ("plain", "html"):
        assert "It went by mail, because Slack was not reachable." in caught.part(part)
        assert "Sent by caseclock to Service manager, North on Mon 7 September 2026, 08:30." in " ".join(caught.part(part).split())


@pytest.mark.parametrize("name", ["incident", "held", "service"])
def test_the_mail_fits_and_the_same_letter_gives_the_same_bytes(name):
    made = letter_of(SAMPLES[name]())
    first = mail_of(sent(made), TO, SENDER).as_bytes()
    picture.png.cache_clear()
    assert len(first) < SIZE
    assert mail_of(sent(made), TO, SENDER).as_bytes() == first


LONG = "https://pages.council.example/stop?" + "t=0123456789&" * 20
ONE_CLICK = "List-Unsubscribe=One-Click"
STOP = [
    ("mailto:digest@council.example?subject=No%20digest", "<mailto:digest@council.example?subject=No%20digest>", None),
    ("https://pages.council.example/stop?t=1", "<https://pages.council.example/stop?t=1>", ONE_CLICK),
    (LONG, f"<{LONG}>", ONE_CLICK),
    ("http://pages.council.example/stop", None, None),
    ("javascript:alert(1)", None, None),
    ("https://x.example/\r\nBcc: all@council.example", None, None),
    ("https://x.example/>, <mailto:all@council.example", None, None),
    ("https://[", None, None),
    ("mailto:nobody", None, None),
    ("", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("address", "header", "post"), STOP)
def test_who_wants_no_more_of_it_finds_the_way_out(address, header, post):
    mail = mail_of(sent(letter(unsubscribe=address)), TO, SENDER)
    head = mail.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert [line for line in head if line.startswith("List-Unsubscribe:")] == ([f"List-Unsubscribe: {header}"] if header else [])
    assert mail["List-Unsubscribe-Post"] == post
    assert mail["Bcc"] is None
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert ("Stop getting this digest" in html) == ("To stop getting this digest" in text) == bool(header)


def test_the_way_out_is_said_in_words_where_it_is_a_mailbox():
    text = " ".join(text_of_letter(letter(unsubscribe="mailto:a.b@council.example?subject=No%20digest%0D%0A")).split())
    assert 'To stop getting this digest, write to a.b@council.example with the subject "No digest".' in text
    assert unsubscribe_address("mailto:a@b.example?subject=<b>") == "mailto:a@b.example?subject=%3Cb%3E"


# --- what gives way ------------------------------------------------------------------------------------------------
def test_the_largest_picture_goes_first_its_finding_stays_and_the_record_says_so():
    pictures = [Picture(svg(640, 400, lines), f"Finding {n}.", 640, 400) for n, lines in enumerate((3, 900, 3))]
    words = Bullets(tuple(f"Line {n} {'words ' * 20}" for n in range(240)))
    handle, raw, caught = mailed(letter(*pictures, words))
    assert len(raw) < SIZE
    assert handle[LEFT_OUT] == "it went without 1 of its 3 pictures"
    assert re.findall(r'alt="(Finding \d.)"', caught.part("html")) == ["Finding 0.", "Finding 2."]
    for kind in ("plain", "html"):
        assert [caught.part(kind).count(f"Finding {n}.") for n in range(3)] == [1, 1, 1]


def test_of_equal_pictures_the_last_goes_first():
    made = letter(*(Picture(svg(9, 9), f"Finding {n}.", 9, 9) for n in range(3)))
    kept = [[b.alt for b in form.letter.sections[0].blocks if isinstance(b, Picture)] for form in forms_of(made)][:4]
    assert [len(names) for names in kept] == [3, 2, 1, 0]
    assert kept[1] == ["Finding 0.", "Finding 1."]


def wide(rows: int, places: int) -> Table:
    """Measures by places; every tenth row has a red figure, at its end."""
    plain = Cell("14", "", "of 1,204", BARS + "▁▂▃·", "12 weeks: from 8 to 14, lowest 7")
    made = ((Cell(f"Measure {n}"), *[plain] * (places - 1), Cell("21 red", "red") if n % 10 == 9 else plain) for n in range(rows))
    return Table("Each figure by team", ("Figure", *(f"Team {n}" for n in range(places))), tuple(made))


@pytest.mark.parametrize(
    ("link", "where"),
    [("https://pages.council.example/d/1", "https://pages.council.example/d/1"), (None, "caseclock digest show demo 2026-W47")],
)
def test_the_digest_of_20_teams_and_30_measures_keeps_its_red_rows_and_says_what_is_cut(link, where):
    small = Table("Demand", ("", "Now"), ((Cell("Came in"), Cell("97")),))
    made = letter(Picture(svg(9, 9), "Finding.", 9, 9), small, wide(30, 20), link=link, kept="demo/2026-W47/council")
    handle, raw, caught = mailed(made)
    assert len(raw) < SIZE
    assert handle[LEFT_OUT] == "it went without its picture, and its longest tables and lists are cut"
    for kind in ("plain", "html"):
        said = " ".join(caught.part(kind).split()) if kind == "plain" else Seen(caught.part(kind)).text
        shown = int(re.search(r"Cut for this mail: (\d+) of 30 rows, those with red and amber figures first\.", said)[1])
        assert 3 <= shown < 30
        assert len(set(re.findall(r"Measure \d+", said))) == shown
        assert {"Measure 9", "Measure 19", "Measure 29", "Measure 0"} <= set(re.findall(r"Measure \d+", said))
        assert where in said.partition("Cut for this mail")[2]
        assert "Came in" in said


def test_a_letter_without_measure_still_fits_with_its_headline_and_briefs():
    heavy = tuple(Section(f"Part {n}", tuple(Paragraph("word " * 150) for _ in range(9)), (f"Brief {n}.",)) for n in range(15))
    handle, raw, caught = mailed(letter(sections=heavy, kept="demo/2026-W47/council"))
    assert len(raw) < SIZE
    assert handle[LEFT_OUT] == "only its short form had room"
    assert all(
        said in " ".join(caught.part("plain").split()) for said in ("North waits.", "Brief 14.", "caseclock digest show demo 2026-W47")
    )


def test_without_a_renderer_the_findings_stand_in_words(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    picture.png.cache_clear()
    handle, _, caught = mailed(letter(Picture(svg(9, 9), "From 8 to 21.", 9, 9), Paragraph("And so on.")))
    picture.png.cache_clear()
    assert handle[LEFT_OUT] == "it went without its picture"
    assert "From 8 to 21." in Seen(caught.part("html")).text
    assert "<img" not in caught.part("html")
    assert "goes without picture 1" in caplog.text


# --- plain text ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_says_everything_in_lines_that_no_program_folds(name):
    made = letter_of(SAMPLES[name]())
    text = text_of_letter(made)
    assert max(map(len, text.splitlines())) <= COLUMNS
    assert not re.search(f"[{BARS}]", text)
    # words that follow each other in one text do so in the mail, but for a column of a table, which stands beside others
    words = set(re.findall(r"\S+", text))
    missing = [word for said in texts_of(to_json(replace(made, subject=""))) for word in said.split() if not any(word in w for w in words)]
    assert missing == []


def test_a_narrow_table_is_aligned_and_a_wide_one_is_a_list():
    narrow = Table(
        "Demand",
        ("", "This week", "Before"),
        ((Cell("Referrals that came in"), Cell("1,097"), Cell("84")), (Cell("Ended"), Cell("62"), Cell(""))),
    )
    assert text_of_letter(letter(narrow)).split("Demand\n\n")[1].splitlines()[:4] == [
        "                        This week  Before",
        "----------------------  ---------  ------",
        "Referrals that came in      1,097      84",
        "Ended                          62",
    ]
    assert text_of_letter(letter(HEAT)).split("by place\n\n")[1].splitlines()[:11] == [
        "Open work",
        "  The council: 2,301; 12 weeks: from 2,190 to 2,301",
        "  North: 7 (of 12)",
        "  South: 7 (of 12)",
        "  East: 7 (of 12)",
        "",
        "Visits overdue (amber 6, red 12)",
        "  The council: 14 red",
        "  North: 8 amber",
        "  South: 0 green",
        "",
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text("ab ,7%", max_size=50), min_size=3, max_size=3), min_size=1, max_size=4))
def test_no_word_of_a_table_is_lost_and_no_line_too_long(rows):
    table = Table("T", ("Figure", "Now", "Before"), tuple(tuple(Cell(text) for text in row) for row in rows))
    text = text_of_letter(letter(table))
    assert max(map(len, text.splitlines())) <= COLUMNS
    wanted, said = (
        "".join(re.findall(r"[ab7%]", " ".join(map(str, part))))
        for part in (rows, [text.partition("T\n\n")[2].partition("-" * COLUMNS)[0]])
    )
    assert all(said.count(letter_) >= wanted.count(letter_) for letter_ in "ab7%")


# --- HTML ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SAMPLES)
def test_the_html_says_everything_and_asks_for_nothing_from_elsewhere(name):
    made = letter_of(SAMPLES[name]())
    for pictures in ({}, {0: "a@b", 1: "c@d", 2: "e@f", 3: "g@h"}):
        seen = Seen(html_of_letter(made, pictures))
        everything = " ".join([seen.text, *(given["alt"] or "" for tag, given in seen.tags if tag == "img")])
        flat = re.sub(r"\s+", "", everything)
        assert [said for said in texts_of(to_json(made)) if re.sub(r"\s+", "", said) not in flat] == []
        assert {tag for tag, _ in seen.tags} & {"script", "iframe", "link", "form", "object", "svg", "video"} == set()
        assert {given["src"][:4] for tag, given in seen.tags if tag == "img"} <= {"cid:"}
        assert all(given["href"].startswith(("https:", "mailto:")) for tag, given in seen.tags if tag == "a")
        assert "url(" not in html_of_letter(made, pictures)


def test_the_html_is_built_so_that_it_can_be_heard():
    html = html_of_letter(INCIDENT, {0: "a@b"})
    seen = Seen(html)
    assert ("html", {"lang": "en-GB"}) in seen.tags
    assert [tag for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)] == ["h1", *["h2"] * len(INCIDENT.sections)]
    tables = [block for section in INCIDENT.sections for block in section.blocks if isinstance(block, Table)]
    assert sum(tag == "caption" for tag, _ in seen.tags) == len(tables)
    assert all(given.get("role") == "presentation" or "class" in given for tag, given in seen.tags if tag == "table")
    scopes = [given.get("scope") for tag, given in seen.tags if tag == "th"]
    assert scopes.count("row") == sum(len(table.rows) for table in tables)
    assert scopes.count("col") == sum(bool(name) for table in tables for name in table.head)
    assert all(len(given["alt"] or "") > 40 for tag, given in seen.tags if tag == "img")
    hidden = re.findall(r'<span class="l" aria-hidden="true">(?:<br>)?((?:&#\d+;)+)</span>', html)
    lines = [cell.line for table in tables for row in table.rows for cell in row if cell.line]
    assert len(hidden) == len(lines) > 20
    assert seen.words[1] == INCIDENT.headline  # after the title: the line that a list of mails shows
    assert re.search(r'<body[^>]*>\s*<div style="display:none;', html)


def luminance(colour: str) -> float:
    hexed = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(hexed[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_word_can_be_read_on_its_ground():
    tones = tuple(Cell(f"1 {tone}", tone) for tone in TONES)
    table = Table("T", ("", *TONES), ((Cell("Row"), *tones),))
    bullets = Bullets(tuple(TONES), tuple(TONES))
    seen = Seen(
        html_of_letter(
            letter(table, bullets, *(Paragraph(f"It is {tone}.", tone) for tone in TONES), foot=("Foot.",), link="https://a.example/"), {}
        )
    )
    assert {ground for _, ground, _ in seen.contrasts} >= {"#b3261e", "#fbe3bd", "#e2f1e7", "#ffffff"}
    for ink, ground, words in seen.contrasts:
        dark, light = sorted((luminance(ink), luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground, words)


EVERYWHERE = f"{HOSTILE} \"'><img src=x onerror=alert(1)> {{{{ 7*7 }}}} \u202e\x00\u200b cid:x &amp;"


def named(said: str) -> Letter:
    """A letter that says the same everywhere."""
    cells = (Cell(said), Cell(said, "red", said, said, said), *[Cell(said, "quiet", said)] * 3)
    blocks = (
        Paragraph(said, "amber"), Bullets((said, said), ("red", "")), Table(said, (said,) * 5, (cells, cells)),
        Picture(svg(9, 9), said, 9, 9), Series(said, (said,), ((said, (1.0,)),), said),
    )  # fmt: skip
    return Letter(said, said, said, (Section(said, blocks, (said,)),) * 2, (said,), "https://a.example/b", "mailto:a@b.example", said)


def test_a_hostile_name_changes_no_element_and_no_header_of_the_mail():
    hostile, tame = (mailed(named(said))[2] for said in (EVERYWHERE, "North"))

    def built(caught: Any) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(given)) for tag, given in Seen(caught.part("html")).tags]

    assert built(hostile) == built(tame)
    assert hostile.mail.keys() == tame.mail.keys()
    assert hostile.mail["To"] == TO
    for kind in ("html", "plain"):
        assert not re.search("[\x00\u202e\u200b]", hostile.part(kind))
        assert "49" not in re.sub(r"&#\d+;|#\w+", "", hostile.part(kind))
    assert "<script>alert(1)</script>" in Seen(hostile.part("html")).text
    assert max(map(len, hostile.part("plain").splitlines())) <= COLUMNS
