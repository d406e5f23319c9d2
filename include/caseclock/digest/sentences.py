"""Facts to plain English: one rule per sentence, read from the numbers.

A difference is said only where both figures are exact; a direction also where two ranges do not touch. What is said of a difference is
worked out from the figures as they are printed, so that whoever subtracts them gets the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from caseclock.digest.content import Coming, Currency, Demand, Forecast, Foreseen, Line, Relook
from caseclock.digest.shown import Shown
from caseclock.notifications.wording import MONTHS
from caseclock.notifications.words import SINGULAR
from caseclock.trends.wording import between

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ONE: Final = SINGULAR | {"workers": "worker", "posts": "post", "interviews": "interview", "episodes": "episode"}
"""Nouns that head a title, many to one."""
ENDS_THE_NOUN: Final = frozenset(
    {"in", "of", "for", "by", "from", "without", "to", "per", "that", "who", "with", "whose", "on", "within", "held"}
)
"""The words of a title before the first of these say what is counted."""
SHARES: Final = frozenset({"per cent"})
MEASURED: Final = frozenset({"per cent", "average", "ratio"})
"""Units of figures that are no counts: nobody has 86% cases."""
NO_FIGURE: Final = "no figure"
READS_ON: Final = {
    "open and overdue": ("is", "are"),
    "done ": ("was", "were"),
    "due ": ("is", "are"),
    "likely ": ("is", "are"),
}
"""How a title that names its timescale behind a colon begins, where it can follow a number and a verb, for one and for many."""
WHOLE: Final = "all teams together"
SPOKEN: Final = {"all teams": WHOLE, WHOLE: WHOLE, "other teams": "other teams", "no team": "no team"}
"""Places that are no names, in small letters, to how they stand within a sentence."""
NO_TEAM: Final = "no team"
TEN = 10


# --- words, days ------------------------------------------------------------------------------------------------------
def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def counted(count: int, one: str, many: str = "") -> str:
    """`1 limit`, `2 limits`, `no limits`."""
    many = many or f"{one}s"
    return f"{count or 'no'} {one if count == 1 else many}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def day(date: dt.date, *, year: bool = False) -> str:
    """`Friday 20 November`."""
    return f"{DAYS[date.weekday()]} {date.day} {MONTHS[date.month - 1]}{f' {date.year}' if year else ''}"


def span(first: dt.date, last: dt.date) -> str:
    """`16 to 22 November 2026`, `28 December 2026 to 3 January 2027`."""
    if first.year != last.year:
        return f"{first.day} {MONTHS[first.month - 1]} {first.year} to {last.day} {MONTHS[last.month - 1]} {last.year}"
    month = "" if first.month == last.month else f" {MONTHS[first.month - 1]}"
    return f"{first.day}{month} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def days(dates: Sequence[dt.date]) -> str:
    """`Tuesday 17 and Wednesday 18 November`; from three days in a row on `Monday 16 to Friday 20 November`."""
    dates = sorted(dates)
    if len(dates) > 2 and (dates[-1] - dates[0]).days == len(dates) - 1:
        return f"{_short(dates[0], dates[-1])} to {day(dates[-1])}"
    return listed([*(_short(d, dates[-1]) for d in dates[:-1]), *(day(d) for d in dates[-1:])])


def _short(date: dt.date, last: dt.date) -> str:
    return f"{DAYS[date.weekday()]} {date.day}" if date.month == last.month else day(date)


# --- what is counted --------------------------------------------------------------------------------------------------
def heading(title: str) -> str:
    """A title as a heading, its timescale first: of `done in time, of what was done: visit to a child` `Visit to a child: done in time`."""
    what, which = _parts(title)
    return capital(f"{which}: {what}" if which else what)


def _parts(title: str) -> tuple[str, str]:
    """What is counted, in short where a timescale follows, and that timescale or nothing."""
    what, colon, which = title.partition(": ")
    return (what.partition(", ")[0], which) if colon else (title, "")


def is_count_of(title: str, unit: str) -> bool:
    """Whether the title names what is counted, so that a number can stand before it: `30 cases without an allocated worker`."""
    if unit in MEASURED or ":" in title:
        return False
    for word in title.split():
        if word in ENDS_THE_NOUN:
            return False
        if word in ONE:
            return True
    return False


def one(title: str) -> str:
    """The title as it follows 1: `case without an allocated worker`."""
    padded = f" {title} "
    for many, single in ONE.items():
        padded = padded.replace(f" {many} ", f" {single} ", 1)
    return padded.strip()


def figure(shown: Shown | None, unit: str) -> str:
    """`21`, `1 to 5`, `86%`, `withheld`, `no figure`."""
    return NO_FIGURE if shown is None else shown.words(unit)


def made_from(shown: Shown | None, unit: str) -> str:
    """`of 812`, of an average `from 131`: how many it is made from."""
    word = "of" if unit in SHARES else "from"
    return f"{word} {shown.n:,}" if shown is not None and not shown.withheld and shown.n is not None else ""


def spoken(place: str) -> str:
    """A place as it stands within a sentence: names as they are."""
    return SPOKEN.get(place.lower(), place)


def within(place: str) -> str:
    """Where, as it follows a noun: ` in North`."""
    where = spoken(place)
    return "" if not where else " that no team answers for" if where == NO_TEAM else f" in {where}"


def named(title: str, place: str) -> str:
    """`Vacant posts, all teams together`."""
    where = spoken(place)
    return f"{heading(title)}{within(place)}" if where == NO_TEAM else f"{heading(title)}, {where}" if where else heading(title)


def at(place: str, title: str, shown: Shown | None, unit: str) -> str:
    """A figure in its place, without an end: `North has 30 cases without an allocated worker`, `In North, 8 are open and overdue: visit to
    a child`, `Vacant posts, South: 22%`."""
    where = spoken(place)
    said, counts = figure(shown, unit), is_count_of(title, unit)
    verb = next((verbs for begin, verbs in READS_ON.items() if title.startswith(begin) and ": " in title), None)
    if verb and where and where != NO_TEAM and shown is not None and not shown.withheld:
        said = "none" if shown.value == 0 and unit not in MEASURED else said
        return f"In {where}, {said} {verb[shown.value not in (0, 1) or unit in MEASURED]} {': '.join(_parts(title))}"
    if shown is None or shown.withheld or not counts:
        return f"{named(title, place)}: {said}"
    things = one(title) if shown.value == 1 else title
    said = "no" if shown.value == 0 else said
    if not where or where == NO_TEAM:
        return capital(f"{said} {things}{within(place)}")
    return capital(f"{where} {'have' if where in (WHOLE, 'other teams') else 'has'} {said} {things}")


# --- one figure against another ---------------------------------------------------------------------------------------
def change(now: Shown | None, before: Shown | None, unit: str, since: str = "a week before") -> str:
    """`27 more than a week before`, `the same as ..`, `more than ..`; empty where the figures do not surely say so."""
    if now is None or before is None or now.withheld or before.withheld:
        return ""
    if now.value is None or before.value is None:
        return _sure(now, before, unit, since)
    step = round(_printed(now.value, unit) - _printed(before.value, unit), 1)
    if not step:
        return f"the same as {since}"
    size = f"{abs(step):,.1f}" if unit in {"average", "ratio"} else f"{abs(step):,.0f}"
    if unit in SHARES:
        points = "percentage point" if abs(step) == 1 else "percentage points"
        return f"{size} {points} {'higher' if step > 0 else 'lower'} than {since}"
    return f"{size} {_way(step > 0, unit)} than {since}"


def _sure(now: Shown, before: Shown, unit: str, since: str) -> str:
    """Of figures that are no numbers, only which way they went, and only if every number in them says so."""
    up = now.low is not None and before.high is not None and now.low > before.high
    down = now.high is not None and before.low is not None and now.high < before.low
    if not (up or down):
        return ""
    return f"{'higher' if up else 'lower'} than {since}" if unit in SHARES else f"{_way(up, unit)} than {since}"


def _way(up: bool, unit: str) -> str:
    return "more" if up else "less" if unit in MEASURED else "fewer"


def _printed(value: float, unit: str) -> float:
    return float(f"{value:.{1 if unit in {'average', 'ratio'} else 0}f}")


def over_limits(red: int, amber: int, *, at_least: bool = False) -> str:
    """`3 limits are passed, 1 of them red`. `at_least`: of some of them the range does not say whether they are red."""
    count = red + amber
    if count < 2:
        return "nothing is over its limit" if not count else "1 limit is passed, and it is red" if red else "1 limit is passed"
    if not red:
        return f"{count} limits are passed"
    return f"{count} limits are passed, {'all' if red == count else f'at least {red}' if at_least else red} of them red"


def line_words(weeks: Sequence[Shown | None], unit: str) -> str:
    """The last weeks for those who do not see the line: `12 weeks: from 8 to 21, highest 25`; of exact figures only, and of how many."""
    known = [w.value for w in weeks if w is not None and w.value is not None]
    if len(known) < 2:
        return ""
    said = [_value(v, unit) for v in known]
    words = f"{said[0]} at the start and now" if said[0] == said[-1] else f"from {said[0]} to {said[-1]}"
    words = f"unchanged at {said[0]}" if len(set(said)) == 1 else words
    for name, value in (("highest", _value(max(known), unit)), ("lowest", _value(min(known), unit))):
        words += f", {name} {value}" if value not in (said[0], said[-1]) else ""
    if len(known) == len(weeks):
        return f"{counted(len(weeks), 'week')}: {words}"
    return f"{len(known)} exact figures in {counted(len(weeks), 'week')}: {words.replace('at the start and now', 'first and last')}"


def _value(value: float, unit: str) -> str:
    return Shown(value, value).words(unit)


# --- the data ---------------------------------------------------------------------------------------------------------
def is_old(c: Currency, first_day: dt.date) -> bool:
    """Whether the figures are not those of the end of the week, because nothing newer can be used."""
    return c.as_of is not None and (bool(c.held_because) or c.as_of < first_day)


def currency(c: Currency, first_day: dt.date, last_day: dt.date, *, shown: bool = True) -> list[str]:
    """Of which day the figures are and whether they can be trusted, the most important sentence first. `shown`: whether there are any."""
    if c.as_of is None:
        said = [f"There are no figures: no extract has been accepted up to {day(last_day, year=True)}.", "Do not read this as good news."]
    elif is_old(c, first_day):
        which = "the week" if c.as_of < first_day else "the end of the week"
        said = [f"These are not the figures of {which}: they are of {day(c.as_of, year=True)}."]
        if not shown:
            said = [f"No figures of the week can be shown: the newest that can be used are of {day(c.as_of, year=True)}."]
        said += [capital(ended(c.held_because))] if c.held_because else []
    else:
        said = [f"Figures of {day(c.as_of, year=True)}; {_accepted(c)}."]
    if (c.as_of is None or is_old(c, first_day)) and (c.accepted or not (c.held or c.late)):
        said.append(capital(f"{_accepted(c)}."))
    said += [f"The data of {days(c.held)} is on hold, because it did not pass its check."] if c.held else []
    said += [f"No extract came for {days(c.late)}."] if c.late else []
    said += ["A person released this data, although it did not pass its check."] if c.released else []
    return said + [capital(ended(note)) for note in c.notes]


def _accepted(c: Currency) -> str:
    if c.expected == 0:
        return "no extract was due in the week"
    verb = "was" if c.accepted == 1 or c.expected == 1 or c.accepted == 0 else "were"
    return f"{c.accepted or 'none'} of {counted(c.expected, 'extract')} {verb} accepted"


def ended(text: str) -> str:
    """With a mark at its end."""
    return text if not text or text[-1] in ".!?…" else f"{text}."


# --- demand and capacity ----------------------------------------------------------------------------------------------
def flow(demand: Demand, as_of: dt.date) -> str:
    """`In the week to Friday 20 November 97 referrals came in, 13 more than the week before; 62 ended.`; empty without figures."""
    parts = [
        f"{_referrals(line.now)} {verb}{_after(line)}"
        for line, verb in ((demand.arrivals, "came in"), (demand.departures, "ended"))
        if line.now is not None and not line.now.withheld
    ]
    return f"In the week to {day(as_of)} {'; '.join(parts)}." if parts else ""


def _referrals(shown: Shown) -> str:
    return "no referral" if shown.value == 0 else f"{shown.words('cases')} {'referral' if shown.value == 1 else 'referrals'}"


def _after(line: Line) -> str:
    said = change(line.now, line.before, line.unit, "the week before")
    return f", {said}" if said else ""


def still_open(line: Line) -> str:
    """`2,301 cases are open, 35 more than a week before.`"""
    if line.now is None or line.now.withheld:
        return ""
    said, diff = figure(line.now, line.unit), change(line.now, line.before, line.unit)
    things = "case is" if line.now.value == 1 else "cases are"
    return f"{'No' if line.now.value == 0 else said} {things} open{f', {diff}' if diff else ''}."


def load(value: float | None) -> str:
    """`Over the last 13 weeks 13 referrals came in for every 10 that ended.`"""
    if value is None:
        return ""
    for ended_ in (TEN, TEN * TEN):
        came = round(value * ended_)
        if came == ended_:
            return "Over the last 13 weeks as many referrals came in as ended."
        if came:
            return f"Over the last 13 weeks {came:,} {'referral' if came == 1 else 'referrals'} came in for every {ended_} that ended."
    return "Over the last 13 weeks hardly any referral came in."


def weeks_of_work(value: float | None) -> str:
    """`At that rate the open cases are 37 weeks of work.`"""
    if value is None:
        return ""
    weeks = f"{value:.0f}" if value >= TEN else f"{value:.1f}".removesuffix(".0")
    return f"At the rate of the last 13 weeks the open cases are {weeks} {'week' if weeks == '1' else 'weeks'} of work."


def foretold(one_week: Foreseen) -> str:
    """`89 to 101, most likely 94`."""
    return f"{between(one_week.low, one_week.high, least=0.0)}, most likely {max(0, round(one_week.value)):,}"


def forecast(f: Forecast) -> str:
    """`Referrals received in the last week: 71 to 92, most likely 80, in the week of 23 November; ... in the week of 11 January.`"""
    if not f.weeks:
        return ""
    first, last = f.weeks[0], f.weeks[-1]
    said = f"{heading(f.title)}: {foretold(first)}, in the week from {_date(first.week)}"
    return f"{said}; {foretold(last)}, in the week from {_date(last.week)}." if last != first else f"{said}."


def _date(date: dt.date) -> str:
    return f"{date.day} {MONTHS[date.month - 1]}"


def cover(inside: int, of: int) -> str:
    """How good past forecasts were."""
    if of == 0:
        return "No week that was forecast has come yet, so nothing is known of how good the forecasts are."
    return f"{inside or 'None'} of {counted(of, 'past forecast')} lay within {'their' if of > 1 else 'its'} range."


# --- what comes due ---------------------------------------------------------------------------------------------------
def due(c: Coming) -> str:
    """`Visit to a child: 276 fall due, 19 of them are likely to be late.`"""
    shown = c.due.now
    if shown is None or shown.withheld:
        return f"{capital(c.title)}: {'how many fall due may not be shown' if shown else 'there is no figure'}."
    fall = "none falls" if shown.value == 0 else "1 falls" if shown.value == 1 else f"{shown.words(c.due.unit)} fall"
    said = f"{capital(c.title)}: {fall} due"
    likely = likely_late(c)
    return f"{said}, {likely}." if likely else f"{said}."


def likely_late(c: Coming) -> str:
    """`19 of them are likely to be late`; nothing where the number that falls due is no exact one."""
    shown = c.due.now
    if c.expected is None or shown is None or shown.value is None or shown.value == 0:
        return ""
    late = min(round(c.expected), round(shown.value))
    return "none of them likely to be late" if late == 0 else f"{late:,} of them likely to be late"


def came_true(c: Coming) -> str:
    """`11 were late for every 10 foretold, over 20 extracts`; empty where nothing is known of it."""
    if c.ratio is None or not c.extracts:
        return ""
    late = round(c.ratio * TEN)
    return f"{late or 'none'} {'were' if late > 1 else 'was'} late for every {TEN} foretold, over {counted(c.extracts, 'extract')}"


# --- the re-look ------------------------------------------------------------------------------------------------------
WHY_RELOOK: Final = (
    "Cases that seem able to wait are drawn by lot, and somebody who did not decide on them reads them again. "
    "In 2009 a council looked again at 57 cases without a worker: 8 were dangerous, and all 8 had been labelled low priority."
)


def relook(r: Relook) -> str:
    """Whether the week's sample was drawn."""
    if r.day is None:
        return "The re-look sample of this week has not been drawn."
    pools = f" from {listed(r.pools)}" if r.pools else ""
    cases = f": {counted(r.size, 'case')}" if r.size else ""
    return f"The re-look sample was drawn on {day(r.day)}{cases}{pools}."
