"""The page of each timescale and each measure: what it says in words, then the tables of its tests as worked examples.

    python tests/spec/pages.py           writes docs/generated/rules and docs/generated/measures (`make docs`)
    python tests/spec/pages.py --check   names what is out of date (`make check`)

A test that fails gives no example. A rule or a measure without any example is an error.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from recorder import Answer, Example, Recorder, Tables, record

from caseclock.cli.docs import bring_up_to_date
from caseclock.cli.docs_measures import measure_page
from caseclock.cli.docs_rules import rule_page
from caseclock.config.load import Config, load
from caseclock.settings import shipped_config

MANY, SOME = 12, 5
"""A table of more rows than MANY shows SOME and says how many more there are."""

WAYS = (
    (r"\b(\w+) s\b", r"\1's"),
    (r"\b(staff|posts|supervision|meetings|priority) csv\b", r"`\1.csv`"),
    (r"\bcp\b", "CP"),
    (r"\bcin\b", "CIN"),
    (r"\bdfe\b", "DfE"),
    (r"\bfte\b", "FTE"),
    (r"\bicpc\b", "ICPC"),
    (r"\bchristmas\b", "Christmas"),
    (r"\bfebruary\b", "February"),
    (r"\bmeasures yaml\b", "`measures.yaml`"),
    (r"\bn\b", "*n*"),
)
"""What the name of a test cannot say."""

HEAD = """## Worked examples

