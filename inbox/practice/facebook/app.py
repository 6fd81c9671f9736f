"""The app factory: the practice network as the Graph API of v26.0 serves it.

Build it, and act as the people on it::

    network = Network(clock=clock)                        # inbox.practice.facebook.Network; see its attributes
    app = facebook_app(network, faults)                   # ASGI; httpx.ASGITransport(app), or the town's sockets
    own = network.add_app()                               # the organisation's own app at Meta
    olga = network.add_person("Olga Officer")
    page = network.add_page("Harbour Council", "harbourcouncil", olga)
    token = network.token_for(olga, own)                  # a system user's, to be pasted
    vera = network.add_person("Vera")
    post = network.write(page, page, "The bridge is closed")         # the Page's; by a person: a visitor's
    asked = network.comment(vera, post, "Until when?"); network.comment(page, asked, "Until Monday")
    network.tag(vera, page, "..."); network.film(page, "..."); network.rate(vera, page, "...")
    network.react(vera, post); network.tell(vera, page, vera, "A private question")
    network.edit(asked, "..."); network.remove(asked); network.revoke(token, 460)

Known to be unlike: long films and reels cannot be brought, only shown; ads, insights, webhooks, labels, targeting and
places are missing; pictures are not scaled, and their addresses never run out; nobody's privacy settings matter; a
person has one number for all Pages; batches have no names that later items refer to; ``since`` is ignored; messages
hold text only; the permissions of a Page's token are those of whoever fetched it, and lapse for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.facebook import keys, reading, writing
from inbox.practice.facebook.network import Network
from inbox.practice.facebook.wire import Call, GraphError
from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.mastodon.params import multipart

_METHODS = ["GET", "POST", "DELETE"]
_REMOVED = ("pretty", "debug", "__debug__", "date_format", "ids")
_AT_ONCE = 50


def facebook_app(network: Network, faults: Faults | None = None) -> Starlette:
    """``network`` as an ASGI app; needs no lifespan. With ``faults`` things go wrong on demand (see ``faults``)."""

    async def anything(request: Request) -> Response:
        return await respond(network, request)

    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=[Route("/{path:path}", anything, methods=_METHODS)], middleware=middleware)


async def respond(network: Network, request: Request) -> Response:
    """One request, answered; first what was due by itself happens."""
    network.run_due()
    home = network.address or f"{request.url.scheme}://{request.url.netloc}"
    path = [piece for piece in request.url.path.split("/") if piece]
    query = dict(parse_qsl(request.url.query, keep_blank_values=True))
    if path[:1] == ["cdn"] and len(path) == 2 and path[1] in network.photos:
        photo = network.photos[path[1]]
        return Response(photo.data, media_type=photo.mime_type)
    version = path.pop(0) if path and path[0].startswith("v") and "." in path[0] else network.version
    if path == ["dialog", "oauth"]:
        status, to, page = keys.dialog(network, home, query)
        return Response(page, status, headers={"Location": to} if to else {}, media_type="text/html")
    if path == ["connect", "login_success.html"]:
        return Response("Success", media_type="text/html")
    params, files = await _form(request, query)
    bearer = _bearer(request, params)
    status, body = await _answered(network, request, home, version, path, params, files, bearer)
    headers = {"facebook-api-version": network.version, "x-fb-trace-id": "Fz54k3GZrio", **_usage(network)}
    return Response(_written(body), status, headers=headers, media_type="application/json; charset=UTF-8")


async def _answered(
    network: Network, request: Request, home: str, version: str, path: list[str], params: dict[str, str],
    files: Mapping[str, tuple[bytes, str]], bearer: str,
) -> tuple[int, Any]:  # fmt: skip
    try:
        if "if-none-match" in request.headers:
            raise GraphError(100, "(#100) If-None-Match is deprecated in v26.0+")
        for name in _REMOVED:
            if name in params:
                raise GraphError(100, f"(#100) The {name} query parameter is deprecated in v26.0+")
        token = keys.signed_in(network, bearer)
        call = Call(
            network=network, home=home, method=params.pop("method", request.method).upper(), path=path, params=params,
            files=files, token=token, version=version,
        )  # fmt: skip
        if not path and "batch" in params:
            return 200, _batch(call, bearer)
        _counted(network, 1)
        keys.check_proof(network, token, params)
        return 200, _one(call, bearer)
    except GraphError as error:
        return error.status, error.body("AmFGcW_3hwDB7qFbl_QdebZ")


def _one(call: Call, bearer: str) -> Any:
    match call.path:
        case []:
            raise GraphError(2500, "An active access token must be used to query information about the current user.")
        case ["debug_token"]:
            return keys.debug(call, bearer)
        case ["oauth", "access_token"]:
            return keys.exchange(call)
        case ["me", "accounts"]:
            return keys.accounts(call)
        case ["me", "permissions"]:
            return keys.permissions(call)
    _ = call.key
    return reading.read(call) if call.method == "GET" else writing.write(call)


def _batch(call: Call, bearer: str) -> list[Any]:
    """Each item is a call of its own; one that takes too long comes as null."""
    items = call.json("batch")
    if not isinstance(items, list) or len(items) > _AT_ONCE:
        raise GraphError(100, f"(#100) Too many requests in batch message. Maximum batch size is {_AT_ONCE}")
    network, answers = call.network, list[Any]()
    if not call.params.get("access_token"):
        raise GraphError(2500, "A batch needs a top-level access_token")
    keys.check_proof(network, call.token, call.params)
    _counted(network, len(items))
    for item in items:
        parts = urlsplit(f"/{item['relative_url']}")
        path = [piece for piece in parts.path.split("/") if piece]
        version = path.pop(0) if path and path[0].startswith("v") and "." in path[0] else call.version
        params = dict(parse_qsl(parts.query)) | dict(parse_qsl(item.get("body", "")))
        if network.nulls:
            network.nulls -= 1
            answers.append(None)
            continue
        one = Call(
            network=network, home=call.home, method=str(item.get("method", "GET")), path=path, params=params,
            token=call.token, version=version,
        )  # fmt: skip
        try:
            answer = {"code": 200, "body": _written(_one(one, bearer)).decode()}
        except GraphError as error:
            answer = {"code": error.status, "body": _written(error.body("D9Vg2GLd0DB")).decode()}
        if call.flag("include_headers", True):
            answer["headers"] = [{"name": "Facebook-API-Version", "value": network.version}]
        answers.append(answer)
    return answers


def _counted(network: Network, calls: int) -> None:
    """Count them; raise when the quota is used up. Calling on while it is begins the wait anew."""
    if network.throttled_until is not None and network.throttled_until > network.now():
        network.throttle(network.throttled_until - network.now())
    network.count_calls(calls)
    if network.throttled_until is not None and network.throttled_until > network.now():
        raise GraphError(
            80001,
            "(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info, "
            "please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
        )


def _usage(network: Network) -> dict[str, str]:
    """The usage headers; absent until enough calls were made."""
    headers: dict[str, str] = {}
    used, _ = network.share("app")
    if used:
        headers["x-app-usage"] = json.dumps({"call_count": used, "total_time": used // 2, "total_cputime": used // 2})
    rows = []
    for kind in ("pages", "messenger"):
        percent, wait = network.share(kind) if kind in network.usage or kind == "pages" else (0, 0)
        if percent:
            rows.append({"type": kind, "call_count": percent, "total_cputime": percent // 4, "total_time": percent // 4,
                         "estimated_time_to_regain_access": wait})  # fmt: skip
    if rows:
        headers["x-business-use-case-usage"] = json.dumps({next(iter(network.pages), "0"): rows})
    return headers


async def _form(request: Request, query: dict[str, str]) -> tuple[dict[str, str], dict[str, tuple[bytes, str]]]:
    """All parameters, of the address and the body; and files."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    params, files = dict(query), dict[str, tuple[bytes, str]]()
    if kind == "multipart/form-data":
        fields, brought = multipart(request.headers["content-type"], await request.body())
        params |= dict(fields)
        files = {name: (data, kind) for name, (_, kind, data) in brought.items()}
    elif kind == "application/json":
        body = json.loads(await request.body() or b"{}")
        params |= {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
    else:
        params |= dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    return params, files


def _bearer(request: Request, params: Mapping[str, str]) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    named = params.get("access_token", "")
    return text.strip() if scheme.lower() in {"bearer", "oauth"} and not named else named


def _written(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
