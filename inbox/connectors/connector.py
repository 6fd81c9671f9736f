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
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, NoReturn, Protocol

import httpx

from inbox.clock import Clock
from inbox.errors import Unsupported
from inbox.metering import UNMETERED, Allowance, Meter, Validity
from inbox.model import (
    Account,
    Audience,
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
    Reaction,
    Receipt,
    Rendition,
    SignIn,
    SweepPage,
    UpdateKind,
    Visibility,
    Weight,
)

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

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


class Steps(Protocol):
    """How far each delivery got, for networks where publishing takes two steps (a draft, then its release).

    ``save`` returns only when the word is durable, so the second step can always find what the first one made.
    ``find`` has it in ``Delivery.step``.
    """

    def read(self, key: str) -> str:
        """What was saved last for the delivery with this key; empty when nothing was."""
        ...

    def save(self, key: str, step: str) -> None:
        """Note durably how far it got."""
        ...


class NoSteps:
    """For connectors that publish in one step."""

    def read(self, key: str) -> str:
        """Nothing."""
        return ""

    def save(self, key: str, step: str) -> None:
        """Kept nowhere."""
        raise Unsupported("There is nowhere to keep this step")


NO_STEPS: Final[Steps] = NoSteps()


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What a connector is given to work with."""

    account: Account
    http: httpx.AsyncClient
    secret: Secret
    clock: Clock
    meter: Meter = UNMETERED
    steps: Steps = NO_STEPS


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
    ``app_fields``: what has to be known before the browser can be opened, such as the organisation's own client id.
    """

    network: str
    title: str
    address: str
    fields: tuple[Field, ...]
    settings: Mapping[str, str]
    sign_in: tuple[SignIn, ...] = (SignIn.PASTE,)
    browser_url: str = ""
    warnings: tuple[str, ...] = ()
    app_fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorization:
    """Where a person allows Postroom in their browser, and what ``sign_in`` needs of this moment afterwards.

    ``keep`` holds secrets (the PKCE verifier, a DPoP key): it lives in memory until the person comes back, and goes
    into the answers of ``sign_in`` together with what the browser brought (``code``, ``state``, ``iss`` ...).
    ``state`` is what the answer must carry.
    """

    url: str
    state: str
    keep: Mapping[str, str] = field(repr=False)


class Connector(Protocol):
    """All that a network has to be."""

    name: ClassVar[str]
    title: ClassVar[str]
    glyph: ClassVar[str]  # two letters, shown with the network's colour
    capabilities: ClassVar[Capability]  # the most it can ever do; a channel may allow less
    address_field: ClassVar[Field]  # the one thing asked first
    interval_s: ClassVar[int]  # how often a channel is polled when nothing else decides
    reread_every_s: ClassVar[int]  # how often what matters is asked after; 0: with every poll
    allowances: ClassVar[tuple[Allowance, ...]]  # what is measured: calls, money, the network's own percentages
    landing_ports: ClassVar[tuple[int, ...]]  # where the browser comes back to; empty: any free port
    landing_host: ClassVar[str]  # the name of this machine that the network accepts for that

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

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        """Begin signing in by browser (SignIn.BROWSER, BROWSER_CODE). ``redirect_uri`` is a loopback address with a
        port, or empty: then the network shows a code, and the person pastes it as the answer ``code``. ``answers`` are
        to ``Discovery.app_fields``."""
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

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """The conversation around ``message`` as it is now: what it answers, up to the first, and what answers it.
        ``gone`` names what it answers and what is no more. The batch's cursor is START."""
        ...

    def hints(self, channel: Channel) -> AsyncIterator[None]:
        """Yields whenever something may be new, the first time once it listens. Ends or raises when it no longer
        does; a hint makes the next poll sooner and is never the only source."""
        ...

    def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        """The state of everything in the channel, page by page."""
        ...

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Send it, once. Raises OutcomeUnknown whenever it may have arrived without our knowing, ByHand when only a
        person can publish it (nothing was sent then)."""
        ...

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what ``delivery`` may have made. Never writes. ``None`` is proof that it is not there; where no
        look can prove that, OutcomeUnknown is raised again, and a person decides.

        Works also after the right to publish was lost, or an unknown delivery could never be settled.
        """
        ...

    async def weigh(self, channel: Channel, rendition: Rendition) -> Weight:
        """How many it would reach and what it would cost. Never writes."""
        ...

    async def trial(self, channel: Channel, rendition: Rendition) -> str:
        """Send it to ourselves only, and say in words to whom."""
        ...

    def validity(self) -> Validity:
        """How long what the account relies on is good for, as far as known. Makes no request."""
        ...

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Do it and return the message as the network has it now. Safe to repeat. ``words`` go with a report."""
        ...

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
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


class Bare:
    """What a network cannot do, for connectors to inherit: everything here refuses before any request is made."""

    title: ClassVar[str]
    reread_every_s: ClassVar[int] = 0
    allowances: ClassVar[tuple[Allowance, ...]] = ()
    landing_ports: ClassVar[tuple[int, ...]] = ()
    landing_host: ClassVar[str] = "127.0.0.1"

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        """Refuse."""
        cls._refuse("be signed in to by browser")

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """Refuse."""
        self._refuse("read messages again")

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """Refuse."""
        self._refuse("read a whole conversation")

    def hints(self, channel: Channel) -> AsyncIterator[None]:
        """Refuse."""
        self._refuse("tell at once what is new")

    def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        """Refuse."""
        self._refuse("list everything there")

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Refuse."""
        self._refuse("publish")

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Refuse."""
        self._refuse("publish")

    async def weigh(self, channel: Channel, rendition: Rendition) -> Weight:
        """Refuse."""
        self._refuse("say what publishing would mean")

    async def trial(self, channel: Channel, rendition: Rendition) -> str:
        """Refuse."""
        self._refuse("send a trial")

    def validity(self) -> Validity:
        """Nothing here runs out."""
        return Validity()

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Refuse."""
        self._refuse(str(action))

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Refuse."""
        self._refuse(str(reaction))

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Refuse."""
        self._refuse("change what was published")

    async def delete(self, channel: Channel, message: Message) -> None:
        """Refuse."""
        self._refuse("delete")

    async def revoke(self) -> None:
        """There is nothing to give back."""

    async def close(self) -> None:
        """Nothing is held open: the HTTP client belongs to whoever made it."""

    @classmethod
    def _refuse(cls, what: str) -> NoReturn:
        raise Unsupported(f"{cls.title} cannot {what}")


