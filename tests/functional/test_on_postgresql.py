"""The same path on a real PostgreSQL, which production uses: the same figures, the same messages, once."""

from __future__ import annotations

import datetime as dt
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.now import LONDON

from .conftest import FRIDAYS, open_town

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url

MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory):
    with server_url(tmp_path_factory.mktemp("pg")) as url:
        yield url


def test_the_same_figures_and_messages_as_on_sqlite(postgres: str, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    found = []
    for url in (None, postgres):
        with FakeSlack() as slack, MailCatcher() as mail:
            town = open_town(tmp_path / ("pg" if url else "sqlite"), slack, mail, url)
            reports = [town.take(fridays[day]) for day in FRIDAYS[-2:]]
            town.take(fridays[FRIDAYS[-1]])  # again: nothing more
            assert set(town.copies().values()) == {1}
            keep = ("verdict", "measures", "alerts", "tables")
            found.append(([{k: r[k] for k in keep} for r in reports], sorted(slack.copies()), sorted(mail.copies())))
    assert found[0] == found[1]


def test_four_senders_at_once_send_each_message_once(postgres: str, fridays: dict[dt.date, Path], tmp_path: Path) -> None:
    """The store holds the alerts of the test before; a second house on it is a second worker."""
    with FakeSlack() as slack, MailCatcher() as mail:
        towns = [open_town(tmp_path / f"w{n}", slack, mail, postgres) for n in range(4)]
        towns[0].take(fridays[FRIDAYS[0]], deliver=False)
        later = MONDAY + dt.timedelta(days=30)  # everything open is due for a reminder
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda town: town.tend(later), towns))
        copies = {**slack.copies(), **mail.copies()}
        assert copies
        assert set(copies.values()) == {1}
