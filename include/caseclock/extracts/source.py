"""One file of include/monitoring/sources/: whose extracts arrive, in what form, and how often."""

from __future__ import annotations

import codecs
import hmac
import re
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

DateFormat = Literal[
    "YYYY-MM-DD", "YYYY/MM/DD", "YYYYMMDD", "DD/MM/YYYY", "DD-MM-YYYY", "DD.MM.YYYY", "DD-Mon-YYYY", "DD Mon YYYY", "MM/DD/YYYY"
]
"""How a date may be written; a time of day may follow any of them. There is no form with a year of two digits: 1/2/24 is a guess."""

SOURCE_ID = r"[a-z][a-z0-9_-]{0,63}"

ALLOCATED_ROLES = ("CW", "ALLOCATED CASE WORKER", "ALLOCATED WORKER", "REL.ALLWORK", "REL.ALLWORKCF")

NOT_A_PERSON = (
    r"\bduty\b",
    r"\b(inbox|mailbox|in tray|worktray)\b",
    r"\bpool\b",
    r"\bteams?\b",
    r"\b(unallocated|unassigned|not allocated|not assigned|no worker|(awaiting|pending|to be) (allocat|assign)\w*)\b",
    r"\breferrals? coordinator\b",
    r"\bgeneric\b",
    r"\bsystem\b",
    r"\badmin(istrator|istration)?\b",
    r"\bscreening\b",
    r"\b(front door|mash|hub|contact centre|services?)\b",
    r"\bkey agency\b",
    r"\b(vacant|vacancy|tbc|unknown|dummy|test (user|worker|account))\b",
)
"""What a worker's name or id says when nobody is behind it. Matched with word boundaries on lower-case
letters alone, so `DUTY_TEAM-2` is read as `duty team` and the surname Poole is nobody's pool."""

NOT_A_PERSON_TITLES = (
    r"\breferrals? coordinator\b",
    r"\b(duty|worker|team|allocation) pool\b",
    r"\b(team|duty|group|shared) (inbox|mailbox|account)\b",
    r"\b(generic|system|dummy|test) (user|worker|account)\b",
    r"\bkey agency\b",
)
"""The same for a job title. Narrower: a Team Manager and a Social Worker (Duty Team) are people."""


MANAGER_TITLES = (r"\b(team|service|group|area|locality) manager\b", r"\bhead of (service|childrens?)\b")

NOT_ALLOCATED_ROLES = ("duty_pool", "inbox", "TM", "manager", "team_manager", "service_manager", "head_of_service")
"""Roles in staff.csv, and job titles, of those who hold no case of their own. Pools and inboxes are nobody; a manager is somebody, but a
case that is "held on duty or with managers" waits for a worker (Ofsted on Solihull, 2023)."""


