"""The printable digest: what is in it can be read from its bytes, hostile words stay words, and the same letter gives the same file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import unicodedata
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts import fonts, svg
from caseclock.digest.compose import letter_of
from caseclock.digest.pdf import NoPdf, as_data, pdf_of
from caseclock.digest.pdf_table import bars
from caseclock.notifications.letter import Bullets, Cell, Letter, Paragraph, Picture, Section, Series, Table, to_json

from .samples import SAMPLES, incident

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "digest" / "pdf.txt"
MADE_FOR = "Week 37, 7 to 13 September 2026: the council"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="120" viewBox="0 0 640 120" font-family="DejaVu Sans">'
    '<rect x="0" y="0" width="640" height="120" fill="#ffffff"/><path d="M10,100 L320,60 L630,20" fill="none" stroke="#3d4a5c"/>'
    '<text x="10" y="20" font-size="12" fill="#1b2430">Open work: {}</text></svg>'
)
LINE = Cell("27 red", "red", "of 1,302", "▁▂▁▂▃▂▃·▄▆▇█", "rose from 11 to 27 in 12 weeks")
SERVICES = ("Assessment", "Safeguarding", "Children looked after", "Disabled children")
FIGURES = (
    "cases without an allocated worker", "open work", "assessments done in time, of what was done", "visits open and overdue",
    "children per worker", "workers with a personal supervision in the last 28 days",
)  # fmt: skip


def heat(places=SERVICES, rows=12):
    plain = (Cell("1 to 5"), Cell("withheld", "quiet"), Cell("14 amber", "amber", "n 143"), Cell("3 green", "green"))
    made = tuple(
        (Cell(f"{FIGURES[i % len(FIGURES)].capitalize()}"), LINE, *(plain[(i + j) % 4] for j in range(len(places)))) for i in range(rows)
    )
    return Table("Figures by service, with 12 weeks of the council", ("Figure", "The council", *places), made)


DECISIONS = Table(
    "Open for more than 5 working days",
    ("What", "Where", "Now", "Since", "Who was told", "State"),
    (
        tuple(
            map(Cell, ("Cases without an allocated worker", "North", "21 red", "3 September", "Service manager, North", "not acknowledged"))
        ),
        tuple(map(Cell, ("Visits open and overdue", "West", "33 amber", "28 August", "Service manager, West", "acknowledged"))),
    ),
)
LETTER = Letter(
    subject="Weekly digest 2026-W37: the council",
    headline="27 cases have no allocated worker, 8 more than a month ago: 1 figure is red, 3 are amber.",
    currency="Figures of Friday 11 September 2026. 5 of 5 extracts of the week passed.",
    sections=(
        Section(
            "What needs a decision", (Bullets(("Cases, North: 7 working days.", "Visits, West: escalated."), ("red", "amber")), DECISIONS)
        ),
        Section(
            "Demand and capacity",
            (
                Picture(SVG.format("1,302"), "Open work rose from 1,204 to 1,302.", 640, 120),
                Paragraph("More came in than ended in 10 of 12 weeks.", "amber"),
                Series("Open work", ("6 Sep", "13 Sep"), (("Open", (1281.0, 1302.0)),), "Said by the picture already."),
            ),
        ),
        Section("Where we stand", (heat(),)),
        Section("How it was made", (Series("Arrivals", ("6 Sep", "13 Sep"), (("in", (111.0, 119.0)),), "119 came in."),)),
    ),
    foot=("Limits: amber 10, red 20 for cases without an allocated worker.", "Questions: performance@example.gov.uk"),
    link="https://caseclock.example/digests/demo/2026-W37/council",
    kept="demo/2026-W37/council",
)


# --- reading a PDF -------------------------------------------------------------------------------------------------
STRING = r"[^\\()]|\\."
for _ in range(6):  # brackets within brackets, where each has its other half
    STRING = rf"(?:{STRING}|\((?:{STRING})*\))" if _ < 5 else rf"\((?:{STRING})*\)"
RUN = rf"/(\w+) [\d.]+ Tf|\[((?:{STRING}|[^][()])*)\]\s*TJ|/(\w+) Do"
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Read:
    """`pages`: the text of each page, one entry per line of print. `turned`: whether it is wider than high. `alts`: words of pictures."""

    pages: list[list[str]]
    turned: list[bool]
    alts: list[str]
    objects: dict[int, bytes]

    @property
    def text(self) -> str:
        return " ".join(words for page in self.pages for words in page)


def read(pdf: bytes) -> Read:
    """Enough of the format (ISO 32000) to read what Typst writes: plain objects, FlateDecode, fonts with a ToUnicode table."""
    objects = {int(m[1]): m[2] for m in re.finditer(rb"(?s)(\d+) 0 obj\s(.*?)\sendobj", pdf)}
    kids = [
        int(n)
        for found in [re.search(rb"/Kids\s*\[([^\]]*)\]", o) for o in objects.values() if b"/Type/Pages" in o]
        for n in re.findall(rb"(\d+) 0 R", found[1])
    ]
    pages = [objects[n] for n in kids if b"/Type/Pages" not in objects[n]]
    sizes = [[float(x) for x in re.search(rb"/MediaBox\s*\[([^\]]*)\]", page)[1].split()] for page in pages]
    alt = re.compile(rf"/Alt\s*({STRING}|<[0-9A-Fa-f\s]*>)".encode(), re.DOTALL)
    alts = [_words(m[1]) for o in objects.values() if b"/StructElem" in o for m in alt.finditer(o)]
    return Read([_lines(page, objects) for page in pages], [box[2] > box[3] for box in sizes], alts, objects)


def _ref(name, holder):
    return int(re.search(rb"/" + name + rb"\s*(\d+) 0 R", holder)[1])


def _stream(holder):
    head, _, rest = holder.partition(b"stream\n")
    data = rest[: int(re.search(rb"/Length\s*(\d+)", head)[1])]
    return zlib.decompress(data) if b"/FlateDecode" in head else data


def _lines(holder, objects):
    """The lines of a page or of a picture in it, pictures where they stand."""
    resources = objects[_ref(b"Resources", holder)] if re.search(rb"/Resources\s*\d", holder) else holder
    content = _stream(objects[_ref(b"Contents", holder)]) if b"/Contents" in holder else _stream(holder)
    named = {name.decode(): int(n) for name, n in re.findall(rb"/([A-Za-z]\w*) (\d+) 0 R", resources)}
    lines, table = [], {}
    for font, said, inner in re.findall(RUN, content.decode("latin1"), re.DOTALL):
        if font:
            table = _table(objects[_ref(b"ToUnicode", objects[named[font]])])
        elif inner and b"/Subtype/Form" in objects[named[inner]]:
            lines += _lines(objects[named[inner]], objects)
        elif said:
            codes = b"".join(_raw(part) for part in re.findall(rf"{STRING}|<[^>]*>", said, re.DOTALL))
            lines.append("".join(table[codes[i : i + 2]] for i in range(0, len(codes), 2)))
    return lines


def _raw(part):
    if part.startswith("<"):
        return bytes.fromhex(part[1:-1])

    def character(escaped):
        return chr(int(escaped[1], 8)) if escaped[1].isdigit() else ESCAPES.get(escaped[1], escaped[1])

    return re.sub(r"\\([0-7]{1,3}|.)", character, part[1:-1], flags=re.DOTALL).encode("latin1")


@cache
def _table(holder):
    found = _stream(holder)
    return {bytes.fromhex(a): bytes.fromhex(b).decode("utf-16-be") for a, b in re.findall(r"<(\w{4})>\s*<(\w+)>", found.decode())}


def _words(found):
    if found.startswith(b"<"):
        return bytes.fromhex(found[1:-1].decode()).decode("utf-16")
    return re.sub(rb"\\(.)", rb"\1", found[1:-1]).decode()


def plain(text):
    """Without the places where a long word may break, and with one space between words."""
    return re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()


def sentences(letter):
    """Everything that a letter says to its reader in print."""
    yield from (letter.subject, letter.headline, letter.currency, *letter.foot)
    for section in letter.sections:
        yield section.heading
        for block in section.blocks:
            if isinstance(block, Paragraph):
                yield block.text
            if isinstance(block, Bullets):
                yield from block.items
            if isinstance(block, Table):
                yield from (block.caption, *block.head, *(words for row in block.rows for cell in row for words in (cell.text, cell.small)))


def one(*blocks, **changes):
    return replace(LETTER, sections=(Section("Figures", blocks),), **changes)


INCIDENT = letter_of(incident(), kept="demo/2026-W47/council")


# --- tests ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sentence_of_the_letter_can_be_read_from_the_file(name):
    letter = letter_of(SAMPLES[name](), kept="demo/2026-W47/council")
    found = read(pdf_of(letter, "the council"))
    text = plain(found.text)
    for words in sentences(letter):
        assert plain(words) in text, words
    alts = [block.alt for section in letter.sections for block in section.blocks if isinstance(block, Picture)]
    assert {plain(words) for words in alts} <= {plain(words) for words in found.alts}
    assert "□" not in text


def test_the_text_is_that_of_the_golden_file():
    """After a wanted change: CASECLOCK_WRITE_GOLDEN=1, then look at the difference, and at the pages."""
    pages = read(pdf_of(LETTER, MADE_FOR)).pages
    made = "\n\f\n".join("\n".join(plain(words) for words in page) for page in pages) + "\n"
    if os.environ.get("CASECLOCK_WRITE_GOLDEN") == "1":
        GOLDEN.write_text(made, encoding="utf-8")
    assert made == GOLDEN.read_text(encoding="utf-8")


def test_the_same_letter_gives_the_same_bytes_here_and_in_another_process(tmp_path):
    kept = tmp_path / "letter.json"
    kept.write_text(json.dumps(to_json(INCIDENT)), encoding="utf-8")
    code = (
        "import json, pathlib, sys; from caseclock.digest.pdf import pdf_of; from caseclock.notifications.letter import from_json; "
        "assert 'typst' not in sys.modules; letter = from_json(json.loads(pathlib.Path(sys.argv[1]).read_text('utf-8'))); "
        "sys.stdout.buffer.write(pdf_of(letter, 'the council'))"
    )
    elsewhere = os.environ | {"PYTHONPATH": str(ROOT / "include"), "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    other = subprocess.run([sys.executable, "-c", code, str(kept)], capture_output=True, env=elsewhere, cwd=tmp_path, check=True)
    made = pdf_of(INCIDENT, "the council")
    assert made == pdf_of(INCIDENT, "the council") == other.stdout


def test_each_page_says_of_which_digest_it_is_and_how_many_there_are():
    letter = one(heat(rows=60))
    pages = read(pdf_of(letter, MADE_FOR)).pages
    assert len(pages) == 4
    for number, page in enumerate(pages, 1):
        assert page[-2:] == ["demo/2026-W37/council", f"page {number} of 4"]
        assert page[:2] == [letter.subject, MADE_FOR]  # title on the first, running head on the others


def test_a_table_that_goes_on_repeats_its_head_and_breaks_no_row():
    table = heat(rows=60)
    pages = read(pdf_of(one(table), MADE_FOR)).pages
    for page in pages:
        said = plain(" ".join(page))
        assert said.count("Safeguarding Children looked after Disabled children") == 1
        assert said.count("27 red") == said.count("of 1,302")


def test_a_wide_table_is_turned_and_a_wider_one_comes_in_parts():
    fourteen = read(pdf_of(one(heat([f"Team {n}" for n in range(14)], rows=3)), MADE_FOR))
    assert fourteen.turned == [False, True, False]
    names = [f"Assessment team {n}" for n in range(30)]
    table = heat(names, rows=3)
    thirty = read(pdf_of(one(table), MADE_FOR))
    text = plain(thirty.text)
    assert all(name in text for name in names)
    assert text.count("Cases without an allocated worker") == text.count(table.caption) > 1
    assert f"{table.caption} (1 of " in text


def test_each_column_has_room_for_its_longest_word():
    for columns in range(1, 40):
        letter = one(heat([f"Safeguarding {n}" for n in range(columns)], rows=2))
        for part in as_data(letter, "")["runs"][0]["sections"][0]["blocks"]:
            assert sum(part["widths"]) <= (751 if part["wide"] else 505)
            for i, (head, width) in enumerate(zip(part["head"], part["widths"], strict=True)):
                words = [*head.split(), *(word for row in part["rows"] for word in row[i]["text"].split())]
                assert max(fonts.width(word, part["size"], bold=i == 0 or word in head) for word in words) <= width - 2 * part["inset"]


HOSTILE = (
    '#panic("x")', '")); #read("/etc/passwd")', "*bold* _it_ `raw` $x^2$ @ref <label> = Heading", "\\u{41} // no comment /* nor this */",
    "]]} #let x = 1; #x", "#image(\"x.svg\")", "--- ~ 'quotes' \"double\" ... -- <!channel> </text></svg>", "a\nb\tc",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_no_word_is_read_as_typst(words):
    cell = Cell(words, "red", words, "▁█", words)
    letter = Letter(
        words, words, words, (Section(words, (Paragraph(words), Bullets((words,)), Table(words, (words,), ((cell,),)))),), (words,)
    )
    found = read(pdf_of(replace(letter, kept=words), words))
    assert plain(found.text).count(svg.clean(words)) >= 10
    assert [plain(alt) for alt in found.alts] == [svg.clean(words)]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(alphabet=st.characters(min_codepoint=0x250), max_size=20))
def test_whatever_is_said_there_is_a_file(words, foreign):
    cell = Cell(words, "amber", foreign, foreign, words)
    picture = Picture(SVG.format(svg.escape(svg.clean(foreign))), foreign, 640, 120)
    blocks = (Paragraph(foreign), Bullets((words, foreign), ("red", "quiet")), Table(foreign, (words, foreign), ((cell, cell),)), picture)
    pdf = pdf_of(Letter(words, foreign, words, (Section(foreign, blocks),), (foreign,), link=words, kept=foreign), foreign)
    assert len(read(pdf).pages) == 1


def test_what_the_font_does_not_have_is_a_box_and_accents_are_put_together():
    found = plain(read(pdf_of(one(Paragraph("Gŵyl, Zoë, Łódź, 東京, 🔴, 10 ≥ 5")), MADE_FOR)).text)
    assert "Gŵyl, Zoë, Łódź, □□, □, 10 ≥ 5" in found
    apart = unicodedata.normalize("NFD", "Zoë")
    assert "Zoë" in read(pdf_of(one(Paragraph(apart)), MADE_FOR)).text


def test_a_word_without_end_stays_on_the_page():
    found = read(pdf_of(one(Paragraph("W" * 400), Table("Long", ("A", "B"), ((Cell("W" * 400), Cell("x" * 90)),))), MADE_FOR))
    rows = [words for words in found.pages[0] if "WWW" in words]
    assert "".join(rows).count("W") == 800
    assert len(rows) > 20
    email = "first.name-and.second.name@a-council.example.gov.uk"
    assert email in read(pdf_of(one(Paragraph(f"Questions: {email}.")), MADE_FOR)).text  # whole, so that it can be copied


def test_twelve_weeks_are_bars_with_their_words_beside_them():
    drawn = ET.fromstring(bars("▁▄█·"))
    assert [e.get("height") for e in drawn] == ["1", "4", "8", "1"]
    assert [e.get("class") for e in drawn] == ["series", "series", "series", "common"]
    found = read(pdf_of(one(heat(rows=2)), MADE_FOR))
    assert found.alts == [LINE.line_words] * 2
    assert not set("▁▂▃▄▅▆▇█") & set(found.text)


def test_a_series_is_said_only_where_no_picture_says_it():
    text = plain(read(pdf_of(LETTER, MADE_FOR)).text)
    assert "Arrivals. 119 came in." in text
    assert "Said by the picture already" not in text


def test_the_file_is_tagged_named_dated_and_has_no_other_fonts():
    pdf = pdf_of(INCIDENT, "the council")
    found = read(pdf)
    whole = b"\n".join(found.objects.values())
    metadata = next(_stream(o) for o in found.objects.values() if b"/Type/Metadata" in o).decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata and "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "2026-11-22" in metadata  # Sunday of the week in `kept`
    assert b"/Lang(en-GB)" in whole and b"/Marked true" in whole
    assert {b"/S/H1", b"/S/Table", b"/S/TH", b"/S/Caption", b"/S/Figure", b"/S/LI"} <= set(re.findall(rb"/S/\w+", whole))
    used = {name.split(b"+")[-1] for name in re.findall(rb"/BaseFont/([\w+-]+)", whole)}
    assert used == {b"DejaVuSans", b"DejaVuSans-Bold"}


@pytest.mark.parametrize("kept", ["", "demo/2026-W60/council", "demo/0000-W01/x", "demo/2026-W53/council"])
def test_a_name_without_a_week_has_a_date_all_the_same(kept):
    assert pdf_of(replace(one(), kept=kept), MADE_FOR)


def test_a_link_that_is_no_web_address_is_left_out():
    assert b"javascript" not in pdf_of(one(link="javascript:alert(1)"), MADE_FOR)
    assert b"/URI(https://caseclock.example/digests/demo/2026-W37/council)" in pdf_of(LETTER, MADE_FOR)


def test_what_cannot_be_set_says_so_without_a_word_of_the_letter():
    with pytest.raises(NoPdf, match="demo/2026-W37/council: TypstError: the digest could not be set for print") as caught:
        pdf_of(one(Picture("<svg North Assessment", "no picture", 640, 120)), MADE_FOR)
    assert "North" not in str(caught.value)


def test_twenty_places_by_thirty_figures_are_set_within_a_second_and_a_half():
    letter = one(
        *(block for section in INCIDENT.sections for block in section.blocks), heat([f"Team {n} North" for n in range(20)], rows=30)
    )
    pdf_of(one(), MADE_FOR)
    began = time.process_time()
    pdf_of(letter, MADE_FOR)
    assert time.process_time() - began < 1.5