def allow(channel: Channel, needed: Capability) -> None:
    """Raise Unsupported unless the channel allows all that is ``needed``."""
    if missing := needed & ~channel.capabilities:
        raise Unsupported(f"{channel.title} does not allow this here ({missing.name})")


NEEDED: Final[Mapping[Moderation, Capability]] = {
    Moderation.APPROVE: Capability.APPROVE,
    Moderation.HOLD: Capability.HOLD,
    Moderation.SPAM: Capability.SPAM,
    Moderation.UNSPAM: Capability.SPAM,
    Moderation.TRASH: Capability.TRASH,
    Moderation.RESTORE: Capability.TRASH,
    Moderation.HIDE: Capability.HIDE,
    Moderation.UNHIDE: Capability.HIDE,
    Moderation.BLOCK: Capability.BLOCK,
    Moderation.UNBLOCK: Capability.BLOCK,
    Moderation.MUTE: Capability.MUTE,
    Moderation.UNMUTE: Capability.MUTE,
    Moderation.REPORT: Capability.REPORT,
    Moderation.ACCEPT: Capability.REQUESTS,
    Moderation.DISMISS: Capability.REQUESTS,
}
"""The capability that each act of moderation needs."""

NEEDED_TO_REACT: Final[Mapping[Reaction, Capability]] = {
    Reaction.LIKE: Capability.REACT_LIKE,
    Reaction.UNLIKE: Capability.REACT_LIKE,
    Reaction.BOOST: Capability.REACT_BOOST,
    Reaction.UNBOOST: Capability.REACT_BOOST,
}


def needed_to_publish(rendition: Rendition, *, private: Capability = Capability.NONE) -> Capability:
    """All capabilities that this rendition needs. ``private``: the one of its own way past the public (a chat, a mail,
    a comment answered privately); where there is no such way, saying who may read it takes VISIBILITY."""
    needed = private | (Capability.REPLY if rendition.kind is UpdateKind.REPLY else Capability.POST)
    chosen = None if private and rendition.visibility is Visibility.DIRECT else rendition.visibility
    for wanted, capability in (
        (rendition.replaces, Capability.UPDATE_POST),
        (rendition.publish_at, Capability.SCHEDULE),
        (rendition.media, Capability.MEDIA),
        (rendition.categories or rendition.tags, Capability.TERMS),
        (rendition.quotes, Capability.QUOTE),
        (chosen, Capability.VISIBILITY),
        (rendition.warning, Capability.WARNING),
        (rendition.language, Capability.LANGUAGE),
        (rendition.poll, Capability.POLL),
        (rendition.card, Capability.CARD),
        (rendition.audience is not Audience.EVERYONE, Capability.AUDIENCE),
        (not rendition.quotable, Capability.QUOTABLE),
    ):
        needed |= capability if wanted else Capability.NONE
    return needed
