"""`make demo`: the main job on a made-up council, by real Airflow, with everything that was sent to look at."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from caseclock import now as clock
from caseclock import pipeline
from caseclock.demo.airflow_home import Ports
from caseclock.demo.stage import Stage, load_history, set_up
from caseclock.demo.standalone import Standalone
from caseclock.errors import CaseclockError
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text, reading

PATIENCE = 300.0  # seconds from dropped extract to the end of its run, on a busy machine
REPOSITORY = Path(__file__).resolve().parents[3]


def run_demo(folder: Path, *, once: bool, scale: float, seed: int, weeks: int) -> int:
    """0 when today's run succeeded and what was to be sent has arrived, once each; else 1. Serves until Ctrl-C unless `once`."""
    with _interruptible():
        try:
            ports = Ports.from_environment(os.environ)
            ports.check_free()
            with set_up(folder, scale=scale, seed=seed, tell=_say, weeks=weeks) as stage:
                return _play(stage, ports, once)
        except KeyboardInterrupt:
            _say("ended")
            return 130


def _play(stage: Stage, ports: Ports, once: bool) -> int:
    _say(f"loading {len(stage.history)} extracts of its history through the library")
    load_history(stage, progress)
    airflow = Standalone(stage.folder / "airflow", REPOSITORY, ports, stage.environment)
    _say("starting Airflow (standalone, SQLite)")
    with airflow:
        seconds = airflow.wait_healthy(tell=_say)
        _say(f"Airflow is healthy and warm after {seconds:.0f} s")
        began = clock.now()
        run = drop(stage, airflow)
        good = _report(stage, began, run)
        _addresses(stage, airflow)
        if once:
            return 0 if good else 1
        _say("serving until Ctrl-C; drop further extracts into the inbox if you like")
        while True:
            time.sleep(5)
            if back := airflow.revive():  # standalone itself never starts a component again
                _say(f"started again: {', '.join(back)}")


def drop(stage: Stage, airflow: Standalone) -> dict[str, Any]:
    """Puts today's extract into the inbox, as a case system would, and waits for its run to end."""
    client = airflow.client()
    known = {run["dag_run_id"] for run in client.dag_runs("monitor_extract")}
    half = stage.settings.inbox / f".{stage.today.name}"
    half.write_bytes(stage.today.read_bytes())
    half.rename(stage.settings.inbox / stage.today.name)
    _say(f"dropped {stage.today.name} into the inbox")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ended = [r for r in client.dag_runs("monitor_extract") if r["dag_run_id"] not in known and r["state"] in {"success", "failed"}]
        if ended:
            return dict(ended[0])
        time.sleep(0.3)
    raise CaseclockError(
        f"after {PATIENCE:.0f} s the run had not ended", where="monitor_extract", todo=f"Look at {airflow.url} and {airflow.log_file}."
    )


def _report(stage: Stage, began: dt.datetime, run: dict[str, Any]) -> bool:
    """Prints what was sent, to whom and why; True when all of it has arrived once and the incident was told."""
    rows = sent(stage, began)
    titles = {r.id: r.title for r in stage.routes.recipients}
    last = max((row["done_at"] for row in rows if row["done_at"]), default=None)
    _say(f"run {run['dag_run_id']}: {run['state']}")
    if last:
        seconds = (dt.datetime.fromisoformat(last) - began).total_seconds()
        _say(f"{seconds:.1f} s from the drop to the last message delivered")
    for row in rows:
        print(f"\n  {row['state']:8} {titles.get(row['recipient'], row['recipient'])}, by {row['channel']} ({row['mode']})")
        for line in row["payload"]["lines"]:
            print(f"           {_what(line['item'])}\n           why: {line['item']['reason']}")
    print()
    copies = {**stage.slack.copies(), **stage.mail.copies()}
    faults = _faults(rows, copies, run, titles)
    for fault in faults:
        _say(f"NOT WELL: {fault}")
    if not faults:
        _say(f"{len(rows)} messages, each arrived once")
    return not faults


def _faults(rows: list[dict[str, Any]], copies: dict[str, int], run: dict[str, Any], titles: dict[str, str]) -> list[str]:
    faults = [] if run["state"] == "success" else [f"the run ended as {run['state']}"]
    faults += [
        f"a message to {titles[r['recipient']]} by {r['channel']} is {r['state']}: {r['reason']}" for r in rows if r["state"] != "sent"
    ]
    faults += [f"message {key} has arrived {n} times" for key, n in copies.items() if n > 1]
    told = {
        (r["recipient"], r["channel"]) for r in rows for line in r["payload"]["lines"] if line["item"]["title"] and r["state"] == "sent"
    }
    faults += [f"nobody was told by {channel}" for channel in ("slack", "email") if not any(c == channel for _, c in told)]
    posted = [r for r in rows if r["channel"] == "email" or r["mode"] == "post"]
    faults += [
        f"message {r['key']} ({r['channel']}) is booked as sent and has not arrived" for r in posted if not copies.get(_copy_key(r, copies))
    ]
    return faults


def _copy_key(row: dict[str, Any], copies: dict[str, int]) -> str:
    """Mail copies are counted by Message-ID, which holds the key."""
    return next((k for k in copies if row["key"] in k), row["key"])


def sent(stage: Stage, since: dt.datetime) -> list[dict[str, Any]]:
    with pipeline.open_house(stage.settings) as house, reading(house.engine) as c:
        query = select(t.outbox).where(t.outbox.c.created_at >= moment_text(since)).order_by(t.outbox.c.seq)
        return [{**row, "payload": _json(row["payload"])} for row in c.execute(query).mappings()]


def _json(payload: Any) -> Any:
    return json.loads(payload) if isinstance(payload, str) else payload


def _what(item: dict[str, Any]) -> str:
    from caseclock.notifications.compose import item_from_json
    from caseclock.notifications.wording import item_sentence

    return item_sentence(item_from_json(item))


def _addresses(stage: Stage, airflow: Standalone) -> None:
    print(
        f"\n  what people received   {stage.postbox.url}"
        f"\n  the Backlog pages      {airflow.url}/caseclock/  (in Airflow: Backlog)"
        f"\n  Airflow                {airflow.url}  (admin / {airflow.password()})"
        f"\n  as a service manager   north / {airflow.password('north')}"
        f"\n  who may only read      viewer / {airflow.password('viewer')}"
        f"\n  inbox                  {stage.settings.inbox}"
        f"\n  on the command line    CASECLOCK_HOME={stage.settings.home} .venv/bin/caseclock alerts list\n",
        flush=True,
    )


def progress(arrivals: list[Any]) -> Iterator[Any]:
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        yield from track(arrivals, description="extracts", console=Console(stderr=True))
        return
    for n, arrival in enumerate(arrivals, 1):
        yield arrival
        if n % 10 == 0 or n == len(arrivals):
            _say(f"{n} of {len(arrivals)} extracts loaded")


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: in order, with every process that it has started."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    old: Callable[[int, Any], Any] | int | None = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)


def _say(text: str) -> None:
    print(f"{clock.now().astimezone(clock.LONDON):%H:%M:%S}  {text}", flush=True)
