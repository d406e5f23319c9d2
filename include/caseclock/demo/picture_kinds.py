"""Sheets of every kind of message for docs/pictures: Slack and mail, to managers and to data engineers; forms behind buttons; Teams.

The figures, the teams and the people are made up.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from markupsafe import Markup
from pydantic import SecretStr

from caseclock.alerts import Instance, Kind, Told
from caseclock.alerts.wanted import MODES
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.picture_digest import letter
from caseclock.demo.postbox import serve_postbox
from caseclock.demo.slack_view import form_html
from caseclock.demo.teams_view import STYLE, card_html
from caseclock.notifications import buttons
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.channels.teams import card_of
from caseclock.notifications.compose import item_to_json
from caseclock.notifications.deadman import STUCK_MINUTES, Health, Waiting
from caseclock.notifications.model import Item, Message, Recipient
from caseclock.notifications.runbook import SLUGS
from caseclock.notifications.words import BY_FALLBACK, OPEN_FORMS, WORDS
from caseclock.settings import SlackSettings, SmtpSettings

READER = Recipient(id="sm-north", title="Service manager, North", slack="C0NORTH", email="service-manager.north@council.example")
DIRECTOR = Recipient(id="director", title="Director of Children's Services", slack="C0LEAD", email="director@council.example")
AS_OF = dt.date(2026, 9, 7)
AT = dt.datetime(2026, 9, 7, 7, 30, tzinfo=dt.UTC)
RISING = (6, 7, 7, 6, 8, 8, 9, 9, 11, 12, 14, 21)
FALLING = (14, 18, 21, 22, 21, 19, 16, 14, 11, 9, 7, 6)
STEADY = (6, 5, 7, 6, 6, 5, 7, 6, 6, 7, 6, 6)
OF_DATA = {"limit": None, "red_limit": None, "value": None, "severity": None, "since": None, "open_wd": None, "recent": ()}
OPEN = {"severity": "red", "value": 21.0, "since": dt.date(2026, 8, 17), "open_wd": 14}
OVER = {"severity": None, "value": 6.0, "was": 21.0, "since": dt.date(2026, 6, 29), "open_wd": 48}
ALERT = "0123456789ab"
LINK = f"https://pages.council.example/caseclock/alerts/{ALERT}"
HELP = "https://pages.council.example/caseclock/help/"
ACKNOWLEDGED = "Acknowledged by Team manager, North until Wed 9 September 2026, 18:00"
SILENCED = "Silenced by Head of service until Fri 18 September 2026, 18:00"
WIDE, NARROW = 900, 375  # pixels of a mail's window
COLUMN, WIDE_COLUMN = 400, 560  # pixels
SLACK_SHEET = (
    "nav,.box>h3{{display:none}}.page{{display:block;padding:16px}}main{{columns:{columns};column-gap:20px;padding:0}}"
    ".reader{{break-inside:avoid;margin:0 0 18px}}.box{{margin:0}}"
)
SHRUNK = 0.75  # of its size on the screen: small files whose words can still be read

PACK = """async (url) => {
  const image = new Image(); image.src = url; await image.decode();
  const canvas = document.createElement("canvas"); canvas.width = image.width; canvas.height = image.height;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.4);
}"""

CHANGES: dict[Kind, dict[str, Any]] = {
    "fire": {"value": 21.0, "severity": "red", "open_wd": 0},
    "refresh": OPEN | {"was": 14.0},
    "worsened": OPEN | {"was": 12.0, "reason": "it has risen to red: was 12, now 21"},
    "reminder": OPEN | {"was": 21.0},
    "escalated": OPEN,
    "ack_expired": OPEN | {"reason": "acknowledged by Team manager, North until 4 September 2026, 18:00: two workers were to start"},
    "unsilenced": OPEN | {"reason": "silenced by Head of service until 4 September 2026, 18:00: the team moved office"},
    "hold": OPEN | {"value": 14.0, "severity": "amber", "as_of": AS_OF - dt.timedelta(7), "recent": RISING[:-1], "held_days": (AS_OF,)},
    "unhold": OPEN | {"held_days": (AS_OF - dt.timedelta(5),)},
    "resolved": OVER | {"recent": FALLING, "reason": "clear on 2 extract dates in a row"},
    "retracted": OVER
    | {
        "recent": STEADY,
        "was": None,
        "since": dt.date(2026, 8, 31),
        "open_wd": 4,
        "reason": "a corrected extract of Mon 31 August 2026 shows 6, not 21",
    },
    "limit_changed": OVER
    | {
        "value": 14.0,
        "recent": RISING[:-1],
        "was": None,
        "limit": 20.0,
        "red_limit": 30.0,
        "since": dt.date(2026, 8, 17),
        "open_wd": 14,
        "reason": "the limits were changed (amber 10 to 20, red 20 to 30); by the earlier ones it would still be open",
    },
    "limit_stricter": OPEN | {"value": 14.0, "recent": RISING[:-1], "limit": 5.0, "red_limit": 12.0},
    "dq_failed": {"reason": "312 of 3,400 referrals have no date"},
    "dq_recovered": {},
    "dq_released": {"reason": "released by Head of performance: the missing dates are those of the closed team"},
    "stale": {"as_of": dt.date(2026, 9, 2)},
    "stale_recovered": {},
    "missing_scope": {"team": "East Assessment", "instance": "missing_scope/east"},
    "refused": {"reason": "referrals.csv is cut off in row 1,204"},
    "delivery_failed": {"team": "Service manager, North", "reason": "Slack: is_archived; unarchive the channel or change routes.yaml"},
    "unstable": {"reason": "it began 3 times in the last 20 extracts"},
    "replay_changed_history": {"reason": "unallocated cases in North Assessment, told on Mon 24 August 2026"},
}
"""Kind of message -> what is special about its line."""


def item_of(kind: Kind) -> Item:
    """A line of this kind about the made-up team."""
    changes: dict[str, Any] = {"team": "North Assessment", "instance": "unallocated/north", "as_of": AS_OF, "reason": "", "recent": RISING}
    changes |= CHANGES[kind]
    if kind in DATA_KINDS:
        changes = OF_DATA | {k: v for k, v in changes.items() if k != "recent"} | {"link": f"{HELP}{SLUGS[kind]}"}
    else:
        values = changes.pop("recent")
        last = AS_OF if len(values) == len(RISING) else AS_OF - dt.timedelta(7)
        changes["recent"] = tuple((last - dt.timedelta(7 * back), float(v)) for back, v in enumerate(reversed(values)))[::-1]
        changes.setdefault("since", AS_OF)
        changes = {"limit": 10.0, "red_limit": 20.0, "link": LINK} | changes
        changes |= {"ref": f"{ALERT}|{changes['since']}|1"} if WORDS[kind].form in OPEN_FORMS else {}
    return Item(kind=kind, title="unallocated cases", unit="cases", source="ssd", **changes)


DATA_KINDS = tuple(list(CHANGES)[list(CHANGES).index("dq_failed") :])


NEVER_MAILED = {"acknowledged", "silenced", *(kind for kind, mode in MODES.items() if mode == "update")}
"""What only changes a message that stands already: a mail cannot be changed once it is sent."""


def messages() -> dict[str, Message]:
    """Every kind by its name, what people did, several alerts in one message, and two that are about no alert."""
    lines: dict[str, tuple[Item, ...]] = {kind: (item_of(kind),) for kind in get_args(Kind)}
    lines |= {"acknowledged": (replace(item_of("refresh"), handled=ACKNOWLEDGED),)}
    lines |= {"silenced": (replace(item_of("refresh"), handled=SILENCED),)}
    lines |= {"several": (item_of("worsened"), _other_team(), item_of("stale"))}
    out = {name: _message(name, items) for name, items in lines.items()}
    week = letter()
    digest = Message("digest", DIRECTOR, "post", (), (), AT, (), "", week.headline, (week.currency,), week)
    out["fallback"] = replace(out["fire"], key="fallback", notes=(BY_FALLBACK,))
    return out | {"digest": digest, "stuck": _stuck()}


def _stuck() -> Message:
    """What data engineers are told when messages wait and nobody sends them."""
    waits = Waiting("sm-north", "slack", AT - dt.timedelta(hours=2), 3, "Slack: no connection (gaierror)")
    found = Health(AT, AT - dt.timedelta(minutes=95), STUCK_MINUTES, (waits,), ((waits, 90.0),))
    return Message(
        "stuck", READER, "post", (), (), AT, (), "", found.headline, found.lines, None, "messages-stuck", f"{HELP}messages-stuck"
    )


def titles() -> dict[str, str]:
    """Name of a message to its words on the sheet, in the order of an alert's life; what data engineers read is not in it."""
    return {
        "fire": "First told (fire)",
        "refresh": "Brought up to date (refresh)",
        "acknowledged": "Somebody deals with it",
        "worsened": "Worse (worsened)",
        "reminder": "Reminder (reminder)",
        "escalated": "To the next one up (escalated)",
        "ack_expired": "Acknowledgement over (ack_expired)",
        "silenced": "Silenced",
        "unsilenced": "Silence over (unsilenced)",
        "hold": "Newer data is held (hold)",
        "unhold": "Data is good again (unhold)",
        "resolved": "Over (resolved)",
        "retracted": "Was wrong (retracted)",
        "limit_changed": "Over by a new limit (limit_changed)",
        "limit_stricter": "Red by a new limit (limit_stricter)",
        "fallback": "By another channel than usual",
        "several": "Several in one message",
        "digest": "Week (digest)",
    }


