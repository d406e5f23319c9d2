"""On request: staff.csv and posts.csv: who works where, whether as agency staff, and which posts stand empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_draw import NEVER, Ints, date_of
from caseclock.demo.council_people import Team, Worker
from caseclock.demo.council_view import Ledger, Shown, coded, flags, texts

GONE_FOR = 2 * 365  # days for which somebody who has left is still listed
ROLES = {"manager": "TM", "duty": "duty_pool", "chair": "IRO"}
HOLDER_ROLES = {"SW": 68.0, "senior": 20.0, "ASYE": 12.0}
ABSENT = 0.1  # share of case holders with one long absence in the last year, about 60 days: 3 % are away on any day (3.2 % in 2023)
USUAL_FTE = 0.88  # of an employed case holder, see `council_people`


def staff_file(teams: list[Team], staff: list[Worker], end: int, rng: np.random.Generator) -> Ledger:
    """Everybody who works here or has left within two years; a duty pool is listed, as no person."""
    listed = [w for w in staff if w.end > end - GONE_FOR]
    managers = {w.team: w.id for w in staff if w.role == "manager"}
    drawn = rng.choice(list(HOLDER_ROLES), len(listed), p=np.array(list(HOLDER_ROLES.values())) / 100)
    roles = [ROLES.get(w.role) or ("SW" if w.agency else str(role)) for w, role in zip(listed, drawn, strict=True)]
    start = np.array([w.start for w in listed], dtype=np.int64)
    away = np.array([w.role == "holder" for w in listed]) & (rng.random(len(listed)) < ABSENT)
    left = np.array([w.end for w in listed], dtype=np.int64)
    since = np.where(away, np.maximum(start, end - rng.integers(1, 365, len(listed))), NEVER)
    until = np.where(away, since + rng.integers(25, 100, len(listed)), NEVER)
    return Ledger(
        start,
        {
            "worker_id": Shown(texts([w.id for w in listed])),
            "team_id": Shown(texts([teams[w.team].id for w in listed])),
            "role": Shown(texts(roles)),
            "fte": Shown(texts([f"{w.fte:.1f}" for w in listed])),
            "agency": Shown(flags([w.agency for w in listed])),
            "manager_id": Shown(texts([None if w.role == "manager" else managers.get(w.team) for w in listed])),
            "start_date": Shown(start),
            "end_date": Shown(left),
            "absent_from": Shown(np.where(since < left, since, NEVER)),
            "absent_to": Shown(np.where(since < left, np.minimum(until, left), NEVER)),
            "is_person": Shown(flags([w.role != "duty" for w in listed])),
        },
    )


@dataclass(frozen=True, kw_only=True)
class Posts(Ledger):
    """The posts of case holders, counted on the day of the extract.

    As the workforce census counts: `filled_fte` are employed, `agency_fte` stand beside them, so a vacancy that agency staff cover is
    still one: vacancies are established less filled.
    """

    teams: tuple[Team, ...]
    staff: tuple[Worker, ...]

    def on(self, day: int) -> Any:
        hold = [(i, team) for i, team in enumerate(self.teams) if team.in_post]
        employed, agency = ([self._fte(i, day, kind) for i, _ in hold] for kind in (False, True))
        planned = [team.in_post * (1 - c.AGENCY) * USUAL_FTE / (1 - c.VACANCY) for _, team in hold]
        return Ledger(
            np.zeros(len(hold), dtype=np.int64),
            {
                "team_id": Shown(texts([team.id for _, team in hold])),
                "role": Shown(coded(np.zeros(len(hold), dtype=np.int64), ["SW"])),
                "established_fte": Shown(texts([f"{max(p, e):.1f}" for p, e in zip(planned, employed, strict=True)])),
                "filled_fte": Shown(texts([f"{e:.1f}" for e in employed])),
                "agency_fte": Shown(texts([f"{a:.1f}" for a in agency])),
                "as_of": Shown(texts([date_of(day).isoformat()] * len(hold))),
            },
        ).on(day)

    def _fte(self, team: int, day: int, agency: bool) -> float:
        there = [w for w in self.staff if w.team == team and w.role == "holder" and w.start <= day < w.end]
        return sum(w.fte for w in there if w.agency == agency)


def posts(teams: list[Team], staff: list[Worker]) -> Ledger:
    nothing: Ints = np.zeros(0, dtype=np.int64)
    return Posts(nothing, {}, teams=tuple(teams), staff=tuple(staff))
