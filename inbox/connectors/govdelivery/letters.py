"""A mail to a message. Pure: what the server described and the words that were fetched go in, a Message comes out.

Everything in a mail may be a lie: who wrote it, when, and what it answers. So its time is the server's, its name here
is made from its own header (Received lines and all), only what lies in the folder of sent mail is ours, and a mail
that cannot be read is kept as it came.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Mail
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Final

from inbox.connectors.govdelivery.imap import MESSAGE_ID, Envelope, moment
from inbox.connectors.govdelivery.structure import Part, Unreadable, decoded, header_text, parts
from inbox.connectors.text import escaped, plain_text
from inbox.markup import overgrown
from inbox.model import Attachment, Author, Capability, Message, MessageKind, Visibility

MAIL: Final = "mail:"
ANSWER: Final = "answer:"
MOST_REFERENCES: Final = 12
MOST_SHOWN: Final = 250_000
"""So many characters of a mail are words to read; the rest is in the mailbox."""
MOST_LINES: Final = 3_000
_OURS = re.compile(r"<postroom\.([\w-]{1,64})@[^>]+>")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUIET = {"bulk", "junk", "list", "auto_reply", "auto-reply", "auto_replied"}
_HISTORY = re.compile(
    r"^(?:-{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|"
    r"Messaggio originale|Wiadomość oryginalna)\s*-{2,}|_{20,}|(?:On|Am|Le|El|Il|Em|Op|W dniu|Den|På) .{4,200}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisał\(?a?\)?|skrev)\s*(?:.{0,60})?:)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail with its words, as far as it could be read. ``text_part``: what ``body`` is."""

    envelope: Envelope
    folder: str
    parts: tuple[Part, ...] = ()
    text_part: Part | None = None
    body: bytes = b""
    trouble: str = ""
    headers: Mail = field(repr=False)

    @property
    def message_id(self) -> str:
        """Its own name, when it is one that may be searched for."""
        found = MESSAGE_ID.search(_header(self.headers, "Message-ID"))
        return found[0] if found else ""

    @property
    def remote_id(self) -> str:
        """Our name for it: stable when the server renumbers, and never another mail's."""
        return MAIL + fingerprint(self.envelope) + (f":{self.message_id}" if self.message_id else "")

    @property
    def subject(self) -> str:
        return header_text(_header(self.headers, "Subject"))[:500]

    @property
    def answers(self) -> list[str]:
        """What it says it answers, the nearest first."""
        named = MESSAGE_ID.findall(_header(self.headers, "In-Reply-To"))[:1]
        chain = MESSAGE_ID.findall(_header(self.headers, "References"))[-MOST_REFERENCES:]
        return list(dict.fromkeys([*named, *reversed(chain)]))

    @property
    def references(self) -> list[str]:
        """The whole chain for an answer to it, oldest first."""
        chain = MESSAGE_ID.findall(_header(self.headers, "References"))[-MOST_REFERENCES:]
        return list(dict.fromkeys([*chain, *([self.message_id] if self.message_id else [])]))

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address it says it is from."""
        return _person(_header(self.headers, "From"))

    @property
    def answer_to(self) -> str:
        """The one address an answer goes to; empty when there is none. A list of many would make us send to many."""
        wanted = _person(_header(self.headers, "Reply-To"))[1]
        return wanted or self.sender[1]

    @property
    def automatic(self) -> bool:
        """Whether a machine wrote it: an absence note, a bounce, a list."""
        submitted = _header(self.headers, "Auto-Submitted").partition(";")[0].strip().lower()
        return (
            submitted not in {"", "no"}
            or _header(self.headers, "Precedence").strip().lower() in _QUIET
            or any(self.headers.get(name) is not None for name in ("X-Autoreply", "X-Autorespond"))
            or _header(self.headers, "Return-Path").strip() == "<>"
            or _header(self.headers, "Content-Type").lower().startswith("multipart/report")
        )


def read_headers(envelope: Envelope) -> Mail:
    """The header of a mail; whatever is wrong with it, something comes out."""
    try:
        return BytesHeaderParser().parsebytes(envelope.header)
    except (ValueError, LookupError, IndexError, AttributeError):
        return Mail()


def described(envelope: Envelope, folder: str) -> Letter:
    """What is known of a mail before its words are fetched."""
    headers = read_headers(envelope)
    try:
        found = parts(envelope.structure)
    except Unreadable as error:
        return Letter(envelope=envelope, folder=folder, headers=headers, trouble=str(error))
    texts = [p for p in found if p.kind == "text" and not p.attached]
    best = next((p for p in texts if p.subtype == "plain"), None) or next(
        (p for p in texts if p.subtype == "html"), None
    )
    return Letter(envelope=envelope, folder=folder, headers=headers, parts=tuple(found), text_part=best)


def fingerprint(envelope: Envelope) -> str:
    """Twenty letters that only this very mail has, whatever its server numbers it."""
    return hashlib.sha256(b"%d %b" % (envelope.size_bytes, envelope.header)).hexdigest()[:20]


def answer_key(message_id: str) -> str:
    """The delivery that an answer of ours was made by; empty for everybody else's."""
    found = _OURS.fullmatch(message_id)
    return found[1] if found else ""


