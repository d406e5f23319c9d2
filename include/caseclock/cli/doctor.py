"""`caseclock doctor`: is this installation in order?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from caseclock.cli.common import home_option, json_option, print_json, settings_of


@click.command()
@home_option
@json_option
def doctor(home: Path | None, as_json: bool) -> None:
    """Look at folders, store, configuration, channels, extracts and sending. Changes nothing and sends nothing.

    A line is `ok`, `attention` (it works, look at it) or `fault`, and says what to do next. Exit code 1 when there is a fault.
    """
    from caseclock import now
    from caseclock.pipeline.doctor import examine

    found = examine(settings_of(home), now.now())
    for one in found:
        if as_json:
            print_json(asdict(one))
        else:
            click.echo(f"{one.state:<9}  {one.what}: {one.said}" + (f". Do: {one.todo}" if one.todo else ""))
    if any(one.state == "fault" for one in found):
        sys.exit(1)
