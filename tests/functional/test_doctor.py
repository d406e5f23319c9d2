"""`caseclock doctor` says what is wrong and what to do, gives no secret away, and what the program makes is for its user alone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(commands: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("CASECLOCK_")}
    env |= {"PATH": f"{commands}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(ROOT / "include"), "CASECLOCK_HOME": str(home), **more}
    return subprocess.run(["caseclock", *words], env=env, capture_output=True, text=True, timeout=120, check=False, umask=0o022)


def found(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {one["what"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_it_says_what_is_wrong_and_what_to_do(tmp_path: Path, commands: Path) -> None:
    home = tmp_path / "home"
    before = run(commands, home, "doctor", "--json")
    assert before.returncode == 1
    assert found(before)["home folder"]["state"] == "fault"
    assert not home.exists(), "it changes nothing"
    assert run(commands, home, "store", "upgrade").returncode == 0
    assert [oct(path.stat().st_mode & 0o777) for path in (home, home / "caseclock.db")] == ["0o700", "0o600"]
    secret = {
        "CASECLOCK_SMTP_HOST": "127.0.0.1",
        "CASECLOCK_SMTP_PASSWORD": "not-to-be-seen",
        "CASECLOCK_SLACK_TOKEN": "xoxb-not-to-be-seen",
    }
    (home / "inbox").mkdir(0o770)
    well = run(commands, home, "doctor", "--json", **secret)
    assert well.returncode == 0, well.stdout
    assert found(well)["store"]["state"] == found(well)["home folder"]["state"] == found(well)["inbox"]["state"] == "ok"
    home.chmod(0o755)
    lost = run(commands, home, "doctor", CASECLOCK_STORE_URL="postgresql+psycopg2://u:not-to-be-seen@127.0.0.1:1/x")
    assert lost.returncode == 1
    assert "chmod 0700" in lost.stdout
    assert "not-to-be-seen" not in well.stdout + well.stderr + lost.stdout + lost.stderr
