"""The path of one extract, step by step. READ THIS FIRST.

    claim_inbox -> take_snapshot -> check_quality -> compute_measures -> update_alerts -> notify

Each step takes an id, does its work in one transaction and may be run again: the second run changes nothing. The ledger in
the store is the record of what has arrived; an event or a task only says that there may be work. What a step returns holds
ids and counts, never a row, so it may travel through XCom and logs.

| file | what it holds |
|---|---|
| `house.py` | everything that the steps need, wired once |
| `arrival.py` | from the inbox, or from a path that somebody hands over, into the ledger |
| `turns.py` | whose turn it is: sources side by side, extracts of one source one after the other |
| `fetch.py` | from a location elsewhere (S3, Azure, SFTP) into the inbox |
| `pull.py` | from a database into the inbox, by schedule or by hand |
| `steps.py` | the five steps, and `run`: all of them for one extract |
| `reports.py` | the quality report of a stored extract as text and page; a word to data engineers when it gets worse |
| `events.py` | what happened since the last extract |
| `kept.py` | where the frames of an extract lie, and how a file is written in one visible step |
| `trends.py` | week by week: charts, and forecasts with what became of them |
| `quarantine.py` | the lives of quarantined rows |
| `release.py` | a person's word on an extract that quality holds |
| `handling.py` | what a person does about an alert: acknowledge, silence |
| `listen.py`, `clicks.py` | the buttons of Slack messages: who pressed, may they, and what comes of it |
| `routing.py` | who would be told |
| `rounds.py` | what is done by the clock, not by an extract: tend, housekeeping |
| `digests.py` | the weekly digest: made once, kept, sent, revised, missed |
| `digest_archive.py`, `digest_year.py` | digests as files, and what became of the alerts of a year |
| `digest_ask.py` | questions about digests: which there are, what one says, what this week's would say |
| `heartbeat.py`, `ping.py` | whether the deliverer is alive: what is stuck, and a word to a watchman outside |
| `figures.py` | caseclock's figures about itself, worked out and sent |
| `backtest.py` | what other limits would have told |
| `worklist.py` | what to do first and what to look at again: the work list, the re-look sample |
| `sheet.py` | tables as CSV that a person opens in a spreadsheet |
| `without.py` | which measures and timescales have no figure, and why |
| `not_sent.py` | why nothing is sent about a rule and team now, and what happens next |
| `behind.py` | the rows behind an alert's figure, for the person who asks |
| `ask.py` | questions: quality of a path, clocks of a date, why an alert |
"""

from caseclock.pipeline.arrival import Arrival, add, claim_inbox, in_order
from caseclock.pipeline.ask import (
    alerts_list,
    alerts_show,
    alerts_why,
    clocks_of,
    inspect,
    quality_facts,
    quality_json,
    quality_of_extract,
)
from caseclock.pipeline.behind import rows_behind
from caseclock.pipeline.digest_ask import digest_list, digest_preview, digest_show
from caseclock.pipeline.digest_year import years
from caseclock.pipeline.digests import Missing, missing_digests, send_digest
from caseclock.pipeline.events import events_of
from caseclock.pipeline.fetch import fetch_all, paths_of, waiting_afar
from caseclock.pipeline.figures import figures_now, push_figures
from caseclock.pipeline.handling import acknowledge, alert_open_at, end_of_day, instance_named, open_alert_named, silence, unsilence
from caseclock.pipeline.house import House, open_house
from caseclock.pipeline.listen import listen
from caseclock.pipeline.not_sent import asked_about, figure_of, why_now
from caseclock.pipeline.pull import check_pulled, pull_due, pull_now
from caseclock.pipeline.quarantine import follow_quarantine, quarantine_list, quarantine_summary
from caseclock.pipeline.release import decide, held_extracts, question, take_answer, waits_for_decision
from caseclock.pipeline.reports import keep_report
from caseclock.pipeline.rounds import housekeeping, report_fault, tend
from caseclock.pipeline.routing import route_test
from caseclock.pipeline.steps import check_quality, compute_measures, notify, run, take_history, take_snapshot, update_alerts
from caseclock.pipeline.turns import give_turns, hand_on, settle_turns, to_ask_after

__all__ = [
    "Arrival",
    "House",
    "Missing",
    "acknowledge",
    "add",
    "alert_open_at",
    "alerts_list",
    "alerts_show",
    "alerts_why",
    "asked_about",
    "check_pulled",
    "check_quality",
    "claim_inbox",
    "clocks_of",
    "compute_measures",
    "decide",
    "digest_list",
    "digest_preview",
    "digest_show",
    "end_of_day",
    "events_of",
    "fetch_all",
    "figure_of",
    "figures_now",
    "follow_quarantine",
    "give_turns",
    "hand_on",
    "held_extracts",
    "housekeeping",
    "in_order",
    "inspect",
    "instance_named",
    "keep_report",
    "listen",
    "missing_digests",
    "notify",
    "open_alert_named",
    "open_house",
    "paths_of",
    "pull_due",
    "pull_now",
    "push_figures",
    "quality_facts",
    "quality_json",
    "quality_of_extract",
    "quarantine_list",
    "quarantine_summary",
    "question",
    "report_fault",
    "route_test",
    "rows_behind",
    "run",
    "send_digest",
    "settle_turns",
    "silence",
    "take_answer",
    "take_history",
    "take_snapshot",
    "tend",
    "to_ask_after",
    "unsilence",
    "update_alerts",
    "waiting_afar",
    "waits_for_decision",
    "why_now",
    "years",
]
