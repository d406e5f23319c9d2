from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from caseclock.errors import BadExtract
from caseclock.extracts.naming import date_in, extract_id, identify

DAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    "name",
    [
        "north__2026-11-20.zip",
        "north__20261120.zip",
        "north__2026-11-20_corrected.zip",
        "north__2026-11-20_made-2026-11-21.zip",
        "Export 2026-11-20.zip",
        "export-20261120T0930.zip",
        "export-202611200930.zip",
        "run12345678_2026-11-20.zip",
    ],
)
def test_the_date_is_read_from_the_name(name: str) -> None:
    assert date_in(name) == DAY


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("north.zip", "no date"),
        ("north__20-11-2026.zip", "no date"),
        ("north__2026-02-30.zip", "does not exist"),
        ("north_2026-11-20_to_2026-11-21.zip", "more than one date"),
        ("north__1026-11-20.zip", "does not exist"),
    ],
)
def test_a_date_is_never_guessed(name: str, says: str) -> None:
    with pytest.raises(BadExtract, match=says) as refused:
        date_in(name)
    assert "north__2026-11-20.zip" in str(refused.value), "it says how to name it"


def test_who_says_it_first_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "west__2026-11-20"
    path.mkdir(parents=True)
    assert identify(path, inbox=tmp_path / "inbox") == ("west", DAY)
    (path / "manifest.json").write_text('{"source": "east", "as_of": "2026-11-19"}')
    assert identify(path, inbox=tmp_path / "inbox") == ("east", dt.date(2026, 11, 19))
    assert identify(path, source="north", as_of=DAY) == ("north", DAY)


def test_a_folder_of_the_inbox_takes_nothing_that_says_it_is_another_sources(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "south" / "2026-11-20"
    path.mkdir(parents=True)
    assert identify(path, inbox=tmp_path / "inbox", known=["north", "south"]) == ("south", DAY)
    (path / "manifest.json").write_text('{"source": "north"}')
    with pytest.raises(BadExtract, match="inbox folder of south, and its manifest says that it is of north"):
        identify(path, inbox=tmp_path / "inbox", known=["north", "south"])
    with pytest.raises(BadExtract, match="its name says that it is of another source") as refused:  # it might be a child's
        identify(path.with_name("smith-jane__2026-11-20.zip"), inbox=tmp_path / "inbox", known=["north", "south"])
    assert "smith" not in str(BadExtract(refused.value.what, allowed=refused.value.allowed, todo=refused.value.todo))
    for name in ("SOUTH__2026-11-20.zip", "south-2026-11-20.zip"):
        assert identify(path.with_name(name), inbox=tmp_path / "inbox", known=["north", "south"]) == ("south", DAY)


def test_between_walls_only_the_folder_says_whose_it_is(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="top of the inbox"):
        identify(tmp_path / "north__2026-11-20.zip", inbox=tmp_path, known=["north", "south"], walled=True)
    assert identify(tmp_path / "north__2026-11-20.zip", inbox=tmp_path, known=["north"], walled=True) == ("north", DAY)


def test_the_source_may_be_the_folder_in_the_inbox(tmp_path: Path) -> None:
    path = tmp_path / "south" / "2026-11-20.zip"
    assert identify(path, inbox=tmp_path) == ("south", DAY)
    with pytest.raises(BadExtract, match="which source"):
        identify(tmp_path / "2026-11-20.zip", inbox=tmp_path)


def test_the_only_configured_source_need_not_be_named(tmp_path: Path) -> None:
    assert identify(tmp_path / "2026-11-20.zip", known=["north"]) == ("north", DAY)


def test_a_source_that_is_not_configured_is_refused_and_the_choice_is_shown(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="north or south"):
        identify(tmp_path / "west__2026-11-20.zip", known=["north", "south"])


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"as_of": 20261120}', '{"as_of": "20/11/2026"}', '{"source": "../up"}', '{"source": 1}', "\xff"]
)
def test_a_manifest_that_cannot_be_used_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "north__2026-11-20"
    path.mkdir()
    (path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadExtract, match=r"manifest\.json"):
        identify(path)


def test_an_id_depends_on_source_date_and_content() -> None:
    ids = {extract_id(s, d, h) for s in ("north", "south") for d in (DAY, DAY + dt.timedelta(1)) for h in ("a" * 64, "b" * 64)}
    assert len(ids) == 8
    assert all(len(i) == 16 for i in ids)
    assert extract_id("north", DAY, "a" * 64) == "1f29043751e58c73", "the same on every machine, for ever"
