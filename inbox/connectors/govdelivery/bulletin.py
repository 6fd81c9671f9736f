"""A bulletin on its way out and on its way back: rendition to XML, and what GovDelivery says of it to a message.

Source: govdelivery.md sections 3, 5 and 6. Header, footer and what else is left out come from the account's template,
which holds the link to unsubscribe: nothing is ever sent empty. The id of a bulletin is the one in its
``bulletin-uri``; ``to-param`` may be another number, or the public id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from inbox.connectors.govdelivery import xml
from inbox.connectors.govdelivery.place import Place
from inbox.connectors.govdelivery.topics import CATEGORY, TOPIC, codes_of
from inbox.connectors.text import linked, plain_text, title_text
from inbox.errors import BadReply, Rejected
from inbox.model import Author, Capability, LinkCard, Message, MessageKind, Problem, Rendition

PREFIX: Final = "bulletin:"
_URI = re.compile(r"/bulletins/([\w-]+?)(?:\.xml)?/?$")
_SELF = re.compile(r"/([\w-]+)/?$")
_ID = re.compile(r"[\w-]{1,64}")
_FIGURES: Final = {
    "addresses_count": "addresses",
    "emails_delivered": "delivered",
    "emails_failed": "failed",
    "opens_count": "opens",
    "nonunique_opens_count": "all_opens",
    "clicks_count": "clicks",
    "nonunique_clicks_count": "all_clicks",
    "digest_email_recipients": "digest",
    "wireless_recipients": "wireless",
    "delivery_status_name": "delivery",
    "publish_to_facebook": "facebook",
    "publish_to_twitter": "twitter",
}
"""What of v2's many figures is kept, under a name of ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A bulletin in the list of those sent. ``public_id``: what its page is found under, when that is certain."""

    id: str
    subject: str
    public_id: str = ""
    sent_at: datetime | None = None


def document(rendition: Rendition, from_address_id: str) -> str:
    """The bulletin as it is sent for. Raises Rejected when a part is missing without which there is no bulletin."""
    problems = []
    if not rendition.title.strip():
        problems.append(Problem(words="A bulletin needs a subject.", where="title"))
    if not rendition.text.strip():
        problems.append(Problem(words="There is nothing written yet."))
    codes = codes_of(rendition)
    if not codes:
        problems.append(Problem(words="Choose at least one topic or category.", where="categories"))
    if problems:
        raise Rejected(problems=tuple(problems))
    parts = [xml.element("from_address_id", from_address_id)] if from_address_id else []
    parts += [
        xml.element("subject", " ".join(rendition.title.split())),
        xml.marked_up("body", body_of(rendition.text)),
        *(_group(name, [c.removeprefix(p) for c in codes if c.startswith(p)], plural) for name, plural, p in _GROUPS),
    ]
    return f"<bulletin>{''.join(p for p in parts if p)}</bulletin>"


_GROUPS: Final = (("topic", "topics", TOPIC), ("category", "categories", CATEGORY))


def _group(name: str, codes: list[str], plural: str) -> str:
    inner = "".join(f"<{name}>{xml.element('code', code)}</{name}>" for code in codes)
    return f"<{plural} type='array'>{inner}</{plural}>" if codes else ""


def body_of(text: str) -> str:
    """Typed text as the markup of a bulletin: paragraphs, lines and links, every character as it was typed."""
    paragraphs = re.split(r"\n{2,}", linked(text.strip()))
    return "".join(f"<p>{p}</p>" for p in paragraphs).replace("\n", "<br/>")


def id_of(node: xml.Node, where: str) -> str:
    """The id in an answer that names a bulletin. Raises BadReply when it names none."""
    found = _URI.search(node.text("bulletin-uri"))
    id_ = found[1] if found else node.text("to-param")
    if not _ID.fullmatch(id_):
        raise BadReply(f"{where}: no bulletin in the answer")
    return id_


def sent_item(node: xml.Node) -> Sent | None:
    """One item of the list; None when it names no bulletin, which is not ours to understand."""
    try:
        id_ = id_of(node, "list sent bulletins")
    except BadReply:
        return None
    param = node.text("to-param").lower()
    # Digits alone may be another number altogether (1928 for 12791099): no page is better than a wrong one.
    certain = re.fullmatch(r"[0-9a-f]{4,16}", param) and (not param.isdigit() or _is_hex_of(param, id_))
    return Sent(
        id=id_, subject=title_text(node.text("subject")), public_id=param if certain else "",
        sent_at=moment(node.text("sent-at", "sent_at", "created-at", "created_at")),
    )  # fmt: skip


def _is_hex_of(param: str, id_: str) -> bool:
    return id_.isdigit() and format(int(id_), "x") == param


def report_id(item: Mapping[str, Any]) -> str:
    """The id of an item of the statistics: the end of its own address."""
    links = item.get("_links")
    this = links.get("self") if isinstance(links, Mapping) else None
    found = _SELF.search(str(this.get("href") or "")) if isinstance(this, Mapping) else None
    return found[1] if found else ""


def figures_of(item: Mapping[str, Any]) -> dict[str, str]:
    """The figures of a bulletin as small strings; what the report does not say is not there."""
    return {ours: str(item[theirs]) for theirs, ours in _FIGURES.items() if item.get(theirs) not in (None, "")}


def moment(words: object) -> datetime | None:
    """A time as the vendor writes it, aware UTC; None when it is none."""
    try:
        at = datetime.fromisoformat(str(words).strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def message(
    place: Place, sent: Sent, html: str, figures: Mapping[str, str], created_at: datetime, dated: bool
) -> Message:
    """A bulletin that went out, as a message of ours. ``dated``: the network said when, else we first saw it then."""
    url = place.public(sent.public_id)
    details = dict(figures) if dated else {**figures, "dated": "when it was first seen here"}
    kept = {"id": sent.id, "subject": sent.subject, "public_id": sent.public_id, "body": html, "figures": dict(figures)}
    words = in_words(figures)
    return Message(
        remote_id=PREFIX + sent.id,
        kind=MessageKind.POST,
        author=Author(name=place.code, remote_id=place.code),
        created_at=created_at,
        text=plain_text(html) or sent.subject,
        html=html,
        title=sent.subject,
        url=url,
        ours=True,
        denied=Capability.REPLY,
        card=LinkCard(url=url, title=words, description=sent.subject) if url and words else None,
        details=details,
        raw=json.dumps(kept, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
    )


def in_words(figures: Mapping[str, str]) -> str:
    """The figures as a sentence; empty when there are none."""
    said = {name: f"{int(n):,}" for name, n in figures.items() if n.isdigit()}
    parts = []
    if "addresses" in said:
        parts.append(f"Sent to {said['addresses']} addresses")
    if "opens" in said:
        parts.append(f"opened by {said['opens']}")
    if "clicks" in said:
        parts.append(f"clicked by {said['clicks']}")
    return ", ".join(parts)
