"""What is being written, without any widget: becomes an Update, says what each channel shows, survives as a draft."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from urllib.parse import urlsplit

from inbox.model import (
    Audience,
    Channel,
    ChannelId,
    LinkCard,
    Media,
    Message,
    MessageId,
    MessageState,
    PollAsked,
    Problem,
    Rendition,
    Update,
    UpdateKind,
    Visibility,
)
from inbox.publishing.counting import LINK, without_trailing
from inbox.publishing.render import render, warning_of
from ui.composer import draft
from ui.composer.draft import Picture
from ui.composer.room import Room, room

PLACE = "post"
"""Where the draft of a new post is kept; that of an edited one under ``post:<message id>``."""
_OWN_LINK = re.compile(r"<a\b[^>]*\bhref=\"([^\"]*)\"[^>]*>(\1)</a>")
_PLAIN = re.compile(r"</?(?:p|br)\b[^<>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one channel will show, and what is to be said about it.

    ``at`` is when; ``edited``: it has a text of its own; ``quoted``: the message that is quoted there.
    """

    channel: Channel
    rendition: Rendition
    problems: tuple[Problem, ...]
    room: Room
    at: datetime | None = None
    edited: bool = False
    quoted: Message | None = None

    @property
    def stopped(self) -> bool:
        """Whether it may not go there like this."""
        return any(p.stops for p in self.problems)


