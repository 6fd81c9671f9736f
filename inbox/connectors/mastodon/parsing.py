"""Mastodon's JSON to Postroom's values: pure functions, no network, no clock.

Source: mastodon.md sections 4, 6 and 7. What compatible servers leave out or add must not matter: a status that cannot
be understood comes out as UNREADABLE, a notification of an unknown type as a NOTICE, both with their raw form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from inbox.connectors.mastodon.content import plain_line, shown, text_of
from inbox.connectors.mastodon.server import Server
from inbox.model import (
    Attachment,
    Author,
    Counts,
    Emoji,
    LinkCard,
    Message,
    MessageKind,
    MessageState,
    Poll,
    PollOption,
    Quoted,
    Reaction,
    Visibility,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a date that cannot be read: the same at every reading
VISIBILITIES: Final = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.FOLLOWERS,
    "direct": Visibility.DIRECT,
}
"""Words of other servers ("local", "list", "mutuals_only") are taken for a closed circle: never for more public."""

QUIET: Final = frozenset({"favourite", "reblog"})
"""Notifications without words of their own: the counts of our post carry them."""

_SPOKEN: Final = frozenset({"mention", "quote", "status"})
_NOTICES: Final = {
    "follow": "{who} follows you now.",
    "follow_request": "{who} asks to follow you.",
    "poll": "A poll has ended.",
    "update": "{who} edited a post that you boosted.",
    "quoted_update": "{who} edited a post that you quoted.",
    "severed_relationships": "Followers or followed accounts were lost: a server was blocked or has gone.",
    "moderation_warning": "The moderators of your server warn this account.",
    "admin.sign_up": "{who} signed up on your server.",
    "admin.report": "{who} was reported on your server.",
    "added_to_collection": "{who} added you to a collection.",
    "collection_update": "{who} changed a collection that you are in.",
}
_SEEN_BY_ALL: Final = frozenset({"follow", "poll", "added_to_collection", "collection_update"})
_WITHHELD: Final = {
    "pending": "Its author has not agreed to the quote yet.",
    "rejected": "Its author refused the quote.",
    "revoked": "Its author took back the consent to the quote.",
    "deleted": "The quoted post was deleted.",
    "unauthorized": "The quoted post is not for you to see.",
}
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def message_from_status(
    status: Any, server: Server, *, filtered: bool = False, root: str = "", below_ours: bool = False, said: str = ""
) -> Message:
    """A status as a message. ``filtered``: the server's filter kept it back; ``below_ours``: it stands in a thread
    that we began; ``said``: the type of the notification it came with."""
    try:
        return _status(status, server, filtered=filtered, root=root, below_ours=below_ours, said=said)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _unreadable(status, "")


def message_from_notification(item: Any, server: Server) -> Message | None:
    """What a notification brings: the status it speaks of, or a quiet note; None for what only counts (with its
    status missing)."""
    try:
        kind = item["type"]
        status = item.get("status")
        if kind in QUIET:
            # Servers that do not leave these out when asked: our post with its new counts.
            return message_from_status(status, server) if status else None
        if kind in _SPOKEN and status:
            return message_from_status(status, server, filtered=item.get("filtered") is True, said=kind)
        return _notice(item, server)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _unreadable(item, "notification:")


def message_from_scheduled(item: Any, server: Server) -> Message:
    """What waits at the server for its time."""
    try:
        params = item["params"]
        text = str(params.get("text") or "")
        when = utc(item["scheduled_at"])
        return Message(
            remote_id=f"scheduled:{_id(item['id'])}",
            kind=MessageKind.POST,
            state=MessageState.SCHEDULED,
            author=Author(name=server.name, remote_id=server.account_id, handle=server.handle),
            created_at=when or EPOCH,
            text=text,
            ours=True,
            visibility=VISIBILITIES.get(str(params.get("visibility") or "public"), Visibility.FOLLOWERS),
            parent_remote_id=_id(params.get("in_reply_to_id")),
            language=str(params.get("language") or ""),
            attachments=_attachments(item.get("media_attachments"), server),
            warning=plain_line(params.get("spoiler_text")),
            raw=raw_bytes(item),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return _unreadable(item, "scheduled:")


def is_scheduled(item: Mapping[str, Any]) -> bool:
    """Whether the answer to a post is a ScheduledStatus: the two are told apart by their shape (section 8)."""
    return "scheduled_at" in item and "params" in item and "content" not in item


def fingerprint(status: Any) -> str:
    """A few characters that change when what we show of a post changes."""
    if not isinstance(status, Mapping):
        return ""
    poll = status.get("poll") if isinstance(status.get("poll"), Mapping) else {}
    shown_of = [
        status.get(name)
        for name in ("edited_at", "replies_count", "reblogs_count", "favourites_count", "quotes_count", "favourited",
                     "reblogged", "visibility")
    ]  # fmt: skip
    votes = [poll.get("votes_count"), poll.get("expired")] if poll else []
    return hashlib.sha256(repr((shown_of, votes)).encode()).hexdigest()[:8]


def utc(words: Any) -> datetime | None:
    """A time as aware UTC: milliseconds and Z, or microseconds and an offset; None for null and nonsense."""
    if not isinstance(words, str):
        return None
    try:
        when = datetime.fromisoformat(words)
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def raw_bytes(item: Any) -> bytes:
    """An item as it came, compact, as UTF-8."""
    return _encoded(item).encode("utf-8", "replace")


def handles_of(status: Mapping[str, Any], server: Server) -> tuple[str, ...]:
    """The handles an answer has to contain: the author and all who were named, without ourselves (section 8)."""
    people = [status["account"], *(status.get("mentions") or ())]
    accts = [str(p["acct"]) for p in people if _id(p.get("id")) != server.account_id]
    return tuple(f"@{acct}" for acct in dict.fromkeys(accts))


# --- how it is done ---


def _status(
    status: Mapping[str, Any], server: Server, *, filtered: bool, root: str, below_ours: bool, said: str
) -> Message:
    by, quote = status["account"], status.get("quote")
    mentions = [m for m in status.get("mentions") or () if isinstance(m, Mapping)]
    ours = _id(by["id"]) == server.account_id
    named = {str(m.get("url")): str(m.get("acct")) for m in mentions}
    content = str(status.get("content") or "")
    quoting = isinstance(quote, Mapping)
    visible = str(status.get("visibility") or "public")
    details = {"uri": str(status.get("uri") or "")}
    if filtered:
        details["filtered"] = "1"
    if visible not in VISIBILITIES:
        details["visibility"] = visible
    spoiler = plain_line(status.get("spoiler_text"))
    if not spoiler and _sensitive(status):
        details["warning"] = "shown only"  # our words, not the writer's: nothing that is sent repeats them
    approval = status.get("quote_approval")
    if isinstance(approval, Mapping) and approval.get("current_user"):
        details["quoting"] = str(approval["current_user"])
    return Message(
        remote_id=_id(status["id"]) or _no_id(),
        kind=_kind(status, server, ours=ours, below_ours=below_ours, said=said),
        author=author_of(by, server),
        created_at=utc(status.get("created_at")) or EPOCH,
        text=text_of(content, named, quoting=quoting),
        html=shown(content, quoting=quoting),
        url=str(status.get("url") or status.get("uri") or ""),
        ours=ours,
        visibility=VISIBILITIES.get(visible, Visibility.FOLLOWERS),
        parent_remote_id=_id(status.get("in_reply_to_id")),
        root_remote_id=root,
        context_remote_id="" if ours else _quoted_id(quote),
        edited_at=utc(status.get("edited_at")),
        language=str(status.get("language") or ""),
        attachments=_attachments(status.get("media_attachments"), server),
        addressees=handles_of(status, server),
        warning=spoiler or _sensitive(status),
        counts=Counts(
            replies=_count(status, "replies_count"),
            boosts=_count(status, "reblogs_count"),
            likes=_count(status, "favourites_count"),
            quotes=_count(status, "quotes_count"),
        ),
        reacted=tuple(
            reaction
            for reaction, flag in ((Reaction.LIKE, "favourited"), (Reaction.BOOST, "reblogged"))
            if status.get(flag) is True
        ),
        quoted=_quoted(quote, server) if isinstance(quote, Mapping) else None,
        card=_card(status.get("card"), server),
        poll=_poll(status.get("poll")),
        emojis=_emojis(server, status.get("emojis"), by.get("emojis"), (status.get("poll") or {}).get("emojis")),
        details=details,
        raw=raw_bytes(status),
    )


def _kind(status: Mapping[str, Any], server: Server, *, ours: bool, below_ours: bool, said: str) -> MessageKind:
    answers = bool(status.get("in_reply_to_id"))
    if status.get("visibility") == "direct":
        return MessageKind.DIRECT
    if ours:
        return MessageKind.COMMENT if answers else MessageKind.POST
    if _quoted_author(status.get("quote")) == server.account_id or said == "quote":
        return MessageKind.QUOTE
    if answers and (below_ours or _id(status.get("in_reply_to_account_id")) == server.account_id):
        return MessageKind.COMMENT
    named = any(_id(m.get("id")) == server.account_id for m in status.get("mentions") or ())
    return MessageKind.MENTION if named or said == "mention" else MessageKind.POST


def author_of(account: Mapping[str, Any], server: Server) -> Author:
    """Who wrote it, with the handle that the whole network knows."""
    acct = str(account.get("acct") or account.get("username") or "")
    return Author(
        name=plain_line(account.get("display_name")) or str(account.get("username") or acct),
        remote_id=_id(account.get("id")),
        handle=server.full(acct),
        url=str(account.get("url") or ""),
    )


def _notice(item: Mapping[str, Any], server: Server) -> Message:
    kind, account, status = str(item["type"]), item.get("account"), item.get("status")
    author = author_of(account, server) if isinstance(account, Mapping) else Author(name=server.domain)
    words = _NOTICES.get(kind, f"Something new of the kind “{kind}” from {{who}}.")
    if kind in _SPOKEN:
        words = "{who} wrote something that is not there any more."
    about = message_from_status(status, server) if isinstance(status, Mapping) else None
    if about is not None and about.kind is MessageKind.UNREADABLE:
        about = None
    sentence = words.format(who=author.name or author.handle or "somebody")
    report = item.get("report")
    if isinstance(report, Mapping) and report.get("comment"):
        sentence += f"\n\n{text_of(str(report['comment']))}"
    if about is not None and about.text:
        sentence += f"\n\n{about.text}"
    return Message(
        remote_id=f"notification:{_id(item['id']) or _no_id()}",
        kind=MessageKind.NOTICE,
        author=author,
        created_at=utc(item.get("created_at")) or EPOCH,
        text=sentence,
        url=about.url if about else author.url,
        visibility=about.visibility if about else Visibility.PUBLIC if kind in _SEEN_BY_ALL else Visibility.DIRECT,
        context_remote_id=about.remote_id if about else "",
        poll=about.poll if about else None,
        emojis=_emojis(server, account.get("emojis") if isinstance(account, Mapping) else None),
        details={"type": kind},
        raw=raw_bytes(item),
    )


def _unreadable(item: Any, prefix: str) -> Message:
    """Something that the parser does not understand: its id where there is one, and all that came, kept raw."""
    raw = raw_bytes(item)
    fields = item if isinstance(item, Mapping) else {}
    number = _id(fields.get("id"))
    return Message(
        remote_id=f"{prefix}{number}" if number else f"unreadable:{hashlib.sha256(raw).hexdigest()[:16]}",
        kind=MessageKind.UNREADABLE,
        author=Author(name=""),
        created_at=utc(fields.get("created_at")) or EPOCH,
        text="",
        visibility=Visibility.DIRECT,  # nobody can say who may see it: never taken for public
        raw=raw,
    )


def _id(value: Any) -> str:
    """An id as the word it is; ``most_recent_notification_id`` alone comes as a number (section 4)."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _no_id() -> str:
    raise ValueError("an id was expected")


