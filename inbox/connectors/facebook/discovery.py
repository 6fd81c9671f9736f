"""What a person typed, and how they may sign in (facebook.md section 1)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery
from inbox.connectors.facebook.graph import GRAPH, SITE, VERSION
from inbox.connectors.facebook.troubles import trouble_in
from inbox.connectors.http import is_loopback, request
from inbox.errors import BadReply, NotFound, PostroomError
from inbox.model import Field, SignIn

NAME: Final = "facebook"
ADDRESS_FIELD: Final = Field(
    name="address",
    label="Page on Facebook",
    placeholder="https://www.facebook.com/harbourcouncil",
    hint="The address of your Page, as the browser shows it.",
)
APP_SECRET: Final = Field(
    name="app_secret",
    label="App secret",
    secret=True,
    required=False,
    hint="With it, every call proves that it comes from your own app, and tokens can be renewed.",
)
FIELDS: Final = (
    Field(
        name="token",
        label="Access token",
        secret=True,
        hint="In Meta Business settings: your own app, a system user with this Page assigned, Generate token. The "
        "app has to be Live: what one in development mode posts is seen by nobody else.",
    ),
    Field(
        name="page",
        label="Page number",
        required=False,
        hint="On the Page under About, Page transparency. Needed when Facebook does not list the Page by itself.",
    ),
    Field(name="app_id", label="App number", required=False, hint="On the dashboard of your app at Meta."),
    APP_SECRET,
)
APP_FIELDS: Final = (
    Field(
        name="app_id",
        label="App number",
        hint="Of your organisation's own app at Meta, set to Live. Among its redirect addresses has to stand "
        "https://www.facebook.com/connect/login_success.html",
    ),
    Field(
        name="config_id",
        label="Login configuration",
        required=False,
        hint="For apps with Facebook Login for Business: the number of the configuration with the Page's rights.",
    ),
    APP_SECRET,
)
_HINT: Final = "Type the address of your Page, such as https://www.facebook.com/harbourcouncil"
_HOSTS: Final = re.compile(r"((www|m|web|business|[a-z]{2}-[a-z]{2})\.)?(facebook\.com|fb\.com)", re.IGNORECASE)
_NO_PAGE: Final = frozenset({"pages", "people", "login", "groups", "help", "settings", "watch", "business", "p"})


async def discover(address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """The Page behind an address. No request is made to Facebook: without a token it says nothing.

    On this machine it is the practice network, if that is what answers. Raises NotFound, with a hint.
    """
    words = address.strip()
    parts = urlsplit(words if "://" in words else f"https://{words}")
    local = is_loopback(f"http://{parts.netloc}") if parts.netloc else False
    if local:
        root = f"http://{parts.netloc}"
        await _is_graph(root, http, clock)
        graph = site = root
    elif parts.scheme in {"http", "https"} and _HOSTS.fullmatch(parts.netloc):
        graph, site = GRAPH, SITE
    else:
        raise NotFound("This is not the address of a Page on Facebook", hint=_HINT)
    page = _page_in(parts.path, parts.query)
    return Discovery(
        network=NAME,
        title=f"Facebook: {page}" if page else "Facebook",
        address=site,
        fields=FIELDS,
        settings={"graph": graph, "site": site, "page": page},
        sign_in=(SignIn.PASTE, SignIn.BROWSER_CODE),
        app_fields=APP_FIELDS,
    )


def _page_in(path: str, query: str) -> str:
    """The Page's name or number in its address; empty when there is none."""
    pieces = [piece for piece in path.split("/") if piece]
    if not pieces:
        return ""
    if pieces[0] == "profile.php":
        return "".join(parse_qs(query).get("id", []))
    if pieces[0] in {"pages", "people", "p"}:
        number = re.search(r"(\d{5,})/?$", path)
        return number[1] if number else ""
    named = pieces[0]
    if named in _NO_PAGE or not re.fullmatch(r"[\w.-]+", named):
        return ""
    number = re.search(r"-(\d{8,})$", named)
    return number[1] if number else named


async def _is_graph(root: str, http: httpx.AsyncClient, clock: Clock) -> None:
    try:
        reply = await request(http, "GET", f"{root}/{VERSION}/me", clock=clock, timeout_s=15)
        known = trouble_in(reply.json("the address"))
    except BadReply:
        known = None
    except NotFound as error:
        raise NotFound(error.detail, hint=_HINT) from None
    except PostroomError:
        raise
    if known is None:
        raise NotFound("This is not the address of a Page on Facebook", hint=_HINT)
