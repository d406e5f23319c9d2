"""A sender that kills itself at the step that it was told: real channels to the fake Slack and a real SMTP server.

    python sender.py

A line of JSON on stdin is one sender, in a process of its own that is forked: {"url", "now", "slack", "smtp", "step", "count"}.
The answer is how it ended, as `subprocess` has it: -9 when it was killed.
"""

import datetime as dt
import json
import os
import signal
import sys

from pydantic import SecretStr

from caseclock.demo.alert_lab import Lab, routes_of, rules_of
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.deliver import deliver
from caseclock.settings import SlackSettings, SmtpSettings
from caseclock.storage.outbox import SqlDelivery

SPEC = {"calm": {"desc": "calm", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}}
RECIPIENTS = {"service": {"n1": "north", "s1": "south"}, "escalation": "head", "data": "data"}


def make_lab(url: str) -> Lab:
    return Lab(rules_of(SPEC), routes_of(RECIPIENTS, tell=["slack", "email"]), cadence=None, url=url)


class Probed:
    """A channel that can be killed just before a message leaves and just after it has arrived."""

    def __init__(self, inner, probe):
        self.name, self.capabilities, self._inner, self._probe = inner.name, inner.capabilities, inner, probe

    def send(self, message, address, handle):
        self._probe("in_flight_before", message.key)
        made = self._inner.send(message, address, handle)
        self._probe("in_flight_after", message.key)
        return made

    def find(self, key, address, since, handle):
        return self._inner.find(key, address, since, handle)


def send(url, now, slack, smtp, step, count):
    left = count

    def probe(reached, key):
        nonlocal left
        if reached == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    lab, at = make_lab(url), dt.datetime.fromisoformat(now)
    to_slack = SlackChannel(SlackSettings(token=SecretStr("xoxb-test"), base_url=slack))
    to_mail = EmailChannel(SmtpSettings(host="127.0.0.1", port=smtp, starttls=False))
    channels = {c.name: Probed(c, probe) for c in (to_slack, to_mail)}
    passed = 0.0

    def wait(seconds):  # a lane at its rate limit: time passes without being slept through
        nonlocal passed
        probe("waiting", "")
        passed += seconds

    deliver(SqlDelivery(lab.engine), channels, lab.routes, lambda: at + dt.timedelta(seconds=passed), probe=probe, wait=wait)


def main():
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                send(**json.loads(line))
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
