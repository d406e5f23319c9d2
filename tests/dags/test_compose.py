"""docker-compose.yaml and Dockerfile: the form that is known to run, without default secrets and with one open port."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseclock import settings as settings_module

IMAGES = {"postgres:17", "redis:8", "axllent/mailpit:v1.27", "${CASECLOCK_IMAGE:-caseclock:dev}"}
COMPONENTS = ["airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-worker"]
OPTIONAL = {"CASECLOCK_SMTP_PASSWORD", "CASECLOCK_NOTIFY_API_KEY"}  # a relay inside may ask for none; a channel that is not used
JWT = "AIRFLOW__API_AUTH__JWT_SECRET"


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docker-compose.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["services"])


def test_every_component_is_there(services: dict[str, Any]) -> None:
    assert set(COMPONENTS) | {"postgres", "store", "redis", "airflow-init", "mailpit"} <= set(services)


def test_no_secret_has_a_default(text: str) -> None:
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
        if re.search(r"PASSWORD|SECRET|KEY", name) and name not in OPTIONAL:
            assert rest.startswith(":?"), f"{name} must be given: ${{{name}:?...}}"


def test_only_the_web_page_is_published_and_only_to_this_machine(services: dict[str, Any]) -> None:
    published = {name: s["ports"] for name, s in services.items() if "ports" in s and "profiles" not in s}
    assert published == {"airflow-apiserver": ["127.0.0.1:${API_PORT:-8080}:8080"]}
    assert all(port.startswith("127.0.0.1:") for s in services.values() for port in s.get("ports", []))


def test_what_runs_for_long_is_checked_and_comes_back(services: dict[str, Any]) -> None:
    for name in [*COMPONENTS, "postgres", "store", "redis"]:
        assert services[name]["restart"] == "always", name
        assert services[name]["healthcheck"]["test"], name
        assert services[name]["healthcheck"]["retries"] >= 5, name
    for name in COMPONENTS:
        assert services[name]["healthcheck"]["start_period"] == "240s", "a cold start on two cores needs it"
        assert services[name]["depends_on"]["airflow-init"] == {"condition": "service_completed_successfully"}
        assert services[name]["depends_on"]["store"] == {"condition": "service_healthy"}


def test_only_who_makes_or_checks_tokens_has_their_key(services: dict[str, Any]) -> None:
    assert {name for name, s in services.items() if JWT in s.get("environment", {})} == {
        "airflow-init",
        "airflow-apiserver",
        "airflow-scheduler",
    }


def test_every_component_finds_library_home_and_store(services: dict[str, Any]) -> None:
    for name in COMPONENTS:
        env = services[name]["environment"]
        assert env["PYTHONPATH"] == "/opt/airflow/include"
        assert env["CASECLOCK_HOME"] == "/opt/caseclock"
        assert "caseclock-home:/opt/caseclock" in services[name]["volumes"], "inbox and claimed extracts on one disk"
        assert env["CASECLOCK_CONNECTIONS"] == "caseclock_store"
        assert "@store:5432/caseclock" in env["AIRFLOW_CONN_CASECLOCK_STORE"]
        assert env["AIRFLOW__CORE__LOAD_EXAMPLES"] == "false"


def test_the_connection_of_the_compose_file_is_the_store(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from caseclock_connections import settings

    uri = re.sub(
        r"\$\{CASECLOCK_STORE_PASSWORD[^}]*\}", "0123abcd", services["airflow-worker"]["environment"]["AIRFLOW_CONN_CASECLOCK_STORE"]
    )
    monkeypatch.setenv("AIRFLOW_CONN_CASECLOCK_STORE", uri)
    found = settings(env={"CASECLOCK_HOME": str(tmp_path), "CASECLOCK_SLACK_TOKEN": "", "CASECLOCK_SMTP_HOST": ""})
    assert found.store_url == "postgresql+psycopg2://caseclock:0123abcd@store:5432/caseclock"
    assert (found.slack, found.smtp) == (None, None)


def test_every_setting_of_the_environment_can_be_given(services: dict[str, Any]) -> None:
    """But those that only tests and the demo move: where Slack and Notify are, and how long a file or a sending rests."""
    read = set(re.findall(r'"(CASECLOCK_[A-Z_]+[A-Z])"', Path(settings_module.__file__).read_text("utf-8")))
    moved = {name for name in read if name.endswith(("_URL", "_SECONDS", "_DAYS"))} - {"CASECLOCK_PING_URL", "CASECLOCK_PAGE_URL"}
    folders = {"CASECLOCK_CONFIG", "CASECLOCK_INBOX"}
    assert read - moved - folders <= set(services["airflow-worker"]["environment"])


def test_the_listener_has_store_and_tokens_and_starts_only_when_asked_for(services: dict[str, Any]) -> None:
    listener = services["caseclock-listen"]
    assert listener["profiles"] == ["buttons"]
    assert listener["command"] == ["python", "-m", "caseclock.cli", "listen"]
    assert {"CASECLOCK_STORE_URL", "CASECLOCK_SLACK_TOKEN", "CASECLOCK_SLACK_APP_TOKEN"} <= set(listener["environment"])
    assert listener["restart"] == "always"


def test_it_stays_in_the_form_that_is_known_to_run(text: str, services: dict[str, Any]) -> None:
    assert set(yaml.safe_load(text)) == {"x-airflow", "x-jwt", "x-slow-check", "services", "volumes"}
    assert {s["image"] for s in services.values()} == IMAGES
    for word in ("pull_policy", "@sha256", "start_interval", "dockerfile_inline", ":+"):
        assert word not in text


def test_the_image_takes_only_locked_packages_and_does_not_run_as_root(root: Path) -> None:
    lines = (root / "Dockerfile").read_text("utf-8").splitlines()
    joined = "\n".join(lines)
    assert "pip install --no-cache-dir --require-hashes -r /requirements.txt" in joined
    assert [line for line in lines if line.startswith("USER")][-1] == "USER airflow"
    assert not re.search(r"# syntax=|<<|--link|:latest|--from=", joined)


def test_the_lock_names_a_hash_for_every_package(root: Path) -> None:
    lock = (root / "requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9][\w.-]*)==.*?(?=^[a-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL)
    hashed = [block for block in re.split(r"(?m)^(?=[a-z0-9][\w.-]*==)", lock) if "--hash=sha256:" in block]
    assert len(pinned) == len(hashed) > 100


def test_neither_secrets_nor_history_go_into_the_image(root: Path) -> None:
    first, *rest = [line for line in (root / ".dockerignore").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert first == "*"
    assert {line for line in rest if line.startswith("!")} == {"!requirements.txt", "!dags", "!plugins", "!include"}
