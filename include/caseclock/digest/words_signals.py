"""Unusual figures in words: what the newest point says, whether it is for the worse, and whether a target can be met as things stand."""

from __future__ import annotations

from typing import Final

from caseclock.digest import sentences as s
from caseclock.digest.content import Content, Signal
from caseclock.notifications.letter import Bullets, Paragraph, Picture, Section, Tone
from caseclock.trends.model import kind_of
from caseclock.trends.spc import COMMON
from caseclock.trends.wording import finding, number, usual

VARIATION: Final = {
    "worse": "This is for the worse, and more than chance.",
    "better": "This is for the better, and more than chance.",
    "unusual": "This is more than chance; whether it is good or bad the figure does not say.",
}
ASSURANCE: Final = {
    "passes": "The target of {target} will be met as things stand.",
    "fails": "The target of {target} will be missed until the way of working changes.",
    "hit and miss": "The target of {target} is met in some {points} and missed in others, by chance.",
}
TONES: Final[dict[str, Tone]] = {"worse": "red", "better": "green", "unusual": "amber"}
MOST: Final = 10
"""Signals in one letter; the rest are counted."""
NONE: Final = "No figure is unusual."
BY_CHANCE: Final = "About 1 chart in 100 is unusual by chance."


def signals(c: Content, pictures: tuple[Picture, ...]) -> Section | None:
    """The charts that say something, and how many were looked at. None where there is no history to judge by."""
    if not c.charts and not c.signals:
        return None
    looked = f"{s.counted(c.charts, 'control chart')} {'was' if c.charts == 1 else 'were'} looked at."
    method = f"{looked} A figure is unusual when its ups and downs of the last year do not explain it. {BY_CHANCE}"
    if not c.signals:
        old = c.currency.as_of if s.is_old(c.currency, c.first_day) else None
        calm = f"No figure was unusual up to {s.day(old)}." if old else NONE
        return Section("Unusual figures", (Paragraph(f"{calm} {method}"),), (f"{calm} {looked}",))
    shown, left = c.signals[:MOST], len(c.signals) - MOST
    said = tuple(signal(one) for one in shown) + ((f"And {left} more.",) if left > 0 else ())
    tones: list[Tone] = [TONES[one.variation] if is_unusual(one) else "amber" if one.assurance == "fails" else "" for one in shown]
    tones += ["quiet"] * (left > 0)
    return Section(
        "Unusual figures", (Bullets(said, tuple(tones)), Paragraph(method), *pictures), (*(first(one) for one in c.signals[:3]), looked)
    )


def is_unusual(one: Signal) -> bool:
    """Whether the newest point is; else it is here for its target."""
    return one.chart.latest not in (None, COMMON)


def first(one: Signal) -> str:
    """`Referrals received in the last week in the council: above the usual range, 97; usual are 59 to 84.`"""
    newest, range_of = one.chart.values[-1] if one.chart.values else None, usual(one.chart)
    mark = "%" if kind_of(one.chart.figure) == "share" else ""
    points = "" if one.chart.weeks_per_point == 1 else f" in {one.chart.weeks_per_point} weeks"
    said = f"{s.named(one.title, one.place)}: {finding(one.chart)}"
    said += f", at {number(newest)}{mark}{points}" if newest is not None else ""
    return f"{said}; usual is {range_of}{mark}." if range_of else f"{said}."


def signal(one: Signal) -> str:
    """The finding, what it means, and what it means for the target."""
    said = [first(one)]
    if is_unusual(one):
        said.append(VARIATION[one.variation])
    if one.assurance and one.target is not None:
        points = "weeks" if one.chart.weeks_per_point == 1 else f"periods of {one.chart.weeks_per_point} weeks"
        said.append(ASSURANCE[one.assurance].format(target=f"{number(one.target)}%", points=points))
    return " ".join(said)
