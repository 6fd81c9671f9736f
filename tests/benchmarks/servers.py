"""A Mastodon and a Bluesky server full of notifications, as a process: ``python -m tests.benchmarks.servers COUNT``.
Prints where they are and how one signs in as JSON, and serves until its input ends.

They are those of practice, so that nothing has to be installed. What was asked for once is answered from memory after
that: whoever measures asks for everything once before, and what remains is hardly the server's work.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.clock import SystemClock
from inbox.practice.bluesky import Network, People, bluesky_app
from inbox.practice.mastodon import Place, mastodon_app
from tests.benchmarks.figures import BenchmarkBroken
from tests.benchmarks.stock import ROOT
from tests.benchmarks.words import Writer

ANSWERS_EACH = 12
"""So many answers stand below each of our posts; as many notifications begin a conversation."""
CITIZENS = 400
SPAN = timedelta(days=300)
"""How far back the oldest notification lies; both networks read a year."""
_PLENTY = (1_000_000_000, 300)


class Remembering:
    """Answers a GET that was answered before with the same bytes; streams and everything that changes pass through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._known: dict[tuple[str, bytes], list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or "/streaming" in scope["path"]:
            await self._app(scope, receive, send)
            return
        asked = scope["path"], scope["query_string"]
        if asked not in self._known:
            said: list[Message] = []

            async def note(message: Message) -> None:
                said.append(message)

            await self._app(scope, receive, note)
            if said[0].get("status") != 200:
                for message in said:
                    await send(message)
                return
            self._known[asked] = said
        for message in self._known[asked]:
            await send(message)


def our_posts(count: int) -> int:
    """How many posts of ours there are, with so many notifications."""
    return count // 2 // ANSWERS_EACH


def mastodon(count: int) -> tuple[Place, str]:
    """A place with so many notifications for one account, and a token for it: half are answers, half begin anew."""
    place, writer, chance = Place(clock=SystemClock()), Writer(2), random.Random(2)
    place.limits = dict.fromkeys(place.limits, _PLENTY)
    office = place.add_person("office", "City of Example")
    people = [
        place.add_person(f"citizen{n}", writer.people[n], domain="far.example" if n % 3 else "")
        for n in range(CITIZENS)
    ]
    now = datetime.now(UTC)
    ours = [place.say(office, writer.text(), at=at) for at in _moments(now - SPAN, now, our_posts(count))]
    for at in _moments(now - SPAN, now, count):
        to = ours[chance.randrange(_before(at, now, len(ours)))] if chance.random() < 0.5 else None
        place.say(chance.choice(people), f"@office {writer.text()}", to=to, at=at)
    return place, place.token_for(office)


def bluesky(count: int) -> tuple[Network, dict[str, str]]:
    """A network with so many notifications for one account, and its sign-in."""
    network, writer, chance = Network(SystemClock()), Writer(3), random.Random(3)
    network.limited = False
    people = People(network)
    office = network.add_account("office", "City of Example")
    citizens = [network.add_account(f"citizen{n}", writer.people[n]) for n in range(CITIZENS)]
    now = datetime.now(UTC)
    ours = [people.say(office, writer.text()[:280], at=at) for at in _moments(now - SPAN, now, our_posts(count))]
    for at in _moments(now - SPAN, now, count):
        to = ours[chance.randrange(_before(at, now, len(ours)))] if chance.random() < 0.5 else None
        people.say(chance.choice(citizens), f"@office.test {writer.text()[:280]}", to=to, at=at)
    return network, {"user": office.handle, "password": network.add_app_password(office).secret}


def _moments(begin: datetime, end: datetime, count: int) -> Iterator[datetime]:
    """So many moments in between, oldest first, none twice and none of the last minutes."""
    step = (end - timedelta(minutes=5) - begin) / count
    return (begin + step * n for n in range(count))


def _before(at: datetime, now: datetime, count: int) -> int:
    """How many of ``count`` moments lie before this one; at least one."""
    return max(1, int(count * (1 - (now - at) / SPAN)))


@contextmanager
def running(count: int) -> Iterator[dict[str, Any]]:
    """The two servers, each with so many notifications: their process id, and by network address and answers."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as servers:  # fmt: skip
        assert servers.stdin is not None
        assert servers.stdout is not None
        try:
            told = servers.stdout.readline()
            if not told:
                raise BenchmarkBroken("the servers did not start")
            yield json.loads(told)
        finally:
            servers.stdin.close()
            servers.wait(30)


def _listening() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    listening.setblocking(False)
    return listening


def main(count: int) -> None:
    """Fill both, say so, serve."""
    place, token = mastodon(count)
    network, sign_in = bluesky(count)
    sockets = [_listening() for _ in range(2)]
    addresses = [f"http://127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    place.address, network.address = addresses
    apps = (mastodon_app(place), bluesky_app(network))
    servers = [
        uvicorn.Server(uvicorn.Config(Remembering(app), ws="none", lifespan="off", log_config=None, access_log=False))
        for app in apps
    ]
    print(json.dumps({
        "pid": os.getpid(),
        "networks": {
            "mastodon": {"address": addresses[0], "answers": {"token": token}},
            "bluesky": {"address": f"{sign_in['user']}@{addresses[1]}", "answers": sign_in},
        },
    }), flush=True)  # fmt: skip

    async def serve() -> None:
        await asyncio.gather(*(s.serve(sockets=[at]) for s, at in zip(servers, sockets, strict=True)))

    # Whoever started us goes, and so do we, however they went.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
