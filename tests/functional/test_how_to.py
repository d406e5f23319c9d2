"""Each page of docs/how-to is followed literally: its ```sh blocks, one after another, in an empty folder. ```sh no-run is left out:
such a block needs a server that a test does not have, and says so in its text. Commands are forks of a process that has loaded the
libraries; tests/functional/test_command_line.py starts them as a user does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
BLOCK = re.compile(r"^```sh[ ]*(?P<how>[^\n]*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


def script_of(page: Path) -> str:
    return "\n".join(hit["text"] for hit in BLOCK.finditer(page.read_text(encoding="utf-8")) if not hit["how"].strip())


FOLLOWED = [page for page in PAGES if script_of(page).strip()]


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda p: p.stem)
def test_the_page_works_as_it_is_written(page: Path, tmp_path: Path, commands: Path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CASECLOCK_", "AIRFLOW", "PYTHONDONTWRITE"))}
    env |= {"PATH": f"{commands}{os.pathsep}{env['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "include")}
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script_of(page)], cwd=work, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{page.name}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_a_block_is_run_or_says_that_it_is_not() -> None:
    for page in PAGES:
        for hit in BLOCK.finditer(page.read_text(encoding="utf-8")):
            assert hit["how"].strip() in ("", "no-run"), f"{page.name}: ```sh {hit['how']}"
