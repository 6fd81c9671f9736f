"""search: every key of somebody typing a question, against SQLite's bare full-text query for the same words."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from inbox.store import reading
from inbox.store.database import FILE_NAME
from inbox.store.words import match_expression
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.stock import NETWORKS, Stock
from ui.reader import Reader

_LIMIT = 100
_FLOOR = "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
_AIM_MS = 50


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Over everything, and within a frequent and a rare network."""
    keys = _keys(stock, 20 if quick else 60)
    reader = Reader(stock.home)
    with closing(sqlite3.connect(f"{(stock.home / FILE_NAME).as_uri()}?mode=ro", uri=True)) as bare:
        for network in ("", NETWORKS[0], NETWORKS[-1]):
            ours, floors, slowest = [], [], (0.0, "")
            for words in keys:
                floors.append(_timed(_ask_bare, bare, words))
                took = asyncio.run(reader.slowly(partial(_timed_search, words, network)))
                ours.append(took)
                slowest = max(slowest, (took, words))
            yield Figure(
                name=f"search in {network}" if network else "search", unit="ms", ours=percentile(ours, 0.95),
                floor=percentile(floors, 0.95), most=_AIM_MS, most_ratio=None if network else 1.5,
                bound="SQLite walking the lists of two frequent words, then a hundred rows read; for a last word of one"
                " letter up to a thousand messages are read through instead (reading._search_begun)",
                notes={
                    "keys": len(keys), "ours p50": percentile(ours, 0.5), "floor p50": percentile(floors, 0.5),
                    "ours worst": slowest[0], "for": repr(slowest[1]), "floor worst": max(floors),
                },
            )  # fmt: skip
    reader.close()


def _ask_bare(connection: sqlite3.Connection, words: str) -> None:
    connection.execute(_FLOOR, (match_expression(words), _LIMIT)).fetchall()


def _timed_search(words: str, network: str, connection: sqlite3.Connection) -> float:
    return _timed(partial(reading.search, connection, words, network=network, limit=_LIMIT))


def _timed(work: Callable[..., object], *values: object) -> float:
    began = time.perf_counter()
    work(*values)
    return (time.perf_counter() - began) * 1000


def _keys(stock: Stock, count: int) -> list[str]:
    """What stands in the field after each key, for questions of one to three words from texts that are there."""
    chance, typed = random.Random(11), []
    with closing(sqlite3.connect(f"{(stock.home / FILE_NAME).as_uri()}?mode=ro", uri=True)) as connection:
        for number in range(count):
            [text] = connection.execute(
                "SELECT text FROM messages WHERE id = ?", (chance.randint(1, stock.messages),)
            ).fetchone()
            found = [w.strip(".?") for w in text.split()]
            start = chance.randrange(max(len(found) - 2, 1))
            question = " ".join(found[start : start + 1 + number % 3])
            typed += [question[:end] for end in range(1, len(question) + 1)]
    return typed
