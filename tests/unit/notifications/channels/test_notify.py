"""The GOV.UK Notify channel over real HTTP against the fake: what is sent, what each refusal is called, and that nothing is sent twice."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from channel_lab import day, real_lab
from notification_samples import CASES, HOSTILE, WORSENED, item, message
from pydantic import SecretStr, ValidationError

from caseclock.demo.fake_notify import FakeNotify
from caseclock.errors import WrongUse
from caseclock.notifications.channels.notify import NotifyChannel, token_of
from caseclock.notifications.model import ChannelError, Recipient, Undeliverable
from caseclock.notifications.routes import Routes
from caseclock.now import now
from caseclock.settings import NotifySettings, from_environment
from caseclock.storage import schema as t

MANAGER = "manager.north@council.example"
NORTH = "north@example.org"


@pytest.fixture
def fake() -> Iterator[FakeNotify]:
    with FakeNotify() as running:
        yield running


def channel_of(fake: FakeNotify, **changes: Any) -> NotifyChannel:
    given = {"api_key": SecretStr(fake.api_key), "template": fake.template, "base_url": fake.url, "timeout": 2}
    return NotifyChannel(NotifySettings(**(given | changes)))


def test_the_mail_says_all_and_is_found_by_its_reference(fake: FakeNotify) -> None:
    channel = channel_of(fake)
    handle = channel.send(message(WORSENED, key="k1"), MANAGER, None)
    [sent] = fake.sent
    assert (sent["email_address"], sent["reference"]) == (MANAGER, "k1")
    assert sent["subject"] == "Worse, red: 21 unallocated cases in North Assessment"
    assert sent["body"].splitlines()[0] == (
        "Red: 21 unallocated cases in North Assessment, red limit 20, up from 12, open for 6 working days since Thu 27 August 2026."
    )
    assert "Sent by caseclock to Service manager, North on Mon 7 September 2026, 08:30." in sent["body"]
    assert sent["body"].endswith("See the cases behind this figure: https://pages.council.example/caseclock/alerts/0123456789ab?a=1&b=2")
    assert handle == {"reference": "k1", "id": sent["id"]}
    assert channel.find("k1", MANAGER, now(), None) == handle
    assert channel.find("k2", MANAGER, now(), None) is None


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_kind_of_message_fits_the_template(fake: FakeNotify, name: str) -> None:
    channel_of(fake).send(CASES[name], MANAGER, None)
    assert len(fake.sent) == 1


def test_several_alerts_are_numbered_as_their_links_are(fake: FakeNotify) -> None:
    links = [f"https://pages.council.example/caseclock/alerts/{n}" for n in range(3)]
    channel_of(fake).send(message(*(item(team=f"Team {n}", link=links[n] if n != 1 else None) for n in range(3))), MANAGER, None)
    body = fake.sent[0]["body"]
    assert all(f"Alert {n + 1}. Amber: 12 unallocated cases in Team {n}, amber limit 10, open since" in body for n in range(3))
    assert body.endswith(f"See the cases behind alert 1: {links[0]}\nSee the cases behind alert 3: {links[2]}")


def test_a_teams_name_can_neither_link_nor_format(fake: FakeNotify) -> None:
    for name in (HOSTILE, "[payroll](https://evil.example/x) # *North* www.evil.example", "((body)) ((link))"):
        channel_of(fake).send(message(item(team=name, link=None)), MANAGER, None)
    for sent in fake.sent:
        assert "evil.example" not in sent["body"]
        assert "](" not in sent["body"]
    assert all(json.loads(call.body)["sanitise_content_for"] == ["body"] for call in fake.calls)


def test_the_token_is_the_one_of_the_documentation() -> None:
    """Made with PyJWT from the key and the `iat` on the page of Notify's API."""
    key = "my_test_key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"
    assert token_of(key, dt.datetime.fromtimestamp(1568818578, dt.UTC)) == EXPECTED_TOKEN


EXPECTED_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIyNjc4NWEwOS1hYjE2LTRlYjAtODQwNy1hMzc0OTdhNTc1MDYiLCJpYXQiOjE1Njg4MTg1Nzh9"
    ".YlLRluAeKD8aULjyZVgSwNwmUxolUmcv5g2k84o7ZTU"
)


