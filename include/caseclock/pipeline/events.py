"""What happened since the last extract: worked out with the figures of an extract, and again when another extract comes in between.

An extract is compared with the newest one of an earlier date whose figures are made and speak. One that quality holds is nobody's earlier
extract and has no events, until a person releases it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caseclock.pipeline.house import House, Report
from caseclock.pipeline.kept import cases_path, clocks_path, keep_frame, referrals_path
from caseclock.storage import events, ledger, quality
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.clocks.columns import Codes, Columns
    from caseclock.clocks.events import Seen
    from caseclock.clocks.happened import Happened
    from caseclock.clocks.places import Places
    from caseclock.extracts import Extract


@dataclass(frozen=True)
class Since:
    """What happened since the extract with the id `before` (empty: there is none). `happened` is None where nobody can tell."""

    before: str
    happened: Happened | None
    now: Seen

    @property
    def at(self) -> Places:
        return _places_of(self.now)

    def flows(self) -> dict[str, Codes] | None:
        """For the measures: see `Happened.flows`. None without an extract to compare with."""
        return self.happened.flows(self.at) if self.happened else None


def keep_what_it_shows(house: House, extract: Extract, frame: pd.DataFrame, columns: Columns) -> Seen:
    """Keeps the case frame and the referral frame beside the clock frame, which lies there already."""
    from caseclock.clocks.cases import case_frame
    from caseclock.clocks.events import fingerprint
    from caseclock.clocks.places import places
    from caseclock.clocks.referrals import referral_frame

    roles = house.source(extract.source).allocated_roles
    cases, at = case_frame(columns, roles), places(columns)
    watched = [rule for rule in house.config.timescales if rule.id in set(frame["rule"].cat.categories)]
    referrals = referral_frame(columns, roles, cases)
    with reading(house.engine) as c:
        found = ledger.quality_of(c, extract.id)
        coverage = quality.coverage_of(c, extract.id) or "full"
    referrals.attrs = {
        "rules": {rule.id: fingerprint(rule) for rule in watched},
        "tables": {rule.id: rule.table for rule in watched},
        "roles": sorted(roles),
        "teams": at.teams,
        "services": at.services,
        "service_of": at.service_of.tolist(),
        "coverage": coverage,
        "blocked": sorted(found.blocked_teams) if found else [],
    }
    keep_frame(cases, cases_path(house, extract))
    keep_frame(referrals, referrals_path(house, extract))
    return _seen_in(house, extract, frame, referrals)


def since_the_last(house: House, extract: Extract, now: Seen) -> Since:
    """What happened since the extract that this one is compared with, as the ledger stands now."""
    with reading(house.engine) as c:
        before = _before(c, extract)
    return _since(house, before, now)


def save_since(c: Connection, extract: Extract, since: Since) -> None:
    """Writes it down, when the extract's figures speak and it is still to be compared with that one; else `events_again` will."""
    events.lock(c, extract.source)
    speaks = speaking(c, extract.source, extract.as_of).get(extract.as_of) == extract.id
    before = _before(c, extract)
    if speaks and since.before == (before.id if before else ""):
        events.save(c, extract.id, since.before, _event_rows(since), _count_rows(since))


def events_again(house: House, c: Connection, source: str) -> int:
    """Brings the events of a source up to date with the extracts that speak now; returns how many extracts changed. Mostly none.

    An extract that came late, was released or rejected, or was replaced by another revision changes what the next one is compared with. So
    the result does not depend on the order in which extracts were processed. What retention has taken is not worked out again.
    """
    events.lock(c, source)
    spoken, done = list(speaking(c, source, dt.date.max).values()), events.compared_with(c, source)
    stale = set(done) - set(spoken)
    for extract_id in sorted(stale):
        events.forget(c, extract_id)
    changed = len(stale)
    for before_id, extract_id in pairwise(["", *spoken]):
        if done.get(extract_id) == before_id:
            continue
        extract = ledger.extract_by_id(c, extract_id)
        if now := _seen(house, extract):
            since = _since(house, ledger.extract_by_id(c, before_id) if before_id else None, now)
            events.save(c, extract.id, since.before, _event_rows(since), _count_rows(since))
            if any(entry.id == "residual" for entry in house.config.measures):
                events.save_residual(c, extract.id, _residual_rows(since))
                ledger.figures_changed(c, extract.id)
            changed += 1
    return changed


