"""A made-up store at size: so many teams and figures over so many working days, with everything around them that pages read.

One small made-up council goes through the real engine first. What it left of its newest extract (quality report, counts of rules, frames,
letters of the digest) is the pattern of every day; figures are drawn. Nothing of it is about anybody.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from caseclock import pipeline
from caseclock.alerts import Instance
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.council import extract_tables, make_world
from caseclock.demo.council_write import write_extract
from caseclock.digest.compose import letter_of
from caseclock.digest.week import cut_off, week_of
from caseclock.notifications.compose import alert_id
from caseclock.notifications.letter import to_json
from caseclock.now import LONDON
from caseclock.pipeline.digest_facts import contents, keep_record
from caseclock.pipeline.kept_list import kept_list
from caseclock.pipeline.trends import keep_forecasts
from caseclock.settings import Settings, from_environment, shipped_config
from caseclock.storage import migrate
from caseclock.storage.digests import print_of
from caseclock.storage.engine import moment_text, open_engine
from caseclock.storage.quality import COMPARED

SEED, SOURCE, LAST = 20261120, "bench", dt.date(2026, 11, 20)
SINGLE = ("open", "unallocated", "unallocated_cp", "arrivals", "departures", "net_change", "residual", "load", "weeks_of_work",
          "stale_open", "re_referral", "caseload")  # fmt: skip
PER_RULE = ("open", "overdue", "due_soon", "due_5", "expected_10", "in_time")
RULES = ("allocation", "assessment_45_wt", "s47_to_icpc", "cp_visit", "rcpc_first", "rcpc_next", "cin_visit", "cla_review_n")
FIGURES = (*SINGLE, *(f"{kind}.{rule}" for kind in PER_RULE for rule in RULES))
KINDS = (
    ("NA", "North Assessment", "North"),
    ("NF", "North Family Support", "North"),
    ("SA", "South Assessment", "South"),
    ("SF", "South Family Support", "South"),
    ("CC", "Children in Care", "Children in Care"),
    ("DC", "Disabled Children", "Disabled Children"),
    ("FD", "Front Door", "Front Door"),
    ("IR", "Reviewing", "Front Door"),
)
SERVICES = {"North": "NORTH", "South": "SOUTH", "Children in Care": "CARE", "Disabled Children": "DISAB", "Front Door": "FRONT"}
AUDIENCES = ("council", "north", "south", "care", "disabled", "front-door")
Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class Size:
    """How large: 200 teams, 1,300 working days, 50,000 open cases and 300,000 rows of audit are the most that is meant to work well."""

    teams: int = 200
    days: int = 1300
    cases: int = 50_000
    audit: int = 300_000
    alerts: int = 6_000
    standing: int = 40

    @property
    def listed(self) -> list[tuple[str, str, str]]:
        """Id, name and service of each team."""
        made = []
        for n in range(self.teams):
            prefix, name, service = KINDS[n % len(KINDS)]
            made.append((f"{prefix}{1 + n // len(KINDS)}", f"{name} {1 + n // len(KINDS)}", service))
        return made


# --- the pattern -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Pattern:
    """The home of the small council, the id of its newest extract, and its letters by audience."""

    home: Path
    extract: str
    letters: dict[str, Any]
    body: dict[str, Any]

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Of the newest extract."""
        with closing(sqlite3.connect(self.home / "caseclock.db")) as c:
            named = ", ".join(f'"{name}"' for name in columns)
            return c.execute(f"select {named} from {table} where extract_id = ?", (self.extract,)).fetchall()


def configuration(target: Path) -> None:
    """The one that ships, and two people who see one service each: `north`, and `care`."""
    shutil.copytree(shipped_config(), target)
    file = target / "routes.yaml"
    routes = yaml.safe_load(file.read_text("utf-8"))
    for service in ("north", "care"):
        routes["services"][service]["people"] = [service]
    file.write_text(yaml.safe_dump(routes, sort_keys=False), "utf-8")


