"""What is left of the room that each channel gives, as it counts, and what becomes of the pictures there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from inbox.model import Capability, Channel, Limits, Media, Rendition, UpdateKind, Visibility
from inbox.publishing import counting
from inbox.publishing.render import fits_after_change

NEAR = 20
"""From here on a counter warns."""
_USUAL_MEDIA = 4
"""Pictures offered while no channel is chosen that says how many it takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """``left``: how much may still be written, below zero how much is too much; ``None`` where there is no limit.

    ``cut``: where in the rendition's text the part begins that is too much, its length when nothing is.
    """

    left: int | None
    cut: int
    in_bytes: bool = False

    @property
    def tone(self) -> str:
        """The chip that goes with it."""
        if self.left is None or self.left > NEAR:
            return "chip"
        return "chip-owed" if self.left >= 0 else "chip-danger"

    @property
    def tightness(self) -> float:
        """To sort by: the tightest first."""
        return float("inf") if self.left is None else self.left


def room(rendition: Rendition, limits: Limits) -> Room:
    """How much room there still is for this text."""
    text, found = rendition.text, []
    direct = rendition.visibility is Visibility.DIRECT and limits.direct_graphemes
    if most := (direct or limits.text_graphemes):
        here = replace(limits, text_graphemes=most)
        left = most - counting.length(text, here, warning=rendition.warning)
        cut = counting.overrun(text, here, warning=rendition.warning) if left < 0 else len(text)
        found.append(Room(left=left, cut=cut))
    sizes = [limits.text_bytes, limits.reply_bytes if rendition.kind is UpdateKind.REPLY else None]
    if least := min((s for s in sizes if s is not None), default=0):
        left = least - len(text.encode())
        if left < 0 or not found:
            found.append(Room(left=left, cut=_cut_bytes(text, least) if left < 0 else len(text), in_bytes=True))
    return min(found, key=lambda r: (r.cut, r.in_bytes), default=Room(left=None, cut=len(text)))


def _cut_bytes(text: str, least: int) -> int:
    """The longest beginning that fits into so many bytes, in characters; never inside a grapheme."""
    fits = len(text.encode()[:least].decode(errors="ignore"))
    whole = counting.graphemes(text[:fits])
    while fits and counting.graphemes(text[: fits + 1]) == whole:  # what follows belongs to the last one
        fits -= 1
        whole = counting.graphemes(text[:fits])
    return fits


def utf16(text: str, index: int) -> int:
    """Where Qt counts a place in a text that Python counts as ``index``."""
    return len(text[:index].encode("utf-16-le", errors="surrogatepass")) // 2


# Pictures


def most_pictures(channels: Iterable[Channel]) -> int:
    """The most that any of these channels takes; as ``render`` has it, one at least where pictures are taken at all."""
    taking = [max(c.limits.media_count, 1) for c in channels if Capability.MEDIA in c.capabilities]
    return max(taking, default=_USUAL_MEDIA)


def most_alt(channels: Iterable[Channel]) -> int | None:
    """How long a description may be for all of these channels."""
    return min((c.limits.alt_graphemes for c in channels if c.limits.alt_graphemes is not None), default=None)


def takes_fewer(pictures: int, channels: Sequence[Channel]) -> list[tuple[Channel, int]]:
    """Channels that do not take so many pictures, and how many they do."""
    taken = ((c, max(c.limits.media_count, 1) if Capability.MEDIA in c.capabilities else 0) for c in channels)
    return [(channel, most) for channel, most in taken if most < pictures]


def changed_for(media: Media, channels: Sequence[Channel]) -> list[Channel]:
    """Channels for which this picture will be made smaller or of another kind (``publishing.fitting``)."""
    return [c for c in channels if Capability.MEDIA in c.capabilities and _changes(media, c.limits)]


def _changes(media: Media, limits: Limits) -> bool:
    large = limits.media_bytes is not None and media.size_bytes > limits.media_bytes
    wide = limits.media_px is not None and media.width_px * media.height_px > limits.media_px
    other = bool(limits.media_types) and media.mime_type not in limits.media_types
    return (large or wide or other) and fits_after_change(media)
