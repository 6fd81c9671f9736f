"""The app factory: one account, as Comm Cloud serves it (v1 in XML, v2 in JSON, the public page of a bulletin)."""

from __future__ import annotations

import base64
import binascii
import html
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.govdelivery import reports, wire
from inbox.practice.govdelivery.agency import Agency, Bulletin, Refusal

PAGE = 20
_METHODS = ["GET", "POST", "PUT", "DELETE"]
_XML = "application/xml; charset=utf-8"
Ask = tuple[Agency, str, bytes, dict[str, str], str]


def agency_app(agency: Agency, faults: Faults | None = None) -> Starlette:
    """``agency`` as an ASGI app; needs no lifespan. With ``faults`` things go wrong on demand."""

    async def anything(request: Request) -> Response:
        return await respond(agency, request)

    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []
    return Starlette(routes=[Route("/{path:path}", anything, methods=_METHODS)], middleware=middleware)


async def respond(agency: Agency, request: Request) -> Response:
    """One request, answered."""
    path = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0] or request.url.path
    headers = {"X-Request-Id": uuid.uuid4().hex, "X-Runtime": "0.01", "X-Powered-By": "Phusion Passenger 4.0.48"}
    query = dict(request.query_params)
    if path.startswith("/api/v2/"):
        status, body = reports.answer(agency, path[8:], query, request.headers.get("x-auth-token", ""))
        return Response(body, status, headers, "application/json; charset=utf-8")
    if path.startswith(f"/accounts/{agency.code}/bulletins/"):
        return _public(agency, path.rpartition("/")[2])
    user = signed_in(agency, request.headers.get("authorization", ""))
    if not path.startswith(f"/api/account/{agency.code}/") or not user:
        known = path.startswith("/api/account/")
        headers |= {"WWW-Authenticate": 'Basic realm="Application"'} if known else {}
        return Response("HTTP Basic: Access denied.\n" if known else "Not found", 401 if known else 404, headers)
    try:
        body = v1(
            agency, request.method, path[len(f"/api/account/{agency.code}/") :], await request.body(), query, user
        )
    except Refusal as refusal:
        status = 200 if "errors-as-success" in agency.quirks else refusal.status
        return Response(wire.errors(refusal), status, headers, _XML)
    return Response(body, 200, headers | {"Status": "200 OK", "Set-Cookie": "_session=practice; path=/"}, _XML)


def signed_in(agency: Agency, authorization: str) -> str:
    """The API user of a Basic header; empty when it is nobody."""
    scheme, _, packed = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if scheme.lower() == "basic" and password and agency.users.get(user) == password else ""


def v1(agency: Agency, method: str, path: str, content: bytes, query: dict[str, str], user: str) -> str:
    """The document that answers a request of v1. Raises Refusal."""
    path = path.removesuffix(".xml")
    for verb, shape, right, answer in _ROUTES:
        found = re.fullmatch(shape, path)
        if found and verb == method:
            if right in agency.refused:
                raise Refusal(403, "GD-12015", "Resource not available.")
            return answer((agency, unquote(found[1]) if found.groups() else "", content, query, user))
    raise Refusal(404, "GD-11002", "Resource not found.")


def _topics(ask: Ask) -> str:
    agency = ask[0]
    listed = "".join(wire.topic_listed(agency, t) for t in agency.topics.values())
    return f'{wire.HEAD}<topics type="array">\n{listed}</topics>\n'


def _make_topic(ask: Ask) -> str:
    agency, node = ask[0], wire.read(ask[2])
    if not wire.text(node, "name") or not wire.text(node, "short-name") or not wire.text(node, "visibility"):
        raise Refusal(422, "GD-14004", "Name can't be blank", "Short name can't be blank")
    topic = agency.add_topic(
        wire.text(node, "code"), wire.text(node, "name"), short_name=wire.text(node, "short-name"),
        visibility=wire.text(node, "visibility"), watches=wire.text(node, "pagewatch-enabled") == "true",
        autosend=wire.text(node, "pagewatch-autosend") == "true",
    )  # fmt: skip
    path = f"/api/account/{agency.code}/topics/{topic.code}"
    named = wire.element("to-param", topic.code) + wire.element("topic-uri", f"{path}.xml") + wire.link("self", path)
    return f"{wire.HEAD}<topic>\n{named}</topic>\n"


