"""SFTP with a host key that is checked. fsspec's own one takes whatever key a server shows."""

from __future__ import annotations

import base64
import binascii
import io
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import paramiko  # type: ignore[import-untyped]
from fsspec.implementations.sftp import SFTPFileSystem  # type: ignore[import-untyped]

from caseclock.extracts.filesystems import CONNECT_SECONDS, READ_SECONDS, BadConnection

PORT = 22
PRIVATE_KEYS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class CheckedSFTP(SFTPFileSystem):  # type: ignore[misc]
    """`host_keys`: what the server may show; None: anything. The other arguments are those of paramiko's `connect`."""

    protocol = "caseclock+sftp"

    def __init__(self, host: str, host_keys: tuple[paramiko.PKey, ...] | None = None, **how: Any) -> None:
        self.host_keys = host_keys
        super().__init__(host, **how)

    def _connect(self) -> None:
        port = self.ssh_kwargs.get("port", PORT)
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy() if self.host_keys is not None else paramiko.AutoAddPolicy())
        for key in self.host_keys or ():
            self.client.get_host_keys().add(self.host if port == PORT else f"[{self.host}]:{port}", key.get_name(), key)
        waits = dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), CONNECT_SECONDS)
        try:
            self.client.connect(self.host, **{**waits, **self.ssh_kwargs})
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise
        self.ftp.get_channel().settimeout(READ_SECONDS)

    def close(self) -> None:
        self.client.close()


def host_keys_of(extra: Mapping[str, Any]) -> tuple[paramiko.PKey, ...] | None:
    """The keys that extra `host_key` allows (one per line, as in known_hosts or without the host); None: `no_host_key_check` is on.

    Raises BadConnection when it says neither.
    """
    if str(extra.get("no_host_key_check", "")).lower() == "true":
        return None
    found = tuple(_host_key(line) for line in str(extra.get("host_key") or "").splitlines() if line.strip())
    if not found:
        raise BadConnection(
            "it does not say which host key the server has",
            allowed='extra host_key: "ssh-ed25519 AAAA...", one line of `ssh-keyscan HOST` after the host name, checked with the owner',
            todo="Add it, or set extra no_host_key_check to true in a network where nobody can stand between",
        )
    return found


def _host_key(line: str) -> paramiko.PKey:
    try:
        blob = next(made for part in line.split() if (made := _blob(part)))
        return paramiko.PKey.from_type_string(_kind(blob), blob)
    except (StopIteration, paramiko.SSHException, ValueError) as error:
        raise BadConnection(
            "its extra host_key is no host key", allowed="ssh-ed25519 AAAA..., ecdsa-sha2-... or ssh-rsa ...", todo="Correct it"
        ) from error


def _blob(part: str) -> bytes | None:
    """The part of a line that is the key: base64 of a text with its length before it."""
    try:
        made = base64.b64decode(part, validate=True)
        return made if _kind(made).startswith(("ssh-", "ecdsa-")) else None
    except (binascii.Error, struct.error, UnicodeDecodeError):
        return None


def _kind(blob: bytes) -> str:
    (length,) = struct.unpack(">I", blob[:4])
    return blob[4 : 4 + length].decode("ascii")


def private_key_of(text: str, passphrase: str | None) -> paramiko.PKey:
    """The key in extra `private_key`. Raises BadConnection."""
    for made in _tried(text.replace("\\n", "\n").strip() + "\n", passphrase):
        return made
    raise BadConnection(
        "its extra private_key cannot be read",
        allowed="an OpenSSH or PEM key of kind Ed25519, ECDSA or RSA, and its private_key_passphrase if it has one",
        todo="Correct it",
    )


def _tried(text: str, passphrase: str | None) -> Iterator[paramiko.PKey]:
    for kind in PRIVATE_KEYS:
        try:
            yield kind.from_private_key(io.StringIO(text), password=passphrase)
        except (paramiko.SSHException, ValueError, TypeError, IndexError):
            continue
