"""The ledger, one extract with what it changed, and the tabs in Airflow: what they show is what is in the store."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from caseclock.alerts import Instance
from caseclock.dashboard import Viewer
from caseclock.notifications.compose import alert_id
from caseclock.storage import events, ledger
from caseclock.storage import schema as t

from .release_lab import TEAM
from .test_pages_quality import HELD, HOSTILE, NORA, NOW, SECOND, Town, make_town, words

SOL = Viewer("sol", "Sol")
ALERT = alert_id(Instance("demo", "unallocated", TEAM), str(SECOND))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Of the second extract also what happened, and a figure of a team in the south; and one extract of another source."""
    with make_town(tmp_path_factory.mktemp("town")) as made:
        counts = [
            ("opened", "case", "*", 7), ("opened", "case", TEAM, 4), ("opened", "case", "SA1", 3), ("vanished", "case", "*", 0),
            ("breached", "assessment_45_dfe", "*", 2), ("breached", "assessment_45_dfe", "SA1", 2),
        ]  # fmt: skip
        with made.lab.house.engine.begin() as c:
            events.save(c, made.second, made.first, [], counts)
            south = [
                {"extract_id": i, "measure": "unallocated", "team": "SA1", "value": v, "n": 9}
                for i, v in ((made.first, 33.0), (made.second, 44.0))
            ]
            c.execute(insert(t.measure_value), south)
            ledger.claim(c, "abcdefabcdefabcd", "elsewhere", HELD, "sha", "elsewhere.zip", "claimed/x", NOW)
            ledger.note_refusal(c, "f" * 64, f"undated {HOSTILE}.zip", "refused/x", "no date in its name", NOW)
        yield made


# --- the ledger --------------------------------------------------------------------------------------------------------
def test_the_ledger_lists_all_that_came_newest_first_with_what_became_of_it(town: Town) -> None:
    said = town.text("extracts?source=demo")
    order = [
        said.index(f"{day} November 2026 {word}") for day, word in ((21, "Could not be read"), (20, "Held"), (13, "Warn"), (6, "Pass"))
    ]
    assert order == sorted(order)
    assert "the zip is cut off" in said and "no date in its name" in said
    assert "&lt;script&gt;alert(1)" in town.page("extracts?source=demo") and "<script>alert" not in town.page("extracts?source=demo")


def test_what_files_say_is_for_those_who_see_everything(town: Town) -> None:
    said = town.text("extracts?source=demo", NORA)
    assert "the zip is cut off" not in said and "undated" not in said and "no date in its name" not in said
    assert "It could not be read." in said


def test_the_ledger_goes_on_page_by_page_and_keeps_the_revisions_of_a_date_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    with make_town(tmp_path_factory.mktemp("long")) as town:
        day = dt.date(2026, 8, 1)
        with town.lab.house.engine.begin() as c:
            for n in range(60):
                for twice in (0, 1):
                    id_ = f"{1000 + 2 * n + twice:016x}"
                    ledger.claim(c, id_, "demo", day + dt.timedelta(days=n), f"s{id_}", "x.zip", f"claimed/{id_}", NOW)
            every = set(c.execute(select(t.extract.c.id)).scalars())
        seen: list[list[str]] = []
        path: str | None = "extracts"
        while path:
            page = town.page(path)
            seen.append(re.findall(r'href="/caseclock/extracts/([0-9a-f]{16})"', page))
            more = re.search(r'rel="next" href="/caseclock/([^"]+)"', page)
            path = more[1] if more else None
        assert len(seen) == 2
        assert sorted(id_ for page in seen for id_ in page) == sorted(every)


# --- one extract -------------------------------------------------------------------------------------------------------
def test_what_an_extract_changed_is_what_the_store_holds(town: Town) -> None:
    page = town.page(f"extracts/{town.second}")
    said = words(page)
    assert "Warn 40 rows read, 0 set aside. Its figures are in use." in said
    assert "Cases without an allocated worker All teams 1 5 +4" in said
    assert "Cases: opened 7" in said and "not closed 0" in said
    assert f'href="/caseclock/alerts/{ALERT}?source=demo"' in page
    assert "opened amber 5" in said
    assert said.index("Alerts that it changed") < said.index("Figures that changed most")


def test_messages_are_counted_as_the_outbox_has_them(town: Town) -> None:
    with town.lab.house.engine.connect() as c:
        rows = c.execute(select(t.outbox.c.channel, t.outbox.c.payload).where(t.outbox.c.state == "sent")).all()
    sent = {}
    for channel, payload in rows:
        for line in payload["lines"]:
            if line["instance"] == ["demo", "unallocated", TEAM] and line["kind"] == "fire":
                sent[channel] = sent.get(channel, 0) + 1
    said = town.text(f"extracts/{town.second}")
    assert sent
    for channel, n in sent.items():
        assert f"Alert opened {channel.capitalize()} {n} 0" in said