def _other_team() -> Item:
    points = tuple((AS_OF - dt.timedelta(7 * back), value) for back, value in ((4, 88.0), (3, 86.0), (2, 81.0), (1, 79.0), (0, 72.0)))
    return Item(
        kind="fire", instance="in_time/south", title="assessments completed in time", team="South Assessment", unit="per cent",
        source="ssd", as_of=AS_OF, reason="", severity="amber", value=72.0, limit=75.0, red_limit=60.0, since=AS_OF, open_wd=0,
        recent=points, link=LINK, ref=f"fedcba987654|{AS_OF}|1",
    )  # fmt: skip


def _message(name: str, items: tuple[Item, ...]) -> Message:
    return Message(key=name, recipient=READER, mode="post", items=items, root=items, created_at=AT, episode=name)


def thread() -> list[Message]:
    """An alert as it goes on: told, then worse. Its root is drawn again, and a reply is sent to the channel too."""
    root, worse = item_of("fire"), item_of("worsened")
    first = replace(root, value=12.0, severity="amber", recent=root.recent[:-2], as_of=dt.date(2026, 8, 24), since=worse.since)
    begun = replace(_message("thread", (first,)), key="thread1", created_at=AT - dt.timedelta(days=14))
    return [begun, replace(_message("thread", (worse,)), key="thread2", mode="reply_broadcast")]


