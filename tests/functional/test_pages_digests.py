"""The archive of digests, and a digest as a page: what was told word for word, for those whom it was told."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from caseclock import pipeline
from caseclock.charts import svg
from caseclock.dashboard import Viewer
from caseclock.notifications.letter import Bullets, Paragraph, Picture, Table, from_json
from caseclock.now import LONDON
from caseclock.pipeline import House
from caseclock.pipeline.digests import sent_to
from caseclock.storage import digests
from caseclock.storage import schema as t

from .digest_lab import FRIDAY, TEAMS, DigestLab, open_digest_lab, usual
from .pages_lab import SAM, Somebody, pages

WEEK = dt.timedelta(weeks=1)
HOSTILE = '<script>alert(1)</script> & "x"'
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 11, 23, 9, tzinfo=LONDON)
COUNCIL = "/caseclock/digests/demo/2026-W47/council"


def over(count: int) -> dict[str, dict[str, float | tuple[float, int]]]:
    return usual(unallocated={**dict.fromkeys(TEAMS, 0), "NA2": count})  # type: ignore[return-value]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DigestLab]:
    """Two digests of the council and of its services; that of the second week was revised. The manager of the north sees the north."""
    home = tmp_path_factory.mktemp("digests") / "home"
    with open_digest_lab(home) as made:
        routes = yaml.safe_load((home / "monitoring" / "routes.yaml").read_text("utf-8"))
        routes["services"]["north"]["people"] = ["north"]
        (home / "monitoring" / "routes.yaml").write_text(yaml.safe_dump(routes), "utf-8")
        made.house = House(made.house.settings.model_copy(update={"page_url": "https://airflow.example.org/"}), made.house.engine)
        made.names["NA2"] = HOSTILE
        made.land(FRIDAY - WEEK, over(21))
        pipeline.send_digest(made.house, MONDAY - WEEK)
        made.land(FRIDAY, over(27))
        pipeline.send_digest(made.house, MONDAY)
        made.land(FRIDAY, over(33), at=MONDAY + dt.timedelta(hours=3))
        pipeline.tend(made.house, MONDAY + dt.timedelta(hours=4))
        yield made


@pytest.fixture(scope="module")
def _signed_in() -> Somebody:
    return Somebody(SAM)


@pytest.fixture(scope="module")
def client(lab: DigestLab, _signed_in: Somebody) -> Iterator[TestClient]:
    with pages(lab.house.settings, NOW, _signed_in) as made:
        yield made


@pytest.fixture
def somebody(_signed_in: Somebody) -> Iterator[Somebody]:
    yield _signed_in
    _signed_in.viewer = SAM


def words(text: str) -> str:
    """What a reader reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def kept(lab: DigestLab, audience: str = "council", revision: int = 1, week: str = "2026-W47") -> digests.Kept:
    with lab.house.engine.connect() as c:
        return digests.one_of(c, "demo", week, audience, revision)


# --- a digest ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("revision", [1, 2])
def test_every_word_that_was_told_stands_on_the_page(lab: DigestLab, client: TestClient, revision: int) -> None:
    letter = from_json(kept(lab, revision=revision).letter)
    page = client.get(COUNCIL, params={"revision": revision})
    said = words(page.text)
    assert page.status_code == 200
    told = [letter.headline, letter.currency, *letter.foot]
    for block in (b for s in letter.sections for b in s.blocks):
        if isinstance(block, Paragraph):
            told.append(block.text)
        elif isinstance(block, Bullets):
            told += block.items
        elif isinstance(block, Table):
            told += [
                block.caption,
                *block.head,
                *(c.text for row in block.rows for c in row),
                *(c.small for row in block.rows for c in row),
            ]
        elif isinstance(block, Picture):
            told += re.findall(r"<text[^>]*>([^<]*)</text>", block.svg)
    missing = [line for line in told if " ".join(html.unescape(line).split()) not in said]
    assert missing == []
    assert len(told) > 60


def test_the_link_in_a_sent_digest_leads_to_its_page(lab: DigestLab, client: TestClient) -> None:
    mails = [m.mail.get_body(("plain",)).get_content() for m in lab.mail.mails if m.mail.get_body(("plain",))]  # type: ignore[union-attr]
    links = {link for text in mails for link in re.findall(r"https://airflow\.example\.org/\S*/digests/\S+", text)}
    with lab.house.engine.connect() as c:
        payloads = [json.dumps(p) for p in c.execute(select(t.outbox.c.payload).where(t.outbox.c.state == "sent")).scalars()]
    links |= {link for text in payloads for link in re.findall(r"https://airflow\.example\.org/[^\s\"\\]*/digests/[^\s\"\\]+", text)}
    assert f"https://airflow.example.org{COUNCIL}" in links
    assert "https://airflow.example.org/caseclock/digests/demo/2026-W46/north" in links
    assert {client.get(urlsplit(link).path).status_code for link in links} == {200}


