"""Where things are kept and how channels are reached. Read from the environment once, then passed as an argument.

Under Airflow the same fields come from the connections `caseclock_store`, `caseclock_slack` and `caseclock_smtp`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from caseclock.errors import WrongUse


class SlackSettings(BaseModel):
    """`base_url` points at Slack, or at the fake one of the demo and the tests. `timeout` in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
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


class Settings(BaseModel):
    """One council's installation. Everything lies below `home` unless said otherwise.

    `store_url` is a SQLAlchemy URL. `config` is the folder that an analyst edits. `page_url` is where links in messages lead.
    `settle_seconds`: how long a file in the inbox must have rested to count as complete. `quarantine_seconds`: how long a sending with
    unknown outcome rests before it is looked for (at least twice the client's time-out). `keep_days`: how long snapshots, clock frames and
    quality reports are kept; `keep_raw_days`: how long extracts as they came are, with everything personal in them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    store_url: str
    config: Path
    inbox: Path
    slack: SlackSettings | None = None
    smtp: SmtpSettings | None = None
    page_url: str | None = None
    quarantine_seconds: float = 25.0
    settle_seconds: float = 1.0
    keep_days: int = Field(default=400, ge=1)
    keep_raw_days: int = Field(default=60, ge=1)
    ping_url: str | None = None

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


def shipped_config() -> Path:
    """The configuration that comes with the library: include/monitoring beside it."""
    return Path(__file__).resolve().parent.parent / "monitoring"


def from_environment(home: Path | str | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Settings from `CASECLOCK_*` variables. `home` beats `$CASECLOCK_HOME`. Raises WrongUse when no home is given."""
    env = os.environ if env is None else env
    chosen = home or env.get("CASECLOCK_HOME")
    if not chosen:
        raise WrongUse(
            "no home folder", todo="Give --home DIR or set CASECLOCK_HOME; it holds the store, the snapshots and your configuration."
        )
    at = Path(chosen).expanduser().resolve()
    own = at / "monitoring"
    config = env.get("CASECLOCK_CONFIG") or (str(own) if own.is_dir() else str(shipped_config()))
    token, smtp_host = env.get("CASECLOCK_SLACK_TOKEN"), env.get("CASECLOCK_SMTP_HOST")
    slack = smtp = None
    if token:
        slack = SlackSettings(token=SecretStr(token), base_url=env.get("CASECLOCK_SLACK_URL", "https://slack.com/api/"))
    if smtp_host:
        password = env.get("CASECLOCK_SMTP_PASSWORD")
        smtp = SmtpSettings(
            host=smtp_host,
            port=int(env.get("CASECLOCK_SMTP_PORT", "587")),
            user=env.get("CASECLOCK_SMTP_USER"),
            password=SecretStr(password) if password else None,
            sender=env.get("CASECLOCK_SMTP_FROM", "caseclock@localhost"),
            starttls=env.get("CASECLOCK_SMTP_STARTTLS", "true").lower() != "false",
        )
    return Settings(
        home=at,
        store_url=env.get("CASECLOCK_STORE_URL") or f"sqlite:///{at / 'caseclock.db'}",
        config=Path(config),
        inbox=Path(env.get("CASECLOCK_INBOX") or at / "inbox"),
        slack=slack,
        smtp=smtp,
        page_url=env.get("CASECLOCK_PAGE_URL"),
        quarantine_seconds=float(env.get("CASECLOCK_QUARANTINE_SECONDS", "25")),
        settle_seconds=float(env.get("CASECLOCK_SETTLE_SECONDS", "1")),
        keep_days=int(env.get("CASECLOCK_KEEP_DAYS", "400")),
        keep_raw_days=int(env.get("CASECLOCK_KEEP_RAW_DAYS", "60")),
        ping_url=env.get("CASECLOCK_PING_URL"),
    )
