"""Digests as files: `digests/<source>/<week>/<audience>[-rev2].html|txt|json|pdf` in the home folder, made from what the store keeps.

A file that is missing is made again by the next run, with the same bytes. One that cannot be made holds up nothing; the audit says why.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from caseclock.notifications.letter import Letter, Picture, from_json, to_json
from caseclock.pipeline.house import House
from caseclock.pipeline.kept import in_one_step
from caseclock.storage import digests
from caseclock.storage import schema as t
from caseclock.storage.engine import reading
from caseclock.storage.outbox import audit

log = logging.getLogger(__name__)

FOLDER: Final = "digests"
EVENT: Final = "digest_form"


def folder_of(house: House) -> Path:
    return house.settings.home / FOLDER


def path_of(house: House, source: str, week: str, audience: str, revision: int, form: str) -> Path:
    """Where a form of a digest lies. An audience is named by its id, whatever stands in it."""
    name = Path(digests.name_of(source, week, quote(audience, safe=" "), revision))
    return folder_of(house) / name.parent / f"{name.name}.{form}"


def archive(house: House, now: dt.datetime) -> int:
    """Makes every file that is missing; returns how many. Never raises."""
    made = 0
    try:
        with reading(house.engine) as c:
            listed = digests.names(c)
        for place in listed:
            missing = [form for form in FORMS if not path_of(house, *place, form).is_file()]
            if missing:
                with reading(house.engine) as c:
                    one = digests.one_of(c, *place)
                made += sum(_write(house, one, form, now) for form in missing)
    except Exception as error:
        log.exception("the archive of digests could not be brought up to date (%s)", type(error).__name__)
    return made


def _write(house: House, one: digests.Kept, form: str, now: dt.datetime) -> bool:
    path = path_of(house, one.source, one.week, one.audience, one.revision, form)
    try:
        body = FORMS[form](from_json(one.letter), one.audience)
        with in_one_step(path) as half:
            half.write_bytes(body)
    except Exception as error:
        log.exception("%s could not be made as %s (%s)", one.name, form, type(error).__name__)
        _note(house, f"{one.name}.{form}", f"it could not be made: {type(error).__name__}", now)
        return False
    return True


def _note(house: House, subject: str, reason: str, now: dt.datetime) -> None:
    """Once for each form and reason."""
    with house.engine.begin() as c:
        a = t.audit.c
        query = t.audit.select().where(a.event == EVENT, a.subject == subject, a.reason == reason)
        if c.execute(query).first() is None:
            audit(c, now, EVENT, subject, reason, {})


def form_of(letter: Letter, form: str, audience: str = "") -> bytes:
    """One form of a letter: html, txt, json or pdf. Raises KeyError for another one."""
    return FORMS[form](letter, audience)


def _txt(letter: Letter, audience: str) -> bytes:
    from caseclock.notifications.letter_mail import text_of_letter

    return text_of_letter(letter).encode()


def _html(letter: Letter, audience: str) -> bytes:
    """The page of the mail, with its pictures in it: one file that can be passed on."""
    from caseclock.notifications.letter_mail import html_of_letter, pictures_of_letter

    pictures = pictures_of_letter(letter)
    page = html_of_letter(letter, {n: _place(n) for n in range(len(pictures))})
    for n, picture in enumerate(pictures):
        page = page.replace(f'src="cid:{_place(n)}"', f'src="{_inside(picture)}"')
    return page.encode()


def _place(n: int) -> str:
    return f"picture-{n}-of-the-digest"


def _inside(picture: Picture) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(picture.svg.encode()).decode("ascii")


def _json(letter: Letter, audience: str) -> bytes:
    return (json.dumps(to_json(letter), ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _pdf(letter: Letter, audience: str) -> bytes:
    from caseclock.digest.pdf import pdf_of

    return pdf_of(letter, "the council" if audience == "council" else audience.replace("-", " ").replace("_", " ").capitalize())


FORMS: Mapping[str, Callable[[Letter, str], bytes]] = {"html": _html, "txt": _txt, "json": _json, "pdf": _pdf}
