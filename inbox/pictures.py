"""Pictures that a message points to: fetched only when a person asks, kept on disk so that they are there offline."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace
from pathlib import Path

from inbox.clock import Clock
from inbox.connectors import cards, http
from inbox.errors import BadReply, NotFound, PostroomError
from inbox.model import LinkCard

log = logging.getLogger(__name__)

MOST_BYTES = 12_000_000
KEPT_BYTES = 200_000_000


class Pictures:
    """A folder of pictures by the hash of their address; the oldest go when it grows over its ceiling."""

    def __init__(self, folder: Path, client: http.Client, clock: Clock) -> None:
        self._folder = folder
        self._client = client
        self._clock = clock

    def _place(self, url: str) -> Path:
        return self._folder / hashlib.sha256(url.encode()).hexdigest()

    async def get(self, url: str, *, asked: bool = True) -> Path:
        """The file with the picture at this address, fetched when it is not here yet.

        Unless somebody ``asked`` for it, no redirect is followed: it could lead from a trusted host to a stranger's.
        No cookie, no sign-in and no referrer goes along. Raises Offline, Unavailable, NotFound, BadReply.
        """
        place = self._place(url)
        if place.exists():
            place.touch()
            return place
        if not url.startswith(("https://", "http://")):
            raise NotFound("This is not an address of a picture.")
        reply = await http.request(
            self._client, "GET", url, clock=self._clock, max_bytes=MOST_BYTES, follow_redirects=asked
        )
        kind = reply.headers.get("content-type", "").split(";")[0].strip().lower()
        if reply.status != 200:
            raise NotFound(f"The picture is not there (status {reply.status}).")
        if not kind.startswith("image/") or kind == "image/svg+xml":
            raise BadReply(f"What is there is no picture, but {kind or 'of no kind'}.")
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(reply.body)
        unfinished.replace(place)
        self._make_room()
        return place

    async def card(self, url: str) -> LinkCard:
        """What the page says of itself, with its picture as a file of ours that stays. A picture that cannot be had
        is left out: the card is good without it."""
        found = await cards.look(url, self._client, self._clock)
        if not found.image_url:
            return found
        try:
            fetched = await self.get(found.image_url)
            kept = await asyncio.to_thread(self._keep, fetched)
        except (PostroomError, OSError) as error:
            log.info("the picture of a link card could not be had: %s", type(error).__name__)
            return found
        return replace(found, image_path=str(kept))

    def _keep(self, fetched: Path) -> Path:
        """As a JPEG or PNG beside what the officer attaches: the cache may forget it before it has gone out."""
        from PIL import Image  # here: most inboxes never make a card

        try:
            with Image.open(fetched) as image:
                image.load()
                plain = image.convert("RGB")
            plain.thumbnail((1_200, 1_200))
        except (ValueError, SyntaxError, Image.DecompressionBombError) as error:  # a stranger's, or made to harm
            raise BadReply("What is there cannot be read as a picture.") from error
        kept = self._folder.parent / f"card-{fetched.name[:24]}.jpg"
        unfinished = kept.with_suffix(".part")
        plain.save(unfinished, "JPEG", quality=85)
        unfinished.replace(kept)
        return kept

    def _make_room(self) -> None:
        files = sorted((f for f in self._folder.iterdir()), key=lambda f: f.stat().st_mtime, reverse=True)
        used = 0
        for file in files:
            used += file.stat().st_size
            if used > KEPT_BYTES:
                file.unlink()
