"""`make compose-test`: the stack of docker-compose.yaml for real. Messages arrive; each part is broken in the middle of work in its turn;
upgrade, restore and growth are rehearsed. Ends with a table, and with 1 when a message was lost or came twice.

It works in a compose project of its own (caseclock-test, with its own secrets, image, ports) and removes that one at start and end, so
it can be stopped and begun again. `--keep` leaves it running, `--again` takes a running one as it is, `--only redis,store` plays these.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import stack
from stack import ROOT, WORKER, Broken, compose, inside, sql

OUTAGE = 15.0  # seconds for which a part is gone
PATIENCE = 420.0  # seconds from a drop to its last message: a task whose worker died is found after 120, and tried again
OURS = ["airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", WORKER]


@dataclass
class Row:
    part: str
    note: str
    messages: int
    seconds: float | None  # from the drop to the last message
    recovered: float | None = None  # from the end of the outage to the last message


@dataclass
class Council:
    """What the library alone says of each extract: the messages that must come."""

    files: dict[str, str]
    expected: dict[str, list[list[object]]]
    tag: str = ""  # ends the ids of the councils of a second go on the same stack: to these nothing has come yet

    def source(self, name: str) -> str:
        return f"{name}{self.tag}"

    def drop(self, *names: str) -> float:
        for name in names:
            file = self.files[self.source(name)]
            half, whole = f"/opt/caseclock/inbox/.{file}", f"/opt/caseclock/inbox/{file}"
            inside(WORKER, "sh", "-c", f"cp /opt/caseclock/made/{file} {half} && mv {half} {whole}")
        return time.monotonic()

    def came(self, name: str) -> bool:
        rows = stack.outbox(self.source(name))
        return len(rows) >= len(self.expected[self.source(name)]) > 0 and all(row["state"] == "sent" for row in rows)

    def wait(self, *names: str) -> float:
        """Until all is sent; the moment."""
        until = time.monotonic() + PATIENCE
        while not all(self.came(name) for name in names):
            if time.monotonic() > until:
                raise Broken(f"{', '.join(names)}: not all messages had been sent after {PATIENCE:.0f} s")
            time.sleep(0.5)
        return time.monotonic()

    def check(self, *names: str) -> int:
        """Expected = ledger = what arrived, once each. Returns how many messages there were; raises Broken."""
        posts, mails = stack.posts(), stack.mails()
        faults, count = [], 0
        for name in names:
            rows = stack.outbox(self.source(name))
            found = sorted([r["recipient"], r["channel"], r["mode"], len(r["lines"])] for r in rows)
            if found != sorted(self.expected[self.source(name)]):
                faults.append(f"{name}: expected {sorted(self.expected[self.source(name)])}, the ledger has {found}")
            for row in rows:
                arrived = posts.get(row["key"], 0) if row["channel"] == "slack" else sum(row["key"] in mail for mail in mails)
                if row["state"] != "sent" or arrived != 1:
                    faults.append(f"{name}: {row['channel']} to {row['recipient']} is {row['state']} and arrived {arrived} times")
            count += len(rows)
        if faults:
            raise Broken("; ".join(faults))
        return count


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


# --- the parts -----------------------------------------------------------------------------------------------------
def crash_worker() -> None:
    inside(WORKER, "sh", "-c", "kill -9 -1", check=False)  # every process but the first one, which then ends, too; docker starts it again


def killed(service: str) -> Callable[[], None]:
    def outage() -> None:
        ids = kill(service)
        time.sleep(OUTAGE)
        stack.call(["docker", "start", *ids])

    return outage


def kill(service: str) -> list[str]:
    """The containers. They are started again one by one: `compose start` would run airflow-init first."""
    ids = compose("ps", "-q", service).split()
    stack.call(["docker", "kill", "--signal", "KILL", *ids])
    return ids


PARTS: dict[str, tuple[str, Callable[[], None]]] = {
    "worker": ("crashed, docker starts it again", crash_worker),
    "redis": (f"killed, gone for {OUTAGE:.0f} s", killed("redis")),
    "postgres": (f"killed, gone for {OUTAGE:.0f} s", killed("postgres")),
    "store": (f"killed, gone for {OUTAGE:.0f} s", killed("store")),
    "scheduler": (f"killed, gone for {OUTAGE:.0f} s", killed("airflow-scheduler")),
    "triggerer": (f"killed before the drop, gone for {OUTAGE:.0f} s", killed("airflow-triggerer")),
    "execution": (f"killed, gone for {OUTAGE:.0f} s", killed("airflow-execution")),
}


def break_part(council: Council, part: str) -> Row:
    note, outage = PARTS[part]
    if part == "triggerer":  # it only watches the inbox: it must be gone when the extract comes
        ids = kill("airflow-triggerer")
        dropped = council.drop(part)
        time.sleep(OUTAGE)
        stack.call(["docker", "start", *ids])
    else:
        dropped = council.drop(part)
        in_the_middle(council.source(part))
        outage()
    back = time.monotonic()
    ended = council.wait(part)
    stack.wait_healthy()
    return Row(part, note, council.check(part), ended - dropped, ended - back)


def in_the_middle(source: str) -> None:
    """Until the first step of the extract is done, so that what breaks, breaks the rest of its run."""
    query = f"SELECT count(*) FROM step_done s JOIN extract e ON e.id = s.extract_id WHERE e.source = '{source}'"
    until = time.monotonic() + PATIENCE
    while not sql(query):
        if time.monotonic() > until:
            raise Broken(f"{source}: no step was done after {PATIENCE:.0f} s")


def upgrade(council: Council) -> Row:
    """A next version with one more migration, rolled out while an extract is worked on."""
    with tempfile.TemporaryDirectory() as folder:
        head = inside(WORKER, "python", "-c", "from caseclock.storage import migrate; print(migrate.HEAD)").strip()
        after = f"{int(head) + 1:04d}"
        Path(folder, f"{after}_rehearsal.py").write_text(
            f'revision, down_revision, branch_labels, depends_on = "{after}", "{head}", None, None\n\n'
            'import sqlalchemy as sa\nfrom alembic import op\n\n\n'
            'def upgrade() -> None:\n    op.create_table("upgrade_rehearsal", sa.Column("id", sa.Integer(), primary_key=True))\n\n\n'
            'def downgrade() -> None:\n    op.drop_table("upgrade_rehearsal")\n', "utf-8"
        )  # fmt: skip
        Path(folder, "Dockerfile").write_text(
            f"FROM {stack.IMAGE}\nUSER root\nCOPY {after}_rehearsal.py /opt/airflow/include/caseclock/storage/migrations/versions/\n"
            f"RUN sed -i 's/^HEAD = .*/HEAD = \"{after}\"/' /opt/airflow/include/caseclock/storage/migrate.py\nUSER airflow\n", "utf-8"
        )  # fmt: skip
        stack.call(["docker", "build", "-q", "-t", stack.NEXT_IMAGE, folder])
    dropped = council.drop("upgrade")
    in_the_middle(council.source("upgrade"))
    began = time.monotonic()
    stack.running["image"] = stack.NEXT_IMAGE
    compose("up", "-d", "--no-build")
    ended = council.wait("upgrade")
    stack.wait_healthy()
    at = inside("store", "psql", "-U", "caseclock", "-At", "-c", "SELECT version_num FROM alembic_version").strip()
    if at != after:
        raise Broken(f"the store is at {at} after the upgrade to {after}")
    return Row(
        "upgrade",
        f"new image, store {head} to {after}, rolled out in {time.monotonic() - began:.0f} s",
        council.check("upgrade"),
        ended - dropped,
    )


def restore(council: Council) -> Row:
    """Backup while all runs; the store's database is lost; restored; the same rows, and the next extract is told."""
    count = "(xpath('/row/n/text()', query_to_xml(format('SELECT count(*) n FROM %I', tablename), false, true, '')))[1]::text::int"
    rows = f"SELECT json_object_agg(tablename, {count}) FROM pg_tables WHERE schemaname = 'public'"
    began = time.monotonic()
    backup = subprocess.run(
        [*stack.COMPOSE, "exec", "-T", "store", "pg_dump", "-U", "caseclock", "-Fc", "caseclock"],
        cwd=ROOT,
        env=stack.environment(),
        capture_output=True,
        check=True,
    ).stdout
    saved = time.monotonic() - began
    compose("stop", *OURS)
    before = sql(rows)
    inside("store", "dropdb", "-U", "caseclock", "--force", "caseclock")
    began = time.monotonic()
    inside("store", "createdb", "-U", "caseclock", "caseclock")
    inside("store", "pg_restore", "-U", "caseclock", "-d", "caseclock", "--exit-on-error", given=backup)
    seconds = time.monotonic() - began
    if (after := sql(rows)) != before:
        raise Broken(f"restored {after}, lost {before}")
    compose("start", *OURS)
    stack.wait_healthy()
    dropped = council.drop("restore")
    ended = council.wait("restore")
    note = f"{len(backup) / 1e6:.1f} MB saved in {saved:.1f} s, back in {seconds:.1f} s, {sum(after.values())} rows the same"
    return Row("restore", note, council.check("restore"), ended - dropped)


