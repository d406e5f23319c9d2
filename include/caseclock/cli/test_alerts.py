"""`caseclock test-alerts`: scenario files against the real engine, so that a rule is tested before it is in force."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from caseclock.cli.common import json_option, print_json
from caseclock.errors import WrongUse


@click.command("test-alerts")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--only", multiple=True, metavar="ID", help="Only this scenario; may be given several times.")
@json_option
def test_alerts(files: tuple[Path, ...], only: tuple[str, ...], as_json: bool) -> None:
    """Runs scenarios of alerts: what comes in at which time, and which messages must land. Anything else that lands is a failure.

    Each scenario has a store of its own that is thrown away; messages go to a fake Slack and a mail server that delivers nowhere. A file
    may test your own limits by `rules_from: thresholds.yaml`: see docs/how-to/test-a-rule.md. Exit code 1 when a scenario fails.
    """
    from caseclock.demo import scenario_file, scenarios

    read = [scenario_file.load(file) for file in files]
    known = {scenario.id for one in read for scenario in one.spec.scenarios}
    if missing := set(only) - known:
        raise WrongUse(f"there is no scenario {', '.join(sorted(missing))}", where="--only", allowed=f"one of {', '.join(sorted(known))}")
    passed = failed = 0
    for one in read:
        for report in scenarios.run_file(one, frozenset(only)):
            passed, failed = passed + report.passed, failed + (not report.passed)
            if as_json:
                print_json({**asdict(report), "file": str(one.file), "passed": report.passed})
            else:
                count = f"{report.messages} message{'' if report.messages == 1 else 's'}"
                click.echo(f"{'pass' if report.passed else 'FAIL'}  {report.id}  {report.title} ({count})")
                for line in report.faults:
                    click.echo(f"      {line}")
    if not as_json:
        click.echo(f"{passed} passed, {failed} failed")
    if failed:
        sys.exit(1)
