"""The whole council on a page: no figure is left out, and the order is that of measures.yaml under its headings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseclock.cli.figures import figure_rows, print_council, short
from caseclock.config.load import Config, load
from caseclock.measures.model import GROUPS
from caseclock.settings import shipped_config


@pytest.fixture(scope="module")
def config() -> Config:
    return load(shipped_config())


def printed(config: Config, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The page of a council where every figure that there can be is a number of its own."""
    rules = [rule.id for rule in config.timescales]
    ids = [figure for entry in config.measures for figure in entry.figures(rules)]
    values = [(figure, "*", float(n + 1000), 1) for n, figure in enumerate(sorted(ids))]
    print_council(figure_rows(values, {}, config), config)
    lines = capsys.readouterr().out.splitlines()
    cells = {cell for line in lines for cell in line.split()}
    assert {short(value) for _, _, value, _ in values} <= cells
    return lines


def test_every_figure_is_on_the_page_and_a_page_it_is(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(config, capsys)
    assert len(lines) < 4 * len(config.timescales) + len(config.measures) + 60
    headings = [line.lower() for line in lines if line.lower() in GROUPS]
    assert headings == list(GROUPS)
    for rule in config.timescales:
        assert sum(rule.title in line for line in lines) == 1, "what a timescale is stands there once"


def test_under_a_heading_the_order_is_that_of_the_file(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    def heads(config: Config) -> str:
        return next(line for line in printed(config, capsys) if line.startswith("timescale") and "overdue" in line)

    assert heads(config).split() == ["timescale", "overdue", "in_time", "completed"]
    turned = replace(config, measures=config.measures[::-1])
    assert heads(turned).split() == ["timescale", "completed", "in_time", "overdue"]


def test_a_figure_of_nothing_a_share_and_a_mean_read_as_what_they_are(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    values = [("in_time.cp_visit", "*", 92.2279, 193), ("overdue.cp_visit", "*", 0.0, 9), ("completed.cp_visit", "*", None, 0)]
    print_council(figure_rows(values, {}, config), config)
    assert capsys.readouterr().out.splitlines()[-1].split()[:6] == ["cp_visit", "0", "92.2", "of", "193", "-"]
    assert [short(v) for v in (0.0, 12.0, 0.84729, 1.5, 123.4, 5000.0)] == ["0", "12", "0.847", "1.5", "123", "5000"]
