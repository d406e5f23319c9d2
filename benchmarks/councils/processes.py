"""The same line without Airflow: some processes, each taking the extract whose turn it is and doing the five steps with it."""

from __future__ import annotations

import importlib
import multiprocessing
import time

from caseclock import now as clock
from caseclock import pipeline
from caseclock.pipeline.warm import NEEDED
from caseclock.settings import from_environment

from .region import settings_of


def take_all(env: dict[str, str], workers: int, councils: int) -> float:
    """Seconds from the claim to the end of the last path. What is imported is loaded before the processes are forked, as workers do."""
    for name in NEEDED:
        importlib.import_module(name)
    given = {**env, "CASECLOCK_PARALLEL_EXTRACTS": str(workers), "CASECLOCK_SETTLE_SECONDS": "0"}
    with pipeline.open_house(settings_of(given)) as house:
        pipeline.claim_inbox(house, clock.now())
        turns = pipeline.give_turns(house, clock.now())
    began = time.monotonic()
    queue: multiprocessing.JoinableQueue[dict[str, str]] = multiprocessing.JoinableQueue()
    left = multiprocessing.Value("i", councils)
    for turn in turns:
        queue.put(turn)
    made = [multiprocessing.Process(target=_work, args=(given, queue, left), daemon=True) for _ in range(workers)]
    for process in made:
        process.start()
    while left.value > 0:
        if any(process.exitcode for process in made):
            raise SystemExit("a process of the benchmark has died")
        time.sleep(0.05)
    return time.monotonic() - began


def _work(env: dict[str, str], queue, left) -> None:  # type: ignore[no-untyped-def]
    while True:
        turn = queue.get()
        id_ = turn["extract_id"]
        with pipeline.open_house(from_environment(None, env)) as house:
            for step in (pipeline.take_snapshot, pipeline.check_quality, pipeline.compute_measures):
                step(house, id_)
            pipeline.update_alerts(house, id_, clock.now())
            pipeline.notify(house, clock.now(), id_)
            following = pipeline.hand_on(house, id_, turn["run_id"], clock.now())
        if following:
            queue.put(following)
        with left.get_lock():
            left.value -= 1
