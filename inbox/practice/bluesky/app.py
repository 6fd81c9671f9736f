"""The app: a whole Bluesky network at one address, as PDS, AppView, directory of DIDs, sign-in and host of pictures.

How to build it and act on it::

    network = Network(clock)                       # nobody lives there yet
    city = network.add_account("city", "The city") # its handle is city.test, its password city-pass
    password = network.add_app_password(city).secret
    tokens = Tokens(network)                       # optional: sessions without HTTP, and ``end_all`` to revoke them
    access, refresh = tokens.sign_in(city, APP)
    chat = Chat(network)                           # optional: with it there are direct messages
    app = bluesky_app(network, faults, tokens, chat)   # an ASGI app; needs no lifespan

    people = People(network)                       # how the others act (``people.py``): say, edit, like, quote, ...
    vera = network.add_account("vera", "Vera")
    asked = people.say(vera, "@city.test When does it open?")
    people.edit(asked, "@city.test When does it open, please?")
    people.takedown(asked)
    network.write(vera, "app.bsky.feed.post", {...})   # or any record as it is
    chat.say(vera, city, "May I ask in private?")

Signing in by browser is ``oauth.py``, what its page wants stands there. ``network.limited = False`` switches the rate
limits off, ``network.oauth = False`` the sign-in by browser, ``network.lag_s`` is the AppView's delay.

Known to be unlike the real network: one address plays all hosts, so reading without a token works where a PDS would
want one, and proxy headers other than the chat's are not looked at; no firehose, lists, feed generators or video
processing; no client documents are fetched (OAuth is for loopback clients), scopes beyond direct messages are not
told apart, and a session may last as long as it likes; content ids cannot be recomputed by anybody else, and there are
no signatures; search is a plain look at the words; pictures come back as uploaded, not scaled; ``atproto-repo-rev``
is the repository's newest; likes of what is gone stay in the list of notifications; third parties' blocks are seen in
quotes only; threads end 400 levels down. The window of a rate limit begins with the first call.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.bluesky import actors, feeds, notifications, oauth, repo, server, threads
from inbox.practice.bluesky import chat as chatting
from inbox.practice.bluesky.chat import Chat
from inbox.practice.bluesky.door import Door
from inbox.practice.bluesky.limiting import Limiter
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.oauth import Authority, OAuthError
from inbox.practice.bluesky.tokens import Tokens
from inbox.practice.bluesky.wire import Call, Method, Raw, XrpcError, encoded
from inbox.practice.faults import Faults, FaultyApp

_JSON = "application/json; charset=utf-8"
_PLAIN_JSON = "application/json"
_DID_JSON = "application/did+ld+json; charset=utf-8"


def bluesky_app(
    network: Network, faults: Faults | None = None, tokens: Tokens | None = None, chat: Chat | None = None
) -> Starlette:
    """The network as an ASGI app; with ``faults`` things go wrong on demand (see ``faults``)."""
    served = Served(network, tokens or Tokens(network), chat)
    routes = [
        Route("/xrpc/{nsid}", served.xrpc, methods=["GET", "POST"]),
        Route("/.well-known/atproto-did", served.well_known),
        Route("/img/{size}/plain/{did}/{cid}", served.picture),
    ]
    if network.oauth:
        routes += [
            Route("/.well-known/oauth-protected-resource", served.resource),
            Route("/.well-known/oauth-authorization-server", served.metadata),
            Route("/oauth/jwks", served.keys),
            Route("/oauth/authorize", served.authorize, methods=["GET", "POST"]),
            Route("/oauth/{what:str}", served.oauth, methods=["POST"]),
        ]
    routes.append(Route("/{did:path}", served.document))
    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=routes, middleware=middleware)


class Served:
    """Takes requests apart and puts answers together; the methods themselves stand in the other modules."""

    def __init__(self, network: Network, tokens: Tokens, chat: Chat | None) -> None:
        self.network = network
        self.authority = Authority(network, tokens)
        self.limiter = Limiter(network)
        self.door = Door(tokens, self.authority.proofs, chat)
        self.methods: dict[str, Method] = {
            **server.methods(network, tokens),
            **repo.methods(network),
            **notifications.methods(network),
            **feeds.methods(network),
            **threads.methods(network),
            **actors.methods(network),
            **(chatting.methods(chat) if chat is not None else {}),
        }

    async def xrpc(self, request: Request) -> Response:
        """One call."""
        call = self._call(request, await request.body())
        self.network.catch_up()
        try:
            self.limiter.admit(call)
            method = self.door.admit(call, self.methods.get(call.nsid))
            self.limiter.admit_known(call)
            with self.network.ahead(call.mine) if method.fresh and call.mine else nullcontext():
                made = method.serve(call)
        except XrpcError as error:
            body = encoded({"error": error.error, "message": error.message})
            kept = {} if error.bare else call.out
            return Response(body, error.status, {"content-type": _JSON, **kept, **error.headers})
        if method.fresh and call.viewer is not None:
            call.out["atproto-repo-rev"] = self.network.revs[call.mine]
        if method.labelled:
            accepted = call.headers.get("atproto-accept-labelers", "")
            call.out["atproto-content-labelers"] = accepted or f"{self.network.labeler};redact"
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
            return _json({"message": f"DID not registered: {did}"}, 404)
        return _json(server.did_document(account, self._home(request)), kind=_DID_JSON)

    async def picture(self, request: Request) -> Response:
        """A picture as the network's own host shows it (here: as it was uploaded)."""
        blob = self.network.blob(request.path_params["did"], request.path_params["cid"].partition("@")[0])
        return Response(blob.data, media_type=blob.mime_type) if blob else Response("not found", 404)

    async def resource(self, request: Request) -> Response:
        """Where one signs in."""
        return _json(oauth.resource(self._home(request)))

    async def metadata(self, request: Request) -> Response:
        """How one signs in."""
        return _json(oauth.metadata(self._home(request)), kind=_PLAIN_JSON)

    async def keys(self, request: Request) -> Response:
        """The server's own keys: none that anybody has to know."""
        return _json({"keys": []}, kind=_PLAIN_JSON)

    async def authorize(self, request: Request) -> Response:
        """The page in the browser, and what its buttons do."""
        try:
            if request.method == "GET":
                return Response(self.authority.page(dict(request.query_params)), media_type="text/html")
            back = self.authority.decide(_form(await request.body()), self._home(request))
        except OAuthError as refused:
            return Response(f"<!DOCTYPE html><h1>{refused}</h1>", 400, media_type="text/html")
        return Response(status_code=303, headers={"location": back})

    async def oauth(self, request: Request) -> Response:
        """Announcing, redeeming and renewing, revoking."""
        form, what = _form(await request.body()), request.path_params["what"]
        proof, url = request.headers.get("dpop", ""), f"{self._home(request)}{request.url.path}"
        nonce = {"dpop-nonce": self.authority.proofs.nonce}
        try:
            match what:
                case "par":
                    return _json(self.authority.announce(form, proof, url), 201, kind=_PLAIN_JSON, headers=nonce)
                case "token":
                    return _json(self.authority.token(form, proof, url), kind=_PLAIN_JSON, headers=nonce)
                case "revoke":
                    self.authority.revoke(form)
                    return _json({}, kind=_PLAIN_JSON)
        except OAuthError as refused:
            body = {"error": refused.name, "error_description": str(refused)}
            return _json(body, refused.status, kind=_PLAIN_JSON, headers=nonce)
        return Response("Not Found", 404)

    def _call(self, request: Request, content: bytes) -> Call:
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        return Call(
            network=self.network, home=self._home(request), nsid=request.path_params["nsid"], method=request.method,
            query=query, content=content, headers={n.lower(): v for n, v in request.headers.items()},
            client=request.client.host if request.client is not None else "",
        )  # fmt: skip

    def _home(self, request: Request) -> str:
        return self.network.address or f"{request.url.scheme}://{request.url.netloc}"


def _form(content: bytes) -> dict[str, str]:
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def _json(body: Any, status: int = 200, *, kind: str = _JSON, headers: dict[str, str] | None = None) -> Response:
    return Response(encoded(body), status, {"content-type": kind, **(headers or {})})
