"""A status as the API shows it, with what hangs on it (recordings ``status_*``, ``media_*``, ``poll_voted``)."""

from __future__ import annotations

from typing import Any

from inbox.practice.mastodon import markup
from inbox.practice.mastodon.account_json import account_json, approval, emojis_json, profile, uri
from inbox.practice.mastodon.entities import Media, Person, Poll, Scheduled, Status, Version
from inbox.practice.mastodon.wire import Call

_BLURHASH = "UPN1Ddxup{IT9an~.8RjK-oy%gkE%#W?i^t6"
_SMALL_PX = 640 * 360


def content(call: Call, text: str, foreign: str) -> str:
    """The markup of a text: a foreign server's own, else made here."""
    if foreign:
        return foreign

    def address_of(user: str, domain: str) -> str:
        person = call.place.find_person(user, domain)
        return profile(call, person) if person else ""

    return markup.markup(text, call.home, address_of)


def address(call: Call, status: Status) -> str:
    """Where people read it."""
    return f"{profile(call, call.place.people[status.person_id])}/{status.id}"


def status_uri(call: Call, status: Status) -> str:
    """Its identity across servers."""
    return f"{uri(call, call.place.people[status.person_id])}/statuses/{status.id}"


def status_json(call: Call, status: Status, *, deleted: bool = False, inside: bool = False) -> dict[str, Any]:
    """The status for whoever asks. ``deleted``: with its text instead of content. ``inside``: it is a quoted one."""
    place, viewer = call.place, call.viewer
    author = place.people[status.person_id]
    target = place.statuses.get(status.reblog_of) if status.reblog_of else None
    real = target or status
    mine = viewer is not None and viewer.id == status.person_id
    foreign = bool(author.domain)
    out: dict[str, Any] = {
        "id": status.id,
        "created_at": call.shown(status.at),
        "in_reply_to_id": status.parent_id,
        "in_reply_to_account_id": status.parent_person_id,
        "sensitive": status.sensitive,
        "spoiler_text": status.warning,
        "visibility": status.visibility,
        "language": None if status.reblog_of else status.language,
        "uri": status_uri(call, status),
        "url": address(call, status),
        "replies_count": len(place.children.get(status.id, ())),
        "reblogs_count": len(place.boosts.get(status.id, ())),
        "favourites_count": len(place.favourites.get(status.id, ())),
        "edited_at": call.shown(status.edited_at) if status.edited_at else None,
    }
    if target is not None:
        out["uri"] = f"{out['uri']}/activity"
        out["url"] = f"{call.home}/users/{author.username}/statuses/{status.id}/activity"
    if viewer is not None:
        out |= {
            "favourited": viewer.id in place.favourites.get(real.id, ()),
            "reblogged": viewer.id in place.boosts.get(real.id, ()),
            "muted": (viewer.id, place.thread_root(real)) in place.muted_threads,
            "bookmarked": (viewer.id, real.id) in place.bookmarks,
            "filtered": [],
        }
        if mine and target is None and status.visibility != "direct":
            out["pinned"] = status.pinned
    if deleted:
        out["text"] = status.text
    else:
        out["content"] = "" if target is not None else content(call, status.text, status.html)
    out |= {
        "reblog": status_json(call, target) if target is not None else None,
        "account": account_json(call, author),
        "media_attachments": [media_json(call, place.media[i]) for i in real.media if i in place.media],
        "mentions": [mention_json(call, place.people[i]) for i in real.mentions if i in place.people],
        "tags": [{"name": t, "url": f"{call.home}/tags/{t}"} for t in markup.tags_in(real.text)],
        "emojis": emojis_json(call, real.text, real.html, real.warning),
        "card": None,
        "poll": poll_json(call, place.polls[real.poll_id]) if real.poll_id else None,
    }
    if not foreign or status.app:
        out["application"] = {"name": status.app[0], "website": status.app[1]} if status.app else None
    if place.flavour.quotes:
        out |= _quoting(call, real, out, boosted=target is not None, inside=inside, deleted=deleted)
    if place.flavour.software == "mastodon" and place.flavour.quotes:
        out["tagged_collections"] = []
    return out


def _quoting(
    call: Call, real: Status, out: dict[str, Any], *, boosted: bool, inside: bool, deleted: bool
) -> dict[str, Any]:  # fmt: skip
    place = call.place
    author = place.people[real.person_id]
    quoted = place.statuses.get(real.quote_of)
    private = real.visibility == "direct"
    said: dict[str, Any] = {
        "quotes_count": 0 if boosted else len(place.quotes.get(real.id, ())),
        "quote_approval": approval(call, real.quote_policy, author),
        "quote": None,
    }
    if private:
        said["quote_approval"] = {"automatic": [], "manual": [], "current_user": "denied"}
    if real.quote_of:
        state = real.quote_state
        if quoted is not None and state == "accepted" and not place.sees(call.viewer, quoted):
            state = "unauthorized"
        if inside:
            shown_id = quoted.id if quoted is not None and state == "accepted" else None
            said["quote"] = {"state": state, "quoted_status_id": shown_id}
        else:
            whole = status_json(call, quoted, inside=True) if quoted is not None and state == "accepted" else None
            said["quote"] = {"state": state, "quoted_status": whole}
        if not boosted and not deleted and not real.html and quoted is not None:
            out["content"] = markup.quote_line(address(call, quoted)) + out["content"]
    return said