def _topic(ask: Ask) -> str:
    agency, code = ask[:2]
    if code not in agency.topics:
        raise Refusal(404, "GD-14002", "Topic not found")
    return wire.topic_read(agency, agency.topics[code])


def _categories(ask: Ask) -> str:
    agency = ask[0]
    listed = "".join(wire.category_read(agency, c, counted=False) for c in agency.categories.values())
    return f'{wire.HEAD}<categories type="array">\n{listed}</categories>\n'


def _category(ask: Ask) -> str:
    agency, code = ask[:2]
    if code not in agency.categories:
        raise Refusal(404, "GD-16002", "Category not found")
    return wire.HEAD + wire.category_read(agency, agency.categories[code], counted=True)


def _parts(content: bytes) -> dict[str, Any]:
    node = wire.read(content)
    return {
        "subject": wire.text(node, "subject"), "body": wire.text(node, "body"), "header": wire.text(node, "header"),
        "footer": wire.text(node, "footer"), "from_address_id": wire.text(node, "from_address_id"),
        "topics": wire.codes(node, "topics", "topic"), "categories": wire.codes(node, "categories", "category"),
    }  # fmt: skip


def _draft(ask: Ask) -> str:
    return wire.bulletin_named(ask[0], ask[0].draft(**_parts(ask[2])), answer="draft")


def _create_and_send(ask: Ask) -> str:
    agency = ask[0]
    made = agency.draft(**_parts(ask[2]))
    try:
        return wire.bulletin_named(agency, agency.send(made), answer="sent")
    except Refusal:
        del agency.bulletins[made.id]
        raise


def _send(ask: Ask) -> str:
    return wire.bulletin_named(ask[0], ask[0].send(ask[0].bulletin(ask[1])), answer="sent")


def _unsent(ask: Ask) -> Bulletin:
    bulletin = ask[0].bulletin(ask[1])
    if bulletin.sent_at is not None:
        raise Refusal(404, "GD-12002", "Bulletin not found.")
    return bulletin


def _change(ask: Ask) -> str:
    bulletin = _unsent(ask)
    for name, value in _parts(ask[2]).items():
        if value:
            setattr(bulletin, name, value)
    return wire.bulletin_named(ask[0], bulletin, answer="draft")


def _drop(ask: Ask) -> str:
    del ask[0].bulletins[_unsent(ask).id]
    return ""


def _test(ask: Ask) -> str:
    agency, _, content, _, user = ask
    node = wire.read(content) if content else None
    group = node.find("email_addresses") if node is not None else None
    addresses = [(a.text or "").strip() for a in group.findall("email_address")] if group is not None else []
    bulletin = agency.bulletin(ask[1])
    agency.test(bulletin, user, [a for a in addresses if a])
    return wire.bulletin_named(agency, bulletin, answer="test")


def _read(ask: Ask) -> str:
    if "no-bodies" in ask[0].quirks:
        raise Refusal(403, "GD-12015", "Resource not available.")
    return wire.bulletin_read(ask[0], ask[0].bulletin(ask[1]))


def _sent(ask: Ask) -> str:
    agency, start_at = ask[0], ask[3].get("start_at", "")
    listed = agency.listed()
    places = [n for n, b in enumerate(listed) if str(b.id) == start_at]
    if start_at and not places:
        raise Refusal(404, "GD-12002", "Bulletin not found.")
    first = places[0] + ("start-behind" in agency.quirks) if places else 0
    page = listed[first:][:PAGE]
    return f"{wire.HEAD}<bulletins>\n{''.join(wire.bulletin_listed(agency, b) for b in page)}</bulletins>\n"


def _drafts(ask: Ask) -> str:
    agency = ask[0]
    if "no-drafts" in agency.quirks:
        raise Refusal(404, "GD-12002", "Bulletin not found.")
    drafts = [b for b in agency.bulletins.values() if b.sent_at is None]
    return f"{wire.HEAD}<bulletins>\n{''.join(wire.bulletin_listed(agency, b) for b in drafts)}</bulletins>\n"