def test_nobody_can_tell_what_the_first_extract_changed(town: Town) -> None:
    said = town.text(f"extracts/{town.first}")
    assert "so nobody can tell what has changed" in said and "Nobody can tell: no extract that can be compared came before it" in said


def test_an_extract_that_does_not_speak_says_so_and_shows_no_figure(town: Town) -> None:
    held, broken = town.text(f"extracts/{town.held}"), town.text(f"extracts/{town.broken}")
    assert "nothing speaks" in held and "Figures that changed" not in held and "Cases:" not in held
    assert "Why it could not be read: the zip is cut off" in broken and "export it again" in broken
    assert "Take" not in broken and "not done" not in broken.partition("Its path")[2]


def test_a_service_manager_sees_what_befell_their_own_teams_only(town: Town) -> None:
    to_nora, to_sol = town.text(f"extracts/{town.second}", NORA), town.text(f"extracts/{town.second}", SOL)
    assert HOSTILE in to_nora and "opened amber 5" in to_nora and "Cases: opened 4" in to_nora
    assert "South Assessment" not in to_nora and "44" not in to_nora.partition("Its path")[0]
    assert "South Assessment 33 44 +11" in to_sol and "Cases: opened 3" in to_sol and "None of your teams" in to_sol
    assert HOSTILE not in to_sol and ALERT not in town.page(f"extracts/{town.second}", SOL)
    for said in (to_nora, to_sol):
        assert "All teams" not in said
    assert "<script>alert" not in town.page(f"extracts/{town.second}", NORA)


def test_an_extract_is_found_without_its_source(town: Town) -> None:
    assert "elsewhere" in town.page("extracts/abcdefabcdefabcd")
    assert "Not judged yet" in town.text("extracts/abcdefabcdefabcd")


# --- in Airflow --------------------------------------------------------------------------------------------------------
def test_the_tab_of_a_run_leads_to_its_extract(town: Town) -> None:
    client = town.client()
    answer = client.get("/caseclock/airflow/run", params={"dag": "monitor_extract", "run": f"extract__{SECOND}__{town.second}"})
    assert answer.status_code == 307
    assert "Extract of 13 November 2026" in client.get(answer.headers["location"]).text
    answer = client.get("/caseclock/airflow/run", params={"dag": "release_extract", "run": f"release__{town.held}"})
    assert "Data quality of the extract of 20 November 2026" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "run", ["manual__2026-11-20T10:00:00+00:00", "", HOSTILE, "extract__x__../../alerts", "extract__2026-11-20__0000000000000001\n"]
)
def test_the_tab_of_a_run_by_hand_says_why_it_does_not_know(town: Town, run: str) -> None:
    answer = town.client().get("/caseclock/airflow/run", params={"dag": "monitor_extract", "run": run})
    assert answer.status_code == 200 and "extract__DATE__EXTRACT" in answer.text and "<script>alert" not in answer.text


def test_every_dag_has_its_words_and_a_foreign_one_says_so(town: Town) -> None:
    from caseclock.dashboard.pages.airflow_tabs import DAGS

    for dag in DAGS:
        assert "caseclock has nothing" not in town.text(f"airflow/dag?dag={dag}")
    for foreign in ("airflow/dag?dag=%3Cscript%3Ealert(1)%3C/script%3E", "airflow/dag", "airflow/run?dag=other&run=x", "airflow/run"):
        page = town.page(foreign)
        assert "caseclock has nothing on this Dag." in words(page) and "<script>alert" not in page


def test_dags_that_have_words_are_those_that_there_are() -> None:
    from pathlib import Path

    from caseclock.dashboard.pages.airflow_tabs import DAGS

    there = {path.stem for path in (Path(__file__).resolve().parents[2] / "dags").glob("*.py")}
    assert set(DAGS) == there


def test_the_tab_of_the_dag_has_the_last_extracts(town: Town) -> None:
    said = town.text("airflow/dag?dag=monitor_extract&source=demo")
    assert "13 November 2026 Warn 40 0 1 1" in said  # one figure with a limit changed, one alert opened
    assert "2 are held" in said
    assert "13 November 2026 Warn 40 0 – 0" in town.text("airflow/dag?dag=monitor_extract&source=demo", SOL)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("extracts?before=yesterday", 400), ("extracts?before=2026-02-30", 400), ("extracts?before=1999-01-01", 200),
        ("extracts/nonsense", 404), ("extracts/ffffffffffffffff", 404), ("extracts/%00", 404), ("extracts?source=x", 404),
    ],
)  # fmt: skip
def test_nonsense_gets_a_page_of_ours(town: Town, path: str, status: int) -> None:
    assert "<main" in town.page(path, status=status)
