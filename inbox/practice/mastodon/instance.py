"""What a server says of itself: instance (v2 and v1), NodeInfo, WebFinger, its emoji and rules."""

from __future__ import annotations

from typing import Any

from inbox.practice.mastodon.account_json import account_json, emojis_json, profile, uri
from inbox.practice.mastodon.wire import Answer, ApiError, Call

MIME_TYPES = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/webp",
    "image/avif",
    "video/webm",
    "video/mp4",
    "video/quicktime",
    "video/ogg",
    "audio/wave",
    "audio/wav",
    "audio/x-wav",
    "audio/x-pn-wave",
    "audio/vnd.wave",
    "audio/ogg",
    "audio/vorbis",
    "audio/mpeg",
    "audio/mp3",
    "audio/webm",
    "audio/flac",
    "audio/aac",
    "audio/m4a",
    "audio/x-m4a",
    "audio/mp4",
    "audio/3gpp",
    "video/x-ms-asf",
]
IMAGE_BYTES, VIDEO_BYTES, DESCRIPTION = 16777216, 103809024, 10000
VAPID_KEY = "BAhxXyHfAoMqrZECjRI56F5QrE4ynVlkZFMdKSpTIsWRNoWUVgut-Bnz2xsMSwiN4AF0b4I7ixF24OwiicOJivw="
_ICONS = (36, 48, 72, 96, 144, 192, 256, 384, 512)


def streaming_address(call: Call) -> str:
    """Where the stream is; written with ``ws`` as the real one does, though SSE is served as well."""
    return call.home.replace("http", "ws", 1)


def limits(call: Call) -> dict[str, Any]:
    """The part of ``configuration`` that both documents share."""
    flavour = call.place.flavour
    media: dict[str, Any] = {
        "image_matrix_limit": 33177600,
        "image_size_limit": IMAGE_BYTES,
        "supported_mime_types": MIME_TYPES,
        "video_frame_rate_limit": 120,
        "video_matrix_limit": 8294400,
        "video_size_limit": VIDEO_BYTES,
    }
    if flavour.api_version:
        media = {"description_limit": DESCRIPTION, **media}
    return {
        "statuses": {
            "max_characters": flavour.max_characters,
            "max_media_attachments": 4,
            "characters_reserved_per_url": 23,
        },
        "media_attachments": media,
        "polls": {
            "max_options": 4,
            "max_characters_per_option": 50,
            "min_expiration": 300,
            "max_expiration": 2629746,
        },
    }


def v2(call: Call) -> Answer:
    """The instance since 4.0 (recording ``instance_v2.json``)."""
    place, home, flavour = call.place, call.home, call.place.flavour
    urls: dict[str, Any] = {"streaming": streaming_address(call)} if flavour.streaming else {}
    urls |= {"status": None, "about": f"{home}/about", "privacy_policy": f"{home}/privacy-policy"}
    body: dict[str, Any] = {
        "domain": place.domain,
        "title": place.title,
        "version": flavour.version,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "",
        "usage": {"users": {"active_month": sum(1 for p in place.people.values() if not p.domain)}},
        "thumbnail": {"url": f"{home}/packs/images/preview.png", "description": "A paper plane over a harbour"},
        "icon": [{"src": f"{home}/packs/icons/{n}.png", "size": f"{n}x{n}"} for n in _ICONS],
        "languages": ["en"],
        "configuration": {
            "urls": {**urls, "terms_of_service": None},
            "vapid": {"public_key": VAPID_KEY},
            "accounts": {
                "max_display_name_length": 40, "max_note_length": 500, "max_avatar_description_length": 150,
                "max_header_description_length": 150, "max_featured_tags": 10, "max_pinned_statuses": 5,
                "max_profile_fields": 4, "profile_field_name_limit": 255, "profile_field_value_limit": 255,
            },
            **limits(call),
            "translation": {"enabled": False},
            "timelines_access": {
                name: {"local": "public", "remote": "public"}
                for name in ("live_feeds", "hashtag_feeds", "trending_link_feeds")
            },
            "limited_federation": False,
        },
        "registrations": {
            "enabled": True, "approval_required": False, "reason_required": False, "message": None, "min_age": None,
            "url": None,
        },
        "wrapstodon": None,
        "contact": {"email": "", "account": None},
        "rules": [],
    }  # fmt: skip
    if flavour.api_version is not None:
        body["api_versions"] = {"mastodon": flavour.api_version}
    return Answer(body=body)


