"""The runbook: what each message to data engineers means, and what to do. The same texts as `caseclock runbook` prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from fastapi import APIRouter
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import NotThere
from caseclock.dashboard.shell import Shell
from caseclock.notifications.runbook import Guide, guide, guides

OF_THE_RUNBOOK: Final = re.compile(r"(?P<slug>[a-z-]+)\.md")
OF_THE_REPOSITORY: Final = re.compile(r"\.\./(?P<path>[\w/.-]+\.md)(#[\w-]+)?")


@dataclass(frozen=True)
class HelpPage:
    """One text. `text`: its HTML, made of what ships with caseclock and of nothing else."""

    title: str
    lead: str
    text: Markup


@dataclass(frozen=True)
class HelpIndex:
    title: str
    guides: tuple[Guide, ...]


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/help")
    async def index(request: Request, source: str | None = None) -> Response:
        return await shell.leaf(request, "help.html.j2", "help", lambda: HelpIndex("Runbook", guides()), source=source)

    @made.get("/help/{slug}")
    async def text(request: Request, slug: str, source: str | None = None) -> Response:
        return await shell.leaf(request, "guide.html.j2", "help", lambda: help_page(slug), source=source)

    return made


@cache
def help_page(slug: str) -> HelpPage:
    """Raises NotThere where the runbook has no such text."""
    try:
        found = guide(slug)
    except KeyError:
        raise NotThere("the runbook has no such text", where="help") from None
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(found.body)
    for token in tokens:
        token.children = _led(token.children) if token.children else token.children
    return HelpPage(found.title, found.lead, Markup(markdown.renderer.render(tokens, markdown.options, {})))


def _led(tokens: Sequence[Token]) -> list[Token]:
    """Links to other texts lead to their pages. A page of the repository is not here, so its path stands in place of the link."""
    made: list[Token] = []
    path: str | None = None
    for token in tokens:
        href = str(token.attrGet("href") or "") if token.type == "link_open" else ""
        if other := OF_THE_RUNBOOK.fullmatch(href):
            token.attrSet("href", other["slug"])
        if page := OF_THE_REPOSITORY.fullmatch(href):
            path = f"docs/{page['path']}"
        elif token.type == "link_close" and path:
            made.append(Token("text", "", 0, content=f" ({path})"))
            path = None
        else:
            made.append(token)
    return made
