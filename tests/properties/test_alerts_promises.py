"""What the alerts promise, each promise with the test that tries to break it on the real engine and store, with faults injected.

| promise | tried by |
|---|---|
| the state depends on the data, not on the order of arrival | `test_alerts_faults`: the fold, and the store |
| a run on what was known before tells nothing more | `test_alerts_faults`, `test_alerts_limits`, here after every step |
| going on from the last run is replaying everything | `test_alerts_carry`, `test_alerts_series`, `test_alerts_kept` |
| nothing is lost, and nothing twice where a channel can be read back | `test_alerts_faults`, here; by SIGKILL: `tests/crash` |
| whoever is told that it fires is told its end, once | `test_alerts_faults`, `test_alerts_limits`, here: `in_turn` |
| what a change of limits ended is said to be that, and nothing else is | `test_alerts_limits` |
| what is held calls nobody, ends nothing and reminds nobody | here: `held` |
| at night only urgent rules call, also when the clocks change | here: `at_night` |
| a silence lets no call through, but an end | here: `handled` |
| an acknowledgement holds reminders, escalation, small rises; not red | here: `handled` |
| nobody hears of others' teams, by no channel and after no fault | here: `of_others` |
| sources do not touch one another | here: all of it has two of them |
| whatever is not said has its reason in the audit | here: `nothing_goes_unsaid_without_a_reason` |
| what comes and goes waits, and is told when it stands or is red | `unit/alerts/test_flapping`, scenario file `flapping.yaml` |
| a rehearsal of the past tells what the engine tells | `test_alerts_rehearsal` |
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select

from caseclock.alerts.hours import in_hours
from caseclock.demo.alert_lab import CALENDAR, Lab, Landed, local, recipient, rules_of
from caseclock.notifications.compose import alert_id
from caseclock.notifications.routes import Match, Route, Routes, Service, channels_of
from caseclock.storage import schema as t

SPEC = {
    "calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 2, "repeat_wd": 2, "escalate_wd": 2},
    "quick": {"desc": "quick", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1, "repeat_wd": 3, "escalate_wd": 9},
    "urgent": {
        "desc": "urgent", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1, "repeat_wd": 1, "escalate_wd": 1, "quiet_hours": False,
    },
}  # fmt: skip
PLACES = {"n1": "north", "s1": "south", "t1": "teams", "g1": "gov"}
WAYS = {"north": {}, "south": {"tell": ["slack", "email"]}, "teams": {"tell": ["teams"], "teams": "hook"}, "gov": {
    "tell": ["notify"], "notify": "gov@example.org"}}  # fmt: skip
ROUTES = Routes(
    recipients=[*(recipient(name, **way) for name, way in WAYS.items()), recipient("head"), recipient("director"), recipient("data")],
    services={name: Service(teams=[team], head=["head", "director"]) for team, name in PLACES.items()},
    routes=[Route(match=Match(service=name), tell=[name]) for name in WAYS],
    catch_all=["data"],
    data=["data"],
)
FIRST = dt.date(2026, 10, 21)  # the clocks change on 25 October 2026
SOURCES = ("lab", "other")
OPENS, CLOSES, EDITS = {"fire", "escalated"}, {"resolved", "retracted", "limit_changed"}, {"refresh", "hold", "unhold"}
ABOUT_DATA = {"dq_failed", "dq_recovered", "missing_scope", "unstable", "replay_changed_history", "delivery_failed"}
FAULTS = ["ok", "ok", "lost_before", "lost_after", "rate_limited", "crash_before_send", "crash_after_send", "bug"]
values = st.fixed_dictionaries({team: st.sampled_from([0, 7, 9, 12, 13, 17, 25, 60]) for team in PLACES})
sources, alerts = st.sampled_from(SOURCES), st.tuples(st.sampled_from(sorted(SPEC)), st.sampled_from(sorted(PLACES)))


class Promises(RuleBasedStateMachine):
    """Two sources, three rules, four teams told by four channels, two heads; extracts, deeds, hours and faults in any order."""

    @initialize()
    def begin(self) -> None:
        self.lab = Lab(rules_of(SPEC), ROUTES, cadence=None)
        self.lab.sources = list(SOURCES)
        self.lab.now = local("2026-10-21T09:00")
        self.newest: dict[str, tuple[dt.date, bool]] = {}
        self.rev = 0

    @rule(
        source=sources,
        figures=values,
        held=st.sampled_from([False, False, False, True]),
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
    )
    def an_extract_comes(self, source: str, figures: dict[str, int], held: bool, faults: list[str]) -> None:
        day = self.lab.now.date()
        self.rev += 1
        self.lab.extract(day, dict.fromkeys(SPEC, figures), self.rev, held="held" if held else None, source=source)
        self.newest[source] = (day, held)
        self._run(faults)

    @rule(hours=st.sampled_from([1, 6, 13, 24, 24, 72]), faults=st.lists(st.sampled_from(FAULTS), max_size=3))
    def time_passes(self, hours: int, faults: list[str]) -> None:
        self.lab.now += dt.timedelta(hours=hours)
        self._run(faults)

    @precondition(lambda self: bool(self.newest))
    @rule(about=alerts, source=sources, what=st.sampled_from(["ack", "silence", "unsilence"]))
    def somebody_acts(self, about: tuple[str, str], source: str, what: str) -> None:
        target = f"{'/'.join(about)} of {source}"
        if what == "ack":
            self.lab.ack(target, "A")
        elif what == "silence":
            self.lab.silence(target, "B", self.lab.now + dt.timedelta(days=3), "agreed")
        else:
            self.lab.unsilence(target, "B")
        self._run([])

    def teardown(self) -> None:
        """No more faults; everything is clear for good, on enough dates that nothing is unstable any more."""
        if not self.newest:
            return
        last = max(self.lab.now.date(), *(day for day, _ in self.newest.values()))
        for n in range(1, 4):
            day = CALENDAR.due(last, n)
            self.lab.now = local(f"{day}T09:00")
            for source in SOURCES:
                self.lab.extract(day, dict.fromkeys(SPEC, dict.fromkeys(PLACES, 0)), 999, source=source)
                self.newest[source] = (day, False)
            for _ in range(5):
                self.lab.now += dt.timedelta(minutes=70)
                self._run([])
        self._in_turn()
        assert not [row for row in self.lab.table(t.outbox) if row["state"] in {"pending", "sending", "unknown"}]
        assert not [row for row in self.lab.table(t.told) if row["open"]]

    # --- the promises ------------------------------------------------------------------------------------------------
    def _run(self, faults: list[str]) -> None:
        """A run with faults; then, without any, as many as it takes to come to rest: a message may have waited behind another one."""
        self.lab.faults[:] = faults
        self._check(self.lab.run())
        self.lab.faults.clear()
        for _ in range(3):
            if not self._check(self.lab.run()):
                break
        else:
            raise AssertionError("it never comes to rest")
        self._nothing_goes_unsaid_without_a_reason()

    def _check(self, landed: list[Landed]) -> list[Landed]:
        for message in landed:
            for item in (i for i in message.message.items if i.kind not in ABOUT_DATA):
                rule_id, _, team = item.instance.partition("/")
                about = f"{item.kind} of {item.instance} of {item.source} to {message.to} at {self.lab.now}"
                self._held(item.source, item.kind, about)
                self._at_night(rule_id, item.kind, about)
                self._handled(item.source, rule_id, team, item, about)
                self._of_others(message, team, about)
        return landed

    def _held(self, source: str, kind: str, about: str) -> None:
        if self.newest[source][1]:
            assert kind == "hold", f"{about}, although its figures are held"

    def _at_night(self, rule_id: str, kind: str, about: str) -> None:
        if rule_id != "urgent" and not in_hours(CALENDAR, self.lab.now):
            assert kind in EDITS, f"{about}, at night"

    def _handled(self, source: str, rule_id: str, team: str, item: object, about: str) -> None:
        kind = getattr(item, "kind", "")
        instance = self.lab.instance(f"{rule_id}/{team} of {source}")
        for deed in self.lab.table(t.handling):
            mine = (deed["source"], deed["rule"], deed["team"]) == (instance.source, instance.rule, instance.team)
            end = min(deed["until"], deed["ended_at"] or deed["until"])
            if not mine or end <= self.lab.now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"):
                continue
            if deed["kind"] == "silence":
                assert kind in EDITS | CLOSES, f"{about}, although it is silenced"
            elif self._episode(instance) == deed["episode"]:
                assert kind not in {"reminder", "escalated", "ack_expired"}, f"{about}, although it is acknowledged"
                if kind == "worsened":
                    assert getattr(item, "severity", "") == "red", f"{about}, a small rise although it is acknowledged"

    def _of_others(self, message: Landed, team: str, about: str) -> None:
        assert message.to in {PLACES[team], "head", "director"}, f"{about}, who does not answer for the team"

    def _episode(self, instance: object) -> str | None:
        k = t.condition.c
        i = instance
        with self.lab.engine.begin() as c:
            query = select(k.episode).where(k.source == i.source, k.rule == i.rule, k.team == i.team)  # type: ignore[attr-defined]
            return c.execute(query).scalar()

    def _nothing_goes_unsaid_without_a_reason(self) -> None:
        """For each open alert and reader: what they were told is so, or a message is under way, or the audit says why not."""
        told = {(r["source"], r["rule"], r["team"], r["recipient"], r["channel"]): r for r in self.lab.table(t.told) if r["open"]}
        waiting = {
            (*line["instance"], row["recipient"], row["channel"])
            for row in self.lab.table(t.outbox)
            if row["state"] in {"pending", "sending", "unknown"}
            for line in row["payload"]["lines"]
        }
        last = {row["subject"]: row for row in self.lab.table(t.audit)}
        for now_is in self.lab.table(t.condition):
            if not now_is["episode"]:
                continue
            place = (now_is["source"], now_is["rule"], now_is["team"])
            reader = ROUTES.known(PLACES[now_is["team"]])
            for channel in channels_of(reader):
                lane = (*place, reader.id, channel)
                if lane in waiting or (
                    lane in told and told[lane]["shown"] == now_is["value"] and told[lane]["severity"] == now_is["severity"]
                ):
                    continue
                episode = told[lane]["episode"] if lane in told else now_is["episode"]
                instance = self.lab.instance(f"{place[1]}/{place[2]} of {place[0]}")
                noted = last.get(f"{alert_id(instance, episode)} {reader.id}/{channel}")
                assert noted, f"nothing is said of {place} to {reader.id} by {channel}, and nothing says why"
                assert noted["reason"]
                assert noted["event"] in {"suppressed", "sent", "adopted", "held"}

    def _in_turn(self) -> None:
        """Within one reader and channel an alert is opened, told of, closed, and only then opened again; a call comes once."""
        seen: dict[str, Landed] = {}
        for message in self.lab.landed:
            blind = message.channel in {"email", "teams"}
            assert blind or message.mode == "update" or message.key not in seen, f"{message.items} came twice by {message.channel}"
            if message.key in seen and (blind or message.mode == "update"):
                continue
            seen[message.key] = message
        is_open: dict[tuple[str, str, str, str], bool] = defaultdict(bool)
        for message in seen.values():
            for item in (i for i in message.message.items if i.kind not in ABOUT_DATA):
                place = (message.to, message.channel, item.source, item.instance)
                if item.kind in OPENS:
                    assert not is_open[place], f"opened twice: {place}"
                    is_open[place] = True
                elif item.kind in CLOSES:
                    assert is_open[place] or message.channel in {"email", "teams"}, f"closed what was never opened: {place}"
                    is_open[place] = False
                else:
                    assert is_open[place], f"{item.kind} of what was never opened: {place}"
        assert not any(is_open.values()), f"left open: {[place for place, still in is_open.items() if still]}"


Promises.TestCase.settings = settings(max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))
TestPromises = Promises.TestCase
