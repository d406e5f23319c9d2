"""The Backlog pages: server-rendered, without a required script, for whoever is signed in where they are mounted.

A request takes one way: `door` says who asks, `backlog` (read from the store, elsewhere) says what stands there, a template shows it.

| file | what it holds |
|---|---|
| `model.py` | who asks, what of it they may see, and what every page says of its data |
| `backlog.py` | the questions that pages ask, as a Protocol |
| `shell.py` | what every page has around it: sign-in, limits, frame, answers to what goes wrong |
| `guard.py` | headers, and what a deed must bring so that no other site can do it |
| `look.py` | templates, filters, links |
| `pages/` | one file per page: what it shows, and its address. `pages/__init__.py` lists them |
"""

from caseclock.dashboard.app import make_app
from caseclock.dashboard.backlog import Backlog
from caseclock.dashboard.model import At, Door, Frame, MayNotRead, NotThere, Scope, Viewer

__all__ = ["At", "Backlog", "Door", "Frame", "MayNotRead", "NotThere", "Scope", "Viewer", "make_app"]
