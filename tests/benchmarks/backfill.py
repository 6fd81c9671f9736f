"""backfill: an inbox that is new to a Mastodon and a Bluesky account reads the past of both at once.

The floor of the speed is the very same requests made with plain httpx, two at a time as ours are (one to each server),
and their JSON parsed: nothing grouped, nothing stored. The servers are practice's, in a process of their own, and every
page was asked for once before, so that making it is in neither figure (``servers.Remembering``).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.engine import Engine
from inbox.secrets import MemorySecrets
from inbox.store import accounts
from inbox.store.database import FILE_NAME, open_reader
from tests.benchmarks import process, servers
from tests.benchmarks.figures import BenchmarkBroken, Figure, percentile
from tests.benchmarks.stock import FOLDER, Stock

EACH = 50_000
SERVERS_FILE = "servers.json"
"""Where the window finds the two servers: in the inbox's folder."""
_AIM_MS = 33
_LONG_MS = 16
_PAGES = {"mastodon": 80, "bluesky": 100}
"""The most notifications that a request brings."""
_OWN = {"mastodon": 40, "bluesky": 100}
"""The most posts of ours."""
_VIEWS = 25
"""The most posts that one request to Bluesky shows with pictures, labels and counts."""


@dataclass
class Noting(httpx.AsyncBaseTransport):
    """Notes what passes, so that it can be asked for again."""

    asked: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and "/streaming" not in request.url.path:
            self.asked.append(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Once without a window, which also warms the servers; then the floor; then with the window open."""
    each = EACH // 10 if quick else EACH
    with servers.running(each) as there:
        _headless(there, each)
        worked = time.process_time()
        noting, alone_s = _headless(there, each)
        worked, asked = time.process_time() - worked, noting.asked
        floor_s, floor_worked, floor_serving_s = min(_plain(asked, there["pid"]) for _ in range(2))
        with stock.copy("backfill") as home:
            (home / SERVERS_FILE).write_text(json.dumps(there["networks"]))
            before = _worked_s(there["pid"])
            told = process.run("real", "backfill", home)
            serving_s = _worked_s(there["pid"]) - before
    if told["errors"] or told["new"] < 2 * each:
        raise BenchmarkBroken(f"{told['new']} of {2 * each} messages came: {told['errors'][:2]}")
    yield Figure(
        name="backfill", unit="messages/s", ours=2 * each / told["took_s"], floor=2 * each / floor_s, least_ratio=0.1,
        bound="one processor: parsing and saving share the interpreter's lock with the window (docs/decisions/0006). "
        "At a real server its rate limit: Mastodon's 300 requests in 5 minutes are 80 messages/s",
        notes={
            "messages of each": each, "took s": told["took_s"], "without a window messages/s": 2 * each / alone_s,
            "and per second of the processor": 2 * each / worked, "of the floor": 2 * each / floor_worked,
            "s of the processor the servers took": serving_s, "for the floor": floor_serving_s,
        },
    )  # fmt: skip
    yield Figure(
        name="backfill, gap", unit="ms", ours=max(told["busy"]), floor=max(told["quiet"]), most=_AIM_MS,
        bound="the interpreter's lock, as in gap",
        notes={
            "p99": percentile(told["busy"], 0.99), "p99.9": percentile(told["busy"], 0.999), "gaps": len(told["busy"]),
            f"over {_LONG_MS} ms": sum(g > _LONG_MS for g in told["busy"]),
            f"over {_AIM_MS} ms": sum(g > _AIM_MS for g in told["busy"]), "quiet p99": percentile(told["quiet"], 0.99),
        },
    )  # fmt: skip
    yield from _requests(asked, each)


def _requests(asked: list[httpx.Request], each: int) -> Iterator[Figure]:
    """Requests of each network against the fewest in which its pages fit."""
    kinds: dict[str, Counter[str]] = {"mastodon": Counter(), "bluesky": Counter()}
    for request in asked:
        path = request.url.path
        kinds["bluesky" if path.startswith("/xrpc/") else "mastodon"][path.rpartition(".")[2].rpartition("/")[2]] += 1
    for network, counts in kinds.items():
        posts = servers.our_posts(each)
        fewest = (
            -(-each // _PAGES[network]) + -(-posts // _OWN[network]) + (each // _VIEWS if network == "bluesky" else 0)
        )
        yield Figure(
            name=f"backfill, {network}", unit="requests", ours=sum(counts.values()), floor=fewest, most_ratio=1.1,
            bound="the most that the network gives in one answer; the rest is what the first poll asks",
            notes=dict(counts.most_common(6)),
        )  # fmt: skip


def _headless(there: dict[str, Any], each: int) -> tuple[Noting, float]:
    """An inbox of its own without a window reads everything; what it asked for, and seconds."""
    work = FOLDER / "work-backfill-alone"
    shutil.rmtree(work, ignore_errors=True)
    noting = Noting()
    engine = Engine(work, MemorySecrets(), poll_by_itself=False, client=lambda: web.client(transport=noting))
    engine.start()
    try:
        wanted = sign_in(engine, there["networks"])
        noting.asked.clear()
        began = time.perf_counter()
        outcomes = engine.sync(wanted).result()
        took_s = time.perf_counter() - began
    finally:
        engine.stop()
    shutil.rmtree(work)
    if any(o.error for o in outcomes) or sum(o.new for o in outcomes) < 2 * each:
        raise BenchmarkBroken(f"{[(o.new, str(o.error)) for o in outcomes]} of {each} messages each")
    return noting, took_s


def sign_in(engine: Engine, networks: dict[str, Any]) -> list[str]:
    """Sign in to each server; the ids of the channels that opens."""
    found = [
        engine.sign_in(engine.discover(name, there["address"]).result(), there["answers"]).result().id
        for name, there in networks.items()
    ]
    connection = open_reader(engine.home / FILE_NAME)
    channels = [c.id for c in accounts.channels(connection) if c.account_id in found]
    connection.close()
    return channels


def _plain(asked: list[httpx.Request], pid: int) -> tuple[float, float, float]:
    """The same requests and their JSON with nothing of ours: seconds, those of our processor, and of the servers'."""

    async def one(requests: list[httpx.Request]) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            for request in requests:
                json.loads((await client.get(request.url, headers=request.headers)).content)

    async def all_of_them() -> None:
        ports = {r.url.port for r in asked}
        await asyncio.gather(*(one([r for r in asked if r.url.port == port]) for port in ports))

    serving, worked, began = _worked_s(pid), time.process_time(), time.perf_counter()
    asyncio.run(all_of_them())
    return time.perf_counter() - began, time.process_time() - worked, _worked_s(pid) - serving


def _worked_s(pid: int) -> float:
    """Seconds of the processor that a process has had (Linux; elsewhere nothing is known)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
