"""XML as Comm Cloud v1 speaks it: read without trust, written so that nothing of a bulletin's words is lost.

Source: govdelivery.md sections 2, 3 and 7, read 2026-11-23. ``nil="true"`` is nothing at all, ``type="..."`` only a
hint; several elements of one name are usual (``link``, ``error``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from inbox.connectors.text import escaped
from inbox.errors import BadReply

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Node:
    """One element. What is missing and what is nil reads the same: empty, None or False."""

    def __init__(self, element: Any) -> None:
        self._element = element

    @property
    def tag(self) -> str:
        """Its name."""
        return str(self._element.tag)

    @property
    def words(self) -> str:
        """Its own text; empty when it is nil."""
        if self._element.get("nil") == "true":
            return ""
        return str(self._element.text or "")

    def all(self, name: str) -> Iterator[Node]:
        """Its children of this name."""
        for child in self._element:
            if child.tag == name:
                yield Node(child)

    def one(self, name: str) -> Node | None:
        """Its first child of this name."""
        return next(self.all(name), None)

    def text(self, *names: str) -> str:
        """The text of the first child of these names that has any, without blanks around it."""
        for name in names:
            child = self.one(name)
            if child is not None and child.words.strip():
                return child.words.strip()
        return ""

    def number(self, name: str) -> int | None:
        """A child as a whole number; None when it is missing, nil or none."""
        words = self.text(name)
        return int(words) if re.fullmatch(r"\d{1,15}", words) else None

    def flag(self, name: str) -> bool:
        """Whether a child says true."""
        return self.text(name) == "true"


def read(body: bytes, where: str) -> Node:
    """The root of a document. Raises BadReply naming ``where``: no XML, or XML with a DTD or entities of its own."""
    try:
        return Node(fromstring(body, forbid_dtd=True))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadReply(f"{where}: expected XML, got {len(body):,} bytes of something else") from None


def clean(text: str) -> str:
    """Text without the characters that no XML document may hold."""
    return _NOT_XML.sub("", text)


def element(name: str, text: str) -> str:
    """An element with plain text."""
    return f"<{name}>{escaped(clean(text))}</{name}>"


def marked_up(name: str, html: str) -> str:
    """An element with markup in CDATA, which may itself hold the end mark of CDATA."""
    inner = clean(html).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{inner}]]></{name}>"


def boolean(name: str, value: bool) -> str:
    """An element with true or false, in the vendor's own form."""
    return f"<{name} type='boolean'>{'true' if value else 'false'}</{name}>"