def pattern(home: Path) -> Pattern:
    if not (home / "monitoring").exists():
        configuration(home / "monitoring")
        world = make_world(seed=3, scale=0.3, end=LAST, weeks=8, incident=True)
        with pipeline.open_house(from_environment(home, {})) as house:
            for day in [LAST - dt.timedelta(weeks=n) for n in (5, 4, 3, 2, 1, 0)]:
                path = write_extract(extract_tables(world, day), home / "in", SOURCE, day)
                pipeline.run(
                    house, pipeline.in_order(house, (path,), None, None)[0], dt.datetime.combine(day, dt.time(17), LONDON), deliver=False
                )
    with pipeline.open_house(from_environment(home, {})) as house:
        week = week_of(LAST)
        with house.engine.begin() as c:
            keep_record(house, c, SOURCE, week.before.first_day, week.before.last_day)
            keep_record(house, c, SOURCE, week.first_day, week.last_day)
            made = contents(house, c, SOURCE, week.id, week.first_day, week.last_day, cut_off(week, house.calendar), 1)
            letters = {audience: to_json(letter_of(content)) for audience, content in made.items()}
            body = c.exec_driver_sql("select body from digest_week where week = ?", (week.id,)).scalar_one()
            id_ = c.exec_driver_sql("select id from extract where as_of = ?", (str(LAST),)).scalar_one()
    return Pattern(home, id_, letters, json.loads(body))


# --- rows ----------------------------------------------------------------------------------------------------------------
def days_of(size: Size) -> dict[dt.date, str]:
    """Working days up to the last one, and the ids of their extracts, which stand in no order, as real ones."""
    calendar, day = WorkingCalendar(), LAST
    made: list[dt.date] = []
    while len(made) < size.days:
        if calendar.is_working_day(day):
            made.append(day)
        day -= dt.timedelta(days=1)
    return {day: hashlib.sha256(f"{SOURCE}{day}".encode()).hexdigest()[:16] for day in reversed(made)}


def at(day: dt.date, hour: int = 8) -> str:
    return moment_text(dt.datetime.combine(day, dt.time(hour), dt.UTC))


def figures_by_day(size: Size, days: dict[dt.date, str]) -> Iterator[Rows]:
    """Counts that wander around a level of their own, shares between 50 and 100; the sum at services and the council."""
    rng, teams = np.random.default_rng(SEED), [id_ for id_, _, _ in size.listed]
    share = np.array([f.startswith(("in_time", "re_referral")) for f in FIGURES])[:, None]
    level = np.where(share, 82.0, rng.uniform(2, 30, (len(FIGURES), len(teams))))
    now = level.copy()
    service = np.array([list(SERVICES).index(name) for _, _, name in size.listed])
    places = [*teams, *(f"service:{id_}" for id_ in SERVICES.values()), "*", "?"]
    names, wheres = [f for f in FIGURES for _ in places], places * len(FIGURES)
    for id_ in days.values():
        now = np.clip(now + 0.05 * (level - now) + rng.normal(0, 1, now.shape), 0, np.where(share, 100.0, np.inf))
        value = np.round(now)
        groups = np.stack([value[:, service == k].sum(1) for k in range(len(SERVICES))], 1)
        whole = np.concatenate([value, groups, value.sum(1, keepdims=True), rng.poisson(1, (len(FIGURES), 1))], 1)
        whole = np.where(share & (whole > 100), 81.5, whole).ravel()
        yield zip(repeat(id_), names, wheres, whole.tolist(), np.maximum(whole, 3).astype(int).tolist())


