"""From the line of an alert to its chart: the same figures, limits and dates as in its words, and nothing else."""

from __future__ import annotations

from caseclock.charts.recent import Recent
from caseclock.notifications import wording
from caseclock.notifications.model import Item
from caseclock.notifications.words import CLOSED_FORMS, WORDS

LEAST = 3  # figures: of fewer the words say all


def recent_of(item: Item) -> Recent | None:
    """What the chart of this line shows. None where there is nothing to draw: a line about data, or too few figures."""
    form = WORDS[item.kind].form
    if form == "data":
        return None
    made = Recent(
        subject=_subject(item),
        place=wording.place(item),
        points=item.recent,
        unit=item.unit,
        amber=wording.known(item.limit),
        red=wording.known(item.red_limit),
        since=item.since,
        held=item.held_days,
        closed=form in CLOSED_FORMS,
    )
    return made if len(made.known) >= LEAST else None


def _subject(item: Item) -> str:
    """What is counted, without a figure: `Unallocated cases`."""
    said = wording.plain(item.title, 120) or "cases"
    return said[:1].upper() + said[1:]
