"""Messages to render and send in tests: made from counts and dates, as the engine makes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from caseclock.notifications.model import Item, Message, Recipient

MANAGER = Recipient(id="sm-north", title="Service manager, North", slack="C0NORTH", email="manager.north@council.example")
AT = dt.datetime(2026, 9, 7, 7, 30, tzinfo=dt.UTC)
HOSTILE = "<!channel> <@U123> <#C1> *North* & `South`\r\nBcc: all@council.example <script>alert(1)</script> </td>"
WEEKS = tuple((dt.date(2026, 8, 3) + dt.timedelta(7 * n), value) for n, value in enumerate([8.0, 9.0, 9.0, 12.0, 12.0, 21.0]))


def item(**changes: Any) -> Item:
    base: dict[str, Any] = {
        "kind": "fire",
        "instance": "unallocated/north",
        "title": "unallocated cases",
        "team": "North Assessment",
        "unit": "cases",
        "source": "demo",
        "as_of": dt.date(2026, 9, 7),
        "reason": "",
        "severity": "amber",
        "value": 12.0,
        "limit": 10.0,
        "red_limit": 20.0,
        "since": dt.date(2026, 9, 7),
        "open_wd": 0,
        "link": "https://pages.council.example/caseclock/alerts/0123456789ab?a=1&b=2",
    }
    return Item(**(base | changes))


def share(**changes: Any) -> Item:
    base = {"instance": "in_time/north", "title": "assessments completed in time", "unit": "per cent", "value": 72.0, "limit": 75.0}
    return item(**(base | {"red_limit": 60.0} | changes))


def message(*items: Item, key: str = "k1", mode: Any = "post", **changes: Any) -> Message:
    base: dict[str, Any] = {"recipient": MANAGER, "root": items, "created_at": AT, "episode": "unallocated/north 2026-09-07"}
    return Message(key=key, mode=mode, items=items, **(base | changes))


WORSENED = item(
    kind="worsened", severity="red", value=21.0, was=12.0, open_wd=6, since=dt.date(2026, 8, 27), recent=WEEKS,
    reason="it has risen to red: was 12, now 21",
)  # fmt: skip
RESOLVED = item(
    kind="resolved", severity=None, value=6.0, was=21.0, open_wd=9, since=dt.date(2026, 8, 24), reason="clear on 2 extract dates in a row"
)  # fmt: skip
ANNEX_A = "Made from Annex A, which cannot show a backlog that is older than six months"

ACKNOWLEDGED = "Acknowledged by Team manager, North until Wed 9 September 2026, 18:00"
SILENCED = "Silenced by Head of service until Fri 25 September 2026, 18:00"

CASES: dict[str, Message] = {
    "fire": message(item()),
    "worsened": message(WORSENED, mode="reply_broadcast", key="k2"),
    "acknowledged": message(replace(WORSENED, kind="refresh", handled=ACKNOWLEDGED, reason=""), key="k4"),
    "resolved": message(RESOLVED, mode="update+reply", key="k3"),
    "several": message(
        WORSENED, share(was=81.0), item(team="East & Coast", instance="unallocated/east", value=1.0, limit=1.0), notes=(ANNEX_A,)
    ),
    "hostile": message(item(team=HOSTILE)),
    "data_held": message(
        item(
            kind="dq_failed",
            instance="dq_failed/demo",
            severity=None,
            value=None,
            limit=None,
            red_limit=None,
            link=None,
            reason="312 of 3,400 referrals have no date",
        )
    ),
    "fault": message(
        headline="caseclock needs a look: intake.claim failed",
        lines=("OperationalError; the task log says more",),
        guide="task-failed",
        link="https://pages.example/caseclock/help/task-failed",
    ),
    "digest": message(
        headline="Week 2026-W37: 2 limits are passed, 1 of them red.",
        lines=("Over the limit: unallocated cases in 2 teams.", "Not watched: visits"),
    ),
}
