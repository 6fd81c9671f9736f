"""The app factory: the practice LinkedIn over HTTP, at one address for what are two hosts in reality.

Build it, and act as the members on it::

    network = Network(clock)                          # see its attributes for what may be odd on purpose
    app = linkedin_app(network, faults)               # ASGI; httpx.ASGITransport(app), or the town's sockets
    page = network.add_organization("Harbour Council")
    admin = network.add_member("Ada", "Admin"); network.appoint(admin, page); network.add_app()
    token = network.token_for(admin)
    vera = network.add_member("Vera", "Citizen")

    post = network.publish(page.urn, "Words")                        # as little text
    question = network.comment(vera.urn, post, "When does it open?")  # notifies the page
    network.comment(vera.urn, post, "And where?", to=question)
    network.edit_comment(question, "..."); network.remove_comment(question)
    network.share(vera, post, "Look"); network.mention(vera, page, "Thanks"); network.like(vera, post)

Likeness is kept by ``tests/practice/test_linkedin_likeness.py``; what is known to be unlike stands in
``docs/likeness/linkedin.md``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.linkedin import comments, oauth, pages, posts, restli
from inbox.practice.linkedin.entities import Member, Token
from inbox.practice.linkedin.network import Network
from inbox.practice.linkedin.wire import Answer, ApiError, Call, unresolved

_METHODS = ["GET", "POST", "PUT", "DELETE"]
Endpoint = Callable[[Call], Answer]
_ONE = "{}"
_ROUTES: dict[tuple[str, str], Endpoint] = {
    ("GET", "/v2/me"): pages.me,
    ("GET", "/rest/organizationAcls"): pages.acls,
    ("GET", "/rest/organizations"): pages.organizations,
    ("GET", "/rest/organizations/{}"): pages.organization,
    ("GET", "/rest/people/{}"): pages.person,
    ("GET", "/rest/organizationalEntityNotifications"): pages.notifications,
    ("GET", "/rest/organizationalEntityShareStatistics"): posts.statistics,
    ("GET", "/rest/posts"): posts.finder,
    ("POST", "/rest/posts"): posts.create,
    ("GET", "/rest/posts/{}"): posts.get,
    ("POST", "/rest/posts/{}"): posts.update,
    ("DELETE", "/rest/posts/{}"): posts.delete,
    ("GET", "/rest/socialActions/{}/comments"): comments.listed,
    ("POST", "/rest/socialActions/{}/comments"): comments.create,
    ("GET", "/rest/socialActions/{}/comments/{}"): comments.get,
    ("POST", "/rest/socialActions/{}/comments/{}"): comments.update,
    ("DELETE", "/rest/socialActions/{}/comments/{}"): comments.delete,
    ("GET", "/rest/socialMetadata/{}"): posts.metadata,
    ("POST", "/rest/socialMetadata/{}"): posts.metadata,
    ("POST", "/rest/reactions"): posts.react,
    ("DELETE", "/rest/reactions/{}"): posts.unreact,
    ("POST", "/rest/images"): pages.begin_upload,
    ("POST", "/rest/documents"): pages.begin_upload,
    ("GET", "/rest/images/{}"): pages.upload_state,
    ("GET", "/rest/documents/{}"): pages.upload_state,
}
_WORDS = {part for _, pattern in _ROUTES for part in pattern.split("/")}


def linkedin_app(network: Network, faults: Faults | None = None) -> Starlette:
    """``network`` as an ASGI app; needs no lifespan. With ``faults`` things go wrong on demand."""

    async def anything(request: Request) -> Response:
        return await respond(network, request)

    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=[Route("/{path:path}", anything, methods=_METHODS)], middleware=middleware)


async def respond(network: Network, request: Request) -> Response:
    """One request, answered."""
    path = request.url.path
    content = await request.body()
    if path.startswith("/oauth/"):
        return _oauth(network, request, content)
    home = f"{request.url.scheme}://{request.url.netloc}"
    try:
        token, member = _signed_in(network, request)
        _count(network, token)
        if path.startswith("/uploads/"):
            network.uploads[path.removeprefix("/uploads/")].body = content
            answer = Answer(status=201)
        else:
            answer = _called(network, request, content, token, member, home)
    except ApiError as error:
        answer = Answer(body=error.body, status=error.status)
    headers = {"x-li-uuid": uuid.uuid4().hex, "x-li-fabric": "prod-lva1", **answer.headers}
    return Response(answer.content, answer.status, headers, media_type="application/json")


def _called(network: Network, request: Request, content: bytes, token: Token, member: Member, home: str) -> Answer:
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.decode("ascii").partition("?")[0]
    version = request.headers.get("linkedin-version", "")
    if path.startswith("/rest/"):
        if not version:
            raise ApiError(400, "A version must be present in the LinkedIn-Version header", "VERSION_MISSING")
        if not network.speaks(version[:6]):
            raise ApiError(426, f"Requested version {version[:6]}01 is not active", "NONEXISTENT_VERSION")
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise unresolved()
    try:
        query = request.scope.get("query_string", b"").decode("ascii")
        if request.headers.get("x-http-method-override") == "GET":
            query, content = content.decode("ascii"), b""
            method = "GET"
        else:
            method = request.method
        params = restli.parameters(query)
        pattern, keys = _matched(path)
    except (restli.Unresolved, UnicodeDecodeError):
        raise unresolved() from None
    endpoint = _ROUTES.get((method, pattern))
    if endpoint is None:
        raise ApiError(404, f"No virtual resource found for {path}", "RESOURCE_NOT_FOUND")
    return endpoint(
        Call(
            network=network, home=home, method=method, restli=request.headers.get("x-restli-method", ""), path=path,
            keys=keys, params=params, content=content, token=token, me=member, version=version,
        )
    )  # fmt: skip


def _matched(path: str) -> tuple[str, list[Any]]:
    """The pattern of a path, and the decoded keys in it. A bare URN in a path is refused: it has to be encoded."""
    keys: list[Any] = []
    parts = []
    for part in path.split("/"):
        if part in _WORDS:
            parts.append(part)
            continue
        if part.startswith("urn:"):
            raise restli.Unresolved(part)
        keys.append(restli.decoded(part))
        parts.append(_ONE)
    return "/".join(parts), keys


def _signed_in(network: Network, request: Request) -> tuple[Token, Member]:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    token = network.tokens.get(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise ApiError(401, "Empty oauth2 access token" if not secret else "Invalid access token",
                       "INVALID_ACCESS_TOKEN", 65600)  # fmt: skip
    if token.revoked:
        raise ApiError(401, "The token used in the request has been revoked by the user", "REVOKED_ACCESS_TOKEN", 65601)
    if token.expires_at <= network.now():
        raise ApiError(401, "The token used in the request has expired", "EXPIRED_ACCESS_TOKEN", 65602)
    return token, network.members[token.member]


def _count(network: Network, token: Token) -> None:
    """Calls by member and by app, of a day in UTC."""
    day = network.now().date().isoformat()
    limits = ((token.member, network.calls_a_day), (token.client_id, network.app_calls_a_day))
    for who, most in limits:
        network.calls[who, day] = network.calls.get((who, day), 0) + 1
        if network.calls[who, day] > most:
            raise ApiError(429, "Resource level throttle limit for calls to this resource is reached.",
                           "TOO_MANY_REQUESTS", 101)  # fmt: skip


def _oauth(network: Network, request: Request, content: bytes) -> Response:
    try:
        if request.url.path in {"/oauth/v2/authorization", "/oauth/native-pkce/authorization"}:
            asked, native = dict(request.query_params), "native" in request.url.path
            page = oauth.consent(network, asked, native=native)
            if "allow" in asked:
                return RedirectResponse(oauth.allowed(network, asked, native=native), 302)
            return HTMLResponse(page)
        form = dict(parse_qsl(content.decode()))
        if request.url.path == "/oauth/v2/accessToken":
            return JSONResponse(oauth.token(network, form))
        if request.url.path == "/oauth/v2/introspectToken":
            return JSONResponse(oauth.introspected(network, form))
    except oauth.Refused as refused:
        return JSONResponse(refused.body, refused.status)
    return JSONResponse({"error": "not_found"}, 404)
