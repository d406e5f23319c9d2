"""`caseclock runbook`: what a message to data engineers means, and what to do. It needs no store, since that may be what is down."""

from __future__ import annotations

import difflib

import click

from caseclock.cli.common import print_table
from caseclock.errors import WrongUse
from caseclock.notifications.runbook import guide, guides


@click.command()
@click.argument("slug", required=False)
def runbook(slug: str | None) -> None:
    """What a message to data engineers means, and what to do. Without SLUG: the list of all texts.

    The same texts are on the Backlog pages under Runbook, and in docs/runbook. Nothing is read but the program itself.
    """
    if slug is None:
        print_table([(one.slug, one.lead) for one in guides()], ("text", "what it is about"))
        return
    try:
        click.echo(guide(slug).text.rstrip())
    except KeyError:
        near = difflib.get_close_matches(slug, [one.slug for one in guides()], 1)
        hint = f"{near[0]} (did you mean that?)" if near else "a name of the list that `caseclock runbook` prints"
        raise WrongUse("the runbook has no text of this name", where="runbook", allowed=hint) from None
