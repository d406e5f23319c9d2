"""The Backlog pages' facts, read from the store: what `dashboard.Backlog` asks, a file for each page.

`desk.py` is what they share: the house, kept open and up to date with its configuration, bounded reading, and how a source stands.
"""

from caseclock.pipeline.pages.backlog import StoreBacklog
from caseclock.pipeline.pages.desk import Desk

__all__ = ["Desk", "StoreBacklog"]
