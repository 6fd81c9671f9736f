"""The contract between Postroom and a network. Read this first, then ``memory.py``, the smallest whole example.

Glossary
    ACCOUNT   one sign-in. A connector is constructed for one account and knows only that one.
    CHANNEL   a place to read or publish that the account opens.
    CURSOR    an opaque string that says where ``fetch`` goes on. The same cursor may be used again after a crash, so
              ``fetch`` must answer it again without loss; a repeat is harmless, since messages are upserted by
              (channel, remote id).
    BATCH     messages fetched together, with the cursor that follows them. It is saved in one transaction.
    RENDITION exactly what the channel will show.  KEY  a fresh word per delivery; a retry of it is recognisable.
    RECEIPT   the network's proof that a rendition is there.

A connector raises the errors of ``inbox.errors`` and no others on its way to the network; it never imports the store,
the window or another connector, keeps no state that a restart would miss (that belongs into the cursor), and never
writes a secret into a log, an error or a URL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import httpx

from inbox.clock import Clock
from inbox.model import (
    Account,
    Batch,
    Capability,
    Channel,
    ChannelFound,
    Cursor,
    Delivery,
    Field,
    Limits,
    Message,
    Moderation,
    Receipt,
    Rendition,
    SignIn,
    SweepPage,
)

START = Cursor("")
"""The cursor of a channel that was never read."""


class Secret(Protocol):
    """The account's secret, readable and replaceable, without knowing where it is kept.

    ``save`` returns only when the new value is durable, so a rotated token is saved before its first use.
    """

    def read(self) -> Mapping[str, str]:
        """The named parts of the secret; empty when there is none."""
        ...

    def save(self, parts: Mapping[str, str]) -> None:
        """Replace the whole secret durably."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What a connector is given to work with."""

    account: Account
    http: httpx.AsyncClient
    secret: Secret
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """What signing in established: where and as whom, and the secret to keep for it."""

    title: str
    address: str
    user: str
    settings: Mapping[str, str]
    secret: Mapping[str, str]
    channels: tuple[ChannelFound, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """What is known about an address before anyone signs in.

    ``browser_url``: a page where the person may allow Postroom (empty: there is none, ask for ``fields``).
    ``warnings``: sentences the person must agree to first, such as that the secret will go to another host.
    """

    network: str
    title: str
    address: str
    fields: tuple[Field, ...]
    settings: Mapping[str, str]
    sign_in: tuple[SignIn, ...] = (SignIn.PASTE,)
    browser_url: str = ""
    warnings: tuple[str, ...] = ()


class Connector(Protocol):
    """All that a network has to be."""

    name: ClassVar[str]
    title: ClassVar[str]
    glyph: ClassVar[str]  # two letters, shown with the network's colour
    capabilities: ClassVar[Capability]  # the most it can ever do; a channel may allow less
    address_field: ClassVar[Field]  # the one thing asked first
    interval_s: ClassVar[int]  # how often a channel is polled when nothing else decides

    def __init__(self, room: Room) -> None: ...

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """What stands at the address a person typed. Raises NotFound, with a hint, when this network does not."""
        ...

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove that the answers open the account with the rights Postroom needs. Raises SignInNeeded, NotAllowed."""
        ...

    async def channels(self) -> Sequence[ChannelFound]:
        """The channels this account opens now."""
        ...

    async def limits(self, channel: Channel) -> Limits:
        """What the channel accepts today."""
        ...

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """What is new since ``cursor``: one request's worth. Called again with the new cursor until ``complete``."""
        ...

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """How these messages are now, and which of them are gone; at most 100 ids. The batch's cursor is START."""
        ...

    def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        """The state of everything in the channel, page by page."""
        ...

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Send it, once. Raises OutcomeUnknown whenever it may have arrived without our knowing."""
        ...

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what ``delivery`` may have made. Never writes. ``None`` is proof that it is not there.

        Works also after the right to publish was lost, or an unknown delivery could never be settled.
        """
        ...

    async def moderate(self, channel: Channel, message: Message, action: Moderation) -> Message:
        """Do it and return the message as the network has it now. Safe to repeat."""
        ...

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Replace the words of a message of ours and return it as the network has it now. Safe to repeat."""
        ...

    async def delete(self, channel: Channel, message: Message) -> None:
        """Remove it for good. Already gone is success."""
        ...

    async def revoke(self) -> None:
        """Give the secret back to the network when the account is removed, where the network knows how."""
        ...

    async def close(self) -> None:
        """Let go of what is held open."""
        ...
