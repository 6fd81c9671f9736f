"""What a person typed, and what has to be known before they sign in (x.md sections 1 and 2)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from inbox.connectors.connector import Discovery
from inbox.connectors.http import is_loopback
from inbox.connectors.x.us import API, WEB
from inbox.errors import NotFound
from inbox.model import Field, SignIn

NAME: Final = "x"
TITLE: Final = "X"
PORTS: Final = (8765, 8766, 8767)
"""X compares the address it sends a browser back to letter by letter, so these three are registered with the app."""
CALLBACKS: Final = tuple(f"http://127.0.0.1:{port}/callback" for port in PORTS)

ADDRESS_FIELD: Final = Field(
    name="address",
    label="Account",
    placeholder="@council",
    hint="The @name of your organisation's account on X.",
)
_KEYS_AT: Final = (
    "At console.x.com, signed in as this very account: your app, “Keys and tokens”. First set its permission to “Read, "
    "write and DMs”, then generate."
)
FIELDS: Final = (
    Field(name="api_key", label="API key", secret=True, hint=_KEYS_AT),
    Field(name="api_secret", label="API key secret", secret=True),
    Field(name="token", label="Access token", secret=True),
    Field(name="token_secret", label="Access token secret", secret=True),
    Field(name="bearer", label="Bearer token", secret=True, required=False,
          hint="Not needed. Kept for what X gives to apps alone, such as its own count of what was used."),
)  # fmt: skip
APP_FIELDS: Final = (
    Field(
        name="client_id",
        label="Client ID of your app",
        hint="At console.x.com: an app of the type “Native App”, with these callback addresses: "
        + ", ".join(CALLBACKS),
    ),
)
WARNINGS: Final = (
    "X charges for what is read and published. Postroom counts it and stops at the monthly budget you set ($10 until "
    "then); set a spending limit at console.x.com as well.",
    "Use a developer app that belongs to this account: with anybody else's app reading costs five times as much.",
    "X's developer agreement asks for an Enterprise plan where its content is made available to government users. "
    "Ask whoever signs contracts.",
)
_HINT: Final = "Type the @name of the account, such as @council."
_HANDLE: Final = re.compile(r"@?(\w{1,15})", re.ASCII)
_HOSTS: Final = frozenset(
    {"x.com", "www.x.com", "mobile.x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com"}
)


def discover(address: str) -> Discovery:
    """The account a person named; nothing is asked of X. Raises NotFound for what is no account of X."""
    words = address.strip()
    api, web = API, WEB
    username = ""
    parts = urlsplit(words if "://" in words else f"https://{words}")
    if handle := _HANDLE.fullmatch(words):
        username = handle[1]
    elif parts.scheme in {"http", "https"} and (parts.hostname or "").lower() in _HOSTS:
        username = _name_in(parts.path)
    elif parts.scheme == "http" and is_loopback(words):  # the practice network
        api = web = f"http://{parts.netloc}"
        username = _name_in(parts.path)
    else:
        raise NotFound("This is no account of X", hint=_HINT)
    return Discovery(
        network=NAME,
        title=f"@{username}" if username else TITLE,
        address=web,
        fields=FIELDS,
        settings={"api": api, "web": web, "user": username},
        sign_in=(SignIn.PASTE, SignIn.BROWSER, SignIn.BROWSER_CODE),
        warnings=WARNINGS,
        app_fields=APP_FIELDS,
    )


def _name_in(path: str) -> str:
    first = path.strip("/").partition("/")[0]
    found = _HANDLE.fullmatch(first)
    return found[1] if found else ""
