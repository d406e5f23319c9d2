"""The week for leadership: one message, all teams together, never a small number."""

from caseclock.digest.plain import Digest, Figure, OpenAlerts, build, shown

__all__ = ["Digest", "Figure", "OpenAlerts", "build", "shown"]
