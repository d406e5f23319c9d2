"""Small made-up extracts for Hypothesis: every canonical table that a rule or a measure reads, with dangling keys, blanks and odd dates.

As rows they go to the slow calculation, as Arrow tables to the oracle, as a Snapshot to the library.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from caseclock.extracts import Extract
from caseclock.snapshots import TABLES, Snapshot

AS_OF = dt.date(2026, 2, 16)
ROLES = ["CW"]
DAY0 = dt.date(2025, 11, 17)
Row = dict[str, Any]
Tables = dict[str, list[Row]]

_ARROW = {"date": pa.date32(), "moment": pa.timestamp("s"), "flag": pa.bool_(), "number": pa.float64()}
_PANDAS = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}

day = st.integers(0, 100).map(lambda n: DAY0 + dt.timedelta(n))  # up to nine days after the extract's date
long_ago = st.integers(-500, 100).map(lambda n: DAY0 + dt.timedelta(n))
maybe_day = st.none() | day
flag = st.sampled_from([None, True, False])
moment = st.none() | st.integers(0, 100 * 24 * 4).map(lambda n: dt.datetime(2025, 11, 17) + dt.timedelta(minutes=15 * n))


def one_of(*values: str | None) -> st.SearchStrategy[str | None]:
    return st.sampled_from(values)


def rows(prefix: str, key: str, most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    made = st.lists(st.fixed_dictionaries(columns), max_size=most)
    return made.map(lambda found: [{key: f"{prefix}{i}", **row} for i, row in enumerate(found)])


child, team = one_of("C1", "C2", "C3", "C4"), one_of(None, "T1", "T2")
referral_id, worker = one_of("R0", "R1", "R2", "R3", "GONE", None), one_of("W1", "W2", "POOL", "NEW", None)
plan_id, care_id = one_of("P0", "P1", "GONE", None), one_of("L1", "L2", None)

CASES: dict[str, st.SearchStrategy[list[Row]]] = {
    "referral": rows("R", "referral_id", 5, child_id=child, referral_date=day, nfa=flag, closed_on=maybe_day, team_id=team),
    "allocation": rows("A", "allocation_id", 10, child_id=child, referral_id=referral_id, worker_id=worker, team_id=team,
                       role=one_of("CW", "IRO", None), started_on=maybe_day, ended_on=maybe_day),
    "assessment": rows("S", "assessment_id", 8, child_id=child, referral_id=referral_id, started_on=day, authorised_on=maybe_day,
                       team_id=team, worker_id=worker),
    "s47": rows("E", "s47_id", 5, child_id=child, referral_id=referral_id, strategy_on=day, ended_on=maybe_day, icpc_required=flag),
    "conference": rows("K", "conference_id", 6, child_id=child, s47_id=one_of("E0", "E1", "GONE", None), referral_id=referral_id,
                       kind=one_of("initial", "transfer_in"), held_on=maybe_day),
    "plan": rows("P", "plan_id", 5, child_id=child, referral_id=referral_id, conference_id=one_of("K0", "K1", None),
                 kind=one_of("cp", "cin"), started_on=day, ended_on=maybe_day, other_la=flag),
    "visit": rows("V", "visit_id", 12, child_id=child, plan_id=plan_id, kind=one_of("cp", "cin"), visit_on=day, seen=flag,
                  seen_alone=flag),
    "review": rows("W", "review_id", 8, child_id=child, plan_id=one_of("P0", "P1", None), kind=one_of("cp", "cla"), held_on=maybe_day,
                   cancelled=flag),
    "child": st.sampled_from([[], [{"child_id": "C1", "died_on": AS_OF - dt.timedelta(20)}]]),
}  # fmt: skip
"""What the case system holds of children in need and child protection: one row for each way in which a clock starts and stops."""

MORE: dict[str, st.SearchStrategy[list[Row]]] = {
    "care": rows("L", "episode_id", 4, child_id=child, care_id=care_id, referral_id=referral_id, started_on=long_ago, entered_on=long_ago,
                 left_on=maybe_day),
    "placement": rows("B", "placement_id", 4, child_id=child, care_id=care_id, started_on=long_ago, ended_on=maybe_day,
                      kind=one_of("U1", "P1")),
    "legal": rows("J", "legal_id", 4, child_id=child, status=one_of("C1", "C2", "V3", "V4"), started_on=long_ago, ended_on=maybe_day),
    "care_visit": rows("CV", "visit_id", 8, child_id=child, care_id=care_id, kind=st.just("cla"), visit_on=long_ago, seen=flag),
    "care_review": rows("CW", "review_id", 6, child_id=child, care_id=care_id, kind=st.just("cla"), held_on=long_ago, cancelled=flag),
    "care_leaver": rows("Y", "leaver_id", 3, child_id=child, contacted_on=maybe_day, reviewed_on=maybe_day, team_id=team, worker_id=worker),
    "contact": rows("T", "contact_id", 3, child_id=child, contact_on=day),
    "contact_decision": st.lists(st.fixed_dictionaries({"received_on": maybe_day, "decided_on": maybe_day}), max_size=3).map(
        lambda found: [{"decision_id": f"T{i}", "contact_id": f"T{i}", **row} for i, row in enumerate(found)]),
    "meeting": rows("M", "event_id", 8, child_id=child, plan_id=plan_id, kind=one_of("core_group", "cin_review", "rhi", "pf_visit"),
                    held_on=maybe_day, held_at=moment, since_on=maybe_day, since_at=moment, arrangement_id=one_of("F1", "F2"),
                    begun_on=st.none() | long_ago, ended_on=maybe_day),
    "missing": rows("X", "missing_id", 3, child_id=child, started_on=day, found_on=maybe_day),
    "supervision": rows("Z", "supervision_id", 8, child_id=one_of("C1", "C2", "C3", None), worker_id=worker, supervised_on=day,
                        kind=one_of("case", "personal", "group"), recorded_on=maybe_day, decision_recorded=flag),
    "priority": rows("O", "priority_id", 4, child_id=child, referral_id=one_of("R0", "R1", None), set_on=day,
                     priority=one_of("urgent", "low", "no_priority", "other")),
    "staff": st.lists(st.fixed_dictionaries({
        "team_id": team, "role": one_of(None, "sw", "duty_pool"), "fte": st.sampled_from([None, 0.5, 1.0]), "agency": flag,
        "started_on": maybe_day, "ended_on": maybe_day, "absent_from": maybe_day, "absent_to": maybe_day,
        "is_person": flag}), max_size=2).map(
        lambda found: [{"staff_id": f"W{i + 1}", "worker_id": f"W{i + 1}", **row} for i, row in enumerate(found)]),
    "post": rows("Q", "post_id", 4, team_id=one_of("T1", "T2"), role=st.just("sw"), established=st.sampled_from([2.0, 5.0, None]),
                 filled=st.sampled_from([1.5, 4.0]), agency=st.sampled_from([0.0, 1.0]), counted_on=day),
    "team": st.sampled_from([[], [{"team_id": "T1", "service_id": "N"}, {"team_id": "T2", "service": "South"}, {"team_id": "T3"}]]),
}  # fmt: skip
"""Children in care, and the supplementary files: each may be absent as a whole."""

_ANCHOR: Row = {"child_id": "C9", "referral_id": "R9", "team_id": "T9", "worker_id": "W9", "plan_id": "P9", "s47_id": "E9", "seen": True}
_ANCHORS: dict[str, Row] = {  # one row of everything, so that every rule on it is watched
    "referral": {"referral_date": DAY0},
    "allocation": {"allocation_id": "A99", "role": "CW", "started_on": DAY0},
    "assessment": {"assessment_id": "S99", "started_on": DAY0},
    "s47": {"strategy_on": DAY0},
    "conference": {"conference_id": "K9", "kind": "initial", "held_on": DAY0},
    "plan": {"kind": "cp", "started_on": DAY0, "conference_id": "K9"},
    "visit": {"visit_id": "V99", "kind": "cp", "visit_on": DAY0},
    "review": {"review_id": "W99", "kind": "cp", "held_on": DAY0},
    "worker": {},
}
_MORE_ANCHORS: dict[str, Row] = {
    "visit": {"visit_id": "CV9", "kind": "cla", "visit_on": DAY0},
    "review": {"review_id": "CW9", "kind": "cla", "held_on": DAY0},
    "meeting": {"event_id": "M99", "kind": "core_group", "held_on": DAY0 - dt.timedelta(600)},
}

CASE_TABLES = st.fixed_dictionaries(CASES)
ALL_TABLES = st.fixed_dictionaries(CASES, optional=MORE)


def whole(made: Tables) -> Tables:
    """The tables with one row of everything. Visits and reviews in care lie in the tables of all visits and reviews."""
    tables = {name: list(found) for name, found in made.items()}
    tables["worker"] = [
        {"worker_id": "W1", "is_person": True},
        {"worker_id": "W2", "team_id": "T2"},
        {"worker_id": "POOL", "is_person": False},
    ]
    tables["visit"] += tables.pop("care_visit", [])
    tables["review"] += tables.pop("care_review", [])
    for anchors in [_ANCHORS, _MORE_ANCHORS] if "care" in made else [_ANCHORS]:
        for name, row in anchors.items():
            if name in tables:
                tables[name].append({column: {**_ANCHOR, **row}.get(column) for column in TABLES[name].names})
    return tables


def together(towns: list[Tables]) -> Tables:
    """Several small councils as one, in which teams are shared: each id has the number of its town before it."""
    made: Tables = {}
    for i, town in enumerate(towns):
        for name, found in whole(town).items():
            own = [c.name for c in TABLES[name].columns if c.kind == "id" and c.name not in ("team_id", "service_id")]
            made.setdefault(name, []).extend({c: f"{i}{v}" if c in own and v is not None else v for c, v in row.items()} for row in found)
    made["team"] = list({row["team_id"]: row for row in made.get("team", [])}.values())
    return made


TOWNS = st.lists(ALL_TABLES, min_size=1, max_size=5).map(together)


def frame_of(name: str, found: list[Row]) -> pd.DataFrame:
    columns = TABLES[name].columns
    made = {c.name: pd.Series([row.get(c.name) for row in found], dtype=_PANDAS.get(c.kind, "str")) for c in columns}
    return pd.DataFrame({**made, "_file": pd.Series([f"{name}.csv"] * len(found), dtype="str")})


def arrow_of(name: str, found: list[Row]) -> pa.Table:
    schema = pa.schema([(c.name, _ARROW.get(c.kind, pa.string())) for c in TABLES[name].columns])
    return pa.Table.from_pylist([{c: row.get(c) for c in schema.names} for row in found], schema)


_NO_FRAMES = {name: frame_of(name, []) for name in TABLES}
_NO_TABLES = {name: arrow_of(name, []) for name in TABLES}


def snapshot_of(tables: Tables) -> Snapshot:
    arrived = Extract("0" * 16, "made", AS_OF, 1, "0" * 64, "made", "made", dt.datetime.combine(AS_OF, dt.time(7), dt.UTC))
    return Snapshot(arrived, {**_NO_FRAMES, **{name: frame_of(name, found) for name, found in tables.items() if found}})


def arrow_tables(tables: Tables) -> dict[str, pa.Table]:
    return {**_NO_TABLES, **{name: arrow_of(name, found) for name, found in tables.items() if found}}
