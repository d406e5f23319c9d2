"""Locations, against real servers on this machine: what is complete there, what comes here, and what goes wrong in words."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_extracts import folder

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from caseclock.errors import CaseclockError
from caseclock.extracts.connection import Connection
from caseclock.extracts.filesystems import LocationFault, fault_of, opened, options_of
from caseclock.extracts.locations import Changed, Entry, Look, fetch, look
from caseclock.extracts.source import Location
from location_servers import PASSWORD, Bucket, SftpServer, a_zip, s3_server, sftp_server

DAY = "north__2026-11-20"
LATER = 3600.0  # seconds after now, at which everything has settled


@pytest.fixture(scope="module")
def s3() -> Iterator[Bucket]:
    with s3_server() as bucket:
        yield bucket


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The folder of a location on this machine."""
    at = tmp_path / "there"
    at.mkdir()
    return at


def seen(at: Path, later: float = LATER, settle: float = 30.0, pattern: str = "*", known: Any = ()) -> Look:
    """A look at a folder by file://, `later` seconds after its newest change."""
    location = Location(url=f"file://{at}", settle_seconds=settle, pattern=pattern)
    newest = max((p.stat().st_mtime for p in at.rglob("*") if p.is_file()), default=time.time())
    with opened(location, None, "location of north") as fs:
        return look(fs, location, "north", newest + later, known)


def names(found: Look) -> list[str]:
    return [e.name for e in found.new]


def brought(connection: Connection | None, location: Location, target: Path) -> list[str]:
    """Everything complete there, copied to `target`; what lies there afterwards."""
    with opened(location, connection, "location of north") as fs:
        for entry in look(fs, location, "north", time.time() + LATER).new:
            fetch(fs, entry, target / entry.name, "location of north")
    return sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())


# --- what is complete ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [f"{DAY}.zip", f"{DAY}.xlsx", f"{DAY}.xml", f"{DAY}.parquet", "2026-11-20.zip"])
def test_a_file_is_complete_when_it_has_settled(name: str, there: Path) -> None:
    (there / name).write_bytes(a_zip() if name.endswith(("zip", "xlsx")) else b"<x/>")
    assert (names(seen(there, 29)), seen(there, 29).unfinished) == ([], 1)
    assert names(seen(there, 31)) == [name]


def test_a_zip_without_its_end_is_left_alone_until_nobody_can_be_writing_it(there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip()[:-10])
    assert seen(there, 60).unfinished == 1
    assert names(seen(there, 601)) == [f"{DAY}.zip"]


def test_a_folder_is_complete_by_manifest_marker_or_rest(there: Path) -> None:
    at = folder(there / DAY)
    assert names(seen(there, 31)) == []
    assert names(seen(there, 91)) == [DAY], "without a marker it rests three times as long"
    (at / "_SUCCESS").touch()
    assert names(seen(there, 31)) == [DAY]
    (at / "manifest.json").write_text(json.dumps({"files": [{"name": p.name, "size": p.stat().st_size} for p in at.glob("*.csv")]}))
    assert names(seen(there, 0)) == [DAY], "with a list of its files it need not settle"
    (at / "ssd_person.csv").unlink()
    assert names(seen(there, 60)) == []


def test_a_folder_with_a_file_that_is_being_written_is_not_complete(there: Path) -> None:
    (folder(there / DAY) / "ssd_more.csv.part").touch()
    assert seen(there).unfinished == 1


@pytest.mark.parametrize("name", ["readme.txt", ".north__2026-11-20.zip", f"{DAY}.zip.part", "south__2026-11-20.zip", "archive/2026.zip"])
def test_anything_else_is_passed_over(name: str, there: Path) -> None:
    (there / name).parent.mkdir(exist_ok=True)
    (there / name).write_bytes(a_zip())
    found = seen(there)
    assert (found.new, found.passed_over) == ((), 1)


