"""Attacks on what goes wide: leadership, who answer for no case, work out from a digest how many a small number is."""

from __future__ import annotations

import datetime as dt

from caseclock import pipeline
from caseclock.now import LONDON
from caseclock.storage import schema as t

from .test_hands import Lab, lab

__all__ = ["lab"]


def _digest(lab: Lab, figures: dict[str, float], rules: tuple[str, ...] = ()) -> list[str]:
    """What leadership, who answer for no case, read on Monday. `figures`: of all teams together; `rules`: open at amber in one team."""
    [extract] = lab.extracts()
    with lab.house.engine.begin() as c:
        c.execute(t.alert.delete())
        c.execute(t.measure_value.delete())
        rows = [{"extract_id": extract.id, "measure": m, "team": "*", "value": v, "n": 100} for m, v in figures.items()]
        c.execute(t.measure_value.insert(), rows)
        for rule in rules:
            open_one = {"id": rule[:12], "source": "demo", "rule": rule, "team": "NA2", "episode": "2026-11-20", "since": "2026-11-20"}
            c.execute(t.alert.insert().values(**open_one, condition="FIRING", severity="amber", updated_at="2026-11-20"))
    pipeline.send_digest(lab.house, dt.datetime(2026, 11, 23, 9, tzinfo=LONDON))
    return next(c.part("plain") for c in lab.mail.mails if c.recipient == "leadership@example.org").splitlines()


def test_a_digest_does_not_say_by_band_what_it_hides_as_a_figure(lab: Lab) -> None:
    """ALERTING 5: `limit 1 exceeded` discloses. Amber of `unallocated_cp` is 1 or 2 children, in one team."""
    said = _digest(lab, {"unallocated_cp": 2.0}, ("unallocated_cp",))
    assert [line for line in said if "1 to 5" in line and "child protection plan" in line]
    assert [line for line in said if "in 1 team, 0 red, 1 amber" in line] == []


def test_what_a_digest_hides_cannot_be_worked_out_from_what_it_shows_beside_it(lab: Lab) -> None:
    """Secondary suppression. `unallocated` is the sum of its priorities, and all of them but one are shown."""
    shown = {"unallocated": 30.0, "unallocated_priority.high": 3.0, "unallocated_priority.low": 27.0}
    said = [line for line in _digest(lab, shown) if "without an allocated worker" in line and ": " in line and "shown" not in line]
    assert len(said) == 3
    assert sum("1 to 5" in line for line in said) != 1


def test_the_sentence_above_does_not_say_it_either(lab: Lab) -> None:
    said = _digest(lab, {"unallocated_cp": 2.0}, ("unallocated_cp",))
    assert any("Over the limit: children on a child protection plan" in line and line.endswith("in some teams.") for line in said)
    assert "limits for small numbers are passed" in said[0]
