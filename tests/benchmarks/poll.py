"""poll: eight channels polled at once, against the slowest of them alone."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterator
from typing import ClassVar

from inbox.connectors.connector import Connector
from inbox.engine import Engine
from inbox.model import Batch, Channel, Cursor
from inbox.secrets import MemorySecrets
from tests.benchmarks.arrivals import Plain
from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.stock import FOLDER, NETWORKS, Stock

LATENCIES_S = (0.40, 0.35, 0.30, 0.25, 0.20, 0.15, 0.10, 0.05)
"""One request to each network; the slowest first."""


def _network(name_: str, latency_s: float) -> type[Connector]:
    class Slow(Plain):
        name: ClassVar[str] = name_

        async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
            await asyncio.sleep(latency_s)
            return Batch(cursor=cursor)

    return Slow  # type: ignore[return-value]


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """The networks answer after 50 to 400 ms, and again all after 400 ms, which is the hardest case."""
    for name, latencies in (("poll", LATENCIES_S), ("poll, all as slow", (LATENCIES_S[0],) * len(NETWORKS))):
        work = FOLDER / "work-poll"
        shutil.rmtree(work, ignore_errors=True)
        networks = {n: _network(n, latency) for n, latency in zip(NETWORKS, latencies, strict=True)}
        engine = Engine(work, MemorySecrets(), networks=networks, poll_by_itself=False)
        engine.start()
        for network in NETWORKS:
            engine.sign_in(engine.discover(network, f"https://{network}.example").result(), {}).result()
        slowest = [h.id for h in _channels(engine)][:1]
        ours, floors = [], []
        for _ in range(3 if quick else 7):
            floors.append(_took(lambda: engine.sync(slowest).result()))  # noqa: B023
            ours.append(_took(lambda: engine.sync().result()))  # noqa: B023
        engine.stop()
        shutil.rmtree(work)
        yield Figure(
            name=name, unit="ms", ours=statistics.median(ours), floor=statistics.median(floors),
            most_ratio=1.2 if name == "poll" else None, notes=spread(ours),
            bound="how many polls may be under way at once (polling.AT_ONCE); then eight commits to disk",
        )  # fmt: skip

    yield outage(quick=quick)


def outage(*, quick: bool) -> Figure:
    """One network does not answer for ten seconds; the other seven are polled meanwhile."""
    work = FOLDER / "work-poll"
    shutil.rmtree(work, ignore_errors=True)
    latencies = (10.0, *LATENCIES_S[1:])
    networks = {n: _network(n, latency) for n, latency in zip(NETWORKS, latencies, strict=True)}
    engine = Engine(work, MemorySecrets(), networks=networks, poll_by_itself=False)
    engine.start()
    for network in NETWORKS:
        engine.sign_in(engine.discover(network, f"https://{network}.example").result(), {}).result()
    silent, *others = [c.id for c in _channels(engine)]
    ours, floors = [], []
    for _ in range(2 if quick else 5):
        floors.append(_took(lambda: engine.sync(others[:1]).result()))
        waiting = engine.sync([silent])
        ours.append(_took(lambda: engine.sync(others).result()))
        assert not waiting.done(), "the silent one answered: nothing was measured"
        waiting.cancel()
    engine.stop()
    shutil.rmtree(work, ignore_errors=True)
    return Figure(
        name="poll, one silent", unit="ms", ours=statistics.median(ours), floor=statistics.median(floors),
        most_ratio=1.2, notes=spread(ours), bound="as above: a poll that waits holds one of eight places, and no lock",
    )  # fmt: skip


def _channels(engine: Engine) -> list[Channel]:
    from inbox.store import accounts
    from inbox.store.database import FILE_NAME, open_reader

    connection = open_reader(engine.home / FILE_NAME)
    found = accounts.channels(connection)
    connection.close()
    return found


def _took(work) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
