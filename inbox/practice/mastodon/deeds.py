"""The small deeds on statuses: favourite, boost, bookmark, pin, mute; votes; quotes taken back; reports."""

from __future__ import annotations

from inbox.practice.mastodon.account_json import account_json
from inbox.practice.mastodon.entities import Poll, Report, Status
from inbox.practice.mastodon.status_json import poll_json, status_json
from inbox.practice.mastodon.wire import Answer, ApiError, Call, invalid, not_found


def _real(call: Call) -> Status:
    """The status meant, not the wrapper of its boost."""
    status = call.status()
    return call.place.statuses[status.reblog_of] if status.reblog_of else status


def favourite(call: Call) -> Answer:
    status = _real(call)
    call.place.favourite(call.me, status)
    return Answer(body=status_json(call, status))


def unfavourite(call: Call) -> Answer:
    status = _real(call)
    call.place.unfavourite(call.me, status)
    return Answer(body=status_json(call, status))


def reblog(call: Call) -> Answer:
    """The wrapper (recording ``status_reblog.json``). Private posts of others cannot be boosted, direct ones never."""
    status = _real(call)
    if status.visibility == "direct" or (status.visibility == "private" and status.person_id != call.me.id):
        raise ApiError(403, "This action is not allowed")
    visibility = call.text("visibility") or "public"
    return Answer(body=status_json(call, call.place.boost(call.me, status, visibility=visibility)))


def unreblog(call: Call) -> Answer:
    status = _real(call)
    call.place.unboost(call.me, status)
    return Answer(body=status_json(call, status))


def bookmark(call: Call) -> Answer:
    status = _real(call)
    call.place.bookmarks.add((call.me.id, status.id))
    return Answer(body=status_json(call, status))


def unbookmark(call: Call) -> Answer:
    status = _real(call)
    call.place.bookmarks.discard((call.me.id, status.id))
    return Answer(body=status_json(call, status))


def pin(call: Call) -> Answer:
    return _pinned(call, True)


def unpin(call: Call) -> Answer:
    return _pinned(call, False)


def _pinned(call: Call, pinned: bool) -> Answer:
    status = call.status()
    if status.person_id != call.me.id:
        raise invalid("Someone else's post cannot be pinned")
    status.pinned = pinned
    return Answer(body=status_json(call, status))


def mute_thread(call: Call) -> Answer:
    """No notifications from this thread any more."""
    status = call.status()
    call.place.muted_threads.add((call.me.id, call.place.thread_root(status)))
    return Answer(body=status_json(call, status))


def unmute_thread(call: Call) -> Answer:
    status = call.status()
    call.place.muted_threads.discard((call.me.id, call.place.thread_root(status)))
    return Answer(body=status_json(call, status))


def revoke_quote(call: Call) -> Answer:
    """Take the post out of somebody's quote of it."""
    status, quoting = call.status(), call.status("quoting")
    if status.person_id != call.me.id or quoting.quote_of != status.id:
        raise not_found()
    quoting.quote_state = "revoked"
    return Answer(body=status_json(call, quoting))


def quote_policy(call: Call) -> Answer:
    """Who may quote it from now on."""
    status = call.status()
    if status.person_id != call.me.id:
        raise not_found()
    wanted = call.text("quote_approval_policy")
    if wanted not in ("public", "followers", "nobody"):
        raise invalid("Quote approval policy is not included in the list")
    status.quote_policy = "nobody" if status.visibility in ("private", "direct") else wanted
    return Answer(body=status_json(call, status))


def _poll(call: Call) -> Poll:
    found = call.place.polls.get(call.ids["id"])
    home = next((s for s in call.place.statuses.values() if found is not None and s.poll_id == found.id), None)
    if found is None or home is None or not call.place.sees(call.viewer, home):
        raise not_found()
    return found


def poll(call: Call) -> Answer:
    return Answer(body=poll_json(call, _poll(call)))


def vote(call: Call) -> Answer:
    """Recordings ``poll_voted.json``, ``error_422_poll.json``."""
    found, me = _poll(call), call.me
    chosen = sorted({int(c) for c in call.many("choices") if c.lstrip("-").isdigit()})
    if found.expires_at is not None and found.expires_at <= call.place.now():
        raise invalid("The poll has already ended")
    own = any(call.place.statuses[i].poll_id == found.id for i in me.statuses)
    if me.id in found.votes or own:
        raise invalid("You have already voted on this poll")
    if not chosen or not 0 <= chosen[0] <= chosen[-1] < len(found.options) or (len(chosen) > 1 and not found.multiple):
        raise invalid("The chosen vote option does not exist")
    found.votes[me.id] = chosen
    return Answer(body=poll_json(call, found))


def report(call: Call) -> Answer:
    """Tell the moderators (recording ``report.json``)."""
    place, me = call.place, call.me
    target = place.people.get(call.text("account_id"))
    if target is None:
        raise not_found()
    comment = call.text("comment")
    if len(comment) > 1000:
        raise invalid("Comment is too long (maximum is 1000 characters)")
    ids = [i for i in call.many("status_ids") if i in place.statuses and place.statuses[i].person_id == target.id]
    made = Report(
        id=place.serial("report"), person_id=me.id, target_id=target.id, status_ids=ids, comment=comment,
        category=call.text("category") or "other", forwarded=call.flag("forward") and bool(target.domain),
        at=place.now(), rule_ids=call.many("rule_ids") or None,
    )  # fmt: skip
    place.reports[made.id] = made
    for admin in [p for p in place.people.values() if p.staff and not p.domain]:
        place.notify(admin, "admin.report", me, report_id=made.id)
    return Answer(body=report_json(call, made))


def report_json(call: Call, made: Report) -> dict[str, object]:
    """The report as the API shows it."""
    return {
        "id": made.id,
        "action_taken": False,
        "action_taken_at": None,
        "category": made.category,
        "comment": made.comment,
        "forwarded": made.forwarded,
        "created_at": call.shown(made.at),
        "status_ids": made.status_ids,
        "rule_ids": made.rule_ids,
        "collection_ids": [],
        "target_account": account_json(call, call.place.people[made.target_id]),
    }
