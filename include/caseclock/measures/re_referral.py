"""Of the referrals received within the period, the share whose child had been referred before within 365 days (DfE: 12 months).

England 2025: 22.6 per cent over a year. No figure where the extract does not reach back so far, for earlier referrals would be missing: it
does when a referral in it had ended 365 days before the period began, or earlier. (One that is open still proves nothing: Annex A holds
old cases that are open, and of those that ended only the last six months.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: referrals received within the period, whatever became of them.

    No value where the extract does not reach back a year before the period.
    """
    from caseclock.clocks.tally import per_cent

    if "referred_again" in tally.facts:
        whole = tally.facts["arrived"]
        yield "re_referral", per_cent(tally.facts["referred_again"], whole), whole.astype(int)
