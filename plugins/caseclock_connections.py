"""Where a task finds the store and the channels: Airflow connections first, `CASECLOCK_*` variables else.

| connection | used for | read from it |
|---|---|---|
| `caseclock_store` | the store's SQLAlchemy URL | type, host, port, login, password, schema (database) |
| `caseclock_slack` | Slack's Web API | password (the bot token), extra `app_token` (messages get buttons), `base_url`, `timeout` |
| `caseclock_smtp` | mail | host, port, login, password, extra `from_email`, `disable_tls`, `timeout` |
| `caseclock_teams` | Teams webhooks | password (a JSON object of names and addresses, all of it secret), extra `timeout` |
| `caseclock_notify` | GOV.UK Notify | password (the API key), extra `template`, `base_url`, `timeout` |
| whatever a source names as `connection` | its location or database | see docs/how-to |

Airflow answers "no such connection" also when its API could not be asked. A task that then took the variables instead would
work on the wrong store. So whoever uses connections lists them in `CASECLOCK_CONNECTIONS` (comma between them): a listed one
that is not found is a fault, and the task is tried again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from caseclock.extracts.connection import Connection as Outside
    from caseclock.settings import NotifySettings, Settings, SlackSettings, SmtpSettings, TeamsSettings

STORE, SLACK, SMTP = "caseclock_store", "caseclock_slack", "caseclock_smtp"
TEAMS, NOTIFY = "caseclock_teams", "caseclock_notify"


class ConnectionMissing(ConnectionError):
    """A connection that must be there was not found, or Airflow could not be asked. Worth another try."""


def settings(find: Callable[[str], Connection | None] | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """This installation's settings, in a task or a callback. Raises ConnectionMissing, and WrongUse without `CASECLOCK_HOME`."""
    from caseclock.settings import from_environment

    env = os.environ if env is None else env
    find = find or _find
    required = {name.strip() for name in env.get("CASECLOCK_CONNECTIONS", "").split(",") if name.strip()}
    changes: dict[str, Any] = {}
    for name, (field, made) in READS.items():
        connection = find(name)
        if connection is not None:
            changes[field] = made(connection)
        elif name in required:
            raise ConnectionMissing(f"{name}: listed in CASECLOCK_CONNECTIONS and not found. Add it in Airflow, or take it off the list.")
    return from_environment(env=env).model_copy(update=changes)


def connection(id: str, find: Callable[[str], Connection | None] | None = None) -> Outside:
    """Host and secrets of a place outside that a source names: from Airflow, else from `$CASECLOCK_CONN_<ID>`. Raises NoConnection.

    In a task, and in a thread of the triggerer; never in the triggerer's event loop, which it would hold up.
    """
    from caseclock.extracts.connection import Connection as Outside
    from caseclock.extracts.connection import from_environment

    found = (find or _find)(id)
    if found is None:
        return from_environment(id)
    return Outside(
        id=id,
        kind=found.conn_type or "",
        host=found.host or None,
        login=found.login or None,
        password=found.password or None,
        port=found.port,
        schema=found.schema or None,
        extra=found.extra_dejson,
    )


def _find(name: str) -> Connection | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def _store_url(connection: Connection) -> str:
    from sqlalchemy import URL

    if connection.conn_type == "sqlite":
        return "sqlite:///" + "/".join(part for part in (connection.host, connection.schema) if part)
    drivers = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2"}
    if connection.conn_type not in drivers:
        raise _wrong(STORE, f"the connection's type is {connection.conn_type}", "postgres or sqlite")
    url = URL.create(
        drivers[connection.conn_type], connection.login, connection.password, connection.host, connection.port, connection.schema
    )
    return url.render_as_string(hide_password=False)


def _wrong(name: str, what: str, allowed: str) -> Exception:
    from caseclock.errors import BadConfig

    return BadConfig(what, where=name, allowed=allowed, todo="Change it in Airflow.")


def _slack(connection: Connection) -> SlackSettings:
    from pydantic import SecretStr

    from caseclock.settings import SlackSettings

    extra = connection.extra_dejson
    given = {key: extra[key] for key in ("app_token", "base_url", "timeout") if extra.get(key)}
    return SlackSettings(token=SecretStr(connection.password or ""), **given)


def _smtp(connection: Connection) -> SmtpSettings:
    from pydantic import SecretStr

    from caseclock.settings import SmtpSettings

    extra = connection.extra_dejson
    given = {
        "host": connection.host or "localhost",
        "port": connection.port,
        "user": connection.login,
        "password": SecretStr(connection.password) if connection.password else None,
        "sender": extra.get("from_email"),
        "starttls": str(extra.get("disable_tls", False)).lower() != "true",
        "timeout": extra.get("timeout"),
    }
    return SmtpSettings.model_validate({key: value for key, value in given.items() if value not in {None, ""}})


def _teams(connection: Connection) -> TeamsSettings:
    from caseclock.settings import TeamsSettings, webhooks_from

    extra = connection.extra_dejson
    given = {"timeout": extra["timeout"]} if extra.get("timeout") else {}
    return TeamsSettings(webhooks=webhooks_from(connection.password or "", f"{TEAMS}, password"), **given)


def _notify(connection: Connection) -> NotifySettings:
    from pydantic import SecretStr

    from caseclock.settings import NotifySettings

    extra = connection.extra_dejson
    if not extra.get("template"):
        raise _wrong(NOTIFY, "extra has no template", "the id of the email template")
    given = {key: extra[key] for key in ("template", "base_url", "timeout") if extra.get(key)}
    return NotifySettings(api_key=SecretStr(connection.password or ""), **given)


READS: dict[str, tuple[str, Callable[[Connection], Any]]] = {
    STORE: ("store_url", _store_url),
    SLACK: ("slack", _slack),
    SMTP: ("smtp", _smtp),
    TEAMS: ("teams", _teams),
    NOTIFY: ("notify", _notify),
}
