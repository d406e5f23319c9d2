"""Value against limit."""

from caseclock.thresholds.model import Severity, ThresholdRule

__all__ = ["Severity", "ThresholdRule"]
