"""The Teams channel over real HTTP against the fake webhooks: what a reader sees, and what each bad day is called."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from channel_lab import day, real_lab
from hypothesis import example, given, settings
from hypothesis import strategies as st
from notification_samples import CASES, HOSTILE, WORSENED, item, message
from pydantic import SecretStr

from caseclock.demo.fake_teams import SIZE, FakeTeams, faults_in
from caseclock.notifications.channels import teams as channel_file
from caseclock.notifications.channels.teams import TeamsChannel, body_of, card_of, code_of
from caseclock.notifications.deliver import MOST_BLIND
from caseclock.notifications.model import ChannelError
from caseclock.settings import TeamsSettings
from caseclock.storage import schema as t

KEY = "3f9a12bc" + "0" * 32


@pytest.fixture
def fake() -> Iterator[FakeTeams]:
    with FakeTeams(["north"]) as running:
        yield running


def channel_of(fake: FakeTeams) -> TeamsChannel:
    return TeamsChannel(TeamsSettings(webhooks=fake.webhooks, timeout=2))


def test_a_card_says_all_that_a_reader_needs_and_shows_its_code(fake: FakeTeams) -> None:
    handle = channel_of(fake).send(message(WORSENED, key=KEY, notes=("Made from Annex A",)), "north", None)
    [posted] = fake.posted
    assert posted.lines == [
        "Worse, red: 21 unallocated cases in North Assessment",
        "Red limit 20, up from 12, open for 6 working days since Thu 27 August 2026.",
        "It has got worse since you were last told. It has risen to red: was 12, now 21.",
        "Not acknowledged at present.",
        "Look at the cases behind this figure and decide what happens next.",
        "Last 6 figures, 3 August to 7 September 2026, oldest first: 8, 9, 9, 12, 12, 21.",
        "Data as of Mon 7 September 2026, source demo.",
        "Made from Annex A.",
        "Code of this message: 3f9a-12bc. A message with the same code is this one again.",
    ]
    assert handle == {"code": "3f9a-12bc"}
    assert posted.card["version"] == "1.4"


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_kind_of_message_can_be_drawn(fake: FakeTeams, name: str) -> None:
    channel_of(fake).send(CASES[name], "north", None)
    assert (len(fake.posted), fake.failed_runs) == (1, [])


def test_the_same_message_is_the_same_bytes_and_the_same_code_and_another_is_not() -> None:
    assert body_of(message(item(), key=KEY)) == body_of(message(item(), key=KEY))
    assert code_of(KEY) != code_of("4" + KEY[1:])
    assert len(code_of("not a hash")) == len(code_of(KEY)) == 9


def test_a_teams_name_is_never_read_as_markdown() -> None:
    name = "**North** [payroll](https://evil.example) {{DATE(2026-01-01T00:00:00Z)}}"
    card = card_of(message(item(team=name), item(team=HOSTILE, instance="unallocated/x"), headline=""))
    assert {e["type"] for e in elements(card["body"])} <= {"RichTextBlock", "TextRun", "ActionSet", "Action.OpenUrl"}, (
        "a TextBlock is markdown"
    )
    assert {e["title"] for e in elements(card["body"]) if e["type"] == "Action.OpenUrl"} == {"See the cases behind this figure"}
    assert "\\*\\*North\\*\\* \\[payroll\\]\\(https\\://evil" in card["fallbackText"]
    assert "](" not in card["fallbackText"]


def elements(found: Any) -> list[dict[str, Any]]:
    if isinstance(found, dict):
        return [found, *(e for part in found.values() for e in elements(part))] if "type" in found else []
    return [e for part in found for e in elements(part)] if isinstance(found, list) else []


NAMES = st.one_of(st.text(max_size=600), st.just("😀" * 600), st.just("\\\"'" * 300), st.just(HOSTILE))
ITEMS = st.builds(
    item,
    kind=st.sampled_from(["fire", "worsened", "resolved", "hold", "dq_failed", "delivery_failed"]),
    team=NAMES, title=NAMES, source=NAMES, reason=NAMES,
    severity=st.sampled_from([None, "amber", "red"]),
    link=st.one_of(st.none(), NAMES.map(lambda name: f"https://a.example/{name}")),
)  # fmt: skip
MESSAGES = st.builds(
    lambda items, notes, headline, lines: message(*items, notes=tuple(notes), headline="" if items else headline, lines=tuple(lines)),
    st.lists(ITEMS, max_size=40),
    st.lists(NAMES, max_size=14),
    NAMES,
    st.lists(NAMES, max_size=80),
)


WIDE = "😀" * 600  # four bytes a character
WIDEST = item(team=WIDE, title=WIDE, source=WIDE, reason=WIDE, link=f"https://a.example/{WIDE}")


@settings(max_examples=40, deadline=None)
@given(MESSAGES)
@example(message(*[WIDEST] * 40, notes=tuple(f"{n} {WIDE}" for n in range(14))))
@example(message(headline=WIDE, lines=(WIDE,) * 90, notes=(WIDE,)))
def test_whatever_is_in_it_the_card_is_drawn_and_stays_below_the_limit(sent: Any) -> None:
    body = body_of(sent)
    card = json.loads(body)["attachments"][0]["content"]
    assert len(body) <= 20_000
    assert len(json.dumps(json.dumps(card, ensure_ascii=False), ensure_ascii=False).encode()) <= SIZE
    assert faults_in(card) == []
    assert code_of(sent.key) in card["body"][-1]["inlines"][0]["text"]


def test_what_has_no_room_is_counted_and_the_worst_is_shown() -> None:
    items = [item(team=f"{'Long name ' * 6}{n}", instance=f"unallocated/{n}", severity="red" if n == 59 else "amber") for n in range(60)]
    card = json.loads(body_of(message(*items)))["attachments"][0]["content"]
    said = [run["text"] for run in elements(card["body"]) if run["type"] == "TextRun"]
    assert said[0] == "60 alerts: 1 red, 59 amber"
    assert said[1].startswith("Red: 12 unallocated cases in Long name")
    shown = sum(text.startswith(("Red: ", "Amber: ")) for text in said)
    assert any(text.startswith(f"And {60 - shown} more: {60 - shown} amber. ") for text in said)
    assert shown in {room.items for room in channel_file.ROOMS}


FAULTS = [
    # fault, permanent, unknown, retry_after, cards in the channel
    ("lost_before", False, True, None, 0),
    ("lost_after", False, True, None, 1),
    ("http_500_before", False, True, None, 0),
    ("http_502_after", False, True, None, 1),
    ("http_408_before", False, True, None, 0),
    ("ratelimited:120", False, False, 120.0, 0),
    ("http_429_before", False, False, 30.0, 0),
    ("http_400_before", True, False, None, 0),
    ("http_404_before", True, False, None, 0),
    ("http_413_before", True, False, None, 0),
]


@pytest.mark.parametrize(("fault", "permanent", "unknown", "retry_after", "cards"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_called_by_its_name(
    fake: FakeTeams, fault: str, permanent: bool, unknown: bool, retry_after: float | None, cards: int
) -> None:
    fake.script("POST", fault)
    with pytest.raises(ChannelError) as caught:
        channel_of(fake).send(message(item()), "north", None)
    assert (caught.value.permanent, caught.value.unknown, caught.value.retry_after) == (permanent, unknown, retry_after)
    assert len(fake.posted) == cards


def test_a_time_out_is_unknown_and_no_connection_is_surely_not_sent(fake: FakeTeams) -> None:
    slow = TeamsChannel(TeamsSettings(webhooks=fake.webhooks, timeout=1))
    fake.script("POST", "delay:1.5")
    with pytest.raises(ChannelError) as caught:
        slow.send(message(item()), "north", None)
    assert caught.value.unknown
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = TeamsChannel(TeamsSettings(webhooks={"north": SecretStr(f"http://127.0.0.1:{held.getsockname()[1]}/x?sig=canary")}))
        with pytest.raises(ChannelError, match="no connection") as caught:
            nobody.send(message(item()), "north", None)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)


def test_a_redirect_is_not_followed(fake: FakeTeams) -> None:
    with FakeTeams(["elsewhere"]) as other:
        fake.script("POST", f"redirect:{other.webhooks['elsewhere'].get_secret_value()}")
        with pytest.raises(ChannelError, match="redirects are not followed") as caught:
            channel_of(fake).send(message(item()), "north", None)
        assert caught.value.permanent
        assert other.calls == []


@pytest.mark.parametrize(
    "address", ["http://example.org/hook", "ftp://example.org/x", "file:///etc/passwd", "https://", "nonsense", "https://a b.example/"]
)
def test_an_address_that_is_not_https_is_never_called(address: str) -> None:
    with pytest.raises(ChannelError, match="not an https address") as caught:
        TeamsChannel(TeamsSettings(webhooks={"north": SecretStr(address)})).send(message(item()), "north", None)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("change", "todo"),
    [
        (lambda fake, hook: fake.switched_off.add("north") or hook, "switched off"),
        (lambda fake, hook: hook[:-4], "not whole"),
        (lambda fake, hook: hook.replace("/workflows/", "/workflows/0"), "make it again"),
    ],
)
def test_what_a_person_must_do_is_said(fake: FakeTeams, change: Any, todo: str) -> None:
    address = change(fake, fake.webhooks["north"].get_secret_value())
    with pytest.raises(ChannelError, match=todo) as caught:
        TeamsChannel(TeamsSettings(webhooks={"north": SecretStr(address)})).send(message(item()), "north", None)
    assert caught.value.permanent


def test_a_fifth_message_within_a_second_is_not_accepted_and_says_when_to_come_again(fake: FakeTeams) -> None:
    channel = channel_of(fake)
    for n in range(4):
        channel.send(message(item(), key=f"k{n}"), "north", None)
    with pytest.raises(ChannelError, match="too many") as caught:
        channel.send(message(item(), key="k4"), "north", None)
    assert (caught.value.retry_after, len(fake.posted)) == (1.0, 4)


def test_an_older_connector_that_says_200_and_means_an_error_is_understood() -> None:
    from caseclock.notifications.web import Answer

    body = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId tcid=0"
    for status, permanent, unknown in ((429, False, False), (413, True, False), (500, False, True)):
        with pytest.raises(ChannelError) as caught:
            channel_file._check(Answer(200, {}, body % status))
        assert (caught.value.permanent, caught.value.unknown) == (permanent, unknown)
    channel_file._check(Answer(200, {}, b"1"))


@pytest.mark.parametrize(
    "fault", ["lost_after", "http_500_after", "http_400_before", "ratelimited:9", "redirect:http://127.0.0.1:9/?sig=canary"]
)
def test_the_address_and_the_message_are_in_no_error_and_no_log(fake: FakeTeams, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = fake.webhooks["north"].get_secret_value()
    caplog.set_level(logging.DEBUG)
    fake.script("POST", fault)
    channel = channel_of(fake)
    with pytest.raises(ChannelError) as caught:
        channel.send(message(item(team="Canary Team")), "north", None)
    assert caught.value.__cause__ is None
    for text in (f"{caught.value!r}", caplog.text, repr(channel._settings)):
        for hidden in (secret, secret.rpartition("sig=")[2], "sig=", "Canary Team", "127.0.0.1"):
            assert hidden not in text


def test_a_mere_edit_and_an_unknown_name_are_permanent_and_nothing_is_posted(fake: FakeTeams) -> None:
    channel = channel_of(fake)
    for mode, address in (("update", "north"), ("post", "south")):
        with pytest.raises(ChannelError) as caught:
            channel.send(message(item(), mode=mode), address, None)
        assert caught.value.permanent
    with pytest.raises(ChannelError):
        channel.find(KEY, "north", dt.datetime.now(dt.UTC), None)
    assert fake.calls == []


# --- through the outbox ---------------------------------------------------------------------------------------------
def test_refresh_and_hold_are_left_out_and_audited_and_the_end_is_a_post(fake: FakeTeams) -> None:
    made = real_lab({"teams": channel_of(fake)}, teams="north", tell=["teams"])
    for n, value in enumerate((12, 13, 14, 20, 3)):
        day(made, n, value, held="half the rows are missing" if n == 2 else None)
        made.run()
    assert [posted.lines[0] for posted in fake.posted] == [
        "Amber: 12 unallocated cases in north",
        "Worse, red: 20 unallocated cases in north",
        "Resolved: 3 unallocated cases in north",
    ]
    said = [row["reason"] for row in made.table(t.audit) if row["event"] == "suppressed"]
    for left_out in ("refresh", "hold"):
        assert any(f"teams cannot change a message once it is sent; a {left_out} alone" in reason for reason in said)
    assert max(fake.copies().values()) == 1


def test_a_card_of_unknown_fate_is_posted_again_with_the_same_code_and_says_that_it_may_repeat(fake: FakeTeams) -> None:
    made = real_lab({"teams": channel_of(fake)}, teams="north", tell=["teams"])
    day(made, 0, 12)
    fake.script("POST", "lost_after")
    made.run()
    made.run()
    assert len(fake.posted) == 1, "it rests first"
    made.now += dt.timedelta(minutes=1)
    made.run()
    first, second = fake.posted
    assert first.code == second.code != ""
    assert not any("twice" in line for line in first.lines)
    assert any("This message may reach you twice" in line for line in second.lines)


def test_a_workflow_that_is_switched_off_is_replaced_by_the_next_channel_and_data_engineers_are_told(fake: FakeTeams) -> None:
    fake.switched_off.add("north")
    made = real_lab({"teams": channel_of(fake)}, teams="north", tell=["teams"], fallback=["email"])
    day(made, 0, 12)
    made.run()
    assert [(m.to, m.items) for m in made.landed] == [("sm", ("fire unalloc/north 12 amber",)), ("data", ("delivery_failed sm",))]
    reasons = [row["reason"] for row in made.table(t.outbox) if row["state"] == "failed"]
    assert any("switched off" in reason for reason in reasons)


def test_too_many_at_once_wait_for_their_turn_and_none_is_lost_or_repeated() -> None:
    with FakeTeams(["north"], rates=((60, 1),)) as fake:
        made = real_lab({"teams": channel_of(fake)}, teams="north", tell=["teams"])
        day(made, 0, 12)
        made.run()
        day(made, 1, 25)
        made.run()
        assert len(fake.posted) == 1
        fake.rates = ((1, 4),)
        for _ in range(3):
            made.now += dt.timedelta(minutes=2)
            made.run()
    assert [posted.lines[0] for posted in fake.posted] == [
        "Amber: 12 unallocated cases in north", "Worse, red: 25 unallocated cases in north",
    ]  # fmt: skip
    assert max(fake.copies().values()) == 1


@pytest.mark.parametrize(("fault", "north"), [("lost_before", 12), ("http_500_after", 25)])
def test_where_no_answer_ever_comes_the_next_channel_is_used_and_the_repeats_have_an_end(fake: FakeTeams, fault: str, north: float) -> None:
    made = real_lab({"teams": channel_of(fake)}, teams="north", tell=["teams"])
    day(made, 0, north)
    fake.rates = ()
    fake.script("POST", *[fault] * 30)
    for _ in range(20):
        made.run()
        made.now += dt.timedelta(minutes=5)
    assert len(fake.calls) == MOST_BLIND
    assert [m.channel for m in made.landed if m.to == "sm"] == ["email"]
