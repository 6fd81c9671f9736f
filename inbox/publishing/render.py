"""Update + channel -> Rendition and Problems. Pure; the preview paints the very value that is sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from inbox.model import Capability, Channel, Message, Problem, Rendition, Update, UpdateKind

SOONEST_SCHEDULE = timedelta(minutes=2)
"""WordPress publishes at once what is scheduled less than a minute ahead (wordpress.md, section 1 point 8)."""


def render(
    update: Update, channel: Channel, *, now: datetime, reply_to: Message | None = None, replaces: Message | None = None
) -> tuple[Rendition, tuple[Problem, ...]]:
    """What ``channel`` will show of ``update``, and why it may not go there (stops) or should be looked at (warns)."""
    rendition = Rendition(
        kind=update.kind,
        text=update.text.strip(),
        title=update.title.strip(),
        excerpt=update.excerpt.strip(),
        media=update.media,
        categories=update.categories,
        tags=update.tags,
        publish_at=update.publish_at,
        reply_to=reply_to.remote_id if reply_to else "",
        context=reply_to.context_remote_id if reply_to else "",
        replaces=replaces.remote_id if replaces else "",
    )
    return rendition, tuple(_problems(rendition, channel, now))


def _problems(rendition: Rendition, channel: Channel, now: datetime) -> list[Problem]:
    limits = channel.limits
    found = []
    wanted = Capability.REPLY if rendition.kind == UpdateKind.REPLY else Capability.POST
    if wanted not in channel.capabilities:
        what = "answer" if rendition.kind == UpdateKind.REPLY else "publish"
        found.append(Problem(words=f"{channel.title} cannot {what} from here.", where="channel"))
    if not rendition.text and not rendition.title:
        found.append(Problem(words="There is nothing written yet."))
    if rendition.kind == UpdateKind.POST and rendition.text and not rendition.title:
        found.append(Problem(words="The post has no title.", where="title", stops=False))
    size = len(rendition.text.encode())
    most = [limits.text_bytes, limits.reply_bytes if rendition.kind == UpdateKind.REPLY else None]
    over = max((size - limit for limit in most if limit is not None), default=0)
    if over > 0:
        found.append(Problem(words=f"{over:,} bytes too long for {channel.title}."))
    if rendition.media and Capability.MEDIA not in channel.capabilities:
        found.append(Problem(words=f"{channel.title} takes no pictures.", where="media"))
    elif len(rendition.media) > max(limits.media_count, 1):
        found.append(Problem(words=f"{channel.title} takes {max(limits.media_count, 1)} pictures.", where="media"))
    types = limits.media_types
    if types and any(m.mime_type not in types for m in rendition.media):
        kinds = ", ".join(t.removeprefix("image/").upper() for t in types)
        found.append(Problem(words=f"{channel.title} takes pictures as {kinds} only.", where="media"))
    if (rendition.categories or rendition.tags) and Capability.TERMS not in channel.capabilities:
        found.append(Problem(words=f"{channel.title} has no categories or tags.", where="terms"))
    for one in rendition.media:
        if limits.media_bytes is not None and one.size_bytes > limits.media_bytes:
            found.append(Problem(words="The picture is too large.", where="media"))
        if not one.alt_text.strip():
            found.append(Problem(words="The picture has no description.", where="media", stops=False))
    if rendition.publish_at is not None:
        if Capability.SCHEDULE not in channel.capabilities:
            found.append(Problem(words=f"{channel.title} cannot keep a time itself.", where="time"))
        elif rendition.publish_at < now + SOONEST_SCHEDULE:
            found.append(Problem(words="Choose a time at least two minutes ahead.", where="time"))
    return found
