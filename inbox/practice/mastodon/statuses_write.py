"""Writing statuses: post, edit, delete, and the small deeds (mastodon.md section 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.practice.mastodon import markup
from inbox.practice.mastodon.entities import Media, Scheduled, Status
from inbox.practice.mastodon.status_json import scheduled_json, status_json
from inbox.practice.mastodon.wire import Answer, ApiError, Call, invalid, not_found, page

SOONEST = timedelta(minutes=5)
_VISIBILITIES = ("public", "unlisted", "private", "direct")
_WAITING, _WAITING_A_DAY = 300, 25


def create(call: Call) -> Answer:
    """A post, or one for later. The same Idempotency-Key within the hour gives the first one again."""
    place, me = call.place, call.me
    key = call.headers.get("idempotency-key", "") if place.flavour.idempotency else ""
    known = place.repeated.get((me.id, key)) if key else None
    if known is not None:
        if "repeat-500" in place.quirks:  # S issue 40399
            raise ApiError(500, "Internal Server Error")
        earlier = place.statuses.get(known[1])
        if earlier is not None:
            return Answer(body=status_json(call, earlier))
        if known[1] in place.scheduled:
            return Answer(body=scheduled_json(call, place.scheduled[known[1]]))
    due_at = _due(call)
    made = _schedule(call, due_at) if due_at is not None else publish(call)
    if key:
        place.repeated[me.id, key] = (place.now(), made.id)
    body = scheduled_json(call, made) if isinstance(made, Scheduled) else status_json(call, made)
    return Answer(body=body)


def publish(call: Call) -> Status:
    """Post what the parameters say. Raises ApiError."""
    place, me = call.place, call.me
    text, warning = call.text("status"), call.text("spoiler_text")
    media, poll = attachments(call), call.part("poll")
    parent, quoted = _parent(call), _quoted(call, bool(media), bool(poll))
    check(call, text, warning, has_more=bool(media or poll or quoted))
    if not text.strip() and warning:
        text, warning = warning, ""
    visibility = call.text("visibility") or me.privacy
    if visibility not in _VISIBILITIES:
        raise invalid("Visibility is not included in the list")
    made = _poll(call, poll) if poll else None
    token = call.token
    status = place.say(
        me, text, to=parent, visibility=visibility, warning=warning, sensitive=call.flag("sensitive"),
        language=call.text("language") or me.language or "en", quote=quoted, media=media,
        quote_policy=call.text("quote_approval_policy"), app=(token.app.name, token.app.website) if token else None,
        poll=made["options"] if made else (), poll_s=made["seconds"] if made else 0,
    )  # fmt: skip
    if made:
        one = place.polls[status.poll_id]
        one.multiple, one.hide_totals = made["multiple"], made["hide_totals"]
    return status


def check(call: Call, text: str, warning: str, *, has_more: bool) -> None:
    """Raise when there is nothing to say, or too much."""
    if not text.strip() and not warning.strip() and not has_more:
        raise invalid("Text can't be blank")
    most = call.place.flavour.max_characters
    if markup.counted(text, warning) > most:
        raise invalid(f"Text character limit of {most} exceeded")


def attachments(call: Call, status_id: str = "") -> list[Media]:
    """The media named, ready and not used elsewhere."""
    ids = call.many("media_ids")
    if not ids:
        return []
    if call.part("poll"):
        raise invalid("Cannot attach files to a poll")
    if len(ids) > 4:
        raise invalid("Cannot attach more than 4 files")
    found = [call.place.media[i] for i in ids if i in call.place.media]
    found = [m for m in found if m.person_id == call.me.id and m.status_id in ("", status_id)]
    if len(found) < len(ids):
        raise invalid("Media not found or already in use")
    if any(m.waits or m.failed for m in found):
        raise invalid("Cannot attach files that have not finished processing. Try again in a moment!")
    return found


def _parent(call: Call) -> Status | None:
    parent_id = call.text("in_reply_to_id")
    if not parent_id:
        return None
    parent = call.place.statuses.get(parent_id)
    if parent is None or not call.place.sees(call.viewer, parent):
        raise ApiError(404, "The post you are trying to reply to does not appear to exist.")
    return call.place.statuses[parent.reblog_of] if parent.reblog_of else parent


def _quoted(call: Call, has_media: bool, has_poll: bool) -> Status | None:
    quoted_id = call.text("quoted_status_id")
    if not quoted_id or not call.place.flavour.quotes:
        return None
    quoted = call.place.statuses.get(quoted_id)
    if quoted is None or not call.place.sees(call.viewer, quoted):
        raise not_found()
    if has_media or has_poll:
        raise invalid("Cannot attach media or polls to a quote")
    if quoted.visibility in ("private", "direct") and quoted.person_id != call.me.id:
        raise invalid("Quoted post cannot be quoted")
    return quoted


def _poll(call: Call, poll: dict[str, Any]) -> dict[str, Any]:
    options = poll.get("options") or []
    options = [str(o).strip() for o in (options.values() if isinstance(options, dict) else options) if str(o).strip()]
    if len(options) < 2:
        raise invalid("Choices must be more than one item")
    if len(options) > 4:
        raise invalid("Choices can't contain more than 4 items")
    if any(markup.counted(o) > 50 for o in options):
        raise invalid("Choices can't be longer than 50 characters each")
    if len(set(options)) < len(options):
        raise invalid("Choices contains duplicate items")
    seconds = float(poll.get("expires_in") or 0)
    if not 300 <= seconds <= 2629746:
        raise invalid("Expires at is too soon" if seconds < 300 else "Expires at is too far into the future")
    yes = (True, "true", "1", 1)
    return {
        "options": options,
        "seconds": seconds,
        "multiple": poll.get("multiple") in yes,
        "hide_totals": poll.get("hide_totals") in yes,
    }


def edit(call: Call) -> Answer:
    """The whole content anew; media left out are removed, changed options forget the votes."""
    place, status = call.place, call.status()
    if status.person_id != call.me.id or status.reblog_of:
        raise not_found()
    text, warning = call.text("status", status.text), call.text("spoiler_text")
    media, poll = attachments(call, status.id), call.part("poll")
    check(call, text, warning, has_more=bool(media or poll or status.quote_of))
    for change in call.params.get("media_attributes") or []:
        one = place.media.get(str(change.get("id", ""))) if isinstance(change, dict) else None
        if one is not None and one.person_id == call.me.id and "description" in change:
            one.description = str(change["description"])
    status.text, status.html, status.warning = text, "", warning
    status.sensitive = call.flag("sensitive") or bool(warning)
    status.language = call.text("language") or status.language
    status.media = [m.id for m in media]
    for one in media:
        one.status_id = status.id
    _edit_poll(call, status, poll)
    place.mark_edited(status)
    return Answer(body=status_json(call, status))


def _edit_poll(call: Call, status: Status, poll: dict[str, Any]) -> None:
    if not poll:
        status.poll_id = ""
        return
    made = _poll(call, poll)
    known = call.place.polls.get(status.poll_id)
    due_at = call.place.now() + timedelta(seconds=made["seconds"])
    if known is None:
        known = call.place.add_poll(made["options"], due_at)
        status.poll_id = known.id
    elif known.options != made["options"]:
        known.options, known.votes = made["options"], {}
    known.expires_at, known.multiple, known.hide_totals = due_at, made["multiple"], made["hide_totals"]


def delete(call: Call) -> Answer:
    """Gone; the answer has its text once more (recording ``status_deleted.json``)."""
    status = call.status()
    if status.person_id != call.me.id:
        raise not_found()
    body = status_json(call, status, deleted=True)
    kept = [] if call.flag("delete_media") else [call.place.media[i] for i in status.media]
    call.place.remove(status)
    for one in kept:  # may be used again for about a day (delete and redraft)
        one.status_id = ""
        call.place.media[one.id] = one
    return Answer(body=body)


# --- for later ---


def _due(call: Call) -> datetime | None:
    """When to publish; ``None`` for at once, and also when the time is too near (S ``PostStatusService``)."""
    wanted = call.text("scheduled_at")
    if not wanted or not call.place.flavour.schedules:
        return None
    due_at = moment(wanted)
    if due_at is None:
        raise invalid("Scheduled at The scheduled date must be in the future")
    return due_at if due_at > call.place.now() + SOONEST else None


def moment(text: str) -> datetime | None:
    """An ISO 8601 time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _schedule(call: Call, due_at: datetime) -> Scheduled:
    place, me = call.place, call.me
    mine = [s for s in place.scheduled.values() if s.person_id == me.id]
    if len(mine) >= _WAITING or sum(s.due_at.date() == due_at.date() for s in mine) >= _WAITING_A_DAY:
        raise invalid("You have exceeded the limit of scheduled posts")
    media = attachments(call)
    check(call, call.text("status"), call.text("spoiler_text"), has_more=bool(media or call.part("poll")))
    if call.part("poll"):
        _poll(call, call.part("poll"))
    scheduled = Scheduled(
        id=place.serial("scheduled"), person_id=me.id, due_at=due_at, wanted=dict(call.params),
        media=[m.id for m in media], app=(call.token.app.name, call.token.app.website) if call.token else None,
    )  # fmt: skip
    place.scheduled[scheduled.id] = scheduled
    return scheduled


