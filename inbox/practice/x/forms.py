"""Bodies: JSON, and forms with a file (multipart, RFC 7578)."""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any

from inbox.practice.x.wire import File, bad_body


def read(content_type: str, content: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    """The members of a body, and its files by their names. Raises Refusal for what cannot be read."""
    if content_type.startswith("multipart/form-data"):
        return _multipart(content_type, content)
    if not content:
        return {}, {}
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not content_type.startswith("application/json"):
        raise bad_body("Requests with bodies must have content-type of application/json.")
    return body, {}


def _multipart(content_type: str, content: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    message = Message()
    message["content-type"] = content_type
    boundary = str(message.get_param("boundary", ""))
    fields: dict[str, Any] = {}
    files: dict[str, File] = {}
    for part in (b"\r\n" + content).split(f"\r\n--{boundary}".encode("latin-1"))[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        named = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode("utf-8", "replace")))
        kind = re.search(r"content-type:\s*([\w/.+-]+)", head.decode("utf-8", "replace"), re.IGNORECASE)
        if "filename" in named:
            files[named.get("name", "")] = (named["filename"], kind[1] if kind else "", data)
        else:
            fields[named.get("name", "")] = data.decode("utf-8", "replace")
    return fields, files
