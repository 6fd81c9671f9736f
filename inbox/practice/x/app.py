"""The app factory: the API (``/2/...``), the sign-in and the few pages of the web site that Postroom leads to.

Build it, and act as the people on it::

    network = Network(clock)                                     # inbox.practice.x.Network; see its attributes
    app = x_app(network, faults)                                 # ASGI; httpx.ASGITransport(app), or the town's sockets
    office = network.add_user("harbour", "Harbour Council"); vera = network.add_user("vera", "Vera")
    keys = network.keys_for(network.add_app(office), office)     # what the developer console shows: paste them

    post = network.say(office, "The bridge is open")
    network.say(vera, "@harbour since when?", to=post)           # an answer that names us on purpose: may be answered
    network.say(vera, "since when?", to=post)                    # X puts our name there: only a person may answer
    network.edit(question, "..."); network.remove(question); network.message(vera, office, "About my tax ...")
    network.browser = office                                     # who is signed in at /intent/tweet

Odd on purpose: ``network.lag_s`` and ``say(late_s=)`` (listed late), ``network.billing.credits`` (402 when gone),
``network.usage_capped`` (429 of the other kind), ``network.limits = False``, ``network.gif_waits``, ``user.gone``
(protected or suspended), ``post.odd`` (members added or left out), ``app.self_serve``, ``grant.dead``.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.x import auth, forms, limiting, media, reading, writing
from inbox.practice.x.network import Grant, Network
from inbox.practice.x.wire import Answer, Call, Refusal, problem

_METHODS = ["GET", "POST", "PUT", "DELETE"]
_FOR_APPS = "/2/usage/tweets"
Endpoint = Callable[..., Answer]

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"/2/users/me", reading.me),
    ("GET", r"/2/users", reading.users),
    ("GET", r"/2/users/by/username/(?P<name>\w+)", reading.user),
    ("GET", r"/2/users/(?P<number>\d+)", reading.user),
    ("GET", r"/2/users/(?P<number>\d+)/mentions", reading.mentions),
    ("GET", r"/2/users/(?P<number>\d+)/tweets", reading.posts_of),
    ("GET", r"/2/tweets/search/recent", reading.search),
    ("GET", r"/2/tweets/(?P<number>\d+)/quote_tweets", reading.quotes),
    ("GET", r"/2/tweets", reading.posts),
    ("GET", r"/2/tweets/(?P<number>\d+)", reading.post),
    ("GET", r"/2/dm_events", reading.events),
    ("GET", r"/2/dm_conversations/(?P<conversation>[\d-]+)/dm_events", lambda call, conversation: reading.events(
        call, lambda event: event.conversation_id == conversation)),
    ("GET", r"/2/usage/tweets", reading.usage),
    ("POST", r"/2/tweets", writing.create),
    ("DELETE", r"/2/tweets/(?P<number>\d+)", writing.delete),
    ("PUT", r"/2/tweets/(?P<number>\d+)/hidden", writing.hide),
    ("POST", r"/2/users/\d+/likes", writing.like),
    ("DELETE", r"/2/users/\d+/likes/\d+", writing.like),
    ("POST", r"/2/users/(?P<number>\d+)/retweets", writing.repost),
    ("DELETE", r"/2/users/(?P<number>\d+)/retweets/(?P<source>\d+)", writing.unrepost),
    ("POST", r"/2/dm_conversations/with/(?P<number>\d+)/messages", writing.message_to),
    ("POST", r"/2/dm_conversations/(?P<conversation>[\d-]+)/messages", writing.message),
    ("DELETE", r"/2/dm_events/(?P<number>\d+)", writing.delete_event),
    ("POST", r"/2/media/upload", media.at_once),
    ("GET", r"/2/media/upload", media.status),
    ("POST", r"/2/media/upload/initialize", media.initialize),
    ("POST", r"/2/media/upload/(?P<number>\d+)/append", media.append),
    ("POST", r"/2/media/upload/(?P<number>\d+)/finalize", media.finalize),
    ("POST", r"/2/media/metadata", media.describe),
)  # fmt: skip


def x_app(network: Network, faults: Faults | None = None) -> Starlette:
    """``network`` as an ASGI app; needs no lifespan. With ``faults`` things go wrong on demand."""

    async def anything(request: Request) -> Response:
        return await respond(network, request)

    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=[Route("/{path:path}", anything, methods=_METHODS)], middleware=middleware)


async def respond(network: Network, request: Request) -> Response:
    """One request, answered."""
    headers: dict[str, str] = {}
    try:
        if request.url.path.startswith("/2/") and not request.url.path.startswith("/2/oauth2/"):
            answer = await _api(network, request, headers)
        else:
            answer = await _site(network, request)
    except Refusal as refusal:
        answer = Answer(body=refusal.body, status=refusal.status)
    if network.new:
        answer.body = _renamed(answer.body)
    if answer.status >= 400 and isinstance(answer.body, dict) and "type" in answer.body:
        answer.content_type = "application/problem+json; charset=utf-8"
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body, ensure_ascii=False).encode()
    headers |= {"Content-Type": answer.content_type, "api-version": "2.166", **answer.headers}
    return Response(body, status_code=answer.status, headers=headers)


def _renamed(body: Any) -> Any:
    """The types of problems under the network's newer name; both occur."""
    if not isinstance(body, dict) or not ("errors" in body or "type" in body):
        return body
    words = json.dumps(body).replace("https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/")
    return json.loads(words)


