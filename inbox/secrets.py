"""The only door to the keyring. A secret is a few named parts, kept under the account's id."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from inbox.errors import Unavailable
from inbox.model import AccountId

SERVICE = "Postroom"


def scope_of(home: Path) -> str:
    """The scope of the inbox in this folder: the same for every spelling of the folder, another for every other one."""
    return hashlib.sha256(os.path.normcase(home.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


class KeyringTrouble(Unavailable):
    """The desktop's key store does not serve us; nothing is kept anywhere else instead.

    Unavailable, because nothing was sent and trying later is right: polls and deliveries wait for it.
    """

    title = "The key store does not answer"
    hint = (
        "Unlock the desktop's key store (on Linux a Secret Service such as GNOME Keyring or KWallet), then try again."
    )


class Secrets(Protocol):
    """Where the accounts' secrets are."""

    def read(self, account_id: AccountId) -> Mapping[str, str]:
        """The parts kept for the account; empty when there are none. Raises KeyringTrouble."""
        ...

    def save(self, account_id: AccountId, parts: Mapping[str, str]) -> None:
        """Keep these parts, durably, instead of what was there. Raises KeyringTrouble."""
        ...

    def forget(self, account_id: AccountId) -> None:
        """Keep nothing for the account any more. Raises KeyringTrouble."""
        ...


class KeyringSecrets:
    """The desktop's key store. ``scope`` keeps two inboxes on one machine apart."""

    def __init__(self, scope: str) -> None:
        self._service = f"{SERVICE} {scope}"

    # keyring looks for all its back ends when it is imported, which a start has no time for: the first who asks waits.

    def read(self, account_id: AccountId) -> Mapping[str, str]:
        import keyring.errors

        try:
            kept = keyring.get_password(self._service, account_id)
        except keyring.errors.KeyringError as error:
            raise KeyringTrouble(type(error).__name__) from None
        parts: Mapping[str, str] = json.loads(kept) if kept else {}
        return parts

    def save(self, account_id: AccountId, parts: Mapping[str, str]) -> None:
        import keyring.errors

        try:
            keyring.set_password(self._service, account_id, json.dumps(dict(parts)))
        except keyring.errors.KeyringError as error:
            raise KeyringTrouble(type(error).__name__) from None

    def forget(self, account_id: AccountId) -> None:
        import keyring.errors

        try:
            if keyring.get_password(self._service, account_id) is not None:
                keyring.delete_password(self._service, account_id)
        except keyring.errors.KeyringError as error:
            raise KeyringTrouble(type(error).__name__) from None


class MemorySecrets:
    """Secrets that end with the process: practice mode and tests."""

    def __init__(self) -> None:
        self._kept: dict[AccountId, dict[str, str]] = {}

    def read(self, account_id: AccountId) -> Mapping[str, str]:
        return dict(self._kept.get(account_id, {}))

    def save(self, account_id: AccountId, parts: Mapping[str, str]) -> None:
        self._kept[account_id] = dict(parts)

    def forget(self, account_id: AccountId) -> None:
        self._kept.pop(account_id, None)


class AccountSecret:
    """What a connector holds: read and replace the secret of its own account, and no other.

    ``ended``: the connector is no longer the account's. A renewal that it began may come back after the account was
    removed, or signed in to again; it must not bring the old secret back.
    """

    def __init__(self, secrets: Secrets, account_id: AccountId) -> None:
        self._secrets = secrets
        self._account_id = account_id
        self.ended = False

    def read(self) -> Mapping[str, str]:
        return self._secrets.read(self._account_id)

    def save(self, parts: Mapping[str, str]) -> None:
        if not self.ended:
            self._secrets.save(self._account_id, parts)

    def __repr__(self) -> str:
        return f"AccountSecret({self._account_id!r})"
