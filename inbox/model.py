"""The vocabulary of Postroom: values that pass between its rooms, and nothing that does anything.

All dataclasses are frozen, keyword-only and slotted. Times are aware UTC and end in ``_at``; other units stand in the
name (``_bytes``, ``_px``, ``_s``). A *remote* id is the network's own, unique within its channel; ids without that
word are rows of our store.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

AccountId = NewType("AccountId", str)
ChannelId = NewType("ChannelId", str)
MessageId = NewType("MessageId", int)
ConversationId = NewType("ConversationId", int)
UpdateId = NewType("UpdateId", int)
DeliveryId = NewType("DeliveryId", int)
Cursor = NewType("Cursor", str)
"""Where to go on reading. Written by a connector, kept by the store, which never looks inside."""


class MessageKind(enum.StrEnum):
    """What sort of thing arrived, or was said by us."""

    POST = "post"
    COMMENT = "comment"
    MENTION = "mention"
    QUOTE = "quote"
    DIRECT = "direct"
    REVIEW = "review"
    NOTICE = "notice"
    UNREADABLE = "unreadable"  # its raw form is kept, a better parser may read it one day


class MessageState(enum.StrEnum):
    """How a message stands at its network."""

    PUBLISHED = "published"
    HELD = "held"
    SPAM = "spam"
    TRASHED = "trashed"
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    PRIVATE = "private"
    DELETED = "deleted"  # gone for good; we keep a tombstone


class ConversationStatus(enum.StrEnum):
    """How far the officer is with a conversation."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"


