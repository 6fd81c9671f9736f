"""Made-up updates judged by the servers: what ``render`` lets pass is taken as it is, at the limit too, and one more is
refused. (Counted by ourselves alone: ``tests/properties/test_renditions.py``.)

RENDITIONS in the environment says how many per server.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from inbox.connectors.bluesky.cursor import said
from inbox.model import Channel, Limits, Rendition, Update, UpdateKind
from inbox.publishing import counting
from inbox.publishing.render import render
from tests.clock import START
from tests.properties.test_renditions import PIECES, plainly
from tests.servers.bluesky_desk import desk_at as bluesky_desk
from tests.servers.bluesky_network import POST, UNLIMITED, BlueskyNetwork
from tests.servers.desk import fresh_key
from tests.servers.mastodon_desk import desk_at as mastodon_desk
from tests.servers.mastodon_server import MastodonServer, Person

COUNT = int(os.environ.get("RENDITIONS", "1000"))
AT_ONCE = 8
LINKS = ("https://example.org/", "http://bücher.example/ü")


@dataclass(frozen=True, slots=True)
class Made:
    """A text as ``render`` let it pass, and the same with one more, where every server has to refuse that."""

    text: str
    over: str = ""


def made(channel: Channel, count: int, seed: int, handle: str, *, older_tables: bool) -> list[Made]:
    """Half of them at the limit, to the grapheme or to the byte; the others of any length below it.

    We count what hangs together by a virama apart, as servers with older tables of Unicode do; with the newest there is
    room for more in such a text.
    """
    chance, found = random.Random(seed), []
    pieces = [p.replace("@vera ", f"@{handle} ") for p in PIECES]
    limits = channel.limits
    assert limits is not None
    while len(found) < count:
        if len(found) % 2:
            text = _filled(pieces, limits, chance)
            assert _stopped(f"{text}y", channel)
            sure = older_tables or counting.graphemes(text) == plainly(text)
            found.append(Made(text, over=f"{text}y" if sure else ""))
        else:
            found.append(Made("".join(chance.choice(pieces) for _ in range(chance.randint(1, 30))).strip()))
        if _stopped(found[-1].text, channel):
            found.pop()
    return found


def _filled(pieces: Sequence[str], limits: Limits, chance: random.Random) -> str:
    """Pieces until no more fit, then letters up to the limit itself."""
    text = ""
    while _left(text + (piece := chance.choice(pieces)), limits) > 1:
        text = f"{text}{piece}".lstrip()
    text = f"{text.rstrip()} "
    return text + "x" * _left(text, limits)


def _left(text: str, limits: Limits) -> int:
    """How many more letters fit."""
    left = (limits.text_graphemes or 0) - counting.length(text, limits)
    return min(left, limits.text_bytes - len(text.encode())) if limits.text_bytes else left


def _stopped(text: str, channel: Channel) -> bool:
    rendition, problems = render(Update(kind=UpdateKind.POST, text=text), channel, now=START)
    assert rendition.text == text or any(p.stops for p in problems)
    return any(p.stops for p in problems)


async def each(texts: Sequence[Made], judge: Callable[[Made], Awaitable[None]]) -> float:
    """A few at once; seconds."""
    left, began = iter(texts), time.monotonic()

    async def some() -> None:
        for one in left:
            await judge(one)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.monotonic() - began


def rendered(text: str) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text)


async def test_mastodon_takes_what_passes_and_refuses_one_more(mastodon: MastodonServer, office: Person) -> None:
    desk = await mastodon_desk(mastodon, office)
    texts = made(desk.channel, COUNT, 11, "vera", older_tables=True)
    headers = {"Authorization": f"Bearer {office.token}"}
    async with httpx.AsyncClient(base_url=mastodon.url, headers=headers, timeout=60, trust_env=False) as server:

        async def judge(one: Made) -> None:
            receipt = await desk.connector.publish(desk.channel, rendered(one.text), fresh_key())
            kept = await server.get(f"/api/v1/statuses/{receipt.remote_id}/source")
            assert kept.json()["text"] == one.text
            if one.over:
                answer = await server.post("/api/v1/statuses", json={"status": one.over})
                assert answer.status_code == 422, one.over

        took_s = await each(texts, judge)
    told("Mastodon", texts, took_s)
    await desk.http.aclose()


async def test_bluesky_takes_what_passes_with_its_facets_and_refuses_one_more(bluesky: BlueskyNetwork) -> None:
    desk = await bluesky_desk(bluesky)
    amina = bluesky.citizen("amina")
    texts = made(desk.channel, COUNT, 12, amina.handle, older_tables=False)
    token = desk.secret.read()["access"]
    headers = {**UNLIMITED, "Authorization": f"Bearer {token}"}
    did = desk.channel.remote_id
    linked = 0
    async with httpx.AsyncClient(base_url=bluesky.service, headers=headers, timeout=60, trust_env=False) as server:

        async def judge(one: Made) -> None:
            nonlocal linked
            receipt = await desk.connector.publish(desk.channel, rendered(one.text), fresh_key())
            _, _, repo, collection, rkey = receipt.remote_id.split("/")
            params = {"repo": repo, "collection": collection, "rkey": rkey}
            record = (await server.get("/xrpc/com.atproto.repo.getRecord", params=params)).json()["value"]
            assert record["text"] == one.text
            linked += _judge_facets(one.text, record.get("facets", []), f"@{amina.handle}", amina.did)
            if one.over:
                record = {"$type": POST, "text": one.over, "createdAt": said(desk.clock.now())}
                body = {"repo": did, "collection": POST, "record": record}
                answer = await server.post("/xrpc/com.atproto.repo.createRecord", json=body)
                assert (answer.status_code, answer.json()["error"]) == (400, "InvalidRequest"), one.over
                assert "too big" in answer.json()["message"]

        took_s = await each(texts, judge)
    told("Bluesky", texts, took_s)
    assert linked > len(texts)
    await desk.http.aclose()


def _judge_facets(text: str, facets: Sequence[dict[str, Any]], handle: str, did: str) -> int:
    """Every facet cuts whole characters out of the text, and what stands alone is in one; how many there are."""
    encoded = text.encode()
    found = {}
    for facet in facets:
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        found[start] = (encoded[start:end].decode(), facet["features"][0])
    for start, (shown, feature) in found.items():
        kind = feature["$type"].partition("#")[2]
        assert shown[0] == {"mention": "@", "tag": "#"}.get(kind, shown[0]), (start, shown)
        assert kind != "mention" or (shown, feature["did"]) == (handle, did)
        assert kind != "tag" or f"#{feature['tag']}" == shown
        assert kind != "link" or feature["uri"].startswith(("https://", "http://"))
    for word in re.finditer(r"(?<!\S)\S+", text):
        start = len(text[: word.start()].encode())
        if word[0] in (*LINKS, handle, "#harbour"):
            assert found[start][0] == word[0]
    return len(found)


def told(server: str, texts: Sequence[Made], took_s: float) -> None:
    over = sum(1 for one in texts if one.over)
    print(f"\n{server}: {len(texts)} taken as they are, {over} of them at the limit, one more refused each time; "
          f"{took_s:.0f} s")  # fmt: skip