def test_a_revised_digest_shows_its_newest_and_leads_to_what_was_told_first(client: TestClient) -> None:
    newest, first = client.get(COUNCIL), client.get(COUNCIL, params={"revision": 1})
    assert newest.text == client.get(COUNCIL, params={"revision": 2}).text
    assert f'href="{COUNCIL}?revision=1"' in newest.text
    assert "A correction has changed this digest" in words(first.text)
    assert "A correction has changed this digest" not in words(newest.text)


def test_from_week_to_week_and_from_service_to_service(client: TestClient) -> None:
    here = client.get(COUNCIL).text
    assert 'rel="prev" href="/caseclock/digests/demo/2026-W46/council"' in here
    assert 'rel="next"' not in here
    assert 'href="/caseclock/digests/demo/2026-W47/north"' in here
    assert 'rel="next" href="/caseclock/digests/demo/2026-W47/council"' in client.get("/caseclock/digests/demo/2026-W46/council").text


@pytest.mark.parametrize(
    "path",
    [
        "demo/2026-W40/council", "demo/2026-W99/council", "demo/latest/council", "demo/2026-W47/west", "demo/2026-W47/%00",
        "other/2026-W47/council",        "demo/2026-W47/council?revision=3", "demo/2026-W47/council?revision=x",
        "demo/2026-W47/council?revision=0", "demo/2026-W47/..%2Fx",
        "demo/2026-W47/council?revision=99999999999999999999", "demo/2026-W47/west.pdf", "demo/2026-W47/council.pdf?revision=3",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_there(client: TestClient, path: str) -> None:
    page = client.get(f"/caseclock/digests/{path}")
    assert page.status_code == 404
    assert "<h1>Not there</h1>" in page.text


def test_a_name_is_never_markup(client: TestClient) -> None:
    page = client.get(COUNCIL).text
    assert html.escape(HOSTILE, quote=False).replace('"', "&#34;") in page
    assert "<script" not in page.lower().replace("&lt;script", "")


# --- pictures ----------------------------------------------------------------------------------------------------------
DRAWN = svg.sheet(200, 40, "North rises to 27.", [svg.text((5, 20), "21 < 27 & more", "ink"), svg.line((0, 30), (200, 30), "red")])
CARE = "/caseclock/digests/demo/2026-W47/care"


@contextmanager
def picture_kept(lab: DigestLab, drawn: str) -> Iterator[None]:
    """A digest with this picture in the store."""
    before = kept(lab, "care").letter
    letter = json.loads(json.dumps(before))
    letter["sections"][0]["blocks"].append({"block": "picture", "svg": drawn, "alt": "North rises to 27.", "width": 200, "height": 40})
    d = t.digest.c
    for now in (letter, before):
        with lab.house.engine.begin() as c:
            c.execute(update(t.digest).where(d.week == "2026-W47", d.audience == "care").values(letter=dict(now)))
        if now is letter:
            yield


def test_a_picture_stands_in_the_page_with_its_finding(lab: DigestLab, client: TestClient) -> None:
    with picture_kept(lab, DRAWN):
        page = client.get(CARE).text
    assert 'role="img" aria-label="North rises to 27."' in page
    assert "21 &lt; 27 &amp; more</text>" in page
    assert 'class="red"' in page  # by which it takes the colours of a dark ground


@pytest.mark.parametrize(
    "put", ["<script>alert(1)</script>", '<rect onload="alert(1)"/>', '<a href="javascript:alert(1)">', "<style>*{}</style>"]
)
def test_a_picture_that_somebody_has_changed_in_the_store_is_not_shown(lab: DigestLab, client: TestClient, put: str) -> None:
    with picture_kept(lab, DRAWN.replace("</svg>", f"{put}</svg>")):
        page = client.get(CARE)
    assert page.status_code == 200
    assert "alert(1)" not in page.text
    assert "<style" not in page.text
    assert "North rises to 27." in words(page.text)
    assert "cannot be shown" in page.text


# --- the PDF -----------------------------------------------------------------------------------------------------------
def test_the_filed_pdf_is_handed_out_and_offered_only_where_there_is_one(lab: DigestLab, client: TestClient) -> None:
    file = lab.house.settings.home / "digests" / "demo" / "2026-W46" / "council.pdf"
    address = "/caseclock/digests/demo/2026-W46/council.pdf"
    found = client.get(address)
    assert (found.status_code, found.headers["content-type"], found.headers["content-disposition"]) == (200, "application/pdf", "inline")
    assert found.content == file.read_bytes()
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert address in client.get(address.removesuffix(".pdf")).text
    body = file.read_bytes()
    file.unlink()
    try:
        assert client.get(address).status_code == 404
        assert address not in client.get(address.removesuffix(".pdf")).text
    finally:
        file.write_bytes(body)


# --- the archive -------------------------------------------------------------------------------------------------------
def test_the_archive_lists_the_newest_week_first_with_its_newest_revision(lab: DigestLab, client: TestClient) -> None:
    page = client.get("/caseclock/digests")
    weeks = re.findall(r"<h3>Week (\S+),", page.text)
    assert weeks == ["2026-W47", "2026-W46"]
    said = words(page.text)
    assert kept(lab, revision=2).letter["headline"] in said
    assert kept(lab, week="2026-W46").letter["headline"] in said
    assert said.count("Revision 2 , made 23 November 2026, 13:00") >= 1
    assert page.text.count(f'href="{COUNCIL}"') == 1


def test_it_says_whom_each_has_reached_as_the_command_line_does(lab: DigestLab, client: TestClient) -> None:
    titles = {r.id: r.title for r in lab.house.config.routes.recipients}
    for audience, revision in (("council", 2), ("north", 2), ("care", 1)):
        with lab.house.engine.connect() as c:
            reached = sent_to(lab.house, c, kept(lab, audience, revision))
        assert reached
        page = words(client.get(f"/caseclock/digests/demo/2026-W47/{audience}?revision={revision}").text)
        [said] = re.findall(r"Delivery Sent to ([^.]*)\.", page)
        assert sorted(said.split("; ")) == sorted(titles[id] for id in reached)


def test_the_year_counts_what_the_engine_counts(lab: DigestLab, client: TestClient) -> None:
    [year] = pipeline.years(lab.house, 2026, NOW.date(), "demo")
    page = client.get("/caseclock/digests", params={"year": "2026"}).text
    rows = {
        m[0]: [c.strip() for c in re.findall(r"<td[^>]*>([^<]*)</td>", m[1])]
        for m in re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', page)
    }
    for group in year.groups:
        of = group.whole
        name = (group.service or "the council").capitalize()
        assert [rows[name][0], rows[name][1], rows[name][2]] == [str(of.opened), str(of.acknowledged), str(of.resolved)]
        assert str(of.open) in rows[name]
    assert year.groups[0].whole.opened > 0


@pytest.mark.parametrize(("year", "status"), [("2019", 200), ("x", 400), ("2026-1", 400), ("٢٠٢٦", 400), ("99999999999999999999", 400)])
def test_other_years(client: TestClient, year: str, status: int) -> None:
    page = client.get("/caseclock/digests", params={"year": year})
    assert page.status_code == status
    if status == 200:
        assert "No digest of 2019" in page.text
        assert "No alert was opened" in page.text


def test_a_long_archive_has_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseclock.pipeline.pages.digests.A_PAGE", 1)
    first = client.get("/caseclock/digests").text
    assert "Week 2026-W47" in first
    assert "Week 2026-W46" not in first
    [older] = re.findall(r'rel="next" href="([^"]*)"', first)
    second = client.get(html.unescape(older)).text
    assert "Week 2026-W46" in second
    assert "Week 2026-W47" not in second


# --- scope -------------------------------------------------------------------------------------------------------------
def test_the_manager_of_a_service_sees_its_digests_and_no_others(client: TestClient, somebody: Somebody) -> None:
    somebody.viewer = Viewer("north", "North", may_act=True)
    page = client.get("/caseclock/digests")
    assert set(re.findall(r'href="/caseclock/digests/demo/[^/]*/([^"]*)"', page.text)) == {"north"}
    assert set(re.findall(r'<tr><th scope="row">([^<]*)</th>', page.text)) <= {"North"}
    assert "counted for the whole council only" not in page.text
    assert client.get("/caseclock/digests/demo/2026-W47/north").status_code == 200
    assert client.get("/caseclock/digests/demo/2026-W47/north.pdf?revision=1").status_code == 200
    others = [
        client.get(f"/caseclock/digests/demo/2026-W47/{a}") for a in ("council", "south", "council.pdf", "south.pdf", "no-such-service")
    ]
    assert [page.status_code for page in others] == [404] * 5
    assert len({page.text for page in others}) == 1
