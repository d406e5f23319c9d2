"""Shared by all tests: third-party data, and skips that are counted and, in CI, refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party data and vectors that is not ours to commit: `../shared` beside the repository, or $CASECLOCK_SHARED."""
    at = Path(os.environ.get("CASECLOCK_SHARED") or ROOT.parent / "shared")
    if not (at / "domain" / "data").is_dir():
        pytest.skip("third-party data (shared/domain/data) is not beside this repository")
    return at


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.skipped and os.environ.get("CASECLOCK_REFUSE_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"CI refuses this skip: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter) -> None:  # type: ignore[no-untyped-def]
    skipped = terminalreporter.stats.get("skipped", [])
    reasons: dict[str, int] = {}
    for report in skipped:
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {count}: {reason}")
