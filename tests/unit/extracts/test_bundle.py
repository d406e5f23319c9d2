from __future__ import annotations

import errno
from pathlib import Path

import pytest
from made_extracts import BAD_BUNDLES, folder, workbook, zipped

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import content_hash, open_bundle, read_manifest


@pytest.mark.parametrize("name", BAD_BUNDLES)
def test_what_cannot_be_an_extract_is_refused_with_a_reason_and_a_way_out(name: str, tmp_path: Path) -> None:
    make, says = BAD_BUNDLES[name]
    with pytest.raises(BadExtract) as refused:
        open_bundle(make(tmp_path))
    assert says in str(refused.value)
    assert refused.value.where and refused.value.todo


@pytest.mark.parametrize("name", BAD_BUNDLES)
def test_even_what_is_refused_has_a_hash_to_be_recognised_by(name: str, tmp_path: Path) -> None:
    path = BAD_BUNDLES[name][0](tmp_path)
    assert len(content_hash(path)) == 64
    assert content_hash(path) == content_hash(path)


def test_the_same_files_are_the_same_content_however_they_were_packed(tmp_path: Path) -> None:
    at = folder(tmp_path / "f")
    alone = content_hash(at)
    (at / "_SUCCESS").touch()
    (at / "manifest.json").write_text("{}")
    (at / ".DS_Store").write_text("x")
    packed = [
        at,
        zipped(at, tmp_path / "a.zip"),
        zipped(at, tmp_path / "b.zip", reverse=True),
        zipped(at, tmp_path / "c.zip", top="north/export/"),
        zipped(at, tmp_path / "d.zip", top="north\\"),
    ]
    assert {content_hash(p) for p in packed} == {alone}


def test_other_bytes_or_another_name_are_other_content(tmp_path: Path) -> None:
    first, second, third = (folder(tmp_path / n) for n in "abc")
    (second / "ssd_person.csv").write_text("pers_person_id\n2\n")
    (third / "ssd_person.csv").rename(third / "person.csv")
    assert len({content_hash(first), content_hash(second), content_hash(third)}) == 3


def test_members_are_read_alike_from_folder_and_zip(tmp_path: Path) -> None:
    at = folder(tmp_path / "f")
    opened = [open_bundle(at), open_bundle(zipped(at, tmp_path / "x.zip", top="in/"))]
    assert opened[0].sha256 == opened[1].sha256
    assert [m.base for m in opened[0].members] == [m.base for m in opened[1].members]
    for one, other in zip(opened[0].members, opened[1].members, strict=True):
        assert opened[0].read(one) == opened[1].read(other)


def test_a_workbook_is_hashed_by_its_bytes(tmp_path: Path) -> None:
    at = workbook(tmp_path / "x.xlsx")
    opened = open_bundle(at)
    assert opened.kind == "workbook"
    assert opened.read(opened.members[0]) == at.read_bytes()


def test_a_failing_disk_is_no_bad_extract(tmp_path: Path) -> None:
    """It may work again in a minute: only what is in the file can condemn it."""
    at = folder(tmp_path / "f")
    opened = open_bundle(at)
    (at / "ssd_person.csv").unlink()
    with pytest.raises(OSError) as failed:
        opened.read(next(m for m in opened.members if m.base == "ssd_person.csv"))
    assert failed.value.errno == errno.ENOENT


def test_the_manifest_is_found_in_folder_and_zip(tmp_path: Path) -> None:
    at = folder(tmp_path / "f")
    assert read_manifest(at) is None
    (at / "manifest.json").write_text('{"source": "north"}')
    assert read_manifest(at) == b'{"source": "north"}'
    assert read_manifest(zipped(at, tmp_path / "x.zip", top="in/")) == b'{"source": "north"}'
    assert read_manifest(tmp_path / "no.zip") is None
