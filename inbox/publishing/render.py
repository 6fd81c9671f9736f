"""Update + channel -> Rendition and Problems. Pure; the preview paints the very value that is sent."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import count

from inbox.model import (
    DOCUMENT,
    Audience,
    Capability,
    Channel,
    Media,
    Message,
    Problem,
    Rendition,
    Update,
    UpdateKind,
    Visibility,
)
from inbox.publishing import counting

_GRADE = {
    v: n for n, v in zip(count(), Visibility, strict=False)
}  # from what everybody sees to what only those named do


# Whom a server takes for named: with its host, or without for somebody of its own.
_NAMED = re.compile(r"(?<![\w/=@])@\w+(?:[.-]\w+)*(?:@\w+(?:[.-]\w+)*)?")


def render(
    update: Update,
    channel: Channel,
    *,
    now: datetime,
    reply_to: Message | None = None,
    replaces: Message | None = None,
    quotes: Message | None = None,
) -> tuple[Rendition, tuple[Problem, ...]]:
    """What ``channel`` will show of ``update``, and why it may not go there (stops) or should be looked at (warns).

    What the channel has no place for (a title, categories, a warning) is left out; what it could not do without
    changing what was meant (a picture, a poll, a circle of readers) is a problem.
    """
    can = channel.capabilities
    text = update.variations.get(channel.id, update.text).strip()
    if reply_to is not None:
        text = addressed(text, reply_to)
    titled = Capability.TITLE in can
    terms = Capability.TERMS in can
    kept_there = update.publish_at if Capability.SCHEDULE in can else None
    rendition = Rendition(
        kind=update.kind,
        text=text,
        title=update.title.strip() if titled else "",
        excerpt=update.excerpt.strip() if titled else "",
        media=update.media,
        categories=_categories(update, channel) if terms else (),
        tags=update.tags if terms else (),
        publish_at=kept_there,
        reply_to=reply_to.remote_id if reply_to else "",
        context=reply_to.context_remote_id if reply_to else "",
        replaces=replaces.remote_id if replaces else "",
        quotes=quotes.remote_id if quotes else "",
        visibility=_visibility(update, channel, reply_to),
        warning=_warning(update, reply_to) if Capability.WARNING in can else "",
        language=(update.language or channel.limits.language) if Capability.LANGUAGE in can else "",
        poll=update.poll,
        card=update.card if Capability.CARD in can and not update.media else None,
        audience=update.audience if Capability.AUDIENCE in can and reply_to is None else Audience.EVERYONE,
        quotable=update.quotable or Capability.QUOTABLE not in can,
    )
    return rendition, tuple(_problems(update, rendition, channel, now, reply_to))


def _categories(update: Update, channel: Channel) -> tuple[str, ...]:
    """Where the channel names what there is, what was chosen of that; else what was typed."""
    if not channel.limits.choices:
        return update.categories
    known = {c.code for c in channel.limits.choices}
    return tuple(code for code in update.choices.get(channel.id, ()) if code in known)


def addressed(text: str, reply_to: Message) -> str:
    """The answer with the handles before it that it needs and does not hold yet."""
    held = {word.rstrip(".,;:!?").casefold() for word in text.split() if word.startswith("@")}
    missing = [handle for handle in reply_to.addressees if handle.casefold() not in held]
    return f"{' '.join(missing)} {text}" if missing and text else text


def _visibility(update: Update, channel: Channel, reply_to: Message | None) -> Visibility | None:
    """An answer is never seen by more people than what it answers, unless somebody chose that."""
    if Capability.VISIBILITY not in channel.capabilities:
        return Visibility.DIRECT if _private_reply(update, channel, reply_to) else None
    if update.visibility is not None:
        return update.visibility
    usual = channel.limits.visibility
    return max(usual, reply_to.visibility, key=_GRADE.__getitem__) if reply_to else usual


def _private_reply(update: Update, channel: Channel, reply_to: Message | None) -> bool:
    """A public comment answered by a private message, where the network has that."""
    wanted = reply_to is not None and reply_to.public and update.visibility is Visibility.DIRECT
    return wanted and Capability.PRIVATE_REPLY in channel.capabilities


def _warning(update: Update, reply_to: Message | None) -> str:
    return update.warning.strip() or (warning_of(reply_to) if reply_to and update.kind is UpdateKind.REPLY else "")


def warning_of(message: Message) -> str:
    """The content warning as its writer set it; empty where the connector put words of its own there, which are for
    the person at the window alone."""
    return "" if message.details.get("warning") == "shown only" else message.warning


def _problems(
    update: Update, rendition: Rendition, channel: Channel, now: datetime, reply_to: Message | None
) -> list[Problem]:
    can, title = channel.capabilities, channel.title
    found = []
    wanted = Capability.REPLY if rendition.kind == UpdateKind.REPLY else Capability.POST
    if wanted not in can:
        what = "answer" if rendition.kind == UpdateKind.REPLY else "publish"
        found.append(Problem(words=f"{title} cannot {what} from here.", where="channel"))
    if not rendition.text and not rendition.title and not (rendition.media and Capability.TITLE not in can):
        found.append(Problem(words="There is nothing written yet."))
    if rendition.kind == UpdateKind.POST and Capability.TITLE in can and rendition.text and not rendition.title:
        found.append(Problem(words="The post has no title.", where="title", stops=False))
    if channel.limits.choice_needed and rendition.kind == UpdateKind.POST and not rendition.categories:
        found.append(Problem(words=f"Choose who receives it at {title}.", where="choices"))
    chosen = set(rendition.categories)
    found += [
        Problem(words=f"{c.title}: {c.warning}", where="choices", stops=False)
        for c in channel.limits.choices
        if c.code in chosen and c.warning
    ]
    found += _too_long(rendition, channel, reply_to)
    if update.warning.strip() and not rendition.warning:
        found.append(Problem(words=f"{title} shows no content warning.", where="warning", stops=False))
    found += _circle(update, rendition, channel, reply_to)
    if reply_to is not None and rendition.kind == UpdateKind.REPLY:
        found += _still_open(rendition, channel, now, reply_to)
    if rendition.quotes and Capability.QUOTE not in can:
        found.append(Problem(words=f"{title} cannot quote.", where="quotes"))
    found += _poll(rendition, channel)
    found += _media(rendition, channel)
    for one, other in channel.limits.exclusive:
        if getattr(rendition, one) and getattr(rendition, other):
            found.append(Problem(words=f"{title} takes either a {_WORDS[one]} or {_WORDS[other]}s.", where=one))
    if update.publish_at is not None:
        ahead_s = (update.publish_at - now).total_seconds()
        least_s = channel.limits.schedule_ahead_s
        if Capability.SCHEDULE not in can:
            words = f"{title} keeps no time itself: Postroom has to be running then."
            found.append(Problem(words=words, where="time", stops=False))
        elif ahead_s < least_s:
            found.append(Problem(words=f"Choose a time at least {_minutes(least_s)} ahead.", where="time"))
    return found


_WORDS = {"poll": "poll", "media": "picture", "quotes": "quote", "card": "link card"}


def _too_long(rendition: Rendition, channel: Channel, reply_to: Message | None) -> list[Problem]:
    limits, found = channel.limits, []
    private = rendition.visibility is Visibility.DIRECT or (
        rendition.visibility is None and reply_to is not None and reply_to.visibility is Visibility.DIRECT
    )
    direct = private and limits.direct_graphemes
    most_graphemes = direct or limits.text_graphemes
    if most_graphemes is not None:
        over = counting.length(rendition.text, limits, warning=rendition.warning) - most_graphemes
        if over > 0:
            found.append(Problem(words=f"{over:,} characters too long for {channel.title}."))
    size = len(rendition.text.encode())
    most = [limits.text_bytes, limits.reply_bytes if rendition.kind == UpdateKind.REPLY else None]
    over = max((size - limit for limit in most if limit is not None), default=0)
    if over > 0 and not found:
        found.append(Problem(words=f"{over:,} bytes too long for {channel.title}."))
    return found


def _circle(update: Update, rendition: Rendition, channel: Channel, reply_to: Message | None) -> list[Problem]:
    """Who may see it: nothing private becomes public by mistake, and nothing reaches more people than was said."""
    found = []
    if rendition.visibility is None and update.visibility not in (None, Visibility.PUBLIC):
        found.append(Problem(words=f"On {channel.title} everybody could read it.", where="visibility"))
    closed = rendition.visibility is not None and rendition.visibility not in channel.limits.visibilities
    if closed and not _private_reply(update, channel, reply_to):
        found.append(Problem(words=f"{channel.title} has no such circle of readers.", where="visibility"))
    if reply_to is not None and not reply_to.public:
        if rendition.visibility is not None and _GRADE[rendition.visibility] < _GRADE[reply_to.visibility]:
            words = "This would answer a private message for more people than it was written for."
            found.append(Problem(words=words, where="visibility"))
        if rendition.visibility is Visibility.DIRECT and reply_to.addressees:
            ours = channel.remote_id.partition("@")[2]  # our own server, where the channel is a handle
            known = {_in_full(h, ours) for h in (*reply_to.addressees, channel.remote_id)}
            others = [m[0] for m in _NAMED.finditer(rendition.text) if _in_full(m[0], ours) not in known]
            if others:
                words = f"Everybody named in a private message receives it: {', '.join(dict.fromkeys(others))}."
                found.append(Problem(words=words, stops=False))
    return found


def _in_full(handle: str, own: str) -> str:
    """A handle to compare with another: our own server's people are written with its name and without."""
    folded = handle.removeprefix("@").casefold()
    return folded if "@" in folded or not own else f"{folded}@{own}"


