"""How the others act on the network: they say, answer, quote, like, block; and what moderators do to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image

from inbox.practice.bluesky import ids
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import (
    BLOCK,
    FOLLOW,
    LIKE,
    POST,
    POSTGATE,
    REPOST,
    THREADGATE,
    Account,
    Label,
    Record,
)

_MENTION = re.compile(r"(?<![\w.@])@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)]")
_TAG = re.compile(r"(?<!\S)#(\w*[^\W\d]\w*)")


class People:
    """Everybody but us. Each act is written as their program would write it."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def say(
        self,
        who: Account,
        text: str,
        *,
        to: Record | None = None,
        quote: Record | None = None,
        pictures: Sequence[tuple[bytes, str, str]] = (),
        card: dict[str, str] | None = None,
        langs: Iterable[str] = ("en",),
        warnings: Iterable[str] = (),
        at: datetime | None = None,
        rkey: str = "",
    ) -> Record:
        """A post. Handles, links and #tags in ``text`` get their facets. ``pictures``: bytes, type, alt text.

        ``at``: when it claims to be written. ``warnings``: labels that the author puts on it.
        """
        value: dict[str, Any] = {"$type": POST, "text": text, "langs": list(langs)}
        facets = list(self.facets(text))
        if facets:
            value["facets"] = facets
        if to is not None:
            value["reply"] = {"root": (to.value.get("reply") or {"root": to.ref})["root"], "parent": to.ref}
        embed = self._embed(who, quote, pictures, card)
        if embed is not None:
            value["embed"] = embed
        if warnings:
            values = [{"val": val} for val in warnings]
            value["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
        value["createdAt"] = ids.stamp(at or self.network.now())
        return self.network.write(who, POST, value, rkey=rkey)

    def edit(self, post: Record, text: str) -> Record:
        """Other words under the same address."""
        value = {k: v for k, v in post.value.items() if k != "facets"} | {"text": text}
        facets = list(self.facets(text))
        account = self.network.accounts[post.did]
        return self.network.write(account, POST, value | ({"facets": facets} if facets else {}), rkey=post.rkey)

    def remove(self, record: Record) -> None:
        """Take it back: a post, or a like, repost, follow or block."""
        self.network.erase(record)

    def like(self, who: Account, post: Record, *, at: datetime | None = None) -> Record:
        return self._react(who, LIKE, post.ref, at)

    def repost(self, who: Account, post: Record, *, at: datetime | None = None) -> Record:
        return self._react(who, REPOST, post.ref, at)

    def follow(self, who: Account, whom: Account, *, at: datetime | None = None) -> Record:
        return self._react(who, FOLLOW, whom.did, at)

    def block(self, who: Account, whom: Account) -> Record:
        return self._react(who, BLOCK, whom.did)

    def mute(self, who: Account, whom: Account) -> None:
        self.network.mutes[who.did].add(whom.did)

    def gate(
        self, root: Record, allow: Sequence[str] | None = None, *, hide: Iterable[Record] = (), quotes: bool = True
    ) -> None:
        """Who may answer (``allow``: mentionRule, followerRule, followingRule; none of them: nobody) and quote."""
        owner, now = self.network.accounts[root.did], ids.stamp(self.network.now())
        value: dict[str, Any] = {"$type": THREADGATE, "post": root.uri, "createdAt": now}
        if allow is not None:
            value["allow"] = [{"$type": f"{THREADGATE}#{rule}"} for rule in allow]
        hidden = [record.uri for record in hide]
        self.network.write(owner, THREADGATE, value | ({"hiddenReplies": hidden} if hidden else {}), rkey=root.rkey)
        if not quotes:
            rules = [{"$type": f"{POSTGATE}#disableRule"}]
            value = {"$type": POSTGATE, "post": root.uri, "embeddingRules": rules, "createdAt": now}
            self.network.write(owner, POSTGATE, value, rkey=root.rkey)

    def takedown(self, what: Record | Account) -> None:
        """A moderator takes a post or an account away; its PDS keeps it."""
        self.network.taken_down.add(what.uri if isinstance(what, Record) else what.did)

    def label(self, what: Record | Account, val: str, *, src: str = "") -> None:
        """A labeler says something of a post or an account."""
        uri, cid = (what.uri, what.cid) if isinstance(what, Record) else (what.did, "")
        made = Label(src=src or self.network.labeler, uri=uri, cid=cid, val=val, at=self.network.now())
        self.network.labels[uri].append(made)

    def facets(self, text: str) -> Iterator[dict[str, Any]]:
        """What a text names, in UTF-8 bytes."""
        for match in _MENTION.finditer(text):
            account = self.network.account(match[1])
            if account is not None:
                yield _facet(text, match.span(), {"$type": "app.bsky.richtext.facet#mention", "did": account.did})
        for match in _LINK.finditer(text):
            yield _facet(text, match.span(), {"$type": "app.bsky.richtext.facet#link", "uri": match[0]})
        for match in _TAG.finditer(text):
            yield _facet(text, match.span(), {"$type": "app.bsky.richtext.facet#tag", "tag": match[1]})

    def _react(
        self, who: Account, collection: str, subject: dict[str, str] | str, at: datetime | None = None
    ) -> Record:
        value = {"$type": collection, "subject": subject, "createdAt": ids.stamp(at or self.network.now())}
        return self.network.write(who, collection, value)

    def _embed(
        self,
        who: Account,
        quote: Record | None,
        pictures: Sequence[tuple[bytes, str, str]],
        card: dict[str, str] | None,
    ) -> dict[str, Any] | None:
        media: dict[str, Any] | None = None
        if pictures:
            images = []
            for data, kind, alt in pictures:
                blob = self.network.add_blob(who, data, kind)
                blob.used = True
                with Image.open(BytesIO(data)) as opened:
                    width, height = opened.size
                images.append({"image": blob.ref, "alt": alt, "aspectRatio": {"width": width, "height": height}})
            media = {"$type": "app.bsky.embed.images", "images": images}
        elif card is not None:
            media = {"$type": "app.bsky.embed.external", "external": {"title": "", "description": "", **card}}
        if quote is None:
            return media
        record = {"$type": "app.bsky.embed.record", "record": quote.ref}
        if media is None:
            return record
        return {"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": media}


def _facet(text: str, span: tuple[int, int], feature: dict[str, str]) -> dict[str, Any]:
    start, end = (len(text[:at].encode()) for at in span)
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
