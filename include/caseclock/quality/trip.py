"""What something other than a row rule noticed, and how bad it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from caseclock.quality.model import Finding, Severity

Level = Literal["hold", "warn", "info"]
HELD = "the numbers are held"
SEVERITY: Mapping[Level, Severity] = {"hold": "critical", "warn": "warning", "info": "info"}


@dataclass(frozen=True)
class Trip:
    """One thing that was noticed. `size` orders trips of one level: the share that is wrong, 1 for all of it."""

    level: Level
    size: float
    sentence: str
    finding: Finding


def root(n: float) -> float:
    """A count on the scale on which its noise is about 1, whatever its size: 2*sqrt(n + 3/8) (Anscombe)."""
    return 2 * math.sqrt(n + 3 / 8)
