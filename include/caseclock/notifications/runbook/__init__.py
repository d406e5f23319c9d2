"""The runbook: what each message to data engineers means and what to do about it. One text per trouble, beside this file.

The texts are Markdown under fixed headings. They are read on the Backlog pages (`/caseclock/help`), by `caseclock runbook`, and in
docs/runbook, which is a copy that `make docs` writes; links in them are as seen from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from caseclock.alerts import Kind

HERE: Final = Path(__file__).resolve().parent
HEADINGS: Final = (
    "What it means",
    "Who is affected and what they do not see meanwhile",
    "What to do",
    "How you know that it is over",
    "If that does not help",
)
"""Of every text, in this order."""

NoticeKind = Literal[
    "file_refused", "after_a_newer", "older_again", "quality_worse", "rejected", "task_failed", "location_failed", "database_failed",
    "stuck", "digest_missing",
]  # fmt: skip
"""What data engineers are told beside alerts (`pipeline/people.tell`)."""

Aside = Literal["no_route", "nobody_sends", "rows_aside"]
"""What is no message of its own: an alert that no route takes (its message says so), what a watchman outside says, and rows that the pages
and the quality report name."""

SLUGS: Final[dict[Kind | NoticeKind | Aside, str]] = {
    "dq_failed": "data-held",
    "dq_recovered": "data-held",
    "dq_released": "data-held",
    "rejected": "extract-rejected",
    "refused": "file-refused",
    "file_refused": "file-refused",
    "stale": "data-late",
    "stale_recovered": "data-late",
    "after_a_newer": "extract-after-a-newer-one",
    "older_again": "older-revision-again",
    "quality_worse": "quality-got-worse",
    "rows_aside": "rows-set-aside",
    "missing_scope": "team-missing",
    "no_route": "no-route",
    "unstable": "unstable-alert",
    "replay_changed_history": "history-changed",
    "delivery_failed": "message-not-delivered",
    "stuck": "messages-stuck",
    "nobody_sends": "nobody-sends",
    "digest_missing": "digest-missing",
    "task_failed": "task-failed",
    "location_failed": "location-not-reached",
    "database_failed": "database-not-read",
}
"""Every kind of message to data engineers, and the text that it links to; in the order of the index."""

_SLUGS: Final[dict[str, str]] = {str(kind): slug for kind, slug in SLUGS.items()}  # asked for by what the store says


@dataclass(frozen=True)
class Guide:
    """One text. `lead`: its first paragraph, one sentence. `body`: Markdown from the first heading on."""

    slug: str
    title: str
    lead: str
    body: str

    @property
    def text(self) -> str:
        """The whole of it as Markdown."""
        return f"# {self.title}\n\n{self.lead}\n\n{self.body}"


def guides() -> tuple[Guide, ...]:
    """All texts, in the order of the index."""
    return tuple(guide(slug) for slug in dict.fromkeys(SLUGS.values()))


@cache
def guide(slug: str) -> Guide:
    """Raises KeyError for a name that the table does not have; it is never taken for a path."""
    if slug not in SLUGS.values():
        raise KeyError(slug)
    title, lead, body = (HERE / f"{slug}.md").read_text(encoding="utf-8").split("\n\n", 2)
    return Guide(slug, title.removeprefix("# "), " ".join(lead.split()), body)


def slug_of(kind: str) -> str | None:
    """The text about a kind of message; None for what is not told to data engineers as such."""
    return _SLUGS.get(kind)


def address(page_url: str | None, slug: str | None) -> str | None:
    """Where a text is read; None where there are no pages."""
    return f"{page_url.rstrip('/')}/caseclock/help/{slug}" if page_url and slug else None


def command(slug: str) -> str:
    """What shows a text where there are no pages."""
    return f"caseclock runbook {slug}"
