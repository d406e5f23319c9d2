"""The report as a page that stands alone."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from html.parser import HTMLParser

import pytest
from quality_tables import extract, snapshot

from caseclock.extracts import Absence, Reject
from caseclock.quality import Finding, History
from caseclock.quality.gate import check
from caseclock.quality.model import RuleCount, TableChange
from caseclock.quality.page import ROWS_NAMED, report_page
from caseclock.quality.report import Facts, Past, facts_of
from caseclock.snapshots import Snapshot, TableCount

REJECTS = [
    Reject("referral", "cin.csv", row, "closed_on", "closed before it began", "closed_on_before_referral_date") for row in range(2, 202)
]
RULE = "referral.closed_on_before_referral_date"


def facts(**more: object) -> Facts:
    made: dict[str, object] = {
        "reasons": ["referral: 200 of 1,000 rows put aside"],
        "tables": {"referral": TableCount(1000, 800, 200)},
        "findings": [Finding("referral", "closed_on_before_referral_date", "critical", 200, 1000, "closed before it began")],
        "counts": [
            RuleCount("referral", "closed_on_before_referral_date", "critical", 200, 1000),
            RuleCount("referral", "referral_date_missing", "critical", 0, 1000),
        ],
        "expectations": 2,
        "rejects": REJECTS,
        "absences": ["supervision: add supervision.csv"],
        "not_evaluated": ["visit.kind_missing: the extract has no visit rows"],
        "changes": [TableChange("referral", 31, 17, 4, 952, 0)],
        "compared_with": dt.date(2026, 11, 13),
        "past": [Past(dt.date(2026, 11, 1 + n), "warn", {RULE: n}) for n in range(4)],
        "quarantine": {"open": 200, "new": 197, "corrected": 1, "gone": 2},
    }
    return Facts(extract(), "warn", **(made | more))  # type: ignore[arg-type]


class Page(HTMLParser):
    """Checks that tags are balanced, and remembers them with their attributes."""

    VOID = ("meta", "link", "br", "img", "path", "circle")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", text, flags=re.S)).split())


def test_it_says_everything_that_somebody_can_act_on() -> None:
    said = words(report_page(facts()))
    for expected in (
        "Quality of demo as of 2026-11-20, revision 1",
        "Warn The numbers speak. Something has to be corrected at the source.",
        "referral: 200 of 1,000 rows put aside",
        "referral 1,000 800 200 31 17 4 0",
        "against the accepted extract of 2026-11-13",
        f"{RULE} closed before it began; first: cin.csv row 2, closed_on Critical 200 1,000 2026-11-02",
        "200 in quarantine, 197 of them new; 1 corrected since the extract before, 2 no longer sent",
        f"200 × {RULE}: closed before it began The first {ROWS_NAMED} of 200 rows",
        "supervision: add supervision.csv",
        "the extract has no visit rows: visit.kind_missing",
        "By table: 1 referral : referral_date_missing",
    ):
        assert expected in said, expected


def test_nothing_runs_and_nothing_is_loaded() -> None:
    text = report_page(facts())
    page = Page(text)
    assert not page.named("script")
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    loads = [attrs[key] for _, attrs in page.tags for key in ("src", "href", "srcset", "action") if key in attrs]
    assert loads == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_it_can_be_read_by_ear() -> None:
    page = Page(report_page(facts()))
    assert page.named("html")[0]["lang"] == "en-GB"
    assert len(page.named("h1")) == 1
    assert len(page.named("caption")) == len(page.named("table")) >= 3
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.named("th"))
    assert [svg["aria-label"] for svg in page.named("svg")] == ["failing rows, oldest first: 0, 1, 2, 3, 200"]


def test_the_line_has_a_break_where_the_rule_was_not_asked() -> None:
    past = [Past(dt.date(2026, 11, 1 + n), "warn", {} if n == 2 else {RULE: 5}) for n in range(4)]
    (svg,) = Page(report_page(facts(past=past))).named("svg")
    assert svg["aria-label"] == "failing rows, oldest first: 5, 5, not asked, 5, 200"


def test_the_line_shows_twelve_extracts() -> None:
    past = [Past(dt.date(2026, 11, 1) + dt.timedelta(n), "warn", {RULE: n}) for n in range(19)]
    (svg,) = Page(report_page(facts(past=past))).named("svg")
    assert str(svg["aria-label"]).count(",") == 12


def test_a_rule_that_is_well_again_is_named() -> None:
    now = facts(findings=[], rejects=[], counts=[RuleCount("referral", "closed_on_before_referral_date", "critical", 0, 1000)], reasons=[])
    assert f"Well again {RULE}" in words(report_page(now))


@pytest.mark.parametrize(
    "verdict, decision, speaks, said",
    [
        ("pass", "", True, "Pass The numbers speak. Nothing has to be corrected."),
        ("hold", "", False, "Hold The numbers do not speak"),
        ("hold", "released by Data lead", True, "a person has released it: the numbers speak. A person has decided: released by Data lead"),
        ("hold", "rejected by Data lead", False, "Hold The numbers do not speak"),
    ],
)
def test_the_headline_says_what_the_verdict_means(verdict: str, decision: str, speaks: bool, said: str) -> None:
    made = Facts(extract(), verdict, decision=decision, numbers_speak=speaks)  # type: ignore[arg-type]
    assert said in words(report_page(made))


def test_an_extract_that_could_not_be_read_has_a_page_too() -> None:
    said = words(report_page(Facts(extract(), "hold", ["The extract could not be read: cut short"], numbers_speak=False)))
    assert "cut short" in said
    assert "nothing could be asked" in said


def test_what_looks_like_html_in_a_file_name_is_text() -> None:
    made = facts(rejects=[Reject("referral", "<script>alert(1)</script>.csv", 2, "x", "odd", "rule")], notes=["<b>bold</b>"])
    assert "<script>" not in report_page(made)
    assert "<b>bold" not in report_page(made)


def test_many_bad_rows_make_no_large_page() -> None:
    many = [Reject("referral", "ssd_cin_episodes.csv", n, "closed_on", f"same key as row {n}", f"r{n % 40}") for n in range(50_000)]
    assert len(gzip.compress(report_page(facts(rejects=many)).encode())) < 100_000


def test_no_value_of_any_cell_is_on_the_page() -> None:
    """Every text cell is marked; rows break as many rules as they can."""
    rows = {
        "child": [{"child_id": "CANARY-child", "sex": "CANARY-sex"}] * 2,
        "referral": [{"referral_id": "CANARY-r", "child_id": "CANARY-lost", "team_id": "CANARY-team", "referral_date": "1971-03-14"}] * 9,
        "plan": [{"plan_id": "CANARY-p", "kind": "CANARY-kind", "worker_id": "CANARY-w", "started_on": "2099-03-14"}] * 2,
        "worker": [{"worker_id": "CANARY-worker", "fte": 314159.0, "team_id": "CANARY-t"}],
        "team": [{"team_id": "CANARY-other", "name": "CANARY-name"}],
    }
    made = snapshot(**rows)  # type: ignore[arg-type]
    full = Snapshot(made.extract, made.tables, absences=[Absence("supervision", "no such file")])
    page = report_page(facts_of(full, check(full, History())))
    assert "referral.csv" in page
    for mark in ("CANARY", "2099", "1971", "314159"):
        assert mark not in page
