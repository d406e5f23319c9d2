"""How long work stays open: the Kaplan-Meier estimate, in which a clock that still runs counts for as long as it has run.

Durations are whole numbers in the unit of a rule. Checked against the R package survival (tests/unit/clocks/test_survival.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

PSEUDO_OBSERVATIONS = 20.0
"""How hard the hazard of a team is pulled towards that of the council: as if so many more clocks of the team had been at risk each day and
had done as the council does. A team with 20 clocks at risk counts for half, one with 180 for nine tenths. Own choice: small teams differ
by chance; a large team's own pace shows."""

HALF = 0.5 + 1e-12  # 0.5 reached by a product of shares may miss it in the last place
TWO_SIDED_95 = 1.959963984540054  # 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Survival:
    """One entry per duration at which work was done. `survival`: share still open after it; `at_risk`: clocks that were open until then.

    `std_err_log`: standard error of log(survival) by Greenwood's formula, NaN where the survival is 0.
    """

    time: Numbers
    at_risk: Numbers
    events: Numbers
    survival: Shares
    std_err_log: Shares

    @property
    def std_err(self) -> Shares:
        """Standard error of the survival itself (Greenwood)."""
        return self.survival * self.std_err_log

    @property
    def median(self) -> int | None:
        """The first duration after which no more than half is still open; None when that is not reached.

        R's survfit gives the middle of two durations where the survival is exactly one half between them; this gives the first.
        """
        reached = np.flatnonzero(self.survival <= HALF)
        return int(self.time[reached[0]]) if len(reached) else None

    def after(self, duration: Any) -> Shares:
        """The share still open after each of these durations."""
        made: Shares = np.append(1.0, self.survival)[np.searchsorted(self.time, duration, side="right")]
        return made

    def limits(self, z: float = TWO_SIDED_95) -> tuple[Shares, Shares]:
        """Lower and upper confidence limit on the log-log scale (95 % by default), NaN where the survival is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.exp(z * self.std_err_log / np.log(self.survival))
        return self.survival ** (1 / spread), self.survival**spread


def kaplan_meier(time: Any, event: Any, entry: Any = None) -> Survival:
    """The survival of clocks. `time`: how long each ran, 0 or more; `event`: whether it was then done (False: it still runs).

    `entry` (delayed entry): the duration from which each clock was watched; it is at risk only at later ones. Default: from its start.
    Raises ValueError where a duration is negative, or a clock was watched for no time at all (`entry` is not below `time`).
    """
    times, done = np.asarray(time, dtype=np.int64), np.asarray(event, dtype=bool)
    if len(times) and times.min() < 0:
        raise ValueError("a duration cannot be negative")
    size = int(times.max()) + 1 if len(times) else 0
    left = np.bincount(times, minlength=size)
    events = np.bincount(times[done], minlength=size)
    at_risk = np.cumsum(left[::-1])[::-1]
    if entry is not None:
        entries = np.asarray(entry, dtype=np.int64)
        if (entries >= times).any():
            raise ValueError("a clock must be watched for some time: entry has to be below time")
        later = np.bincount(np.maximum(entries, -1) + 1, minlength=size)[:size]  # at risk from the next duration on
        at_risk = at_risk - (len(times) - np.cumsum(later))
    when = np.flatnonzero(events)
    n, d = at_risk[when], events[when]
    with np.errstate(divide="ignore"):
        variance = np.cumsum(d / (n * (n - d)))
    error: Shares = np.sqrt(np.where(np.isfinite(variance), variance, np.nan))
    open_ = np.cumprod((n - d) / n, dtype=np.float64)
    return Survival(when, n, d, open_, error)


def shrunk_hazards(events: Numbers, at_risk: Numbers, pseudo: float = PSEUDO_OBSERVATIONS) -> Shares:
    """The share of the clocks at risk that are done, by team and duration (the last two axes), pulled towards that of all teams together.

    Where nobody was at risk nothing was seen to be done, and the share is 0: what is not known to be done stays open.
    """
    whole, all_at_risk = events.sum(axis=-2, keepdims=True), at_risk.sum(axis=-2, keepdims=True)
    council = np.divide(whole, all_at_risk, out=np.zeros(whole.shape), where=all_at_risk > 0)
    made: Shares = np.clip((events + pseudo * council) / (at_risk + pseudo), 0.0, 1.0)
    return made
