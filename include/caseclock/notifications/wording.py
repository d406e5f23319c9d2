"""Plain words for what happened: one source of sentences for every channel.

Written for service managers: short, no jargon, the meaning always in words (never in a colour or a picture alone).
Everything that comes from data or configuration passes `plain` first; a channel still escapes for its own markup.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from caseclock.notifications.model import Item, Message
from caseclock.notifications.words import DATA_SENTENCES, PLACES, SERVICE, SERVICE_MISSING, SINGULAR, WORDS

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
NAME_LENGTH, TITLE_LENGTH, REASON_LENGTH, NOTE_LENGTH = 80, 200, 300, 500  # characters; longer ones are cut and end in "…"


def plain(text: str, most: int = NAME_LENGTH) -> str:
    """One line of visible characters: no control, direction or zero-width characters, at most `most` long (then ending in "…")."""
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Zs"} else c for c in text)
    seen = "".join(c for c in seen if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def sentence(text: str, most: int = REASON_LENGTH) -> str:
    """`text` as a sentence: begins with a capital, ends with a mark. Empty stays empty."""
    line = plain(text, most)
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line[-1] in ".!?…" else ".")


def date_words(day: dt.date) -> str:
    """`Mon 7 September 2026`; months in words, because 7/9 is read two ways."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


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
    return item.red_limit if item.severity == "red" and item.red_limit is not None else item.limit


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
    start = f"{words.lead}, {label(item).lower()}" if words.form == "open" and words.lead else label(item)
    return f"{start}: {subject(item)}"


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
    """What follows the figure: `["limit 20", "up from 12", "open 6 working days"]`."""
    words = WORDS[item.kind]
    limit, value, was = known(limit_of(item)), known(item.value), known(item.was)
    said: list[str] = []
    if words.form == "data":
        return said
    if words.form == "held":
        said.append("the last good figure")
    if limit is not None:
        said.append(f"limit {'now ' if words.form == 'limit' else ''}{number(limit, item.unit)}")
    if value is not None and was is not None and number(value, item.unit, was) != number(was, item.unit, value):
        said.append(f"{'up' if value > was else 'down'} from {number(was, item.unit, value)}")
    elif item.kind == "reminder" and value is not None and was is not None:
        said.append("no change")
    if item.open_wd:
        tense = "was open" if words.form in {"closed", "withdrawn"} else "open"
        said.append(f"{tense} {item.open_wd} working {'day' if item.open_wd == 1 else 'days'}")
    return said


def item_sentence(item: Item) -> str:
    """`Red: 21 unallocated cases in North Assessment, limit 20, up from 12, open 6 working days.`"""
    words = WORDS[item.kind]
    start = headline_of(item) if words.form == "data" else f"{label(item)}: {subject(item)}"
    return ", ".join([start, *details(item)]) + "."


def details_sentence(item: Item) -> str:
    """What the headline of a single item leaves out: `Limit 20, up from 12, open 6 working days.` May be empty."""
    return sentence(", ".join(details(item)))


def reason_sentence(item: Item) -> str:
    """Why the reader hears of it now; the engine's own reason follows where it says more."""
    why, own = WORDS[item.kind].why, sentence(item.reason)
    return f"{why} {own}" if own and own.rstrip(".").lower() not in why.lower() else why


def next_sentence(item: Item) -> str:
    """What to do, or that there is nothing to do. May be empty."""
    return WORDS[item.kind].todo


def recent_sentence(item: Item, most: int = 8) -> str:
    """`Last 4 figures, oldest first: 8, 9, 12, 21.` Empty for fewer than two."""
    values = [number(value, item.unit) for _, value in item.recent[-most:] if known(value) is not None]
    return f"Last {len(values)} figures, oldest first: {', '.join(values)}." if len(values) > 1 else ""


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
    """What a message had no room for: `And 12 more: 3 red, 9 amber.` Empty for none."""
    if not hidden:
        return ""
    counts = Counter(label(item).lower() for item in worst_first(hidden))
    return f"And {len(hidden)} more: " + ", ".join(f"{n} {what}" for what, n in counts.items()) + "."


def title(message: Message, items: Sequence[Item]) -> str:
    """The headline of a message about `items`, or of a message that is not about alerts."""
    return headline(worst_first(items)) if items else plain(message.headline, TITLE_LENGTH) or "A message from caseclock"


def full_text(message: Message, items: Sequence[Item], most: int = 15) -> str:
    """All of it as running text: for screen readers, previews and channels without layout. Shows `most` items and counts the rest."""
    ordered = worst_first(items)
    said = [f"{item_sentence(item)} {reason_sentence(item)}" for item in ordered[:most]]
    lines = said if len(ordered) == 1 else [sentence(title(message, items), TITLE_LENGTH), *said]
    lines += [more_sentence(ordered[most:]), *notice_lines(message), *foot(message, items)]
    return "\n".join(line for line in lines if line)


def notice_lines(message: Message) -> list[str]:
    """The plain lines of a message that is not about alerts."""
    return [line for line in (plain(line, NOTE_LENGTH) for line in message.lines) if line] if message.headline else []


def foot(message: Message, items: Sequence[Item], *more: str) -> list[str]:
    """Of which day the data is, and what cannot be seen."""
    return [line for line in (data_sentence(items), *note_sentences([*message.notes, *more])) if line]


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
