"""Words of days and numbers, links from values that somebody else chose, and pictures that were kept."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from caseclock.charts import svg
from caseclock.dashboard import look
from caseclock.dashboard.kept_picture import checked

HOSTILE = '"><script>alert(1)</script> & x=1#y?z/../é\n'


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1234.0, "", "1,234"), (3.25, "", "3.2"), (71.0, "per cent", "71%"), (None, "", "–"), (float("nan"), "", "–"), (0.0, "", "0"),
        (-1.5, "", "\u22121.5"), (2**0.5 * 1e6, "", "1,414,213.6"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, unit: str, said: str) -> None:
    assert look.number(value, unit) == said


def test_a_moment_is_told_as_the_clock_in_london_shows_it() -> None:
    assert look.moment_words(dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)) == "2 July 2026, 00:30"
    assert look.moment_words("2026-12-01T08:00:00+00:00") == "1 December 2026, 08:00"
    assert (look.moment_words(None), look.moment_words(""), look.day_words(None), look.as_day("")) == ("–",) * 4


def test_what_a_value_says_stays_a_value() -> None:
    link = look.link_from("/caseclock", HOSTILE)
    for found in (link("team", team=HOSTILE), link(f"alerts/{HOSTILE}", rule=HOSTILE)):
        assert found.startswith("/caseclock/")
        assert not set(found) & set("\"'<> \n")
        assert set(parse_qs(urlsplit(found).query)["source"]) == {HOSTILE}
        assert urlsplit(found).fragment == ""
    assert parse_qs(urlsplit(link("team", team=HOSTILE)).query)["team"] == [HOSTILE]


def test_what_nobody_sees_and_what_turns_text_is_on_no_page() -> None:
    assert look.clean("a\x01b\x1b[31m\x7f\x85 \u202ec\u2066d\r\n\te – é") == "ab[31m cd\n\te – é"


def test_a_place_is_named_by_its_word_and_what_is_none_is_left_out() -> None:
    link = look.link_from("/a/caseclock", None)
    assert link("team", team="*") == "/a/caseclock/team?team=council"
    assert link("team", team="?", rule=None, start=0) == "/a/caseclock/team?team=no-team&start=0"
    assert link("alerts", source="b") == "/a/caseclock/alerts?source=b"


def test_a_file_has_another_address_when_it_changes() -> None:
    link = look.link_from("/caseclock", "demo")
    assert re.fullmatch(r"/caseclock/static/caseclock\.css\?v=[0-9a-f]{10}", link("static/caseclock.css"))
    with pytest.raises(KeyError):
        link("static/../app.py")


def test_all_files_that_pages_may_load_are_there_and_no_others() -> None:
    assert set(look.STATIC) == {file.name for file in (look.HERE / "static").iterdir()}


def test_no_page_holds_a_script_or_a_style_that_the_policy_would_refuse() -> None:
    for file in sorted((look.HERE / "templates").glob("*.j2")):
        text = file.read_text("utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|\|\s*safe|Markup", text), file.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file.name


# --- kept pictures -----------------------------------------------------------------------------------------------------
SHAPES = [
    svg.text((5.5, 10), "1 < 2 & <b>", "ink", bold=True, anchor="middle", halo=True), svg.line((0, 0), (9.5, -3), "grid", dash="3 2"),
    svg.path([(0, 1), (2.5, 3)], "series"), svg.box(0, 0, 5, 5, "band"),
    *(svg.mark((5, 5), shape, "amber", hollow=hollow) for shape in ("circle", "square", "triangle", "diamond") for hollow in (True, False)),
]  # fmt: skip
PICTURE = svg.sheet(200, 40, 'North "rises" & more', SHAPES)


def tree(text: str) -> list[tuple[str, dict[str, str], str]]:
    return [(e.tag.rpartition("}")[2], dict(e.attrib), (e.text or "").strip()) for e in ElementTree.fromstring(text).iter()]


def test_a_picture_of_ours_comes_through_whole() -> None:
    made = checked(PICTURE)
    assert made is not None
    assert tree(made) == tree(PICTURE)


def test_every_picture_that_digests_draw_comes_through() -> None:
    golden = Path(__file__).resolve().parents[2] / "golden"
    pictures = sorted(golden.rglob("*.svg"))
    assert [p.name for p in pictures if checked(p.read_text("utf-8")) is None] == []
    assert pictures


@pytest.mark.parametrize(
    "put",
    [
        "<script>alert(1)</script>", "<a href='javascript:alert(1)'/>", "<foreignObject/>", "<style>*{}</style>", "<image href='http://x/'/>",
        "<rect onload='alert(1)'/>", "<rect fill='url(http://x/)'/>", "<rect style='fill:red'/>", "<use href='#a'/>",
        "<set attributeName='x'/>",        "<rect xmlns:x='http://www.w3.org/1999/xlink' x:href='javascript:alert(1)'/>", "<b xmlns='http://www.w3.org/1999/xhtml'>x</b>",
        "<rect x='1e9'/>", "<text>a<script>1</script></text>", "<desc><rect x='1'/></desc>", "<![CDATA[<b>]]>", "<!-- x -->",
        "<?x y?>", "<rect",
    ],
)  # fmt: skip
def test_a_picture_with_anything_else_is_none(put: str) -> None:
    assert checked(PICTURE.replace("</svg>", f"{put}</svg>")) is None


def test_a_picture_that_would_fill_the_memory_is_none() -> None:
    bomb = (
        '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><desc>&b;</desc></svg>'
    )
    assert checked(bomb) is None
    assert checked(PICTURE.replace("</svg>", "<desc>" + "x" * 400_000 + "</desc></svg>")) is None
    assert checked("<html/>") is None
    assert checked("") is None
