"""Ids of the supplementary files as the main extract writes them."""

from __future__ import annotations

from collections.abc import Callable

from caseclock.extracts.blanks import nothing_in, trimmed
from caseclock.extracts.cells import FORMULA
from caseclock.extracts.model import RawTable
from caseclock.extracts.people import NAMED, id_of_name
from caseclock.extracts.source import SourceConfig

PLAN_PREFIX = {"core_group": "cp:", "cin_review": "cin:"}
"""Plans of two SSD files are one canonical table, told apart by these (readers/ssd/files.py)."""


def worker_id_of(tables: list[RawTable], source: SourceConfig) -> Callable[[str], str]:
    """How a worker's id in a supplementary file is written in the main extract.

    An Annex A workbook has names in place of ids. Then the files beside it have names too, and none of them may be kept.
    """
    for raw in tables:
        if raw.table == "worker" and len(raw.frame) and "worker_id" in raw.frame.columns:
            first = raw.frame["worker_id"].dropna()
            if len(first) and str(first.iloc[0]).startswith(NAMED):
                return lambda name: id_of_name(name, source)
    return lambda text: text


def plan_id_of(plan: str, kind: str | None) -> str:
    """The id of the plan that a meeting of this kind is about, as the canonical table has it."""
    prefix = PLAN_PREFIX.get(kind or "", "")
    return plan if plan.startswith(prefix) or plan[:1] in FORMULA else prefix + plan  # a formula is left to be seen for one


def arrangement_id_of(child: str | None, begun_on: str | None) -> str | None:
    """One private fostering arrangement of one child: no system numbers them, so the day on which it became known tells them apart."""
    return f"{child}|{begun_on}" if child and begun_on else None


def filled(values: list[str | None], word: str | None = None) -> list[str | None]:
    """The cells trimmed; None where nothing is known. `word` counts as something, whatever it means elsewhere."""
    import pandas as pd

    text = trimmed(pd.Series(values, dtype="str"))
    blank, placeholder = nothing_in(text, ids=True)
    cells = zip(text.to_pylist(), blank | placeholder, strict=True)
    return [None if empty and (cell or "").lower() != word else str(cell) for cell, empty in cells]
