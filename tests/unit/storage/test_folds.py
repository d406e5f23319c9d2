"""The board in the store: what is written comes back, what cannot be used is no board; and figures that were made again are seen."""

from __future__ import annotations

import datetime as dt
import zlib

import numpy as np
import pytest
from sqlalchemy import Connection, insert, update

from caseclock.alerts.board import Board, Carrying, Day, DayFigure, prints_of
from caseclock.storage import schema as t
from caseclock.storage.figures import figures, figures_of_day, figures_of_pairs
from caseclock.storage.folds import FORMAT, Unreadable, board_of, bytes_of, forget_board, load_board, save_board
from caseclock.thresholds import ThresholdRule

NOW = dt.datetime(2026, 9, 7, 9, tzinfo=dt.UTC)
FIRST = dt.date(2026, 9, 7)
RULES = [
    ThresholdRule(id="wait", title="t", measure="waiting", amber=10, red=20, clear_below=8, clear_n=1),
    ThresholdRule(id="share", title="t", measure="in_time", direction="below", amber=80, red=60, clear_below=90, min_n=5),
]


def days(*values: tuple[float | None, ...]) -> Board:
    """A board that was taken through days with figures of waiting cases for north, south and so on."""
    board = Board.empty(prints_of(RULES, {}))
    work = Carrying(board, "lab", RULES)
    for number, figures_of_it in enumerate(values):
        teams = zip(("north", "south", "west"), figures_of_it, strict=False)
        work.take(day(number), [DayFigure("waiting", team, value, 50) for team, value in teams])
    return board


def day(number: int) -> Day:
    return Day(FIRST + dt.timedelta(number), f"x{number}", f"hash{number}")


def test_what_is_written_comes_back(c: Connection) -> None:
    board = days((3.0, 12.0), (4.0, None), (25.0, 5.0, 11.0))
    save_board(c, "lab", days((1.0,)), NOW)
    save_board(c, "lab", board, NOW)
    save_board(c, "other", days((1.0,)), NOW)
    found = load_board(c, "lab")
    assert found
    assert bytes_of(found) == bytes_of(board)
    assert [found.condition(n) for n in range(3)] == [board.condition(n) for n in range(3)]
    assert found.episodes(1) == {"2026-09-07": dt.date(2026, 9, 9)}
    Carrying(found, "lab", RULES).take(day(3), [DayFigure("waiting", "north", 1.0, 9)])  # its columns can be written to
    assert found.condition(0).state == "NORMAL"


def test_of_a_source_that_never_ran_nothing_is_kept_and_a_board_can_be_forgotten(c: Connection) -> None:
    assert load_board(c, "lab") is None
    save_board(c, "lab", days((1.0,)), NOW)
    forget_board(c, "lab")
    assert load_board(c, "lab") is None


def test_a_board_of_another_version_is_none(c: Connection) -> None:
    save_board(c, "lab", days((1.0,)), NOW)
    c.execute(update(t.board).values(format=FORMAT + 1))
    assert load_board(c, "lab") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: b"",
        lambda kept: kept[: len(kept) // 2],
        lambda kept: b"x" + kept,
        lambda kept: zlib.compress(zlib.decompress(kept)[:-4]),
        lambda kept: zlib.compress(zlib.decompress(kept) + b"\0"),
        lambda kept: zlib.compress(zlib.decompress(kept).replace(b"2026-09-08", b"2026-99-08")),
        lambda kept: zlib.compress(zlib.decompress(kept).replace(b'"teams"', b'"towns"')),
        lambda kept: zlib.compress(b"[]\n"),
    ],
)
def test_a_board_that_cannot_be_read_is_none(c: Connection, spoil) -> None:  # type: ignore[no-untyped-def]
    kept = bytes_of(days((3.0, 12.0), (4.0, 13.0)))
    with pytest.raises(Unreadable):
        board_of(spoil(kept))
    c.execute(insert(t.board).values(source="lab", format=FORMAT, body=spoil(kept), updated_at="x"))
    assert load_board(c, "lab") is None


@pytest.mark.parametrize(("column", "value"), [("state", 9), ("band", 3), ("at", 2), ("since", -2), ("episode", 7)])
def test_numbers_of_days_and_states_that_are_not_there_make_it_unreadable(column: str, value: int) -> None:
    board = days((3.0, 12.0), (4.0, 13.0))
    board.columns[column] = board.columns[column].astype("i4")
    board.columns[column][1] = value
    board.columns[column] = board.columns[column].astype({"state": "u1", "band": "u1"}.get(column, "<i4"))
    with pytest.raises(Unreadable, match="do not go together"):
        board_of(bytes_of(board))


