"""Runs in a worker: the configuration and the extracts of the test, and what the library says of each without Airflow.

Each extract is the first of a council of its own, so what is due depends on nothing but the extract. Prints JSON: source to the messages
that are expected, each as recipient, channel, mode and what its lines are about.
"""

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from sqlalchemy import select

from caseclock import now as clock
from caseclock import pipeline
from caseclock.demo.council import generate
from caseclock.settings import from_environment, shipped_config
from caseclock.storage import schema as t
from caseclock.storage.engine import reading

HOME, MADE, CONTROL = Path("/opt/caseclock"), Path("/opt/caseclock/made"), Path("/tmp/control")


def main(names: list[str], scale: float) -> None:
    shutil.rmtree(MADE, ignore_errors=True)
    shutil.rmtree(CONTROL, ignore_errors=True)
    configure(HOME / "monitoring", names)
    today = clock.now().astimezone(clock.LONDON).date()
    while today.weekday() > 4:
        today -= dt.timedelta(days=1)
    paths = [generate(MADE, weeks=1, as_of=today, seed=n, scale=scale, source=name, incident=True)[-1] for n, name in enumerate(names, 1)]
    env = {"CASECLOCK_SLACK_TOKEN": "xoxb-control", "CASECLOCK_SMTP_HOST": "nowhere.invalid", "CASECLOCK_CONFIG": str(HOME / "monitoring")}
    with pipeline.open_house(from_environment(CONTROL, env)) as house:
        for arrival in pipeline.in_order(house, tuple(paths), None, None):
            pipeline.run(house, arrival, clock.now(), deliver=False)
        with reading(house.engine) as c:
            rows = [dict(row) for row in c.execute(select(t.outbox)).mappings()]
    shutil.rmtree(CONTROL)
    expected: dict[str, list[list[object]]] = {name: [] for name in names}
    for row in rows:
        expected[row["source"]].append(form(row))
    print(json.dumps({"files": {name: path.name for name, path in zip(names, paths, strict=True)}, "expected": expected}))


def form(row: dict[str, object]) -> list[object]:
    return [row["recipient"], row["channel"], row["mode"], len(row["payload"]["lines"])]  # type: ignore[index]


def configure(target: Path, names: list[str]) -> None:
    """What ships, with a source per council, and nothing that waits for working hours."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(shipped_config(), target)
    for folder in (target, *target.rglob("*")):
        folder.chmod(0o700 if folder.is_dir() else 0o600)
    file = target / "thresholds.yaml"
    file.write_text(
        yaml.safe_dump([{**rule, "quiet_hours": False} for rule in yaml.safe_load(file.read_text("utf-8"))], sort_keys=False), "utf-8"
    )
    like = yaml.safe_load((target / "sources/demo.yaml").read_text("utf-8"))
    (target / "sources/demo.yaml").unlink()
    for name in names:
        entry = {**like, "id": name, "title": f"Made-up council {name}", "expected_by": "23:00"}  # none is missing while the test runs
        (target / f"sources/{name}.yaml").write_text(yaml.safe_dump(entry, sort_keys=False), "utf-8")
    subprocess.run(["caseclock", "check-config", str(target)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[2:], float(sys.argv[1]))
