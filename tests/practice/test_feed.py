"""The corporate news in three formats, unchanged answers included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import feedparser
import httpx
import pytest

from inbox.practice.clock import PracticeClock
from inbox.practice.feed import feed_app
from inbox.practice.world import World


@pytest.fixture
def world(still_clock: Any) -> World:
    return World(1, PracticeClock(still_clock, running=False))


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = feed_app(world)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://news.test") as client:
        yield client


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
async def test_xml_feeds_hold_the_news_newest_first(http: httpx.AsyncClient, world: World, name: str) -> None:
    response = await http.get(f"/{name}")
    ElementTree.fromstring(response.content)
    parsed = feedparser.parse(response.content)
    assert not parsed.bozo
    assert [e.title for e in parsed.entries] == [n.title for n in reversed(world.news)]
    budget = next(e for e in parsed.entries if "Budget" in e.title)
    assert "£3.2 million &amp; wants" in budget.content[0].value
    assert len({e.id for e in parsed.entries}) == len(world.news)


async def test_the_json_feed_says_the_same(http: httpx.AsyncClient, world: World) -> None:
    feed = (await http.get("/feed.json")).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [i["title"] for i in feed["items"]] == [n.title for n in reversed(world.news)]
    assert feed["items"][0]["date_published"] == world.news[-1].at.isoformat()


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml", "feed.json"])
async def test_unchanged_is_304_until_there_is_news(
    http: httpx.AsyncClient, world: World, still_clock: Any, name: str
) -> None:
    first = await http.get(f"/{name}")
    by_tag = {"If-None-Match": first.headers["etag"]}
    by_date = {"If-Modified-Since": first.headers["last-modified"]}
    for asked in (by_tag, by_date, {**by_tag, "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}):
        assert (await http.get(f"/{name}", headers=asked)).status_code == 304
    assert (await http.get(f"/{name}", headers={"If-None-Match": '"other"', **by_date})).status_code == 200
    still_clock.move(5)
    world.clock.step(71 * 60)  # type: ignore[attr-defined]
    world.advance()
    for asked in (by_tag, by_date):
        changed = await http.get(f"/{name}", headers=asked)
        assert changed.status_code == 200
        assert "Storm warning" in changed.text


async def test_a_correction_keeps_the_id_and_moves_the_update(
    http: httpx.AsyncClient, world: World, still_clock: Any
) -> None:
    still_clock.move(5)
    world.clock.step(171 * 60)  # type: ignore[attr-defined]
    world.advance()
    before = {e.id: e for e in feedparser.parse((await http.get("/atom.xml")).content).entries}
    still_clock.move(60)
    world.clock.step(150 * 60)  # type: ignore[attr-defined]
    world.advance()
    after = {e.id: e for e in feedparser.parse((await http.get("/atom.xml")).content).entries}
    assert before.keys() < after.keys()
    bridge = next(i for i in before if i.endswith("/n10"))
    assert after[bridge].published == before[bridge].published
    assert after[bridge].updated > before[bridge].updated
    assert "3am" in after[bridge].summary


async def test_the_front_page_leads_to_the_feeds_and_the_items(http: httpx.AsyncClient) -> None:
    front = await http.get("/")
    for name in ("rss.xml", "atom.xml", "feed.json"):
        assert f'href="http://news.test/{name}"' in front.text
    assert (await http.get("/news/n1")).status_code == 200
    assert (await http.get("/news/n999")).status_code == 404
