"""Allocated means a real person: read from files as a council sends them, with the settings of its source.

A pool, an inbox, a generic user, a manager, a leaver and whoever the council lists hold no case. See `SourceConfig` for the settings.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from caseclock.clocks.frame import clocks_of
from caseclock.extracts import Extract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots.typing import build

AS_OF = dt.date(2026, 3, 20)
CASES = {"C1": "W1", "C2": "W2", "C3": "W3"}
Waits = Callable[..., list[str]]


@pytest.fixture
def waits(spec, tmp_path: Path) -> Waits:
    """The workers whose case counts as unallocated, of W1, W2 and W3 who have one each since 3 March.

    `worker`: what the export has in the place of W1."""

    def asked(professionals: str = "", staff: str = "", worker: str = "W1", **settings: object) -> list[str]:
        source = SourceConfig.model_validate({"id": "north", "title": "North", **settings})
        at = tmp_path / f"x{len(list(tmp_path.iterdir()))}"
        at.mkdir()
        files = {
            "ssd_person.csv": "pers_person_id\n" + "\n".join(CASES),
            "ssd_cin_episodes.csv": "cine_referral_id,cine_person_id,cine_referral_date\n"
            + "\n".join(f"R{child},{child},2026-03-02" for child in CASES),
            "ssd_involvements.csv": "invo_involvements_id,invo_person_id,invo_referral_id,invo_professional_id,invo_professional_role_id,"
            "invo_involvement_start_date\n"
            + "\n".join(f"A{c},{c},R{c},{worker if w == 'W1' else w},CW,2026-03-03" for c, w in CASES.items()),
            "ssd_professionals.csv": professionals,
            "staff.csv": staff,
        }
        for name, text in files.items():
            if text:
                (at / name).write_text(text.strip() + "\n", encoding="utf-8")
        moment = dt.datetime.combine(AS_OF, dt.time(7), dt.UTC)
        snapshot = build(Extract("0" * 16, "north", AS_OF, 1, "0" * 64, "x", "x", moment), read(open_bundle(at), source, AS_OF), source)
        frame = clocks_of(snapshot, [spec.rules["allocation"]], spec.calendar, source.allocated_roles).frame
        unheld = frame[frame["stopped_on"].isna()]["child_ref"]
        return sorted(CASES[child] for child in unheld)

    return asked


def professionals(**said: str) -> str:
    """`name|title` by worker."""
    rows = [f"{worker},{name_title.replace('|', ',')}" for worker, name_title in said.items()]
    return "\n".join(["prof_professional_id,prof_professional_name,prof_professional_job_title", *rows])


def staff(*rows: str) -> str:
    return "\n".join(["worker_id,team_id,role,fte,agency,start_date,end_date,is_person", *rows])


def test_a_worker_of_whom_nothing_is_known_is_a_person(waits):
    assert waits() == []
    assert waits(professionals(W1="A Person|Social Worker")) == []


@pytest.mark.parametrize("said", ["", "-1", "#N/A", "NULL", "\xa0", "ssd_ph"])
def test_what_stands_for_nothing_in_the_place_of_a_worker_is_nobody(waits, said):
    assert waits(worker=said) == ["W1"]


# --- by name and title -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Duty Pool North", "NORTH INBOX", "Referral Coordinator", "Generic User", "Unallocated", "Screening Team"]
)
def test_a_pool_an_inbox_and_a_generic_user_hold_no_case(waits, name):
    assert waits(professionals(W1=f"{name}|", W2="A Person|Social Worker")) == ["W1"]


@pytest.mark.parametrize("title", ["Team Manager", "Assistant Team Manager", "Service Manager", "Head of Service"])
def test_a_manager_holds_no_case(waits, title):
    """ "Held on duty or with managers" is not allocated (Ofsted on Solihull, 2023)."""
    assert waits(professionals(W1=f"A Person|{title}")) == ["W1"]
    assert waits(professionals(W1=f"A Person|{title}"), manager_titles=[]) == []


@pytest.mark.parametrize(
    "title", ["Case Manager", "Senior Social Worker", "Social Worker (Duty Team)", "Family Help Practitioner", "Care Manager"]
)
def test_a_worker_whose_title_only_sounds_like_that_holds_it(waits, title):
    assert waits(professionals(W1=f"A Person|{title}")) == []


# --- by role in staff.csv ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["duty_pool", "Inbox", "TM", "Team Manager", "Service Manager"])
def test_these_roles_of_staff_csv_hold_no_case_even_where_the_file_calls_them_a_person(waits, role):
    assert waits(staff=staff(f"W1,T1,{role},1,N,,,Y", "W2,T1,SW,1,N,,,Y")) == ["W1"]


def test_a_council_says_itself_which_roles_hold_none(waits):
    """Where team managers carry cases, TM is taken out; where senior practitioners only supervise, they are put in."""
    file = staff("W1,T1,TM,1,N,,,Y", "W2,T1,Senior Practitioner,1,N,,,", "W3,T1,duty_pool,1,N,,,")
    assert waits(staff=file) == ["W1", "W3"]
    assert waits(staff=file, not_allocated_roles=["duty_pool", "senior practitioner"]) == ["W2", "W3"]


def test_staff_csv_goes_before_a_title_in_the_export(waits):
    assert waits(professionals(W1="A Person|Team Manager"), staff=staff("W1,T1,SW,1,N,,,Y")) == []


# --- by list -----------------------------------------------------------------------------------------------------------
def test_whoever_the_council_lists_holds_no_case_whatever_else_is_known(waits):
    listed = {"not_allocated_workers": ["w2 "]}
    assert waits(professionals(W2="A Person|Social Worker"), **listed) == ["W2"]
    assert waits(staff=staff("W2,T1,SW,1,N,,,Y"), **listed) == ["W2"]
    assert waits(professionals(W2="A Person|Social Worker"), staff=staff("W2,T1,SW,1,N,,,Y"), **listed) == ["W2"]
    assert waits(**listed) == ["W2"], "nor one of whom neither file has a row"


# --- leavers -----------------------------------------------------------------------------------------------------------
def test_the_case_of_a_worker_who_has_left_is_unallocated_though_the_export_has_it_open(waits):
    assert waits(staff=staff("W1,T1,SW,1,N,2020-01-06,2026-03-16,Y", "W2,T1,SW,1,N,2020-01-06,2026-04-30,Y")) == ["W1"]
