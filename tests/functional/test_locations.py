"""An extract is dropped at a place elsewhere and people are told: S3, SFTP and Azure, each by a real server on this machine."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import yaml
from click.testing import CliRunner

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.extracts.connection import Connection, from_environment
from caseclock.now import LONDON
from caseclock.storage import ledger
from caseclock.storage.engine import reading

from .conftest import FRIDAYS, Town

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from location_servers import s3_server, sftp_server
from parts import azurite_blob

LAST = FRIDAYS[-1]
STEPS = (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures)


@dataclass
class Elsewhere:
    """A place with its connection; `put` lays a file there, `holds` says what lies there."""

    url: str
    connection: Connection
    put: Callable[[Path], None]
    holds: Callable[[], dict[str, str]]


@contextlib.contextmanager
def on_s3(tmp_path: Path) -> Iterator[Elsewhere]:
    with s3_server() as bucket:
        yield Elsewhere("s3://extracts/daily", bucket.connection(), lambda p: bucket.put(f"daily/{p.name}", p.read_bytes()), bucket.keys)


@contextlib.contextmanager
def on_sftp(tmp_path: Path) -> Iterator[Elsewhere]:
    root = tmp_path / "sftp"
    (root / "daily").mkdir(parents=True)
    with sftp_server(root) as server:
        yield Elsewhere(
            "sftp://127.0.0.1/daily",
            server.connection(),
            lambda p: str(shutil.copy(p, root / "daily")) and None,
            lambda: {str(p): f"{p.stat().st_size} {p.stat().st_mtime_ns}" for p in root.rglob("*") if p.is_file()},
        )


@contextlib.contextmanager
def on_azure(tmp_path: Path) -> Iterator[Elsewhere]:
    """Azurite, Microsoft's emulator; tests/parts.py gets it."""
    program = azurite_blob()
    if program is None:
        pytest.skip("azurite is not here (tests/parts.py gets it by npm): Azure is tested by its options only")
    from azure.storage.blob import BlobServiceClient

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = base64.b64encode(b"a key for tests on this machine only").decode()
    env = {**os.environ, "AZURITE_ACCOUNTS": f"council:{key}"}
    how = ["--blobPort", str(port), "--location", str(tmp_path / "azurite"), "--silent", "--skipApiVersionCheck"]
    with subprocess.Popen([*program, *how], env=env, stdout=subprocess.DEVNULL) as server:
        try:
            _until_open(port)
            parts = (
                "DefaultEndpointsProtocol=http",
                "AccountName=council",
                f"AccountKey={key}",
                f"BlobEndpoint=http://127.0.0.1:{port}/council",
            )
            client = BlobServiceClient.from_connection_string(";".join(parts))
            container = client.create_container("extracts")
            yield Elsewhere(
                "abfs://extracts/daily",
                Connection("lake", "wasb", extra={"connection_string": ";".join(parts)}),
                lambda p: container.upload_blob(f"daily/{p.name}", p.read_bytes(), overwrite=True) and None,
                lambda: {b.name: str(b.etag) for b in container.list_blobs()},
            )
        finally:
            server.terminate()


def _until_open(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def as_uri(connection: Connection) -> str:
    """As $CASECLOCK_CONN_<NAME> holds it."""
    who = f"{quote(connection.login or '', '')}:{quote(connection.password or '', '')}@" if connection.login else ""
    at = f"{connection.host or ''}:{connection.port}" if connection.port else connection.host or ""
    return f"{connection.kind}://{who}{at}/?{urlencode({'__extra__': json.dumps(dict(connection.extra))})}"


@pytest.mark.parametrize("place", [on_s3, on_sftp, on_azure])
def test_an_extract_that_is_dropped_elsewhere_goes_the_whole_path(
    place: Callable[[Path], contextlib.AbstractContextManager[Elsewhere]],
    town: Town,
    fridays: dict[dt.date, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with place(tmp_path) as there:
        file = town.settings.config / "sources" / "demo.yaml"
        location = {"url": there.url, "connection": "lake", "settle_seconds": 0}
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "location": location}))
        monkeypatch.setenv("CASECLOCK_CONN_LAKE", as_uri(there.connection))
        assert from_environment("lake").extra == there.connection.extra

        there.put(fridays[LAST])
        before = there.holds()
        later = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)).isoformat()
        by_hand = ["fetch", "--home", str(town.settings.home), "--now", later]
        done = CliRunner().invoke(cli, by_hand)
        assert (done.exit_code, done.output.splitlines()[0]) == (0, "demo: 1 fetched"), done.output
        again = CliRunner().invoke(cli, by_hand)
        assert again.output.splitlines() == ["demo: 0 fetched, 1 known already"], again.output
        assert there.holds() == before, "nothing was written or deleted there"

    evening = dt.datetime.combine(LAST, dt.time(17), LONDON)
    with pipeline.open_house(town.settings) as house:
        now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
        [started] = pipeline.claim_inbox(house, max(now, evening))
        for step in STEPS:
            report = step(house, started["extract_id"])
        assert report["values"] > 0
        pipeline.update_alerts(house, started["extract_id"], evening)
        pipeline.notify(house, evening, started["extract_id"])
        with reading(house.engine) as c:
            [extract] = ledger.extracts(c)
            assert ledger.unfinished(c) == []
    assert (extract.source, extract.as_of, extract.name) == ("demo", LAST, fridays[LAST].name)
    assert any("without an allocated worker" in text for text in town.said)
