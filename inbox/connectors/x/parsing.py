"""X's JSON to Postroom's values: pure functions, no network, no clock.

Source: x.md sections 3, 4.2, 5.1 and 7. Both vocabularies are read wherever they come from. A post is known by the
first id of its chain of edits, so that an edit, which X gives a new id, comes as other words of the same message.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from inbox.connectors.x.snowflake import time_of
from inbox.connectors.x.us import Us
from inbox.connectors.x.words import Shown, mentions_of, shown, status_in, urls_of
from inbox.model import (
    Attachment,
    Author,
    Capability,
    Counts,
    LinkCard,
    Message,
    MessageKind,
    Quoted,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a time that cannot be read: the same at every reading
EVERYWHERE: Final = frozenset({"XX", "XY"})
UNSPOKEN: Final = Capability.REACT_BOOST | Capability.HIDE
_PICTURES: Final = "twimg.com"
_HANDLES: Final = re.compile(r"(?:@\w{1,15} )*", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody at X as last looked up; empty names: X would not say."""

    username: str = ""
    name: str = ""


People = Mapping[str, Person]


def message_from_post(item: Any, us: Us, people: People, included: Mapping[str, Any] | None = None) -> Message:
    """A post. One that cannot be understood comes out as UNREADABLE with its raw form."""
    if not isinstance(item, Mapping) or not item.get("id") or not item.get("author_id"):
        return _unreadable(item, us)
    number = str(item["id"])
    chain = _chain(item)
    ours = str(item["author_id"]) == us.id
    refers = references(item)
    quoted = refers.get("quoted", "")
    entities = _longest(item)[1]
    words = spoken(item, us, quoted=quoted)
    warning, withheld = _warning(item)
    said_at = time_in(item.get("created_at")) or time_of(number) or EPOCH
    first_at = said_at if chain[0] == number else _whole(time_of(chain[0])) or said_at
    username = us.username if ours else people.get(str(item["author_id"]), Person()).username
    return Message(
        remote_id=chain[0],
        kind=_kind(item, us, ours, refers),
        author=author_of(str(item["author_id"]), us, people),
        created_at=first_at,
        edited_at=said_at if number != chain[0] else None,
        text="" if withheld else words.text,
        html="" if withheld else words.html,
        url=us.post(username, number),
        ours=ours,
        parent_remote_id=refers.get("replied_to", ""),
        root_remote_id=str(item.get("conversation_id") or ""),
        language="" if (lang := str(item.get("lang") or "")) in {"und", "zxx", "qme", "qst"} else lang,
        attachments=() if withheld else tuple(_attachments(entities, us.web)),
        warning=warning,
        counts=_counts(item),
        quoted=_quoted(quoted, entities, us, included or {}) if quoted else None,
        card=None if withheld else _card(entities, us.web),
        untold=("state", "reacted"),
        denied=_denied(item, us, ours, refers),
        details={"id": number} if number != chain[0] else {},
        raw=_raw(item),
    )


def author_of(number: str, us: Us, people: People) -> Author:
    """Who that is, as far as known."""
    if number == us.id:
        return Author(name=us.name, remote_id=number, handle=us.username, url=us.profile(us.username))
    who = people.get(number, Person())
    return Author(
        name=who.name or who.username or f"X account {number}",
        remote_id=number,
        handle=who.username,
        url=us.profile(who.username) if who.username else f"{us.web}/i/user/{number}",
    )


def references(item: Mapping[str, Any]) -> dict[str, str]:
    """What a post refers to: "replied_to", "quoted", "retweeted" and the id of each."""
    found = either(item, "referenced_tweets", "referenced_posts")
    listed = found if isinstance(found, list) else []
    return {str(r.get("type")): str(r["id"]) for r in listed if isinstance(r, Mapping) and r.get("id")}


def either(item: Mapping[str, Any], classic: str, new: str) -> Any:
    """What stands under the classic name or the new one."""
    return item[classic] if classic in item else item.get(new)


