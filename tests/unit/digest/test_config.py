"""digest.yaml: what may stand in it, and what is told of what may not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from caseclock.config.load import check, load
from caseclock.digest.config import FIGURES, DigestConfig
from caseclock.errors import BadConfig
from caseclock.settings import shipped_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(shipped_config(), tmp_path / "monitoring")
    return tmp_path / "monitoring"


def test_it_may_be_left_out(folder: Path) -> None:
    (folder / "digest.yaml").unlink()
    assert load(folder).digest == DigestConfig()
    assert DigestConfig().small == 5


def test_what_ships_shows_what_is_shown_without_it_and_every_published_figure_has_its_year(folder: Path) -> None:
    shipped = load(folder).digest
    assert shipped.figures == FIGURES
    assert shipped.model_copy(update={"benchmarks": ()}) == DigestConfig()
    assert {one.figure for one in shipped.benchmarks} <= set(FIGURES)
    assert all("20" in one.period and one.source.startswith("DfE") for one in shipped.benchmarks)


def test_a_figure_whose_measure_is_off_is_no_problem(folder: Path) -> None:
    file = folder / "measures.yaml"
    file.write_text(yaml.safe_dump([m for m in yaml.safe_load(file.read_text()) if m["id"] not in {"rhi_held", "vacancy_rate"}]))
    assert check(folder) == []


SLIPS = [
    ("small: 5", "small: 4", "small", "greater than or equal to 5"),
    ("small: 5", "small: 0", "small", "greater than or equal to 5"),
    ("small: 5", "small: off", "small", "a whole number"),
    ("small: 5", "small: 51", "small", "less than or equal to 50"),
    ("  - unallocated\n", "  - unalocated\n", "figures.0", "unallocated (did you mean that?)"),
    ("  - overdue.cp_visit\n", "  - overdue.cp_vist\n", "figures.6", "overdue.cp_visit (did you mean that?)"),
    ("  - overdue.cp_visit\n", "  - overdue\n", "figures.6", "'overdue' is no figure"),
    ("  - open\n", "  - unallocated\n", "", "unallocated stands there twice"),
    ("- figure: re_referral", "- figure: rereferral", "benchmarks.2.figure", "re_referral (did you mean that?)"),
    ("    period: year to 31 March 2024\n", "", "benchmarks.3", "it is missing"),
    ("targets: {}", "targets: {in_time.cp_visit: 100.5}", "targets.in_time.cp_visit", "less than or equal to 100"),
    ("targets: {}", "targets: {unallocated: 5}", "targets.unallocated", "no share in per cent"),
    ("targets: {}", "targets: {in_time.cp_vist: 95}", "targets.in_time.cp_vist", "in_time.cp_visit (did you mean that?)"),
    ("targets: {}", "unsubscribe: digest@example.org", "unsubscribe", "expected mailto:name@domain or https://..."),
    ("targets: {}", "unsubscribe: http://example.org", "unsubscribe", "expected mailto:name@domain or https://..."),
    ('expected_by: "12:00"', 'expected_by: "24:00"', "expected_by", "pattern"),
    ("targets: {}", "target: {}", "target", "targets (did you mean that?)"),
]


@pytest.mark.parametrize(("good", "bad", "path", "said"), SLIPS, ids=[bad.strip() for _, bad, _, _ in SLIPS])
def test_a_slip_is_told_where_it_stands(folder: Path, good: str, bad: str, path: str, said: str) -> None:
    file = folder / "digest.yaml"
    text = file.read_text("utf-8")
    assert good in text
    file.write_text(text.replace(good, bad, 1), "utf-8")
    found = [str(p) for p in check(folder) if p.file == file and p.path.startswith(path)]
    assert any(said in one for one in found), check(folder)
    with pytest.raises(BadConfig):
        load(folder)


@pytest.mark.parametrize("address", ["mailto:digest@example.org", "https://example.org/digest?x=1", None])
def test_where_a_reader_says_that_they_want_no_more(address: str | None) -> None:
    assert DigestConfig(unsubscribe=address).unsubscribe == address


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("digest: [sm-south]", "digest: [sm-sowth]", "service south names 'sm-sowth', which is no recipient"),
        ("digest: [leadership, head-of-service]", "digest: [leadership, heads]", "digest names 'heads', which is no recipient"),
        ("  care: {", "  council: {", "a service cannot be called 'council'"),
    ],
)
def test_readers_are_recipients(folder: Path, good: str, bad: str, said: str) -> None:
    file = folder / "routes.yaml"
    text = file.read_text("utf-8")
    assert good in text
    file.write_text(text.replace(good, bad, 1), "utf-8")
    [found] = [p for p in check(folder) if said in p.what]
    if "[" in bad:
        assert bad in file.read_text("utf-8").splitlines()[found.line - 1]


def test_each_service_has_its_manager_as_a_reader_and_the_council_its_leaders() -> None:
    routes = load(shipped_config()).routes
    assert routes.readers("council") == ["leadership", "head-of-service"]
    assert {name: routes.readers(name) for name in routes.services} == {name: [f"sm-{name}"] for name in routes.services}
    assert routes.readers("gone") == []
