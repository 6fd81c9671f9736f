"""Signing in with an application password, proof of what it may do, and giving it back.

Source: wordpress.md section 3. A wrong application password is no error on public routes, so only an answer that needs
rights proves anything (section 1, point 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery, SignedIn
from inbox.connectors.http import Reply, keeps_credentials, request
from inbox.connectors.text import name_text
from inbox.connectors.wordpress.site import COMMENT_BYTES, Api, Site, address, code_of, judge
from inbox.errors import BadReply, NotAllowed, NotFound, SignInNeeded
from inbox.model import Capability, ChannelFound, Limits

ME: Final = "wp/v2/users/me"
INTROSPECT: Final = "wp/v2/users/me/application-passwords/introspect"
ME_FIELDS: Final = "id,username,name,roles,capabilities"
IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
MOST_PICTURES: Final = 10

# What of a role's many capabilities Postroom asks about; kept with the account so that nothing is offered in vain.
RIGHTS: Final = (
    "moderate_comments",
    "edit_posts",
    "edit_others_posts",
    "edit_published_posts",
    "publish_posts",
    "delete_posts",
    "delete_published_posts",
    "edit_pages",
    "upload_files",
    "manage_categories",
)
_ALWAYS: Final = Capability.FETCH | Capability.REREAD | Capability.SWEEP
_MODERATOR: Final = (
    Capability.REPLY
    | Capability.EDIT
    | Capability.DELETE
    | Capability.APPROVE
    | Capability.HOLD
    | Capability.SPAM
    | Capability.TRASH
)
_SHAPE = re.compile(r"[A-Za-z0-9]{24}")
_HOST_HINT: Final = (
    "Copy the application password once more. If it is surely right, the web host drops the sign-in header "
    "(Authorization) before WordPress sees it: the host has to pass it on."
)
_SHAPE_HINT: Final = (
    "This looks like a normal password, which never works here. Make an application password in the blog under Users, "
    "Profile: 24 letters and digits in six groups."
)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove the pasted application password. Raises SignInNeeded, NotAllowed, NotFound, Unavailable."""
    user = answers.get("user", "").strip()
    password = "".join(answers.get("password", "").split())  # WordPress ignores blanks, and people paste them along
    if not user or not password:
        raise SignInNeeded("User name and application password are both needed", hint="Fill in both lines.")
    root = discovery.settings["root"]
    reply = await _me(root, user, password, http, clock)
    moved = _moved_to(root, reply)
    if moved:
        root = moved
        reply = await _me(root, user, password, http, clock)
    me = _judged(reply, password, clock)
    site = Site(
        root=root,
        home=discovery.settings.get("home", discovery.address),
        title=discovery.settings.get("title", discovery.title),
        user_id=int(me["id"]),
        user_name=name_text(str(me.get("name") or user)),
        rights=_rights(me),
    )
    if not site.may("moderate_comments"):
        raise NotAllowed(
            f"{site.user_name} may not moderate comments on “{site.title}”",
            hint="Ask the blog's administrator for the role Editor; Author and Contributor are too low.",
        )
    return SignedIn(
        title=site.title,
        address=site.home,
        user=str(me.get("username") or user),
        settings={
            "root": site.root,
            "home": site.home,
            "title": site.title,
            "user_id": str(site.user_id),
            "user_name": site.user_name,
            "rights": " ".join(sorted(site.rights)),
        },
        secret={"user": user, "password": password},
        channels=(channel_of(site),),
    )


def channel_of(site: Site) -> ChannelFound:
    """The one channel of an account: the blog, with what our user's role really allows."""
    return ChannelFound(
        remote_id=site.remote_id,
        title=site.title or site.remote_id,
        url=site.home,
        speaks_as=site.user_name,
        capabilities=capabilities_of(site),
        limits=limits_of(site),
    )


def capabilities_of(site: Site) -> Capability:
    """What the role allows, in our words (roles: wordpress.md section 3)."""
    able = _ALWAYS
    if site.may("moderate_comments"):
        able |= _MODERATOR
    if site.may("publish_posts"):
        able |= Capability.POST | Capability.SCHEDULE | Capability.TERMS | Capability.TITLE
        if site.may("edit_published_posts"):
            able |= Capability.UPDATE_POST
        if site.may("upload_files"):
            able |= Capability.MEDIA
    return able