def scale(council: Council) -> Row:
    compose("up", "-d", "--no-build", "--no-recreate", WORKERS="2")
    stack.wait_healthy()
    if len(stack.states()[WORKER]) != 2:
        raise Broken("there are not two workers")
    dropped = council.drop("scale-a", "scale-b", "scale-c", "scale-d")
    ended = council.wait("scale-a", "scale-b", "scale-c", "scale-d")
    return Row("scale", "two workers, four councils at once", council.check("scale-a", "scale-b", "scale-c", "scale-d"), ended - dropped)


def buttons() -> Row:
    began = time.monotonic()
    compose("up", "-d", "--no-build", "--no-recreate", COMPOSE_PROFILES="demo,buttons", WORKERS=str(len(stack.states()[WORKER])))
    stack.wait_healthy()
    return Row("buttons", f"the listener is connected and healthy after {time.monotonic() - began:.0f} s", 0, None)


def closed() -> Row:
    """No secret in what docker shows, nothing published beyond this machine, nobody is root, no task can change what runs."""
    ids = stack.call(["docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={stack.PROJECT}"]).split()
    shown = stack.call(["docker", "inspect", *ids])
    for file in (stack.FOLDER / "secrets").iterdir():
        if (value := file.read_text("utf-8").strip()) and value in shown:
            raise Broken(f"docker inspect shows {file.name}")
    listed = stack.call(["docker", "ps", "--filter", f"label=com.docker.compose.project={stack.PROJECT}", "--format", "{{.Ports}}"])
    open_to_all = [address for address in re.findall(r"(\S+)->", listed) if not address.startswith("127.0.0.1:")]
    if open_to_all:
        raise Broken(f"published to everybody: {open_to_all}")
    if inside(
        WORKER, "sh", "-c", "id -u; find /opt/airflow/dags /opt/airflow/plugins /opt/airflow/include -writable -o ! -user root | head -3"
    ).split() != ["50000"]:
        raise Broken("a worker is not user 50000, or can change what runs")
    if inside(WORKER, "sh", "-c", "cat /proc/1/environ | tr '\\0' '\\n' | grep -c PASSWORD= ", check=False).strip() != "0":
        raise Broken("a password is in a worker's environment")
    return Row("closed", f"{len(ids)} containers: no secret shown, 127.0.0.1 only, not root, code read-only", 0, None)


