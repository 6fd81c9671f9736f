"""The people of the practice town on Bluesky: they speak in records, as everybody there. No HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image

from inbox.clock import Clock
from inbox.practice.bluesky.chat import Chat, Convo
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.people import People
from inbox.practice.bluesky.records import Account, Record
from inbox.practice.story.scene import US, Citizen
from inbox.practice.story.sky import Changed, Liked, Said

OFFICE = "harbour"


def our_answer_to(key: str) -> str:
    """The key of what we answered, so that people can answer that."""
    return f"{key}!"


class Sky:
    """Everybody there, in the open and (``chat``) in private. ``heard``: told of what the council says, by the key it
    answers."""

    def __init__(self, clock: Clock, citizens: Mapping[str, Citizen]) -> None:
        self.network = Network(clock, host="sky.example")
        self.people = People(self.network)
        self.office = self.network.add_account(OFFICE, "Harbour Council")
        self.heard: list[Callable[[str], None]] = []
        self._citizens = citizens
        self.chat = Chat(self.network)
        self._said: dict[str, Record] = {}
        self._keys: dict[str, str] = {}
        self._wrote: dict[str, Account] = {}
        self._unanswered: dict[str, str] = {}  # who asked in private -> the key of what they asked last
        self.network.said.append(self._listen)
        self.chat.said.append(self._listen_in_private)

    def say(self, said: Said, at: datetime) -> bool:
        if said.private:
            return self._say_in_private(said, at)
        above, shown = self._said.get(said.to), self._said.get(said.quotes)
        for key, record in ((said.to, above), (said.quotes, shown)):
            if key and (record is None or self.network.find(record.uri) is None):
                return False
        text = said.text.removeprefix(f"@{OFFICE} ")
        if said.who != US and above is None and shown is None:  # answers and quotes reach us anyway
            text = f"@{self.office.handle} {text}"
        rkey = self.network.next_tid()
        self._keys[rkey] = said.key
        self._said[said.key] = self.people.say(
            self._account(said.who), text, to=above, quote=shown, at=at, rkey=rkey, warnings=said.labels,
            langs=[self._citizens[said.who].language if said.who in self._citizens else "en"],
            pictures=[(_picture(said.key), "image/png", said.picture)] if said.picture else [],
        )  # fmt: skip
        return True

    def like(self, liked: Liked, at: datetime) -> bool:
        who = self._account(liked.who)
        if liked.key == US:
            self.people.follow(who, self.office, at=at)
            return True
        record = self._said.get(liked.key)
        if record is None or self.network.find(record.uri) is None:
            return False
        act = self.people.repost if liked.boost else self.people.like
        act(who, record, at=at)
        return True

    def change(self, changed: Changed) -> bool:
        record = self._said.get(changed.key)
        if record is None or self.network.find(record.uri) is None:
            return False
        if changed.text:
            names_us = record.value["text"].startswith(f"@{self.office.handle} ")
            text = f"@{self.office.handle} {changed.text}" if names_us else changed.text
            self._said[changed.key] = self.people.edit(record, text)
        else:
            self.people.remove(record)
        return True

    def _say_in_private(self, said: Said, at: datetime) -> bool:
        if said.who == US:
            whom = self._wrote.get(said.to)
            if whom is None:
                return False
            self._unanswered.pop(whom.did, None)  # it is the story that answers here
            self.chat.say(self.office, whom, said.text, at=at)
            return True
        self._wrote[said.key] = who = self._account(said.who)
        self._unanswered[who.did] = said.key
        self.chat.say(who, self.office, said.text, at=at)
        return True

    def _account(self, key: str) -> Account:
        if key == US:
            return self.office
        return self.network.account(key) or self.network.add_account(key, self._citizens[key].name)

    def _listen(self, record: Record) -> None:
        if record.did != self.office.did or record.rkey in self._keys:
            return
        parent = record.value.get("reply", {}).get("parent", {}).get("uri", "")
        answered = self._keys.get(parent.rpartition("/")[2])
        if answered:
            self._said[our_answer_to(answered)] = record
            for listener in self.heard:
                listener(answered)

    def _listen_in_private(self, convo: Convo, message: Mapping[str, Any]) -> None:
        if message["sender"]["did"] != self.office.did:
            return
        for member in convo.members:
            if answered := self._unanswered.pop(member, ""):
                for listener in self.heard:
                    listener(answered)


def _picture(key: str) -> bytes:
    """A picture of one colour, a different one for each key."""
    chance = Random(key)
    out = BytesIO()
    colour = (chance.randint(40, 200), chance.randint(40, 200), chance.randint(40, 200))
    Image.new("RGB", (320, 240), colour).save(out, "PNG")
    return out.getvalue()
