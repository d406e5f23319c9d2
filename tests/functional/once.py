"""What takes minutes to make is made once in a run of the tests, whichever of its processes asks for it first."""

from __future__ import annotations

import atexit
import fcntl
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def once_in_a_run(name: str, make: Callable[[], T]) -> T:
    """What `make` makes, or what another process of this run has made under that name. It must survive pickling."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return make()
    kept = Path(tempfile.gettempdir()) / f"{name}-{run}.pickle"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            there: T = pickle.loads(kept.read_bytes())
            return there
        made = make()
        kept.write_bytes(pickle.dumps(made))
        atexit.register(kept.unlink, missing_ok=True)
        return made