@pytest.mark.parametrize("key", ["", "nonsense", "name-26785a09-ab16-4eb0-8407-a37497a57506", "canary-key-1234"])
def test_a_key_that_is_not_whole_is_said_and_not_shown(key: str) -> None:
    with pytest.raises(ChannelError, match="not whole") as caught:
        token_of(key, now())
    assert caught.value.permanent
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("off", "good"), [(0, True), (28, True), (-28, True), (45, False), (-45, False)])
def test_a_token_is_good_for_thirty_seconds_and_a_wrong_clock_is_called_so(off: int, good: bool) -> None:
    with FakeNotify(clock=lambda: now() + dt.timedelta(seconds=off)) as fake:
        channel = channel_of(fake)
        if good:
            channel.send(message(item()), MANAGER, None)
            assert len(fake.sent) == 1
            return
        with pytest.raises(ChannelError, match=r"clock is 4[456] seconds off") as caught:
            channel.send(message(item()), MANAGER, None)
    assert caught.value.permanent


REFUSALS = [
    # made to refuse by, sent to, in the reason, permanent, retry_after
    ({"team": ["somebody@council.example"]}, MANAGER, "team and guest list", True, None),
    ({"body": "((body)) ((case_reference))"}, MANAGER, "other placeholders", True, None),
    ({"per_minute": 0}, MANAGER, "too many", False, 60.0),
    ({"per_day": 0}, MANAGER, "limit for today", True, None),
    ({}, "manager", "name@domain", True, None),
    ({}, "a b@council.example", "name@domain", True, None),
]


@pytest.mark.parametrize(("made", "address", "reason", "permanent", "retry_after"), REFUSALS)
def test_a_refusal_says_what_to_do(made: dict[str, Any], address: str, reason: str, permanent: bool, retry_after: float | None) -> None:
    with FakeNotify(**made) as fake, pytest.raises(ChannelError, match=reason) as caught:
        channel_of(fake).send(message(item()), address, None)
    assert (caught.value.permanent, caught.value.unknown, caught.value.retry_after) == (permanent, False, retry_after)
    assert fake.sent == []


def test_another_template_and_another_key_are_refused_for_good(fake: FakeNotify) -> None:
    other = f"x-{fake.service}-26785a09-ab16-4eb0-8407-a37497a57506"
    for changes, reason in (({"template": "none"}, "placeholders"), ({"api_key": SecretStr(other)}, "check the API key")):
        with pytest.raises(ChannelError, match=reason) as caught:
            channel_of(fake, **changes).send(message(item()), MANAGER, None)
        assert caught.value.permanent
    assert fake.sent == []


FAULTS = [
    # fault, permanent, unknown, retry_after, mails made
    ("lost_before", False, True, None, 0),
    ("lost_after", False, True, None, 1),
    ("http_500_before", False, True, None, 0),
    ("http_503_after", False, True, None, 1),
    ("ratelimited", False, False, 60.0, 0),
    ("http_413_before", True, False, None, 0),
    ("redirect:http://127.0.0.1:9/", True, False, None, 0),
]


