"""Series to draw in tests, and what stands in a picture: its texts with the boxes that they fill."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from caseclock.charts import fonts
from caseclock.charts.recent import Recent
from caseclock.trends import spc
from caseclock.trends.charts import Chart

SVG = "{http://www.w3.org/2000/svg}"
LAST = dt.date(2026, 9, 7)
HOSTILE = "<!channel> \"><script>alert(1)</script> ]]> & 'x'\r\n\x00\u202e </text></svg>"
LONG = "Assessments completed in time in the Multi-Agency Safeguarding Hub and Assessment Service of the South and West"


def weekly(*values: float, last: dt.date = LAST, step: int = 7) -> tuple[tuple[dt.date, float], ...]:
    return tuple((last - dt.timedelta(step * back), float(v)) for back, v in enumerate(reversed(values)))[::-1]


NORTH = "Unallocated cases in North Assessment"
RISING = Recent(NORTH, weekly(6, 7, 7, 6, 8, 8, 9, 9, 11, 12, 14, 21), "cases", 10, 20, dt.date(2026, 8, 17))
HELD = Recent(
    NORTH, weekly(6, 7, 7, 8, 9, 11, 14), "cases", 10, 20, dt.date(2026, 8, 17), (dt.date(2026, 8, 6), dt.date(2026, 9, 14))
)  # fmt: skip
SHARE = Recent(LONG, weekly(88, 90, 86, 85, 81, 79, 72), "per cent", 75, 60, LAST)
OVER = Recent(NORTH, weekly(14, 18, 21, 19, 11, 6), "cases", 10, 20, dt.date(2026, 8, 10), closed=True)
DAILY = Recent("Visits overdue in West", weekly(*(3 + i * 7 % 5 + i // 9 for i in range(60)), step=1), "cases", 8, 12)
RECENT = {
    "rising": RISING,
    "held": HELD,
    "share": SHARE,
    "over": OVER,
    "daily": DAILY,
    "one": Recent(NORTH, weekly(14), "cases", 14, None, LAST),
    "none": Recent(NORTH, ()),
    "hostile": Recent(HOSTILE, weekly(1, 2, 3), "cases", 1, 3),
}


def chart(
    *values: float | None, figure: str = "arrivals", way: spc.Direction = "neutral", basis: str = "limits", hollow: tuple[int, ...] = (),
    groups: list[int] | None = None, latest: str | None = spc.COMMON, weeks: int = 1,
) -> Chart:  # fmt: skip
    ends = tuple(dt.date(2026, 9, 6) - dt.timedelta(7 * weeks * back) for back in reversed(range(len(values))))
    xmr = None if basis == "line" else spc.xmr(values, improvement_direction=way, groups=groups)
    marks = tuple(i in hollow for i in range(len(values)))
    return Chart(figure, "north", weeks, ends, values, tuple(1.0 for _ in values), marks, basis, xmr, latest)


USUAL = [30, 34, 27, 31, 29, 36, 33, 28, 30, 35, 26, 31, 32, 29, 33, 30]
CONTROL = {
    "special": chart(*USUAL, None, *USUAL, 60, way="decrease", hollow=(3, 4), latest="Above UCL"),
    "either_way": chart(*USUAL, 60, latest="Above UCL"),
    "groups": chart(*USUAL, *(v + 20 for v in USUAL), groups=[0] * 16 + [1] * 16),
    "share": chart(*(min(100, v + 65) for v in USUAL), figure="in_time", way="increase"),
    "net": chart(*(v - 31 for v in USUAL), figure="net_change", way="decrease"),
    "few": chart(*(v - 26 for v in USUAL), way="decrease"),
    "trial": chart(*USUAL[:9], basis="trial", weeks=4),
    "line": chart(*USUAL[:5], basis="line"),
    "nothing": chart(None, None, basis="line"),
}


@dataclass(frozen=True)
class Words:
    """One text of a picture, and the box that it fills in the font of the room."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: Words) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


def words_in(svg: str) -> list[Words]:
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        size, x, y = (float(element.get(name, "")) for name in ("font-size", "x", "y"))
        wide = fonts.width(element.text or "", size, bold=element.get("font-weight") == "bold")
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[element.get("text-anchor", "start")]
        found.append(Words(element.text or "", left, left + wide, y - 0.8 * size, y + 0.25 * size))
    return found


def classes_in(svg: str, tag: str) -> list[str]:
    return [element.get("class", "") for element in ET.fromstring(svg).iter(SVG + tag)]
