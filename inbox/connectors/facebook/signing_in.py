"""Signing in: a pasted token of a Page, a system user or a person; or the browser, whose last address is pasted.

Source: facebook.md section 1. The token typed in is only the key to the Pages' own tokens, with which all work is done.
Facebook's list of Pages may be empty although all is granted; then the Pages that the token names, or the one typed,
are asked for by themselves.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Authorization, Discovery, Room, SignedIn
from inbox.connectors.facebook.graph import GRAPH, SITE, VERSION, Api
from inbox.connectors.facebook.rights import SCOPES, Granted, scopes_for
from inbox.connectors.facebook.tokens import Passing, filled, lasting, told_of, with_token
from inbox.connectors.facebook.troubles import Told, Trouble, error_for, trouble_in
from inbox.errors import NotAllowed, NotFound, Rejected, SignInNeeded
from inbox.model import Account, AccountId

BACK: Final = "/connect/login_success.html"
_AGAIN: Final = "Begin signing in once more."
_MOST_PAGES: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What a token opens: the secret to keep, with each Page's own token, and whose it is."""

    secret: Mapping[str, str] = field(repr=False)
    pages: Sequence[Granted]
    user: str
    name: str

    @property
    def words(self) -> tuple[str, ...]:
        """What is missing."""
        return tuple(word for page in self.pages for word in page.words)


def authorize(discovery: Discovery, answers: Mapping[str, str]) -> Authorization:
    """The page on Facebook where a person allows it; at the end the browser stands at an address to paste."""
    app_id, config = answers.get("app_id", "").strip(), answers.get("config_id", "").strip()
    if not app_id.isdigit():
        raise SignInNeeded("The number of your app at Meta is missing", hint="It stands on the app's dashboard.")
    site, state = discovery.settings.get("site", SITE), secrets.token_urlsafe(24)
    asked_for = {
        "client_id": app_id,
        "redirect_uri": f"{site}{BACK}",
        "state": state,
        "response_type": "token",
        **({"config_id": config} if config else {"scope": ",".join(SCOPES)}),
    }
    keep = {"expected_state": state, "app_id": app_id, "app_secret": answers.get("app_secret", "").strip()}
    return Authorization(url=f"{site}/{VERSION}/dialog/oauth?{urlencode(asked_for)}", state=state, keep=keep)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove a pasted ``token``, or the address pasted as ``code``, and find the Pages behind it."""
    secret = {name: answers.get(name, "").strip() for name in ("app_id", "app_secret")}
    if answers.get("code", "").strip():
        secret |= _brought(answers, clock)
    elif answers.get("token", "").strip():
        secret["token"] = answers["token"].strip()
    else:
        raise SignInNeeded("No access token was given", hint="Fill in the line.")
    secret = filled(secret)
    graph, site = discovery.settings.get("graph", GRAPH), discovery.settings.get("site", SITE)
    settings = {"graph": graph, "site": site}
    account = Account(
        id=AccountId(""), network=discovery.network, title="Facebook", address=discovery.address, settings=settings
    )
    room = Room(account=account, http=http, secret=Passing(secret), clock=clock)
    typed, named = answers.get("page", "").strip(), discovery.settings.get("page", "")
    opened = await open_pages(room, typed, named)
    readable = [page for page in opened.pages if page.capabilities]
    if not readable:
        raise NotAllowed("The token may do nothing on this Page", hint=" ".join(opened.words))
    title = readable[0].name if len(readable) == 1 else f"{len(readable)} Pages on Facebook"
    return SignedIn(
        title=title,
        address=discovery.address,
        user=opened.user,
        settings={**settings, "page": typed, "named": named, "words": json.dumps(opened.words)},
        secret=opened.secret,
        channels=tuple(page.channel() for page in readable),
    )


async def open_pages(room: Room, typed: str = "", named: str = "") -> Opened:
    """The Pages a token opens and their own tokens; a token that is about to run out is renewed where that works.

    ``typed``: the only Page wanted; ``named``: the Page to ask for when the list is empty. Raises SignInNeeded,
    NotAllowed with what to do.
    """
    secret = dict(room.secret.read())
    told = await told_of(room, secret)
    if told.get("is_valid") is False:
        trouble = trouble_in(told) or Trouble(code=190)
        raise error_for(replace(trouble, code=190), "Signing in", writing=False, now=room.clock.now())
    secret = await lasting(room, secret)
    api = with_token(room, secret)
    try:
        me = await api.get("me", {"fields": "id,name"}, what="whose token this is")
    except NotAllowed as error:
        if not secret.get("app_secret"):
            raise
        hint = "Is it the app secret of the very app that the token was made with? Else leave that line empty."
        raise SignInNeeded(error.detail, hint=hint) from None
    user, name = str(me.get("id")), str(me.get("name") or "Facebook")
    own = secret["token"]
    listed = await _listed(api)
    if listed is None and await _is_page(api):  # only people and system users have a list
        pages = [Granted(id=user, name=name, token=own)]
        if typed and typed not in {user, named}:
            raise NotAllowed(f"This is the token of {name}, which is another Page", hint="Paste the token of the Page.")
    else:
        pages = [page for page in listed or () if not typed or page.id == typed]
        pages = pages or await _by_themselves(api, typed, named, told)
    pages = [replace(page, scopes=scopes_for(page.id, told), link=page.link or _link(room, page)) for page in pages]
    kept = {key: value for key, value in secret.items() if not key.startswith("page:")}
    return Opened(
        secret=filled({**kept, **{f"page:{page.id}": page.token for page in pages}}), pages=pages, user=user, name=name
    )


# --- how it is done ---


def _brought(answers: Mapping[str, str], clock: Clock) -> dict[str, str]:
    """The token in the address that the browser ended at."""
    parts = urlsplit(answers["code"].strip())
    told = dict(parse_qsl(parts.query)) | dict(parse_qsl(parts.fragment))
    if "error" in told:
        raise SignInNeeded("Facebook was not allowed to let Postroom in", hint="Try again, and allow it on the page.")
    if not told.get("access_token"):
        hint = "Copy the whole address from the browser's address line, at once: it vanishes after a moment."
        raise SignInNeeded("There is no access token in this address", hint=hint)
    expected = answers.get("expected_state", "")
    if not expected or not secrets.compare_digest(expected.encode(), told.get("state", "").encode()):
        raise SignInNeeded("The address belongs to another sign-in", hint=_AGAIN)
    found = {"token": told["access_token"]}
    seconds = told.get("expires_in", "")
    if seconds.isdigit() and int(seconds):
        found["ends_at"] = (clock.now() + timedelta(seconds=int(seconds))).isoformat()
    return found


async def _listed(api: Api) -> list[Granted] | None:
    """The Pages of a person's or system user's token; None for a Page's own."""
    found: list[Granted] = []
    params: Mapping[str, str] = {"fields": "id,name,access_token,tasks", "limit": "100"}
    for _ in range(_MOST_PAGES):
        try:
            page = await api.edge("me/accounts", params, what="the Pages")
        except Told as told:
            if told.trouble.code == 100:
                return None
            raise told.error from None
        rows = (row for row in page.rows if isinstance(row, Mapping))
        found += [_granted(row) for row in rows if row.get("id") and row.get("access_token")]
        if not page.further:
            break
        params = {**params, **page.further}
    return found


