"""Direct messages (x.md sections 4.1 and 5.2): read in the cheap shape, answered, looked for.

X lists them newest first and knows no "since", so a window of the ten newest is asked for, and more only while it holds
nothing known. Encrypted messages (XChat) never come this way; ``validity`` says so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from inbox.connectors.x import fields, people, prices
from inbox.connectors.x.api import Api, Page
from inbox.connectors.x.cursor import EVENTS_KEPT, IDLE_PAGES, Position
from inbox.connectors.x.parsing import EPOCH, UNSPOKEN, People, author_of, hash_of, time_in
from inbox.connectors.x.problems import refuses_token
from inbox.connectors.x.snowflake import newer, time_of
from inbox.connectors.x.us import Us
from inbox.connectors.x.words import same_words, shown
from inbox.errors import BadReply, NotAllowed, OutcomeUnknown
from inbox.model import Attachment, Author, Capability, Message, MessageKind, Receipt, Rendition, Visibility

log = logging.getLogger(__name__)

WINDOW: Final = 10
PER_PAGE: Final = 100
MOST_CHARACTERS: Final = 10_000  # from memory, says x.md section 10
PREFIX: Final = "dm:"
_JOINED: Final = {"ParticipantsJoin": "joined the conversation", "ParticipantsLeave": "left the conversation"}


def is_direct(remote_id: str) -> bool:
    """Whether this is the id of a direct message."""
    return remote_id.startswith(PREFIX)


def ids_of(remote_id: str) -> tuple[str, str]:
    """Conversation and event of a message's id."""
    conversation, _, event = remote_id.removeprefix(PREFIX).partition(":")
    return conversation, event


async def poll(api: Api, at: Position) -> list[Message]:
    """The next page of events: those that are not known; the first one again where X no longer takes the token."""
    if not api.us.direct or api.session.no_direct:
        return []
    try:
        return await _next(api, at)
    except BadReply as error:
        if not (refuses_token(error, at.event_token) and at.events_restarted(api.now())):
            raise
    log.warning("%s: X refuses the place where direct messages went on; they are read from the newest on", api.account)
    return await _next(api, at)


async def _next(api: Api, at: Position) -> list[Message]:
    each = fields.dearest_dm(api.us.dialect)
    # A window, and more only when all of it was new: what follows then is a backlog, or the very first reading.
    most = api.purse.affords(each, PER_PAGE if at.event_token else WINDOW)
    params = {"max_results": str(most), **fields.for_dms(api.us.dialect)}
    if at.event_token:
        params["pagination_token"] = at.event_token
    with api.purse.hold(most * each):
        try:
            page = await _page(api, "/2/dm_events", params, "direct messages read")
        except NotAllowed as error:  # mentions were read a moment ago, so it is about these alone; ``validity`` says so
            log.warning("%s: %s", api.account, error)
            api.session.no_direct = True
            return []
        events = [e for e in page.items if isinstance(e, Mapping)]
        new = [e for e in events if str(e.get("id")) not in at.events and not _too_old(e, api.us)]
        names = await people.known(api, at, (str(e.get("sender_id") or "") for e in new), page.users)
    strange = [e for e in page.items if not isinstance(e, Mapping)]
    ids = [str(e.get("id")) for e in events]
    before = len(at.fresh)
    at.fresh = list(dict.fromkeys([*at.fresh, *ids]))
    at.event_idle = 0 if len(at.fresh) > before else at.event_idle + 1
    mark = max(at.events, key=lambda i: (len(i), i), default="")
    known = any(i in at.events or (mark and not newer(i, mark)) for i in ids) or any(
        _too_old(e, api.us) for e in events
    )
    at.event_token = "" if known or at.event_idle >= IDLE_PAGES else page.token
    if not at.event_token:
        at.events = list(dict.fromkeys([*at.fresh, *at.events]))[:EVENTS_KEPT]
        at.fresh, at.event_idle, at.events_restarted_at = [], 0, ""
    return [message_from_event(e, api.us, names) for e in (*new, *strange)]


def request_for(rendition: Rendition, media_ids: list[str]) -> tuple[str, dict[str, Any]]:
    """Path and body that answer a direct message."""
    conversation, _ = ids_of(rendition.reply_to)
    body: dict[str, Any] = {"text": rendition.text} if rendition.text else {}
    if media_ids:
        body["attachments"] = [{"media_id": i} for i in media_ids]
    return f"/2/dm_conversations/{conversation}/messages", body


def receipt_for(api: Api, rendition: Rendition, data: Mapping[str, Any]) -> Receipt:
    """What the answer to that proves. Raises OutcomeUnknown when it names nothing."""
    conversation, _ = ids_of(rendition.reply_to)
    if not data.get("dm_event_id"):
        raise OutcomeUnknown("The message was accepted without an id", account=api.account)
    return _receipt(api, str(data.get("dm_conversation_id") or conversation), str(data["dm_event_id"]))


