"""Every path of the API, which scope it needs, and who answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from inbox.practice.mastodon import (
    accounts,
    deeds,
    instance,
    media,
    notifications,
    oauth,
    statuses_read,
    statuses_write,
    talks,
)
from inbox.practice.mastodon.wire import Answer, ApiError, Call

OPEN, APP, USER = "open", "app", "user"
"""Who may ask: anybody; a token of any kind; a person."""


class Endpoint(NamedTuple):
    """One method on one path."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Call], Answer]
    who: str
    scope: str


_Row = tuple[str, str, Callable[[Call], Answer]]
_ROWS: dict[tuple[str, str], tuple[_Row, ...]] = {
    (OPEN, ""): (
        ("GET", "/api/v2/instance", instance.v2),
        ("GET", "instance", instance.v1),
        ("GET", "instance/(peers|rules|activity|domain_blocks|languages)", instance.empty),
        ("GET", r"/\.well-known/nodeinfo", instance.nodeinfo_links),
        ("GET", r"/nodeinfo/2\.0", instance.nodeinfo),
        ("GET", r"/\.well-known/webfinger", instance.webfinger),
        ("GET", r"/\.well-known/oauth-authorization-server", oauth.metadata),
        ("POST", "apps", oauth.create_app),
        ("GET|POST", "/oauth/authorize", oauth.authorize),
        ("POST", "/oauth/token", oauth.token),
        ("POST", "/oauth/revoke", oauth.revoke),
        ("GET", "custom_emojis", instance.custom_emojis),
        ("GET", "directory", instance.directory),
        ("GET", "(announcements|lists|endorsements|followed_tags|trends/statuses)", instance.empty),
        ("GET", "accounts/lookup", accounts.lookup),
        ("GET", "accounts/{id}", accounts.show),
        ("GET", "accounts/{id}/statuses", accounts.statuses),
        ("GET", "accounts/{id}/followers", accounts.followers),
        ("GET", "accounts/{id}/following", accounts.following),
        ("GET", "statuses", statuses_read.several),
        ("GET", "statuses/{id}", statuses_read.show),
        ("GET", "statuses/{id}/context", statuses_read.context),
        ("GET", "statuses/{id}/history", statuses_read.history),
        ("GET", "statuses/{id}/favourited_by", statuses_read.favourited_by),
        ("GET", "statuses/{id}/reblogged_by", statuses_read.reblogged_by),
        ("GET", "polls/{id}", deeds.poll),
        ("GET", "timelines/public", statuses_read.public),
        ("GET", "timelines/tag/{tag}", statuses_read.hashtag),
        ("GET", "/system/media_attachments/files/{id}/.*", media.file),
        ("GET", "/system/media_attachments/thumbnails/{id}/.*", media.thumbnail),
        ("GET", r"/system/custom_emojis/(original|static)/{name}\.png", media.emoji),
        ("GET", r"/avatars/original/{id}\.png", media.avatar),
        ("GET", "/(headers/original|packs)/.*", media.picture),
    ),
    (APP, ""): (("GET", "apps/verify_credentials", oauth.verify_app),),
    (USER, ""): (("GET", "/api/v1_alpha/async_refreshes/{id}", statuses_read.refresh),),
    (USER, "profile read:accounts"): (
        ("GET|POST", "/oauth/userinfo", oauth.userinfo),
        ("GET", "accounts/verify_credentials", accounts.verify),
    ),
    (USER, "read:accounts"): (
        ("GET", "preferences", instance.preferences),
        ("GET", "accounts/search", accounts.search),
    ),
    (USER, "read:blocks"): (("GET", "blocks", accounts.blocked),),
    (USER, "read:bookmarks"): (("GET", "bookmarks", statuses_read.bookmarks),),
    (USER, "read:favourites"): (("GET", "favourites", statuses_read.favourites),),
    (USER, "read:filters"): (("GET", "/api/v[12]/filters", instance.empty),),
    (USER, "read:follows"): (("GET", "follow_requests", accounts.follow_requests),),
    (USER, "read:follows read:accounts"): (("GET", "accounts/relationships", accounts.relationships),),
    (USER, "read:mutes"): (("GET", "mutes", accounts.muted),),
    (USER, "read:notifications"): (
        ("GET", "notifications", notifications.listed),
        ("GET", "notifications/unread_count", notifications.unread_count),
        ("GET", "notifications/policy", notifications.policy_v1),
        ("GET", "/api/v2/notifications/policy", notifications.policy),
        ("GET", "notifications/requests", notifications.requests),
        ("GET", "notifications/requests/merged", notifications.merged),
        ("GET", "notifications/requests/{id}", notifications.request),
        ("GET", "notifications/{id}", notifications.show),
        ("GET", "/api/v2/notifications", notifications.grouped),
        ("GET", "/api/v2/notifications/unread_count", notifications.unread_count),
    ),
    (USER, "read:search"): (("GET", "/api/v[12]/search", talks.search),),
    (USER, "read:statuses"): (
        ("GET", "statuses/{id}/source", statuses_read.source),
        ("GET", "statuses/{id}/quotes", statuses_read.quoted_by),
        ("GET", "scheduled_statuses", statuses_write.scheduled_list),
        ("GET", "scheduled_statuses/{id}", statuses_write.scheduled_show),
        ("GET", "timelines/home", statuses_read.home),
        ("GET", "conversations", talks.conversations),
        ("GET", "markers", talks.markers),
    ),
    (USER, "write:accounts"): (
        ("POST", "statuses/{id}/pin", deeds.pin),
        ("POST", "statuses/{id}/unpin", deeds.unpin),
    ),
    (USER, "write:blocks"): (
        ("POST", "accounts/{id}/block", accounts.block),
        ("POST", "accounts/{id}/unblock", accounts.unblock),
    ),
    (USER, "write:bookmarks"): (
        ("POST", "statuses/{id}/bookmark", deeds.bookmark),
        ("POST", "statuses/{id}/unbookmark", deeds.unbookmark),
    ),
    (USER, "write:conversations"): (
        ("POST", "conversations/{id}/read", talks.read),
        ("DELETE", "conversations/{id}", talks.forget),
    ),
    (USER, "write:favourites"): (
        ("POST", "statuses/{id}/favourite", deeds.favourite),
        ("POST", "statuses/{id}/unfavourite", deeds.unfavourite),
    ),
    (USER, "write:follows"): (
        ("POST", "accounts/{id}/follow", accounts.follow),
        ("POST", "accounts/{id}/unfollow", accounts.unfollow),
        ("POST", "follow_requests/{id}/authorize", accounts.let_follow),
        ("POST", "follow_requests/{id}/reject", accounts.refuse_follow),
    ),
    (USER, "write:media"): (
        ("POST", "/api/v[12]/media", media.upload),
        ("GET", "media/{id}", media.show),
        ("PUT", "media/{id}", media.update),
        ("DELETE", "media/{id}", media.delete),
    ),
    (USER, "write:mutes"): (
        ("POST", "accounts/{id}/mute", accounts.mute),
        ("POST", "accounts/{id}/unmute", accounts.unmute),
        ("POST", "statuses/{id}/mute", deeds.mute_thread),
        ("POST", "statuses/{id}/unmute", deeds.unmute_thread),
    ),
    (USER, "write:notifications"): (
        ("POST", "notifications/clear", notifications.clear),
        ("PUT|PATCH", "notifications/policy", notifications.policy_v1),
        ("PUT|PATCH", "/api/v2/notifications/policy", notifications.set_policy),
        ("POST", "notifications/requests/accept", notifications.accept),
        ("POST", "notifications/requests/dismiss", notifications.dismiss_request),
        ("POST", "notifications/requests/{id}/accept", notifications.accept),
        ("POST", "notifications/requests/{id}/dismiss", notifications.dismiss_request),
        ("POST", "notifications/{id}/dismiss", notifications.dismiss),
    ),
    (USER, "write:reports"): (("POST", "reports", deeds.report),),
    (USER, "write:statuses"): (
        ("POST", "statuses", statuses_write.create),
        ("PUT", "statuses/{id}", statuses_write.edit),
        ("DELETE", "statuses/{id}", statuses_write.delete),
        ("POST", "statuses/{id}/quotes/{quoting}/revoke", deeds.revoke_quote),
        ("PUT", "statuses/{id}/interaction_policy", deeds.quote_policy),
        ("POST", "statuses/{id}/reblog", deeds.reblog),
        ("POST", "statuses/{id}/unreblog", deeds.unreblog),
        ("PUT", "scheduled_statuses/{id}", statuses_write.scheduled_move),
        ("DELETE", "scheduled_statuses/{id}", statuses_write.scheduled_cancel),
        ("POST", "polls/{id}/votes", deeds.vote),
        ("POST", "markers", talks.mark),
    ),
}
"""By who may ask and with which right: method, path (below /api/v1 unless it begins with a slash), who answers."""


