"""caseclock: what a tally says of clocks; no other tool here is asked for `expected` and for the council as a whole, which it gives too."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from suite import AS_OF, BANDS, CALENDAR, PERIODS, RULES, STATES, Answer, team_names

from caseclock.clocks.model import UNITS
from caseclock.clocks.places import Places
from caseclock.clocks.tally import of_clocks


def prepared(path: Path, shape: tuple[int, int]) -> list[pd.DataFrame]:
    """A frame for each council: an extract holds one."""
    frame = pq.read_table(path).to_pandas().astype(dict.fromkeys(("started_on", "due_on", "stopped_on"), "datetime64[s]"))
    for name, words in {"rule": list(RULES), "team": team_names(shape[1]), "state": list(STATES)}.items():
        frame[name] = pd.Categorical.from_codes(frame[name].cat.codes, categories=pd.Index(words, dtype="str"))
    ends = np.searchsorted(frame["council"], np.arange(shape[0] + 1))
    made = [frame.iloc[begin:end].reset_index(drop=True) for begin, end in pairwise(ends)]
    for part in made:
        part.attrs[UNITS] = {rule: unit for rule, (unit, _, _) in RULES.items()}
    return made


def parted(frames: list[pd.DataFrame], _councils: int) -> list[list[pd.DataFrame]]:
    return [[frame] for frame in frames]


Told = dict[int, dict[str, Any]]


def figures(frames: list[pd.DataFrame], shape: tuple[int, int]) -> list[Told]:
    at = Places(team_names(shape[1]), [], np.full(shape[1], -1))
    return [of_clocks(frame, at, AS_OF, PERIODS, CALENDAR) for frame in frames]


def answer_of(found: list[Told], _shape: tuple[int, int]) -> Answer:
    """The figures that all tools have."""
    councils = [_of_council(told) for told in found]
    return {name: np.stack([made[name] for made in councils]) for name in councils[0]}


def _of_council(told: Told) -> Answer:
    short, long = (told[days] for days in PERIODS)

    def by_rule(found: dict[Any, Any], part: Any = None) -> Any:
        """Of the teams; the council's own figure comes last."""
        return np.stack([found[rule if part is None else (rule, part)][:-1] for rule in RULES]).astype(np.float64)

    made = {state: by_rule(long["of"], state) for state in STATES}
    for days, tally in ((PERIODS[0], short), (PERIODS[1], long)):
        made |= {f"{state}_{days}": by_rule(tally["stopped"], state) for state in ("done_in_time", "done_late")}
        made[f"started_{days}"] = by_rule(tally["started"])
    for name in ("due", "fell_due"):
        made |= {f"{name}_{ahead}": by_rule(long[name], ahead) for ahead in (5, 10)}
    made |= {band: by_rule(long["bands"], band) for band in BANDS}
    return made | {name: by_rule(long[name]) for name in ("median_age", "oldest")}
