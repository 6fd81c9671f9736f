"""People: who I am, who others are, what they wrote, and how I stand to them."""

from __future__ import annotations

from inbox.practice.mastodon.account_json import account_json, credential_json, relationship_json
from inbox.practice.mastodon.entities import Person, Status, order
from inbox.practice.mastodon.status_json import status_json
from inbox.practice.mastodon.wire import Answer, Call, not_found, page


def verify(call: Call) -> Answer:
    """Whoever the token is (recording ``verify_credentials.json``)."""
    return Answer(body=credential_json(call, call.me))


def show(call: Call) -> Answer:
    return Answer(body=account_json(call, call.person()))


def lookup(call: Call) -> Answer:
    """The account with this handle, without asking other servers."""
    person = call.place.person_named(call.text("acct"))
    if person is None:
        raise not_found()
    return Answer(body=account_json(call, person))


def statuses(call: Call) -> Answer:
    """What somebody wrote and boosted, as far as the one who asks may see it."""
    place, person = call.place, call.person()
    if call.viewer is not None and (person.id, call.viewer.id) in place.blocks:
        return Answer(body=[])

    def wanted(status: Status) -> bool:
        if status.visibility == "direct" and status.person_id != (call.viewer.id if call.viewer else ""):
            return False
        answers = status.parent_person_id is not None and status.parent_person_id != person.id
        return place.sees(call.viewer, place.statuses.get(status.reblog_of) or status) and not (
            (call.flag("exclude_reblogs") and bool(status.reblog_of))
            or (call.flag("exclude_replies") and answers)
            or (call.flag("only_media") and not status.media)
            or (call.flag("pinned") and not status.pinned)
        )

    rows = sorted((place.statuses[i] for i in person.statuses), key=lambda s: order(s.id))
    chosen, headers = page(call, [s for s in rows if wanted(s)], lambda s: s.id)
    return Answer(body=[status_json(call, s) for s in chosen], headers=headers)


def relationships(call: Call) -> Answer:
    """How I stand to each that was named."""
    found = (call.place.people.get(i) for i in call.many("id"))
    return Answer(body=[relationship_json(call, p) for p in found if p is not None])


def search(call: Call) -> Answer:
    """People whose handle or name contains the words."""
    return Answer(body=[account_json(call, p) for p in matching(call, call.text("q"))][: call.limit(40, 80)])


def matching(call: Call, words: str) -> list[Person]:
    """People by a part of handle or name."""
    wanted = words.strip().removeprefix("@").lower()
    people = call.place.people.values()
    return [p for p in people if wanted and (wanted in p.acct.lower() or wanted in p.name.lower())]


def followers(call: Call) -> Answer:
    person = call.person()
    return _listed(call, [who for who, whom in call.place.follows if whom == person.id])


def following(call: Call) -> Answer:
    person = call.person()
    return _listed(call, [whom for who, whom in call.place.follows if who == person.id])


def blocked(call: Call) -> Answer:
    return _listed(call, [whom for who, whom in call.place.blocks if who == call.me.id])


def muted(call: Call) -> Answer:
    return _listed(call, [whom for who, whom in call.place.mutes if who == call.me.id])


def follow_requests(call: Call) -> Answer:
    return _listed(call, [who for who, whom in call.place.follow_requests if whom == call.me.id])


def _listed(call: Call, ids: list[str]) -> Answer:
    # Cursors of these lists are hidden ids, not accounts' (mastodon.md section 3): here the place in the list.
    rows = list(enumerate(ids, 1))
    chosen, headers = page(call, rows, lambda row: str(row[0]), default=40, most=80)
    return Answer(body=[account_json(call, call.place.people[i]) for _, i in chosen], headers=headers)


def follow(call: Call) -> Answer:
    person = call.person()
    call.place.follow(call.me, person)
    return Answer(body=relationship_json(call, person))


def unfollow(call: Call) -> Answer:
    person = call.person()
    call.place.follows.pop((call.me.id, person.id), None)
    call.place.follow_requests.pop((call.me.id, person.id), None)
    return Answer(body=relationship_json(call, person))


def block(call: Call) -> Answer:
    """Recording ``relationship_blocked.json``."""
    person = call.person()
    call.place.block(call.me, person)
    return Answer(body=relationship_json(call, person))


def unblock(call: Call) -> Answer:
    person = call.person()
    call.place.blocks.discard((call.me.id, person.id))
    return Answer(body=relationship_json(call, person))


def mute(call: Call) -> Answer:
    """Their posts are hidden from home; their notifications too unless asked otherwise."""
    person = call.person()
    call.place.mutes[call.me.id, person.id] = call.flag("notifications") if call.sent("notifications") else True
    return Answer(body=relationship_json(call, person))


def unmute(call: Call) -> Answer:
    person = call.person()
    call.place.mutes.pop((call.me.id, person.id), None)
    return Answer(body=relationship_json(call, person))


def let_follow(call: Call) -> Answer:
    """A request to follow is granted."""
    person = call.person()
    asked = call.place.follow_requests.pop((person.id, call.me.id), None)
    if asked is None:
        raise not_found()
    call.place.follows[person.id, call.me.id] = call.place.now()
    return Answer(body=relationship_json(call, person))


def refuse_follow(call: Call) -> Answer:
    """A request to follow is turned down."""
    person = call.person()
    if call.place.follow_requests.pop((person.id, call.me.id), None) is None:
        raise not_found()
    return Answer(body=relationship_json(call, person))
