"""Posts, people and events as JSON, in the vocabulary that was asked in (x.md section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from inbox.practice.x.network import EDITABLE, MOST_EDITS, Event, Network, Post, User
from inbox.practice.x.text import kept

_LONG = 280
_NEW_NAMES = {
    "edit_history_tweet_ids": "edit_history_post_ids", "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
}  # fmt: skip


@dataclass(kw_only=True)
class Wanted:
    """What a request asked for, beside what always comes."""

    new: bool
    post: frozenset[str]
    user: frozenset[str]
    dm: frozenset[str]
    expansions: frozenset[str]
    included: dict[str, dict[str, Any]] = field(default_factory=dict)  # "user:1", "post:2", "media:3_4"

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Wanted:
        """Read from the parameters; unknown names are dropped without a word."""

        def words(name: str) -> frozenset[str]:
            return frozenset(filter(None, params.get(name, "").split(",")))

        new = "post.fields" in params or any(
            e in words("expansions") for e in ("referenced_posts", "edit_history_post_ids")
        )
        new = new or ("expansions" in params and "tweet.fields" not in params and "author_id" in words("expansions"))
        return cls(
            new=new, post=words("post.fields") if new else words("tweet.fields"), user=words("user.fields"),
            dm=words("dm_event.fields"), expansions=words("expansions"),
        )  # fmt: skip

    def includes(self) -> dict[str, list[dict[str, Any]]]:
        """What came along, by kind."""
        found: dict[str, list[dict[str, Any]]] = {}
        names = {"user": "users", "post": "posts" if self.new else "tweets", "media": "media"}
        for key, item in self.included.items():
            found.setdefault(names[key.partition(":")[0]], []).append(item)
        return found


def post_json(network: Network, post: Post, wanted: Wanted) -> dict[str, Any]:
    """A post with the members that were asked for; what is empty is left out."""
    full = _everything(network, post, wanted.new)
    chosen = wanted.post | {"id", "text"} | (frozenset() if wanted.new else {"edit_history_tweet_ids"})
    if wanted.new:
        chosen |= wanted.expansions & {
            "author_id", "in_reply_to_user_id", "referenced_posts", "edit_history_post_ids",
        }  # fmt: skip
    item = {name: value for name, value in full.items() if name in chosen and value not in (None, [], {}, "")}
    for name, value in post.odd.items():
        if value is None:
            item.pop(name, None)
        else:
            item[name] = value
    _expand(network, post, full, wanted)
    return item


def user_json(user: User, wanted: Wanted) -> dict[str, Any]:
    """Somebody, as anybody sees them."""
    full: dict[str, Any] = {
        "id": user.id, "name": user.name, "username": user.username, "created_at": stamp(user.created_at),
        "protected": False, "verified": False, "verified_type": "none", "subscription_type": user.subscription,
        "description": "", "profile_image_url": "https://pbs.twimg.com/profile_images/1/a_normal.jpg",
    }  # fmt: skip
    return {name: value for name, value in full.items() if name in wanted.user | {"id", "name", "username"}}


def event_json(network: Network, event: Event, wanted: Wanted) -> dict[str, Any]:
    """An event of a conversation."""
    full: dict[str, Any] = {
        "id": event.id, "event_type": event.kind, "text": event.text if event.kind == "MessageCreate" else None,
        "sender_id": event.sender_id if event.kind == "MessageCreate" else None, "created_at": stamp(event.created_at),
        "dm_conversation_id": event.conversation_id,
        "participant_ids": None if event.kind == "MessageCreate" else [event.sender_id],
        "attachments": {"media_keys": [network.uploads[m].key for m in event.media]} if event.media else None,
    }  # fmt: skip
    chosen = wanted.dm | {"id", "event_type"} | (set() if wanted.dm else {"text"})
    if "sender_id" in wanted.expansions:
        chosen |= {"sender_id"}
        sender = network.users[event.sender_id]
        wanted.included[f"user:{sender.id}"] = user_json(sender, wanted)
    item = {name: value for name, value in full.items() if name in chosen and value is not None}
    if "entities" in wanted.dm and event.entities:
        item |= {"entities": event.entities} if wanted.new else event.entities
    return item


def stamp(moment: datetime) -> str:
    """A time on the wire: whole seconds, written with milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _everything(network: Network, post: Post, new: bool) -> dict[str, Any]:
    parent, quoted = network.posts.get(post.parent_id), post.quoted_id
    refers = [{"type": "replied_to", "id": post.parent_id}] if post.parent_id else []
    refers += [{"type": "quoted", "id": quoted}] if quoted else []
    versions = [network.posts[i] for i in post.chain if i in network.posts]
    answers, quotes = network.counts(post)
    attachments: dict[str, Any] = {}
    if post.media:
        attachments["media_keys"] = [network.uploads[m].key for m in post.media]
    if post.poll:
        attachments["poll_ids"] = [post.id]
    full: dict[str, Any] = {
        "id": post.id, "text": post.text, "author_id": post.author_id, "conversation_id": post.conversation_id,
        "created_at": stamp(post.created_at), "in_reply_to_user_id": _answered(network, post, parent),
        "referenced_tweets": refers, "entities": post.entities, "attachments": attachments, "lang": post.language,
        "display_text_range": [post.begins, _ends(post)], "reply_settings": post.reply_settings,
        "possibly_sensitive": post.sensitive, "withheld": post.withheld,
        "edit_history_tweet_ids": list(post.chain),
        "edit_controls": {
            "is_edit_eligible": not post.parent_id, "edits_remaining": max(MOST_EDITS + 1 - len(versions), 0),
            "editable_until": stamp(versions[0].created_at + EDITABLE if versions else post.created_at),
        },
        "public_metrics": {
            "repost_count" if new else "retweet_count": len(post.reposted_by), "reply_count": answers,
            "like_count": len(post.liked_by), "quote_count": quotes, "bookmark_count": 0, "impression_count": 0,
        },
    }  # fmt: skip
    if len(post.text) > _LONG and network.users[post.author_id].subscription != "None":
        link, _ = kept(network.web(post), lambda _: None)
        full["note_tweet"] = {"text": post.text, "entities": post.entities}
        full["text"] = f"{post.text[:250]}… {link}"
        full["entities"] = {
            kind: early for kind, found in post.entities.items() if (early := [e for e in found if e["end"] <= 250])
        }
        full["display_text_range"] = [post.begins, len(full["text"])]
    return {_NEW_NAMES.get(name, name): value for name, value in full.items()} if new else full


