"""The one channel that an account opens: the profile, what it allows and what it limits (x.md sections 5 and 6)."""

from __future__ import annotations

from typing import Final

from inbox.connectors.x.attaching import GIF
from inbox.connectors.x.direct import MOST_CHARACTERS
from inbox.connectors.x.us import Us
from inbox.model import Capability, ChannelFound, Counting, Limits

EVERYTHING: Final = (
    Capability.FETCH
    | Capability.THREAD
    | Capability.POST
    | Capability.REPLY
    | Capability.DELETE
    | Capability.MEDIA
    | Capability.POLL
    | Capability.AUDIENCE
    | Capability.HIDE
    | Capability.REACT_BOOST
    | Capability.DIRECT
    | Capability.WEIGH
)
TEXT: Final = 280
PREMIUM_TEXT: Final = 25_000
LINK: Final = 23
PICTURES: Final = 4
PICTURE_BYTES: Final = 5_000_000
ALT_CHARACTERS: Final = 1_000
_WRITES: Final = (
    Capability.POST | Capability.REPLY | Capability.DELETE | Capability.POLL | Capability.AUDIENCE
    | Capability.REACT_BOOST | Capability.WEIGH | Capability.MEDIA | Capability.HIDE
)  # fmt: skip


def channel_of(us: Us) -> ChannelFound:
    """The profile as a channel."""
    return ChannelFound(
        remote_id=us.id,
        title=f"@{us.username}",
        url=us.profile(us.username),
        speaks_as=us.name,
        capabilities=capabilities_of(us),
        limits=limits_of(us),
    )


def capabilities_of(us: Us) -> Capability:
    """What the sign-in allows."""
    able = EVERYTHING
    if "write" not in us.rights:
        able &= ~_WRITES
    if "media" not in us.rights:
        able &= ~Capability.MEDIA
    if "moderate" not in us.rights:
        able &= ~Capability.HIDE
    if not us.direct:
        able &= ~Capability.DIRECT
    return able


def limits_of(us: Us) -> Limits:
    """What X takes; a paid subscription of the account's own takes longer texts."""
    return Limits(
        text_graphemes=PREMIUM_TEXT if us.premium else TEXT,
        counting=Counting.X,
        link_length=LINK,
        media_count=PICTURES,
        media_bytes=PICTURE_BYTES,
        media_types=("image/jpeg", "image/png", "image/gif", "image/webp"),
        media_alone=(GIF,),
        alt_graphemes=ALT_CHARACTERS,
        exclusive=(("poll", "media"),),
        poll_options=4,
        poll_option_graphemes=25,
        poll_least_s=300,
        poll_most_s=604_800,
        direct_graphemes=MOST_CHARACTERS if us.direct else None,
    )
