"""The app factory: one server, as Mastodon 4.6 (or an older one, or another software) serves it.

Build it, and act as the people on it::

    place = Place(clock=clock, domain="town.example")           # inbox.practice.mastodon.Place; see its attributes
    app = mastodon_app(place, faults)                           # ASGI; httpx.ASGITransport(app), or the town's sockets
    office = place.add_person("office", "Harbour Council")      # one of ours; ``token = place.token_for(office)``
    vera = place.add_person("vera", "Vera", domain="far.example")   # a citizen of another server (or of ours)

    question = place.say(vera, "@office When does it open?", warning="", language="en")   # -> Status; notifies office
    answer = place.say(vera, "@office and where?", to=question)     # a reply; visibility is inherited
    place.say(vera, "@office", html="<p>foreign markup</p>")        # content sent as it is
    place.say(vera, "Look", quote=post); place.say(vera, "Vote", poll=("a", "b"), poll_s=600)
    place.edit(question, "When does it really open?")               # no notification; ``edited_at``
    place.remove(question)                                          # its notifications go silently
    place.ask_privately(vera, office, "About my tax ...")           # direct: filtered, a notification request
    place.boost(vera, post); place.favourite(vera, post); place.follow(vera, office); place.vote(vera, post, 0)
    place.end_poll(post); place.block(vera, office); place.notify(office, "hologram", vera)   # a type unknown to all

Places may be odd on purpose:

- ``Place(flavour=OLDER)`` (3.5: instance v1 only, no policy, no requests, no several-at-once), ``flavour=FORK``
  (GoToSocial: ULIDs, no Idempotency-Key, ignores scheduled_at, exact redirects and paths, no rate headers).
- ``place.delay_notices = True`` then ``place.release(notice)``: ids that become visible out of order.
- ``place.say(..., late=True)``: a reply that our server fetches only when its thread is asked for twice (4.5).
- ``place.quirks``: "repeat-500" (a repeated Idempotency-Key answers 500), "no-link" (no Link header).
- ``place.slow_pictures``, ``place.media_waits``: 202, then so many 206, then 200; ``media.failed`` gives 422.
- ``place.merging_s``: accepted requests take that long. ``person.locale = "ja"`` (or "de"): translated errors.
- ``place.limits["all"] = (300, 300)``: requests in seconds. ``place.revoke(token)``: the token dies.
- Signing in: see ``oauth``. Streams: ``GET /api/v1/streaming/user``, ``.../user/notification``, ``.../direct``. Over
  ``httpx.ASGITransport`` a stream's body arrives only when it ends (``place.close_streams()``); use sockets for more.

Likeness is kept by ``tests/practice/test_mastodon_likeness.py`` against recorded answers of 4.6.4 and by
``test_mastodon_client.py``, in which Mastodon.py does its work unchanged. Known to be unlike: cards, lists, filters,
trends, tags followed, admin endpoints, translations, collections, push and the WebSocket stream are missing or empty;
search finds one's own posts only, and by plain containment; uploads are not transcoded, pictures all become PNG;
a quote of a remote post stays pending for ever; mutes do not run out; scopes are demanded where a person is needed,
public reads take any token; limits count per token and person, all visitors share one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.mastodon import limiting, media, oauth, routes, streaming
from inbox.practice.mastodon.entities import Person, Token
from inbox.practice.mastodon.params import read
from inbox.practice.mastodon.place import Place
from inbox.practice.mastodon.statuses_write import publish_due
from inbox.practice.mastodon.wire import WORDS, Answer, ApiError, Call, encoded

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_STREAM = "/api/v1/streaming"


def mastodon_app(place: Place, faults: Faults | None = None) -> Starlette:
    """``place`` as an ASGI app; needs no lifespan.

    Addresses in answers begin with ``place.address`` when it is set, else with the host the request names. With
    ``faults`` things go wrong on demand, over sockets and under ``httpx.ASGITransport`` alike (see ``faults``).
    """

    async def anything(request: Request) -> Response:
        return await respond(place, request)

    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=[Route("/{path:path}", anything, methods=_METHODS)], middleware=middleware)


async def respond(place: Place, request: Request) -> Response:
    """One request, answered; first what was due by itself happens."""
    home = place.address or f"{request.url.scheme}://{request.url.netloc}"
    content = await request.body()
    token, person, refusal = signed_in(place, request)
    call = Call(
        place=place, home=home, method="GET" if request.method == "HEAD" else request.method,
        path=request.url.path, headers=request.headers, token=token, viewer=person,
        query=parse_qsl(request.url.query, keep_blank_values=True),
    )  # fmt: skip
    place.run_due()
    publish_due(call)
    headers: dict[str, str] = {}
    try:
        call.params, call.files = read(request.headers.get("content-type", ""), content, request.url.query)
        if call.path.startswith("/api/"):
            allowed, headers = limiting.counted(call)
            if not allowed:
                raise ApiError(429, "Too many requests")
            if refusal is not None:
                raise refusal
        if call.path.startswith(_STREAM):
            return _stream(call)
        endpoint = routes.found(call)
        answer = media.lost(call) if endpoint is None else routes.answer(call, endpoint)
    except ApiError as error:
        answer = Answer(body={"error": _in_their_language(call, error.text), **error.more}, status=error.status)
    body = answer.body if isinstance(answer.body, bytes) else encoded(answer.body)
    headers |= {"Content-Type": answer.content_type, "X-Content-Type-Options": "nosniff", **answer.headers}
    return Response(b"" if request.method == "HEAD" else body, status_code=answer.status, headers=headers)


def signed_in(place: Place, request: Request) -> tuple[Token | None, Person | None, ApiError | None]:
    """Whose token the request bears; an unknown or dead one is refused everywhere in the API."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip() if scheme.lower() == "bearer" else request.query_params.get("access_token", "")
    if not secret:
        return None, None, None
    token = place.tokens.get(secret)
    if token is None:
        return None, None, ApiError(401, "The access token is invalid")
    person = place.people.get(token.person_id)
    if token.revoked:
        return None, person, ApiError(401, "The access token was revoked")
    if person is not None and person.suspended:
        return None, person, ApiError(403, "Your login is currently disabled")
    return token, person, None


def _in_their_language(call: Call, text: str) -> str:
    locale = call.viewer.locale if call.viewer else call.headers.get("accept-language", "")[:2]
    return WORDS.get(locale, {}).get(text, text)


def _stream(call: Call) -> Response:
    name = call.path.removeprefix(_STREAM).strip("/")
    if name == "health":
        return Response("OK", media_type="text/plain")
    if name not in streaming.STREAMS or not call.place.flavour.streaming:
        return Response(encoded({"error": "Not found"}), 404, media_type="application/json")
    refusal = oauth.refused(call, "read:notifications" if "notification" in name else "read:statuses")
    if refusal is not None or call.viewer is None:
        # The streaming server has one answer for every doubt.
        return Response(encoded({"error": "Missing access token"}), 401, media_type="application/json")

    async def frames() -> AsyncIterator[bytes]:
        async for frame in streaming.events(call, name):
            yield frame

    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames(), media_type="text/event-stream", headers=headers)
