"""Plain words for what happened: one source of sentences for every channel.

Written for service managers: short, no jargon, the meaning always in words (never in a colour or a picture alone).
Everything that comes from data or configuration passes `plain` first; a channel still escapes for its own markup.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from caseclock.notifications.model import Item, Message
from caseclock.notifications.runbook import SLUGS, command, slug_of
from caseclock.notifications.words import (
    CLOSED_FORMS,
    DATA_SENTENCES,
    LIST_AT,
    LIST_BY,
    LOOK,
    LOOK_BY_ID,
    NOT_ACKNOWLEDGED,
    OPEN_FORMS,
    PLACES,
    SAYS_SO,
    SEE_CASES,
    SERVICE,
    SERVICE_MISSING,
    SINGULAR,
    UNROUTED,
    WHAT_TO_DO,
    WORDS,
)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
NAMED = re.compile(r"[\w-]+[._]\w")  # `referrals.csv is cut off`, `cine_referral_date is empty`: their first letter stays as it is
LINK_LENGTH = 900  # characters: Slack takes 1,000 with the words of the link
NAME_LENGTH, TITLE_LENGTH, REASON_LENGTH, NOTE_LENGTH = 80, 200, 300, 500  # characters; longer ones are cut and end in "…"


def plain(text: str, most: int = NAME_LENGTH) -> str:
    """One line of visible characters: no control, direction or zero-width characters, at most `most` long (then ending in "…")."""
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Zs"} else c for c in text)
    seen = "".join(c for c in seen if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def sentence(text: str, most: int = REASON_LENGTH) -> str:
    """`text` as a sentence: begins with a capital (but for the name of a file or setting), ends with a mark. Empty stays empty."""
    line = plain(text, most)
    if not line:
        return ""
    begin = line[0] if NAMED.match(line) else line[0].upper()
    return begin + line[1:] + ("" if line[-1] in ".!?…" else ".")


def date_words(day: dt.date) -> str:
    """`Mon 7 September 2026`; months in words, because 7/9 is read two ways."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def _days_words(first: dt.date, last: dt.date) -> str:
    """`20 July to 7 September 2026`; the year of the first where it is another."""
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {MONTHS[first.month - 1]}{year} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def moment_words(moment: dt.datetime) -> str:
    """`Mon 7 September 2026, 08:30`, in the time zone that the moment carries."""
    return f"{date_words(moment.date())}, {moment:%H:%M}"


def number(value: float, unit: str = "cases", beside: float | None = None) -> str:
    """`21`, `1,204`, `72%`. As few decimals as keep it different from `beside`: 74.96 against 75 is never shown as 75."""
    mark = "%" if unit == "per cent" else ""
    shown = ""
    for places in range(1, 5):
        shown = _rounded(value, places)
        if beside is None or value == beside or shown != _rounded(beside, places):
            break
    return shown + mark


