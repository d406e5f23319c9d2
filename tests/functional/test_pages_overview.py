"""The overview and the card of the home page: what they say is what the store says, to whom it is for, and nothing that is not known."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
import yaml

from caseclock.dashboard import Viewer
from caseclock.now import LONDON

from .digest_lab import FRIDAY, TEAMS, open_digest_lab, usual
from .pages_lab import Somebody, pages

NOW = dt.datetime.combine(FRIDAY, dt.time(18), LONDON)
HOSTILE = '<script>alert(1)</script> & "x"'
NORTH = {"NA1", "NA2", "NF1"}


@pytest.fixture
def town(tmp_path):
    with open_digest_lab(tmp_path) as made:
        yield made


def week(**more):
    return usual(
        **{
            "unallocated": {"NA1": 2, "NA2": 27, "NF1": 0, "SA1": 12, "SF1": 0, "CC1": 0},
            "overdue__assessment_45_wt": {"NA1": 5, "NA2": 13, "NF1": 0, "SA1": 6, "SF1": 0, "CC1": 0},
            **more,
        }
    )


def shown(town, path="", who=None):
    """The page as text without tags, with blanks as one."""
    answer = got(town, path, who)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def got(town, path="", who=None):
    with pages(town.house.settings, NOW, Somebody(who) if who else None) as client:
        return client.get(f"/caseclock/{path}")


def rows_of(html):
    table = re.search(r'<table class="teams">.*?</table>', html, re.S).group()
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in found]


def north(town):
    file = town.house.settings.config / "routes.yaml"
    routes = yaml.safe_load(file.read_text(encoding="utf-8"))
    routes["services"]["north"]["people"] = ["north"]
    file.write_text(yaml.safe_dump(routes), encoding="utf-8")
    return Viewer("north", "North")


def test_the_finding_says_what_is_late_how_it_moved_and_how_many_teams_are_past_a_limit(town):
    town.weeks(3, week(), last=FRIDAY - dt.timedelta(7))
    town.land(FRIDAY, week(overdue__assessment_45_wt={"NA1": 5, "NA2": 20, "NF1": 0, "SA1": 6, "SF1": 0, "CC1": 0}))
    said = shown(town)
    assert "31 assessments are past 45 working days, up from 24 on 13 November 2026." in said
    assert "2 of 6 teams are at or past a limit, 1 of them red." in said  # 27 and 12 without a worker, and 20 late
    assert "41 open cases are without a worker, as on 13 November 2026." in said


def test_the_table_has_every_team_with_the_figures_of_the_store_worst_first(town):
    town.weeks(2, week())
    head, *rows = rows_of(got(town).text)
    assert head[:4] == ["Team", "Open cases", "No worker", "Assessments past 45 working days"]
    stored = week()
    expected = [
        [TEAMS[t], str(stored["open"][t]), str(stored["unallocated"][t]), str(stored["overdue.assessment_45_wt"][t])]
        for t in sorted(TEAMS, key=lambda t: (-stored["overdue.assessment_45_wt"][t], -stored["unallocated"][t], -stored["open"][t]))
    ]
    assert [[row[0], row[1], row[2].split()[0], row[3]] for row in rows] == expected
    assert {row[0]: row[2] for row in rows}["North Assessment 2"] == "27 red"
    assert {row[0]: row[2] for row in rows}["South Assessment"] == "12 amber"


def test_another_order_and_another_measure_are_plain_links(town):
    town.weeks(2, week())
    by_open = [int(row[1]) for row in rows_of(got(town, "?sort=open").text)[1:]]
    assert by_open == sorted(by_open, reverse=True)
    assert "Assessments open for more than 45 working days since the referral, by team" in shown(town, "?measure=overdue.assessment_45_wt")


@pytest.mark.parametrize("query", ["sort=nonsense", "measure=nonsense", "measure=open%27--", "sort=%00"])
def test_nonsense_in_the_address_answers_in_a_page_of_ours(town, query):
    town.weeks(1, week())
    answer = got(town, f"?{query}")
    assert answer.status_code == 400
    assert "<h1>That makes no sense</h1>" in answer.text


def test_a_service_manager_sees_the_sums_of_their_own_teams_and_no_other(town):
    town.weeks(3, week())
    answer = got(town, who=north(town))
    said = " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
    assert {row[0] for row in rows_of(answer.text)[1:]} == {TEAMS[t] for t in NORTH}
    assert "18 assessments are past 45 working days" in said  # 5 + 13
    assert "29 open cases are without a worker" in said  # 2 + 27
    assert "1 of 3 teams are at or past a limit" in said.replace("1 of 3 teams is", "1 of 3 teams are")
    for hidden in ("South", "Children in Care", "team=council", "All teams", "41 open cases"):
        assert hidden not in said and f'"{hidden}"' not in answer.text
    assert "What is expected of several teams together cannot be worked out" in said


def test_a_week_in_which_a_team_of_theirs_is_missing_is_a_gap_and_not_a_smaller_sum(town):
    town.land(FRIDAY - dt.timedelta(14), week())
    town.land(FRIDAY - dt.timedelta(7), {figure: {t: v for t, v in of.items() if t != "NA2"} for figure, of in week().items()})
    town.land(FRIDAY, week())
    text = got(town, who=north(town)).text
    rows = dict(re.findall(r'<th scope="row">(\d+ November 2026)</th><td class="n">([^<]*)</td><td class="n"></td>', text))
    assert rows == {"20 November 2026": "29", "13 November 2026": "–", "6 November 2026": "29"}


def test_one_extract_is_a_page_that_says_what_will_come(town):
    town.land(FRIDAY, week())
    said = shown(town)
    assert "These are the first figures; from the second week on there is a line." in said
    assert "too few to judge: 1 of 8 weeks" in said
    assert "24 assessments are past 45 working days." in said


def test_before_anything_speaks_there_is_no_figure_and_the_page_says_why(town):
    town.land(FRIDAY, week(), "hold")
    said = shown(town)
    assert "There is no figure yet: the extract of 20 November 2026 has not passed its quality check." in said
    assert "No alert is open." in said
    assert "Is demand changing?" not in said


def test_held_data_leaves_the_figures_of_the_last_good_extract(town):
    town.weeks(2, week(), last=FRIDAY - dt.timedelta(7))
    town.land(FRIDAY, week(unallocated=dict.fromkeys(TEAMS, 99)), "hold")
    said = shown(town)
    assert "41 open cases are without a worker" in said
    assert "did not pass its quality check" in said
    assert "99" not in said


def test_a_hostile_name_of_a_team_stays_words(town):
    town.names["NA2"] = HOSTILE
    town.weeks(2, week())
    text = got(town).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_what_was_drawn_before_is_not_shown_when_something_has_changed(town):
    town.weeks(2, week(), last=FRIDAY - dt.timedelta(7))
    with pages(town.house.settings, NOW) as client:
        assert "41 open cases" in client.get("/caseclock/").text
        assert "41 open cases" in client.get("/caseclock/").text
        town.land(FRIDAY, week(unallocated=dict.fromkeys(TEAMS, 1)))
        assert "6 open cases are without a worker, down from 41 on 13 November 2026." in client.get("/caseclock/").text


def test_the_card_of_the_home_page_says_the_same_in_counts_and_words(town):
    town.weeks(2, week())
    card = got(town, "card.json").json()
    assert card["as_of"] == "2026-11-20"
    assert card["finding"] in shown(town)
    assert {one["label"]: one["value"] for one in card["figures"]}["open cases with no worker"] == "41"
    assert card["alerts"] == {"red": 1, "amber": 1}
    assert got(town, "card.json", north(town)).json()["alerts"] == {"red": 1, "amber": 0}
