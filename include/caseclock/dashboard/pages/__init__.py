"""The pages, each a file: what it shows (frozen dataclasses) and `router(shell)`, its addresses. A page imports no other page."""

from types import ModuleType
from typing import Final

from caseclock.dashboard.pages import (
    airflow_tabs,
    alert,
    audit,
    digests,
    extracts,
    help,
    measure,
    not_watched,
    overview,
    quality,
    team,
    work_list,
)

PAGES: Final[tuple[ModuleType, ...]] = (
    overview, team, measure, work_list, alert, audit, quality, extracts, digests, not_watched, help, airflow_tabs,
)  # fmt: skip
