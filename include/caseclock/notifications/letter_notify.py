"""A letter as the values of a GOV.UK Notify template: the same summary as in Slack, as plain paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from caseclock.notifications.letter import Letter
from caseclock.notifications.letter_brief import READ, LetterRoom, brief_of, running_text
from caseclock.notifications.wording import safe_link

SHOWN: Final = LetterRoom(parts=30, each=30, lines=300, foot=20)
MAILTO = re.compile(r"mailto:([\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)(?:\?.*)?", re.ASCII)


def letter_subject(letter: Letter) -> str:
    return brief_of(letter, (), SHOWN).subject


def letter_text(letter: Letter, notes: Sequence[str]) -> str:
    """Without the link: Notify takes every address out of this value, so our own stand in `letter_links`."""
    return running_text(replace(brief_of(letter, notes, SHOWN), link=None))


def letter_links(letter: Letter) -> list[str]:
    """Where the whole is, and how a reader says that he wants no more of it."""
    link, end, mail = brief_of(letter, (), SHOWN).link, safe_link(letter.unsubscribe), MAILTO.fullmatch(letter.unsubscribe or "")
    said = [f"{READ}: {link}"] if link else []
    said += [f"To have no more of this digest: {end}"] if end else []
    return said + ([f"To have no more of this digest, write to {mail[1]}"] if mail else [])