def publish_due(call: Call) -> None:
    """Post what was scheduled and whose time has come, whoever asks. It gets a new id."""
    place = call.place
    for waiting in sorted(place.scheduled.values(), key=lambda s: s.due_at):
        if waiting.due_at > place.now():
            continue
        del place.scheduled[waiting.id]
        owner = place.people[waiting.person_id]
        wanted = {k: v for k, v in waiting.wanted.items() if k != "scheduled_at"}
        as_owner = Call(
            place=place, home=call.home, method="POST", path="/api/v1/statuses", headers={}, viewer=owner, params=wanted
        )
        publish(as_owner).app = waiting.app


def scheduled_list(call: Call) -> Answer:
    """Recording ``scheduled_list.json``."""
    rows = [s for s in call.place.scheduled.values() if s.person_id == call.me.id]
    chosen, headers = page(call, rows, lambda s: s.id)
    return Answer(body=[scheduled_json(call, s) for s in chosen], headers=headers)


def _waiting(call: Call) -> Scheduled:
    found = call.place.scheduled.get(call.ids["id"])
    if found is None or found.person_id != call.me.id:
        raise not_found()
    return found


def scheduled_show(call: Call) -> Answer:
    return Answer(body=scheduled_json(call, _waiting(call)))


def scheduled_move(call: Call) -> Answer:
    """Only the time can be changed, and not to one that is near."""
    waiting, due_at = _waiting(call), moment(call.text("scheduled_at"))
    if due_at is None or due_at < call.place.now() + SOONEST:
        raise invalid("Scheduled at The scheduled date must be in the future")
    waiting.due_at = due_at
    return Answer(body=scheduled_json(call, waiting))


def scheduled_cancel(call: Call) -> Answer:
    del call.place.scheduled[_waiting(call).id]
    return Answer(body={})