def time_in(words: object) -> datetime | None:
    """X's time: RFC 3339 in UTC."""
    try:
        moment = datetime.fromisoformat(str(words))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def spoken(item: Mapping[str, Any], us: Us, *, quoted: str = "") -> Shown:
    """The words of a post, all of a long one, without the names that X put before an answer."""
    text, entities = _longest(item)
    begins = _begins(item)
    answers = "replied_to" in references(item) and _HANDLES.fullmatch(text[:begins])
    return shown(text, entities, us.web, quoted=quoted, begins=begins if answers else 0)


def named_with_purpose(item: Mapping[str, Any], us: Us) -> bool:
    """Whether its author wrote our name, instead of X putting it before an answer (section 5.1): only then, or when
    they quote us, may a program answer."""
    begins = _begins(item)
    own = [m for m in mentions_of(item.get("entities")) if isinstance(m.get("start"), int) and m["start"] >= begins]
    long = either(item, "note_tweet", "note_post")
    if isinstance(long, Mapping):
        own += [
            m for m in mentions_of(long.get("entities")) if isinstance(m.get("start"), int) and m["start"] >= begins
        ]
    if not isinstance(item.get("entities"), Mapping):  # left out: the words alone have to say it
        return bool(re.search(rf"@{re.escape(us.username)}\b", str(item.get("text") or "")[begins:], re.IGNORECASE))
    return any(_is_us(m, us) for m in own)


def _is_us(mention: Mapping[str, Any], us: Us) -> bool:
    return str(mention.get("id")) == us.id or str(mention.get("username") or "").casefold() == us.username.casefold()


def _begins(item: Mapping[str, Any]) -> int:
    """Where the author's own words begin."""
    drawn = item.get("display_text_range")
    if isinstance(drawn, list) and drawn and isinstance(drawn[0], int):
        return drawn[0]
    found = _HANDLES.match(str(item.get("text") or "")) if "replied_to" in references(item) else None
    return found.end() if found else 0


def _chain(item: Mapping[str, Any]) -> list[str]:
    listed = either(item, "edit_history_tweet_ids", "edit_history_post_ids")
    chain = [str(i) for i in listed if i] if isinstance(listed, list) else []
    return chain or [str(item["id"])]


def _longest(item: Mapping[str, Any]) -> tuple[str, object]:
    """The whole text: of a long post ``text`` holds only the beginning."""
    long = either(item, "note_tweet", "note_post")
    if isinstance(long, Mapping) and long.get("text"):
        return str(long["text"]), long.get("entities")
    return str(item.get("text") or ""), item.get("entities")


def _kind(item: Mapping[str, Any], us: Us, ours: bool, refers: Mapping[str, str]) -> MessageKind:
    if ours:
        return MessageKind.COMMENT if "replied_to" in refers else MessageKind.POST
    if "quoted" in refers and _quotes_us(item, us, refers["quoted"]):
        return MessageKind.QUOTE
    if "replied_to" in refers and str(item.get("in_reply_to_user_id")) == us.id:
        return MessageKind.COMMENT
    everyone = mentions_of(item.get("entities")) + mentions_of(_longest(item)[1])
    return MessageKind.MENTION if any(_is_us(m, us) for m in everyone) else MessageKind.POST


def _quotes_us(item: Mapping[str, Any], us: Us, quoted: str) -> bool:
    """Whose post is quoted stands in the link to it, so nobody has to pay for looking it up."""
    for url in urls_of(item.get("entities")) + urls_of(_longest(item)[1]):
        name, number, _ = status_in(str(url.get("expanded_url") or ""), us.web)
        if number == quoted and name.casefold() == us.username.casefold():
            return True
    return False


