"""Where a figure is counted: each team, each service that the extract names, and the council as a whole, in this order.

A *place* is what `measure_value.team` holds: a team's id, `service:` and a service's id, or `*`. A service is the sum of its teams, the
council the sum of all, and of both the figure is worked out from the sums: no mean of means.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.columns import NONE, Codes, Columns
from caseclock.clocks.model import COUNCIL, SERVICE
from caseclock.clocks.teams import team_names

Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """`service_of`: per team the number of its service, -1 for a team that belongs to none."""

    teams: list[str]
    services: list[str]
    service_of: Codes

    def __len__(self) -> int:
        return len(self.teams) + len(self.services) + 1

    @cached_property
    def names(self) -> list[str]:
        return [*self.teams, *(SERVICE + service for service in self.services), COUNCIL]

    def rolled_up(self, per_team: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Sums per team (last axis) to sums per place; the type stays."""
        teams, begins = self._of_services
        of_services = np.zeros((*per_team.shape[:-1], len(self.services)), dtype=per_team.dtype)
        if len(teams):
            of_services = np.add.reduceat(per_team[..., teams], begins, axis=-1)
        return np.concatenate((per_team, of_services, per_team.sum(axis=-1, keepdims=True)), axis=-1)

    @cached_property
    def _of_services(self) -> tuple[Codes, Codes]:
        """Teams in the order of their service, and where each service begins. Every service has a team, for it is named by one."""
        order = np.argsort(self.service_of, kind="stable")
        order = order[np.count_nonzero(self.service_of == NONE) :]
        return order, np.searchsorted(self.service_of[order], np.arange(len(self.services)))

    def silent_with(self, blocked: Collection[str]) -> list[str]:
        """These teams, and every service that one of them belongs to: a sum that lacks one of its parts is not the sum.

        The council still speaks: what is blocked is a small part of it, and the quality report says that it is.
        """
        teams = [number for number, team in enumerate(self.teams) if team in set(blocked)]
        services = sorted({int(self.service_of[number]) for number in teams} - {NONE})
        return [*(self.teams[number] for number in teams), *(SERVICE + self.services[number] for number in services)]

    def counted(self, team: Codes, weight: npt.NDArray[Any] | None = None) -> Sums:
        """Sum per place of one number per row (default: 1); `team`: a number into `teams` per row."""
        made: Sums = self.rolled_up(np.bincount(team, weights=weight, minlength=len(self.teams)).astype(np.float64))
        return made


def places(columns: Columns) -> Places:
    """The places of one extract. Services are those of its team table: by their id, else by their name."""
    return columns.once("places", lambda: _places(columns))


def _places(columns: Columns) -> Places:
    teams = team_names(columns)
    known = pd.Series(columns.raw("team", "service_id")).fillna(pd.Series(columns.raw("team", "service")))
    service = dict(zip(columns.raw("team", "team_id"), known, strict=True))
    named = [service.get(team) for team in teams]
    services = sorted({str(name) for name in named if isinstance(name, str)})
    at = {name: i for i, name in enumerate(services)}
    return Places(teams, services, np.array([at.get(str(name), NONE) if isinstance(name, str) else NONE for name in named], dtype=np.int64))
