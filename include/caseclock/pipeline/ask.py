"""Questions: the quality of a path, the clocks of a date, what one run has done, why an alert was or was not sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseclock import now as clock
from caseclock.errors import WrongUse
from caseclock.pipeline.arrival import in_order
from caseclock.pipeline.house import House, Report
from caseclock.storage import ledger
from caseclock.storage.decisions import decision_of
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.extracts import Extract, Reject
    from caseclock.quality import QualityReport
    from caseclock.quality.report import Facts
    from caseclock.snapshots import Snapshot


def inspect(house: House, path: Path, source: str | None, as_of: dt.date | None) -> tuple[Snapshot, QualityReport]:
    """Reads and checks a path, and keeps nothing. Compared with what this house has accepted of the same source before."""
    from caseclock.extracts import Extract
    from caseclock.extracts.bundle import open_bundle
    from caseclock.extracts.naming import extract_id
    from caseclock.extracts.readers import read
    from caseclock.pipeline.steps import coverage_of, history_of
    from caseclock.quality.gate import check
    from caseclock.quality.quarantine import set_aside
    from caseclock.snapshots.typing import build

    arrival = in_order(house, (path,), source, as_of)[0]
    bundle = open_bundle(path)
    id_ = extract_id(arrival.source, arrival.as_of, bundle.sha256)
    extract = Extract(id_, arrival.source, arrival.as_of, 1, bundle.sha256, path.name, str(path), clock.now())
    config = house.source(extract.source)
    snapshot = build(extract, read(bundle, config, extract.as_of), config)
    report = check(snapshot, replace(history_of(house, extract), coverage=coverage_of(config, bundle)), house.config.quality)
    return set_aside(snapshot, report), report


def quality_facts(house: House, snapshot: Snapshot, report: QualityReport) -> Facts:
    """What `inspect` has found, beside the earlier extracts of the same source in this house."""
    from caseclock.pipeline.reports import past_of
    from caseclock.pipeline.steps import history_of
    from caseclock.quality.report import facts_of

    with reading(house.engine) as c:
        past = past_of(c, snapshot.extract)
    before = history_of(house, snapshot.extract).before(snapshot.extract.as_of)
    return facts_of(snapshot, report, past, before[-1].as_of if before else None)


def quality_of_extract(house: House, extract_id: str) -> Facts:
    """The report of an extract in the ledger. Raises WrongUse for an id that is not there or not judged yet."""
    from caseclock.pipeline.reports import stored_facts

    try:
        facts = stored_facts(house, house.extract(extract_id))
    except LookupError:
        raise WrongUse("no extract has this id", where=f"extract {extract_id}", todo="`caseclock run --json` prints the ids.") from None
    if facts is None:
        raise WrongUse("it has not been checked yet", where=f"extract {extract_id}", todo="Wait for its run, or take it in again.")
    return facts


def quality_json(facts: Facts) -> Report:
    """The quality report as `caseclock quality --json` prints it."""
    return {
        "extract": _extract_json(facts.extract),
        "verdict": facts.verdict,
        "reasons": list(facts.reasons),
        "decision": facts.decision or None,
        "absences": list(facts.absences),
        "notes": list(facts.notes),
        "tables": {name: asdict(count) for name, count in facts.tables.items()},
        "findings": [asdict(f) for f in facts.findings],
        "quarantine": [_reject_json(r) for r in facts.rejects],
        "expectations": facts.expectations,
        "rules": [asdict(c) for c in facts.counts],
        "changes": [asdict(c) for c in facts.changes],
        "compared_with": str(facts.compared_with) if facts.compared_with else None,
        "to_correct": [_reject_json(r) for r in facts.flagged],
        "not_checked": list(facts.not_evaluated),
    }


def clocks_of(house: House, extract: Extract) -> pd.DataFrame:
    """The clock frame that was made from an extract. Raises WrongUse when none was."""
    import pandas as pd

    from caseclock.pipeline.steps import clocks_path

    path = clocks_path(house, extract)
    if not path.exists():
        raise WrongUse(
            "no clocks were made from it", where=f"{extract.source} as of {extract.as_of}", todo="`caseclock run PATH` makes them."
        )
    return pd.read_parquet(path)


def run_report(house: House, extract: Extract, outcomes: list[dict[str, Any]], seconds: float) -> Report:
    """What one run of `caseclock run` has found and done; the keys are those of `caseclock run --json`."""
    from caseclock.pipeline.people import conditions_of
    from caseclock.pipeline.without import no_figure, not_watched
    from caseclock.snapshots import store

    with reading(house.engine) as c:
        quality = ledger.quality_of(c, extract.id)
        counts = ledger.counts_of(c, extract.id)
        values = ledger.measures_of(c, extract.id)
        steps = ledger.step_seconds(c, extract.id)
        refused = ledger.refused_reason(c, extract.id)
        alerts = conditions_of(c, extract.source)
        names = ledger.place_names(c, extract.source)
        said = decision_of(c, extract.id)
    assert quality is not None
    rejects = [] if refused else store.quarantine_of(extract, house.settings.accepted)
    without = {} if refused else no_figure(house.config.measures, values.itertuples(index=False), quality.absences)
    clocks = steps.get("clocks", 0.0)
    return {
        "extract": _extract_json(extract),
        "verdict": quality.verdict,
        "reasons": quality.reasons,
        "decision": {"is": said.choice, "words": str(said)} if said else None,
        "absences": [str(a) for a in quality.absences],
        "tables": {name: asdict(count) for name, count in counts.items()},
        "quarantine": [_reject_json(r) for r in rejects],
        "measures": [
            {"measure": m, "team": t, "team_name": names.get(t, t), "value": None if v != v else v, "n": n}
            for m, t, v, n in values.itertuples(index=False)
        ],
        "no_figure": [{"measures": ids, "because": why} for why, ids in without.items()],
        "not_watched": [{"timescales": ids, "because": why} for why, ids in not_watched(quality.absences).items()],
        "alerts": alerts,
        "deliveries": outcomes,
        "seconds": {
            "read": steps.get("take_snapshot", 0.0),
            "quality": steps.get("check_quality", 0.0),
            "clocks": clocks,
            "measures": max(0.0, steps.get("compute_measures", 0.0) - clocks),
            "alerts": steps.get("update_alerts", 0.0),
            "notify": steps.get("notify", 0.0),
            "all": seconds,
        },
    }


def _extract_json(extract: Extract) -> Report:
    return {
        "id": extract.id,
        "source": extract.source,
        "as_of": str(extract.as_of),
        "revision": extract.revision,
        "sha256": extract.sha256,
        "name": extract.name,
    }


def _reject_json(reject: Reject) -> Report:
    return {
        "table": reject.table,
        "file": reject.file,
        "row": reject.row,
        "column": reject.column,
        "reason": reject.reason,
        "rule": reject.rule,
    }


def alerts_list(house: House, source: str | None, closed_too: bool) -> list[dict[str, Any]]:
    """Open alerts, worst first; closed episodes too when asked."""
    from caseclock.storage.alerts import list_alerts

    with reading(house.engine) as c:
        return list_alerts(c, source=source, closed_too=closed_too)


def alerts_show(house: House, alert_id: str) -> dict[str, Any] | None:
    """One alert with its events and who was told. None when no alert has this id."""
    from caseclock.storage.alerts import show_alert

    with reading(house.engine) as c:
        return show_alert(c, alert_id)


def alerts_why(house: House, alert_id: str) -> dict[str, Any] | None:
    """The chain from messages, sent and not sent, to events, values, extract and its hash."""
    from caseclock.storage.alerts import why

    with reading(house.engine) as c:
        return why(c, alert_id, {rule.id: rule.measure for rule in house.config.thresholds})
