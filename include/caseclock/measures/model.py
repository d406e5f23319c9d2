"""The types of the room `measures`."""

from __future__ import annotations

COUNCIL = "*"
"""The team id that stands for all teams together."""

NO_TEAM = "?"
"""The team id of work that no team answers for. It is shown, never dropped."""

MEASURE_COLUMNS = {
    "measure": "id, with the rule behind a dot where there is one clock per rule: overdue.assessment_45_wt",
    "team": "team id, `*` for all teams together, `?` for work that no team answers for",
    "value": "float: a count, or a share in per cent; NaN where n is 0 and a share has no meaning",
    "n": "int: how many items the value was made from",
}
