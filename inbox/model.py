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
from typing import Final, NewType

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
    HIDDEN = "hidden"  # an answer that we folded away for everybody
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
    BY_HAND = "by hand"  # the network has no way for a program: a person carries it over and says so


class UpdateKind(enum.StrEnum):
    """What the officer asked the outbox to do."""

    POST = "post"
    REPLY = "reply"


class Visibility(enum.StrEnum):
    """Who may see a message, in the words of the networks that let the author choose."""

    PUBLIC = "public"
    UNLISTED = "unlisted"  # for everybody, but not announced
    FOLLOWERS = "followers"  # a closed circle: followers, members, a blog's own editors
    DIRECT = "direct"  # only for those named in it


class Audience(enum.StrEnum):
    """Who may answer a post of ours, where the network lets us choose."""

    EVERYONE = "everyone"
    FOLLOWERS = "followers"
    FOLLOWED = "followed"
    MENTIONED = "mentioned"
    NOBODY = "nobody"


class Counting(enum.StrEnum):
    """How a network counts what is written."""

    PLAIN = "plain"  # every grapheme
    MASTODON = "mastodon"  # links at ``Limits.link_length``, @user@host at @user, the warning counts too
    X = "x"  # by weight: most scripts 2, Latin and its like 1, an emoji 2, links at ``Limits.link_length``


class Reaction(enum.StrEnum):
    """A quiet word of ours under somebody's message: seen by everybody, no text."""

    LIKE = "like"
    UNLIKE = "unlike"
    BOOST = "boost"
    UNBOOST = "unboost"


class Moderation(enum.StrEnum):
    """What a person may do to somebody's message, where the channel's capabilities allow it."""

    APPROVE = "approve"
    HOLD = "hold"
    SPAM = "spam"
    UNSPAM = "unspam"
    TRASH = "trash"
    RESTORE = "restore"
    HIDE = "hide"  # an answer below a post of ours: folded away for everybody
    UNHIDE = "unhide"
    BLOCK = "block"  # the author; everything else of theirs goes with it at the network, and stays here
    UNBLOCK = "unblock"
    MUTE = "mute"
    UNMUTE = "unmute"
    REPORT = "report"  # to the network's own moderators, with words
    ACCEPT = "accept"  # a sender whom the network's filter kept back
    DISMISS = "dismiss"


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
    THREAD = enum.auto()  # thread() reads the whole conversation around a message
    HINTS = enum.auto()  # hints() tells at once that something may be new
    REACT_LIKE = enum.auto()
    REACT_BOOST = enum.auto()
    QUOTE = enum.auto()
    HIDE = enum.auto()
    BLOCK = enum.auto()
    MUTE = enum.auto()
    REPORT = enum.auto()
    REQUESTS = enum.auto()  # accept or dismiss a sender whom the network's filter kept back
    VISIBILITY = enum.auto()
    WARNING = enum.auto()  # content warning
    LANGUAGE = enum.auto()
    POLL = enum.auto()
    AUDIENCE = enum.auto()  # who may answer, who may quote
    CARD = enum.auto()  # the link card is made by us
    DIRECT = enum.auto()  # direct messages
    TITLE = enum.auto()  # a post has a title, and as much text as one likes
    QUOTABLE = enum.auto()  # whether others may quote a post
    PRIVATE_REPLY = enum.auto()  # a public comment may be answered by a private message (visibility DIRECT)
    WEIGH = enum.auto()  # weigh() tells before approval how many it reaches and what it costs
    TRIAL = enum.auto()  # trial() sends it to ourselves only