def _denied(item: Mapping[str, Any], us: Us, ours: bool, refers: Mapping[str, str]) -> Capability:
    if ours:
        return Capability.HIDE
    denied = Capability.NONE
    if not named_with_purpose(item, us) and not _quotes_us(item, us, refers.get("quoted", "none")):
        denied |= Capability.REPLY
    conversation, parent = str(item.get("conversation_id") or ""), refers.get("replied_to", "")
    answers_us = str(item.get("in_reply_to_user_id")) == us.id
    if not parent or (parent == conversation and not answers_us):
        denied |= Capability.HIDE  # no answer, or one below a post of somebody else's
    return denied


def _warning(item: Mapping[str, Any]) -> tuple[str, bool]:
    """What to know before reading, and whether nothing of it may be shown (section 7)."""
    withheld = item.get("withheld")
    if isinstance(withheld, Mapping):
        codes = [str(c) for c in withheld.get("country_codes") or ()]
        if withheld.get("copyright") or EVERYWHERE & set(codes):
            return "X withholds this post.", True
        return f"X withholds this post in {', '.join(codes)}.", False
    return ("X calls this sensitive." if item.get("possibly_sensitive") is True else ""), False


def _counts(item: Mapping[str, Any]) -> Counts:
    counted = item.get("public_metrics")
    metrics: Mapping[str, Any] = counted if isinstance(counted, Mapping) else {}

    def number(value: Any) -> int:
        return value if isinstance(value, int) and value > 0 else 0

    return Counts(
        replies=number(metrics.get("reply_count")),
        boosts=number(either(metrics, "retweet_count", "repost_count")),
        likes=number(metrics.get("like_count")),
        quotes=number(metrics.get("quote_count")),
    )


def _attachments(entities: object, web: str) -> Iterable[Attachment]:
    for url in urls_of(entities):
        address = str(url.get("expanded_url") or "")
        _, _, picture = status_in(address, web)
        if picture:
            yield Attachment(url=address, kind="video" if picture == "video" else "image")


def _card(entities: object, web: str) -> LinkCard | None:
    for url in urls_of(entities):
        address = str(url.get("unwound_url") or url.get("expanded_url") or "")
        if not url.get("title") or not address or status_in(address, web)[1]:
            continue
        images = url.get("images")
        image = str(images[0].get("url") or "") if isinstance(images, list) and images else ""
        trusted = image.startswith("https://") and image.split("/")[2].endswith(f".{_PICTURES}")
        return LinkCard(
            url=address,
            title=str(url["title"]),
            description=str(url.get("description") or ""),
            image_url=image if trusted else "",
        )
    return None


def _quoted(number: str, entities: object, us: Us, included: Mapping[str, Any]) -> Quoted:
    username = next(
        (name for url in urls_of(entities) for name, at, _ in [status_in(str(url.get("expanded_url") or ""), us.web)]
         if at == number), "",
    )  # fmt: skip
    there = included.get(number)
    text = shown(*_longest(there), us.web).text if isinstance(there, Mapping) else ""
    return Quoted(
        remote_id=number,
        author=us.name if username.casefold() == us.username.casefold() else "",
        handle=username,
        text=text,
        url=us.post(username, number),
        withheld="" if text else "Not read along: X charges for it. Open it to see it.",
    )


def _unreadable(item: Any, us: Us) -> Message:
    number = str(item.get("id") or "") if isinstance(item, Mapping) else ""
    raw = _raw(item)
    return Message(
        remote_id=number or f"unreadable:{hash_of(raw)}",
        kind=MessageKind.UNREADABLE,
        author=Author(name="X"),
        created_at=time_of(number) or EPOCH,
        text="X sent something that Postroom cannot read. Open it on X.",
        url=us.post("", number) if number else us.web,
        denied=UNSPOKEN | Capability.REPLY,
        raw=raw,
    )


def hash_of(raw: bytes) -> str:
    """A name for what has none, the same at every reading."""
    return hashlib.sha256(raw).hexdigest()[:16]


def _whole(moment: datetime | None) -> datetime | None:
    return moment.replace(microsecond=0) if moment else None


def _raw(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