def test_a_board_is_of_use_only_while_nothing_before_has_changed() -> None:
    board, prints = days((3.0,), (4.0,)), prints_of(RULES, {})
    kept = [day(0), day(1)]
    assert board.newer_than(kept, prints, ()) == []
    assert board.newer_than([*kept, day(2)], prints, ()) == [day(2)]
    changed = {
        "a date is gone": kept[:1],
        "a date came late": [Day(FIRST - dt.timedelta(1), "late"), *kept],
        "a correction": [day(0), replace_id(day(1), "x9")],
        "measured again": [day(0), day(1)._replace(figures="other")],
    }
    assert [why for why, now in changed.items() if board.newer_than(now, prints, ()) is not None] == []
    stricter = [RULES[0].model_copy(update={"amber": 9.0}), RULES[1]]
    elsewhere = [RULES[0].model_copy(update={"teams": ["n*"]}), RULES[1]]
    for rules in (stricter, elsewhere, RULES[::-1], RULES[:1]):
        assert board.newer_than(kept, prints_of(rules, {}), ()) is None
    manners = [RULES[0].model_copy(update={"repeat_wd": 9, "title": "other words"}), RULES[1]]
    assert board.newer_than(kept, prints_of(manners, {}), ()) == []


def replace_id(one: Day, id_: str) -> Day:
    return one._replace(extract_id=id_)


def test_places_that_appear_later_stand_in_their_order() -> None:
    board = days((3.0, 12.0))
    work = Carrying(board, "lab", RULES)
    work.take(day(1), [DayFigure("in_time", "south", 50.0, 9), DayFigure("waiting", "east", 30.0, 9), DayFigure("waiting", "*", 99.0, 9)])
    assert board.places == [(0, "east"), (0, "north"), (0, "south"), (1, "south")]
    assert [board.condition(n).severity for n in range(4)] == ["red", None, "amber", "red"]
    assert [board.episodes(n) for n in range(4)] == [{"2026-09-08": None}, {}, {"2026-09-07": None}, {"2026-09-08": None}]
    assert work.new == {0, 3}


def test_a_share_of_too_few_makes_a_place_but_says_nothing() -> None:
    board = Board.empty(prints_of(RULES, {}))
    Carrying(board, "lab", RULES).take(day(0), [DayFigure("in_time", "north", 50.0, 4)])
    assert board.places == [(1, "north")]
    assert board.condition(0).as_of is None


# --- figures ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def figured(c: Connection) -> Connection:
    rows = [(0, "waiting", "north", 1.0), (0, "waiting", "south", None), (1, "waiting", "north", 2.0), (1, "in_time", "north", 3.0)]
    same = {"source": "lab", "revision": 1, "name": "x", "path": "x", "received_at": "x"}
    c.execute(insert(t.extract), [{"id": f"x{n}", "as_of": str(day(n).as_of), "sha256": f"{n}", **same} for n in (0, 1)])
    c.execute(insert(t.measure_value), [{"extract_id": f"x{n}", "measure": m, "team": team, "value": v, "n": 7} for n, m, team, v in rows])
    return c


def test_figures_come_as_columns(figured: Connection) -> None:
    found = figures(figured, ["x0", "x1"], ["waiting"])
    rows = sorted(zip(found.day.tolist(), [found.pairs[n] for n in found.pair], found.value.tolist(), found.n.tolist(), strict=True))
    assert [(d, pair, n) for d, pair, _, n in rows] == [
        (0, ("waiting", "north"), 7),
        (0, ("waiting", "south"), 7),
        (1, ("waiting", "north"), 7),
    ]
    assert np.array_equal([value for *_, value, _ in rows], [1.0, np.nan, 2.0], equal_nan=True)
    assert figures(figured, [], ["waiting"]).pairs == []


def test_figures_of_single_places(figured: Connection) -> None:
    found = figures_of_pairs(figured, ["x1", "x0"], [("waiting", "north"), ("in_time", "north"), ("in_time", "south")])
    rows = {(found.pairs[pair], day): value for day, pair, value in zip(found.day, found.pair, found.value, strict=True)}
    assert rows == {(("waiting", "north"), 1): 1.0, (("waiting", "north"), 0): 2.0, (("in_time", "north"), 0): 3.0}
    assert sorted(figures_of_day(figured, "x1", ["in_time"])) == [DayFigure("in_time", "north", 3.0, 7)]