def v1(call: Call) -> Answer:
    """The instance before 4.0."""
    place, flavour = call.place, call.place.flavour
    body = {
        "uri": place.domain,
        "title": place.title,
        "short_description": "",
        "description": "",
        "email": "",
        "version": flavour.version,
        "urls": {"streaming_api": streaming_address(call)} if flavour.streaming else {},
        "stats": {
            "user_count": sum(1 for p in place.people.values() if not p.domain),
            "status_count": len(place.statuses),
            "domain_count": len({p.domain for p in place.people.values() if p.domain}),
        },
        "thumbnail": f"{call.home}/packs/images/preview.png",
        "languages": ["en"],
        "registrations": True,
        "approval_required": False,
        "invites_enabled": True,
        "configuration": {"accounts": {"max_featured_tags": 10}, **limits(call)},
        "contact_account": None,
        "rules": [],
    }
    return Answer(body=body)


def nodeinfo_links(call: Call) -> Answer:
    """Where the NodeInfo is (recording ``nodeinfo_links.json``)."""
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return Answer(body={"links": [{"rel": rel, "href": f"{call.home}/nodeinfo/2.0"}]})


def nodeinfo(call: Call) -> Answer:
    """Which software this is (recording ``nodeinfo_2_0.json``)."""
    place = call.place
    local = [p for p in place.people.values() if not p.domain]
    body = {
        "version": "2.0",
        "software": {"name": place.flavour.software, "version": place.flavour.version},
        "protocols": ["activitypub"],
        "services": {"outbound": [], "inbound": []},
        "usage": {
            "users": {"total": len(local), "activeMonth": len(local), "activeHalfyear": len(local)},
            "localPosts": sum(len(p.statuses) for p in local),
        },
        "openRegistrations": True,
        "metadata": {"nodeName": place.title, "nodeDescription": ""},
    }
    return Answer(body=body)


def webfinger(call: Call) -> Answer:
    """Who an ``acct:`` is; only people of this server are known."""
    resource = call.text("resource")
    if not resource:
        raise ApiError(400, "Bad Request")
    person = call.place.person_named(resource.removeprefix("acct:"))
    if person is None or person.domain:
        return Answer(body=b"", status=404, content_type="text/plain")
    where = profile(call, person)
    body = {
        "subject": f"acct:{person.username}@{call.place.domain}",
        "aliases": [where, uri(call, person)],
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": where},
            {"rel": "self", "type": "application/activity+json", "href": uri(call, person)},
        ],
    }
    return Answer(body=body, content_type="application/jrd+json; charset=utf-8")


def custom_emojis(call: Call) -> Answer:
    """All emoji of this server."""
    names = " ".join(f":{name}:" for name in call.place.emojis)
    return Answer(body=[{**emoji, "category": None} for emoji in emojis_json(call, names)])


def preferences(call: Call) -> Answer:
    """What the person has set for new posts."""
    me = call.me
    body = {
        "posting:default:visibility": me.privacy,
        "posting:default:sensitive": False,
        "posting:default:language": me.language or None,
        "posting:default:quote_policy": me.quote_policy,
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }
    return Answer(body=body)


def directory(call: Call) -> Answer:
    """People of this server."""
    return Answer(body=[account_json(call, p) for p in call.place.people.values() if not p.domain])


def empty(call: Call) -> Answer:
    """Things this server has none of: announcements, filters, lists, rules, trends, peers."""
    return Answer(body=[])
