"""Environments beside the project's, one per lock of peer tools, so that what is compared is the same on every machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def interpreter(name: str, lock: Path) -> Path:
    """The Python of the environment `.venv/bench-<name>`, which holds what the lock names, hash by hash. Made on first use and when the
    lock has changed. Needs uv, on the path or beside this Python."""
    at, wanted = ROOT / ".venv" / f"bench-{name}", lock.read_text()
    done, python = at / ".lock", at / "bin/python"
    if not done.exists() or done.read_text() != wanted:
        uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        for words in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(at)],
            ["pip", "install", "--quiet", "--compile-bytecode", "--require-hashes", "--python", str(python), "-r", str(lock)],
        ):
            subprocess.run([uv, *words], check=True)
        done.write_text(wanted)
    return python