def message(letter: Letter, *, parent: str, context: str, ours: bool, address: str) -> Message:
    """The mail as a message. ``parent`` is what it answers, ``context`` the bulletin it is about."""
    name, sender = letter.sender
    key = answer_key(letter.message_id) if ours else ""
    created_at = (
        letter.envelope.received_at or moment(_header(letter.headers, "Date")) or datetime.fromtimestamp(0, UTC)
    )
    copied = not ours and sender.casefold() == address.casefold()  # our own bulletin, copied to us; or a forgery
    raw = letter.body if letter.trouble and letter.body else letter.envelope.header + b"\r\n" + letter.body
    text, html, trouble = "", "", letter.trouble
    if not trouble:
        text, html = _words(letter)
        if letter.text_part is None and not letter.parts:
            trouble = "no part that holds words"
    kind = MessageKind.NOTICE if letter.automatic or copied else MessageKind.DIRECT
    if trouble:
        kind = MessageKind.UNREADABLE
        text = f"A mail that Postroom cannot read ({trouble}). Look at it in the mailbox itself."
    elif not text:
        text = "(no words)" if not letter.parts else "(no words; see the attachments)"
    answerable = kind is MessageKind.DIRECT and bool(letter.answer_to) and not ours
    return Message(
        remote_id=ANSWER + key if key else letter.remote_id,
        kind=kind,
        author=Author(name=name or sender or "Unknown sender", remote_id=sender, handle=sender),
        created_at=created_at,
        text=text,
        html=html,
        title=letter.subject,
        ours=ours,
        visibility=Visibility.DIRECT,
        parent_remote_id=parent,
        context_remote_id=context,
        attachments=tuple(_attachment(p) for p in letter.parts if p is not letter.text_part and p.attached),
        denied=Capability.NONE if answerable else Capability.REPLY,
        details={"email": sender} if sender else {},
        raw=raw,
    )


def _attachment(part: Part) -> Attachment:
    """Listed by name and size; a file even where it is a picture, since there is no address to fetch it from."""
    return Attachment(
        url="", kind="file", description=part.name or f"{part.kind}/{part.subtype}", size_bytes=part.size_bytes or None
    )


def _words(letter: Letter) -> tuple[str, str]:
    """The new words as text, and the whole with its history as markup, where there is a history."""
    part = letter.text_part
    if part is None:
        return "", ""
    whole = _CONTROL.sub("", decoded(_unpacked(letter.body, part.encoding), part.charset))
    whole = whole.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if part.subtype == "html":
        return _cut(split_history(plain_text(whole))[0]), "" if overgrown(whole) else whole
    text, history = split_history(whole)
    if not history:
        return _cut(text), ""
    return _cut(text), f"{_markup(text)}<details><blockquote>{_markup(history)}</blockquote></details>"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _markup(text: str) -> str:
    return "".join(f"<p>{p}</p>" for p in re.split(r"\n{2,}", escaped(text)) if p.strip()).replace("\n", "<br>")


def split_history(text: str) -> tuple[str, str]:
    """What somebody wrote, and what they quoted below it. Where all of it looks quoted, none is history."""
    lines = text.strip("\n ").split("\n")
    for number, line in enumerate(lines[:MOST_LINES]):
        two = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line
        if _HISTORY.match(line.strip()) or (line[:3] in {"On ", "Am ", "Le "} and _HISTORY.match(two.strip())):
            new = "\n".join(lines[:number]).rstrip()
            return (new, "\n".join(lines[number:])) if new.strip() else (_joined(lines), "")
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    if 0 < end < len(lines) and any(line.startswith(">") for line in lines[end:]):
        return "\n".join(lines[:end]).rstrip(), "\n".join(lines[end:]).strip()
    return _joined(lines), ""


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n ")


def _unpacked(body: bytes, encoding: str) -> bytes:
    """A part without its transfer encoding; what is broken in it is left as it is."""
    if encoding == "base64":
        packed = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            return base64.b64decode(packed[: len(packed) - (len(packed) % 4 == 1)] + b"=" * (-len(packed) % 4))
        except binascii.Error:
            return body
    return quopri.decodestring(body) if encoding == "quoted-printable" else body


def _header(headers: Mail, name: str) -> str:
    """One header as text, without line ends; of several of one name the first counts."""
    value = next((v for n, v in headers.raw_items() if n.lower() == name.lower()), "")
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(text.split())[:20_000]


def _person(value: str) -> tuple[str, str]:
    """Name and address of the first person in a header; the address only when it is one."""
    for name, address in getaddresses([value]) if value else []:
        if _ADDRESS.fullmatch(address):
            return header_text(name)[:200], address
    return header_text(value)[:200], ""
