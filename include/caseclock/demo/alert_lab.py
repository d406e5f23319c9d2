"""The real engine on the real store, with a clock that is set and channels that record, and that fail by script.

Behind the recording there may be real channels (`scenarios.open_post`); without them a message has landed when it was recorded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event, insert, select

from caseclock.alerts import Instance
from caseclock.alerts.data import Cadence
from caseclock.alerts.handling import Decision
from caseclock.alerts.wanted import NO_FIGURE
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications import Capabilities, Channel, ChannelError, Handle, Item, Message, Recipient
from caseclock.notifications.deliver import Probe, deliver
from caseclock.notifications.model import Outcome
from caseclock.notifications.outbox import CAPABILITIES
from caseclock.notifications.routes import Match, Route, Routes, Service
from caseclock.notifications.update import AlertsResult, update_alerts
from caseclock.now import LONDON
from caseclock.storage import handling
from caseclock.storage import schema as t
from caseclock.storage.alerts import SqlAlerts
from caseclock.storage.engine import moment_text, open_engine
from caseclock.storage.outbox import SqlDelivery
from caseclock.thresholds import ThresholdRule

CALENDAR = WorkingCalendar()
SOURCE = "lab"
SLACK = Capabilities(edit=True, thread=True, reconcile=True)
EMAIL = Capabilities(edit=False, thread=True, reconcile=False)
BY_DATE = {"dq_failed", "dq_recovered", "dq_released", "stale", "stale_recovered"}
BY_TEAM = {"delivery_failed", "missing_scope", "unstable", "replay_changed_history"}


class Crash(BaseException):
    """The process dies here: nothing of the sender may catch it."""


def says(item: Item) -> str:
    """An item in the words of a scenario file: `fire unalloc/north 12 amber`; of another source than the first with ` of SOURCE`."""
    of = "" if item.source == SOURCE else f" of {item.source}"
    if item.kind in BY_DATE:
        return f"{item.kind} {item.since}{of}"
    if item.kind in BY_TEAM:
        return f"{item.kind} {item.instance.partition('/')[2]}{of}"
    if item.kind in NO_FIGURE:
        return f"{item.kind} {item.instance}{of}"
    return f"{item.kind} {item.instance} {item.value:g} {item.severity}{of}"


@dataclass(frozen=True)
class Landed:
    """One message that reached its reader."""

    to: str
    channel: str
    mode: str
    items: tuple[str, ...]
    key: str
    message: Message = field(compare=False)


def _ok(record: Callable[[], Handle]) -> Handle:
    return record()


def _raises(error: Callable[[], BaseException], *, after: bool = False) -> Callable[[Callable[[], Handle]], Handle]:
    def run(record: Callable[[], Handle]) -> Handle:
        if after:
            record()
        raise error()

    return run


FAULTS: dict[str, Callable[[Callable[[], Handle]], Handle]] = {
    "ok": _ok,
    "lost_before": _raises(lambda: ChannelError("timed out", unknown=True)),
    "lost_after": _raises(lambda: ChannelError("timed out", unknown=True), after=True),
    "rate_limited": _raises(lambda: ChannelError("rate limited", retry_after=30)),
    "permanent": _raises(lambda: ChannelError("channel_not_found", permanent=True)),
    "bug": _raises(lambda: KeyError("ts")),
    "crash_before_send": _raises(Crash),
    "crash_after_send": _raises(Crash, after=True),
}


@dataclass
class RecordingChannel:
    """The port `Channel`. `faults` is shared by all channels of a lab: one word per sending, then all goes well."""

    name: Any
    capabilities: Capabilities
    landed: list[Landed]
    faults: list[str]
    blind: bool = False
    """It cannot be read back, although it says it can."""
    inner: Channel | None = None
    """What sends and is read back in truth."""

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        def record() -> Handle:
            made = self.inner.send(message, address, handle) if self.inner else handle or {"id": f"{address}:{message.key}"}
            self.landed.append(
                Landed(message.recipient.id, self.name, message.mode, tuple(says(i) for i in message.items), message.key, message)
            )
            return made

        return FAULTS[self.faults.pop(0) if self.faults else "ok"](record)

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        if self.blind:
            raise ChannelError("not allowed to read", permanent=True)
        if self.inner:
            return self.inner.find(key, address, since, handle)
        if any(m.key == key and m.channel == self.name for m in self.landed):
            return handle or {"id": f"{address}:{key}"}
        return None


def rules_of(spec: Mapping[str, Mapping[str, Any]], overrides: Mapping[str, Mapping[str, Any]] | None = None) -> list[ThresholdRule]:
    """Rules in the form of a scenario file; a rule's id is its measure unless it names one, and it worsens by its percentage alone."""
    made = []
    for id, given in spec.items():
        values = {"measure": id, "worsen_min": 0, **given, **(overrides or {}).get(id, {})}
        made.append(ThresholdRule(id=id, title=values.pop("desc"), **values))
    return made