# --- questions -------------------------------------------------------------------------------------------------------
def events_of(house: House, extract: Extract, team: str | None = None, type_: str | None = None) -> Report:
    """How often each thing happened, per place, since the extract of the date `since`. No id of a case or child.

    `since` is None and there is nothing to tell where no extract came before, or where this one does not speak (`held`).
    """
    with reading(house.engine) as c:
        done = events.compared_with(c, extract.source)
        names = ledger.place_names(c, extract.source)
        found = events.counts_of(c, extract.id, type_, team)
        before = ledger.extract_by_id(c, done[extract.id]) if done.get(extract.id) else None
    counts = [
        {"team": place, "team_name": names.get(place, "all teams" if place == "*" else place), "type": kind, "rule": rule, "n": n}
        for kind, rule, place, n in found
    ]
    return {
        "source": extract.source,
        "as_of": str(extract.as_of),
        "since": str(before.as_of) if before else None,
        "held": extract.id not in done,
        "counts": counts,
    }


# --- inside ----------------------------------------------------------------------------------------------------------
def _before(c: Connection, extract: Extract) -> Extract | None:
    earlier = speaking(c, extract.source, extract.as_of - dt.timedelta(days=1))
    return ledger.extract_by_id(c, earlier[max(earlier)]) if earlier else None


def _since(house: House, before: Extract | None, now: Seen) -> Since:
    from caseclock.clocks.events import events_between

    was = _seen(house, before) if before else None
    return Since(before.id if before else "", events_between(was, now) if was else None, now)


def _seen(house: House, extract: Extract) -> Seen | None:
    """How things stood in an extract; None where its frames are not kept (any more)."""
    import pandas as pd

    from caseclock.clocks.events import CLOCKS_NEEDED

    clocks, referrals = clocks_path(house, extract), referrals_path(house, extract)
    if not (clocks.is_file() and referrals.is_file()):
        return None
    return _seen_in(house, extract, pd.read_parquet(clocks, columns=list(CLOCKS_NEEDED)), pd.read_parquet(referrals))


def _seen_in(house: House, extract: Extract, clocks: pd.DataFrame, referrals: pd.DataFrame) -> Seen:
    import numpy as np

    from caseclock.clocks.events import Seen
    from caseclock.snapshots import store

    said, root = referrals.attrs, house.settings.accepted
    aside = store.quarantine_of(extract, root) if store.is_saved(extract, root) else []
    return Seen(
        np.datetime64(extract.as_of, "D"),
        clocks,
        referrals,
        rules=said["rules"],
        tables=said["tables"],
        roles=frozenset(said["roles"]),
        aside=frozenset(reject.key_hash for reject in aside) - {""},
        coverage=said["coverage"],
        blocked=frozenset(said["blocked"]),
    )


def _places_of(now: Seen) -> Places:
    import numpy as np

    from caseclock.clocks.places import Places

    said = now.referrals.attrs
    return Places(said["teams"], said["services"], np.array(said["service_of"], dtype=np.int64))


def _event_rows(since: Since) -> Iterator[tuple[Any, ...]]:
    if since.happened is None:
        return
    frame = since.happened.frame
    days = frame["occurred_on"].dt.strftime("%Y-%m-%d").astype("object")
    texts = [frame[name].astype("object").where(frame[name].notna(), None) for name in ("type", "rule", "team", "before_team")]
    type_, rule, team, before_team = texts
    yield from zip(type_, rule, since.happened.hashes(), team, before_team, days.where(days.notna(), None), strict=True)


def _count_rows(since: Since) -> Iterator[tuple[str, str, str, int]]:
    """A place in which nothing of a timescale happened has no row; the council has one, so zero and unknown differ. Of cases all do."""
    from caseclock.clocks.happened import CASE
    from caseclock.clocks.model import COUNCIL

    if since.happened is None:
        return
    at = since.at
    names, silent = since.happened.places(at).names, set(at.silent_with(since.now.blocked))
    for (type_, rule), counts in since.happened.counts(at).items():
        for place, n in zip(names, counts.tolist(), strict=True):
            if (n or rule == CASE or place == COUNCIL) and place not in silent:
                yield type_, rule, place, n


def _residual_rows(since: Since) -> Iterator[tuple[str, float, int]]:
    """Place, value, n: as the measure has it (measures/residual.py)."""
    from caseclock.clocks.flows import residual
    from caseclock.clocks.happened import numbers_in

    flows, at, referrals = since.flows(), since.at, since.now.referrals
    if flows is None:
        return
    silent = set(at.silent_with(since.now.blocked))
    open_now = at.counted(numbers_in(referrals.loc[referrals["open"], "team"], at.teams))
    made = residual(open_now, flows)
    for place, value, n in zip(at.names, made["residual"].tolist(), made["before"].tolist(), strict=True):
        if place not in silent:
            yield place, value, int(n)
