"""Which team and which worker answer for a clock.

Work that waits: whoever holds the case now (a real allocated worker before any other open involvement, the latest first); else what the
row itself says; else the team that the last allocated worker left; else the team of the referral; else that of the row's own worker; else
who holds, or last held, another case of the child; else nobody (`?`).
Work that is done is the team's that did it, where the row says so, and the one's who took the case where taking it was the work: a case
that moved on takes its worker along, not its past.
The referral's own team comes late because it is who *received* the referral, often a front door (SSD notes of suppliers).

The team of a worker: that of the involvement, else the one that staff.csv gives, else the one of the extract's own list of workers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns, Mask
from caseclock.clocks.holders import Involvements, answering
from caseclock.clocks.model import NO_TEAM
from caseclock.clocks.rules import Answers, TimescaleRule


def team_names(columns: Columns) -> list[str]:
    """Every team that the extract names anywhere, and `?`, in order."""
    return sorted({*columns.names("team_id"), NO_TEAM})


def answers_for(
    rule: TimescaleRule, row: Codes, done: Mask, columns: Columns, inv: Involvements, taker: Codes | None
) -> tuple[Codes, Codes]:
    """(team, worker) of each clock on these rows: numbers into `team_names` and into the worker ids, -1 for no worker. `taker`: the
    involvement that stopped the clock, for rules that one stops."""
    if rule.per == "worker":
        return _of_worker(row, columns, inv)
    found = _answering(rule.table, rule.answers, columns, inv)
    at = row + done * columns.rows(rule.table)
    if taker is None:
        return found.team[at], found.worker[at]
    took = _of(inv.team, taker)  # while the clock runs there is none: it runs because nobody holds the item
    return np.where(took == NONE, found.team[at], numbered(took, columns)), _of(inv.worker, taker)


def team_of_rows(table: str, row: Codes, columns: Columns, inv: Involvements) -> Codes:
    """The team that answers now for each of these rows: numbers into `team_names`."""
    return _answering(table, Answers(), columns, inv).team[row]


@dataclass(frozen=True)
class _Answering:
    """Who answers for each row of a table while it waits; behind these, as many for what was done."""

    team: Codes
    worker: Codes


def _answering(table: str, answers: Answers, columns: Columns, inv: Involvements) -> _Answering:
    """Worked out once for all rules of a table."""
    return columns.once(("answering", table, answers.team, answers.worker, id(inv)), lambda: _all_rows(table, answers, columns, inv))


def _all_rows(table: str, answers: Answers, columns: Columns, inv: Involvements) -> _Answering:
    who = answering(columns, inv, columns.keys(table, "referral_id"), columns.child_keys(table))
    own_team, own_worker = _own(table, answers, columns, inv)
    team, holder = _of(inv.team, who.now), np.where(np.append(inv.real, False)[who.now], _of(inv.worker, who.now), NONE)
    received = _of(columns.keys("referral", "team_id"), columns.led_to(table, "referral"))
    else_ = (
        _of(inv.team, who.last), received, inv.staff.team[own_worker], _of(inv.team, who.now_elsewhere), _of(inv.team, who.last_elsewhere)
    )  # fmt: skip
    teams = np.concatenate((_first(team, own_team, *else_), _first(own_team, team, *else_)))
    return _Answering(numbered(teams, columns), np.concatenate((_first(holder, own_worker), _first(own_worker, holder))))


def _of_worker(row: Codes, columns: Columns, inv: Involvements) -> tuple[Codes, Codes]:
    """A worker's own clock is that of the team that staff.csv gives, else of the team in which the case is held."""
    worker = columns.keys("allocation", "worker_id")[row]
    return numbered(_first(inv.staff.team[worker], columns.keys("allocation", "team_id")[row]), columns), worker


def _own(table: str, answers: Answers, columns: Columns, inv: Involvements) -> tuple[Codes, Codes]:
    """Team and worker as the row says; nothing for a referral, whose columns say who received it."""
    nothing = np.full(columns.rows(table), NONE, dtype=np.int64)
    if table == "referral":
        return nothing, nothing
    team = columns.keys(table, answers.team) if answers.team else nothing
    worker = columns.keys(table, answers.worker) if answers.worker else nothing
    return team, np.where(inv.staff.nobody[worker], NONE, worker)


def _of(values: Codes, row: Codes) -> Codes:
    """The value of each row, -1 where the row is -1."""
    found: Codes = np.append(values, NONE)[row]
    return found


def _first(*choices: Codes) -> Codes:
    made = choices[0]
    for choice in choices[1:]:
        made = np.where(made == NONE, choice, made)
    return made


def numbered(team: Codes, columns: Columns) -> Codes:
    """Numbers of team ids as numbers into `team_names`; no team is `?`."""
    names = team_names(columns)
    place = {name: i for i, name in enumerate(names)}
    return np.array([*(place[name] for name in columns.names("team_id")), place[NO_TEAM]], dtype=np.int64)[team]
