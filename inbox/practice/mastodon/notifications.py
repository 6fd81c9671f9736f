"""Notifications: the plain list, the grouped one, and what is filtered (recordings ``notification*.json``)."""

from __future__ import annotations

from typing import Any

from inbox.practice.mastodon.account_json import account_json, partial_json
from inbox.practice.mastodon.deeds import report_json
from inbox.practice.mastodon.entities import Notice, Request
from inbox.practice.mastodon.notifying import GROUPED
from inbox.practice.mastodon.status_json import status_json
from inbox.practice.mastodon.wire import Answer, Call, invalid, not_found, page

_DEFAULT, _MOST = 40, 80
POLICY = (
    "for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts",
    "for_bots",
)  # fmt: skip


def notice_json(call: Call, notice: Notice) -> dict[str, Any]:
    """One event (v1)."""
    place = call.place
    status = place.statuses.get(notice.status_id)
    out: dict[str, Any] = {
        "id": notice.id,
        "type": notice.type,
        "created_at": call.shown(notice.at),
        "account": account_json(call, place.people[notice.from_id]),
    }
    if place.flavour.api_version:
        out["group_key"] = notice.group_key
    if notice.filtered:
        out["filtered"] = True
    if status is not None:
        out["status"] = status_json(call, status)
    if notice.report_id:
        out["report"] = report_json(call, place.reports[notice.report_id])
    if notice.type == "moderation_warning":
        out["moderation_warning"] = {
            "id": notice.id, "action": "none", "text": "Please mind the rules.", "status_ids": None,
            "created_at": out["created_at"], "target_account": account_json(call, call.me), "appeal": None,
        }  # fmt: skip
    if notice.type == "severed_relationships":
        out["event"] = {
            "id": notice.id, "type": "domain_block", "purged": False, "target_name": "far.example",
            "followers_count": 1, "following_count": 0, "created_at": out["created_at"],
        }  # fmt: skip
    return out


def wanted(call: Call) -> list[Notice]:
    """What the person may see and asked for, oldest first."""
    place, me = call.place, call.me
    only, never = set(call.many("types")), set(call.many("exclude_types"))
    from_id, all_of_them = call.text("account_id"), call.flag("include_filtered")
    return [
        n
        for n in place.notices[me.id]
        if not n.held
        and (not only or n.type in only)
        and n.type not in never
        and (not n.filtered or all_of_them)
        and (not from_id or n.from_id == from_id)
    ]


def listed(call: Call) -> Answer:
    """One row per event."""
    chosen, headers = page(call, wanted(call), lambda n: n.id, default=_DEFAULT, most=_MOST, always_next=True)
    return Answer(body=[notice_json(call, n) for n in chosen], headers=headers)


def _one(call: Call) -> Notice:
    found = call.place.notice_ids.get(call.ids["id"])
    if found is None or found.person_id != call.me.id or found.held:
        raise not_found()
    return found


def show(call: Call) -> Answer:
    return Answer(body=notice_json(call, _one(call)))


def dismiss(call: Call) -> Answer:
    call.place.drop_notice(_one(call))
    return Answer(body={})


def clear(call: Call) -> Answer:
    for notice in call.place.notices_of(call.me.id):
        call.place.drop_notice(notice)
    return Answer(body={})


def unread_count(call: Call) -> Answer:
    """How many are newer than the marker."""
    marker = call.place.markers.get((call.me.id, "notifications"), {"last_read_id": ""})
    last = str(marker["last_read_id"])
    newer = [n for n in wanted(call) if (len(n.id), n.id) > (len(last), last)]
    return Answer(body={"count": min(len(newer), call.limit(100, 1000))})


# --- grouped (v2) ---


def grouped(call: Call) -> Answer:
    """Likes, boosts and follows of one hour and target as one row (recording ``notifications_v2_grouped.json``)."""
    place = call.place
    merged = set(call.many("grouped_types") or GROUPED) & set(GROUPED)
    rows = wanted(call)
    groups: dict[str, list[Notice]] = {}
    for notice in reversed(rows):
        key = notice.group_key if notice.type in merged else f"ungrouped-{notice.id}"
        groups.setdefault(key, []).append(notice)
    newest = sorted((g[0] for g in groups.values()), key=lambda n: rows.index(n))
    keys = {g[0].id: key for key, g in groups.items()}
    chosen, headers = page(call, newest, lambda n: n.id, default=_DEFAULT, most=_MOST, always_next=True)
    shown = [(keys[n.id], groups[keys[n.id]]) for n in chosen]
    samples = [i for _, group in shown for i in _sample(group)]
    partial = set(samples) - {s[0] for s in (_sample(group) for _, group in shown)}
    if call.text("expand_accounts") != "partial_avatars":
        partial = set()
    status_ids = dict.fromkeys(group[0].status_id for _, group in shown if group[0].status_id in place.statuses)
    body: dict[str, Any] = {
        "accounts": [account_json(call, place.people[i]) for i in dict.fromkeys(samples) if i not in partial],
        "statuses": [status_json(call, place.statuses[i]) for i in status_ids],
        "notification_groups": [_group_json(call, key, group) for key, group in shown],
    }
    if call.text("expand_accounts") == "partial_avatars":
        body["partial_accounts"] = [partial_json(call, place.people[i]) for i in dict.fromkeys(samples) if i in partial]
    return Answer(body=body, headers=headers)


