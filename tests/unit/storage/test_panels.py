"""Weekly series in the store: what is kept is what was made, and whatever is not whole is none."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from sqlalchemy import Connection, select, update

from caseclock.storage import panels
from caseclock.storage import schema as t
from caseclock.trends.panel import Panel

HOSTILE = '<script>alert(1)</script> & "x"\n'


def panel(
    figure: str = "open", places: tuple[str, ...] = ("T", HOSTILE, "*"), weeks: int = 5, origin: str = "dates", step: int = 1
) -> Panel:
    mondays = np.datetime64("2026-01-05", "D") + 7 * np.arange(weeks)
    values = np.arange(len(places) * weeks, dtype=np.float64).reshape(len(places), weeks) / 3
    values[0, 1] = np.nan
    return Panel(figure, places, mondays, mondays + 4, values, np.round(values * 7), origin, step)  # type: ignore[arg-type]


def same(a: Panel, b: Panel) -> bool:
    arrays = all(np.array_equal(getattr(a, f), getattr(b, f), equal_nan=f in ("values", "n")) for f in ("weeks", "ends", "values", "n"))
    return arrays and (a.figure, a.places, a.origin, a.step) == (b.figure, b.places, b.origin, b.step)


def test_what_is_loaded_is_what_was_saved_in_its_parts(c: Connection) -> None:
    first, second, other = panel(), panel(places=("U",), origin="extracts", step=4), panel("arrivals")
    assert panels.save(c, "demo", "x", [first, other, second]) == 3
    found = panels.load(c, "demo", "open")
    assert len(found) == 2 and same(found[0], first) and same(found[1], second)
    assert panels.load(c, "demo", "unallocated") == [] and panels.load(c, "elsewhere", "open") == []


def test_a_source_has_the_panels_of_one_extract_only(c: Connection) -> None:
    panels.save(c, "other", "o", [panel()])
    panels.save(c, "demo", "x", [panel(), panel("arrivals")])
    panels.save(c, "demo", "y", [panel(weeks=3)])
    assert panels.load(c, "demo", "arrivals") == []
    assert panels.load(c, "demo", "open", "x") == [] and panels.load(c, "demo", "open", "y")[0].values.shape == (3, 3)
    assert len(panels.load(c, "other", "open", "o")) == 1


def test_a_panel_without_places_is_not_kept(c: Connection) -> None:
    assert panels.save(c, "demo", "x", [panel(places=("T",)).only(())]) == 0


def test_one_of_another_format_is_none(c: Connection) -> None:
    panels.save(c, "demo", "x", [panel()])
    c.execute(update(t.panel).values(format=panels.FORMAT + 1))
    assert panels.load(c, "demo", "open") == []


@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_one_that_is_cut_off_is_none(c: Connection, cut: int) -> None:
    panels.save(c, "demo", "x", [panel()])
    body = bytes(c.execute(select(t.panel.c.body)).scalar_one())
    c.execute(update(t.panel).values(body=body[:cut]))
    assert panels.load(c, "demo", "open") == []


HEAD = b'{"places":["T"],"weeks":2,"origin":"dates","step":1}\n'


@pytest.mark.parametrize(
    "unpacked",
    [
        b"",
        b"no json\n",
        b"[]\n" + bytes(64),
        HEAD + bytes(63),
        HEAD + bytes(65),
        HEAD.replace(b"dates", b"dreams") + bytes(64),
        HEAD.replace(b'"weeks":2', b'"weeks":-2') + bytes(64),
        bytes(panels.LONGEST + 1),
    ],
)
def test_what_is_no_panel_is_unreadable_and_never_unpacked_beyond_its_bound(unpacked: bytes) -> None:
    assert panels.panel_of("open", zlib.compress(HEAD + bytes(64))).values.shape == (1, 2)
    with pytest.raises(panels.Unreadable):
        panels.panel_of("open", zlib.compress(unpacked))
