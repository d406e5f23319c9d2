"""What a log loses on its way out, and what stays readable."""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Iterator

import pytest

from caseclock.errors import BadExtract, WrongUse
from caseclock.observe import logs
from caseclock.observe.fault import Unforeseen, own_words
from caseclock.observe.redact import Redactor, redact

UUID = "11111111-1111-1111-1111-111111111111"


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("postgresql://caseclock:hunter22@db/x", "hunter22"),
        ("token xoxb-made-up-1234 was refused", "xoxb-made-up-1234"),
        ("to anna.smith@example.gov.uk", "anna.smith"),
        ("NHS 943 476 5919", "943 476 5919"),
        ("NHS 9434765919", "9434765919"),
        ("UPN A123456789012", "A123456789012"),
        ("https://hooks.slack.com/services/T0/B0/abcdef", "B0/abcdef"),
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("password=geheim99", "geheim99"),
        ("https://x.example/y?sig=abc123&v=1", "abc123"),
        (f"key team-{UUID}-{UUID}", UUID),
    ],
)
def test_secrets_addresses_and_long_numbers_are_taken_out(said: str, gone: str) -> None:
    assert gone not in redact(said)
    assert "***" in redact(said)


@pytest.mark.parametrize(
    "said",
    [
        "extract 0123456789abcdef of 2026-11-20T08:00:00.123456+00:00, 12345678 rows",
        "extract__2026-11-20__1234567890123456 was started",
        "unallocated/NA1: 12 over 10 since 2026-11-02",
    ],
)
def test_ids_dates_and_counts_stay(said: str) -> None:
    assert redact(said) == said


def test_a_secret_that_is_known_goes_word_for_word_and_a_short_one_would_hit_words() -> None:
    assert Redactor(["s3cret-word", "the"])("the s3cret-word of the house") == "the *** of the house"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, maker = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    logging.setLogRecordFactory(maker)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_log_as_json_holds_neither_an_address_nor_the_text_of_a_foreign_error(stream: io.StringIO) -> None:
    logs.set_up(logging.INFO, stream, {"CASECLOCK_LOG_FORMAT": "json"})
    try:
        int("CANARY-CELL")
    except ValueError:
        logging.getLogger("caseclock.made_up").exception("told %s", "a.b@example.org")
    line = json.loads(stream.getvalue())
    assert line["message"] == "told *** (address)"
    assert line["level"] == "error"
    assert line["logger"] == "caseclock.made_up"
    assert "CANARY" not in json.dumps([[one["exc_type"], one["exc_value"]] for one in line["exception"]])
    assert "ValueError in test_redact.py" in line["exception"][0]["exc_value"]


def test_a_form_of_log_that_is_none_names_the_variable() -> None:
    with pytest.raises(WrongUse, match="CASECLOCK_LOG_FORMAT"):
        logs.set_up(env={"CASECLOCK_LOG_FORMAT": "xml"})


def test_a_task_lets_out_class_and_place_of_a_foreign_error_and_our_own_errors_as_they_are() -> None:
    with pytest.raises(Unforeseen) as caught, own_words():
        try:
            int("CANARY-1")
        except ValueError as error:
            raise KeyError("CANARY-2") from error
    last = "".join(traceback.format_exception_only(caught.value))
    assert "KeyError in test_redact.py" in last
    assert "CANARY" not in last
    assert caught.value.__cause__ is None
    with pytest.raises(BadExtract, match="no date"), own_words():
        raise BadExtract("no date in its name")
