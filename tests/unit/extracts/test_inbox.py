"""What waits, and claiming with a kill at each point. Nothing is lost and nothing is taken twice."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from made_extracts import folder, zipped

from caseclock.errors import CaseclockError
from caseclock.extracts.bundle import content_hash
from caseclock.extracts.inbox import Waiting, claim_target, lying_in, put_away, waiting

SETTLE = 2.0


def names(inbox: Path, later: float, **more: object) -> list[str]:
    """What waits `later` seconds after the newest change in the inbox."""
    newest = max(p.lstat().st_ctime for p in [inbox, *inbox.rglob("*")])
    return [w.name for w in waiting(inbox, SETTLE, newest + later, **more)]  # type: ignore[arg-type]


def test_no_inbox_and_an_empty_one_hold_nothing(tmp_path: Path) -> None:
    assert waiting(tmp_path / "none", SETTLE, 0) == []
    assert names(tmp_path, 60) == []


def test_a_file_waits_once_nothing_about_it_changes_any_more(tmp_path: Path) -> None:
    (tmp_path / "north__2026-11-20.zip").write_bytes(b"x")
    assert names(tmp_path, 1.9) == []
    assert names(tmp_path, 2.1) == ["north__2026-11-20.zip"]


def test_a_file_whose_time_of_writing_was_set_back_is_still_new(tmp_path: Path) -> None:
    import os

    at = tmp_path / "north__2026-11-20.zip"
    at.write_bytes(b"half")
    os.utime(at, (0, 0))
    assert names(tmp_path, 1) == []


@pytest.mark.parametrize("name", [".north__2026-11-20.zip", "north__2026-11-20.zip.part", "x.TMP", "x.filepart", ".x.zip.Ab12"])
def test_a_file_that_is_named_as_still_being_written_does_not_wait(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path, 3600) == []


def test_a_folder_without_marker_must_rest_longer(tmp_path: Path) -> None:
    folder(tmp_path / "north__2026-11-20")
    assert names(tmp_path, 2.1) == []
    assert names(tmp_path, 6.1) == ["north__2026-11-20"]


@pytest.mark.parametrize("marker", ["manifest.json", "_SUCCESS"])
def test_a_marker_says_that_a_folder_is_complete(marker: str, tmp_path: Path) -> None:
    (folder(tmp_path / "north__2026-11-20") / marker).touch()
    assert names(tmp_path, 1.9) == []
    assert names(tmp_path, 2.1) == ["north__2026-11-20"]


def test_a_folder_in_which_a_file_is_still_being_written_does_not_wait(tmp_path: Path) -> None:
    at = folder(tmp_path / "north__2026-11-20")
    (at / "_SUCCESS").touch()
    (at / "ssd_family.csv.part").touch()
    assert names(tmp_path, 3600) == []


def test_a_folder_of_a_source_is_part_of_the_inbox(tmp_path: Path) -> None:
    (tmp_path / "south").mkdir()
    (tmp_path / "south" / "2026-11-20.zip").write_bytes(b"x")
    folder(tmp_path / "south" / "2026-11-21")
    newest = max(p.lstat().st_ctime for p in tmp_path.rglob("*"))
    found = waiting(tmp_path, SETTLE, newest + 60)
    assert [(w.name, w.source) for w in found] == [("2026-11-20.zip", "south"), ("2026-11-21", "south")]


def test_single_files_in_the_folder_of_a_configured_source_wait_one_by_one(tmp_path: Path) -> None:
    folder(tmp_path / "south", without="ssd_person")
    assert "south" in names(tmp_path, 60), "a folder of CSV that nobody knows is one extract"
    assert "ssd_contacts.csv" in names(tmp_path, 60, sources=["south"])


def test_an_empty_folder_with_a_date_waits_so_that_somebody_is_told(tmp_path: Path) -> None:
    (tmp_path / "north__2026-11-20").mkdir()
    assert names(tmp_path, 60) == ["north__2026-11-20"]


def test_a_replaced_file_has_another_signature(tmp_path: Path) -> None:
    at = tmp_path / "x.zip"
    at.write_bytes(b"x")
    before = [w.signature for w in waiting(tmp_path, 0, 1e12)]
    at.write_bytes(b"xy")
    assert [w.signature for w in waiting(tmp_path, 0, 1e12)] != before


def test_looking_at_the_inbox_imports_nothing_heavy() -> None:
    code = (
        "import sys, caseclock.extracts.inbox; print(sorted({'pandas', 'pyarrow', 'numpy', 'pydantic', 'sqlalchemy'} & set(sys.modules)))"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": _include()})
    assert made.stdout.strip() == "[]"


def _include() -> str:
    import caseclock

    return str(Path(caseclock.__file__).parents[1])


class Ledger:
    """The one fact that survives a kill beside the files: which id has which path."""

    def __init__(self) -> None:
        self.rows: dict[str, Path] = {}
        self.written = 0

    def claim(self, key: str, path: Path) -> Path:
        if key not in self.rows:
            self.rows[key] = path
            self.written += 1
        return self.rows[key]


class Killed(Exception):
    pass


def claim(path: Path, claimed: Path, ledger: Ledger, killed_after: str = "") -> str:
    """The order that inbox.py documents."""
    sha256 = content_hash(path)
    if killed_after == "hash":
        raise Killed
    at = ledger.claim(sha256, claim_target(claimed, sha256, path.name))
    if killed_after == "ledger":
        raise Killed
    moved = put_away(path, at, sha256)
    if killed_after == "move":
        raise Killed
    return moved


@pytest.fixture(params=["zip", "folder"])
def sent(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    made = folder(inbox / "north__2026-11-20")
    if request.param == "folder":
        return made
    at = zipped(made, inbox / "north__2026-11-20.zip")
    for one in made.iterdir():
        one.unlink()
    made.rmdir()
    return at


@pytest.mark.parametrize("point", ["hash", "ledger", "move"])
def test_a_kill_at_any_point_loses_nothing_and_claims_once(point: str, sent: Path, tmp_path: Path) -> None:
    ledger, sha256 = Ledger(), content_hash(sent)
    with pytest.raises(Killed):
        claim(sent, tmp_path / "claimed", ledger, killed_after=point)
    if sent.exists():
        assert claim(sent, tmp_path / "claimed", ledger) == "moved"
    assert not sent.exists()
    assert ledger.written == 1
    assert content_hash(ledger.rows[sha256]) == sha256
    assert len(list((tmp_path / "claimed").iterdir())) == 1


def test_moving_may_be_done_again(sent: Path, tmp_path: Path) -> None:
    sha256 = content_hash(sent)
    target = claim_target(tmp_path / "claimed", sha256, sent.name)
    assert put_away(sent, target, sha256) == "moved"
    assert put_away(sent, target, sha256) == "already"


def test_the_same_content_again_goes_to_duplicates_and_the_first_copy_stays(tmp_path: Path) -> None:
    ledger = Ledger()
    found = []
    for n in range(3):
        at = folder(tmp_path / "inbox" / f"north__2026-11-20_{n}")
        found.append(claim(at, tmp_path / "claimed", ledger))
    assert found == ["moved", "duplicate", "duplicate"]
    assert ledger.written == 1
    assert len(list((tmp_path / "claimed" / "duplicates").iterdir())) == 2


def test_a_first_copy_that_is_damaged_is_replaced_by_the_second(tmp_path: Path) -> None:
    ledger = Ledger()
    claim(folder(tmp_path / "inbox" / "a"), tmp_path / "claimed", ledger)
    first = next(iter(ledger.rows.values()))
    (first / "ssd_person.csv").write_text("torn")
    second = folder(tmp_path / "inbox" / "b")
    sha256 = content_hash(second)
    assert claim(second, tmp_path / "claimed", ledger) == "repaired"
    assert content_hash(first) == sha256
    assert len(list((tmp_path / "claimed" / "damaged").iterdir())) == 1


def test_neither_here_nor_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseclockError, match="neither"):
        put_away(tmp_path / "gone.zip", tmp_path / "claimed" / "gone.zip", "0" * 64)


def test_a_claimed_name_fits_on_disk_and_keeps_its_ending(tmp_path: Path) -> None:
    target = claim_target(tmp_path, "a" * 64, "é" * 124 + ".zip")
    target.touch()
    assert target.name.startswith("a" * 12 + "__")
    assert target.name.endswith(".zip")


def test_waiting_names_its_file() -> None:
    assert Waiting(Path("in/x.zip"), None, 1, 2.0).name == "x.zip"


# --- completeness ---------------------------------------------------------------------------------------------------
def _listed(at: Path) -> list[dict[str, object]]:
    return [{"name": p.name, "size": p.stat().st_size} for p in sorted(at.glob("*.csv"))]


def test_a_folder_whose_manifest_lists_its_files_waits_as_soon_as_all_are_there(tmp_path: Path) -> None:
    at = folder(tmp_path / "north__2026-11-20")
    late = (at / "ssd_person.csv").read_bytes()
    (at / "manifest.json").write_text(json.dumps({"files": _listed(at)}))
    (at / "ssd_person.csv").unlink()
    assert names(tmp_path, 60) == [], "one of its files is not there"
    (at / "ssd_person.csv").write_bytes(late[:-1])
    assert names(tmp_path, 60) == [], "it is not all there"
    (at / "ssd_person.csv").write_bytes(late)
    assert names(tmp_path, 0) == ["north__2026-11-20"], "no time to settle"


def test_a_folder_that_never_becomes_what_its_manifest_says_is_taken_in_the_end_so_that_people_hear_of_it(tmp_path: Path) -> None:
    at = folder(tmp_path / "north__2026-11-20")
    (at / "manifest.json").write_text('{"files": [{"name": "none.csv", "size": 1}]}')
    assert names(tmp_path, 599) == []
    assert names(tmp_path, 601) == ["north__2026-11-20"]


def test_one_that_has_its_sizes_at_once_has_not_rested(tmp_path: Path) -> None:
    at = folder(tmp_path / "north__2026-11-20")
    (at / "manifest.json").write_text(json.dumps({"files": _listed(at)}))
    newest = max(p.lstat().st_ctime for p in [at, *at.rglob("*")])
    assert [w.rested for w in waiting(tmp_path, SETTLE, newest)] == [False]
    assert [w.rested for w in waiting(tmp_path, SETTLE, newest + 3)] == [True]


def test_a_manifest_that_is_half_written_counts_as_a_marker(tmp_path: Path) -> None:
    at = folder(tmp_path / "north__2026-11-20")
    (at / "manifest.json").write_text('{"files": [{"na')
    assert names(tmp_path, 1) == []
    assert names(tmp_path, 3) == ["north__2026-11-20"]


@pytest.mark.parametrize("name", ["north__2026-11-20.zip", "north__2026-11-20.xlsx"])
def test_a_zip_waits_once_its_end_record_is_there(name: str, tmp_path: Path) -> None:
    whole = zipped(folder(tmp_path / "f"), tmp_path / "whole").read_bytes()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / name).write_bytes(whole[: len(whole) // 2])
    assert names(inbox, 60) == [], "the upload has stalled"
    assert names(inbox, 601) == [name], "it will not come any more: taken, refused, and people hear of it"
    (inbox / name).write_bytes(whole)
    assert names(inbox, 1) == []
    assert names(inbox, 3) == [name]


def test_a_zip_with_the_longest_comment_is_whole(tmp_path: Path) -> None:
    at = zipped(folder(tmp_path / "f"), tmp_path / "x")
    with zipfile.ZipFile(at, "a") as archive:
        archive.comment = b"-" * 65535
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    at.rename(inbox / "north__2026-11-20.zip")
    assert names(inbox, 3) == ["north__2026-11-20.zip"]


def test_what_is_called_zip_and_is_none_waits_like_any_file(tmp_path: Path) -> None:
    (tmp_path / "north__2026-11-20.zip").write_text("no zip at all")
    assert names(tmp_path, 3) == ["north__2026-11-20.zip"]


def test_what_a_sender_names_is_complete_at_once(tmp_path: Path) -> None:
    (tmp_path / "south").mkdir()
    (tmp_path / "south" / "2026-11-20.zip").write_bytes(b"x")
    found = lying_in(tmp_path, "south/2026-11-20.zip")
    assert found is not None
    assert (found.path, found.source, found.rested) == (tmp_path / "south" / "2026-11-20.zip", "south", True)
    assert lying_in(tmp_path, "north__2026-11-20.zip") is None
    assert lying_in(tmp_path, "south/2026-11-20.zip".replace("zip", "csv")) is None


@pytest.mark.parametrize("name", ["", "..", "../x.zip", "/etc/passwd", "a/b/c.zip", "a//b", ".hidden", "south/.x", "a\\b", "a\0b", "./x"])
def test_a_sender_names_nothing_outside_the_inbox(name: str, tmp_path: Path) -> None:
    with pytest.raises(CaseclockError, match="must be that of a file or folder in the inbox"):
        lying_in(tmp_path / "inbox", name)
