"""YAML as an analyst means it, with the line of every place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from caseclock.config.lines import Document, read


def parse(tmp_path: Path, text: str | bytes) -> Document:
    file = tmp_path / "some.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("18:00", "18:00"),
        ("08:00", "08:00"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("10", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("2026-11-20", dt.date(2026, 11, 20)),
        ("2026-11-20 10:00", "2026-11-20 10:00"),
        ("YYYY-MM-DD", "YYYY-MM-DD"),
        ("~", None),
        ("", None),
    ],
)
def test_a_word_means_what_it_says(tmp_path: Path, written: str, meant: object) -> None:
    document = parse(tmp_path, f"value: {written}\n")
    assert document.problems == []
    assert document.value == {"value": meant}
    assert type(document.value["value"]) is type(meant)


def test_the_key_on_is_a_word(tmp_path: Path) -> None:
    assert parse(tmp_path, "on: referral\n").value == {"on": "referral"}


def test_every_place_has_its_line_and_a_missing_one_that_of_what_is_around_it(tmp_path: Path) -> None:
    document = parse(tmp_path, "# a comment\nrecipients:\n  - id: one\n    email: a@example.org\n  - id: two\n")
    assert document.line_of(("recipients", 0, "email")) == 4
    assert document.line_of(("recipients", 1, "id")) == 5
    assert document.line_of(("recipients", 1, "slack")) == 5
    assert document.line_of(("routes",)) == 2


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "twice, first in line 1"),
        ("a:\n  b: 1\n  b: 2\n", 3, "twice, first in line 2"),
        ("a: 1\nfrom: 2026-02-30\n", 2, "no such date"),
        ("a:\n\tb: 1\n", 2, "tab"),
        ("a: [1, 2\nb: 3\n", 2, "no valid YAML"),
        ("a: 1\nb: {c: d: e}\n", 2, "no valid YAML"),
        ("a: *gone\n", 1, "no valid YAML"),
        ("a: &a\n  b: *a\n", 1, "refers to itself"),
        ("a: 1\n---\nb: 2\n", 2, "no valid YAML"),
        (b"a: 1\nb: \x01\n", 2, "character"),
        (b"a: Stra\xdfe\n", 1, "cannot be read"),
        ("a: !!python/object/apply:os.getcwd []\n", 1, "could not determine a constructor"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    problems = parse(tmp_path, text).problems
    assert len(problems) == 1
    assert problems[0].line == line
    assert words in problems[0].what


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert parse(tmp_path, b"\xef\xbb\xbfa: 1\n").value == {"a": 1}


def test_an_empty_file_has_no_value_and_no_problem(tmp_path: Path) -> None:
    document = parse(tmp_path, "# nothing yet\n")
    assert document.value is None
    assert document.problems == []