def forms() -> list[dict[str, Any]]:
    """The forms behind the two buttons, as Slack is given them."""
    item, at = item_of("worsened"), {"channel": "C001", "ts": "1788766200.000001"}
    instance = Instance("ssd", "unallocated", "north")
    told = Told(
        READER.id, "slack", instance, str(item.since), "red", 21.0, 21.0, AT, AT, handle=at, serial=1, item=item_to_json(item)
    )  # fmt: skip
    days = {"ack": (dt.date(2026, 9, 9), dt.date(2026, 9, 14)), "silence": (dt.date(2026, 9, 14), dt.date(2026, 10, 5))}
    pressed = [buttons.press_of(f"{verb}|{item.ref}", at) for verb in buttons.WORDS]
    return [buttons.form(press, told, *days[press.verb]) for press in pressed if press]


def data_titles() -> dict[str, str]:
    """The same for what data engineers read."""
    return {name: f"{WORDS[name].lead} ({name})" for name in get_args(Kind) if name in DATA_KINDS} | {"stuck": "Messages wait"}


def take(browser: Any, out: Path) -> None:
    """Writes the sheets of Slack, Teams and mail, and one mail as it looks narrow, wide and without pictures."""
    made, words, of_data = messages(), titles(), data_titles()
    week = made["digest"]
    del words["digest"]
    alerts = {title: [made[name]] for name, title in words.items() if name != "fallback"}
    _slack_sheet(browser, alerts, out / "slack-kinds.webp", 4)
    _slack_sheet(browser, {title: [made[name]] for name, title in of_data.items()}, out / "slack-data.webp", 3)
    _slack_sheet(browser, {"A message with its buttons, and its thread": thread()}, out / "slack-forms.webp", 2, forms())
    _teams_sheet(browser, {words[name]: made[name] for name in ("worsened", "resolved", "several")}, out / "teams-cards.webp")
    acknowledged = _message("windows", (replace(item_of("worsened"), handled=ACKNOWLEDGED),))
    mailed = [made[name] for name in [*words, *of_data] if name not in NEVER_MAILED]
    with FakeSlack({}) as slack, MailCatcher(clock=lambda: AT) as catcher:
        mailer = EmailChannel(SmtpSettings(host=catcher.host, port=catcher.port, starttls=False, sender="caseclock@council.example"))
        for message in [*mailed, acknowledged, week]:
            mailer.send(message, str(READER.email), None)
        server = serve_postbox(slack, catcher)
        try:
            at = {message.key: f"{server.url}mail/{n}/html" for n, message in enumerate([*mailed, acknowledged, week], 1)}
            shots = {message.key: _mail(browser, at[message.key], COLUMN) for message in mailed}
            for file, shown, columns in (("mail-kinds.webp", words, 4), ("mail-data.webp", of_data, 3)):
                here = {title: shots[name] for name, title in shown.items() if name in shots}
                _sheet(browser, here, out / file, f"columns:{columns};width:{columns * COLUMN + 60}px", SHRUNK)
            windows = {
                f"{NARROW} pixels wide": _mail(browser, at[acknowledged.key], NARROW),
                "Without pictures": _mail(browser, at[acknowledged.key], NARROW, blocked=True),
                f"{WIDE} pixels wide": _mail(browser, at[acknowledged.key], WIDE),
            }
            _sheet(browser, windows, out / "mail-windows.webp", f"display:flex;gap:20px;width:{WIDE + 2 * NARROW + 50}px")
            digest = {
                "Slack": _in_slack(browser, week),
                "Teams": _in_teams(browser, week),
                "Mail": _mail(browser, at[week.key], WIDE_COLUMN),
            }
            _sheet(browser, digest, out / "digest.webp", f"display:flex;gap:20px;width:{3 * WIDE_COLUMN + 40}px", SHRUNK)
        finally:
            server.close()


