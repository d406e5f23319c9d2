"""A weekly digest for the sheets of messages: one week of a made-up council."""

from __future__ import annotations

from caseclock.notifications.letter import Bullets, Cell, Letter, Paragraph, Section, Series, Table

LABELS = ("21 Jun", "28 Jun", "5 Jul", "12 Jul", "19 Jul", "26 Jul", "2 Aug", "9 Aug", "16 Aug", "23 Aug", "30 Aug", "6 Sep")
UNALLOCATED = (16.0, 17, 17, 16, 18, 19, 21, 22, 24, 27, 30, 38)
CAME = (41.0, 44, 39, 43, 46, 42, 47, 45, 49, 51, 50, 52)
ENDED = (43.0, 42, 41, 40, 42, 41, 39, 40, 41, 38, 40, 40)


def _says(heading: str, *brief: str, blocks: tuple[Series | Table, ...] = ()) -> Section:
    return Section(heading, (Bullets(brief), *blocks), brief)


def letter() -> Letter:
    """Its figures are made up; its words are of the sort that a digest has."""
    return Letter(
        subject="Weekly digest, the council, 31 August to 6 September 2026: 3 limits passed, 1 red",
        headline="North has 21 cases without an allocated worker, 7 more than a week ago; 3 limits are passed, 1 of them red.",
        currency="Figures of Friday 4 September 2026; 4 of 5 extracts were accepted. On hold: the data of Wednesday 2 September.",
        sections=(
            _says(
                "What needs a decision",
                "Red: North has 21 cases without an allocated worker. Open for 14 working days, since Monday 17 August; escalated, not "
                "acknowledged. Head of Service decides.",
                "Amber: South has 72% of assessments completed in time. Open for 6 working days, since Thursday 27 August; acknowledged "
                "until Friday 11 September. Service manager, South decides.",
            ),
            _says(
                "What changed this week",
                "1 alert began, 1 got worse, 1 ended and 1 was withdrawn.",
                "New, amber: East has 11 visits overdue (Tuesday 1 September).",
                "Worse, from amber to red: North has 21 cases without an allocated worker (Thursday 3 September).",
                "Withdrawn: reviews overdue in East. A corrected extract shows 1 to 5, not 14.",
            ),
            _says(
                "Unusual figures",
                "Referrals received in the last week, all teams together: 7 weeks in a row above the mean, at 52; usual is 31 to 55.",
                "42 control charts were looked at.",
            ),
            _says(
                "All figures",
                "Red: North has 21 cases without an allocated worker.",
                "2 figures are amber.",
                blocks=(
                    _heat(),
                    Series(
                        "Cases without an allocated worker in the council", LABELS, (("Figure", UNALLOCATED),),
                        "Cases without an allocated worker in the council: from 16 on 21 Jun to 38 on 6 Sep.",
                    ),
                ),
            ),
            _says(
                "Demand and capacity",
                "Over the last 13 weeks 13 referrals came in for every 10 that ended.",
                "At the rate of the last 13 weeks the open cases are 17 weeks of work.",
                blocks=(
                    Series(
                        "Referrals that came in and that ended, by week", LABELS, (("Came in", CAME), ("Ended", ENDED)),
                        "Referrals by week: came in from 41 on 21 Jun to 52 on 6 Sep; ended from 43 on 21 Jun to 40 on 6 Sep.",
                    ),
                ),
            ),
            _says("Due in the next 10 working days", "Assessments: 64 fall due, 19 of them likely to be late."),
            _says("Supervision and staffing", "North Assessment 1 works with 6.5 of its 9 posts filled; each worker has 21.4 children."),
            _says("Re-look sample", "The re-look sample of this week has not been drawn."),
            Section("Method and limits", (Paragraph("Cases without an allocated worker: amber 10, red 20."),)),
        ),
        foot=("A count of 1 to 5 is never shown exactly, nor is anything from which it could be worked out.",),
        kept="demo/2026-W36/council",
    )  # fmt: skip


def _heat() -> Table:
    line, words = "▁▁▁▁▂▂▃▃▄▅▆█", "12 weeks: from 16 to 38"
    rows = (
        (Cell("Cases without an allocated worker"), Cell("38", "", "", line, words), Cell("21 red", "red"), Cell("1 to 5", "green")),
        (
            Cell("Assessments completed in time"),
            Cell("81% green", "green", "of 212"),
            Cell("84% green", "green"),
            Cell("72% amber", "amber"),
        ),
    )
    return Table("Figures of Friday 4 September 2026", ("Figure", "The council", "North", "South"), rows)
