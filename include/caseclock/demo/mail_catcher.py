"""A mail server that delivers nowhere: it keeps what it is given, to look at, and has bad days on request.

In a test: `with MailCatcher() as mail: SmtpSettings(host=mail.host, port=mail.port, starttls=False)`. By hand:
`python -m caseclock.demo.mail_catcher --port 8825 --folder mails`. It listens on 127.0.0.1 only.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as DEFAULT_POLICY
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

from caseclock.demo.fake_http import serve_until_interrupted
from caseclock.now import now

HOST = "127.0.0.1"
FAULTS: dict[str, str] = {
    "ok": "all is well",
    "refuse_550": "the recipient is refused for good",
    "refuse_451": "the recipient is refused for now",
    "content_451": "the content is refused for now, and not kept",
    "content_554": "the content is refused for good, and not kept",
    "451_after_store": "the content is kept, and refused all the same (a server that breaks its promise)",
    "drop_before_store": "the connection ends after the content; nothing is kept",
    "drop_after_store": "the connection ends after the content; it is kept",
}


@dataclass(frozen=True)
class Caught:
    """One mail as it arrived. `number` counts from 1."""

    number: int
    sender: str
    recipient: str
    at: dt.datetime
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=DEFAULT_POLICY)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"] or "").strip()

    def part(self, kind: str) -> str:
        """The text (`plain`) or the `html` part; empty if there is none."""
        found = self.mail.get_body((kind,))
        return "" if found is None else str(found.get_content()).replace("\r\n", "\n")


class _AnyPort(Controller):  # type: ignore[misc]
    """Lets the system choose the port (0): aiosmtpd's own start connects to the port it was given."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailCatcher:
    """`folder` keeps each mail as NNNN.eml (with its envelope in NNNN.json) and is read again after a restart."""

    def __init__(self, *, port: int = 0, folder: Path | None = None, clock: Callable[[], dt.datetime] = now) -> None:
        self.mails: list[Caught] = []
        self.host = HOST
        self._wanted, self._folder, self._clock = port, folder, clock
        self._script: deque[str] = deque()
        self._controller: Any = None
        self._lock = threading.Lock()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self.mails = [_read(path) for path in sorted(folder.glob("*.eml"))]

    def start(self) -> MailCatcher:
        self._controller = _AnyPort(self, hostname=HOST, port=self._wanted, ready_timeout=30)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> MailCatcher:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port) if self._controller else self._wanted

    def script(self, *faults: str) -> None:
        """The next mails go as written, one each; see FAULTS. After the last one all is well again."""
        for fault in faults:
            if fault not in FAULTS:
                raise ValueError(f"{fault!r} is no fault of the mail catcher; expected one of {', '.join(FAULTS)}")
        self._script.extend(faults)

    def copies(self) -> dict[str, int]:
        """Message-ID -> how often it arrived. Anything above 1 was sent twice."""
        counts: dict[str, int] = {}
        for caught in list(self.mails):
            counts[caught.message_id] = counts.get(caught.message_id, 0) + 1
        return counts

    # --- what aiosmtpd calls ---------------------------------------------------------------------------------------
    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        session.fault = self._script.popleft() if self._script else "ok"
        if session.fault == "refuse_550":
            return "550 no such mailbox here"
        if session.fault == "refuse_451":
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        fault = session.fault
        if fault not in {"content_451", "content_554", "drop_before_store"}:
            self._keep(envelope)
        if fault.startswith("drop"):
            server.transport.abort()
        return {"content_451": "451 try again later", "451_after_store": "451 try again later", "content_554": "554 refused"}.get(
            fault, "250 OK"
        )

    def _keep(self, envelope: Any) -> None:
        with self._lock:
            for recipient in envelope.rcpt_tos:
                caught = Caught(
                    len(self.mails) + 1, str(envelope.mail_from), str(recipient), self._clock(), bytes(envelope.original_content)
                )
                self.mails.append(caught)
                if self._folder:
                    _write(self._folder, caught)


def _write(folder: Path, caught: Caught) -> None:
    envelope = {"sender": caught.sender, "recipient": caught.recipient, "at": caught.at.isoformat()}
    (folder / f"{caught.number:04d}.json").write_text(json.dumps(envelope), encoding="utf-8")
    (folder / f"{caught.number:04d}.eml").write_bytes(caught.raw)  # last: an .eml without its envelope is never seen


def _read(path: Path) -> Caught:
    envelope = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    at = dt.datetime.fromisoformat(envelope["at"])
    return Caught(int(path.stem), envelope["sender"], envelope["recipient"], at, path.read_bytes())


def main() -> None:
    """`python -m caseclock.demo.mail_catcher`: catches until it is interrupted."""
    import argparse

    parser = argparse.ArgumentParser(description="A mail server on 127.0.0.1 that keeps what it is given")
    parser.add_argument("--port", type=int, default=8825)
    parser.add_argument("--folder", type=Path, help="where each mail is kept as a file")
    given = parser.parse_args()
    catcher = MailCatcher(port=given.port, folder=given.folder)
    serve_until_interrupted(catcher, lambda: f"mail catcher at {catcher.host}:{catcher.port}")


if __name__ == "__main__":
    main()
