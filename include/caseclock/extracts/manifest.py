"""manifest.json: what the sender says of a bundle, and whether that is what lies there. Standard library only.

    {"source": "north", "as_of": "2026-11-20", "exported_at": "2026-11-20T06:15:00",
     "files": [{"name": "ssd_person.csv", "size": 10443, "sha256": "..."}]}

Every key may be left out. `files` names every data file below the manifest; then a folder is complete exactly when all of them are
there with these sizes, and a bundle that holds anything else is refused. A moment without an offset is London time.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NoReturn

from caseclock import now as clock
from caseclock.errors import BadExtract

MANIFEST = "manifest.json"
MAX_MANIFEST = 2**20  # a thousand files with their hashes are some 150 KiB
SHOWN = 5  # names in one sentence
_FORM = '{"source": "north", "as_of": "YYYY-MM-DD", "exported_at": "YYYY-MM-DDTHH:MM", "files": [{"name", "size", "sha256"}]}'
_KEYS = ("source", "as_of", "exported_at", "files", "version", "comment")  # version: of the SSD, for its reader; comment: for people
_FILE_KEYS = ("name", "size", "sha256")


@dataclass(frozen=True)
class Listed:
    """One file as the manifest lists it: its name below the manifest with `/`, its size in bytes, its hash if that is given."""

    name: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What a manifest says; None for what it does not say."""

    source: str | None = None
    as_of: dt.date | None = None
    exported_at: dt.datetime | None = None
    files: tuple[Listed, ...] | None = None

    def lacking(self, sizes: Mapping[str, int]) -> list[str]:
        """Names of listed files that are not there with their size. `sizes`: file below the manifest -> bytes."""
        return [f.name for f in self.files or () if sizes.get(f.name) != f.size]


def parse(raw: bytes, where: str) -> Manifest:
    """The manifest in these bytes. Raises BadExtract that says which key is wrong; `where` is the bundle's name."""
    try:
        if len(raw) > MAX_MANIFEST:
            raise ValueError(f"it is larger than {MAX_MANIFEST // 2**10} KiB")
        said = json.loads(raw.decode("utf-8-sig"))
        if not isinstance(said, dict):
            raise ValueError("it is no JSON object")
        if unknown := sorted(set(said) - set(_KEYS)):
            _refuse(where, f"it has keys that nothing reads ({_some([key[:32] for key in unknown])})", ", ".join(_KEYS))
        made = {key: read(said[key]) for key, read in _READS.items() if said.get(key) is not None}
    except (ValueError, TypeError, RecursionError) as error:
        named = str(error) if type(error) is ValueError else "it is no JSON"
        _refuse(where, named, _FORM, error)
    return Manifest(**made)


def check(manifest: Manifest, where: str, sizes: Mapping[str, int], hash_of: Callable[[str], str]) -> None:
    """Raises BadExtract unless the bundle holds exactly the files that the manifest lists. `hash_of`: file -> SHA-256 of its bytes."""
    if manifest.files is None:
        return
    listed = {f.name for f in manifest.files}
    lacking = manifest.lacking(sizes)
    wrong = {
        "lists files that are not in it": [name for name in lacking if name not in sizes],
        "does not list files that are in it": sorted(set(sizes) - listed),
        "gives another size than it has for": [name for name in lacking if name in sizes],
    }
    if not any(wrong.values()):
        wrong["gives another hash than it has for"] = [f.name for f in manifest.files if f.sha256 and hash_of(f.name) != f.sha256]
    if said := [f"{what}: {_some(names)}" for what, names in wrong.items() if names]:
        raise BadExtract(
            f"its {MANIFEST} {'; it '.join(said)}",
            where=where,
            todo=f"It was cut short or changed on its way: write the files first and {MANIFEST} last, and send all of it again",
        )


# --- how each key is read ------------------------------------------------------------------------------------------
def _source(value: object) -> str:
    from caseclock.extracts.source import SOURCE_ID  # not above: the watcher of the inbox reads manifests too, and stays light

    if not isinstance(value, str) or not re.fullmatch(SOURCE_ID, value):
        raise ValueError("its source is no name of a source (small letters, digits, - and _)")
    return value


def _as_of(value: object) -> dt.date:
    try:
        return dt.date.fromisoformat(value)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise ValueError("its as_of is no date YYYY-MM-DD") from error


def _exported_at(value: object) -> dt.datetime:
    try:
        return clock.parse(value)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise ValueError("its exported_at is no moment YYYY-MM-DDTHH:MM") from error


def _files(value: object) -> tuple[Listed, ...]:
    if not isinstance(value, list):
        raise ValueError("its files are no list")
    found = tuple(_listed(n, entry) for n, entry in enumerate(value, 1))
    if len({f.name for f in found}) != len(found):
        raise ValueError("its files name one file twice")
    return found


def _listed(number: int, entry: Any) -> Listed:
    at = f"entry {number} of its files"
    if not isinstance(entry, dict) or set(entry) - set(_FILE_KEYS):
        raise ValueError(f"{at} is not made of name, size and sha256")
    name, size, sha256 = (entry.get(key) for key in _FILE_KEYS)
    if not isinstance(name, str) or not name or "\\" in name or name != PurePosixPath(name).as_posix() or _leads_out(name):
        raise ValueError(f"{at} has a name that is no plain file below the manifest")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"{at} has no size in bytes")
    if sha256 is not None and not (isinstance(sha256, str) and re.fullmatch(r"[0-9a-fA-F]{64}", sha256)):
        raise ValueError(f"{at} has a sha256 that is not 64 hexadecimal digits")
    return Listed(name, size, sha256.lower() if sha256 else None)


def _leads_out(name: str) -> bool:
    return ".." in PurePosixPath(name).parts or name.startswith("/") or "\0" in name


_READS: dict[str, Callable[[Any], Any]] = {"source": _source, "as_of": _as_of, "exported_at": _exported_at, "files": _files}


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _refuse(where: str, what: str, allowed: str, error: Exception | None = None) -> NoReturn:
    raise BadExtract(
        f"{MANIFEST} cannot be used: {what}", where=where, allowed=allowed, todo=f"Correct or remove {MANIFEST} and send it again"
    ) from error