def _answered(network: Network, post: Post, parent: Post | None) -> str | None:
    if not post.parent_id:
        return None
    if parent is not None:
        return parent.author_id
    return next((m["id"] for m in post.entities.get("mentions", ()) if m["start"] < post.begins), None)


def _ends(post: Post) -> int:
    """Behind the author's last word: the links that stand for pictures and quotes are not drawn."""
    last = [u for u in post.entities.get("urls", ()) if u.get("media_key")]
    return last[0]["start"] - 1 if last and last[0]["start"] else len(post.text)


def _expand(network: Network, post: Post, full: Mapping[str, Any], wanted: Wanted) -> None:
    def users(ids: Iterable[str | None]) -> None:
        for number in ids:
            if number in network.users:
                wanted.included[f"user:{number}"] = user_json(network.users[number], wanted)

    asked = wanted.expansions
    if "author_id" in asked:
        users([post.author_id])
    if "in_reply_to_user_id" in asked:
        users([full.get("in_reply_to_user_id")])
    if {"referenced_tweets.id", "referenced_posts"} & asked:
        for number in (post.parent_id, post.quoted_id):
            if number in network.posts:
                bare = Wanted(new=wanted.new, post=wanted.post, user=wanted.user, dm=wanted.dm, expansions=frozenset())
                wanted.included[f"post:{number}"] = post_json(network, network.posts[number], bare)
    if {"edit_history_tweet_ids", "edit_history_post_ids"} & asked:
        bare = Wanted(new=wanted.new, post=wanted.post, user=wanted.user, dm=wanted.dm, expansions=frozenset())
        for number in post.chain:
            if number != post.id and number in network.posts:
                wanted.included[f"post:{number}"] = post_json(network, network.posts[number], bare)
    if "attachments.media_keys" in asked:
        for number in post.media:
            upload = network.uploads[number]
            wanted.included[f"media:{upload.key}"] = {"media_key": upload.key, "type": "photo"}


def long_ago(moment: datetime, days: int, now: datetime) -> bool:
    """Whether that was more than so many days ago."""
    return now - moment > timedelta(days=days)
