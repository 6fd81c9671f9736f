"""The ``fields`` language: names, nested braces, ``.modifier(value)`` and ``.as(alias)``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from inbox.practice.facebook.wire import GraphError

_NAME = re.compile(r"[a-zA-Z_][\w]*")
_VALUE = re.compile(r"\(([^()]*)\)")


@dataclass(kw_only=True, slots=True)
class Asked:
    """One field that is asked for."""

    name: str
    alias: str = ""
    modifiers: dict[str, str] = field(default_factory=dict)
    inside: list[Asked] | None = None

    @property
    def key(self) -> str:
        """Under which name it comes."""
        return self.alias or self.name


def read(words: str) -> list[Asked]:
    """The fields of a ``fields`` parameter. Raises GraphError 2500 for what cannot be read."""
    found, at = _fields(words, 0)
    if at != len(words):
        raise _syntax(words, at)
    return found


def _fields(words: str, at: int) -> tuple[list[Asked], int]:
    found: list[Asked] = []
    while True:
        name = _NAME.match(words, at)
        if name is None:
            raise _syntax(words, at)
        one, at = Asked(name=name[0]), name.end()
        while at < len(words) and words[at] == ".":
            modifier = _NAME.match(words, at + 1)
            value = _VALUE.match(words, modifier.end()) if modifier else None
            if modifier is None or value is None:
                raise _syntax(words, at)
            if modifier[0] == "as":
                one.alias = value[1]
            else:
                one.modifiers[modifier[0]] = value[1]
            at = value.end()
        if at < len(words) and words[at] == "{":
            one.inside, at = _fields(words, at + 1)
            if at >= len(words) or words[at] != "}":
                raise _syntax(words, at)
            at += 1
            while at < len(words) and words[at] == ".":  # modifiers may also stand behind the braces
                modifier = _NAME.match(words, at + 1)
                value = _VALUE.match(words, modifier.end()) if modifier else None
                if modifier is None or value is None:
                    raise _syntax(words, at)
                one.modifiers[modifier[0]] = value[1]
                at = value.end()
        found.append(one)
        if at < len(words) and words[at] == ",":
            at += 1
            continue
        return found, at


def _syntax(words: str, at: int) -> GraphError:
    return GraphError(2500, f'Syntax error "Expected name." at character {at}: {words[:60]}')