def _still_open(rendition: Rendition, channel: Channel, now: datetime, reply_to: Message) -> list[Problem]:
    """Whether the network lets this very message be answered, and from here."""
    if reply_to.reply_until is not None and now >= reply_to.reply_until and not _public_instead(rendition, reply_to):
        words = f"{channel.title} took an answer until {reply_to.reply_until.astimezone():%d %B, %H:%M} only."
        return [Problem(words=words, where="channel")]
    if rendition.visibility is Visibility.DIRECT and reply_to.public and Capability.PRIVATE_REPLY in reply_to.denied:
        return [Problem(words=f"{channel.title} takes no private answer to this any more.", where="visibility")]
    if Capability.REPLY in reply_to.denied:
        words = f"{channel.title} takes no answer to this from a program: you carry it over by hand."
        return [Problem(words=words, where="channel", stops=False)]
    return []


def _public_instead(rendition: Rendition, reply_to: Message) -> bool:
    """A time that ran out for a private answer does not hold for one that everybody reads."""
    return reply_to.public and rendition.visibility is not Visibility.DIRECT


def _poll(rendition: Rendition, channel: Channel) -> list[Problem]:
    poll, limits = rendition.poll, channel.limits
    if poll is None:
        return []
    if Capability.POLL not in channel.capabilities:
        return [Problem(words=f"{channel.title} has no polls.", where="poll")]
    found = []
    if not 2 <= len(poll.options) <= max(limits.poll_options, 2):
        words = f"A poll on {channel.title} has 2 to {max(limits.poll_options, 2)} answers."
        found.append(Problem(words=words, where="poll"))
    folded = [o.strip().casefold() for o in poll.options]
    if not all(folded) or len(set(folded)) < len(folded):
        found.append(Problem(words="Every answer of the poll needs words of its own.", where="poll"))
    most = limits.poll_option_graphemes
    if most is not None and any(counting.graphemes(o) > most for o in poll.options):
        found.append(Problem(words=f"An answer of the poll may have {most} characters.", where="poll"))
    if not limits.poll_least_s <= poll.lasts_s <= limits.poll_most_s:
        words = f"A poll runs between {_minutes(limits.poll_least_s)} and {limits.poll_most_s // 86_400} days."
        found.append(Problem(words=words, where="poll"))
    return found


