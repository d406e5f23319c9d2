"""`caseclock store`: the schema of the store, moving it, backing it up, and what follows when it was lost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from caseclock.cli.common import home_option, json_option, print_json, print_table, settings_of


@click.group()
def store() -> None:
    """Upgrade, look at, copy, back up and restore the store."""


@store.command()
@home_option
def upgrade(home: Path | None) -> None:
    """Bring the store to the schema of this version. May be repeated."""
    from caseclock.storage import migrate
    from caseclock.storage.engine import open_engine

    engine = open_engine(settings_of(home).store_url)
    before = migrate.version_of(engine)
    migrate.upgrade(engine)
    engine.dispose()
    click.echo(
        f"the store is at schema {migrate.HEAD}" + ("" if before == migrate.HEAD else f"; it was at {before or 'none: it was empty'}")
    )


@store.command()
@home_option
@json_option
def status(home: Path | None, as_json: bool) -> None:
    """Schema, rows of each table, and whether sending is on hold. Changes nothing: a store at an older schema stays so."""
    from sqlalchemy import func, select

    from caseclock.storage import hold, migrate
    from caseclock.storage.engine import open_engine, reading
    from caseclock.storage.schema import metadata

    engine = open_engine(settings_of(home).store_url)
    at, on_hold, rows = migrate.version_of(engine), False, {}
    if at == migrate.HEAD:
        with reading(engine) as c:
            on_hold = hold.on_hold(c)
            rows = {table.name: int(c.execute(select(func.count()).select_from(table)).scalar_one()) for table in metadata.sorted_tables}
    engine.dispose()
    if as_json:
        print_json({"schema": at, "needs": migrate.HEAD, "on_hold": on_hold, "rows": rows})
    elif at != migrate.HEAD:
        click.echo(f"schema {at or 'none'}; this program needs {migrate.HEAD}. Run `caseclock store upgrade`.")
    else:
        click.echo(f"schema {at}; sending is {'on hold: see `caseclock store restored`' if on_hold else 'not on hold'}")
        print_table(list(rows.items()), ("table", "rows"))


@store.command("copy")
@click.option("--from", "old", required=True, help="SQLAlchemy URL of the store to copy.")
@click.option("--to", "new", required=True, help="SQLAlchemy URL of an empty database.")
def copy_store(old: str, new: str) -> None:
    """The whole history into another, empty database: all of it or nothing. Stop Airflow before."""
    from caseclock.storage import transfer
    from caseclock.storage.engine import open_engine

    source, target = open_engine(old), open_engine(new)
    try:
        click.echo(f"copied and compared: {sum(transfer.copy(source, target).values())} rows")
    finally:
        source.dispose()
        target.dispose()


@store.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
def back_up(file: Path, home: Path | None) -> None:
    """Write the store into FILE, while it is in use. An older FILE is replaced when the new one is whole."""
    from caseclock import now, pipeline
    from caseclock.storage import backup

    with pipeline.open_house(settings_of(home)) as house:
        click.echo(f"{file}: {sum(backup.back_up(house.engine, file, now.now()).values())} rows, compared")


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
@home_option
def restore(file: Path, home: Path | None) -> None:
    """Fill an empty store from FILE. Sending is on hold afterwards until `store reopen`."""
    from caseclock import now, pipeline
    from caseclock.storage import backup

    with pipeline.open_house(settings_of(home)) as house:
        click.echo(f"{sum(backup.restore(file, house.engine, now.now()).values())} rows restored and compared.")
    click.echo("Sending is on hold. Take in again the extracts that came after the backup, then: `caseclock store restored`.")


@store.command()
@click.option("--told-until", type=click.DateTime(["%Y-%m-%d"]), help="Count as `store reopen` with this date would.")
@home_option
@json_option
def restored(told_until: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """What waits since a restore, per channel; nothing of what it says."""
    from caseclock import pipeline
    from caseclock.pipeline.restored import waiting
    from caseclock.storage import hold

    with pipeline.open_house(settings_of(home)) as house:
        doubt, rows = hold.in_doubt(house.engine), waiting(house, told_until.date() if told_until else None)
    holds = doubt is not None and doubt.on_hold
    if as_json:
        print_json({"on_hold": holds, "backup_at": doubt.since if doubt and holds else None, "waiting": rows if holds else []})
    elif doubt is None or not holds:
        click.echo("sending is not on hold")
    else:
        click.echo(f"Sending is on hold. The backup was made at {doubt.since:%Y-%m-%d %H:%M} UTC; what was sent after it is not known.")
        if rows:
            named = [(row["channel"], row["before"], row["later"], "yes" if row["asked"] else "no") for row in rows]
            print_table(named, ("channel", "up to --told-until", "later", "asked before sending"))
        click.echo("Take in again the extracts that came after the backup. Then, with the date of the newest one people had heard of:")
        click.echo("caseclock store reopen --told-until DATE --by NAME --reason TEXT")
        click.echo("Had nothing been sent since the backup: caseclock store reopen --send-all --by NAME --reason TEXT")


@store.command()
@click.option("--told-until", type=click.DateTime(["%Y-%m-%d"]), help="Messages about extracts up to this date had been sent.")
@click.option("--send-all", is_flag=True, help="Nothing had been sent since the backup.")
@click.option("--by", required=True, help="Who decides.")
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@home_option
def reopen(told_until: dt.datetime | None, send_all: bool, by: str, reason: str, home: Path | None) -> None:
    """End the hold after a restore. Slack and Notify are asked for each message; mail and Teams cannot be asked, so your word counts."""
    from caseclock import now, pipeline
    from caseclock.errors import WrongUse
    from caseclock.pipeline import restored as after

    if send_all == (told_until is not None):
        raise WrongUse("it must be said what had been sent", where="store reopen", todo="Give --told-until DATE or --send-all, not both.")
    with pipeline.open_house(settings_of(home)) as house:
        counted = after.reopen(house, now.now(), told_until=told_until.date() if told_until else None, by=by, reason=reason)
    click.echo(f"sending is open again; {counted} messages count as told; what is left goes out with the next round (DAG tend_alerts)")