async def find(api: Api, rendition: Rendition, since: datetime) -> Receipt | None:
    """What this rendition made in its conversation, not before ``since``."""
    conversation, _ = ids_of(rendition.reply_to)
    each = prices.read("dm")
    token = ""
    while True:
        most = api.purse.affords(each, WINDOW)
        params = {"max_results": str(most), **fields.for_dms(api.us.dialect)}
        if token:
            params["pagination_token"] = token
        with api.purse.hold(most * each):
            page = await _page(
                api, f"/2/dm_conversations/{conversation}/dm_events", params, "direct messages looked at"
            )
        for event in page.items:
            if not isinstance(event, Mapping):
                continue
            said_at = time_in(event.get("created_at")) or time_of(str(event.get("id") or ""))
            if said_at is not None and said_at < since - api.skew:
                return None
            words = shown(str(event.get("text") or ""), _entities(event), api.us.web).text
            pictures = bool(_media(event))
            ours = str(event.get("sender_id")) == api.us.id
            if ours and pictures == bool(rendition.media) and same_words(rendition.text, words):
                return _receipt(api, conversation, str(event["id"]))
        if not page.token or page.token == token:
            return None
        token = page.token


def message_from_event(event: Any, us: Us, names: People) -> Message:
    """An event of a conversation. One of an unknown type comes out as a notice with its raw form."""
    raw = json.dumps(event, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    if not isinstance(event, Mapping) or not event.get("id"):
        return Message(
            remote_id=f"unreadable:{hash_of(raw)}", kind=MessageKind.UNREADABLE, author=Author(name="X"),
            created_at=EPOCH, text="X sent something that Postroom cannot read. Open it on X.", url=us.web,
            visibility=Visibility.DIRECT, denied=UNSPOKEN | Capability.REPLY, raw=raw,
        )  # fmt: skip
    number, kind = str(event["id"]), str(event.get("event_type") or "")
    conversation = str(event.get("dm_conversation_id") or "")
    sender = str(event.get("sender_id") or "") or _one_of(event.get("participant_ids"))
    said = kind == "MessageCreate"
    author = author_of(sender, us, names) if sender else Author(name="X")
    words = shown(str(event.get("text") or ""), _entities(event), us.web)
    happened = _JOINED.get(kind, f"did something new here ({kind}).")
    text = words.text if said else f"{author.name} {happened}"
    pictures = _media(event)
    ours = sender == us.id
    return Message(
        remote_id=f"{PREFIX}{conversation}:{number}",
        kind=MessageKind.DIRECT if said else MessageKind.NOTICE,
        author=author,
        created_at=time_in(event.get("created_at")) or time_of(number) or EPOCH,
        text=text or ("A picture: open it on X." if pictures else ""),
        html=words.html if said else "",
        url=f"{us.web}/messages/{conversation}" if conversation else f"{us.web}/messages",
        ours=ours,
        visibility=Visibility.DIRECT,
        parent_remote_id=f"{PREFIX}{conversation}",
        root_remote_id=f"{PREFIX}{conversation}",
        attachments=tuple(Attachment(url=f"{us.web}/messages/{conversation}") for _ in pictures),
        denied=UNSPOKEN if conversation and said else UNSPOKEN | Capability.REPLY,
        raw=raw,
    )


async def _page(api: Api, path: str, params: Mapping[str, str], what: str) -> Page:
    page = await api.page(path, params, kind="dm", price=prices.read("dm"), what=what)
    events = [e for e in page.items if isinstance(e, Mapping)]
    if events and not any(e.get("dm_conversation_id") for e in events):
        raise BadReply(f"{what}: X leaves out the conversation; its vocabulary may have changed", account=api.account)
    return page


def _receipt(api: Api, conversation: str, event: str) -> Receipt:
    return Receipt(remote_id=f"{PREFIX}{conversation}:{event}", url=f"{api.us.web}/messages/{conversation}")


def _too_old(event: Mapping[str, Any], us: Us) -> bool:
    said_at = time_in(event.get("created_at"))
    return said_at is not None and us.began_at is not None and said_at < us.began_at


def _entities(event: Mapping[str, Any]) -> object:
    return event.get("entities") if isinstance(event.get("entities"), Mapping) else event


def _media(event: Mapping[str, Any]) -> list[Any]:
    attached = event.get("attachments")
    keys = attached.get("media_keys") if isinstance(attached, Mapping) else None
    return keys if isinstance(keys, list) else []


def _one_of(ids: object) -> str:
    return str(next(iter(ids), "")) if isinstance(ids, Iterable) and not isinstance(ids, str | bytes) else ""