def _media(rendition: Rendition, channel: Channel) -> list[Problem]:
    limits, found = channel.limits, []
    if rendition.media and Capability.MEDIA not in channel.capabilities:
        return [Problem(words=f"{channel.title} takes no pictures.", where="media")]
    if len(rendition.media) > max(limits.media_count, 1):
        found.append(Problem(words=f"{channel.title} takes {max(limits.media_count, 1)} pictures.", where="media"))
    types = limits.media_types
    if types and any(m.mime_type not in types and not fits_after_change(m) for m in rendition.media):
        kinds = ", ".join(t.removeprefix("image/").upper() for t in types)
        found.append(Problem(words=f"{channel.title} takes pictures as {kinds} only.", where="media"))
    alone = [m.mime_type for m in rendition.media if m.mime_type in limits.media_alone]
    if alone and len(rendition.media) > 1:
        kind = "document" if alone[0] == DOCUMENT else alone[0].removeprefix("image/").upper()
        found.append(Problem(words=f"{channel.title} takes a {kind} alone, with no other file.", where="media"))
    for one in rendition.media:
        if limits.media_bytes is not None and one.size_bytes > limits.media_bytes and not fits_after_change(one):
            found.append(Problem(words="The picture is too large.", where="media"))
        if not one.alt_text.strip():
            document = one.mime_type == DOCUMENT
            words = "The document has no title." if document else "The picture has no description."
            found.append(Problem(words=words, where="media", stops=False))
        elif limits.alt_graphemes is not None and counting.graphemes(one.alt_text) > limits.alt_graphemes:
            words = f"A description on {channel.title} may have {limits.alt_graphemes:,} characters."
            found.append(Problem(words=words, where="media"))
    return found


def fits_after_change(media: Media) -> bool:
    """Whether ``publishing.fitting`` can make it smaller: a still picture, which a moving one may not become."""
    return media.mime_type in ("image/jpeg", "image/png", "image/webp", "image/tiff", "image/bmp")


def _minutes(seconds: int) -> str:
    minutes = max(round(seconds / 60), 1)
    return {2: "two minutes", 5: "five minutes"}.get(minutes, f"{minutes} minutes")