def recipient(id: str, **more: Any) -> Recipient:
    return Recipient(id=id, title=f"Role {id}", slack=f"C-{id}", email=f"{id}@example.org", **more)


def routes_of(spec: Mapping[str, Any], channels: Mapping[str, list[str]] | None = None, **more: Any) -> Routes:
    """`spec`: `service` (team to recipient), `escalation`, `data`. `channels`: of those who are not told by Slack."""
    names = dict.fromkeys([*spec["service"].values(), spec["escalation"], spec["data"]])
    return Routes(
        recipients=[recipient(name, **(more | _channels((channels or {}).get(name), name))) for name in names],
        services={team: Service(teams=[team]) for team in spec["service"]},
        routes=[Route(match=Match(service=team), tell=[name]) for team, name in spec["service"].items()],
        catch_all=[spec["data"]],
        escalation=spec["escalation"],
        data=[spec["data"]],
    )


def _channels(tell: list[str] | None, name: str) -> dict[str, Any]:
    return {"tell": tell, "teams": name, "notify": f"{name}@example.org"} if tell else {}


def local(text: str | dt.datetime) -> dt.datetime:
    """London wall-clock time, as scenarios have it."""
    moment = text if isinstance(text, dt.datetime) else dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=LONDON).astimezone(dt.UTC)


