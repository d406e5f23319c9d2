"""`dashboard.Backlog`, read from the store: each question is answered by the file of its page, which is loaded when it is first asked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from caseclock.dashboard.model import At, Done, Frame, Scope, Viewer
from caseclock.pipeline.pages.desk import Desk

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


class StoreBacklog:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def begin(self, viewer: Viewer, source: str | None, now: dt.datetime) -> tuple[Frame, Scope]:
        from caseclock.pipeline.pages import frame

        return frame.begin(self.desk, viewer, source, now)

    # --- figures -----------------------------------------------------------------------------------------------------
    def overview(self, at: At, measure: str | None = None, sort: str | None = None) -> OverviewPage:
        from caseclock.pipeline.pages import overview

        return overview.overview(self.desk, at, measure, sort)

    def card(self, at: At) -> dict[str, Any]:
        from caseclock.pipeline.pages import overview

        return overview.card(self.desk, at)

    def team(self, at: At, place: str) -> TeamPage:
        from caseclock.pipeline.pages import team

        return team.team(self.desk, at, place)

    def measure(self, at: At, figure: str, place: str | None, show: str) -> MeasurePage:
        from caseclock.pipeline.pages import measure

        return measure.measure(self.desk, at, figure, place, show)

    def measures(self, at: At) -> MeasuresPage:
        from caseclock.pipeline.pages import measure_index

        return measure_index.measures(self.desk, at)

    def not_watched(self, at: At) -> NotWatchedPage:
        from caseclock.pipeline.pages import not_watched

        return not_watched.not_watched(self.desk, at)

    # --- work --------------------------------------------------------------------------------------------------------
    def work_list(self, at: At, place: str | None, tier: int | None, rule: str | None, start: int) -> WorkPage:
        from caseclock.pipeline.pages import work_list

        return work_list.work_list(self.desk, at, place, tier, rule, start)

    def work_list_csv(self, at: At, place: str | None, tier: int | None, rule: str | None) -> str:
        from caseclock.pipeline.pages import work_list

        return work_list.work_list_csv(self.desk, at, place, tier, rule)

    # --- alerts ------------------------------------------------------------------------------------------------------
    def alerts(self, at: At, closed: bool, team: str | None, rule: str | None, start: int) -> AlertsPage:
        from caseclock.pipeline.pages import alert

        return alert.alerts(self.desk, at, closed, team, rule, start)

    def alert(self, at: At, alert: str) -> AlertPage:
        from caseclock.pipeline.pages import alert as page

        return page.alert(self.desk, at, alert)

    def source_of_alert(self, alert: str) -> str:
        from caseclock.pipeline.pages import alert as page

        return page.source_of(self.desk, alert)

    def check_alert(self, at: At, alert: str) -> None:
        from caseclock.pipeline.pages import deeds

        deeds.check(self.desk, at, alert)

    def refused(self, viewer: Viewer, what: str, now: dt.datetime) -> None:
        from caseclock.pipeline.pages import deeds

        deeds.refused(self.desk, viewer, what, now)

    def acknowledge(self, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done:
        from caseclock.pipeline.pages import deeds

        return deeds.acknowledge(self.desk, at, alert, reason, until, once)

    def silence(self, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done:
        from caseclock.pipeline.pages import deeds

        return deeds.silence(self.desk, at, alert, reason, until, once)

    def unsilence(self, at: At, alert: str, once: str) -> Done:
        from caseclock.pipeline.pages import deeds

        return deeds.unsilence(self.desk, at, alert, once)

    def audit(self, at: At, event: str | None, before: int | None) -> AuditPage:
        from caseclock.pipeline.pages import audit

        return audit.audit(self.desk, at, event, before)

    # --- data --------------------------------------------------------------------------------------------------------
    def quality(self, at: At, extract: str | None) -> QualityPage:
        from caseclock.pipeline.pages import quality

        return quality.quality(self.desk, at, extract)

    def quality_rule(self, at: At, table: str, rule: str) -> RulePage:
        from caseclock.pipeline.pages import quality

        return quality.rule(self.desk, at, table, rule)

    def quarantine(self, at: At, table: str | None, rule: str | None, start: int) -> QuarantinePage:
        from caseclock.pipeline.pages import quality

        return quality.quarantine(self.desk, at, table, rule, start)

    def extracts(self, at: At, before: dt.date | None) -> LedgerPage:
        from caseclock.pipeline.pages import extracts

        return extracts.extracts(self.desk, at, before)

    def extract(self, at: At, extract: str) -> ExtractPage:
        from caseclock.pipeline.pages import extracts

        return extracts.extract(self.desk, at, extract)

    def source_of_extract(self, extract: str) -> str:
        from caseclock.pipeline.pages import extracts

        return extracts.source_of(self.desk, extract)

    def lately(self, at: At) -> Lately:
        from caseclock.pipeline.pages import extracts

        return extracts.lately(self.desk, at)

    # --- digests -----------------------------------------------------------------------------------------------------
    def digests(self, at: At, year: int | None, before: str | None = None) -> DigestsPage:
        from caseclock.pipeline.pages import digests

        return digests.digests(self.desk, at, year, before)

    def digest(self, at: At, week: str, audience: str, revision: int | None) -> DigestPage:
        from caseclock.pipeline.pages import digests

        return digests.digest(self.desk, at, week, audience, revision)

    def digest_pdf(self, at: At, week: str, audience: str, revision: int | None) -> bytes:
        from caseclock.pipeline.pages import digests

        return digests.pdf(self.desk, at, week, audience, revision)
