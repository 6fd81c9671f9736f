"""XML on practice GovDelivery's wire, in the vendor's own shapes: read from a client, written for one."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from inbox.practice.govdelivery.agency import Agency, Bulletin, Category, Refusal, Topic

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def read(content: bytes) -> Any:
    """A client's document. Raises Refusal when it is none."""
    try:
        return fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise Refusal(422, "GD-11004", "The request is not well-formed") from None


def text(node: Any, name: str) -> str:
    """A child's text; empty when missing or nil. Names may be written with either stroke."""
    for child in node:
        if child.tag.replace("_", "-") == name.replace("_", "-"):
            return "" if child.get("nil") == "true" else (child.text or "")
    return ""


def codes(node: Any, plural: str, name: str) -> list[str]:
    """The codes in a group."""
    return [text(one, "code").strip() for group in node.findall(plural) for one in group.findall(name)]


def element(name: str, value: str | bool | int | None, *, typed: bool = True) -> str:
    """One element as the vendor writes it."""
    if value is None or value == "":
        return f'  <{name} nil="true"/>\n'
    if isinstance(value, bool):
        return f'  <{name} type="boolean">{str(value).lower()}</{name}>\n'
    if isinstance(value, int) and typed:
        return f'  <{name} type="integer">{value}</{name}>\n'
    return f"  <{name}>{escape(str(value))}</{name}>\n"


def link(rel: str, href: str) -> str:
    return f"  <link rel={quoteattr(rel)} href={quoteattr(href)}/>\n"


def errors(refusal: Refusal) -> str:
    """An error as the vendor words it."""
    said = "".join(f"  <error>{escape(t)}</error>\n" for t in refusal.texts)
    return f"{HEAD}<errors>\n  <code>{refusal.code}</code>\n{said}</errors>\n"


def topic_listed(agency: Agency, topic: Topic) -> str:
    """A topic in a list: no counts."""
    path = f"/api/account/{agency.code}/topics/{topic.code}"
    return (
        "<topic>\n"
        + element("name", topic.name)
        + element("short-name", topic.short_name)
        + element("code", topic.code)
        + element("description", topic.description)
        + element("wireless-enabled", False)
        + element("visibility", topic.visibility)
        + link("self", path)
        + element("topic-uri", f"{path}.xml")
        + "</topic>\n"
    )


def topic_read(agency: Agency, topic: Topic) -> str:
    """A topic by itself."""
    pages = f"<page><url>{escape(topic.page)}</url></page>" if topic.page else ""
    return (
        f"{HEAD}<topic>\n"
        + element("name", topic.name)
        + element("short-name", topic.short_name)
        + element("code", topic.code)
        + element("pagewatch-enabled", topic.watches)
        + element("lock-version", topic.lock_version)
        + element("description", topic.description)
        + element("watch-tagged-content", False)
        + element("pagewatch-autosend", topic.autosend)
        + '  <default-pagewatch-results type="integer" nil="true"/>\n'
        + element("pagewatch-suspended", topic.suspended)
        + element("rss-feed-title", None)
        + element("rss-feed-url", topic.rss_url)
        + element("rss-feed-description", None)
        + element("subscribers-count", agency.count(topic.code))
        + element("wireless-enabled", False)
        + (
            '  <pagewatch-type type="integer">1</pagewatch-type>\n'
            if topic.watches
            else '  <pagewatch-type type="integer" nil="true"/>\n'
        )
        + f'  <pages type="array">{pages}</pages>\n'
        + element("visibility", topic.visibility)
        + "</topic>\n"
    )


def category_read(agency: Agency, category: Category, *, counted: bool) -> str:
    path = f"/api/account/{agency.code}/categories/{category.code}"
    count = element("subscribers-count", agency.count_category(category.code)) if counted else ""
    return (
        "<category>\n"
        + element("code", category.code)
        + element("name", category.name)
        + element("short-name", category.name)
        + element("description", category.description)
        + count
        + link("self", path)
        + element("category-uri", f"{path}.xml")
        + "</category>\n"
    )


def bulletin_named(agency: Agency, bulletin: Bulletin, *, answer: str) -> str:
    """A bulletin as the answer to a deed: "draft", "sent" or "test"."""
    path = f"/api/account/{agency.code}/bulletins/{bulletin.id}"
    more = ""
    if answer == "draft":
        more = element("send-uri", f"{path}/send_now")
    if answer == "sent":
        more = (
            link("self", path)
            + element("total-subscribers", len(bulletin.recipients), typed=False)
            + link("details", f"/api/account/{agency.code}/bulletin_details/{bulletin.id}")
        )
    return (
        f"{HEAD}<bulletin>\n"
        + element("to-param", bulletin.id, typed=False)
        + element("bulletin-uri", f"{path}.xml")
        + more
        + "</bulletin>\n"
    )


def bulletin_listed(agency: Agency, bulletin: Bulletin) -> str:
    """An item of a list. ``to-param`` is the public id of what was sent; in GOV.UK's fixture it is another number."""
    if bulletin.sent_at is None:
        param = str(bulletin.id)
    else:
        param = str(bulletin.id % 10_000) if "plain-params" in agency.quirks else bulletin.public_id
    return (
        "<bulletin>\n"
        + element("subject", bulletin.subject)
        + element("bulletin-uri", f"/api/account/{agency.code}/bulletins/{bulletin.id}.xml")
        + element("to-param", param)
        + "</bulletin>\n"
    )


def bulletin_read(agency: Agency, bulletin: Bulletin) -> str:
    """A bulletin whole, as it was sent for."""
    body = bulletin.body.replace("]]>", "]]]]><![CDATA[>")
    groups = "".join(
        f'  <{plural} type="array">'
        + "".join(f"<{name}><code>{escape(c)}</code></{name}>" for c in chosen)
        + f"</{plural}>\n"
        for plural, name, chosen in (
            ("topics", "topic", bulletin.topics),
            ("categories", "category", bulletin.categories),
        )
    )
    return (
        f"{HEAD}<bulletin>\n"
        + element("to-param", bulletin.id, typed=False)
        + element("subject", bulletin.subject)
        + f"  <body><![CDATA[{body}]]></body>\n"
        + element("from_address_id", bulletin.from_address_id)
        + groups
        + element("bulletin-uri", f"/api/account/{agency.code}/bulletins/{bulletin.id}.xml")
        + "</bulletin>\n"
    )
