"""``facebook_fields.json`` as a rule: which parameters an edge takes, which fields a node has and of what type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inbox.practice.facebook.asked import Asked, read

FOLDER: Final = Path(__file__).parents[1] / "connectors" / "recordings" / "facebook"
SPEC: Final[dict[str, Any]] = json.loads((FOLDER / "facebook_fields.json").read_text(encoding="utf-8"))
NODES: Final = SPEC["nodes"]
COMMON: Final = frozenset(SPEC["common_params"])
REMOVED: Final = frozenset({"pretty", "debug", "__debug__", "date_format", "ids"})

# Documented, and not in the generator's specifications: with the reason, and which of their fields are used.
EXTRA: Final[dict[str, dict[str, str]]] = {
    "PagePost": {
        "comments": "Comment", "reactions": "Profile", "likes": "Profile", "attachments": "StoryAttachment",
        "tagged_time": "datetime",
    },
    "Comment": {"comments": "Comment", "likes": "Profile"},
    "UnifiedThread": {"messages": "UnifiedMessage"},
    "Page": {"tasks": "list"},  # on rows of /me/accounts only
    "StoryAttachment": dict.fromkeys(
        SPEC["documented_extra"]["PagePost.attachments (edge/field)"]["fields"], "any"
    ),
    "UnifiedMessage": dict.fromkeys(
        SPEC["documented_extra"]["UnifiedMessage (conversation message)"]["fields"], "any"
    ),
    # facebook.md 2.1 and 2.2: no specification of a film is in the file; these are what Facebook's pages name.
    "AdVideo": {
        "id": "string", "description": "string", "created_time": "datetime", "updated_time": "datetime",
        "permalink_url": "string", "comments": "Comment",
    },
    "User": {"id": "string", "name": "string"},
}  # fmt: skip
INSIDE: Final = {"from": "User", "parent": "Comment", "object": "any", "reviewer": "User"}
"""What a field holds that the file calls an Object."""
OUTSIDE: Final = {
    ("GET", "me/accounts"): {"fields", "limit", "after"},  # facebook.md 1.3; not in the file
    ("GET", "debug_token"): {"input_token"},
    ("POST", "oauth/access_token"): {
        "grant_type", "client_id", "client_secret", "fb_exchange_token", "set_token_expires_in_60_days",
    },
}  # fmt: skip


def fields_of(node: str) -> dict[str, str]:
    """Names and types of a node's fields, edges that can be asked for inside ``fields`` among them."""
    return {**NODES.get(node, {}).get("fields", {}), **EXTRA.get(node, {})}


def wrong_request(method: str, node: str, edge: str, params: Mapping[str, str], files: Iterable[str] = ()) -> list[str]:
    """What of a request the specification does not know."""
    path = f"{{{node}}}" + (f"/{edge}" if edge else "")
    name = f"{method} /{path}"
    found = [f"{name}: {p} was removed" for p in params if p in REMOVED]
    if node in {"AdVideo", "UnifiedMessage", "UnifiedThread"} and method == "GET":
        known: dict[str, str] = {"filter": "", "order": ""} if edge == "comments" else {}
        returns = {"comments": "Comment", "messages": "UnifiedMessage"}.get(edge, node)
    else:
        declared = NODES.get(node, {}).get("edges", {}).get(name)
        if declared is None:
            return [*found, f"{name} is not in the specification"]
        known = declared["params"] if isinstance(declared["params"], dict) else {}
        returns = declared["returns"] if edge or method == "GET" else node
    for param, value in params.items():
        if param not in known and param not in COMMON:
            found.append(f"{name}: no parameter {param}")
            continue
        choices = SPEC["enums"].get(str(known.get(param, "")).rstrip("!"))
        if choices and value.upper() not in {str(c).upper() for c in choices}:
            found.append(f"{name}: {param}={value} is none of {choices}")
    found += [f"{name}: no file {f}" for f in files if f != "source"]
    needed = [p for p, kind in known.items() if str(kind).endswith("!") and p not in params]
    found += [f"{name}: {p} is missing" for p in needed]
    if params.get("fields"):
        found += wrong_fields(read(params["fields"]), returns if edge and method == "GET" else _made_by(name, returns))
    return found


def _made_by(name: str, returns: str) -> str:
    return {"POST /{PagePost}/comments": "Comment", "POST /{Comment}/comments": "Comment"}.get(name, returns)


def wrong_fields(asked: Sequence[Asked], node: str) -> list[str]:
    """Fields that the node does not have, down to what is nested."""
    known = fields_of(node)
    if not known:
        return [f"{node}: no such node"]
    found = []
    for one in asked:
        if one.name not in known:
            found.append(f"{node} has no field {one.name}")
        elif one.inside is not None:
            inner = INSIDE.get(one.name) or known[one.name]
            if inner in EXTRA or inner in NODES:
                found += wrong_fields(one.inside, inner)
    return found


def wrong_answer(body: Mapping[str, Any], node: str, at: str = "$") -> list[str]:
    """Fields of an answer that the node does not have, or whose type is another."""
    known = fields_of(node)
    found = []
    for name, value in body.items():
        kind = known.get(name)
        if kind is None:
            found.append(f"{at}.{name} is no field of {node}")
        elif not _fits(value, kind):
            found.append(f"{at}.{name}: {value!r} is no {kind}")
        elif kind in {"Comment", "Profile", "StoryAttachment", "UnifiedMessage"} and isinstance(value, Mapping):
            rows = value.get("data") if "data" in value else [value]
            for number, row in enumerate(rows if isinstance(rows, list) else ()):
                found += wrong_answer(row, kind, f"{at}.{name}[{number}]")
    return found


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int" | "unsigned int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "datetime":
            return bool(isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", value))
        case "Object":
            return isinstance(value, dict)
        case _ if kind.startswith("list"):
            return isinstance(value, list)
    return True
