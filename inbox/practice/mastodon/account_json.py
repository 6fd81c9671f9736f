"""An account as the API shows it (recordings ``verify_credentials.json``, ``notifications_v1.json``)."""

from __future__ import annotations

import html
from typing import Any

from inbox.practice.mastodon import markup
from inbox.practice.mastodon.entities import Person
from inbox.practice.mastodon.wire import Call, shown


def profile(call: Call, person: Person) -> str:
    """The address of their page."""
    return f"{call.home}/@{person.username}" if not person.domain else f"https://{person.domain}/@{person.username}"


def uri(call: Call, person: Person) -> str:
    """Their identity across servers."""
    if person.domain:
        return f"https://{person.domain}/users/{person.username}"
    return f"{call.home}/ap/users/{person.id}"


def emojis_json(call: Call, *texts: str) -> list[dict[str, Any]]:
    """The custom emoji that occur in these texts."""
    names = dict.fromkeys(name for text in texts for name in markup.SHORTCODE.findall(text))
    return [
        {
            "shortcode": name,
            "url": f"{call.home}/system/custom_emojis/original/{name}.png",
            "static_url": f"{call.home}/system/custom_emojis/static/{name}.png",
            "visible_in_picker": True,
        }
        for name in names
        if name in call.place.emojis
    ]


def approval(call: Call, policy: str, owner: Person) -> dict[str, Any]:
    """Who may quote, and whether the one who asks may."""
    automatic = {"public": ["public"], "followers": ["followers"]}.get(policy, [])
    viewer = call.viewer
    mine = viewer is not None and viewer.id == owner.id
    follows = viewer is not None and (viewer.id, owner.id) in call.place.follows
    # One's own post may always be quoted, unless nobody may because it is private (status_json passes that on).
    allowed = policy == "public" or mine or (policy == "followers" and follows)
    return {"automatic": automatic, "manual": [], "current_user": "automatic" if allowed else "denied"}


def account_json(call: Call, person: Person) -> dict[str, Any]:
    """The account as anybody sees it."""
    place, home = call.place, call.home
    avatar = f"{home}/avatars/original/{person.id}.png"
    header = f"{home}/headers/original/missing.png"
    # Mastodon cuts the date, so that nobody learns the minute somebody signed up.
    since = shown(person.at.replace(hour=0, minute=0, second=0, microsecond=0), place.flavour.fraction)
    out: dict[str, Any] = {
        "id": person.id,
        "username": person.username,
        "acct": person.acct,
        "display_name": person.name,
        "locked": person.locked,
        "bot": person.bot,
        "discoverable": None,
        "indexable": False,
        "group": False,
        "created_at": since,
        "note": markup.markup(person.note, home, lambda user, domain: ""),
        "url": profile(call, person),
        "uri": uri(call, person),
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": "",
        "header": header,
        "header_static": header,
        "header_description": "",
        "followers_count": sum(1 for _, whom in place.follows if whom == person.id),
        "following_count": sum(1 for who, _ in place.follows if who == person.id),
        "statuses_count": len(person.statuses),
        "last_status_at": person.last_status_at.strftime("%Y-%m-%d") if person.last_status_at else None,
        "hide_collections": None,
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "feature_approval": {"automatic": [], "manual": [], "current_user": "denied"},
        "emojis": emojis_json(call, person.name, person.note),
        "fields": [
            {"name": name, "value": html.escape(value, quote=False), "verified_at": None}
            for name, value in person.fields
        ],
    }
    if not person.domain:
        out |= {"noindex": False, "roles": [{"id": "3", "name": "Owner", "color": ""}] if person.staff else []}
    if person.limited:
        out["limited"] = True
    if person.suspended:
        out["suspended"] = True
    return out


def credential_json(call: Call, person: Person) -> dict[str, Any]:
    """The account as its owner sees it."""
    place = call.place
    source: dict[str, Any] = {
        "privacy": person.privacy,
        "sensitive": False,
        "language": person.language or None,
        "note": person.note,
        "fields": [{"name": name, "value": value, "verified_at": None} for name, value in person.fields],
        "follow_requests_count": sum(1 for _, whom in place.follow_requests if whom == person.id),
        "hide_collections": None,
        "discoverable": None,
        "indexable": False,
        "attribution_domains": [],
    }
    if place.flavour.quotes:
        source["quote_policy"] = person.quote_policy
    role = {
        "id": "3" if person.staff else "-99",
        "name": "Owner" if person.staff else "",
        "permissions": "1" if person.staff else "65536",
        "color": "",
        "highlighted": person.staff,
        "collection_limit": 10,
    }
    return {**account_json(call, person), "source": source, "role": role}


def partial_json(call: Call, person: Person) -> dict[str, Any]:
    """The few keys of somebody whose picture alone is shown (grouped notifications)."""
    whole = account_json(call, person)
    keys = ("id", "acct", "locked", "bot", "url", "avatar", "avatar_static", "avatar_description")
    return {key: whole[key] for key in keys}


def relationship_json(call: Call, person: Person) -> dict[str, Any]:
    """How the one who asks and ``person`` stand."""
    place, me = call.place, call.me
    pair, back = (me.id, person.id), (person.id, me.id)
    return {
        "id": person.id,
        "following": pair in place.follows,
        "showing_reblogs": pair in place.follows,
        "notifying": False,
        "languages": None,
        "followed_by": back in place.follows,
        "blocking": pair in place.blocks,
        "blocked_by": back in place.blocks,
        "muting": pair in place.mutes,
        "muting_notifications": bool(place.mutes.get(pair)),
        "muting_expires_at": None,
        "requested": pair in place.follow_requests,
        "requested_by": back in place.follow_requests,
        "domain_blocking": False,
        "endorsed": False,
        "note": "",
    }
