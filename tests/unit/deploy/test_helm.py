"""Values for the official chart: keys that it has, the version of this repository, nothing secret."""

from __future__ import annotations

from pathlib import Path

import yaml

import caseclock
from caseclock.settings import from_environment, with_files

ROOT = Path(__file__).resolve().parents[3]
VALUES = yaml.safe_load((ROOT / "deploy/helm/values.yaml").read_text())
TOP = {
    "executor", "airflowVersion", "images", "postgresql", "redis", "data", "fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName",
    "webserver", "migrateDatabaseJob", "env", "volumes", "volumeMounts", "logs", "uid", "gid", "securityContexts", "workers", "scheduler",
    "apiServer", "dagProcessor", "triggerer", "statsd",
}  # fmt: skip


def test_keys_are_the_charts_and_versions_are_ours() -> None:
    assert VALUES.keys() <= TOP
    assert VALUES["images"]["airflow"]["tag"] == caseclock.__version__
    lock = (ROOT / "requirements.txt").read_text()
    assert f"apache-airflow=={VALUES['airflowVersion']}" in lock


def test_what_containers_are_told_is_what_our_settings_take(tmp_path: Path) -> None:
    told = {one["name"]: one["value"] for one in VALUES["env"]}
    mount = VALUES["volumeMounts"][1]["mountPath"]
    files = {name: value for name, value in told.items() if name.endswith("_FILE")}
    assert files and all(value.startswith(mount) for value in files.values())
    for name, value in files.items():
        (tmp_path / Path(value).name).write_text("https://ping.example/x" if name.startswith("CASECLOCK_PING") else "made-up-secret")
        told[name] = str(tmp_path / Path(value).name)
    told.pop("CASECLOCK_TEAMS_WEBHOOKS_FILE"), told.pop("CASECLOCK_NOTIFY_API_KEY_FILE")  # have a form of their own
    settings = from_environment(tmp_path, with_files(told) | {"CASECLOCK_CONFIG": ""})
    assert settings.parallel_extracts == 4
    assert settings.worker_salt is not None
    assert "made-up-secret" in settings.store_url


def test_every_pod_has_limits_and_none_is_root() -> None:
    for part in ("workers", "scheduler", "apiServer", "dagProcessor", "triggerer"):
        assert {"requests", "limits"} <= VALUES[part]["resources"].keys()
    assert VALUES["securityContexts"]["pod"]["runAsNonRoot"] is True
