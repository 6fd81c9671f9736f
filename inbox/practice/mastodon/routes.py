"""Every path of the API, which scope it needs, and who answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

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


def _at(method: str, path: str, answer: Callable[[Call], Answer], who: str = USER, scope: str = "") -> Endpoint:
    return Endpoint(method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), answer, who, scope)


_V1 = "/api/v1"
_POST_DEEDS: tuple[tuple[str, Callable[[Call], Answer], str], ...] = (
    ("favourite", deeds.favourite, "write:favourites"),
    ("unfavourite", deeds.unfavourite, "write:favourites"),
    ("reblog", deeds.reblog, "write:statuses"),
    ("unreblog", deeds.unreblog, "write:statuses"),
    ("bookmark", deeds.bookmark, "write:bookmarks"),
    ("unbookmark", deeds.unbookmark, "write:bookmarks"),
    ("pin", deeds.pin, "write:accounts"),
    ("unpin", deeds.unpin, "write:accounts"),
    ("mute", deeds.mute_thread, "write:mutes"),
    ("unmute", deeds.unmute_thread, "write:mutes"),
)
_ACCOUNT_DEEDS: tuple[tuple[str, Callable[[Call], Answer], str], ...] = (
    ("follow", accounts.follow, "write:follows"),
    ("unfollow", accounts.unfollow, "write:follows"),
    ("block", accounts.block, "write:blocks"),
    ("unblock", accounts.unblock, "write:blocks"),
    ("mute", accounts.mute, "write:mutes"),
    ("unmute", accounts.unmute, "write:mutes"),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    # The server, and signing in.
    _at("GET", "/api/v2/instance", instance.v2, OPEN),
    _at("GET", f"{_V1}/instance", instance.v1, OPEN),
    _at("GET", f"{_V1}/instance/(peers|rules|activity|domain_blocks|languages)", instance.empty, OPEN),
    _at("GET", r"/\.well-known/nodeinfo", instance.nodeinfo_links, OPEN),
    _at("GET", r"/nodeinfo/2\.0", instance.nodeinfo, OPEN),
    _at("GET", r"/\.well-known/webfinger", instance.webfinger, OPEN),
    _at("GET", r"/\.well-known/oauth-authorization-server", oauth.metadata, OPEN),
    _at("POST", f"{_V1}/apps", oauth.create_app, OPEN),
    _at("GET", f"{_V1}/apps/verify_credentials", oauth.verify_app, APP),
    _at("GET|POST", "/oauth/authorize", oauth.authorize, OPEN),
    _at("POST", "/oauth/token", oauth.token, OPEN),
    _at("POST", "/oauth/revoke", oauth.revoke, OPEN),
    _at("GET|POST", "/oauth/userinfo", oauth.userinfo, USER, "profile read:accounts"),
    _at("GET", f"{_V1}/custom_emojis", instance.custom_emojis, OPEN),
    _at("GET", f"{_V1}/preferences", instance.preferences, USER, "read:accounts"),
    _at("GET", f"{_V1}/directory", instance.directory, OPEN),
    _at("GET", f"{_V1}/(announcements|lists|endorsements|followed_tags|trends/statuses)", instance.empty, OPEN),
    _at("GET", "/api/v[12]/filters", instance.empty, USER, "read:filters"),
    # People.
    _at("GET", f"{_V1}/accounts/verify_credentials", accounts.verify, USER, "profile read:accounts"),
    _at("GET", f"{_V1}/accounts/lookup", accounts.lookup, OPEN),
    _at("GET", f"{_V1}/accounts/relationships", accounts.relationships, USER, "read:follows read:accounts"),
    _at("GET", f"{_V1}/accounts/search", accounts.search, USER, "read:accounts"),
    _at("GET", f"{_V1}/accounts/{{id}}", accounts.show, OPEN),
    _at("GET", f"{_V1}/accounts/{{id}}/statuses", accounts.statuses, OPEN),
    _at("GET", f"{_V1}/accounts/{{id}}/followers", accounts.followers, OPEN),
    _at("GET", f"{_V1}/accounts/{{id}}/following", accounts.following, OPEN),
    *(_at("POST", f"{_V1}/accounts/{{id}}/{name}", do, USER, scope) for name, do, scope in _ACCOUNT_DEEDS),
    _at("GET", f"{_V1}/blocks", accounts.blocked, USER, "read:blocks"),
    _at("GET", f"{_V1}/mutes", accounts.muted, USER, "read:mutes"),
    _at("GET", f"{_V1}/follow_requests", accounts.follow_requests, USER, "read:follows"),
    _at("POST", f"{_V1}/follow_requests/{{id}}/authorize", accounts.let_follow, USER, "write:follows"),
    _at("POST", f"{_V1}/follow_requests/{{id}}/reject", accounts.refuse_follow, USER, "write:follows"),
    # Statuses.
    _at("POST", f"{_V1}/statuses", statuses_write.create, USER, "write:statuses"),
    _at("GET", f"{_V1}/statuses", statuses_read.several, OPEN),
    _at("GET", f"{_V1}/statuses/{{id}}", statuses_read.show, OPEN),
    _at("PUT", f"{_V1}/statuses/{{id}}", statuses_write.edit, USER, "write:statuses"),
    _at("DELETE", f"{_V1}/statuses/{{id}}", statuses_write.delete, USER, "write:statuses"),
    _at("GET", f"{_V1}/statuses/{{id}}/context", statuses_read.context, OPEN),
    _at("GET", f"{_V1}/statuses/{{id}}/history", statuses_read.history, OPEN),
    _at("GET", f"{_V1}/statuses/{{id}}/source", statuses_read.source, USER, "read:statuses"),
    _at("GET", f"{_V1}/statuses/{{id}}/favourited_by", statuses_read.favourited_by, OPEN),
    _at("GET", f"{_V1}/statuses/{{id}}/reblogged_by", statuses_read.reblogged_by, OPEN),
    _at("GET", f"{_V1}/statuses/{{id}}/quotes", statuses_read.quoted_by, USER, "read:statuses"),
    _at("POST", f"{_V1}/statuses/{{id}}/quotes/{{quoting}}/revoke", deeds.revoke_quote, USER, "write:statuses"),
    _at("PUT", f"{_V1}/statuses/{{id}}/interaction_policy", deeds.quote_policy, USER, "write:statuses"),
    *(_at("POST", f"{_V1}/statuses/{{id}}/{name}", do, USER, scope) for name, do, scope in _POST_DEEDS),
    _at("GET", "/api/v1_alpha/async_refreshes/{id}", statuses_read.refresh, USER),
    _at("GET", f"{_V1}/scheduled_statuses", statuses_write.scheduled_list, USER, "read:statuses"),
    _at("GET", f"{_V1}/scheduled_statuses/{{id}}", statuses_write.scheduled_show, USER, "read:statuses"),
    _at("PUT", f"{_V1}/scheduled_statuses/{{id}}", statuses_write.scheduled_move, USER, "write:statuses"),
    _at("DELETE", f"{_V1}/scheduled_statuses/{{id}}", statuses_write.scheduled_cancel, USER, "write:statuses"),
    _at("GET", f"{_V1}/polls/{{id}}", deeds.poll, OPEN),
    _at("POST", f"{_V1}/polls/{{id}}/votes", deeds.vote, USER, "write:statuses"),
    _at("POST", "/api/v[12]/media", media.upload, USER, "write:media"),
    _at("GET", f"{_V1}/media/{{id}}", media.show, USER, "write:media"),
    _at("PUT", f"{_V1}/media/{{id}}", media.update, USER, "write:media"),
    _at("DELETE", f"{_V1}/media/{{id}}", media.delete, USER, "write:media"),
    _at("GET", f"{_V1}/timelines/home", statuses_read.home, USER, "read:statuses"),
    _at("GET", f"{_V1}/timelines/public", statuses_read.public, OPEN),
    _at("GET", f"{_V1}/timelines/tag/{{tag}}", statuses_read.hashtag, OPEN),
    _at("GET", f"{_V1}/favourites", statuses_read.favourites, USER, "read:favourites"),
    _at("GET", f"{_V1}/bookmarks", statuses_read.bookmarks, USER, "read:bookmarks"),
    _at("POST", f"{_V1}/reports", deeds.report, USER, "write:reports"),
    # Notifications.
    _at("GET", f"{_V1}/notifications", notifications.listed, USER, "read:notifications"),
    _at("GET", f"{_V1}/notifications/unread_count", notifications.unread_count, USER, "read:notifications"),
    _at("POST", f"{_V1}/notifications/clear", notifications.clear, USER, "write:notifications"),
    _at("GET", f"{_V1}/notifications/policy", notifications.policy_v1, USER, "read:notifications"),
    _at("PUT|PATCH", f"{_V1}/notifications/policy", notifications.policy_v1, USER, "write:notifications"),
    _at("GET", "/api/v2/notifications/policy", notifications.policy, USER, "read:notifications"),
    _at("PUT|PATCH", "/api/v2/notifications/policy", notifications.set_policy, USER, "write:notifications"),
    _at("GET", f"{_V1}/notifications/requests", notifications.requests, USER, "read:notifications"),
    _at("GET", f"{_V1}/notifications/requests/merged", notifications.merged, USER, "read:notifications"),
    _at("POST", f"{_V1}/notifications/requests/accept", notifications.accept, USER, "write:notifications"),
    _at("POST", f"{_V1}/notifications/requests/dismiss", notifications.dismiss_request, USER, "write:notifications"),
    _at("GET", f"{_V1}/notifications/requests/{{id}}", notifications.request, USER, "read:notifications"),
    _at("POST", f"{_V1}/notifications/requests/{{id}}/accept", notifications.accept, USER, "write:notifications"),
    _at(
        "POST",
        f"{_V1}/notifications/requests/{{id}}/dismiss",
        notifications.dismiss_request,
        USER,
        "write:notifications",
    ),
    _at("GET", f"{_V1}/notifications/{{id}}", notifications.show, USER, "read:notifications"),
    _at("POST", f"{_V1}/notifications/{{id}}/dismiss", notifications.dismiss, USER, "write:notifications"),
    _at("GET", "/api/v2/notifications", notifications.grouped, USER, "read:notifications"),
    _at("GET", "/api/v2/notifications/unread_count", notifications.unread_count, USER, "read:notifications"),
    # Talks, markers, search.
    _at("GET", f"{_V1}/conversations", talks.conversations, USER, "read:statuses"),
    _at("POST", f"{_V1}/conversations/{{id}}/read", talks.read, USER, "write:conversations"),
    _at("DELETE", f"{_V1}/conversations/{{id}}", talks.forget, USER, "write:conversations"),
    _at("GET", f"{_V1}/markers", talks.markers, USER, "read:statuses"),
    _at("POST", f"{_V1}/markers", talks.mark, USER, "write:statuses"),
    _at("GET", "/api/v[12]/search", talks.search, USER, "read:search"),
    # Pictures.
    _at("GET", "/system/media_attachments/files/{id}/.*", media.file, OPEN),
    _at("GET", "/system/media_attachments/thumbnails/{id}/.*", media.thumbnail, OPEN),
    _at("GET", r"/system/custom_emojis/(original|static)/{name}\.png", media.emoji, OPEN),
    _at("GET", r"/avatars/original/{id}\.png", media.avatar, OPEN),
    _at("GET", "/(headers/original|packs)/.*", media.picture, OPEN),
)


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
