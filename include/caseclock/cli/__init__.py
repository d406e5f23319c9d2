"""The command line: `caseclock --help`. Exit codes: 0 done, 1 not well, 2 wrong use, 3 a fault of ours or of the surroundings."""

from __future__ import annotations

import os
import sys

import click

from caseclock import __version__
from caseclock.cli import (
    alerts,
    backtest,
    demo,
    digest,
    doctor,
    events,
    fetch,
    health,
    listen,
    metrics,
    pull,
    quarantine,
    release,
    report,
    route_test,
    run,
    runbook,
    store,
    test_alerts,
    tools,
    trends,
    worklist,
)
from caseclock.errors import CaseclockError
from caseclock.observe import logs
from caseclock.settings import for_this_user_alone


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__)
def cli() -> None:
    """Watches every clock that runs on a case, and tells the right person in time.

    Every command takes --home DIR: the folder of the store, the snapshots and your configuration (default: $CASECLOCK_HOME).
    Dates are YYYY-MM-DD.
    """


for command in (
    run.run,
    fetch.fetch,
    pull.pull,
    release.release,
    report.quality,
    report.clocks,
    report.measures,
    trends.trends,
    trends.spc,
    backtest.backtest,
    worklist.worklist,
    worklist.relook,
    events.events,
    quarantine.quarantine,
    alerts.alerts,
    digest.digest,
    test_alerts.test_alerts,
    route_test.route_test,
    runbook.runbook,
    listen.listen,
    metrics.metrics,
    tools.check_config,
    doctor.doctor,
    tools.housekeeping,
    store.store,
    tools.working_days,
    demo.demo,
):
    cli.add_command(command)
alerts.alerts.add_command(health.health)


def main() -> None:
    """The program. Errors go to stderr in one place, as one sentence that says where, what, what is allowed, what to do next."""
    try:
        for_this_user_alone()
        logs.set_up()
        code = cli.main(prog_name="caseclock", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CaseclockError as error:
        click.echo(f"caseclock: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if os.environ.get("CASECLOCK_DEBUG"):
            raise
        click.echo(f"caseclock: {type(error).__name__} in {_place(error)}. Set CASECLOCK_DEBUG=1 to see the whole trace.", err=True)
        sys.exit(3)


def _place(error: Exception) -> str:
    """File and line where it happened; never the error's own text, which may hold a value."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"  # noqa: PTH119
