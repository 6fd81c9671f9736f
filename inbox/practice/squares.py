"""The two public squares of the practice town: who speaks there, in the words of each network. No HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from inbox.clock import Clock
from inbox.practice.bluesky import Network
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.records import LIKE, POST, REPOST, Record
from inbox.practice.mastodon import Person, Place, Status
from inbox.practice.story.scene import US, Citizen
from inbox.practice.story.squares import Changed, Liked, Said

OFFICE = "harbour"


class Square(Protocol):
    """One network, as the story sees it. ``heard``: told of what the council says, by the key it answers."""

    heard: list[Callable[[str], None]]

    def say(self, said: Said, at: datetime) -> bool: ...

    def like(self, liked: Liked, at: datetime) -> bool: ...

    def change(self, changed: Changed) -> bool: ...


class Commons:
    """A Mastodon server of the region. Every third citizen comes from another server."""

    def __init__(self, clock: Clock, citizens: Mapping[str, Citizen]) -> None:
        self.place = Place(clock=clock, domain="coast.example")
        self.office = self.place.add_person(OFFICE, "Harbour Council")
        self.place.add_emoji("harbour")
        self.heard: list[Callable[[str], None]] = []
        self._citizens = citizens
        self._people: dict[str, Person] = {US: self.office}
        self._said: dict[str, Status] = {}
        self._keys: dict[str, str] = {}
        self.place.said.append(self._listen)

    def say(self, said: Said, at: datetime) -> bool:
        above = self._said.get(said.to)
        if said.to and (above is None or above.id not in self.place.statuses):
            return False
        text = said.text if said.who == US or said.aside else f"@{OFFICE} {said.text}"
        language = self._citizens[said.who].language if said.who in self._citizens else "en"
        visibility = "direct" if said.private else ""
        who = self._person(said.who)
        status = self.place.say(
            who, text, to=above, at=at, warning=said.warning, language=language, visibility=visibility, key=said.key
        )
        self._said[said.key], self._keys[status.id] = status, said.key
        return True

    def like(self, liked: Liked, at: datetime) -> bool:
        status = self._said.get(liked.key)
        if status is None or status.id not in self.place.statuses:
            return False
        if liked.boost:
            self.place.boost(self._person(liked.who), status, at=at)
        else:
            self.place.favourite(self._person(liked.who), status, at=at)
        return True

    def change(self, changed: Changed) -> bool:
        status = self._said.get(changed.key)
        if status is None or status.id not in self.place.statuses:
            return False
        if changed.text:
            self.place.edit(status, f"@{OFFICE} {changed.text}")
        else:
            self.place.remove(status)
        return True

    def _person(self, key: str) -> Person:
        if key not in self._people:
            citizen = self._citizens[key]
            domain = "" if len(self._people) % 3 else "far.example"
            self._people[key] = self.place.add_person(key, citizen.name, domain=domain)
        return self._people[key]

    def _listen(self, status: Status) -> None:
        answered = self._keys.get(status.parent_id or "")
        if status.person_id == self.office.id and answered and status.id not in self._keys:
            for listener in self.heard:
                listener(answered)


class Sky:
    """The people of the town on Bluesky."""

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
        self._said[said.key] = self.network.write(self._account(said.who), POST, value, rkey=rkey)
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

    def _account(self, key: str):  # type: ignore[no-untyped-def]
        if key == US:
            return self.office
        return self.network.account(key) or self.network.add_account(key, self._citizens[key].name)

    def _listen(self, record: Record) -> None:
        if record.did != self.office.did or record.rkey in self._keys:
            return
        parent = record.value.get("reply", {}).get("parent", {}).get("uri", "")
        answered = self._keys.get(parent.rpartition("/")[2])
        if answered:
            for listener in self.heard:
                listener(answered)
