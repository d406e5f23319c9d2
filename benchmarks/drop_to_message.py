"""Airflow standalone: seconds from boot to healthy, and from a dropped extract to its last message delivered.

Each drop is one more day of the made-up council. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from caseclock import now as clock
from caseclock.demo import show, stage
from caseclock.demo.airflow_home import Ports
from caseclock.demo.standalone import Standalone
from caseclock.now import seconds as read_clock
from caseclock.pipeline import open_house
from caseclock.storage import ledger
from caseclock.storage.engine import reading

DROPS = 5


def rows_of(at: stage.Stage) -> int:
    """Rows read of the newest extract, in all its tables."""
    with open_house(at.settings) as house, reading(house.engine) as c:
        newest = ledger.extracts(c)[-1]
        return sum(count.read for count in ledger.counts_of(c, newest.id).values())


def main() -> None:
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    stage.DAYS = DROPS + 1
    with tempfile.TemporaryDirectory() as scratch, stage.set_up(Path(scratch) / "demo", scale=scale, seed=1, tell=print, weeks=8) as at:
        later = [*at.history[-(DROPS - 1) :], at.today]
        at.history = at.history[: -(DROPS - 1)]
        stage.load_history(at, lambda arrivals: arrivals)
        ports = Ports.from_environment(os.environ)
        with Standalone(at.folder / "airflow", show.REPOSITORY, ports, at.environment) as airflow:
            boot = airflow.wait_healthy()
            print(f"boot to healthy and warm: {boot:.1f} s")
            drops, ends = [], []
            for path in later:
                at.today = path
                began, since = clock.now(), read_clock()
                show.drop(at, airflow)
                ends.append(read_clock() - since)
                done = [row["done_at"] for row in show.sent(at, began) if row["done_at"]]
                if done:
                    drops.append((max(clock.parse(d) for d in done) - began).total_seconds())
            print(f"rows of the last extract: {rows_of(at):,}")
            print(f"drop to end of run: {statistics.median(ends):.1f} s (median of {len(ends)}, {min(ends):.1f} to {max(ends):.1f})")
            if drops:
                spread = f"median of {len(drops)}, {min(drops):.1f} to {max(drops):.1f}"
                print(f"drop to last message delivered: {statistics.median(drops):.1f} s ({spread})")


if __name__ == "__main__":
    main()