def _address(coded: str) -> str:
    try:
        return base64.b64decode(coded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(404, "GD-15002", "Subscriber not found.") from None


def _subscribe(ask: Ask) -> str:
    agency, node = ask[0], wire.read(ask[2])
    address = wire.text(node, "email") or wire.text(node, "phone")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+|\d{10,15}", address):
        raise Refusal(422, "GD-15004", "Invalid Subscriber")
    topics = wire.codes(node, "topics", "topic")
    if any(code not in agency.topics for code in topics):
        raise Refusal(404, "GD-14002", "Topic not found")
    known = address in agency.subscribers
    if known and not topics:
        raise Refusal(422, "GD-15004", "Email has already been taken")
    subscriber = agency.subscribe(address, *topics)
    subscriber.digest_for = int(wire.text(node, "digest-for") or 0)
    coded = base64.b64encode(address.encode()).decode()
    named = wire.element("to-param", coded) + wire.link("self", f"/api/account/{agency.code}/subscribers/{coded}")
    return f"{wire.HEAD}<subscriber>\n{named}</subscriber>\n"


def _subscriber(ask: Ask) -> tuple[Agency, str]:
    agency, address = ask[0], _address(ask[1])
    if address not in agency.subscribers:
        raise Refusal(404, "GD-15002", "Subscriber not found.")
    return agency, address


def _topics_of(ask: Ask) -> str:
    agency, address = _subscriber(ask)
    listed = "".join(
        "<topic>\n"
        + wire.element("to-param", code)
        + wire.link("self", f"/api/account/{agency.code}/topics/{code}")
        + wire.element("topic-uri", f"/api/account/{agency.code}/topics/{code}.xml")
        + "</topic>\n"
        for code in sorted(agency.subscribers[address].topics)
    )
    return f'{wire.HEAD}<topics type="array">\n{listed}</topics>\n'


def _set_categories(ask: Ask) -> str:
    agency, address = _subscriber(ask)
    agency.subscribers[address].categories = set(wire.codes(wire.read(ask[2]), "categories", "category"))
    return f"{wire.HEAD}<subscriber>\n{wire.element('to-param', ask[1])}</subscriber>\n"


def _details(ask: Ask) -> str:
    bulletin = ask[0].bulletin(ask[1])
    inner = wire.element("to-param", bulletin.id, typed=False) + wire.element("opens-count", bulletin.opens)
    return f"{wire.HEAD}<bulletin-detail>\n{inner}</bulletin-detail>\n"


_ROUTES: tuple[tuple[str, str, str, Callable[[Ask], str]], ...] = (
    ("GET", r"topics", "list topics", _topics),
    ("POST", r"topics", "create topics", _make_topic),
    ("GET", r"topics/([^/]+)", "read topics", _topic),
    ("GET", r"categories", "list categories", _categories),
    ("GET", r"categories/([^/]+)", "read categories", _category),
    ("POST", r"bulletins", "draft bulletins", _draft),
    ("POST", r"bulletins/send_now", "send bulletins", _create_and_send),
    ("GET", r"bulletins/sent", "list bulletins", _sent),
    ("GET", r"bulletins/drafts", "list drafts", _drafts),
    ("GET", r"bulletins/(\d+)", "read bulletins", _read),
    ("PUT", r"bulletins/(\d+)", "draft bulletins", _change),
    ("DELETE", r"bulletins/(\d+)", "draft bulletins", _drop),
    ("POST", r"bulletins/(\d+)/send_now", "send bulletins", _send),
    ("PUT", r"bulletins/(\d+)/sendtest", "test bulletins", _test),
    ("GET", r"bulletin_details/(\d+)", "read bulletins", _details),
    ("POST", r"subscribers", "create subscribers", _subscribe),
    ("POST", r"subscriptions", "create subscribers", _subscribe),
    ("GET", r"subscribers/([^/]+)/topics", "read subscribers", _topics_of),
    ("PUT", r"subscribers/([^/]+)/categories", "change subscribers", _set_categories),
)


def _public(agency: Agency, public_id: str) -> Response:
    """The page of a bulletin for everybody."""
    for bulletin in agency.bulletins.values():
        if bulletin.public_id == public_id and bulletin.sent_at is not None:
            title = html.escape(bulletin.subject)
            page = f"<!doctype html><meta charset='utf-8'><title>{title}</title><h1>{title}</h1>{bulletin.body}"
            return Response(page, media_type="text/html")
    return Response("Not found", 404)
