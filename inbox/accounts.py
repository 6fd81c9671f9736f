"""Accounts: what stands at an address, signing in, signing in again, removing; and the connectors that result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import httpx

from inbox.clock import Clock
from inbox.connectors import CONNECTORS
from inbox.connectors.connector import NOTHING, Authorization, Connector, Discovery, Room
from inbox.connectors.loopback import landing
from inbox.errors import NotFound, Offline, PostroomError, SignInNeeded, Unavailable, Unsupported
from inbox.events import Changed
from inbox.metering import Use
from inbox.model import Account, AccountId, Channel, ChannelFound
from inbox.secrets import AccountSecret, Secrets
from inbox.store import accounts, leaving, record, spending
from inbox.store.database import Database
from inbox.store.outbox import StoredSteps

log = logging.getLogger(__name__)

REFRESH_EVERY = timedelta(hours=24)
BORN_SETTLED_AFTER = timedelta(days=30)
"""What was last said longer ago than this, when a channel is first connected, is history and not a debt."""


class Accounts:
    """The accounts of one inbox and their connectors, each made when first needed."""

    def __init__(
        self,
        database: Database,
        secrets: Secrets,
        http: httpx.AsyncClient,
        clock: Clock,
        networks: Mapping[str, type[Connector]] = CONNECTORS,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._http = http
        self._clock = clock
        self._networks = networks
        self._connectors: dict[AccountId, Connector] = {}
        self._held: dict[AccountId, AccountSecret] = {}  # by those connectors
        self._refreshed_at: dict[AccountId, datetime] = {}

    async def discover(self, network: str, address: str) -> Discovery:
        """What stands at the address a person typed. Raises NotFound with a hint when this network does not."""
        return await self._network(network).discover(address.strip(), self._http, self._clock)

    async def authorize(self, discovery: Discovery, answers: Mapping[str, str] = NOTHING) -> Authorization:
        """Where the network shows a code that the person pastes, for browsers that cannot come back by themselves."""
        return await self._network(discovery.network).authorize(discovery, "", self._http, self._clock, answers)

    async def sign_in_by_browser(
        self,
        discovery: Discovery,
        opened: Callable[[str], None],
        *,
        actor: str,
        again: AccountId | None = None,
        answers: Mapping[str, str] = NOTHING,
    ) -> Account:
        """Sign in in the person's browser, however long they take. ``opened`` is told the address to open; ``answers``
        are to ``Discovery.app_fields``.

        Raises what ``sign_in`` raises, and NotAllowed when they refused.
        """
        network = self._network(discovery.network)
        async with landing(network.landing_ports, network.landing_host) as here:
            begun = await network.authorize(discovery, here.redirect_uri, self._http, self._clock, answers)
            opened(begun.url)
            brought = await here.answer(begun.state)
        return await self.sign_in(discovery, {**answers, **brought, **begun.keep}, actor=actor, again=again)

    async def sign_in(
        self, discovery: Discovery, answers: Mapping[str, str], *, actor: str, again: AccountId | None = None
    ) -> Account:
        """Prove the answers, keep the secret in the keyring, then the account. ``again`` renews an existing account.

        Raises SignInNeeded, NotAllowed, KeyringTrouble; then nothing was kept.
        """
        connector = self._network(discovery.network)
        done = await connector.sign_in(discovery, answers, self._http, self._clock)
        # One that was removed is taken up again with all it had brought, instead of fetching that twice.
        known = {a.id: a for a in accounts.accounts(self._database.connection, removed=True)}
        same = [
            a for a in known.values() if (a.network, a.address, a.user) == (discovery.network, done.address, done.user)
        ]
        if again is not None and again not in known:
            raise NotFound(f"There is no account {again}.")
        if again is not None and (known[again].network, known[again].address) != (discovery.network, done.address):
            raise SignInNeeded(f"That is another place: {done.address}.", hint=f"Sign in at {known[again].address}.")
        if again is not None and known[again].user != done.user and not self._has_one_of(again, done.channels):
            raise SignInNeeded(
                f"That is another account: {done.user or done.title}.",
                hint=f"Sign in as {known[again].user or known[again].title}, or add the other one as a new account.",
            )
        id_ = again or (same[0].id if same else self._fresh_id(discovery.network))
        self._secrets.save(id_, done.secret)
        account = Account(
            id=id_, network=discovery.network, title=done.title, address=done.address, user=done.user,
            settings=done.settings,
        )  # fmt: skip
        now = self._clock.now()
        with self._database.transaction() as connection:
            accounts.add_account(connection, account, at=now)
            accounts.add_channels(
                connection, account, done.channels, interval_s=connector.interval_s,
                history_before=now - BORN_SETTLED_AFTER,
            )  # fmt: skip
            connection.execute("UPDATE channels SET trouble = '' WHERE account_id = ?", (id_,))
            record.append(
                connection, at=now, actor=actor, verb="signed in", subject=f"account:{id_}",
                after={"network": account.network, "address": account.address, "user": account.user},
            )  # fmt: skip
        await self._drop(id_)
        return account

    async def remove(self, account_id: AccountId, *, actor: str) -> Changed:
        """Give the secret back where the network takes it, forget it here, stop polling and sending.

        What arrived stays, and what had not gone out becomes drafts. Returns what changed.
        """
        try:
            await (await self.connector(account_id)).revoke()
        except PostroomError as error:  # the network may be away: the secret is forgotten here all the same
            log.info("account %s: the secret could not be given back: %s", account_id, error)
        self._secrets.forget(account_id)
        now = self._clock.now()
        with self._database.transaction() as connection:
            changed = leaving.take_back(connection, account_id, at=now, actor=actor)
            accounts.remove_account(connection, account_id, at=now)
            record.append(connection, at=now, actor=actor, verb="removed", subject=f"account:{account_id}")
        await self._drop(account_id)  # nothing was waited for since its secret went: no renewal brought it back
        return changed | Changed(accounts=True)

    async def refresh(self, account_id: AccountId, connector: Connector) -> bool:
        """Ask once a day, and once after a start, what the account opens, allows and limits today.

        Returns whether it opens more than before. A failure says nothing that the poll which follows would not say
        better.
        """
        now = self._clock.now()
        refreshed_at = self._refreshed_at.get(account_id)
        if refreshed_at is not None and now - refreshed_at < REFRESH_EVERY:
            return False
        self._refreshed_at[account_id] = now
        try:
            found = await connector.channels()
        except PostroomError as error:
            if isinstance(error, Offline | Unavailable):
                del self._refreshed_at[account_id]  # nothing was learned: asked again with the next poll
            log.info("account %s: its channels could not be asked for: %s", account_id, error)
            return False
        account = next((a for a in accounts.accounts(self._database.connection) if a.id == account_id), None)
        if account is None:
            return False
        before = {c.id for c in accounts.channels(self._database.connection, account_id=account_id)}
        with self._database.transaction() as connection:
            ids = accounts.add_channels(
                connection, account, found, interval_s=connector.interval_s,
                history_before=now - BORN_SETTLED_AFTER,
            )  # fmt: skip
        return not before.issuperset(ids)

    def is_current(self, account_id: AccountId, connector: Connector) -> bool:
        """Whether the account still works with this connector: not since it was removed, or signed in to again."""
        return self._connectors.get(account_id) is connector

    def note_validity(self, account_id: AccountId, connector: Connector) -> bool:
        """Keep how long its sign-in and its version last, as far as that is news; whether it is."""
        now = connector.validity()
        if spending.validity(self._database.connection, account_id) == now:
            return False
        with self._database.transaction() as connection:
            return spending.set_validity(connection, account_id, now)

    async def set_budget(self, account_id: AccountId, name: str, amount: int, *, actor: str) -> None:
        """The officer's limit; on the record."""
        connector = await self.connector(account_id)
        allowance = next((a for a in connector.allowances if a.name == name and a.settable), None)
        if allowance is None or amount < 0:
            raise Unsupported("This limit cannot be set.")
        with self._database.transaction() as connection:
            before = spending.budget(connection, account_id, allowance)
            spending.set_budget(connection, account_id, name, amount)
            record.append(
                connection, at=self._clock.now(), actor=actor, verb="set budget", subject=f"account:{account_id}",
                before={name: before}, after={name: amount},
            )  # fmt: skip

    def uses(self, account_id: AccountId, connector: Connector) -> list[Use]:
        """How the account's allowances stand."""
        now = self._clock.now()
        return [spending.use(self._database.connection, account_id, a, now=now) for a in connector.allowances]

    async def connector(self, account_id: AccountId) -> Connector:
        """The account's connector. Raises SignInNeeded when there is no such account."""
        if account_id not in self._connectors:
            found = [a for a in accounts.accounts(self._database.connection) if a.id == account_id]
            if not found:
                raise SignInNeeded("This account was removed.", account=account_id)
            network = self._network(found[0].network)
            secret = self._held[account_id] = AccountSecret(self._secrets, account_id)
            room = Room(
                account=found[0],
                http=self._http,
                secret=secret,
                clock=self._clock,
                meter=spending.StoredMeter(self._database, self._clock, account_id, network.allowances),
                steps=StoredSteps(self._database),
            )
            self._connectors[account_id] = network(room)
        return self._connectors[account_id]

    async def connector_for(self, channel: Channel) -> Connector:
        """The connector that serves this channel."""
        return await self.connector(channel.account_id)

    async def close(self) -> None:
        """Close every connector."""
        for id_ in list(self._connectors):
            await self._drop(id_)

    def _has_one_of(self, account_id: AccountId, found: Iterable[ChannelFound]) -> bool:
        """Whether the account has one of these channels: where several people may speak for one place, that tells it,
        and not who signs in."""
        rows = self._database.connection.execute("SELECT remote_id FROM channels WHERE account_id = ?", (account_id,))
        return not {r[0] for r in rows}.isdisjoint(c.remote_id for c in found)

    async def _drop(self, account_id: AccountId) -> None:
        if (secret := self._held.pop(account_id, None)) is not None:
            secret.ended = True
        if (old := self._connectors.pop(account_id, None)) is not None:
            await old.close()

    def _network(self, name: str) -> type[Connector]:
        if name not in self._networks:
            raise Unsupported(f"There is no network called {name!r}.", hint=f"Known: {', '.join(self._networks)}.")
        return self._networks[name]

    def _fresh_id(self, network: str) -> AccountId:
        used = {r[0] for r in self._database.connection.execute("SELECT id FROM accounts")}
        number = 1
        while f"{network}-{number}" in used:
            number += 1
        return AccountId(f"{network}-{number}")


def need(found: Channel | None, channel_id: str) -> Channel:
    """The channel, or NotFound."""
    if found is None:
        raise NotFound(f"There is no channel {channel_id}.")
    return found
