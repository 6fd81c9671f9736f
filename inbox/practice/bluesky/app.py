"""The app: a whole Bluesky network at one address, as PDS, AppView, directory of DIDs and host of pictures.

How to build it and act on it::

    network = Network(clock)                       # nobody lives there yet
    city = network.add_account("city", "The city") # its handle is city.test, its password city-pass
    password = network.add_app_password(city).secret
    app = bluesky_app(network)                     # an ASGI app; needs no lifespan
    network.write(account, "app.bsky.feed.post", {...})   # somebody says something (see ``square.py`` for words)
    network.erase(record)                          # and takes it back

Known to be unlike the real network, besides what the modules say: no OAuth (signing in is by app password), no
firehose, no video, no direct messages unless ``network.chat`` is set (and then none are kept), no rate limits but those
that a fault brings, search is a plain look at the words, and content ids cannot be recomputed by anybody else.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.bluesky import actors, feeds, notifications, repo, server, threads
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.tokens import FULL, PRIVILEGED, Tokens
from inbox.practice.bluesky.wire import Call, Method, Raw, XrpcError, encoded
from inbox.practice.faults import Faults, FaultyApp

_JSON = "application/json; charset=utf-8"


def bluesky_app(network: Network, faults: Faults | None = None, tokens: Tokens | None = None) -> Starlette:
    """The network as an ASGI app; with ``faults`` things go wrong on demand (see ``faults``)."""
    served = Served(network, tokens or Tokens(network))
    routes = [
        Route("/xrpc/{nsid}", served.xrpc, methods=["GET", "POST"]),
        Route("/.well-known/atproto-did", served.well_known),
        Route("/img/{size}/plain/{did}/{cid}", served.picture),
        Route("/{did:path}", served.document),
    ]
    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=routes, middleware=middleware)


class Served:
    """Takes requests apart and puts answers together; the methods themselves stand in the other modules."""

    def __init__(self, network: Network, tokens: Tokens) -> None:
        self.network, self.tokens = network, tokens
        self.methods: dict[str, Method] = {
            **server.methods(network, tokens),
            **repo.methods(network),
            **notifications.methods(network),
            **feeds.methods(network),
            **threads.methods(network),
            **actors.methods(network),
        }

    async def xrpc(self, request: Request) -> Response:
        """One call."""
        content = await request.body()
        self.network.catch_up()
        try:
            nsid = request.path_params["nsid"]
            method = self.methods.get(nsid)
            if method is None:
                raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
            call = self._call(method, nsid, request, content)
            made = method.serve(call)
        except XrpcError as error:
            body = encoded({"error": error.error, "message": error.message})
            return Response(body, error.status, {"content-type": _JSON, **error.headers})
        if isinstance(made, Raw):
            kind = {"content-type": made.content_type} if made.content_type else {}
            return Response(made.content, headers={**call.out, **kind})
        return Response(encoded(made), headers={"content-type": _JSON, **call.out})

    async def well_known(self, request: Request) -> Response:
        """The DID of whoever's handle is this host."""
        account = self.network.account(request.url.hostname or "")
        return Response(account.did, media_type="text/plain") if account else Response("User not found", 404)

    async def document(self, request: Request) -> Response:
        """The directory of DIDs."""
        did = request.path_params["did"]
        account = self.network.account(did) if did.startswith("did:") else None
        if account is None:
            return Response(encoded({"message": f"DID not registered: {did}"}), 404, {"content-type": _JSON})
        return Response(encoded(server.did_document(account, _home(request))), headers={"content-type": _JSON})

    async def picture(self, request: Request) -> Response:
        """A picture as the network's own host shows it (here: as it was uploaded)."""
        blob = self.network.blob(request.path_params["did"], request.path_params["cid"].partition("@")[0])
        return Response(blob.data, media_type=blob.mime_type) if blob else Response("not found", 404)

    def _call(self, method: Method, nsid: str, request: Request, content: bytes) -> Call:
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        call = Call(
            network=self.network, home=_home(request), nsid=nsid, method=request.method, query=query, content=content,
            headers={name.lower(): value for name, value in request.headers.items()},
        )  # fmt: skip
        text = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = None
        if text and method.auth != "none":
            token = self.tokens.check(text, "refresh" if method.auth == "refresh" else "access")
        if token is None and method.auth not in ("none", "optional"):
            raise XrpcError(401, "AuthMissing", "Authentication Required")
        if token is not None:
            if method.auth == "full" and token.scope != FULL:
                raise XrpcError(400, "InvalidToken", "Bad token scope")
            if method.auth == "chat" and token.scope not in (FULL, PRIVILEGED):
                raise XrpcError(400, "InvalidToken", "Bad token method")
            call.viewer, call.token, call.scope = token.account, text, token.scope
        return call


def _home(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