Each is a test in `tests/spec`, so what stands here holds. `-` is an empty cell, and so is every column that is not shown. The extract is
true for the date behind *as of*: nothing later has happened yet. Tables and columns are the [canonical ones](../canonical-tables.md);
other words are in the [glossary](../../glossary.md)."""

Rows = list[list[str]]


def pages(recorder: Recorder, config: Config) -> tuple[dict[str, str], list[str]]:
    """File name to text, and the ids of what has no example."""
    made: dict[str, str] = {}
    without: list[str] = []
    for rule in config.timescales:
        made[f"rules/{rule.id}.md"] = f"{rule_page(rule, config)}\n\n{_examples(recorder, rule.id, without)}"
    for measure in config.measures:
        id_ = f"measures/{measure.id}"
        made[f"{id_}.md"] = f"{measure_page(measure, config)}\n\n{_examples(recorder, id_, without)}"
    return made, without


def sentence(name: str) -> str:
    """`test_the_team_s_whose_pool_has_it` is a sentence."""
    said = name.removeprefix("test_").replace("_", " ")
    for pattern, better in WAYS:
        said = re.sub(pattern, better, said)
    return said[0].upper() + said[1:]


def _examples(recorder: Recorder, id: str, without: list[str]) -> str:
    found: dict[str, Example] = {}
    for example in recorder.examples:
        if id in example.concerns:
            kept = found.setdefault(example.name, Example(example.name, example.doc, []))
            kept.answers += [answer for answer in example.answers if answer.concerns]
    if not found:
        without.append(id)
        return "## Worked examples\n\nNone yet."
    shown: list[Tables] = []
    parts = [HEAD]
    for number, example in enumerate(sorted(found.values(), key=lambda e: (e.of_absence, len(e.concerns))), 1):
        parts += [f"### {number}. {sentence(example.name)}", *([example.doc] if example.doc else [])]
        groups = _together(example.answers)
        parts += _story(groups, shown, several=len({name for a in example.answers for name in a.of}) > 1)
        shown.append(_base(groups[0]))
    return "\n\n".join(parts)


# --- what is given ---------------------------------------------------------------------------------------------------
def _story(groups: list[list[Answer]], shown: list[Tables], several: bool) -> Iterator[str]:
    """Tables, then what follows from them; of what comes next only the tables that differ."""
    before: Tables | None = None
    for group in groups:
        tables, varied = _base(group), _varied(group)
        if before is None:
            yield from _given(tables, shown)
        elif tables != before:
            yield from _difference(tables, before, "Now")
        before = tables
        yield from _one_after_the_other(group, varied) if varied else _result(group, several)


def _base(group: list[Answer]) -> Tables:
    """The tables that all of these answers were asked of."""
    varied = _varied(group)
    return {name: text for name, text in group[0].tables.items() if name != varied}


def _given(tables: Tables, shown: list[Tables]) -> Iterator[str]:
    alike = [
        (sum(old.get(name) == text for name, text in tables.items()) - len(old.keys() - tables.keys()), -i) for i, old in enumerate(shown)
    ]
    same, at = max(alike, default=(0, 0))
    if tables and same == len(tables):
        yield f"Given the tables of example {1 - at}:"
    elif same >= 2 and 2 * same >= len(tables):
        yield from _difference(tables, shown[-at], f"Given the tables of example {1 - at}, but")
    else:
        for i, (name, text) in enumerate(tables.items()):
            yield f"{'Given' if i == 0 else 'and'} `{name}`"
            yield _table(_rows(text))


def _difference(tables: Tables, before: Tables, word: str) -> Iterator[str]:
    for name, text in tables.items():
        if before.get(name) != text:
            yield f"{word} with `{name}`"
            yield _table(_rows(text))
            word = "and"
    gone = [f"`{name}`" for name in before if name not in tables]
    if gone:
        yield f"{word} without {', '.join(gone)}"


# --- what follows ----------------------------------------------------------------------------------------------------
def _together(answers: list[Answer]) -> list[list[Answer]]:
    """Answers that can stand in one table: asked in the same way of the same tables, or of tables of which one takes several forms."""
    made: list[list[Answer]] = []
    for answer in answers:
        if made and (_same_question(made[-1][0], answer) or _only_one_table_differs([*made[-1], answer])):
            made[-1].append(answer)
        else:
            made.append([answer])
    return made


def _same_question(one: Answer, other: Answer) -> bool:
    if any(getattr(one, name) != getattr(other, name) for name in ("kind", "tables", "roles", "of", "changed", "events")):
        return False
    if one.kind == "measures":
        return one.as_of == other.as_of
    return one.kind == "check" and _rows(one.said)[:1] == _rows(other.said)[:1]


def _only_one_table_differs(group: list[Answer]) -> bool:
    if any(answer.kind != "measures" or answer.events for answer in group):
        return False
    return len({(a.as_of, a.roles, *a.said.seen) for a in group}) == 1 and _varied(group) is not None


def _varied(group: list[Answer]) -> str | None:
    """The one table in which these answers differ, when all forms of it have the same columns."""
    one = group[0]
    names = {name for a in group for name in {*a.tables, *one.tables} if a.tables.get(name) != one.tables.get(name)}
    name = names.pop() if len(names) == 1 else None
    heads = {tuple(_rows(a.tables[name])[0]) if name in a.tables else () for a in group} if name else set()
    return name if len(heads) == 1 and () not in heads else None


def _result(group: list[Answer], several: bool) -> Iterator[str]:
    first = group[0]
    for name, value in first.changed.items():
        yield f"With `{name}: {value}` in the rule:"
    if first.roles:
        yield f"With the allocated roles {', '.join(f'`{role}`' for role in first.roles)}:"
    if first.events:
        places = sorted({place for of in first.events.values() for place in of}, key=_order)
        yield "Since the accepted extract before (*before*: open then):"
        yield _table(
            [["event", *map(_team, places)], *([kind, *(str(of.get(at, 0)) for at in places)] for kind, of in first.events.items())]
        )
    of = f", {' and '.join(f'`{name}`' for name in first.of)}" if several and first.of else ""
    day = f"**{first.as_of}**" if len({answer.as_of for answer in group}) == 1 else "each of these days"
    yield from SAID[first.kind](group, f"As of {day}{of}")


def _clocks(group: list[Answer], as_of: str) -> Iterator[str]:
    found = [(answer.as_of, _rows(answer.said)) for answer in group]
    if not any(len(rows) > 1 for _, rows in found):
        yield f"{as_of}: no clock."
        return
    head, body = found[0][1][0], [[day, *row] for day, rows in found for row in rows[1:]]
    alone = len({day for day, _ in found}) == 1
    yield f"{as_of}:"
    yield _table([head, *(row[1:] for row in body)] if alone else [["as of", *head], *body])


def _no_clock(group: list[Answer], as_of: str) -> Iterator[str]:
    yield f"{as_of}: no clock."


def _left_out(group: list[Answer], as_of: str) -> Iterator[str]:
    said = "; ".join(f"{reason} ({count})" for reason, count in sorted(group[0].said.items()))
    yield f"{as_of}, left out: {said or 'nothing'}."


def _not_watched(group: list[Answer], as_of: str) -> Iterator[str]:
    said = group[0].said
    yield f"{as_of} it is said:" if said else f"{as_of}: watched."
    if said:
        yield "\n".join(f"> {line}" for line in said)


def _figures(group: list[Answer], as_of: str) -> Iterator[str]:
    found = {name: team for answer in group for name, team in answer.said.looked_at().items()}
    for answer in group[1:]:
        for name, teams in answer.said.looked_at().items():
            found[name] = {**teams, **found[name]}
    teams = sorted({team for teams in found.values() for team in teams}, key=_order)
    if teams:
        yield f"{as_of}, value and *n*:"
        yield _table(
            [["figure", *map(_team, teams)], *([f"`{name}`", *(_value(of.get(team)) for team in teams)] for name, of in found.items())]
        )


def _one_after_the_other(group: list[Answer], varied: str) -> Iterator[str]:
    """One row per form of the table that takes several: the form, its figures."""
    head = _rows(group[0].tables[varied])[0]
    found = [answer.said.looked_at() for answer in group]
    figures = dict.fromkeys(name for of in found for name in of)
    columns = [(name, team) for name in figures for team in sorted({team for of in found for team in of.get(name, ())}, key=_order)]
    yield f"As of **{group[0].as_of}**, with each of these in turn as `{varied}`, value and *n*:"
    rows = []
    for answer, of in zip(group, found, strict=True):
        cells = zip(*_rows(answer.tables[varied])[1:], strict=True)
        rows.append([*("<br>".join(cell) for cell in cells), *(_value(of.get(name, {}).get(team)) for name, team in columns)])
    yield _table([[*head, *(f"`{name}` {_team(team)}" for name, team in columns)], *rows])


SAID = {"check": _clocks, "clocks": _no_clock, "left_out": _left_out, "not_watched": _not_watched, "measures": _figures}


def _order(name: str) -> tuple[int, str]:
    """Teams by name, then work that no team answers for, services, and the council."""
    return (3 if name == "*" else 2 if name.startswith("service:") else 1 if name == "?" else 0, name)


def _team(name: str) -> str:
    return {"*": "council `*`", "?": "nobody's `?`"}.get(name, name)


def _value(found: tuple[str, int] | None) -> str:
    return "" if found is None else f"{found[0]} ({found[1]})"


def _rows(text: str) -> Rows:
    return [line.split() for line in text.strip().splitlines()]


def _table(rows: Rows) -> str:
    head, body = ["read from" if name == "_file" else name for name in rows[0]], rows[1:]
    if len(body) > MANY:
        body = [*body[:SOME], [f"and {len(body) - SOME} more rows", *[""] * (len(head) - 1)]]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, ["---"] * len(head), *body)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def main(words: list[str]) -> int:
    """Writes the pages, or with `--check` says which of them are out of date."""
    recorder = record()
    made, without = pages(recorder, load(shipped_config()))
    worst = bring_up_to_date(made, check="--check" in words, whole=("rules", "measures"))
    if without:
        print(f"without any table in tests/spec: {', '.join(without)}", file=sys.stderr)
    if recorder.failed:
        print(f"failed, so not on any page: {', '.join(recorder.failed)}", file=sys.stderr)
    return 1 if worst or without or recorder.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
