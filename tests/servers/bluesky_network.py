"""A real, throw-away Bluesky network for tests: what citizens do there, and what a moderator may.

The work is done by bluesky/start-bluesky.sh, which also runs by hand; see its first lines.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx

STARTER = Path(__file__).parent / "bluesky" / "start-bluesky.sh"
INSTALL_TIMEOUT_S = 1200  # the first start of all fetches packages and compiles one
POST = "app.bsky.feed.post"
PORTS = (0, 1, 2, 3, 4, 9)
UNLIMITED = {"x-ratelimit-bypass": "test"}


class NetworkError(Exception):
    """The network did not do what it was told; its own words."""


class Citizen:
    """One account, used from outside the connector. Everything is in the AppView when a method returns."""

    def __init__(self, network: BlueskyNetwork, name: str) -> None:
        account = network.state["accounts"][name]
        self.network = network
        self.did: str = account["did"]
        self.handle: str = account["handle"]
        self.password: str = account["password"]
        session = network.call(
            "com.atproto.server.createSession", {"identifier": self.handle, "password": self.password}
        )
        self._token: str = session["accessJwt"]

    def post(
        self,
        text: str,
        *,
        reply_to: Mapping[str, Any] | None = None,
        root: Mapping[str, Any] | None = None,
        mentions: Sequence[Citizen] = (),
        quotes: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
        flush: bool = True,
    ) -> dict[str, str]:
        """``{uri, cid}`` of a new post; ``mentions`` are put before the text."""
        start = " ".join(f"@{one.handle}" for one in mentions)
        record: dict[str, Any] = {"$type": POST, "text": f"{start} {text}".strip(), "createdAt": _said(created_at)}
        facets, at = [], 0
        for one in mentions:
            end = at + len(one.handle) + 1
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": one.did}
            facets.append({"index": {"byteStart": at, "byteEnd": end}, "features": [feature]})
            at = end + 1
        if facets:
            record["facets"] = facets
        if reply_to:
            record["reply"] = {"root": _ref(root or reply_to), "parent": _ref(reply_to)}
        if quotes:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": _ref(quotes)}
        return self.create(POST, record, flush=flush)

    def create(self, collection: str, record: Mapping[str, Any], *, flush: bool = True) -> dict[str, str]:
        """Any record."""
        body = {"repo": self.did, "collection": collection, "record": {"createdAt": _said(None), **record}}
        made = self.network.call("com.atproto.repo.createRecord", body, token=self._token)
        if flush:
            self.network.flush()
        return {"uri": made["uri"], "cid": made["cid"]}

    def put(self, uri: str, record: Mapping[str, Any]) -> dict[str, str]:
        """Replace a record, as an editing client would."""
        _, _, did, collection, rkey = uri.split("/")
        body = {"repo": did, "collection": collection, "rkey": rkey, "record": record}
        made = self.network.call("com.atproto.repo.putRecord", body, token=self._token)
        self.network.flush()
        return {"uri": made["uri"], "cid": made["cid"]}

    def edit(self, uri: str, text: str) -> None:
        """Other words under the same address."""
        record = dict(self.network.record(uri)["value"])
        self.put(uri, {**record, "text": text})

    def delete(self, uri: str) -> None:
        _, _, did, collection, rkey = uri.split("/")
        body = {"repo": did, "collection": collection, "rkey": rkey}
        self.network.call("com.atproto.repo.deleteRecord", body, token=self._token)
        self.network.flush()

    def read(self, nsid: str, **params: Any) -> dict[str, Any]:
        """A query as this citizen."""
        return self.network.query(nsid, params, token=self._token)

    def app_password(self, name: str) -> str:
        made = self.network.call("com.atproto.server.createAppPassword", {"name": name}, token=self._token)
        return str(made["password"])

    def revoke(self, name: str) -> None:
        self.network.call("com.atproto.server.revokeAppPassword", {"name": name}, token=self._token)


class BlueskyNetwork:
    """PDS, AppView, PLC directory and moderation service in one process, with a PostgreSQL of its own."""

    def __init__(self, directory: Path, port: int, state: dict[str, Any]) -> None:
        self.directory = directory
        self.port = port
        self.state = state
        self.service: str = state["service"]
        self._citizens: dict[str, Citizen] = {}
        self._http = httpx.Client(trust_env=False, timeout=60, headers=UNLIMITED)

    @classmethod
    def start(cls, directory: Path) -> Self:
        """Installs what is missing, and starts on ports of its own choice."""
        for attempt in range(3):
            port = _free_ports()
            try:
                return cls(directory, port, json.loads(_run(directory, port, "start", timeout_s=INSTALL_TIMEOUT_S)))
            except NetworkError:
                if attempt == 2:  # somebody may have taken a port meanwhile
                    raise
        raise AssertionError

    def stop(self) -> None:
        self._http.close()
        _run(self.directory, self.port, "stop")

    def seed(self, count: int) -> list[dict[str, Any]]:
        """So many citizen actions of 14 kinds in turn; all posts of citizens that are there afterwards."""
        _run(self.directory, self.port, "seed", str(count), timeout_s=600)
        self.state = json.loads(_run(self.directory, self.port, "status"))
        return self.posts_of_citizens()

    def posts_of_citizens(self) -> list[dict[str, Any]]:
        """``{uri, cid, value}`` of every post by somebody else than the organisation, from their own repositories."""
        found: list[dict[str, Any]] = []
        for name, account in self.state["accounts"].items():
            if name != "org":
                found += self.records(account["did"], POST)
        return found

    def records(self, did: str, collection: str) -> list[dict[str, Any]]:
        """All records of a collection, past the AppView."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"repo": did, "collection": collection, "limit": 100, "cursor": cursor}
            page = self.query("com.atproto.repo.listRecords", params)
            found += page["records"]
            cursor = page.get("cursor")
            if not cursor:
                return found

    def record(self, uri: str) -> dict[str, Any]:
        _, _, did, collection, rkey = uri.split("/")
        return self.query("com.atproto.repo.getRecord", {"repo": did, "collection": collection, "rkey": rkey})

    def citizen(self, name: str) -> Citizen:
        if name not in self._citizens:
            self._citizens[name] = Citizen(self, name)
        return self._citizens[name]

    def flush(self) -> None:
        """Wait until the AppView has taken in every write."""
        self.control("flush")

    def control(self, what: str, **values: object) -> dict[str, Any]:
        """What no ordinary client may do: flush, takedown, label, session-lifetime."""
        reply = self._http.post(f"{self.state['control']}/{what}", json=values)
        if reply.status_code != 200:
            raise NetworkError(f"{what}: {reply.text}")
        return dict(reply.json())

    def call(self, nsid: str, body: Mapping[str, Any], *, token: str = "") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return _answer(self._http.post(f"{self.service}/xrpc/{nsid}", json=body, headers=headers))

    def query(self, nsid: str, params: Mapping[str, Any], *, token: str = "") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        given = {name: value for name, value in params.items() if value is not None}
        return _answer(self._http.get(f"{self.service}/xrpc/{nsid}", params=given, headers=headers))

    def blob(self, did: str, cid: str) -> bytes:
        """The bytes of a picture as anybody can fetch them."""
        params = {"did": did, "cid": cid}
        return self._http.get(f"{self.service}/xrpc/com.atproto.sync.getBlob", params=params).content


def _answer(reply: httpx.Response) -> dict[str, Any]:
    if reply.status_code != 200:
        raise NetworkError(f"{reply.request.url.path}: {reply.status_code} {reply.text}")
    return dict(reply.json()) if reply.content else {}


def _ref(post: Mapping[str, Any]) -> dict[str, str]:
    return {"uri": post["uri"], "cid": post["cid"]}


def _said(when: datetime | None) -> str:
    return (when or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _free_ports() -> int:
    while True:
        base = random.randrange(20_000, 32_000, 10)
        with contextlib.ExitStack() as held:
            try:
                for offset in PORTS:
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base


def _run(directory: Path, port: int, *command: str, timeout_s: float = 120) -> str:
    done = subprocess.run(
        [STARTER, directory, str(port), *command],
        stdin=subprocess.DEVNULL,
        env=dict(os.environ),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise NetworkError(f"{' '.join(command[:1])}: {(done.stderr + done.stdout).strip()[-2000:]}")
    return done.stdout
