"""Is this extract fit to speak? Expectation suites, quarantine, gate and circuit breaker."""

from caseclock.quality.history import Accepted, History
from caseclock.quality.model import Finding, QualityReport, Verdict

__all__ = ["Accepted", "Finding", "History", "QualityReport", "Verdict"]