def _in_slack(browser: Any, message: Message) -> bytes:
    """One message as it stands in its channel."""
    with FakeSlack({"C001": "leadership"}, clock=lambda: message.created_at) as slack, MailCatcher() as catcher:
        SlackChannel(SlackSettings(token=SecretStr("demo"), base_url=slack.url)).send(message, "C001", None)
        server = serve_postbox(slack, catcher)
        try:
            page = browser.new_page(viewport={"width": WIDE_COLUMN + 24, "height": 400})
            page.goto(server.url)
            shot: bytes = page.locator("article.message").screenshot()
            page.close()
            return shot
        finally:
            server.close()


def _in_teams(browser: Any, message: Message) -> bytes:
    page = browser.new_page(viewport={"width": WIDE_COLUMN, "height": 400})
    page.set_content(Markup("<!DOCTYPE html><style>body{{margin:0}}{}</style>{}").format(Markup(STYLE), card_html(card_of(message))))
    shot: bytes = page.locator(".card").screenshot()
    page.close()
    return shot


def _teams_sheet(browser: Any, shown: dict[str, Message], file: Path) -> None:
    cards = Markup("").join(Markup("<section><h2>{}</h2>{}</section>").format(name, card_html(card_of(m))) for name, m in shown.items())
    sheet = (
        "body{margin:16px;background:#f5f5f5;display:flex;gap:20px}section{width:400px}h2{font:bold 18px Arial,sans-serif;margin:0 0 6px}"
    )
    page = browser.new_page(viewport={"width": 3 * COLUMN + 72, "height": 300}, device_scale_factor=SHRUNK)
    page.set_content(Markup("<!DOCTYPE html><style>{}</style>{}").format(Markup(STYLE + sheet), cards))
    file.write_bytes(as_webp(page, page.screenshot(full_page=True)))
    page.close()


