"""The fake Slack as a service of its own, in a container: `python -m caseclock.demo.slack_box --name fake-slack`.

Its API is on port 8810, a page that shows what was posted on 8090. Who can reach these ports can read and post everything: they belong into
a network of containers, or on 127.0.0.1.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.postbox import serve_postbox

API, PAGE = 8810, 8090


@click.command()
@click.option("--name", default="fake-slack", show_default=True, help="What other containers call this one.")
@click.option("--host", default="0.0.0.0", show_default=True, help="Where it listens.")
@click.option("--store", type=click.Path(path_type=Path, dir_okay=False), help="File of JSON lines that outlives a restart.")
def main(name: str, host: str, store: Path | None) -> None:
    """Serves until it is ended by SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    slack = FakeSlack(port=API, host=host, store=store)
    slack.desk.host, slack.desk.name = host, name
    with slack:
        page = serve_postbox(slack, MailCatcher(), PAGE, host=host)
        click.echo(f"fake Slack at http://{name}:{API}/api/, what was posted at http://{name}:{PAGE}/")
        stop.wait()
        page.close()


if __name__ == "__main__":
    main()