class SignIn(enum.StrEnum):
    """How a person lets Postroom in."""

    NOTHING = "nothing"
    PASTE = "paste"
    BROWSER = "browser"
    BROWSER_CODE = "browser code"  # there too, but the browser cannot come back: what it shows is pasted


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
class Choice:
    """A category or topic that a post may go to. ``reaches``: so many people receive it; None: not known or nobody's
    business. ``warning``: what to know before it is chosen."""

    code: str
    title: str
    reaches: int | None = None
    warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a channel accepts; ``None`` means that the network sets no limit worth a counter."""

    text_graphemes: int | None = None  # counted as ``counting`` says
    counting: Counting = Counting.PLAIN
    link_length: int | None = None  # what every link counts, however long it is; None: as it is written
    text_bytes: int | None = None
    reply_bytes: int | None = None  # where an answer may hold less than a post
    media_count: int = 0
    media_bytes: int | None = None
    media_types: tuple[str, ...] = ()
    media_alone: tuple[str, ...] = ()  # of these types: one file, and no other beside it
    media_px: int | None = None  # width times height
    alt_graphemes: int | None = None
    exclusive: tuple[tuple[str, str], ...] = ()  # of Rendition's fields: one or the other, such as ("poll", "media")
    poll_options: int = 0
    poll_option_graphemes: int | None = None
    poll_least_s: int = 300
    poll_most_s: int = 2_629_746
    visibilities: tuple[Visibility, ...] = (Visibility.PUBLIC,)
    visibility: Visibility = Visibility.PUBLIC  # what the account has chosen as its usual one
    language: str = ""  # the account's usual one
    schedule_ahead_s: int = 120  # a time nearer than this would publish at once
    direct_graphemes: int | None = None
    reply_depth: int | None = None
    keep_text_s: int | None = None  # storage rule: members' words and what goes with them may be kept this long
    keep_name_s: int | None = None  # the same for their names and faces
    choices: tuple[Choice, ...] = ()  # Capability.TERMS: the only categories there are; empty: any may be typed
    choice_needed: bool = False  # a post goes to one of them at least


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
    """A picture, sound or file that a message points to. Never fetched unless asked for.

    ``preview_url``: a small picture of it, from a host that the account trusts anyway (its own server, its network's
    picture host); empty when only a stranger's host has it.
    """

    url: str
    kind: str = "image"
    description: str = ""
    size_bytes: int | None = None
    preview_url: str = ""
    width_px: int | None = None
    height_px: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How much was answered, boosted, liked and quoted, as the network last said."""

    replies: int = 0
    boosts: int = 0
    likes: int = 0
    quotes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Quoted:
    """The message quoted inside another. ``withheld``: why it is not shown, in words; then the rest is empty."""

    remote_id: str = ""
    author: str = ""
    handle: str = ""
    text: str = ""
    url: str = ""
    withheld: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkCard:
    """What a link is shown as. ``image_url`` in what arrived, ``image_path`` (a file of ours) in what is published."""

    url: str
    title: str = ""
    description: str = ""
    image_url: str = ""
    image_path: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PollOption:
    """One answer of a poll; ``votes`` None while the network hides them."""

    title: str
    votes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """A poll as it stands."""

    options: tuple[PollOption, ...]
    ends_at: datetime | None = None
    ended: bool = False
    multiple: bool = False
    voters: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PollAsked:
    """A poll that we publish."""

    options: tuple[str, ...]
    lasts_s: int = 86_400
    multiple: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Emoji:
    """A picture that stands for ``:code:`` in a message's words and its author's name."""

    code: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Anything that arrived, or that we said there, as a connector understood it.

    ``text`` is plain text for rows, search and speech; ``html`` is the network's markup, *not* sanitised (the window
    does that each time it shows it), empty when there is none. ``parent_remote_id`` is the message this one answers,
    within the same conversation; ``context_remote_id`` the post under discussion, shown above the conversation.
    ``root_remote_id`` names the first message of the conversation where the network says it at once. ``addressees`` are
    the handles that an answer has to contain for its readers to hear of it, where the network wants that. ``warning``
    is what a reader is told before the words are unfolded. ``reacted`` is what we did quietly ourselves. ``untold``
    names those of ``state`` (whether we hid it), ``reacted`` and ``counts`` that the network did not tell this time:
    what was known before holds. ``denied`` is what the channel can do but the network does not allow with this very
    message; after ``reply_until`` neither an answer. Where REPLY is denied an answer is carried over by hand.
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
    visibility: Visibility = Visibility.PUBLIC
    parent_remote_id: str = ""
    root_remote_id: str = ""
    context_remote_id: str = ""
    edited_at: datetime | None = None
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    addressees: tuple[str, ...] = ()
    warning: str = ""
    counts: Counts = Counts()
    reacted: tuple[Reaction, ...] = ()
    untold: tuple[str, ...] = ()
    quoted: Quoted | None = None
    card: LinkCard | None = None
    poll: Poll | None = None
    emojis: tuple[Emoji, ...] = ()
    denied: Capability = Capability.NONE
    reply_until: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def public(self) -> bool:
        """Whether anybody may read it."""
        return self.visibility in (Visibility.PUBLIC, Visibility.UNLISTED)


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


DOCUMENT: Final = "application/pdf"
"""The type of the pages that some networks take in a picture's place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A picture or document the officer attached: a file kept in the inbox's own folder until it is delivered."""

    path: str
    mime_type: str
    alt_text: str = ""
    size_bytes: int = 0
    width_px: int = 0
    height_px: int = 0


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
    quotes: MessageId | None = None
    visibility: Visibility | None = None  # None: what it answers has, or the account's usual one
    warning: str = ""
    language: str = ""
    poll: PollAsked | None = None
    card: LinkCard | None = None
    audience: Audience = Audience.EVERYONE
    quotable: bool = True
    variations: Mapping[ChannelId, str] = field(default_factory=dict)  # another text for these channels
    choices: Mapping[ChannelId, tuple[str, ...]] = field(default_factory=dict)  # codes of ``Limits.choices``


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendition:
    """What one channel will show: the preview paints this very value and the connector sends it.

    ``text`` is what the officer typed, unescaped, with the handles an answer needs before it; a connector escapes for
    its network. ``reply_to`` and ``context`` are remote ids (the message answered and the post it stands under);
    ``replaces`` the remote id of a post to update, ``quotes`` of the message to quote. ``publish_at`` is set only where
    the network keeps the time itself. A part that the channel has no capability for is left out by ``render``.
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
    quotes: str = ""
    visibility: Visibility | None = None
    warning: str = ""
    language: str = ""
    poll: PollAsked | None = None
    card: LinkCard | None = None
    audience: Audience = Audience.EVERYONE
    quotable: bool = True


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
    """One rendition's fate at one channel. ``key`` is fresh per delivery and makes a retry recognisable.

    It is 32 hexadecimal digits, the first twelve of them the time it was approved in milliseconds since 1970: networks
    that let us name what we publish want such names in order of time.
    """

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
    step: str = ""  # how far a connector got that publishes in two steps; see ``connector.Steps``


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """What publishing a rendition would mean. ``cost``: millionths of a US dollar. ``words``: what to know before.
    ``confirm``: it cannot be taken back at the network, so a person confirms it with these figures before them."""

    reaches: int | None = None
    cost: int | None = None
    words: tuple[str, ...] = ()
    confirm: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelFound:
    """A channel that an account opens, before it has a row here."""

    remote_id: str
    title: str
    url: str = ""
    speaks_as: str = ""
    capabilities: Capability = Capability.FETCH
    limits: Limits = field(default_factory=Limits)
