"""Reads queries and bodies as PHP does: ``status[]=a``, ``include[0]=7``, forms with files, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

_LIST = re.compile(r"([^\[\]]+)\[(\w*)\]")


def pairs(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names and values; a later one wins, and ``name[]`` gathers."""
    out: dict[str, Any] = {}
    for name, value in items:
        match = _LIST.fullmatch(name)
        if match is None:
            out[name] = value
        elif not match[2] or match[2].isdigit():
            known = out.get(match[1])
            out[match[1]] = [*(known if isinstance(known, list) else []), value]
        else:
            known = out.get(match[1])
            out[match[1]] = {**(known if isinstance(known, dict) else {}), match[2]: value}
    return out


def query(text: str) -> dict[str, Any]:
    """A query string or form body."""
    return pairs(parse_qsl(text, keep_blank_values=True))


def multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    """Fields, and files as (file name, type, bytes), of a form with files."""
    boundary = str(_header(content_type).get_param("boundary", "", "content-type"))
    fields: list[tuple[str, str]] = []
    files: dict[str, tuple[str, str, bytes]] = {}
    if not boundary:
        return {}, files
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        lines = dict(line.split(":", 1) for line in head.decode("utf-8", "replace").splitlines() if ":" in line)
        headers = {name.strip().lower(): value.strip() for name, value in lines.items()}
        names = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("content-disposition", "")))
        if "filename" in names:
            kind = headers.get("content-type", "application/octet-stream")
            files[names.get("name", "")] = (names["filename"], kind, data)
        else:
            fields.append((names.get("name", ""), data.decode("utf-8", "replace")))
    return pairs(fields), files


def body(content_type: str, content: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]], bool]:
    """Fields, files, and whether it was JSON that cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return (*multipart(content_type, content), False)
    if kind == "application/x-www-form-urlencoded":
        return query(content.decode("utf-8", "replace")), {}, False
    if kind == "application/json" and content:
        try:
            value = json.loads(content)
        except ValueError:
            return {}, {}, True
        return (value if isinstance(value, dict) else {}), {}, False
    return {}, {}, False


def _header(content_type: str) -> Message:
    message = Message()
    message["content-type"] = content_type
    return message
