"""Reads queries and bodies as Rails does: ``media_ids[]=1``, ``poll[options][]=a``, forms with files, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from inbox.practice.mastodon.wire import ApiError, File


def nested(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Names as Rails reads them: ``a[]=1`` a list, ``a[b]=1`` an object, deeper as well."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        steps = [head, *(re.findall(r"([^\[\]]*)\]", rest) if rest else [])]
        _put(out, steps, value)
    return out


def _put(target: dict[str, Any], steps: list[str], value: Any) -> None:
    name, rest = steps[0], steps[1:]
    if not rest:
        target[name] = value
    elif rest[0] == "":
        rows = target.setdefault(name, [])
        if not isinstance(rows, list):
            return
        if len(rest) == 1:
            rows.append(value)
            return
        # a[][b]=1&a[][c]=2: a name seen before begins the next object.
        if not rows or not isinstance(rows[-1], dict) or rest[1] in rows[-1]:
            rows.append({})
        _put(rows[-1], rest[1:], value)
    else:
        inner = target.setdefault(name, {})
        if isinstance(inner, dict):
            _put(inner, rest, value)


def read(content_type: str, content: bytes, query: str) -> tuple[dict[str, Any], dict[str, File]]:
    """Parameters of body and query together, and files. Raises ApiError for JSON that cannot be read."""
    asked: list[tuple[str, Any]] = list(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    files: dict[str, File] = {}
    if kind == "multipart/form-data":
        fields, files = multipart(content_type, content)
        asked += fields
    elif kind == "application/json" and content:
        try:
            value = json.loads(content)
        except ValueError as error:
            raise ApiError(400, "Error occurred while parsing request parameters") from error
        return nested(asked) | (value if isinstance(value, dict) else {}), files
    elif content:
        asked += parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
    return nested(asked), files


def multipart(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], dict[str, File]]:
    """Fields in order, and files as (name, type, bytes), of a form with files."""
    message = Message()
    message["content-type"] = content_type
    boundary = str(message.get_param("boundary", "", "content-type"))
    fields: list[tuple[str, str]] = []
    files: dict[str, File] = {}
    if not boundary:
        return fields, files
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
    return fields, files
