"""How far the reading got, in one line of JSON: bulletins known with their figures, and a place in each mail folder.

Bulletins are known by name and not by a highest number: a draft gets its number when it is made and may be sent days
after others. A folder's place is its UIDVALIDITY and the last UID read; when the server renumbers, it is read again
and every mail keeps its name here, which is made from the mail itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from inbox.errors import CursorExpired
from inbox.model import Cursor

MOST_KNOWN = 400
_VERSION = 1
_PREFIXES = re.compile(
    r"^(?:\s*(?:re|aw|sv|vs|fw|fwd|wg|tr|rv|odp|ynt|antw|antwort|回复|答复|転送|رد|תגובה|"
    r"auto(?:matic)? ?reply|out of office|automatische antwort|automatisch antwoord|abwesenheitsnotiz|"
    r"réponse automatique|respuesta automática)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a]\s*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A bulletin read before: its subject's mark, when it went out (ms), whether that is the network's word, and the
    mark of its figures."""

    subject: str
    at_ms: int
    dated: bool = True
    figures: str = ""

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a folder."""

    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The whole cursor. ``turns``: how often only one half could be read; it makes the cursor move then."""

    bulletins: dict[str, Known] = field(default_factory=dict)
    folders: dict[str, Spot] = field(default_factory=dict)
    turns: int = 0

    @classmethod
    def of(cls, cursor: Cursor) -> Self:
        """Read it. Raises CursorExpired when it is none of ours."""
        if not cursor:
            return cls()
        try:
            kept: Any = json.loads(cursor)
            if kept["v"] != _VERSION:
                raise CursorExpired
            return cls(
                bulletins={
                    id_: Known(subject=s, at_ms=at, dated=bool(dated), figures=figures)
                    for id_, (s, at, dated, figures) in kept["b"].items()
                },
                folders={name: Spot(int(validity), int(uid)) for name, (validity, uid) in kept["m"].items()},
                turns=int(kept["t"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CursorExpired from None

    def cursor(self) -> Cursor:
        """Written down, always the same for the same reading."""
        newest = sorted(self.bulletins.items(), key=lambda pair: (pair[1].at_ms, pair[0]))[-MOST_KNOWN:]
        kept = {
            "v": _VERSION,
            "b": {id_: [k.subject, k.at_ms, int(k.dated), k.figures] for id_, k in newest},
            "m": {name: [spot.validity, spot.uid] for name, spot in sorted(self.folders.items())},
            "t": self.turns,
        }
        return Cursor(json.dumps(kept, separators=(",", ":")))

    def at(self, folder: str, spot: Spot) -> Self:
        """The same with another place in a folder."""
        return replace(self, folders={**self.folders, folder: spot})

    def by_subject(self, subject: str, before: datetime) -> str:
        """The newest bulletin of that subject that went out before; empty when there is none."""
        mark = mark_of(bare(subject))
        same = [(id_, k) for id_, k in self.bulletins.items() if k.subject == mark]
        found = [(k.at_ms, id_) for id_, k in same if k.at <= before or not k.dated]
        return max(found)[1] if found and bare(subject) else ""


def bare(subject: str) -> str:
    """A subject without "Re:" and its like in other languages, folded for comparison."""
    return " ".join(_PREFIXES.sub("", subject).split()).casefold()


def mark_of(words: str) -> str:
    """Twelve letters that stand for words in the cursor; nothing of them can be read from it."""
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
