"""The people of the town on Bluesky, as the network then shows them."""

from __future__ import annotations

from inbox.practice.bluesky import Network
from inbox.practice.bluesky.records import POST, Record
from inbox.practice.bluesky.views import Views
from inbox.practice.clock import PracticeClock
from inbox.practice.story.harbour import HARBOUR
from inbox.practice.world import World
from tests.practice.conftest import StillClock


def all_told() -> tuple[World, Network, PracticeClock]:
    clock = PracticeClock(StillClock(), running=False)
    world = World(1, clock, story=HARBOUR)
    clock.step(3 * 3600)
    world.advance()
    return world, world.sky.network, clock


def named(world: World, key: str) -> Record:
    rkey = next(r for r, k in world.sky._keys.items() if k == key)
    return next(r for r in world.sky.network.records.values() if r.rkey == rkey)


def test_everything_in_the_script_happens_and_reaches_us_as_it_would() -> None:
    world, network, _ = all_told()
    office = world.sky.office.did
    reasons = [n.reason for n in network.notifications[office]]
    assert {"mention", "reply", "quote", "like", "repost", "follow"} == set(reasons)
    # Deep in the side conversation nobody tells us any more; that is why threads are read.
    assert named(world, "b2g") not in [n.record for n in network.notifications[office]]
    assert named(world, "b2g").uri in network.records
    assert "b12" not in [world.sky._keys[r.rkey] for r in network.records.values() if r.collection == POST]


def test_names_and_links_are_facets_that_point_at_their_words() -> None:
    world, network, _ = all_told()
    pointed = 0
    for record in network.records.values():
        for facet in record.value.get("facets", ()):
            index, feature = facet["index"], facet["features"][0]
            words = record.value["text"].encode()[index["byteStart"] : index["byteEnd"]].decode()
            expected = {f"@{world.sky.office.handle}", feature.get("uri"), f"#{feature.get('tag')}"}
            assert words in expected
            pointed += 1
    assert pointed >= 9


def test_quotes_labels_and_pictures_are_shown() -> None:
    world, network, _ = all_told()
    views = Views(network, world.sky.office.did, "http://127.0.0.1")
    quote = views.post(named(world, "b3"))
    assert quote["embed"]["record"]["value"]["text"] == named(world, "b2").value["text"]
    seal = views.post(named(world, "b18"))
    assert [label["val"] for label in seal["labels"]] == ["graphic-media"]
    assert seal["embed"]["images"][0]["alt"].startswith("A grey seal")
    languages = {lang for r in network.records.values() for lang in r.value.get("langs", ())}
    assert {"ar", "he", "en"} <= languages


def test_whoever_is_answered_answers_once() -> None:
    world, network, clock = all_told()
    asked = named(world, "b18")
    value = {"$type": POST, "text": "Marine rescue: 0300 000 0150", "reply": {"root": asked.ref, "parent": asked.ref}}
    answer = network.write(world.sky.office, POST, value)
    clock.step(3600)
    world.advance()
    assert [r.value["text"] for r in network.replies[answer.uri]] == [
        "They are on their way. Thank you, I stay with her."
    ]