async def _api(network: Network, request: Request, headers: dict[str, str]) -> Answer:
    path, url = request.url.path, str(request.url)
    who = auth.signed_in(network, request.method, url, request.headers.get("authorization", ""))
    if who is None:
        raise auth.unauthorized()
    name = who.user_id if isinstance(who, Grant) else "app"
    if isinstance(who, Grant) and who.token_secret:
        headers["x-access-level"] = who.access_level
    allowed, told = limiting.counted(network, name, request.method, path)
    headers.update(told)
    if not allowed:
        raise problem(429, "Too Many Requests", "Too Many Requests")
    if network.usage_capped:
        raise problem(
            429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", "usage-capped", period="Monthly",
            scope="Product", account_id="1", product_name="pay-per-use",
        )  # fmt: skip
    if (who == "app") != (path == _FOR_APPS):
        given = "2.0 Application-Only" if who == "app" else "2.0 User Context"
        raise problem(
            403, "Unsupported Authentication", f"Authenticating with OAuth {given} is forbidden for this endpoint.",
            "unsupported-authentication",
        )  # fmt: skip
    if isinstance(who, Grant) and not who.app.enrolled:
        words = "This app is not enrolled for this endpoint."
        raise problem(403, "Client Forbidden", words, "client-forbidden", reason="client-not-enrolled")
    if network.billing.broke:
        words = "Your enrolled account [1] does not have any credits to fulfill this request."
        raise problem(402, "CreditsDepleted", words, "credits", account_id=1)
    for method, pattern, endpoint in ROUTES:
        if method == request.method and (found := re.fullmatch(pattern, path)):
            body, files = forms.read(request.headers.get("content-type", ""), await request.body())
            call = Call(
                network=network, method=method, path=path, params=dict(request.query_params), body=body, files=files,
                grant=who if isinstance(who, Grant) else None,
            )  # fmt: skip
            return endpoint(call, **found.groupdict())
    raise problem(404, "Not Found", "Not Found")


async def _site(network: Network, request: Request) -> Answer:
    """The sign-in, and where a person posts by hand."""
    path, content = request.url.path, await request.body()
    form = dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    given, authorization = {**dict(request.query_params), **form}, request.headers.get("authorization", "")
    match (request.method, path):
        case ("GET", "/i/oauth2/authorize"):
            return auth.authorize_page(network, given)
        case ("POST", "/i/oauth2/authorize"):
            return auth.authorize(network, given)
        case ("POST", "/2/oauth2/token"):
            return auth.token(network, form, authorization)
        case ("POST", "/2/oauth2/revoke"):
            return auth.revoke(network, form, authorization)
        case (_, "/intent/tweet"):
            return _intent(network, request.method, given)
    words = _page_of(network, path)
    return Answer(body=words.encode(), status=200 if words else 404, content_type="text/html; charset=utf-8")


def _intent(network: Network, method: str, given: Mapping[str, str]) -> Answer:
    """The page that a person answers on, free and on any plan."""
    text, parent = given.get("text", ""), network.posts.get(given.get("in_reply_to", ""))
    if method == "POST" and network.browser is not None:
        post = network.say(network.browser, text, to=parent)
        return Answer(body=b"", status=302, headers={"Location": network.web(post)})
    above = html.escape(parent.text) if parent else ""
    page = (
        f"<!doctype html><title>Practice X</title><p>{above}</p><form method='post'>"
        f"<input type='hidden' name='in_reply_to' value='{html.escape(given.get('in_reply_to', ''))}'>"
        f"<textarea name='text'>{html.escape(text)}</textarea><button>Post</button></form>"
    )
    return Answer(body=page.encode(), content_type="text/html; charset=utf-8")


def _page_of(network: Network, path: str) -> str:
    found = re.fullmatch(r"/\w+/status/(\d+)", path)
    post = network.posts.get(found[1]) if found else None
    if post is None:
        return ""
    name = html.escape(network.users[post.author_id].name)
    return f"<!doctype html><title>Practice X</title><h1>{name}</h1><p>{post.text}</p>"