def _endpoints() -> Iterator[Endpoint]:
    """All of them, those with a fixed path before those in which anything may stand."""
    rows = [(who, scope, *row) for (who, scope), group in _ROWS.items() for row in group]
    for who, scope, method, path, answer in sorted(rows, key=lambda row: "{" in row[3]):
        whole = path if path.startswith("/") else f"/api/v1/{path}"
        yield Endpoint(method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", whole)), answer, who, scope)


ENDPOINTS: Final = tuple(_endpoints())


def found(call: Call) -> Endpoint | None:
    """Who answers this call; its ``ids`` are filled. ``None``: nobody, or this server lacks it."""
    flavour = call.place.flavour
    path = call.path if flavour.exact_paths else call.path.rstrip("/") or "/"
    for endpoint in ENDPOINTS:
        match = endpoint.pattern.fullmatch(path)
        if match is None or call.method not in endpoint.method.split("|"):
            continue
        if call.method == "GET" and any(re.match(lacking, path) for lacking in flavour.lacks):
            return None
        if call.method != "GET" and any(re.match(lacking, path) for lacking in flavour.lacks if lacking[-1] != "$"):
            return None
        call.ids = match.groupdict()
        return endpoint
    return None


def answer(call: Call, endpoint: Endpoint) -> Answer:
    """Ask it, if the token allows. Raises ApiError."""
    if endpoint.who == OPEN:
        if call.token is not None and call.path.startswith("/api/") and endpoint.scope:
            _demand(call, endpoint)
        return endpoint.answer(call)
    _demand(call, endpoint)
    if endpoint.who == USER and call.viewer is None:
        raise ApiError(422, "This method requires an authenticated user")
    return endpoint.answer(call)


def _demand(call: Call, endpoint: Endpoint) -> None:
    refusal = oauth.refused(call, endpoint.scope)
    if refusal is not None:
        raise refusal
