"""The life of an alert, as pure functions: data and a time go in, data and a reason come out."""

from caseclock.alerts.model import AlertEvent, Condition, Handling, Instance, Intent, Kind, Observation, State, Suppressed, Told

__all__ = ["AlertEvent", "Condition", "Handling", "Instance", "Intent", "Kind", "Observation", "State", "Suppressed", "Told"]