def _rounded(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def known(value: float | None) -> float | None:
    """The value, or None where there is no figure (None, or a share of nothing)."""
    return None if value is None or value != value else value


def lower_is_worse(item: Item) -> bool:
    """True where a fall calls for attention (a share in time). The order of the limits says so; without both, the unit does."""
    if item.limit is not None and item.red_limit is not None and item.limit != item.red_limit:
        return item.red_limit < item.limit
    return item.unit == "per cent"


def limit_of(item: Item) -> float | None:
    """The limit that the item is measured against: the red one when it is red."""
    return item.red_limit if _is_red(item) else item.limit


def _is_red(item: Item) -> bool:
    return item.severity == "red" and item.red_limit is not None


def _limit_words(item: Item) -> str:
    """`red limit 20`; without its colour where there is one limit only. Empty for none."""
    limit = known(limit_of(item))
    if limit is None:
        return ""
    colour = "" if item.red_limit is None else "red " if _is_red(item) else "amber "
    return f"{colour}limit {number(limit, item.unit)}"


def place(item: Item) -> str:
    """Where, as it follows a noun: `in North Assessment`."""
    team_id = item.instance.partition("/")[2]
    of_service = "all teams of " if team_id.startswith(SERVICE) else ""
    return PLACES.get(team_id) or f"in {of_service}{plain(item.team).removeprefix(SERVICE) or 'a team without a name'}"


def subject(item: Item) -> str:
    """The figure with what it counts and where: `21 unallocated cases in North Assessment`, `72% of assessments in time in ...`."""
    title, value = plain(item.title, 120) or "cases", known(item.value)
    if value is None:
        return f"{title} {place(item)}"
    shown = number(value, item.unit, limit_of(item))
    if item.unit == "per cent":
        return f"{shown} of {title} {place(item)}"
    return f"{shown} {_one(title) if value == 1 else title} {place(item)}"


def _one(title: str) -> str:
    padded = f" {title} "
    for many, one in SINGULAR.items():
        padded = padded.replace(f" {many} ", f" {one} ", 1)
    return padded.strip()


def label(item: Item) -> str:
    """`Red`, `Amber`, `Resolved`, `On hold` ...: the state in one or two words."""
    words = WORDS[item.kind]
    return (item.severity or "alert").capitalize() if words.form == "open" else words.lead


def headline_of(item: Item) -> str:
    """The shortest that says what, how much, where and why now: `Worse, red: 21 unallocated cases in North Assessment`."""
    words = WORDS[item.kind]
    if words.form == "data":
        return f"{words.lead}: {_data_words(item)}"
    return f"{state_of(item)}: {subject(item)}"


def state_of(item: Item) -> str:
    """How the headline of a figure begins, the colour in words: `Red`, `Worse, red`, `On hold, amber`, `Resolved`."""
    words = WORDS[item.kind]
    if words.form in OPEN_FORMS and words.lead and item.severity:
        return f"{words.lead}, {item.severity}"
    return label(item)


def _data_words(item: Item) -> str:
    team = plain(item.team)
    if item.kind == "missing_scope" and team in {"", plain(item.source)}:  # a team that no extract has named yet has only its id
        team = plain(item.instance.partition("/")[2])
    if item.kind == "missing_scope" and team.startswith(SERVICE):
        return SERVICE_MISSING.format(source=plain(item.source), service=team.removeprefix(SERVICE))
    return DATA_SENTENCES[item.kind].format(
        source=plain(item.source) or "a source", team=team or "one of its readers", as_of=date_words(item.as_of)
    )


def details(item: Item) -> list[str]:
    """What follows the figure: `["red limit 20", "up from 12", "open for 6 working days since Thu 27 August 2026"]`."""
    words = WORDS[item.kind]
    limit, value, was = _limit_words(item), known(item.value), known(item.was)
    said: list[str] = []
    if words.form == "data":
        return said
    if words.form == "held":
        said.append("the last good figure")
    if limit:
        said.append(limit)
    if value is not None and was is not None and number(value, item.unit, was) != number(was, item.unit, value):
        said.append(f"{'up' if value > was else 'down'} from {number(was, item.unit, value)}")
    elif item.kind == "reminder" and value is not None and was is not None:
        said.append("no change")
    if opened := _opened(item):
        said.append(opened)
    if item.unstable:
        said.append(plain(item.unstable))
    return said


def _opened(item: Item) -> str:
    """`open for 6 working days since Thu 27 August 2026`, `was open ...`; empty where it is not known."""
    over = WORDS[item.kind].form in CLOSED_FORMS
    days = f"for {item.open_wd} working {'day' if item.open_wd == 1 else 'days'}" if item.open_wd else ""
    since = f"{'from' if over else 'since'} {date_words(item.since)}" if item.since else ""
    return " ".join(part for part in ("was open" if over else "open", days, since) if part) if days or since else ""


def item_sentence(item: Item) -> str:
    """`Red: 21 unallocated cases in North Assessment, red limit 20, up from 12, open for 6 working days since Thu 27 August 2026.`"""
    words = WORDS[item.kind]
    start = headline_of(item) if words.form == "data" else f"{label(item)}: {subject(item)}"
    return ", ".join([start, *details(item)]) + "."


def details_sentence(item: Item) -> str:
    """What the headline of a single item leaves out: `Red limit 20, up from 12, open since Thu 27 August 2026.` May be empty."""
    return sentence(", ".join(details(item)))


def reason_sentence(item: Item) -> str:
    """Why the reader hears of it now; the engine's own reason follows where it says more."""
    why, own = WORDS[item.kind].why, sentence(item.reason) if WORDS[item.kind].own else ""
    said = f"{why} {own}" if own and own.rstrip(".").lower() not in why.lower() else why
    return f"{said} {UNROUTED.format(command=command(SLUGS['no_route']))}" if item.unrouted else said


def handled_sentence(item: Item) -> str:
    """`Acknowledged by .. until ..`: what somebody has done about an alert that is open, or that nobody has. Else empty."""
    if item.handled:
        return sentence(item.handled)
    return NOT_ACKNOWLEDGED if WORDS[item.kind].form in OPEN_FORMS and item.kind not in SAYS_SO else ""


def next_sentence(item: Item) -> str:
    """What to do and where to look, or that there is nothing to do. May be empty."""
    todo, id = WORDS[item.kind].todo, item.ref.partition("|")[0]
    if safe_link(item.link):
        return todo
    if slug := slug_of(item.kind):
        return f"{todo} {_by_command(slug)}".lstrip()
    return f"{todo} {LOOK_BY_ID.format(id=id)}" if todo == LOOK and id else todo


def next_in_list(item: Item) -> str:
    """The same for one of several alerts, where the link below each says where to look."""
    todo = next_sentence(item)
    return "" if todo == LOOK else todo


def _by_command(slug: str) -> str:
    return f"{WHAT_TO_DO.format(what='this')}: {command(slug)}."


def link_words(item: Item, n: int | None = None) -> str:
    """What the link of an item leads to; `n`: its number among several."""
    about, it = (WHAT_TO_DO, "this") if WORDS[item.kind].form == "data" else (SEE_CASES, "this figure")
    return about.format(what=f"alert {n}" if n else it)


def guide_link(message: Message) -> tuple[str, str] | None:
    """Address and words of the text about a message that is not about alerts; None where it has none, or one that no channel takes."""
    link = safe_link(message.link) if message.guide else None
    return (link, WHAT_TO_DO.format(what="this")) if link and len(link) <= LINK_LENGTH else None


def recent_sentence(item: Item, most: int = 8) -> str:
    """`Last 4 figures, 17 August to 7 September 2026, oldest first: 8, 9, 12, 21.` Empty for fewer than two."""
    seen = [(day, value) for day, value in item.recent[-most:] if known(value) is not None]
    if len(seen) < 2:
        return ""
    values = ", ".join(number(value, item.unit) for _, value in seen)
    return f"Last {len(seen)} figures, {_days_words(seen[0][0], seen[-1][0])}, oldest first: {values}."


def data_sentence(items: Sequence[Item], most: int = 5) -> str:
    """Of which day the data is, and from where; always shown: `Data as of Mon 7 September 2026, source demo.`"""
    pairs = list(dict.fromkeys((item.as_of, plain(item.source, 40)) for item in items))
    said = [f"{date_words(as_of)}{f', source {source}' if source else ''}" for as_of, source in pairs]
    more = f"; and {len(said) - most} more" if len(said) > most else ""
    return f"Data as of {'; '.join(said[:most])}{more}." if said else ""


def worst_first(items: Sequence[Item]) -> list[Item]:
    """Red, amber, then the rest; otherwise in the order given."""
    rank = {"Red": 0, "Amber": 1}
    return sorted(items, key=lambda item: rank.get(label(item), 2))


def headline(items: Sequence[Item]) -> str:
    """One item: its own headline. Several: `3 alerts: 1 red, 2 amber`."""
    if len(items) == 1:
        return headline_of(items[0])
    counts = Counter(label(item).lower() for item in worst_first(items))
    return f"{len(items)} alerts: " + ", ".join(f"{n} {what}" for what, n in counts.items())


def more_sentence(hidden: Sequence[Item]) -> str:
    """What a message had no room for, and where that is to be seen: `And 12 more: 3 red, 9 amber. All ..` Empty for none."""
    if not hidden:
        return ""
    counts = Counter(label(item).lower() for item in worst_first(hidden))
    said = f"And {len(hidden)} more: " + ", ".join(f"{n} {what}" for what, n in counts.items()) + "."
    return f"{said} {_where_all_are(hidden)}".rstrip()


def _where_all_are(items: Sequence[Item]) -> str:
    """Where the list of all alerts is; empty where none of these is an alert on a figure."""
    alerts = [item for item in items if item.limit is not None]
    page = next((link for item in alerts if (link := safe_link(item.link))), None)
    if page:
        return LIST_AT.format(page=page.rpartition("/")[0])
    over = any(WORDS[item.kind].form in CLOSED_FORMS for item in alerts)
    return LIST_BY.format(option=" --all" if over else "") if alerts else ""


def title(message: Message, items: Sequence[Item]) -> str:
    """The headline of a message about `items`, or of a message that is not about alerts."""
    return headline(worst_first(items)) if items else plain(message.headline, TITLE_LENGTH) or "A message from caseclock"


def full_text(message: Message, items: Sequence[Item], most: int = 15) -> str:
    """All of it as running text: for screen readers, previews and channels without layout. Shows `most` items and counts the rest."""
    ordered = worst_first(items)
    todo = next_sentence if len(ordered) == 1 else next_in_list
    parts = [(item_sentence(item), reason_sentence(item), handled_sentence(item), todo(item)) for item in ordered[:most]]
    said = [" ".join(part for part in each if part) for each in parts]
    lines = said if len(ordered) == 1 else [sentence(title(message, items), TITLE_LENGTH), *said]
    lines += [more_sentence(ordered[most:]), *notice_lines(message), *foot(message, items)]
    return "\n".join(line for line in lines if line)


def notice_lines(message: Message) -> list[str]:
    """The plain lines of a message that is not about alerts."""
    return [line for line in (plain(line, NOTE_LENGTH) for line in message.lines) if line] if message.headline else []


def foot(message: Message, items: Sequence[Item], *more: str) -> list[str]:
    """Of which day the data is, where there are no pages how the runbook is read, and what cannot be seen."""
    guided = _by_command(message.guide) if message.guide and guide_link(message) is None else ""
    return [line for line in (data_sentence(items), guided, *note_sentences([*message.notes, *more])) if line]


def note_sentences(notes: Sequence[str]) -> list[str]:
    """The notes as sentences, each once."""
    return [said for said in dict.fromkeys(sentence(note, NOTE_LENGTH) for note in notes) if said]


def safe_link(url: str | None) -> str | None:
    """The link if it is an http(s) address, with everything encoded that could end it early in any markup; else None."""
    address = (url or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:  # `http://[`
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return quote(address, safe="%/:=&?~#+!$,;@()[]-._")