class Location(BaseModel):
    """A folder somewhere else from which extracts are fetched into the inbox.

    `url`: s3://bucket/folder, abfs://container/folder, sftp://host/folder, file:///folder. `connection`: the Airflow connection (or
    `$CASECLOCK_CONN_<NAME>`, a URI) with host and secrets. `pattern`: which names are extracts. `settle_seconds`: how long a file must
    have been the same to count as complete when no manifest says so. Nothing is written or deleted there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^(s3|abfs|abfss|az|sftp|file|memory)://")
    connection: str | None = None
    pattern: str = "*"
    settle_seconds: float = Field(default=30.0, ge=0)


class Database(BaseModel):
    """A Standard Safeguarding Dataset in a database, from which an extract is drawn at `at` (London) on each day of the cadence.

    `connection`: the Airflow connection (or `$CASECLOCK_CONN_<NAME>`, a URI as SQLAlchemy reads it). `db_schema`: where the tables lie.
    `names`: SSD table -> its name there, where it differs. `as_of`: *today*, or *yesterday* for a copy that is made overnight.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str
    db_schema: str | None = None
    names: dict[str, str] = {}
    at: str = Field(default="06:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="London time")
    as_of: Literal["today", "yesterday"] = "today"


class SourceConfig(BaseModel):
    """One source of extracts and how to read it.

    `supplier` is the case system behind an SSD export; `cadence` and `expected_by` (London) say when a missing extract is news.
    `allocated_roles`: involvement roles that count as allocation (case does not matter). `not_a_person`: a worker whose name or id
    matches one of these is no person; `not_a_person_titles` is the same for job titles. `not_allocated_roles`: roles in staff.csv whose
    cases are unallocated; `manager_titles`: job titles in the export (patterns), where there is no staff.csv to say otherwise;
    `not_allocated_workers`: worker ids, whatever else is known of them (beside Annex A, which has no ids, names as the workbook has them).
    `needed_tables`: an extract without one of these canonical tables is refused, because nothing true can be said from the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=f"^{SOURCE_ID}$", description="as in the file names: <id>__2026-11-20.zip")
    title: str
    format: Literal["auto", "ssd", "annex_a", "cin_census"] = "auto"
    coverage: Literal["auto", "full", "open_only", "window"] = Field(
        default="auto",
        description="full: rows stay for years after they are closed (SSD). open_only: closed work leaves at once. window: rows leave "
        "by age after months (Annex A, CIN census). auto: by the format",
    )
    location: Location | None = None
    database: Database | None = None
    codes: dict[str, dict[str, str]] = Field(
        default={}, description="local spellings of coded values: {referral_source: {'Police - East': '6'}}; case does not matter"
    )
    code_files: tuple[str, ...] = Field(
        default=(), description="CSV files of such spellings beside this file, columns: column, code, alias"
    )
    supplier: Literal["systemc", "mosaic", "eclipse"] = "systemc"
    date_formats: tuple[DateFormat, ...] = Field(
        default=("YYYY-MM-DD", "DD/MM/YYYY"),
        min_length=1,
        description="accepted forms of a date beside ISO; anything else puts the row in quarantine",
    )
    encodings: tuple[str, ...] = Field(default=("utf-8-sig", "cp1252"), min_length=1, description="tried in this order")
    cadence: Literal["working_day", "weekly"] = "working_day"
    expected_by: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="London time")
    allocated_roles: tuple[str, ...] = Field(default=ALLOCATED_ROLES, min_length=1)
    not_a_person: tuple[str, ...] = NOT_A_PERSON
    not_a_person_titles: tuple[str, ...] = NOT_A_PERSON_TITLES
    manager_titles: tuple[str, ...] = MANAGER_TITLES
    not_allocated_roles: tuple[str, ...] = NOT_ALLOCATED_ROLES
    not_allocated_workers: tuple[str, ...] = ()
    needed_tables: tuple[str, ...] = ("child", "referral")
    _salt: bytes = PrivateAttr(b"")

    @field_validator("not_a_person", "not_a_person_titles", "manager_titles")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    @field_validator("encodings")
    @classmethod
    def _encodings_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            try:
                codecs.lookup(name)
            except LookupError as error:
                raise ValueError(f"{name!r} is no text encoding that Python knows") from error
        return names

    @model_validator(mode="after")
    def _one_order_of_day_and_month(self) -> SourceConfig:
        if {"DD/MM/YYYY", "MM/DD/YYYY"} <= set(self.date_formats):
            raise ValueError("DD/MM/YYYY and MM/DD/YYYY cannot both be accepted: 03/04/2026 would be a guess")
        return self

    def salted(self, secret: bytes) -> SourceConfig:
        """The same with a salt of its own, made of the installation's secret: with it nobody can try names (`people.id_of_name`)."""
        made = self.model_copy()
        made._salt = hmac.digest(secret, self.id.encode(), "sha256")
        return made

    @property
    def salt(self) -> bytes:
        """Empty where the installation has no secret."""
        return self._salt

    @cached_property
    def _name_pattern(self) -> re.Pattern[str] | None:
        return _any_of(self.not_a_person)

    @cached_property
    def _title_pattern(self) -> re.Pattern[str] | None:
        return _any_of(self.not_a_person_titles)

    @cached_property
    def _manager_pattern(self) -> re.Pattern[str] | None:
        return _any_of(self.manager_titles)

    @cached_property
    def _listed_workers(self) -> frozenset[str]:
        return frozenset(text.strip().casefold() for text in self.not_allocated_workers)

    def can_hold(self, name: str | None, title: str | None = None, worker_id: str | None = None) -> bool:
        """Whether a case of this worker counts as allocated: a real person, no manager, and not on the source's list."""
        managers = self._manager_pattern
        if title and managers and managers.search(_letters(title)):
            return False
        if self._listed_workers & {text.strip().casefold() for text in (name, worker_id) if text}:
            return False
        return self.is_person(name, title, worker_id)

    def is_person(self, name: str | None, title: str | None = None, worker_id: str | None = None) -> bool:
        """Whether a real person seems to stand behind this worker. Called while reading; name and title are dropped afterwards."""
        names, titles = self._name_pattern, self._title_pattern
        said = [text for text in (name, worker_id) if text]
        if names and any(names.search(_letters(text)) for text in said):
            return False
        return not (titles and title and titles.search(_letters(title)))


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE) if patterns else None


def _letters(text: str) -> str:
    return " ".join(re.sub(r"[\W\d_]+", " ", text).lower().split())
