"""app.bsky.feed: posts by address, by author and by words; who quoted, liked and reposted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from inbox.practice.bluesky import ids, index
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import LIKE, POST, REPOST, Account, Record
from inbox.practice.bluesky.views import Views
from inbox.practice.bluesky.wire import Call, Method, XrpcError, invalid

_PICTURES = ("app.bsky.embed.images", "app.bsky.embed.video", "app.bsky.embed.recordWithMedia")


def methods(network: Network) -> dict[str, Method]:
    """The methods of this part, by name."""

    def get_posts(call: Call) -> Any:
        call.need("uris")
        views, found = Views(network, call.mine, call.home), []
        for uri in call.many("uris", 25):
            record = network.shown(uri)
            if record is not None and record.collection == POST and not network.blocks(record.did, call.mine):
                found.append(views.post(record))
        return {"posts": found}

    def author_feed(call: Call) -> Any:
        account = network.account(call.need("actor"))
        if account is None:
            raise invalid("Profile not found")
        for did, by, name, word in (
            (call.mine, account.did, "BlockedByActor", "blocked by"),
            (account.did, call.mine, "BlockedActor", "blocked"),
        ):
            if by in network.reactions["app.bsky.graph.block", did]:
                raise XrpcError(400, name, f"Requester {'is' if name == 'BlockedByActor' else 'has'} {word} actor")
        wanted = _filter(account, call.param("filter", "posts_with_replies"))
        page, cursor = _page(call, [r for r in network.feeds[account.did] if wanted(r)], 50)
        views = Views(network, call.mine, call.home)
        feed = [item for item in (_feed_item(views, r) for r in page) if item is not None]
        return {"feed": feed} | cursor

    def quotes(call: Call) -> Any:
        uri = call.need("uri")
        views = Views(network, call.mine, call.home)
        page, cursor = _page(call, sorted(_shown(call, network.quotes.get(uri, ())), key=_order), 50)
        return {"posts": [views.post(r) for r in page], "uri": uri} | cursor

    def likes(call: Call) -> Any:
        uri = call.need("uri")
        views = Views(network, call.mine, call.home)
        page, cursor = _page(call, sorted(network.reactions.get((LIKE, uri), {}).values(), key=_order), 50)
        shown = [
            {
                "actor": views.person_listed(r.did),
                "createdAt": r.value["createdAt"],
                "indexedAt": ids.stamp(r.sort_at),
            }
            for r in page
        ]
        return {"likes": shown, "uri": uri} | cursor

    def reposted_by(call: Call) -> Any:
        uri = call.need("uri")
        views = Views(network, call.mine, call.home)
        page, cursor = _page(call, sorted(network.reactions.get((REPOST, uri), {}).values(), key=_order), 50)
        return {"repostedBy": [views.person_listed(r.did) for r in page], "uri": uri} | cursor

    def search_posts(call: Call) -> Any:
        call.need("q")
        wanted = _search(call)
        found = [
            r for r in network.records.values() if r.collection == POST and network.shown(r.uri) is r and wanted(r)
        ]
        page, cursor = _page(call, sorted(_shown(call, found), key=_order), 25)
        views = Views(network, call.mine, call.home)
        return {"posts": [views.post(r) for r in page]} | cursor

    name = "app.bsky.feed."
    return {
        f"{name}getPosts": Method(serve=get_posts, auth="optional", labelled=True),
        f"{name}getAuthorFeed": Method(serve=author_feed, auth="optional", labelled=True, fresh=True),
        f"{name}getQuotes": Method(serve=quotes, auth="optional", labelled=True),
        f"{name}getLikes": Method(serve=likes, auth="optional", labelled=True),
        f"{name}getRepostedBy": Method(serve=reposted_by, auth="optional", labelled=True),
        f"{name}searchPosts": Method(serve=search_posts, auth="optional", labelled=True),
    }


def _order(record: Record) -> tuple[int, str]:
    return ids.milliseconds(record.sort_at), record.cid


def _page(call: Call, oldest_first: Sequence[Record], usual: int) -> tuple[list[Record], dict[str, str]]:
    """The newest of these after the cursor, and the cursor after them; none on the last page."""
    limit, cursor = call.number("limit", usual, 100), call.param("cursor")
    records = list(reversed(oldest_first))
    if cursor:
        at, _, cid = cursor.partition("__")
        if not at.isdigit() or not cid:
            raise XrpcError(502, "InternalServerError", "Internal Server Error")
        records = [r for r in records if _order(r) < (int(at), cid)]
    page = records[:limit]
    if len(records) <= limit:
        return page, {}
    return page, {"cursor": f"{_order(page[-1])[0]}__{page[-1].cid}"}


def _shown(call: Call, records: Iterable[Record]) -> list[Record]:
    network = call.network
    return [r for r in records if network.shown(r.uri) is r and not network.blocks(r.did, call.mine)]


def _filter(account: Account, name: str) -> Callable[[Record], bool]:
    def own_thread(record: Record) -> bool:
        reply = record.value.get("reply")
        return reply is None or (ids.address(reply["root"]["uri"]).did == account.did and not record.refused)

    def media(record: Record, kinds: tuple[str, ...] = _PICTURES) -> bool:
        return record.collection == POST and (record.value.get("embed") or {}).get("$type") in kinds

    filters: dict[str, Callable[[Record], bool]] = {
        "posts_with_replies": lambda record: True,
        "posts_no_replies": lambda record: "reply" not in record.value,
        "posts_with_media": media,
        "posts_with_video": lambda record: media(record, ("app.bsky.embed.video",)),
        "posts_and_author_threads": own_thread,
    }
    return filters.get(name, filters["posts_with_replies"])


def _feed_item(views: Views, record: Record) -> dict[str, Any] | None:
    network = views.network
    if record.collection == REPOST:
        post = network.shown(record.value["subject"]["uri"])
        if post is None or network.blocks(post.did, views.viewer):
            return None
        reason = {
            "by": views.person(record.did), **record.ref, "indexedAt": ids.stamp(record.sort_at),
            "$type": "app.bsky.feed.defs#reasonRepost",
        }  # fmt: skip
        return {"post": views.post(post), **_context(views, post), "reason": reason}
    if network.shown(record.uri) is None:
        return None
    return {"post": views.post(record), **_context(views, record)}


def _context(views: Views, record: Record) -> dict[str, Any]:
    reply = record.value.get("reply")
    if reply is None:
        return {}
    return {"reply": {part: _member(views, reply[part]["uri"]) for part in ("root", "parent")}}


def _member(views: Views, uri: str) -> dict[str, Any]:
    record = views.network.shown(uri)
    if record is None:
        return {"uri": uri, "notFound": True, "$type": "app.bsky.feed.defs#notFoundPost"}
    if views.network.blocks(record.did, views.viewer):
        return {**views.blocked(record), "$type": "app.bsky.feed.defs#blockedPost"}
    return {**views.post(record), "$type": "app.bsky.feed.defs#postView"}


def _search(call: Call) -> Callable[[Record], bool]:
    """Whether a post is meant; words are looked for as they stand, as the open-source search does."""
    words = call.param("q").lower()
    network = call.network
    named = network.account(call.param("mentions")) if call.param("mentions") else None
    author = network.account(call.param("author")) if call.param("author") else None
    try:
        since, until = (ids.moment(call.param(n)) if call.param(n) else None for n in ("since", "until"))
    except ValueError:
        raise invalid(f"Invalid {call.nsid} params: Invalid datetime") from None

    def wanted(record: Record) -> bool:
        if words != "*" and words not in str(record.value["text"]).lower():
            return False
        if call.param("mentions") and (named is None or named.did not in index.mentioned(record)):
            return False
        if call.param("author") and (author is None or author.did != record.did):
            return False
        if call.param("lang") and call.param("lang") not in record.value.get("langs", ()):
            return False
        links = [f.get("uri", "") for p in record.value.get("facets") or () for f in p.get("features", ())]
        if call.param("domain") and not any(call.param("domain") in link for link in links):
            return False
        tags = {f.get("tag", "") for p in record.value.get("facets") or () for f in p.get("features", ())}
        if not set(call.query.get("tag", ())) <= tags:
            return False
        return (since is None or record.sort_at >= since) and (until is None or record.sort_at < until)

    return wanted
