"""Which REST path and method leads where, and who may go there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inbox.practice.blog import Comment, User
from inbox.practice.wordpress import (
    comment_json,
    comments_read,
    comments_write,
    fields,
    index,
    media,
    post_json,
    posts_read,
    posts_write,
    terms,
    users,
)
from inbox.practice.wordpress.params import Arg, check
from inbox.practice.wordpress.wire import Answer, Call, RestError

_EDIT = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``may`` raises RestError when whoever asks must not; ``run`` answers."""

    methods: tuple[str, ...]
    args: Mapping[str, Arg]
    may: Callable[[Call], object]
    run: Callable[[Call], Answer]


_LIST = ("GET",)
_ID = r"/(?P<id>\d+)"

_TERM_ROUTE = (
    Endpoint(_LIST, terms.LIST_ARGS, terms.may_list, terms.listing),
    Endpoint(("POST",), terms.WRITE_ARGS, terms.may_create, terms.create),
)
_POST_ROUTE = (
    Endpoint(_LIST, posts_read.LIST_ARGS, posts_read.may_list, posts_read.listing),
    Endpoint(("POST",), posts_write.WRITE_ARGS, posts_write.may_create, posts_write.create),
)
_ONE_POST_ROUTE = (
    Endpoint(_LIST, index.ARGS, posts_read.may_read, posts_read.one),
    Endpoint(_EDIT, posts_write.WRITE_ARGS, posts_write.may_edit, posts_write.update),
    Endpoint(("DELETE",), comments_write.DELETE_ARGS, posts_write.may_delete, posts_write.delete),
)
_ONE_TERM_ROUTE = (
    Endpoint(_LIST, index.ARGS, terms.may_read, terms.one),
    Endpoint(_EDIT, terms.UPDATE_ARGS, terms.may_edit, terms.update),
    Endpoint(("DELETE",), comments_write.DELETE_ARGS, terms.may_edit, terms.delete),
)
_PASSWORDS = r"wp/v2/users/(?P<user>me|\d+)/application-passwords"

ROUTES: tuple[tuple[str, tuple[Endpoint, ...]], ...] = (
    ("", (Endpoint(_LIST, index.ARGS, users.anyone, index.root),)),
    (
        "wp/v2/comments",
        (
            Endpoint(_LIST, comments_read.LIST_ARGS, comments_read.may_list, comments_read.listing),
            Endpoint(("POST",), comments_write.WRITE_ARGS, comments_write.may_create, comments_write.create),
        ),
    ),
    (
        f"wp/v2/comments{_ID}",
        (
            Endpoint(_LIST, index.ARGS, comments_read.may_read, comments_read.one),
            Endpoint(_EDIT, comments_write.WRITE_ARGS, comments_write.may_edit, comments_write.update),
            Endpoint(("DELETE",), comments_write.DELETE_ARGS, comments_write.may_delete, comments_write.delete),
        ),
    ),
    ("wp/v2/posts", _POST_ROUTE),
    (f"wp/v2/posts{_ID}", _ONE_POST_ROUTE),
    ("wp/v2/pages", _POST_ROUTE),
    (f"wp/v2/pages{_ID}", _ONE_POST_ROUTE),
    (
        "wp/v2/media",
        (
            Endpoint(_LIST, media.LIST_ARGS, media.may_list, media.listing),
            Endpoint(("POST",), media.WRITE_ARGS, media.may_create, media.create),
        ),
    ),
    (
        f"wp/v2/media{_ID}",
        (
            Endpoint(_LIST, index.ARGS, media.may_read, media.one),
            Endpoint(_EDIT, media.WRITE_ARGS, media.may_edit, media.update),
            Endpoint(("DELETE",), media.DELETE_ARGS, media.may_edit, media.delete),
        ),
    ),
    ("wp/v2/categories", _TERM_ROUTE),
    (f"wp/v2/categories{_ID}", _ONE_TERM_ROUTE),
    ("wp/v2/tags", _TERM_ROUTE),
    (f"wp/v2/tags{_ID}", _ONE_TERM_ROUTE),
    ("wp/v2/types", (Endpoint(_LIST, index.ARGS, users.anyone, index.types),)),
    (r"wp/v2/types/(?P<slug>[\w-]+)", (Endpoint(_LIST, index.ARGS, users.anyone, index.one_type),)),
    (
        "wp/v2/users/me",
        (
            Endpoint(_LIST, users.ARGS, users.anyone, users.me),
            Endpoint(_EDIT, {}, users.may_edit_me, users.not_here),
        ),
    ),
    (f"wp/v2/users{_ID}", (Endpoint(_LIST, users.ARGS, users.may_see, users.one),)),
    (f"{_PASSWORDS}/introspect", (Endpoint(_LIST, index.ARGS, users.may_passwords, users.introspect),)),
    (_PASSWORDS, (Endpoint(_LIST, index.ARGS, users.may_passwords, users.passwords),)),
    (rf"{_PASSWORDS}/(?P<uuid>[\w-]+)", (Endpoint(("DELETE",), {}, users.may_passwords, users.revoke),)),
    ("oembed/1.0/embed", (Endpoint(_LIST, index.OEMBED_ARGS, users.anyone, index.oembed),)),
)
_COMPILED = tuple((re.compile(pattern), endpoints) for pattern, endpoints in ROUTES)


