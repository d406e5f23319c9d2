"""Is this extract fit to speak? Expectation suites, quarantine, gate and circuit breaker."""

from caseclock.quality.model import Finding, QualityReport, Verdict

__all__ = ["Finding", "QualityReport", "Verdict"]