@pytest.mark.parametrize(("fault", "permanent", "unknown", "retry_after", "mails"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_called_by_its_name(
    fake: FakeNotify, fault: str, permanent: bool, unknown: bool, retry_after: float | None, mails: int
) -> None:
    fake.script("POST", fault)
    with pytest.raises(ChannelError) as caught:
        channel_of(fake).send(message(item()), MANAGER, None)
    assert (caught.value.permanent, caught.value.unknown, caught.value.retry_after) == (permanent, unknown, retry_after)
    assert len(fake.sent) == mails


@pytest.mark.parametrize(
    ("status", "there"),
    [("created", True), ("sending", True), ("delivered", True), ("temporary-failure", False), ("technical-failure", False)],
)
def test_a_mail_that_notify_gave_up_is_not_there(fake: FakeNotify, status: str, there: bool) -> None:
    channel = channel_of(fake)
    channel.send(message(item(), key="k1"), MANAGER, None)
    fake.becomes("k1", status)
    assert (channel.find("k1", MANAGER, now(), None) is not None) is there
    channel.send(message(item(), key="k1"), MANAGER, None)
    assert channel.find("k1", MANAGER, now(), None) is not None, "one of two is enough"


def test_an_address_that_does_not_exist_is_no_reason_to_send_again(fake: FakeNotify) -> None:
    channel = channel_of(fake)
    channel.send(message(item(), key="k1"), MANAGER, None)
    fake.becomes("k1", "permanent-failure")
    with pytest.raises(Undeliverable, match="does not exist"):
        channel.find("k1", MANAGER, now(), None)


@pytest.mark.parametrize("fault", ["lost_before", "http_500_before", "ratelimited:7", "http_200_before"])
def test_a_list_that_cannot_be_read_is_not_an_empty_list(fake: FakeNotify, fault: str) -> None:
    channel = channel_of(fake)
    channel.send(message(item(), key="k1"), MANAGER, None)
    fake.script("GET", fault)
    with pytest.raises(ChannelError) as caught:
        channel.find("k1", MANAGER, now(), None)
    assert not caught.value.permanent


def test_neither_message_nor_key_follows_a_redirect(fake: FakeNotify) -> None:
    with FakeNotify() as other:
        for method, ask in (
            ("POST", lambda c: c.send(message(item()), MANAGER, None)),
            ("GET", lambda c: c.find("k1", MANAGER, now(), None)),
        ):
            fake.script(method, f"redirect:{other.url}/v2/notifications")
            with pytest.raises(ChannelError, match="redirects are not followed"):
                ask(channel_of(fake))
        assert other.calls == []


def test_what_notify_no_longer_shows_is_not_taken_for_absent(fake: FakeNotify) -> None:
    with pytest.raises(ChannelError, match="7 days") as caught:
        channel_of(fake).find("k1", MANAGER, now() - dt.timedelta(days=7, minutes=1), None)
    assert caught.value.permanent
    assert fake.calls == []


def test_no_connection_is_surely_not_sent_and_a_mere_edit_is_never_mailed(fake: FakeNotify) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(ChannelError, match="no connection") as caught:
            channel_of(fake, base_url=f"http://127.0.0.1:{held.getsockname()[1]}").send(message(item()), MANAGER, None)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    with pytest.raises(ChannelError, match="cannot be changed") as caught:
        channel_of(fake).send(message(item(), mode="update"), MANAGER, None)
    assert caught.value.permanent
    assert fake.calls == []


@pytest.mark.parametrize("fault", ["lost_after", "http_500_after", "ok"])
def test_key_address_and_message_are_in_no_error_and_no_log(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeNotify(team=[] if fault == "ok" else None) as fake:
        fake.script("POST", fault)
        channel = channel_of(fake)
        with pytest.raises(ChannelError) as caught:
            channel.send(message(item(team="Canary Team")), MANAGER, None)
        assert caught.value.__cause__ is None
        for text in (f"{caught.value!r}", caplog.text, repr(channel._settings)):
            for hidden in (fake.secret, fake.api_key, MANAGER, "Canary Team", "Bearer"):
                assert hidden not in text


# --- through the outbox ---------------------------------------------------------------------------------------------
class Town:
    """A service manager who is told by Notify alone. The engine, the channel and Notify have one clock."""

    def __init__(self, **manager: Any) -> None:
        self.fake = FakeNotify(clock=lambda: self.lab.now).start()
        settings = NotifySettings(api_key=SecretStr(self.fake.api_key), template=self.fake.template, base_url=self.fake.url, timeout=2)
        channel = NotifyChannel(settings, clock=lambda: self.lab.now)
        self.lab = real_lab({"notify": channel}, notify=NORTH, tell=["notify"], **manager)

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [(row["channel"], row["state"]) for row in self.lab.table(t.outbox) if row["recipient"] == "sm"]


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town()
    yield made
    made.fake.stop()


def test_the_end_is_a_mail_and_what_would_be_an_edit_is_left_out_and_audited(town: Town) -> None:
    for n, value in enumerate((12, 13, 3)):
        day(town.lab, n, value)
        town.lab.run()
    assert [sent["subject"] for sent in town.fake.sent] == [
        "Amber: 12 unallocated cases in north", "Resolved: 3 unallocated cases in north",
    ]  # fmt: skip
    said = [row["reason"] for row in town.lab.table(t.audit) if row["event"] == "suppressed"]
    assert any("notify cannot change a message once it is sent; a refresh alone" in reason for reason in said)


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "http_500_before", "http_502_after"])
def test_what_may_have_arrived_is_looked_for_and_the_reader_gets_one_mail(town: Town, fault: str) -> None:
    day(town.lab, 0, 12)
    town.fake.script("POST", fault)
    for _ in range(3):
        town.lab.run()
        town.lab.now += dt.timedelta(minutes=1)
    assert list(town.fake.copies().values()) == [1]
    assert town.rows == [("notify", "sent")]
    assert ("adopted" in town.lab.events()) is fault.endswith("after")


@pytest.mark.parametrize("north", [12, 25])
def test_where_notify_fails_every_time_the_next_channel_is_used(town: Town, north: float) -> None:
    day(town.lab, 0, north)
    town.fake.script("POST", *["http_500_before"] * 30)
    for _ in range(12):
        town.lab.run()
        town.lab.now += dt.timedelta(minutes=5)
    assert town.fake.sent == []
    assert town.rows == [("notify", "failed"), ("email", "sent")]


@pytest.mark.parametrize("north", [12, 25])
def test_what_can_never_be_delivered_goes_by_the_next_channel_red_or_not(town: Town, north: float) -> None:
    day(town.lab, 0, north)
    town.fake.script("POST", "lost_after")
    town.lab.run()
    town.fake.becomes(town.fake.sent[0]["reference"], "permanent-failure")
    town.lab.now += dt.timedelta(minutes=1)
    town.lab.run()
    town.lab.run()
    assert len(town.fake.sent) == 1
    assert town.rows == [("notify", "failed"), ("email", "sent")]


def test_what_can_never_be_delivered_and_is_out_of_date_is_dropped(town: Town) -> None:
    day(town.lab, 0, 12)
    town.fake.script("POST", "lost_after")
    town.lab.run()
    town.fake.becomes(town.fake.sent[0]["reference"], "permanent-failure")
    day(town.lab, 1, 3)
    town.lab.run()
    assert town.rows == [("notify", "dropped")]
    assert town.lab.landed == []


# --- settings and routes --------------------------------------------------------------------------------------------
KEY = "caseclock-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"


def test_settings_come_from_the_environment_and_empty_ones_are_none(tmp_path: Any) -> None:
    env = {
        "CASECLOCK_NOTIFY_API_KEY": KEY,
        "CASECLOCK_NOTIFY_TEMPLATE": "t1",
        "CASECLOCK_TEAMS_WEBHOOKS": '{"north-managers": "https://a.example/1"}',
        "CASECLOCK_TEAMS_SOUTH": "https://a.example/2",
        "CASECLOCK_TEAMS_EAST": "",
    }
    found = from_environment(tmp_path, env)
    assert found.notify is not None
    assert (found.notify.template, found.notify.base_url) == ("t1", "https://api.notifications.service.gov.uk")
    assert found.teams is not None
    assert set(found.teams.webhooks) == {"north-managers", "south"}
    assert "a.example" not in repr(found)
    assert KEY not in repr(found)
    empty = from_environment(tmp_path, dict.fromkeys(env, ""))
    assert (empty.teams, empty.notify) == (None, None)


@pytest.mark.parametrize(
    "text", ["https://a.example/canary", '["https://a.example/canary"]', '{"north": 1, "x": "canary"}', '{"north": ""}']
)
def test_a_list_of_webhooks_that_cannot_be_read_is_said_without_showing_it(tmp_path: Any, text: str) -> None:
    with pytest.raises(WrongUse, match="CASECLOCK_TEAMS_WEBHOOKS") as caught:
        from_environment(tmp_path, {"CASECLOCK_TEAMS_WEBHOOKS": text})
    assert "canary" not in str(caught.value)


def test_a_key_without_a_template_is_refused(tmp_path: Any) -> None:
    with pytest.raises(WrongUse, match="CASECLOCK_NOTIFY_TEMPLATE"):
        from_environment(tmp_path, {"CASECLOCK_NOTIFY_API_KEY": KEY})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"teams": "https://prod.example/canary", "tell": ["teams"]}, "never its address"),
        ({"notify": "canary", "tell": ["notify"]}, "notify is an email address"),
        ({"slack": "C0NORTH", "tell": ["slack", "teams"]}, "told by teams and has no teams address"),
        ({"slack": "C0NORTH", "fallback": ["notify"]}, "told by notify and has no notify address"),
        ({"teams": "north"}, "no channel with an address"),
        ({"teams": "north", "notify": NORTH, "tell": ["teams"], "fallback": ["notify"]}, ""),
    ],
)
def test_routes_that_could_not_reach_anybody_are_refused(given: dict[str, Any], problem: str) -> None:
    whole = {"recipients": [Recipient(id="sm", title="Manager", **given)], "catch_all": ["sm"], "data": ["sm"]}
    if not problem:
        Routes(**whole)
        return
    with pytest.raises(ValidationError, match=problem) as caught:
        Routes(**whole)
    assert "canary" not in caught.value.errors()[0]["msg"]
