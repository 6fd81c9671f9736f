"""What is being written, without any widget: becomes an Update, says what each channel shows, survives as a draft."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from inbox.model import (
    Channel,
    ChannelId,
    Media,
    Message,
    MessageId,
    MessageState,
    Problem,
    Rendition,
    Update,
    UpdateKind,
)
from inbox.publishing.render import render

PLACE = "post"
"""Where the draft of a new post is kept; that of an edited one under ``post:<message id>``."""
_OWN_LINK = re.compile(r"<a\b[^>]*\bhref=\"([^\"]*)\"[^>]*>(\1)</a>")
_PLAIN = re.compile(r"</?(?:p|br)\b[^<>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


@dataclass(kw_only=True, slots=True)
class Picture:
    """A picture that was chosen. ``decorative``: a person said that it needs no description."""

    media: Media
    decorative: bool = False

    @property
    def described(self) -> bool:
        """Whether a blind reader misses nothing."""
        return self.decorative or bool(self.media.alt_text.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one channel will show, and what is to be said about it."""

    channel: Channel
    rendition: Rendition
    problems: tuple[Problem, ...]

    @property
    def stopped(self) -> bool:
        """Whether it may not go there like this."""
        return any(p.stops for p in self.problems)


@dataclass(kw_only=True, slots=True)
class ComposerState:
    """One post in the making. ``replaces`` is the post of ours that it changes; then the channel is fixed."""

    title: str = ""
    text: str = ""
    excerpt: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pictures: list[Picture] = field(default_factory=list)
    publish_at: datetime | None = None
    channels: list[ChannelId] = field(default_factory=list)
    replaces: MessageId | None = None
    flattening_agreed: bool = False
    alt_asked: bool = False

    @property
    def place(self) -> str:
        """Where the draft is kept."""
        return f"{PLACE}:{self.replaces}" if self.replaces is not None else PLACE

    @property
    def empty(self) -> bool:
        """Nothing is written that a person would miss."""
        words = (self.title, self.text, self.excerpt, *self.categories, *self.tags)
        return not (any(w.strip() for w in words) or self.pictures)

    @property
    def undescribed(self) -> list[Picture]:
        """Pictures that nobody described and nobody called decorative."""
        return [p for p in self.pictures if not p.described]

    def update(self) -> Update:
        """The Update as it would be approved now. A decorative picture carries an empty description."""
        return Update(
            kind=UpdateKind.POST,
            title=self.title,
            text=self.text,
            excerpt=self.excerpt,
            categories=self.categories,
            tags=self.tags,
            media=tuple(_delivered(p) for p in self.pictures),
            publish_at=self.publish_at,
            replaces=self.replaces,
        )

    def shown(self, channels: Iterable[Channel], *, now: datetime, replaces: Message | None = None) -> list[Shown]:
        """What each chosen channel will show, in the order of ``channels``."""
        update = self.update()
        found = []
        for channel in channels:
            if channel.id in self.channels:
                rendition, problems = render(update, channel, now=now, replaces=replaces)
                problems += self._lost_formatting(replaces)
                problems = self._without_decorative(problems)
                found.append(Shown(channel=channel, rendition=rendition, problems=problems))
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
        return json.dumps(
            {
                "title": self.title,
                "text": self.text,
                "excerpt": self.excerpt,
                "categories": self.categories,
                "tags": self.tags,
                "pictures": [
                    {
                        "path": p.media.path,
                        "mime_type": p.media.mime_type,
                        "alt_text": p.media.alt_text,
                        "size_bytes": p.media.size_bytes,
                        "decorative": p.decorative,
                    }
                    for p in self.pictures
                ],
                "publish_at": self.publish_at.isoformat() if self.publish_at else None,
                "channels": self.channels,
                "replaces": self.replaces,
            },
            ensure_ascii=False,
        )

    @classmethod
    def restored(cls, body: str) -> ComposerState:
        """From the body of a draft; a new state when there is none or it cannot be read."""
        try:
            kept = json.loads(body) if body else {}
            return cls(
                title=kept.get("title", ""),
                text=kept.get("text", ""),
                excerpt=kept.get("excerpt", ""),
                categories=tuple(kept.get("categories", ())),
                tags=tuple(kept.get("tags", ())),
                pictures=[_picture(p) for p in kept.get("pictures", ())],
                publish_at=datetime.fromisoformat(kept["publish_at"]) if kept.get("publish_at") else None,
                channels=[ChannelId(c) for c in kept.get("channels", ())],
                replaces=MessageId(kept["replaces"]) if kept.get("replaces") is not None else None,
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(text=body)  # an older form: whatever it was, the words are there to be seen

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
            replaces=update.replaces,
        )

    @classmethod
    def of_post(cls, message_id: MessageId, message: Message, channel_id: ChannelId) -> ComposerState:
        """To change a post of ours."""
        ahead = message.created_at if message.state is MessageState.SCHEDULED else None
        return cls(title=message.title, text=message.text, channels=[channel_id], replaces=message_id, publish_at=ahead)


def loses(message: Message) -> bool:
    """Whether the post has markup beyond paragraphs, which sending its plain text again would lose."""
    own = _OWN_LINK.sub(r"\2", message.html)  # an address that the blog made a link of comes back as it was typed
    return "<" in _PLAIN.sub("", own)


def names(typed: str) -> tuple[str, ...]:
    """Categories or tags from a line with commas, each once, in their order."""
    return tuple(dict.fromkeys(n for n in (part.strip() for part in typed.split(",")) if n))


def _delivered(picture: Picture) -> Media:
    media = picture.media
    alt = "" if picture.decorative else media.alt_text.strip()
    return Media(path=media.path, mime_type=media.mime_type, alt_text=alt, size_bytes=media.size_bytes)


def _picture(kept: dict[str, object]) -> Picture:
    return Picture(
        media=Media(
            path=str(kept["path"]),
            mime_type=str(kept["mime_type"]),
            alt_text=str(kept.get("alt_text", "")),
            size_bytes=int(str(kept.get("size_bytes", 0))),
        ),
        decorative=bool(kept.get("decorative", False)),
    )
