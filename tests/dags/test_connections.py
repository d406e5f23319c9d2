"""A task works on the store and the channels that the installation names: by connection, or by environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from airflow.sdk import Connection
from caseclock_connections import ConnectionMissing, connection, settings

from caseclock.errors import BadConfig, WrongUse
from caseclock.extracts.connection import NoConnection

SECRET = "marked-canary-secret"

STORE = Connection(
    conn_id="caseclock_store", conn_type="postgres", host="db", port=5432, login="app", password=SECRET + "/@", schema="store"
)
SLACK = Connection(conn_id="caseclock_slack", conn_type="slack", password=SECRET, extra='{"base_url": "http://127.0.0.1:9/api/"}')
SMTP = Connection(
    conn_id="caseclock_smtp",
    conn_type="smtp",
    host="relay",
    port=25,
    extra='{"from_email": "caseclock@example.org", "disable_tls": true, "timeout": 5}',
)
GIVEN = {connection.conn_id: connection for connection in (STORE, SLACK, SMTP)}


def test_connections_come_before_the_environment(tmp_path: Path) -> None:
    env = {"CASECLOCK_HOME": str(tmp_path), "CASECLOCK_STORE_URL": "sqlite:///other.db", "CASECLOCK_SMTP_HOST": "other"}
    found = settings(find=GIVEN.get, env=env)
    assert found.store_url == f"postgresql+psycopg2://app:{SECRET}%2F%40@db:5432/store"
    assert found.slack is not None
    assert (found.slack.token.get_secret_value(), found.slack.base_url) == (SECRET, "http://127.0.0.1:9/api/")
    assert found.smtp is not None
    smtp = found.smtp
    assert (smtp.host, smtp.port, smtp.sender, smtp.starttls, smtp.timeout) == ("relay", 25, "caseclock@example.org", False, 5)


def test_without_connections_the_environment_is_used(tmp_path: Path) -> None:
    found = settings(find=lambda _: None, env={"CASECLOCK_HOME": str(tmp_path), "CASECLOCK_SLACK_TOKEN": SECRET})
    assert found.store_url == f"sqlite:///{tmp_path / 'caseclock.db'}"
    assert found.slack is not None
    assert found.smtp is None


def test_a_listed_connection_that_is_not_found_is_a_fault_and_never_another_store(tmp_path: Path) -> None:
    env = {"CASECLOCK_HOME": str(tmp_path), "CASECLOCK_CONNECTIONS": "caseclock_store, caseclock_slack"}
    with pytest.raises(ConnectionMissing, match="caseclock_store"):
        settings(find=lambda _: None, env=env)
    assert issubclass(ConnectionMissing, OSError), "so it is tried again: Airflow may just not have answered"


def test_airflow_is_asked_by_name(caseclock_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CASECLOCK_STORE", "sqlite:///" + str(caseclock_home / "a.db").replace("/", "%2F"))
    monkeypatch.setenv("AIRFLOW_CONN_CASECLOCK_SLACK", f"slack://:{SECRET}@")
    found = settings(env={**os.environ, "CASECLOCK_CONNECTIONS": "caseclock_store,caseclock_slack"})
    assert found.store_url == f"sqlite:///{caseclock_home / 'a.db'}"
    assert found.slack is not None
    assert found.slack.token.get_secret_value() == SECRET


def test_no_secret_is_shown(tmp_path: Path) -> None:
    found = settings(find=GIVEN.get, env={"CASECLOCK_HOME": str(tmp_path)})
    assert SECRET not in repr(found.slack)
    assert SECRET not in str(found.smtp)


def test_an_unknown_kind_of_store_and_a_missing_home_are_said_plainly(tmp_path: Path) -> None:
    other = {"caseclock_store": Connection(conn_id="caseclock_store", conn_type="mysql", host="db", password=SECRET)}
    with pytest.raises(BadConfig, match="expected postgres or sqlite") as refused:
        settings(find=other.get, env={"CASECLOCK_HOME": str(tmp_path)})
    assert SECRET not in str(refused.value)
    with pytest.raises(WrongUse, match="CASECLOCK_HOME"):
        settings(find=lambda _: None, env={})


# --- places outside -------------------------------------------------------------------------------------------------
DROP = Connection(
    conn_id="drop",
    conn_type="sftp",
    host="sftp.example.org",
    port=2222,
    login="council",
    password=SECRET,
    extra='{"host_key": "ssh-ed25519 x"}',
)


def test_a_connection_of_a_source_comes_from_airflow_with_all_its_parts() -> None:
    found = connection("drop", {"drop": DROP}.get)
    assert (found.id, found.kind, found.host, found.port, found.login) == ("drop", "sftp", "sftp.example.org", 2222, "council")
    assert (found.password, found.schema, found.extra) == (SECRET, None, {"host_key": "ssh-ed25519 x"})
    assert SECRET not in repr(found)


def test_without_one_in_airflow_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASECLOCK_CONN_LAKE", f"aws://key:{SECRET}@/?region_name=eu-west-2")
    found = connection("lake", lambda _: None)
    assert (found.kind, found.login, found.password, found.extra) == ("aws", "key", SECRET, {"region_name": "eu-west-2"})
    with pytest.raises(NoConnection, match="connection none: it is not known"):
        connection("none", lambda _: None)


def test_airflow_is_asked_for_it_by_name(caseclock_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DROP", f"sftp://council:{SECRET}@sftp.example.org:2222/")
    assert connection("drop").password == SECRET


def test_the_house_of_a_task_knows_them(caseclock_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseclock_tasks import open_house

    monkeypatch.setenv("AIRFLOW_CONN_DROP", f"sftp://council:{SECRET}@sftp.example.org:2222/")
    with open_house() as house:
        assert house.connections("drop").host == "sftp.example.org"


# --- Teams and GOV.UK Notify ----------------------------------------------------------------------------------------
HOOK = f"https://prod.example.org/workflows/1?sig={SECRET}"
TEAMS = Connection(conn_id="caseclock_teams", conn_type="generic", password=f'{{"north": "{HOOK}"}}', extra='{"timeout": 4}')
NOTIFY = Connection(
    conn_id="caseclock_notify", conn_type="generic", password=SECRET, extra='{"template": "t1", "base_url": "http://127.0.0.1:9"}'
)


def test_the_optional_channels_have_connections_of_their_own(tmp_path: Path) -> None:
    found = settings(find={"caseclock_teams": TEAMS, "caseclock_notify": NOTIFY}.get, env={"CASECLOCK_HOME": str(tmp_path)})
    assert found.teams is not None
    assert (found.teams.webhooks["north"].get_secret_value(), found.teams.timeout) == (HOOK, 4)
    assert found.notify is not None
    notify = found.notify
    assert (notify.api_key.get_secret_value(), notify.template, notify.base_url) == (SECRET, "t1", "http://127.0.0.1:9")
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("id", "password", "what"),
    [
        ("caseclock_teams", SECRET, "no list of Teams webhooks"),
        ("caseclock_teams", "", "no list of"),
        ("caseclock_notify", SECRET, "extra has no template; expected the id"),
    ],
)
def test_a_connection_that_is_not_whole_is_said_plainly_and_not_shown(tmp_path: Path, id: str, password: str, what: str) -> None:
    given = Connection(conn_id=id, conn_type="generic", password=password)
    with pytest.raises((BadConfig, WrongUse), match=what) as refused:
        settings(find={id: given}.get, env={"CASECLOCK_HOME": str(tmp_path)})
    assert id in str(refused.value)
    assert SECRET not in str(refused.value)
