"""The weekly digest by the clock: once, on time, the same bytes, revised when a figure was wrong, and missed when it is not there.

The facts are those of one figure, so that what is tested is when and to whom, not what is said.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.digest.content import Content, Currency, Heat, Quiet, Revised
from caseclock.digest.shown import exact
from caseclock.digest.week import Week, cut_off, last_week, week_named
from caseclock.notifications.letter import Cell, Letter, Paragraph, Picture, Section, Table
from caseclock.notifications.outbox import notice_row
from caseclock.now import LONDON
from caseclock.pipeline import digest_archive
from caseclock.pipeline.digest_archive import archive
from caseclock.pipeline.digest_ask import digest_preview
from caseclock.pipeline.digests import REVISED_WEEKS, missing_digests, notice_of, revise, send_digest, watch_digests
from caseclock.storage import digests, ledger
from caseclock.storage import schema as t
from caseclock.storage.outbox import insert_rows
from caseclock.storage.speaking import speaking

from .killed import in_a_fork
from .release_lab import AT, BEFORE, DAY, Lab, open_lab

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

MONDAY = dt.datetime(2026, 11, 23, 8, tzinfo=LONDON)
READERS = [
    ("leadership", "email"),
    ("head-of-service", "email"),
    ("head-of-service", "slack"),
    ("sm-north", "email"),
    ("sm-north", "slack"),
]


@dataclass
class OneFigure:
    """The newest figure of the week that speaks. `broken`: sources whose digest cannot be made; `pause`: seconds that it takes."""

    pause: float = 0.0
    broken: set[str] = field(default_factory=set)
    audiences: tuple[str, ...] = ("council", "north")
    asked: list[dt.datetime] = field(default_factory=list)

    def keep_record(self, house: Any, c: Any, source: str, week: Week) -> None:
        spoke = speaking(c, source, week.last_day)
        if not spoke or max(spoke) < week.first_day:
            return
        newest = spoke[max(spoke)]
        m = t.measure_value.c
        query = select(m.value).where(m.extract_id == newest, m.team == "*", m.measure == "unallocated")
        digests.save_week(c, source, week.id, newest, {"unallocated": c.execute(query).scalar()})

    def contents(self, house: Any, c: Any, source: str, week: Week, cut_off: dt.datetime, revision: int) -> Mapping[str, Content]:
        if source in self.broken:
            raise ValueError("a name that nobody may read: Alice")
        self.asked.append(cut_off)
        time.sleep(self.pause)
        now = digests.record_of(c, source, week.id)
        before = digests.record_of(c, source, week.id, revision - 1)
        revised: tuple[Revised, ...] = ()
        if before and now and before.body != now.body:
            revised = (Revised("cases", "North", "cases", exact(before.body["unallocated"]), exact(now.body["unallocated"])),)
        whole = Content(
            source=source, audience="the council", week=week.id, first_day=week.first_day, last_day=week.last_day, revision=revision,
            small=5, currency=Currency(week.last_day, 1, 1, (), ()), heat=Heat((), ()), decisions=(), changes=(), signals=(), charts=0,
            demand=None, coming=(), staffing=(), relook=None, quiet=Quiet(0, 0, (), (), 0, 0, (), 0), red=0, amber=0, revised=revised,
            contact=str(now.body["unallocated"]) if now else "no",
        )  # fmt: skip
        others = {name: replace(whole, audience=name, revised=()) for name in self.audiences[1:]}
        return {"council": whole, **others}

    def letter(self, content: Content) -> Letter:
        what = "revised" if content.revision > 1 else "first"
        picture = Picture('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>', "A line that rises.", 8, 8)
        table = Table("Figures", ("", "now"), ((Cell("unallocated"), Cell(content.contact)),))
        sections = (Section("Figures", (Paragraph("As follows."), table, picture), (f"Unallocated: {content.contact}.",)),)
        return Letter(f"{content.week} {content.audience}", f"{what}: {content.contact} cases wait.", "Of Friday.", sections)


@pytest.fixture(autouse=True)
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs a second each and has tests of its own; the threads of its maker do not live on in a fork."""
    forms = {form: make for form, make in digest_archive.FORMS.items() if form != "pdf"}
    monkeypatch.setattr(digest_archive, "FORMS", forms)


