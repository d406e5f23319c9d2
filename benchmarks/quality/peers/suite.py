"""The table and the 27 expectations that every tool is given. Standard library and numpy only: it is read in every tool's environment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

AS_OF = dt.date(2026, 11, 20)
FIRST = dt.date(1990, 1, 1)
FAULTS = 0.001  # share of rows that break each rule

TEAMS = tuple(f"T{n:03}" for n in range(200))
WORKERS = tuple(f"W{n:04}" for n in range(2_000))
SOURCES = ("1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F", "4", "5A", "5B", "5C", "6", "7", "8", "9", "10")
NEEDS = tuple(f"N{n}" for n in range(10))
PRIORITIES = ("urgent", "high", "medium", "low")
KEY = r"^R\d{8}$"

COLUMNS = (
    "case_id", "child_id", "team_id", "worker_id", "source", "need", "priority", "referral_date", "started_on", "authorised_on",
    "closed_on", "nfa", "seen", "age", "fte",
)  # fmt: skip

TEXT = ("case_id", "child_id", "team_id", "worker_id", "source", "need", "priority")
DATES = ("referral_date", "started_on", "authorised_on", "closed_on")
KINDS = (
    dict.fromkeys(TEXT[:4], "id")
    | dict.fromkeys(TEXT[4:], "code")
    | dict.fromkeys(DATES, "date")
    | {"nfa": "flag", "seen": "flag", "age": "number", "fte": "number"}
)
"""caseclock's kind of each column."""


@dataclass(frozen=True)
class Expectation:
    """`kind`: how a row can break it; a missing value breaks `known` only. `of`: what the kind needs (codes, bounds, the other column)."""

    id: str
    kind: str
    column: str
    of: tuple = ()


def _rules() -> tuple[Expectation, ...]:
    dates = ("referral_date", "started_on", "authorised_on", "closed_on")
    orders = (
        ("referral_date", "started_on"),
        ("started_on", "authorised_on"),
        ("referral_date", "closed_on"),
        ("referral_date", "authorised_on"),
    )
    return (
        *(Expectation(f"{c}_known", "known", c) for c in ("case_id", "child_id", "team_id", "source", "referral_date", "seen")),
        Expectation("case_id_unique", "unique", "case_id"),
        Expectation("case_id_form", "matches", "case_id", (KEY,)),
        Expectation("team_id_known_code", "one_of", "team_id", TEAMS),
        Expectation("worker_id_in_parent", "one_of", "worker_id", WORKERS),
        Expectation("worker_id_no_placeholder", "not_one_of", "worker_id", ("-1", "ssd_ph")),
        Expectation("source_known_code", "one_of", "source", SOURCES),
        Expectation("need_known_code", "one_of", "need", NEEDS),
        Expectation("priority_known_code", "one_of", "priority", PRIORITIES),
        *(Expectation(f"{c}_believable", "between", c, (FIRST, AS_OF)) for c in dates),
        *(Expectation(f"{later}_not_before_{first}", "in_order", later, (first,)) for first, later in orders),
        Expectation("age_believable", "between", "age", (0.0, 25.0)),
        Expectation("fte_believable", "between", "fte", (0.0, 1.5)),
        Expectation("closed_when_nfa", "filled_when_true", "closed_on", ("nfa",)),
        Expectation("child_and_date_unique", "unique_pair", "child_id", ("referral_date",)),
        Expectation("need_known", "known", "need"),
    )


RULES = _rules()
assert len(RULES) == 27 and len({r.id for r in RULES}) == 27


def write_table(rows: int, path: Path, seed: int = 7, faults: float = FAULTS) -> None:
    """A Parquet file of so many rows, dates at midnight in seconds, the share `faults` of rows with each fault. Needs numpy and pyarrow."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)

    def some() -> np.ndarray:
        return random.random(rows) < faults

    def coded(codes: tuple[str, ...], wrong: str) -> pa.Array:
        at = random.integers(0, len(codes), rows)
        at[some()] = len(codes)
        return pa.DictionaryArray.from_arrays(pa.array(at, mask=some()), pa.array([*codes, wrong])).cast(pa.string())

    number = np.arange(rows)
    number[some()] = 0
    text = np.char.add("R", np.char.zfill(number.astype(str), 8))
    case = np.where(some(), "r-" + text.astype(object), text.astype(object))
    day = np.datetime64(AS_OF, "D")
    referred = day - random.integers(1, 2190, rows)
    started = referred + random.integers(0, 5, rows)
    started = np.minimum(started, day)
    authorised = started + random.integers(0, 60, rows)
    closed = authorised + random.integers(0, 200, rows)
    authorised, closed = np.minimum(authorised, day), np.minimum(closed, day)
    for dates in (referred, started, authorised, closed):
        dates[some()] = np.datetime64("2030-01-01")
        dates[some()] = np.datetime64("1900-01-01")
    twins = np.flatnonzero(some()[1::2]) * 2 + 1  # the second referral of a child, on the day of the first
    referred[twins] = referred[twins - 1]
    open_ = random.random(rows) < 0.3
    made = {
        "case_id": pa.array(case, pa.string(), mask=some()),
        "child_id": pa.array(np.char.add("C", (np.arange(rows) // 2).astype(str)).astype(object), pa.string(), mask=some()),
        "team_id": coded(TEAMS, "T-old"),
        "worker_id": coded(WORKERS, "-1"),
        "source": coded(SOURCES, "Police"),
        "need": coded(NEEDS, "X"),
        "priority": coded(PRIORITIES, "LOW"),
        "referral_date": _dates(referred, some()),
        "started_on": _dates(started, open_ & (random.random(rows) < 0.2)),
        "authorised_on": _dates(authorised, open_ & (random.random(rows) < 0.6)),
        "closed_on": _dates(closed, open_),
        "nfa": pa.array(random.random(rows) < 0.06, mask=some()),
        "seen": pa.array(random.random(rows) < 0.9, mask=some()),
        "age": pa.array(np.where(some(), 99.0, random.integers(0, 18, rows).astype(float))),
        "fte": pa.array(np.where(some(), 37.0, random.choice([0.5, 0.8, 1.0], rows)), mask=some()),
    }
    pq.write_table(pa.table({name: made[name] for name in COLUMNS}), path)


def write_csv(rows: int, path: Path) -> None:
    """The same without faults as CSV: dates as DD/MM/YYYY, flags as Y and N, numbers plain. Needs pandas too."""
    import pandas as pd

    half = path.with_suffix(".parquet")
    write_table(rows, half, faults=0)
    frame = pd.read_parquet(half)
    for name in ("nfa", "seen"):
        frame[name] = frame[name].map({True: "Y", False: "N"})
    frame.to_csv(path, index=False, date_format="%d/%m/%Y")
    half.unlink()


def _dates(days, missing):  # type: ignore[no-untyped-def]
    import pyarrow as pa

    return pa.array(days.astype("datetime64[s]"), pa.timestamp("s"), mask=missing)
