"""The file system of a location: from URL and connection to fsspec, and from whatever goes wrong there to a sentence.

| URL | connection type | read from the connection |
|---|---|---|
| s3:// | aws, s3 | login, password (access key); extra `endpoint_url`, `region_name`, `aws_session_token`, `addressing_style` |
| abfs://, abfss://, az:// | wasb, adls, azure | login (account), password (key); extra `sas_token`, `connection_string`, `tenant_id` |
| sftp:// | sftp, ssh | host, port, login, password; extra `host_key`, `no_host_key_check`, `private_key`, `private_key_passphrase` |
| file://, memory:// | none | |

Without a connection s3 and Azure use the identity of the machine. Nothing here writes or deletes.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from caseclock.errors import CaseclockError
from caseclock.extracts.connection import Connection
from caseclock.extracts.source import Location

CONNECT_SECONDS = 10
READ_SECONDS = 60
Options = dict[str, Any]


class LocationFault(CaseclockError):
    """A location cannot be used. `permanent`: it stays so until a person has changed something, so trying again at once does harm."""

    def __init__(self, what: str, *, permanent: bool, where: str = "", allowed: str = "", todo: str = "") -> None:
        super().__init__(what, where=where, allowed=allowed, todo=todo)
        self.permanent = permanent


class BadConnection(LocationFault):
    """A connection that lacks something, or is of another kind than the location's URL."""

    def __init__(self, what: str, *, where: str = "", allowed: str = "", todo: str = "") -> None:
        super().__init__(what, permanent=True, where=where, allowed=allowed, todo=todo)


@contextmanager
def opened(location: Location, connection: Connection | None, where: str) -> Iterator[Any]:
    """The file system of a location, closed afterwards. Raises LocationFault; `where` is said in it."""
    with faults_said(where):
        fs = _OPEN[urlsplit(location.url).scheme](options_of(location, connection))
    try:
        yield fs
    finally:
        with suppress(Exception):
            _close(fs)


@contextmanager
def faults_said(where: str) -> Iterator[None]:
    """Whatever a file system raises becomes a LocationFault. Not for what is done on our own disk or store."""
    try:
        yield
    except BadConnection as error:
        raise BadConnection(error.what, where=where, allowed=error.allowed, todo=error.todo) from error
    except CaseclockError:
        raise
    except Exception as error:
        raise fault_of(error, where) from error


def options_of(location: Location, connection: Connection | None) -> Options:
    """What fsspec's file system is opened with. Raises BadConnection."""
    url = urlsplit(location.url)
    kinds, make = _MADE[url.scheme]
    if url.password:
        raise BadConnection("its URL holds a secret", todo="Put it into a connection and name that")
    if connection and kinds and connection.kind not in kinds:
        raise BadConnection(f"the connection is of type {connection.kind}", allowed=" or ".join(kinds), todo="Name another connection")
    return make(url, connection)


# --- one per kind of place -----------------------------------------------------------------------------------------
def _s3(url: SplitResult, connection: Connection | None) -> Options:
    config: Options = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "retries": {"max_attempts": 2}}
    made: Options = {"config_kwargs": config, "anon": False}
    if connection is None:
        return made
    extra = connection.extra
    if style := extra.get("addressing_style"):
        config["s3"] = {"addressing_style": style}
    given = {
        "key": connection.login,
        "secret": connection.password,
        "token": extra.get("aws_session_token"),
        "endpoint_url": extra.get("endpoint_url"),
        "client_kwargs": {"region_name": region} if (region := extra.get("region_name") or extra.get("region")) else None,
    }
    return made | {key: value for key, value in given.items() if value}


def _azure(url: SplitResult, connection: Connection | None) -> Options:
    account = _account(url.hostname) if url.username else None
    made: Options = {"anon": False, "connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    if connection is None:
        return made | ({"account_name": account} if account else {})
    extra = connection.extra
    if extra.get("connection_string"):
        return made | {"connection_string": extra["connection_string"]}
    host = (connection.host or "").removeprefix("https://").rstrip("/")
    if "." in host:
        made["account_host"] = host
    if extra.get("tenant_id"):
        who = {"tenant_id": extra["tenant_id"], "client_id": connection.login, "client_secret": connection.password}
        return made | {"account_name": _account(host) or account} | who
    token = str(extra.get("sas_token") or "")
    secret = {"sas_token": token.rpartition("?")[2]} if token else {"account_key": connection.password} if connection.password else {}
    return made | {"account_name": connection.login or _account(host) or account} | secret


def _account(host: str | None) -> str | None:
    return host.partition(".")[0] if host else None


def _sftp(url: SplitResult, connection: Connection | None) -> Options:
    from caseclock.extracts.sftp import host_keys_of, private_key_of

    if connection is None:
        raise BadConnection("an SFTP location needs a connection", todo="Add one with login and host key, and name it as `connection`")
    if url.hostname and connection.host and url.hostname != connection.host.lower():
        what = "its URL names another host than its connection"
        raise BadConnection(what, todo="Correct one of them: the secrets of one host are not shown to another")
    host, extra = url.hostname or connection.host, connection.extra
    if not host or not connection.login:
        raise BadConnection("the connection has no host or no login", todo="Add it")
    made: Options = {"username": connection.login, "allow_agent": False, "look_for_keys": False, "host_keys": host_keys_of(extra)}
    passphrase = extra.get("private_key_passphrase")
    if extra.get("private_key"):
        made["pkey"] = private_key_of(str(extra["private_key"]), passphrase)
    elif extra.get("key_file"):  # where an Airflow connection keeps it when it is a file
        made |= {"key_filename": extra["key_file"], "passphrase": passphrase}
    elif connection.password:
        made["password"] = connection.password
    else:
        raise BadConnection("the connection has neither password nor private_key", todo="Add one of them")
    return made | {"host": host, "port": url.port or connection.port or 22}


def _nothing(url: SplitResult, connection: Connection | None) -> Options:
    return {}


_AZURE_KINDS = ("wasb", "adls", "azure")
_MADE: dict[str, tuple[tuple[str, ...], Callable[[SplitResult, Connection | None], Options]]] = {
    "s3": (("aws", "s3"), _s3),
    "abfs": (_AZURE_KINDS, _azure),
    "abfss": (_AZURE_KINDS, _azure),
    "az": (_AZURE_KINDS, _azure),
    "sftp": (("sftp", "ssh"), _sftp),
    "file": ((), _nothing),
    "memory": ((), _nothing),
}


def _fsspec(scheme: str) -> Callable[[Options], Any]:
    def open_it(options: Options) -> Any:
        import fsspec  # type: ignore[import-untyped]

        return fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)

    return open_it


