"""What the AppView shows: people, posts with their counts, and what is embedded in them."""

from __future__ import annotations

from typing import Any

from inbox.practice.bluesky import ids, index
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import BLOCK, FOLLOW, LIKE, POST, PROFILE, REPOST, Label, Record

_EMPTY: dict[str, Any] = {}


class Views:
    """The network as one viewer (a DID, or empty for nobody) sees it. ``home`` begins the addresses of pictures."""

    def __init__(self, network: Network, viewer: str, home: str) -> None:
        self.network = network
        self.viewer = viewer
        self.home = home

    # --- people ---

    def profile_record(self, did: str) -> dict[str, Any]:
        """Somebody's profile as written; empty when there is none."""
        found = self.network.repos.get(did, {}).get(PROFILE, {}).get("self")
        return found.value if found is not None else _EMPTY

    def person(self, did: str) -> dict[str, Any]:
        """Somebody in few words (``profileViewBasic``)."""
        account, profile = self.network.accounts[did], self.profile_record(did)
        view: dict[str, Any] = {"did": did, "handle": account.handle}
        if profile.get("displayName"):
            view["displayName"] = profile["displayName"]
        if profile.get("avatar"):
            view["avatar"] = self.picture("avatar", did, profile["avatar"])
        view["associated"] = {"activitySubscription": {"allowSubscriptions": "followers"}}
        if self.viewer:
            view["viewer"] = self.relation(did)
        own = self.network.repos[did].get(PROFILE, {}).get("self")
        view["labels"] = self.labels(did, own)
        return view

    def person_listed(self, did: str) -> dict[str, Any]:
        """Somebody with their words about themselves (``profileView``)."""
        view = self.person(did)
        own = self.network.repos[did].get(PROFILE, {}).get("self")
        if own is not None:
            view["indexedAt"] = ids.stamp(own.indexed_at)
            if own.value.get("description"):
                view["description"] = own.value["description"]
        return view

    def person_in_full(self, did: str) -> dict[str, Any]:
        """Somebody's own page (``profileViewDetailed``)."""
        network = self.network
        follows = sum(1 for (c, _), by in network.reactions.items() if c == FOLLOW and did in by)
        return {
            **self.person_listed(did),
            "associated": {
                "lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": False,
                "activitySubscription": {"allowSubscriptions": "followers"},
            },
            "createdAt": ids.stamp(network.accounts[did].created_at),
            "followersCount": len(network.reactions[FOLLOW, did]),
            "followsCount": follows,
            "postsCount": len(network.repos[did].get(POST, {})),
        }  # fmt: skip

    def relation(self, did: str) -> dict[str, Any]:
        """What the viewer and somebody are to each other."""
        network = self.network
        muted = did in network.mutes[self.viewer]
        view: dict[str, Any] = {
            "muted": muted,
            "mutedOnlyReposts": False,
            "mutedOnlyQuoteposts": False,
            "blockedBy": did in network.reactions[BLOCK, self.viewer],
        }
        for name, collection, subject, author in (
            ("blocking", BLOCK, did, self.viewer),
            ("following", FOLLOW, did, self.viewer),
            ("followedBy", FOLLOW, self.viewer, did),
        ):
            found = network.reactions[collection, subject].get(author)
            if found is not None:
                view[name] = found.uri
        return view

    def labels(self, subject: str, record: Record | None) -> list[dict[str, Any]]:
        """What labelers, and the author, say of a post (by address) or of an account (by DID)."""
        said = [label.json() for label in self.network.labels.get(subject, ())]
        if record is not None:
            said += [
                Label(src=record.did, uri=record.uri, cid=record.cid, val=value["val"], at=record.indexed_at).json()
                for value in (record.value.get("labels") or _EMPTY).get("values", ())
            ]
        return said

    def picture(self, size: str, did: str, blob: dict[str, Any]) -> str:
        """The CDN's address of a picture: avatar, feed_thumbnail or feed_fullsize."""
        return f"{self.home}/img/{size}/plain/{did}/{blob['ref']['$link']}"

    # --- posts ---

    def post(self, record: Record) -> dict[str, Any]:
        """A post with its counts (``postView``)."""
        uri, network = record.uri, self.network
        view: dict[str, Any] = {**record.ref, "author": self.person(record.did), "record": record.value}
        embed = self.embed(record)
        if embed is not None:
            view["embed"] = embed
        view |= {"bookmarkCount": 0, **self._counts(uri), "indexedAt": ids.stamp(record.sort_at)}
        if self.viewer:
            view["viewer"] = self._own_part(record)
        view["labels"] = self.labels(uri, record)
        if "reply" not in record.value:
            gate = network.gate(uri)
            if gate is not None:
                view["threadgate"] = self.threadgate(gate)
        return view

    def threadgate(self, gate: Record) -> dict[str, Any]:
        """A threadgate as it stands."""
        return {**gate.ref, "record": gate.value, "lists": []}

    def embed(self, record: Record, *, nested: bool = False) -> dict[str, Any] | None:
        """What is embedded in a post, ready to be drawn; a quoted post's own quote is left out (``nested``)."""
        embed = record.value.get("embed")
        kind = embed.get("$type") if embed else None
        if embed is None:
            return None
        if kind == "app.bsky.embed.record":
            return None if nested else {"record": self._quoted(record), "$type": "app.bsky.embed.record#view"}
        if kind == "app.bsky.embed.recordWithMedia":
            media = self._media(record.did, embed["media"])
            if nested:
                return media
            quoted = {"record": self._quoted(record)}
            return {"record": quoted, "media": media, "$type": "app.bsky.embed.recordWithMedia#view"}
        return self._media(record.did, embed)

    def _media(self, did: str, embed: dict[str, Any]) -> dict[str, Any] | None:
        match embed.get("$type"):
            case "app.bsky.embed.images":
                pictures = []
                for part in embed["images"]:
                    view = {
                        "thumb": self.picture("feed_thumbnail", did, part["image"]),
                        "fullsize": self.picture("feed_fullsize", did, part["image"]),
                        "alt": part["alt"],
                    }
                    pictures.append(view | ({"aspectRatio": part["aspectRatio"]} if "aspectRatio" in part else {}))
                return {"images": pictures, "$type": "app.bsky.embed.images#view"}
            case "app.bsky.embed.external":
                card = {name: embed["external"][name] for name in ("uri", "title", "description")}
                if "thumb" in embed["external"]:
                    card["thumb"] = self.picture("feed_thumbnail", did, embed["external"]["thumb"])
                return {"external": card, "$type": "app.bsky.embed.external#view"}
            case "app.bsky.embed.video":
                cid = embed["video"]["ref"]["$link"]
                watch = f"{self.home}/watch/{did}/{cid}"
                view = {"cid": cid, "playlist": f"{watch}/playlist.m3u8", "thumbnail": f"{watch}/thumbnail.jpg"}
                more: dict[str, Any] = {name: embed[name] for name in ("alt", "aspectRatio") if name in embed}
                return {**view, **more, "$type": "app.bsky.embed.video#view"}
        return None

    def _quoted(self, record: Record) -> dict[str, Any]:
        network, uri = self.network, index.quoted(record)
        found = network.shown(uri)
        gate = network.postgate(uri) if uri.count("/") == 4 else None
        if gate is not None and record.uri in gate.value.get("detachedEmbeddingUris", ()):
            return {"uri": uri, "detached": True, "$type": "app.bsky.embed.record#viewDetached"}
        if found is None or record.detached:
            return {"uri": uri, "notFound": True, "$type": "app.bsky.embed.record#viewNotFound"}
        if network.blocks(found.did, self.viewer) or network.blocks(found.did, record.did):
            return {**self.blocked(found), "$type": "app.bsky.embed.record#viewBlocked"}
        inner = self.embed(found, nested=True)
        return {
            **found.ref,
            "author": self.person(found.did),
            "value": found.value,
            "labels": self.labels(uri, found),
            **self._counts(uri),
            "indexedAt": ids.stamp(found.sort_at),
            "embeds": [inner] if inner is not None else [],
            "$type": "app.bsky.embed.record#viewRecord",
        }

    def blocked(self, record: Record) -> dict[str, Any]:
        """A post of somebody who blocks us or is blocked: that it is there, and no more."""
        relation = self.relation(record.did) if self.viewer else {"blockedBy": False}
        kept = {name: relation[name] for name in ("blockedBy", "blocking") if name in relation}
        return {"uri": record.uri, "blocked": True, "author": {"did": record.did, "viewer": kept}}

    def _counts(self, uri: str) -> dict[str, int]:
        network = self.network
        return {
            "replyCount": len(network.replies.get(uri, ())),
            "repostCount": len(network.reactions.get((REPOST, uri), ())),
            "likeCount": len(network.reactions.get((LIKE, uri), ())),
            "quoteCount": len(network.quotes.get(uri, ())),
        }

    def _own_part(self, record: Record) -> dict[str, Any]:
        network, uri = self.network, record.uri
        view: dict[str, Any] = {}
        for name, collection in (("repost", REPOST), ("like", LIKE)):
            own = network.reactions.get((collection, uri), {}).get(self.viewer)
            if own is not None:
                view[name] = own.uri
        root = (record.value.get("reply") or {"root": {"uri": uri}})["root"]["uri"]
        view |= {"bookmarked": False, "threadMuted": root in network.muted_threads[self.viewer]}
        if network.gate(root) is not None:
            view["replyDisabled"] = not index.may_reply(network, self.viewer, root)
        view["embeddingDisabled"] = not index.may_quote(network, self.viewer, uri)
        return view
