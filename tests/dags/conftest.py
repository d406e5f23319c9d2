"""Airflow for these tests: a home of its own and a migrated database, set up before the first `import airflow`."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="caseclock-airflow-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

for name in [name for name in os.environ if name.startswith(("AIRFLOW", "CASECLOCK_"))]:
    if name not in {"CASECLOCK_SHARED", "CASECLOCK_REFUSE_SKIPS"}:
        del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__CHECK_MIGRATIONS": "False",
}
sys.path.append(str(ROOT / "plugins"))  # as Airflow does when it starts


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def airflow_db(request: pytest.FixtureRequest) -> Path:
    """The metadata database of these tests, migrated. The migration (6 CPU seconds) is made once per version of Airflow and kept."""
    kept = request.config.cache.mkdir(f"airflow-{version('apache-airflow')}-sqlite") / "airflow.db"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = HOME / "template" / "airflow.db"
            made.parent.mkdir()
            airflow = Path(sys.executable).parent / "airflow"
            env = {**os.environ, "AIRFLOW_HOME": str(made.parent)}
            subprocess.run([airflow, "db", "migrate"], env=env, check=True, capture_output=True)
            shutil.copy(made, kept)
    return Path(shutil.copy(kept, HOME / "airflow.db"))


@pytest.fixture
def caseclock_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh installation of caseclock, named by the environment as in production."""
    monkeypatch.setenv("CASECLOCK_HOME", str(tmp_path))
    return tmp_path