@pytest.fixture
def facts() -> OneFigure:
    return OneFigure()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "home") as made:
        configure(made)
        yield made


def configure(lab: Lab, north: tuple[str, ...] = ("sm-north",), **changed: Any) -> None:
    """Only North has a digest of its own. The configuration is read anew."""
    file = lab.house.settings.config / "routes.yaml"
    routes = yaml.safe_load(file.read_text("utf-8"))
    for name, service in routes["services"].items():
        service["digest"] = list(north) if name == "north" else []
    file.write_text(yaml.safe_dump({**routes, **changed}), "utf-8")
    lab.house.__dict__.pop("config", None)


def sent(lab: Lab) -> list[tuple[str, str]]:
    """Recipient and channel of every digest that has left."""
    with lab.house.engine.connect() as c:
        rows = c.execute(select(t.outbox).where(t.outbox.c.state == "sent")).mappings()
        return sorted((r["recipient"], r["channel"]) for r in rows if (r["payload"].get("notice") or {}).get("letter"))


def kept(lab: Lab) -> dict[str, str]:
    """Name and hash of every digest."""
    with lab.house.engine.connect() as c:
        return {one.name: one.sha256 for one in digests.kept(c)}


def told_to_data(lab: Lab) -> list[str]:
    return [text for text in lab.said_to("C0DATA") if "digest" in text.lower()]


def later(**delta: int) -> dt.datetime:
    return MONDAY + dt.timedelta(**delta)


# --- when ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "week", "due"),
    [
        ("2026-11-23T08:00", "2026-W47", "2026-11-23T08:00"),
        ("2026-11-29T23:59", "2026-W47", "2026-11-23T08:00"),
        ("2026-05-05T08:00", "2026-W18", "2026-05-05T08:00"),  # Monday 4 May is a bank holiday
        ("2026-12-29T08:00", "2026-W52", "2026-12-29T08:00"),  # Boxing Day is a Saturday: Monday 28 December is its substitute
        ("2027-01-04T08:00", "2026-W53", "2027-01-04T08:00"),
        ("2027-01-11T08:00", "2027-W01", "2027-01-11T08:00"),
        ("2026-03-30T08:00", "2026-W13", "2026-03-30T08:00"),  # the clocks went forward the day before: 07:00 UTC
    ],
)
def test_a_week_is_made_from_what_is_there_at_eight_on_the_first_working_day(now: str, week: str, due: str) -> None:
    at, moment = (dt.datetime.fromisoformat(text).replace(tzinfo=LONDON) for text in (now, due))
    assert (last_week(at).id, cut_off(last_week(at), WorkingCalendar())) == (week, moment)
    assert week_named(week) == last_week(at)


@pytest.mark.parametrize("week", ["2027-W53", "2026-W54", "2026-W5", "2026-47", "26-W47", ""])
def test_there_is_no_such_week(week: str) -> None:
    with pytest.raises(ValueError):
        week_named(week)


def test_before_the_cut_off_nothing_is_made(lab: Lab, facts: OneFigure) -> None:
    lab.land(dt.date(2026, 4, 30), 21, "pass")
    tuesday = dt.datetime(2026, 5, 5, 8, tzinfo=LONDON)
    early = send_digest(lab.house, tuesday - dt.timedelta(hours=20), facts)  # the bank holiday at noon
    assert (early["made"], kept(lab)) == (0, {})
    send_digest(lab.house, tuesday, facts)
    assert facts.asked == [tuesday]
    assert sorted(kept(lab)) == ["demo/2026-W18/council", "demo/2026-W18/north"]


