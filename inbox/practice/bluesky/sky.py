"""The people of the practice town on Bluesky: they speak in records, as everybody there. No HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from inbox.clock import Clock
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import LIKE, POST, REPOST, Account, Record
from inbox.practice.story.scene import US, Citizen
from inbox.practice.story.sky import Changed, Liked, Said

OFFICE = "harbour"


def our_answer_to(key: str) -> str:
    """The key of what we answered, so that people can answer that."""
    return f"{key}!"


class Sky:
    """Everybody there. ``heard``: told of what the council says, by the key it answers."""

    def __init__(self, clock: Clock, citizens: Mapping[str, Citizen]) -> None:
        self.network = Network(clock, host="sky.example")
        self.office = self.network.add_account(OFFICE, "Harbour Council")
        self.heard: list[Callable[[str], None]] = []
        self._citizens = citizens
        self._said: dict[str, Record] = {}
        self._keys: dict[str, str] = {}
        self.network.said.append(self._listen)

    def say(self, said: Said, at: datetime) -> bool:
        above = self._said.get(said.to)
        if said.to and (above is None or self.network.find(above.uri) is None):
            return False
        value: dict[str, object] = {"$type": POST, "text": said.text, "createdAt": stamp(at)}
        if said.who != US and above is None:  # a question to us names us; an answer reaches us by itself
            handle = f"@{self.office.handle}"
            bare = said.text.removeprefix(f"@{OFFICE} ")
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.office.did}
            value["text"] = f"{handle} {bare}"
            value["facets"] = [{"index": {"byteStart": 0, "byteEnd": len(handle)}, "features": [feature]}]
        if above is not None:
            inside = above.value.get("reply")
            value["reply"] = {"root": inside["root"] if inside else above.ref, "parent": above.ref}
        language = self._citizens[said.who].language if said.who in self._citizens else "en"
        value["langs"] = [language]
        rkey = self.network.next_tid()
        self._keys[rkey] = said.key
        record = self._said[said.key] = self.network.write(self._account(said.who), POST, value, rkey=rkey)
        record.indexed_at = at  # what is history was there when it was said
        return True

    def like(self, liked: Liked, at: datetime) -> bool:
        record = self._said.get(liked.key)
        if record is None or self.network.find(record.uri) is None:
            return False
        kind = REPOST if liked.boost else LIKE
        value = {"$type": kind, "subject": record.ref, "createdAt": stamp(at)}
        self.network.write(self._account(liked.who), kind, value)
        return True

    def change(self, changed: Changed) -> bool:
        record = self._said.get(changed.key)
        if record is None or self.network.find(record.uri) is None:
            return False
        if changed.text:
            account = self.network.accounts[record.did]
            self.network.write(account, POST, {**record.value, "text": changed.text}, rkey=record.rkey)
        else:
            self.network.erase(record)
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
