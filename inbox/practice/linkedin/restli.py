"""Rest.li addresses read as LinkedIn's servers read them: raw brackets are structure, encoded ones are text."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote


class Unresolved(ValueError):
    """This is not how Rest.li writes an address."""


def parameters(query: str) -> dict[str, Any]:
    """The parameters of a raw query string, each decoded."""
    found: dict[str, Any] = {}
    for pair in query.split("&") if query else ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise Unresolved(pair)
        found[unquote(name)] = decoded(value)
    return found


def decoded(text: str) -> Any:
    """One value: a list, a map, or text."""
    value, rest = _value(text)
    if rest:
        raise Unresolved(text)
    return value


def _value(text: str) -> tuple[Any, str]:
    if text.startswith("List("):
        return _list(text[5:])
    if text.startswith("("):
        return _map(text[1:])
    end = min((n for n in (text.find(c) for c in ",)") if n >= 0), default=len(text))
    word = text[:end]
    if word.lower().startswith("list%28"):
        raise Unresolved(text)  # brackets that a client encoded although they are structure
    return unquote(word), text[end:]


def _list(text: str) -> tuple[list[Any], str]:
    found: list[Any] = []
    if text.startswith(")"):
        return found, text[1:]
    while True:
        value, text = _value(text)
        found.append(value)
        if text.startswith(")"):
            return found, text[1:]
        if not text.startswith(","):
            raise Unresolved(text)
        text = text[1:]


def _map(text: str) -> tuple[dict[str, Any], str]:
    found: dict[str, Any] = {}
    while True:
        name, colon, text = text.partition(":")
        if not colon or any(c in name for c in "(),"):
            raise Unresolved(name)
        value, text = _value(text)
        found[unquote(name)] = value
        if text.startswith(")"):
            return found, text[1:]
        if not text.startswith(","):
            raise Unresolved(text)
        text = text[1:]
