"""5,000 made-up updates: what render lets pass is within the network's limit, and what is said to be too much never
begins inside a grapheme, a link or a handle."""

from __future__ import annotations

import random
from dataclasses import replace

import regex

from inbox.model import (
    AccountId,
    Capability,
    Channel,
    ChannelId,
    Counting,
    Limits,
    Update,
    UpdateKind,
)
from inbox.publishing import counting
from inbox.publishing.render import render
from tests.clock import START

UPDATES = 5_000
PIECES = (
    "water ", "Straße ", "naïve ", "e\u0301cole ", "水位が上がる", "مستوى الماء ", "גובה המים ",
    "पानी का स्तर ", "நீர் ", "한국어 ", "ไทย ",
    "👍", "👍🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇨🇭", "🧑🏿‍🚒 ", "❤️", "1️⃣", "\n\n", " — ", "... ", "@vera ", "@vera@far.example ",
    "#harbour ", "https://example.org/ ", "https://example.org/a/very/long/way?with=many&parts=" + "x" * 90 + " ",
    "(https://example.org/wiki/Quay_(harbour)) ", "http://bücher.example/ü ", "mail@example.org ",
)  # fmt: skip
SKY = Limits(text_graphemes=300, text_bytes=3_000)
TOWN = Limits(text_graphemes=500, counting=Counting.MASTODON, link_length=23)


def channel(limits: Limits) -> Channel:
    return Channel(
        id=ChannelId("c"), account_id=AccountId("a"), network="memory", remote_id="r", title="Here",
        capabilities=~Capability.TITLE, limits=limits,
    )  # fmt: skip


def plainly(text: str) -> int:
    """Clusters by Unicode's rule alone, without what ``counting`` adds to be on the safe side."""
    return len(regex.findall(r"\X", text))


def test_nothing_over_the_limit_passes_and_nothing_is_broken() -> None:
    chance = random.Random(7)
    passed, stopped = 0, 0
    for _ in range(UPDATES):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 60)))
        update = Update(kind=UpdateKind.POST, text=text)
        for limits in (SKY, TOWN):
            rendition, problems = render(update, channel(limits), now=START)
            cut = counting.overrun(rendition.text, limits)
            head, rest = rendition.text[:cut], rendition.text[cut:]
            if any(p.stops for p in problems):
                stopped += 1
            else:
                passed += 1
                assert not rest
                if limits is SKY:
                    assert plainly(rendition.text) <= 300
                    assert len(rendition.text.encode()) <= 3_000
            if rest and counting.length(rendition.text, limits) > (limits.text_graphemes or 0):
                assert counting.length(head, limits) <= (limits.text_graphemes or 0)
                assert counting.graphemes(head) + counting.graphemes(rest) == counting.graphemes(rendition.text)
                for found in counting.LINK.finditer(rendition.text):
                    assert not found.start() < cut < found.end(), found[0]
    assert min(passed, stopped) > UPDATES // 4, "both have to happen often"


def test_one_more_is_too_many() -> None:
    at_limit = Update(kind=UpdateKind.POST, text="👨‍👩‍👧‍👦" * 100 + "x" * 200)
    assert not render(at_limit, channel(SKY), now=START)[1]
    assert render(replace(at_limit, text=at_limit.text + "y"), channel(SKY), now=START)[1]
