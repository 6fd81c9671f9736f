"""The town's Mastodon: the same seed tells the same story, citizens answer us, and a client can read it all."""

from __future__ import annotations

import re

import httpx

from inbox.practice.clock import PracticeClock
from inbox.practice.mastodon import mastodon_app
from inbox.practice.mastodon.fediverse import DOMAIN, Fediverse
from inbox.practice.mastodon.scene import Script, Toot
from inbox.practice.mastodon.script import HARBOUR_SOCIAL
from tests.practice.conftest import StillClock

RIGHT_TO_LEFT = re.compile("[\u0590-\u06ff]")


def told(seed: int = 1, script: Script = HARBOUR_SOCIAL) -> Fediverse:
    return Fediverse(seed, PracticeClock(StillClock(), running=False), script=script)


def step(fediverse: Fediverse, minutes: float) -> list[str]:
    assert isinstance(fediverse.clock, PracticeClock)
    fediverse.clock.step(minutes * 60)
    return [happened.what for happened in fediverse.advance()]


def test_the_past_is_in_order_and_lies_in_the_past() -> None:
    fediverse = told()
    notices = fediverse.place.notices[fediverse.office.id]
    assert len(notices) > 45
    now = fediverse.real.now()
    assert all(n.at <= now for n in notices)
    assert [s.at for s in fediverse.place.statuses.values()] == sorted(s.at for s in fediverse.place.statuses.values())
    for status in fediverse.place.statuses.values():
        if status.parent_id:
            assert fediverse.place.statuses[status.parent_id].at < status.at


def test_it_has_what_an_inbox_has_to_cope_with() -> None:
    fediverse = told()
    step(fediverse, 700)
    statuses = list(fediverse.place.statuses.values())
    assert sum(bool(RIGHT_TO_LEFT.search(s.text)) for s in statuses) >= 8
    assert len({s.language for s in statuses}) >= 15
    assert any(s.warning for s in statuses)
    assert any(s.html for s in statuses)
    assert any(s.media for s in statuses if s.person_id != fediverse.office.id)
    assert any(s.edited_at for s in statuses)
    assert any(s.late for s in statuses)
    assert any(":anchor:" in s.text for s in statuses)
    mine = fediverse.place.notices[fediverse.office.id]
    kinds = {"mention", "reblog", "favourite", "follow", "quote", "poll"}
    assert {n.type for n in mine} >= kinds
    assert sum(n.filtered for n in mine) >= 6  # private questions, and spam
    assert "b17" in fediverse.statuses
    assert fediverse.statuses["b17"].id not in fediverse.place.statuses  # withdrawn


def test_the_same_seed_tells_the_same_story_and_every_scene_happens() -> None:
    one, two = told(), told()
    happened = [step(f, 700) for f in (one, two)]
    assert happened[0] == happened[1]
    assert happened[0].count("Toot") >= 36
    texts = [[s.text for s in f.place.statuses.values()] for f in (one, two)]
    assert texts[0] == texts[1]
    keys = {scene.key for scene in HARBOUR_SOCIAL.live}
    assert keys <= {h.key for h in one.happened}


def test_nobody_speaks_twice_under_one_key() -> None:
    toots = [s.key for s in (*HARBOUR_SOCIAL.past, *HARBOUR_SOCIAL.live) if isinstance(s, Toot)]
    assert len(toots) == len(set(toots))


def test_a_citizen_reacts_once_and_as_privately_as_we_answered() -> None:
    fediverse = told()
    place, asked = fediverse.place, fediverse.statuses["q1"]
    for text in ("Of course. Ring us.", "And again."):
        place.say(fediverse.office, f"@{place.people[asked.person_id].acct} {text}", to=asked)
    before = len(place.statuses)
    fediverse.clock.step(20 * 60)  # type: ignore[attr-defined]
    assert [h.key for h in fediverse.advance() if h.what == "Reaction"] == ["q1+"]
    reaction = next(s for s in place.statuses.values() if s.key == "q1+")
    assert (reaction.visibility, reaction.mentions) == ("direct", [fediverse.office.id])
    assert reaction.text.endswith("شكرًا جزيلًا لكم. سأتصل غدًا.")
    assert len(place.statuses) > before
    # Who answers our own private words is not hidden.
    assert not next(n for n in place.notices[fediverse.office.id] if n.status_id == reaction.id).filtered


def test_a_post_of_ours_is_liked_boosted_and_asked_about() -> None:
    fediverse = told(script=Script())
    post = fediverse.place.say(fediverse.office, "The library opens on Monday")
    happened = step(fediverse, 60)
    assert sorted(happened) == ["Liked", "Liked", "Liked", "Shared", "Toot", "Toot"]
    assert len(fediverse.place.children[post.id]) == 2
    gone = fediverse.place.say(fediverse.office, "Wrong")
    fediverse.place.remove(gone)
    assert step(fediverse, 60) == []


async def test_it_is_served_like_any_other() -> None:
    fediverse = told()
    fediverse.place.address = "http://127.0.0.1:4711"
    token = fediverse.place.token_for(fediverse.office)
    transport = httpx.ASGITransport(mastodon_app(fediverse.place))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4711", headers=headers) as http:
        instance = (await http.get("/api/v2/instance")).json()
        assert (instance["domain"], instance["configuration"]["urls"]["streaming"]) == (DOMAIN, "ws://127.0.0.1:4711")
        finger = await http.get("/.well-known/webfinger", params={"resource": "acct:harbour@127.0.0.1:4711"})
        assert finger.json()["aliases"][0] == "http://127.0.0.1:4711/@harbour"
        rows = (await http.get("/api/v1/notifications", params={"limit": 80, "include_filtered": "true"})).json()
        assert len(rows) == len(fediverse.place.notices[fediverse.office.id])
        emojis = [e["url"] for r in rows for e in r["account"]["emojis"]]
        assert (await http.get(emojis[0])).headers["content-type"] == "image/png"
        picture = next(m["preview_url"] for r in rows for m in r.get("status", {}).get("media_attachments", []))
        assert (await http.get(picture)).headers["content-type"] == "image/png"
