"""What a person does about an alert: acknowledge, silence, end a silence. It counts at once, on messages that stand already too.

The command line and the buttons in Slack both end here. Who may act is decided before: by the shell, or by routes.yaml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from caseclock.errors import WrongUse
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.now import LONDON
from caseclock.pipeline.house import House, Report, chosen_source
from caseclock.pipeline.people import bring_alerts_up_to_date
from caseclock.storage import handling as store
from caseclock.storage import ledger
from caseclock.storage.engine import reading
from caseclock.storage.handling import BY_HAND, Where

if TYPE_CHECKING:
    from caseclock.alerts import Handling, Instance
    from caseclock.alerts.handling import Decision

NAME_LENGTH, REASON_LENGTH = 120, 300  # characters
VERBS = {"ack": "acknowledged", "silence": "silenced"}
PLACES = {"council": COUNCIL, "no-team": NO_TEAM}
"""How people write the row of all teams together, and work that no team answers for; as in routes.yaml."""


class Refused(WrongUse):
    """The deed was not accepted; it is in the audit all the same."""


def acknowledge(
    house: House, alert: str, by: str, now: dt.datetime, until: dt.datetime | None = None, reason: str = "", where: Where = BY_HAND
) -> Report:
    """Somebody deals with this alert: reminders and escalation rest until then, at most 5 working days. Raises Refused."""
    instance = alert_named(house, alert)
    by, reason = _words(by, reason)

    def act(c: Connection) -> Decision:
        ended = store.closed_on(c, alert)
        if ended:
            return store.refuse(c, instance, f"this alert is over since the extract of {ended}", by, now, where)
        return store.acknowledge(c, instance, by, now, house.calendar, until, reason, where)

    return _done(house, instance, now, act, f"alerts ack {alert}", where)


def silence(
    house: House, instance: Instance, by: str, now: dt.datetime, until: dt.datetime | None, reason: str, where: Where = BY_HAND
) -> Report:
    """Nobody is called about this rule in this team until then, at most 20 working days. It may be set before a breach. Raises Refused."""
    by, reason = _words(by, reason)
    return _done(
        house, instance, now, lambda c: store.silence(c, instance, by, now, house.calendar, until, reason, where),
        f"alerts silence {instance}", where,
    )  # fmt: skip


def unsilence(house: House, instance: Instance, by: str, now: dt.datetime, where: Where = BY_HAND) -> Report:
    """Ends the silence now: whoever was told of an alert that is still open is told that it has ended, and by whom. Raises Refused."""
    by, _ = _words(by, "")
    return _done(house, instance, now, lambda c: store.unsilence(c, instance, by, now, where), f"alerts unsilence {instance}", where)


def _done(house: House, instance: Instance, now: dt.datetime, act: Callable[[Connection], Decision], asked: str, where: Where) -> Report:
    """Writes the deed down and brings outbox and open messages up to date with it, in one transaction. Nothing is sent here."""
    from caseclock.storage.alerts import SqlAlerts

    with house.engine.begin() as c:
        SqlAlerts(c, now).lock(instance.source)
        if store.is_done(c, where):
            return {"instance": str(instance), "changed": False, "said": "it was written down before", "until": None, "messages": 0}
        before = [d for d in SqlAlerts(c, now).handling(instance.source) if d.instance == instance and d.end > now]
        decision = act(c)
        made = decision.handling
        said = _said(made, before, store.stays_of(c, instance).condition.episode, now) if made else ""
        messages: int = bring_alerts_up_to_date(house, c, instance.source, now)["messages"] if made else 0
    if made is None:
        raise Refused(decision.reason.removeprefix("refused: "), where=asked)
    if decision.note:
        said += f" ({decision.note})"
    return {"instance": str(instance), "changed": True, "said": said, "until": made.end, "messages": messages}


def _said(made: Handling, before: Sequence[Handling], episode: str | None, now: dt.datetime) -> str:
    """What was written down, with its end as people read it in London, and what others have done that is in force beside it."""
    if made.end <= now:
        whose = " and of ".join(dict.fromkeys(d.by for d in before if d.kind == "silence"))
        return f"the silence of {whose} has ended"
    said = f"{VERBS[made.kind]} until {_moment(made.end)}"
    if made.kind == "silence" and episode is None:
        said += "; no alert is open there now, so it is for the next one"
    beside = [d for d in before if d.kind == made.kind and (d.episode is None or d.episode == made.episode)]
    return said + "".join(f"; {VERBS[d.kind]} by {d.by} too, until {_moment(d.end)}" for d in beside)


def _moment(moment: dt.datetime) -> str:
    from caseclock.notifications.wording import moment_words

    return moment_words(moment.astimezone(LONDON))


# --- which alert ---------------------------------------------------------------------------------------------------
def alert_named(house: House, alert: str) -> Instance:
    """What an alert id is about. Raises WrongUse."""
    with reading(house.engine) as c:
        found = store.instance_of(c, alert)
    if found is None:
        raise WrongUse("no alert has this id", where=alert, todo="`caseclock alerts list --all` prints the ids")
    return found


def open_alert_named(house: House, target: str, source: str | None = None) -> str:
    """An alert id; of RULE/TEAM the alert that is open there. Raises WrongUse."""
    if "/" not in target:
        return target
    instance = instance_named(house, target, source)
    alert = alert_open_at(house, instance)
    if alert is None:
        raise WrongUse("there is no open alert", where=str(instance), todo="A silence can be set before a breach")
    return alert


def alert_open_at(house: House, instance: Instance) -> str | None:
    """The id of the alert that is open there, as the last run left it."""
    from caseclock.notifications.compose import alert_id

    with reading(house.engine) as c:
        episode = store.stays_of(c, instance).condition.episode
    return alert_id(instance, episode) if episode else None


def instance_named(house: House, target: str, source: str | None = None) -> Instance:
    """RULE/TEAM, or an alert id, as somebody wrote it. TEAM is an id or a name, `council`, `no-team` or `service:` with an id.

    Raises WrongUse where the rule or the team is not known: a silence of a team that does not exist would silence nobody.
    """
    from caseclock.alerts import Instance

    rule, slash, team = target.partition("/")
    if not slash:
        return alert_named(house, target)
    check_rule(house, rule)
    of = source_named(house, source)
    return Instance(of, rule, team_named(house, of, team))


def check_rule(house: House, rule: str) -> None:
    """Raises WrongUse when thresholds.yaml has no rule of that id."""
    known = [r.id for r in house.config.thresholds]
    if rule not in known:
        raise WrongUse("thresholds.yaml has no such rule", where=rule, allowed=", ".join(known))


def source_named(house: House, source: str | None) -> str:
    """See `chosen_source`."""
    with reading(house.engine) as c:
        return chosen_source(c, source)


def team_named(house: House, source: str, team: str) -> str:
    """The id of a team by its id or its name. Raises WrongUse."""
    with reading(house.engine) as c:
        names = ledger.place_names(c, source)
    wanted = PLACES.get(team, team)
    if wanted in names or wanted in PLACES.values():
        return wanted
    found = [id for id, name in names.items() if name.casefold() == team.casefold() and not id.startswith(SERVICE)]
    if len(found) != 1:
        known = ", ".join(sorted(names)) or "none yet"
        raise WrongUse(f"{source} has no such team", where=team, allowed=f"one of {known}, or its name")
    return found[0]


# --- words and times -----------------------------------------------------------------------------------------------
def end_of_day(house: House, day: dt.date, now: dt.datetime, most_wd: int) -> dt.datetime:
    """The end of the working hours of a day; on the last day that `most_wd` working days allow, the last moment that they allow."""
    from caseclock.alerts.hours import at_local, later_by, local_day

    end = at_local(day, dt.time.fromisoformat(house.calendar.config.working_hours[1]))
    last = later_by(house.calendar, now, most_wd)
    return min(end, last) if day == local_day(last) else end


def _words(by: str, reason: str) -> tuple[str, str]:
    """Name and reason on one line each, of visible characters."""
    from caseclock.notifications.wording import plain

    return plain(by, NAME_LENGTH), plain(reason, REASON_LENGTH)
