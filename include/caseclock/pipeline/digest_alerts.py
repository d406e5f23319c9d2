"""What a digest says of alerts: what needs a decision, what changed in the week, what was not heard. Only of figures that may be shown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, or_, select

from caseclock import now as clock
from caseclock.alerts import Handling, Instance
from caseclock.alerts.hours import local_day
from caseclock.digest.content import Change, Decision, Quiet
from caseclock.digest.sentences import day as day_words
from caseclock.digest.shown import Shown
from caseclock.digest.week import Week, week_of
from caseclock.storage import schema as t
from caseclock.storage.alerts import handling_of
from caseclock.storage.engine import moment_text

if TYPE_CHECKING:
    from caseclock.digest.record import Record
    from caseclock.pipeline.house import House
    from caseclock.thresholds import ThresholdRule

LONG: Final = 5  # working days: an alert that is open longer needs a decision
UNSTABLE: Final = 3  # beginnings within the days below
LATELY: Final = dt.timedelta(weeks=4)
NOT_TOLD: Final = ("suppressed", "dropped", "held")
WHY: Final = (
    ("silenced by ", "the alert was silenced"),
    ("acknowledged by ", "the alert was acknowledged"),
    ("digest_only", "it is for this digest only"),
    ("unstable: ", "the alert comes and goes"),
    ("working hours", "it waited for working hours"),
    ("the figures are ", "the data could not be used"),
    (" is not configured", "a channel is not set up"),
    (" failed for good", "a channel failed"),
    ("already clearing", "the alert was ending"),
    ("no longer so", "it was no longer true"),
    ("nothing has changed", "nothing had changed"),
)
"""What the audit says, to what a digest says. The audit's own words name people, their reasons and exact figures: none goes wide."""
OTHERWISE: Final = "another reason"


@dataclass(frozen=True)
class AlertFacts:
    decisions: tuple[Decision, ...]
    changes: tuple[Change, ...]
    quiet: Quiet
    red: int
    amber: int


@dataclass(frozen=True)
class Scope:
    """Which places a digest is about. `names`: place to what people call it."""

    places: frozenset[str]
    names: Mapping[str, str]

    def name(self, place: str) -> str:
        return self.names.get(place, place)


