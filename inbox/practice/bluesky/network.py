"""A whole Bluesky network in memory: accounts, their repositories, and what the AppView makes of them. No HTTP."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import Clock
from inbox.practice.bluesky import ids, index
from inbox.practice.bluesky.records import POST, PROFILE, Account, AppPassword, Blob, Record, Shelves

_BLOB_KEPT = timedelta(hours=1)


class Network(Shelves):
    """The whole network. ``address`` is where it is served, once known; ``host`` ends the handles it gives out.

    ``limited``: rate limits are on. ``chat``: there is a chat service. ``lag_s``: so long a new record is not in the
    AppView (the PDS shows the signed-in account its own all the same, except in getPosts).
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
        before = self.repos[account.did].get(collection, {}).get(rkey)
        now = self.now()
        record = Record(
            did=account.did, collection=collection, rkey=rkey, cid=ids.record_cid(value), value=value, indexed_at=now,
            sort_at=min(now, _claimed(value, now)), rev=self.next_tid(),
        )  # fmt: skip
        self.repos[account.did].setdefault(collection, {})[rkey] = record
        self.revs[account.did] = record.rev
        if before is not None:
            self.unindex(before)
        if self.lag_s:
            self.waiting.append((now + timedelta(seconds=self.lag_s), record))
        else:
            self.index(record, new=before is None)
        return record

    def erase(self, record: Record) -> None:
        """Delete a record for good."""
        self.repos[record.did].get(record.collection, {}).pop(record.rkey, None)
        self.revs[record.did] = self.next_tid()
        self.unindex(record)

    def index(self, record: Record, *, new: bool = True) -> None:
        """Let the AppView take a record in."""
        index.add(self, record)
        if new and record.collection == POST:
            for listener in tuple(self.said):
                listener(record)

    def unindex(self, record: Record) -> None:
        """Let the AppView forget a record."""
        self.waiting = [(due, r) for due, r in self.waiting if r is not record]
        index.drop(self, record)

    def catch_up(self, *, of: str = "") -> None:
        """Take in what has waited long enough (``of``: and all of this account's)."""
        if self.waiting:
            now, still = self.now(), []
            for due, record in self.waiting:
                if due <= now or record.did == of:
                    self.index(record)
                else:
                    still.append((due, record))
            self.waiting = still

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
