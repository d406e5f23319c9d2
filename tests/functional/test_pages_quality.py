"""The pages on data quality: what they show is what the gate has said and the store holds, and nobody reads there what is not for them."""

from __future__ import annotations

import datetime as dt
import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import func, insert, select

from caseclock import pipeline
from caseclock.dashboard import Viewer
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.extracts import Absence
from caseclock.now import LONDON
from caseclock.quality import Finding, QualityReport
from caseclock.quality.model import RuleCount, TableChange
from caseclock.storage import ledger, quarantine
from caseclock.storage import schema as t

from .conftest import open_town, small_configuration
from .pages_lab import SAM, Somebody, pages
from .release_lab import TEAM, Lab

FIRST, SECOND, HELD, BROKEN = dt.date(2026, 11, 6), dt.date(2026, 11, 13), dt.date(2026, 11, 20), dt.date(2026, 11, 21)
NOW = dt.datetime(2026, 11, 21, 18, tzinfo=LONDON)
NORA = Viewer("nora", "Nora")
HOSTILE = '<script>alert(1)</script> & "x"'
RULE = "authorised_on_before_started_on"
WRONG_ORDER = "authorised before it was started: the dates cannot both be right"
ASIDE = 120


@dataclass
class Town:
    """Four extracts: one that passed, one that warned (an alert in the north), one that is held, one that could not be read."""

    lab: Lab
    first: str
    second: str
    held: str
    broken: str
    doors: ExitStack
    clients: dict[str, TestClient] = field(default_factory=dict)

    def client(self, viewer: Viewer = SAM) -> TestClient:
        if viewer.id not in self.clients:
            self.clients[viewer.id] = self.doors.enter_context(pages(self.lab.house.settings, NOW, Somebody(viewer)))
        return self.clients[viewer.id]

    def text(self, path: str, viewer: Viewer = SAM, status: int = 200) -> str:
        """What the page says, in words alone."""
        return words(self.page(path, viewer, status))

    def page(self, path: str, viewer: Viewer = SAM, status: int = 200) -> str:
        answer = self.client(viewer).get(f"/caseclock/{path}")
        assert answer.status_code == status, answer.text
        return answer.text


def words(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main.replace("<wbr>", ""))).split())


@contextmanager
def make_town(folder: Path) -> Iterator[Town]:
    with FakeSlack() as slack, MailCatcher() as mail:
        config = folder / "home" / "monitoring"
        small_configuration(config)
        routes = yaml.safe_load((config / "routes.yaml").read_text())
        routes["services"]["north"]["people"] = ["nora"]
        routes["services"]["south"]["people"] = ["sol"]
        (config / "routes.yaml").write_text(yaml.safe_dump(routes, sort_keys=False))
        with pipeline.open_house(open_town(folder / "home", slack, mail).settings) as house:
            with house.engine.begin() as c:
                named = {TEAM: HOSTILE, "SA1": "South Assessment"}
                c.execute(insert(t.team), [{"source": "demo", "team": id_, "name": n, "as_of": str(FIRST)} for id_, n in named.items()])
            lab = Lab(house, slack, mail)
            ids = [lab.land(FIRST, 1, "pass"), lab.land(SECOND, 5, "warn"), lab.land(HELD, 9), lab.land(BROKEN, 0, refused=True)]
            _judge(lab, *ids[:3])
            with ExitStack() as doors:
                yield Town(lab, *ids, doors=doors)


def _judge(lab: Lab, first: str, second: str, held: str) -> None:
    """What the gate would have said, and the rows that it set aside."""
    of_rows = Finding("assessment", RULE, "critical", 3, 100, WRONG_ORDER)
    of_table = Finding("referral", "row_count", "critical", 1, 1, f"{HOSTILE} fewer rows")
    counts = [RuleCount("assessment", RULE, "critical", 3, 100), RuleCount("assessment", "two_open", "warning", 0, 100)]
    change = TableChange("referral", 7, 2, 1, 31, 0)
    with lab.house.engine.begin() as c:
        before = [RuleCount("assessment", RULE, "critical", 2, 90), RuleCount("assessment", "two_open", "warning", 4, 90)]
        ledger.save_quality(c, first, QualityReport("pass", counts=before, expectations=2), [], NOW)
        warned = QualityReport("warn", ["3 rows put aside"], [of_rows], counts=counts, changes=[change], expectations=2)
        ledger.save_quality(c, second, warned, [Absence("supervision is not watched", "no file of it")], NOW, first)
        report = QualityReport(
            "hold", ["half of the rows"], [of_table, of_rows], counts=counts, expectations=2, blocked_teams=[TEAM, "SA1"]
        )
        ledger.save_quality(c, held, report, [], NOW)
        entry = {
            "source": "demo", "table_name": "assessment", "rule": RULE, "column": "authorised_on", "reason": WRONG_ORDER,
            "file": "assessments.csv", "extract_id": second, "first_seen": str(FIRST), "last_seen": str(SECOND),
        }  # fmt: skip
        rows = [entry | {"row_hash": f"{n:032x}", "row": n + 2, "left_on": None, "left_because": None} for n in range(ASIDE)]
        rows[7]["file"] = HOSTILE
        left = [("corrected", "a"), ("gone", "b")]
        rows += [entry | {"row_hash": f"left{n}", "row": 1, "left_on": str(SECOND), "left_because": why} for why, n in left]
        c.execute(insert(t.quarantine_entry), rows)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with make_town(tmp_path_factory.mktemp("town")) as made:
        yield made