def alerts_of(size: Size, days: dict[dt.date, str]) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Alerts, their events, standing conditions, and what people said about them."""
    rng, dates, teams = np.random.default_rng(SEED), list(days), [id_ for id_, _, _ in size.listed]
    rules = [rule["id"] for rule in yaml.safe_load((shipped_config() / "thresholds.yaml").read_text("utf-8"))]
    seen: set[tuple[str, str, str]] = set()
    alerts: list[Any] = []
    events: list[Any] = []
    conditions: list[Any] = []
    handled: list[Any] = []
    for n in range(size.alerts):
        standing = n < size.standing
        rule, team = rules[n % len(rules)], teams[n // len(rules) % len(teams)] if standing else str(rng.choice(teams))
        begin = int(rng.integers(len(dates) - 60, len(dates) - 2)) if standing else int(rng.integers(0, len(dates) - 60))
        episode, end = str(dates[begin]), dates[min(begin + int(rng.integers(2, 30)), len(dates) - 1)]
        if (rule, team, episode) in seen:
            continue
        seen.add((rule, team, episode))
        severity, value = ("red", "amber")[n % 2], float(rng.integers(5, 40))
        id_ = alert_id(Instance(SOURCE, rule, team), episode)
        newest = days[LAST]
        if standing:
            alerts.append((id_, SOURCE, rule, team, episode, "FIRING", severity, value, str(LAST), episode, None, None, newest, at(LAST)))
            conditions.append((SOURCE, rule, team, "FIRING", severity, value, str(LAST), 0, episode, episode, newest, at(LAST)))
        else:
            alerts.append((id_, SOURCE, rule, team, episode, "NORMAL", None, None, None, episode, str(end), "resolved", None, at(end)))
        first = days[dates[begin]]
        events.append(
            (
                at(dates[begin]),
                SOURCE,
                rule,
                team,
                episode,
                "NORMAL",
                "FIRING",
                severity,
                value,
                episode,
                first,
                "past the limit on 1 of 1 extract date",
            )
        )
        if not standing:
            events.append(
                (
                    at(end),
                    SOURCE,
                    rule,
                    team,
                    episode,
                    "FIRING",
                    "NORMAL",
                    severity,
                    0.0,
                    str(end),
                    days[end],
                    "clear of the limit on 2 of 2 extract dates",
                )
            )
        if n % 3 == 0:
            handled.append(
                (
                    f"h{n:011}",
                    "ack",
                    SOURCE,
                    rule,
                    team,
                    episode,
                    "Team manager",
                    "two workers start on Monday",
                    at(dates[begin], 10),
                    at(LAST + dt.timedelta(days=5) if standing else end),
                    None,
                )
            )
    return alerts, events, conditions, handled


def audit_of(size: Size, days: dict[dt.date, str], alerts: list[Any]) -> Iterator[Sequence[Any]]:
    """What is written when messages are held, dropped, sent again, and when people act: oldest first."""
    dates, kinds = list(days), ("held", "dropped", "suppressed", "ack", "silence", "limits", "delivery", "digest_sent")
    for n in range(size.audit):
        alert, day = alerts[n % len(alerts)], dates[n * len(dates) // size.audit]
        detail = {
            "source": SOURCE,
            "rule": alert[2],
            "team": alert[3],
            "episode": alert[4],
            "alert": alert[0],
            "recipient": "sm-north",
            "channel": "email",
        }
        yield (
            at(day),
            kinds[n % len(kinds)],
            f"{alert[0]} sm-north/email",
            "caseclock",
            "email is not configured; the message waits",
            json.dumps(detail),
        )


def mail_of(alert: Sequence[Any]) -> str:
    """What waits in the outbox about an alert, as the deliverer keeps it."""
    _, source, rule, team, episode, *_ = alert
    item = {
        "kind": "fire", "instance": f"{rule}/{team}", "title": "cases without an allocated worker", "team": f"Team {team}", "unit": "cases",
        "source": source, "as_of": episode, "reason": "23 against a limit of 20 on one extract date", "severity": "red", "value": 23.0,
        "was": None, "limit": 10.0, "red_limit": 20.0, "since": episode, "open_wd": 0, "link": None,
        "recent": [[episode, 23.0]] * 20, "held_days": [], "unstable": "", "handled": "", "ref": "",
    }  # fmt: skip
    line = {"instance": [source, rule, team], "episode": episode, "kind": "fire", "serial": 0, "item": item, "via": "route"}
    return json.dumps({"lines": [line], "conversation": "x", "fixed": False})


def weeks_of(days: dict[dt.date, str]) -> dict[str, dt.date]:
    """ISO week to its last extract's date."""
    return {week_of(day).id: day for day in days}


