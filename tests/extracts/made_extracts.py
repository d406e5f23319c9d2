"""Small extracts that tests read: a sound SSD export, a sound Annex A workbook, and bad ones, each named for what is wrong with it.

No person is in them. Columns that would hold personal values hold CANARY-... marks, so that a test can look for them afterwards.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

Rows = list[dict[str, str]]
Tables = dict[str, Rows]
CANARY = "CANARY"
NBSP = "\xa0"


def person(n: int, **more: str) -> dict[str, str]:
    personal = ("pers_forename", "pers_surname", "pers_upn", "pers_nationality", "pers_legacy_id", "pers_single_unique_id")
    return {
        "pers_person_id": f"C{n}",
        "pers_sex": "F",
        **{column: f"{CANARY}-{column}-{n}" for column in personal},
        "pers_dob": f"{CANARY}-dob-{n}",
        "pers_expected_dob": "",
        "pers_death_date": "",
        **more,
    }


def referral(n: int, on: str = "2026-09-01", **more: str) -> dict[str, str]:
    return {
        "cine_referral_id": f"R{n}",
        "cine_person_id": f"C{n}",
        "cine_referral_date": on,
        "cine_cin_primary_need_code": "N1",
        "cine_referral_source_code": "6",
        "cine_referral_source_desc": f"{CANARY}-source-{n}",
        "cine_referral_outcome_json": f'{{"NFA_FLAG": "N", "COMMENTS": "{CANARY}-comment-{n}"}}',
        "cine_referral_nfa": "N",
        "cine_close_reason": "",
        "cine_close_date": "",
        "cine_referral_team": "T1",
        "cine_referral_worker_id": "W1",
        **more,
    }


def s47(n: int, **more: str) -> dict[str, str]:
    return {
        "s47e_s47_enquiry_id": f"S{n}",
        "s47e_referral_id": f"R{n}",
        "s47e_person_id": f"C{n}",
        "s47e_s47_start_date": "2026-09-10 00:00:00.000",
        "s47e_s47_end_date": "",
        "s47e_s47_nfa": "N",
        "s47e_s47_outcome_json": f'{{"OUTCOME_COMMENTS": "{CANARY}-outcome-{n}"}}',
        "s47e_s47_completed_by_team": "T1",
        "s47e_s47_completed_by_worker_id": "W1",
        **more,
    }


def episode(n: int, **more: str) -> dict[str, str]:
    return {
        "clae_cla_episode_id": f"D{n}",
        "clae_person_id": "C1",
        "clae_cla_placement_id": "P1",
        "clae_cla_episode_start_date": "2026-10-01",
        "clae_cla_episode_start_reason": f"{CANARY}-start",
        "clae_cla_primary_need_code": "N1",
        "clae_cla_episode_ceased_date": "",
        "clae_cla_episode_ceased_reason": f"{CANARY}-ceased",
        "clae_cla_id": "E1",
        "clae_referral_id": "R1",
        "clae_cla_last_iro_contact_date": "2026-10-30",
        "clae_entered_care_date": "",
        **more,
    }


def sound() -> Tables:
    """One row or two in every SSD file that is read."""
    return {
        "ssd_person": [person(1), person(2, pers_dob="", pers_expected_dob=f"{CANARY}-expected")],
        "ssd_contacts": [
            {
                "cont_contact_id": "K1",
                "cont_person_id": "C1",
                "cont_contact_date": "2026-08-31",
                "cont_contact_source_code": "6",
                "cont_contact_source_desc": f"{CANARY}-desc",
                "cont_contact_outcome_json": f'{{"COMMENTS": "{CANARY}-contact"}}',
            }
        ],
        "ssd_cin_episodes": [referral(1), referral(2, "01/10/2026")],
        "ssd_cin_assessments": [
            {
                "cina_assessment_id": "A1",
                "cina_person_id": "C1",
                "cina_referral_id": "R1",
                "cina_assessment_start_date": "2026-09-02T09:30:00",
                "cina_assessment_child_seen": "Y",
                "cina_assessment_auth_date": "",
                "cina_assessment_outcome_json": f"{CANARY}-assessment",
                "cina_assessment_outcome_nfa": "",
                "cina_assessment_team": "T1",
                "cina_assessment_worker_id": "-1",
            }
        ],
        "ssd_s47_enquiry": [s47(1)],
        "ssd_initial_cp_conference": [
            {
                "icpc_icpc_id": "I1",
                "icpc_icpc_meeting_id": "M1",
                "icpc_s47_enquiry_id": "S1",
                "icpc_person_id": "C1",
                "icpc_cp_plan_id": "1",
                "icpc_referral_id": "R1",
                "icpc_icpc_transfer_in": "N",
                "icpc_icpc_target_date": "2026-10-01",
                "icpc_icpc_date": "2026-09-29",
                "icpc_icpc_outcome_cp_flag": "Y",
                "icpc_icpc_outcome_json": f"{CANARY}-icpc",
                "icpc_icpc_team": "T1",
                "icpc_icpc_worker_id": "W1",
            }
        ],
        "ssd_cp_plans": [
            {
                "cppl_cp_plan_id": "1",
                "cppl_referral_id": "R1",
                "cppl_icpc_id": "I1",
                "cppl_person_id": "C1",
                "cppl_cp_plan_start_date": "2026-09-29",
                "cppl_cp_plan_end_date": "",
                "cppl_cp_plan_ola": "N",
                "cppl_cp_plan_initial_category": f"{CANARY}-category",
                "cppl_cp_plan_latest_category": "NEG",
            }
        ],
        "ssd_cin_plans": [
            {
                "cinp_cin_plan_id": "1",
                "cinp_referral_id": "R2",
                "cinp_person_id": "C2",
                "cinp_cin_plan_start_date": "2026-10-05",
                "cinp_cin_plan_end_date": "",
                "cinp_cin_plan_team": "T1",
                "cinp_cin_plan_worker_id": "W1",
            }
        ],
        "ssd_cp_reviews": [
            {
                "cppr_cp_review_id": "V1",
                "cppr_person_id": "C1",
                "cppr_cp_plan_id": "1",
                "cppr_cp_review_due": "2026-12-29",
                "cppr_cp_review_date": "",
                "cppr_cp_review_participation": f"{CANARY}-participation",
            }
        ],
        "ssd_cp_visits": [
            {
                "cppv_cp_visit_id": "9",
                "cppv_person_id": "C1",
                "cppv_cp_plan_id": "1",
                "cppv_cp_visit_date": "2026-10-06",
                "cppv_cp_visit_seen": "Y",
                "cppv_cp_visit_seen_alone": "N",
                "cppv_cp_visit_bedroom": f"{CANARY}-bedroom",
            }
        ],
        "ssd_cin_visits": [
            {
                "cinv_cin_visit_id": "9",
                "cinv_person_id": "C2",
                "cinv_cin_visit_date": "2026-10-08",
                "cinv_cin_visit_seen": "Y",
                "cinv_cin_visit_seen_alone": "",
                "cinv_cin_visit_bedroom": "",
            }
        ],
        "ssd_cla_episodes": [
            episode(1, clae_cla_episode_ceased_date="2026-10-20"),
            episode(2, clae_cla_episode_start_date="2026-10-20", clae_cla_placement_id="P2"),
        ],
        "ssd_cla_placement": [
            {
                "clap_cla_placement_id": "P2",
                "clap_cla_id": "E1",
                "clap_person_id": "C1",
                "clap_cla_placement_start_date": "20/10/2026",
                "clap_cla_placement_type": "U1",
                "clap_cla_placement_urn": f"{CANARY}-urn",
                "clap_cla_placement_distance": "12.5",
                "clap_cla_placement_provider": f"{CANARY}-provider",
                "clap_cla_placement_postcode": f"{CANARY}-postcode",
                "clap_cla_placement_end_date": "",
                "clap_cla_placement_change_reason": f"{CANARY}-change",
            }
        ],
        "ssd_cla_reviews": [
            {
                "clar_cla_review_id": "V1",
                "clar_cla_id": "E1",
                "clar_cla_review_due_date": "2026-10-28",
                "clar_cla_review_date": "",
                "clar_cla_review_cancelled": "N",
                "clar_cla_review_participation": f"{CANARY}-participation",
            }
        ],
        "ssd_cla_visits": [
            {
                "clav_cla_visit_id": "9",
                "clav_cla_id": "E1",
                "clav_person_id": "C1",
                "clav_cla_visit_date": "2026-10-07",
                "clav_cla_visit_seen": "Y",
                "clav_cla_visit_seen_alone": "Y",
            }
        ],
        "ssd_legal_status": [
            {
                "lega_legal_status_id": "G1",
                "lega_person_id": "C1",
                "lega_legal_status": "V2",
                "lega_legal_status_start_date": "2026-10-01",
                "lega_legal_status_end_date": "",
            }
        ],
        "ssd_care_leavers": [
            {
                "clea_table_id": "1",
                "clea_person_id": "C2",
                "clea_care_leaver_eligibility": "Relevant",
                "clea_care_leaver_in_touch": "YES",
                "clea_care_leaver_latest_contact": "2026-09-30",
                "clea_care_leaver_accommodation": f"{CANARY}-accommodation",
                "clea_care_leaver_accom_suitable": "1",
                "clea_care_leaver_activity": f"{CANARY}-activity",
                "clea_pathway_plan_review_date": "2026-06-30",
                "clea_care_leaver_personal_advisor": f"{CANARY}-advisor",
                "clea_care_leaver_allocated_team": "T1",
                "clea_care_leaver_worker_id": "W1",
            }
        ],
        "ssd_missing": [
            {
                "miss_table_id": "1",
                "miss_person_id": "C1",
                "miss_missing_episode_start_date": "2026-11-01",
                "miss_missing_episode_type": "M",
                "miss_missing_episode_end_date": "2026-11-02",
                "miss_missing_rhi_offered": "Y",
                "miss_missing_rhi_accepted": "NA",
            }
        ],
        "ssd_involvements": [
            {
                "invo_involvements_id": "L1",
                "invo_professional_id": "W1",
                "invo_professional_role_id": "CW",
                "invo_professional_team": "T1",
                "invo_person_id": "C1",
                "invo_involvement_start_date": "2026-09-01",
                "invo_involvement_end_date": "",
                "invo_worker_change_reason": f"{CANARY}-reason",
                "invo_referral_id": "R1",
            }
        ],
        "ssd_professionals": [
            {
                "prof_professional_id": "W1",
                "prof_staff_id": "P1",
                "prof_professional_name": f"{CANARY}-worker",
                "prof_social_worker_registration_no": f"{CANARY}-registration",
                "prof_agency_worker_flag": "",
                "prof_professional_job_title": f"{CANARY}-title",
                "prof_professional_department": "Team One",
                "prof_full_time_equivalency": "0.8",
            }
        ],
        "ssd_department": [
            {"dept_team_id": "T1", "dept_team_name": "Team One", "dept_team_parent_id": "P", "dept_team_parent_name": "North"}
        ],
    }


def csv_text(rows: Rows, delimiter: str = ",") -> str:
    made = io.StringIO()
    writer = csv.DictWriter(made, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def folder(at: Path, tables: Tables | None = None, raw: dict[str, bytes] | None = None, without: str = "", only: str = "") -> Path:
    """An SSD folder: the sound tables, some replaced, some given as bytes, one (or all but `only`, words) left out."""
    at.mkdir(parents=True, exist_ok=True)
    for name, rows in {**sound(), **(tables or {})}.items():
        if name != without and (not only or name in only.split()):
            (at / f"{name}.csv").write_bytes(csv_text(rows).encode())
    for name, content in (raw or {}).items():
        (at / f"{name}.csv").write_bytes(content)
    return at


def zipped(source: Path, at: Path, top: str = "", **how: object) -> Path:
    with zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(source.iterdir(), reverse=bool(how.get("reverse"))):
            archive.write(one, f"{top}{one.name}")
    return at


# --- Annex A -------------------------------------------------------------------------------------------------------
D = dt.date
COMMON = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"]
WHO = ["Allocated Team", "Allocated Worker"]
ANNEX: dict[str, list[list[object]]] = {
    "List 1": [[*COMMON, "Date of Contact", "Contact Source"], [11.0, "a) Male", "x", D(2015, 1, 1), 11, D(2026, 8, 31), "q) 6: Police"]],
    "List 3": [
        [*COMMON, "Date of Referral", "Referral Source", "Referral NFA?", "Number of Referrals in Last 12 Months", *WHO],
        [11.0, "a) Male", "x", D(2015, 1, 1), 11, D(2026, 9, 1), "q) 6: Police", "b) No", 1, "Team One", f"{CANARY}{NBSP}worker"],
        [12, "b) Female", "x", "01/02/2016", 10, "15/09/2026", f"{CANARY}-told by", "No", 0, "Team One", NBSP],
        ["13", "c) Not stated", "x", D(2027, 1, 15), 0, 46280, "j) 3D: Health services", "No", 0, "Team Two", "Duty Worker"],
    ],
    "List 4": [
        [
            *COMMON,
            "Does the Child have a Disability",
            "Continuous Assessment Start Date",
            "Child Seen During Continuous Assessment",
            "Continuous Assessment Date of Authorisation",
            "Was the child assessed as requiring LA children's social care support?",
            *WHO,
        ],
        [11, "a) Male", "x", D(2015, 1, 1), 11, "b) No", dt.datetime(2026, 9, 2, 9, 30), "a) Yes", None, None, "Team One", "#N/A"],
        [12, "b) Female", "x", D(2016, 2, 1), 10, "b) No", "31/02/2026", "a) Yes", None, None, "Team One", "-1"],
    ],
    "List 5": [
        [
            *COMMON,
            "Does the Child have a Disability",
            "Strategy discussion initiating Section 47 Enquiry Start Date",
            "Was an Initial Child Protection Conference deemed unnecessary?",
            "Date of Initial Child Protection Conference",
            "Did the Initial Child Protection Conference Result in a Child Protection Plan",
            *WHO,
        ],
        [11, "a) Male", "x", D(2015, 1, 1), 11, "b) No", D(2026, 9, 10), "b) No", D(2026, 9, 29), "a) Yes", "Team One", f"{CANARY} worker"],
        [12, "b) Female", "x", D(2016, 2, 1), 10, "b) No", D(2026, 9, 16), "a) Yes", None, None, "Team One", None],
        [None, "b) Female", "x", D(2016, 2, 1), 10, "b) No", D(2026, 9, 16), "a) Yes", None, None, "Team One", None],
        [None, None, NBSP, None, None, None, None, None, None, None, None, None],
    ],
    "List 6": [
        [
            *COMMON,
            "Does the Child have a Disability",
            "CIN Start Date",
            "Primary Need Code",
            "Date Child Was Last Seen",
            "CIN Closure Date",
            "Reason for Closure",
            "Case Status",
            *WHO,
        ],
        [
            12,
            "b) Female",
            "x",
            None,
            10,
            "b) No",
            D(2026, 9, 15),
            "N1",
            D(2026, 10, 1),
            None,
            None,
            "c) Child in need plan",
            "Team One",
            None,
        ],
        [
            11,
            "a) Male",
            "x",
            None,
            10,
            "b) No",
            D(2026, 9, 1),
            "N1",
            D(2026, 10, 6),
            None,
            None,
            "b) Child Protection plan",
            "Team One",
            None,
        ],
        [
            14,
            "a) Male",
            "x",
            None,
            10,
            "b) No",
            D(2025, 9, 1),
            "N1",
            None,
            D(2026, 7, 1),
            "RC2 - Died",
            "e) Closed episode",
            "Team One",
            "Worker 9",
        ],
    ],
    "List 7": [
        [
            *COMMON,
            "Does the Child have a Disability",
            "Child Protection Plan Start Date",
            "Initial Category of Abuse",
            "Latest Category of Abuse",
            "Date of the Last Statutory Visit",
            "Was the Child Seen Alone?",
            "Date of latest review conference",
            "Child Protection Plan End Date",
            *WHO,
        ],
        [
            11,
            "a) Male",
            "x",
            None,
            11,
            "b) No",
            D(2026, 9, 29),
            "x",
            "x",
            D(2026, 10, 6),
            "c) Unknown",
            None,
            None,
            "Team Two",
            f"{CANARY} worker",
        ],
    ],
    "List 8": [[*COMMON, "Date Started to be Looked After"], [15, "a) Male", "x", None, 11, D(2026, 1, 1)]],
}


def workbook(at: Path, change: Callable[[dict[str, list[list[object]]]], None] | None = None) -> Path:
    from openpyxl import Workbook

    sheets = {name: [list(row) for row in rows] for name, rows in ANNEX.items()}
    if change:
        change(sheets)
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(at)
    return at


# --- bad ones, named for what is wrong ----------------------------------------------------------------------------
def _zip_of(at: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return at


def _changed(at: Path, change: Callable[[bytes], bytes]) -> Path:
    at.write_bytes(change(at.read_bytes()))
    return at


def _locked(at: Path) -> Path:
    """Sets the bit that says "encrypted" in both headers of the one member."""

    def lock(raw: bytes) -> bytes:
        made = bytearray(raw)
        for mark, bit in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            start = made.find(mark) + bit
            made[start : start + 2] = struct.pack("<H", struct.unpack("<H", made[start : start + 2])[0] | 1)
        return bytes(made)

    return _changed(_zip_of(at, {"ssd_person.csv": b"pers_person_id\n1\n"}), lock)


def _empty_folder(at: Path) -> Path:
    at.mkdir()
    return at


def _link(at: Path) -> Path:
    at.mkdir()
    (at / "ssd_person.csv").symlink_to("/etc/hostname")
    return at


def _file(at: Path, content: bytes) -> Path:
    at.write_bytes(content)
    return at


BAD_BUNDLES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty_folder": (lambda at: _empty_folder(at / "x"), "holds no files"),
    "folder_with_a_link": (lambda at: _link(at / "x"), "link"),
    "no_such_path": (lambda at: at / "x.zip", "no such file"),
    "file_of_no_bytes": (lambda at: _file(at / "x.zip", b""), "0 bytes"),
    "table_of_no_bytes": (lambda at: folder(at / "x", raw={"ssd_person": b""}), "ssd_person.csv is empty"),
    "single_csv": (lambda at: _file(at / "ssd_person.csv", b"pers_person_id\n1\n"), "a folder of CSV files"),
    "parquet_of_no_bytes": (lambda at: _zip_of(at / "x.zip", {"ssd_person.parquet": b""}), "empty"),
    "zip_that_is_text": (lambda at: _file(at / "x.zip", b"not a zip at all"), "cannot be opened"),
    "zip_cut_short": (lambda at: _changed(zipped(folder(at / "f"), at / "x.zip"), lambda raw: raw[: len(raw) // 2]), "cut short"),
    "zip_with_damaged_bytes": (
        lambda at: _changed(_zip_of(at / "x.zip", {"a.csv": b"abc" * 99}), lambda raw: raw.replace(raw[36:40], b"\xff" * 4, 1)),
        "damaged",
    ),
    "zip_that_leads_out": (lambda at: _zip_of(at / "x.zip", {"../../ssd_person.csv": b"a\n"}), "leads out"),
    "zip_with_absolute_path": (lambda at: _zip_of(at / "x.zip", {"/ssd_person.csv": b"a\n"}), "leads out"),
    "zip_with_windows_path": (lambda at: _zip_of(at / "x.zip", {"C:\\data\\ssd_person.csv": b"a\n"}), "leads out"),
    "zip_locked": (lambda at: _locked(at / "x.zip"), "password"),
    "zip_bomb": (lambda at: _zip_of(at / "x.zip", {"ssd_person.csv": b"\0" * (70 * 2**20)}), "far more"),
    "zip_of_too_many": (lambda at: _zip_of(at / "x.zip", {f"{n}.csv": b"a\n" for n in range(1001)}), "too many"),
    "workbook_cut_short": (lambda at: _changed(workbook(at / "x.xlsx"), lambda raw: raw[:900]), "cut short"),
    "workbook_locked": (lambda at: _file(at / "x.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600), "password"),
}
