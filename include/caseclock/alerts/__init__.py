"""The life of an alert, as pure functions: data and a time go in, data and a reason come out."""

from caseclock.alerts.model import Condition, Instance, Intent, Kind, Observation, State, Told

__all__ = ["Condition", "Instance", "Intent", "Kind", "Observation", "State", "Told"]