@dataclass
class Lab:
    """One council's alerts: extracts, deeds and ticks go in at times, messages land."""

    rules: list[ThresholdRule]
    routes: Routes
    cadence: Cadence | None = field(default_factory=Cadence)
    url: str = "sqlite:///:memory:"
    source: str = SOURCE
    channels_without: tuple[str, ...] = ()
    calendar: WorkingCalendar = CALENDAR
    inner: Mapping[str, Channel] = field(default_factory=dict)
    """Channels that send in truth, by name."""
    lasting: bool = True
    """False: the store is thrown away, so it need not outlive a power cut."""

    def __post_init__(self) -> None:
        self.landed: list[Landed] = []
        self.faults: list[str] = []
        self.sources = [self.source]
        self.engine: Engine = open_engine(self.url)
        if not self.lasting:
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        t.metadata.create_all(self.engine)
        able = {**CAPABILITIES, "slack": SLACK, "email": EMAIL}
        self.channels = {
            name: RecordingChannel(name, can, self.landed, self.faults, inner=self.inner.get(name)) for name, can in able.items()
        }
        self.slack, self.email = self.channels["slack"], self.channels["email"]
        self.now = local("2026-09-01T08:00")

    # --- what happens ----------------------------------------------------------------------------------------------
    def extract(
        self,
        as_of: dt.date,
        values: Mapping[str, Mapping[str, float | None]],
        rev: int = 0,
        *,
        held: str | None = None,
        source: str = "",
        n: int = 100,
    ) -> None:
        """`values`: measure -> team -> figure, each made from `n`. The same values for the same date and revision are the same file."""
        source = source or self.source
        self.sources += [] if source in self.sources else [source]
        sha = hashlib.sha256(f"{source}{as_of}{rev}{values}{held}".encode()).hexdigest()
        with self.engine.begin() as c:
            if c.execute(select(t.extract).where(t.extract.c.id == sha[:16])).first():
                return
            at = moment_text(self.now)
            c.execute(
                insert(t.extract).values(
                    id=sha[:16],
                    source=source,
                    as_of=str(as_of),
                    revision=rev + 1,
                    sha256=sha,
                    name="x.zip",
                    path="x.zip",
                    received_at=at,
                )
            )
            c.execute(
                insert(t.quality_report).values(
                    extract_id=sha[:16], verdict="hold" if held else "pass", reasons=[held] if held else [], findings=[], absences=[],
                    blocked_teams=[],
                    expectations=1, at=at,
                )
            )  # fmt: skip
            rows = [
                {"extract_id": sha[:16], "measure": measure, "team": team, "value": value, "n": n}
                for measure, figures in values.items()
                for team, value in figures.items()
            ]
            if rows:
                c.execute(insert(t.measure_value), rows)

    def ack(self, target: str, by: str, until: dt.datetime | None = None, reason: str = "") -> Decision:
        with self.engine.begin() as c:
            return handling.acknowledge(c, self.instance(target), by, self.now, self.calendar, until, reason)

    def silence(self, target: str, by: str, until: dt.datetime | None = None, reason: str | None = None) -> Decision:
        with self.engine.begin() as c:
            return handling.silence(c, self.instance(target), by, self.now, self.calendar, until, reason)

    def unsilence(self, target: str, by: str) -> Decision:
        with self.engine.begin() as c:
            return handling.unsilence(c, self.instance(target), by, self.now)

    def update(self, source: str = "") -> AlertsResult:
        """One run of the engine on one source: the lab's own unless another is named."""
        with self.engine.begin() as c:
            return update_alerts(
                SqlAlerts(c, self.now), source or self.source, self.rules, self.routes, self.calendar, self.now, cadence=self.cadence
            )

    def deliver(self, probe: Probe = lambda step, key: None, quarantine: float = 25) -> list[Outcome]:
        channels = {name: channel for name, channel in self.channels.items() if name not in self.channels_without}
        return deliver(SqlDelivery(self.engine), channels, self.routes, lambda: self.now, probe=probe, quarantine_seconds=quarantine)

    def run(self) -> list[Landed]:
        """One run as the pipeline makes it; a crash ends it. Returns what has landed by it."""
        before = len(self.landed)
        try:
            for source in self.sources:
                self.update(source)
            self.deliver()
        except Crash:
            pass
        return self.landed[before:]

    # --- what is to be seen ----------------------------------------------------------------------------------------
    def instance(self, target: str) -> Instance:
        """`rule/team`, or `rule/team of SOURCE`."""
        place, _, source = target.partition(" of ")
        rule, _, team = place.partition("/")
        return Instance(source or self.source, rule, team)

    def state(self, target: str) -> str:
        i, k = self.instance(target), t.condition.c
        with self.engine.begin() as c:
            found = c.execute(select(k.state).where(k.source == i.source, k.rule == i.rule, k.team == i.team)).scalar()
        return found or "NORMAL"

    def ended(self, target: str) -> str | None:
        """How the newest episode ended: resolved, retracted, moved, limit_changed; None while it is open or when there is none."""
        i, k = self.instance(target), t.alert.c
        query = select(k.close_kind).where(k.source == i.source, k.rule == i.rule, k.team == i.team).order_by(k.episode.desc()).limit(1)
        with self.engine.begin() as c:
            found: str | None = c.execute(query).scalar()
        return found

    def events(self) -> set[str]:
        with self.engine.begin() as c:
            return set(c.execute(select(t.audit.c.event)).scalars())

    def table(self, table: Any) -> list[dict[str, Any]]:
        with self.engine.begin() as c:
            return [dict(r) for r in c.execute(select(table)).mappings()]

    def copies(self) -> int:
        """How often the most repeated message has landed."""
        return max(Counter((m.channel, m.key) for m in self.landed).values(), default=0)
