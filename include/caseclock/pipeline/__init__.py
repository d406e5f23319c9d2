"""The path of one extract, step by step. READ THIS FIRST.

    claim_inbox -> take_snapshot -> check_quality -> compute_measures -> update_alerts -> notify

Each step takes an id, does its work in one transaction and may be run again: the second run changes nothing. The ledger in
the store is the record of what has arrived; an event or a task only says that there may be work. What a step returns holds
ids and counts, never a row, so it may travel through XCom and logs.

| file | what it holds |
|---|---|
| `house.py` | everything that the steps need, wired once |
| `arrival.py` | from the inbox, or from a path that somebody hands over, into the ledger |
| `steps.py` | the five steps, and `run`: all of them for one extract |
| `rounds.py` | what is done by the clock, not by an extract: tend, digest, housekeeping |
| `ask.py` | questions: quality of a path, clocks of a date, why an alert |
"""

from caseclock.pipeline.arrival import Arrival, add, claim_inbox, in_order
from caseclock.pipeline.ask import alerts_list, alerts_show, alerts_why, clocks_of, inspect, quality_json
from caseclock.pipeline.house import House, open_house
from caseclock.pipeline.rounds import housekeeping, report_fault, send_digest, tend
from caseclock.pipeline.steps import check_quality, compute_measures, notify, run, take_history, take_snapshot, update_alerts

__all__ = [
    "Arrival",
    "House",
    "add",
    "alerts_list",
    "alerts_show",
    "alerts_why",
    "check_quality",
    "claim_inbox",
    "clocks_of",
    "compute_measures",
    "housekeeping",
    "in_order",
    "inspect",
    "notify",
    "open_house",
    "quality_json",
    "report_fault",
    "run",
    "send_digest",
    "take_history",
    "take_snapshot",
    "tend",
    "update_alerts",
]
