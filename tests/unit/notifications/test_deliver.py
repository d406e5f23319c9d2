"""The sender and the outbox on a real store: order, leases, faults, fallback, channels without edit or read-back."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.demo.alert_lab import Crash, Lab, local, recipient, routes_of, rules_of
from caseclock.notifications.routes import Match, Route, Routes
from caseclock.storage import schema as t
from caseclock.storage.alerts import list_alerts, show_alert, why
from caseclock.storage.outbox import SqlDelivery

SPEC = {
    "unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1},
    "overdue": {"desc": "overdue visits", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1},
}
PEOPLE = {"service": {"north": "sm", "south": "sm2"}, "escalation": "head", "data": "data"}
MONDAY = dt.date(2026, 9, 7)


def lab(**people: object) -> Lab:
    return Lab(rules_of(SPEC), routes_of(PEOPLE, **people), cadence=None)


def day(made: Lab, n: int, north: float, *, rev: int = 0, rule: str = "unalloc", at: str = "08:30", held: str | None = None) -> None:
    made.now = local(f"{MONDAY + dt.timedelta(days=n)}T{at}")
    made.extract(MONDAY + dt.timedelta(days=n), {rule: {"north": north}}, rev, held=held)


def minutes(made: Lab, n: float) -> None:
    made.now += dt.timedelta(minutes=n)


def items(made: Lab) -> list[tuple[str, str, str]]:
    return [(m.channel, m.mode, i) for m in made.landed for i in m.items]


def test_a_second_run_on_the_same_data_enqueues_nothing() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    made.update()
    assert len(made.table(t.outbox)) == 1


def test_a_breach_that_was_never_sent_and_is_over_is_not_sent() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    day(made, 1, 3)
    assert made.run() == []
    assert [r["state"] for r in made.table(t.outbox)] == ["dropped"]
    assert "dropped" in made.events()


def test_a_breach_that_was_dropped_unsent_and_comes_back_is_sent() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    day(made, 0, 3, rev=1)
    made.update()
    day(made, 0, 14, rev=2)
    made.run()
    assert items(made) == [("slack", "post", "fire unalloc/north 14 amber")]


def test_a_message_that_waits_is_drawn_with_the_newest_figures() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    day(made, 1, 13)
    made.run()
    assert items(made) == [("slack", "post", "fire unalloc/north 13 amber")]


def test_a_corrected_alert_that_turns_out_right_after_all_is_told_again() -> None:
    made = lab()
    for rev, value in enumerate((12, 3, 12)):
        day(made, 0, value, rev=rev)
        made.run()
    assert [i.split()[0] for _, _, i in items(made)] == ["fire", "retracted", "fire"]
    assert made.copies() == 1


@pytest.mark.parametrize(("fault", "wait"), [("rate_limited", 1), ("lost_before", 1), ("bug", 1), ("crash_before_send", 3)])
def test_what_has_surely_not_arrived_is_sent_again_after_a_rest(fault: str, wait: float) -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = [fault]
    made.run()
    assert made.landed == []
    made.run()
    assert made.landed == [], "it rests first"
    minutes(made, wait)
    made.run()
    assert items(made) == [("slack", "post", "fire unalloc/north 12 amber")]
    assert len(made.table(t.attempt)) == 2


@pytest.mark.parametrize("fault", ["lost_after", "crash_after_send"])
def test_what_has_arrived_unseen_is_found_and_not_sent_again(fault: str) -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = [fault]
    made.run()
    minutes(made, 3)
    made.run()
    assert len(made.landed) == 1
    assert "adopted" in made.events()
    assert [r["open"] for r in made.table(t.told)] == [1]


def test_an_outdated_message_of_unknown_fate_is_not_sent_again_when_it_has_not_arrived() -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = ["lost_before"]
    made.run()
    day(made, 1, 3)
    made.run()
    assert made.landed == []
    assert [r["state"] for r in made.table(t.outbox)] == ["dropped"]


def test_an_outdated_message_of_unknown_fate_that_has_arrived_is_closed() -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = ["lost_after"]
    made.run()
    day(made, 1, 3)
    made.run()
    made.run()
    assert [i.split()[0] for _, _, i in items(made)] == ["fire", "resolved"]


def test_while_one_message_is_not_settled_the_next_for_the_same_reader_waits() -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = ["rate_limited"]
    made.run()
    day(made, 0, 15, rule="overdue", rev=1, at="08:30")
    made.extract(MONDAY, {"unalloc": {"north": 12}, "overdue": {"north": 15}}, 2)
    made.run()
    assert made.landed == []
    minutes(made, 1)
    made.run()
    assert [i for _, _, i in items(made)] == ["fire unalloc/north 12 amber", "fire overdue/north 15 amber"]


def test_two_senders_at_once_send_one_copy() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    store = SqlDelivery(made.engine)
    until = made.now + dt.timedelta(seconds=120)
    first = store.claim("a", made.now, until, ["slack"])
    assert first is not None
    assert store.claim("b", made.now, until, ["slack"]) is None
    assert store.begin(first, "b", made.now, until) is None, "who has no lease cannot begin"
    assert made.deliver() == []


def test_a_sender_that_lost_its_lease_cannot_settle() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()

    def slow(step: str, key: str) -> None:
        if step == "sent":  # meanwhile the lease has run out, and another sender has looked, found and adopted it
            minutes(made, 5)
            made.deliver()

    outcomes = made.deliver(slow)
    assert [o.outcome for o in outcomes] == ["unknown"]
    assert [r["serial"] for r in made.table(t.told)] == [1]
    assert len(made.landed) == 1


def test_a_message_for_a_channel_that_is_not_configured_waits_and_says_why_once() -> None:
    made = lab()
    made.channels_without = ("slack",)
    day(made, 0, 12)
    for _ in range(3):
        made.run()
    assert [r["event"] for r in made.table(t.audit)].count("held") == 1
    made.channels_without = ()
    made.run()
    assert items(made) == [("slack", "post", "fire unalloc/north 12 amber")]


def test_a_channel_that_fails_for_good_is_replaced_until_the_end_is_told() -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = ["permanent"]
    made.run()
    for n, value in ((1, 15), (2, 3)):
        day(made, n, value)
        made.run()
    to_manager = [(m.channel, i) for m in made.landed if m.to == "sm" for i in m.items]
    assert to_manager == [
        ("email", "fire unalloc/north 12 amber"), ("email", "worsened unalloc/north 15 amber"), ("email", "resolved unalloc/north"),
    ]  # fmt: skip
    assert [i for m in made.landed if m.to == "data" for i in m.items] == ["delivery_failed sm"]


def test_a_failure_for_data_engineers_is_not_told_to_data_engineers() -> None:
    made = lab()
    day(made, 0, 12, held="too few rows")
    made.faults[:] = ["permanent"]
    made.run()
    assert [(m.to, m.channel, m.items) for m in made.landed] == [("data", "email", ("dq_failed 2026-09-07",))]
    assert made.run() == []


def test_mail_gets_posts_and_no_edits_and_the_audit_says_so() -> None:
    made = lab(tell=["email"])
    for n, value in enumerate((12, 13, 20, 3)):
        day(made, n, value)
        made.run()
    assert items(made) == [
        ("email", "post", "fire unalloc/north 12 amber"),
        ("email", "post", "worsened unalloc/north 20 red"),
        ("email", "post", "resolved unalloc/north"),
    ]
    said = [r["reason"] for r in made.table(t.audit) if r["event"] == "suppressed"]
    assert any("email cannot change a message" in reason for reason in said)
    assert len({m.message.episode for m in made.landed}) == 1, "one conversation, so that mails are threaded"


def test_mail_of_unknown_fate_is_sent_again_with_the_same_key_and_says_that_it_may_repeat() -> None:
    made = lab(tell=["email"])
    day(made, 0, 12)
    made.faults[:] = ["lost_after"]
    made.run()
    minutes(made, 1)
    made.run()
    first, second = made.landed
    assert first.key == second.key
    assert not first.message.notes
    assert any("twice" in note for note in second.message.notes)


def test_mail_of_unknown_fate_that_is_out_of_date_is_taken_as_arrived_so_that_its_end_is_told() -> None:
    made = lab(tell=["email"])
    day(made, 0, 12)
    made.faults[:] = ["lost_before"]
    made.run()
    day(made, 1, 3)
    made.run()
    made.run()
    assert [i for _, _, i in items(made)] == ["resolved unalloc/north"]


def test_red_is_sent_again_where_slack_cannot_be_read_and_amber_goes_by_mail() -> None:
    for value, channel in ((25, "slack"), (12, "email")):
        made = lab()
        made.slack.blind = True
        day(made, 0, value)
        made.faults[:] = ["lost_before"]
        made.run()
        minutes(made, 1)
        made.run()
        assert [m.channel for m in made.landed if m.to == "sm"] == [channel]


def test_an_edit_draws_everything_that_its_root_shows() -> None:
    made = lab()
    made.now = local(f"{MONDAY}T08:30")
    made.extract(MONDAY, {"unalloc": {"north": 12}, "overdue": {"north": 15}})
    made.run()
    made.now = local(f"{MONDAY + dt.timedelta(days=1)}T08:30")
    made.extract(MONDAY + dt.timedelta(days=1), {"unalloc": {"north": 13}, "overdue": {"north": 3}})
    made.run()
    post, *edits = made.landed
    assert [m.mode for m in edits] == ["update", "update+reply"]
    assert all({i.instance for i in m.message.root} == {"unalloc/north", "overdue/north"} for m in (post, *edits))
    assert len({tuple(i.instance for i in m.message.root) for m in edits}) == 1, "lines do not change places"
    assert {(i.kind, i.value) for i in edits[-1].message.root} == {("refresh", 13), ("resolved", 3)}


def test_two_recipients_by_two_channels_are_each_told_by_each_until_it_is_over() -> None:
    made = lab(tell=["slack", "email"])
    day(made, 0, 12)
    made.faults[:] = ["lost_before"]
    made.run()
    day(made, 1, 3)
    for _ in range(3):
        made.run()
        minutes(made, 5)
    assert [i for c, _, i in items(made) if c == "email"] == ["fire unalloc/north 12 amber", "resolved unalloc/north"]
    assert [i for c, _, i in items(made) if c == "slack"] == []


def test_who_is_no_longer_routed_hears_only_that_it_is_over() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    people = [recipient(name) for name in ("sm", "new", "head", "data")]
    made.routes = Routes(
        recipients=people, routes=[Route(match=Match(teams=["north"]), tell=["new"])], catch_all=["data"], data=["data"], escalation="head"
    )
    day(made, 1, 16)
    made.run()
    day(made, 2, 3)
    made.run()
    assert [(m.to, i) for m in made.landed for i in m.items] == [
        ("sm", "fire unalloc/north 12 amber"), ("new", "fire unalloc/north 16 amber"),
        ("sm", "resolved unalloc/north"), ("new", "resolved unalloc/north"),
    ]  # fmt: skip


def test_a_team_that_is_missing_is_not_a_team_without_work() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    made.now = local("2026-09-08T08:30")
    made.extract(MONDAY + dt.timedelta(days=1), {"unalloc": {"south": 2}})
    made.run()
    made.run()
    assert [(m.to, i) for m in made.landed[1:] for i in m.items] == [("data", "missing_scope north"), ("sm", "hold unalloc/north")]
    assert made.state("unalloc/north") == "FIRING"


def test_why_leads_from_the_messages_to_the_extracts_hash_and_says_why_nothing_was_sent() -> None:
    made = lab()
    day(made, 0, 12, at="19:00")
    made.run()
    day(made, 1, 12)
    made.run()
    with made.engine.begin() as c:
        (alert,) = list_alerts(c, "lab")
        chain = why(c, alert["id"], {"unalloc": "unalloc"})
        shown = show_alert(c, alert["id"])
        assert why(c, "0" * 12) is None
    assert chain is not None
    assert shown is not None
    assert [n["event"] for n in chain["notes"]] == ["suppressed", "sent"]
    assert "outside working hours" in chain["notes"][0]["reason"]
    assert [m["state"] for m in chain["messages"]] == ["sent"]
    assert [v["value"] for v in chain["values"]] == [12, 12]
    assert all(len(e["sha256"]) == 64 for e in chain["extracts"])
    assert [e["to_state"] for e in shown["events"]] == ["FIRING"]


def test_the_audit_does_not_repeat_a_reason() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    for _ in range(5):
        minutes(made, 30)
        made.run()
    assert [r["event"] for r in made.table(t.audit) if r["event"] != "limits"] == ["sent", "suppressed"]


def test_a_dying_process_is_not_mistaken_for_a_failed_sending() -> None:
    made = lab()
    day(made, 0, 12)
    made.update()
    made.faults[:] = ["crash_before_send"]
    with pytest.raises(Crash):
        made.deliver()
    assert [r["state"] for r in made.table(t.outbox)] == ["sending"]


def test_an_alert_whose_rule_is_no_longer_in_force_is_closed_with_that_reason() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    made.rules = made.rules[1:]
    minutes(made, 10)
    made.run()
    assert [(m.mode, m.message.items[0].kind, m.message.items[0].title) for m in made.landed[1:]] == [
        ("update+reply", "limit_changed", "unallocated cases")
    ]
    assert not [r for r in made.table(t.told) if r["open"]]
    assert made.run() == []


def test_figures_that_were_taken_back_but_not_corrected_are_resolved_and_not_called_wrong() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    day(made, 0, 0, rev=1, held="half the rows are missing")
    made.run()
    day(made, 1, 3)
    made.run()
    assert [i.split()[0] for m in made.landed if m.to == "sm" for i in m.items] == ["fire", "hold", "unhold", "resolved"]


def test_while_a_message_may_be_on_its_way_nothing_else_is_enqueued_about_the_same_alert() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    day(made, 1, 15)
    made.faults[:] = ["lost_after"]
    made.run()
    day(made, 1, 13, rev=1)
    made.update()
    assert [r["state"] for r in made.table(t.outbox)] == ["sent", "unknown"]
    assert any("on its way" in r["reason"] for r in made.table(t.audit) if r["event"] == "suppressed")
    minutes(made, 1)
    made.run()
    made.run()
    assert [i for _, _, i in items(made)] == [
        "fire unalloc/north 12 amber", "worsened unalloc/north 15 amber", "refresh unalloc/north 13 amber",
    ]  # fmt: skip


def test_what_a_dead_sender_has_left_rests_for_the_quarantine_before_it_is_looked_for() -> None:
    made = lab()
    day(made, 0, 12)
    made.faults[:] = ["crash_before_send"]
    made.run()
    minutes(made, 3)  # the lease is over, the quarantine is not: the request may still be in the network
    assert [o.outcome for o in made.deliver(quarantine=300)] == ["unknown"]
    assert made.landed == []
    minutes(made, 3)
    assert [o.outcome for o in made.deliver(quarantine=300)] == ["sent"]


def test_mail_of_unknown_fate_waits_out_the_night_and_is_then_sent_again() -> None:
    made = lab(tell=["email"])
    day(made, 0, 12, at="17:59")
    made.faults[:] = ["lost_before"]
    made.run()
    made.now = local(f"{MONDAY}T18:30")
    made.run()
    assert made.landed == []
    made.now = local(f"{MONDAY + dt.timedelta(days=1)}T08:00")
    made.run()
    assert [i for _, _, i in items(made)] == ["fire unalloc/north 12 amber"]


def test_the_end_of_one_episode_comes_before_the_beginning_of_the_next_whatever_else_begins() -> None:
    made = lab()
    day(made, 0, 12, rule="overdue")
    made.run()
    made.now = local("2026-09-09T08:30")
    made.extract(dt.date(2026, 9, 8), {"overdue": {"north": 3}, "unalloc": {"north": 4}})
    made.extract(dt.date(2026, 9, 9), {"overdue": {"north": 15}, "unalloc": {"north": 12}})
    made.run()
    assert items(made)[1:] == [
        ("slack", "update+reply", "resolved overdue/north"),
        ("slack", "post", "fire unalloc/north 12 amber"),
        ("slack", "post", "fire overdue/north 15 amber"),
    ]


def test_messages_that_wait_are_replaced_when_a_correction_joins_two_episodes_into_one() -> None:
    made = lab()
    day(made, 0, 12)
    made.run()
    day(made, 1, 3)
    made.extract(MONDAY + dt.timedelta(days=2), {"unalloc": {"north": 15}})
    made.faults[:] = ["rate_limited"]
    made.run()  # the end of the first episode and the beginning of the second wait
    made.extract(MONDAY, {"unalloc": {"north": 0}}, 1, held="half the rows are missing")
    made.extract(dt.date(2026, 9, 4), {"unalloc": {"north": 1}})
    minutes(made, 5)
    made.run()
    assert [i for _, _, i in items(made)] == ["fire unalloc/north 12 amber", "worsened unalloc/north 15 amber"]
    assert sum(r["open"] for r in made.table(t.told)) == 1
