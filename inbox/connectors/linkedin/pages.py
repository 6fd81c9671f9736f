"""The organisations a sign-in opens: one channel each, with what its role allows (linkedin.md sections 1 and 4.1)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api
from inbox.connectors.linkedin.urns import PAGES, number_of
from inbox.errors import NotAllowed, NotFound
from inbox.model import DOCUMENT, Capability, ChannelFound, Limits

log = logging.getLogger(__name__)

WRITES: Final = (
    Capability.POST | Capability.REPLY | Capability.EDIT | Capability.DELETE | Capability.MEDIA | Capability.POLL
    | Capability.CARD | Capability.QUOTE | Capability.REACT_LIKE
)  # fmt: skip
EVERYTHING: Final = WRITES | Capability.FETCH | Capability.THREAD
ROLES: Final[Mapping[str, Capability]] = {
    "ADMINISTRATOR": EVERYTHING,  # alone may read notifications, which all reading here stands on
    "CONTENT_ADMINISTRATOR": WRITES,
    "CONTENT_ADMIN": WRITES,
    "RECRUITING_POSTER": Capability.POST | Capability.MEDIA | Capability.POLL | Capability.CARD,  # no comments
}
NEEDED: Final = ("rw_organization_admin", "r_organization_social")
WRITING: Final = ("w_organization_social", "w_organization_social_feed")
READING: Final = ("r_organization_social_feed",)

POST_CHARACTERS: Final = 3_000
COMMENT_CHARACTERS: Final = 1_250
LIMITS: Final = Limits(
    text_graphemes=POST_CHARACTERS,
    reply_bytes=COMMENT_CHARACTERS,  # LinkedIn counts characters; as bytes of UTF-8 it never cuts
    media_count=20,
    media_bytes=100_000_000,
    media_types=("image/jpeg", "image/png", "image/gif", DOCUMENT),
    media_alone=(DOCUMENT,),
    media_px=36_152_319,
    alt_graphemes=4_000,
    exclusive=(("poll", "media"), ("poll", "card"), ("poll", "quotes"), ("quotes", "media"), ("quotes", "card")),
    poll_options=4,
    poll_option_graphemes=30,
    poll_least_s=86_400,
    poll_most_s=14 * 86_400,
    keep_text_s=48 * 3600,  # section 5: members' words and what goes with them
    keep_name_s=24 * 3600,
)


async def channels(api: Api) -> tuple[ChannelFound, ...]:
    """The pages whose role was not taken away. Those a detail cannot be read of are opened under their number."""
    roles = await _roles(api)
    return tuple([await _channel(api, urn, able) for urn, able in roles.items() if able])


async def _roles(api: Api) -> dict[str, Capability]:
    """By organisation, all that the roles of whoever signed in allow together."""
    found: dict[str, Capability] = {}
    start, more = 0, True
    while more:
        elements, more = await api.page(
            "/rest/organizationAcls", {"q": "roleAssignee", "state": "APPROVED"}, start, what="pages looked up"
        )
        start += len(elements)
        for one in elements:
            if not isinstance(one, Mapping) or one.get("state", "APPROVED") != "APPROVED":
                continue
            urn = str(one.get("organization") or one.get("organizationTarget") or "")
            able = ROLES.get(str(one.get("role") or "ADMINISTRATOR"), Capability.NONE)
            if urn:
                found[urn] = found.get(urn, Capability.NONE) | able
    return {urn: _with_scopes(api, able) for urn, able in found.items()}


def _with_scopes(api: Api, able: Capability) -> Capability:
    """What is left of a role when the token lacks rights."""
    if api.place.lacks("w_organization_social"):
        able &= ~(Capability.POST | Capability.MEDIA | Capability.POLL | Capability.CARD | Capability.QUOTE)
    if api.place.lacks("w_organization_social_feed"):
        able &= ~(Capability.REPLY | Capability.REACT_LIKE)
    if api.place.lacks("w_organization_social", "w_organization_social_feed") == list(WRITING):
        able &= ~(Capability.EDIT | Capability.DELETE)
    return able


async def _channel(api: Api, urn: str, able: Capability) -> ChannelFound:
    title, vanity = f"LinkedIn page {number_of(urn)}", ""
    try:
        page = await api.one(f"/rest/organizations/{encode(number_of(urn))}", what="pages looked up")
        title, vanity = _title(page) or title, str(page.get("vanityName") or "")
    except (NotAllowed, NotFound) as error:  # a role that is on its way out, a showcase page
        log.info("%s: a page's name cannot be read: %s", api.account, error)
    return ChannelFound(
        remote_id=urn,
        title=title,
        url=f"{PAGES}/company/{vanity or number_of(urn)}/",
        speaks_as=title,
        capabilities=able,
        limits=LIMITS,
    )


def _title(page: Mapping[str, Any]) -> str:
    return str(page.get("localizedName") or "").strip()
