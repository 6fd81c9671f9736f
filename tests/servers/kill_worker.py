"""A Postroom that is killed over and over, for test_journey_kill.py.

Runs as a process of its own. First line on stdin: what each life needs (JSON). Then one line per life: for how many
seconds it may live. For each it forks, so that a life begins at once where a start from nothing would spend most of it
on imports; ends it with SIGKILL at that moment, whatever it is doing; and prints one line of JSON: the texts that were
accepted for sending before that, how often it fetched, and how it ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import AccountId, Media, MessageId, Moderation, Update, UpdateKind
from inbox.secrets import MemorySecrets
from inbox.store import accounts, outbox
from inbox.store.database import FILE_NAME, open_reader

MOST_WAITING = 4  # so that the last life's backlog is no longer than anybody's patience
HELD_BY = "Vera"  # whose comments are approved meanwhile
FETCHED = b"."


def main() -> None:
    needs = json.loads(sys.stdin.readline())
    for number, line in enumerate(sys.stdin):
        print(json.dumps(_one_life(needs, number, float(line))), flush=True)


def _one_life(needs: dict[str, Any], number: int, seconds: float) -> dict[str, Any]:
    reading, writing = os.pipe()
    began = time.monotonic()
    if (child := os.fork()) == 0:
        os.close(reading)
        try:
            _live(needs, number, writing)
        except BaseException as error:  # it may end in one way only
            os.write(writing, f"failed {error!r}\n".encode())
        os._exit(1)
    os.close(writing)
    time.sleep(max(seconds - (time.monotonic() - began), 0))  # the moment is the point of the whole test
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as said:
        words = said.read()
    lines = words.replace(FETCHED, b"").decode().splitlines()
    return {
        "accepted": [line for line in lines if not line.startswith("failed ")],
        "failed": [line for line in lines if line.startswith("failed ")],
        "fetched": words.count(FETCHED),
        "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
    }


def _live(needs: dict[str, Any], number: int, said: int) -> None:
    """Fetch for ever; meanwhile answer and moderate, or publish."""
    chance = random.Random(f"{needs['seed']} {number}")
    home = Path(needs["home"])
    secrets = MemorySecrets()
    secrets.save(AccountId(needs["account"]), needs["secret"])
    engine = Engine(home, secrets, poll_by_itself=False, settle_s=needs["settle_s"], client=_direct)
    engine.start()
    store = open_reader(home / FILE_NAME)
    [channel] = accounts.channels(store)
    done = 0
    while True:
        fetch = engine.sync()
        if len(outbox.waiting(store)) < MOST_WAITING:
            done += 1
            text = f"{needs['work']} {number}-{done}"
            if needs["work"] == "Post":
                media = (Media(path=needs["picture"], mime_type="image/png", alt_text=text),) if done % 2 else ()
                update = Update(kind=UpdateKind.POST, title=text, text=f"Text of {text}", media=media, tags=("killed",))
                engine.publish(update, [channel.id]).result()
                os.write(said, f"{text}\n".encode())
            elif message_id := _any(store, chance, "published"):
                engine.reply(message_id, text).result()
                os.write(said, f"{text}\n".encode())
        if needs["work"] == "Answer" and chance.random() < 0.2 and (held := _any(store, chance, "held")):
            try:
                engine.moderate(held, Moderation.APPROVE).result()
            except PostroomError as error:  # somebody else was quicker
                os.write(said, f"failed {error!r}\n".encode())
        if (error := fetch.result()[0].error) is not None:
            os.write(said, f"failed {error!r}\n".encode())
        os.write(said, FETCHED)


def _any(store: Any, chance: random.Random, state: str) -> MessageId | None:
    rows = store.execute(
        "SELECT id FROM messages WHERE kind = 'comment' AND state = ? AND NOT ours"
        " AND (state = 'published' OR author_name = ?) ORDER BY id",
        (state, HELD_BY),
    ).fetchall()
    return MessageId(chance.choice(rows)[0]) if rows else None


def _direct() -> httpx.AsyncClient:
    return web.client(transport=httpx.AsyncHTTPTransport())


if __name__ == "__main__":
    main()
