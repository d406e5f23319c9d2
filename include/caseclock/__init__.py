"""caseclock: watches every clock that runs on a case, and tells the right person in time.

Read `caseclock.pipeline` first: it is the path of one extract, step by step.
"""

__version__ = "0.1.0"