def _count(status: Mapping[str, Any], name: str) -> int:
    value = status.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _sensitive(status: Mapping[str, Any]) -> str:
    return "Marked as sensitive" if status.get("sensitive") is True and status.get("media_attachments") else ""


def _attachments(items: Any, server: Server) -> tuple[Attachment, ...]:
    found = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, Mapping):
            continue
        meta = item.get("meta")
        size = meta.get("original") if isinstance(meta, Mapping) else None
        size = size if isinstance(size, Mapping) else {}
        preview = str(item.get("preview_url") or "")
        found.append(
            Attachment(
                url=str(item.get("url") or item.get("remote_url") or preview),
                kind=str(item.get("type") or "unknown"),
                description=str(item.get("description") or ""),
                preview_url=preview if server.trusts(preview) else "",
                width_px=_px(size.get("width")),
                height_px=_px(size.get("height")),
            )
        )
    return tuple(found)


def _px(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _quoted(quote: Mapping[str, Any], server: Server) -> Quoted:
    state, inner = str(quote.get("state") or ""), quote.get("quoted_status")
    if state == "accepted" and isinstance(inner, Mapping):
        try:
            told = _status(inner, server, filtered=False, root="", below_ours=False, said="")
        except (AttributeError, KeyError, TypeError, ValueError):
            return Quoted(withheld="The quoted post cannot be read.")
        text = f"[{told.warning}]" if told.warning else told.text
        return Quoted(
            remote_id=told.remote_id, author=told.author.name, handle=told.author.handle, text=text, url=told.url
        )
    if state == "accepted" and quote.get("quoted_status_id"):
        return Quoted(remote_id=_id(quote["quoted_status_id"]), withheld="A quote within a quote.")
    return Quoted(withheld=_WITHHELD.get(state, "The quoted post is not shown."))


def _quoted_id(quote: Any) -> str:
    if not isinstance(quote, Mapping):
        return ""
    inner = quote.get("quoted_status")
    return _id(inner.get("id")) if isinstance(inner, Mapping) else _id(quote.get("quoted_status_id"))


def _quoted_author(quote: Any) -> str:
    inner = quote.get("quoted_status") if isinstance(quote, Mapping) else None
    account = inner.get("account") if isinstance(inner, Mapping) else None
    return _id(account.get("id")) if isinstance(account, Mapping) else "none"


def _card(card: Any, server: Server) -> LinkCard | None:
    if not isinstance(card, Mapping) or not card.get("url"):
        return None
    image = str(card.get("image") or "")
    return LinkCard(
        url=str(card["url"]),
        title=plain_line(card.get("title")),
        description=plain_line(card.get("description")),
        image_url=image if server.trusts(image) else "",
    )


def _poll(poll: Any) -> Poll | None:
    if not isinstance(poll, Mapping):
        return None
    return Poll(
        options=tuple(
            PollOption(title=plain_line(o.get("title")), votes=_votes(o.get("votes_count")))
            for o in poll.get("options") or ()
        ),
        ends_at=utc(poll.get("expires_at")),
        ended=poll.get("expired") is True,
        multiple=poll.get("multiple") is True,
        voters=_votes(poll.get("voters_count")),
    )


def _votes(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _emojis(server: Server, *lists: Any) -> tuple[Emoji, ...]:
    found: dict[str, str] = {}
    for item in _each(lists):
        url = str(item.get("static_url") or item.get("url") or "")
        if item.get("shortcode") and server.trusts(url):
            found[str(item["shortcode"])] = url
    return tuple(Emoji(code=code, url=url) for code, url in found.items())


def _each(lists: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    return (item for one in lists if isinstance(one, list) for item in one if isinstance(item, Mapping))
