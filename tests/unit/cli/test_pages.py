"""How tests of tests/spec become worked examples: what was asked and answered, as tables that a newcomer can read."""

from pathlib import Path

import pytest

SPEC = Path(__file__).resolve().parents[2] / "spec"


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEC))
    import pages

    return pages


@pytest.fixture
def asked(pages):
    """A call of `spec.check` on one rule, as it is written down."""
    from recorder import Answer

    def make(said="item_ref state\nR1 overdue", as_of="2026-03-20", kind="check", **tables):
        return Answer(kind, as_of, tables, said, of=("allocation",))

    return make


def story(pages, *answers, shown=()):
    return "\n".join(pages._story(pages._together(list(answers)), list(shown), several=False))


def test_the_name_of_a_test_is_a_sentence(pages):
    assert pages.sentence("test_the_team_s_whose_pool_has_it") == "The team's whose pool has it"
    assert pages.sentence("test_staff_csv_goes_before_the_dfe_clock") == "`staff.csv` goes before the DfE clock"


def test_the_tables_come_first_then_the_day_and_what_follows(pages, asked):
    text = story(pages, asked(referral="referral_id\nR1"))
    assert text.splitlines() == [
        "Given `referral`", "| referral_id |", "| --- |", "| R1 |",
        "As of **2026-03-20**:", "| item_ref | state |", "| --- | --- |", "| R1 | overdue |",
    ]  # fmt: skip


def test_one_question_on_several_days_is_one_table(pages, asked):
    text = story(pages, asked(as_of="2026-03-19", said="state\nrunning"), asked(said="state\noverdue"))
    assert text.splitlines()[-2:] == ["| 2026-03-19 | running |", "| 2026-03-20 | overdue |"]
    assert text.startswith("As of each of these days:")


def test_of_what_comes_next_only_the_table_that_differs_is_shown(pages, asked):
    text = story(
        pages, asked(referral="referral_id\nR1", worker="worker_id\nW1"), asked(referral="referral_id\nR1", worker="worker_id\nW2")
    )
    assert text.splitlines().count("| R1 |") == 1
    assert "Now with `worker`\n| worker_id |\n| --- |\n| W2 |" in text


def test_tables_of_an_earlier_example_are_not_repeated(pages, asked):
    tables = {"referral": "referral_id\nR1", "worker": "worker_id\nW1"}
    assert story(pages, asked(**tables), shown=[{}, tables]).startswith("Given the tables of example 2:")
    assert story(pages, asked(**{**tables, "child": "child_id\nC1"}), shown=[tables]).startswith(
        "Given the tables of example 1, but with `child`"
    )


def test_of_figures_only_those_that_the_test_looked_at_are_shown(pages, asked):
    from recorder import Looked

    made = Looked({"open": {"A": ("1", 2), "B": ("0", 0), "*": ("1", 2)}, "overdue": {"A": ("0", 1)}})
    assert made["open"]["*"] == ("1", 2)
    answer = asked(said=made, kind="measures")
    assert answer.concerns == {"measures/open"}
    assert "| `open` | 1 (2) |" in story(pages, answer)
    assert {team for team, _ in made["open"].items()} == {"A", "B", "*"}
    assert made.looked_at() == {"open": {"A": ("1", 2), "*": ("1", 2)}}, "of teams gone through, those that have any such item"


def test_one_table_in_several_forms_is_one_row_each(pages, asked):
    from recorder import Looked

    def answer(staff):
        made = Looked({"unallocated": {"*": ("1", 1)}})
        assert made["unallocated"]["*"]
        return asked(said=made, kind="measures", referral="referral_id\nR1", staff=f"staff_id ended_on\n{staff}")

    text = story(pages, answer("W1 2026-03-16"), answer("W1 2026-03-23"))
    assert "with each of these in turn as `staff`" in text
    assert text.splitlines()[-2:] == ["| W1 | 2026-03-16 | 1 (1) |", "| W1 | 2026-03-23 | 1 (1) |"]


def test_a_long_table_says_how_many_rows_there_are_more(pages):
    text = pages._table([["id"], *([str(n)] for n in range(20))])
    assert text.splitlines()[-2:] == ["| 4 |", "| and 15 more rows |"]


def test_a_bar_in_a_cell_is_no_border(pages):
    assert "| M1\\|C1 |" in pages._table([["id"], ["M1|C1"]])


def test_a_rule_without_an_example_is_named(pages):
    from recorder import Recorder

    without = []
    assert pages._examples(Recorder(), "allocation", without).endswith("None yet.") and without == ["allocation"]
