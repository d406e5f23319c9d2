"""How each kind of message speaks: a table of words, read by `wording`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caseclock.alerts import Kind

Form = Literal["open", "held", "closed", "withdrawn", "limit", "data"]


@dataclass(frozen=True)
class Words:
    """How one kind of message speaks. `lead` opens its headline; `why` and `todo` are whole sentences, `todo` may be empty.

    `own`: the engine's reason says more to its reader. Else it is for the audit only: `shown 74.41, now 74.48`.
    """

    form: Form
    lead: str
    why: str
    todo: str = ""
    own: bool = True


OPEN_FORMS: tuple[Form, ...] = ("open", "held")
"""What speaks of an alert that is not over, so that people can still act on it."""

CLOSED_FORMS: tuple[Form, ...] = ("closed", "withdrawn", "limit")
"""What speaks of an alert that is over."""

NOT_ACKNOWLEDGED = "Not acknowledged at present."
SAYS_SO: frozenset[Kind] = frozenset({"escalated", "ack_expired"})
"""Kinds whose own sentence says that nobody has acknowledged it."""

BY_FALLBACK = "This message comes to you this way because the usual way could not deliver it."
LOOK = "Look at the cases behind this figure and decide what happens next."
LIST_AT = "All alerts are listed here: {page}"  # without a stop, which an address at the end would take in
LIST_BY = "Ask those who run caseclock for the list: caseclock alerts list{option}."
UNROUTED = "It comes to you because no route of routes.yaml names anybody else for it; what to do: {command}."
SEE_CASES = "See the cases behind {what}"
WHAT_TO_DO = "What {what} means and what to do"  # of what data engineers are told: leads to the runbook
LOOK_BY_ID = "Those who run caseclock can list them by the id of this alert, {id}."
WORDS: dict[Kind, Words] = {
    "fire": Words("open", "", "It is at or past its limit.", LOOK),
    "refresh": Words("open", "", "This message has been brought up to date.", LOOK, own=False),
    "worsened": Words("open", "Worse", "It has got worse since you were last told.", LOOK),
    "reminder": Words("open", "Reminder", "This is a reminder: it is still past its limit.", LOOK),
    "escalated": Words("open", "Escalated", "Nobody has acknowledged it in the time allowed, so you are told as well.", LOOK),
    "ack_expired": Words("open", "Still open", "The acknowledgement has run out and it is still past its limit.", LOOK),
    "unsilenced": Words("open", "Silence ended", "The silence has ended and it is still past its limit.", LOOK),
    "unhold": Words("open", "", "The data can be used again; this figure is up to date.", LOOK),
    "hold": Words(
        "held",
        "On hold",
        "Newer data did not pass its quality check, so this is the last figure that can be relied on.",
        "The alert stays open and is brought up to date when good data arrives.",
    ),
    "resolved": Words("closed", "Resolved", "It is back within its limit.", "Nothing more to do."),
    "retracted": Words("withdrawn", "Withdrawn", "The earlier alert does not stand.", "Please disregard the earlier alert."),
    "limit_changed": Words(
        "limit",
        "Limit changed",
        "This alert is over because its limit or its rule was changed; the work itself may be as it was.",
        "If that surprises you, ask those who look after the limits.",
    ),
    "limit_stricter": Words(
        "open", "Limit changed", "The limit has been changed, so it counts for more; the figure has not got worse.", LOOK
    ),
    "dq_failed": Words(
        "data",
        "Data held",
        "Figures from it are not used, and alerts that depend on it are on hold.",
        "Look at the quality report and have the extract corrected and sent again. If it could be read and its figures are right, "
        "a person may release it: in Airflow under Required Actions, or by the command caseclock release.",
    ),
    "dq_recovered": Words("data", "Data passed", "Its figures are in use again, and alerts that were on hold are released."),
    "dq_released": Words("data", "Data released", "A person has let its figures be used, and alerts that were on hold are released."),
    "stale": Words(
        "data",
        "Data late",
        "Alerts that depend on it cannot be brought up to date.",
        "Find out why no new extract arrived, and have it sent.",
    ),
    "stale_recovered": Words("data", "Data arrived", "Alerts that depend on it are brought up to date again."),
    "missing_scope": Words(
        "data",
        "Team missing",
        "Its alerts are left as they were: a team that is missing is not a team without work.",
        "Find out whether the team was closed or renamed, or whether the extract is incomplete.",
    ),
    "refused": Words(
        "data", "File refused", "It is set aside whole; none of it is used and nothing of it is lost.", "Have it corrected and sent again."
    ),
    "unstable": Words(
        "data",
        "Unstable alert",
        "Further posts about it wait until it is steady; it is in the digest. What is red or urgent is told all the same.",
        "Look whether its limit lies within the usual ups and downs, and whether the data is sound.",
    ),
    "replay_changed_history": Words(
        "data",
        "History changed",
        "A corrected or late extract shows that an alert, which people were told of and told the end of, was wrong.",
        "Find out what was wrong with the earlier extract, and tell those who acted on the alert.",
    ),
    "delivery_failed": Words(
        "data",
        "Not delivered",
        "Its reader may not know of it.",
        "Tell the reader by other means, and put the address or the connection right.",
    ),
}

# Team ids with a meaning of their own. They are those of `measures.model`; written out here, because channels import no measure.
PLACES = {"*": "in all teams together", "?": "that no team answers for"}
SERVICE = "service:"  # begins the id of the row of all teams of one service
SERVICE_MISSING = "the extract from {source} does not hold all teams of {service}"

DATA_SENTENCES: dict[Kind, str] = {
    "dq_failed": "the extract from {source} did not pass its quality check",
    "dq_recovered": "the extract from {source} has passed its quality check",
    "dq_released": "the extract from {source} did not pass its quality check and was released by a person",
    "stale": "nothing new from {source} since {as_of}",
    "stale_recovered": "the source {source} is up to date again",
    "missing_scope": "{team} is nowhere in the extract from {source}",
    "refused": "a file from {source} could not be used",
    "delivery_failed": "a message to {team} could not be delivered",
    "unstable": "an alert on {source} comes and goes",
    "replay_changed_history": "a past alert on {source} does not stand",
}

# Counts of one: the nouns that head the titles of rules, and the verbs that follow them.
SINGULAR = {
    "cases": "case", "assessments": "assessment", "visits": "visit", "reviews": "review", "conferences": "conference", "plans": "plan",
    "children": "child", "referrals": "referral", "enquiries": "enquiry", "discussions": "discussion", "contacts": "contact",
    "supervisions": "supervision", "young people": "young person", "are": "is", "were": "was", "have": "has",
}  # fmt: skip
