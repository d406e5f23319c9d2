"""Where records of the log go in processes of our own, and what every record loses on the way.

`protect` works in each process that caseclock runs in, also in a task of Airflow: it cleans a record when it is made, so that it does not
matter who writes it down. `set_up` is for the command line and the listener; Airflow has a log of its own.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from caseclock.errors import WrongUse
from caseclock.observe.fault import presentable
from caseclock.observe.redact import SHORTEST_SECRET, Redactor
from caseclock.settings import Settings

FORMATS: Final = ("text", "json")
LINE: Final = "%(asctime)s %(levelname)s %(message)s"


class CleanRecords:
    """Makes records without secrets, and without the text of errors that are not ours. Stands before the maker that was there."""

    def __init__(self) -> None:
        self.before = logging.getLogRecordFactory()
        self.redact = Redactor()

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.before(*args, **kwargs)
        try:
            record.msg, record.args = self.redact(record.getMessage()), ()
        except Exception:  # noqa: BLE001 - a line that cannot be put together must not end what is being logged
            record.msg, record.args = "a line that could not be put together", ()
        if record.exc_info and record.exc_info[1] is not None:
            shown = presentable(record.exc_info[1])
            record.exc_info = (type(shown), shown, shown.__traceback__)
        return record


def protect(settings: Settings | None = None) -> list[str]:
    """From now on records of this process are clean of what the patterns find and of the secrets in these settings; answers these."""
    maker = logging.getLogRecordFactory()
    if not isinstance(maker, CleanRecords):
        maker = CleanRecords()
        logging.setLogRecordFactory(maker)
    known = sorted(set(secrets_in(settings))) if settings else []
    if known:
        maker.redact = Redactor(known)
    return known


def secrets_in(settings: Settings) -> Iterator[str]:
    """Every token, key and password of an installation, and the addresses that open a door to whoever knows them."""
    yield from (one for one in _hidden_in(settings) if len(one) >= SHORTEST_SECRET)
    password = urlsplit(settings.store_url).password
    for one in (password, unquote(password or ""), settings.ping_url):
        if one and len(one) >= SHORTEST_SECRET:
            yield one


def _hidden_in(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _hidden_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _hidden_in(one)


def set_up(level: int = logging.WARNING, stream: IO[str] | None = None, env: Mapping[str, str] | None = None) -> None:
    """Records from this level on go to a stream (stderr), as `CASECLOCK_LOG_FORMAT` says: `text`, or `json`, one object per line.

    Raises WrongUse when it says anything else.
    """
    protect()
    chosen = (os.environ if env is None else env).get("CASECLOCK_LOG_FORMAT") or "text"
    if chosen not in FORMATS:
        raise WrongUse(
            "it is no form of a log", where="CASECLOCK_LOG_FORMAT", allowed=" or ".join(FORMATS), todo="Correct it, or unset it."
        )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_as_json() if chosen == "json" else logging.Formatter(LINE))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _as_json() -> logging.Formatter:
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
        ],
    )
