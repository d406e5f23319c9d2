"""How each kind of message speaks: a table of words, read by `wording`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caseclock.alerts import Kind

Form = Literal["open", "held", "closed", "withdrawn", "limit", "data"]


@dataclass(frozen=True)
class Words:
    """How one kind of message speaks. `lead` opens its headline; `why` and `todo` are whole sentences, `todo` may be empty."""

    form: Form
    lead: str
    why: str
    todo: str = ""


LOOK = "Look at the cases behind this figure and decide what happens next."
WORDS: dict[Kind, Words] = {
    "fire": Words("open", "", "It is at or past its limit.", LOOK),
    "refresh": Words("open", "", "The figure has moved since you were last told."),
    "worsened": Words("open", "Worse", "It has got worse since you were last told.", LOOK),
    "reminder": Words("open", "Reminder", "This is a reminder: it is still past its limit.", LOOK),
    "escalated": Words("open", "Escalated", "Nobody has acknowledged it in the time allowed, so you are told as well.", LOOK),
    "ack_expired": Words("open", "Still open", "The acknowledgement has run out and it is still past its limit.", LOOK),
    "unsilenced": Words("open", "Silence ended", "The silence has ended and it is still past its limit.", LOOK),
    "unhold": Words("open", "", "The data can be used again; this figure is up to date."),
    "hold": Words(
        "held",
        "On hold",
        "Newer data did not pass its quality check, so this is the last figure that can be relied on.",
        "The alert stays open and is brought up to date when good data arrives.",
    ),
    "resolved": Words("closed", "Resolved", "It is back within its limit.", "Nothing more to do."),
    "retracted": Words("withdrawn", "Withdrawn", "The earlier alert does not stand.", "Please disregard the earlier alert."),
    "limit_changed": Words("limit", "Limit changed", "The limit has been changed; the work itself may not have."),
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
    "stale_recovered": "{source} is up to date again",
    "missing_scope": "{team} is nowhere in the extract from {source}",
    "refused": "a file from {source} could not be used",
    "delivery_failed": "a message to {team} could not be delivered",
}

# Counts of one: the nouns that head the titles of rules, and the verbs that follow them.
SINGULAR = {
    "cases": "case", "assessments": "assessment", "visits": "visit", "reviews": "review", "conferences": "conference", "plans": "plan",
    "children": "child", "referrals": "referral", "enquiries": "enquiry", "discussions": "discussion", "contacts": "contact",
    "supervisions": "supervision", "young people": "young person", "are": "is", "were": "was", "have": "has",
}  # fmt: skip
