"""manifest.json: what the sender says of a bundle, and a bundle that is something else is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_extracts import folder, zipped

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.manifest import Listed, Manifest, parse


def listing(at: Path, **changes: object) -> dict[str, object]:
    """A manifest that lists what lies in a folder."""
    files = [
        {"name": p.relative_to(at).as_posix(), "size": p.stat().st_size, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
        for p in sorted(at.rglob("*"))
        if p.is_file()
    ]
    return {"source": "north", "as_of": "2026-11-20", "files": files, **changes}


def with_manifest(at: Path, **changes: object) -> Path:
    (at / "manifest.json").write_text(json.dumps(listing(at, **changes)))
    return at


def test_a_manifest_says_whose_for_when_exported_when_and_of_which_files() -> None:
    raw = (
        b'\xef\xbb\xbf{"source": "north", "as_of": "2026-11-20", "exported_at": "2026-11-20T06:15", '
        b'"files": [{"name": "a.csv", "size": 3}], "version": 2, "comment": "by the night job"}'
    )
    made = parse(raw, "x")
    assert (made.source, made.as_of, made.files) == ("north", dt.date(2026, 11, 20), (Listed("a.csv", 3),))
    assert made.exported_at == dt.datetime(2026, 11, 20, 6, 15, tzinfo=dt.UTC), "without an offset it is London time"
    assert parse(b"{}", "x") == Manifest()
    summer = parse(b'{"exported_at": "2026-07-01T06:15"}', "x").exported_at
    assert summer == dt.datetime(2026, 7, 1, 5, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "no JSON"),
        ('{"soruce": "north"}', "keys that nothing reads (soruce); expected source, as_of, exported_at, files, version, comment"),
        ('{"source": "North Town"}', "its source is no name"),
        ('{"as_of": "20/11/2026"}', "its as_of is no date"),
        ('{"exported_at": 5}', "its exported_at is no moment"),
        ('{"files": {}}', "its files are no list"),
        ('{"files": ["a.csv"]}', "entry 1 of its files is not made of"),
        ('{"files": [{"name": "a.csv", "bytes": 1}]}', "entry 1 of its files is not made of"),
        ('{"files": [{"name": "a.csv", "size": 1}, {"name": "b.csv", "size": "1"}]}', "entry 2 of its files has no size"),
        ('{"files": [{"name": "a.csv", "size": true}]}', "has no size"),
        ('{"files": [{"name": "a.csv", "size": -1}]}', "has no size"),
        ('{"files": [{"name": "../a.csv", "size": 1}]}', "no plain file below the manifest"),
        ('{"files": [{"name": "/a.csv", "size": 1}]}', "no plain file below the manifest"),
        ('{"files": [{"name": "a.csv", "size": 1, "sha256": "12"}]}', "not 64 hexadecimal digits"),
        ('{"files": [{"name": "a.csv", "size": 1}, {"name": "a.csv", "size": 1}]}', "name one file twice"),
        (" " * 2**21, "larger than 1024 KiB"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(BadExtract) as refused:
        parse(text.encode(), "north__2026-11-20")
    assert says in str(refused.value)
    assert refused.value.todo


def test_a_bundle_that_is_what_its_manifest_says_is_opened(tmp_path: Path) -> None:
    at = folder(tmp_path / "f")
    alone = content_hash(at)
    with_manifest(at)
    for path in (at, zipped(at, tmp_path / "a.zip"), zipped(at, tmp_path / "b.zip", top="north_export/")):
        assert open_bundle(path).sha256 == alone


def _remove(at: Path) -> None:
    (at / "ssd_person.csv").unlink()


def _add(at: Path) -> None:
    (at / "ssd_more.csv").write_text("a\n1\n")


def _cut(at: Path) -> None:
    (at / "ssd_person.csv").write_bytes((at / "ssd_person.csv").read_bytes()[:-1])


def _turn(at: Path) -> None:
    raw = (at / "ssd_person.csv").read_bytes()
    (at / "ssd_person.csv").write_bytes(raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:])


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_remove, "lists files that are not in it: ssd_person.csv"),
        (_add, "does not list files that are in it: ssd_more.csv"),
        (_cut, "gives another size than it has for: ssd_person.csv"),
        (_turn, "gives another hash than it has for: ssd_person.csv"),
    ],
)
def test_a_bundle_that_is_something_else_is_refused(packed: bool, change: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    at = with_manifest(folder(tmp_path / "north__2026-11-20"))
    change(at)
    path = zipped(at, tmp_path / "north__2026-11-20.zip") if packed else at
    with pytest.raises(BadExtract, match=says) as refused:
        open_bundle(path)
    assert refused.value.where == path.name
    assert "CANARY" not in str(refused.value)


def test_a_manifest_in_a_zip_that_is_too_large_is_not_passed_over(tmp_path: Path) -> None:
    at = with_manifest(folder(tmp_path / "f"), comment="x" * 2**20)
    with pytest.raises(BadExtract, match="larger than"):
        open_bundle(zipped(at, tmp_path / "a.zip"))