def test_the_pattern_says_which_names_are_extracts(there: Path) -> None:
    for name in (f"{DAY}.zip", "daily_2026-11-20.zip"):
        (there / name).write_bytes(a_zip())
    assert names(seen(there, pattern="daily_*")) == ["daily_2026-11-20.zip"]


def test_what_is_known_is_not_new_until_it_is_replaced(there: Path) -> None:
    at = there / f"{DAY}.zip"
    at.write_bytes(a_zip())
    [entry] = seen(there).new
    known = {(entry.name, entry.signature)}
    again = seen(there, known=known)
    assert (again.new, again.known) == ((), 1)
    at.write_bytes(a_zip("a\n2\n"))
    os.utime(at, (time.time() + 5, time.time() + 5))
    assert names(seen(there, known=known)) == [f"{DAY}.zip"], "another time or size is another signature"


def test_a_clock_that_is_wrong_is_said_and_not_waited_for_in_silence(there: Path) -> None:
    (there / f"{DAY}.zip").write_bytes(a_zip())
    found = seen(there, later=-400)
    assert found.new == ()
    assert found.wrong == ("1 entries whose time of modification lies in the future: a clock is wrong there or here",)


def test_a_link_is_passed_over(there: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.zip").write_bytes(a_zip())
    (there / f"{DAY}.zip").symlink_to(tmp_path / "secret.zip")
    assert seen(there).passed_over == 1


def test_too_many_files_are_refused_before_anything_is_fetched(there: Path) -> None:
    at = there / DAY
    at.mkdir()
    for n in range(1002):
        (at / f"{n}.csv").touch()
    found = seen(there)
    assert (found.new, len(found.wrong)) == ((), 1)
    assert "more than 1000 files" in found.wrong[0]


# --- S3 ------------------------------------------------------------------------------------------------------------
def test_a_file_and_a_folder_come_from_s3_and_nothing_is_changed_there(s3: Bucket, tmp_path: Path) -> None:
    s3.put(f"in/{DAY}.zip", a_zip())
    s3.put("in/2026-11-19/ssd_person.csv", b"a\n1\n")
    s3.put("in/2026-11-19/more/ssd_contacts.csv", b"a\n2\n")
    s3.put("in/", b"")  # the mark that consoles leave for a folder
    before = s3.keys()
    location = Location(url="s3://extracts/in", connection="lake")
    assert brought(s3.connection(), location, tmp_path) == [
        "2026-11-19/more/ssd_contacts.csv",
        "2026-11-19/ssd_person.csv",
        f"{DAY}.zip",
    ]
    assert (tmp_path / f"{DAY}.zip").read_bytes() == a_zip()
    assert s3.keys() == before


@pytest.mark.parametrize("key", ["../up.zip", "a\\b.zip", "..", "bell\x07.zip", "é" * 120 + ".zip"])
def test_a_key_that_could_lead_out_of_the_inbox_is_never_fetched(key: str, s3: Bucket, tmp_path: Path) -> None:
    place = f"bad{abs(hash(key))}"
    s3.put(f"{place}/{key}", a_zip())
    s3.put(f"{place}/{DAY}.zip", a_zip())
    location = Location(url=f"s3://extracts/{place}", connection="lake")
    with opened(location, s3.connection(), "location of north") as fs:
        found = look(fs, location, "north", time.time() + LATER)
    assert names(found) == [f"{DAY}.zip"], "the good one still comes"
    assert key not in str(found.wrong)
    assert found.wrong or found.passed_over


def test_a_folder_with_a_key_in_it_that_leads_out_is_refused_whole(s3: Bucket) -> None:
    s3.put("bad-inside/2026-11-20/ssd_person.csv", b"a\n1\n")
    s3.put("bad-inside/2026-11-20/..\\up.csv", b"a\n1\n")
    location = Location(url="s3://extracts/bad-inside", connection="lake")
    with opened(location, s3.connection(), "location of north") as fs:
        found = look(fs, location, "north", time.time() + LATER)
    assert (found.new, len(found.wrong)) == ((), 1)


def test_a_bucket_or_folder_that_is_not_there_is_said(s3: Bucket) -> None:
    for url in ("s3://no-such-bucket/in", "s3://extracts/no/such/folder"):
        location = Location(url=url, connection="lake")
        with pytest.raises(LocationFault, match="no such folder or bucket") as failed:
            brought(s3.connection(), location, Path("unused"))
        assert not failed.value.permanent


def test_a_replacement_while_it_is_fetched_is_noticed(s3: Bucket, tmp_path: Path) -> None:
    s3.put(f"torn/{DAY}.zip", a_zip())
    location = Location(url="s3://extracts/torn", connection="lake")
    with opened(location, s3.connection(), "location of north") as fs:
        [entry] = look(fs, location, "north", time.time() + LATER).new
        for n, other in enumerate((a_zip("a\n2\n"), a_zip("a\n" * 9), b"")):
            s3.put(f"torn/{DAY}.zip", other)
            with pytest.raises((Changed, LocationFault)):
                fetch(fs, entry, tmp_path / str(n), "location of north")


# --- SFTP ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def sftp(there: Path) -> Iterator[SftpServer]:
    with sftp_server(there) as server:
        yield server


SFTP = Location(url="sftp://127.0.0.1/", connection="drop")


def test_a_file_and_a_folder_come_from_sftp(sftp: SftpServer, tmp_path: Path) -> None:
    (sftp.root / f"{DAY}.zip").write_bytes(a_zip("x" * 3_000_000))
    folder(sftp.root / "2026-11-19", only="ssd_person ssd_contacts")
    got = brought(sftp.connection(), SFTP, tmp_path / "here")
    assert got == ["2026-11-19/ssd_contacts.csv", "2026-11-19/ssd_person.csv", f"{DAY}.zip"]
    assert (tmp_path / "here" / f"{DAY}.zip").read_bytes() == a_zip("x" * 3_000_000)


def test_a_private_key_signs_in(there: Path, tmp_path: Path) -> None:
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    (there / f"{DAY}.zip").write_bytes(a_zip())
    for text, phrase in ((key.export_private_key().decode(), None), (key.export_private_key(passphrase="phrase").decode(), "phrase")):
        with sftp_server(there, client_key=key.convert_to_public()) as server:
            extra = {"private_key": text, "private_key_passphrase": phrase}
            assert brought(server.connection(password=None, extra=extra), SFTP, tmp_path / f"{phrase}") == [f"{DAY}.zip"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password": "wrong"}, "it refuses us (AuthenticationException). Check login and secret"),
        ({"password": None}, "neither password nor private_key"),
        ({"login": None}, "no host or no login"),
        ({"host": "10.0.0.1"}, "its URL names another host than its connection"),
        ({"extra": {"host_key": ""}}, "does not say which host key the server has"),
        ({"extra": {"host_key": "ssh-ed25519 AAAA"}}, "its extra host_key is no host key"),
        (
            {"extra": {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"}},
            "the server shows another host key",
        ),
        ({"extra": {"private_key": "no key"}}, "its extra private_key cannot be read"),
    ],
)
def test_what_a_person_must_put_right_is_said_and_is_permanent(change: dict[str, Any], says: str, sftp: SftpServer) -> None:
    with pytest.raises(LocationFault) as failed:
        brought(sftp.connection(**change), SFTP, Path("unused"))
    assert says in str(failed.value)
    assert str(failed.value).startswith("location of north: ")
    assert failed.value.permanent
    assert failed.value.todo
    assert PASSWORD not in str(failed.value)


def test_a_server_with_a_key_of_another_kind_than_ours_is_not_believed(sftp: SftpServer) -> None:
    import paramiko

    other = paramiko.RSAKey.generate(2048)
    with pytest.raises(LocationFault, match="another host key") as failed:
        brought(sftp.connection(extra={"host_key": f"ssh-rsa {other.get_base64()}"}), SFTP, Path("unused"))
    assert failed.value.permanent
    assert sftp.logins == [], "it was never shown the password"


def test_only_who_says_so_goes_without_the_check_of_the_host_key(sftp: SftpServer, tmp_path: Path) -> None:
    (sftp.root / f"{DAY}.zip").write_bytes(a_zip())
    extra = {"host_key": "", "no_host_key_check": True}
    assert brought(sftp.connection(extra=extra), SFTP, tmp_path / "here") == [f"{DAY}.zip"]


@pytest.mark.parametrize("change", [{"port": 9}, {"host": "no-such-host.invalid"}])
def test_what_cannot_be_reached_may_pass(change: dict[str, Any], sftp: SftpServer) -> None:
    with pytest.raises(LocationFault, match="cannot be reached") as failed:
        brought(sftp.connection(**change), Location(url="sftp:///"), Path("unused"))
    assert not failed.value.permanent


def test_names_of_a_hostile_server_never_become_paths(there: Path, tmp_path: Path) -> None:
    bad = ["../../2026-11-20.zip", "/etc/2026-11-20.zip", "a/../../b.zip", "x\x00.zip", "2026-11-20\n.zip"]
    with sftp_server(there, names=lambda _: bad) as server, opened(SFTP, server.connection(), "location of north") as fs:
        found = look(fs, SFTP, "north", time.time() + LATER)
    assert found.new == ()
    assert found.wrong == (f"{len(bad)} names that could lead out of the inbox or cannot be stored",)


def test_more_bytes_than_were_listed_are_not_taken(there: Path, tmp_path: Path) -> None:
    (there / f"{DAY}.xml").write_bytes(b"12345")
    location = Location(url=f"file://{there}", settle_seconds=0)
    with opened(location, None, "location of north") as fs:
        [entry] = look(fs, location, "north", time.time() + LATER).new
        (there / f"{DAY}.xml").write_bytes(b"1" * 50_000_000)
        with pytest.raises(Changed):
            fetch(fs, entry, tmp_path / "x", "location of north")
    assert (tmp_path / "x").stat().st_size <= 5


def test_a_fetch_that_takes_too_long_is_broken_off(there: Path, tmp_path: Path) -> None:
    (there / f"{DAY}.xml").write_bytes(b"12345")
    location = Location(url=f"file://{there}", settle_seconds=0)
    with opened(location, None, "location of north") as fs:
        [entry] = look(fs, location, "north", time.time() + LATER).new
        with pytest.raises(LocationFault, match="no limit of time"):
            fetch(fs, entry, tmp_path / "x", "location of north", lambda: True)


def test_our_own_full_disk_is_no_fault_of_the_location(there: Path, tmp_path: Path) -> None:
    (there / f"{DAY}.xml").write_bytes(b"12345")
    location = Location(url=f"file://{there}", settle_seconds=0)
    with opened(location, None, "location of north") as fs:
        [entry] = look(fs, location, "north", time.time() + LATER).new
        with pytest.raises(CaseclockError, match="the disk of the inbox") as failed:
            fetch(fs, entry, tmp_path, "location of north")  # a folder is in the way
    assert not isinstance(failed.value, LocationFault)


# --- connections ---------------------------------------------------------------------------------------------------
SAS, BLOB = "sv=1&sig=2", "council.blob.core.windows.net"
AS_AZURE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"login": "council", "password": "key"}, {"account_name": "council", "account_key": "key"}),
    ({"login": "council", "extra": {"sas_token": f"?{SAS}"}}, {"account_name": "council", "sas_token": SAS}),
    ({"login": "council", "extra": {"sas_token": f"https://{BLOB}/?{SAS}"}}, {"account_name": "council", "sas_token": SAS}),
    ({"extra": {"connection_string": "AccountName=council"}}, {"connection_string": "AccountName=council"}),
    (
        {"host": BLOB, "login": "id", "password": "secret", "extra": {"tenant_id": "t"}},
        {"account_name": "council", "account_host": BLOB, "tenant_id": "t", "client_id": "id", "client_secret": "secret"},
    ),
]