def limits_of(site: Site) -> Limits:
    """Posts have no limit worth a counter (section 6): LONGTEXT. Answers do; sending counts them escaped once more."""
    pictures = MOST_PICTURES if site.may("upload_files") else 0
    types = IMAGE_TYPES if pictures else ()
    return Limits(reply_bytes=COMMENT_BYTES, media_count=pictures, media_types=types)


async def site_now(api: Api) -> Site:
    """The site with our user's rights and name as they are today."""
    me = await api.read(ME, {"context": "edit", "_fields": ME_FIELDS}, "the account")
    site = api.site
    try:
        return Site(
            root=site.root,
            home=site.home,
            title=site.title,
            user_id=int(me["id"]),
            user_name=name_text(str(me.get("name") or site.user_name)),
            rights=_rights(me),
        )
    except (KeyError, TypeError, ValueError):
        raise BadReply("the account: no user in the answer") from None


async def revoke(api: Api) -> None:
    """Delete the application password at the blog. Already withdrawn, or a core older than 5.7, is no error."""
    reply = await api.ask("GET", INTROSPECT)
    if reply.status in {401, 404}:
        return
    api.judge(reply, "the application password")
    answer = reply.json("the application password")
    uuid = str(answer.get("uuid") or "") if isinstance(answer, Mapping) else ""
    if not re.fullmatch(r"[0-9a-fA-F-]{36}", uuid):
        raise BadReply(f"the application password: no uuid in the answer, {reply.status}")
    reply = await api.ask("DELETE", f"wp/v2/users/me/application-passwords/{uuid}")
    if reply.status not in {401, 404, 410}:
        api.judge(reply, "withdrawing the application password", writing=True)


async def _me(root: str, user: str, password: str, http: httpx.AsyncClient, clock: Clock) -> Reply:
    url = address(root, ME, {"context": "edit", "_fields": ME_FIELDS})
    return await request(http, "GET", url, auth=(user, password), clock=clock)


def _moved_to(root: str, reply: Reply) -> str:
    """The root the blog redirects to, when the password may be told there: same host, and not from https to http."""
    if not 300 <= reply.status < 400:
        return ""
    try:
        target = str(httpx.URL(reply.url).join(reply.headers.get("location", "")))
    except httpx.InvalidURL:
        return ""
    moved = target.partition("wp/v2")[0]
    return moved if "wp/v2" in target and keeps_credentials(root, target) else ""


def _judged(reply: Reply, password: str, clock: Clock) -> Mapping[str, Any]:
    """The user in the answer; else why not, with both reasons named where WordPress cannot tell them apart."""
    code = code_of(reply) if reply.status >= 400 else ""
    if reply.status in {401, 403} and code in {"invalid_username", "invalid_email"}:
        raise SignInNeeded("The blog knows no such user", hint="Check the user name or e-mail.", status=reply.status)
    if reply.status in {401, 403} and code == "incorrect_password":
        hint = _HOST_HINT.partition(" If")[0] if _SHAPE.fullmatch(password) else _SHAPE_HINT
        raise SignInNeeded("The application password is not right", hint=hint, status=reply.status)
    if reply.status in {401, 403} and code.startswith("application_passwords_disabled"):
        hint = "Ask whoever administers the blog to allow application passwords for this user."
        raise NotAllowed("This user may not use application passwords", hint=hint, status=reply.status)
    if reply.status == 401:
        if not _SHAPE.fullmatch(password):
            raise SignInNeeded("The blog did not accept the password", hint=_SHAPE_HINT, status=401)
        words = "The blog did not accept the sign-in: user name or application password is wrong, or the host drops it"
        raise SignInNeeded(words, hint=_HOST_HINT, status=401)
    if reply.status == 404:
        hint = "Parts of the blog's interface may be switched off by a security plugin."
        raise NotFound("The blog does not say who is signed in", hint=hint, status=404)
    judge(reply, "signing in", clock)
    me = reply.json("signing in")
    whole = isinstance(me, Mapping) and isinstance(me.get("id"), int) and isinstance(me.get("capabilities"), Mapping)
    if not whole:
        raise BadReply(f"signing in: no user with rights in the answer, {reply.status}", status=reply.status)
    return cast("Mapping[str, Any]", me)


def _rights(me: Mapping[str, Any]) -> frozenset[str]:
    """The capabilities that matter here. An administrator of a network may have them without their being listed."""
    able = me.get("capabilities")
    return frozenset(r for r in RIGHTS if isinstance(able, Mapping) and able.get(r) is True)
