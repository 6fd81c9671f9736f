"""A whole Bluesky network in memory: accounts, their repositories, and what the AppView makes of them. No HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import Clock
from inbox.practice.bluesky import ids, index
from inbox.practice.bluesky.records import POST, PROFILE, Account, AppPassword, Blob, Notification, Record, Shelves

_BLOB_KEPT = timedelta(hours=1)


class Network(Shelves):
    """The whole network. ``address`` is where it is served, once known; ``host`` ends the handles it gives out.

    ``limited``: rate limits are on. ``oauth``: one may sign in by browser. ``lag_s``: so long a new record is not in
    the AppView (the PDS shows the signed-in account its own all the same, except in getPosts).
    """

    def __init__(self, clock: Clock, *, host: str = "test") -> None:
        super().__init__(clock, host=host)
        self._last_us = 0

    def next_tid(self) -> str:
        """A fresh record key; keys grow even while time stands still."""
        self._last_us = max(self._last_us + 1, round(self.clock.now().timestamp() * 1_000_000))
        return ids.tid(self._last_us)

    def add_account(self, handle: str, display_name: str = "", *, password: str = "") -> Account:
        """A new account ("amina" becomes "amina.test"); with a profile record when it has a name."""
        handle = handle if "." in handle else f"{handle}.{self.host}"
        short = handle.partition(".")[0]
        account = Account(
            did=ids.plc_did(handle),
            handle=handle,
            email=f"{short}@mail.{self.host}",
            password=password or f"{short}-pass",
            created_at=self.now(),
        )
        self.accounts[account.did] = account
        self.repos[account.did] = {}
        self.revs[account.did] = self.next_tid()
        if display_name:
            self.write(account, PROFILE, {"$type": PROFILE, "displayName": display_name}, rkey="self")
        return account

    def account(self, name: str) -> Account | None:
        """The account with this DID, handle or short name ("amina"); handles are found in any case."""
        if name in self.accounts:
            return self.accounts[name]
        wanted = name.removeprefix("@").lower()
        wanted = wanted if "." in wanted else f"{wanted}.{self.host}"
        return next((a for a in self.accounts.values() if a.handle == wanted), None)

    def add_app_password(self, account: Account, name: str = "Practice", *, privileged: bool = False) -> AppPassword:
        """A fresh app password: four times four letters and digits."""
        letters = "abcdefghijklmnopqrstuvwxyz234567"
        groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
        made = AppPassword(name=name, secret="-".join(groups), privileged=privileged, created_at=self.now())
        account.passwords.append(made)
        return made

    # --- the PDS: records as written ---

    def find(self, uri: str) -> Record | None:
        """The record at an address, as its PDS has it."""
        try:
            did, collection, rkey = ids.address(uri)
        except ValueError:
            return None
        return self.repos.get(did, {}).get(collection, {}).get(rkey)

    def write(self, account: Account, collection: str, value: dict[str, Any], *, rkey: str = "") -> Record:
        """Create or replace a record; the AppView takes it in, at once unless it lags."""
        rkey = rkey or self.next_tid()
        now = self.now()
        record = Record(
            did=account.did, collection=collection, rkey=rkey, cid=ids.record_cid(value), value=value, indexed_at=now,
            sort_at=min(now, _claimed(value, now)), rev=self.next_tid(),
        )  # fmt: skip
        self.repos[account.did].setdefault(collection, {})[rkey] = record
        self.revs[account.did] = record.rev
        if self.lag_s:
            self.waiting.append((now + timedelta(seconds=self.lag_s), record))
        else:
            self._take_in(record)
        return record

    def erase(self, record: Record) -> None:
        """Delete a record for good."""
        self.repos[record.did].get(record.collection, {}).pop(record.rkey, None)
        self.revs[record.did] = self.next_tid()
        self.waiting = [(due, r) for due, r in self.waiting if r.uri != record.uri]
        if record.uri in self.records:
            index.drop(self, self.records[record.uri])

    def notify(self, recipient: Account, reason: str, record: Record, subject: str = "") -> None:
        """Tell somebody of a record for a reason of one's own: kinds that nobody has heard of, say."""
        index.tell(self, recipient.did, Notification(reason=reason, record=record, subject=subject))

    def catch_up(self) -> None:
        """Let the AppView take in what has waited long enough."""
        now = self.now()
        while self.waiting and self.waiting[0][0] <= now:
            self._take_in(self.waiting.pop(0)[1])

    @contextmanager
    def ahead(self, did: str) -> Iterator[None]:
        """For a moment the AppView knows what this account wrote and has not reached it: the PDS adds that itself."""
        fresh = [(r, self.records.get(r.uri)) for _, r in self.waiting if r.did == did]
        for record, known in fresh:
            if known is not None:
                index.drop(self, known)
            index.add(self, record)
        yield
        for record, known in reversed(fresh):
            index.drop(self, record)
            if known is not None:
                index.add(self, known)

    def _take_in(self, record: Record) -> None:
        known = self.records.get(record.uri)
        if known is not None:
            index.drop(self, known)
        index.add(self, record)
        if known is None and record.collection == POST:
            for listener in tuple(self.said):
                listener(record)

    # --- blobs ---

    def add_blob(self, account: Account, data: bytes, mime_type: str) -> Blob:
        """Keep bytes under their name."""
        blob = Blob(cid=ids.blob_cid(data), data=data, mime_type=mime_type, at=self.now())
        return self.blobs.setdefault((account.did, blob.cid), blob)

    def blob(self, did: str, cid: str) -> Blob | None:
        """The blob, while it is kept."""
        found = self.blobs.get((did, cid))
        if found is not None and not found.used and found.at + _BLOB_KEPT < self.now():
            del self.blobs[did, cid]
            return None
        return found


def _claimed(value: dict[str, Any], otherwise: datetime) -> datetime:
    try:
        return ids.moment(str(value.get("createdAt")))
    except ValueError:
        return otherwise
