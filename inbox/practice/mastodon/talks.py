"""Direct conversations, read markers, and search."""

from __future__ import annotations

from typing import Any

from inbox.practice.mastodon.account_json import account_json
from inbox.practice.mastodon.accounts import matching
from inbox.practice.mastodon.entities import Conversation, Status, order
from inbox.practice.mastodon.markup import tags_in
from inbox.practice.mastodon.status_json import address, status_json, status_uri
from inbox.practice.mastodon.wire import Answer, Call, not_found, page


def conversation_json(call: Call, talk: Conversation) -> dict[str, Any]:
    """Who with, and the last thing said (null when that was deleted); recording ``conversations.json``."""
    place = call.place
    last = place.statuses.get(talk.status_ids[-1]) if talk.status_ids else None
    return {
        "id": talk.id,
        "unread": talk.unread,
        "accounts": [account_json(call, place.people[i]) for i in talk.others],
        "last_status": status_json(call, last) if last is not None else None,
    }


def conversations(call: Call) -> Answer:
    """Pages by the id of the last status, which is no entity's own id here."""
    mine = [c for c in call.place.conversations.values() if c.person_id == call.me.id and c.status_ids]
    rows = sorted(mine, key=lambda c: order(c.status_ids[-1]))
    chosen, headers = page(call, rows, lambda c: c.status_ids[-1])
    return Answer(body=[conversation_json(call, c) for c in chosen], headers=headers)


def _talk(call: Call) -> Conversation:
    found = call.place.conversations.get(call.ids["id"])
    if found is None or found.person_id != call.me.id:
        raise not_found()
    return found


def read(call: Call) -> Answer:
    talk = _talk(call)
    talk.unread = False
    return Answer(body=conversation_json(call, talk))


def forget(call: Call) -> Answer:
    """Out of the list; the statuses stay."""
    del call.place.conversations[_talk(call).id]
    return Answer(body={})


def markers(call: Call) -> Answer:
    """How far somebody has read; nothing unless a timeline is named (recording ``markers.json``)."""
    kept = call.place.markers
    names = [n for n in call.many("timeline") if (call.me.id, n) in kept]
    return Answer(body={n: kept[call.me.id, n] for n in names})


def mark(call: Call) -> Answer:
    place, out = call.place, {}
    for name in ("home", "notifications"):
        last = call.part(name).get("last_read_id")
        if last:
            version = int(place.markers.get((call.me.id, name), {"version": 0})["version"]) + 1
            marker = {"last_read_id": str(last), "version": version, "updated_at": call.shown(place.now())}
            place.markers[call.me.id, name] = out[name] = marker
    return Answer(body=out)


def search(call: Call) -> Answer:
    """People, posts and tags. ``resolve`` fetches an address that this server did not know."""
    place, words, kind = call.place, call.text("q").strip(), call.text("type")
    limit, resolve = call.limit(20, 40), call.flag("resolve")
    people = matching(call, words)
    statuses: list[Status] = []
    if words.startswith(("http://", "https://")):
        for status in tuple(place.statuses.values()):
            if words in (address(call, status), status_uri(call, status)):
                if status.late and resolve:
                    place.fetch_late(status)
                statuses.append(status)
        people = [p for p in place.people.values() if words in (f"{call.home}/@{p.acct}", _far(p.domain, p.username))]
    elif words:
        near = {call.me.id} if call.viewer else set()
        statuses = [
            s
            for s in place.statuses.values()
            if words.lower() in s.text.lower() and (s.person_id in near or near & set(s.mentions))
        ]
    statuses = sorted((s for s in statuses if place.sees(call.viewer, s)), key=lambda s: order(s.id), reverse=True)
    tags = sorted({t for s in place.statuses.values() for t in tags_in(s.text) if words.lstrip("#").lower() in t})
    body = {
        "accounts": [account_json(call, p) for p in people[:limit]] if kind in ("", "accounts") else [],
        "statuses": [status_json(call, s) for s in statuses[:limit]] if kind in ("", "statuses") else [],
        "hashtags": [
            {"name": t, "url": f"{call.home}/tags/{t}", "history": [], "following": False} for t in tags[:limit]
        ]
        if kind in ("", "hashtags") and words
        else [],
    }
    return Answer(body=body)


def _far(domain: str, username: str) -> str:
    return f"https://{domain}/@{username}" if domain else ""
