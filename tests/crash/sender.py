"""One sender as a process of its own: delivers what is due, and kills itself at the step that it was told.

python sender.py STORE_URL LANDED_FILE NOW STEP COUNT
"""

import datetime as dt
import json
import os
import signal
import sys
from pathlib import Path

from alert_lab import EMAIL, SLACK, Lab, routes_of, rules_of

from caseclock.notifications import Message
from caseclock.notifications.deliver import deliver
from caseclock.storage.outbox import SqlDelivery

SPEC = {"calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}}
RECIPIENTS = {"service": {"n1": "north", "s1": "south"}, "escalation": "head", "data": "data"}


def make_lab(url: str) -> Lab:
    return Lab(rules_of(SPEC), routes_of(RECIPIENTS), cadence=None, url=url)


class FileChannel:
    """Messages land as lines of a file, which outlives this process and can be looked through."""

    def __init__(self, name, capabilities, file, probe):
        self.name, self.capabilities, self._file, self._probe = name, capabilities, Path(file), probe

    def send(self, message: Message, address, handle):
        self._probe("in_flight_before", message.key)
        with self._file.open("a") as out:
            out.write(json.dumps([self.name, message.recipient.id, message.key, message.mode, [i.kind for i in message.items]]) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self._probe("in_flight_after", message.key)
        return handle or {"id": message.key}

    def find(self, key, address, since, handle):
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return (handle or {"id": key}) if any(json.loads(line)[2] == key for line in lines) else None


def main(url, file, now, step, count):
    left = int(count)

    def probe(reached, key):
        nonlocal left
        if reached == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    lab, at = make_lab(url), dt.datetime.fromisoformat(now)
    channels = {"slack": FileChannel("slack", SLACK, file, probe), "email": FileChannel("email", EMAIL, file, probe)}
    deliver(SqlDelivery(lab.engine), channels, lab.routes, lambda: at, probe=probe)


if __name__ == "__main__":
    main(*sys.argv[1:])