# --- one extract -----------------------------------------------------------------------------------------------------
def test_an_extract_that_warned_says_what_fails_since_when_and_what_is_well_again(town: Town) -> None:
    said = town.text(f"quality?extract={town.second}")
    assert "Warn The numbers speak." in said
    assert f"assessment.{RULE} {WRONG_ORDER} Critical 3 100 6 November 2026" in said
    assert "Well again since the extract before: assessment.two_open ." in said
    assert "referral 40 40 0 7 2 1 0" in said
    assert "supervision is not watched: no file of it" in said
    assert "Failing rows, oldest extract first: 2, 3." in town.page(f"quality?extract={town.second}")


def test_the_newest_extract_is_shown_also_when_it_could_not_be_read(town: Town) -> None:
    said = town.text("quality")
    assert "Data quality of the extract of 21 November 2026 Could not be read" in said
    assert "a new export is needed" in said
    assert "Its figures are not in use" in said


def test_a_held_extract_says_that_nothing_speaks_and_where_to_decide(town: Town) -> None:
    said = town.text(f"quality?extract={town.held}")
    assert "Held The numbers do not speak" in said
    assert f"release__{town.held}" in said and f"caseclock release {town.held}" in said
    assert 'href="/caseclock/help/data-held' in town.page(f"quality?extract={town.held}")
    assert 'href="/caseclock/help/data-held' in town.page(f"extracts/{town.held}")
    assert said.index("referral.row_count") < said.index(f"assessment.{RULE}")  # all of it wrong comes before some of it
    assert "referral.row_count" in said and "Critical 1 1 new" in said


def test_teams_whose_rows_are_gone_are_named_only_to_whom_they_belong(town: Town) -> None:
    assert "South Assessment" in town.text(f"quality?extract={town.held}")
    to_nora = town.text(f"quality?extract={town.held}", NORA)
    assert HOSTILE in to_nora and "South Assessment" not in to_nora


def test_why_an_extract_could_not_be_read_is_for_those_who_see_everything(town: Town) -> None:
    with town.lab.house.engine.begin() as c:
        ledger.save_quality(c, town.broken, QualityReport("hold", ["The extract could not be read: cases.csv row 4"]), [], NOW)
    assert "cases.csv row 4" in town.text("quality")
    to_nora = town.text("quality", NORA)
    assert "cases.csv" not in to_nora and "for those who see the whole council" in to_nora


def test_what_a_person_said_of_a_held_extract_is_shown_and_why_to_those_who_see_everything(tmp_path: Path) -> None:
    with make_town(tmp_path) as town:
        town.lab.decide(town.held, "approve", f"the merger {HOSTILE}", "Data quality lead")
        said = town.text(f"quality?extract={town.held}")
        assert "a person has released it: the numbers speak" in said
        assert "Released by Data quality lead on" in said and f"Reason given: the merger {HOSTILE}" in said
        assert "A person must decide" not in said and "Its figures are not in use" not in said
        to_nora = town.text(f"quality?extract={town.held}", NORA)
        assert "Released by Data quality lead on" in to_nora and "the merger" not in to_nora


