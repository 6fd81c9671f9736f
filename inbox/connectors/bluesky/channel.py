"""The one channel that an account opens: the profile, what it allows and what it limits (bluesky.md section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inbox.connectors.bluesky.identity import handle_of
from inbox.connectors.bluesky.xrpc import Api, Place
from inbox.connectors.text import name_text
from inbox.model import Capability, ChannelFound, Limits

TEXT_GRAPHEMES: Final = 300
TEXT_BYTES: Final = 3000
PICTURES: Final = 4
PICTURE_BYTES: Final = 1_000_000  # 2,000,000 on new servers; older ones take no more than this
ALT_GRAPHEMES: Final = 2000
DIRECT_GRAPHEMES: Final = 1000
IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


async def channel_now(api: Api, *, direct: bool) -> ChannelFound:
    """The one channel, with the name the public sees today."""
    profile = await api.query("app.bsky.actor.getProfile", {"actor": api.did}, "the profile")
    place = replace(
        api.place,
        handle=handle_of(str(profile.get("handle") or "")) or api.place.handle,
        name=name_text(str(profile.get("displayName") or "")) or api.place.name,
    )
    return channel_of(place, direct=direct)


def channel_of(place: Place, *, direct: bool) -> ChannelFound:
    """The profile as a channel; direct messages only where the chat service answered."""
    able = CAPABILITIES if direct else CAPABILITIES & ~Capability.DIRECT
    return ChannelFound(
        remote_id=place.did,
        title=place.name or f"@{place.handle}",
        url=f"https://bsky.app/profile/{place.did}",
        speaks_as=place.name or f"@{place.handle}",
        capabilities=able,
        limits=limits_now(direct=direct),
    )


def limits_now(*, direct: bool) -> Limits:
    """Section 5's limits: graphemes and bytes both count."""
    return Limits(
        text_graphemes=TEXT_GRAPHEMES,
        text_bytes=TEXT_BYTES,
        media_count=PICTURES,
        media_bytes=PICTURE_BYTES,
        media_types=IMAGE_TYPES,
        alt_graphemes=ALT_GRAPHEMES,
        exclusive=(("card", "media"),),
        direct_graphemes=DIRECT_GRAPHEMES if direct else None,
    )


CAPABILITIES: Final = (
    Capability.FETCH
    | Capability.REREAD
    | Capability.REPLY
    | Capability.POST
    | Capability.DELETE
    | Capability.MEDIA
    | Capability.THREAD
    | Capability.REACT_LIKE
    | Capability.REACT_BOOST
    | Capability.QUOTE
    | Capability.HIDE
    | Capability.BLOCK
    | Capability.MUTE
    | Capability.REPORT
    | Capability.LANGUAGE
    | Capability.AUDIENCE
    | Capability.QUOTABLE
    | Capability.CARD
    | Capability.DIRECT
)
