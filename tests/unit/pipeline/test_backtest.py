"""`caseclock backtest` on a store: what speaks, who hears of it by routes.yaml, what is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.alert_lab import Lab, local
from caseclock.errors import WrongUse
from caseclock.settings import from_environment
from caseclock.storage import schema as t

FRIDAY = dt.date(2026, 9, 4)
NORTH = [3, 11, 12, 3, 3, 14, 25, 6, 3, 3]
SOUTH = [3, 3, 3, 3, 10, 3, 3, 3, 3, 3]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weekly extracts; the one of the seventh week was held, and came again a day later."""
    at = tmp_path_factory.mktemp("home")
    settings = from_environment(at, {})
    with pipeline.open_house(settings) as house:
        lab = Lab(house.config.thresholds, house.config.routes, url=settings.store_url)
        for n, (north, south) in enumerate(zip(NORTH, SOUTH, strict=True)):
            day = FRIDAY + dt.timedelta(7 * n)
            lab.now = local(f"{day}T09:00")
            figures = {"unallocated": {"NA1": north, "SA1": south, "*": north + south}, "unallocated_cp": {"NA1": 0, "SA1": 0, "*": 0}}
            lab.extract(day, {"unallocated": {"NA1": 99}} if n == 6 else figures, held="too many" if n == 6 else None)
            if n == 6:
                lab.extract(day, figures, rev=1)
        lab.engine.dispose()
    return at


def asked(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["backtest", "--home", str(home), *words])


def told(home: Path, *words: str) -> list[dict]:  # type: ignore[type-arg]
    done = asked(home, "--json", *words)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_the_present_limit_is_told_with_who_would_have_heard(home: Path) -> None:
    (one,) = told(home, "--rule", "unallocated")
    now = one["present"]
    assert (one["source"], one["places"], one["from"], one["to"]) == ("lab", 2, "2026-09-04", "2026-11-06")
    assert (now["amber"], now["alerts"], now["flaps"], now["still_open"]) == (10, 3, 1, 0)
    assert set(now["recipients_per_week"]) == {"sm-north", "sm-south", "head-of-service"}
    assert now["messages"]["worsened"] == 1, "25 of the extract that passed, not 99 of the one that was held"
    assert one["other"] is None


def test_another_limit_stands_beside_it_with_what_it_misses(home: Path) -> None:
    (one,) = told(home, "--rule", "unallocated", "--amber", "14")
    assert {k: one["other"][k] for k in ("amber", "red", "clear_below", "alerts")} == {
        "amber": 14, "red": 28, "clear_below": 12, "alerts": 1,
    }  # fmt: skip
    assert one["missed"] == {"alerts": 2, "dates": 3, "later_wd": 0}
    page = asked(home, "--rule", "unallocated", "--amber", "14").output
    assert "other" in page.splitlines()[2].split()
    assert "Of the 3 alerts of now it never tells 2; 3 of the dates that they told past amber go untold." in page


def test_a_wished_rate_gives_a_limit(home: Path) -> None:
    (one,) = told(home, "--rule", "unallocated", "--per-week", "0.1")
    assert one["suggested"]
    assert one["other"]["alerts"] == 1
    assert one["other"]["amber"] > 10
    assert "suggested" in asked(home, "--rule", "unallocated", "--per-week", "0.1").output


def test_a_rate_that_no_limit_has_is_said_and_so_is_a_short_history(home: Path) -> None:
    (one,) = told(home, "--rule", "unallocated", "--per-week", "9")
    assert one["dates"] == 10
    assert one["warnings"] == [
        "the history is short: 10 extract dates in 9 of the 52 weeks asked for",
        "no limit that makes sense tells so often: the most is 0.33 alerts a week",
    ]
    page = asked(home, "--rule", "unallocated", "--per-week", "9").output
    assert "Beware: no limit that makes sense tells so often: the most is 0.33 alerts a week." in page
    assert told(home, "--rule", "unallocated", "--per-week", "0.3")[0]["warnings"] == one["warnings"][:1]


def test_what_the_answer_leaves_out_stands_below_it(home: Path) -> None:
    page = asked(home, "--rule", "unallocated").output
    assert page.rstrip().splitlines()[-5:] == ["Simpler here than in life:", *(f"- {said}" for said in told(home)[0]["left_out"])]
    assert "the limits are the same over the whole history" in page


def test_without_a_rule_every_rule_that_something_speaks_to_is_told(home: Path) -> None:
    assert [one["rule"] for one in told(home)] == ["unallocated", "unallocated_cp"]
    quiet = asked(home, "--rule", "unallocated_cp").output
    assert "alerts a week" in quiet
    assert "0.00" in quiet


def test_a_shorter_period_counts_less_and_knows_the_past(home: Path) -> None:
    (one,) = told(home, "--rule", "unallocated", "--weeks", "4")
    assert one["present"]["alerts"] == 0, "the alert of 9 October began before"
    assert one["weeks"] == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "nonsense"], "no rule is called 'nonsense'"),
        (["--amber", "12"], "other limits belong to one rule"),
        (["--rule", "unallocated", "--amber", "12", "--per-week", "1"], "cannot both be given"),
        (["--rule", "unallocated", "--red", "4"], "red (4) must be worse than amber (10)"),
        (["--source", "elsewhere"], "no extract of that source"),
    ],
)
def test_what_does_not_go_together_is_refused(home: Path, words: list[str], said: str) -> None:
    found = asked(home, *words).exception
    assert isinstance(found, WrongUse)
    assert said in str(found)


def test_it_changes_nothing(home: Path) -> None:
    with pipeline.open_house(from_environment(home, {})) as house, house.engine.begin() as c:
        for table in (t.outbox, t.condition, t.alert, t.audit):
            assert not c.execute(select(table)).all()
