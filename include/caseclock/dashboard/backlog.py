"""The questions that pages ask. What answers them reads the store; a test may answer them itself.

Each answer is whole: it is read in one view of the store, bounded, and holds no personal value. Each raises NotThere for what is not
there or not for this viewer, and WrongUse for what makes no sense.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol

from caseclock.dashboard.model import At, Done, Frame, Scope, Viewer

if TYPE_CHECKING:
    from caseclock.dashboard.pages.alert import AlertPage, AlertsPage
    from caseclock.dashboard.pages.audit import AuditPage
    from caseclock.dashboard.pages.digests import DigestPage, DigestsPage
    from caseclock.dashboard.pages.extracts import ExtractPage, Lately, LedgerPage
    from caseclock.dashboard.pages.measure import MeasurePage, MeasuresPage
    from caseclock.dashboard.pages.not_watched import NotWatchedPage
    from caseclock.dashboard.pages.overview import OverviewPage
    from caseclock.dashboard.pages.quality import QualityPage, QuarantinePage, RulePage
    from caseclock.dashboard.pages.team import TeamPage
    from caseclock.dashboard.pages.work_list import WorkPage


class Backlog(Protocol):
    # --- who and of what ---------------------------------------------------------------------------------------------
    def begin(self, viewer: Viewer, source: str | None, now: dt.datetime) -> tuple[Frame, Scope]:
        """The frame of a page. `source` None: the only one, or the first. Raises NotThere before the first extract and for another id."""
        ...

    # --- figures -----------------------------------------------------------------------------------------------------
    def overview(self, at: At, measure: str | None = None, sort: str | None = None) -> OverviewPage: ...

    def team(self, at: At, place: str) -> TeamPage: ...

    def measure(self, at: At, figure: str, place: str | None, show: str) -> MeasurePage:
        """`place` None: the council, or the first team of a viewer who does not see it. `show`: how much of it, of `measure.SHOWN`."""
        ...

    def measures(self, at: At) -> MeasuresPage: ...

    def not_watched(self, at: At) -> NotWatchedPage: ...

    # --- work --------------------------------------------------------------------------------------------------------
    def work_list(self, at: At, place: str | None, tier: int | None, rule: str | None, start: int) -> WorkPage: ...

    def work_list_csv(self, at: At, place: str | None, tier: int | None, rule: str | None) -> str: ...

    # --- alerts ------------------------------------------------------------------------------------------------------
    def alerts(self, at: At, closed: bool, team: str | None, rule: str | None, start: int) -> AlertsPage: ...

    def alert(self, at: At, alert: str) -> AlertPage: ...

    def source_of_alert(self, alert: str) -> str:
        """A message links to an alert by its id alone."""
        ...

    def check_alert(self, at: At, alert: str) -> None:
        """Raises NotThere for an alert about which this viewer can do nothing: asked before anything that was sent is looked at."""
        ...

    def refused(self, viewer: Viewer, what: str, now: dt.datetime) -> None:
        """Writes down that somebody tried a deed for which they have not the right: once in a minute for each person."""
        ...

    def acknowledge(self, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done: ...

    def silence(self, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done: ...

    def unsilence(self, at: At, alert: str, once: str) -> Done: ...

    def audit(self, at: At, event: str | None, before: int | None) -> AuditPage: ...

    # --- data --------------------------------------------------------------------------------------------------------
    def quality(self, at: At, extract: str | None) -> QualityPage: ...

    def quality_rule(self, at: At, table: str, rule: str) -> RulePage: ...

    def quarantine(self, at: At, table: str | None, rule: str | None, start: int) -> QuarantinePage: ...

    def extracts(self, at: At, before: dt.date | None) -> LedgerPage: ...

    def extract(self, at: At, extract: str) -> ExtractPage: ...

    def source_of_extract(self, extract: str) -> str: ...

    def lately(self, at: At) -> Lately:
        """The last extracts, for the tab of their Dag."""
        ...

    # --- digests -----------------------------------------------------------------------------------------------------
    def digests(self, at: At, year: int | None, before: str | None = None) -> DigestsPage: ...

    def digest(self, at: At, week: str, audience: str, revision: int | None) -> DigestPage: ...

    def digest_pdf(self, at: At, week: str, audience: str, revision: int | None) -> bytes: ...

    # --- the card on the home page -----------------------------------------------------------------------------------
    def card(self, at: At) -> dict[str, Any]:
        """Keys: as_of, trust, tone, finding, figures (a list of {label, value, tone}), alerts ({red, amber}). Counts and words only."""
        ...
