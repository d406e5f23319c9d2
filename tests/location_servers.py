"""Real servers on this machine for the tests of locations: S3 by moto, SFTP by asyncssh."""

from __future__ import annotations

import asyncio
import io
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseclock.extracts.connection import Connection

LOGIN, PASSWORD = "caseclock", "marked-canary-password"


@dataclass
class Bucket:
    """A bucket of a real S3 server. `client` puts things there."""

    endpoint: str
    client: Any
    name: str = "extracts"

    def connection(self, **more: Any) -> Connection:
        extra = {"endpoint_url": self.endpoint, "region_name": "eu-west-2"}
        return Connection("lake", "aws", login="key", password=PASSWORD, extra=extra | more.pop("extra", {}), **more)

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def keys(self) -> dict[str, str]:
        """Key to ETag of all that is there, to see that nothing was written or deleted."""
        return {o["Key"]: o["ETag"] for o in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])}


@contextmanager
def s3_server() -> Iterator[Bucket]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"").close()  # all servers of a process share what they hold
        client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key=PASSWORD, region_name="eu-west-2")
        client.create_bucket(Bucket="extracts", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield Bucket(endpoint, client)
    finally:
        server.stop()


@dataclass
class SftpServer:
    """A real SFTP server. `root`: what a client sees as /."""

    root: Path
    port: int
    host_key: str
    logins: list[str] = field(default_factory=list)

    def connection(self, **more: Any) -> Connection:
        extra = {"host_key": self.host_key} | more.pop("extra", {})
        given = {"host": "127.0.0.1", "login": LOGIN, "password": PASSWORD, "port": self.port} | more
        return Connection("drop", "sftp", extra=extra, **given)


@contextmanager
def sftp_server(root: Path, names: Callable[[str], list[str]] | None = None, client_key: Any = None) -> Iterator[SftpServer]:
    """`names`: what a hostile server says lies in a folder, instead of what does. `client_key`: a public key that may sign in."""
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    made: dict[str, Any] = {}
    up, loop = threading.Event(), asyncio.new_event_loop()
    logins: list[str] = []

    class Gate(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            logins.append(username)
            return (username, password) == (LOGIN, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return client_key is not None

        def validate_public_key(self, username: str, key: Any) -> bool:
            return client_key is not None and key == client_key

    class Jail(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())

        async def scandir(self, path: bytes) -> Any:
            if names is None:
                async for entry in super().scandir(path):
                    yield entry
                return
            for name in names(path.decode()):
                attributes = asyncssh.SFTPAttrs(size=3, permissions=0o100644, atime=0, mtime=0, uid=0, gid=0)
                yield asyncssh.SFTPName(name.encode(), name.encode(), attributes)

    async def serve() -> None:
        made["server"] = await asyncssh.create_server(Gate, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Jail)
        made["end"] = asyncio.Event()
        up.set()
        await made["end"].wait()
        made["server"].close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(30), "the SFTP server did not start"
    port = made["server"].sockets[0].getsockname()[1]
    try:
        yield SftpServer(root, port, key.export_public_key().decode().strip(), logins)
    finally:
        loop.call_soon_threadsafe(made["end"].set)
        thread.join(10)


def a_zip(text: str = "a\n1\n") -> bytes:
    """A zip with one small table; the same bytes whenever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("ssd_person.csv"), text)
    return made.getvalue()
