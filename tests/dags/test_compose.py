"""docker-compose.yaml and Dockerfile as text: no secret, one open port, every part checked and limited. `make compose-test` runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseclock import settings as settings_module
from caseclock.errors import WrongUse
from caseclock.settings import from_environment, with_files

IMAGES = {"postgres:17", "redis:8", "axllent/mailpit:v1.27", "${CASECLOCK_IMAGE:-caseclock:dev}"}
COMPONENTS = [
    "airflow-apiserver",
    "airflow-execution",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
    "airflow-worker",
]
ENDS = {"airflow-init", "airflow-cli"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY|_SALT|WEBHOOKS|PING_URL|AIRFLOW_CONN|SQL_ALCHEMY_CONN|BROKER_URL|RESULT_BACKEND")


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docker-compose.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def whole(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text))


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, Any]:
    return dict(whole["services"])


@pytest.fixture(scope="module")
def running(services: dict[str, Any]) -> dict[str, Any]:
    return {name: s for name, s in services.items() if name not in ENDS}


def test_every_part_is_there_and_the_optional_ones_by_profile(services: dict[str, Any]) -> None:
    profiles = {name: ",".join(s.get("profiles", [])) for name, s in services.items()}
    always = dict.fromkeys([*COMPONENTS, "postgres", "store", "redis", "airflow-init"], "")
    assert profiles == {**always, "mailpit": "demo", "fake-slack": "demo", "caseclock-listen": "buttons", "airflow-cli": "debug"}


def test_no_variable_holds_a_secret(services: dict[str, Any]) -> None:
    """Each is a file, or a command that reads one: what `docker inspect` shows holds none, and no `.env` does."""
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and not variable.endswith("_FILE"):
                assert variable.endswith("_CMD") and "/run/secrets/" in value, f"{name}: {variable}"


def test_every_secret_that_a_service_reads_is_given_to_it_and_no_other(services: dict[str, Any]) -> None:
    for name, service in services.items():
        read = set(re.findall(r"/run/secrets/(\w+)", str(service)))
        given = set(service.get("secrets", []))
        assert read <= given, f"{name} reads {read - given}"
        if "fernet_key" not in given:  # the Airflow ones take more than some of them use
            assert given == read, f"{name} is given {given - read}"


def test_only_who_makes_or_checks_tokens_has_their_key_and_only_who_queues_the_queue(services: dict[str, Any]) -> None:
    who = {secret: {name for name, s in services.items() if secret in s.get("secrets", [])} for secret in ("jwt_secret", "redis_password")}
    assert who == {
        "jwt_secret": {"airflow-init", "airflow-apiserver", "airflow-execution", "airflow-scheduler"},
        "redis_password": {"redis", "airflow-scheduler", "airflow-worker"},
    }


def test_make_secrets_makes_every_secret_and_never_overwrites(root: Path, whole: dict[str, Any], tmp_path: Path) -> None:
    def run(*more: str) -> str:
        script = [sys.executable, str(root / "deploy/compose/make_secrets.py"), "--folder", str(tmp_path / "secrets"), *more]
        return subprocess.run(script, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}).stdout

    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "redis_password").write_text("mine")
    said = run()
    assert {file.name for file in folder.iterdir()} == set(whole["secrets"])
    assert {s["file"] for s in whole["secrets"].values()} == {f"${{CASECLOCK_SECRETS:-./secrets}}/{name}" for name in whole["secrets"]}
    values = {file.name: file.read_text() for file in folder.iterdir()}
    assert values["redis_password"] == "mine"
    made = [value for name, value in values.items() if value and name != "redis_password"]
    assert len(set(made)) == len(made) >= 7 and min(map(len, made)) >= 24
    assert not any(value in said for value in made), "a value was printed"
    assert folder.stat().st_mode & 0o777 == 0o700, "nobody else on the host"
    assert all(file.stat().st_mode & 0o004 for file in folder.iterdir() if file.name != "redis_password"), (
        "users of other numbers in containers"
    )
    assert "0 made" in run()
    assert {file.name: file.read_text() for file in folder.iterdir()} == values


def test_only_the_web_page_is_published_and_only_to_this_machine(services: dict[str, Any]) -> None:
    published = {name: s["ports"] for name, s in services.items() if "ports" in s and "profiles" not in s}
    assert published == {"airflow-apiserver": ["127.0.0.1:${API_PORT:-8080}:8080"]}
    assert all(port.startswith("127.0.0.1:") for s in services.values() for port in s.get("ports", []))
    assert not any("network_mode" in s for s in services.values())


def test_what_runs_for_long_is_checked_and_comes_back(running: dict[str, Any]) -> None:
    for name, service in running.items():
        assert service["restart"] == "always", name
        assert service["healthcheck"]["test"], name
        assert service["healthcheck"]["retries"] >= 5, name
        assert re.fullmatch(r"\d+s", service["stop_grace_period"]), name
    for name in COMPONENTS:
        assert running[name]["healthcheck"]["start_period"] == "240s", "a cold start on two cores needs it"
        assert running[name]["depends_on"]["airflow-init"] == {"condition": "service_completed_successfully"}
        assert running[name]["depends_on"]["store"] == {"condition": "service_healthy"}


def test_every_container_has_limits_and_little_power(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["mem_limit"] and service["cpus"] and service["pids_limit"], name
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True, name
        if "postgres" not in service["image"]:  # its entrypoint takes the folder over and then leaves root
            assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]) and "cap_add" not in service, name


def test_tasks_talk_to_the_inner_api_server_and_people_to_the_outer_one(services: dict[str, Any]) -> None:
    assert services["airflow-apiserver"]["command"] == ["api-server", "--apps", "core"]
    assert services["airflow-execution"]["command"] == ["api-server", "--apps", "execution"]
    assert "ports" not in services["airflow-execution"]
    for name in COMPONENTS:
        assert services[name]["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://airflow-execution:8080/execution/"


def test_whoever_runs_our_code_finds_library_home_and_store(services: dict[str, Any]) -> None:
    for name in COMPONENTS:
        env = services[name]["environment"]
        assert (env["PYTHONPATH"], env["CASECLOCK_HOME"]) == ("/opt/airflow/include", "/opt/caseclock")
        assert "caseclock-home:/opt/caseclock" in services[name]["volumes"], "inbox and claimed extracts on one disk"
        assert env["AIRFLOW__CORE__LOAD_EXAMPLES"] == "false"
        assert env["CASECLOCK_PARALLEL_EXTRACTS"] == "${CASECLOCK_PARALLEL_EXTRACTS:-4}"
    for name in {*COMPONENTS, "airflow-init", "caseclock-listen"} - {"airflow-scheduler", "airflow-execution"}:
        assert "@store:5432/caseclock" in services[name]["environment"]["CASECLOCK_STORE_URL"], f"{name} would take SQLite"


def test_every_setting_of_the_environment_can_be_given(services: dict[str, Any]) -> None:
    """But those that only tests and the demo move: where Notify is, and how long a file or a sending rests."""
    read = set(re.findall(r'"(CASECLOCK_[A-Z_]+[A-Z])"', Path(settings_module.__file__).read_text("utf-8")))
    moved = {name for name in read if name.endswith(("_URL", "_SECONDS", "_DAYS"))} - {"CASECLOCK_PING_URL", "CASECLOCK_PAGE_URL"}
    given = {name.removesuffix("_FILE") for name in services["airflow-worker"]["environment"]}
    assert read - moved - {"CASECLOCK_INBOX"} <= given


def test_the_settings_of_the_compose_file_are_those_of_the_library(services: dict[str, Any], tmp_path: Path) -> None:
    secrets = {"store_password": "0123abcd", "slack_token": "xoxb-1\n"}
    env = {}
    for name, value in services["airflow-worker"]["environment"].items():
        if name.startswith("CASECLOCK_"):
            env[name] = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
            if name.endswith("_FILE"):
                file = tmp_path / Path(value).name
                file.write_text(secrets.get(file.name, ""))
                env[name] = str(file)
    found = from_environment(tmp_path, env)
    assert found.store_url == "postgresql+psycopg2://caseclock:0123abcd@store:5432/caseclock"
    assert found.slack is not None and found.slack.token.get_secret_value() == "xoxb-1"
    assert (found.smtp, found.teams, found.notify, found.ping_url, found.parallel_extracts) == (None, None, None, None, 4)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"CASECLOCK_SLACK_TOKEN": "xoxb-hush", "CASECLOCK_SLACK_TOKEN_FILE": "token"}, "CASECLOCK_SLACK_TOKEN is set, too"),
        ({"CASECLOCK_SLACK_TOKEN_FILE": "nowhere"}, "cannot be read"),
        ({"CASECLOCK_STORE_URL": "postgresql://a:hush@b/c", "CASECLOCK_STORE_PASSWORD_FILE": "token"}, "without a password"),
    ],
)
def test_a_secret_that_is_given_twice_or_not_at_all_is_wrong_use(env: dict[str, str], says: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-hush")
    with pytest.raises(WrongUse, match=says) as error:
        from_environment(tmp_path, {name: str(tmp_path / value) if name.endswith("_FILE") else value for name, value in env.items()})
    assert "hush" not in str(error.value)


def test_an_empty_secret_counts_as_not_set_and_a_password_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    assert with_files({"CASECLOCK_PING_URL_FILE": str(tmp_path / "empty"), "PATH_FILE": "x"}) == {"PATH_FILE": "x"}
    url = from_environment(tmp_path, {"CASECLOCK_STORE_URL": "postgresql://c@h/d", "CASECLOCK_STORE_PASSWORD": "a@b/c"}).store_url
    assert url == "postgresql://c:a%40b%2Fc@h/d"


def test_the_listener_has_store_and_tokens_and_nothing_of_airflow(services: dict[str, Any]) -> None:
    listener = services["caseclock-listen"]
    assert listener["command"] == ["python", "-m", "caseclock.cli", "listen"]
    assert {"store_password", "slack_token", "slack_app_token"} <= set(listener["secrets"])
    assert not {"fernet_key", "jwt_secret", "postgres_password", "api_secret_key"} & set(listener["secrets"])


def test_it_stays_in_the_form_that_is_known_to_run(text: str, services: dict[str, Any]) -> None:
    assert {s["image"] for s in services.values()} == IMAGES
    for word in ("pull_policy", "@sha256", "start_interval", "dockerfile_inline", ":+", ":latest"):
        assert word not in text


def test_the_image_takes_only_locked_packages_and_its_code_is_roots(root: Path) -> None:
    lines = (root / "Dockerfile").read_text("utf-8").splitlines()
    joined = "\n".join(lines)
    assert "pip install --no-cache-dir --no-deps --require-hashes -r /requirements.txt && pip check" in joined
    assert [line for line in lines if line.startswith("USER")][-1] == "USER airflow"
    assert not re.search(r"# syntax=|<<|--link|:latest|--from=|--chown=airflow", joined)


def test_the_lock_names_a_hash_for_every_package(root: Path) -> None:
    lock = (root / "requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9][\w.-]*)==.*?(?=^[a-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL)
    hashed = [block for block in re.split(r"(?m)^(?=[a-z0-9][\w.-]*==)", lock) if "--hash=sha256:" in block]
    assert len(pinned) == len(hashed) > 100


def test_neither_secrets_nor_history_go_into_the_image(root: Path) -> None:
    first, *rest = [line for line in (root / ".dockerignore").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert first == "*"
    assert {line for line in rest if line.startswith("!")} == {
        "!requirements.txt",
        "!dags",
        "!plugins",
        "!include",
        "!deploy",
        "!deploy/compose",
    }
    assert "deploy/*" in rest and "**/secrets" in rest
    assert "secrets/" in (root / ".gitignore").read_text("utf-8").splitlines()
