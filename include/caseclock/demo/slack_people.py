"""The people of the fake Slack: who presses buttons, sees forms and words that are for them alone, and belongs to groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from caseclock.demo import block_kit
from caseclock.demo.slack_socket import TRIGGER_LIFE, Desk, choices_in, press_payload, submission_payload, value_of
from caseclock.now import seconds

Answer = dict[str, Any]


class Refusal(Exception):
    """What Slack answers with `ok: false`."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.answer: Answer = {"ok": False, "error": code, **more}


class People(ABC):
    """What a workspace has beside its messages. `desk`: its side of Socket Mode."""

    refused_blocks: list[str]

    def __init__(self) -> None:
        self.desk = Desk()
        self.views: list[dict[str, Any]] = []
        """Forms that were opened, oldest first: each with the `user` who saw it."""
        self.ephemerals: list[dict[str, Any]] = []
        """Words that only one person sees."""
        self.groups: dict[str, list[str]] = {}
        """User groups: id to the ids of their members."""
        self._triggers: dict[str, tuple[str, float]] = {}

    # --- what people do --------------------------------------------------------------------------------------------
    def press(self, message: Mapping[str, Any], verb: str, user: str, *, nth: int = 0, times: int = 1) -> str:
        """Somebody presses the nth button of a message whose value begins with `verb`. Returns the id of the envelope."""
        choice = [c for c in choices_in(message["blocks"]) if value_of(c).startswith(f"{verb}|")][nth]
        trigger = f"trigger-{len(self._triggers)}-{seconds()}"
        self._triggers[trigger] = (user, seconds())
        return self.desk.deliver(press_payload(dict(message), choice, user, trigger), times=times)

    def submit(self, view: Mapping[str, Any], *, times: int = 1, **values: Any) -> str:
        """The person who saw a form sends it off. Returns the id of the envelope."""
        return self.desk.deliver(submission_payload(dict(view), view["user"], values), times=times)

    # --- what an app asks for --------------------------------------------------------------------------------------
    def _connect(self, _: dict[str, Any]) -> Answer:
        return {"url": self.desk.address()}

    def _whisper(self, arguments: dict[str, Any]) -> Answer:
        self.ephemerals.append({"channel": self._channel(arguments), "user": str(arguments.get("user")), **self._content(arguments)})
        return {"message_ts": self._new_ts()}

    def _open_view(self, arguments: dict[str, Any]) -> Answer:
        """A trigger opens one form, within three seconds."""
        user, issued = self._triggers.pop(str(arguments.get("trigger_id")), ("", 0.0))
        if not user:
            raise Refusal("exchanged_trigger_id")
        if seconds() - issued > TRIGGER_LIFE:
            raise Refusal("expired_trigger_id")
        view = arguments.get("view")
        if not isinstance(view, dict) or (faults := block_kit.faults_in_view(view)):
            self.refused_blocks += faults if isinstance(view, dict) else ["view is no object"]
            raise Refusal("invalid_arguments")
        made = {"id": f"V{len(self.views):06d}", **view}
        self.views.append({**made, "user": user})
        return {"view": made}

    def _members(self, arguments: dict[str, Any]) -> Answer:
        group = str(arguments.get("usergroup"))
        if group not in self.groups:
            raise Refusal("no_such_subteam")
        return {"users": self.groups[group]}

    @abstractmethod
    def _channel(self, arguments: dict[str, Any]) -> str: ...

    @abstractmethod
    def _content(self, arguments: dict[str, Any], old: Mapping[str, Any] | None = None) -> dict[str, Any]: ...

    @abstractmethod
    def _new_ts(self) -> str: ...
