"""How a server describes a mail: BODYSTRUCTURE, and the bytes of one part."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from inbox.practice.govdelivery.post_office import Mail

_AS_IT_STANDS = compat32.clone(linesep="\r\n", max_line_length=0)


def described(mail: Mail) -> str:
    """The structure of a mail in the words of IMAP."""
    return _described(message_from_bytes(mail.content))


def part(mail: Mail, section: str) -> bytes:
    """The bytes of one part as they stand in the mail, without its headers; empty when there is no such part."""
    node: Message = message_from_bytes(mail.content)
    for number in section.split("."):
        inside = node.get_payload()
        if node.is_multipart() and isinstance(inside, list) and 0 < int(number) <= len(inside):
            found = inside[int(number) - 1]
            if not isinstance(found, Message):
                return b""
            node = found
        elif number != "1" or node.is_multipart():
            return b""
    return _bytes(node)


def _bytes(node: Message) -> bytes:
    return node.as_bytes(policy=_AS_IT_STANDS).partition(b"\r\n\r\n")[2]


def _described(node: Message) -> str:
    inside = node.get_payload()
    if node.is_multipart() and isinstance(inside, list) and node.get_content_maintype() == "multipart":
        inner = "".join(_described(one) for one in inside if isinstance(one, Message))
        return f"({inner} {_string(node.get_content_subtype().upper())})"
    kind, subtype = node.get_content_maintype().upper(), node.get_content_subtype().upper()
    content = _bytes(node)
    params = node.get_params(failobj=[])[1:]
    named = " ".join(f"{_string(k.upper())} {_string(str(v))}" for k, v in params)
    encoding = str(node.get("Content-Transfer-Encoding", "7bit")).upper()
    lines = " " + str(content.count(b"\n")) if kind == "TEXT" else ""
    where = str(node.get("Content-Disposition", ""))
    disposition = "NIL"
    if where:
        filename = node.get_filename()
        inner = f"({_string('FILENAME')} {_string(filename)})" if filename else "NIL"
        disposition = f"({_string(where.partition(';')[0].strip().upper())} {inner})"
    size = len(content)
    return (
        f"({_string(kind)} {_string(subtype)} {f'({named})' if named else 'NIL'} NIL NIL {_string(encoding)} {size}"
        f"{lines} NIL {disposition} NIL NIL)"
    )


def _string(text: str) -> str:
    safe = "".join(c for c in text if c.isprintable()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'
