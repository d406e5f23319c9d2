"""The figures that the made-up council is drawn from, each with its source.

All shares are per cent and per *child*, as the Department for Education (DfE) counts. England, year to 31 March 2025, from
"Children in need" (explore-education-statistics) unless said otherwise; sizes are those of the median council of 2024.
"""

from __future__ import annotations

# --- size of a council at scale 1 ----------------------------------------------------------------------------------
REFERRALS_A_WEEK = 69.0  # 64 to 80 with the season; the median council has 3,361 a year, a middling large one 4,000
MONTH = (54.7, 50.9, 51.9, 43.3, 55.7, 58.7, 51.9, 44.1, 54.1, 55.7, 55.8, 45.2)
"""Referrals in England in thousands, January to December (2024): August and December are low."""
WEEKDAY = (0.205, 0.202, 0.198, 0.198, 0.177, 0.010, 0.010)
"""Share of a week's referrals by weekday, from Monday. Assumed: no published source was found."""
BANK_HOLIDAY = 0.05  # of a usual day; assumed
OVERDISPERSION = 20.0  # shape of the gamma factor per day: referrals come in bursts; assumed

FAMILY_SIZES = (0.54, 0.27, 0.13, 0.06)
"""Share of families with 1, 2, 3, 4 children referred together. Gives about 280 children on plans in about 150 families."""
REREFERRAL = 0.21  # within 12 months: median council 20.6 %

# --- what becomes of a referral ------------------------------------------------------------------------------------
PATHWAYS = {  # share of referrals
    "nfa": 0.065,  # no further action at referral: 6.5 %
    "no_need": 0.290,  # assessed, not in need: 30.8 % of those assessed
    "cin": 0.482,  # a period of help, mostly under a child in need plan
    "cp": 0.098,  # child protection plan after a conference: 412 conferences in 3,361 referrals, 85 % end in a plan
    "care": 0.047,  # becomes looked after: about 400 open
    "disability": 0.018,  # long-term help by the disabled children's teams
}
S47 = {"nfa": 0.0, "no_need": 0.26, "cin": 0.28, "cp": 1.0, "care": 0.5, "disability": 0.05}  # 1,225 enquiries in 3,361 referrals
CONFERENCE_WITHOUT_PLAN = 0.14  # of the enquiries on the path `cin`: conference held, no plan made

STAY_DAYS = {  # mean and sigma (log-normal) of the time from the end of the assessment, or of the plan, to closure
    "cin": (185.0, 1.25),
    "cp_plan": (262.0, 0.6),
    "cp_after": (100.0, 0.8),
    "care": (960.0, 1.0),
    "disability": (1300.0, 0.8),
}

# --- durations in working days: (first day, last day, share) ---------------------------------------------------------
ASSESSMENT = (
    (0, 0, 1.8), (1, 10, 11.7), (11, 20, 17.3), (21, 30, 15.8), (31, 40, 20.2), (41, 43, 8.4), (44, 45, 10.5),
    (46, 50, 5.8), (51, 60, 4.3), (61, 110, 4.2),
)  # fmt: skip
"""DfE table C2. The spike on days 41 to 45 is real: work is paced to the limit."""
CONFERENCE = ((3, 10, 8.7), (11, 11, 6.0), (12, 12, 8.0), (13, 13, 15.0), (14, 14, 19.3), (15, 15, 24.4), (16, 20, 8.9), (21, 45, 9.7))
"""DfE table C4: quartiles 13, 14, 15."""
ALLOCATION = ((0, 0, 62.0), (1, 1, 28.0), (2, 2, 7.0), (3, 3, 2.0), (4, 6, 1.0))
"""Referral to allocation. Assumed: most on the day or the next one."""
ASSESSMENT_START = ((0, 0, 22.0), (1, 1, 20.0), (2, 5, 38.0), (6, 10, 20.0))
"""Allocation to the start of the assessment, so that about 50 children await one (median council)."""
CP_VISIT = ((5, 6, 14.0), (7, 8, 26.0), (9, 10, 52.5), (11, 13, 5.5), (14, 22, 2.0))
"""From one visit on which the child was seen to the next; the usual local limit is 10 working days."""
CIN_VISIT = ((10, 15, 25.0), (16, 20, 62.0), (21, 35, 13.0))
CARE_VISIT = ((15, 25, 30.0), (26, 30, 60.0), (31, 45, 10.0))  # six weeks
REVIEW_IN_TIME = 0.93  # reviews of child protection plans, median council 93.3 %

# --- codes -----------------------------------------------------------------------------------------------------------
SOURCES = {  # share of referrals, year 2025
    "6": 28.5, "2A": 20.3, "3A": 6.0, "3B": 4.4, "3E": 4.3, "5A": 14.1, "1B": 8.0,
    "7": 4.4, "8": 4.2, "2B": 1.7, "9": 1.6, "4": 1.2, "10": 1.3,
}  # fmt: skip
SOURCE_WORDS = {
    "6": "Police", "2A": "Schools", "3A": "GP", "3B": "Health visitor", "3E": "A&E", "5A": "LA social care", "1B": "Individual",
    "7": "Other legal agency", "8": "Other", "2B": "Education services", "9": "Anonymous", "4": "Housing", "10": "Unknown",
}  # fmt: skip
NEEDS = {"N1": 57.0, "N2": 8.0, "N3": 4.0, "N4": 9.0, "N5": 14.0, "N6": 3.0, "N7": 0.6, "N8": 2.4, "N0": 2.0}
CATEGORIES = {"NEG": 49.0, "EMO": 38.0, "PHY": 8.0, "SAB": 4.0, "MUL": 1.0}

# --- people ----------------------------------------------------------------------------------------------------------
VACANCY = 0.17  # share of posts without a worker, 2024
AGENCY = 0.16  # share of workers, 2024
STAY_OF_WORKER = {"employed": 2200.0, "agency": 400.0}  # mean days in one team; assumed, near the published turnover of 13.8 %
HOLDERS = {"assessment": 9, "support": 7, "care": 8, "disability": 7}
"""Workers in post per team; 4, 8, 3 and 2 teams make 130 who hold cases, at about 16 children each."""
