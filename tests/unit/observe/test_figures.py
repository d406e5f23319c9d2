"""Figures about caseclock itself: none names a place, and what stands in deploy/ asks for figures that there are."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from caseclock.notifications.runbook import SLUGS
from caseclock.observe.exposition import text_of
from caseclock.observe.figures import HELP, PREFIX, Figure, figures
from caseclock.observe.push import targets_from
from caseclock.observe.state import Delivered, Newest, State

ROOT = Path(__file__).resolve().parents[3]
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
ROWS = {"read": 3, "kept": 2, "quarantined": 1}
NEWEST = Newest("demo", "a" * 16, dt.date(2026, 11, 23), NOW - dt.timedelta(hours=2), ROWS, "warn", False)
STATE = State(
    at=NOW,
    version="1.2.3",
    revision="0007",
    newest=(NEWEST,),
    in_line=4,
    alerts={("demo", "red", "team"): 2},
    outbox={("slack", "pending"): 1},
    oldest={"slack": NOW - dt.timedelta(minutes=5)},
    delivered=(Delivered("slack", (1.0, 70.0, 90_000.0)),),
    last_round=NOW - dt.timedelta(minutes=3),
    ping_configured=True,
    last_answer=NOW - dt.timedelta(minutes=4),
)


def value(name: str, **labels: str) -> float:
    (one,) = [f for f in figures(STATE) if f.name == name and dict(f.labels) == labels]
    return one.value


def test_every_figure_that_is_explained_is_given_and_none_else() -> None:
    assert {f.name for f in figures(STATE)} == set(HELP)


def test_ages_are_seconds_and_a_day_ends_at_its_midnight() -> None:
    assert value("extract_as_of_age_seconds", source="demo") == 9 * 3600
    assert value("extract_received_age_seconds", source="demo") == 2 * 3600
    assert value("outbox_oldest_age_seconds", channel="slack") == 300
    assert value("sender_last_round_age_seconds") == 180


def test_the_verdict_is_one_of_four_and_buckets_add_up() -> None:
    assert [value("extract_verdict", source="demo", verdict=v) for v in ("pass", "warn", "hold", "refused")] == [0, 1, 0, 0]
    assert value("delivery_seconds_bucket", channel="slack", le="10") == 1
    assert value("delivery_seconds_bucket", channel="slack", le="300") == 2
    assert value("delivery_seconds_bucket", channel="slack", le="+Inf") == value("delivery_seconds_count", channel="slack") == 3


def test_what_cannot_be_known_is_left_out_and_not_zero() -> None:
    given = {f.name for f in figures(State(at=NOW, version="1", revision="0007"))}
    assert not given & {"extract_as_of_age_seconds", "sender_last_round_age_seconds", "ping_last_answer_age_seconds"}
    assert {"outbox_stuck_messages", "ping_configured"} <= given


def test_both_texts_are_read_by_the_parsers_of_prometheus() -> None:
    for text, parse in ((text_of(figures(STATE)), prometheus), (text_of(figures(STATE), openmetrics=True), openmetrics)):
        assert {family.name for family in parse(text)} >= {PREFIX + "alerts_open", PREFIX + "extract_verdict"}


def test_a_hostile_label_is_escaped() -> None:
    (family,) = prometheus(text_of([Figure("alerts_open", 1, (("source", 'a"\n} 9'), ("severity", "red"), ("kind", "team")))]))
    assert family.samples[0].labels["source"] == 'a"\n} 9'


@pytest.mark.parametrize(
    ("name", "said"),
    [("CASECLOCK_OTLP_ENDPOINT", "collector:4318"), ("CASECLOCK_OTLP_HEADERS", "no-sign"), ("CASECLOCK_STATSD_PORT", "0")],
)
def test_a_target_that_cannot_be_used_is_named(name: str, said: str) -> None:
    with pytest.raises(Exception, match=name):
        targets_from({"CASECLOCK_STATSD_HOST": "localhost", name: said})


def test_the_dashboard_and_the_rules_ask_for_figures_that_there_are() -> None:
    board = json.loads((ROOT / "deploy/grafana/caseclock.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    rules = [
        rule for group in yaml.safe_load((ROOT / "deploy/prometheus/caseclock-rules.yaml").read_text())["groups"] for rule in group["rules"]
    ]
    asked += [rule["expr"] for rule in rules]
    names = {name for expr in asked for name in re.findall(rf"{PREFIX}\w+", expr)}
    assert len(asked) >= 20
    assert names <= {PREFIX + name for name in HELP}
    assert {rule["annotations"]["runbook"] for rule in rules} <= {f"docs/runbook/{slug}" for slug in SLUGS.values()}
