"""What was raised, what must be put right in the data, and how it is all worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from caseclock.dashboard.model import At
from caseclock.dashboard.pages.overview import Aside, Data, Method, Raised
from caseclock.measures.model import COUNCIL, NO_TEAM
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.pipeline.pages.overview_facts import Facts
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.thresholds import ThresholdRule

if TYPE_CHECKING:
    from caseclock.trends.charts import Chart

SHOWN: Final = 10  # alerts
NARROW: Final = 0.7  # of the weeks that lay within the range: with fewer the reader is warned
Counted = dict[tuple[str, str, str], int]
"""Team, rule and severity to how many alerts are open."""

TERMS: Final = (
    ("No worker", "an open referral that no real person holds; a duty pool, an inbox or a manager's tray is no person"),
    (
        "Past its limit",
        "open, and its due date is before the date of the extract; working days leave out weekends and bank holidays of England",
    ),
    ("Due in 5, due in 10", "open and not late, with the due date within so many working days"),
    (
        "Likely to be late",
        "of what comes due, as many as the work of the past year says would not be done in time; an estimate, not a list of cases",
    ),
    (
        "Children per worker",
        "children held by those who are at work and hold any, by the staff file; a child whom two workers hold counts with both",
    ),
    ("Weeks of work", "open cases by those that ended in a week, over the last 13 weeks: how long the work would last if nothing new came"),
    ("Open cases", "referrals that are open on the date of the extract"),
)
COVERED: Final = {"arrivals": "referrals received", "open": "open cases", "unallocated": "open cases with no worker"}


def counted(c: Connection, at: At) -> Counted:
    """Open alerts in sight."""
    a = t.alert.c
    grouped = select(a.team, a.rule, a.severity, func.count()).group_by(a.team, a.rule, a.severity)
    found = c.execute(grouped.where(a.source == at.source, a.closed_on.is_(None)))
    return {(team, rule, severity or ""): n for team, rule, severity, n in found if at.scope.sees(team)}


def raised(desk: Desk, at: At, open_now: Counted) -> Raised:
    from caseclock.pipeline.pages.alert_list import alerts

    total, red = sum(open_now.values()), sum(n for (_, _, severity), n in open_now.items() if severity == "red")
    if not total:
        return Raised(
            "No alert is open. One is raised when a figure stays at or past its limit for as many extracts as thresholds.yaml says.", (), 0
        )
    page = alerts(desk, at, False, None, None, 0)
    rows = page.rows[:SHOWN]
    said = f"{total:,} {'alert is' if total == 1 else 'alerts are'} open, {red:,} of them red."
    return Raised(said, rows, total)


def data(c: Connection, standing: Standing, facts: Facts | None) -> Data:
    shown = standing.extract or standing.newest
    if shown is None:
        return Data("No extract has come.")
    counts = ledger.counts_of(c, shown.id)
    aside = tuple(
        Aside(name, n.read, n.quarantined) for name, n in sorted(counts.items(), key=lambda one: -one[1].quarantined) if n.quarantined
    )
    rows = sum(one.aside for one in aside)
    said = f"{rows:,} {'row is' if rows == 1 else 'rows are'} set aside until the source is put right." if rows else "No row is set aside."
    return Data(said, aside, tuple(_vanished(facts) + _blocked(facts)) if facts else ())


def _vanished(facts: Facts) -> list[str]:
    e = t.event_count.c
    where = (e.extract_id == facts.extract.id, e.type == "vanished", e.rule == "case", e.team.in_(facts.whole))
    found = list(facts.c.execute(select(e.n).where(*where)).scalars())
    if not found:
        return ["Whether a case has vanished shows when two extracts that count have come one after the other."]
    n = sum(found)
    if not n:
        return ["No open case has vanished since the extract before."]
    been = "open case of the extract before is" if n == 1 else "open cases of the extract before are"
    return [f"{n:,} {been} in this one neither open nor closed: the work may go on, and nobody counts it."]


def _blocked(facts: Facts) -> list[str]:
    found = ledger.quality_of(facts.c, facts.extract.id)
    names = sorted(facts.standing.name(team) for team in (found.blocked_teams if found else []) if team in facts.places)
    return [f"Rows are missing, so the figures of these teams do not speak: {', '.join(names)}."] if names else []


# --- method --------------------------------------------------------------------------------------------------------
def method(house: House, charts: list[Chart], covers: dict[str, tuple[int, int]], places: list[str]) -> Method:
    from caseclock.thresholds.breach import applies_to

    notes = [
        "In a control chart of which nothing changes, about 1 in 100 newest points is called new and unusual by chance.",
        "Counts of what stands at one moment have no control chart: most quiet weeks would be called unusual. They have levels and limits.",
    ]
    if any(chart.weeks_per_point > 1 for chart in charts):
        notes.append("Where a week has few cases a chart adds up four weeks, so that a change is found sooner.")
    for figure, (inside, of) in covers.items():
        narrow = " It has been too narrow: do not rely on it." if inside < NARROW * of else ""
        notes.append(
            f"Forecasts of {COVERED[figure]}: {inside} of {of} weeks that have come lay within the range; 8 of 10 are meant to.{narrow}"
        )
    if not covers:
        notes.append("How often forecasts came true is not known here: it takes forecasts of the whole council whose weeks have come.")
    limits = [limit_words(rule) for rule in house.config.thresholds if not places or any(applies_to(rule, place) for place in places)]
    return Method(TERMS, tuple(limits) or ("No limit is in force.",), tuple(notes))


def limit_words(rule: ThresholdRule) -> str:
    named = {"*": "each team", "council": "all teams together", "service:*": "each service"}
    where = " and ".join(named.get(one, one) for one in rule.teams)
    beyond = {"above": "or more", "below": "or less", "either": "or more, on either side of 0"}[rule.direction]
    mark = "%" if rule.unit == "per cent" else ""
    title = rule.title[:1].upper() + rule.title[1:]
    return f"{title}, {where}: amber at {rule.amber:g}{mark} {beyond}, red at {rule.red:g}{mark} {beyond}"


def places_of_method(facts: Facts | None) -> list[str]:
    return [] if facts is None else [*facts.places, *((COUNCIL, NO_TEAM) if facts.at.scope.whole else ())]
