"""Which team and which worker answer for a clock.

Work that waits: whoever holds the case now (a real allocated worker before any other open involvement, the latest first); else what the
row itself says; else the team that the last allocated worker left; else the team of the referral; else nobody (`?`).
Work that is done is the team's that did it, where the row says so: a case that moved on takes its worker along, not its past.
The referral's own team comes last because it is who *received* the referral, often a front door (SSD notes of suppliers).
"""

from __future__ import annotations

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns, Mask
from caseclock.clocks.holders import Holders, Involvements, answering, holders
from caseclock.clocks.model import NO_TEAM
from caseclock.clocks.rules import Answers, Held, TimescaleRule


def team_names(columns: Columns) -> list[str]:
    """Every team that the extract names anywhere, and `?`, in order."""
    return sorted({*columns.names("team_id"), NO_TEAM})


def answers_for(rule: TimescaleRule, row: Codes, done: Mask, columns: Columns, inv: Involvements, who: Holders) -> tuple[Codes, Codes]:
    """(team, worker) of each clock on these rows: numbers into `team_names` and into the worker ids, -1 for no worker."""
    if rule.per == "worker":
        return _of_worker(row, columns, inv)
    now, last = _speaking(rule.table, row, columns, inv, who)
    own_team, own_worker = _own(rule.table, rule.answers, row, columns, inv)
    team_now = _of(inv.team, now)
    team = np.where(done, _first(own_team, team_now), _first(team_now, own_team))
    received = _of(columns.keys("referral", "team_id"), columns.led_to(rule.table, "referral")[row])
    team = _first(team, _of(inv.team, last), received, inv.staff.team[own_worker])
    holder = np.where(np.append(inv.real, False)[now], _of(inv.worker, now), NONE)
    worker = np.where(done, _first(own_worker, holder), _first(holder, own_worker))
    if isinstance(rule.stop, Held):
        worker = np.where(done, worker, NONE)  # the clock runs because nobody holds it
    return numbered(team, columns), worker


def team_of_rows(table: str, row: Codes, columns: Columns, inv: Involvements) -> Codes:
    """The team that answers now for each of these rows: numbers into `team_names`."""
    now, last = _speaking(table, row, columns, inv, holders(columns, inv))
    own_team, own_worker = _own(table, Answers(), row, columns, inv)
    received = _of(columns.keys("referral", "team_id"), columns.led_to(table, "referral")[row])
    return numbered(_first(_of(inv.team, now), own_team, _of(inv.team, last), received, inv.staff.team[own_worker]), columns)


def _speaking(table: str, row: Codes, columns: Columns, inv: Involvements, who: Holders) -> tuple[Codes, Codes]:
    return answering(columns, inv, who, columns.keys(table, "referral_id")[row], columns.child_keys(table)[row])


def _of_worker(row: Codes, columns: Columns, inv: Involvements) -> tuple[Codes, Codes]:
    """A worker's own clock is that of the team that staff.csv gives, else of the team in which the case is held."""
    worker = columns.keys("allocation", "worker_id")[row]
    return numbered(_first(inv.staff.team[worker], columns.keys("allocation", "team_id")[row]), columns), worker


def _own(table: str, answers: Answers, row: Codes, columns: Columns, inv: Involvements) -> tuple[Codes, Codes]:
    """Team and worker as the row says; nothing for a referral, whose columns say who received it."""
    nothing = np.full(len(row), NONE, dtype=np.int64)
    if table == "referral":
        return nothing, nothing
    team = columns.keys(table, answers.team)[row] if answers.team else nothing
    worker = columns.keys(table, answers.worker)[row] if answers.worker else nothing
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
