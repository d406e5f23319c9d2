"""What stands in the tabs of Dags and their runs: the page of the extract that a run is of, or where to look instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from caseclock.dashboard.model import At
from caseclock.dashboard.shell import Shell, Titled, root_of

MONITOR: Final = "monitor_extract"
RUNS: Final = {
    MONITOR: (re.compile(r"extract__\d{4}-\d{2}-\d{2}__([0-9a-f]{16})"), "extracts/{}"),
    "release_extract": (re.compile(r"release__([0-9a-f]{16})"), "quality?extract={}"),
}
"""Dag -> the ids that its runs get when they are started by another Dag, and the page of the extract that is in them."""
BY_HAND: Final = (
    "This run was started by hand or by a call, so its id does not say which extract it is of. Runs that intake starts are called "
    "extract__DATE__EXTRACT, with the date of the extract and its id of 16 hexadecimal digits. The id of yours is in its conf, extract_id."
)

OVERVIEW: Final = ("Overview of the backlog", "")
DAGS: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    MONITOR: (
        "One run takes one extract from its bytes to figures, alerts and messages.",
        (("All extracts", "extracts"), ("Data quality of the newest", "quality"), OVERVIEW),
    ),
    "intake": (
        "It takes what lies in the inbox, writes it into the ledger of extracts, and starts one run of monitor_extract for each.",
        (("Ledger of extracts, and files that were refused", "extracts"), OVERVIEW),
    ),
    "release_extract": (
        "It asks a person about an extract that quality holds. Until somebody answers, its figures are not in use.",
        (("Data quality of the newest extract, and why it is held", "quality"), ("All extracts", "extracts")),
    ),
    "tend_alerts": (
        "It does what time alone brings about: reminders, escalations, messages that waited, and word of an extract that has not come.",
        (("Alerts, and what was sent about each", "alerts"), ("Audit", "audit")),
    ),
    "send_weekly_digest": ("It sends the week to leaders.", (("Digests as they were sent", "digests"), OVERVIEW)),
    "pull_databases": (
        "It draws extracts out of databases into the inbox, from where intake takes them.",
        (("Ledger of extracts", "extracts"), ("Data quality of the newest", "quality")),
    ),
    "housekeeping": (
        "It removes what is older than its keeping time. Figures, alerts and the audit stay.",
        (("Ledger of extracts", "extracts"), ("Audit", "audit")),
    ),
}
"""Dag -> what it does for the backlog, and where to look."""


@dataclass(frozen=True)
class AboutPage:
    """What a Dag does for the backlog. `links`: words and path."""

    title: str
    says: str
    links: tuple[tuple[str, str], ...]
    note: str = ""


def about(dag: str, note: str = "") -> AboutPage:
    if dag not in DAGS:
        return AboutPage("Not a Dag of caseclock", "caseclock has nothing on this Dag.", (OVERVIEW,))
    says, links = DAGS[dag]
    return AboutPage(dag, says, links, note)


def page_of_run(dag: str, run: str) -> str | None:
    """The path of the page of a run's extract; None where its id names none."""
    if dag not in RUNS:
        return None
    form, path = RUNS[dag]
    found = form.fullmatch(run)
    return path.format(found[1]) if found else None


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/airflow/run")
    async def run(request: Request, dag: str = "", run: str = "") -> Response:
        if path := page_of_run(dag, run):
            return RedirectResponse(f"{root_of(request)}/{path}", 307)  # what comes of it is asked for there, sign-in and all
        note = BY_HAND if dag == MONITOR else ""
        return await shell.page(request, "airflow_about.html.j2", "", lambda at: about(dag, note))

    @made.get("/airflow/dag")
    async def of_dag(request: Request, dag: str = "", source: str | None = None) -> Response:
        if dag != MONITOR:
            return await shell.page(request, "airflow_about.html.j2", "", lambda at: about(dag), source=source)

        def lately(at: At) -> Titled:
            return shell.backlog.lately(at)

        return await shell.page(request, "airflow_dag.html.j2", "extracts", lately, source=source)

    return made