class DeliveryState(enum.StrEnum):
    """The fate of one rendition at one channel."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class UpdateKind(enum.StrEnum):
    """What the officer asked the outbox to do."""

    POST = "post"
    REPLY = "reply"


class Moderation(enum.StrEnum):
    """What a person may do to somebody's message, where the channel's capabilities allow it."""

    APPROVE = "approve"
    HOLD = "hold"
    SPAM = "spam"
    UNSPAM = "unspam"
    TRASH = "trash"
    RESTORE = "restore"


class Capability(enum.Flag):
    """What a connector can do. An undeclared one raises Unsupported before any request is made."""

    NONE = 0
    FETCH = enum.auto()
    REREAD = enum.auto()  # reread() tells what became of given messages
    SWEEP = enum.auto()  # sweep() lists the state of everything there
    REPLY = enum.auto()
    POST = enum.auto()
    SCHEDULE = enum.auto()  # the network itself publishes at the time, so the PC may be off
    UPDATE_POST = enum.auto()
    EDIT = enum.auto()  # change the text of one's own message
    DELETE = enum.auto()
    APPROVE = enum.auto()
    HOLD = enum.auto()
    SPAM = enum.auto()
    TRASH = enum.auto()
    MEDIA = enum.auto()
    TERMS = enum.auto()  # categories and tags


class SignIn(enum.StrEnum):
    """How a person lets Postroom in."""

    NOTHING = "nothing"
    PASTE = "paste"
    BROWSER = "browser"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One line of a sign-in form, declared by a connector and drawn by the accounts dialog."""

    name: str
    label: str
    hint: str = ""
    placeholder: str = ""
    secret: bool = False
    required: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One sign-in at one network. Its secret lives in the keyring under the id, never here."""

    id: AccountId
    network: str
    title: str
    address: str = ""
    user: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a channel accepts; ``None`` means that the network sets no limit worth a counter."""

    text_graphemes: int | None = None
    text_bytes: int | None = None
    reply_bytes: int | None = None  # where an answer may hold less than a post
    media_count: int = 0
    media_bytes: int | None = None
    media_types: tuple[str, ...] = ()
    reply_depth: int | None = None
    keep_text_s: int | None = None  # storage rule: members' words may be kept this long


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A place to read or publish: a blog, a page, a topic, a feed."""

    id: ChannelId
    account_id: AccountId
    network: str
    remote_id: str
    title: str
    url: str = ""
    speaks_as: str = ""  # the name the public sees on what we publish there
    capabilities: Capability = Capability.FETCH
    limits: Limits = field(default_factory=Limits)
    interval_s: int = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who wrote a message, in the words of the network; plain text, never markup."""

    name: str
    remote_id: str = ""
    handle: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A picture, sound or file that a message points to. Never fetched unless asked for."""

    url: str
    kind: str = "image"
    description: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Anything that arrived, or that we said there, as a connector understood it.

    ``text`` is plain text for rows, search and speech; ``html`` is the network's markup, *not* sanitised (the window
    does that each time it shows it), empty when there is none. ``parent_remote_id`` is the message this one answers,
    within the same conversation; ``context_remote_id`` the post under discussion, shown above the conversation.
    ``raw`` is what came over the wire. ``details`` are small strings that the connector itself needs again, such as
    WordPress's user agent of a visitor.
    """

    remote_id: str
    kind: MessageKind
    state: MessageState = MessageState.PUBLISHED
    author: Author
    created_at: datetime
    text: str
    html: str = ""
    title: str = ""
    url: str = ""
    ours: bool = False
    public: bool = True
    parent_remote_id: str = ""
    context_remote_id: str = ""
    edited_at: datetime | None = None
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """How one message stood during a sweep; says nothing about its words."""

    remote_id: str
    state: MessageState
    parent_remote_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Messages fetched together, and where to go on.

    ``complete``: nothing newer was waiting when this batch was read. ``gone``: remote ids that the network says do not
    exist any more (asked for by id, never concluded from absence in a list). ``window_from`` and ``window_to`` is the
    time this batch accounts for, for the gap ledger; ``gap_before`` says that the network no longer offers what lay
    between the last poll and ``window_from``. ``drifted``: the network's own counts disagree with what the cursor
    accounts for, so a sweep is worth its price.
    """

    messages: tuple[Message, ...] = ()
    cursor: Cursor
    complete: bool = True
    gone: tuple[str, ...] = ()
    window_from: datetime | None = None
    window_to: datetime | None = None
    gap_before: bool = False
    drifted: bool = False
    requests: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepPage:
    """One page of a sweep. The last one carries the kinds that were swept whole and the cursor to go on with."""

    sightings: tuple[Sighting, ...]
    swept_prefixes: tuple[str, ...] = ()  # remote ids that start so and were not sighted may be gone
    cursor: Cursor | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A picture the officer attached: a file kept in the inbox's own folder until it is delivered."""

    path: str
    mime_type: str
    alt_text: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What the officer composed once. Frozen when approved."""

    kind: UpdateKind
    text: str
    title: str = ""
    excerpt: str = ""
    media: tuple[Media, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    publish_at: datetime | None = None
    reply_to: MessageId | None = None
    replaces: MessageId | None = None  # an earlier post of ours that this one updates


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendition:
    """What one channel will show: the preview paints this very value and the connector sends it.

    ``text`` is what the officer typed, unescaped; a connector escapes for its network. ``reply_to`` and ``context``
    are remote ids (the message answered and the post it stands under); ``replaces`` the remote id of a post to update.
    """

    kind: UpdateKind
    text: str
    title: str = ""
    excerpt: str = ""
    media: tuple[Media, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    publish_at: datetime | None = None
    reply_to: str = ""
    context: str = ""
    replaces: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a rendition may not go, or should be looked at first. A value, not an exception."""

    words: str
    stops: bool = True
    where: str = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Proof from the network that something is there. ``pending``: accepted, to be completed by ``find``."""

    remote_id: str
    url: str = ""
    state: MessageState = MessageState.PUBLISHED
    pending: bool = False
    message: Message | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One rendition's fate at one channel. ``key`` is fresh per delivery and makes a retry recognisable."""

    id: DeliveryId
    update_id: UpdateId
    channel_id: ChannelId
    rendition: Rendition
    key: str
    state: DeliveryState
    attempts: int = 0
    not_before_at: datetime | None = None
    sending_at: datetime | None = None
    sent_at: datetime | None = None
    remote_id: str = ""
    url: str = ""
    words: str = ""  # what happened, for a person
    hint: str = ""  # what a person can do about it
    reply_to: MessageId | None = None
    conversation_id: ConversationId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelFound:
    """A channel that an account opens, before it has a row here."""

    remote_id: str
    title: str
    url: str = ""
    speaks_as: str = ""
    capabilities: Capability = Capability.FETCH
    limits: Limits = field(default_factory=Limits)
