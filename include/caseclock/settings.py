"""Where things are kept and how channels are reached. Read from the environment once, then passed as an argument.

Under Airflow the same fields come from the connections `caseclock_store`, `caseclock_slack`, `caseclock_smtp`, `caseclock_teams` and
`caseclock_notify`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from caseclock.errors import WrongUse


class SlackSettings(BaseModel):
    """`base_url` points at Slack, or at the fake one of the demo and the tests. `timeout` in seconds.

    `app_token`: the app-level token (xapp-) of Socket Mode. With it messages have buttons, and `caseclock listen` must be running.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
    app_token: SecretStr | None = None
    base_url: str = "https://slack.com/api/"
    timeout: int = 10


class SmtpSettings(BaseModel):
    """`timeout` in seconds. `sender` is the From address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = 587
    user: str | None = None
    password: SecretStr | None = None
    sender: str = "caseclock@localhost"
    starttls: bool = True
    timeout: int = 10


class TeamsSettings(BaseModel):
    """`webhooks`: name to the address of a Workflows webhook. Who has the address may post, so it is a secret. `timeout` in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhooks: dict[str, SecretStr]
    timeout: int = 10


class NotifySettings(BaseModel):
    """GOV.UK Notify. `template`: id of an email template with the placeholders `subject`, `body` and `link`. `timeout` in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr
    template: str
    base_url: str = "https://api.notifications.service.gov.uk"
    timeout: int = 10


class Settings(BaseModel):
    """One council's installation. Everything lies below `home` unless said otherwise.

    `store_url` is a SQLAlchemy URL. `config` is the folder that an analyst edits. `page_url` is where links in messages lead.
    `settle_seconds`: how long a file in the inbox must have rested to count as complete. `quarantine_seconds`: how long a sending with
    unknown outcome rests before it is looked for (at least twice the client's time-out). `keep_days`: how long snapshots, clock frames and
    quality reports are kept; `keep_raw_days`: how long extracts as they came are, with everything personal in them.
    `parallel_extracts`: how many extracts, each of another source, Airflow takes through their path at one time (on SQLite the store has
    one writer, so 1 is right there). `worker_salt`: a secret of the installation for the ids of workers who are known by name only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    store_url: str
    config: Path
    inbox: Path
    slack: SlackSettings | None = None
    smtp: SmtpSettings | None = None
    teams: TeamsSettings | None = None
    notify: NotifySettings | None = None
    page_url: str | None = None
    quarantine_seconds: float = 25.0
    settle_seconds: float = 1.0
    keep_days: int = Field(default=400, ge=1)
    keep_raw_days: int = Field(default=60, ge=1)
    ping_url: str | None = None
    parallel_extracts: int = Field(default=1, ge=1)
    worker_salt: SecretStr | None = None

    @property
    def claimed(self) -> Path:
        return self.home / "claimed"

    @property
    def refused(self) -> Path:
        return self.home / "refused"

    @property
    def snapshots(self) -> Path:
        """Everything that could be read."""
        return self.home / "snapshots"

    @property
    def accepted(self) -> Path:
        """The same without the rows that quality put aside: what clocks are made from."""
        return self.home / "accepted"

    @property
    def clocks(self) -> Path:
        return self.home / "clocks"


def for_this_user_alone() -> None:
    """From now on what this process makes is for its user alone: extracts and the store hold personal data. A folder that is there keeps
    the mode that it was given, as an inbox into which others write."""
    os.umask(os.umask(0o077) | 0o077)


def shipped_config() -> Path:
    """The configuration that comes with the library: include/monitoring beside it."""
    return Path(__file__).resolve().parent.parent / "monitoring"


def from_environment(home: Path | str | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Settings from `CASECLOCK_*` variables; an empty one counts as not set. `home` beats `$CASECLOCK_HOME`.

    `CASECLOCK_..._FILE` names a file that holds the value, as secrets come to a container.
    Raises WrongUse, which names the variable, when no home is given or one cannot be used; its text holds no secret.
    """
    env = with_files({name: value for name, value in (os.environ if env is None else env).items() if value})
    chosen = home or env.get("CASECLOCK_HOME")
    if not chosen:
        raise WrongUse(
            "no home folder", todo="Give --home DIR or set CASECLOCK_HOME; it holds the store, the snapshots and your configuration."
        )
    at = Path(chosen).expanduser().resolve()
    own = at / "monitoring"
    return Settings(
        home=at,
        store_url=_store_url(env) or f"sqlite:///{at / 'caseclock.db'}",
        config=Path(env.get("CASECLOCK_CONFIG") or (own if own.is_dir() else shipped_config())),
        inbox=Path(env.get("CASECLOCK_INBOX") or at / "inbox"),
        slack=_slack(env),
        smtp=_smtp(env),
        teams=_teams(env),
        notify=_notify(env),
        page_url=env.get("CASECLOCK_PAGE_URL"),
        quarantine_seconds=_number(env, "CASECLOCK_QUARANTINE_SECONDS", 25.0),
        settle_seconds=_number(env, "CASECLOCK_SETTLE_SECONDS", 1.0),
        keep_days=_number(env, "CASECLOCK_KEEP_DAYS", 400, least=1),
        keep_raw_days=_number(env, "CASECLOCK_KEEP_RAW_DAYS", 60, least=1),
        ping_url=env.get("CASECLOCK_PING_URL"),
        parallel_extracts=_number(env, "CASECLOCK_PARALLEL_EXTRACTS", 1, least=1),
        worker_salt=SecretStr(salt) if (salt := env.get("CASECLOCK_WORKER_SALT")) else None,
    )


FILE = "_FILE"


def with_files(env: Mapping[str, str]) -> dict[str, str]:
    """The variables, with what the files hold that `CASECLOCK_..._FILE` names; an empty file counts as not set.

    Raises WrongUse, which names the variable and not the value, when a file cannot be read or the value is given twice.
    """
    found = {name: value for name, value in env.items() if not (name.startswith("CASECLOCK_") and name.endswith(FILE))}
    for name in env.keys() - found.keys():
        plain = name.removesuffix(FILE)
        if plain in found:
            raise WrongUse(f"{plain} is set, too", where=name, todo="Unset one of the two.")
        try:
            value = Path(env[name]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(
                f"the file cannot be read ({type(error).__name__})",
                where=name,
                allowed="a text file that this user may read, with the value alone in it",
                todo="With compose: `make secrets` makes the files that are missing.",
            ) from None
        if value:
            found[plain] = value
    return found


def _store_url(env: Mapping[str, str]) -> str | None:
    """The URL of the store, with `CASECLOCK_STORE_PASSWORD` in it where that is given by itself."""
    url, password = env.get("CASECLOCK_STORE_URL"), env.get("CASECLOCK_STORE_PASSWORD")
    if not url or not password:
        return url
    head, at, rest = url.partition("@")
    scheme, slashes, user = head.partition("://")
    if not at or not slashes or not user or ":" in user:
        raise WrongUse(
            "it cannot take the password of CASECLOCK_STORE_PASSWORD",
            where="CASECLOCK_STORE_URL",
            allowed="a URL with a user and without a password, as postgresql+psycopg2://caseclock@store:5432/caseclock",
            todo="Correct it, or unset CASECLOCK_STORE_PASSWORD.",
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{rest}"


Number = TypeVar("Number", int, float)


def _number(env: Mapping[str, str], name: str, usual: Number, *, least: int = 0) -> Number:
    """The number that a variable holds, of the sort of the usual one."""
    try:
        found = type(usual)(env.get(name, usual))
    except ValueError:
        found = None
    if found is None or not least <= found < math.inf:
        sort = "whole number" if isinstance(usual, int) else "number"
        raise WrongUse("it cannot be used", where=name, allowed=f"a {sort} from {least}", todo=f"Correct it, or unset it for {usual:g}.")
    return found


def _slack(env: Mapping[str, str]) -> SlackSettings | None:
    token, app_token = env.get("CASECLOCK_SLACK_TOKEN"), env.get("CASECLOCK_SLACK_APP_TOKEN")
    if not token:
        return None
    given: dict[str, Any] = {"base_url": url} if (url := env.get("CASECLOCK_SLACK_URL")) else {}
    return SlackSettings(token=SecretStr(token), app_token=SecretStr(app_token) if app_token else None, **given)


def _smtp(env: Mapping[str, str]) -> SmtpSettings | None:
    host, password = env.get("CASECLOCK_SMTP_HOST"), env.get("CASECLOCK_SMTP_PASSWORD")
    if not host:
        return None
    return SmtpSettings(
        host=host,
        port=_number(env, "CASECLOCK_SMTP_PORT", 587, least=1),
        user=env.get("CASECLOCK_SMTP_USER"),
        password=SecretStr(password) if password else None,
        sender=env.get("CASECLOCK_SMTP_FROM", "caseclock@localhost"),
        starttls=env.get("CASECLOCK_SMTP_STARTTLS", "true").lower() != "false",
    )


TEAMS, TEAMS_ALL = "CASECLOCK_TEAMS_", "CASECLOCK_TEAMS_WEBHOOKS"


def webhooks_from(text: str, where: str) -> dict[str, SecretStr]:
    """Names and addresses of Teams webhooks from a JSON object. Raises WrongUse, whose text holds no address."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(address, str) and address for address in given.values()):
        raise WrongUse(
            "this is no list of Teams webhooks",
            where=where,
            allowed='a JSON object: {"name": "https://..."}',
            todo="docs/how-to/connect-teams.md says where the addresses come from.",
        )
    return {name: SecretStr(address) for name, address in given.items()}


def _teams(env: Mapping[str, str]) -> TeamsSettings | None:
    """`CASECLOCK_TEAMS_<NAME>` is one webhook, its name in small letters; `CASECLOCK_TEAMS_WEBHOOKS` holds any number under any name."""
    listed = env.get(TEAMS_ALL)
    webhooks = webhooks_from(listed, TEAMS_ALL) if listed else {}
    for variable, address in env.items():
        if variable.startswith(TEAMS) and variable != TEAMS_ALL:
            webhooks[variable.removeprefix(TEAMS).lower()] = SecretStr(address)
    return TeamsSettings(webhooks=webhooks) if webhooks else None


def _notify(env: Mapping[str, str]) -> NotifySettings | None:
    key, template = env.get("CASECLOCK_NOTIFY_API_KEY"), env.get("CASECLOCK_NOTIFY_TEMPLATE")
    if not key:
        return None
    if not template:
        raise WrongUse(
            "it is not set, and CASECLOCK_NOTIFY_API_KEY is",
            where="CASECLOCK_NOTIFY_TEMPLATE",
            todo="Set it to the id of the email template.",
        )
    given: dict[str, Any] = {"base_url": url} if (url := env.get("CASECLOCK_NOTIFY_URL")) else {}
    return NotifySettings(api_key=SecretStr(key), template=template, **given)
