"""`make audit`: are there known weaknesses in what the lock installs? Ends with 1 when one is found that is not accepted.

pip-audit asks the package registry. One that has no such service is said with the number of packages that could not be asked: CI then
knows that nothing was checked, and does not take it for a clean answer.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ACCEPTED: dict[str, str] = {}
"""Id of a finding to why it does not touch us, with the date on which somebody looked."""


def main() -> int:
    lock = ROOT / "requirements.txt"
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(lock),
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        answer = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        print(f"audit: nothing was checked, the service did not answer ({len(locked(lock))} packages)")
        return 0
    asked = [one for one in answer if "skip_reason" not in one]
    found = [(one["name"], one["version"], v) for one in asked for v in one["vulns"] if v["id"] not in ACCEPTED]
    for name, version, weakness in found:
        print(f"{name} {version}: {weakness['id']}, corrected in {', '.join(weakness['fix_versions']) or 'no version yet'}")
    if not asked:
        print(f"audit: nothing was checked, the registry does not know of weaknesses ({len(answer)} packages)")
    else:
        print(f"audit: {len(asked)} of {len(answer)} packages were asked after, {len(found)} findings, {len(ACCEPTED)} accepted")
    if found:
        print("To do: raise the version in pyproject.toml and `make lock`, or add the id to ACCEPTED in tests/audit.py with why.")
    return 1 if found else 0


def locked(lock: Path) -> list[str]:
    """Names and versions of a lock."""
    return re.findall(r"^[A-Za-z0-9_.-]+==[^ ;\\]+", lock.read_text(), re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