def test_each_reader_has_it_once_and_a_second_run_sends_nothing(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    assert send_digest(lab.house, MONDAY, facts)["messages"] == len(READERS)
    before = kept(lab)
    lab.land(DAY + dt.timedelta(days=3), 40, "pass")  # of the week after
    assert send_digest(lab.house, later(hours=30), facts) | {"counts": 0, "outcomes": 0} == {
        "week": "2026-W47", "made": 0, "messages": 0, "revised": 0, "faults": [], "counts": 0, "outcomes": 0, "archived": 0,
    }  # fmt: skip
    assert sent(lab) == sorted(READERS)
    assert kept(lab) == before


def test_a_reader_who_is_added_later_in_the_week_gets_the_same_bytes(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    before = kept(lab)
    configure(lab, digest=["leadership", "head-of-service", "sm-south"])
    assert send_digest(lab.house, later(days=2), facts)["messages"] == 2
    assert sorted({*sent(lab)} - {*READERS}) == [("sm-south", "email"), ("sm-south", "slack")]
    assert kept(lab) == before


@pytest.mark.parametrize("verdict", ["hold", None], ids=["held", "nothing came"])
def test_it_is_sent_on_time_whether_or_not_there_is_data_of_the_week(lab: Lab, facts: OneFigure, verdict: str | None) -> None:
    lab.land(BEFORE, 21, "pass")
    if verdict:
        lab.land(DAY, 9, verdict)
    send_digest(lab.house, MONDAY, facts)
    assert sent(lab) == sorted(READERS)


def test_a_digest_that_cannot_be_made_holds_up_no_other_and_is_told_without_its_values(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    with lab.house.engine.begin() as c:
        ledger.claim(c, "f" * 16, "annex", DAY, "sha", "annex__x.zip", "claimed/x", AT)
    facts.broken = {"annex"}
    assert send_digest(lab.house, MONDAY, facts)["faults"] == ["annex 2026-W47"]
    assert sent(lab) == sorted(READERS)
    [said] = told_to_data(lab)
    assert "2026-W47 of annex could not be made (ValueError)" in said and "Alice" not in said
    facts.broken = set()
    again = send_digest(lab.house, later(minutes=5), facts)
    assert (again["faults"], again["made"], again["messages"]) == ([], 2, len(READERS))


# --- revised -------------------------------------------------------------------------------------------------------
def test_a_correction_that_changes_a_figure_is_sent_once_to_those_who_had_the_first(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    first = kept(lab)
    configure(lab, digest=["leadership", "sm-south"])  # the head has left the list, South is new on it
    lab.land(DAY, 12, "pass", later(hours=3))
    assert revise(lab.house, later(hours=4), facts) == {"messages": 1, "revised": 1, "faults": []}
    assert revise(lab.house, later(hours=5), facts)["revised"] == 0
    assert kept(lab).items() > first.items()
    assert [name for name in kept(lab) if name not in first] == ["demo/2026-W47/council-rev2"]  # nothing of North's has changed
    assert facts.asked[-1] == later(hours=3)
    with lab.house.engine.connect() as c:
        assert digests.newest(c, "demo", "2026-W47")["council"].letter["headline"] == "revised: 12.0 cases wait."
    assert send_digest(lab.house, later(hours=6), facts)["messages"] == 2  # South, who had none, gets the newest


@pytest.mark.parametrize(
    ("day", "value", "verdict", "why"),
    [
        (DAY, 21, "pass", "the same figure"),
        (DAY, 12, "hold", "the correction is held"),
        (DAY - dt.timedelta(days=1), 12, "pass", "the figures are of a later day"),
        (DAY + dt.timedelta(days=3), 12, "pass", "it is of the week after"),
    ],
    ids=lambda one: one if isinstance(one, str) and " " in one else "",
)
def test_what_changes_no_figure_of_the_week_is_no_revision(
    lab: Lab, facts: OneFigure, day: dt.date, value: float, verdict: str, why: str
) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    before = kept(lab)
    lab.land(day, value, verdict, later(hours=3))
    assert revise(lab.house, later(hours=4), facts)["revised"] == 0
    assert kept(lab) == before


def test_while_a_correction_is_held_an_earlier_day_of_the_week_does_not_take_its_place(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    lab.land(DAY, 12, "hold", later(hours=1))
    lab.land(DAY - dt.timedelta(days=1), 33, "pass", later(hours=2))
    assert revise(lab.house, later(hours=3), facts)["revised"] == 0


def test_what_a_person_releases_after_the_digest_was_sent_revises_it(lab: Lab, facts: OneFigure) -> None:
    lab.land(BEFORE, 21, "pass")
    held = lab.land(DAY, 12, "hold")
    send_digest(lab.house, MONDAY, facts)
    lab.decide(held, "approve", at=later(hours=1))
    assert watch_digests(lab.house, later(hours=2), facts) == len(READERS)
    assert facts.asked[-1] == later(hours=1)
    assert send_digest(lab.house, later(weeks=1), facts)["revised"] == 0  # which also fills in what earlier weeks lack


@pytest.mark.parametrize(("weeks", "revised"), [(REVISED_WEEKS - 1, 1), (REVISED_WEEKS, 0)])
def test_only_the_last_four_weeks_are_revised(lab: Lab, facts: OneFigure, weeks: int, revised: int) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    at = later(weeks=weeks)
    lab.land(DAY, 12, "pass", at)
    assert revise(lab.house, at, facts)["revised"] == revised


def test_a_week_that_nobody_was_told_of_is_not_revised(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    with lab.house.engine.begin() as c:
        facts.keep_record(lab.house, c, "demo", week_named("2026-W47"))
    lab.land(DAY, 12, "pass", later(hours=3))
    assert revise(lab.house, later(hours=4), facts)["revised"] == 0


def test_with_the_facts_of_the_store_a_round_of_tending_revises_sends_and_archives(lab: Lab) -> None:
    lab.land(BEFORE, 21, "pass")
    lab.land(DAY, 30, "pass")
    assert pipeline.send_digest(lab.house, MONDAY)["faults"] == []
    lab.land(DAY, 44, "pass", later(hours=3))
    pipeline.tend(lab.house, later(hours=4))
    folder = lab.house.settings.home / "digests/demo/2026-W47"
    first, second = ((folder / f"council{rev}.txt").read_text("utf-8") for rev in ("", "-rev2"))
    assert "30" in first and "revis" not in first
    assert "44" in second and "What this revision corrects" in second
    assert sent(lab) == sorted(READERS * 2)
    assert pipeline.tend(lab.house, later(hours=5))["messages"] == 0
    shown = pipeline.digest_preview(lab.house, later(days=1))
    assert shown.letter.subject.startswith("PREVIEW: ") and "-rev2" not in shown.name


def test_a_week_of_which_nothing_could_be_told_is_revised_beside_a_later_one(lab: Lab) -> None:
    """With the facts of the store, where the record of a week fills in those before it."""
    held = lab.land(BEFORE, 21, "hold")
    pipeline.send_digest(lab.house, later(weeks=-1))
    lab.land(DAY, 30, "pass")
    pipeline.send_digest(lab.house, MONDAY)
    lab.decide(held, "approve", at=later(hours=1))
    lab.land(DAY, 44, "pass", later(hours=2))
    assert revise(lab.house, later(hours=3))["faults"] == []
    assert {"demo/2026-W46/council-rev2", "demo/2026-W47/council-rev2"} <= set(kept(lab))
    before = kept(lab)
    assert pipeline.send_digest(lab.house, later(hours=4))["revised"] == revise(lab.house, later(hours=5))["revised"] == 0
    assert kept(lab) == before


# --- missed --------------------------------------------------------------------------------------------------------
def test_a_digest_that_is_not_there_by_noon_is_told_once_and_health_is_not_well(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    week = later(weeks=1)
    assert missing_digests(lab.house, week + dt.timedelta(hours=3, minutes=59)) == []
    for hours in (4, 5, 29):
        pipeline.tend(lab.house, week + dt.timedelta(hours=hours))
    [said] = told_to_data(lab)
    assert "2026-W48 of demo has not reached anybody" in said and "has not been made" in said
    send_digest(lab.house, week + dt.timedelta(hours=30), facts)
    assert missing_digests(lab.house, week + dt.timedelta(hours=31)) == []


def test_a_digest_that_reached_nobody_is_missed(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    configure(lab, (), digest=["leadership"])
    lab.house.__dict__["channels"] = {}  # nothing is set up that could bring it
    send_digest(lab.house, MONDAY, facts)
    assert [one.why for one in missing_digests(lab.house, later(hours=5))] == ["It was made and could not be delivered to anybody."]


def test_a_digest_that_came_at_the_third_try_is_not_missed_and_is_not_sent_again(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    configure(lab, (), digest=["leadership"])
    send_digest(lab.house, MONDAY, facts)
    with lab.house.engine.begin() as c:
        row = c.execute(select(t.outbox).where(t.outbox.c.recipient == "leadership", t.outbox.c.state == "sent")).mappings().one()
        notice = notice_of(digests.one_of(c, "demo", "2026-W47", "council", 1), "leadership")
        c.execute(t.outbox.update().where(t.outbox.c.key == row["key"]).values(state="failed"))
        insert_rows(c, [notice_row("leadership", "email", notice, again) for again in (1, 2)], MONDAY)
        c.execute(t.outbox.update().where(t.outbox.c.key == notice_row("leadership", "email", notice, 1).key).values(state="failed"))
    assert [one.source for one in missing_digests(lab.house, later(hours=5))] == ["demo"]
    pipeline.notify(lab.house, later(hours=5))
    assert missing_digests(lab.house, later(hours=6)) == []
    assert send_digest(lab.house, later(hours=6), facts)["messages"] == 0
    assert pipeline.digest_list(lab.house)[0]["sent_to"] == ["leadership"]


@pytest.mark.parametrize("why", ["nobody reads it", "no digest was ever made", "its first extract came after the cut-off"])
def test_what_nobody_expects_is_not_missed(lab: Lab, facts: OneFigure, why: str) -> None:
    if why != "its first extract came after the cut-off":
        lab.land(DAY, 21, "pass")
    if why != "no digest was ever made":
        with lab.house.engine.begin() as c:
            digests.keep(c, "other", "2026-W40", "council", 1, {}, MONDAY, MONDAY)
    if why == "nobody reads it":
        configure(lab, (), digest=[])
    if why == "its first extract came after the cut-off":
        lab.land(DAY, 21, "pass", later(hours=1))
    assert missing_digests(lab.house, later(hours=6)) == []


def test_health_counts_a_missed_digest(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.land(DAY, 21, "pass")
    with lab.house.engine.begin() as c:
        digests.keep(c, "demo", "2026-W40", "council", 1, {}, MONDAY, MONDAY)
    monkeypatch.setattr("caseclock.now.now", lambda: later(hours=6))
    said = CliRunner().invoke(cli, ["alerts", "health", "--home", str(lab.house.settings.home)])
    assert said.exit_code == 1
    assert said.output.splitlines()[-1] == "The weekly digest 2026-W47 of demo has not reached anybody. It has not been made."


# --- killed, and two at once ---------------------------------------------------------------------------------------
PLACES = 5


def test_killed_anywhere_and_made_again_it_is_the_same_and_reaches_nobody_twice(tmp_path: Path) -> None:
    with open_lab(tmp_path / "clean") as lab:
        configure(lab)
        lab.land(DAY, 21, "pass")
        lab.house.engine.dispose()
        killed, statements = in_a_fork(partial(send_digest, lab.house, MONDAY, OneFigure()), None, commits=True)
        expected, readers = kept(lab), sent(lab)
    assert not killed and readers == sorted(READERS)
    kills = 0
    for place in sorted({max(1, round(statements * n / PLACES)) for n in range(1, PLACES + 1)}):
        with open_lab(tmp_path / f"at{place}") as lab:
            configure(lab)
            lab.land(DAY, 21, "pass")
            lab.house.engine.dispose()
            killed, _ = in_a_fork(partial(send_digest, lab.house, MONDAY, OneFigure()), place, commits=True)
            kills += killed
            send_digest(lab.house, later(minutes=20), OneFigure())
            pipeline.tend(lab.house, later(minutes=40))
            assert (kept(lab), sent(lab)) == (expected, readers), f"killed at statement {place} of {statements}"
            assert {n for key, n in lab.slack.copies().items() if key} <= {1}
            assert len(list((lab.house.settings.home / "digests").rglob("council.html"))) == 1
    assert kills >= PLACES - 1


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_url(tmp_path_factory.mktemp("pg", numbered=True)) as url:
        yield url


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_four_runs_at_once_make_one_digest_and_send_it_once(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres") if store == "postgresql" else None
    with open_lab(tmp_path / "home", url) as lab:
        configure(lab)
        lab.land(DAY, 21, "pass")
        facts = OneFigure(0.3)
        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(lambda _: send_digest(lab.house, MONDAY, facts), range(4)))
        assert [report["faults"] for report in reports] == [[]] * 4
        assert sum(report["messages"] for report in reports) == len(READERS)
        assert sent(lab) == sorted(READERS)
        lab.land(DAY, 12, "pass", later(hours=3))
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: revise(lab.house, later(hours=4), facts), range(4)))
        assert sum(report["revised"] for report in made) == 1
        assert len(facts.asked) == 2
        assert set(lab.slack.copies().values()) == {1}


# --- kept ----------------------------------------------------------------------------------------------------------
def test_the_archive_holds_each_form_and_a_lost_file_is_made_again_with_the_same_bytes(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)
    folder = lab.house.settings.home / "digests/demo/2026-W47"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"council.html", "council.txt", "council.json", "north.html"} <= set(before)
    assert b"data:image/svg+xml;base64," in before["council.html"] and b"cid:" not in before["council.html"]
    assert b"A line that rises." in before["council.txt"]
    (folder / "council.txt").unlink()
    (folder / "north.html").unlink()
    assert archive(lab.house, later(days=1)) == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_form_that_cannot_be_made_holds_up_nothing_and_is_written_down_once(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    folder = lab.house.settings.home / "digests/demo/2026-W47"
    (folder / "council.html").mkdir(parents=True)  # nothing can be put in its place
    send_digest(lab.house, MONDAY, facts)
    send_digest(lab.house, later(hours=1), facts)
    assert sent(lab) == sorted(READERS)
    notes = [(row.subject, row.reason) for row in lab.audit("digest_form") if row.subject.endswith("council.html")]
    assert notes == [("demo/2026-W47/council.html", "it could not be made: IsADirectoryError")]
    assert (folder / "council.txt").is_file()
    (folder / "council.html").rmdir()
    send_digest(lab.house, later(hours=2), facts)
    assert (folder / "council.html").is_file()


def test_a_preview_is_marked_and_neither_kept_nor_sent(lab: Lab, facts: OneFigure) -> None:
    lab.land(DAY, 21, "pass")
    shown = digest_preview(lab.house, AT, None, "council", facts)
    assert shown.letter.subject.startswith("PREVIEW: 2026-W47")
    assert shown.letter.currency.startswith("Preview of 2026-W47, which is not over: as things stood on 20 November 2026, 16:00.")
    with lab.house.engine.connect() as c:
        assert (digests.names(c), digests.weeks(c, "demo", "2026-W47", 9)) == ([], {})
    assert sent(lab) == []


def test_the_command_line_lists_and_shows_what_was_sent(lab: Lab, facts: OneFigure, tmp_path: Path) -> None:
    lab.land(DAY, 21, "pass")
    send_digest(lab.house, MONDAY, facts)

    def said(*words: str) -> str:
        done = CliRunner().invoke(cli, ["digest", *words, "--home", str(lab.house.settings.home)], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    [council, north] = said("list").splitlines()[1:]
    assert council.split()[:4] == ["demo", "2026-W47", "council", "1"] and council.endswith("  head-of-service, leadership")
    assert north.endswith("  sm-north")
    assert "first: 21.0 cases wait." in said("show", "demo", "2026-W47")
    said("show", "demo", "2026-W47", "--audience", "north", "--form", "html", "--out", str(tmp_path / "a.html"))
    assert (tmp_path / "a.html").read_bytes() == (lab.house.settings.home / "digests/demo/2026-W47/north.html").read_bytes()
    missing = CliRunner().invoke(cli, ["digest", "show", "demo", "2026-W46", "--home", str(lab.house.settings.home)])
    assert missing.exit_code != 0 and "no such digest" in str(missing.exception)
