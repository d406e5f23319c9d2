"""Loads what the steps need, once, in the process that task processes are forked from.

Great Expectations alone takes 5 seconds to import. A LocalExecutor task is a fork of the scheduler, a Celery task one of its
worker: what was loaded before the fork is there at once. It is done before anything is forked and in the only thread, because a
fork in the middle of an import would inherit a lock that nobody opens.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence

FORKING = ("scheduler", "celery")
"""Airflow components whose processes fork tasks, as they are named on their command line."""

NEEDED = (
    "caseclock.notifications.deadman",
    "caseclock.storage.waiting",
    "caseclock.config.load",
    "caseclock.extracts.inbox",
    "caseclock.extracts.naming",
    "caseclock.extracts.readers",
    "caseclock.extracts.supplementary.read",
    "caseclock.snapshots.typing",
    "caseclock.snapshots.store",
    "caseclock.quality.gate",
    "caseclock.quality.quarantine",
    "caseclock.quality.report",
    "caseclock.quality.expectations",
    "caseclock.quality.page",
    "caseclock.quality.life",
    "caseclock.quality.surge",
    "caseclock.quality.verdict",
    "caseclock.quality.worse",
    "caseclock.clocks.frame",
    "caseclock.clocks.watched",
    "caseclock.clocks.worklist",
    "caseclock.clocks.tally",
    "caseclock.clocks.case_facts",
    "caseclock.clocks.events",
    "caseclock.clocks.referrals",
    "caseclock.measures",
    "caseclock.trends.forecast",
    "caseclock.trends.from_dates",
    "caseclock.trends.score",
    "caseclock.trends.series",
    "caseclock.pipeline.retention",
    "caseclock.pipeline.sheet",
    "caseclock.pipeline.worklist",
    "caseclock.storage.relook",
    "caseclock.digest.compose",
    "caseclock.digest.pdf",
    "caseclock.pipeline.digest_facts",
    "caseclock.notifications.update",
    "caseclock.notifications.deliver",
    "caseclock.notifications.again",
    "caseclock.notifications.bounces",
    "caseclock.notifications.night",
    "caseclock.notifications.channels.slack",
    "caseclock.notifications.channels.email",
    "caseclock.storage.alerts",
    "caseclock.storage.outbox",
    "alembic.command",
    "pyarrow.dataset",
    "holidays.countries.united_kingdom",
    "great_expectations",
)


def warm_up(command_line: Sequence[str]) -> bool:
    """Loads everything when this process forks tasks; False, and nothing, in any other."""
    if not any(word in FORKING for word in command_line[1:2]):
        return False
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in NEEDED:
        importlib.import_module(name)
    return True
