"""Members whose every word and name is said only once in the world, and a search for them in the bytes of a folder."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from inbox.model import Attachment, Author, Channel, Limits, LinkCard, Message, Poll, PollOption, Quoted
from inbox.store.database import Database
from tests.inbox.making import LONG_AGO, add_channel, message

HOUR_S = 3600
WORDS_S, NAME_S = 48 * HOUR_S, 24 * HOUR_S
RULED = Limits(text_bytes=2_000, media_count=4, keep_text_s=WORDS_S, keep_name_s=NAME_S)
_WORD = re.compile(rb"(zq[0-9a-f]{6})([0-9a-f]{10})")


class Tongue:
    """Makes words; from a seed, so that a failure can be had again."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)

    def word(self) -> str:
        return f"zq{self.random.getrandbits(64):016x}"

    def text(self, count: int = 5) -> str:
        return " ".join(self.word() for _ in range(count))

    def member(self, remote_id: str, count: int = 5, **fields: Any) -> Message:
        """A comment of a member with words wherever a message can have any. Its address and details are of ids."""
        said = message(
            remote_id, self.text(count), title=self.word(), html=f"<p>{self.text(count)}</p>",
            author=Author(name=self.word(), remote_id=self.word(), handle=self.word(), url=f"https://a/{self.word()}"),
            url=f"https://network.invalid/feed/update/urn:li:comment:{remote_id}", details={"urn": remote_id},
            warning=self.word(), language="en", addressees=(self.word(),), raw=self.text().encode(),
            attachments=(Attachment(url=f"https://a/{self.word()}.png", description=self.word()),),
            quoted=Quoted(remote_id="q1", author=self.word(), handle=self.word(), text=self.text()),
            card=LinkCard(url=f"https://a/{self.word()}", title=self.word(), description=self.word()),
            poll=Poll(options=(PollOption(title=self.word()),)),
        )  # fmt: skip
        return replace(said, **fields)


def ruled_channel(database: Database, limits: Limits = RULED, *, history_before: datetime = LONG_AGO) -> Channel:
    """A channel whose members' words may be kept for two days and names for one."""
    channel = add_channel(database, "page", network="linkedin", account="page-1", history_before=history_before)
    with database.transaction() as connection:
        connection.execute(
            "UPDATE channels SET limits = json_patch(limits, ?) WHERE id = ?", (_json(limits), channel.id)
        )
    return replace(channel, limits=limits)


def _json(limits: Limits) -> str:
    return f'{{"keep_text_s": {limits.keep_text_s}, "keep_name_s": {limits.keep_name_s}}}'


def words_in(*said: object) -> set[str]:
    """All such words in what was said, whatever it is."""
    return {m[0].decode() for one in said for m in _WORD.finditer(repr(one).encode())}


def names_in(*said: Message) -> set[str]:
    """Those that tell who a member is."""
    return {
        w for m in said for w in words_in(m.author, m.addressees, m.quoted and (m.quoted.author, m.quoted.handle))
    }  # fmt: skip


def left(folder: Path, words: Iterable[str]) -> set[str]:
    """Those of the words that stand anywhere in the bytes of any file below the folder.

    By their last ten letters: an index of words may write what a word shares with the one before only once.
    """
    ends = {w[-10:].encode(): w for w in words}
    found = set()
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        there = file.read_bytes().lower() + b"\n" + str(file).encode()
        runs = re.findall(rb"[0-9a-f]{10,}", there)
        found |= {ends[run[at : at + 10]] for run in runs for at in range(len(run) - 9) if run[at : at + 10] in ends}
    return found