# --- one rule --------------------------------------------------------------------------------------------------------
def test_a_rule_over_time_has_the_counts_of_the_store(town: Town) -> None:
    said = town.text(f"quality/rule?table=assessment&rule={RULE}")
    assert WRONG_ORDER in said.lower() and "The row is not used" in said
    assert "It has not been met since the extract of 6 November 2026" in said
    rows = said.partition("Failing Of ")[2]
    assert "21 November 2026 Could not be read not asked –" in rows
    for day, verdict, failing, of in (("20", "Held", 3, 100), ("13", "Warn", 3, 100), ("6", "Pass", 2, 90)):
        assert f"{day} November 2026 {verdict} {failing} {of}" in rows
    assert f"{ASIDE}, the oldest since 6 November 2026" in said


def test_a_finding_that_is_no_row_rule_has_a_page_too(town: Town) -> None:
    said = town.text("quality/rule?table=referral&rule=row_count")
    assert f"{HOSTILE} fewer rows" in said and "20 November 2026 Held 1 1" in said


def test_a_rule_that_was_never_asked_says_what_it_asks(town: Town) -> None:
    said = town.text("quality/rule?table=visit&rule=visit_id_placeholder")
    assert "read as missing" in said and "no figure yet" in said


# --- rows set aside --------------------------------------------------------------------------------------------------
def test_every_open_row_is_on_one_page_and_only_on_one(town: Town) -> None:
    found: list[int] = []
    path: str | None = "quarantine?table=assessment"
    while path:
        page = town.page(path)
        found += [int(n) for n in re.findall(r'</th><td class="n">(\d+)</td><td>authorised_on', page)]
        more = re.search(r'rel="next" href="/caseclock/([^"]+)"', page)
        path = html.unescape(more[1]) if more else None
    assert sorted(found) == [n + 2 for n in range(ASIDE)]


def test_the_summary_is_that_of_the_store(town: Town) -> None:
    with town.lab.house.engine.connect() as c:
        (line,) = quarantine.summary(c, "demo")
        n = c.execute(select(func.count()).select_from(t.quarantine_entry)).scalar_one()
    assert (line["open"], line["corrected"], line["gone"], n) == (ASIDE, 1, 1, ASIDE + 2)
    assert f"assessment {RULE} {ASIDE} 6 November 2026 1 1" in town.text("quarantine")


def test_a_service_manager_sees_how_many_but_no_file(town: Town) -> None:
    said = town.page("quarantine", NORA)
    assert f"{ASIDE} entries are open" in words(said) and "belongs to no team for certain" in said
    assert "assessments.csv" not in said and "alert(1)" not in said


def test_names_from_outside_are_words_and_no_markup(town: Town) -> None:
    for path in ("quarantine", f"quality?extract={town.held}", "quality/rule?table=referral&rule=row_count"):
        page = town.page(path)
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


# --- what makes no sense ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("quality?extract=nonsense", 404),
        ("quality?extract=ffffffffffffffff", 404),
        ("quality?extract=%00", 404),
        ("quality/rule", 404),
        ("quality/rule?table=assessment", 404),
        ("quality/rule?table=assessment&rule=no_such_rule", 404),
        ("quality/rule?table=assessment&rule=authorised_on", 404),
        ("quality/rule?table=%3Cscript%3E&rule=x", 404),
        ("quarantine?table=nothing", 404),
        ("quarantine?rule=%27;drop", 404),
        ("quarantine?start=-1", 400),
        ("quarantine?start=99999999", 400),
        ("quarantine?start=%C2%B2", 400),
        ("quarantine?start=900", 200),
        ("quality?source=other", 404),
    ],
)
def test_nonsense_gets_a_page_of_ours(town: Town, path: str, status: int) -> None:
    page = town.page(path, status=status)
    assert "<main" in page and "Traceback" not in page and "<script>x" not in page


def test_no_page_on_data_loads_what_is_dear(town: Town) -> None:
    """The API server of Airflow serves these pages: pandas and the like would cost it seconds and memory."""
    paths = ["quality", "quarantine", f"quality/rule?table=assessment&rule={RULE}", "extracts", f"extracts/{town.second}",
             "airflow/dag?dag=monitor_extract"]  # fmt: skip
    script = f"""
import sys, datetime as dt
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from caseclock.settings import from_environment
from pages_lab import pages
with pages(from_environment(Path({str(town.lab.house.settings.home)!r}), {{}}), dt.datetime(2026, 11, 21, 18, tzinfo=dt.timezone.utc)) as c:
    print([c.get("/caseclock/" + path).status_code for path in {paths!r}])
print([name for name in ("pandas", "great_expectations", "alembic", "pyarrow") if name in sys.modules])
"""
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "include")}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
    assert said.stdout.split("\n")[:2] == [str([200] * len(paths)), "[]"]
