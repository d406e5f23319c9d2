"""`caseclock listen`: the buttons of Slack messages."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path

import click

from caseclock.cli.common import home_option, settings_of


@click.command()
@home_option
def listen(home: Path | None) -> None:
    """Hears the buttons of Slack messages (acknowledge, silence) until it is ended by SIGTERM or Ctrl-C.

    Needs CASECLOCK_SLACK_APP_TOKEN (xapp-..., scope connections:write) beside CASECLOCK_SLACK_TOKEN. One process is enough; it opens a
    connection to Slack and needs no address on the internet. Who may act is `may_act` in routes.yaml.
    """
    from caseclock import pipeline
    from caseclock.observe import logs

    settings = settings_of(home)
    logs.set_up(logging.INFO)
    logs.protect(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pipeline.listen(settings, stop, ready=lambda: click.echo("listening to Slack"))
    click.echo("ended")