def _open_sftp(options: Options) -> Any:
    from caseclock.extracts.sftp import CheckedSFTP

    return CheckedSFTP(skip_instance_cache=True, **options)


_OPEN: dict[str, Callable[[Options], Any]] = {
    **{scheme: _fsspec(scheme) for scheme in _MADE if scheme not in ("file", "memory")},
    "file": lambda _: _fsspec("file")({}),
    "memory": lambda _: _fsspec("memory")({}),
    "sftp": _open_sftp,
}


def _close(fs: Any) -> None:
    if hasattr(fs, "close"):
        fs.close()
    elif hasattr(fs, "close_session") and getattr(fs, "_s3", None) is not None:
        fs.close_session(fs.loop, fs.s3)


# --- what goes wrong -----------------------------------------------------------------------------------------------
_CREDENTIALS = ("it refuses us", True, "Check login and secret of its connection, and that they may list and read there")
_HOST_KEY = (
    "the server shows another host key than the connection's extra host_key: it was set up anew, or somebody stands between",
    True,
    "Ask its owner for the new key before you change host_key",
)
_ABSENT = ("there is no such folder or bucket", False, "Check the URL of the location; a folder may come with its first extract")
_UNREACHABLE = ("it cannot be reached", False, "It is tried again. Check host, port, proxy and firewall if it stays so")
_UNUSABLE = ("its connection or URL cannot be used", True, "Check both; `caseclock fetch` with CASECLOCK_DEBUG=1 shows the whole trace")

_FAULTS: dict[str, tuple[str, bool, str]] = {
    "PermissionError": _CREDENTIALS,
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "AuthenticationException": _CREDENTIALS,
    "PasswordRequiredException": _CREDENTIALS,
    "ClientAuthenticationError": _CREDENTIALS,
    "CredentialUnavailableError": _CREDENTIALS,
    "BadHostKeyException": _HOST_KEY,
    "FileNotFoundError": _ABSENT,
    "NotADirectoryError": _ABSENT,
    "ResourceNotFoundError": _ABSENT,
    "ImportError": ("what reads it is not installed here", True, "Install caseclock's requirements"),
    "ValueError": _UNUSABLE,
    "TypeError": _UNUSABLE,
    "KeyError": _UNUSABLE,
    "ParamValidationError": _UNUSABLE,
}
"""Class of an error, looked up along its ancestors and then along its causes. Whatever is not here counts as out of reach: it may pass."""


def fault_of(error: BaseException, where: str) -> LocationFault:
    """What an error of a library means. Its own text is left out: it may hold names, keys or parts of a signed URL."""
    seen: BaseException | None = error
    while seen is not None:
        if _is_foreign_host(seen):
            return _fault(_HOST_KEY, seen, where)
        for kind in type(seen).__mro__:
            if found := _FAULTS.get(kind.__name__):
                return _fault(found, seen, where)
        seen = seen.__cause__
    if isinstance(error, OSError) and error.errno in (
        errno.EINVAL,
        errno.EPERM,
    ):  # s3fs: the request is wrong in itself
        return _fault(_UNUSABLE, error, where)
    return _fault(_UNREACHABLE, error, where)


def _is_foreign_host(error: BaseException) -> bool:
    """paramiko's RejectPolicy has no error class of its own: the server's key is of a kind of which we were given none."""
    return type(error).__name__ == "SSHException" and "not found in known_hosts" in str(error)


def _fault(known: tuple[str, bool, str], error: BaseException, where: str) -> LocationFault:
    what, permanent, todo = known
    return LocationFault(f"{what} ({type(error).__name__})", permanent=permanent, where=where, todo=todo)
