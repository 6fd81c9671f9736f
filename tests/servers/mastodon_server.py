"""A real, throw-away server that speaks Mastodon's API: what people do there, seen and changed from outside.

The work is done by mastodon/start-mastodon.sh, which also runs by hand; what the server is and is not like stands at
the head of mastodon/mastodon_strict.py.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx

STARTER = Path(__file__).parent / "mastodon" / "start-mastodon.sh"
INSTALL_TIMEOUT_S = 900  # the first start of all makes a virtual environment and fills it
FAULTS = "/api/v1/_mock/faults"


class ServerError(Exception):
    """The server did not do what it was told; its own words."""


class Person:
    """Somebody with an account, used from outside the connector."""

    def __init__(self, server: MastodonServer, name: str, acct: str, token: str) -> None:
        self.server = server
        self.name = name
        self.acct = acct
        self.token = token
        self.id: str = self.call("GET", "/api/v1/accounts/verify_credentials")["id"]

    def call(self, method: str, path: str, **parts: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.server.http.request(method, path, headers=headers, **parts)
        if reply.status_code >= 300:
            raise ServerError(f"{path}: {reply.status_code} {reply.text[:300]}")
        return reply.json()

    def post(self, text: str, **parts: Any) -> dict[str, Any]:
        """A new status; ``to`` names the status it answers."""
        to = parts.pop("to", None)
        return dict(self.call("POST", "/api/v1/statuses", json={"status": text, "in_reply_to_id": to, **parts}))

    def edit(self, status: str, text: str) -> None:
        self.call("PUT", f"/api/v1/statuses/{status}", json={"status": text})

    def delete(self, status: str) -> None:
        self.call("DELETE", f"/api/v1/statuses/{status}")

    def status(self, status: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/api/v1/statuses/{status}"))

    def statuses(self) -> list[dict[str, Any]]:
        """What this person wrote, newest first."""
        return list(self.call("GET", f"/api/v1/accounts/{self.id}/statuses?limit=40&exclude_reblogs=true"))

    def notifications(self) -> list[dict[str, Any]]:
        """All of them, newest first, past every page."""
        found: list[dict[str, Any]] = []
        while True:
            below = f"&max_id={found[-1]['id']}" if found else ""
            page = self.call("GET", f"/api/v1/notifications?limit=80&include_filtered=true{below}")
            if not page:
                return found
            found += page


class MastodonServer:
    """One server with its own database."""

    def __init__(self, directory: Path, state: dict[str, Any]) -> None:
        self.directory = directory
        self.state = state
        self.url: str = state["base_url"]
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        self._numbers = itertools.count(1)

    @classmethod
    def start(cls, directory: Path, **environment: str) -> Self:
        """Installs what is missing, starts on a port of the system's choice, and lets the citizens speak."""
        for attempt in range(3):
            try:
                return cls(directory, json.loads(_run(directory, _free_port(), "seed", environment)))
            except ServerError as error:  # somebody may have taken the port meanwhile
                if attempt == 2 or "is taken" not in str(error):
                    raise
        raise AssertionError

    def stop(self) -> None:
        self.http.close()
        _run(self.directory, httpx.URL(self.url).port or 0, "stop", {})

    def start_again(self) -> None:
        """At the same address, with all that was there."""
        _run(self.directory, httpx.URL(self.url).port or 0, "start", {})
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def person(self, name: str) -> Person:
        """One of those who are there from the start: council, maria, yusuf ..."""
        return Person(self, name, self.state["accts"][name], self.state["tokens"][name])

    def new_person(self, name: str = "office") -> Person:
        """Somebody new of our server, with limits and notifications of their own."""
        username = f"{name}{next(self._numbers)}"
        reply = self.http.post("/api/v1/_mock/dev_user", json={"username": username})
        return Person(self, username, username, reply.json()["access_token"])

    def fault(self, path: str, effect: dict[str, Any], count: int = 1) -> None:
        """The next ``count`` requests to this path go wrong: status, ratelimit, latency, timeout, malformed."""
        reply = self.http.post(FAULTS, json={"match": {"path": path}, "effect": effect, "count": count})
        if reply.status_code >= 300:
            raise ServerError(reply.text)

    def clear_faults(self) -> None:
        self.http.delete(FAULTS)

    def hide_notification(self, number: str) -> int:
        """As if it were not committed yet, though its id is drawn; gives whose it was."""
        with contextlib.closing(self._database()) as database, database:
            [whose] = database.execute("SELECT account_id FROM notifications WHERE id = ?", (int(number),)).fetchone()
            database.execute("UPDATE notifications SET account_id = -1 WHERE id = ?", (int(number),))
        return int(whose)

    def show_notification(self, number: str, whose: int) -> None:
        """It becomes visible, below ids that were seen before."""
        with contextlib.closing(self._database()) as database, database:
            database.execute("UPDATE notifications SET account_id = ? WHERE id = ?", (whose, int(number)))

    def revoke(self, token: str) -> None:
        """The token is unknown from now on."""
        with contextlib.closing(self._database()) as database, database:
            database.execute("DELETE FROM oauth_tokens WHERE access_token = ?", (token,))

    def token_again(self, person: Person) -> str:
        """Another token for somebody whose own was revoked."""
        token = f"again-{person.name}"
        with contextlib.closing(self._database()) as database, database:
            database.execute(
                "INSERT INTO oauth_tokens (id, access_token, account_id, scopes, created_at)"
                " VALUES ((SELECT max(id) + 1 FROM oauth_tokens), ?, ?, ?, datetime('now'))",
                (token, int(person.id), json.dumps(["read", "write", "follow", "push"])),
            )
        return token

    def make_due(self, number: str) -> None:
        """The time of a scheduled status has come."""
        with contextlib.closing(self._database()) as database, database:
            database.execute(
                "UPDATE scheduled_statuses SET scheduled_at = datetime('now', '-1 minute') WHERE id = ?", (int(number),)
            )

    def _database(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.directory / "mastodon.sqlite", timeout=30)
        database.execute("PRAGMA foreign_keys = OFF")
        return database


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(directory: Path, port: int, command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [STARTER, directory, str(port), command],
        stdin=subprocess.DEVNULL,
        env={"PYTHON": sys.executable, **os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"{command}: {(done.stderr + done.stdout).strip()[-2000:]}")
    return done.stdout
