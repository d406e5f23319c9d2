"""The week for leadership: one message, all teams together, never a small number."""

from caseclock.digest.plain import Digest, Figure, OpenAlerts, build, shown
from caseclock.digest.withheld import SMALL, withheld

__all__ = ["SMALL", "Digest", "Figure", "OpenAlerts", "build", "shown", "withheld"]
