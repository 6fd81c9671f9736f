"""Reading statuses: one, several at once, thread, history, source, who liked it; and the timelines."""

from __future__ import annotations

from datetime import timedelta

from inbox.practice.mastodon.account_json import account_json
from inbox.practice.mastodon.entities import Status, order
from inbox.practice.mastodon.markup import tags_in
from inbox.practice.mastodon.status_json import status_json, version_json
from inbox.practice.mastodon.wire import Answer, Call, not_found, page

_SIGNED_IN, _VISITOR_UP, _VISITOR_DOWN, _VISITOR_DEPTH = 4096, 40, 60, 20
_RETRY_S = 2


def show(call: Call) -> Answer:
    return Answer(body=status_json(call, call.status()))


def several(call: Call) -> Answer:
    """Those that exist and may be seen, in the order of their ids (4.3+); the others are simply missing."""
    found = (call.place.statuses.get(i) for i in dict.fromkeys(call.many("id")))
    return Answer(body=[status_json(call, s) for s in found if s is not None and call.place.sees(call.viewer, s)])


def context(call: Call) -> Answer:
    """What stands above and below, as far as it may be seen.

    Answers that our server has not fetched are missing at first; a header says when to ask again (4.5).
    """
    place, status = call.place, call.status()
    signed_in = call.viewer is not None
    above: list[Status] = []
    one: Status | None = place.statuses.get(status.parent_id or "")
    while one is not None and len(above) < (_SIGNED_IN if signed_in else _VISITOR_UP):
        if place.sees(call.viewer, one):
            above.insert(0, one)
        one = place.statuses.get(one.parent_id or "")
    headers = _late(call, status)
    below: list[Status] = []
    most = _SIGNED_IN if signed_in else _VISITOR_DOWN

    waiting = [(child, 1) for child in reversed(_children(call, status.id))]
    while waiting and len(below) < most:
        child, depth = waiting.pop()
        below.append(child)
        if signed_in or depth < _VISITOR_DEPTH:
            waiting += [(c, depth + 1) for c in reversed(_children(call, child.id))]
    body = {
        "ancestors": [status_json(call, s) for s in above],
        "descendants": [status_json(call, s) for s in below],
    }
    return Answer(body=body, headers=headers)


def _children(call: Call, status_id: str) -> list[Status]:
    place = call.place
    known = (place.statuses[i] for i in place.children.get(status_id, ()))
    # What cannot be seen hides what hangs below it, as in the real tree.
    return sorted((s for s in known if place.sees(call.viewer, s)), key=lambda s: order(s.id))


def _late(call: Call, status: Status) -> dict[str, str]:
    """Fetch what was asked for long enough ago; else say when to come back."""
    place = call.place
    late = [s for s in place.statuses.values() if s.late and s.parent_id and place.thread_root(s) == status.id]
    if not late or (place.flavour.api_version or 0) < 7:
        return {}
    asked_at = place.asked_late.setdefault(status.id, place.now())
    if place.now() - asked_at >= timedelta(seconds=_RETRY_S):
        for one in late:
            place.fetch_late(one)
        del place.asked_late[status.id]
        return {}
    return {"Mastodon-Async-Refresh": f'id="context:{status.id}:refresh", retry={_RETRY_S}, result_count=0'}


def refresh(call: Call) -> Answer:
    """How far fetching is."""
    refresh_id = call.ids["id"]
    running = refresh_id.split(":")[1] in call.place.asked_late if refresh_id.count(":") == 2 else False
    body = {"id": refresh_id, "status": "running" if running else "finished", "result_count": 0}
    return Answer(body={"async_refresh": body})


def history(call: Call) -> Answer:
    """All versions, the oldest first (recording ``status_history.json``)."""
    status = call.status()
    return Answer(body=[version_json(call, status, version) for version in status.history])


def source(call: Call) -> Answer:
    """One's own words as written (recording ``status_source.json``)."""
    status = call.status()
    if status.person_id != call.me.id:
        raise not_found()
    return Answer(body={"id": status.id, "text": status.text, "spoiler_text": status.warning})


def favourited_by(call: Call) -> Answer:
    return _people(call, list(call.place.favourites.get(call.status().id, ())))


def reblogged_by(call: Call) -> Answer:
    return _people(call, list(call.place.boosts.get(call.status().id, ())))


def _people(call: Call, ids: list[str]) -> Answer:
    rows = list(enumerate(ids, 1))
    chosen, headers = page(call, rows, lambda row: str(row[0]), default=40, most=80)
    return Answer(body=[account_json(call, call.place.people[i]) for _, i in chosen], headers=headers)


def quoted_by(call: Call) -> Answer:
    """The posts that quote this one."""
    place, status = call.place, call.status()
    rows = sorted((place.statuses[i] for i in place.quotes.get(status.id, ())), key=lambda s: order(s.id))
    chosen, headers = page(call, [s for s in rows if place.sees(call.viewer, s)], lambda s: s.id)
    return Answer(body=[status_json(call, s) for s in chosen], headers=headers)


def home(call: Call) -> Answer:
    """What those wrote and boosted whom the person follows, and the person."""
    place, me = call.place, call.me
    near = {me.id, *(whom for who, whom in place.follows if who == me.id)}
    rows = [s for s in place.statuses.values() if s.person_id in near and (me.id, s.person_id) not in place.mutes]
    return _timeline(call, [s for s in rows if s.visibility != "direct" or s.person_id == me.id])


def public(call: Call) -> Answer:
    """Public posts; ``local`` for this server's alone."""
    people, local = call.place.people, call.flag("local")
    rows = [s for s in call.place.statuses.values() if s.visibility == "public" and not s.reblog_of]
    return _timeline(call, [s for s in rows if not (local and people[s.person_id].domain)])


def hashtag(call: Call) -> Answer:
    """Public posts with this tag."""
    tag = call.ids["tag"].lower()
    rows = [s for s in call.place.statuses.values() if s.visibility == "public" and not s.reblog_of]
    return _timeline(call, [s for s in rows if tag in tags_in(s.text)])


def _timeline(call: Call, rows: list[Status]) -> Answer:
    place = call.place
    seen = [s for s in rows if place.sees(call.viewer, place.statuses.get(s.reblog_of) or s)]
    chosen, headers = page(call, sorted(seen, key=lambda s: order(s.id)), lambda s: s.id)
    return Answer(body=[status_json(call, s) for s in chosen], headers=headers)


def favourites(call: Call) -> Answer:
    """What the person liked."""
    liked = [i for i, who in call.place.favourites.items() if call.me.id in who]
    return _timeline(call, [call.place.statuses[i] for i in liked])


def bookmarks(call: Call) -> Answer:
    """What the person kept."""
    return _timeline(call, [call.place.statuses[i] for who, i in call.place.bookmarks if who == call.me.id])