@dataclass
class Alerts:
    """The alerts of one source around one week. `weeks`: its records, by week, as far as they are kept."""

    house: House
    c: Connection
    source: str
    week: Week
    cut_off: dt.datetime
    weeks: Mapping[Week, Record]
    rules: Mapping[str, ThresholdRule] = field(init=False)
    rows: list[Mapping[str, Any]] = field(init=False)
    handlings: list[Handling] = field(init=False)
    told: list[Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        a, h, u = t.alert.c, t.handling.c, t.audit.c
        last, first = str(self.week.last_day), str(self.week.first_day - LATELY)
        self.rules = {rule.id: rule for rule in self.house.config.thresholds}
        recent = or_(a.closed_on.is_(None), a.closed_on >= first)
        self.rows = self._rows(select(t.alert).where(a.source == self.source, a.since <= last, recent).order_by(a.rule, a.team, a.since))
        made = self._rows(select(t.handling).where(h.source == self.source, h.at <= moment_text(self.cut_off)).order_by(h.at))
        self.handlings = [handling_of(row) for row in made]
        since = moment_text(dt.datetime.combine(self.week.first_day, dt.time(), clock.LONDON))
        self.told = self._rows(select(t.audit).where(u.at >= since, u.at <= moment_text(self.cut_off)).order_by(u.id))

    def _rows(self, query: Any) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self.c.execute(query).mappings()]

    # --- of one audience ---------------------------------------------------------------------------------------------
    def facts(self, scope: Scope) -> AlertFacts:
        mine = [row for row in self.rows if row["team"] in scope.places]
        open_ = [row for row in mine if self._is_open(row)]
        sayable = [row for row in open_ if self._at_least_amber(row)]
        bands = Counter(self._band(row) for row in sayable)
        decisions = [made for row in sayable if (made := self._decision(row, scope))]
        changes, hidden = self._changes(mine, scope)
        rank = {"red": 0, "": 1, "amber": 2}
        return AlertFacts(
            decisions=tuple(sorted(decisions, key=lambda d: (rank[d.severity], -d.age_wd, d.title, d.place))),
            changes=(*changes, *self._changed_limits()),
            quiet=self._quiet(mine, scope, {(row["rule"], row["team"]) for row in sayable}, len(open_) - len(sayable) + hidden),
            red=bands["red"],
            amber=bands["amber"] + bands[""],
        )

    def _is_open(self, row: Mapping[str, Any]) -> bool:
        return not row["closed_on"] or row["closed_on"] > str(self.week.last_day)

    def _shown(self, row: Mapping[str, Any], week: Week | None = None) -> Shown | None:
        rule, record = self.rules.get(row["rule"]), self.weeks.get(week or self.week)
        return record.at(rule.measure, row["team"]) if rule and record else None

    def _at_least_amber(self, row: Mapping[str, Any], week: Week | None = None) -> bool:
        """What is shown of the figure says by itself that it is over the limit; a figure that is exact says whatever there is to say."""
        rule, shown = self.rules.get(row["rule"]), self._shown(row, week)
        if rule is None or shown is None:
            return False
        return shown.value is not None or (rule.direction == "above" and shown.at_least(rule.amber))

    def _band(self, row: Mapping[str, Any]) -> Any:
        rule, shown = self.rules[row["rule"]], self._shown(row)
        if shown is not None and (shown.value is not None or shown.at_least(rule.red)):
            return row["severity"] or ""
        return ""

    def _since(self, row: Mapping[str, Any]) -> dt.date:
        """Since when it is open, as far as what was shown in the weeks before says so too."""
        since = dt.date.fromisoformat(row["since"])
        week = week_of(since)
        before = self._shown(row, week.before)
        if (before is None or before.value is not None) and all(self._at_least_amber(row, w) for w in self.weeks if week <= w <= self.week):
            return since
        first = self.week
        while self._at_least_amber(row, first.before) and first.before >= week:
            first = first.before
        return max(since, first.first_day)

    def _decision(self, row: Mapping[str, Any], scope: Scope) -> Decision | None:
        from caseclock.notifications.routes import Subject

        rule, shown = self.rules[row["rule"]], self._shown(row)
        assert shown is not None
        band = self._band(row)
        instance = Instance(self.source, row["rule"], row["team"])
        since = self._since(row)
        age = self.house.calendar.elapsed(since, self.week.last_day)
        ack = next((h for h in reversed(self.handlings) if self._holds(h, "ack", instance, row["episode"])), None)
        silence = next((h for h in reversed(self.handlings) if self._holds(h, "silence", instance)), None)
        escalated = self._was_escalated(row)
        if not (age > LONG or escalated or (band != "amber" and not ack and not silence)):
            return None
        subject = Subject(instance, rule.measure, scope.name(row["team"]))
        who = self.house.config.routes.who(subject, row["severity"] or "amber")
        owners = [self.house.config.routes.known(w.recipient).title for w in who]
        state = (
            f"silenced until {day_words(local_day(silence.end))}" if silence
            else f"acknowledged until {day_words(local_day(ack.end))}" if ack
            else "escalated, not acknowledged" if escalated
            else "not acknowledged"
        )  # fmt: skip
        owner = "; ".join(owners) or "nobody is called of it: it is for this digest only"
        return Decision(rule.title, scope.name(row["team"]), band, shown, rule.unit, since, age, owner, state)

    def _holds(self, deed: Handling, kind: str, instance: Instance, episode: str | None = None) -> bool:
        return (
            deed.kind == kind
            and deed.instance == instance
            and (episode is None or deed.episode == episode)
            and deed.at <= self.cut_off < deed.end
        )

    def _was_escalated(self, row: Mapping[str, Any]) -> bool:
        """Whether somebody further up was told because nobody acted, by the cut-off."""
        u = t.audit.c
        sent = select(u.detail).where(u.event == "sent", u.subject.like(f"{row['id']} %"), u.at <= moment_text(self.cut_off))
        return any(detail.get("kind") == "escalated" for detail in self.c.execute(sent).scalars())

    # --- what changed --------------------------------------------------------------------------------------------------
    def _changes(self, mine: Sequence[Mapping[str, Any]], scope: Scope) -> tuple[list[Change], int]:
        """What may be told, and how many changes may not."""
        made: list[Change] = []
        hidden = 0
        first, last = str(self.week.first_day), str(self.week.last_day)
        for row in mine:
            rule = self.rules.get(row["rule"])
            shown, before = self._shown(row), self._shown(row, self.week.before)
            known_before = before is None or before.value is not None
            kinds = []
            if first <= row["since"] <= last and row["close_kind"] != "retracted":
                kinds.append("new")
            if row["closed_on"] and first <= row["closed_on"] <= last:
                kinds.append({"retracted": "retracted", "limit_changed": "limit"}.get(row["close_kind"] or "", "resolved"))
            elif "new" not in kinds and self._worsened(row):
                kinds.append("worsened")
            for kind in kinds:
                exact = shown is not None and shown.value is not None
                if rule is None or not known_before or not (exact or (kind == "new" and self._at_least_amber(row))):
                    hidden += 1
                    continue
                day = row["closed_on"] if kind in ("resolved", "retracted", "limit") else row["since"]
                severity = self._band(row) if kind in ("new", "worsened") else ""
                on = None if kind == "worsened" else dt.date.fromisoformat(day)  # some day of the week
                made.append(
                    Change(
                        kind, rule.title, scope.name(row["team"]), severity or "", shown, rule.unit, on,  # type: ignore[arg-type]
                        "A corrected extract shows that it was wrong" if kind == "retracted" else "",
                    )
                )  # fmt: skip
        order = ("new", "worsened", "resolved", "retracted", "limit")
        return sorted(made, key=lambda c: (order.index(c.kind), c.severity != "red", c.title, c.place)), hidden

    def _worsened(self, row: Mapping[str, Any]) -> bool:
        """It was amber at the end of the week before and is red now, by figures that both weeks have shown."""
        rule, shown, before = self.rules.get(row["rule"]), self._shown(row), self._shown(row, self.week.before)
        if rule is None or shown is None or before is None or shown.value is None or before.value is None:
            return False
        return rule.severity_of(shown.value) == "red" and rule.severity_of(before.value) == "amber"

    def _changed_limits(self) -> list[Change]:
        """Limits that were noted as other ones within the week."""
        made = []
        for row in self.told:
            detail = row["detail"]
            rule = self.rules.get(detail.get("rule", ""))
            if row["event"] == "limits" and detail.get("source") == self.source and detail.get("since") and rule:
                day = dt.datetime.fromisoformat(row["at"]).astimezone(clock.LONDON).date()
                made.append(Change("limit", rule.title, day=day, unit=rule.unit, note=row["reason"]))
        return made

    # --- what was not heard --------------------------------------------------------------------------------------------
    def _quiet(self, mine: Sequence[Mapping[str, Any]], scope: Scope, sayable: Collection[tuple[str, str]], hidden: int) -> Quiet:
        """`sayable`: rule and team of the open alerts that may be told. That somebody dealt with another one says that it is there."""
        standing = [h for h in self.handlings if h.at <= self.cut_off < h.end and h.instance.team in scope.places]
        ending = sorted((h for h in standing if h.end <= self.cut_off + dt.timedelta(days=7)), key=lambda h: h.end)
        reasons = Counter(
            _why(str(r["reason"]))
            for r in self.told
            if r["event"] in NOT_TOLD and r["detail"].get("source") == self.source and r["detail"].get("team") in scope.places
        )
        begun = Counter((row["rule"], row["team"]) for row in mine)
        unstable = [
            f"{self.rules[rule].title}, {scope.name(team)}"
            for (rule, team), count in sorted(begun.items())
            if count >= UNSTABLE and rule in self.rules and self._steady_to_say(rule, team)
        ]
        overnight = sum(self._unseen(row) for row in mine)
        o = t.outbox.c
        failed = select(o.key).where(
            o.state == "failed", o.source == self.source, o.done_at <= moment_text(self.cut_off),
            o.done_at >= moment_text(dt.datetime.combine(self.week.first_day, dt.time(), clock.LONDON)),
        )  # fmt: skip
        return Quiet(
            silences=sum(h.kind == "silence" for h in standing),
            acknowledgements=sum(h.kind == "ack" for h in standing),
            ending=tuple(self._ends(h, scope) for h in ending if (h.instance.rule, h.instance.team) in sayable),
            reasons=tuple(sorted(reasons.items(), key=lambda r: (-r[1], r[0]))),
            overnight=overnight,
            undelivered=len(self.c.execute(failed).all()),
            unstable=tuple(unstable),
            not_shown=hidden,
        )

    def _unseen(self, row: Mapping[str, Any]) -> bool:
        """It began on a day off and ended before the next working day, in the week."""
        if not row["closed_on"] or not self._in_week(row["closed_on"]):
            return False
        calendar, began, ended = self.house.calendar, dt.date.fromisoformat(row["since"]), dt.date.fromisoformat(row["closed_on"])
        return not calendar.is_working_day(began) and calendar.elapsed(began, ended) == 0

    def _in_week(self, day: str) -> bool:
        return str(self.week.first_day) <= day <= str(self.week.last_day)

    def _steady_to_say(self, rule: str, team: str) -> bool:
        """That it comes and goes tells where it was in all those weeks: said only of figures that were shown in each."""
        row = {"rule": rule, "team": team}
        shown = [self._shown(row, w) for w in self.weeks if self.week.first_day - LATELY <= w.first_day <= self.week.first_day]
        return all(s is not None and s.value is not None for s in shown)

    def _ends(self, deed: Handling, scope: Scope) -> str:
        what = "silence" if deed.kind == "silence" else "acknowledgement"
        return f"{self.rules[deed.instance.rule].title}, {scope.name(deed.instance.team)}: {what} until {day_words(local_day(deed.end))}"


def _why(reason: str) -> str:
    return next((words for said, words in WHY if said in reason), OTHERWISE)