# --- into a store --------------------------------------------------------------------------------------------------------
class Load:
    """Rows into tables, as fast as the database takes them."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        migrate.upgrade(self.engine)
        raw: Any = self.engine.raw_connection().driver_connection
        self.raw = raw
        self.lite = self.engine.dialect.name == "sqlite"
        if self.lite:
            for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "foreign_keys=OFF", "cache_size=-400000"):
                self.raw.execute(f"PRAGMA {pragma}")
            self.raw.execute("BEGIN")

    def __call__(self, table: str, columns: str, rows: Rows) -> None:
        names = ", ".join(f'"{name}"' for name in columns.split())
        if self.lite:
            marks = ", ".join("?" * len(columns.split()))
            self.raw.executemany(f"insert into {table} ({names}) values ({marks})", rows)
            return
        text = io.StringIO()
        csv.writer(text).writerows([r"\N" if value is None else value for value in row] for row in rows)
        text.seek(0)
        with self.raw.cursor() as cursor:
            cursor.copy_expert(f"copy {table} ({names}) from stdin with (format csv, null '\\N')", text)

    def execute(self, text: str) -> None:
        self.raw.execute(text) if self.lite else self.raw.cursor().execute(text)

    def close(self) -> None:
        self.raw.commit()
        if self.lite:
            self.raw.execute("PRAGMA journal_mode=WAL")
        else:
            self.raw.autocommit = True
        self.execute("analyze")
        self.raw.close()
        self.engine.dispose()


INDEX = "create index ix_measure_value_measure_team on measure_value (measure, team)"


def fill(url: str, size: Size, of: Pattern) -> None:
    load, days = Load(url), days_of(size)
    ids = list(days.values())
    load.execute("drop index ix_measure_value_measure_team")
    load("extract", "id source as_of revision sha256 name path received_at figures", (
        (id_, SOURCE, str(day), 1, hashlib.sha256(id_.encode()).hexdigest(), f"{SOURCE}__{day}.zip", f"/claimed/{id_}.zip", at(day, 7), id_)
        for day, id_ in days.items()
    ))  # fmt: skip
    report = of.rows("quality_report", "verdict", "reasons", "findings", "absences", "blocked_teams", "expectations")[0]
    load(
        "quality_report",
        "extract_id verdict reasons findings absences blocked_teams expectations at",
        ((id_, *report, at(day)) for day, id_ in days.items()),
    )
    for table, columns in (
        ("table_count", "table_name read kept quarantined"),
        ("rule_count", "table_name rule severity failing of"),
        ("extract_stat", "name scope value"),
        ("step_done", "step done_at seconds"),
    ):
        pattern_rows = of.rows(table, *columns.split())
        load(table, f"extract_id {columns}", ((id_, *row) for id_ in ids for row in pattern_rows if row[0] != COMPARED))
    load("extract_stat", "extract_id name scope value", ((id_, COMPARED, before, 1.0) for before, id_ in pairwise(ids)))
    changes = of.rows("table_change", "table_name", "new", "changed", "gone", "same", "rekeyed")
    compared = "extract_id compared_with table_name new changed gone same rekeyed"
    load("table_change", compared, ((id_, before, *row) for before, id_ in pairwise(ids) for row in changes))
    _people_and_work(load, size, days, of)
    _letters(load, days, of)
    for rows in figures_by_day(size, days):
        load("measure_value", "extract_id measure team value n", rows)
    load.execute(INDEX)
    load.close()


def _people_and_work(load: Load, size: Size, days: dict[dt.date, str], of: Pattern) -> None:
    services = ((SOURCE, f"service:{id_}", name, None, str(LAST)) for name, id_ in SERVICES.items())
    load("team", "source team name service as_of", [*services, *((SOURCE, *team, str(LAST)) for team in size.listed)])
    alerts, events, conditions, handled = alerts_of(size, days)
    load("alert", "id source rule team episode condition severity value as_of since closed_on close_kind extract_id updated_at", alerts)
    load("alert_event", "at source rule team episode from_state to_state severity value as_of extract_id reason", events)
    load("condition", "source rule team state severity value as_of run episode since extract_id updated_at", conditions)
    load("handling", "id kind source rule team episode by reason at until ended_at", handled)
    load("audit", "at event subject by reason detail", audit_of(size, days, alerts))
    dates = list(days)
    mails = (
        (f"{n:040x}", n, "sm-north", "email", "post", mail_of(alerts[n % len(alerts)]), "sent" if n < 19_990 else "pending", 1,
         at(dates[n * len(dates) // 20_000]), SOURCE)
        for n in range(20_000)
    )  # fmt: skip
    load("outbox", "key seq recipient channel mode payload state tries created_at source", mails)
    aside = [("assessment", "authorised_on_before_started_on"), ("allocation", "ended_on_before_started_on"), ("review", "copy_on_reading")]
    columns = "source table_name row_hash rule column reason file row extract_id first_seen last_seen left_on left_because"
    why = "the dates cannot both be right"
    load("quarantine_entry", columns, (
        (SOURCE, table, hashlib.md5(f"{n}".encode()).hexdigest(), rule, "ended_on", why, f"{table}.csv", n, days[LAST],
         str(dates[-1 - n % len(days)]), str(LAST), None if n % 4 == 0 else str(LAST), None if n % 4 == 0 else "corrected")
        for n in range(20_000) for table, rule in [aside[n % 3]]
    ))  # fmt: skip
    kinds = sorted(set(of.rows("event_count", "type", "rule")))
    places = ["*", "?", *(id_ for id_, _, _ in size.listed)]
    load("event_count", "extract_id type rule team n", (
        (id_, type_, rule, place, n % 7)
        for id_ in days.values() for type_, rule in kinds for n, place in enumerate(places if rule == "case" else places[:1])
    ))  # fmt: skip
    weekly = [days[day] for day in weeks_of(days).values()]
    monday = LAST + dt.timedelta(days=3)
    load("forecast", "extract_id measure team week value low high", (
        (id_, figure, place, str(monday + dt.timedelta(weeks=k)), 20.0 + k, 15.0, 30.0 + k)
        for id_ in weekly for figure in ("arrivals", "open", "unallocated") for place in places for k in range(8)
    ))  # fmt: skip


def _letters(load: Load, days: dict[dt.date, str], of: Pattern) -> None:
    letters = {audience: (json.dumps(letter), print_of(letter)) for audience, letter in of.letters.items()}
    body = json.dumps(of.body)
    weeks = weeks_of(days)
    load(
        "digest_week",
        "source week revision extract_id body made_from",
        ((SOURCE, week, 1, days[day], body, "[]") for week, day in weeks.items()),
    )
    columns = "source week audience revision letter sha256 cut_off created_at"
    load("digest", columns, (
        (SOURCE, week, audience, 1, *letter, at(day, 17), at(day, 17))
        for week, day in weeks.items() for audience, letter in letters.items()
    ))  # fmt: skip


# --- frames --------------------------------------------------------------------------------------------------------------
def frames(home: Path, size: Size, of: Pattern) -> None:
    """Clock and case frame of the newest extract: those of the small council so many times over, each time with other ids and teams."""
    import pyarrow.parquet as pq

    there = of.home / "clocks" / SOURCE / str(LAST)
    target = home / "clocks" / SOURCE / str(LAST)
    target.mkdir(parents=True, exist_ok=True)
    times = max(1, size.cases // pq.read_metadata(there / f"{of.extract}.cases.parquet").num_rows)
    for end in (".parquet", ".cases.parquet", ".referrals.parquet"):
        _many_times(there / f"{of.extract}{end}", target / f"{days_of(size)[LAST]}{end}", size, times)


def _many_times(path: Path, target: Path, size: Size, times: int) -> None:
    import pandas as pd

    frame, teams = pd.read_parquet(path), [id_ for id_, _, _ in size.listed]
    made, known = [], sorted(set(frame["team"].dropna().astype(str)))
    for n in range(times):
        part = frame.copy()
        mapped = {team: teams[(n * len(known) + k) % len(teams)] for k, team in enumerate(known)}
        part["team"] = part["team"].astype("string").map(mapped)
        for column in {"item_ref", "child_ref", "worker"} & set(part):
            part[column] = part[column] + f"{n:03}"
        made.append(part)
    whole = pd.concat(made, ignore_index=True)
    whole["team"] = whole["team"].astype("category")
    whole.to_parquet(target, index=False)


def kept_for_pages(settings: Settings, extract_id: str) -> None:
    """What `compute_measures` leaves for pages, made by itself: weekly series and forecasts of the newest extract, and its work list."""
    with pipeline.open_house(settings) as house:
        extract = house.extract(extract_id)
        with house.engine.begin() as c:
            keep_forecasts(house, c, extract)
        kept_list(house, extract)


def build(home: Path, url: str | None, size: Size, of: Pattern) -> Settings:
    """A home with its store, unless it is there. `url`: of the store, where it is no file in the home."""
    settings = from_environment(home, {"CASECLOCK_STORE_URL": url} if url else {})
    if not (home / "built").exists():
        shutil.rmtree(home, ignore_errors=True)
        configuration(home / "monitoring")
        settings = from_environment(home, {"CASECLOCK_STORE_URL": url} if url else {})
        frames(home, size, of)
        fill(settings.store_url, size, of)
        kept_for_pages(settings, days_of(size)[LAST])
        (home / "built").touch()
    return settings