def mention_json(call: Call, person: Person) -> dict[str, Any]:
    """Somebody named in a status."""
    return {"id": person.id, "username": person.username, "url": profile(call, person), "acct": person.acct}


def kind_of(mime_type: str) -> str:
    """image, gifv, video, audio or unknown."""
    if mime_type == "image/gif":
        return "gifv"
    family = mime_type.partition("/")[0]
    return family if family in ("image", "video", "audio") else "unknown"


def media_json(call: Call, media: Media) -> dict[str, Any]:
    """An attachment; without ``url`` while it is being processed."""
    folder = f"{call.home}/system/media_attachments"
    ready = media.waits == 0 and not media.failed
    kind = kind_of(media.mime_type)
    scale = min(1.0, (_SMALL_PX / max(1, media.width * media.height)) ** 0.5)
    small = (max(1, round(media.width * scale)), max(1, round(media.height * scale)))
    meta: dict[str, Any] = {}
    if media.focus is not None:
        meta["focus"] = {"x": media.focus[0], "y": media.focus[1]}
    if kind == "image":
        meta["original"] = _size(media.width, media.height)
        meta["small"] = _size(*small)
    elif kind != "unknown":
        meta["colors"] = {"background": "#d9f3f3", "foreground": "#0c0c0c", "accent": "#0c0c0c"}
        meta["original"] = {
            "width": 640, "height": 640, "frame_rate": "30/1", "duration": 7.3, "bitrate": 2191346
        }  # fmt: skip
        meta["small"] = {"width": 400, "height": 400, "size": "400x400", "aspect": 1.0}
    ending = {"image": "png", "audio": "mp3"}.get(kind, "mp4")
    return {
        "id": media.id,
        "type": kind,
        "url": f"{folder}/files/{media.id}/original/file.{ending}" if ready else None,
        "preview_url": f"{folder}/{'files' if kind == 'image' else 'thumbnails'}/{media.id}/small/file.png",
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": meta,
        "description": media.description,
        "blurhash": _BLURHASH,
    }


def _size(width: int, height: int) -> dict[str, Any]:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / max(1, height)}


def poll_json(call: Call, poll: Poll) -> dict[str, Any]:
    """A poll; counts are null while they are hidden."""
    place, viewer = call.place, call.viewer
    expired = poll.expires_at is not None and poll.expires_at <= place.now()
    hidden = poll.hide_totals and not expired
    votes = [sum(1 for chosen in poll.votes.values() if n in chosen) for n in range(len(poll.options))]
    out: dict[str, Any] = {
        "id": poll.id,
        "expires_at": call.shown(poll.expires_at) if poll.expires_at else None,
        "expired": expired,
        "multiple": poll.multiple,
        "votes_count": sum(votes),
        "voters_count": len(poll.votes),
        "options": [
            {"title": title, "votes_count": None if hidden else votes[n]} for n, title in enumerate(poll.options)
        ],
        "emojis": emojis_json(call, *poll.options),
    }
    if viewer is not None:
        mine = any(s.poll_id == poll.id for s in (place.statuses[i] for i in viewer.statuses))
        out |= {"voted": viewer.id in poll.votes or mine, "own_votes": poll.votes.get(viewer.id, [])}
    return out


def version_json(call: Call, status: Status, version: Version) -> dict[str, Any]:
    """One entry of the history."""
    place = call.place
    out: dict[str, Any] = {
        "content": content(call, version.text, version.html),
        "spoiler_text": version.warning,
        "sensitive": version.sensitive,
        "created_at": call.shown(version.at),
        "account": account_json(call, place.people[status.person_id]),
        "media_attachments": [media_json(call, place.media[i]) for i in version.media if i in place.media],
        "emojis": emojis_json(call, version.text, version.warning),
    }
    if status.poll_id:
        out["poll"] = {"options": [{"title": title} for title in place.polls[status.poll_id].options]}
    return out


def scheduled_json(call: Call, scheduled: Scheduled) -> dict[str, Any]:
    """A status that waits: told from a real one by its missing content."""
    wanted = scheduled.wanted
    token = call.token
    params = {
        "text": wanted.get("status", ""),
        "quote_approval_policy": wanted.get("quote_approval_policy"),
        "media_ids": scheduled.media or None,
        "sensitive": wanted.get("sensitive"),
        "spoiler_text": wanted.get("spoiler_text"),
        "visibility": wanted.get("visibility"),
        "language": wanted.get("language"),
        "scheduled_at": None,
        "poll": wanted.get("poll"),
        "allowed_mentions": None,
        "idempotency": wanted.get("idempotency"),
        "with_rate_limit": False,
        "in_reply_to_id": wanted.get("in_reply_to_id"),
        "application_id": int(token.app.id) if token and token.app.id.isdigit() else 0,
        "quoted_status_id": wanted.get("quoted_status_id"),
    }
    place = call.place
    return {
        "id": scheduled.id,
        "scheduled_at": call.shown(scheduled.due_at),
        "params": params,
        "media_attachments": [media_json(call, place.media[i]) for i in scheduled.media if i in place.media],
    }