def whole(council: Council, names: list[str]) -> Row:
    """At the end: everything of this test once more, and no run of Airflow has failed."""
    states = "SELECT state, count(*) n FROM dag_run WHERE dag_id = 'monitor_extract' GROUP BY state"
    until = time.monotonic() + 120
    while set(runs := sql(f"SELECT json_object_agg(state, n) FROM ({states}) x", "postgres", "airflow")) != {"success"}:
        if time.monotonic() > until:
            break
        time.sleep(2)
    if set(runs) != {"success"}:
        raise Broken(f"runs of monitor_extract: {runs}")
    left = sql("SELECT count(*) FROM outbox WHERE state <> 'sent'")
    if left:
        raise Broken(f"{left} messages are not sent")
    extra = [key for key, n in stack.posts().items() if n > 1]
    mails = stack.mails()
    if extra or len(mails) != len(set(mails)):
        raise Broken(f"repeated: {extra}, {len(mails) - len(set(mails))} mails")
    return Row("in the end", f"runs: {runs}; nothing waits in the outbox", council.check(*names), None)


# --- the order -----------------------------------------------------------------------------------------------------
def bring_up() -> float:
    if stack.UP:
        began = time.monotonic()
        stack.call([*stack.UP, "."], timeout=1800)
        return time.monotonic() - began
    compose("build", timeout=1800)
    began = time.monotonic()
    compose("up", "-d", "--no-build", timeout=900)
    stack.wait_healthy()
    return time.monotonic() - began


