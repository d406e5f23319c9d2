"""The rules of the slow calculation: one function each, named like its entry in timescales.yaml."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from slow import CARE_ORDER, INTERIM_ORDER, LONDON, SHORT_BREAKS, WITH_PARENTS, Day, Row, Slow, months_after

FIRST, SECOND, THIRD_ON, NEXT, EVERY = slice(1), slice(1, 2), slice(2, None), slice(1, None), slice(None)


class SlowClocks(Slow):
    """`Slow` with a function for each rule."""

    # --- referrals and assessments ---------------------------------------------------------------------------------
    def cases(self) -> list[Row]:
        return [row for row in self.t["referral"] if row.get("nfa") is not True]

    def allocation(self) -> None:
        for row in self.cases():
            start, end, held = row["referral_date"], self.ended(row["child_id"], row.get("closed_on")), []
            for i in self.involvements_of(row):
                before = i["since"] and i["since"] < start and i["until"] and i["until"] <= start
                late = end and max(i["since"] or start, start) > end
                if i["real"] and not before and not late:
                    held.append(i)
            if all(i["since"] for i in held):  # held by somebody since an unknown day: no verdict
                taker = min(held, key=lambda i: (max(i["since"], start), i["allocation_id"])) if held else {}
                first = max(taker["since"], start) if held else None
                by = {"team": taker["team"], "worker": taker["worker_id"]} if taker.get("team") else {"worker": taker.get("worker_id")}
                self.clock("allocation", row, row["referral_id"], start, first, end, **by)
            if held and all(i["until"] for i in held) and start <= self.as_of:
                self.clock("allocation", row, row["referral_id"], max(i["until"] for i in held), None, end)

    def involvements_of(self, referral: Row) -> list[dict[str, Any]]:
        loose = [i for i in self.involved.get(("child", referral["child_id"]), [])
                 if not self.where("referral", "referral_id", i.get("referral_id"))]  # fmt: skip
        return [*self.involved.get(("referral", referral["referral_id"]), []), *loose]

    def assessment_started(self) -> None:
        authorised = sorted(a["authorised_on"] for a in self.t["assessment"] if a.get("authorised_on"))
        reach = authorised[len(authorised) // 100] if authorised else None
        for row in self.cases():
            start, end = row["referral_date"], self.ended(row["child_id"], row.get("closed_on"))
            days = [max(a["started_on"], start) if a.get("referral_id") == row["referral_id"] else a["started_on"]
                    for a in self.named("assessment", "referral_id", "referral", row)]  # fmt: skip
            since, stop = self.stretches(start, days, end)[0]
            if stop or not reach or start >= reach:  # of an older one nobody knows whether it was followed by an assessment
                self.clock("assessment_started", row, row["referral_id"], since, stop, end)

    def assessment_45_wt(self) -> None:
        for row in self.t["assessment"]:
            referral = self.one("referral", "referral_id", row.get("referral_id"))
            others = self.where("assessment", "referral_id", row.get("referral_id"))
            if referral and row is min(others, key=lambda a: (a["started_on"], a["assessment_id"])):
                self.assessed("assessment_45_wt", row, referral["referral_date"], row.get("authorised_on"))

    def assessment_45_dfe(self) -> None:
        for row in self.t["assessment"]:
            self.assessed("assessment_45_dfe", row, row["started_on"], row.get("authorised_on"))

    def assessment_checkpoint(self, rule: str = "assessment_checkpoint") -> None:
        for row in self.t["assessment"]:
            days = [d for d in (row.get("reviewed_on"), row.get("authorised_on")) if self.past(d)]
            self.assessed(rule, row, row["started_on"], min(days, default=None))

    def assessment_checkpoint_20(self) -> None:
        self.assessment_checkpoint("assessment_checkpoint_20")

    def assessed(self, rule: str, row: Row, start: Day, stop: Day | None) -> None:
        self.clock(rule, row, row["assessment_id"], start, self.past(stop), self.ended(row["child_id"], self.closed(row)))

    # --- section 47 enquiries and conferences ----------------------------------------------------------------------
    def conferences(self, row: Row) -> list[Day | None]:
        return [c.get("held_on") for c in self.named("conference", "s47_id", "s47", row) if c["kind"] == "initial"]

    def s47_to_icpc(self) -> None:
        for row in self.t["s47"]:
            if row.get("icpc_required") is not False:
                end = self.ended(row["child_id"], self.closed(row))
                self.repeat("s47_to_icpc", row, row["s47_id"], row["strategy_on"], self.conferences(row), end, FIRST)

    def s47_open(self) -> None:
        for row in self.t["s47"]:
            over, end = row.get("ended_on"), self.ended(row["child_id"], self.closed(row))
            impossible = self.past(over) and over < row["strategy_on"]
            if not impossible and not (row.get("icpc_required") is False and over is None):
                self.repeat("s47_open", row, row["s47_id"], row["strategy_on"], [*self.conferences(row), over], end, FIRST)

    def icpc_transfer_in(self) -> None:
        for row in self.t["conference"]:
            start = self.one("referral", "referral_id", row.get("referral_id")).get("referral_date")
            if row["kind"] == "transfer_in":
                end = self.ended(row["child_id"], self.closed(row))
                self.clock("icpc_transfer_in", row, row["conference_id"], start, self.past(row.get("held_on")), end)

    # --- plans -----------------------------------------------------------------------------------------------------
    def plans(self, kind: str) -> list[Row]:
        return [p for p in self.t["plan"] if p["kind"] == kind and not (kind == "cp" and p.get("other_la") is True)]

    def plan_rule(self, rule: str, kind: str, days: Callable[[Row, Day], list[Day | None]], which: slice, conferred: bool = False,
                  begins: Day | None = None) -> None:  # fmt: skip
        for row in self.plans(kind):
            conference = self.one("conference", "conference_id", row.get("conference_id"))
            start = (conference.get("held_on") if conferred else None) or row["started_on"]
            end = self.ended(row["child_id"], row.get("ended_on"))
            self.repeat(rule, row, row["plan_id"], start, days(row, start), end, which, begins)

    def seen(self, kind: str, flag: str) -> Callable[[Row, Day], list[Day | None]]:
        return lambda row, start: [
            v["visit_on"] for v in self.named("visit", "plan_id", "plan", row) if v["kind"] == kind and v.get(flag) is True
        ]

    def cp_visit(self) -> None:
        self.plan_rule("cp_visit", "cp", self.seen("cp", "seen"), EVERY)

    def cp_visit_alone(self) -> None:
        self.plan_rule("cp_visit_alone", "cp", self.seen("cp", "seen_alone"), EVERY)

    def cin_visit(self) -> None:
        self.plan_rule("cin_visit", "cin", self.seen("cin", "seen"), EVERY)

    def reviewed(self, row: Row, start: Day) -> list[Day | None]:
        held = [r["held_on"] for r in self.named("review", "plan_id", "plan", row)
                if r["kind"] == "cp" and r.get("cancelled") is not True and r.get("held_on")]  # fmt: skip
        return [d for d in held if d > start]

    def rcpc_first(self) -> None:
        self.plan_rule("rcpc_first", "cp", self.reviewed, FIRST, conferred=True)

    def rcpc_next(self) -> None:
        self.plan_rule("rcpc_next", "cp", self.reviewed, NEXT, conferred=True)

    def met(self, kind: str, same_day: bool) -> Callable[[Row, Day], list[Day | None]]:
        def days(row: Row, start: Day) -> list[Day | None]:
            held = [m["held_on"] for m in self.named("meeting", "plan_id", "plan", row) if m["kind"] == kind and m.get("held_on")]
            return [d for d in held if same_day or d > start]

        return days

    def begins(self, table: str, kind: str, date: str) -> Day | None:
        return min((r[date] for r in self.t[table] if r["kind"] == kind and r.get(date)), default=None)

    def core_group_first(self) -> None:
        begins = self.begins("meeting", "core_group", "held_on")
        self.plan_rule("core_group_first", "cp", self.met("core_group", True), FIRST, conferred=True, begins=begins)

    def core_group_next(self) -> None:
        self.plan_rule("core_group_next", "cp", self.met("core_group", True), NEXT, conferred=True)

    def cin_review(self) -> None:
        self.plan_rule("cin_review", "cin", self.met("cin_review", False), EVERY, begins=self.begins("meeting", "cin_review", "held_on"))

    # --- care ------------------------------------------------------------------------------------------------------
    def periods(self) -> list[Row]:
        """The first episode of each period of care; one that names no period is one by itself."""
        firsts: dict[str, Row] = {}
        for row in sorted(self.t["care"], key=lambda c: (c["started_on"], c["episode_id"])):
            firsts.setdefault(row.get("care_id") or "episode " + row["episode_id"], row)
        return list(firsts.values())

    def true_on(self, rows: list[Row], day: Day) -> bool:
        return any(r["started_on"] <= day and (r.get("ended_on") is None or day < r["ended_on"]) for r in rows)

    def status(self, child: str, day: Day, statuses: tuple[str, ...]) -> bool:
        return self.true_on([r for r in self.where("legal", "child_id", child) if r.get("status") in statuses], day)

    def care_review(self, rule: str, which: slice) -> None:
        for row in self.periods():
            start, end = row.get("entered_on"), self.ended(row["child_id"], row.get("left_on"))
            days = [r["held_on"] for r in self.named("review", "care_id", "care", row)
                    if r["kind"] == "cla" and r.get("cancelled") is not True
                    and r.get("held_on") and start and r["held_on"] > start]  # fmt: skip
            when = lambda day, child=row["child_id"]: not self.status(child, day, SHORT_BREAKS)  # noqa: E731
            self.repeat(rule, row, row["episode_id"], start, days, end, which, when=when)

    def cla_review_1(self) -> None:
        self.care_review("cla_review_1", FIRST)

    def cla_review_2(self) -> None:
        self.care_review("cla_review_2", SECOND)

    def cla_review_n(self) -> None:
        self.care_review("cla_review_n", THIRD_ON)

    def placement_visit(self, rule: str, which: slice, when: Callable[[Row, Day], bool]) -> None:
        for row in self.t["placement"]:
            end = self.ended(row["child_id"], row.get("ended_on"))
            days = [v["visit_on"] for v in self.named("visit", "care_id", "placement", row) if v["kind"] == "cla" and v.get("seen") is True]
            self.repeat(rule, row, row["placement_id"], row["started_on"], days, end, which, when=lambda day, row=row: when(row, day))

    def ordinary(self, row: Row, day: Day) -> bool:
        parent = row.get("kind") == WITH_PARENTS and self.status(row["child_id"], day, INTERIM_ORDER)
        return not parent and not self.status(row["child_id"], day, SHORT_BREAKS)

    def with_parents(self, row: Row, day: Day, reviewed: bool) -> bool:
        held = any(r["kind"] == "cla" and r.get("cancelled") is not True and r.get("held_on") and r["held_on"] <= day
                   for r in self.where("review", "care_id", row.get("care_id")))  # fmt: skip
        return row.get("kind") == WITH_PARENTS and self.status(row["child_id"], day, INTERIM_ORDER) and held is reviewed

    def cla_visit_first(self) -> None:
        self.placement_visit("cla_visit_first", FIRST, lambda row, day: not self.status(row["child_id"], day, SHORT_BREAKS))

    def cla_visit_year1(self) -> None:
        in_year = lambda row, day: day < months_after(row["started_on"], 12)  # noqa: E731
        self.placement_visit("cla_visit_year1", NEXT, lambda row, day: in_year(row, day) and self.ordinary(row, day))

    def cla_visit_after(self) -> None:
        later = lambda row, day: day >= months_after(row["started_on"], 12)  # noqa: E731
        self.placement_visit("cla_visit_after", NEXT, lambda row, day: later(row, day) and self.ordinary(row, day))

    def cla_visit_parents(self) -> None:
        self.placement_visit("cla_visit_parents", NEXT, lambda row, day: self.with_parents(row, day, False))

    def cla_visit_parents_after(self) -> None:
        self.placement_visit("cla_visit_parents_after", NEXT, lambda row, day: self.with_parents(row, day, True))

    def cla_visit_order(self) -> None:
        for row in [r for r in self.t["legal"] if r.get("status") in CARE_ORDER]:
            days = [v["visit_on"] for v in self.where("visit", "child_id", row["child_id"]) if v["kind"] == "cla" and v.get("seen") is True]
            homes = [p for p in self.where("placement", "child_id", row["child_id"]) if p.get("kind") == WITH_PARENTS]
            self.repeat("cla_visit_order", row, row["legal_id"], row["started_on"], days, self.ended(row["child_id"], row.get("ended_on")),
                        FIRST, when=lambda day, homes=homes: self.true_on(homes, day))  # fmt: skip

    def pathway_plan(self) -> None:
        for row in self.t["care_leaver"]:
            self.clock("pathway_plan", row, row["leaver_id"], row.get("reviewed_on"), None, self.ended(row["child_id"]))

    def pa_contact(self) -> None:
        for row in self.t["care_leaver"]:
            self.clock("pa_contact", row, row["leaver_id"], row.get("contacted_on"), None, self.ended(row["child_id"]))

    # --- contacts, return interviews, private fostering ------------------------------------------------------------
    def contact_decision(self) -> None:
        for row in self.t["contact_decision"]:
            child = self.one("contact", "contact_id", row["contact_id"]).get("child_id")
            self.clock(
                "contact_decision", row, row["decision_id"], row.get("received_on"), self.past(row.get("decided_on")), None, child=child
            )

    def rhi_72h(self) -> None:
        entry = self.rules["rhi_72h"]
        midnight = dt.datetime.combine(self.as_of + dt.timedelta(1), dt.time(), LONDON).astimezone(dt.UTC)
        for row in self.t["meeting"]:
            start, stop = _utc(row.get("since_at")), _utc(row.get("held_at"))
            if row["kind"] != "rhi" or start is None or start > midnight or (row.get("held_on") and stop is None):
                continue
            stop = stop if stop and stop <= midnight else None
            end = self.ended(row["child_id"])
            if (stop and stop < start) or (end and (stop is None or stop.astimezone(LONDON).date() > end)):
                continue
            limit, until = self.limit("rhi_72h", start.date()), stop or midnight
            due, warned = start + dt.timedelta(hours=limit), until >= start + dt.timedelta(hours=entry["warn_at"])
            late = until > due
            state = ("done_late" if late else "done_in_time") if stop else "overdue" if late else "due_soon" if warned else "running"
            team, worker = self.answers("rhi_72h", row, row["child_id"], stop is not None)
            shown = [None if m is None else m.astimezone(LONDON).replace(tzinfo=None) for m in (start, due, stop)]
            elapsed = (until - start) // dt.timedelta(hours=1)
            self._made.append(("rhi_72h", row["child_id"], row["event_id"], team, worker, *shown, elapsed, limit, state))

    def fostering(self, rule: str, which: slice, when: Callable[[Day, Day], bool]) -> None:
        lines = [m for m in self.t["meeting"] if m["kind"] == "pf_visit" and m.get("begun_on")]
        firsts: dict[str, Row] = {}
        for row in sorted(lines, key=lambda m: (m["begun_on"], m["event_id"])):
            firsts.setdefault(row.get("arrangement_id") or "line " + row["event_id"], row)
        begins = self.begins("meeting", "pf_visit", "held_on")
        for row in firsts.values():
            days = [m.get("held_on") for m in self.where("meeting", "arrangement_id", row.get("arrangement_id")) if m["kind"] == "pf_visit"]
            self.repeat(rule, row, row["event_id"], row["begun_on"], days, self.ended(row["child_id"], row.get("ended_on")), which, begins,
                        when=lambda day, row=row: when(day, months_after(row["begun_on"], 12)))  # fmt: skip

    def pf_initial(self) -> None:
        self.fostering("pf_initial", FIRST, lambda day, year: True)

    def pf_visit(self) -> None:
        self.fostering("pf_visit", NEXT, lambda day, year: day < year)

    def pf_visit_after(self) -> None:
        self.fostering("pf_visit_after", NEXT, lambda day, year: day >= year)

    # --- supervision -----------------------------------------------------------------------------------------------
    def supervision_worker(self) -> None:
        begins = self.begins("supervision", "personal", "supervised_on")
        mine: dict[str, list[dict[str, Any]]] = {}
        for i in self.involvements:
            if i["real"] and i["until"] is None:
                since = self.one("staff", "worker_id", i["worker_id"]).get("started_on") or i["since"]
                mine.setdefault(i["worker_id"], []).append({**i, "from": since})
        for worker, held in mine.items():
            first = min(held, key=lambda i: (i["from"] is None, i["from"] or self.as_of, i["allocation_id"]))
            days = [s["supervised_on"] for s in self.where("supervision", "worker_id", worker) if s["kind"] == "personal"]
            team = first["home"] or first["team"] or "?"
            self.repeat("supervision_worker", first, worker, first["from"], days, None, EVERY, begins, child=None, team=team, worker=worker)

    def discussed(self, child: str) -> list[Day | None]:
        return [s["supervised_on"] for s in self.where("supervision", "child_id", child) if s["kind"] == "case"]

    def supervision_of_plan(self, rule: str, kind: str) -> None:
        begins = self.begins("supervision", "case", "supervised_on")
        self.plan_rule(rule, kind, lambda row, start: self.discussed(row["child_id"]), EVERY, begins=begins)

    def supervision_case_cp(self) -> None:
        self.supervision_of_plan("supervision_case_cp", "cp")

    def supervision_case_cin(self) -> None:
        self.supervision_of_plan("supervision_case_cin", "cin")

    def supervision_case_cla(self) -> None:
        begins = self.begins("supervision", "case", "supervised_on")
        for row in self.periods():
            start, end = row.get("entered_on") or row["started_on"], self.ended(row["child_id"], row.get("left_on"))
            self.repeat("supervision_case_cla", row, row["episode_id"], start, self.discussed(row["child_id"]), end, EVERY, begins)

    def supervision_case_assessment(self) -> None:
        begins = self.begins("supervision", "case", "supervised_on")
        for row in self.t["assessment"]:
            end = self.ended(row["child_id"], self.closed(row), row.get("authorised_on"))
            self.repeat(
                "supervision_case_assessment",
                row,
                row["assessment_id"],
                row["started_on"],
                self.discussed(row["child_id"]),
                end,
                EVERY,
                begins,
            )

    def supervision_recorded(self) -> None:
        for row in self.t["supervision"]:
            if row["kind"] == "case":
                recorded = self.past(row.get("recorded_on")) if row.get("decision_recorded") is True else None
                stop = recorded if recorded and recorded >= row["supervised_on"] else None
                self.clock("supervision_recorded", row, row["supervision_id"], row["supervised_on"], stop, self.ended(row.get("child_id")))


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else moment.replace(tzinfo=dt.UTC)