@dataclass(kw_only=True, slots=True)
class ComposerState:
    """One post in the making. ``replaces`` is the post of ours that it changes; then the channel is fixed.

    ``variations`` keeps the own text of a channel also while that channel is not chosen. ``card``: without an address
    it stands for the first link of the text.
    """

    title: str = ""
    text: str = ""
    excerpt: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pictures: list[Picture] = field(default_factory=list)
    publish_at: datetime | None = None
    channels: list[ChannelId] = field(default_factory=list)
    variations: dict[ChannelId, str] = field(default_factory=dict)
    choices: dict[ChannelId, tuple[str, ...]] = field(default_factory=dict)
    visibility: Visibility | None = None
    warning: str = ""
    language: str = ""
    poll: PollAsked | None = None
    card: LinkCard | None = None
    audience: Audience = Audience.EVERYONE
    quotable: bool = True
    replaces: MessageId | None = None
    quotes: MessageId | None = None
    flattening_agreed: bool = False
    alt_asked: bool = False

    @property
    def place(self) -> str:
        """Where the draft is kept."""
        return f"{PLACE}:{self.replaces}" if self.replaces is not None else PLACE

    @property
    def empty(self) -> bool:
        """Nothing is written that a person would miss."""
        words = (self.title, self.text, self.excerpt, self.warning, *self.categories, *self.tags)
        others = (*self.variations.values(), *(self.poll.options if self.poll else ()))
        return not (any(w.strip() for w in (*words, *others)) or self.pictures)

    @property
    def undescribed(self) -> list[Picture]:
        """Pictures that nobody described and nobody called decorative."""
        return [p for p in self.pictures if not p.described]

    def update(self, only: Iterable[ChannelId] | None = None) -> Update:
        """The Update as it would be approved now, for these channels (all that are chosen). A decorative picture
        carries an empty description."""
        chosen = set(self.channels if only is None else only)
        return Update(
            kind=UpdateKind.POST,
            title=self.title,
            text=self.text,
            excerpt=self.excerpt,
            categories=self.categories,
            tags=self.tags,
            media=tuple(_delivered(p) for p in self.pictures),
            publish_at=self.publish_at,
            variations={id_: text for id_, text in self.variations.items() if id_ in chosen},
            choices={id_: codes for id_, codes in self.choices.items() if id_ in chosen},
            visibility=self.visibility,
            warning=self.warning,
            language=self.language,
            poll=self.poll,
            card=self._card(),
            audience=self.audience,
            quotable=self.quotable,
            replaces=self.replaces,
            quotes=self.quotes,
        )

    def _card(self) -> LinkCard | None:
        """The link card; none while there is no link to make it of."""
        if self.card is None or not (url := self.card.url or first_link(self.text)):
            return None
        title = self.card.title.strip() or self.title.strip() or urlsplit(url).hostname or url
        return replace(self.card, url=url, title=title)

    def shown(
        self,
        channels: Iterable[Channel],
        *,
        now: datetime,
        replaces: Message | None = None,
        quoted: tuple[Message, ChannelId] | None = None,
    ) -> list[Shown]:
        """What each chosen channel will show, in the order of ``channels``. ``quoted``: the message and its channel."""
        update, found = self.update(), []
        for channel in channels:
            if channel.id not in self.channels:
                continue
            here = quoted[0] if quoted is not None and quoted[1] == channel.id else None
            rendition, problems = render(update, channel, now=now, replaces=replaces, quotes=here)
            if quoted is not None and here is None:  # as the desk says it
                words = f"{channel.title} does not have the post that is quoted."
                problems += (Problem(words=words, where="quotes"),)
            problems += self._lost_formatting(replaces)
            found.append(
                Shown(
                    channel=channel,
                    rendition=rendition,
                    problems=self._without_decorative(problems),
                    room=room(rendition, channel.limits),
                    at=self.publish_at,
                    edited=channel.id in self.variations,
                    quoted=here,
                )
            )
        return found

    def _without_decorative(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """``render`` warns of each empty description; for a decorative picture that is as it should be."""
        spared = sum(p.decorative for p in self.pictures)
        kept = []
        for problem in problems:
            if problem.where == "media" and not problem.stops and spared:
                spared -= 1
            else:
                kept.append(problem)
        return tuple(kept)

    def _lost_formatting(self, replaces: Message | None) -> tuple[Problem, ...]:
        if replaces is not None and loses(replaces) and not self.flattening_agreed:
            words = "The post has formatting that would be lost: agree to that, or change it at the blog itself."
            return (Problem(words=words, where="formatting"),)
        return ()

    # As a draft

    def saved(self) -> str:
        """As the body of a draft; empty when there is nothing to keep."""
        if self.empty and self.replaces is None:
            return ""
        return draft.written({name: getattr(self, name) for name in _KEPT})

    @classmethod
    def restored(cls, body: str) -> ComposerState:
        """From the body of a draft; a new state when there is none."""
        return cls(**draft.read(body))

    @classmethod
    def of_update(cls, update: Update, channels: Sequence[ChannelId]) -> ComposerState:
        """To go on with what was taken back or refused."""
        return cls(
            title=update.title,
            text=update.text,
            excerpt=update.excerpt,
            categories=update.categories,
            tags=update.tags,
            pictures=[Picture(media=m) for m in update.media],
            publish_at=update.publish_at,
            channels=list(channels),
            variations=dict(update.variations),
            choices=dict(update.choices),
            visibility=update.visibility,
            warning=update.warning,
            language=update.language,
            poll=update.poll,
            card=_card_of(update),
            audience=update.audience,
            quotable=update.quotable,
            replaces=update.replaces,
            quotes=update.quotes,
        )

    @classmethod
    def of_post(cls, message_id: MessageId, message: Message, channel_id: ChannelId) -> ComposerState:
        """To change a post of ours. A content warning and the language stay unless somebody changes them: a network
        that is sent the whole post again would take them away."""
        return cls(
            title=message.title,
            text=message.text,
            channels=[channel_id],
            replaces=message_id,
            publish_at=message.created_at if message.state is MessageState.SCHEDULED else None,
            warning=warning_of(message),
            language=message.language,
        )


def loses(message: Message) -> bool:
    """Whether the post has markup beyond paragraphs, which sending its plain text again would lose."""
    own = _OWN_LINK.sub(r"\2", message.html)  # an address that the blog made a link of comes back as it was typed
    return "<" in _PLAIN.sub("", own)


def names(typed: str) -> tuple[str, ...]:
    """Categories or tags from a line with commas, each once, in their order."""
    return tuple(dict.fromkeys(n for n in (part.strip() for part in typed.split(",")) if n))


def first_link(text: str) -> str:
    """The first address in a text, without the sentence's punctuation; empty when there is none."""
    found = LINK.search(text)
    return without_trailing(found[0]) if found else ""


def _card_of(update: Update) -> LinkCard | None:
    """The card, following the text's link again if it did."""
    follows = update.card is not None and update.card.url == first_link(update.text)
    return replace(update.card, url="") if update.card is not None and follows else update.card


def _delivered(picture: Picture) -> Media:
    return replace(picture.media, alt_text="" if picture.decorative else picture.media.alt_text.strip())


_NOT_KEPT = {"flattening_agreed", "alt_asked"}  # agreed to once is not agreed to for ever
_KEPT = tuple(f.name for f in fields(ComposerState) if f.name not in _NOT_KEPT)