def main() -> int:
    parts = ["calm", *PARTS, "upgrade", "restore", "scale", "buttons", "closed"]
    parser = argparse.ArgumentParser(description="docker-compose.yaml for real; see the head of this file.")
    parser.add_argument("--only", help=f"of {', '.join(parts)}")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--scale", default="0.3", help="size of each made-up council")
    given = parser.parse_args()
    chosen = given.only.split(",") if given.only else parts
    if unknown := set(chosen) - set(parts):
        parser.error(f"{', '.join(sorted(unknown))}: expected {', '.join(parts)}")
    stack.call([sys.executable, "deploy/compose/make_secrets.py", "--demo", "--folder", str(stack.FOLDER / "secrets")])
    table: list[Row] = []
    failed: list[str] = []
    try:
        if given.again:
            stack.running["image"] = stack.image_of(WORKER)
        else:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")
            say("building and starting")
            table.append(Row("start", f"to all healthy, without the build: {bring_up():.0f} s", 0, None))
        names = [
            n
            for part in chosen
            for n in (["scale-a", "scale-b", "scale-c", "scale-d"] if part == "scale" else [part])
            if part not in {"buttons", "closed"}
        ]
        tag = time.strftime("-%H%M%S") if given.again else ""
        program = (ROOT / "tests/compose/council.py").read_text("utf-8")
        council = Council(**json.loads(inside(WORKER, "python", "-", given.scale, *(f"{n}{tag}" for n in names), given=program)), tag=tag)
        say(f"{len(names)} councils are made up; {sum(map(len, council.expected.values()))} messages are expected of them")
        for part in chosen:
            say(part)
            try:
                row = play(council, part)
            except Broken as error:  # the other parts are worth knowing, too
                failed.append(f"{part}: {error}")
                say(f"NOT WELL: {failed[-1]}")
                continue
            table.append(row)
            say(f"{part}: {row.note}; {row.messages} messages" + (f", {row.seconds:.0f} s" if row.seconds else ""))
        table.append(whole(council, names))
    except Broken as error:
        failed.append(str(error))
    finally:
        report(table)
        if not given.keep and not failed:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")
    if failed:
        say("NOT WELL: " + "; ".join(failed))
        say(f"left as it is, to look at; away with: COMPOSE_PROJECT_NAME={stack.PROJECT} docker compose --profile '*' down --volumes")
    return 1 if failed else 0


def play(council: Council, part: str) -> Row:
    if part in PARTS:
        return break_part(council, part)
    if part == "calm":
        dropped = council.drop(part)
        ended = council.wait(part)
        return Row(part, "nothing is broken", council.check(part), ended - dropped)
    whole_stack: dict[str, Callable[[], Row]] = {"buttons": buttons, "closed": closed}
    return whole_stack[part]() if part in whole_stack else {"upgrade": upgrade, "restore": restore, "scale": scale}[part](council)


def report(table: list[Row]) -> None:
    print(f"\n{'part':12} {'messages':>8} {'drop to last':>13} {'back to last':>13}  what was done")
    for row in table:
        seconds, recovered = (f"{s:.0f} s" if s is not None else "" for s in (row.seconds, row.recovered))
        print(f"{row.part:12} {row.messages or '':>8} {seconds:>13} {recovered:>13}  {row.note}")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
