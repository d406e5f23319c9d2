"""Links between the files of one SSD export that have to be followed while reading, because suppliers fill different columns."""

from __future__ import annotations

import pandas as pd

from caseclock.extracts.cells import series_of, trimmed
from caseclock.extracts.readers.ssd.part import Part


def follow_to_child(part: Part, before: list[Part]) -> None:
    """Fills in the child where the file of this supplier has only the id of a plan, referral or period of care.

    An id that leads to two children leads to none: the row is then put aside for want of a child, not given to the wrong one.
    """
    if "child_id" in part.made or part.spec.child_via is None or part.spec.child_via[1] not in part.made:
        return
    table, link = part.spec.child_via
    prefix = part.spec.links.get(link, "")
    home = next((p for p in before if p.spec.table == table and p.spec.prefix == prefix and {"child_id", link} <= p.made.keys()), None)
    if home is None:
        return
    pairs = pd.DataFrame({"id": _clean(home.made[link]), "child": _clean(home.made["child_id"])}).dropna().drop_duplicates()
    child_of = pairs[~pairs["id"].duplicated(keep=False)].set_index("id")["child"]
    part.made["child_id"] = _clean(part.made[link]).map(child_of).astype("str")
    part.notes.append(f"{part.file} has no {part.spec.columns['child_id'][0]}; the child is found by its {table}")


def _clean(ids: pd.Series[str]) -> pd.Series[str]:
    return series_of(trimmed(ids))


def teams_of_workers(parts: list[Part]) -> None:
    """The department of a worker is a name in most exports: it is turned into the team's id where one team has that name, else dropped."""
    workers = next((p for p in parts if p.spec.table == "worker" and "team_id" in p.made), None)
    if workers is None:
        return
    team = next((p for p in parts if p.spec.table == "team"), None)
    id_of: dict[str, str] = {}
    if team is not None:
        ids = team.made["team_id"].fillna("")
        names = team.made.get("name", ids).fillna("")
        unique = ~names.duplicated(keep=False)
        id_of = dict(zip(names[unique], ids[unique], strict=True)) | dict(zip(ids, ids, strict=True))
    workers.made["team_id"] = workers.made["team_id"].map(id_of).astype("str")
