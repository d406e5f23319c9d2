"""The path of one extract, as its users meet it: from a file to messages that people can read."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from caseclock import pipeline
from caseclock.demo.council import World, extract_tables, write_extract
from caseclock.now import LONDON
from caseclock.storage import schema as t

from .conftest import FRIDAYS, Town

LAST = FRIDAYS[-1]
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)


def _count(town: Town, table: object) -> int:
    with pipeline.open_house(town.settings) as house, house.engine.begin() as c:
        return int(c.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[call-overload]


def test_managers_hear_of_the_incident_by_slack_and_email_once(town: Town, fridays: dict[dt.date, Path]) -> None:
    for path in fridays.values():
        report = town.take(path)
    assert report["verdict"] in {"pass", "warn"}
    fired = [a for a in report["alerts"] if a["rule"] == "unallocated" and a["condition"] == "FIRING"]
    assert [a["team"] for a in fired] == ["NA2"]
    assert any("without an allocated worker" in text and "North" in text for text in town.said)
    assert {c.recipient for c in town.mail.mails} >= {"service-manager.north@example.org"}
    assert set(town.copies().values()) == {1}


def test_every_row_is_kept_or_in_quarantine(town: Town, fridays: dict[dt.date, Path]) -> None:
    report = town.take(fridays[LAST])
    for table in report["tables"].values():
        assert table["read"] == table["kept"] + table["quarantined"]
    listed = {(q["table"], q["file"], q["row"]) for q in report["quarantine"]}
    assert len(listed) == sum(n["quarantined"] for n in report["tables"].values()) > 0
    assert all(q["file"] and q["row"] > 1 and q["column"] and q["reason"] for q in report["quarantine"])


def test_the_same_extract_twice_changes_nothing(town: Town, fridays: dict[dt.date, Path]) -> None:
    first = town.take(fridays[LAST])
    before = {table.name: _count(town, table) for table in (t.extract, t.outbox, t.measure_value, t.alert_event, t.told)}
    said = list(town.said)
    again = town.take(fridays[LAST])
    assert again["extract"] == first["extract"]
    assert again["measures"] == first["measures"]
    assert {table.name: _count(town, table) for table in (t.extract, t.outbox, t.measure_value, t.alert_event, t.told)} == before
    assert town.said == said


def test_the_same_folder_zipped_again_is_the_same_extract(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    first = town.take(fridays[LAST])
    again = tmp_path / "again" / fridays[LAST].name
    again.parent.mkdir()
    with zipfile.ZipFile(fridays[LAST]) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    assert town.take(again)["extract"] == first["extract"]


def test_a_date_sent_again_with_corrections_takes_back_what_was_wrong(town: Town, world: World, tmp_path: Path) -> None:
    tables = extract_tables(world, LAST)
    right = dict(tables)
    wrong = {**tables, "ssd_involvements.csv": tables["ssd_involvements.csv"].assign(invo_involvement_end_date="2026-11-19")}
    first = town.take(write_extract(wrong, tmp_path / "1", "demo", LAST, faults=0))
    told = [a for a in first["alerts"] if a["rule"] == "unallocated" and a["condition"] == "FIRING"]
    assert len(told) > 1  # nobody seems to have a worker
    second = town.take(write_extract(right, tmp_path / "2", "demo", LAST, faults=0), MONDAY)
    assert second["extract"]["revision"] == 2
    assert len([a for a in second["alerts"] if a["rule"] == "unallocated"]) < len(told)
    assert any(d["kind"] == "retracted" and d["outcome"] == "sent" for d in second["deliveries"])


def test_an_older_date_after_a_newer_one_takes_its_place_and_tells_nobody_twice(town: Town, fridays: dict[dt.date, Path]) -> None:
    town.take(fridays[FRIDAYS[0]])
    town.take(fridays[LAST])
    said = town.copies()
    report = town.take(fridays[FRIDAYS[2]], dt.datetime.combine(LAST, dt.time(17, 30), LONDON))
    assert report["extract"]["as_of"] == str(FRIDAYS[2])
    assert all(town.copies()[key] == 1 for key in said)
    with pipeline.open_house(town.settings) as house, house.engine.begin() as c:
        latest = c.execute(select(func.max(t.condition.c.as_of)).where(t.condition.c.source == "demo")).scalar()
    assert latest == str(LAST)  # alerts speak of the newest date, whatever came last


def test_a_truncated_zip_is_held_and_data_engineers_are_told_once(town: Town, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    for day in FRIDAYS[:3]:
        town.take(fridays[day])
    broken = tmp_path / fridays[LAST].name
    broken.write_bytes(fridays[LAST].read_bytes()[:-2000])
    report = town.take(broken)
    assert report["verdict"] == "hold"
    assert "demo__2026-11-20.zip" in report["reasons"][0]
    assert len(_on_hold(town)) == 1
    town.take(broken)
    assert len(_on_hold(town)) == 1
    good = town.take(fridays[LAST], MONDAY)  # the same date, whole: revision 2
    assert good["extract"]["revision"] == 2
    assert good["verdict"] in {"pass", "warn"}
    assert any(d["kind"] == "dq_recovered" for d in good["deliveries"])


def _on_hold(town: Town) -> list[str]:
    """What data engineers were told of held data; that quality got worse with an earlier extract is another matter."""
    said = [str(m["text"]) for m in town.slack.messages if m["channel"] == "C0DATA"]
    return [text for text in said if not text.startswith("Quality of")]


def test_numbers_of_a_held_extract_do_not_speak(town: Town, world: World, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    for day in FRIDAYS[:3]:
        town.take(fridays[day])
    open_before = {a["id"] for a in _alerts(town)}
    tables = extract_tables(world, LAST)
    half = {name: frame.iloc[: len(frame) // 2] for name, frame in tables.items()}
    report = town.take(write_extract(half, tmp_path, "demo", LAST, faults=0))
    assert report["verdict"] == "hold"
    assert any("held" in reason or "fewer" in reason for reason in report["reasons"])
    assert {kind for d in report["deliveries"] for kind in d["kind"].split(", ")} == {"dq_failed", "hold"}
    assert {a["id"] for a in _alerts(town)} == open_before


def _alerts(town: Town) -> list[dict[str, object]]:
    with pipeline.open_house(town.settings) as house:
        return pipeline.alerts_list(house, None, False)


def test_annex_a_says_on_every_message_that_it_cannot_show_an_old_backlog(town: Town, world: World, tmp_path: Path) -> None:
    path = write_extract(extract_tables(world, LAST), tmp_path, "demo", LAST, form="annex-a")
    report = town.take(path)
    assert any("six months" in note for note in report["absences"])
    said = [json.dumps(m["blocks"]) for m in town.slack.messages] + [c.part("plain") for c in town.mail.mails]
    assert said
    assert all("six months" in text for text in said)


def test_why_leads_from_the_message_back_to_the_hash_of_the_extract(town: Town, fridays: dict[dt.date, Path]) -> None:
    report = town.take(fridays[LAST])
    fired = next(a for a in report["alerts"] if a["rule"] == "unallocated")
    with pipeline.open_house(town.settings) as house:
        chain = json.dumps(pipeline.alerts_why(house, fired["id"]), default=str)
    assert report["extract"]["sha256"] in chain
    assert "C0NORTH" in chain or "sm-north" in chain


@pytest.mark.parametrize("hour, expected", [(17, True), (22, False)])
def test_what_can_wait_is_not_sent_at_night(town: Town, fridays: dict[dt.date, Path], hour: int, expected: bool) -> None:
    report = town.take(fridays[LAST], dt.datetime.combine(LAST, dt.time(hour), LONDON))
    sent = any("unallocated/NA2" in item for d in report["deliveries"] for item in d["items"])
    assert sent is expected
    town.tend(MONDAY)
    assert any("without an allocated worker" in c.mail["Subject"] for c in town.mail.mails)
    assert set(town.copies().values()) == {1}
