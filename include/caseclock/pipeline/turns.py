"""Whose turn it is: sources side by side, extracts of one source one after the other, and in which order.

The library does not know Airflow. It says which runs are to be started (`give_turns`, `hand_on`) and which it would like to know more
of (`to_ask_after`); the tasks of `intake` and `monitor_extract` start them and answer. Starting a run twice does nothing, because its id is
made of date and extract. docs/decisions/0015-turns.md has the order, and what happens where something dies.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caseclock.pipeline.house import House, Report
from caseclock.storage import turns
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract
    from caseclock.storage.turns import Turn

LONGEST_WAIT = dt.timedelta(
    minutes=30
)  # nobody is passed by one that came so much later, however small: 09:00 is near for what came at 07:00
MIDDLING = 16 * 2**20  # bytes of an extract that lets others pass for half of that: a council of middling size, zipped
SPARE = 1  # runs beyond those that work at one time: the next one waits in Airflow already when one ends
RUN = "extract__"  # how the ids of runs begin that were started by their turn
SURELY_STARTED = dt.timedelta(minutes=1)  # a turn younger than that may not have its run yet


def begins_by(head_since: dt.datetime, size: int) -> dt.datetime:
    """The moment that the place in line is worked out from: who has the earliest begins first.

    Of those that come at one moment the smaller goes first. Nobody is passed by one that came LONGEST_WAIT after it, or later.
    """
    return head_since + LONGEST_WAIT * (size / (size + MIDDLING))


def in_order_of_turns(waiting: Iterable[Turn]) -> list[Turn]:
    return sorted(waiting, key=lambda w: (begins_by(w.head_since, w.size), w.size, w.extract.source))


def run_of(extract: Extract) -> Report:
    """What Airflow needs to start its run. The id of the run is always the same, so it is started once."""
    return {
        "extract_id": extract.id,
        "source": extract.source,
        "as_of": str(extract.as_of),
        "run_id": run_id_of(extract),
    }


def run_id_of(extract: Extract) -> str:
    return f"{RUN}{extract.as_of}__{extract.id}"


def give_turns(house: House, now: dt.datetime) -> list[Report]:
    """Lines up what has arrived, fills the room there is, and names every run whose turn it is, for whoever starts them.

    It names those of before as well: their run may never have been started. One that is there already is left alone.
    """
    with house.engine.begin() as c:
        turns.lock(c)
        turns.end_finished(c, now)
        turns.line_up(c, size_of)
        given = turns.under_way(c)
        room = house.settings.parallel_extracts + SPARE - len(given)
        for one in in_order_of_turns(turns.heads(c))[: max(room, 0)]:
            turns.give(c, one.extract.id, now)
            given.append(one.extract)
    return [run_of(extract) for extract in given]


def hand_on(house: House, extract_id: str, run_id: str, now: dt.datetime) -> Report | None:
    """The run of an extract is over, well or not: the run that is next, None when there is none or no room. Asked again it says the same.

    A run by another id (started by hand) hands on only when it has finished the path: it never had the turn.
    """
    with house.engine.begin() as c:
        turns.lock(c)
        turns.end_finished(c, now)
        if run_id.startswith(RUN) and _extract_id(run_id) == extract_id:
            turns.end(c, [extract_id], now)
        following = turns.given_by(c, extract_id)  # it was handed on before, and whoever did so may have died then
        if following is None and len(turns.under_way(c)) < house.settings.parallel_extracts + SPARE:
            first = next(iter(in_order_of_turns(turns.heads(c))), None)
            if first is not None:
                turns.give(c, first.extract.id, now, by=extract_id)
                following = first.extract
    return run_of(following) if following else None


def to_ask_after(house: House, now: dt.datetime) -> tuple[list[str], list[str]]:
    """Ids of the runs that ought to be at work, and of those that are over without having finished their path."""
    with reading(house.engine) as c:
        old = turns.given_before(c, now - SURELY_STARTED)
        working = [run_id_of(extract) for extract in turns.under_way(c) if extract.id in old]
        return working, [run_id_of(extract) for extract in turns.stopped(c)]


def settle_turns(house: House, over: Sequence[str], gone: Sequence[str], now: dt.datetime) -> None:
    """`over`: runs that have ended without handing on; `gone`: runs that are not there any more. Those who deleted them want them anew."""
    if not over and not gone:
        return
    with house.engine.begin() as c:
        turns.lock(c)
        turns.end(c, map(_extract_id, over), now)
        turns.back_in_line(c, [extract.id for extract in turns.stopped(c) if run_id_of(extract) in gone])


def _extract_id(run_id: str) -> str:
    return run_id.rpartition("__")[2]


def size_of(extract: Extract) -> int:
    """Bytes of an extract as it came; 0 where it does not lie where it should: its run says what is wrong."""
    path = Path(extract.path)
    try:
        if path.is_dir():
            return sum((Path(at) / name).lstat().st_size for at, _, names in os.walk(path) for name in names)
        return path.lstat().st_size
    except OSError:
        return 0
