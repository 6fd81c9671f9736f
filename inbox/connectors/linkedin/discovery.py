"""What a person may type for LinkedIn: the address of their page there, or just its name.

LinkedIn is one place, so nothing is asked on the way. An address on this machine is taken for practice, after a look
whether LinkedIn's interface answers there; a token never goes to any other host.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery
from inbox.connectors.http import is_loopback, request
from inbox.connectors.linkedin.server import API, WWW, error_of
from inbox.errors import NotFound
from inbox.model import Field, SignIn

NAME: Final = "linkedin"
PORTS: Final = (3000, 3017)
HOST: Final = "localhost"
REDIRECTS: Final = tuple(f"http://{HOST}:{port}/callback" for port in PORTS)
"""What has to be registered with the app, letter by letter: where ``loopback.landing`` listens."""
ADDRESS_FIELD: Final = Field(
    name="address", label="Your page on LinkedIn", placeholder="linkedin.com/company/harbour-council",
    hint="The address of the organisation's page, or just linkedin.com.",
)  # fmt: skip
FIELDS: Final = (
    Field(
        name="token", label="Access token", secret=True,
        hint="An administrator of the page makes one in LinkedIn's developer portal, under OAuth tools, with all "
        "rights of the Community Management API. It lasts 60 days. (Making one changes the app's redirect addresses.)",
    ),
    Field(name="client_id", label="Client ID of your app", required=False,
          hint="With it and the secret Postroom can tell when the token ends and which rights it has."),
    Field(name="client_secret", label="Client secret", secret=True, required=False),
)  # fmt: skip
APP_FIELDS: Final = (
    Field(
        name="client_id", label="Client ID of your app",
        hint="The organisation's own app at linkedin.com/developers, with the Community Management API as its only "
        f"product. Register {REDIRECTS[0]} and {REDIRECTS[1]} there as redirect addresses.",
    ),
    Field(
        name="client_secret", label="Client secret", secret=True, required=False,
        hint="Leave this empty only if LinkedIn has switched on native PKCE for your app.",
    ),
    Field(
        name="redirect", label="Redirect address", required=False, placeholder=REDIRECTS[0],
        hint="Only for pasting what the browser shows, and only if your app has another one registered (LinkedIn may "
        "insist on https).",
    ),
)  # fmt: skip
_HINT: Final = "Type the address of your organisation's page, such as linkedin.com/company/harbour-council."
_OURS: Final = re.compile(r"(?:https?://)?(?:[\w-]+\.)?linkedin\.com(?:/[^\s]*)?|linkedin", re.IGNORECASE)


async def discover(address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """LinkedIn, or a practice network on this machine. Raises NotFound, with a hint, for anything else."""
    words = address.strip()
    if _OURS.fullmatch(words):
        return _found(API, WWW, "LinkedIn")
    parts = urlsplit(words if "://" in words else f"http://{words}")
    root = f"{parts.scheme}://{parts.netloc}"
    if not words or " " in words or not is_loopback(root):
        raise NotFound("This is not an address on LinkedIn", hint=_HINT)
    reply = await request(http, "GET", f"{root}/rest/organizationAcls?q=roleAssignee", clock=clock, timeout_s=15)
    if reply.status != 401 or "status" not in error_of(reply):
        raise NotFound("There is no LinkedIn at this address", hint=_HINT)
    return _found(root, root, "LinkedIn (practice)")


def _found(api: str, www: str, title: str) -> Discovery:
    return Discovery(
        network=NAME,
        title=title,
        address=www,
        fields=FIELDS,
        app_fields=APP_FIELDS,
        settings={"api": api, "www": www},
        sign_in=(SignIn.BROWSER, SignIn.BROWSER_CODE, SignIn.PASTE),
        warnings=(
            "LinkedIn allows members' words to be kept for 48 hours and their names for 24. Postroom keeps to that: "
            "older words are taken out here, and can be read on LinkedIn.",
        ),
    )