@pytest.mark.parametrize(("connection", "expected"), AS_AZURE)
def test_the_options_of_azure_say_who_we_are(connection: dict[str, Any], expected: dict[str, Any]) -> None:
    """What adlfs is opened with. tests/functional/test_locations.py runs it against Azurite where that is installed."""
    made = options_of(Location(url="abfs://extracts/in"), Connection("a", "wasb", **connection))
    assert made == {"anon": False, "connection_timeout": 10, "read_timeout": 60, **expected}


def test_an_azure_url_may_name_the_account() -> None:
    at = options_of(Location(url="abfss://extracts@council.dfs.core.windows.net/in"), Connection("a", "wasb", password="key"))
    assert at["account_name"] == "council"


def test_s3_without_a_connection_is_who_the_machine_is() -> None:
    made = options_of(Location(url="s3://extracts/in"), None)
    assert set(made) == {"config_kwargs", "anon"}
    assert made["anon"] is False


@pytest.mark.parametrize(
    ("url", "connection", "says"),
    [
        ("s3://b/in", Connection("x", "sftp"), "the connection is of type sftp; expected aws or s3"),
        ("sftp://h/in", Connection("x", "aws"), "the connection is of type aws; expected sftp or ssh"),
        ("sftp://h/in", None, "needs a connection"),
        ("sftp://me:pw@h/in", Connection("x", "sftp"), "its URL holds a secret"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused_before_anybody_is_asked(url: str, connection: Connection | None, says: str) -> None:
    with pytest.raises(LocationFault) as failed, opened(Location(url=url), connection, "location of north"):
        pass
    assert says in str(failed.value)
    assert failed.value.permanent


@pytest.mark.parametrize(
    ("error", "says", "permanent"),
    [
        (PermissionError("The AWS Access Key Id AKIACANARY does not exist"), "it refuses us", True),
        (FileNotFoundError("bucket/CANARY"), "no such folder", False),
        (TimeoutError("CANARY"), "cannot be reached", False),
        (ConnectionResetError("CANARY"), "cannot be reached", False),
        (OSError(22, "AuthorizationHeaderMalformed CANARY"), "cannot be used", True),
        (ValueError("CANARY"), "cannot be used", True),
        (EOFError(), "cannot be reached", False),
    ],
)
def test_an_error_of_a_library_becomes_a_sentence_without_its_text(error: Exception, says: str, permanent: bool) -> None:
    fault = fault_of(error, "location of north")
    assert says in str(fault)
    assert fault.permanent is permanent
    assert "CANARY" not in str(fault)


def test_a_cause_says_more_than_what_was_made_of_it() -> None:
    try:
        try:
            raise PermissionError("no")
        except PermissionError as error:
            raise RuntimeError("something failed") from error
    except RuntimeError as error:
        assert fault_of(error, "x").permanent


def test_a_signature_says_every_file() -> None:
    from caseclock.extracts.locations import Remote

    def entry(*files: tuple[str, int, float, str]) -> str:
        return Entry("x", tuple(Remote(f"/x/{n}", n, s, c, t) for n, s, c, t in files)).signature

    base = entry(("a", 1, 1.0, "t"), ("b", 1, 1.0, "t"))
    assert base == entry(("b", 1, 1.0, "t"), ("a", 1, 1.0, "t"))
    others = [
        entry(("a", 2, 1.0, "t"), ("b", 1, 1.0, "t")),
        entry(("a", 1, 2.0, "t"), ("b", 1, 1.0, "t")),
        entry(("a", 1, 1.0, "u"), ("b", 1, 1.0, "t")),
    ]
    assert base not in others
