"""Which version of the standard an extract follows. A new major version may mean other things by the same names: it is not guessed at."""

from __future__ import annotations

import json
import re

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import Bundle, read_manifest

KNOWN_MAJOR = 1
_VERSION = re.compile(r"\s*v?(\d{1,4})((?:\.\d{1,4}){0,3})\s*", re.IGNORECASE)
Version = tuple[int, ...]


def version_of(text: str) -> Version | None:
    """(1, 4, 5) of `1.4.5` or `v1.4.5`; None for anything else."""
    hit = _VERSION.fullmatch(text)
    return tuple(int(n) for n in f"{hit[1]}{hit[2]}".split(".")) if hit else None


def current_version(numbers: list[str], is_current: list[bool]) -> Version | None:
    """What ssd_version_log says: the version that is marked as current, else the highest one."""
    found = [(current, version) for text, current in zip(numbers, is_current, strict=True) if (version := version_of(text))]
    return max(found)[1] if found else None


def manifest_version(bundle: Bundle) -> Version | None:
    """What `version` in manifest.json says, where it says anything."""
    raw = read_manifest(bundle.path)
    try:
        said = json.loads(raw.decode("utf-8-sig")) if raw else None
    except (ValueError, RecursionError):  # refused, and said better, where the manifest is checked
        return None
    return version_of(str(said["version"])) if isinstance(said, dict) and isinstance(said.get("version"), str | int | float) else None


def check_version(version: Version | None, said_by: str, bundle: Bundle) -> list[str]:
    """The note on the version; none where nothing is said. Raises BadExtract for a major version that nobody has looked at."""
    if version is None:
        return []
    text = ".".join(map(str, version))
    if version[0] != KNOWN_MAJOR:
        raise BadExtract(
            f"{said_by} says that it follows version {text} of the SSD, which is not known",
            where=bundle.name,
            allowed=f"version {KNOWN_MAJOR}.x",
            todo="Update caseclock, or export with an SSD build of that version",
        )
    return [f"version {text} of the SSD, as {said_by} says"]
