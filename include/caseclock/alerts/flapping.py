"""Alerts that come and go teach people to look away. Their new posts wait for the digest; the numbers are local choices."""

from __future__ import annotations

from caseclock.alerts.fold import Fold

EPISODES = 3
WINDOW = 20  # extract dates that speak
STEADY = 5  # extract dates: an alert that has stood for so long comes and goes no more, and is told


def unstable_words(fold: Fold) -> str:
    """`unstable: it began 3 times in the last 20 extracts`; empty when it is steady."""
    count = _begun_lately(fold)
    return f"unstable: it began {count} times in the last {WINDOW} extracts" if count >= EPISODES else ""


def waits(fold: Fold) -> str:
    """Why a new post about it waits; empty when it does not. One that has stood for `STEADY` dates is told."""
    words, episode = unstable_words(fold), fold.condition.episode
    if not words or not episode:
        return ""
    stood = fold.since(episode)
    return f"{words}; it is told when it has stood for {STEADY} extracts, until then it is in the digest" if stood < STEADY else ""


def unstable_since(fold: Fold) -> str | None:
    """The beginning with which it became unstable, in the stretch that lasts until now; None when it is steady."""
    if _begun_lately(fold) < EPISODES:
        return None
    starts = sorted(start for start in fold.episodes if fold.since(start))
    first: str | None = None
    for n in range(EPISODES - 1, len(starts)):
        close = fold.since(starts[n - EPISODES + 1]) - fold.since(starts[n]) < WINDOW
        first = (first or starts[n]) if close else None
    return first


def _begun_lately(fold: Fold) -> int:
    """A stay that begins after the date that the fold stands at is not known yet: nothing has spoken since."""
    if len(fold.episodes) < EPISODES:
        return 0
    return sum(0 < fold.since(start) <= WINDOW for start in fold.episodes)
