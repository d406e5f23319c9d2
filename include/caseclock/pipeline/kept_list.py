"""The work list of an extract as it lies in a file: ordering every open case takes pandas and seconds, looking at a page of it must not.

`compute_measures` makes it beside the clock frame. The file says of which configuration it is; one of another configuration is not read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from caseclock.errors import WrongUse
from caseclock.pipeline.house import House
from caseclock.pipeline.kept import clocks_path, in_one_step

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from caseclock.clocks.places import Places
    from caseclock.extracts import Extract

FORM: Final = 1  # another number when the list is made in another way: what is kept then counts as of another configuration
AT_ONCE: Final = 2000  # rows of a group of the file: a page reads the groups that its rows lie in
MARK: Final = b"caseclock"
NARROW: Final = ("team", "service", "tier", "rule")
"""The columns that rows are chosen by; they are read of every case."""
MORE: Final = ("service", "next_on", "next_rule")
"""Beside WORK_COLUMNS (clocks/worklist.py): the service of the team in the extract, and the next limit of the child that has not passed."""
Numbers = npt.NDArray[np.int64]

_making = Lock()


def list_path(house: House, extract: Extract) -> Path:
    """Beside the clock frame, so that retention takes it with that."""
    return clocks_path(house, extract).with_suffix(".worklist.parquet")


@dataclass(frozen=True)
class KeptList:
    """`can_tell`: the extract shows who holds a case. Places are numbers of rows, in the order of the list."""

    path: Path
    can_tell: bool

    @cached_property
    def _narrow(self) -> pa.Table:
        import pyarrow.parquet as pq

        words = [name for name in NARROW if name != "tier"]
        with pq.ParquetFile(self.path, read_dictionary=words) as file:
            return file.read(columns=list(NARROW)).combine_chunks()

    @cached_property
    def tiers(self) -> Numbers:
        return _plain(self._narrow["tier"].chunk(0)) if self._narrow.num_rows else np.zeros(0, dtype=np.int64)

    def words(self, column: str) -> tuple[Numbers, list[str]]:
        """Of each row the place of its word in the list of all words, -1 for none."""
        if not self._narrow.num_rows:
            return np.zeros(0, dtype=np.int64), []
        kept = self._narrow[column].chunk(0)
        return _plain(kept.indices), kept.dictionary.to_pylist()

    def rows(self, at: Numbers) -> list[dict[str, Any]]:
        """These rows, ascending, whole; missing is None, days are dates."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not len(at):
            return []
        groups = np.unique(at // AT_ONCE)
        within = np.ascontiguousarray(np.searchsorted(groups, at // AT_ONCE) * AT_ONCE + at % AT_ONCE, dtype=np.int64)
        chosen = pa.Array.from_buffers(pa.int64(), len(within), [None, pa.py_buffer(within)])
        with pq.ParquetFile(self.path) as file:
            return [dict(row) for row in file.read_row_groups(groups.tolist()).take(chosen).to_pylist()]


def _plain(array: pa.Array) -> Numbers:
    """Whole numbers with -1 for what is missing. By its buffers: `to_numpy`, `pa.array` and their like import pandas when it is there."""
    bits, raw = array.buffers()
    size = slice(array.offset, array.offset + len(array))
    values = np.frombuffer(raw, dtype=f"i{array.type.bit_width // 8}")[size].astype(np.int64)
    if not array.null_count or bits is None:
        return values
    there = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little")[size]
    return np.where(there == 1, values, -1)


# --- making ------------------------------------------------------------------------------------------------------------
def keep_list(house: House, extract: Extract, clocks: pd.DataFrame, at: Places | None) -> None:
    """In one visible step. The case frame must lie there. `at`: the teams and services of the extract, None where nobody knows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from caseclock.clocks.worklist import WORK_COLUMNS, work_list
    from caseclock.pipeline.worklist import cases_of

    cases, config, rules = cases_of(house, extract), house.config.worklist, house.config.timescales
    frame = work_list(cases, clocks, rules, config, house.calendar, np.datetime64(extract.as_of, "D"))
    frame["service"] = frame["team"].map(_services(at)).astype("str") if at and len(at.services) else None
    frame = frame.merge(_next_due(clocks, extract, config.left_out), on="child_ref", how="left")
    table = pa.Table.from_pandas(frame, schema=_schema(list(WORK_COLUMNS)), preserve_index=False, safe=False)
    said = {"print": print_of(house), "can_tell": not (len(cases) and bool(cases["held"].isna().all()))}
    with in_one_step(list_path(house, extract)) as half:
        pq.write_table(
            table.replace_schema_metadata({MARK: json.dumps(said)}), half, row_group_size=AT_ONCE, compression="zstd", use_dictionary=True
        )


def _services(at: Places) -> dict[str, str]:
    return {team: at.services[n] for team, n in zip(at.teams, at.service_of.tolist(), strict=True) if n >= 0}


def _next_due(clocks: pd.DataFrame, extract: Extract, left_out: Sequence[str]) -> pd.DataFrame:
    """One row per child on whom a clock runs whose limit has not passed: the nearest of these limits."""
    import pandas as pd

    from caseclock.clocks.model import STATES
    from caseclock.clocks.verdict import OVERDUE

    waits = clocks["stopped_on"].isna() & clocks["child_ref"].notna() & (clocks["due_on"] >= pd.Timestamp(extract.as_of))
    waits &= (clocks["state"] != STATES[OVERDUE]) & ~clocks["rule"].isin(list(left_out))
    found = clocks.loc[waits, ["child_ref", "due_on", "rule"]].astype({"rule": "str", "child_ref": "str"})
    first = found.sort_values(["child_ref", "due_on", "rule"]).drop_duplicates("child_ref")
    return first.rename(columns={"due_on": "next_on", "rule": "next_rule"})


def _schema(columns: list[str]) -> pa.Schema:
    import pyarrow as pa

    kinds = {"place": pa.int64(), "tier": pa.int8(), "wd_over": pa.int64(), "wd_left": pa.int64(), "age_days": pa.int64()}
    kinds |= {"overdue": pa.int64(), "share": pa.float64(), "due_on": pa.date32(), "next_on": pa.date32()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in (*columns, *MORE)])


# --- finding -----------------------------------------------------------------------------------------------------------
def print_of(house: House) -> str:
    """What the order depends on beside the data; another link into the case system or another sample changes none of it."""
    config = house.config
    said = [
        str(FORM),
        config.worklist.model_dump_json(exclude={"case_link", "relook"}),
        config.calendar.model_dump_json(),
        *(rule.model_dump_json() for rule in config.timescales),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def kept_list(house: House, extract: Extract) -> KeptList:
    """The list of an extract, by the configuration as it is now. Raises WrongUse where nothing is left that it could be made from.

    One that is not there (taken in by an earlier version, or the configuration was edited since) is made at once and kept. That is slow,
    and pandas comes into the process, but it happens once: whoever waits some seconds gets the list, where a page that says "not yet"
    would send them away with nothing. One at a time: who asks meanwhile waits for the same list.
    """
    now = print_of(house)
    if found := _found(house, extract, now):
        return found
    with _making:
        if found := _found(house, extract, now):
            return found
        _make_late(house, extract)
    if found := _found(house, extract, now):
        return found
    raise WrongUse("its work list cannot be kept", where=f"{extract.source} as of {extract.as_of}", todo="Look at the folder `clocks`.")


def _found(house: House, extract: Extract, now: str) -> KeptList | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = list_path(house, extract)
    try:
        said = json.loads((pq.read_schema(path, memory_map=True).metadata or {}).get(MARK, b"{}"))
    except (OSError, pa.ArrowInvalid):
        return None
    return KeptList(path, said["can_tell"]) if said.get("print") == now else None


def _make_late(house: House, extract: Extract) -> None:
    from caseclock.clocks.columns import Columns
    from caseclock.clocks.places import places
    from caseclock.pipeline.ask import clocks_of
    from caseclock.snapshots import store

    saved = store.is_saved(extract, house.settings.accepted)
    at = places(Columns(store.load(extract, house.settings.accepted))) if saved else None
    keep_list(house, extract, clocks_of(house, extract), at)