def _sample(group: list[Notice]) -> list[str]:
    return list(dict.fromkeys(n.from_id for n in group))[:8]


def _group_json(call: Call, key: str, group: list[Notice]) -> dict[str, Any]:
    newest, oldest = group[0], group[-1]
    number = int(newest.id) if newest.id.isdigit() else newest.id
    out: dict[str, Any] = {
        "group_key": key,
        "notifications_count": len(group),
        "type": newest.type,
        "most_recent_notification_id": number,  # the one id that is a number
        "page_min_id": oldest.id,
        "page_max_id": newest.id,
        "latest_page_notification_at": call.shown(newest.at),
        "sample_account_ids": _sample(group),
    }
    if newest.status_id:
        out["status_id"] = newest.status_id
    return out


# --- policy and requests ---


def policy(call: Call) -> Answer:
    """What is kept back (recording ``notification_policy_v2.json``)."""
    place, me = call.place, call.me
    waiting = [r for r in place.requests.values() if r.person_id == me.id and not r.dismissed]
    kept = [n for r in waiting for n in place.filtered_from(me.id, r.from_id)]
    body: dict[str, Any] = {name: getattr(me.policy, name) for name in POLICY}
    body["summary"] = {"pending_requests_count": len(waiting), "pending_notifications_count": len(kept)}
    return Answer(body=body)


def set_policy(call: Call) -> Answer:
    for name in POLICY:
        if call.sent(name):
            if call.text(name) not in ("accept", "filter", "drop"):
                raise invalid(f"{name} is not included in the list")
            setattr(call.me.policy, name, call.text(name))
    return policy(call)


def policy_v1(call: Call) -> Answer:
    """The same in yes and no: whether it is filtered."""
    me = call.me
    if call.method in ("PUT", "PATCH"):
        for name in POLICY[:4]:
            old = name.replace("for_", "filter_", 1)
            if call.sent(old):
                setattr(me.policy, name, "filter" if call.flag(old) else "accept")
    body = {name.replace("for_", "filter_", 1): getattr(me.policy, name) != "accept" for name in POLICY[:4]}
    return Answer(body={**body, "summary": policy(call).body["summary"]})


def request_json(call: Call, request: Request) -> dict[str, Any]:
    """Filtered notifications of one sender (recording ``notification_requests.json``); the count is a string."""
    place = call.place
    kept = place.filtered_from(request.person_id, request.from_id)
    last = next((place.statuses[n.status_id] for n in reversed(kept) if n.status_id in place.statuses), None)
    return {
        "id": request.id,
        "created_at": call.shown(request.at),
        "updated_at": call.shown(request.updated_at),
        "notifications_count": str(len(kept)),
        "account": account_json(call, place.people[request.from_id]),
        "last_status": status_json(call, last) if last is not None else None,
    }


def _waiting(call: Call, request_id: str) -> Request:
    found = call.place.requests.get(request_id)
    if found is None or found.person_id != call.me.id:
        raise not_found()
    return found


def requests(call: Call) -> Answer:
    rows = [r for r in call.place.requests.values() if r.person_id == call.me.id and not r.dismissed]
    rows.sort(key=lambda r: (len(r.id), r.id))
    chosen, headers = page(call, rows, lambda r: r.id, default=_DEFAULT, most=_MOST)
    return Answer(body=[request_json(call, r) for r in chosen], headers=headers)


def request(call: Call) -> Answer:
    return Answer(body=request_json(call, _waiting(call, call.ids["id"])))


def accept(call: Call) -> Answer:
    """One, or many by ``id[]``: merged in the background."""
    for found in [_waiting(call, i) for i in _named(call)]:
        call.place.accept(found)
    return Answer(body={})


def dismiss_request(call: Call) -> Answer:
    for found in [_waiting(call, i) for i in _named(call)]:
        for notice in call.place.filtered_from(found.person_id, found.from_id):
            call.place.drop_notice(notice)
        call.place.requests.pop(found.id, None)
    return Answer(body={})


def _named(call: Call) -> list[str]:
    return [call.ids["id"]] if "id" in call.ids else call.many("id")


def merged(call: Call) -> Answer:
    """Whether what was accepted is in the list."""
    return Answer(body={"merged": not any(m[1] == call.me.id for m in call.place.merging)})