async def _is_page(api: Api) -> bool:
    """Whether the token is a Page's own: only Pages have a category."""
    try:
        await api.get("me", {"fields": "id,category"}, what="whose token this is")
    except NotAllowed:
        return False
    return True


async def _by_themselves(api: Api, typed: str, named: str, told: Mapping[str, Any]) -> list[Granted]:
    """Pages that the list does not name: those belonging to a business do not stand in it without a further right."""
    granular = told.get("granular_scopes")
    targets = [
        str(target)
        for grant in (granular if isinstance(granular, list) else ())
        if isinstance(grant, Mapping) and str(grant.get("scope")).startswith("pages_")
        for target in grant.get("target_ids") or ()
    ]
    wanted = [typed] if typed else list(dict.fromkeys([*([named] if named else []), *targets]))
    found: dict[str, Granted] = {}
    for one in wanted:
        try:
            row = await api.get(one, {"fields": "id,name,access_token"}, what="the Page")
        except (NotFound, NotAllowed, Rejected):
            continue
        if row.get("access_token"):
            found[str(row["id"])] = _granted(row)
    if not found:
        hint = (
            "Type the Page's number. In Meta Business settings the system user, or the person, needs the Page with the "
            "tasks Content, Moderate and Messages; a token made before that has to be made anew."
        )
        raise NotAllowed("Facebook shows no Page to this token", hint=hint)
    return list(found.values())


def _granted(row: Mapping[str, Any]) -> Granted:
    tasks = row.get("tasks")
    return Granted(
        id=str(row["id"]),
        name=str(row.get("name") or row["id"]),
        token=str(row["access_token"]),
        tasks=frozenset(map(str, tasks)) if isinstance(tasks, list) else frozenset(),
    )


def _link(room: Room, page: Granted) -> str:
    return f"{room.account.settings.get('site', SITE)}/{page.id}"
