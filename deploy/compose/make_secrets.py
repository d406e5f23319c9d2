"""Makes the secrets that docker-compose.yaml names and that are not there yet, one file each; never overwrites one, never shows a value.

The folder is for its owner alone (0700), the files in it for everybody (0444): in a container a secret is the same file with the same mode,
and there it must be read by users of other numbers (50000 Airflow, 999 PostgreSQL and Redis). On the host nobody else gets into the folder.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path


def hexadecimal(length: int = 32) -> str:
    return secrets.token_hex(length)  # they stand in URLs


def nothing() -> str:
    return ""


def fernet() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MADE: dict[str, Callable[[], str]] = {
    "postgres_password": hexadecimal,
    "store_password": hexadecimal,
    "redis_password": hexadecimal,
    "admin_password": lambda: hexadecimal(12),
    "api_secret_key": hexadecimal,
    "jwt_secret": lambda: hexadecimal(64),
    "fernet_key": fernet,
    "worker_salt": hexadecimal,
}
GIVEN = {  # empty until somebody fills them in: not set
    "slack_token": "the bot token of the Slack app (xoxb-...)",
    "slack_app_token": "its app-level token (xapp-...): messages get buttons",
    "smtp_password": "of the mail relay",
    "teams_webhooks": 'a JSON object {"name": "https://..."}',
    "notify_api_key": "of GOV.UK Notify",
    "ping_url": "address of the watchman outside",
}
DEMO = {"slack_token": lambda: f"xoxb-demo-{hexadecimal(8)}", "slack_app_token": lambda: f"xapp-demo-{hexadecimal(8)}"}


def make(folder: Path, demo: bool = False) -> list[str]:
    """Names of what was made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    how = {**MADE, **dict.fromkeys(GIVEN, nothing), **(DEMO if demo else {})}
    made = []
    for name, value in how.items():
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value())
            os.fchmod(file.fileno(), 0o644 if name in GIVEN else 0o444)  # what a person fills in stays writable for its owner
        made.append(name)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the secrets of docker-compose.yaml that are missing.")
    parser.add_argument("--folder", type=Path, default=Path("secrets"))
    parser.add_argument("--demo", action="store_true", help="with made-up tokens for the fake Slack")
    given = parser.parse_args()
    made = make(given.folder, given.demo)
    for name in made:
        empty = not (given.folder / name).stat().st_size
        sys.stdout.write(f"made {given.folder / name}" + (f"  (empty: {GIVEN[name]})" if empty else "") + "\n")
    there = len(MADE) + len(GIVEN) - len(made)
    sys.stdout.write(f"{len(made)} made, {there} were there; keep a copy of {given.folder} where you keep secrets\n")


if __name__ == "__main__":
    main()