def answer(call: Call, wrong_login: str = "") -> Answer:
    """What the REST API says to this call, errors included. ``wrong_login``: the code of a refused Basic header."""
    try:
        _refuse_at_the_door(call, wrong_login)
    except RestError as error:
        return Answer(body=error.body(), status=error.status)
    for pattern, endpoints in _COMPILED:
        match = pattern.fullmatch(call.path)
        if match is None:
            continue
        call.ids = {k: v for k, v in match.groupdict().items() if v is not None}
        method = "GET" if call.method == "HEAD" else call.method
        for endpoint in endpoints:
            if method in endpoint.methods:
                return _served(call, endpoint, endpoints)
    unknown = RestError(404, "rest_no_route", "No route was found matching the URL and request method.")
    return Answer(body=unknown.body(), status=404)


def _served(call: Call, endpoint: Endpoint, endpoints: tuple[Endpoint, ...]) -> Answer:
    try:
        call.clean = check(call, endpoint.args)
        endpoint.may(call)
        reply = endpoint.run(call)
        if call.path:
            reply.body = _shaped(call, reply.body)
    except RestError as error:
        reply = Answer(body=error.body(), status=error.status)
    allowed = [method for e in endpoints for method in e.methods if _may(call, e)]
    if allowed:
        reply.headers["Allow"] = ", ".join(allowed)
    return reply


def _may(call: Call, endpoint: Endpoint) -> bool:
    # Asked again after the answer, as WordPress does: after a deletion nothing is allowed any more.
    try:
        endpoint.may(call)
    except RestError:
        return False
    return True


def _refuse_at_the_door(call: Call, wrong_login: str) -> None:
    if "early-auth" in call.blog.quirks and wrong_login:
        messages = {
            "incorrect_password": "The provided password is an invalid application password.",
            "invalid_username": "<strong>Error:</strong> Unknown username. Check again or try your email address.",
        }
        raise RestError(401, wrong_login, messages[wrong_login])
    if "private-rest" in call.blog.quirks and call.user is None:
        raise RestError(401, "rest_not_logged_in", "You are not currently logged in.")


def _shaped(call: Call, body: Any) -> Any:
    """``_embed`` and ``_fields`` applied."""
    names = fields.wanted(call.query.get("_fields"))
    items = body if isinstance(body, list) else [body]
    trim = fields.trimmed_comment if call.path.startswith("wp/v2/comments") else fields.trimmed
    trimmed = [trim(item, names) for item in items]
    if "_embed" in call.query:
        for item, shown in zip(items, trimmed, strict=True):
            _embed(call, item, shown)
    # PHP knows no empty object: an item without keys is an empty list.
    trimmed = [item or [] for item in trimmed]
    return trimmed if isinstance(body, list) else trimmed[0]


def _embed(call: Call, item: Any, shown: Any) -> None:
    """Resources that the links shown lead to; what may not be read is embedded as its error."""
    rels = fields.wanted(call.query["_embed"])
    if not isinstance(shown, dict) or "_links" not in shown:
        return
    blog, embedded = call.blog, dict[str, list[Any]]()
    everything = not rels or rels in (["1"], ["true"])
    for rel in shown["_links"]:
        if not (everything or rel in rels):
            continue
        if rel == "up" and "post" in item:
            embedded[rel] = [post_json.post_json(call, blog.posts[item["post"]], "embed")]
        elif rel == "author":
            embedded[rel] = [_author(call, blog.users.get(item["author"]))]
        elif rel == "in-reply-to":
            embedded[rel] = [_parent(call, blog.comments.get(item["parent"]))]
        elif rel == "children":
            below = [c for c in blog.comments.values() if c.parent_id == item["id"] and c.status == "approved"]
            embedded[rel] = [[comment_json.comment_json(call, c, "embed") for c in below]]
    if embedded:
        shown["_embedded"] = embedded


def _parent(call: Call, parent: Comment | None) -> dict[str, Any]:
    if parent is None:
        return RestError(404, "rest_comment_invalid_id", "Invalid comment ID.").body()
    return comment_json.comment_json(call, parent, "embed")


def _author(call: Call, author: User | None) -> dict[str, Any]:
    try:
        if author is None:
            raise RestError(404, "rest_user_invalid_id", "Invalid user ID.")
        users.refuse_strangers(call, author)
    except RestError as error:
        return error.body()
    return users.user_json(call, author, "embed")