def _slack_sheet(browser: Any, shown: dict[str, list[Message]], file: Path, columns: int, views: Sequence[dict[str, Any]] = ()) -> None:
    """The page of the postbox in columns, with nothing but the channels (in the order given, each with its title) and the forms."""
    names = {f"C{n:03d}": title for n, title in enumerate(shown, 1)}
    time = [AT]
    with FakeSlack(names, clock=lambda: time[0]) as slack, MailCatcher() as catcher:
        chat = SlackChannel(SlackSettings(token=SecretStr("demo"), app_token=SecretStr("demo"), base_url=slack.url))
        for channel, title in names.items():
            handle = None
            for message in shown[title]:
                time[0] = message.created_at
                handle = chat.send(message, channel, handle)
        server = serve_postbox(slack, catcher, names={channel: f"{n:02d} {title}" for n, (channel, title) in enumerate(names.items(), 1)})
        try:
            page = browser.new_page(viewport={"width": columns * COLUMN + 20 * columns + 12, "height": 400}, device_scale_factor=SHRUNK)
            page.goto(server.url)
            page.add_style_tag(content=SLACK_SHEET.format(columns=columns))
            for view in views:
                card = Markup('<section class="reader"><h2>The form of {}</h2>{}</section>').format(view["title"]["text"], form_html(view))
                page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", str(card))
            file.write_bytes(as_webp(page, page.screenshot(full_page=True)))
            page.close()
        finally:
            server.close()


def _mail(browser: Any, url: str, width: int, *, blocked: bool = False) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": 300}, device_scale_factor=1)
    if blocked:
        page.route("**/*", _without_pictures)
    page.goto(url)
    shot: bytes = page.screenshot(full_page=True)
    page.close()
    return shot


def as_webp(page: Any, shot: bytes) -> bytes:
    """A screenshot as WebP, less than half of its size as PNG; Chromium itself draws and packs it."""
    page.goto("about:blank")
    made: str = page.evaluate(PACK, f"data:image/png;base64,{base64.b64encode(shot).decode()}")
    return base64.b64decode(made.partition(",")[2])


def _without_pictures(route: Any) -> None:
    """The mail as a program shows it that loads no pictures."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("data:image/png;base64,", "data:image/png;base64,AAAA"))


def _sheet(browser: Any, shots: dict[str, bytes], file: Path, layout: str, shrunk: float = 1.0) -> None:
    card = Markup('<figure><figcaption>{}</figcaption><img src="data:image/png;base64,{}"></figure>')
    body = Markup("").join(card.format(name, base64.b64encode(shot).decode()) for name, shot in shots.items())
    style = (
        f"body{{margin:16px;background:#f3f5f8;font:bold 18px Arial,sans-serif}}main{{column-gap:16px;{layout}}}"
        "figure{break-inside:avoid;margin:0 0 18px}figcaption{margin:0 0 6px}img{max-width:100%;border:1px solid #d9dfe7}"
    )
    page = browser.new_page(viewport={"width": 400, "height": 400}, device_scale_factor=shrunk)
    page.set_content(Markup("<!DOCTYPE html><style>{}</style><main>{}</main>").format(Markup(style), body))
    width = page.evaluate("() => Math.ceil(document.querySelector('main').getBoundingClientRect().right) + 16")
    page.set_viewport_size({"width": width, "height": 400})
    file.write_bytes(as_webp(page, page.screenshot(full_page=True)))
    page.close()
