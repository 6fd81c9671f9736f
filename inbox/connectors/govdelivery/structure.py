"""What an IMAP server says about a mail: the answer to FETCH as nested lists, and the parts that BODYSTRUCTURE names.

Source: RFC 3501 sections 7.4.2 and 9, read from memory of them and held against Dovecot (tests/servers). Nothing here
recurses: how deep a mail is nested is up to whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

MOST_DEPTH = 40
MOST_PARTS = 120
Chunk = bytes | tuple[bytes, bytes]
"""As imaplib hands it over: a line, or a line that ends in ``{n}`` with the literal that follows."""

_TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|((?:\[[^\]]*\]|[^\s()"\[])+))', re.DOTALL)
_LITERAL = re.compile(rb"\{\d+\+?\}$")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Unreadable(Exception):
    """The mail, or what the server says of it, cannot be made sense of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One leaf of a mail. ``section`` is what it is fetched by."""

    section: str
    kind: str
    subtype: str
    encoding: str = ""
    charset: str = ""
    name: str = ""
    size_bytes: int = 0
    attached: bool = False


def responses(chunks: Sequence[Chunk | None]) -> Iterator[list[Chunk]]:
    """The chunks of each message's own answer: literals belong to the line that closes after them."""
    one: list[Chunk] = []
    for chunk in chunks:
        if chunk is None:
            continue
        one.append(chunk)
        if isinstance(chunk, bytes):
            yield one
            one = []


def items(answer: Sequence[Chunk]) -> dict[str, object]:
    """Names and values of one FETCH answer. Raises Unreadable."""
    tree = _tree(answer)
    inner = next((part for part in tree if isinstance(part, list)), None)
    if inner is None or len(inner) % 2:
        raise Unreadable("no pairs in the answer")
    found: dict[str, object] = {}
    for name, value in zip(inner[::2], inner[1::2], strict=True):
        if isinstance(name, bytes):
            found[name.decode("ascii", "replace").upper()] = value
    return found


def _tree(answer: Sequence[Chunk]) -> list[object]:
    root: list[object] = []
    stack = [root]
    for chunk in answer:
        text, literal = chunk if isinstance(chunk, tuple) else (chunk, None)
        text = _LITERAL.sub(b"", text) if literal is not None else text
        for found in _TOKEN.finditer(text):
            if found[1]:
                stack[-1].append([])
                inner = stack[-1][-1]
                assert isinstance(inner, list)
                stack.append(inner)
                if len(stack) > MOST_DEPTH * 2:
                    raise Unreadable("nested without end")
            elif found[2]:
                if len(stack) == 1:
                    raise Unreadable("a bracket too many")
                stack.pop()
            elif found[3] is not None:
                stack[-1].append(_ESCAPED.sub(rb"\1", found[3]))
            else:
                stack[-1].append(None if found[4].upper() == b"NIL" else found[4])
        if literal is not None:
            stack[-1].append(literal)
    if len(stack) != 1:
        raise Unreadable("a bracket is missing")
    return root


def parts(structure: object) -> list[Part]:
    """All leaves of a mail, in order. A mail inside a mail is one leaf. Raises Unreadable."""
    found: list[Part] = []
    waiting: list[tuple[object, str]] = [(structure, "")]
    while waiting:
        node, section = waiting.pop()
        if not isinstance(node, list) or not node:
            raise Unreadable("no structure")
        if isinstance(node[0], list):
            children = [child for child in node if isinstance(child, list)]
            children = children[: next((n for n, c in enumerate(node) if not isinstance(c, list)), len(node))]
            if section.count(".") > MOST_DEPTH or len(found) + len(waiting) + len(children) > MOST_PARTS:
                raise Unreadable("too many parts")
            numbered = [(child, f"{section}.{n}" if section else str(n)) for n, child in enumerate(children, 1)]
            waiting += reversed(numbered)
        else:
            found.append(_leaf(node, section or "1"))
    return found


def _leaf(node: list[object], section: str) -> Part:
    kind, subtype = (_word(node, 0).lower() or "application"), _word(node, 1).lower()
    params = _pairs(node[2]) if len(node) > 2 else {}
    # Where the disposition stands depends on the kind; it is the one list that begins with a word and then a list.
    disposition = next(
        (n for n in node[7:] if isinstance(n, list) and len(n) == 2 and isinstance(n[0], bytes) and _is_pairs(n[1])),
        None,
    )
    how = _text(disposition[0]).lower() if disposition else ""
    named = _pairs(disposition[1]) if disposition else {}
    size = _word(node, 6)
    name = _name(named, "filename") or _name(params, "name")
    return Part(
        section=section, kind=kind, subtype=subtype, encoding=_word(node, 5).lower(),
        charset=params.get("charset", ""), name=name, size_bytes=int(size) if size.isdigit() else 0,
        attached=how == "attachment" or kind != "text" or bool(name),
    )  # fmt: skip


def _is_pairs(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(v, bytes) or v is None for v in value))


def _pairs(value: object) -> dict[str, str]:
    if not isinstance(value, list):
        return {}
    return {_text(k).lower(): _text(v) for k, v in zip(value[::2], value[1::2], strict=False)}


def _word(node: list[object], place: int) -> str:
    return _text(node[place]) if len(node) > place else ""


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _name(pairs: dict[str, str], key: str) -> str:
    """A file's name: plain, in encoded words, or in the pieces and percents of RFC 2231; no way to another folder."""
    name = pairs.get(key, "")
    if not name:
        matched = [(m, v) for k, v in pairs.items() if (m := _PIECE.fullmatch(k)) and m["key"] == key]
        pieces = sorted((int(m["number"] or 0), not m["number"] or bool(m["coded"]), v) for m, v in matched)
        charset, raw = "utf-8", b""
        for number, coded, value in pieces:
            if number == 0 and coded and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            raw += unquote_to_bytes(value) if coded else value.encode("utf-8", "replace")
        name = decoded(raw, charset) if raw else ""
    elif "=?" in name:
        name = header_text(name)
    return _CONTROL.sub("", name).replace("\\", "/").rpartition("/")[2].strip()[:200]


_PIECE = re.compile(r"(?P<key>[a-z-]+)\*(?P<number>\d{0,3})(?P<coded>\*?)")
_NOT_TEXT = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}


def decoded(raw: bytes, charset: str) -> str:
    """Bytes as text in a charset that a stranger named: UTF-8 where there is no such, whole characters only."""
    named = charset.strip().strip("\"'").lower().replace("-", "_")
    try:
        text = raw.decode("utf-8" if named in _NOT_TEXT or not named else charset, "replace")
    except (LookupError, UnicodeError, ValueError):
        text = raw.decode("utf-8", "replace")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def header_text(value: str) -> str:
    """A header with its encoded words read; as it stands where they make no sense."""
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError, AssertionError):
        text = value
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(_CONTROL.sub(" ", clean).split())
